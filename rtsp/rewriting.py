"""The same place seen from two sides: as a proxy's viewers name it, and as the origin does.

    viewers:  rtsp://proxy:8554/cam1/trackID=0           the key cam1, stream 0
    origin:   rtsp://camera/live/cam1/video              where rtsp://camera/live is what the proxy stands for

Streams have names of ours; what the origin calls them is in its description, and stays there.
"""

from __future__ import annotations

from string import punctuation
from urllib.parse import quote

from rtsp.errors import RtspError
from rtsp.headers import RtpInfo
from rtsp.message import Headers
from rtsp.sdp import connection_line
from rtsp.url import base_url, control, is_rtsp, root_url, split_control, without_credentials

UNRESERVED = "/=&;:@$,!*'()+~"
QUERY = "/?/"       # in a key: what follows is a query. A question mark elsewhere belongs to a name
IN_QUERY = punctuation.replace("#", "")     # what stands there as it came


def flattened(target: str) -> str:
    """A viewer's URL, its query moved into the path: `/cam?channel=1` becomes `/cam/%3F/channel=1`. Players that get
    such a URL as the base of the streams do not lose it. What is percent-encoded in a query is so twice there: the
    origin shall see it as it was written."""
    place, number = split_control(target)
    path, question, query = place.partition("?")
    if not question or not is_rtsp(target):
        return target
    place = path.rstrip("/") + quote(QUERY + query.strip("/"), safe=UNRESERVED)
    return place if number is None else f"{place}/{control(number)}"


def key_url(origin: str, key: str) -> str:
    """The origin's URL of what viewers name by this path. RtspError 404 if the origin's URL has a query: it then stands
    for one place alone."""
    if not key:
        return origin
    if "?" in origin:
        raise RtspError(f"there is no {key!r}, only the root", 404)
    path, mark, query = f"/{key}/".partition(QUERY)
    asked = "?" + quote(query.strip("/"), safe=IN_QUERY) if mark else ""    # nothing in it ends the line
    return f"{origin.rstrip('/')}/{quote(path.strip('/'), safe=UNRESERVED)}{asked}"


def seen(url: str, origin: str, target: str) -> str:
    """A place of the origin, as a URL of the proxy that was asked for `target`; other places as they are."""
    url, origin = without_credentials(url), origin.rstrip("/")
    if url == origin or url.startswith((f"{origin}/", f"{origin}?")):
        return root_url(target) + url[len(origin):].lstrip("/")
    return url


def description(text: str) -> str:
    """SDP as viewers get it: every line of the origin's, but for addresses and the names of the streams."""
    common, *streams = _sections(text)
    lines = _renamed(common, "*" if any(line.startswith("a=control:") for line in common) else None)
    for number, section in enumerate(streams):
        lines += _renamed(section, control(number))
    return "".join(line + "\r\n" for line in lines)


def listed(body: str, origin: str, target: str) -> str:
    """A list of URLs (RFC 2483 §5)."""
    return "".join(seen(line, origin, target) + "\r\n" for line in body.splitlines() if line.strip())


def info(headers: Headers, streams: dict[int, str], target: str) -> str:
    """The value of RTP-Info (RFC 2326 §12.33) with our names of the streams, whose URLs the origin has for them; empty
    if there is nothing to be made of it."""
    try:
        found = [one for text in headers.get_all("RTP-Info") for one in RtpInfo.parse(text)]
    except RtspError:
        return ""
    base, left, parts = base_url(target), dict(streams), []
    for one in found:
        fitting = [number for number, url in left.items() if one.url and url.endswith(one.url)]
        number = (fitting or list(left) or [-1])[0]
        if left.pop(number, None) is not None:
            parts.append(str(RtpInfo(base + control(number), one.seq, one.rtptime)))
    return ",".join(parts)


def _sections(text: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("m="):
            sections.append([])
        if line.strip():
            sections[-1].append(line)
    return sections


def _renamed(lines: list[str], name: str | None) -> list[str]:
    """A section with another name, and without the origin's address: who asks decides where media goes (§C.1.7)."""
    kept = [line for line in lines if not line.startswith("a=control:")]
    kept = [f"c={connection_line('::' if ' IP6 ' in line else '0.0.0.0')}" if line.startswith("c=") else line
            for line in kept]  # fmt: skip
    return kept + ([f"a=control:{name}"] if name else [])
