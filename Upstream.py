"""A proxy's connection to an origin: a client that passes on what others ask, and what the origin sends."""

import logging
import threading
import weakref
from dataclasses import dataclass, field, replace

from net.connection import ConnectionClosed
from net.exchange import Exchange, Question
from net.trust import SYSTEM
from net.way import Way
from rtsp import granted, via
from rtsp.errors import RtspError
from rtsp.failures import ClientError, ConnectError, UsageError
from rtsp.message import Headers, Request
from RtspClient import RtspClient

log = logging.getLogger(__name__)

PATIENCE = 4.0          # seconds an origin has for a reply: less than players have for ours
FAREWELL = 1.0          # seconds for the last one


@dataclass(frozen=True)
class Passed(Question):
    """Somebody else's request: its headers as they are, some of them twice."""

    lines: Headers = field(default_factory=Headers)
    content: bytes = b""


class Relaying(Exchange):
    """Asks in its own words, and says who we are (`via`), and in those of others."""

    def __init__(self, login, via, clock):
        super().__init__(login, clock)
        self.via = {"Via": via}

    def written(self, question, proof):
        """A request of somebody else with our number, and that number."""
        cseq = self.replies.expect()
        session = [("Session", question.session.id)] if question.session else []
        headers = Headers([("CSeq", str(cseq)), *session, *question.lines, *proof.items()])
        log.info("> %s %s (CSeq %d)", question.method, question.url, cseq)
        self.alive.spoke = self._clock()
        return cseq, bytes(Request(question.method, question.url, headers, question.content))

    def farewell(self, connection, question):
        """Send it without waiting for anything; its number."""
        cseq, data = self.written(question, self._proof(connection, question))
        connection.offer(data, always=True)
        return cseq

    def _send(self, connection, question, proof):
        if not isinstance(question, Passed):
            return super()._send(connection, replace(question, headers={**question.headers, **self.via}), proof)
        cseq, data = self.written(question, proof)
        try:
            connection.send(data)
        except ConnectionClosed:
            self.replies.forget(cseq)
            raise
        return cseq


class Upstream(RtspClient):
    """One connection to one origin, and the session in it.

    `onLost(reason)` is called on the thread "control" when the origin has gone; `onTick()` there every half second."""

    def __init__(self, url, name, patience=PATIENCE, trust=SYSTEM):
        super().__init__(url, timeout=patience, onInterleaved=self._take, onTick=self._tick, trust=trust)
        self.exchange = self._relaying = Relaying(self.login, via.line(name), self._clock)
        self._replies, self._alive = self.exchange.replies, self.exchange.alive
        self.onLost, self.onTick = lambda reason: None, lambda: None
        self.ways = []
        self._farewell = None               # the number of the TEARDOWN that nobody waits for
        self._until = 0.0                   # … and how long its reply may take
        self._leaving = threading.Lock()    # guards the two

    def begin(self):
        """Connect. RtspError 502 if that cannot be, 504 if nobody answers."""
        try:
            self.connect()
        except ConnectError as error:
            slow = isinstance(error.__context__, TimeoutError)
            raise RtspError(str(error), 504 if slow else 502) from None

    def openWay(self, wanted, rtp, rtcp, reader):
        """Where one more stream comes in: "udp", "tcp", "auto"; see net.way.Way. RtspError 503 without sockets."""
        way = Way(wanted, 0, rtp, rtcp, reader=reader, first=2 * len(self.ways))
        try:
            way.open(self.connection, lab=False)
        except ClientError as error:
            raise RtspError(str(error), 503) from None
        self.ways.append(way)
        return way

    # ---- what is passed on

    def passOn(self, method, url, headers, body=b""):
        """The origin's reply, whatever it says. RtspError 502 if it has gone or talks nonsense, 504 if it says nothing
        in time."""
        self._asking = True
        try:
            question = Passed(method, url, self.session, lines=headers, content=body)
            reply = self.exchange.ask(self.connection, question, self._timeout)
        except (ConnectionClosed, ConnectError) as gone:
            raise RtspError(f"the origin has gone: {self.lost or gone}", 502) from None
        finally:
            self._asking = False
            self._settle()
        if reply is None:
            raise RtspError(f"the origin has not answered {method} in {self._timeout:g} s", 504)
        self._note(method, reply)
        return reply

    def _note(self, method, reply):
        """The session is the origin's, and so are its rules: what it has granted has happened."""
        if method == "SETUP" and reply.status == 200:
            self.session = granted.session(reply) or self.session
        if 200 <= reply.status < 300:
            self.happened(method)
        if reply.status == 454 or (method == "TEARDOWN" and reply.status < 300):
            self.session = None

    def _take(self, frame, connection):
        for way in self.ways:
            way.deliver(frame, connection)

    # ---- the end

    def leave(self):
        """TEARDOWN, and close, without waiting: the thread "control" does what is left. Twice is fine."""
        self.onLost = lambda reason: None
        for way in self.ways:
            way.close()
        with self._leaving:
            if self._connection is None or self._farewell is not None:
                return
            session, self.session = self.session, None
            self._until, self._farewell = self._clock() + FAREWELL, -1
            if session and not self.lost:
                lines = Headers(self._relaying.via.items())
                question = Passed("TEARDOWN", self.target, session, lines=lines)
                self._farewell = self._relaying.farewell(self.connection, question)
                return
        self._stop.set()
        self.connection.hang_up()

    def end(self):
        """leave(), and wait until it is over."""
        self.leave()
        if self._thread and self._thread.is_alive():
            self._thread.join(FAREWELL)
        self.close()

    def _deliver(self, reply):
        if self._farewell is not None and reply.headers.get("CSeq") == str(self._farewell):
            self._stop.set()
        super()._deliver(reply)

    def _tick(self):
        if self._farewell is not None and self._clock() > self._until:
            self._stop.set()
        self.onTick()

    def _lose(self, reason):
        gone = not self._stop.is_set() and self._farewell is None
        super()._lose(reason)
        if gone:
            self.onLost(reason)


class Upstreams:
    """All that there are, so that they can be ended. Lock: `_lock` guards the set."""

    def __init__(self, name, patience=PATIENCE, trust=SYSTEM):
        self.name, self.patience, self.trust = name, patience, trust
        self._all = weakref.WeakSet()
        self._lock = threading.Lock()

    def open(self, url):
        """Connected. RtspError as Upstream.begin(), 400 for what is no URL."""
        try:
            upstream = Upstream(url, self.name, self.patience, self.trust)
        except UsageError as error:
            raise RtspError(str(error), 400) from None
        with self._lock:
            self._all.add(upstream)
        upstream.begin()
        return upstream

    def close(self):
        """Each has its TEARDOWN sent, and a moment for it."""
        with self._lock:
            upstreams = list(self._all)
        for upstream in upstreams:
            upstream.leave()
        for upstream in upstreams:
            upstream.end()
