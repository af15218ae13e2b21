"""How the packets of one stream travel over UDP; inside the RTSP connection: net/interleaved.py.

Most of what a viewer costs is the way of each datagram through the system. Linux takes a whole frame in one call, up to
64 packets of one size, and cuts it itself as late as it can (UDP_SEGMENT, udp(7)): two thirds of the time are saved.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable, Iterable

from net.addresses import Address, at_port
from net.datagrams import DatagramReader, Handler
from net.waiting import wait

Buffer = bytes | bytearray | memoryview
Tap = Callable[[Buffer, bool], Iterable[Buffer]]    # (packet, is it RTCP?) -> the packets to go on with: one, none, two

UDP_SEGMENT = 103                       # linux/udp.h; the module socket has no name for it
SEGMENTS = 64                           # packets in one call, and …
LARGEST_CALL = 65507                    # … bytes: what fits into a datagram, were it one
CANNOT_SEGMENT = {errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP}    # as some network cards and tunnels

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
    # There are many viewers, and time matters. For a few, every packet is sent by itself, because a capture on this
    # machine (Wireshark) sees what comes before the system cuts it: one datagram of many packets
    crowded = True
    burst = 64                          # packets sent in one go; a receiver's buffer has room for some hundred

    def __init__(self, local: Address, peer: Address | None = None, peer_ports: tuple[int, int] = (0, 0)) -> None:
        """From the host of `local`, any ports, to `peer_ports` (RTP, RTCP) of the host of `peer`: the two ends of the
        RTSP connection; without a peer, see aim(). OSError if there is no free pair of ports."""
        self._rtp, self._rtcp = bind_pair(local, 0)
        self.taps: list[Tap] = []
        self.ears: list[Tap] = []       # the same for what the receiver sends; to be added before listen()
        self.local, self.peer, self.peer_ports = local, peer or (), peer_ports
        # Calls that sent nothing: the receiver's port was found closed, say; but for those of straight()
        self.refused = 0
        # Bytes of each packet that the system cuts off; 0: it has not been told yet; None: it cannot
        self._segment = 0 if sys.platform == "linux" else None
        self._at_once = 0               # bytes that one call takes then
        self.ports = self._rtp.getsockname()[1], self._rtcp.getsockname()[1]
        if peer:
            self.aim(peer, peer_ports)

    def aim(self, peer: Address, peer_ports: tuple[int, int]) -> None:
        """Connect: a client's ports are known before those of the server that it will send to."""
        self.peer, self.peer_ports = peer, peer_ports
        self._rtp.connect(at_port(peer, peer_ports[0]))
        self._rtcp.connect(at_port(peer, peer_ports[1]))

    def listen(self, reader: DatagramReader, handler: Handler) -> None:
        """Hand what the receiver sends, to either port, to this handler, on the reader's thread."""
        for sock, control in ((self._rtp, False), (self._rtcp, True)):
            reader.add(sock, heard(self.ears, control, handler) if self.ears else handler)

    @property
    def unread(self) -> bool:
        """Media have come that nobody has read yet."""
        return wait(self._rtp, 0.0)

    @property
    def parameters(self) -> dict[str, tuple[int, int]]:
        """What the Transport of the reply to SETUP says of it (RFC 2326 §12.39)."""
        return {"client_port": self.peer_ports, "server_port": self.ports}

    def send(self, packets: memoryview, stride: int) -> bool:
        """Send RTP packets that stand end to end, `stride` bytes from one to the next; the last may be shorter. True:
        they are on their way, as far as we know."""
        usual = stride == self._segment and len(packets) <= self._at_once and self.crowded and not self.taps
        if usual and self._send(packets):           # nearly every frame: one call, and nothing to decide
            return True
        if self.taps or not self.crowded:
            self._have_cut(0)
            for packet in tapped(self.taps, cut(packets, stride), False):
                self._send(packet)
            return True
        start, size = 0, len(packets)
        while start < size:
            step = self._step(size - start, stride)
            if self._send(packets if step >= size else packets[start:start + step]):
                start += step
        return True

    def straight(self, stride: int) -> tuple[Callable[[Buffer], object], int]:
        """For frames of which nearly every one is like the one before: what sends one, and of how many packets at most,
        `stride` bytes from one to the next. An OSError of it is for send(), with the same frame. Of 0 packets: there is
        nothing so simple."""
        simple = stride and stride == self._segment and self.crowded and not self.taps
        return self._rtp.send, self._at_once // stride if simple else 0

    def _step(self, size: int, stride: int) -> int:
        """How many of these bytes the next call takes: many packets, or one where the system cannot cut."""
        if stride != self._segment and size > min(stride, self._segment or stride):
            self._have_cut(stride if size > stride else 0)      # a single packet, as in the lab, needs no cutting
        return self._at_once if self._segment else stride

    def _have_cut(self, size: int) -> None:
        """Have the system cut what we send into packets of this size; 0: not at all."""
        if size == self._segment or self._segment is None:
            return
        try:
            self._rtp.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
            self._segment = size
            self._at_once = min(SEGMENTS, max(1, LARGEST_CALL // size)) * size if size else 0
        except OSError:
            self._cut_ourselves()

    def _cut_ourselves(self) -> None:
        """From now on: this socket's system is not asked again."""
        told, self._segment = self._segment, None
        if told:
            self._rtp.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)

    def _send(self, packets: Buffer, again: bool = True) -> bool:
        """One call. False: the system cannot cut, which may turn out after it has worked, when the route has changed.
        Nothing was sent then, and we cut from now on. True: it is over, well or not."""
        try:
            self._rtp.send(packets)
        except ConnectionError:
            # An earlier packet found the port closed. That is said in place of sending this one, which may be a whole
            # frame, and said once: the second try goes out
            self.refused += 1
            if again:
                return self._send(packets, again=False)
        except OSError as error:
            if self._segment and error.errno in CANNOT_SEGMENT:
                self._cut_ourselves()
                return False
            # There is no buffer left, or no route for the moment. Datagrams may get lost; the session goes on
            self.refused += 1
        return True

    def send_control(self, packet: bytes) -> None:
        """Send one compound RTCP packet."""
        for one in tapped(self.taps, [packet], True):
            self.pass_on(bytes(one), True)

    def pass_on(self, packet: bytes, control: bool) -> None:
        """Send a packet that a tap has held back; no tap sees it again. From any thread; once closed, in vain."""
        if not control:
            self._send(packet)
            return
        try:
            self._rtcp.send(packet)
        except OSError:
            self.refused += 1

    def close(self, reader: DatagramReader) -> None:
        reader.discard(self._rtp)
        reader.discard(self._rtcp)


def cut(packets: memoryview, stride: int) -> list[memoryview]:
    """The packets, one by one."""
    return [packets[start:start + stride] for start in range(0, len(packets), stride)]


def tapped(taps: list[Tap], packets: Iterable[Buffer], control: bool) -> Iterable[Buffer]:
    """What is left of the packets behind all taps."""
    for tap in taps:
        packets = [out for packet in packets for out in tap(packet, control)]
    return packets


def heard(ears: list[Tap], control: bool, handler: Handler) -> Handler:
    """A handler of what is left behind all ears."""
    def hear(data: bytes, address: Address) -> None:
        for packet in tapped(ears, [data], control):
            handler(bytes(packet), address)

    return hear


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
