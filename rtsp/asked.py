"""What a player answers when the server asks (RFC 2326 §10: most methods may go both ways)."""

from __future__ import annotations

from collections.abc import Mapping

from rtsp.message import Headers, Request, Response

OFFERED = ("OPTIONS", "GET_PARAMETER")


def answer(request: Request, parameters: Mapping[str, str]) -> Response:
    """Every request gets a reply with its own CSeq. `parameters`: what GET_PARAMETER may ask for (§10.8), as text."""
    status, headers, body = 501, Headers(), b""
    if request.method == "OPTIONS":
        status = 200
        headers.set("Public", ", ".join(OFFERED))
    elif request.method == "GET_PARAMETER":
        status, body = _tell(request.body, parameters)
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
