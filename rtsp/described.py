"""What a client reads out of the reply to DESCRIBE: a description, or a list of what can be asked for."""

from __future__ import annotations

from itertools import islice

from rtsp.failures import FolderFound, MediaError, ServerRefused, understanding
from rtsp.message import Response
from rtsp.sdp import SessionDescription
from rtsp.url import is_rtsp, join, resolve, reveals

SDP, LIST = "application/sdp", "text/uri-list"
MOST = 1000     # names of a list that are read: each may become as long as the URL that it is relative to


def read(reply: Response, url: str) -> tuple[SessionDescription, str]:
    """The description, and the URL of the presentation: what requests for all of it name, and what the controls of its
    streams are relative to (RFC 2326 §C.1.1). FolderFound if it is a list; ServerRefused if it is neither."""
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


def _base(reply: Response, url: str) -> str:
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
