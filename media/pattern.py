"""The built-in test pattern: a live source that needs no file, `rtsp://HOST/pattern`.

Live, so that all viewers see the same picture at the same moment, drawn once for all: the clock in it is that of the
server when the frame was due, and how late it is shown elsewhere can be read off.  A thread draws a frame before it is
due and gives it out then; it runs only while somebody watches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

from media import testcard
from media.source import Format, LiveSource, Presentation
from rtp.jpeg import payloads

NAME = "pattern"
PERIOD = 1 / testcard.RATE
PAYLOAD = 1400  # bytes: a packet of 1412, as of movies
BEHIND = 0.2  # seconds: what was missed before that (the machine was asleep) is left out


class Pattern(LiveSource):
    """25 frames a second, numbered on while somebody watches.  `clock` in seconds, `wall` in those since 1970.
    Any number of viewers may come and go; the last one to go ends the thread, within one frame."""

    name = NAME

    def __init__(self, clock: Callable[[], float] = time.perf_counter, wall: Callable[[], float] = time.time) -> None:
        width, height = testcard.SIZE
        super().__init__(Format("video", 26, "JPEG", 90_000, testcard.RATE, None, width, height), PERIOD)
        self._clock, self._wall = clock, wall
        self._began = clock()
        self._next = 0.0  # when the next frame is due, in seconds of the source
        self._turn = Lock()  # guards _next and the order of the frames: held while one is drawn
        self._thread: Thread | None = None
        self._stopped = Event()

    def first(self) -> int:
        """The newest frame; one is drawn now if it would be an old one."""
        with self._turn:
            if self._next <= self._elapsed() - PERIOD or not self._count:
                now = self._elapsed()
                self._give(self._made(now), now)
        return super().first()

    def subscribe(self, wake: Callable[[], None]) -> None:
        """RuntimeError if the system has no thread left; who comes later may have one."""
        super().subscribe(wake)
        with self._turn:
            if not (self._thread and self._thread.is_alive()) and not self._stopped.is_set():
                thread = Thread(target=self._run, name="pattern", daemon=True)
                thread.start()
                self._thread = thread

    def close(self) -> None:
        """The end of the thread, and of whatever plays it."""
        self._stopped.set()
        with self._turn:
            thread = self._thread
        if thread:
            thread.join()
        super().close()

    def _run(self) -> None:
        """Until nobody watches."""
        while not self._stopped.is_set() and self._watched():
            with self._turn:
                due = self._next = max(self._next, self._elapsed() - BEHIND)
                made = self._made(due)
            if self._stopped.wait(max(0.0, due - self._elapsed())):
                break
            with self._turn:
                if due == self._next:  # else first() was faster
                    self._give(made, due)

    def _watched(self) -> bool:
        """If nobody does, this thread is no longer the one; who comes now starts another."""
        with self._turn:
            if not self._wakes:
                self._thread = None
            return self._thread is not None

    def _made(self, when: float) -> bytes:
        """The next frame as a JPEG, showing the time at which it is due."""
        moment = self._wall() + when - self._elapsed()
        local, thousandths = time.localtime(moment), int(moment * 1000) % 1000
        clock = f"{time.strftime('%H:%M:%S', local)}.{thousandths:03}"
        return testcard.jpeg(self._count, clock, time.strftime("%Y-%m-%d, the server's clock", local))

    def _give(self, jpeg: bytes, when: float) -> None:
        self._next = when + PERIOD
        self.append(payloads(jpeg, PAYLOAD), when)

    def _elapsed(self) -> float:
        return self._clock() - self._began


def presentation() -> Presentation:
    """The pattern as a server plays it."""
    return Presentation(NAME, (Pattern(),))
