"""Media inside the RTSP connection (RFC 2326 §10.12): how packets travel where UDP does not.

    one byte "$" | one byte: the channel's number | two bytes: the packet's size | the packet
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import pack

from net.channels import SEND_BUFFER, Buffer, Tap, cut, tapped
from net.connection import Connection
from net.datagrams import DatagramReader, Handler
from rtsp.headers import PortPair
from rtsp.message import Interleaved

NUMBERS = range(256)
PREFIX = 4      # bytes before each packet


class Interleaving:
    """The channels of one connection: two numbers for each stream, one for RTP and one for RTCP."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._handlers: dict[int, Handler | None] = {}      # of each number that is taken

    def take(self, wanted: PortPair | None) -> PortPair:
        """These two numbers if they are free, else the next two that are. OSError if there are none."""
        free = [number for number in NUMBERS if number not in self._handlers]
        pairs = [(first, first + 1) for first in free[:-1] if first % 2 == 0 and first + 1 in free]
        if wanted and wanted[0] != wanted[1] and set(wanted) <= set(free):
            pairs.insert(0, wanted)
        if not pairs:
            raise OSError("no channel of the connection is free")
        self._handlers.update(dict.fromkeys(pairs[0]))
        return pairs[0]

    def listen(self, number: int, handler: Handler) -> None:
        """Hand what comes on this channel to the handler, on the thread that receives."""
        self._handlers[number] = handler

    def give_back(self, number: int) -> None:
        self._handlers.pop(number, None)

    def deliver(self, frame: Interleaved) -> None:
        """To whoever listens there; what comes on other channels is dropped."""
        handler = self._handlers.get(frame.channel)
        if handler:
            handler(frame.data, self.connection.peer)

    def __len__(self) -> int:
        return len(self._handlers)


class InterleavedChannel:
    """Two numbers of a connection, used like the sockets of a UdpChannel.

    A frame that the viewer has no room for is dropped as a whole: the next one may be in time again, and nobody waits.
    """

    crowded = True                      # the same to us; see UdpChannel
    burst = 1 << 30                     # packets sent in one go: a whole frame; TCP sees to the rest

    def __init__(self, interleaving: Interleaving, wanted: PortPair | None) -> None:
        """On the `wanted` numbers, or on others if they are taken. OSError if none are free."""
        self._interleaving = interleaving
        self.connection = interleaving.connection
        # A large frame fits in whole. And there is a limit: the system alone would let a slow viewer fall behind by
        # megabytes, which is many seconds
        self.connection.enlarge(SEND_BUFFER)
        self.numbers = interleaving.take(wanted)
        self._number = bytes(self.numbers[:1])
        self.taps: list[Tap] = []
        self.refused = 0                # frames that send() has dropped
        self._closed = False

    @property
    def parameters(self) -> dict[str, PortPair]:
        """What the Transport of the reply to SETUP says of it (RFC 2326 §12.39)."""
        return {"interleaved": self.numbers}

    def listen(self, reader: DatagramReader | None, handler: Handler) -> None:
        """Hand what the receiver sends, on either number, to this handler, on the thread that receives."""
        for number in self.numbers:
            self._interleaving.listen(number, handler)

    def send(self, packets: memoryview, stride: int) -> bool:
        """Send RTP packets that stand end to end, each behind its prefix(), `stride` bytes from one to the next; the
        last may be shorter. False: none of them was sent."""
        if self.taps:
            inner = [packet[PREFIX:] for packet in cut(packets, stride)]
            taken = self.connection.offer(framed(self.numbers[0], tapped(self.taps, inner, False)))
        elif not self.numbers[0]:                       # as most viewers have it, and as the packets were made
            taken = self.connection.offer(packets)
        else:
            count = len(range(1, len(packets), stride))
            packets[1::stride] = self._number * count   # no copy is made of them: others will send them, too
            try:
                taken = self.connection.offer(packets)
            finally:
                packets[1::stride] = bytes(count)
        self.refused += not taken
        return taken

    def straight(self, stride: int) -> tuple[Callable[[memoryview], object], int]:
        """See UdpChannel.straight(). What gets False was not sent, as with send()."""
        return self.connection.offer, 0 if self.taps or self.numbers[0] else self.burst

    def send_control(self, packet: bytes) -> None:
        """Send one compound RTCP packet. It is small, and never dropped: it may say that this is the end."""
        self.connection.offer(framed(self.numbers[1], tapped(self.taps, [packet], True)), always=True)

    def pass_on(self, packet: bytes, control: bool) -> None:
        """Send a packet that a tap has held back; no tap sees it again. From any thread; once closed, in vain."""
        if not self._closed:            # else its numbers may be another's by now
            self.refused += not self.connection.offer(framed(self.numbers[control], [packet]), always=control)

    def close(self, reader: DatagramReader | None = None) -> None:
        """The connection stays open."""
        self._closed = True
        for number in self.numbers:
            self._interleaving.give_back(number)


def framed(number: int, packets: Iterable[Buffer]) -> bytes:
    """The packets as they are written into the connection."""
    return b"".join([part for packet in packets for part in (prefix(len(packet), number), packet)])


def prefix(size: int, number: int = 0) -> bytes:
    """What stands before a packet of so many bytes."""
    return pack("!BBH", 0x24, number, size)
