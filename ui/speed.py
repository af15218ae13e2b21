"""How fast a movie may be played by keys."""

from __future__ import annotations

from math import copysign

SLOWEST, FASTEST = 0.25, 8.0


def within(speed: float) -> float:
    """The nearest that can be had, in the same direction."""
    return copysign(max(SLOWEST, min(FASTEST, abs(speed))), speed)
