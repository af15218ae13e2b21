"""Which reply belongs to which request, and waiting for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from net.connection import LONGEST_WAIT, ConnectionClosed
from rtsp.message import Response


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

    def expect(self) -> int:
        """The number of a new request, the CSeq of RFC 2326 §12.17."""
        with self._news:
            self._cseq += 1
            self._replies[self._cseq] = None
            self._asked[self._cseq] = self._clock()
            return self._cseq

    def deliver(self, cseq: int | None, reply: Response) -> int | None:
        """Which request this answers; None: none that we know of. `cseq` None: the oldest one that has no reply yet."""
        with self._news:
            if cseq is None:
                cseq = next((known for known, came in self._replies.items() if came is None), None)
            if cseq is None or cseq not in self._replies:
                return None
            self._replies[cseq] = reply
            self._measure(self._clock() - self._asked.pop(cseq, self._clock()))
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
