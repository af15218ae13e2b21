"""Viewers in the dialect of the classic lab (docs/lab-dialect.md): short messages, a whole JPEG in each datagram."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import urlsplit

from bench.viewer import Conversation, LoadError, Media, UdpViewer, arrival, granted
from rtp.timestamps import extend

FPS = 20.0  # frames a second, in the handout
CLOCK_RATE = 90_000


class LabConversation(Conversation):
    """Says the bare name of the movie where the standard has its URL, and takes what one recv() brings for a reply.

    Requests end at an empty line, which the handout's do not: else the server would wait 50 ms for more of each.
    """

    def tell(self, method: str, url: str, *headers: str) -> None:
        super().tell(method, urlsplit(url).path[1:], *headers)

    def ask(self, method: str, url: str, *headers: str) -> tuple[dict[str, str], str]:
        self.tell(method, url, *headers)
        return granted(method, self._more(b"")), ""


class LabViewer(UdpViewer):
    """Sees the movie from its beginning on: the lab has no Range."""

    speaks = LabConversation

    @staticmethod
    def describe(url: str, fps: float | None) -> Media:
        """Nobody says how long the movie is, or how fast. LoadError without `fps`."""
        if not fps:
            raise LoadError("in the lab dialect the server names no frame rate: give one with --fps")
        return Media(url, url, None, fps, CLOCK_RATE)

    def open(self, opened: ExitStack) -> str:
        super().open(opened)
        self.number = 0  # of the latest frame: its sequence number, but it does not wrap
        return f"RTP/UDP; client_port= {self.rtp.getsockname()[1]}"

    def receive(self) -> bool:
        """Read one frame. Timestamps of lab servers may be anything, so a frame is due when its number says."""
        try:
            self.rtp.recv_into(self.buffer)
        except BlockingIOError:
            return True
        self.packets += 1
        self.number = extend(int.from_bytes(self.buffer[2:4], "big"), self.number)
        ticks = round(self.number * self.media.clock_rate / self.media.fps)
        self.record.add(arrival(self.rtp), ticks, self.number, self.packets)
        return True

    def keep_alive(self) -> None:
        """A session of the lab lives as long as its connection, however silent."""
