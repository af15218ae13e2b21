"""The headers of RTP, RTCP and JPEG over RTP as tables: which bits mean what. For whoever wants to show them.

A layout is a tuple of Fields in the order of their bits, as the RFC draws them, 32 bits a row. The code that reads and
writes packets does not use these tables; tests hold both against each other, and against the drawings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple

from rtp.timestamps import unix_time

RTP, JPEG = "RFC 3550 §5.1", "RFC 2435 §3.1"
SR, RR, SDES, BYE = "RFC 3550 §6.4.1", "RFC 3550 §6.4.2", "RFC 3550 §6.5", "RFC 3550 §6.6"
PAYLOAD_TYPES = {0: "PCMU", 8: "PCMA", 14: "MPA", 26: "JPEG", 32: "MPV", 33: "MP2T"}    # RFC 3551 §6
RTCP_TYPES = {200: "SR", 201: "RR", 202: "SDES", 203: "BYE", 204: "APP"}
ITEMS = {1: "CNAME", 2: "NAME", 3: "EMAIL", 4: "PHONE", 5: "LOC", 6: "TOOL", 7: "NOTE", 8: "PRIV"}
JPEG_TYPES = {0: "4:2:2", 1: "4:2:0", 64: "4:2:2, restarts", 65: "4:2:0, restarts"}


def plain(value: int) -> str:
    return str(value)


def hexadecimal(value: int) -> str:
    return f"0x{value:08X}"


def named(names: dict[int, str]) -> Callable[[int], str]:
    return lambda value: f"{value} = {names[value]}" if value in names else str(value)


def words(value: int) -> str:
    return f"{value} = {4 * (value + 1)} bytes"


def _signed(value: int) -> str:
    return str(value - (1 << 24) if value >> 23 else value)


def _seconds(value: int) -> str:
    return f"{value} = {value / 65536:.3f} s"


def _eighths(value: int) -> str:
    return f"{value} = {8 * value} px"


def _fraction(value: int) -> str:
    return f"{value} = {100 * value / 256:.1f} %"


def _date(value: int) -> str:
    """The seconds of an NTP timestamp (RFC 3550 §4); times before 1970 are no times of day."""
    seconds = unix_time(value << 32)
    return f"{value} = {datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S}" if seconds > 0 else str(value)


class Field(NamedTuple):
    """`name`: as short as the box; `bits`: of how many; `meaning`: a sentence; `text`: how the value is to be read."""

    name: str
    bits: int
    meaning: str
    text: Callable[[int], str] = plain


RTP_HEADER = (
    Field("V", 2, "Version of RTP: 2."),
    Field("P", 1, "Padding: the packet ends with bytes that are no payload; the last one says how many."),
    Field("X", 1, "Extension: one more header follows the CSRC list."),
    Field("CC", 4, "CSRC count: how many sources a mixer has put together."),
    Field("M", 1, "Marker: for video, the last packet of a frame."),
    Field("PT", 7, "Payload type: what is in the packet (RFC 3551); 26 is JPEG.", named(PAYLOAD_TYPES)),
    Field("sequence number", 16, "One more for each packet, from a random start: tells what is lost and what is late."),
    Field("timestamp", 32, "When the frame was taken, in 1/90000 s for video; the same in all packets of a frame."),
    Field("SSRC", 32, "The source: a random number, the same for all packets of a stream.", hexadecimal),
)
CSRC = (Field("CSRC", 32, "A source that has contributed to what a mixer sends.", hexadecimal),)
EXTENSION = (
    Field("defined by profile", 16, "What kind of extension this is (§5.3.1).", lambda value: f"0x{value:04X}"),
    Field("length", 16, "Its size in words of 32 bits, without these first four bytes."),
)

MAIN = (
    Field("Type-specific", 8, "0, or which field of an interlaced picture this is (§3.1.1)."),
    Field("Fragment Offset", 24, "Where in the picture's data this packet begins, in bytes; 0: the first (§3.1.2)."),
    Field("Type", 8, "How colours are sampled; 64 more: with restart markers (§3.1.3).", named(JPEG_TYPES)),
    Field("Q", 8, "Which quantization tables: 1 to 99 computed, 128 to 255 sent along (§3.1.4)."),
    Field("Width", 8, "Of the picture, in units of 8 pixels (§3.1.5).", _eighths),
    Field("Height", 8, "Of the picture, in units of 8 pixels (§3.1.6).", _eighths),
)
RESTART = (
    Field("Restart Interval", 16, "Blocks (MCUs) between two restart markers (§3.1.7)."),
    Field("F", 1, "The packet begins with the first block of an interval."),
    Field("L", 1, "The packet ends with the last block of an interval."),
    Field("Restart Count", 14, "Which interval this is; all ones: frames are to be put together whole."),
)
QUANTIZATION = (
    Field("MBZ", 8, "Must be zero (§3.1.8)."),
    Field("Precision", 8, "A bit for each table: 1 is 16 bits a number, 0 is 8."),
    Field("Length", 16, "Bytes of tables that follow; 128 are two tables."),
)

SSRC = Field("SSRC", 32, "Who sends this report.", hexadecimal)
SENDER_INFO = (
    SSRC,
    Field("NTP timestamp, seconds", 32, "The time of day when this was sent, in seconds since 1900.", _date),
    Field("NTP timestamp, fraction", 32, "… and the rest, in parts of 2³² of a second.",
          lambda value: f"{value} = {value / (1 << 32):.6f} s"),
    Field("RTP timestamp", 32, "The same moment on the clock of the RTP packets: so sound and picture find together."),
    Field("sender's packet count", 32, "RTP packets sent so far."),
    Field("sender's octet count", 32, "Bytes of payload in them."),
)
REPORT_BLOCK = (
    Field("SSRC of the source", 32, "Whose packets this is about.", hexadecimal),
    Field("fraction lost", 8, "Of the packets since the last report, in 256ths.", _fraction),
    Field("cumulative packets lost", 24, "Since the beginning; below 0 if more came twice than were lost.", _signed),
    Field("extended highest sequence number", 32, "The last one heard; the upper half counts how often it wrapped."),
    Field("interarrival jitter", 32, "How unevenly packets come, in ticks of their timestamp (RFC 3550 A.8)."),
    Field("last SR (LSR)", 32, "Middle 32 bits of the NTP time in the last sender report heard; 0: none.", hexadecimal),
    Field("delay since last SR (DLSR)", 32, "How long ago that was, in 1/65536 s: gives the round trip.", _seconds),
)
CHUNK = (Field("SSRC", 32, "The source that is described.", hexadecimal),)
ITEM = (
    Field("item", 8, "What is said of it: CNAME is its lasting name.", named(ITEMS)),
    Field("length", 8, "Bytes of text that follow."),
)
LEAVING = (Field("SSRC", 32, "The source that sends no more.", hexadecimal),)
REASON = (Field("length", 8, "Bytes of text that follow."),)


def rtcp_header(count: str, meaning: str) -> tuple[Field, ...]:
    """What all RTCP packets begin with (RFC 3550 §6.4.1); five bits are called differently in each."""
    return (
        Field("V", 2, "Version of RTP: 2."),
        Field("P", 1, "Padding: the packet ends with bytes that mean nothing; the last one says how many."),
        Field(count, 5, meaning),
        Field("PT", 8, "Which packet this is.", named(RTCP_TYPES)),
        Field("length", 16, "Words of 32 bits in the packet, less one.", words),
    )


REPORTS_HEADER = rtcp_header("RC", "How many report blocks follow.")
SOURCES_HEADER = rtcp_header("SC", "How many sources follow.")
OTHER_HEADER = rtcp_header("count", "Depends on the type.")
INTERLEAVED = (
    Field("'$'", 8, "Tells a packet from an RTSP message, which begins with a letter.", lambda value: f"0x{value:02X}"),
    Field("channel", 8, "Even: RTP, odd: RTCP, as SETUP has agreed."),
    Field("length", 16, "Bytes of the packet that follows."),
)
