"""What a client reads out of the reply to DESCRIBE: a description, or a list of what can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice

from rtsp.failures import ClientError, FolderFound, MediaError, ServerRefused, understanding
from rtsp.message import Request, Response
from rtsp.sdp import SessionDescription
from rtsp.situations import offer, tell
from rtsp.url import RtspUrl, is_rtsp, join, resolve, reveals, root_url

SDP, LIST = "application/sdp", "text/uri-list"
PATIENCE = 1.0  # seconds for a list that nobody has asked for but us
MOST = 1000     # names of a list that are read: each may become as long as the URL that it is relative to


def read(reply: Response | Request, url: str) -> tuple[SessionDescription, str]:
    """The description that a reply to DESCRIBE or an ANNOUNCE holds, and the URL of the presentation: what requests for
    all of it name, and what the controls of its streams are relative to (RFC 2326 §C.1.1). FolderFound if it is a list;
    ServerRefused if it is neither."""
    kind = (reply.headers.get("Content-Type") or SDP).partition(";")[0].strip().lower()
    text = reply.body.decode("utf-8", "replace")
    if kind == LIST:
        raise _listed(text, url)
    if kind != SDP and not text.lstrip().startswith("v=0"):
        title = f"The server describes it as {kind[:60]}"
        raise ServerRefused(0, title, f"This player understands {SDP} alone")
    with understanding("DESCRIBE"):
        description = SessionDescription.parse(text)
    return description, resolve(_base(reply, url), description.get("control") or "")


Ask = Callable[..., Response]   # of a URL, with headers, and seconds that the reply may take


def ask(request: Ask, target: str, url: str, name: str) -> Response:
    """DESCRIBE until it is answered: with a description, or with a list. `url`: of the movie called `name`.

    ServerRefused; where there is no such movie, with what else there is, as far as the server has a list of it."""
    try:
        return request(target, {"Accept": SDP})
    except ServerRefused as refused:
        if refused.status == 404:
            raise _with_offer(refused, name, partial(request, root_url(url), {"Accept": LIST}, PATIENCE)) from None
        if refused.status != 406:
            raise
    return request(target, {"Accept": LIST})


def _with_offer(refused: ServerRefused, name: str, request: Callable[[], Response]) -> ServerRefused:
    try:
        read(request(), "rtsp://server/")       # whose names alone are of interest
    except FolderFound as found:
        names = [one for one in (RtspUrl.parse(listed).path for listed in found.urls) if one]
        return ServerRefused(404, *tell("another name", name=name or "/", offer=offer(name, names)))
    except ClientError:
        pass                            # most servers have none
    return refused


def _base(reply: Response | Request, url: str) -> str:
    """Some servers name none, some name it relative to what was asked for."""
    named = reply.headers.get("Content-Base") or reply.headers.get("Content-Location")
    return join(url, named.strip()) if named and named.strip() else url


def _listed(text: str, url: str) -> FolderFound | MediaError:
    """One URL a line; `#` begins a comment (RFC 2483 §5)."""
    lines = (line.strip() for line in text.splitlines())
    named = (join(url, line) for line in lines if line and not line.startswith("#"))
    urls = tuple(one for one in islice(named, MOST) if is_rtsp(one) and one.isprintable() and not reveals(url, one))
    if not urls:
        return MediaError("This folder holds nothing that can be played", "Is this the right URL?")
    return FolderFound(url, urls)
