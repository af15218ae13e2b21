"""RTCP, the packets that travel beside the media: who sends it, what was sent when, and that it is over.

    data = compound(SenderReport(…), SourceDescription(ssrc, "server@host"), Goodbye((ssrc,)))
    for packet in parse(data): …        # these and ReceiverReport; other types are passed over

A datagram holds several packets end to end (a compound packet), a report first (RFC 3550 §6.1). All begin alike:

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P|  count  |  packet type  |  length in 32-bit words - 1   |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rtp.reports import SIZE, ReportBlock, check_range

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203  # RFC 3550 §12.1
CNAME = 1  # the SDES item that everyone sends (RFC 3550 §6.5.1)
MAX_COUNT = 31  # the count has 5 bits
MAX_TEXT = 255  # bytes: the length of a text has 8 bits


@dataclass(frozen=True)
class SenderReport:
    """What was sent so far, and which RTP timestamp belongs to which time of day.              RFC 3550 §6.4.1

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|    RC   |   PT=SR=200   |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         SSRC of sender                        |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |              NTP timestamp, most significant word             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |             NTP timestamp, least significant word             |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         RTP timestamp                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     sender's packet count                     |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      sender's octet count                     |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |  RC report blocks of 24 bytes: what the sender itself hears   |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
    """

    ssrc: int
    ntp: int  # the time of day, see rtp.timestamps.ntp_time
    rtp_timestamp: int  # the same moment on the clock of the RTP timestamps, with their random start
    packets: int  # RTP packets sent since this SSRC began
    octets: int  # bytes of payload in them: no headers, no padding
    blocks: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, body: bytes, count: int) -> list[RtcpPacket]:
        _check_size("sender", body, 24, count)
        ssrc, ntp, rtp_timestamp, packets, octets = struct.unpack_from("!IQIII", body)
        return [cls(ssrc, ntp, rtp_timestamp, packets, octets, ReportBlock.parse_all(body, 24, count))]

    def __bytes__(self) -> bytes:
        check_range("ssrc", self.ssrc, bits=32)
        check_range("ntp", self.ntp, bits=64)
        check_range("rtp_timestamp", self.rtp_timestamp, bits=32)
        # These two only grow, and 4 GiB are soon sent: the packet carries their lowest 32 bits, as every sender's does.
        sent = self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF
        head = struct.pack("!IQIII", self.ssrc, self.ntp, self.rtp_timestamp, *sent)
        return _packet(SENDER_REPORT, len(self.blocks), head + b"".join(map(bytes, self.blocks)))


@dataclass(frozen=True)
class ReceiverReport:
    """What one who only receives hears.                                                         RFC 3550 §6.4.2

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|    RC   |   PT=RR=201   |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    SSRC of the receiver                       |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |                RC report blocks of 24 bytes                   |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+

    Without blocks: nothing was heard.
    """

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, body: bytes, count: int) -> list[RtcpPacket]:
        _check_size("receiver", body, 4, count)
        (ssrc,) = struct.unpack_from("!I", body)
        return [cls(ssrc, ReportBlock.parse_all(body, 4, count))]

    def __bytes__(self) -> bytes:
        check_range("ssrc", self.ssrc, bits=32)
        body = struct.pack("!I", self.ssrc) + b"".join(map(bytes, self.blocks))
        return _packet(RECEIVER_REPORT, len(self.blocks), body)


@dataclass(frozen=True)
class SourceDescription:
    """The lasting name of a source, whose SSRC is only a random number.                          RFC 3550 §6.5

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|    SC   |  PT=SDES=202  |             length            |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
        |                             SSRC                              |  chunk
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |    CNAME=1    |     length    | user and domain name        ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | other items …                 |  1 to 4 zeros, up to a word   |
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+

    One chunk is written; of a packet with several, each becomes a SourceDescription. Other items are passed over.
    """

    ssrc: int
    cname: str  # at most 255 bytes of UTF-8; "" when a peer's chunk has none

    @classmethod
    def parse(cls, body: bytes, count: int) -> list[RtcpPacket]:
        chunks: list[RtcpPacket] = []
        at = 0
        for _ in range(count):
            if len(body) < at + 8:
                raise ValueError(f"a source description is cut off in chunk {len(chunks) + 1} of {count}")
            (ssrc,) = struct.unpack_from("!I", body, at)
            items, at = _items(body, at + 4)
            chunks.append(cls(ssrc, items.get(CNAME, "")))
        return chunks

    def __bytes__(self) -> bytes:
        check_range("ssrc", self.ssrc, bits=32)
        chunk = struct.pack("!IB", self.ssrc, CNAME) + _text("cname", self.cname)
        # At least one zero ends the list of items, and more fill up the word: 4 when it was full already.
        return _packet(SOURCE_DESCRIPTION, 1, chunk + bytes(4 - len(chunk) % 4))


@dataclass(frozen=True)
class Goodbye:
    """These sources send no more.                                                               RFC 3550 §6.6

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |V=2|P|    SC   |   PT=BYE=203  |             length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                           SC SSRCs                          ...
        +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
  (opt) |     length    |               reason for leaving            ...
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    ssrcs: tuple[int, ...]
    reason: str = ""  # at most 255 bytes of UTF-8

    @classmethod
    def parse(cls, body: bytes, count: int) -> list[RtcpPacket]:
        if len(body) < 4 * count:
            raise ValueError(f"a goodbye of {count} sources needs {4 * count} bytes, and has {len(body)}")
        reason = _read_text(body, 4 * count) if len(body) > 4 * count else ""
        return [cls(struct.unpack_from(f"!{count}I", body), reason)]

    def __bytes__(self) -> bytes:
        for ssrc in self.ssrcs:
            check_range("ssrcs", ssrc, bits=32)
        reason = _text("reason", self.reason) if self.reason else b""
        padded = reason + bytes(-len(reason) % 4)  # unlike in a source description, no zero need follow the text
        return _packet(GOODBYE, len(self.ssrcs), struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs) + padded)


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye

_PARSERS = {
    SENDER_REPORT: SenderReport.parse,
    RECEIVER_REPORT: ReceiverReport.parse,
    SOURCE_DESCRIPTION: SourceDescription.parse,
    GOODBYE: Goodbye.parse,
}


def compound(*packets: RtcpPacket) -> bytes:
    """One datagram of several packets. A report comes first, then a SourceDescription.          RFC 3550 §6.1"""
    return b"".join(map(bytes, packets))


def parse(data: bytes) -> list[RtcpPacket]:
    """The packets of a datagram, without those of other types. ValueError: this is no RTCP, and why.

    That a report comes first is not asked for: players send single packets, and what they say is plain all the same.
    """
    if not data:
        raise ValueError("an empty datagram is no RTCP")
    packets: list[RtcpPacket] = []
    at = 0
    while at < len(data):
        kind, count, body, at = _take(data, at)
        if kind in _PARSERS:
            packets += _PARSERS[kind](body, count)
    return packets


def _take(data: bytes, at: int) -> tuple[int, int, bytes, int]:
    """One packet: its type, its count, its content without padding, and where the next one starts."""
    if len(data) < at + 4:
        raise ValueError(f"an RTCP header has 4 bytes, and {len(data) - at} are left at byte {at}")
    first, kind, words = struct.unpack_from("!BBH", data, at)
    if first >> 6 != 2:
        raise ValueError(f"the version of RTCP is 2, and the packet at byte {at} says {first >> 6}")
    end = at + 4 + 4 * words
    body = data[at + 4 : end]
    if end > len(data):
        raise ValueError(f"the RTCP packet at byte {at} ends at {end}, and the datagram at {len(data)}")
    if first & 0x20:
        body = _without_padding(body, last=end == len(data))
    return kind, first & 0x1F, body, end


def _without_padding(body: bytes, last: bool) -> bytes:
    """Padding fills the datagram for a cipher: only at its end, in whole words, the last byte counts it (§6.4.1)."""
    size = body[-1] if body else 0
    if not last or size == 0 or size % 4 or size > len(body):
        raise ValueError(f"{size} bytes of padding in an RTCP packet of {len(body) + 4} (only the last may have some)")
    return body[:-size]


def _check_size(kind: str, body: bytes, head: int, count: int) -> None:
    needed = head + SIZE * count
    if len(body) < needed:
        raise ValueError(f"a {kind} report with {count} blocks needs {needed} bytes, and has {len(body)}")


def _packet(kind: int, count: int, body: bytes) -> bytes:
    if count > MAX_COUNT:
        raise ValueError(f"an RTCP packet lists at most {MAX_COUNT} sources, not {count}")
    return struct.pack("!BBH", 2 << 6 | count, kind, len(body) // 4) + body


def _items(body: bytes, at: int) -> tuple[dict[int, str], int]:
    """The items of one chunk by type, and where the next chunk starts."""
    items: dict[int, str] = {}
    while at < len(body) and body[at] != 0:
        items[body[at]] = _read_text(body, at + 1)
        at += 2 + body[at + 1]
    if at >= len(body):
        raise ValueError("the items of a source description do not end with a zero")
    return items, at // 4 * 4 + 4  # the zero is within the last word of the chunk


def _read_text(body: bytes, at: int) -> str:
    """A length in one byte, then that much text."""
    if len(body) <= at or len(body) < at + 1 + body[at]:
        raise ValueError("an RTCP text is cut off")
    # A name that is not UTF-8 is no reason to lose the rest of the datagram, a goodbye for instance.
    return body[at + 1 : at + 1 + body[at]].decode(errors="replace")


def _text(name: str, text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > MAX_TEXT:
        raise ValueError(f"{name} has {len(encoded)} bytes, and at most {MAX_TEXT} fit")
    return bytes((len(encoded),)) + encoded
