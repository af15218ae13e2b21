"""Places in a movie, in seconds: where a jump leads, where it begins again."""

from __future__ import annotations

LAST = 0.2  # seconds before the end: where a jump beyond it leads, so that there is something to be seen


def within(seconds: float, duration: float | None) -> float:
    """The nearest place that there is; `duration` None: nobody knows the end."""
    if duration is not None:
        seconds = min(seconds, duration - LAST)
    return max(0.0, seconds)


def beginning_again(scale: float, duration: float | None) -> float:
    """Where a movie that has ended begins once more: backwards, at its end."""
    return 0.0 if scale > 0 else duration or 0.0


def nothing_left(position: float, scale: float, duration: float | None) -> bool:
    """Backwards, at the very beginning. A live presentation, of no known duration, has none."""
    return scale < 0 and position <= 0 and duration is not None
