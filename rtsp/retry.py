"""When a connection that was lost is tried again: after 1, 2, 4, 8, … seconds, at most 30 for a player."""

from __future__ import annotations

from math import ceil

FIRST, LONGEST = 1.0, 30.0      # seconds before an attempt
STEADY = 10.0                   # seconds of playing after which a loss is another one, and is tried again soon


class Retry:
    """It never gives up by itself. `now`: seconds of any steady clock, always the same one.

        retry.lost(now)                     # the connection, or an attempt that failed
        if retry.due(now):
            retry.begin()                   # an attempt, which either ends in lost() or in plays()
    """

    def __init__(self, longest: float = LONGEST) -> None:
        """`longest`: seconds before an attempt, at most."""
        self.pause = 0.0                            # seconds from the latest loss to the attempt after it
        self._longest = longest
        self.attempt = 0                            # the number of the one that comes, or is under way; 0: none
        self._due: float | None = None              # when it comes; None: it is under way, or there is none
        self._playing: float | None = None          # since when it plays again

    def lost(self, now: float) -> None:
        if self._playing is not None and now - self._playing >= STEADY:
            self.attempt = 0
        self._playing = None
        self.attempt += 1
        self.pause = min(self._longest, FIRST * 2 ** min(self.attempt - 1, 10))
        self._due = now + self.pause

    def begin(self) -> None:
        self._due = None

    def plays(self, now: float) -> None:
        """A picture has come."""
        if self.attempt and self._playing is None:
            self._playing = now

    def stop(self) -> None:
        """No more attempts, until something is lost again."""
        self.attempt, self._due, self._playing = 0, None, None

    @property
    def waiting(self) -> bool:
        """For the next attempt."""
        return self._due is not None

    @property
    def trying(self) -> bool:
        """An attempt is under way: no picture has come yet."""
        return self.attempt > 0 and self._due is None and self._playing is None

    @property
    def active(self) -> bool:
        """Something is lost, and not regained."""
        return self.waiting or self.trying

    def due(self, now: float) -> bool:
        return self._due is not None and now >= self._due

    def left(self, now: float) -> int:
        """Whole seconds until the next attempt, as a countdown shows them."""
        return 0 if self._due is None else max(0, ceil(self._due - now))
