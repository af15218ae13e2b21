"""What the server asks of its viewers, over their RTSP connections: to go elsewhere (REDIRECT, RFC 2326 §10.10), and to
take note that a live presentation is another one now (ANNOUNCE, §10.3).

A viewer that knows neither plays on: nothing that it has is taken away.
"""

import logging
import time
import weakref

from Lookup import described
from net.prober import Prober
from rtsp.errors import RtspError
from rtsp.message import Headers
from rtsp.moves import elsewhere, since
from rtsp.states import State
from SessionParameters import unnamed

log = logging.getLogger(__name__)

BEGINS = ("DESCRIBE", "SETUP", "ANNOUNCE")      # requests that would begin something here


class Calls:
    """`target`: the URL of the server where viewers shall go; "": they may stay."""

    def __init__(self, sessions, library, pacer, target="", clock=time.time):
        """`clock`: seconds since 1970."""
        self.sessions, self.library, self.pacer, self.clock = sessions, library, pacer, clock
        self.target, self.moment = target, None     # … from this time of day on; None: at once
        self._probers = weakref.WeakValueDictionary()       # connection: what asks over it, while its worker lives

    def prober(self, connection, name):
        """What asks over this connection, and takes its answers."""
        prober = self._probers[connection] = Prober(connection, name)
        return prober

    # ---- elsewhere

    def check(self, request, session):
        """302 to who begins here and shall not (RFC 2326 §11.3.3); who has a session goes on as he likes."""
        due = self.moment is None or self.clock() >= self.moment
        if self.target and due and session is None and request.method in BEGINS:
            place = self.target if request.lab or request.target == "*" else elsewhere(self.target, request.target)
            raise RtspError(f"this is at {place} now", 302, {"Location": place})

    def redirect(self, target, when=None):
        """From now on, or from the time that `when` says, a Range: who plays is told, and who comes. Without a target:
        who comes may stay again. Returns how many were told, and how many have no connection over which they could be.
        """
        moment = since(Headers([("Range", when)]))[1] if when else None
        self.target, self.moment = target, moment
        log.warning("= viewers are sent to %s", target or "nowhere else any more")
        called = [self.call(session, "REDIRECT", self.move(session, when))
                  for session in self.sessions.all() if target and isViewer(session)]
        return called.count(True), called.count(False)

    def move(self, session, when):
        return [("Location", elsewhere(self.target, session.url)), *([("Range", when)] if when else [])]

    def call(self, session, method, headers, body=b""):
        """Ask something. False if there is nobody to ask."""
        prober = self._probers.get(session.connection)
        return prober is not None and prober.say(method, session.url, [("Session", session.id), *headers], body)

    # ---- another description

    def tick(self):
        """Look whether what somebody watches live was replaced: a publisher may come back, or another one."""
        for session in self.sessions.all():
            presentation = session.presentation
            if isViewer(session) and presentation is not None and presentation.duration is None:
                current = self.library.added(session.path)
                if not (current is None or current is presentation) and session.lock.acquire(blocking=False):
                    try:
                        self.replace(session, current)
                    finally:
                        session.lock.release()

    def replace(self, session, current):
        """The viewer is told; and where its streams are like those before, it sees what is new without doing anything.
        Where they are not, there is nothing to be sent to it until it has set up what it wants of them."""
        headers = [("Content-Base", session.url + "/"), ("Content-Type", "application/sdp")]
        if not session.streams or session.presentation is None:
            return                              # it has ended in this moment
        old, session.presentation = session.presentation, current
        alike = all(goesOn(stream.source, number, current) for number, stream in session.streams.items())
        if alike:
            sources = {stream: current.sources[number] for number, stream in session.streams.items()}
            session.playback.swap(sources, self.pacer)
        told = self.call(session, "ANNOUNCE", headers, described(current, session.connection.local[0]).encode())
        log.info("= session %s: %r is another one now; %s%s", session.id, old.name, "goes on" if alike else "has ended",
                 "" if told else ", and nobody could be told")


def isViewer(session):
    return bool(session.url) and not session.publication and session.state in (State.READY, State.PLAYING)


def goesOn(source, number, presentation):
    """Can this stream go on as that of the same number?"""
    sources = presentation.sources
    return number < len(sources) and unnamed(sources[number].format) == unnamed(source.format)
