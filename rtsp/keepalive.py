"""When a client's session needs a sign of life, and which one (RFC 2326 §12.37)."""

from __future__ import annotations

from collections.abc import Collection

from rtsp.headers import SessionHeader

SESSION_TIMEOUT = 60  # seconds, where the server names no other


class Keepalive:
    """Every request is a sign of life; one is made where there has been none for half of the session's timeout.

    now: seconds of any steady clock."""

    def __init__(self, now: float) -> None:
        self.spoke = now  # when the latest request was sent
        self._sent: set[int] = set()  # the CSeqs of those that nobody waits for

    def due(self, session: SessionHeader) -> float:
        """When the next one has to go."""
        return self.spoke + (session.timeout or SESSION_TIMEOUT) / 2

    def sent(self, cseq: int) -> None:
        self._sent.add(cseq)

    def is_answer(self, cseq: int | None) -> bool:
        """Was this the number of a sign of life? Asked once, when its reply comes."""
        if cseq in self._sent:
            self._sent.discard(cseq)
            return True
        return False


def method(public: Collection[str]) -> str:
    """What ffmpeg and VLC use: GET_PARAMETER where the server says that it knows it, else OPTIONS, which all know."""
    return "GET_PARAMETER" if "GET_PARAMETER" in public else "OPTIONS"
