"""What a server asks a client that has gone silent: OPTIONS, with numbers of its own (RFC 2326 §10.1, §12.17).

Any answer is a sign of life, and so is whatever else comes. No answer ends nothing: not all clients know requests of a
server. But the bytes that nobody acknowledges make TCP notice a peer that is no longer there.
"""

from __future__ import annotations

from collections import deque

from rtsp.errors import MessageError
from rtsp.message import Headers, Request, Response

KEPT = 8        # requests that may still be answered


class Pings:
    """Those of one connection. Times in seconds of any one clock."""

    def __init__(self) -> None:
        self._number = 0
        self._asked = float("-inf")         # when the latest one was sent
        self._open: deque[int] = deque(maxlen=KEPT)

    def due(self, now: float, heard: float, every: float, session: str) -> Request | None:
        """The next one, if nothing was `heard` or asked for so long; it counts as sent."""
        if now - max(heard, self._asked) < every:
            return None
        self._asked = now
        self._number += 1
        self._open.append(self._number)
        return Request("OPTIONS", "*", Headers([("CSeq", str(self._number)), ("Session", session)]))

    def answered(self, response: Response) -> bool:
        """Is this the answer to one of them, whatever its status? What is not answers nothing, and is passed over."""
        try:
            number = response.cseq
        except MessageError:
            return False
        if number is None or number not in self._open:
            return False
        self._open.remove(number)
        return True

    def excuse(self) -> bool:
        """May bytes that are no message stand for an answer? Once: they leave nothing open."""
        waiting = bool(self._open)
        self._open.clear()
        return waiting
