"""How long somebody has to wait who gave a wrong password: the longer the more often."""

from __future__ import annotations

from collections import OrderedDict

FIRST, LONGEST = 0.25, 5.0      # seconds; each is twice the one before
FORGOTTEN = 600.0               # seconds after the last one; then nothing is held against anybody any more
MOST = 4096                     # known at a time; more: the one that was heard of least lately is forgotten


class Pauses:
    """By address and user, so that who mistypes holds up nobody else. now: seconds of any steady clock."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def failed(self, address: str, user: str, now: float) -> float:
        """Once more; seconds to wait before that is said."""
        who = (address, user[:64])
        count, when = self._failures.pop(who, (0, now))
        count = 1 if now - when > FORGOTTEN else count + 1
        self._failures[who] = count, now
        if len(self._failures) > MOST:
            self._failures.popitem(last=False)
        return float(min(LONGEST, FIRST * 2 ** min(count - 1, 16)))

    def succeeded(self, address: str, user: str) -> None:
        self._failures.pop((address, user[:64]), None)

    def __len__(self) -> int:
        return len(self._failures)
