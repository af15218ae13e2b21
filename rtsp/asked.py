"""What a player answers when the server asks (RFC 2326 §10: most methods may go both ways)."""

from __future__ import annotations

from collections.abc import Mapping

from rtsp.errors import RtspError
from rtsp.headers import SessionHeader
from rtsp.inbox import Inbox
from rtsp.message import Headers, Request, Response

OFFERED = ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")
FOR_THE_INBOX = ("REDIRECT", "ANNOUNCE")


def answer(request: Request, parameters: Mapping[str, str], inbox: Inbox | None = None,
           session: SessionHeader | None = None, url: str = "") -> Response:
    """Every request gets a reply with its own CSeq. `parameters`: what GET_PARAMETER may ask for (§10.8), as text.
    `inbox`: of who follows REDIRECT and ANNOUNCE; `session`, `url`: what is played."""
    status, headers, body = 501, Headers(), b""
    if request.method == "OPTIONS":
        status = 200
        headers.set("Public", ", ".join(OFFERED + (FOR_THE_INBOX if inbox else ())))
    elif request.method == "GET_PARAMETER":
        status, body = _tell(request.body, parameters)
    elif request.method == "SET_PARAMETER":
        status, body = _keep(request.body, parameters)
    elif inbox and request.method in FOR_THE_INBOX:
        status = _put(request, inbox, session, url)
    if body:
        headers.set("Content-Type", "text/parameters")
    numbers = [("CSeq", request.headers.get("CSeq") or "0")]
    numbers += [("Session", value) for value in request.headers.get_all("Session")[:1]]
    return Response(status, Headers([*numbers, *headers]), body)


def _tell(body: bytes, parameters: Mapping[str, str]) -> tuple[int, bytes]:
    """One name a line; no name at all is a ping. 451 names those that are not known (RFC 2326 §11.3.1)."""
    names = [line.strip().rstrip(":") for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    unknown = [name for name in names if name not in parameters]
    lines = unknown or [f"{name}: {parameters[name]}" for name in names]
    return 451 if unknown else 200, "".join(line + "\r\n" for line in lines).encode()


def _keep(body: bytes, parameters: Mapping[str, str]) -> tuple[int, bytes]:
    """None of ours can be set: 458 names those that there are, 451 those that there are not (§11.3.9, §11.3.2)."""
    names = [line.partition(":")[0].strip() for line in body.decode("utf-8", "replace").splitlines() if line.strip()]
    unknown = [name for name in names if name not in parameters]
    status = 451 if unknown else 458 if names else 200
    return status, "".join(name + "\r\n" for name in unknown or names).encode()


def _put(request: Request, inbox: Inbox, session: SessionHeader | None, url: str) -> int:
    try:
        inbox.take(request, session, url)
        return 200
    except RtspError as error:
        return error.status
