"""The reports of one who receives a stream: what they say, and when they are due.

    reporter = Reporter(ssrc, cname, random.random, now)
    reporter.heard(rtcp.parse(data), its_ssrc, now)
    if reporter.due(now): send(reporter.packet(reception, its_ssrc, now))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rtp import rtcp
from rtp.interval import Interval
from rtp.reception import Reception
from rtp.reports import UNITS, ReportBlock
from rtp.timestamps import middle, timestamp_delta, unix_time


class Reporter:
    """Times: seconds of any steady clock, always the same one."""

    def __init__(self, ssrc: int, cname: str, random: Callable[[], float], now: float) -> None:
        """`ssrc`, `cname`: our own. `random` gives numbers from 0 to 1."""
        self.ssrc, self._cname = ssrc, cname
        self._interval = Interval(random, now)
        self.sender_report: rtcp.SenderReport | None = None  # the latest that came
        self.sent: ReportBlock | None = None  # the latest that went
        self.arrived = 0.0  # when the sender report did

    def heard(self, packets: Iterable[object], source: int | None, now: float) -> None:
        """RTCP came; `source`: the SSRC of our sender, as far as we know. Reports of others have another clock."""
        for packet in packets:
            if isinstance(packet, rtcp.SenderReport) and source in (None, packet.ssrc):
                self.sender_report, self.arrived = packet, now

    def sent_at(self, timestamp: int, clock_rate: int) -> float | None:
        """The time of day that the sender's clock gives to this RTP timestamp, in seconds since 1970; None: it has not
        said.                                                                                       RFC 3550 §6.4.1"""
        latest = self.sender_report
        if latest is None:
            return None
        return unix_time(latest.ntp) + timestamp_delta(timestamp, latest.rtp_timestamp) / clock_rate

    def due(self, now: float) -> bool:
        """Is a report to be sent now? It then counts as sent."""
        return self._interval.expired(now)

    def packet(self, reception: Reception, source: int | None, now: float, bye: bool = False) -> bytes:
        """A compound packet about the stream with the SSRC `source`: RR and SDES, with `bye` BYE, too. Empty while
        nothing comes.                                                                        RFC 3550 §6.1, §6.4.2"""
        block = None if source is None else reception.report(source, *self._since(source, now))
        self.sent = block or self.sent
        report = rtcp.ReceiverReport(self.ssrc, (block,) if block else ())
        goodbye = (rtcp.Goodbye((self.ssrc,)),) if bye else ()
        return rtcp.compound(report, rtcp.SourceDescription(self.ssrc, self._cname), *goodbye)

    def _since(self, source: int, now: float) -> tuple[int, int]:
        """LSR and DLSR: which sender report was the latest, and how long ago it came."""
        latest = self.sender_report
        if latest is None or latest.ssrc != source:
            return 0, 0
        return middle(latest.ntp), min(round((now - self.arrived) * UNITS), (1 << 32) - 1)
