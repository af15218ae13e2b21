"""Being sent elsewhere while something plays: REDIRECT, as both sides see it (RFC 2326 §10.10)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from rtsp.clocktime import clock
from rtsp.errors import MessageError
from rtsp.failures import Redirected
from rtsp.headers import Range
from rtsp.message import Headers, Request
from rtsp.redirects import Redirects
from rtsp.url import RtspUrl, base_url, is_rtsp, split_control, without_credentials

STEADY = 10.0   # seconds after which one more redirection is another one, and not the next of a chain


@dataclass(frozen=True)
class Move:
    """Where to, and from when on: a place in the movie or a time of day, in seconds; both None: at once."""

    location: str
    place: float | None = None
    moment: float | None = None

    @classmethod
    def read(cls, request: Request) -> Move:
        """MessageError (400) without a Location; RtspError for a Range that is none."""
        location = (request.headers.get("Location") or "").strip()
        if not location:
            raise MessageError("REDIRECT needs a Location")
        return cls(location, *since(request.headers))

    def due(self, position: float, scale: float, wall: float) -> bool:
        """`position` in the movie, `wall`: seconds since 1970."""
        if self.moment is not None:
            return wall >= self.moment
        return self.place is None or (position - self.place) * scale >= 0


def since(headers: Headers) -> tuple[float | None, float | None]:
    """From when on a redirection counts, as the Range says it: (place in the movie, time of day)."""
    text = headers.get("Range") or ""
    unit, _, rest = text.split(";")[0].partition("=")
    if unit.strip().lower() == "clock":
        return None, clock(rest.partition("-")[0])
    return Range.parse(text).start if text else None, None


class Chain:
    """The redirections of a player, while it plays; `now`: seconds of any steady clock. One that comes soon after
    another belongs to it: five in a row at most, and never in a circle."""

    def __init__(self) -> None:
        self._redirects: Redirects | None = None
        self._latest = 0.0

    def follow(self, redirected: Redirected, asked: str, now: float) -> str:
        """See Redirects.follow."""
        if self._redirects is None or now - self._latest > STEADY:
            self._redirects = Redirects(asked)
        self._latest = now
        return self._redirects.follow(redirected, asked)


def checked(base: str) -> str:
    """A server to send viewers to. MessageError (400) if it is none, or has a password in it: everybody would get it.
    """
    if not is_rtsp(base) or without_credentials(base) != base or not base.isprintable() or urlsplit(base).query:
        raise MessageError("viewers can be sent to a URL such as rtsp://host:554/, without name and password")
    return base


def elsewhere(base: str, target: str) -> str:
    """The URL there of what `target` names here, as it may be sent: the path is kept, and what is asked of it; the
    stream is not, for it may have another name there. MessageError (400) if the target is no rtsp URL."""
    RtspUrl.parse(target)
    parts, query = urlsplit(base_url(target)), urlsplit(split_control(target)[0]).query
    place = parts.path.rstrip("/") + (f"?{query}" if query else "")
    return base.rstrip("/") + quote(place, safe="!$%&'()*+,/:;=?@[]~")
