"""A proxy's end of one viewer's connection: what is live is watched as at the server, all else is passed on.

Reverse, the proxy stands for one origin: viewers know its URLs alone. Forward, viewers name the origin themselves, and
nothing that they write or read is changed.
"""

import logging

from LiveOrigin import Described
from Relayed import RelayedSession
from rtsp import checks, offers, via
from rtsp.described import LIST, SDP
from rtsp.errors import NotImplementedMethod, RtspError, SessionError, VersionError
from rtsp.failures import ClientError
from rtsp.headers import SessionHeader, Transport
from rtsp.message import VERSION, Headers, Response
from rtsp.rewriting import description, flattened, info, key_url, listed, seen
from rtsp.states import METHODS, State
from rtsp.url import base_url, named, split_control
from ServerWorker import ServerWorker

log = logging.getLogger(__name__)

NOT_PASSED = ("ANNOUNCE", "RECORD")         # there is no way for media to the origin
OURS = ("authorization", "proxy-authorization")     # said to this proxy, and to nobody else
THEIRS = ("server", "date")                 # of the origin; ours say who has answered
PLACES = ("content-base", "content-location", "location", "rtp-info", "www-authenticate")
KNOWN = 16                                  # descriptions that a connection remembers
OPEN = 4                                    # connections to origins without a session, of one viewer


class ProxyWorker(ServerWorker):
    """`server` is a Proxy."""

    def __init__(self, clientInfo):
        super().__init__(clientInfo)
        self.upstreams = {}                 # origin: a connection to it that has no session yet
        self.places = {}                    # key: what was Described there

    def run(self):
        try:
            super().run()
        finally:
            for upstream in self.upstreams.values():
                upstream.leave()

    def handle(self, request, session):
        """As the server does, where it is about something live; else as the origin does."""
        if request.version != VERSION:
            raise VersionError(f"this proxy speaks {VERSION}, not {request.version}")
        if not request.lab:
            via.check(request, self.server.via)
        if request.target == "*" or request.method in NOT_PASSED:
            return self.ours(request, session)
        if self.server.origin is None:
            return self.passOn(request, session)
        request.target = flattened(request.target)
        if isinstance(session, RelayedSession) or (request.method not in METHODS and not request.lab):
            return self.passOn(request, session)
        if session is None and request.method in ("DESCRIBE", "SETUP") and not self.isLive(request):
            return self.look(request)
        return super().handle(request, session)

    def ours(self, request, session):
        if request.method in NOT_PASSED:
            raise NotImplementedMethod("nothing is published through this proxy")
        return super().handle(request, session)

    def isLive(self, request):
        return self.server.origins.live(named(request)[0]) is not None

    def do_SETUP(self, request, session):
        if live := self.server.origins.live(named(request)[0]):
            live.setUp()
        return super().do_SETUP(request, session)

    def do_PLAY(self, request, session):
        live = self.server.origins.of(session.presentation)
        if live is None:
            raise RtspError("the origin has gone; set it up again", 502)
        response = super().do_PLAY(request, session)
        try:
            live.play()                     # now that the session waits for its first frame, none is missed
        except RtspError:
            session.pause()
            raise
        return response

    # ---- reverse: is it live?

    def look(self, request):
        """A DESCRIBE or SETUP of what nobody watches yet."""
        key, _ = named(request)
        if request.method == "SETUP" and key not in self.places:
            reply = self.describe(key, Headers([("Accept", SDP)]))
            if reply.status != 200:
                return self.mapped(reply, request)
        elif request.method == "DESCRIBE":
            reply = self.describe(key, via.onward(request.headers, self.server.via, OURS))
            if reply.status != 200 or not self.places.get(key):
                return self.mapped(reply, request)
        if self.isLive(request):
            return super().handle(request, None)
        return self.mapped(reply, request) if request.method == "DESCRIBE" else self.passOn(request, None)

    def describe(self, key, headers):
        """The origin's reply; what is live in it is fetched for all from now on."""
        url = key_url(self.server.origin, key)
        upstream = self.upstream(url)
        reply = upstream.passOn("DESCRIBE", url, headers)
        self.places.pop(key, None)
        try:
            found = Described(reply, url) if reply.status == 200 else None
        except ClientError as error:        # a list, say
            log.info("= %s: %s", self.peer, error)
            return reply
        if found:
            if len(self.places) >= KNOWN:
                del self.places[next(iter(self.places))]
            self.places[key] = found
            if found.live and self.server.origins.adopt(key, upstream, found, lambda: self.server.connect(url)):
                del self.upstreams[self.server.place(url)]
        return reply

    # ---- passing on

    def upstream(self, url):
        """The connection for what has no session. RtspError 403 for an origin that is not allowed."""
        place = self.server.place(url)
        upstream = self.upstreams.get(place)
        if upstream is None or upstream.lost:
            if len(self.upstreams) >= OPEN:
                self.upstreams.pop(next(iter(self.upstreams))).leave()
            upstream = self.upstreams[place] = self.server.connect(url)
        return upstream

    def passOn(self, request, session):
        """The origin's reply to this request, as the viewer shall see it."""
        if request.lab:
            raise NotImplementedMethod("this is passed on in standard RTSP alone")
        if request.method == "SETUP":
            return self.setUp(request, session)
        if session is None and "Session" in request.headers:
            raise SessionError("there is no such session")
        if not isinstance(session, RelayedSession):
            url = self.url(request)
            return self.mapped(self.ask(self.upstream(url), request, url), request)
        with session.lock:
            return self.inSession(request, session)

    def ask(self, upstream, request, url):
        without = OURS if self.server.origin else ()
        return upstream.passOn(request.method, url, via.onward(request.headers, self.server.via, without), request.body)

    def inSession(self, request, session):
        url = self.url(request, session)
        session.upstream.target = session.base if self.server.origin else url
        if request.method == "PLAY":
            session.hold()
        try:
            reply = self.ask(session.upstream, request, url)
        except RtspError:
            session.release()
            if request.method != "TEARDOWN":
                raise
            reply = Response(200)           # it has ended, one way or another
        if request.method == "PLAY" and reply.status != 200:
            session.release()
        if request.method == "TEARDOWN" and 200 <= reply.status < 300:
            self.bound.discard(session)
            self.server.sessions.remove(session)
        session.state = session.upstream.state
        return self.mapped(reply, request, session)

    def setUp(self, request, session):
        """SETUP of one stream, the first of a session or another one."""
        transport = offers.choose(request.headers.get_all("Transport"), self.connection.peer[0],
                                  encrypted=self.connection.encrypted)
        number, url, base = self.stream(request, session)
        upstream = session.upstream if session else self.upstream(url)
        lasting = session or RelayedSession.of(self.server.sessions.new(self.connection, False, self.user), upstream,
                                               base)
        channel = self.newChannel(lasting, transport)
        without = OURS if self.server.origin else ()
        lines = via.onward(request.headers, self.server.via, without)
        wanted = self.server.wanted if self.server.wanted != "auto" else "tcp" if transport.tcp else "auto"
        try:
            with lasting.lock:
                reply = lasting.carry(number, url, lines, channel, wanted, self.server.reader)
        finally:
            if not lasting.streams:
                self.bound.discard(lasting)
        if reply.status != 200:
            return self.mapped(reply, request, session)
        lasting.url, lasting.path = base_url(request.target).rstrip("/"), named(request)[0]
        if session is None:
            self.upstreams = {place: one for place, one in self.upstreams.items() if one is not upstream}
            self.server.sessions.add(lasting)
        chosen = Transport(transport.protocol, ssrc=lasting.streams[number].ssrc, **channel.parameters)
        response = self.mapped(reply, request, lasting)
        response.headers.set("Transport", str(chosen))
        response.headers.set("Session", str(SessionHeader(lasting.id, round(lasting.timeout))))
        return response

    def stream(self, request, session):
        """Of a SETUP: the stream's number, its URL at the origin, and that of the whole. Forward, a URL is all there is
        to know of it, and also its number."""
        if self.server.origin is None:
            return request.target, request.target, split_control(request.target)[0]
        key, number = named(request)
        found = self.places.get(key)
        if found is None and (session is None or self.describe(key, Headers([("Accept", SDP)])).status != 200):
            raise RtspError(f"there is no {key!r}", 404)
        found = self.places[key]
        checks.check_setup(number, len(found.urls), session.state if session else State.INIT)
        if (number or 0) >= len(found.urls):
            raise RtspError(f"{key!r} has no stream {number}", 404)
        return number or 0, found.urls[number or 0], found.base

    def url(self, request, session=None):
        """The origin's URL of what a request names."""
        if self.server.origin is None:
            return request.target
        key, number = named(request)
        if session is None:
            return key_url(self.server.origin, key)
        return session.base if number is None else session.urls.get(number, session.base)

    # ---- the origin's replies

    def mapped(self, reply, request, session=None):
        """As the viewer shall see it."""
        without = THEIRS if self.server.origin is None else (*THEIRS, *PLACES)
        response = Response(reply.status, via.onward(reply.headers, self.server.via, without), reply.body,
                            reason=reply.reason)
        if session:
            response.headers.set("Session", session.id)
        if self.server.origin is not None:
            self.rewrite(reply, response, request, session)
        return response

    def rewrite(self, reply, response, request, session):
        """Reverse: every place as one of ours."""
        if reply.status == 401:
            self.server.complaints.say("the origin does not accept the name and password of its URL")
            raise RtspError("the origin does not let this proxy in", 502)
        origin, target = self.server.origin, request.target
        if location := reply.headers.get("Location"):
            response.headers.set("Location", seen(location, origin, target))
        if session and (value := info(reply.headers, session.urls, target)):
            response.headers.set("RTP-Info", value)
        kind = (reply.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        text = reply.body.decode("utf-8", "replace")
        if kind == SDP:
            response.headers.set("Content-Base", base_url(target))
            response.body = description(text).encode()
        elif kind == LIST:
            response.body = listed(text, origin, target).encode()
