"""Warnings in the log, at most one a second: what goes wrong for one viewer goes wrong for many."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds


class Complaints:
    """Safe from any thread: two at the same moment may both be said, or counted as one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said = -math.inf  # when the latest one was
        self._unsaid = 0  # since then

    def say(self, text: str) -> None:
        """Now, or only count it; the next one that is said tells how many were not."""
        now = self._clock()
        if now - self._said < EVERY:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more complaints were not written down)" if self._unsaid else ""
        self._said, self._unsaid = now, 0
        log.warning("! %s%s", text, more)
