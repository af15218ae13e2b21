"""The replies of a server, as far as they do not depend on what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rtsp.accept import accepts
from rtsp.errors import MethodError, RtspError, Unauthorized
from rtsp.headers import SessionHeader, Transport
from rtsp.message import Headers, Request, Response
from rtsp.url import base_url, listed


def refused(error: RtspError, offered: Callable[[Iterable[str]], list[str]]) -> Response:
    """The reply to a request that cannot be granted; its body says why, for whoever reads it.

    `offered` keeps those of some methods that this server has."""
    headers = Headers([*error.headers.items(), ("Content-Type", "text/plain")])
    if isinstance(error, MethodError):
        headers.set("Allow", ", ".join(offered(error.allowed)))
    if isinstance(error, Unauthorized):
        for challenge in error.challenges:
            headers.add("WWW-Authenticate", challenge)
    return Response(error.status, headers, f"{error}\n".encode())


def description(request: Request, text: str) -> Response:
    """The reply to DESCRIBE of a movie (RFC 2326 §10.2). RtspError 406 to a client that says it does not take it."""
    accept = request.headers.get_all("Accept")
    if "".join(accept) and not accepts(accept, "application/sdp"):
        raise RtspError("a description is to be had as application/sdp only", 406)
    headers = Headers([("Content-Base", base_url(request.target)), ("Content-Type", "application/sdp")])
    return Response(200, headers, text.encode())


def folder(request: Request, names: Iterable[str]) -> Response:
    """The reply to DESCRIBE of a folder: the movies in it. RtspError 406 to a client that has not asked for a list: it
    would take it for a description."""
    if not accepts(request.headers.get_all("Accept"), "text/uri-list"):
        raise RtspError("this is a folder: its list of movies is to be had as text/uri-list only", 406)
    return Response(200, Headers([("Content-Type", "text/uri-list")]), listed(request.target, names))


def granted(transport: Transport, session: str, timeout: float) -> Response:
    """The reply to SETUP (RFC 2326 §10.4)."""
    header = SessionHeader(session, round(timeout))
    return Response(200, Headers([("Transport", str(transport)), ("Session", str(header))]))


def complete(response: Response, request: Request | None, lab_session: str | None, **common: str) -> Response:
    """The reply as it goes out: numbered, in the dialect of the request, or of the conversation if there was none to be
    read. `lab_session`: the id, if the conversation has begun in the lab dialect; `common`: headers of every reply."""
    if request is not None:
        for name in ("CSeq", "Timestamp"):                          # to be given back as they are (§12.17, §12.38)
            if (text := request.headers.get(name)) and text.isascii() and text.isprintable():
                response.headers.set(name, text)
    if request is not None and is_last(request):
        response.headers.set("Connection", "close")
    response.lab = bool(request.lab if request is not None else lab_session)
    if response.lab and lab_session and response.status < 300:      # to a client, another number is another session
        response.headers.set("Session", lab_session)
    for name, value in () if response.lab else common.items():
        response.headers.add(name, value)
    return response


def is_last(request: Request) -> bool:
    """The client wants no more than the reply to this one (RFC 2326 §12.10)."""
    words = ",".join(request.headers.get_all("Connection")).lower().split(",")
    return not request.lab and "close" in [word.strip() for word in words]
