"""The client's side of the conversation: requests out, replies in, the state, keepalive (RFC 2326 §10).

    client = RtspClient("rtsp://127.0.0.1:6789/movie.Mjpeg")
    client.connect()
    description, base = client.describe()
    client.setup(url of one stream, Transport(client_port=(25000, 25001)))
    client.play()
    client.teardown()
    client.close()

It knows nothing of the media. A thread of its own, "control", receives as long as the connection is open: replies,
which it hands to whoever waits for them, and the server's own requests.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial

from net.addresses import why_unreachable
from net.connection import LONGEST_WAIT, Connection, ConnectionClosed, Watch
from net.exchange import Exchange, Question
from net.probe import speaks_standard
from net.transcript import Transcript
from net.trust import SYSTEM, Trust, connect
from rtsp import asking, described, granted, keepalive, typed
from rtsp.asked import answer
from rtsp.errors import MessageError
from rtsp.failures import AnotherDialect, ConnectError, ReplyTimeout, ServerRefused, refusal, understanding
from rtsp.headers import Range, SessionHeader, Transport
from rtsp.inbox import Inbox
from rtsp.keyring import Keyring
from rtsp.message import Interleaved, Request, Response
from rtsp.reader import MessageReader
from rtsp.sdp import SessionDescription
from rtsp.situations import tell
from rtsp.states import REDIRECTED, TIMEOUT, TRANSITIONS, State, next_state

log = logging.getLogger(__name__)

REPLY_TIMEOUT = 5.0             # seconds
LAB_PATIENCE = 1.5              # seconds; some lab servers do not answer a request that they think they have fulfilled
GUESS_PATIENCE = 1.0            # seconds for the first reply, where the dialect is only a guess


class RtspClient:
    """One connection, one session. `dialect` is "rfc", "lab" (the classic handout: bare file names, three lines), or
    "auto": ask the server, and guess from its answer."""

    def __init__(
        self,
        url: str,
        dialect: str = "rfc", timeout: float = REPLY_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
        onInterleaved: Callable[[Interleaved, Connection], None] = lambda frame, connection: None,
        parameters: Callable[[], Mapping[str, str]] = dict, onTick: Callable[[], None] = lambda: None,
        keyring: Keyring | None = None, trust: Trust = SYSTEM, watch: Watch | None = None,
        transcript: Transcript | None = None, proxy: tuple[str, int] | None = None,
    ) -> None:
        """UsageError if this is no rtsp:// URL. `timeout`: seconds that the server has for each reply. `onInterleaved`
        gets the media that come inside the connection (RFC 2326 §10.12), on the thread "control", which calls `onTick`
        between two messages and at least every half second; `parameters`: what the server may ask for; `keyring`: names
        and passwords besides the URL's; `trust`: for rtsps://; `proxy`: host and port of one that leads there."""
        parts, self.url = typed.read(url)
        self.lab = dialect == "lab"
        self.guessing = dialect == "auto"       # until the server has answered in the dialect that we chose
        self.host, self.port, self.name = *(proxy or (parts.host, parts.port)), parts.path
        self.state = State.INIT
        self.session: SessionHeader | None = None
        self.public: set[str] = set()           # the methods that the server says it has
        self.target = self.name if self.lab else self.url       # of requests for the whole presentation
        self.lost = ""                          # why the server is gone; "" while it is not
        self.gone: ServerRefused | None = None  # why there is no session any more, if nobody has asked for its end
        self._timeout, self._trust = timeout, trust if parts.scheme == "rtsps" else None
        self._clock, self._watch = clock, watch
        self._onInterleaved, self._onTick = onInterleaved, onTick
        self._parameters, self._transcript = parameters, transcript or Transcript(clock)
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.inbox: Inbox | None = None         # of who follows the server's REDIRECT and ANNOUNCE
        self._asking, self._moving = False, threading.Lock()    # a request is under way; guards `state`
        self.login = (keyring or Keyring()).of(parts)
        self.exchange = Exchange(self.login, clock)
        self._replies, self._alive = self.exchange.replies, self.exchange.alive

    # ---- the connection

    def connect(self) -> None:
        """ConnectError, in words, if there is no way."""
        try:
            sock = connect(self.host, self.port, self.exchange.left(self._timeout), self._stop, self._trust)
            self._connection = Connection(sock, MessageReader(lab_replies=self.lab), watch=self._watch)
            self._connection.note_in(self._transcript)
        except (OSError, UnicodeError) as error:
            raise ConnectError(*why_unreachable(error, self.host, self.port, self._timeout)) from None
        log.info("= connected to %s:%d", *self.peer)
        if self.guessing and not speaks_standard(self.connection, self.url):
            self.lab, self.target = True, self.name
        self.guessing = self.guessing and self.lab
        self._thread = threading.Thread(target=self._receive, name="control", daemon=True)
        self._thread.start()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise ConnectError("There is no connection yet")
        return self._connection

    @property
    def peer(self) -> tuple[str, int]:
        """The server's address, whatever name the URL has for it."""
        return self.connection.peer[0], self.connection.peer[1]

    @property
    def roundTrip(self) -> float | None:
        """Seconds from a request to its reply, smoothed."""
        return self._replies.round_trip

    def close(self) -> None:
        """Twice is fine. Whoever waits for a reply gets a ConnectError."""
        self._stop.set()
        self.lost = ""
        self._replies.fail("The connection was closed")
        if self._connection:
            self._connection.close()
        if self._thread and self._thread.is_alive():        # else another thread is about to start it, in vain
            self._thread.join()

    # ---- the requests

    def options(self) -> None:
        """What can the server do (RFC 2326 §10.1)?"""
        self.public = granted.methods(self.request("OPTIONS", self.target))

    def describe(self) -> tuple[SessionDescription, str]:
        """What can be played, and the URL that its streams' controls belong to (RFC 2326 §10.2, §C.1.1). FolderFound if
        the server has a list of movies there."""
        reply = described.ask(partial(self.request, "DESCRIBE"), self.target, self.url, self.name)
        description, self.target = described.read(reply, self.url)
        return description, self.target

    def setup(self, url: str, transport: Transport) -> Transport | None:
        """Prepare one stream; its transport as the server granted it (RFC 2326 §10.4). A lab server says nothing.
        AnotherDialect if it does not answer in the one that we have guessed."""
        try:
            patience = GUESS_PATIENCE if self.guessing else None
            reply = self.request("SETUP", self.target if self.lab else url, {"Transport": str(transport)}, patience)
        except ConnectError as error:
            if not self.guessing:
                raise
            raise AnotherDialect("rfc" if self.public else "lab", str(error)) from None
        self.guessing = False
        with understanding("SETUP"):
            self.session = granted.session(reply) or self.session
            return granted.transport(reply)

    def play(self, range: Range | None = None, scale: float | None = None) -> Response:
        """From where it stands, or that range; `scale`: as fast as that (RFC 2326 §10.5, §12.34). The reply says from
        when, how fast, and which packet is first."""
        return self.request("PLAY", self.target, {} if self.lab else asking.play(range, scale))

    def pause(self) -> Response:
        return self.request("PAUSE", self.target)

    def teardown(self, timeout: float | None = None) -> None:
        """End the session, if there is one."""
        try:
            if self.session or self.state is not State.INIT:
                self.request("TEARDOWN", self.target, timeout=timeout)
        finally:
            self.session = None

    def announce(self, description: SessionDescription) -> None:
        """What the server is to get (RFC 2326 §10.3): then setup() of each stream, and record() (§10.11)."""
        self.request("ANNOUNCE", self.target, {"Content-Type": described.SDP}, body=str(description).encode())

    def record(self) -> Response:
        return self.request("RECORD", self.target, {"Range": str(Range(0.0))})

    def request(self, method: str, url: str, headers: dict[str, str] | None = None, timeout: float | None = None,
                body: bytes = b"") -> Response:
        """Ask, wait for the reply, move the state. MethodError, and nothing is sent, if the state forbids it."""
        self._asking = True
        try:
            if self.lost:
                raise ConnectError(f"No reply to {method}", self.lost)
            next_state(self.state, method)
            return self._ask(Question(method, url, self.session, headers or {}, self.lab, body), timeout)
        finally:
            self._asking = False
            self._settle()

    def _ask(self, question: Question, timeout: float | None) -> Response:
        method, impatient = question.method, self.lab and question.method in ("PLAY", "PAUSE", "TEARDOWN")
        timeout = timeout or (LAB_PATIENCE if impatient else self._timeout)
        try:
            reply = self.exchange.ask(self.connection, question, timeout)
        except ConnectionClosed as gone:
            raise ConnectError(f"No reply to {method}", self.lost or str(gone)) from None
        if reply is None:
            log.info("! no reply to %s", method)
            if not impatient:
                raise ReplyTimeout(*tell("no reply", method=method, timeout=timeout))
            reply = Response(200, lab=True)
        return self._judge(method, reply)

    # ---- the replies

    def _judge(self, method: str, reply: Response) -> Response:
        """Move on after a 2xx reply; an error for every other one (RFC 2326 §A.1)."""
        if 200 <= reply.status < 300:
            self.happened(method)
            return reply
        if reply.status < 400:
            self.happened(REDIRECTED)
        elif reply.status == 454:
            self.happened(TIMEOUT)
        if reply.status == 401:
            raise self.login.refusal(reply.headers.get_all("WWW-Authenticate"), f"401 {reply.reason}")
        raise refusal(method, self.name, reply)

    def happened(self, event: str) -> None:
        """Move the state. Where the table has no such cell, another event was faster: the movie ended, say, while the
        reply to PAUSE was on its way."""
        with self._moving:
            before, self.state = self.state, TRANSITIONS[self.state].get(event, self.state)
            if self.state is not before:
                log.info("= %s", self.state.value)
                self._transcript.moved(self.state)

    # ---- the thread "control"

    def _receive(self) -> None:
        try:
            while not self._stop.is_set():
                message = self.connection.receive(self._patience())
                if isinstance(message, Response):
                    self._deliver(message)
                elif isinstance(message, Interleaved):
                    self._onInterleaved(message, self.connection)
                elif isinstance(message, Request) and not self.lab:     # a lab server that echoes ours asks nothing
                    self._answer(message)
                if self._patience() <= 0:
                    self.exchange.stay_alive(self.connection, self._signOfLife())
                self._onTick()
        except ConnectionClosed:
            self._lose("The server has closed the connection")
        except MessageError as error:
            self._lose(f"{self.host}:{self.port} does not speak RTSP as it should ({error})")
        self.connection.close()

    def _lose(self, reason: str) -> None:
        """There is no connection any more. Media over UDP may still come, so Playing goes on."""
        self._replies.fail(reason)
        if not self._stop.is_set():             # else it was us
            log.info("! %s", reason)
            self.lost = reason
            self._settle()

    def _settle(self) -> None:
        """Without a connection there is no session, but for what is playing. A reply that has come is judged first."""
        if self.lost and not self._asking and self.state is not State.PLAYING:
            self.happened(TIMEOUT)

    def _deliver(self, reply: Response) -> None:
        """To whom it belongs: told by CSeq, which lab servers do not always get right; theirs come in order."""
        log.info("< %d %s (CSeq %s)", reply.status, reply.reason, reply.headers.get("CSeq"))
        if reply.status < 200:
            return                              # "100 Continue": the real reply is still to come
        if self.guessing and "Public" in reply.headers:
            self.public = granted.methods(reply)        # the answer to OPTIONS, of a slow server or a slow network
            self._replies.fail("The server speaks the standard after all")
            return
        cseq = self._replies.deliver(None if self.lab else reply.cseq, reply)
        if cseq is not None and self._alive.is_answer(cseq):
            self._replies.forget(cseq)
            self.exchange.stayed_alive(self.connection, self._signOfLife(), reply)
            if reply.status == 454 and self.state is not State.INIT:
                self.gone = refusal("the session", self.name, reply)
                self.happened(TIMEOUT)

    def _signOfLife(self) -> Question:
        return Question(keepalive.method(self.public), self.target, self.session)

    def _answer(self, request: Request) -> None:
        log.info("< %s %s (CSeq %s)", request.method, request.target, request.headers.get("CSeq"))
        reply = answer(request, self._parameters(), self.inbox, self.session, self.url)
        log.info("> %d %s (CSeq %s)", reply.status, reply.reason, reply.headers.get("CSeq"))
        self.connection.send(bytes(reply))

    def _patience(self) -> float:
        """Seconds until there is something to do, if nothing comes. A lab session lives as long as its connection."""
        session = self.session                  # another thread may end it at any moment
        if self.lab or session is None or self.state is State.INIT:
            return LONGEST_WAIT
        return min(LONGEST_WAIT, self._alive.due(session) - self._clock())
