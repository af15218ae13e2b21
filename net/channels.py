"""How the packets of one stream travel over UDP; inside the RTSP connection: net/interleaved.py."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable

from net.addresses import Address, at_port
from net.datagrams import DatagramReader, Handler

Buffer = bytes | bytearray | memoryview
Tap = Callable[[Buffer, bool], Iterable[Buffer]]    # (packet, is it RTCP?) -> the packets to go on with: one, none, two

TRIES = 100                             # to find a free pair of ports
TAKEN_BY_RDT = range(6970, 6972)        # Wireshark takes what is not announced there for RealNetworks' RDT
SEND_BUFFER = 1 << 20                   # bytes; one frame in HD must fit, and one lab frame is one datagram of 20 kB
RECEIVE_BUFFER = 4 << 20                # bytes; what comes in while the receiver is busy


class UdpChannel:
    """A pair of UDP sockets, RTP on an even port and RTCP on the next one (RFC 3550 §11), connected to one receiver.

    Connected, a socket takes datagrams from that receiver alone, and sending to it is cheaper. `taps` see each packet
    on its way out, in order: what one returns, the next one gets.
    """

    connection = None                   # that it travels in: none
    burst = 64                          # packets sent in one go; a receiver's buffer has room for some hundred

    def __init__(self, local: Address, peer: Address, peer_ports: tuple[int, int]) -> None:
        """From the host of `local`, any ports, to `peer_ports` (RTP, RTCP) of the host of `peer`: the two ends of the
        RTSP connection. OSError if there is no free pair of ports."""
        self._rtp, self._rtcp = bind_pair(local, 0)
        self.taps: list[Tap] = []
        self.refused = 0                # datagrams not sent because the receiver's port was found closed
        self.ports = self._rtp.getsockname()[1], self._rtcp.getsockname()[1]
        self.peer_ports = peer_ports
        self._rtp.connect(at_port(peer, peer_ports[0]))
        self._rtcp.connect(at_port(peer, peer_ports[1]))

    def listen(self, reader: DatagramReader, handler: Handler) -> None:
        """Hand what the receiver sends, to either port, to this handler, on the reader's thread."""
        reader.add(self._rtp, handler)
        reader.add(self._rtcp, handler)

    @property
    def parameters(self) -> dict[str, tuple[int, int]]:
        """What the Transport of the reply to SETUP says of it (RFC 2326 §12.39)."""
        return {"client_port": self.peer_ports, "server_port": self.ports}

    def send(self, buffer: Buffer, segment: int) -> bool:
        """Send the RTP packets that stand in `buffer` end to end, `segment` bytes each; the last may be shorter. True:
        they are on their way, as far as we know."""
        send = self._rtp.send
        for packet in tapped(self.taps, cut(buffer, segment), False):
            try:
                send(packet)
            except OSError:
                # The receiver's port is closed (reported here for an earlier packet), or there is no buffer left, or no
                # route for the moment. Datagrams may get lost; the session goes on.
                self.refused += 1
        return True

    def send_control(self, packet: bytes) -> None:
        """Send one compound RTCP packet."""
        for one in tapped(self.taps, [packet], True):
            try:
                self._rtcp.send(one)
            except OSError:
                self.refused += 1

    def close(self, reader: DatagramReader) -> None:
        reader.discard(self._rtp)
        reader.discard(self._rtcp)


def cut(buffer: Buffer, segment: int) -> list[memoryview]:
    """The packets that stand in a buffer end to end."""
    whole = memoryview(buffer)
    return [whole[start:start + segment] for start in range(0, len(whole), segment)]


def tapped(taps: list[Tap], packets: Iterable[Buffer], control: bool) -> Iterable[Buffer]:
    """What is left of the packets behind all taps."""
    for tap in taps:
        packets = [out for packet in packets for out in tap(packet, control)]
    return packets


def bind_pair(local: Address, port: int) -> tuple[socket.socket, socket.socket]:
    """Two UDP sockets on the host of `local`, on `port` and the next one; port 0: any free pair that begins with an
    even number. OSError if they are taken."""
    if port:
        return _bind_both(local, port)
    for _ in range(TRIES):
        first = _bind(local, 0)
        number = first.getsockname()[1]
        twin = None if number in TAKEN_BY_RDT else _try_bind(local, number ^ 1)     # the other one of the pair
        if twin:
            return (first, twin) if number % 2 == 0 else (twin, first)
        first.close()
    raise OSError("no free pair of UDP ports")


def _bind_both(local: Address, port: int) -> tuple[socket.socket, socket.socket]:
    first = _bind(local, port)
    try:
        return first, _bind(local, port + 1)
    except (OSError, OverflowError):
        first.close()
        raise


def _try_bind(local: Address, port: int) -> socket.socket | None:
    try:
        return _bind(local, port)
    except OSError:
        return None


def _bind(local: Address, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if sys.platform == "win32":
            # Without it, another program could bind the same port and take the packets
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.setblocking(False)
        sock.bind(at_port(local, port))
    except BaseException:
        sock.close()
        raise
    return sock
