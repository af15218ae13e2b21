"""What a viewer saw, judged: plain arithmetic on times and numbers of packets."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SUSTAINED = 0.98  # of the frames due: a viewer that gets so many is served


class Record:
    """The frames one viewer got, in the order they came: four numbers for each packet with the marker bit.

    One flat array: 32 bytes a frame, so that an hour of a hundred viewers still fits into memory.
    """

    def __init__(self) -> None:
        self.numbers = array("d")

    def add(self, arrival: float, timestamp: int, sequence: int, packets: int) -> None:
        """arrival in seconds, the RTP timestamp and sequence number, and how many packets have come up to this one."""
        self.numbers.extend((arrival, timestamp, sequence, packets))

    def frames(self) -> Iterable[tuple[float, float, float, float]]:
        numbers = self.numbers
        return zip(numbers[0::4], numbers[1::4], numbers[2::4], numbers[3::4], strict=True)


@dataclass
class Verdict:
    """The frames of one viewer that were due in an interval."""

    expected: int  # frames that were due
    whole: int = 0  # … that came with all their packets, be it late
    lost: int = 0  # packets with a number that did not come
    late: list[float] = field(default_factory=list)  # seconds, of each frame that came

    @property
    def sustained(self) -> bool:
        return self.whole >= SUSTAINED * self.expected


def judge(record: Record, begin: float, end: float, fps: float, clock_rate: int) -> Verdict:
    """Frame k is due k periods after the first frame came, where k is what its RTP timestamp says: so a frame that was
    lost or left out does not shift the others, and a server whose clock drifts is late.

    A frame whose marker packet was lost takes the one after it along: nobody can say whose the missing packets were.
    """
    if not record.numbers:
        return Verdict(round((end - begin) * fps))
    first_arrival, first_timestamp, first_sequence, first_packets = record.numbers[:4]
    due = range(due_by(begin - first_arrival, fps), due_by(end - first_arrival, fps))
    verdict = Verdict(len(due))
    sequence, packets = first_sequence, first_packets
    for arrival, timestamp, next_sequence, next_packets in record.frames():
        missing = (next_sequence - sequence) % 0x10000 - (next_packets - packets)
        sequence, packets = next_sequence, next_packets
        k = round((timestamp - first_timestamp) % 0x1_0000_0000 * fps / clock_rate)
        if k in due:
            verdict.late.append(arrival - (first_arrival + k / fps))
            verdict.whole += missing == 0
            verdict.lost += int(missing)
    return verdict


def due_by(time: float, fps: float) -> int:
    """How many of the times 0, 1 / fps, 2 / fps, … are before `time`; all in seconds."""
    return max(0, math.ceil(time * fps))


def percentile(values: Sequence[float], part: float) -> float | None:
    """The smallest value that `part` (0.99) of all values do not exceed (nearest rank); None if there are none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]
