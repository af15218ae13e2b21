"""One RTSP conversation: request in, handler, reply out (RFC 2326 §10).

`do_SETUP`, `do_PLAY`, … return a Response, or raise the RtspError whose status answers. They never touch the state:
`handle` asks the table of rtsp/states.py before, and moves on after a 2xx reply.
"""

import logging
import time
from email.utils import formatdate
from math import inf

from Lookup import described, find, isFolder, refuseFolder
from net.channels import UdpChannel
from net.connection import ConnectionClosed
from net.interleaved import InterleavedChannel, Interleaving
from Parameters import getParameters, setParameters
from Publishing import Publishing
from RtpPacket import RtpPacket
from rtsp import answers, checks, lab, limits, offers
from rtsp.errors import EncryptedError, MessageError, NoMemory, NotImplementedMethod, RtspError, SessionError
from rtsp.headers import RtpInfo, SessionHeader, Transport
from rtsp.message import Headers, Request, Response
from rtsp.playing import Play, pause_point
from rtsp.states import METHODS, STATELESS, next_state
from rtsp.url import base_url, control, named, without_credentials

log = logging.getLogger(__name__)

SERVER_NAME = "RTSPlab/0.1"
LAB_DELAY = 0.01        # seconds; the most copied lab client notes what it asked only after its send() has returned


class ServerWorker:
    """The server's end of one connection; runs on a thread of its own.

    `clientInfo` is the lab's dictionary: "connection" (a net.connection.Connection) and "server", whose sessions,
    library, preparer, pacer and reader of datagrams all workers share.
    """

    def __init__(self, clientInfo):
        self.connection = clientInfo["connection"]
        self.server = clientInfo["server"]
        self.peer = "{}:{}".format(*self.connection.peer[:2])
        self.interleaving = Interleaving(self.connection)       # the channels of the media that travel in it
        self.prober = self.server.calls.prober(self.connection, self.peer)
        self.labSession = None          # the one session of a connection that speaks the lab dialect
        self.bound = set()              # the sessions that may end with the connection
        self.user = None                # who has asked last, where that is asked
        self.patience = inf             # seconds of silence after which a connection whose sessions are gone ends, too
        self.publishing = Publishing(self)

    def run(self):
        """Answer until one side has had enough."""
        try:
            try:
                while (message := self.recvRtspRequest()) is not None:
                    if isinstance(message, Request):
                        self.processRtspRequest(message)
                        if answers.is_last(message):
                            self.connection.finish()
                            break
                    else:
                        self.interleaving.deliver(message)
            except MessageError as error:
                self.replyRtsp(self.refuse(error), None)
                self.connection.finish()
        except ConnectionClosed as gone:
            log.info("= %s: %s", self.peer, gone)
        finally:
            ending = self.server.stopping.is_set()
            for session in self.bound:
                if session.endsWith(self.connection):
                    self.server.sessions.remove(session, bye=ending)
            if ending:
                self.connection.finish()
            self.connection.close()

    def recvRtspRequest(self):
        """The next message; None when the server stops, or when nobody has said anything for a long time."""
        heard = time.monotonic()
        while not self.server.stopping.is_set():
            silent = [(session.id, session.timeout) for session in self.bound
                      if session.endsWith(self.connection) and not session.lab]
            message = self.prober.receive(silent)
            if message is not None:
                return message
            self.prober.ask(silent)
            idle = time.monotonic() - heard > min(limits.CONNECTION_IDLE, self.patience)
            if idle and not self.interleaving and not self.server.sessions.of(self.connection):
                log.info("= %s: silent, closed", self.peer)
                return None
        return None

    def processRtspRequest(self, request):
        """Request in, reply out, and then, if it was a PLAY, the media."""
        asked = f"{request.method} {without_credentials(request.target)}"
        log.info("< %s: %s CSeq %s", self.peer, asked, request.headers.get("CSeq"))
        session = None
        try:
            self.user = self.publishing.gate(request).admit(request, self.connection, self.server.stopping)
            session = self.findSession(request)
            if session:
                session.heard()         # whatever comes of the request
            response = self.handle(request, session)
        except RtspError as error:
            response = self.refuse(error)
        except MemoryError:
            response = self.refuse(NoMemory())
        except Exception:               # a mistake of ours: this client hears of it, the others do not
            log.exception("! %s: %s could not be handled", self.peer, asked)
            response = Response(500)
        self.replyRtsp(response, request)
        if request.method == "PLAY" and response.status == 200:
            self.sendRtp(session)

    def handle(self, request, session):
        """The preconditions that all methods share, the state machine, and the method's own handler."""
        handler = self.findHandler(request)
        self.server.calls.check(request, session)
        pacer = self.server.pacer
        checks.check_room(request.method, session is not None and session.admitted, pacer.behind, pacer.busy)
        if session is None and request.method == "SETUP":
            session = self.server.sessions.new(self.connection, request.lab, self.user)
        if session is None:
            if request.method not in STATELESS:
                refuseFolder(self.server.library, request)
                raise SessionError(f"{request.method} needs a session")
            return handler(request, None)
        with session.lock:
            if not session.streams and request.method != "SETUP":       # it ended while we waited for the lock
                raise SessionError(f"session {session.id} has ended")
            next_state(session.state, request.method)       # MethodError: nothing moves
            self.publishing.check(request.method, session)
            response = handler(request, session)
            session.granted(request.method)                 # an RtspError has not come here: it was granted
            return response

    def findHandler(self, request):
        checks.check(request)
        granted = lab.GRANTED if request.lab else METHODS
        handler = getattr(self, "do_" + request.method, None) if request.method in granted else None
        if handler is None:
            raise NotImplementedMethod(f"{request.method[:40]} is not implemented")
        checks.check_target(request)
        return handler

    def findSession(self, request):
        """The session that the request names; in the lab dialect a connection has one, named or not."""
        text = request.headers.get("Session")
        if request.lab:
            # "0" is what a client writes that has not read the reply to its SETUP yet
            if self.labSession and request.method != "SETUP" and text not in (None, "0", self.labSession.id):
                raise SessionError(f"session {text} is not that of this connection")
            return self.labSession
        return self.server.sessions.find(SessionHeader.parse(text).id, self.connection, self.user) if text else None

    # ---- the methods

    def do_OPTIONS(self, request, session):
        return Response(200, Headers([("Public", ", ".join(self.offered(METHODS)))]))

    def do_DESCRIBE(self, request, session):
        if isFolder(self.server.library, request):
            return answers.folder(request, self.server.library.names(named(request)[0]))
        presentation, _ = find(self.server, request)
        return answers.description(request, described(presentation, self.connection.local[0]))

    def do_ANNOUNCE(self, request, session):
        return self.publishing.announce(request, session)

    def do_SETUP(self, request, session):
        if self.publishing.wants(request, session):
            return self.publishing.setUp(request, session)
        refuseFolder(self.server.library, request)
        presentation, number = find(self.server, request)
        checks.check_setup(number, len(presentation.sources), session.state)
        if session.streams and session.presentation is not presentation and not request.lab:
            raise RtspError("a session cannot join streams of two files", 459)
        transport = offers.choose(request.headers.get_all("Transport"), self.connection.peer[0], request.lab,
                                  self.connection.encrypted)
        stream = self.openStream(session, presentation, number or 0, transport)
        stream.ssrc = stream.ssrc if transport.ssrc is None else transport.ssrc
        session.presentation, session.path = presentation, named(request)[0]
        session.url = "" if request.lab else base_url(request.target).rstrip("/")
        self.patience = session.timeout
        self.server.sessions.add(session)
        if request.lab:
            self.labSession = session
            return Response(200, Headers([("Session", session.id)]))
        chosen = Transport(transport.protocol, ssrc=stream.ssrc, **stream.channel.parameters)
        return answers.granted(chosen, session.id, session.timeout)

    def do_PLAY(self, request, session):
        self.checkAggregate(request, session)
        duration = session.presentation.duration
        wanted = Play.asked(request.headers, live=duration is None)
        passage = session.play(wanted.range.start, wanted.range.end, wanted.scale, wanted.speed)
        headers = Headers([("Session", session.id), *wanted.granted(passage.start, passage.limit(duration))])
        if passage.exact:
            base = base_url(request.target)
            infos = [RtpInfo(base + control(number), session.streams[number].sequence, run.timestamp)
                     for number, run in passage.runs.items()]
            headers.add("RTP-Info", ",".join(map(str, infos)))
        return Response(200, headers)

    def do_RECORD(self, request, session):
        return self.publishing.record(request, session)

    def do_PAUSE(self, request, session):
        self.checkAggregate(request, session)
        if session.publication:
            return self.publishing.pause(session)
        point = pause_point(request.headers)
        session.pause(point.start if point else None)
        return Response(200, Headers([("Session", session.id)] + ([("Range", str(point))] if point else [])))

    def do_TEARDOWN(self, request, session):
        self.checkAggregate(request, session)
        self.server.sessions.remove(session)
        if session is self.labSession:
            self.labSession = None
        self.bound.discard(session)
        return Response(200, Headers([("Session", session.id)]))

    def do_GET_PARAMETER(self, request, session):
        return getParameters(self, request, session)

    def do_SET_PARAMETER(self, request, session):
        return setParameters(self, request, session)

    # ---- what they need

    def checkAggregate(self, request, session):
        """PLAY, PAUSE and TEARDOWN are for all streams of a session at once (RFC 2326 §11.3.10)."""
        path, number = named(request)
        if not request.lab and path.casefold() != session.path.casefold():
            refuseFolder(self.server.library, request)
            raise RtspError(f"session {session.id} does not play {path!r}", 404)
        if number is not None and len(session.streams) > 1:
            raise RtspError(f"{request.method} is for all streams at once", 460)

    def openStream(self, session, presentation, number, transport):
        """Set up, or set up again, one stream of the session."""
        old = session.streams.get(number)
        if old and old.channel.connection is self.connection:
            old.channel.close(self.server.reader)       # its numbers may be asked for again
        channel = self.newChannel(session, transport)
        return session.open(number, presentation.sources[number], channel, self.server)

    def newChannel(self, session, transport):
        """RtspError 503 if there are no sockets left."""
        try:
            channel = (InterleavedChannel(self.interleaving, transport.interleaved) if transport.tcp else
                       UdpChannel(self.connection.local, self.connection.peer, transport.client_port))
        except OSError as error:
            self.server.complaints.say(f"no channel for a stream: {error}")
            raise RtspError("no sockets left", 503) from None
        if session.lab or channel.connection:
            self.bound.add(session)
        if channel.connection:
            self.connection.give_up_after(max(session.timeout, limits.STALLED_WRITE))
        return self.server.instruments.attach(channel)

    # ---- replies and media

    def offered(self, methods):
        """Those of the methods that this server has."""
        return [method for method in methods if hasattr(self, "do_" + method)]

    def refuse(self, error):
        log.info("! %s: %s", self.peer, error)
        if error.status == 453 or isinstance(error, (EncryptedError, NoMemory)):
            self.server.complaints.say(f"a viewer was turned away: {error}")
        return answers.refused(error, self.offered)

    def replyRtsp(self, response, request):
        """Send the reply; `request` None: to what could not be read."""
        lab = self.labSession.id if self.labSession else None
        response = answers.complete(response, request, lab, Server=SERVER_NAME, Date=formatdate(usegmt=True))
        if response.lab:
            time.sleep(LAB_DELAY)
        log.info("> %s: %d %s CSeq %s", self.peer, response.status, response.reason, response.headers.get("CSeq"))
        self.connection.send(bytes(response))

    def sendRtp(self, session):
        """From here on the pacer sends the media; its heart is PacedStream.sendRtp."""
        session.admitted = True
        try:
            session.start(self.server.pacer)
        except (RuntimeError, MemoryError) as error:    # a live source needs a thread, and there is none left
            self.server.complaints.say(f"session {session.id} cannot be played: {error!r}")
            self.server.sessions.remove(session, bye=True)

    @staticmethod
    def makeRtp(payload, frameNbr, marker=1, payloadType=26):
        """One RTP packet. The preparer makes its header templates with it; each viewer's stream writes its own
        sequence number, timestamp and SSRC into them."""
        packet = RtpPacket()
        packet.encode(2, 0, 0, 0, frameNbr, marker, payloadType, 0, payload, timestamp=0)
        return packet.getPacket()
