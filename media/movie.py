"""A movie file: numbered JPEG frames, at the times of the file beside it (media.times) or else at a fixed rate: 20 a
second where nothing else is said (an AVI file says it)."""

from __future__ import annotations

import logging
import math
import os
from array import array
from bisect import bisect_left
from pathlib import Path

from media import times
from media.avi import avi_index, is_avi, with_tables
from media.errors import MediaError, MovieError
from media.framing import FramingError, Index, jpeg_end, lab_index, plain_index
from media.randomfile import RandomFile
from media.reencode import carriable, sent_size, within
from media.source import Format, Payloads, Source
from rtp.jpeg import JpegError, payloads

__all__ = ["MovieError", "MovieFile"]

log = logging.getLogger(__name__)

FRAMES_PER_SECOND = 20.0  # the lab handout's 50 ms
JPEG_PAYLOAD_TYPE, JPEG_CLOCK_RATE = 26, 90_000  # RFC 3551 §6, table 5
# Frame times are k / fps in floating point and come back as decimal text: what is this close before a frame means it.
TOLERANCE = 1e-6  # seconds

# (offset, bytes there, what that is): files that are often taken for MJPEG; first those that hold a movie
_VIDEOS = (
    (4, b"ftyp", "an MP4 file"),
    (4, b"moov", "a QuickTime file"),
    (4, b"mdat", "a QuickTime file"),
    (8, b"AVI ", "an AVI file"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (0, b"FLV", "a Flash video"),
    (0, b"OggS", "an Ogg file"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
    (188, b"G", "an MPEG transport stream"),  # and "G" at 0: see _what_it_is
)
_OTHERS = (
    *_VIDEOS,
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"version https://git-lfs", "a Git LFS pointer (the movie itself was not fetched: git lfs pull)"),
)
CONVERTIBLE = {what for _, _, what in _VIDEOS}
IMPORTER = ": to convert it, python -m tools.import_movie {}"


class MovieFile(Source):
    """The frames of a file in the lab or plain format of `media.framing`, or in AVI, told by content, not by name.

    Damaged frames keep their numbers; asking for one is a MediaError that says frame and offset.  The file may be cut
    or overwritten while it is open: that makes frames damaged, no more.
    MovieError if nothing in it can be played, ValueError for an impossible `fps` (frames a second).
    """

    duration: float
    seekable = True
    instant = False

    def __init__(self, path: str | os.PathLike[str] | RandomFile, fps: float | None = None) -> None:
        if fps is not None and not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"frames a second must be a number above 0, not {fps}")
        self.path = Path(path)
        self.name = self.path.name
        self._file: RandomFile | None = path if isinstance(path, RandomFile) else _open(self.path)
        try:
            self._index = _index(self._file)
            if not self._index.playable:
                raise MovieError(f"{self.path} is {_no_movie(self._file, self._index.what, self.name)}")
        except MovieError:
            raise
        except OSError as error:
            raise _unreadable(self.path, error) from error
        self.frame_count = len(self._index.offsets)
        self.rate = float(fps or self._index.rate or FRAMES_PER_SECOND)
        self.period = 1 / self.rate
        self.duration = self.frame_count / self.rate
        self._times = times.read(self.path, self.frame_count, self.period) if fps is None else None
        self.steady = not self._times
        if self._times:
            self._keep_time(self._times)
        width, height = self._size()
        self.format = Format("video", JPEG_PAYLOAD_TYPE, "JPEG", JPEG_CLOCK_RATE, self.rate, None, width, height)
        self._shrunk = False  # a frame was re-encoded for `whole`, and that was logged
        if self._index.cut is not None:
            log.warning("%s is cut: the frame at byte %d is not whole, the %d frames before it are played",
                        self.path, self._index.cut, self.frame_count)  # fmt: skip

    def _keep_time(self, times: array[float]) -> None:
        """Each frame has a time of its own; rate and period are those of an average one."""
        span = times[-1] - times[0]
        if span > 0:
            self.period = span / (len(times) - 1)
            self.rate = 1 / self.period
        self.duration = times[-1] + self.period

    def _size(self) -> tuple[int, int]:
        """Width and height, as sent, of the first frame that can be read: so there is one."""
        error: MediaError | None = None
        offsets = self._index.offsets
        for k in range(self.frame_count):
            if k and offsets[k] == offsets[k - 1]:
                continue  # the same picture again (AVI): a million times what cannot be read is read once
            try:
                return sent_size(self.read(k))
            except MediaError as reason:
                error = error or reason
        raise MovieError(f"{self.path} has no frame that can be shown: {error}")

    def frame_at(self, time: float) -> int:
        if time >= self.duration:
            return self.frame_count
        if self._times:
            return bisect_left(self._times, time - min(TOLERANCE, self.period / 4))
        return math.ceil(max(0.0, time - min(TOLERANCE, self.period / 4)) * self.rate)

    def time(self, k: int) -> float:
        if self._times:
            return self._times[k] if k < len(self._times) else self.duration + (k - len(self._times)) * self.period
        return k / self.rate

    def available(self, k: int) -> bool:
        return 0 <= k < self.frame_count

    def ended(self, k: int) -> bool:
        return k >= self.frame_count

    def first(self) -> int:
        return 0

    def read(self, k: int) -> bytes:
        """Frame k, the JPEG as it is in the file.  MediaError if it is damaged, IndexError if there is no frame k."""
        if not 0 <= k < self.frame_count:
            raise IndexError(f"{self.name} has frames 0 to {self.frame_count - 1}, not {k}")
        file = self._file  # close() cannot take it from us while we read
        if file is None:
            raise MediaError(f"{self.name} is closed")
        if not self._index.lengths[k]:
            raise self._damaged(k, "no frame begins here")
        try:
            jpeg = file.read(self._index.offsets[k], self._index.lengths[k])
            return with_tables(jpeg[: jpeg_end(jpeg)])
        except (OSError, FramingError) as error:
            raise self._damaged(k, error) from error

    def payloads(self, k: int, size: int) -> Payloads:
        jpeg = self.read(k)
        try:
            return payloads(carriable(jpeg), size)
        except (MediaError, JpegError) as error:
            raise self._damaged(k, error) from error

    def whole(self, k: int, limit: int) -> bytes:
        jpeg = self.read(k)
        try:
            smaller = within(jpeg, limit)
        except MediaError as error:
            raise self._damaged(k, error) from error
        if smaller is not jpeg and not self._shrunk:
            self._shrunk = True
            log.info("%s has frames over %d bytes: they are re-encoded smaller for clients that take a frame in one "
                     "packet (frame %d: %d bytes to %d)", self.name, limit, k, len(jpeg), len(smaller))  # fmt: skip
        return smaller

    def close(self) -> None:
        """The file is closed when the last read under way is done."""
        self._file = None

    def _damaged(self, k: int, reason: object) -> MediaError:
        return MediaError(f"{self.name}: frame {k} at byte {self._index.offsets[k]} is damaged: {reason}")


def _open(path: Path) -> RandomFile:
    try:
        if path.is_dir():
            raise MovieError(f"{path} is a folder, not a movie")
        return RandomFile(path)
    except MovieError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> MovieError:
    return MovieError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")


def _index(file: RandomFile) -> Index:
    """By the format that fits the first bytes; by the other if that finds nothing (the file may begin with junk)."""
    head = file.read(0, 512)
    if is_avi(head):
        return avi_index(file)
    if _other_format(head):
        return Index()  # a QuickTime file may be full of JPEGs, but they are not to be found like this
    index = Index()
    for make in (plain_index, lab_index) if head.startswith(b"\xff\xd8") else (lab_index, plain_index):
        index = make(file)
        if index.playable:
            break
    return index


def _other_format(head: bytes) -> str | None:
    for offset, magic, what in _OTHERS:
        if head.startswith(magic, offset) and (offset != 188 or head.startswith(magic)):
            return what
    return None


def _no_movie(file: RandomFile, seen: str, name: str) -> str:
    """What is wrong with a file without frames, and what to do; `seen`: what it is, if that is known."""
    what = _what_it_is(file)
    return f"{seen or what}, not MJPEG{IMPORTER.format(name) if what in CONVERTIBLE else ''}"


def _what_it_is(file: RandomFile) -> str:
    head = file.read(0, 512)
    if not head:
        return "an empty file"
    return _other_format(head) or ("a text file" if head.isascii() and b"\0" not in head else "a file of another kind")
