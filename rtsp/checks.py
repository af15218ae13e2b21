"""What every request must be before anybody looks at what it asks for."""

from __future__ import annotations

from rtsp.errors import MessageError, RtspError, VersionError
from rtsp.message import VERSION, Request


def check(request: Request) -> None:
    """RtspError if this server must not even try: another version (505), no CSeq (400, RFC 2326 §12.17), or an option
    that it does not know and that the client cannot do without (551, §12.32).

    What is required of proxies alone is treated alike (§12.27)."""
    if request.version != VERSION:
        raise VersionError(f"this server speaks {VERSION}, not {request.version}")
    if request.cseq is None and not request.lab:
        raise MessageError("a request needs a CSeq")
    if required := request.headers.get_all("Require") + request.headers.get_all("Proxy-Require"):
        raise RtspError("unknown option", 551, {"Unsupported": ", ".join(required)})
