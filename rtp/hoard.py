"""A queue that a sender cannot fill the memory with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

MOST = 10_000  # items
LARGEST = 24 << 20  # bytes: seconds of a stream of 50 Mbit/s, which is as much as anybody sends


class Hoard(Generic[Item]):
    """Items in the order in which they came. Of more than `most`, or than `largest` bytes of them, the oldest are
    dropped, unless it is asked first whether it is `full`; the newest is always there."""

    def __init__(self, most: int = MOST, largest: int = LARGEST) -> None:
        self._most, self._largest = most, largest
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0

    def append(self, item: Item, size: int) -> None:
        """`size`: of the item, in bytes."""
        self._items.append((item, size))
        self._bytes += size
        while len(self._items) > 1 and (len(self._items) > self._most or self._bytes > self._largest):
            self.popleft()

    def full(self, size: int) -> bool:
        """Is there no room for another item of `size` bytes?"""
        return bool(self._items) and (len(self._items) >= self._most or self._bytes + size > self._largest)

    def popleft(self) -> Item:
        item, size = self._items.popleft()
        self._bytes -= size
        return item

    def clear(self) -> None:
        self._items.clear()
        self._bytes = 0

    @property
    def first(self) -> Item:
        return self._items[0][0]

    @property
    def last(self) -> Item:
        return self._items[-1][0]

    def __iter__(self) -> Iterator[Item]:
        return (item for item, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)
