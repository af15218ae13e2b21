"""How many frames were shown, and how fast."""

from __future__ import annotations

from collections import deque

RECENT = 30  # frames over which recent_fps is measured


class Shown:
    """Counts what reaches the screen. now: seconds of any steady clock, always the same one."""

    def __init__(self) -> None:
        self.frames = 0
        self.skipped = 0  # they were due together with a newer one
        self.seconds = 0.0  # from the first to the last, without pauses
        self._intervals = 0
        self._recent: deque[float] = deque(maxlen=RECENT)

    def add(self, now: float) -> None:
        if self._recent:
            self.seconds += now - self._recent[-1]
            self._intervals += 1
        self._recent.append(now)
        self.frames += 1

    def pause(self) -> None:
        """The time until the next frame does not count."""
        self._recent.clear()

    @property
    def latest(self) -> float | None:
        """When the latest frame was shown; None: none since the start or a pause."""
        return self._recent[-1] if self._recent else None

    @property
    def fps(self) -> float:
        """Frames a second, since the start."""
        return self._intervals / self.seconds if self.seconds else 0.0

    @property
    def recent_fps(self) -> float:
        """Frames a second, of late."""
        span = self._recent[-1] - self._recent[0] if self._recent else 0.0
        return (len(self._recent) - 1) / span if span else 0.0
