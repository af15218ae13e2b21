"""Puts packets back in the order of their sequence numbers.

The network may let packets overtake each other, and the depacketizer needs them in order. So a packet that is ahead
waits for the missing one before it; not for ever, though, because the missing one may be lost and the picture stands
still meanwhile. Waiting ends when the gap fills, when `patience` is over, or when `depth` packets wait.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from rtp.timestamps import sequence_delta

Item = TypeVar("Item")

MAX_JUMP = 1000  # numbers: nothing is so late, and so much is not lost in one go without the picture standing still
MAX_MISORDER = 100  # numbers: what is later than that is either a straggler or a sender that starts anew


class ReorderBuffer(Generic[Item]):
    """Items go in by sequence number as they come, and come out in order, each once.

    depth: packets that may wait. patience: seconds that one may wait for those before it.
    """

    def __init__(self, depth: int = 64, patience: float = 0.05) -> None:
        self._depth = depth
        self._patience = patience
        self._next = 0  # the number to come out next, once begun
        self._begun = False  # False: the next packet to come is the first
        self._waiting: dict[int, tuple[float, Item]] = {}  # number: (since when, item), in order of arrival
        self._too_late: int | None = None  # the latest number that came too late

    def push(self, sequence: int, item: Item, now: float) -> list[Item]:
        """An item came; now is in seconds of any steady clock. Returns the items whose turn it is."""
        if sequence == self._next and self._begun and not self._waiting:  # nearly always
            self._next = (sequence + 1) % (1 << 16)
            self._too_late = None
            return [item]
        if not self._begun:
            self.restart(sequence)
        ahead = sequence_delta(sequence, self._next)
        if abs(ahead) > MAX_JUMP or self._starts_anew(sequence, ahead):
            before = self._release_all()
            self.restart(sequence)
            return before + self.push(sequence, item, now)
        if ahead < 0:
            self._too_late = sequence
            return []
        self._too_late = None
        self._waiting.setdefault(sequence, (now, item))  # a duplicate changes nothing
        return self.flush(now)

    def flush(self, now: float) -> list[Item]:
        """The items whose turn it is because nothing before them is missing, or was waited for long enough."""
        items = self._release_run()
        while self._waiting and (len(self._waiting) > self._depth or now >= self._since() + self._patience):
            self._skip_gap()
            items += self._release_run()
        return items

    def next_flush(self) -> float | None:
        """When flush() will have something even if nothing comes; None when nothing waits."""
        return self._since() + self._patience if self._waiting else None

    def restart(self, sequence: int | None = None) -> None:
        """Forget what waits. The next number is `sequence`, or else that of the next packet to come."""
        self._waiting.clear()
        self._next, self._begun = sequence or 0, sequence is not None
        self._too_late = None

    def _starts_anew(self, sequence: int, ahead: int) -> bool:
        """A sender that counts from 1 again may be too near for a jump; two late numbers in a row give it away.

        RFC 3550 §A.1 believes a sequence number that is far off in the same way.
        """
        return ahead < -MAX_MISORDER and self._too_late is not None and sequence_delta(sequence, self._too_late) == 1

    def _since(self) -> float:
        """When the gap was noticed: the first of those that wait arrived."""
        since, _ = next(iter(self._waiting.values()))
        return since

    def _release_run(self) -> list[Item]:
        items = []
        while self._next in self._waiting:
            items.append(self._waiting.pop(self._next)[1])
            self._next = (self._next + 1) % (1 << 16)
        return items

    def _skip_gap(self) -> None:
        self._next = min(self._waiting, key=lambda number: sequence_delta(number, self._next))

    def _release_all(self) -> list[Item]:
        items = []
        while self._waiting:
            self._skip_gap()
            items += self._release_run()
        return items
