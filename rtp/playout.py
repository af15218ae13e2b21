"""Gives each frame its time to be shown.

Frames come unevenly: the network delays one more than another. Shown as they come, the picture would stutter; so the
first frame waits `delay`, and each one after it is shown as much later as its media time is. A frame may then be up to
`delay` later than usual and still be in time.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from rtp.hoard import Hoard

Frame = TypeVar("Frame")

MAX_STEP = 2.0  # seconds by which media time and clock may part from one frame to the next; more is a seek or a stall
# Waiting at a time: only a sender that ignores the time has more under way. Its newest are dropped: without the oldest,
# those that are left would always be for later, and none would ever be shown
MAX_FRAMES = 1000
MAX_BYTES = 48 << 20  # of frames: 4 s of 100 Mbit/s


class Playout(Generic[Frame]):
    """A queue of frames with the time at which each is due.

    delay: seconds. now: seconds of any steady clock, always the same one. late: frames that came after their time.
    """

    def __init__(self, delay: float) -> None:
        self.late = 0
        self._delay = delay
        self._queue: Hoard[tuple[float, Frame]] = Hoard(MAX_FRAMES, MAX_BYTES)  # (when due, frame), in order
        self._base = 0.0  # when media time 0 is due
        self._previous: tuple[float, float] | None = None  # media time and arrival of the frame before

    def push(self, frame: Frame, media_time: float, now: float, size: int = 0) -> None:
        """A frame of `size` bytes came, in the order in which frames are to be shown. media_time: seconds, from any
        start."""
        if self._queue.full(size):
            return
        if self._starts_anew(media_time, now):
            self._base = now + self._delay - media_time
        elif now > self._base + media_time:
            # Shown at once, and the following ones as much later: a network that is slow once is likely to be so again.
            self.late += 1
            self._base = now - media_time
        due = self._base + media_time
        if self._queue:
            due = max(due, self._queue.last[0])  # after a jump, frames from before it still come first
        self._queue.append((due, frame), size)
        self._previous = media_time, now

    def due(self, now: float) -> list[Frame]:
        """The frames whose time has come, oldest first. They leave the queue."""
        frames = []
        while self._queue and self._queue.first[0] <= now:
            frames.append(self._queue.popleft()[1])
        return frames

    def pop(self) -> Frame | None:
        """The next frame, before its time; None when none waits."""
        return self._queue.popleft()[1] if self._queue else None

    def next_due(self) -> float | None:
        """When the next frame is due; None when none waits."""
        return self._queue.first[0] if self._queue else None

    def buffered(self, now: float) -> float:
        """Seconds until the last of those that wait is due: what the network may now be late."""
        return max(0.0, self._queue.last[0] - now) if self._queue else 0.0

    def clear(self) -> None:
        """After a pause or a seek: forget what waits; the next frame is a first one, and waits `delay`."""
        self._queue.clear()
        self.restart()

    def restart(self) -> None:
        """What comes next is a first frame, too, but what waits is still shown before it."""
        self._previous = None

    def _starts_anew(self, media_time: float, now: float) -> bool:
        """The first frame; or media time went back, or jumped against the clock (a seek, a restart, a long stall)."""
        if self._previous is None:
            return True
        last_media_time, last_now = self._previous
        step = media_time - last_media_time
        return step < 0 or abs(step - (now - last_now)) > MAX_STEP
