"""The names in a folder, remembered for a moment: who asks for movies that are not there, again and again, should not
have a large folder read each time.

What is remembered must never be wrong. It counts while the folder's own times and place are the same; it is made only
when these have been the same for SETTLED seconds, or a change that follows might be too close to be told from the last
one; it counts for LASTS seconds at most, where a file system keeps no times; and what it says of a name is compared
with the name itself.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock

SETTLED = 3.0  # seconds; the coarsest times of a file system are those of FAT: two
LASTS = 1.0  # seconds
FOLDERS = 16  # remembered, …
NAMES = 100_000  # … with so many names in all

Stamp = tuple[int, int, int, int]


@dataclass
class Listing:
    """`since`: when this stamp was first seen; `made`: when the `size` names were read; `names`: by their small
    letters."""

    stamp: Stamp
    since: float
    made: float = 0.0
    names: dict[str, list[str]] = field(default_factory=dict)
    size: int = 0


class Listings:
    """Of the folders that were asked about lately. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()  # guards the table
        self._kept: OrderedDict[str, Listing] = OrderedDict()

    def choose(self, folder: str, name: str) -> str | None:
        """See choose(). OSError if the folder cannot be read."""
        stamp, now = _stamp(folder), self._clock()
        with self._lock:
            kept = self._kept.get(folder)
        if kept is None or kept.stamp != stamp:
            kept = Listing(stamp, now)
        elif kept.size and now - kept.made < LASTS:
            chosen = choose(name, kept.names.get(name.casefold(), ()))
            if os.path.lexists(os.path.join(folder, chosen or name)) == (chosen is not None):
                return chosen
        names = os.listdir(folder)
        self._keep(folder, _read(kept, names, now) if now - kept.since >= SETTLED else kept)
        return choose(name, names)

    def _keep(self, folder: str, listing: Listing) -> None:
        with self._lock:
            self._kept[folder] = listing
            self._kept.move_to_end(folder)
            while len(self._kept) > FOLDERS or sum(one.size for one in self._kept.values()) > NAMES:
                self._kept.popitem(last=False)


def choose(name: str, names: Iterable[str]) -> str | None:
    """`name` if it is among the names, else the only one that differs in case alone: handouts say movie.Mjpeg and
    movie.MJPEG, and there is a player that asks in lower case."""
    names = list(names)
    if name in names:
        return name
    alike = [other for other in names if other.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else None


def _stamp(folder: str) -> Stamp:
    """Other when the names in it are others, or when another folder is in its place."""
    status = os.stat(folder)
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _read(kept: Listing, names: list[str], now: float) -> Listing:
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.casefold(), []).append(name)
    return Listing(kept.stamp, kept.since, now, alike, len(names))
