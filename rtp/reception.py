"""What became of the packets of one stream: how many came, are missing, came twice, how unevenly.

RFC 3550 §A.1 (which numbers to believe), §A.3 (expected and lost), §A.8 (jitter), with two differences. There is no
probation of a new source: RTSP has announced its SSRC and first sequence number, so its first packet is good. And a
packet that came twice counts once, so that it cannot hide one that is missing; in reports to the sender it counts
twice, since all receivers of the world have agreed on that (§6.4.1).
"""

from __future__ import annotations

from rtp.analysis import Analysis
from rtp.reports import LEAST_LOST, MOST_LOST, ReportBlock
from rtp.timestamps import extend, sequence_delta, timestamp_delta

# How far a number may be from the highest one so far and still belong to the same run of numbers (RFC 3550 §A.1).
MAX_DROPOUT = 3000  # ahead: that many may be lost in one go
MAX_MISORDER = 100  # behind: that late may a packet be
SEEN = (1 << MAX_MISORDER) - 1  # a bit for each of these


class Reception:
    """Counts one RTP stream.

    Sequence numbers wrap around; here they are extended to numbers that do not. A sender that numbers anew begins a new
    run, and expected and lost packets are summed over all runs.
    """

    def __init__(self, clock_rate: int) -> None:
        """clock_rate: ticks of the RTP timestamp in a second, 90000 for JPEG."""
        self.packets = 0  # received, duplicates not counted
        self.duplicates = 0
        self.reordered = 0  # came after one with a higher number
        self.bytes = 0  # the sum of the sizes given to arrived(), duplicates not counted
        self.jitter = 0.0  # seconds: how far the spacing of packets is off that of their timestamps, smoothed
        self.max_jitter = 0.0
        self.analysis = Analysis()
        self._clock_rate = clock_rate
        self._earlier_runs = 0  # packets expected in them
        self._begun = self._announced = False
        self._first, self._highest = 0, -1  # extended numbers of this run; first - 1 is the highest while none has come
        self._seen = 0  # bit n is set when the number highest - n has come
        self._stray: tuple[int, int, float, int] | None = None  # a packet whose number fits nowhere, so far
        self._previous: tuple[int, float] | None = None  # timestamp and arrival of the packet before
        self._reported = 0, 0  # packets expected and received (twice counts twice) at the latest report

    @property
    def expected(self) -> int:
        """Packets that must have been sent: all from the first number to the highest.        RFC 3550 §A.3"""
        return self._earlier_runs + self._highest - self._first + 1

    @property
    def newest(self) -> int | None:
        """The timestamp of the packet that came last; None: none has come since the sender began."""
        return self._previous[0] if self._previous else None

    @property
    def lost(self) -> int:
        return self.expected - self.packets

    def restart(self, sequence: int) -> None:
        """The sender announced its next number (RTP-Info, RFC 2326 §12.33); those before it count no more."""
        next_one = extend(sequence, self._highest)
        goes_on = self._begun and 0 < next_one - self._highest <= MAX_DROPOUT
        self._begin(next_one if goes_on else sequence)  # after a pause, how often the numbers wrapped is not forgotten
        self._announced = True

    def report(self, ssrc: int, last_report: int = 0, delay: int = 0) -> ReportBlock | None:
        """What a receiver report says of this source, whose fraction lost is that since the latest call of this; None
        if nothing has come since. The other values are passed on, see ReportBlock.             RFC 3550 §6.4.1, §A.3"""
        before_expected, before_received = self._reported
        expected, received = self._reported = self.expected, self.packets + self.duplicates
        if received == before_received:
            return None
        missing = expected - before_expected - (received - before_received)
        fraction = 256 * missing // (expected - before_expected) if missing > 0 else 0
        lost = min(max(expected - received, LEAST_LOST), MOST_LOST)
        jitter = min(int(self.jitter * self._clock_rate), (1 << 32) - 1)
        return ReportBlock(ssrc, fraction, lost, self._highest & 0xFFFFFFFF, jitter, last_report, delay)

    def arrived(self, sequence: int, timestamp: int, now: float, size: int) -> bool:
        """A packet came; now is in seconds of any steady clock. False: it came before, or is from before restart()."""
        following = self._highest + 1
        if sequence == following & 0xFFFF and self._begun:  # nearly always: nothing is to be decided
            self._stray = None
            self._measure(following, timestamp, now, size)
            self._highest = following
            self._seen = (self._seen << 1 | 1) & SEEN
            self.packets += 1
            self.bytes += size
            return True
        if not self._begun:
            self._begin(sequence)
        number = extend(sequence, self._highest)
        ahead = number - self._highest
        if not -MAX_MISORDER < ahead <= MAX_DROPOUT:
            return self._arrived_far((sequence, timestamp, now, size))
        self._stray = None
        if self._announced and number < self._first:
            return False
        # Of each packet "in order of arrival", one that came twice as well (§6.4.1)
        self._measure(number, timestamp, now, size)
        if not self._mark(number, ahead):
            self.duplicates += 1
            return False
        self.packets += 1
        self.bytes += size
        return True

    def _begin(self, first: int) -> None:
        self._earlier_runs = self.expected
        self._first, self._highest = first, first - 1
        self._begun, self._announced = True, False
        self._seen, self._stray, self._previous = 0, None, None

    def _mark(self, number: int, ahead: int) -> bool:
        """Note that this number has come. False: it had come before."""
        if ahead > 0:
            self._highest = number
            self._seen = (self._seen << ahead | 1) & SEEN
            return True
        if self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        self.reordered += 1
        self._first = min(self._first, number)  # the very first packets may come in the wrong order too
        return True

    def _arrived_far(self, packet: tuple[int, int, float, int]) -> bool:
        """A number far off is a stray and not counted; followed by its successor, it begins a new run (§A.1)."""
        stray, self._stray = self._stray, packet
        if stray and sequence_delta(packet[0], stray[0]) == 1:
            self._begin(stray[0])
            self.arrived(*stray)
            self.arrived(*packet)
        return True

    def _measure(self, number: int, timestamp: int, now: float, size: int) -> None:
        """J += (|D| - J) / 16, D the change of transit time since the packet before.         RFC 3550 §A.8"""
        sent_apart = None
        if self._previous:
            last_timestamp, last_now = self._previous
            sent_apart = timestamp_delta(timestamp, last_timestamp) / self._clock_rate
            self.jitter += (abs(now - last_now - sent_apart) - self.jitter) / 16
            if self.jitter > self.max_jitter:
                self.max_jitter = self.jitter
        self._previous = timestamp, now
        self.analysis.add(number, now, size, self.jitter, sent_apart)
