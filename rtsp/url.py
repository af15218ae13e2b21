"""rtsp:// URLs (RFC 2326 §3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Request
from rtsp.numbers import number

# A stream within a presentation: players write back what our SDP told them, but some have habits of their own. A run of
# slashes is looked at from its first one alone, or the time would grow with the square of its length
CONTROL = re.compile(r"(?<!/)/+(?:trackID|streamid|stream|track)=([0-9]{1,3})/*(?=\?|$)", re.IGNORECASE)
CREDENTIALS = re.compile(r"^([^:/?#]+://)[^/?#]*@")
PORT = re.compile(r":([^\]:@]*)$")      # behind the host, which may be an IPv6 address in brackets
UNSEEN = re.compile(r"[\x00-\x1f\x7f]")   # urlsplit() leaves some of these out, and then reads another URL than we
DEFAULT_PORTS = {"rtsp": 554, "rtspu": 554, "rtsps": 322}
SPOKEN = ("rtsp", "rtsps")      # by our player


@dataclass(frozen=True)
class RtspUrl:
    """`rtsp://user:password@host:port/path?query`; user, password and path are percent-decoded, the path has no slash
    at either end."""

    scheme: str
    host: str
    port: int
    path: str = ""
    query: str = ""
    user: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> RtspUrl:
        """MessageError (400) if this is no rtsp URL."""
        if UNSEEN.search(text):
            raise MessageError(f"no URL: {_shown(text)!r} holds control characters")
        try:
            parts = urlsplit(text)
            urlsplit(without_credentials(text))         # as it is used later on: brackets may have lost their partner
        except ValueError as error:
            why = "" if "@" in text else f" ({error})"      # it may repeat a piece of a password
            raise MessageError(f"no URL: {_shown(text)!r}{why}") from None
        port = PORT.search(parts.netloc)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise MessageError(f"no rtsp:// URL: {_shown(text)!r}")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=_port(port[1]) if port and port[1] else DEFAULT_PORTS[parts.scheme],
            path=unquote(parts.path).strip("/"),
            query=parts.query,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


def _port(text: str) -> int:
    """MessageError does not repeat it: where a password holds a slash, this is a piece of it."""
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise MessageError("the port of a URL must be a number from 0 to 65535")
    return number(text, 0, 65535, "port")


def is_rtsp(url: str) -> bool:
    """Can it be asked for?"""
    try:
        return RtspUrl.parse(url).scheme in SPOKEN
    except MessageError:
        return False


def reveals(before: str, after: str) -> bool:
    """Does the second URL lead out of the encryption of the first?"""
    return before.lower().startswith("rtsps:") and not after.lower().startswith("rtsps:")


def without_credentials(url: str) -> str:
    """The URL as it may be sent and logged, whatever it is."""
    return CREDENTIALS.sub(r"\1", url)


def _shown(text: str) -> str:
    """What is no URL, as it may be logged: wherever a password may stand in it, it is not said."""
    return text.rpartition("@")[2][:80]


def join(base: str, reference: str) -> str:
    """Another URL, as a page's link is seen from the page (RFC 1808 §4): absolute, or relative to `base`."""
    scheme, _, rest = base.partition(":")
    try:
        url = urljoin(f"http:{rest}", reference)    # urljoin() knows which schemes have paths, and not all of ours
    except ValueError:
        return reference                            # an address in brackets that is none, say
    return scheme + url[4:] if url.startswith("http:") and not reference.lower().startswith("http:") else url


def resolve(base: str, control: str) -> str:
    """The URL of a stream: an `a=control` value, seen from the Content-Base (RFC 2326 §C.1.1).

    RFC 1808 would drop what follows the last slash of the base; servers that send a base without a slash at its end
    mean it to be a folder all the same."""
    if control in ("", "*"):
        return base
    if control.lower().startswith(("rtsp://", "rtsps://", "rtspu://")):
        return control
    if control.startswith("/"):
        return join(base, control)
    if control.startswith("?"):
        return base.rstrip("/") + control
    return base.rstrip("/") + "/" + control


def control(number: int) -> str:
    """The name of a stream of ours, as `a=control` says it (RFC 2326 §C.1.1)."""
    return f"trackID={number}"


def split_control(target: str) -> tuple[str, int | None]:
    """A request's target without the name of a stream, and the number of that stream, None if it names none."""
    match = CONTROL.search(target)
    if not match:
        return target, None
    return target[:match.start()] + target[match.end():], number(match[1], 0, 999, "stream")


def named(request: Request) -> tuple[str, int | None]:
    """The path of the file that a request names (a bare name in the lab dialect), and the number of the stream in it,
    None if it names none. MessageError (400) if it names no rtsp URL."""
    target, number = split_control(request.target)
    return target.strip("/") if request.lab else RtspUrl.parse(target).path, number


def base_url(target: str) -> str:
    """The URL of the presentation as this client wrote it, as a folder that its streams are in."""
    return without_credentials(split_control(target)[0]).partition("?")[0].rstrip("/") + "/"


def root_url(target: str) -> str:
    """The URL of everything that the server has, as this client writes the server's name."""
    parts = urlsplit(without_credentials(target))
    return f"{parts.scheme}://{parts.netloc}/"


def listed(target: str, names: Iterable[str]) -> bytes:
    """Movies by their URLs, one a line (text/uri-list, RFC 2483 §5): as many as fit into one reply."""
    lines, size = [], 0
    for name in names:
        line = f"{root_url(target)}{quote(name)}\r\n".encode()
        size += len(line)
        if size > limits.BODY:
            break
        lines.append(line)
    return b"".join(lines)
