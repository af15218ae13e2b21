"""What was measured of late, a row for each quarter of a second: for curves that are drawn while the stream goes on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import floor, inf

STEP = 0.25  # seconds of a row
KEPT = 240  # rows: the last minute, however many packets come
HEADERS = 28  # bytes of IPv4 and UDP around each packet, which Wireshark counts in its bandwidth


@dataclass(slots=True)
class Row:
    """The worst of each kind in STEP seconds, which begin at `tick` × STEP; times in seconds."""

    tick: int
    packets: int = 0  # those that came twice, too
    bytes: int = 0
    delta: float = 0.0
    difference: float = 0.0
    jitter: float = 0.0
    buffer: float = inf  # the least time that a frame still had to wait when it was whole; inf: there was none

    @property
    def bits(self) -> int:
        """On the way, with the headers of IPv4 and UDP."""
        return 8 * (self.bytes + HEADERS * self.packets)


def tick_of(now: float) -> int:
    """Of the row to which a moment belongs."""
    return floor(now / STEP)


class History:
    """now: seconds of any steady clock, always the same one."""

    def __init__(self) -> None:
        self.rows: deque[Row] = deque(maxlen=KEPT)  # oldest first; none for times when nothing came
        self._ends = -inf

    def waits(self, now: float, seconds: float) -> None:
        """So much waits to be shown."""
        row = self.row(now)
        row.buffer = min(row.buffer, seconds)

    def row(self, now: float) -> Row:
        """That of this moment, for new figures."""
        if now >= self._ends:
            tick = tick_of(now)
            self.rows.append(Row(tick))
            self._ends = (tick + 1) * STEP
        return self.rows[-1]
