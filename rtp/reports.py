"""What a receiver says of the packets that it got: a report block, as it travels and as it is read.  RFC 3550 §6.4.1

Receiver reports consist of such blocks; a sender that receives, too, adds them to its own report.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from rtp.timestamps import timestamp_delta

SIZE = 24  # bytes of a block
MOST_LOST, LEAST_LOST = (1 << 23) - 1, -(1 << 23)  # what fits into 24 bits with a sign
UNITS = 65536  # parts of a second in which LSR and DLSR count
LONGEST = 60.0  # seconds; a round trip above this is the work of another clock, or of chance
ROUNDING = -0.001  # seconds by which a round trip may be below nothing, since both sides round


@dataclass(frozen=True)
class ReportBlock:
    """One source as one receiver hears it.

        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                     SSRC of the source                        |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | fraction lost |       cumulative number of packets lost       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |           extended highest sequence number received           |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                      interarrival jitter                      |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                         last SR (LSR)                         |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                   delay since last SR (DLSR)                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    ssrc: int
    fraction: int = 0  # of the packets expected since the report before, how many 256ths were lost
    lost: int = 0  # packets since the beginning; below 0 where more came twice than were lost
    highest: int = 0  # sequence number; in the upper 16 bits how often the numbers have wrapped around
    jitter: int = 0  # ticks of the RTP timestamp
    last_report: int = 0  # the middle 32 bits of the NTP time in the latest sender report; 0: there was none
    delay: int = 0  # 1/65536 s from its arrival to this report

    @classmethod
    def parse_all(cls, body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
        """`count` blocks from byte `at` on; the caller has made sure that they are there."""
        return tuple(cls._parse(body, start) for start in range(at, at + count * SIZE, SIZE))

    @classmethod
    def _parse(cls, body: bytes, at: int) -> ReportBlock:
        ssrc, both, *others = struct.unpack_from("!6I", body, at)
        lost = both & 0xFFFFFF
        return cls(ssrc, both >> 24, lost - (1 << 24) if lost > MOST_LOST else lost, *others)

    def __bytes__(self) -> bytes:
        if not LEAST_LOST <= self.lost <= MOST_LOST:
            raise ValueError(f"lost is a number from {LEAST_LOST} to {MOST_LOST}, not {self.lost}")
        check_range("fraction", self.fraction, bits=8)
        ssrc, fraction, lost, *others = astuple(self)
        for name, value in zip(("ssrc", "highest", "jitter", "last_report", "delay"), (ssrc, *others), strict=True):
            check_range(name, value, bits=32)
        return struct.pack("!6I", ssrc, fraction << 24 | lost & 0xFFFFFF, *others)


@dataclass(frozen=True)
class Reported:
    """What the other side says of how our packets arrive, in the units of people."""

    fraction: float  # of the packets since the report before, how many were lost: 0 … 1
    lost: int  # packets since the beginning
    highest: int  # see ReportBlock
    jitter: float  # seconds
    round_trip: float | None  # seconds to there and back; None: it has had no sender report of ours yet

    @classmethod
    def read(cls, block: ReportBlock, clock_rate: int, now: int) -> Reported:
        """`clock_rate`: ticks of the RTP timestamp in a second. `now`: the middle 32 bits of the NTP time at which the
        block came, on the clock of our sender reports."""
        jitter = block.jitter / clock_rate
        return cls(block.fraction / 256, block.lost, block.highest, jitter, round_trip(block, now))


def about(ssrc: int, blocks: Iterable[ReportBlock]) -> ReportBlock | None:
    """The block about this source. A receiver of a single source may mean it whatever it writes: some name their own
    SSRC."""
    found = list(blocks)
    named = [block for block in found if block.ssrc == ssrc]
    return named[-1] if named else found[0] if len(found) == 1 else None


def round_trip(block: ReportBlock, now: int) -> float | None:
    """A - LSR - DLSR, in seconds; None where that makes no sense."""
    seconds = timestamp_delta((now - block.last_report - block.delay) & 0xFFFFFFFF, 0) / UNITS
    return max(seconds, 0.0) if block.last_report and ROUNDING <= seconds <= LONGEST else None


def check_range(name: str, value: int, bits: int) -> None:
    """ValueError, with the name of the field, for what does not fit into so many bits."""
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{name} is a number from 0 to {(1 << bits) - 1}, not {value}")
