"""Requests out, and waiting for their replies; with name and password where the server wants them."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf

from net.connection import Connection, ConnectionClosed
from net.replies import Replies
from rtsp import asking
from rtsp.headers import SessionHeader
from rtsp.keepalive import Keepalive
from rtsp.login import Login
from rtsp.message import Response

log = logging.getLogger(__name__)

MOST = 2    # times that one request is repeated: without an answer; with one to a nonce that has grown old


@dataclass(frozen=True)
class Question:
    """A request that has no number yet."""

    method: str
    url: str
    session: SessionHeader | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lab: bool = False
    body: bytes = b""


class Exchange:
    """`replies`: what the thread that receives has to hand over; `alive`: when the next sign of life is due."""

    def __init__(self, login: Login, clock: Callable[[], float] = time.monotonic) -> None:
        self.login = login
        self.replies = Replies(clock)
        self.alive = Keepalive(clock())
        self.deadline = inf     # by the same clock: when what this is a part of must be over
        self._clock = clock

    def left(self, timeout: float) -> float:
        """How much of these seconds there is until the deadline."""
        return max(0.0, min(timeout, self.deadline - self._clock()))

    def send(self, connection: Connection, question: Question) -> int:
        """Returns the request's CSeq."""
        return self._send(connection, question, self._proof(connection, question))

    def ask(self, connection: Connection, question: Question, timeout: float) -> Response | None:
        """The reply, None if it did not come in time. ConnectionClosed if it never will."""
        for _ in range(1 + MOST):
            proof = self._proof(connection, question)
            reply = self.replies.wait(self._send(connection, question, proof), self.left(timeout))
            if reply is None or reply.status != 401:
                break
            if not self.login.challenged(reply.headers.get_all("WWW-Authenticate"), bool(proof)):
                break
        if reply is not None and 200 <= reply.status < 300 and proof:
            self.login.accepted()
        return reply

    def stay_alive(self, connection: Connection, question: Question) -> None:
        """A sign of life; nobody waits for its reply."""
        self.alive.sent(self.send(connection, question))

    def stayed_alive(self, connection: Connection, question: Question, reply: Response) -> None:
        """The reply to the last sign of life has come; if its nonce had grown old, another is sent at once, once."""
        if 200 <= reply.status < 300:
            self.login.accepted()
        elif reply.status == 401 and self.login.challenged(reply.headers.get_all("WWW-Authenticate"), True):
            self.replies.forget(self.send(connection, question))

    def _proof(self, connection: Connection, question: Question) -> dict[str, str]:
        if question.lab:
            return {}
        return self.login.header(question.method, question.url, secrets.token_hex(8), connection.encrypted)

    def _send(self, connection: Connection, question: Question, proof: Mapping[str, str]) -> int:
        cseq = self.replies.expect(question.method)
        headers = {**question.headers, **proof}
        request = asking.request(question.method, question.url, cseq, question.session, headers, question.lab,
                                 question.body)
        log.info("> %s %s (CSeq %d)", question.method, question.url, cseq)
        self.alive.spoke = self._clock()
        try:
            connection.send(bytes(request))
        except ConnectionClosed:
            self.replies.forget(cseq)
            raise
        return cseq
