"""What is to be done a little later, by a thread that does nothing else."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

from net.connection import LONGEST_WAIT

log = logging.getLogger(__name__)


class Later:
    """Calls on the thread "later", which starts with the first of them. Two for the same moment keep their order.

    The pacer would do it in steps of its 5 ms, which is a lot where a jitter of 10 ms is wanted.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._calls: list[tuple[float, int, Callable[[], object]]] = []       # a heap
        self._count = itertools.count()
        self._changed = threading.Condition()       # guards all of this
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, when: float, call: Callable[[], object]) -> None:
        """From any thread; after close(), nothing."""
        with self._changed:
            if self._closed:
                return
            heapq.heappush(self._calls, (when, next(self._count), call))
            if self._thread is None:
                self._start()
            if self._calls[0][2] is call:
                self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="later", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError):     # none is left: what waits goes on when the next one finds one
            return
        self._thread = thread

    def take_due(self, now: float) -> list[Callable[[], object]]:
        """Those whose time has come, in order."""
        with self._changed:
            due = []
            while self._calls and self._calls[0][0] <= now:
                due.append(heapq.heappop(self._calls)[2])
            return due

    def close(self) -> None:
        """What is not done by now is dropped. Twice is fine."""
        with self._changed:
            self._closed = True
            self._calls.clear()
            self._changed.notify()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while self._wait():
            for call in self.take_due(self.clock()):
                try:
                    call()
                except Exception:           # of one packet; the others are still to go
                    log.exception("! what was held back could not be handed on")

    def _wait(self) -> bool:
        """Until something may be due; False when it is over."""
        with self._changed:
            pause = min(LONGEST_WAIT, self._calls[0][0] - self.clock()) if self._calls else LONGEST_WAIT
            if pause > 0 and not self._closed:
                self._changed.wait(pause)
            return not self._closed
