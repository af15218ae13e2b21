"""Writing down what is published: a live JPEG stream becomes a movie in the lab's format, with its times beside it.

A thread of its own writes, at its own pace: the live source keeps its newest frames, and what has left it before it was
written is missing from the movie, no more. Nobody else ever waits for the disk.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO

from media.errors import MediaError
from media.moviewriter import framed, timed
from media.source import LiveSource
from media.times import SUFFIX
from rtp.jpeg import Depacketizer

log = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds a thread waits before it looks again whether it is to stop
RESERVE = 64 << 20  # bytes that stay free: a full disk is everybody's trouble
USUAL_RATE = 1 << 20  # bytes a second, where nobody knows: HD of 25 frames a second has that
ENOUGH = 600  # seconds; if there is room for less, whoever starts a recording is told
FREE_EVERY = 1.0  # seconds between looks at the space that is left
LARGEST = 9_999_999_999  # bytes of a frame: as many digits as readers take
NAME_LENGTH = 100  # characters
NAMES = 1000  # recordings of one name in a folder

FreeSpace = Callable[[Path], int]


def free_space(folder: Path) -> int:
    """Bytes. OSError."""
    return shutil.disk_usage(folder).free


class Recordings:
    """The folder they are written into."""

    def __init__(self, folder: str | Path, free: FreeSpace = free_space) -> None:
        self.folder = Path(folder)
        self._free = free

    def room(self) -> float:
        """Seconds of a usual stream that can still be written."""
        try:
            return max(0, self._free(self.folder) - RESERVE) / USUAL_RATE
        except OSError:
            return 0.0

    def start(self, name: str, source: LiveSource) -> Recorder | None:
        """Write the source down from now on, until it is closed; None if that cannot be, which is logged. A name that
        is taken gets a number."""
        try:
            movie, times = self._create(safe(name))
        except OSError as error:
            log.error("! %s cannot be recorded: %s", name, error.strerror or error)
            return None
        recorder = Recorder(source, movie, times, self._free)
        recorder.start()
        return recorder

    def _create(self, name: str) -> tuple[Path, Path]:
        """Two new empty files."""
        for number in range(1, NAMES):
            movie = self.folder / (f"{name}.Mjpeg" if number == 1 else f"{name}-{number}.Mjpeg")
            times = movie.with_suffix(SUFFIX)
            if times.exists():
                continue
            try:
                open(movie, "xb").close()
            except FileExistsError:
                continue
            open(times, "xb").close()
            return movie, times
        raise OSError(f"there are {NAMES} recordings of that name in {self.folder}")


def safe(name: str) -> str:
    """The name of a file in one folder, for any name of a stream: letters and digits, and little else."""
    name = re.sub(r"\.(mjpe?g|times)$", "", name, flags=re.IGNORECASE)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:NAME_LENGTH].strip(".-_ ")
    reserved = re.fullmatch(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", name, re.IGNORECASE)     # on Windows
    return f"_{name}" if reserved or not name else name


class Recorder:
    """One recording: start(), then resume() after each pause; it ends with its source, or when the space does."""

    def __init__(self, source: LiveSource, movie: Path, times: Path, free: FreeSpace = free_space) -> None:
        self.movie, self.times = movie, times
        self.frames = 0  # written
        self._source, self._free = source, free
        self._first = source.first()  # frame of the source
        self._depacketizer = Depacketizer()
        self._news = Event()
        self._stop = Event()
        self._resumed: list[int] = []  # frames of the source that follow a pause
        self._shift: float | None = None  # seconds from the source's time to that of the recording; None: not known
        self._last, self._period = 0.0, source.period  # of the frames written last: time, and distance
        self._checked = -FREE_EVERY
        self._thread = Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def resume(self) -> None:
        """What comes from now on follows without a gap."""
        self._resumed.append(self._source.count)

    def close(self) -> None:
        """Write what has come, and end. Twice is fine."""
        self._stop.set()
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        self._source.subscribe(self._news.set)
        try:
            with open(self.movie, "ab") as movie, open(self.times, "ab") as times:
                self._write_all(movie, times)
            log.info("= %s: recorded, %d frames", self.movie, self.frames)
        except OSError as error:
            log.error("! %s ends after %d frames: %s", self.movie, self.frames, error.strerror or error)
        except Exception:
            log.exception("! %s ends after %d frames", self.movie, self.frames)
        finally:
            self._source.unsubscribe(self._news.set)

    def _write_all(self, movie: BinaryIO, times: BinaryIO) -> None:
        k = self._first
        while True:
            if self._source.available(k):
                self._write_group(k, movie, times)
                k += 1
            elif self._stop.is_set() or self._source.ended(k):
                return
            else:
                self._news.wait(PATIENCE)
                self._news.clear()

    def _write_group(self, k: int, movie: BinaryIO, times: BinaryIO) -> None:
        """What is lost makes a frame damaged, and such a frame is left out."""
        while self._resumed and k >= self._resumed[0]:
            del self._resumed[0]
            self._shift = None
            self._depacketizer.restart()
        try:
            when, payloads = self._source.time(k), self._source.payloads(k, 0)
        except MediaError:
            return
        for payload, marker in payloads:
            timestamp = round(when * self._source.format.clock_rate)
            jpeg = self._depacketizer.push(payload, marker, timestamp)
            if jpeg is not None and len(jpeg) <= LARGEST:
                self._check_space(len(jpeg))
                self._write_frame(jpeg, when, movie, times)

    def _write_frame(self, jpeg: bytes, when: float, movie: BinaryIO, times: BinaryIO) -> None:
        begin = movie.tell()
        if self._shift is None:
            self._shift = (self._last + self._period if self.frames else 0.0) - when
        due = max(when + self._shift, self._last)
        try:
            movie.write(framed(jpeg))
            movie.flush()
            times.write(timed(due))
            times.flush()
        except OSError:
            with suppress(OSError):
                movie.truncate(begin)  # half a frame is none
            raise
        self._period = due - self._last if self.frames and due > self._last else self._period
        self._last, self.frames = due, self.frames + 1

    def _check_space(self, size: int) -> None:
        now = time.monotonic()
        if now - self._checked < FREE_EVERY:
            return
        self._checked = now
        if self._free(self.movie.parent) < RESERVE + size:
            raise OSError("there is no space left on the disk")
