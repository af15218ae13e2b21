"""Which of the transports that a SETUP offers the server takes."""

from __future__ import annotations

from collections.abc import Iterable

from rtsp import limits
from rtsp.errors import MessageError, RtspError, TransportError
from rtsp.headers import Transport

RECORDING = {"RECORD", "RECEIVE"}       # old publishers write the second one


def records(headers: Iterable[str]) -> bool:
    """Does a SETUP ask for the direction of a publisher (RFC 2326 §12.39: mode)?"""
    modes = [_modes(offer) for text in headers for offer in Transport.parse(text)]
    return any(not mode.isdisjoint(RECORDING) and "PLAY" not in mode for mode in modes)


def choose(headers: Iterable[str], peer: str, lab: bool = False, encrypted: bool = False, mode: str = "PLAY"
           ) -> Transport:
    """The first alternative that can be served to this address (RFC 2326 §12.39), of one Transport header or several.
    RtspError if there is none.

    Media goes to the requester and nobody else. The lab dialect knows UDP alone. What is asked for in an `encrypted`
    connection stays in it: a datagram could be read by anybody."""
    offers = [offer for text in headers for offer in Transport.parse(text)]
    if not offers:
        raise MessageError("SETUP needs a Transport")
    possible = [offer for offer in offers if _for(offer, mode)
                and (_by_udp(offer) and not encrypted or offer.tcp and not lab)]
    for offer in possible:
        if _names(offer.destination, peer):
            return offer
    for offer in possible:
        raise RtspError(f"media is not sent to {offer.destination}, which did not ask for it", 403)
    if encrypted:
        raise TransportError("what is served over TLS: RTP/AVP/TCP;interleaved=...")
    raise TransportError("what is served: RTP/AVP;unicast;client_port=... from 1024 on, or RTP/AVP/TCP;interleaved=...")


def _modes(offer: Transport) -> set[str]:
    """`mode` may list several methods."""
    return set((offer.mode or "").replace(",", " ").split())


def _for(offer: Transport, mode: str) -> bool:
    """Without a mode, what is meant is plain from what came before."""
    modes = _modes(offer)
    return not modes or mode in modes or (mode in RECORDING and not modes.isdisjoint(RECORDING))


def _by_udp(offer: Transport) -> bool:
    return offer.udp and all(port in limits.CLIENT_PORTS for port in offer.client_port or (0, 0))


def _names(destination: str | None, peer: str) -> bool:
    """The address of the requester, which need not be written down: `destination` may stand without one."""
    return not destination or destination.strip("[]").lower() == peer.partition("%")[0].lower()
