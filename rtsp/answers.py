"""The replies of a server, as far as they do not depend on what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rtsp.errors import MethodError, RtspError
from rtsp.message import Headers, Request, Response


def refused(error: RtspError, offered: Callable[[Iterable[str]], list[str]]) -> Response:
    """The reply to a request that cannot be granted; its body says why, for whoever reads it.

    `offered` keeps those of some methods that this server has."""
    headers = Headers([*error.headers.items(), ("Content-Type", "text/plain")])
    if isinstance(error, MethodError):
        headers.set("Allow", ", ".join(offered(error.allowed)))
    return Response(error.status, headers, f"{error}\n".encode())


def complete(response: Response, request: Request | None, lab_session: str | None, **common: str) -> Response:
    """The reply as it goes out: numbered, in the dialect of the request, or of the conversation if there was none to be
    read. `lab_session`: the id, if the conversation has begun in the lab dialect; `common`: headers of every reply."""
    if request is not None and (number := request.headers.get("CSeq")) and number.isprintable():
        response.headers.set("CSeq", number)
    response.lab = bool(request.lab if request is not None else lab_session)
    if response.lab and lab_session and response.status < 300:      # to a client, another number is another session
        response.headers.set("Session", lab_session)
    for name, value in () if response.lab else common.items():
        response.headers.add(name, value)
    return response
