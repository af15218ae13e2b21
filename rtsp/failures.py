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
from rtsp.url import without_credentials

LONGEST = 400   # characters of a title, or of an advice


class ClientError(Exception):
    """`title` and `advice` are for the window; as a text they are one line, for the terminal."""

    code = 1

    def __init__(self, title: str, advice: str = "") -> None:
        self.title, self.advice = plain(title), plain(advice)
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

    def __init__(self, status: int, title: str, advice: str = "") -> None:
        super().__init__(title, advice)
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
# Why the server said no, in words
REFUSALS = {
    404: ('The server has no "{name}"', "Check the spelling, capital letters too"),
    405: ("The server cannot do {method} here", "It may offer this for other movies"),
    406: ('The server cannot describe "{name}"', "It may be a folder: name a movie in it"),
    407: ("The proxy wants a name and a password", "This player knows only those of servers"),
    453: ("The server has no room for another viewer", "Try again later"),
    454: ("The server has ended the session", "Set it up again"),
    455: ("The server cannot do {method} now", "Try again, or set it up again"),
    456: ("This cannot be played from there", "It may be live: play it without a time"),
    457: ("The movie is not that long", "Begin earlier"),
    461: ("The server does not send media this way", "Try another --transport"),
    500: ('The server cannot play "{name}"', "Its log says why; the file may be damaged"),
    501: ("The server does not know {method}", "Not every server can do everything"),
    502: ("The proxy cannot reach the server", "Check the address that it was given, or try again later"),
    503: ("The server is overloaded", "Try again later"),
    504: ("The proxy gets no answer from the server", "Try again later"),
}


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
    title, advice = REFUSALS.get(reply.status, ("The server refused {method}", "It may say why in its log"))
    return ServerRefused(reply.status, title.format(name=name or "/", method=method), f"{advice} ({answer})")


@contextmanager
def understanding(method: str) -> Iterator[None]:
    """What is malformed in a reply is the server's refusal, as far as the user is concerned."""
    try:
        yield
    except RtspError as error:
        raise ServerRefused(0, f"The server's reply to {method} cannot be understood", str(error)) from None
