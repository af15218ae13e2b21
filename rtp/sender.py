"""Whose packets are ours, when more than one sender sends to our port."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rtp import rtcp

PATIENCE = 1.0  # seconds of silence after which another sender is believed


class Sender:
    """Tells the stream that was asked for from others by its SSRC (RFC 3550 §8).

    Another one may well be there: the server goes on sending to a player that was killed, until its session times out,
    and the next player gets the same port. An SSRC that was announced (RFC 2326 §12.39) but does not come is not
    insisted on: not every server announces the one that it uses.
    """

    def __init__(self, announced: int | None = None, addresses: Collection[str] = ()) -> None:
        self.ssrc = announced  # None: that of the first packet
        self.addresses = addresses  # where it may send from
        self._heard = 0.0

    def begin(self, now: float) -> None:
        """PLAY has been asked for; now is in seconds of any steady clock."""
        self._heard = now

    def sent(self, ssrc: int, now: float) -> bool:
        """True if a packet with this SSRC is ours."""
        if self.ssrc is None or now - self._heard > PATIENCE:
            self.ssrc = ssrc
        if ssrc == self.ssrc:
            self._heard = now
        return ssrc == self.ssrc

    def says_goodbye(self, reports: Iterable[object]) -> bool:
        """Is our sender's BYE among these packets of RTCP?"""
        return _among(reports, self.ssrc)


def goodbye_in(data: bytes, ssrc: int | None = None) -> bool:
    """Is a BYE of this sender, None: of anybody, in what may be RTCP?"""
    try:
        reports = rtcp.parse(data)
    except ValueError:
        return False
    return any(isinstance(one, rtcp.Goodbye) for one in reports) if ssrc is None else _among(reports, ssrc)


def _among(reports: Iterable[object], ssrc: int | None) -> bool:
    """A BYE that names nobody is believed (RFC 3550 §6.6)."""
    goodbyes = [report for report in reports if isinstance(report, rtcp.Goodbye)]
    return any(ssrc in goodbye.ssrcs or not goodbye.ssrcs for goodbye in goodbyes)
