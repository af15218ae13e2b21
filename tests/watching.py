"""A viewer over UDP that also reads what the server asks of it, byte by byte as RFC 2326 has it.

    with Watching(server) as viewer:
        viewer.ask("PLAY")
        first, headers, body = viewer.asked()
"""

from __future__ import annotations

from tests.serving import LocalServer, Receiver, Reply, Talker


class Watching(Talker):
    """A session of its own, set up on one stream of a presentation. `gone`: it has hung up, and plays on."""

    def __init__(self, server: LocalServer, name: str = "movie.Mjpeg", stream: str = "") -> None:
        super().__init__(server.port)
        self.url, self.media, self._number = server.url(name), Receiver(), 1
        reply = self.ask_about(self.url + stream, "SETUP", self.media.transport)
        assert reply.status == 200, reply
        self.id = reply.headers["session"].split(";")[0]
        (self.session,) = [one for one in server.sessions.all() if one.id == self.id]

    def __enter__(self) -> Watching:
        return self

    def close(self) -> None:
        super().close()
        self.media.close()

    def ask_about(self, url: str, method: str, *headers: str, body: bytes = b"") -> Reply:
        self._number += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._number}", *headers]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self.raw("\r\n".join([*lines, "", ""]).encode() + body)
        return self.reply()

    def request(self, method: str, *headers: str, body: bytes = b"") -> Reply:
        """Of this session."""
        return self.ask_about(f"{self.url}/", method, f"Session: {self.id}", *headers, body=body)

    def get(self, body: bytes) -> Reply:
        return self.request("GET_PARAMETER", "Content-Type: text/parameters", body=body)

    def put(self, body: bytes) -> Reply:
        return self.request("SET_PARAMETER", "Content-Type: text/parameters", body=body)

    def asked(self) -> tuple[str, dict[str, str], bytes]:
        """The next request of the server: its first line, its headers by name, its body."""
        first, *lines = self._until(b"\r\n\r\n").decode("ascii").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return first, headers, self._take(int(headers.get("Content-Length", 0)))
