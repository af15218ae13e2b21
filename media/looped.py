"""A movie that begins again when it has ended, for ever."""

from __future__ import annotations

import math

from media.source import Payloads, Source

ENDLESS = 1 << 62  # frames


class Looped(Source):
    """Frame k of `source`, over and over: times and numbers go on."""

    duration = math.inf
    seekable = True

    def __init__(self, source: Source) -> None:
        """ValueError if it has no end, or nothing in it."""
        if not source.duration:
            raise ValueError("only what has an end can begin again")
        self._source, self._round = source, source.duration
        self._count = source.frame_at(source.duration + 1.0)
        self.format, self.period, self.instant = source.format, source.period, source.instant
        self.steady = source.steady and math.isclose(self._round, self._count * source.period)

    def frame_at(self, time: float) -> int:
        if time == math.inf:
            return ENDLESS
        rounds, rest = divmod(max(0.0, time), self._round)
        return int(rounds) * self._count + self._source.frame_at(rest)

    def time(self, k: int) -> float:
        rounds, rest = divmod(k, self._count)
        return rounds * self._round + self._source.time(rest)

    def available(self, k: int) -> bool:
        return k >= 0

    def ended(self, k: int) -> bool:
        return False

    def first(self) -> int:
        return 0

    def payloads(self, k: int, size: int) -> Payloads:
        return self._source.payloads(k % self._count, size)

    def whole(self, k: int, limit: int) -> bytes:
        return self._source.whole(k % self._count, limit)

    def close(self) -> None:
        self._source.close()
