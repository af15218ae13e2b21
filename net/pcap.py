"""A capture file as Wireshark reads it: packets in IP, UDP and TCP headers, as they would have been on the wire.

The program sees what it sends and receives, not the headers around it: those are made up here, with lengths, checksums
and TCP's numbers that are right. The file's format is that of libpcap, version 2.4, with link type RAW: each packet
begins with its IP header. Plain data: no file, no socket, no clock.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from functools import lru_cache
from struct import pack

from net.addresses import Address

LINKTYPE_RAW = 101
LONGEST = 262144                        # bytes of a packet, at most; IP has no room for more than 65,535
FILE_HEADER = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, LONGEST, LINKTYPE_RAW)
TCP, UDP = 6, 17                        # numbers of the protocols
HOPS = 64
SEGMENT = 1440                          # bytes of data in a TCP segment, as over Ethernet with IPv6
WINDOW, SCALE = 65535, 7                # bytes that may be unacknowledged, times 2 ** SCALE (RFC 7323)
FIN, SYN, PUSH, ACK = 0x01, 0x02, 0x08, 0x10


def record(packet: bytes, when: int) -> bytes:
    """One packet as it stands in the file; `when` in nanoseconds since 1970."""
    seconds, rest = divmod(when, 10**9)
    return pack("<IIII", seconds, rest // 1000, len(packet), len(packet)) + packet


def datagram(source: Address, destination: Address, data: bytes) -> bytes:
    """UDP (RFC 768) in IP."""
    size = 8 + len(data)
    head = pack("!HHH", source[1], destination[1], size)
    # In UDP 0 means that there is none; 0xFFFF says the same as a sum
    check = checksum(_pseudo(source, destination, UDP, size) + head + b"\0\0" + data) or 0xFFFF
    return _ip(source, destination, UDP, head + pack("!H", check) + data)


def segment(source: Address, destination: Address, numbers: tuple[int, int], flags: int, data: bytes = b"") -> bytes:
    """TCP (RFC 9293 §3.1) in IP; `numbers`: sequence and acknowledgement."""
    # Of the first two segments: the largest that shall come, and the window's scale, aligned by one byte
    options = pack("!BBHBBBB", 2, 4, SEGMENT, 1, 3, 3, SCALE) if flags & SYN else b""
    sequence, acknowledged = (number & 0xFFFFFFFF for number in numbers)
    offset = (20 + len(options)) // 4 << 4
    head = pack("!HHIIBBH", source[1], destination[1], sequence, acknowledged, offset, flags, WINDOW)
    size = len(head) + 4 + len(options) + len(data)
    check = checksum(_pseudo(source, destination, TCP, size) + head + bytes(4) + options + data)
    return _ip(source, destination, TCP, head + pack("!HH", check, 0) + options + data)


def _ip(source: Address, destination: Address, protocol: int, content: bytes) -> bytes:
    one, other = _packed(source), _packed(destination)
    if len(one) == 16:
        return pack("!IHBB", 6 << 28, len(content), protocol, HOPS) + one + other + content     # RFC 8200 §3
    # RFC 791 §3.1: version and length, service, size | identification, don't fragment | hops, protocol, checksum
    head = pack("!BBHHHBB", 0x45, 0, 20 + len(content), 0, 0x4000, HOPS, protocol)
    return head + pack("!H", checksum(head + bytes(2) + one + other)) + one + other + content


def _pseudo(source: Address, destination: Address, protocol: int, size: int) -> bytes:
    """What the checksums of UDP and TCP cover besides (RFC 768, RFC 8200 §8.1); the order of words does not matter."""
    return _packed(source) + _packed(destination) + pack("!HH", protocol, size)


def _packed(address: Address) -> bytes:
    return _packed_host(address[0])


@lru_cache(1000)        # a few are asked for all the time, and reading one takes longer than all the rest
def _packed_host(host: str) -> bytes:
    return ipaddress.ip_address(host.partition("%")[0]).packed      # without the scope of a link-local one


def checksum(data: bytes) -> int:
    """The complement of the sum of all 16-bit words with carries added (RFC 1071), which is the remainder modulo
    65,535."""
    return -int.from_bytes(data + b"\0" if len(data) % 2 else data, "big") % 0xFFFF


@dataclass
class Dialogue:
    """One TCP connection as packets. The other side acknowledges everything at once."""

    client: Address
    server: Address
    numbers: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})   # the next one of client and server

    def opened(self) -> list[bytes]:
        """The three packets at the start."""
        packets = [segment(self.client, self.server, (0, 0), SYN), segment(self.server, self.client, (0, 1), SYN | ACK)]
        self.numbers = {True: 1, False: 1}
        return [*packets, self._segment(True, ACK)]

    def said(self, by_client: bool, data: bytes) -> list[bytes]:
        """These bytes of the stream, whether they are cut into segments or not, and the acknowledgement."""
        parts = [data[start:start + SEGMENT] for start in range(0, len(data), SEGMENT)]
        packets = [self._segment(by_client, PUSH | ACK if part is parts[-1] else ACK, part) for part in parts]
        return [*packets, self._segment(not by_client, ACK)]

    def missed(self, by_client: bool, size: int) -> None:
        """So many bytes are not in the capture."""
        self.numbers[by_client] += size

    def closed(self, by_client: bool) -> list[bytes]:
        """One side ends it, the other agrees."""
        return [self._segment(by_client, FIN | ACK), self._segment(not by_client, FIN | ACK),
                self._segment(by_client, ACK)]

    def _segment(self, by_client: bool, flags: int, data: bytes = b"") -> bytes:
        ends = (self.client, self.server) if by_client else (self.server, self.client)
        packet = segment(*ends, (self.numbers[by_client], self.numbers[not by_client]), flags, data)
        self.numbers[by_client] += len(data) + (flags & FIN)
        return packet
