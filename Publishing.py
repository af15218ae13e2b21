"""The publisher's side of a conversation: ANNOUNCE, SETUP with mode=record, RECORD (RFC 2326 §10.3, §10.4, §10.11)."""

import logging
import time

from Lookup import refuseFolder
from media.recording import ENOUGH
from media.source import Presentation
from net.addresses import is_loopback
from Publication import Publication
from rtsp import announcement, answers, limits, offers
from rtsp.errors import MessageError, MethodError, NotImplementedMethod, RtspError
from rtsp.headers import Range, Transport
from rtsp.message import Headers, Response
from rtsp.states import State, allowed
from rtsp.url import named

log = logging.getLogger(__name__)

ONLY_200 = ("Lavf",)        # clients that take any other success for a failure
SETTLED, PATIENCE = 0.02, 20    # seconds between looks at what is unread, and how many


class Publishing:
    """What is published over one connection; its ServerWorker asks it whenever a request is a publisher's."""

    def __init__(self, worker):
        self.worker, self.server = worker, worker.server
        self.publication = None         # announced last

    def gate(self, request):
        """Who asks for name and password: publishers have a gate of their own, if they are named at all."""
        own = self.server.publications.policy.gate
        return own if own and (self.publication or request.method in ("ANNOUNCE", "RECORD")) else self.server.gate

    def permit(self):
        """403 to other machines, unless publishers are named."""
        if self.server.publications.policy.gate is None and not is_loopback(self.worker.connection.peer[0]):
            raise RtspError("only this machine may publish, unless the server is started with --publish-user", 403)

    def wants(self, request, session):
        """Is this SETUP a publisher's?"""
        return session.publication is not None or offers.records(request.headers.get_all("Transport"))

    def check(self, method, session):
        """455: one session plays, another records. What was sent before an end has come when this returns."""
        unfit = "PLAY" if session.publication else "RECORD"
        if method == unfit:
            others = tuple(one for one in allowed(session.state) if one != unfit)
            raise MethodError(f"{method} in a session that was set up for the other direction", others)
        if method in ("PAUSE", "TEARDOWN"):
            self.settle(session)

    def announce(self, request, session):
        self.permit()
        if self.server.seat.shared:
            raise NotImplementedMethod("a server of several processes takes no publishers")
        refuseFolder(self.server.library, request)
        name, _ = named(request)
        if not name.isprintable() or len(name) > limits.PATH:
            raise MessageError(f"a path to publish to has up to {limits.PATH} printable characters")
        streams = announcement.read(request)
        if session is not None:
            self.renounce(session, name, streams)
        else:
            self.server.publications.check(name)
            self.publication = Publication(name, streams, self.worker.connection)
        return Response(200, Headers([("Session", session.id)] if session else []))

    def renounce(self, session, name, streams):
        """Once more, in a session: what is set up already stays as it is (455)."""
        publication = session.publication
        if publication is None or (publication.name, publication.streams) != (name, streams):
            raise MethodError("TEARDOWN comes first: what was set up cannot be announced anew", allowed(session.state))

    def setUp(self, request, session):
        self.permit()
        publication = session.publication or self.publication
        if publication is None or publication.session not in (None, session) or publication.presentation or (
                session.streams and session.publication is None):
            raise MethodError("ANNOUNCE comes before SETUP with mode=record, and RECORD behind it", ("ANNOUNCE",))
        number = announcement.number(publication.streams, request.target)
        connection = self.worker.connection
        transport = offers.choose(request.headers.get_all("Transport"), connection.peer[0],
                                  encrypted=connection.encrypted, mode="RECORD")
        old = session.streams.pop(number, None)
        if old:
            old.channel.close(self.server.reader)
        channel = self.worker.newChannel(session, transport)
        self.listen(publication.open(number, channel), number, session)
        session.publication, session.path, publication.session = publication, publication.name, session
        session.presentation = Presentation(publication.name, ())      # until RECORD
        self.server.sessions.add(session)
        self.worker.patience = session.timeout
        chosen = Transport(transport.protocol, mode="RECORD", **channel.parameters)
        return answers.granted(chosen, session.id, session.timeout)

    def listen(self, inlet, number, session):
        def hear(data, address):
            session.heard()                     # whatever it is
            inlet.hear(data)

        inlet.channel.listen(self.server.reader, hear)
        session.streams[number] = inlet

    def record(self, request, session):
        self.worker.checkAggregate(request, session)
        self.permit()
        if text := request.headers.get("Range"):
            Range.parse(text)                   # it says when, and that is: now
        publication, publications = session.publication, self.server.publications
        other = publications.claim(publication)
        room = publications.room(publication) if session.state is State.READY else None
        publication.record()
        session.presentation = publication.presentation
        publications.show(publication)
        self.server.calls.tick()                # who watches the other one goes on with this, if it is of the same kind
        if other:
            self.giveWay(other)
        log.info("= session %s publishes %r", session.id, publication.name)
        headers = Headers([("Session", session.id)])
        if room is None or room >= ENOUGH:
            return Response(200, headers)
        # As an estimate, for how long (RFC 2326 §11.2.1)
        headers.add("Range", str(Range(0.0, room)))
        agent = request.headers.get("User-Agent") or ""
        return Response(200 if agent.startswith(ONLY_200) else 250, headers)

    def giveWay(self, other):
        """The viewers that it still has are told that it is over."""
        log.warning("! %r was taken over by %s", other.name, self.worker.peer)
        self.server.sessions.remove(other.session)
        if other.connection is not self.worker.connection:
            other.connection.close()            # who sends over it would not notice otherwise

    def settle(self, session):
        """What was sent over UDP before this request may still be on its way to the thread that reads it."""
        channels = [stream.channel for stream in session.streams.values() if not stream.channel.connection]
        for _ in range(PATIENCE) if session.publication and channels else ():
            time.sleep(SETTLED)
            if not any(channel.unread for channel in channels):
                return

    def pause(self, session):
        session.publication.pause()
        return Response(200, Headers([("Session", session.id)]))
