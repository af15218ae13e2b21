"""Where a server sends us instead (RFC 2326 §11.3)."""

from __future__ import annotations

from rtsp.failures import Redirected, ServerRefused
from rtsp.url import is_rtsp, join, reveals, without_credentials

MOST = 5  # so many in a row lead somewhere; more lead nowhere


class Redirects:
    """The places that a player has been sent to, one after the other."""

    def __init__(self, url: str) -> None:
        self._been = [url]

    def follow(self, redirected: Redirected, asked: str) -> str:
        """The URL to try next; `asked`: the one that the server was asked for. ServerRefused if it leads nowhere."""
        url = join(asked, redirected.location)
        if not is_rtsp(url):
            raise redirected
        if reveals(asked, url):
            title = f"The server sends us to {without_credentials(url)}, which is not encrypted"
            raise ServerRefused(redirected.status, title, "Open that URL yourself if that is all right")
        if url in self._been or len(self._been) > MOST:
            title = "The server sends us in a circle" if url in self._been else "The server sends us on and on"
            raise ServerRefused(redirected.status, title, f"The last place it named is {without_credentials(url)}")
        self._been.append(url)
        return url
