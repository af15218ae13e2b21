"""One RTP packet: fields to bytes (encode), bytes to fields (decode).      RFC 3550 §5.1

    packet = RtpPacket()
    packet.encode(2, 0, 0, 0, seqnum, marker, 26, ssrc, payload, timestamp=90000)
    sock.sendto(packet.getPacket(), address)

    packet = RtpPacket()
    packet.decode(data)                 # ValueError: this is no RTP packet, and why
    packet.seqNum(), packet.marker(), packet.getPayload()
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from time import time

HEADER_SIZE = 12  # bytes: the fixed header, which every packet has
VERSION = 2
PLAIN = VERSION << 6  # the first byte of nearly every packet: no padding, no extension, no contributing sources
FIXED = struct.Struct("!BBHII")

# An RTCP packet that strayed to the RTP port has one of these numbers (SR RR SDES BYE APP) where RTP has its
# second byte. RTP payload types 72-76 are therefore never assigned (RFC 3551 §6, RFC 3550 §A.1).
RTCP_TYPES = range(200, 205)


class RtpPacket:
    """A header, a payload and perhaps some padding.

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|X|  CC   |M|     PT      |       sequence number         |  byte 0
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           timestamp                           |  byte 4
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           synchronization source (SSRC) identifier            |  byte 8
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |      contributing sources (CSRC): CC numbers, often none      |  byte 12
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |  X=1: defined by profile      |  X=1: length in 32-bit words  |  header
        |                 that many words of extension                  |  extension
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |                            payload                            |
        |               +---------------+---------------+---------------+
        |               |  P=1: padding; its last byte says how long    |
        +---------------+-----------------------------------------------+
    """

    def __init__(self) -> None:
        # Made here and not in the class body: a bytearray there would be one and the same for all packets.
        self.header = bytearray(HEADER_SIZE)  # CSRC list and extension included
        self.payload = b""
        self.paddingSize = 0

    def encode(
        self,
        version: int,
        padding: int,
        extension: int,
        cc: int,
        seqnum: int,
        marker: int,
        pt: int,
        ssrc: int,
        payload: bytes,
        *,
        timestamp: int | None = None,
        csrcs: Sequence[int] = (),
        headerExtension: tuple[int, bytes] | None = None,
        paddingSize: int = 0,
    ) -> None:
        """Build the packet from its fields.

        timestamp is in ticks of the payload's clock (90 kHz for JPEG); left out, it is the time in whole seconds, as
        the lab's handout has it. headerExtension is (profile, data), data a multiple of 4 bytes. paddingSize: bytes.
        ValueError names a field that is out of range or disagrees with another. Nothing is cut to fit: numbers that
        wrap around (seqnum, timestamp) are wrapped by the caller, who knows that they do.
        """
        timestamp = int(time()) if timestamp is None else timestamp
        fields = ("version", version, 2), ("cc", cc, 4), ("marker", marker, 1), ("pt", pt, 7), ("seqnum", seqnum, 16)
        numbers = ("timestamp", timestamp, 32), ("ssrc", ssrc, 32), ("paddingSize", paddingSize, 8)
        for name, value, bits in (*fields, *numbers):
            _checkRange(name, value, bits)
        _checkAgrees("padding", padding, int(paddingSize > 0), f"paddingSize is {paddingSize}")
        _checkAgrees("extension", extension, int(headerExtension is not None), f"headerExtension is {headerExtension}")
        _checkAgrees("cc", cc, len(csrcs), f"there are {len(csrcs)} csrcs")

        header = bytearray(HEADER_SIZE)
        header[0] = version << 6 | padding << 5 | extension << 4 | cc
        header[1] = marker << 7 | pt  # the marker bit: top bit of byte 1
        header[2:4] = seqnum.to_bytes(2, "big")
        header[4:8] = timestamp.to_bytes(4, "big")
        header[8:12] = ssrc.to_bytes(4, "big")
        for csrc in csrcs:
            _checkRange("csrcs", csrc, bits=32)
            header += csrc.to_bytes(4, "big")
        if headerExtension is not None:
            header += _encodeExtension(*headerExtension)
        self.header, self.payload, self.paddingSize = header, bytes(payload), paddingSize

    def decode(self, byteStream: bytes | bytearray | memoryview, *, strict: bool = True) -> None:
        """Take a received packet apart. ValueError says why it is no RTP packet; this object is then unchanged.

        strict=False is for the servers of the lab, some of which leave the version bits 0: of a packet whose version is
        not 2, nothing but the fixed header is believed; its 12 bytes are cut off and the rest is the payload.
        """
        data = bytes(byteStream)
        if len(data) < HEADER_SIZE:
            raise ValueError(f"an RTP header has {HEADER_SIZE} bytes, and only {len(data)} came")
        version = data[0] >> 6
        if version == VERSION:
            start, paddingSize = _payloadStart(data), _paddingSize(data)
        elif not strict:
            start, paddingSize = HEADER_SIZE, 0
        else:
            raise ValueError(f"the version of RTP is {VERSION}, and this packet says {version}")
        end = len(data) - paddingSize
        if end < start:
            raise ValueError(f"{paddingSize} bytes of padding, and only {len(data) - start} bytes after the header")
        self.header, self.payload, self.paddingSize = bytearray(data[:start]), data[start:end], paddingSize

    # Each accessor is the other direction of one line in encode().               RFC 3550 §5.1

    def version(self) -> int:
        """Bits 0-1: 2."""
        return self.header[0] >> 6

    def padding(self) -> int:
        """Bit 2: 1 when padding follows the payload."""
        return self.header[0] >> 5 & 1

    def extension(self) -> int:
        """Bit 3: 1 when a header extension follows the CSRC list."""
        return self.header[0] >> 4 & 1

    def cc(self) -> int:
        """Bits 4-7: how many contributing sources are listed."""
        return self.header[0] & 0x0F

    def marker(self) -> int:
        """Bit 8: for video, 1 on the last packet of a frame."""
        return self.header[1] >> 7

    def payloadType(self) -> int:
        """Bits 9-15: 26 is JPEG (RFC 3551 §6)."""
        return self.header[1] & 0x7F

    def seqNum(self) -> int:
        """Bytes 2-3: one more with each packet sent; 0 follows 65535."""
        return int.from_bytes(self.header[2:4], "big")

    def timestamp(self) -> int:
        """Bytes 4-7: when the first byte of the payload was sampled, in ticks of the payload's clock."""
        return int.from_bytes(self.header[4:8], "big")

    def ssrc(self) -> int:
        """Bytes 8-11: a random number that names the sender of this stream."""
        return int.from_bytes(self.header[8:12], "big")

    def csrcs(self) -> tuple[int, ...]:
        """The sources that a mixer has put together in this packet."""
        listed = self.header[HEADER_SIZE : HEADER_SIZE + 4 * self.cc()]
        return tuple(csrc for (csrc,) in struct.iter_unpack("!I", listed))

    def headerExtension(self) -> tuple[int, bytes] | None:
        """(profile, data) of the header extension, or None.                     RFC 3550 §5.3.1"""
        found = self.header[HEADER_SIZE + 4 * self.cc() :]
        return (int.from_bytes(found[:2], "big"), bytes(found[4:])) if found else None

    def getPayload(self) -> bytes:
        """The payload, without padding."""
        return self.payload

    def getPacket(self) -> bytes:
        """The whole packet, as it travels."""
        return bytes(self.header) + self.payload + _encodePadding(self.paddingSize)


def fields(data: bytes, *, strict: bool = True) -> tuple[int, int, int, int, int, bytes]:
    """Marker, payload type, sequence number, timestamp, SSRC, payload: what decode() finds, with the same errors, for
    who gets many packets and only reads them."""
    if len(data) >= HEADER_SIZE and data[0] == PLAIN and data[1] not in RTCP_TYPES:
        _, second, seqnum, timestamp, ssrc = FIXED.unpack_from(data)
        return second >> 7, second & 0x7F, seqnum, timestamp, ssrc, data[HEADER_SIZE:]
    packet = RtpPacket()
    packet.decode(data, strict=strict)
    numbers = packet.marker(), packet.payloadType(), packet.seqNum(), packet.timestamp(), packet.ssrc()
    return *numbers, packet.getPayload()


def _checkRange(name: str, value: int, bits: int) -> None:
    if not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise ValueError(f"{name} is a whole number from 0 to {(1 << bits) - 1}, not {value!r}")


def _checkAgrees(name: str, value: int, wanted: int, because: str) -> None:
    if value != wanted:
        raise ValueError(f"{name} is {value!r}, but {because}")


def _encodeExtension(profile: int, data: bytes) -> bytes:
    words, odd = divmod(len(data), 4)
    _checkRange("headerExtension profile", profile, bits=16)
    _checkRange("headerExtension length in words", words, bits=16)
    _checkAgrees("headerExtension length modulo 4", odd, 0, "it is counted in words of 4 bytes")
    return struct.pack("!HH", profile, words) + data


def _encodePadding(size: int) -> bytes:
    return bytes(size - 1) + bytes([size]) if size else b""


def _payloadStart(data: bytes) -> int:
    """Where the payload of a version 2 packet begins: after CSRC list and extension, which must be there in full."""
    if data[1] in RTCP_TYPES:
        raise ValueError(f"this is an RTCP packet (type {data[1]}), not RTP")
    start = HEADER_SIZE + 4 * (data[0] & 0x0F)
    if data[0] >> 4 & 1:
        words = int.from_bytes(data[start + 2 : start + 4], "big")
        start += 4 + 4 * words
    if start > len(data):
        raise ValueError(f"CSRC list and header extension need {start} bytes, and the packet has {len(data)}")
    return start


def _paddingSize(data: bytes) -> int:
    if not data[0] >> 5 & 1:
        return 0
    if data[-1] == 0:
        raise ValueError("the padding bit is set, but the last byte says 0 bytes of padding")
    return data[-1]
