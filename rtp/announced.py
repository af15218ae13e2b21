"""The number of the first packet, as the server announced it, until it is seen whether that is true."""

from __future__ import annotations

from typing import Generic, TypeVar

from rtp.hoard import Hoard
from rtp.timestamps import sequence_delta

Packet = TypeVar("Packet")

PATIENCE = 0.5  # seconds; packets of a time before have all come by then
LOST = 200  # packets; that many may be lost before the first one that comes


class Announcement(Generic[Packet]):
    """`sequence` stands in the reply to PLAY (RTP-Info, RFC 2326 §12.33), which came at `now`.

    Packets whose numbers do not fit are kept. As soon as one fits they are of a time before, and nobody needs them. If
    none does for PATIENCE seconds, it is the announcement that is wrong: some servers send others than they say.
    """

    def __init__(self, sequence: int, now: float) -> None:
        self.kept: Hoard[Packet] = Hoard()
        self._sequence = sequence
        self._until = now + PATIENCE

    def fits(self, sequence: int) -> bool:
        return 0 <= sequence_delta(sequence, self._sequence) <= LOST

    def wrong(self, now: float) -> bool:
        return bool(self.kept) and now > self._until
