"""Recording what a player shows: frames as they came, none encoded again, into a movie that can be played at once.

A thread of its own writes, so that a slow disk holds up nobody: what it cannot take in time is missing from the movie,
and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from media.moviewriter import MovieWriter
from rtp.receiver import Frame

Frames = SimpleQueue[tuple[bytes, float] | None]  # None: the end

WAITING = 64 << 20  # bytes of frames that wait for the disk; more are left out
PERIOD = 0.05  # seconds from one frame to the next, until two of them tell


class Tape:
    """start(), add() each frame that is shown, stop(); and so on. Without a start() all is thrown away.

    The recording keeps the movie's own time: pauses leave no gap in it, nor do jumps (`cut`), and what was played fast
    is as long as it was meant to be. Lock: `_lock` guards what add() and the thread have in common, `_waiting`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: Frames = SimpleQueue()
        self._thread: threading.Thread | None = None  # "tape", while something is recorded
        self._waiting = 0  # bytes in the queue
        self._time, self._period = 0.0, PERIOD  # of the frame before, in the recording, and to the one before it
        self._before: float | None = None  # … and its time in the movie; None: nothing goes before
        self._failure: OSError | None = None
        self.on = False  # what is added is recorded
        self._writer: MovieWriter | None = None  # of the recording, also of one that is over
        self.left_out = 0  # frames that are missing from it

    @property
    def path(self) -> Path | None:
        """Of the recording, also of one that is over; None: there was none."""
        return self._writer.path if self._writer else None

    @property
    def frames(self) -> int:
        """That have been written of it."""
        return self._writer.frames if self._writer else 0

    @property
    def over(self) -> bool:
        """The recording has ended, by finish() or because the disk takes no more: stop() need not wait."""
        return self._thread is not None and not self._thread.is_alive()

    def start(self, make: Callable[[], MovieWriter]) -> Path:
        """Record from now on, in place of what was recorded before; where. OSError if there cannot be such a movie."""
        self.stop()
        writer = make()
        with self._lock:
            self._writer, self._failure = writer, None
            self.left_out = self._waiting = 0
            self._time, self._period, self._before = -PERIOD, PERIOD, None
            self._frames = SimpleQueue()
            self._thread = threading.Thread(target=self._write, args=(writer, self._frames), name="tape", daemon=True)
            self._thread.start()
            self.on = True
        return writer.path

    def add(self, frames: Sequence[Frame]) -> None:
        """They are shown, or would have been, had there been the time. Any one thread; it never waits."""
        with self._lock:
            for frame in frames if self.on else ():
                self._add(frame)

    def _add(self, frame: Frame) -> None:
        if self._failure or self._waiting > WAITING:
            self.left_out += 1
            return
        if self._before is not None:
            # Backwards, the movie's time goes back, but not that of the recording
            self._period = abs(frame.time - self._before) or self._period
        self._time, self._before = max(0.0, self._time + self._period), frame.time
        self._waiting += len(frame.jpeg)
        self._frames.put((frame.jpeg, self._time))

    def cut(self) -> None:
        """What comes next is from elsewhere in the movie; it follows without a gap."""
        with self._lock:
            self._before = None

    def finish(self) -> None:
        """No more is recorded; what has been added is still written. Never waits; twice is fine."""
        if self.on:
            self.on = False
            self._frames.put(None)

    def stop(self) -> None:
        """finish(), and wait for it. Twice is fine. OSError, once, if not all could be written: the movie ends where
        that began."""
        self.finish()
        if self._thread:
            self._thread.join()
        self._thread = None
        failure, self._failure = self._failure, None
        if failure:
            raise failure

    def _write(self, writer: MovieWriter, frames: Frames) -> None:
        try:
            with writer:
                while (found := frames.get()) is not None:
                    with self._lock:
                        self._waiting -= len(found[0])
                    writer.add(*found)
        except OSError as error:
            self._failure = error
