"""Which of the transports that a SETUP offers the server takes."""

from __future__ import annotations

from rtsp import limits
from rtsp.errors import MessageError, RtspError, TransportError
from rtsp.headers import Transport


def choose(text: str | None, peer: str, lab: bool = False) -> Transport:
    """The first alternative that can be served to this address (RFC 2326 §12.39). RtspError if there is none.

    Media goes to the requester and nobody else. The lab dialect knows UDP alone."""
    offers = Transport.parse(text or "")
    if not offers:
        raise MessageError("SETUP needs a Transport")
    for offer in offers:
        if offer.destination not in (None, peer):
            raise RtspError(f"media is not sent to {offer.destination}, which did not ask for it", 403)
        if offer.mode in (None, "PLAY") and (_by_udp(offer) or offer.tcp and not lab):
            return offer
    raise TransportError("what is served: RTP/AVP;unicast;client_port=... from 1024 on, or RTP/AVP/TCP;interleaved=...")


def _by_udp(offer: Transport) -> bool:
    return offer.udp and all(port in limits.CLIENT_PORTS for port in offer.client_port or (0, 0))
