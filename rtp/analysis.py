"""How the packets of a stream came in time, in the words of Wireshark's window "RTP Stream Analysis".

    delta        the time since the packet before
    difference   how far delta is off the step of the timestamps: |D| of RFC 3550 §6.4.1; jitter is its running mean
    skew         how far the timestamps are ahead of the clock since the first packet; below 0: the packet is late
    drift        how much faster the sender's clock is: the slope of its timestamps over ours, by least squares, less 1

Jitter and what is lost are in rtp.reception. Unlike Wireshark, which passes over packets with a marker for its largest
values, each packet counts; and after a pause or a jump delta, skew and drift begin anew.
"""

from __future__ import annotations

from collections import deque

from rtp.history import STEP, History, tick_of

RECENT = 4096  # packets that are kept one by one


class Analysis:
    """Of one stream. now: seconds of any steady clock, always the same one; all times in seconds."""

    def __init__(self) -> None:
        self.packets = 0  # all that came, those that came twice as well
        self.seq_errs = 0  # of them, those that do not have the next number
        self.max_delta = 0.0
        self.max_skew = 0.0  # the one farthest from 0, with its sign
        self.begun: float | None = None  # when the first packet came
        self.latest = 0.0  # … and the latest
        self.source_fps = 0.0  # frames a second by the timestamps, whenever they came
        self.recent: deque[tuple[float, int]] = deque(maxlen=RECENT)  # when it came, its extended number
        self.history = History()
        self._jitters, self._measured = 0.0, 0  # the sum of jitters, over so many packets: all that have one before
        self._begin(0, 0.0)

    def _begin(self, number: int, now: float) -> None:
        """A first packet, of the stream or after a pause: there is nothing to compare it with."""
        self._highest, self._start = number, now
        self._nominal, self._reached, self._steps = 0.0, 0.0, 0  # seconds since then, by the timestamps; frames begun
        self._count, self._t, self._s, self._tt, self._ts = 0, 0.0, 0.0, 0.0, 0.0  # sums for the slope

    def add(self, number: int, now: float, size: int, jitter: float, apart: float | None) -> None:
        """A packet came. `jitter`: with this one; `apart`: seconds from the packet before by their timestamps, None if
        that cannot be compared."""
        delta = difference = 0.0
        if apart is None:
            self._begin(number, now)
        else:
            delta = now - self.latest
            difference = abs(delta - apart)
            if delta > self.max_delta:
                self.max_delta = delta
            self._jitters += jitter
            self._measured += 1
            self._compare(number, now, apart)
        if self.begun is None:
            self.begun = now
        self.packets += 1
        self.latest = now
        self.recent.append((now, number))
        row = self.history.row(now)
        row.packets += 1
        row.bytes += size
        if delta > row.delta:
            row.delta = delta
        if difference > row.difference:
            row.difference = difference
        if jitter > row.jitter:
            row.jitter = jitter

    def _compare(self, number: int, now: float, apart: float) -> None:
        """With the first packet, and the one of the highest number."""
        if number != self._highest + 1:
            self.seq_errs += 1
        if number > self._highest:
            self._highest = number
        self._nominal = nominal = self._nominal + apart
        t = now - self._start
        if abs(nominal - t) > abs(self.max_skew):
            self.max_skew = nominal - t
        self._count += 1
        self._t += t
        self._s += nominal
        self._tt += t * t
        self._ts += t * nominal
        if nominal > self._reached:
            self._reached = nominal
            self._steps += 1
            self.source_fps = self._steps / nominal

    @property
    def duration(self) -> float:
        """From the first packet to the latest."""
        return 0.0 if self.begun is None else self.latest - self.begun

    @property
    def mean_jitter(self) -> float:
        return self._jitters / self._measured if self._measured else 0.0

    @property
    def drift(self) -> float | None:
        """Seconds that the sender's clock wins in one of ours; None: too little came to tell."""
        spread = self._count * self._tt - self._t * self._t
        return (self._count * self._ts - self._t * self._s) / spread - 1 if spread > 1e-9 else None

    def bandwidth(self, now: float) -> int:
        """Bits in the last whole second, with the headers of IPv4 and UDP."""
        tick, rows = tick_of(now), self.history.rows
        latest = [rows[-n] for n in range(1, min(len(rows), round(1 / STEP) + 1) + 1)]  # others may be adding one
        return sum(row.bits for row in latest if 0 < tick - row.tick <= 1 / STEP)

    def statistics(self, clock_rate: int) -> dict[str, int | float]:
        """For --stats. `clock_rate`: ticks of the RTP timestamp in a second."""
        drift = self.drift
        return {
            "seq_errs": self.seq_errs,
            "max_delta_ms": round(1000 * self.max_delta, 3),
            "mean_jitter_ms": round(1000 * self.mean_jitter, 3),
            "max_skew_ms": round(1000 * self.max_skew, 3),
            "clock_drift_ms": round(1000 * self.duration * (drift or 0.0), 3),
            "freq_drift_hz": 0 if drift is None else round(clock_rate * (1 + drift), 3),
            "bandwidth_kbps": round(self.bandwidth(self.latest) / 1000, 1),
        }
