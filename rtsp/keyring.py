"""What a client knows of names and passwords."""

from __future__ import annotations

from rtsp.login import Login
from rtsp.url import RtspUrl


class Keyring:
    """A Login for each server: what is right for one is not told to another, wherever we are sent."""

    def __init__(self) -> None:
        self._logins: dict[tuple[str, str, int], Login] = {}
        self._said: dict[tuple[str, str, int], tuple[str | None, str | None]] = {}     # what the URL had in it

    def of(self, url: RtspUrl) -> Login:
        """With the name and the password that the URL has, if it has any; else what is known of that server. What was
        typed since counts more than the same URL once more."""
        server, said = (url.scheme, url.host, url.port), (url.user, url.password)
        if server not in self._logins or (url.user is not None and said != self._said[server]):
            self._logins[server], self._said[server] = Login(url.user, url.password), said
        return self._logins[server]
