"""The movies beside the one that is played: what the next and the previous one are."""

from __future__ import annotations

from net.trust import Trust
from rtsp.failures import FolderFound, UsageError
from rtsp.keyring import Keyring
from rtsp.url import join
from RtspClient import RtspClient


def moviesBeside(
    url: str, keyring: Keyring, trust: Trust, proxy: tuple[str, int] | None = None
) -> tuple[str, ...]:
    """Their URLs, in the server's order, on a connection of its own. ClientError if the server does not say."""
    client = RtspClient(parent(url), keyring=keyring, trust=trust, proxy=proxy)
    try:
        client.connect()
        client.describe()
    except FolderFound as found:
        return found.urls
    finally:
        client.close()
    raise UsageError("This server does not list its movies")


def parent(url: str) -> str:
    """Of the folder: `rtsp://host/films/one.Mjpeg` is in `rtsp://host/films/`."""
    return join(url, ".")


def neighbour(urls: tuple[str, ...], url: str, step: int) -> str:
    """The one so many places further on in the list; after the last one the first one comes."""
    place = urls.index(url) if url in urls else -1 if step > 0 else 0
    return urls[(place + step) % len(urls)]
