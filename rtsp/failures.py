"""What a client tells its user when something failed: a title, what to do next, and the program's exit code.

ClientError               1
├── UsageError            2
├── ConnectError          3   no connection, or no longer
│   ├── ReplyTimeout      3   the connection is there, and the server does not answer
│   └── AnotherDialect    3   begin anew, on a new connection; told to the player alone
├── ServerRefused         4   carries the status
│   └── Redirected        4   carries the place that the server names
├── AuthenticationError   6   a name and a password, or others
├── MissingError          5   Tk, a screen, a codec
├── MediaError            7   connected, but no media
│   └── MediaLost         7   they came, and come no more
└── FolderFound           0   a list of what can be played, and nothing to play itself
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rtsp.errors import RtspError
from rtsp.message import Response
from rtsp.situations import SITUATIONS, tell
from rtsp.url import without_credentials

LONGEST = 400   # characters of a title, or of an advice


class ClientError(Exception):
    """`title` and `advice` are for the window, `action` for a button in it; as a text they are one line, for the
    terminal."""

    code = 1

    def __init__(self, title: str, advice: str = "", action: str = "") -> None:
        self.title, self.advice, self.action = plain(title), plain(advice), action
        super().__init__(". ".join(filter(None, (self.title, self.advice))))


def plain(text: str) -> str:
    """What may be shown on a terminal: a server's words could hold its control characters, or have no end."""
    text = "".join(one if one.isprintable() or one == "\n" else "?" for one in text)
    return text if len(text) <= LONGEST else text[:LONGEST - 1] + "…"


class UsageError(ClientError):
    code = 2


class ConnectError(ClientError):
    code = 3


class ReplyTimeout(ConnectError):
    pass


class AnotherDialect(ConnectError):
    """The server may answer in this dialect, "rfc" or "lab", on a new connection."""

    def __init__(self, dialect: str, reason: str) -> None:
        super().__init__(reason)
        self.dialect = dialect


class ServerRefused(ClientError):
    code = 4

    def __init__(self, status: int, title: str, advice: str = "", action: str = "") -> None:
        super().__init__(title, advice, action)
        self.status = status


class AuthenticationError(ClientError):
    code = 6


class Redirected(ServerRefused):
    """What was asked for is elsewhere; `location` as the server wrote it."""

    location = ""


class MissingError(ClientError):
    code = 5


class MediaError(ClientError):
    code = 7


class MediaLost(MediaError):
    pass


class FolderFound(ClientError):
    """`urls`: what can be played of the folder."""

    code = 0

    def __init__(self, url: str, urls: tuple[str, ...]) -> None:
        super().__init__(f"{url} is a folder", "Choose one: " + " ".join(urls))
        self.urls = urls


FOLLOWED = (301, 302, 303)      # not 305: its Location is a proxy's, and no place of the movie (RFC 2326 §11.3.5)


def refusal(method: str, name: str, reply: Response) -> ServerRefused:
    """The error for a reply that is no success; `name` is what was asked for."""
    answer = f"{reply.status} {reply.reason}"
    if reply.status < 400:
        place = reply.headers.get("Location") or ""
        kind = Redirected if place and reply.status in FOLLOWED else ServerRefused
        shown = without_credentials(place) or "another place"
        found = kind(reply.status, f"The server sends us to {shown}", f"Open that URL ({answer})")
        if isinstance(found, Redirected):
            found.location = place
        return found
    known = reply.status if reply.status in SITUATIONS else "refused otherwise"
    title, advice, action = tell(known, name=name or "/", method=method)
    return ServerRefused(reply.status, title, f"{advice} ({answer})", action)


@contextmanager
def understanding(method: str) -> Iterator[None]:
    """What is malformed in a reply is the server's refusal, as far as the user is concerned."""
    try:
        yield
    except RtspError as error:
        raise ServerRefused(0, f"The server's reply to {method} cannot be understood", str(error)) from None
