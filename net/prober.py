"""Receiving in a conversation in which the server, too, asks something now and then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence

from net.connection import SILENCE, Connection
from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Interleaved, Request, Response
from rtsp.pings import Pings

log = logging.getLogger(__name__)


class Prober:
    """Asks a silent viewer whether it is still there, and passes its answers over. For the thread that receives, but
    for say().

    Lock: `_lock` guards the numbers; nobody waits while holding it."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._pings = Pings()
        self._lock = threading.Lock()

    def receive(self, sessions: Sequence[tuple[str, float]]) -> Request | Interleaved | None:
        """What comes next, but for answers; None if there may be something else to do, ask() for instance. Otherwise as
        Connection.receive(). `sessions`: as (id, seconds of its timeout)."""
        try:
            patience = min([SILENCE, limits.CONNECTION_IDLE, *(timeout / 8 for _, timeout in sessions)])
            message = self._connection.receive(patience)
        except MessageError as error:
            with self._lock:
                excused = self._pings.excuse()
            if not excused:
                raise
            log.info("! %s: an answer that is none: %s", self._name, error)
            self._connection.reader.forget()
            return None
        if not isinstance(message, Response):
            return message
        with self._lock:
            answered = self._pings.answered(message)
        if answered:
            log.info("< %s: %d %s CSeq %s", self._name, message.status, message.reason, message.cseq)
        return None

    def ask(self, sessions: Sequence[tuple[str, float]]) -> None:
        """If nothing has come for half the shortest timeout of these sessions. Never waits."""
        for session, timeout in sorted(sessions, key=lambda one: one[1])[:1]:
            with self._lock:
                request = self._pings.due(self._connection.clock(), self._connection.heard, timeout / 2, session)
            if request and self._connection.offer(bytes(request)):
                self._note(request)

    def say(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bool:
        """Ask something else, from any thread. Never waits; False if the connection is gone. What comes back is for the
        log: not all clients know requests of a server."""
        with self._lock:
            request = self._pings.ask(method, target, headers, body)
        sent = self._connection.offer(bytes(request), always=True)
        if sent:
            self._note(request)
        return sent

    def _note(self, request: Request) -> None:
        log.info("> %s: %s %s CSeq %s", self._name, request.method, request.target, request.cseq)
