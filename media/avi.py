"""Where the JPEGs are in an AVI file: what cameras and `ffmpeg -c:v mjpeg clip.avi` write.

    RIFF  size  'AVI '
      LIST  size  'hdrl'    the headers of the streams: what each is, its frames a second
      LIST  size  'movi'    the frames: '00dc' size JPEG, '01wb' size sound, …
      'idx1'  size  …       a table of them
    RIFF  size  'AVIX'      in files over 1 GB: more frames

Lists are walked into, other chunks hopped over, whatever the sizes of the lists: a file that was cut, or whose sizes
nobody has filled in at the end, has no table, but its frames are all there.  A chunk costs one read of a few bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from media.framing import EOI, MAX_FRAME, NO_FRAME, SOI, Index, Readable, find, segments
from rtp.jpegtables import HUFFMAN

WHAT = "an AVI file"
HEADERS_LIMIT = 1 << 20  # bytes of `hdrl`
CHUNKS_LIMIT = 4_000_000  # 22 hours of picture and sound at 25 frames a second
RATES = (0.01, 1000.0)  # frames a second that can be meant

_HEAD = 8  # bytes: name, size
_LOOK = 12  # bytes: a list's kind follows, or the beginning of a frame
_NAME = re.compile(rb"[0-9A-Za-z ]{4}")
_ENTERED = (b"AVI ", b"AVIX", b"movi", b"rec ", b"hdrl", b"strl")  # kinds of lists whose chunks matter
_FRAME = re.compile(rb"[0-9]{2}d[bc].{4}\xff\xd8", re.DOTALL)
_SOF_SOS = (0xC4, 0xDA)


@dataclass(frozen=True)
class Video:
    """The video stream, as `hdrl` has it: its number, which its chunks' names begin with, frames a second, codec."""

    number: int = 0
    rate: float | None = None
    codec: str = ""


def is_avi(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"AVI "


def avi_index(file: Readable) -> Index:
    """The frames of the first video stream, its rate, and what the file is.  A frame of no bytes, which means that the
    picture has not changed, is the one before it once more.  Damage is one frame number, as elsewhere."""
    video = _video(file)
    index = Index(rate=video.rate, what=f"{WHAT} with {video.codec} video" if video.codec else WHAT)
    names = (b"%02ddc" % video.number, b"%02ddb" % video.number)
    at = _HEAD + 4
    for _ in range(CHUNKS_LIMIT):
        name, size, rest = _chunk(file, at)
        start = at + _HEAD
        if name in (b"LIST", b"RIFF") and rest in _ENTERED:
            at = start + 4
        elif (end := _end(file, name, start, size)) is not None:
            if name in names:
                _add(index, start, size, rest)
            at = end
        elif (at := _onward(file, index, at)) == file.size:
            break
    return _without_repeats(index)


def _without_repeats(index: Index) -> Index:
    """ffmpeg counts fields, two a frame, where it copies JPEGs: then every second frame is an empty one.  Where there
    are so many of them after each picture, the rate is that of the pictures, and nothing is sent twice."""
    offsets = index.offsets
    step = last = 0
    for k in range(1, len(offsets)):
        if offsets[k] != offsets[k - 1]:
            step, last = gcd(step, k - last), k
    if step > 1 and index.rate:
        index.offsets, index.lengths, index.rate = offsets[::step], index.lengths[::step], index.rate / step
    return index


def _chunk(file: Readable, at: int) -> tuple[bytes, int, bytes]:
    """Name, size, the four bytes after them."""
    data = file.read(at, _LOOK)
    return data[:4], int.from_bytes(data[4:8], "little"), data[8:12]


def _end(file: Readable, name: bytes, start: int, size: int) -> int | None:
    """Where the next chunk begins; None if this is no whole chunk, or its size leads nowhere."""
    end = start + size
    if not _NAME.fullmatch(name) or end > file.size:
        return None
    for following in (end, end + size % 2):  # sizes are padded to even ones, with a 0, but not by everybody
        if following >= file.size or _NAME.fullmatch(file.read(following, 4)):
            return min(following, file.size) if start < file.size else None
    if EOI in file.read(max(start, end - 16), min(size, 16)):
        return end  # a whole frame, and what follows is damaged
    return None


def _add(index: Index, start: int, size: int, begins: bytes) -> None:
    if size == 0 and index.offsets:
        index.add(index.offsets[-1], index.lengths[-1])
    else:
        index.add(start, size if begins.startswith(SOI) and size <= MAX_FRAME else 0)


def _onward(file: Readable, index: Index, at: int) -> int:
    """Behind the damage at `at`; the file's size if nothing follows."""
    follow = find(file, _FRAME, at + 1)
    if follow is not None:
        index.lost(at, follow)
        return follow
    if file.size - at >= NO_FRAME or _FRAME.match(file.read(at, _LOOK)):
        index.cut = at
    return file.size


def _video(file: Readable) -> Video:
    """From the headers; a guess where they are damaged."""
    number, found = -1, Video(-1)
    for name, body in _headers(file):
        if name == b"strh":
            number += 1
            if body[:4] == b"vids" and found.number < 0:
                scale, rate = (int.from_bytes(body[at : at + 4], "little") for at in (20, 24))
                found = Video(number, _plausible(rate, scale))
        elif name == b"strf" and found.number == number:
            return Video(number, found.rate, body[16:20].decode("ascii", "ignore").strip("\0 "))
    return found if found.number >= 0 else Video()


def _headers(file: Readable) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the frames: name and content."""
    data = file.read(0, HEADERS_LIMIT)
    at = _HEAD + 4
    while at + _HEAD < len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        start = at + _HEAD
        kind = data[start : start + 4] if name == b"LIST" else b""
        if kind == b"movi":
            return
        if kind in _ENTERED:
            at = start + 4
        else:
            yield name, data[start : start + size]
            at = start + size + size % 2


def _plausible(rate: int, scale: int) -> float | None:
    least, most = RATES
    return rate / scale if scale and least <= rate / scale <= most else None


def with_tables(jpeg: bytes) -> bytes:
    """The JPEG with the standard Huffman tables, if it has none: AVI leaves them out and means those.  FramingError."""
    for marker, _, _ in segments(jpeg):
        if marker in _SOF_SOS:
            if marker == _SOF_SOS[0]:
                return jpeg
            break
    return SOI + _TABLES + jpeg[len(SOI) :]


_CONTENT = b"".join(bytes((which,)) + table for which, table in HUFFMAN.items())
_TABLES = b"\xff\xc4" + (len(_CONTENT) + 2).to_bytes(2, "big") + _CONTENT
