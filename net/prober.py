"""Receiving in a conversation in which the server, too, asks something now and then."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from net.connection import SILENCE, Connection
from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Interleaved, Request, Response
from rtsp.pings import Pings

log = logging.getLogger(__name__)


class Prober:
    """Asks a silent viewer whether it is still there, and passes its answers over. For the thread that receives."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection, self._name = connection, name
        self._pings = Pings()

    def receive(self, sessions: Sequence[tuple[str, float]]) -> Request | Interleaved | None:
        """What comes next, but for answers; None if there may be something else to do, ask() for instance. Otherwise as
        Connection.receive(). `sessions`: as (id, seconds of its timeout)."""
        try:
            patience = min([SILENCE, limits.CONNECTION_IDLE, *(timeout / 8 for _, timeout in sessions)])
            message = self._connection.receive(patience)
        except MessageError as error:
            if not self._pings.excuse():
                raise
            log.info("! %s: an answer that is none: %s", self._name, error)
            self._connection.reader.forget()
            return None
        if not isinstance(message, Response):
            return message
        if self._pings.answered(message):
            log.info("< %s: %d %s CSeq %s", self._name, message.status, message.reason, message.cseq)
        return None

    def ask(self, sessions: Sequence[tuple[str, float]]) -> None:
        """If nothing has come for half the shortest timeout of these sessions. Never waits."""
        for session, timeout in sorted(sessions, key=lambda one: one[1])[:1]:
            request = self._pings.due(self._connection.clock(), self._connection.heard, timeout / 2, session)
            if request and self._connection.offer(bytes(request)):
                log.info("> %s: %s %s CSeq %s", self._name, request.method, request.target, request.cseq)
