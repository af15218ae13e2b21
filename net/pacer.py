"""One thread that sends everything on time."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from net.connection import LONGEST_WAIT

log = logging.getLogger(__name__)

Task = Callable[[float], "float | None"]     # task(now) does what is due and returns when it wants to be called again
# Seconds. Deadlines are moved to the start of their slot: one wake-up serves all that fall into it.
# Frames that are 40 or 50 ms apart are all moved by the same time, so that a viewer does not notice
SLOT = 0.005
MEASURED = 0.5      # seconds over which `behind` and `busy` are measured


class Pacer:
    """Absolute deadlines (seconds of perf_counter), so that nothing drifts: a late call does not move the next one.
    Tasks run on this thread, one after the other; none of them may wait for anything.

    The tasks of each slot are in a list, and only the slots' numbers in a heap: with 800 viewers a hundred tasks share
    a slot, and each costs an append where a heap of tasks would cost ten comparisons. No lock guards them: this thread
    alone touches them, and what others add comes through a queue, which also wakes it.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        # Seconds by which tasks are called too late, on average; the better of the last two values that were measured,
        # so that it grows only where the machine cannot keep up, and not because it was asleep for a moment
        self.behind = 0.0
        self.busy = 0.0                             # the share of a processor that this thread took, of late
        self._measured = clock(), 0.0               # when both were measured last, and what `behind` alone had been
        self._worked = 0.0                          # seconds of processor time that it had taken by then
        self._late, self._called = 0.0, 0           # since then: the sum of what tasks were late by, and their number
        self._slots: dict[int, list[Task]] = {}     # slot n begins at n * SLOT
        self._order: list[int] = []                 # a heap of its keys
        self._added: SimpleQueue[tuple[Task, float] | None] = SimpleQueue()     # None: it is over
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pacer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, task: Task, when: float) -> None:
        """Call `task` at `when`, or at once if that has passed. From any thread."""
        self._added.put((task, when))

    def close(self) -> None:
        """Twice is fine."""
        self._added.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while self._wait():
            self.run_due(self.clock())

    def _wait(self) -> bool:
        """Until something is due, or something new has come; False when it is over."""
        pause = min(LONGEST_WAIT, self._order[0] * SLOT - self.clock()) if self._order else LONGEST_WAIT
        if pause > 0 and not self._closed:
            try:
                self._note(self._added.get(timeout=pause))
            except Empty:
                pass                                # it is time
        return not self._closed

    def _note(self, entry: tuple[Task, float] | None) -> None:
        if entry is None:
            self._closed = True
        else:
            self._put(*entry)

    def _put(self, task: Task, when: float) -> None:
        slot = int(when / SLOT + 1e-6)              # a multiple stays one, whatever floats make of it
        tasks = self._slots.get(slot)
        if tasks is None:
            self._slots[slot] = [task]
            heapq.heappush(self._order, slot)
        else:
            tasks.append(task)

    def run_due(self, now: float) -> None:
        """Call each task whose slot has begun by `now`, once."""
        while not self._added.empty():
            self._note(self._added.get())
        due: list[Task] = []
        while self._order and self._order[0] * SLOT <= now:
            slot = heapq.heappop(self._order)
            tasks = self._slots.pop(slot)
            self._late += (now - slot * SLOT) * len(tasks)
            due += tasks
        self._called += len(due)
        for task in due:
            try:
                when = task(now)
            except Exception:
                log.exception("! a stream failed and is dropped")
                continue
            if when is not None:
                # What is due again at once is called in the next round: it keeps nobody waiting, and can catch up
                self._put(task, max(when, now))
        if now >= self._measured[0] + MEASURED:
            self._measure(now)

    def _measure(self, now: float) -> None:
        worked = time.thread_time()
        self.busy, self._worked = (worked - self._worked) / (now - self._measured[0]), worked
        late = self._late / self._called if self._called else 0.0
        self.behind = min(late, self._measured[1])
        self._measured = now, late
        self._late, self._called = 0.0, 0
