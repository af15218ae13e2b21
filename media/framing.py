"""Where the frames are in a movie file: the two forms of `.Mjpeg`, and the walk through a JPEG that tells its end (AVI:
media/avi.py).

lab format      "05123" + JPEG of 5123 bytes, "04890" + JPEG, …    decimal ASCII; 6 digits from 100,000 bytes on;
                some files begin with a count of frames in 10 digits
plain format    JPEG, JPEG, …                                      what `ffmpeg -f mjpeg` writes

Both indexes go on after damage: a stretch that cannot be read is one frame number, so what follows keeps its time.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

SOI, EOI = b"\xff\xd8", b"\xff\xd9"  # start and end of image
MAX_FRAME = 64 << 20  # bytes: a longer frame is taken for damage
MOST_READ = 64  # times that a file may be read to find its frames: each damaged one costs some KiB
NO_FRAME = 256  # bytes: a stretch shorter than any picture is filler (padding, multipart headers), not a lost frame

_SOF = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_SOS, _EOI = 0xDA, 0xD9
_SEGMENTS = frozenset((*_SOF, 0xC4, 0xCC, *range(0xDA, 0xF0), 0xFE))  # markers that have a length
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)  # in a scan FF is followed by 00 or RST0…RST7 only

_LENGTH = re.compile(rb"([0-9]{5,10})\xff\xd8")
_FIRST_LENGTH = re.compile(rb"(?:[0-9]{10})?([0-9]{5,10})\xff\xd8")
_HEADER_SIZE = 24  # bytes that surely hold such a header


class FramingError(ValueError):
    """This is no whole JPEG.  `at` is where that was seen."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class TruncatedError(FramingError):
    """The bytes end before the JPEG does."""


class Readable(Protocol):
    """A file to be indexed: `read` gives fewer bytes than asked for only at its end."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, count: int) -> bytes: ...


@dataclass
class Index:
    """Offset and length in bytes of each frame; the length of a damaged one is 0."""

    offsets: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    cut: int | None = None  # offset of a last frame that is not whole
    rate: float | None = None  # frames a second, where the file says so
    what: str = ""  # what the file is, where that was seen on the way

    def add(self, offset: int, length: int) -> None:
        self.offsets.append(offset)
        self.lengths.append(length)

    def lost(self, start: int, end: int) -> None:
        if end - start >= NO_FRAME:
            self.add(start, 0)

    @property
    def playable(self) -> bool:
        return any(self.lengths)


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's content, scans left out; last is EOI.  FramingError where it breaks."""
    if not data.startswith(SOI):
        raise FramingError("it does not begin with FF D8", 0)
    at = 2
    while True:
        found = _MARKER.match(data, at)
        if found is None:
            rest = data[at : at + 1]
            raise (TruncatedError if rest in (b"", b"\xff") else FramingError)("a marker is missing", at)
        marker, start = found[1][0], found.end()
        if marker == _EOI:
            yield marker, start, start
            return
        if marker not in _SEGMENTS:
            raise FramingError(f"marker FF {marker:02X} where none may be", found.end() - 2)
        at = start + int.from_bytes(data[start : start + 2], "big")
        if at > len(data) or len(data) < start + 2:
            raise TruncatedError("it ends within a segment", len(data))
        if at < start + 2:
            raise FramingError("a segment of impossible length", start)
        yield marker, start + 2, at
        if marker == _SOS:
            found = _SCAN_END.search(data, at)
            if found is None:
                raise TruncatedError("it ends without FF D9", len(data))
            at = found.start()


def jpeg_end(data: bytes) -> int:
    """Length in bytes of the JPEG that `data` begins with.  Thumbnails are skipped with the segment they are in,
    progressive scans followed to the last.  TruncatedError, FramingError."""
    found = list(segments(data))
    _, end, _ = found[-1]
    if all(marker != _SOS for marker, _, _ in found):
        raise FramingError("there is no picture in it", end)
    return end


def dimensions(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the frame header.  FramingError if there is none."""
    for marker, start, end in segments(jpeg):
        if marker in _SOF and end - start >= 5:
            height, width = struct.unpack_from("!HH", jpeg, start + 1)
            return width, height
    raise FramingError("it has no frame header", 0)


def lab_index(file: Readable) -> Index:
    """Frames of the lab format, by hopping from length to length: nothing but the lengths is read while they lead
    from one JPEG to the next."""
    index = Index()
    at = 0
    header = _FIRST_LENGTH.match(file.read(0, _HEADER_SIZE))
    while at < file.size:
        if header is None:
            follow = find(file, _LENGTH, at)
        else:
            start = at + header.end() - len(SOI)
            end = start + int(header[1])
            following = _LENGTH.match(file.read(end, _HEADER_SIZE)) if end < file.size else None
            if end - start <= MAX_FRAME and (following or _ends_well(file, start, end)):
                index.add(start, end - start)
                at, header = end, following
                continue
            follow = find(file, _LENGTH, start + len(SOI))  # the length is wrong: whatever it leads to is, too
        if follow is None:
            index.cut = at if header or file.size - at >= NO_FRAME else None
            break
        index.lost(at, follow)
        at, header = follow, _LENGTH.match(file.read(follow, _HEADER_SIZE))
    return index


def _ends_well(file: Readable, start: int, end: int) -> bool:
    return start + 4 <= end <= file.size and file.read(end - 2, 2) == EOI


def plain_index(file: Readable) -> Index:
    """Frames of concatenated JPEGs, by walking through each of them: the whole file is read."""
    index = Index()
    at, guess, left = 0, 1 << 16, MAX_FRAME + MOST_READ * file.size
    while at < file.size:
        data = file.read(at, guess)
        left -= len(data)
        if left < 0:  # a file made so that each frame leads to its end: it will not be read as often as it has frames
            index.cut = at
            break
        try:
            length = jpeg_end(data)
        except FramingError as error:
            ended = at + len(data) >= file.size
            if isinstance(error, TruncatedError) and not ended and guess < MAX_FRAME:
                guess *= 2
                continue
            follow = _resume(file, at, data, error.at)
            if follow is None:
                index.cut = at if data.startswith(SOI) or file.size - at >= NO_FRAME else None
                break
            index.lost(at, follow)
            at = follow
        else:
            index.add(at, length)
            at += length
            guess = max(4096, 2 * length)  # the next frame is about as long
    return index


def _resume(file: Readable, at: int, data: bytes, broken: int) -> int | None:
    """Where the next JPEG begins after the damaged one at `at`, whose walk broke `broken` bytes on.  A wrong segment
    length may have led the walk past it: so first look for an end with a start right behind it."""
    passed = data.find(EOI + SOI, len(SOI), broken)
    if passed >= 0:
        return at + passed + len(EOI)
    return find(file, re.compile(SOI + b"\xff"), at + max(broken, 1))


def find(file: Readable, pattern: re.Pattern[bytes], at: int) -> int | None:
    """Offset of the first match at or after `at`, None if there is none."""
    piece = 4096  # small at first: the next frame is mostly near
    while at < file.size:
        data = file.read(at, piece)
        found = pattern.search(data)
        if found is not None:
            return at + found.start()
        if len(data) < piece:
            return None
        at += len(data) - _HEADER_SIZE  # pieces overlap: a header may lie across their border
        piece = min(2 * piece, 1 << 20)
    return None
