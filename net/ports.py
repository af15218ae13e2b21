"""Where a client receives one stream: two UDP ports, or two channels of the RTSP connection."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable

from net.addresses import Address, at_port
from net.channels import bind_pair
from net.connection import Connection
from net.datagrams import DatagramReader, Handler, Tick
from net.interleaved import framed
from rtsp.headers import Transport
from rtsp.message import Interleaved
from rtsp.situations import tell

log = logging.getLogger(__name__)

TRIES = 20      # pairs of ports from the wanted one on
# What nobody can misunderstand: an RTP header without payload, and a receiver report about nothing (RFC 3550 §6.4.2)
RTP_HEADER = b"\x80" + bytes(11)
EMPTY_REPORT = b"\x80\xc9\x00\x01" + bytes(4)


class UdpPorts:
    """A pair of sockets, RTP on the wanted port and RTCP on the next one, and the thread "receiver" that reads them.

    `numbers` are the real ones: a pair that is taken is passed over, and after some more any free one will do; then
    `notice` says so."""

    def __init__(self, local: Address, wanted: int,
                 record: Callable[[Address, Address, bytes], None] | None = None,
                 reader: DatagramReader | None = None) -> None:
        """`local`: the address that the server knows us by; `wanted` 0: anywhere. OSError if there is no free pair.
        `record` is told what is sent, from where to where. `reader`: one that many share, in place of a thread of our
        own; it does not tick for us."""
        self._rtp, self._rtcp = _bind(local, wanted)
        self._record = record
        self.here: tuple[Address, Address] = (self._rtp.getsockname(), self._rtcp.getsockname())
        self.numbers = (self.here[0][1], self.here[1][1])
        self.notice = ""
        if wanted not in (0, self.numbers[0]):
            self.notice = tell("port taken", wanted=wanted, port=self.numbers[0]).title
            log.warning("! %s", self.notice)
        self._closing = threading.Lock()        # guards _closed
        self._closed = False
        self._control: Address | None = None    # where the server takes RTCP
        self.server: int | None = None          # the port that it sends from, where it says so
        self._shared = reader is not None
        self._reader = reader or DatagramReader("receiver")
        if not self._shared:
            self._reader.start()

    def listen(self, rtp: Handler, rtcp: Handler, tick: Tick | None = None) -> None:
        """Hand each datagram to one of these, on the thread "receiver", which calls `tick` every half second."""
        if not self._shared:
            self._reader.tick = tick
        self._reader.add(self._rtp, rtp)
        self._reader.add(self._rtcp, rtcp)

    @property
    def offer(self) -> Transport:
        """What SETUP asks for."""
        return Transport(client_port=self.numbers)

    def granted(self, transport: Transport, connection: Connection) -> None:
        """What the server has answered."""
        self._control, self.server = None, None
        if transport.server_port:
            self.server = transport.server_port[0]
            source = _source(transport.source, connection.peer)
            self._control = at_port(source, transport.server_port[1])
            # A server behind a router may name an address that only it can reach: both, then
            for host in dict.fromkeys((connection.peer[0], source[0])):
                self.open_way((host, *connection.peer[1:]), transport.server_port)

    def send_control(self, packet: bytes) -> bool:
        """Send one compound RTCP packet from our second port. False: it was not sent, because the server has not said
        where to, or the system would not."""
        try:
            return self._control is not None and self._sendto(self._rtcp, packet, self._control)
        except OSError as error:
            log.info("! UDP port %d of the server: %s", self._control[1] if self._control else 0, error)
            return False

    def _sendto(self, sock: socket.socket, data: bytes, peer: Address) -> bool:
        """OSError if the system would not."""
        sock.sendto(data, peer)
        if self._record:
            self._record(self.here[sock is self._rtcp], peer, data)
        return True

    def tick(self) -> None:
        """The thread "receiver" does it."""

    def open_way(self, peer: Address, ports: tuple[int, int]) -> None:
        """One datagram from each of our ports to each of the peer's: a firewall or a router between us then lets the
        answers in."""
        for sock, port, data in ((self._rtp, ports[0], RTP_HEADER), (self._rtcp, ports[1], EMPTY_REPORT)):
            try:
                self._sendto(sock, data, at_port(peer, port))
            except OSError as error:
                log.info("! UDP port %d of the server: %s", port, error)

    def close(self) -> None:
        """Twice is fine, from two threads, too: who comes second waits until it is done."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._reader.discard(self._rtp)
                self._reader.discard(self._rtcp)
                if not self._shared:
                    self._reader.close()


class InnerPorts:
    """Two channels of the RTSP connection (RFC 2326 §10.12), RTP on the first and RTCP on the second; used like
    UdpPorts. Their `numbers` are ours until the server has chosen others."""

    def __init__(self, first: int = 0) -> None:
        """`first`: the number of RTP that we ask for; a connection may carry several streams."""
        self.numbers = (first, first + 1)
        self._handlers: tuple[Handler, ...] = ()
        self._tick: Tick | None = None
        self._connection: Connection | None = None

    def listen(self, rtp: Handler, rtcp: Handler, tick: Tick | None = None) -> None:
        """Hand each packet to one of these, on the thread that receives replies, which sees to `tick`, too."""
        self._handlers, self._tick = (rtp, rtcp), tick

    @property
    def offer(self) -> Transport:
        """What SETUP asks for."""
        return Transport("RTP/AVP/TCP", interleaved=self.numbers)

    def granted(self, transport: Transport, connection: Connection) -> None:
        """What the server has answered."""
        self.numbers = transport.interleaved or self.numbers
        self._connection = connection

    def send_control(self, packet: bytes) -> bool:
        """Send one compound RTCP packet on our second channel. False: there is no way now."""
        connection, frame = self._connection, framed(self.numbers[1], [packet])
        return connection is not None and connection.offer(frame, always=True)

    def tick(self) -> None:
        """The thread that receives calls this at least every half second."""
        if self._tick:
            self._tick()

    def deliver(self, frame: Interleaved, peer: Address) -> None:
        """What came in the connection; what is on other channels is dropped."""
        for number, handler in zip(self.numbers, self._handlers, strict=False):
            if number == frame.channel:
                handler(frame.data, (peer[0], peer[1]))

    def close(self) -> None:
        """Twice is fine."""
        self._handlers, self._tick, self._connection = (), None, None


def _source(named: str | None, peer: Address) -> Address:
    """The address that the server sends from, where it is another one (`source=`, RFC 2326 §12.39). A name is not
    looked up: that could take long. An address that nobody can send from is not believed, nor our own machine's by a
    server elsewhere: what we send there would reach others."""
    try:
        other = ipaddress.ip_address(named or "")
    except ValueError:
        return peer
    same_family = (other.version == 6) == (":" in peer[0])
    strange = other.is_multicast or other.is_reserved or other.is_unspecified       # broadcast is reserved, too
    inside = other.is_loopback and not ipaddress.ip_address(peer[0].partition("%")[0]).is_loopback
    return (str(other), *peer[1:]) if same_family and not strange and not inside else peer


def _bind(local: Address, wanted: int) -> tuple[socket.socket, socket.socket]:
    for port in range(wanted, min(wanted + 2 * TRIES, 65535), 2) if wanted else ():
        try:
            return bind_pair(local, port)
        except OSError as error:
            log.info("! UDP port %d: %s", port, error)
    return bind_pair(local, 0)
