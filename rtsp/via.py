"""What a proxy does to the headers of a message that it passes on (RFC 2326 §12.43, as RFC 2068 §14.44 has it)."""

from __future__ import annotations

from collections.abc import Collection

from rtsp.errors import MessageError, RtspError
from rtsp.message import VERSION, Headers, Request

LONGEST = 10  # proxies in a row; more lead nowhere
# What is between two neighbours and no further: each has its own numbers, sessions, transports and sizes
OF_THE_HOP = frozenset(("cseq", "session", "transport", "connection", "keep-alive", "content-length", "proxy-require"))


def check(request: Request, name: str) -> None:
    """RtspError 502 for a request that has passed this proxy before, or too many others; 551 if it requires of a proxy
    what this one does not know (§12.27)."""
    been = [one.strip() for text in request.headers.get_all("Via") for one in text.split(",")]
    if any(name in one.split() for one in been):
        raise RtspError("this request goes in a circle: it has passed this proxy already", 502)
    if len(been) > LONGEST:
        raise RtspError(f"this request has passed {len(been)} proxies, and leads nowhere", 502)
    if wanted := request.headers.get_all("Proxy-Require"):
        raise RtspError("unknown option", 551, {"Unsupported": ", ".join(wanted)})
    if request.cseq is None:
        raise MessageError("a request needs a CSeq")


def onward(headers: Headers, name: str, without: Collection[str] = ()) -> Headers:
    """The headers as the next one gets them; those `without` (small letters) are left out, too."""
    left_out = {*OF_THE_HOP, *without, "via"}
    been = ", ".join([*headers.get_all("Via"), line(name)])
    return Headers([*((key, value) for key, value in headers if key.lower() not in left_out), ("Via", been)])


def line(name: str) -> str:
    """`name` stands for a proxy, and nobody else has it."""
    return f"{VERSION} {name}"
