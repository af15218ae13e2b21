"""The viewers of bench/soak.py: one function a kind, each the life of one viewer, a few seconds long.

They are no better than those of a classroom: some vanish, some read nothing, some send what is no RTSP.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from net.channels import bind_pair

PATIENCE = 10.0  # seconds for a reply
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST, as when a program is killed
LIFE = 1.0, 4.0  # seconds that a viewer stays, at least and at most
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"


class Audience:
    """What all viewers share: where the server is, whether it is over, and what was counted."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name = port, name
        self.url = f"rtsp://127.0.0.1:{port}/{name}"
        self.over = threading.Event()
        self.counts: Counter[str] = Counter()  # "connections", "frames", "5xx", "refused", "failed"
        self._lock = threading.Lock()

    def add(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts[what] += number


class Talk:
    """One connection; media that come inside are counted and thrown away."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.sock = socket.create_connection(("127.0.0.1", audience.port), PATIENCE)
        self.session = ""
        self._data = b""
        self._cseq = 0
        audience.add("connections")

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *problem: object) -> None:
        self.sock.close()

    def ask(self, method: str, *headers: str, url: str = "") -> str:
        """A request, and the head of its reply."""
        self.tell(method, *headers, url=url)
        return self.reply()

    def tell(self, method: str, *headers: str, url: str = "") -> None:
        self._cseq += 1
        session = [f"Session: {self.session}"] if self.session else []
        lines = [f"{method} {url or self.audience.url} RTSP/1.0", f"CSeq: {self._cseq}", *session, *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode())

    def reply(self) -> str:
        while True:
            self._skip_frames()
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if end and self._data[:1] != b"$":
                break
            self._more()
        text = head.decode("latin-1")
        size = int(text.lower().partition("content-length: ")[2].split("\r\n")[0] or 0)
        while len(self._data) < len(head) + 4 + size:
            self._more()
        self._data = self._data[len(head) + 4 + size :]
        status = text.split(" ")[1]
        self.audience.add("5xx" if status[0] == "5" else "refused" if status == "453" else "replies")
        if "\r\nSession: " in text and status == "200":
            self.session = text.partition("\r\nSession: ")[2].split("\r\n")[0].split(";")[0]
        return text

    def read_on(self, seconds: float) -> None:
        """Take what comes, for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.audience.over.is_set():
            self.sock.settimeout(min(left, 0.2))
            try:
                self._more()
            except TimeoutError:
                continue
            self._skip_frames()
        self.sock.settimeout(PATIENCE)

    def _more(self) -> None:
        piece = self.sock.recv(1 << 16)
        if not piece:
            raise ConnectionError("the server has hung up")
        self._data += piece

    def _skip_frames(self) -> None:
        at = 0
        while self._data[at : at + 1] == b"$" and len(self._data) >= at + 4:
            end = at + 4 + int.from_bytes(self._data[at + 2 : at + 4], "big")
            if end > len(self._data):
                break
            self.audience.add("frames", self._data[at + 1] == 0 and self._data[at + 5] >> 7)
            at = end
        self._data = self._data[at:]


@contextmanager
def receiving(audience: Audience) -> Iterator[tuple[int, Callable[[float], None]]]:
    """Two UDP ports: the first one's number, and what takes packets for so many seconds."""
    rtp, rtcp = bind_pair(("127.0.0.1", 0), 0)

    def take(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not audience.over.is_set():
            rtp.settimeout(min(left, 0.2))
            try:
                audience.add("frames", rtp.recv(1 << 16)[1] >> 7)
            except TimeoutError:
                continue

    with rtp, rtcp:
        yield rtp.getsockname()[1], take


def udp(port: int) -> str:
    return f"Transport: RTP/AVP;unicast;client_port={port}-{port + 1}"


# ---- the kinds


def by_udp(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk, receiving(audience) as (port, take):
        talk.ask("OPTIONS")
        talk.ask("DESCRIBE")
        talk.ask("SETUP", udp(port))
        talk.ask("PLAY", f"Range: npt={rng.uniform(0, 20):.3f}-")
        take(rng.uniform(*LIFE))
        talk.ask("TEARDOWN")


def inside(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk:
        talk.ask("SETUP", TCP)
        talk.ask("PLAY", f"Range: npt={rng.uniform(0, 20):.3f}-")
        talk.read_on(rng.uniform(*LIFE))
        talk.ask("TEARDOWN")


def lab(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk, receiving(audience) as (port, take):
        third = f"Transport: RTP/UDP; client_port= {port}"
        for number, method in enumerate(("SETUP", "PLAY", "PAUSE", "PLAY", "TEARDOWN")):
            talk.sock.sendall(f"{method} {audience.name} RTSP/1.0\nCSeq: {number + 1}\n{third}".encode())
            reply = talk.sock.recv(1024).decode()
            audience.add("5xx" if reply.startswith("RTSP/1.0 5") else "replies")
            third = reply.splitlines()[2] if reply.count("\n") > 2 else "Session: 0"
            if method == "PLAY":
                take(rng.uniform(*LIFE) / 2)


def vanishing(audience: Audience, rng: random.Random) -> None:
    """Over UDP: the server hears nothing more, and its datagrams are refused."""
    with Talk(audience) as talk:
        with receiving(audience) as (port, take):
            talk.ask("SETUP", udp(port))
            talk.ask("PLAY")
            take(rng.uniform(*LIFE) / 2)
        talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def vanishing_inside(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk:
        talk.ask("SETUP", TCP)
        talk.ask("PLAY")
        talk.read_on(rng.uniform(*LIFE) / 2)
        talk.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def reading_nothing(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk:
        talk.ask("SETUP", TCP)
        talk.tell("PLAY")
        audience.over.wait(2 * rng.uniform(*LIFE))


def garbage(audience: Audience, rng: random.Random) -> None:
    kinds = (
        rng.randbytes(rng.randint(1, 5000)),
        b"OPTIONS * RTSP/1.0\r\nX: " + b"y" * rng.randint(1, 10_000),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200),
        b"$\x00\xff\xff" + rng.randbytes(500),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SETUP " + bytes([rng.randrange(256)]) + b"\nCSeq: 1\nTransport: RTP/UDP; client_port= 99999\n\n",
    )
    with Talk(audience) as talk:
        talk.sock.sendall(rng.choice(kinds))
        if rng.random() < 0.5:
            talk.sock.shutdown(socket.SHUT_WR)
        talk.read_on(rng.uniform(*LIFE) / 2)


def jumping(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk:
        talk.ask("SETUP", TCP)
        for _ in range(rng.randint(5, 30)):
            scale = rng.choice(("1", "2", "-1", "0.5", "8"))
            talk.ask("PLAY", f"Range: npt={rng.uniform(0, 24):.3f}-", f"Scale: {scale}")
            talk.read_on(rng.uniform(0.01, 0.2))
            if rng.random() < 0.5:
                talk.ask("PAUSE")
        talk.ask("TEARDOWN")


def keeping_alive(audience: Audience, rng: random.Random) -> None:
    with Talk(audience) as talk, receiving(audience) as (port, take):
        talk.ask("SETUP", udp(port))
        for _ in range(rng.randint(2, 8)):
            talk.ask("GET_PARAMETER")
            audience.over.wait(0.5)
        talk.ask("TEARDOWN")


def short(audience: Audience, rng: random.Random) -> None:
    for _ in range(rng.randint(5, 20)):
        with Talk(audience) as talk:
            talk.ask("OPTIONS", url="*")


KINDS: tuple[Callable[[Audience, random.Random], None], ...] = (
    by_udp, inside, lab, vanishing, vanishing_inside, reading_nothing, garbage, jumping, keeping_alive, short,
)  # fmt: skip


def churn(audience: Audience, number: int) -> None:
    """One viewer after the other, of all kinds in turn, until it is over. Number `number` begins with its own kind."""
    rng = random.Random(number)
    turn = number
    while not audience.over.is_set():
        kind = KINDS[turn % len(KINDS)]
        turn += 1
        try:
            kind(audience, rng)
        except (OSError, IndexError):  # hung up on, as garbage is, or a lab reply that is none
            audience.add("failed" if kind is not garbage else "hung up on")
            audience.over.wait(0.1)
