"""Reception statistics about servers of the classic lab, whose numbers and timestamps are their own."""

from __future__ import annotations

from rtp.reception import MAX_DROPOUT, Reception
from rtp.timestamps import sequence_delta

NEAR = 16  # numbers: so late may a packet be; what goes back further is a server that counts from its start again
PAUSE = 1.0  # seconds without a frame: a pause, and nothing to measure


class LabReception(Reception):
    """Counts one stream of a lab server; believes less than Reception does, so that no figure becomes absurd.

    A number that comes again is another piece of the same frame. One that goes back (a movie that begins anew, a
    counter that wraps around after a byte) is a new start. Lost are the numbers passed over between two packets. What
    cannot be known: pieces lost of a frame whose pieces have all the same number, and packets lost at a new start.

    Timestamps may be seconds, frame numbers or anything, so jitter is that of the spacing of frames: how far it is off
    their usual spacing, smoothed as in RFC 3550 §A.8.
    """

    def __init__(self, clock_rate: int) -> None:
        super().__init__(clock_rate)
        self._lost = 0
        self._latest: int | None = None  # the highest number since the latest start
        self._frame: float | None = None  # when the frame before came
        self._spacing: float | None = None  # seconds between frames, smoothed

    @property
    def expected(self) -> int:
        return self.packets + self._lost

    @property
    def lost(self) -> int:
        return self._lost

    def arrived(self, sequence: int, timestamp: int, now: float, size: int) -> bool:
        """A packet came; always True: that one came before cannot be told by its number."""
        self.packets += 1
        self.bytes += size
        self.analysis.add(sequence, now, size, self.jitter, None)
        ahead = 1 if self._latest is None else sequence_delta(sequence, self._latest)
        if -NEAR <= ahead < 0 and sequence > 1:
            self.reordered += 1
            self._lost = max(0, self._lost - 1)
            return True
        # 0 or 1 after a number far from the wrap is a start, too, though it may look like a leap ahead
        if 0 < ahead <= (NEAR if sequence <= 1 else MAX_DROPOUT):
            self._lost += ahead - 1
        self._latest = sequence
        return True

    def frame_came(self, now: float) -> None:
        """A frame is whole."""
        spacing, self._frame = now - (now if self._frame is None else self._frame), now
        if not 0 < spacing < PAUSE:
            return
        if self._spacing is None:
            self._spacing = spacing
        self.jitter += (abs(spacing - self._spacing) - self.jitter) / 16
        self._spacing += (spacing - self._spacing) / 16
        self.max_jitter = max(self.max_jitter, self.jitter)
