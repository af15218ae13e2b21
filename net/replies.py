"""Which reply belongs to which request, and waiting for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from net.connection import LONGEST_WAIT, ConnectionClosed
from rtsp.message import Response

KEPT = 8        # requests that recent() has


@dataclass
class Asked:
    """One request, and what became of it."""

    cseq: int
    method: str
    status: int | None = None               # None: there is no reply yet
    reason: str = ""
    seconds: float | None = None            # from the request to the reply


class Replies:
    """Requests that have no reply yet, in their order.

        cseq = replies.expect()             # before the request is sent
        reply = replies.wait(cseq, 5)       # any thread
        replies.deliver(cseq, reply)        # the thread that receives
        replies.fail("the connection is gone")

    `round_trip`: seconds from a request to its reply, smoothed; None before the first. A receiver alone cannot measure
    it by RTCP (RFC 3550 §6.4.1), and both take the same way.

    Lock: `_news` guards everything here.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.round_trip: float | None = None
        self.failure = ""                                       # why no reply will ever come; "" while they may
        self._clock = clock
        self._news = threading.Condition()
        self._cseq = 0
        self._replies: dict[int, Response | None] = {}
        self._asked: dict[int, float] = {}                      # when
        self._recent: deque[Asked] = deque(maxlen=KEPT)

    def expect(self, method: str = "") -> int:
        """The number of a new request, the CSeq of RFC 2326 §12.17."""
        with self._news:
            self._cseq += 1
            self._replies[self._cseq] = None
            self._asked[self._cseq] = self._clock()
            self._recent.append(Asked(self._cseq, method))
            return self._cseq

    def deliver(self, cseq: int | None, reply: Response) -> int | None:
        """Which request this answers; None: none that we know of. `cseq` None: the oldest one that has no reply yet."""
        with self._news:
            if cseq is None:
                cseq = next((known for known, came in self._replies.items() if came is None), None)
            if cseq is None or cseq not in self._replies:
                return None
            self._replies[cseq] = reply
            seconds = self._clock() - self._asked.pop(cseq, self._clock())
            self._measure(seconds)
            for asked in self._recent:
                if asked.cseq == cseq:
                    asked.status, asked.reason, asked.seconds = reply.status, reply.reason, seconds
            self._news.notify_all()
            return cseq

    def wait(self, cseq: int, timeout: float) -> Response | None:
        """The reply, None if it did not come in time. ConnectionClosed if it never will."""
        deadline = self._clock() + timeout
        try:
            with self._news:
                while (reply := self._replies[cseq]) is None:
                    left = deadline - self._clock()
                    if self.failure:
                        raise ConnectionClosed(self.failure)
                    if left <= 0:
                        return None
                    self._news.wait(min(left, LONGEST_WAIT))
                return reply
        finally:
            self.forget(cseq)

    def recent(self) -> list[Asked]:
        """The latest requests, oldest first."""
        with self._news:
            return [replace(asked) for asked in self._recent]

    def forget(self, cseq: int) -> None:
        with self._news:
            self._replies.pop(cseq, None)
            self._asked.pop(cseq, None)

    def _measure(self, seconds: float) -> None:
        """An eighth of the new one, as TCP does it (RFC 6298 §2.3)."""
        self.round_trip = seconds if self.round_trip is None else self.round_trip + (seconds - self.round_trip) / 8

    def fail(self, reason: str) -> None:
        """Nobody waits any longer. The first reason is the one that counts."""
        with self._news:
            self.failure = self.failure or reason
            self._news.notify_all()
