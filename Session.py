"""What is played to whom: a Session and its Streams, which outlive a connection; and the table of all Sessions."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from media.prepare import Packing
from net.complaints import Complaints
from net.processes import Count
from Playback import Playback
from Publication import Publication
from rtsp import limits
from rtsp.errors import RtspError, SessionError
from rtsp.states import TIMEOUT, State, next_state
from Stream import Stream

log = logging.getLogger(__name__)

FEW = 10                                        # sessions, of which nobody notices what they cost
LEAST_PATIENCE, MOST_PATIENCE = 0.02, 0.5       # seconds; of the newest session, and of the oldest


@dataclass(eq=False)
class Session:
    """Its owner, its state, its streams by control number.

    Lock: `lock` guards the state and the streams. A worker holds it while it handles a request of this session; the
    pacer, which may not wait, comes back later if it is taken.
    """

    id: str
    owner: str                                      # the address it belongs to
    lab: bool = False
    timeout: float = 60.0
    clock: Callable[[], float] = time.monotonic
    presentation: object = None                     # what is played, known from the first SETUP on
    path: str = ""                                  # … and the name it was asked for by
    url: str = ""                                   # … in the client's words
    since: float = field(default_factory=time.time)
    user: str | None = None                         # who made it, where that is asked
    connection: object = None                       # over which it was set up
    publication: Publication | None = None          # what is recorded, if it records
    state: State = State.INIT
    streams: dict = field(default_factory=dict)
    cname: str = "RTSPlab"
    complaints: Complaints = field(default_factory=Complaints)      # all sessions of a server share theirs
    patience: float = MOST_PATIENCE                 # seconds by which a frame may be late before it is left out
    admitted: bool = False                          # it has played, and may again, however busy the server is
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self):
        self.playback = Playback(self)
        self.heard()

    def heard(self):
        """A sign of life: a request, any datagram from the viewer, or any frame inside the connection."""
        self.lastHeard = self.clock()

    def endsWith(self, connection):
        """A session whose media travel in a connection ends with it, as one of the lab dialect does."""
        if self.lab:
            return self.connection is connection
        return any(stream.channel.connection is connection for stream in list(self.streams.values()))

    @property
    def bound(self):
        """It lives as long as a connection, however silent."""
        return self.lab or any(stream.channel.connection for stream in list(self.streams.values()))

    def expired(self):
        """Silent for too long."""
        if self.publication and self.publication.abandoned:
            return True
        return not self.bound and self.clock() - self.lastHeard > self.timeout

    def move(self, event):
        """The one place where the state changes. MethodError (455) if the table has no such move."""
        before, self.state = self.state, next_state(self.state, event)
        if self.state is not before:
            log.info("= session %s: %s -> %s (%s)", self.id, before.value, self.state.value, event)

    def open(self, number, source, channel, helpers):
        """Set up, or set up again, one stream; `helpers` has the preparer and the reader that all share."""
        inside = Packing.INTERLEAVED if channel.connection else Packing.FRAGMENTS
        def hear(data, address):
            if address[0] != self.owner:
                return                              # it came before the socket was connected to the viewer
            self.heard()                            # whatever it is
            stream.heard(data)

        try:
            stream = Stream(source, channel, helpers.preparer, Packing.WHOLE if self.lab else inside, self)
            channel.listen(helpers.reader, hear)
        except MemoryError:
            channel.close(helpers.reader)
            raise
        channel.crowded = False                     # until Sessions.rank() knows better
        self.setUp(number, stream, helpers.reader)
        return stream

    def setUp(self, number, stream, reader):
        """Add a stream, in place of one of the same number if there is one; its channel is given back."""
        if number in self.streams:
            old = self.streams[number]
            old.channel.close(reader)
            if self.lab:
                stream.sequence = old.sequence      # lab clients show only what has a larger number than the last
            else:
                stream.frame = old.position         # another transport is no other place (RFC 2326 §10.4)
        self.streams[number] = stream

    def granted(self, method):
        """Move on after a request, unless it was a PAUSE that lies ahead."""
        if method != "PAUSE" or self.playback.pausePoint is None:
            self.move(method)

    def play(self, start, end, scale=1.0, speed=1.0):
        """Reserve what a PLAY will send, from `start` to `end` (seconds, None: from where it stands, as far as it
        goes), and return that Passage. A PLAY with a range waits for the end of another that has one (RFC 2326 §10.5);
        all others act at once. RangeError (457) if no stream has a frame there; then nothing has changed."""
        with self.lock:
            return self.playback.play(start, end, scale, speed)

    def start(self, pacer):
        """Send what was reserved: at once, all streams from the same moment on."""
        now = pacer.clock()
        with self.lock:
            self.playback.start(pacer, now)

    def pause(self, point=None):
        """Without a point: when this returns, nothing more is sent. With one (seconds): when playing comes to it, or
        now if it is past it (RFC 2326 §10.6). RangeError (457) if it lies outside of all that is played and queued."""
        with self.lock:
            if point is None:
                self.playback.pause()
            else:
                self.playback.pauseAt(point)

    def close(self, reader, bye=False):
        """Give back the channels; with `bye`, viewers that are playing are told. Twice is fine."""
        with self.lock:
            for stream in self.streams.values():
                if bye and stream.run is not None:
                    if stream.run.begun is None:            # PLAY has been answered just now
                        stream.run.begin(stream.clock())
                    stream.sendReport(stream.run, stream.clock(), bye=True)
                stream.stop()
                stream.channel.close(reader)
            # Nothing of it holds the movie, whose file may have been replaced: not all that is garbage goes at once
            self.streams, self.playback.passages, self.presentation = {}, [], None
            if self.publication:
                self.publication.end()


class Sessions:
    """All sessions: the standard ones by their id, those of the lab dialect by the one connection they belong to.

    Lock: `_lock` guards the dictionary; what is in a session, its own lock guards."""

    def __init__(self, reader, timeout=limits.SESSION_TIMEOUT, complaints=None, count=None):
        """`count`: told how many there are, and knows how many all servers of this port have."""
        self._reader, self._timeout = reader, timeout
        self._complaints, self._count = complaints or Complaints(), count or Count()
        self._sessions = {}
        self._lock = threading.Lock()

    def new(self, connection, lab, user=None):
        """A session that is not among the others yet. RtspError 453 if there are too many."""
        with self._lock:
            self._checkRoom(connection.peer[0])
        # A standard id cannot be guessed (RFC 2326 §3.4); the lab's is a number of six digits, of use to its own
        # connection alone
        identifier = str(1 + secrets.randbelow(999_999)) if lab else secrets.token_hex(8)
        return Session(identifier, connection.peer[0], lab, self._timeout, connection=connection,
                       complaints=self._complaints, user=user)

    @staticmethod
    def key(session):
        return session.connection if session.lab else session.id

    def _checkRoom(self, owner):
        """RtspError 453; the lock is held."""
        if self._count.total >= limits.SESSIONS:
            raise RtspError("too many sessions", 453)
        if sum(session.owner == owner for session in self._sessions.values()) >= limits.SESSIONS_PER_ADDRESS:
            raise RtspError(f"too many sessions of {owner}", 453)

    def add(self, session):
        """Twice is fine. RtspError 453 if others have taken the last place since new(); where it fails, the session is
        closed."""
        try:
            with self._lock:
                if self.key(session) not in self._sessions:
                    self._checkRoom(session.owner)
                self._sessions[self.key(session)] = session
                self._count.set(len(self._sessions))
        except (RtspError, MemoryError):
            session.close(self._reader)
            raise

    def find(self, identifier, connection, user=None):
        """SessionError (454) if there is none of that id, or it belongs to another address or user."""
        with self._lock:
            session = self._sessions.get(identifier)
        if session is None or (session.owner, session.user) != (connection.peer[0], user):
            raise SessionError(f"there is no session {identifier[:40]!r}")
        return session

    def of(self, connection):
        """The sessions that were set up over this connection."""
        return [session for session in self.all() if session.connection is connection]

    def all(self):
        with self._lock:
            return list(self._sessions.values())

    def remove(self, session, bye=False):
        """Twice is fine."""
        with self._lock:
            self._sessions.pop(self.key(session), None)
            self._count.set(len(self._sessions))
        session.close(self._reader, bye)

    def end(self, patience):
        """Say goodbye to all; those that are just being asked something come last, and have `patience` seconds."""
        deadline = time.monotonic() + patience
        for session in [session for session in self.all() if not self.leave(session, 0.0)]:
            self.leave(session, max(0.0, deadline - time.monotonic()))

    def leave(self, session, seconds):
        """False if it was busy for so long."""
        free = session.lock.acquire(timeout=seconds)
        if free:
            try:
                self.remove(session, bye=True)
            finally:
                session.lock.release()
        return free

    def expire(self):
        """End those that have given no sign of life for too long."""
        for session in self.all():
            if not session.lock.acquire(blocking=False):
                continue                            # it is being asked something, which is a sign of life
            try:
                if session.expired():
                    log.info("= session %s: no sign of life for %g s", session.id, session.timeout)
                    self.remove(session, bye=True)
                    session.move(TIMEOUT)
            finally:
                session.lock.release()

    def rank(self, behind):
        """Where the machine cannot keep up, those who came last give way first; and where there are many, packets are
        sent many at a time. `behind`: seconds by which frames are late, on average."""
        sessions = self.all()                           # in the order in which they came
        span = MOST_PATIENCE - LEAST_PATIENCE if behind > limits.BEHIND else 0.0
        for place, session in enumerate(sessions):
            session.patience = MOST_PATIENCE - span * place / max(1, len(sessions) - 1)
            for stream in list(session.streams.values()):
                stream.channel.crowded = len(sessions) > FEW

    def __len__(self):
        return len(self._sessions)
