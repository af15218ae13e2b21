"""One thread that sends everything on time."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import threading
import time
from collections.abc import Callable

from net.connection import LONGEST_WAIT

log = logging.getLogger(__name__)

Task = Callable[[float], "float | None"]     # task(now) does what is due and returns when it wants to be called again
SLOT = 0.002        # seconds. Deadlines are moved to the start of their slot: one wake-up serves all that fall into it


class Pacer:
    """A heap of absolute deadlines (seconds of perf_counter), so that nothing drifts: a late call does not move the
    next deadline. Tasks run on this thread, one after the other; none of them may wait for anything.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Task]] = []
        self._order = itertools.count()             # equal deadlines keep their order, and tasks are never compared
        self._changed = threading.Condition()       # guards _heap and _closed
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, task: Task, when: float) -> None:
        """Call `task` at `when`, or at once if that has passed. From any thread."""
        with self._changed:
            heapq.heappush(self._heap, (when, next(self._order), task))
            self._changed.notify()

    def close(self) -> None:
        """Twice is fine."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._sleep():
            self.run_due(self.clock())

    def _sleep(self) -> bool:
        """Wait until something is due; False when it is over."""
        with self._changed:
            while not self._closed:
                pause = self._heap[0][0] - self.clock() if self._heap else LONGEST_WAIT
                if pause <= 0:
                    return True
                self._changed.wait(min(pause, LONGEST_WAIT))
        return False

    def run_due(self, now: float) -> None:
        """Call each task whose deadline is not after `now`."""
        again = []
        for task in self._take_due(now):
            try:
                when = task(now)
            except Exception:
                log.exception("! a stream failed and is dropped")
                continue
            if when is not None:
                slot = math.floor(when / SLOT + 1e-6)   # a multiple stays one, whatever floats make of it
                again.append((slot * SLOT, next(self._order), task))
        with self._changed:                             # once for all of them, and nobody sleeps who must be woken
            for entry in again:
                heapq.heappush(self._heap, entry)

    def _take_due(self, now: float) -> list[Task]:
        due = []
        with self._changed:
            while self._heap and self._heap[0][0] <= now:
                due.append(heapq.heappop(self._heap)[2])
        return due
