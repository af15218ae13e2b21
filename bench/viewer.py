"""One viewer of a benchmark: RTSP and sockets of its own, and no more than it needs."""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bench.figures import Record
from net.channels import bind_pair

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE = 10.0  # seconds for a reply
SIOCGSTAMPNS = 0x8907  # Linux, socket(7): when the last datagram that was read came in


class LoadError(Exception):
    """The server does not do its part; the text says what was missing."""


class Conversation:
    """The client's end of an RTSP connection, no more than this program needs."""

    def __init__(self, url: str) -> None:
        """OSError if the server cannot be reached."""
        parts = urlsplit(url)
        self.sock = socket.create_connection((parts.hostname, parts.port or 554), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._cseq = 0

    def tell(self, method: str, url: str, *headers: str) -> None:
        """Send a request."""
        self._cseq += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._cseq}", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode())

    def ask(self, method: str, url: str, *headers: str) -> tuple[dict[str, str], str]:
        """Send a request and wait for the reply: its headers, names in lower case, and its body.
        LoadError if that is not 200."""
        self.tell(method, url, *headers)
        data = self._more(b"")
        while b"\r\n\r\n" not in data:
            data = self._more(data)
        head, _, body = data.partition(b"\r\n\r\n")
        fields = granted(method, head)
        while len(body) < int(fields.get("content-length", 0)):
            body = self._more(body)
        return fields, body.decode()

    def _more(self, data: bytes) -> bytes:
        piece = self.sock.recv(65536)
        if not piece:
            raise LoadError("the server closed the connection")
        return data + piece


def granted(method: str, head: bytes) -> dict[str, str]:
    """The headers of the reply to a request, names in lower case. LoadError if it is not 200."""
    status, *lines = head.decode().split("\r\n")
    if status.split()[1:2] != ["200"]:
        raise LoadError(f"{method} was answered with {status}")
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@dataclass
class Media:
    """What the session description says of the first stream."""

    url: str  # of the presentation, for PLAY and TEARDOWN
    control: str  # of the stream, for SETUP
    duration: float | None  # seconds; None: live
    fps: float
    clock_rate: int


def describe(url: str, fps: float | None) -> Media:
    """Ask for the description; `fps` is used where it says nothing of the frame rate. OSError, LoadError."""
    conversation = Conversation(url)
    with conversation.sock:
        headers, text = conversation.ask("DESCRIBE", url, "Accept: application/sdp")
    base = headers.get("content-base", url)
    about, _, stream = text.partition("\nm=")
    rate = found(r"a=framerate:([\d.]+)", stream) or fps
    if not rate:
        raise LoadError("the description names no frame rate: give one with --fps")
    duration = found(r"a=range:npt=[\d.]+-([\d.]+)", text)
    return Media(
        base,
        urljoin(base, found(r"a=control:(\S+)", stream)),
        float(duration) if duration else None,
        float(rate),
        int(found(r"a=rtpmap:\d+ [^/\s]+/(\d+)", stream) or 90_000),
    )


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else ""


class Viewer:
    """One session, and what came in. How it comes is the business of UdpViewer, bench.inner.TcpViewer and
    bench.lab.LabViewer: what SETUP asks for, and `sources`, the sockets to watch, each with what to do when something
    is there (False: no more)."""

    speaks = Conversation
    describe = staticmethod(describe)

    def __init__(self, media: Media) -> None:
        """Connect and SETUP. OSError, LoadError."""
        self.media = media
        self.record = Record()
        self.packets = 0
        self.asked = 0.0  # when PLAY was sent
        self.trouble = ""
        self.sources: list[tuple[socket.socket, Callable[[], bool]]] = []
        with ExitStack() as opened:
            self.conversation = self.speaks(media.url)
            opened.enter_context(self.conversation.sock)
            transport = f"Transport: {self.open(opened)}"
            headers, _ = self.conversation.ask("SETUP", media.control, transport)
            self.session = "Session: " + headers.get("session", "").partition(";")[0]
            self.conversation.sock.setblocking(False)
            self.opened = opened.pop_all()

    def open(self, opened: ExitStack) -> str:
        """Make ready for the media; what the Transport header shall say."""
        raise NotImplementedError

    def play(self, start: float | None) -> None:
        where = [] if start is None else [f"Range: npt={start:.3f}-"]
        self.asked = time.time()
        self.conversation.tell("PLAY", self.media.url, self.session, *where)

    def keep_alive(self) -> None:
        self.conversation.tell("OPTIONS", self.media.url, self.session)

    def tear_down(self) -> None:
        with self.opened:
            if not self.trouble:
                try:
                    self.conversation.sock.setblocking(True)
                    self.conversation.sock.settimeout(PATIENCE)
                    self.conversation.ask("TEARDOWN", self.media.url, self.session)
                except (OSError, LoadError) as error:
                    self.trouble = str(error)

    @property
    def waited(self) -> float | None:
        """Seconds from PLAY to the end of the first frame; None: there was none."""
        return self.record.numbers[0] - self.asked if self.record.numbers else None


class UdpViewer(Viewer):
    """Receives on two UDP ports."""

    buffer = bytearray(65536)  # for all viewers: nothing is kept of a packet

    def open(self, opened: ExitStack) -> str:
        self.rtp, rtcp = bind_pair(self.conversation.sock.getsockname(), 0)
        opened.enter_context(self.rtp)
        opened.enter_context(rtcp)
        arrival(self.rtp)  # from the first call on, arrivals are noted
        self.sources = [(self.rtp, self.receive), (self.conversation.sock, self.replied)]
        return f"RTP/AVP;unicast;client_port={self.rtp.getsockname()[1]}-{rtcp.getsockname()[1]}"

    def receive(self) -> bool:
        """Read up to the end of a frame; if there is more, the selector says so again. This saves the vain attempt that
        would end a loop until nothing is there."""
        buffer = self.buffer
        read = self.rtp.recv_into
        try:
            while read(buffer):
                self.packets += 1
                if buffer[1] & 0x80:  # the marker bit (RFC 3550 §5.1)
                    _, sequence, timestamp = struct.unpack_from("!HHI", buffer)
                    self.record.add(arrival(self.rtp), timestamp, sequence, self.packets)
                    break
        except BlockingIOError:
            pass
        return True

    def replied(self) -> bool:
        """Read replies; False when there is nothing to hope for any more."""
        try:
            data = self.conversation.sock.recv(65536)
        except BlockingIOError:
            return True
        except OSError as error:
            data, self.trouble = b"", str(error)
        refusal = re.search(rb"RTSP/1.0 (?!200)[^\r\n]*", data)
        if refusal:
            self.trouble = refusal[0].decode()
        elif not data:
            self.trouble = self.trouble or "the server closed the connection"
        return not self.trouble


def arrival(sock: socket.socket) -> float:
    """When the datagram that was read last came in, in seconds of time.time()."""
    if sys.platform == "linux":
        stamp = bytearray(struct.calcsize("ll"))
        try:
            fcntl.ioctl(sock.fileno(), SIOCGSTAMPNS, stamp)
        except FileNotFoundError:  # ENOENT: nothing has come yet
            return 0.0
        seconds, nanoseconds = struct.unpack("ll", stamp)
        return float(seconds + nanoseconds * 1e-9)
    return time.time()
