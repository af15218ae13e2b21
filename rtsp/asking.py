"""What a player asks, as messages."""

from __future__ import annotations

from collections.abc import Mapping

from rtsp.headers import Range, SessionHeader
from rtsp.message import Headers, Request

USER_AGENT = "RTSPlab/0.1"


def request(method: str, url: str, number: int, session: SessionHeader | None, headers: Mapping[str, str], lab: bool,
            body: bytes = b"") -> Request:
    """`number`: its CSeq (RFC 2326 §12.17); `session`: the one that it belongs to, if there is one."""
    numbers = [("CSeq", str(number))] + ([("Session", session.id)] if session else [])
    return Request(method, url, Headers([*numbers, *headers.items(), ("User-Agent", USER_AGENT)]), body, lab=lab)


def play(range: Range | None, scale: float | None) -> dict[str, str]:
    """The headers of PLAY: from where it stands, or that range; as fast as that (RFC 2326 §10.5, §12.34)."""
    headers = {} if range is None else {"Range": str(range)}
    return headers | ({} if scale is None else {"Scale": f"{scale:.3f}"})
