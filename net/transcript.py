"""What travels between a client and a server, noted for whoever wants to see it: RTSP, RTP, RTCP.

The conversation and the reports are always noted, they are few; RTP only while somebody watches. Everything is
bounded. Passwords are masked before anything is kept.
"""

from __future__ import annotations

import re
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol

from net.addresses import Address
from rtsp.headers import PortPair, Transport
from rtsp.message import Request, Response
from rtsp.observer import Observer
from rtsp.states import State

MESSAGES, BURSTS = 1000, 3000       # how many are kept; two minutes of frames
LONGEST = 20_480                    # bytes that are kept of each: whole lab frames, and not what floods the memory
RESTART = 1000                      # a jump of so many sequence numbers is no loss: the sender began afresh
WATCHED_MISSING = 500               # packets that may still come late
START = re.compile(rb"(?:(RTSP/\d\.\d)\s+(\d{3})\s*|(\S+)\s*)([^\r\n]*)")
CSEQ = re.compile(rb"^cseq[ \t]*:?[ \t]*(\d{1,10})", re.IGNORECASE | re.MULTILINE)
BASIC = re.compile(rb"^((?:proxy-)?authorization[ \t]*:[ \t]*basic[ \t]+)([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
NOWHERE: Address = ("", 0)
GOODBYE = 203                       # packet type of BYE (RFC 3550 §12.1)


class HasAddresses(Protocol):
    local: Address
    peer: Address


@dataclass(frozen=True)
class Route:
    """How something travels: `protocol` "TCP" or "UDP", seen from the client; `channel`: of RFC 2326 §10.12."""

    protocol: str = "TCP"
    local: Address = NOWHERE
    peer: Address = NOWHERE
    channel: int | None = None
    encrypted: bool = False


@dataclass(eq=False)
class Entry:
    """One thing that happened, in the order of `number`. `kind`: "RTSP", "RTP", "RTCP"; "NOTE" and "STATE" are no
    messages. `data`: its bytes, those of the first packet of a burst; the first LONGEST of them."""

    number: int
    time: float                     # seconds, by the transcript's clock
    kind: str
    outgoing: bool                  # from the client to the server
    data: bytes
    route: Route
    words: str = ""                 # "SETUP", "200 OK", or what is to be said of it
    method: str = ""                # what a reply answers
    status: int = 0                 # of a reply
    client: State = State.INIT      # the state after it
    server: State = State.INIT
    event: str = ""                 # what moved a state; "" if nothing moved
    before: State = State.INIT      # the server's state before that


@dataclass(eq=False)
class Burst(Entry):
    """RTP packets of one timestamp that came one after the other: a frame, as a rule."""

    count: int = 0
    size: int = 0                   # bytes of RTP, headers included
    first: int = 0                  # sequence numbers
    last: int = 0
    timestamp: int = 0
    whole: bool = False             # the marker has come: the frame's last packet
    late: int = 0                   # packets that came after later ones
    missing: array[int] = field(default_factory=lambda: array("H"))     # numbers left out before or within it
    recovered: int = 0              # … of which so many came after all


class Transcript:
    """Any thread may write and read. `watched`: somebody wants RTP, too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.watched = False
        self.clock = clock
        self._messages: deque[Entry] = deque(maxlen=MESSAGES)
        self._bursts: deque[Burst] = deque(maxlen=BURSTS)
        self._observer = Observer()
        self._media = Route("UDP"), Route("UDP")            # RTP, RTCP
        self._burst: Burst | None = None
        self._next: int | None = None                       # the sequence number to come
        self._missing: dict[int, Burst] = {}
        self._ends = "", ""
        self._number = 0
        self._lock = threading.Lock()

    def since(self, number: int) -> list[Entry]:
        """What was noted after that one, in order; without a burst that is still coming."""
        with self._lock:
            found = [*_after(self._messages, number), *_after(self._bursts, number)]
        found.sort(key=lambda entry: entry.number)
        growing = bool(found) and isinstance(found[-1], Burst) and not found[-1].whole
        return found[:-1] if growing and self.clock() - found[-1].time < 0.5 else found

    def states(self) -> tuple[State, State]:
        """Of the client and of the server, now."""
        return self._observer.client, self._observer.server

    def ends(self) -> tuple[str, str]:
        """Host and port of the client and of the server, of the RTSP connection."""
        return self._ends

    # ---- the conversation

    def opened(self, local: Address, peer: Address, encrypted: bool = False) -> None:
        """A connection, and with it a conversation from the start."""
        with self._lock:
            self._observer = Observer()
            self._ends = f"{local[0]}:{local[1]}", f"{peer[0]}:{peer[1]}"
            self._burst = None
            self._restart()
            self._add("NOTE", True, b"", Route("TCP", local, peer, encrypted=encrypted), "TCP connection")

    def went(self, data: bytes, local: Address, peer: Address, encrypted: bool = False) -> None:
        """A message that we are about to send, before the answer can come."""
        with self._lock:
            self._message(masked(data), True, Route("TCP", local, peer, encrypted=encrypted))

    def came(self, message: Request | Response, local: Address, peer: Address, encrypted: bool = False) -> None:
        with self._lock:
            self._message(message.text(), False, Route("TCP", local, peer, encrypted=encrypted))

    def moved(self, client: State) -> None:
        """The client's state. Noted if no message told it."""
        with self._lock:
            if self._observer.moved(client):
                self._add("STATE", True, b"", self._media[0], f"Client: {client.value}")

    def _message(self, data: bytes, outgoing: bool, route: Route) -> None:
        start, number = START.match(data), CSEQ.search(data)
        if start is None:
            return
        cseq = int(number[1]) if number else None
        before, observer = self._observer.server, self._observer
        if start[1]:
            status = int(start[2])
            method = observer.reply(status, cseq, outgoing)
            words = f"{status} {start[4].decode('utf-8', 'replace').strip()}".strip()
        else:
            status, method = 0, start[3].decode("utf-8", "replace")
            observer.request(method, cseq, outgoing)
            words = method
        entry = self._add("RTSP", outgoing, data, route, words, method)
        entry.status, entry.before = status, before
        if entry.event in ("PLAY", "SETUP"):
            self._restart()

    # ---- the media

    def granted(self, transport: Transport, tcp: bool, connection: HasAddresses, port: int) -> None:
        """How the media will come; `port`: of UDP, our first one."""
        local, peer = connection.local, connection.peer
        if tcp:
            channels = transport.interleaved or (0, 1)
            self._media = Route("TCP", local, peer, channels[0]), Route("TCP", local, peer, channels[1])
            return
        theirs: PortPair = transport.server_port or (0, 0)
        host = transport.source or peer[0]
        self._media = (Route("UDP", (local[0], port), (host, theirs[0])),
                       Route("UDP", (local[0], port + 1), (host, theirs[1])))

    def rtp(self, data: bytes, now: float, sequence: int, timestamp: int, marker: bool) -> None:
        """A packet that has come."""
        with self._lock:
            burst = self._burst
            if burst is None or burst.whole or burst.timestamp != timestamp:
                burst = Burst(self._count(), now, "RTP", False, data[:LONGEST], self._media[0], first=sequence,
                              timestamp=timestamp, client=self._observer.client, server=self._observer.server)
                self._bursts.append(burst)
                self._burst = burst
            burst.count += 1
            burst.size += len(data)
            burst.last = sequence
            burst.whole = marker
            if sequence == self._next:
                self._next = (sequence + 1) & 0xFFFF
            else:
                self._jump(burst, sequence)

    def _jump(self, burst: Burst, sequence: int) -> None:
        """The number is not the one to come: some are missing, or this one is late, or all begins afresh."""
        ahead = RESTART if self._next is None else (sequence - self._next) & 0xFFFF
        if ahead < RESTART:
            for number in range(sequence - ahead, sequence):
                burst.missing.append(number & 0xFFFF)
                self._missing[number & 0xFFFF] = burst
            while len(self._missing) > WATCHED_MISSING:
                del self._missing[next(iter(self._missing))]
        elif ahead > 0x10000 - RESTART:
            burst.late += 1
            if awaited := self._missing.pop(sequence, None):
                awaited.recovered += 1
            return
        self._next = (sequence + 1) & 0xFFFF

    def rtcp(self, data: bytes, outgoing: bool) -> None:
        """A compound packet, to or from the server."""
        with self._lock:
            before = self._observer.server
            self._observer.event = ""
            if not outgoing and GOODBYE in packet_types(data):
                self._observer.goodbye()
            self._add("RTCP", outgoing, data, self._media[1]).before = before

    # ---- the lock is held

    def _add(self, kind: str, outgoing: bool, data: bytes, route: Route, words: str = "", method: str = "") -> Entry:
        observer = self._observer
        entry = Entry(self._count(), self.clock(), kind, outgoing, data[:LONGEST], route, words, method,
                      client=observer.client, server=observer.server, event=observer.event)
        self._messages.append(entry)
        return entry

    def _count(self) -> int:
        self._number += 1
        return self._number

    def _restart(self) -> None:
        """The next number may be any. A burst goes on: its first packets may have overtaken the reply to PLAY."""
        self._next = None
        self._missing.clear()


def packet_types(data: bytes) -> Iterator[int]:
    """Of the packets in a compound one (RFC 3550 §6.1), as far as it makes sense."""
    at = 0
    while at + 4 <= len(data):
        yield data[at + 1]
        at += 4 + 4 * int.from_bytes(data[at + 2:at + 4], "big")


def masked(data: bytes) -> bytes:
    """Without what Basic authentication sends as good as in the clear (RFC 7617); as long as before."""
    return BASIC.sub(lambda match: match[1] + b"*" * len(match[2]), data)


def _after(entries: deque[Entry] | deque[Burst], number: int) -> list[Entry]:
    return list(takewhile(lambda entry: entry.number > number, reversed(entries)))
