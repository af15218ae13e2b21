"""The RTSP that the senders of a comparison share: enough for bench/load.py, and no more. One thread a connection."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from bench.movie import jpegs
from rtp.jpeg import payloads
from RtpPacket import RtpPacket

PACKET_SIZE = 1412  # bytes of an RTP packet, as our server makes them
CLOCK_RATE, JPEG = 90_000, 26
BACKLOG = 1024  # connections that may wait to be accepted
STACK = 256 << 10  # bytes for each thread; the default of 8 MiB is address space only, but thousands of them count
SEND_BUFFER = 1 << 20
DESCRIPTION = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=bench\r\nt=0 0\r\na=range:npt=0-{duration:.3f}\r\nm=video 0 RTP/AVP 26\r\n"
    "a=rtpmap:26 JPEG/90000\r\na=framerate:{fps:g}\r\na=control:trackID=0\r\n"
)


@dataclass(frozen=True)
class Film:
    """A movie as RTP packets, which are the same for every viewer: numbered from the movie's first packet on."""

    frames: list[list[bytes]]
    fps: float

    @property
    def duration(self) -> float:
        return len(self.frames) / self.fps


def film(path: Path, fps: float) -> Film:
    """Cut a movie into packets of equal size, the last of a frame excepted."""
    frames, sequence = [], 0
    for k, jpeg in enumerate(jpegs(path)):
        frame = []
        for payload, marker in payloads(jpeg, PACKET_SIZE - 12):
            packet = RtpPacket()
            timestamp = round(k * CLOCK_RATE / fps) & 0xFFFFFFFF
            packet.encode(2, 0, 0, 0, sequence & 0xFFFF, int(marker), JPEG, 1, payload, timestamp=timestamp)
            frame.append(packet.getPacket())
            sequence += 1
        frames.append(frame)
    return Film(frames, fps)


class Sender(Protocol):
    """Sends one viewer its frames, from the thread it likes."""

    def play(self, frame: int) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Way:
    """How the packets of one viewer travel."""

    sock: socket.socket  # connected: UDP, or that of the conversation
    lock: threading.Lock  # for whoever writes into `sock`
    tcp: bool


class Front:
    """Accepts connections for ever, and makes a sender for each SETUP."""

    def __init__(self, film: Film, sender: Callable[[Way], Sender]) -> None:
        self._film, self._sender = film, sender

    def serve(self) -> None:
        """On a port that the first line of stdout names."""
        threading.stack_size(STACK)
        with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
            print(f"Serving on port {listener.getsockname()[1]}", flush=True)
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, sock: socket.socket) -> None:
        talk = Talk(sock, self._film, self._sender)
        with sock, sock.makefile("rb") as lines:
            try:
                while talk.answer(lines.readline().decode(), lines):
                    pass
            except OSError as error:
                print(f"a viewer is gone: {error}", file=sys.stderr)
            finally:
                talk.close()


class Talk:
    """One conversation, with one viewer."""

    def __init__(self, sock: socket.socket, film: Film, sender: Callable[[Way], Sender]) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._sock, self._film, self._make = sock, film, sender
        self._lock = threading.Lock()
        self._sender: Sender | None = None
        self._udp: socket.socket | None = None

    def answer(self, request: str, lines: BinaryIO) -> bool:
        """Read the headers that follow the request's line, and reply; False: there is nothing more to come."""
        if not request:
            return False
        headers = {}
        while line := lines.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        method, url, _ = request.split()
        reply, body = self._act(method, headers)
        if body:
            reply += [f"Content-Base: {url}/", "Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        text = "\r\n".join(["RTSP/1.0 200 OK", f"CSeq: {headers.get('cseq', 0)}", *reply, "", body])
        with self._lock:
            self._sock.sendall(text.encode())
        if method == "PLAY" and self._sender:
            start = re.search(r"npt=([\d.]+)", headers.get("range", ""))
            self._sender.play(round(float(start[1]) * self._film.fps) if start else 0)
        return method != "TEARDOWN"

    def _act(self, method: str, headers: dict[str, str]) -> tuple[list[str], str]:
        """Headers and body of the reply."""
        if method == "DESCRIBE":
            return [], DESCRIPTION.format(duration=self._film.duration, fps=self._film.fps)
        if method == "SETUP":
            self._sender = self._make(self._way(headers["transport"]))
            return [f"Transport: {headers['transport']}", "Session: 1"], ""
        if method == "TEARDOWN" and self._sender:
            self._sender.stop()
        return ["Session: 1"], ""

    def _way(self, transport: str) -> Way:
        port = re.search(r"client_port=(\d+)", transport)
        if not port:
            return Way(self._sock, self._lock, tcp=True)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._udp.connect((self._sock.getpeername()[0], int(port[1])))
        return Way(self._udp, threading.Lock(), tcp=False)

    def close(self) -> None:
        if self._sender:
            self._sender.stop()
        if self._udp:
            self._udp.close()
