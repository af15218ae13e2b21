"""Packets of one timestamp, put together as far as one call can send them: equal in size but for a shorter last one.

Nothing waits longer than it must: a group ends with its frame (the marker bit), with a packet that cannot stand in it,
or at once where packets stand for themselves, as those of sound do. What is in the packets does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

from rtp.timestamps import sequence_delta

MOST_PACKETS = 512
MOST_BYTES = 1 << 20
MAX_LOST = 1000  # numbers; a sender that is further ahead counts anew


class Packet(NamedTuple):
    """An RTP packet, as far as relaying needs it."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


class Group(NamedTuple):
    """`lost`: packets missing before it. `begins`: with it begins a frame."""

    payloads: list[tuple[bytes, bool]]
    timestamp: int
    lost: int
    begins: bool


class Grouper:
    """`together` False: each packet is a group."""

    def __init__(self, together: bool) -> None:
        self._together = together
        self._group: Group | None = None
        self._bytes = 0
        self._last: Packet | None = None

    def push(self, packet: Packet) -> list[Group]:
        """Packets in order, some may be missing; the groups that are complete with this one."""
        last, self._last = self._last, packet
        lost = sequence_delta(packet.sequence, (last.sequence + 1) & 0xFFFF) if last else 0
        done = [] if self._fits(packet, lost) else self.flush()
        if self._group is None:
            begins = last is None or last.marker or last.timestamp != packet.timestamp
            self._group, self._bytes = Group([], packet.timestamp, lost if 0 < lost <= MAX_LOST else 0, begins), 0
        self._group.payloads.append((packet.payload, packet.marker))
        self._bytes += len(packet.payload)
        return done + self.flush() if packet.marker or not self._together or self._shorter(packet) else done

    def flush(self) -> list[Group]:
        """What is at hand, without waiting for more."""
        group, self._group = self._group, None
        return [group] if group else []

    def restart(self) -> None:
        """What comes next does not go on from here: nothing is missing between."""
        self._group = self._last = None

    def _fits(self, packet: Packet, lost: int) -> bool:
        if self._group is None:
            return True
        first, _ = self._group.payloads[0]
        full = len(self._group.payloads) >= MOST_PACKETS or self._bytes + len(packet.payload) > MOST_BYTES
        return not (lost or full) and packet.timestamp == self._group.timestamp and len(packet.payload) <= len(first)

    def _shorter(self, packet: Packet) -> bool:
        assert self._group
        return len(packet.payload) < len(self._group.payloads[0][0])
