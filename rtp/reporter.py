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
from rtp.reports import UNITS
from rtp.timestamps import middle


class Reporter:
    """Times: seconds of any steady clock, always the same one."""

    def __init__(self, ssrc: int, cname: str, random: Callable[[], float], now: float) -> None:
        """`ssrc`, `cname`: our own. `random` gives numbers from 0 to 1."""
        self.ssrc, self._cname = ssrc, cname
        self._interval = Interval(random, now)
        self._latest: tuple[int, int, float] | None = None  # SSRC, NTP time in it, arrival of the latest sender report

    def heard(self, packets: Iterable[object], source: int | None, now: float) -> None:
        """RTCP came; `source`: the SSRC of our sender, as far as we know. Reports of others have another clock."""
        for packet in packets:
            if isinstance(packet, rtcp.SenderReport) and source in (None, packet.ssrc):
                self._latest = packet.ssrc, middle(packet.ntp), now

    def due(self, now: float) -> bool:
        """Is a report to be sent now? It then counts as sent."""
        return self._interval.expired(now)

    def packet(self, reception: Reception, source: int | None, now: float, bye: bool = False) -> bytes:
        """A compound packet about the stream with the SSRC `source`: RR and SDES, with `bye` BYE, too. Empty while
        nothing comes.                                                                        RFC 3550 §6.1, §6.4.2"""
        block = None if source is None else reception.report(source, *self._since(source, now))
        report = rtcp.ReceiverReport(self.ssrc, (block,) if block else ())
        goodbye = (rtcp.Goodbye((self.ssrc,)),) if bye else ()
        return rtcp.compound(report, rtcp.SourceDescription(self.ssrc, self._cname), *goodbye)

    def _since(self, source: int, now: float) -> tuple[int, int]:
        """LSR and DLSR: which sender report was the latest, and how long ago it came."""
        if self._latest is None or self._latest[0] != source:
            return 0, 0
        _, last_report, arrived = self._latest
        return last_report, min(round((now - arrived) * UNITS), (1 << 32) - 1)
