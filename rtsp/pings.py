"""What a server asks a client, with numbers of its own (RFC 2326 §12.17): OPTIONS of one that has gone silent (§10.1),
and whatever else there is to ask.

Any answer is a sign of life, and so is whatever else comes. No answer ends nothing: not all clients know requests of a
server. But the bytes that nobody acknowledges make TCP notice a peer that is no longer there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

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
        return self.ask("OPTIONS", "*", [("Session", session)])

    def ask(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Request:
        """Any other request; it counts as sent."""
        self._number += 1
        self._open.append(self._number)
        return Request(method, target, Headers([("CSeq", str(self._number)), *headers]), body)

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
