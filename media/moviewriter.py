"""Writing a movie in the lab's format, and beside it, where that is wanted, when each of its frames is due.

    movie.Mjpeg     05123 JPEG 04890 JPEG 05007 JPEG …      media.framing reads it
    movie.times     0.000000 ↵ 0.040012 ↵ 0.081377 …        media.times reads it
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

from media.times import SUFFIX as TIMES

NAMES = 10_000  # files of one name in a folder
LONGEST_NAME = 100  # characters


def framed(jpeg: bytes) -> bytes:
    """A frame as it stands in the file: its length in five digits, in six from 100,000 bytes on, then the JPEG."""
    return b"%05d" % len(jpeg) + jpeg


def timed(time: float) -> bytes:
    """The line of a frame that is due so many seconds after the first one."""
    return b"%.6f\n" % time


class MovieWriter:
    """A new movie that grows frame by frame and can be played after each: whatever ends the program, there is no half
    frame in it. Nothing that is there already is written over."""

    def __init__(self, path: Path) -> None:
        """OSError if the files cannot be made; FileExistsError if one of them is there."""
        self.path = path
        self.frames = 0
        self._movie = FileIO(path, "x")
        try:
            self._times = FileIO(path.with_suffix(TIMES), "x")
        except BaseException:
            self._movie.close()
            path.unlink()
            raise

    def add(self, jpeg: bytes, time: float) -> None:
        """`time`: seconds since the first frame. OSError if there is no room for it; what was written before stays."""
        begin = self._movie.tell()
        try:
            _write(self._movie, framed(jpeg))
            _write(self._times, timed(time))
        except BaseException:
            with suppress(OSError):
                self._movie.truncate(begin)
            raise
        self.frames += 1

    def __enter__(self) -> MovieWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Twice is fine. A movie without a frame is none: its files are taken away."""
        self._movie.close()
        self._times.close()
        if not self.frames:
            for path in (self.path, self.path.with_suffix(TIMES)):
                with suppress(OSError):
                    path.unlink()


def _write(file: FileIO, data: bytes) -> None:
    """All of it, past every buffer: a buffer would be tried again when the file is closed, and fail once more."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def save(jpeg: bytes, folder: Path, name: str) -> Path:
    """A frame of the movie `name` as a picture of its own, movie_0001.jpg say. OSError if it cannot be written."""
    for path in free_names(folder, name, ".jpg"):
        with suppress(FileExistsError), open(path, "xb") as file:
            try:
                file.write(jpeg)
                file.flush()
            except OSError:
                path.unlink()
                raise
            return path
    raise _too_many(folder)


def record(folder: Path, name: str) -> MovieWriter:
    """A new movie made of the movie `name`, movie_0001.Mjpeg say. OSError if there cannot be one."""
    for path in free_names(folder, name, ".Mjpeg"):
        with suppress(FileExistsError):
            return MovieWriter(path)
    raise _too_many(folder)


def free_names(folder: Path, name: str, suffix: str) -> Iterator[Path]:
    """movie_0001.jpg, movie_0002.jpg, …, those that are free now; `name` may be any movie's on a server."""
    stem = safe(name)
    for number in range(1, NAMES):
        path = folder / f"{stem}_{number:04d}{suffix}"
        if not path.exists():
            yield path


def safe(name: str) -> str:
    """The name of a movie on some server as the name of a file in one folder here, without its suffix: letters and
    digits, and little else."""
    name = re.sub(r"\.\w{1,5}$", "", name.rpartition("/")[2])
    name = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII)[:LONGEST_NAME].strip("._- ")
    reserved = re.fullmatch(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", name, re.IGNORECASE)  # on Windows
    return name if name and not reserved else f"movie_{name}".strip("_")


def _too_many(folder: Path) -> OSError:
    return OSError(f"{folder} has {NAMES - 1} of that name already")
