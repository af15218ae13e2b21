"""When the next report is due: so rarely that reports take a small part of the way, and never in step with others.

    interval = Interval(random.random, now)
    if now >= interval.due and interval.expired(now): …         # send a report

RFC 3550 §6.2, §6.3. The share of the bandwidth that reports may take (5 %) matters in large groups alone. The two ends
of an RTSP session need a hundredth of it, so what is left is the shortest interval that the RFC allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

SHORTEST = 5.0  # seconds (§6.2)
# Reconsidering makes intervals longer than they were meant to be: they are divided by this (§6.3.1)
COMPENSATION = math.e - 1.5


class Interval:
    """The timer of one member of a session. `random` gives numbers from 0 to 1; times are seconds of any steady clock.

    The first report comes after half of an interval: a new member shall be known soon, but not all in one moment.
    """

    def __init__(self, random: Callable[[], float], now: float, at_once: bool = False) -> None:
        """`at_once`: the first report is due now. RTSP has introduced the sender already, and its receivers wait for
        what its report says."""
        self._random = random
        self._latest = now  # when the latest report was sent, or we joined
        self.due = now if at_once else now + self._draw(SHORTEST / 2)
        self._first, self._at_once = True, at_once

    def expired(self, now: float) -> bool:
        """`due` has come: True if a report is to be sent now, which then counts as sent. False: not yet, `due` is later
        now. The time is drawn once more (§6.3.6: reconsideration), which spreads those who began together."""
        if now < self.due:
            return False
        if not self._at_once:
            self.due = self._latest + self._draw(SHORTEST / 2 if self._first else SHORTEST)
            if self.due > now:
                return False
        self._latest, self._first, self._at_once = now, False, False
        self.due = now + self._draw(SHORTEST)
        return True

    def _draw(self, mean: float) -> float:
        return mean * (0.5 + self._random()) / COMPENSATION
