"""A wire tap for one RTSP conversation: it stands between client and server, passes everything on, and notes it.

    with Relay(("127.0.0.1", port of the server)) as relay:
        Player(f"rtsp://127.0.0.1:{relay.port}/movie.Mjpeg") …
    for event in relay.events: …

Media over UDP pass through, too: the relay puts ports of its own into SETUP and its reply. What is noted is what the
client has written and what it has read, byte for byte.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from net.addresses import Address
from net.channels import bind_pair

CHUNK = 65536
PATIENCE = 10.0  # seconds
PORTS = {"up": re.compile(rb"client_port=(\d+)-(\d+)"), "down": re.compile(rb"server_port=(\d+)-(\d+)")}


@dataclass(frozen=True)
class Event:
    """Something that passed by."""

    kind: str  # "rtsp" (one whole message), "rtp" or "rtcp" (one packet)
    up: bool  # from the client to the server
    data: bytes
    channel: int | None = None  # it travelled inside the connection, on this channel (RFC 2326 §10.12)


class Relay:
    """One client, one connection, one stream. Its thread, "relay", alone touches the sockets; `events` only grows."""

    def __init__(self, server: Address) -> None:
        self.events: list[Event] = []
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._unread = {True: bytearray(), False: bytearray()}  # by direction: the start of a message
        self._tcp: dict[bool, socket.socket] = {}  # by direction: where it goes
        self._udp: dict[bool, tuple[socket.socket, socket.socket]] = {}  # by direction: where it leaves from
        self._targets: dict[bool, tuple[int, int]] = {}  # … and to which ports
        self._news = threading.Condition()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="relay")

    def __enter__(self) -> Relay:
        self._watch(9, self._woken, self._stop)
        self._watch(1, self._listener, self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()
        sockets = [self._listener, self._woken, *self._tcp.values()]
        for sock in [*sockets, *(one for pair in self._udp.values() for one in pair)]:
            sock.close()
        self._selector.close()

    def wait(self, condition: Callable[[list[Event]], bool], patience: float = PATIENCE) -> bool:
        """Until that is so of the events; False if it is not within `patience` seconds."""
        deadline = time.monotonic() + patience
        with self._news:
            while not condition(self.events):
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    return condition(self.events)
        return True

    # ---- the thread "relay"

    def _run(self) -> None:
        """RTSP before RTP before RTCP: what came at the same time is noted in the order in which it was sent."""
        running = True
        while running:
            key, _ = min(self._selector.select(), key=lambda ready: ready[0].data[0])
            running = key.data[1]()

    def _watch(self, order: int, sock: socket.socket, action: Callable[[], bool]) -> None:
        self._selector.register(sock, selectors.EVENT_READ, (order, action))

    def _stop(self) -> bool:
        return False

    def _accept(self) -> bool:
        self._tcp[False], _ = self._listener.accept()
        self._tcp[True] = socket.create_connection((self._server[0], self._server[1]), PATIENCE)
        for up in (True, False):
            self._tcp[up].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(2, self._tcp[not up], partial(self._read, up))
        self._selector.unregister(self._listener)
        return True

    def _read(self, up: bool) -> bool:
        """Bytes of the connection: pass on each message that is whole now."""
        try:
            data = self._tcp[not up].recv(CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(self._tcp[not up])
            self._hang_up(up)
            return True
        self._unread[up] += data
        while message := first_message(self._unread[up]):
            del self._unread[up][: len(message)]
            self._pass_on(up, message)
        return True

    def _hang_up(self, up: bool) -> None:
        try:
            self._tcp[up].shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone, too

    def _pass_on(self, up: bool, message: bytes) -> None:
        if message.startswith(b"$"):
            changed = message
            self._note(Event("rtcp" if message[1] % 2 else "rtp", up, message[4:], message[1]))
        else:
            changed = self._with_own_ports(up, message)
            self._note(Event("rtsp", up, message if up else changed))  # as the client knows it
        try:
            self._tcp[up].sendall(changed)
        except OSError:
            pass  # it has gone; the other side will hear of it

    def _with_own_ports(self, up: bool, message: bytes) -> bytes:
        """SETUP and its reply: the peer shall send to us. What faces the server sends to its ports, and so on."""
        named = PORTS["up" if up else "down"].search(message)
        if not named:
            return message
        target = int(named[1]), int(named[2])
        if up not in self._udp:
            self._udp[up] = bind_pair(("127.0.0.1", 0), 0)  # sends upwards, and hears what comes down
            for number, kind in enumerate(("rtp", "rtcp")):
                self._watch(3 + number, self._udp[up][number], partial(self._datagram, not up, number, kind))
        self._targets[not up] = target
        own = "-".join(str(sock.getsockname()[1]) for sock in self._udp[up]).encode()
        message = message.replace(named[0], named[0].partition(b"=")[0] + b"=" + own)
        if not up:  # the reply repeats the client's ports, which were ours
            message = PORTS["up"].sub(b"client_port=%d-%d" % self._targets[False], message)
        return message

    def _datagram(self, up: bool, number: int, kind: str) -> bool:
        """One packet over UDP, heard where the other direction sends."""
        data = self._udp[not up][number].recv(CHUNK)
        self._note(Event(kind, up, data))
        if up in self._udp:
            self._udp[up][number].sendto(data, ("127.0.0.1", self._targets[up][number]))
        return True

    def _note(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()


def first_message(data: bytes | bytearray) -> bytes:
    """The first message or `$` frame in `data`, b"" while it is not whole."""
    if data.startswith(b"$"):
        size = 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else len(data) + 1
    else:
        head = data.find(b"\r\n\r\n") + 4
        length = re.search(rb"^Content-Length: *(\d+)", data[:head], re.MULTILINE | re.IGNORECASE)
        size = head + int(length[1] if length else 0) if head > 3 else len(data) + 1
    return bytes(data[:size]) if len(data) >= size else b""
