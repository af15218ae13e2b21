"""When a packet that comes in belongs: RTP timestamps of a publisher as seconds, the same for all of its streams.

Differences of timestamps stay what they are. Where a stream begins among the others is told by its sender reports, or,
before the first of them, by when its packets come. Reports that come later do not move the stream, they say better when
its time 0 is (`origin`), and with that the reports to the viewers are made (RFC 3550 §6.4.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from rtp.rtcp import SenderReport
from rtp.timestamps import extend, unix_time

PLAUSIBLE = 10.0  # seconds between what a report says and what we see; more is no clock
DRIFT = 1.0  # seconds between timestamps and arrival of a stream that sends no reports


@dataclass
class Reference:
    """The publisher's time of day on our clock, which its streams share."""

    offset: float | None = None  # seconds of ours at 1970 of the publisher's


class StreamClock:
    """`clock_rate` in ticks a second; `epoch`: seconds of any steady clock at which the time of all streams is 0."""

    def __init__(self, clock_rate: int, reference: Reference, epoch: float) -> None:
        self._rate, self._reference = clock_rate, reference
        self._epoch = epoch
        self.origin = epoch  # when time 0 of this stream is, on the same clock
        self._ticks: int | None = None  # the latest timestamp, extended; None: none has come
        self._base, self._start = 0, 0.0  # a timestamp and its time
        self._known: tuple[int, float] | None = None  # of the latest report: a timestamp and its moment, on our clock

    def time(self, timestamp: int, now: float) -> float:
        """Seconds; now: when the packet came."""
        if self._ticks is None:
            self._ticks = self._base = timestamp
            moment = self._moment(timestamp)
            self._start = (now if moment is None else moment) - self._epoch
            self.origin = self._epoch
        self._ticks = extend(timestamp, self._ticks, bits=32)
        time = self._time(self._ticks)
        if self._known is None and abs(now - time - self.origin) > DRIFT:
            self.origin = now - time
        return time

    def reported(self, report: SenderReport, now: float) -> None:
        """The publisher says which timestamp belongs to which time of day."""
        if not report.ntp:
            return
        there = unix_time(report.ntp)
        if self._reference.offset is None:
            self._reference.offset = now - there
        moment = there + self._reference.offset
        if abs(moment - now) > PLAUSIBLE:
            return
        self._known = report.rtp_timestamp, moment
        if self._ticks is not None:
            self.origin = moment - self._time(extend(report.rtp_timestamp, self._ticks, bits=32))

    def restart(self) -> None:
        """The sender counts anew: the next packet's time is when it comes."""
        self._ticks = self._known = None

    def _time(self, ticks: int) -> float:
        return self._start + (ticks - self._base) / self._rate

    def _moment(self, timestamp: int) -> float | None:
        """When this timestamp is, by the latest report."""
        if self._known is None:
            return None
        known, moment = self._known
        return moment + (extend(timestamp, known, bits=32) - known) / self._rate
