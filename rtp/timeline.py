"""What the statistics said in the course of time: a line every so many seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

MOST = 14_400  # lines that are kept, the latest ones: four hours of seconds


class Timeline:
    """now: seconds of any steady clock, always the same one."""

    def __init__(self, every: float) -> None:
        """`every`: seconds from line to line."""
        self._every = every
        self._begun: float | None = None
        self._due = 0.0
        self._names: tuple[str, ...] = ()
        self._lines: deque[tuple[Any, ...]] = deque(maxlen=MOST)  # values only: a dictionary each would weigh double

    def look(self, now: float, statistics: Callable[[], Mapping[str, Any]]) -> None:
        """To be called often. A line is due every so many seconds since the first call; those missed are left out."""
        if self._begun is None:
            self._begun, self._due = now, now + self._every
        if now < self._due:
            return
        self._due += self._every * ((now - self._due) // self._every + 1)
        found = statistics()
        self._names = ("time", *found)
        self._lines.append((round(now - self._begun, 3), *found.values()))

    def lines(self) -> list[dict[str, Any]]:
        """The statistics, oldest first, each with `time`: seconds since the first call."""
        return [dict(zip(self._names, line, strict=True)) for line in self._lines]
