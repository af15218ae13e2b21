"""What a client reads out of the replies that grant it something: methods, a session, a transport."""

from __future__ import annotations

from rtsp.errors import MessageError
from rtsp.headers import SessionHeader, Transport
from rtsp.message import Response


def methods(reply: Response) -> set[str]:
    """What the server says it can do, in its reply to OPTIONS (RFC 2326 §10.1)."""
    return {word.strip().upper() for value in reply.headers.get_all("Public") for word in value.split(",")}


def session(reply: Response) -> SessionHeader | None:
    """The session that a reply to SETUP begins (RFC 2326 §12.37). RtspError if malformed.

    Some lab servers write `Session: Session: 5`. Others name none, and their own clients then send 0."""
    text = reply.headers.get("Session") or ""
    if reply.lab:
        return SessionHeader(text.split(";")[0].split(":")[-1].strip() or "0")
    try:
        return SessionHeader.parse(text) if text else None
    except MessageError:            # a timeout that is none: the usual one will do
        return SessionHeader.parse(text.partition(";")[0])


def transport(reply: Response) -> Transport | None:
    """How the media will travel (RFC 2326 §10.4). RtspError if malformed. A lab server does not say."""
    granted = [] if reply.lab else Transport.parse(reply.headers.get("Transport") or "")
    return granted[0] if granted else None
