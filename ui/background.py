"""Work that takes its time, off the thread of the window: nothing that waits may run there."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: an exception, or None when all went well."""

    name: str
    error: Exception | None


class Background:
    """One thread, one job after the other; a job may have several steps.

    background.do("PLAY", player.play)
    for outcome in background.outcomes():       # later, on the window's own thread
        ...
    """

    def __init__(self, name: str, harmless: type[Exception] | tuple[()] = ()) -> None:
        """An exception of the kind `harmless` ends its job, and is no failure."""
        self._harmless = harmless
        self._jobs: queue.SimpleQueue[tuple[str, tuple[Callable[[], object], ...]] | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._pending: list[str] = []  # names, the one under way first; touched by the window's thread alone
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, name: str, *steps: Callable[[], object]) -> None:
        self._pending.append(name)
        self._jobs.put((name, steps))

    @property
    def doing(self) -> str | None:
        """The job under way, as far as outcomes() has told; None when there is none."""
        return self._pending[0] if self._pending else None

    def outcomes(self) -> list[Outcome]:
        """What has been done since the last call, in order."""
        found = []
        while not self._outcomes.empty():
            found.append(self._outcomes.get())
            self._pending.pop(0)
        return found

    def close(self, timeout: float) -> None:
        """Ends the thread after the jobs that it has. Twice is fine; after `timeout` seconds it is left alone."""
        self._jobs.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (task := self._jobs.get()) is not None:
            name, steps = task
            error: Exception | None = None
            try:
                for step in steps:
                    step()
            except self._harmless as problem:
                log.info("! %s", problem)
            except Exception as problem:  # noqa: BLE001  (it is the window's to judge)
                error = problem
            self._outcomes.put(Outcome(name, error))
