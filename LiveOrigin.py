"""What an origin sends live, fetched once for all who watch: one session there, and a live source for each stream."""

import logging
import threading
import time
from functools import partial

from Inlet import Inlet
from net.way import BLOCKED
from Publication import presented
from rtp.sender import goodbye_in
from rtp.streamclock import Reference
from RtpPacket import RTCP_TYPES
from rtsp import announcement
from rtsp.described import read
from rtsp.errors import RtspError
from rtsp.failures import ClientError, ReplyTimeout, ServerRefused
from rtsp.message import Headers, Request
from rtsp.playable import duration
from rtsp.url import resolve

log = logging.getLogger(__name__)

PASSED = (403, 404, 453, 503)      # what an origin's refusal means to a viewer, too; others are a 502


class Described:
    """What the reply to a DESCRIBE says. `urls`: of the streams; `live`: there is no end that one could know."""

    def __init__(self, reply, url):
        """ClientError if it is no description."""
        description, self.base = read(reply, url)
        self.urls = [resolve(self.base, media.control) for media in description.media]
        self.live = all(duration(description, media) is None for media in description.media)
        self.body = reply.body

    def streams(self):
        """What can be put together for many viewers. RtspError if it is of a kind that cannot."""
        headers = Headers([("Content-Type", announcement.SDP)])
        return announcement.read(Request("ANNOUNCE", self.base, headers, self.body))


class Upward:
    """Reports to the origin, for an Inlet."""

    connection = None

    def __init__(self):
        self.way = None

    def send_control(self, packet):
        return self.way is not None and self.way.send_control(packet)


class LiveOrigin:
    """describe, then setUp() and play(), once each whoever calls first; end().

    Lock: `lock` is held while the origin is asked: who comes second waits for what the first one brings about."""

    def __init__(self, name, upstream, found, reopen, reader, wanted="auto", clock=time.monotonic):
        """`found`: what is Described there; `reopen`: makes another connection to the same origin. RtspError for
        streams that cannot be put together for many."""
        self.name, self.found, self.reopen = name, found, reopen
        self.reader, self.wanted, self.clock = reader, wanted, clock
        self.lock = threading.Lock()
        reference = Reference()
        self.addresses = {upstream.peer[0]}     # where media comes from
        self.inlets = [Inlet(stream, Upward(), reference) for stream in found.streams()]
        self.presentation = presented(name, self.inlets)
        self.used = clock()             # when somebody watched, or asked, last
        self.isSetUp = self.isPlaying = self.ended = False
        self.begun = 0.0                # when the origin was asked to play
        self.heard = False              # something has come since
        self.onEnd = lambda: None
        self.take(upstream)

    def take(self, upstream):
        """Over this connection from now on."""
        self.upstream, upstream.target = upstream, self.found.base
        upstream.onLost, upstream.onTick = self.lost, self.tick

    # ---- the conversation

    def setUp(self):
        """All streams, whichever of them the first viewer wants. RtspError, and it has ended, if that cannot be."""
        with self.lock:
            if not self.isSetUp:
                self.asking(self._setUp)
                self.isSetUp = True

    def play(self):
        """RtspError as setUp()."""
        with self.lock:
            if not self.isPlaying:
                self.asking(self._play)
                self.isPlaying = True

    def asking(self, ask):
        if self.ended:
            raise RtspError("the origin has gone", 502)
        try:
            ask()
        except ClientError as error:
            self.end()
            status = error.status if isinstance(error, ServerRefused) and error.status in PASSED else 502
            raise RtspError(str(error), 504 if isinstance(error, ReplyTimeout) else status) from None
        except RtspError:
            self.end()
            raise

    def _setUp(self):
        client = self.upstream
        for inlet, url in zip(self.inlets, self.found.urls, strict=True):
            way = client.openWay(self.wanted, partial(self.hear, inlet), partial(self.hear, inlet), self.reader)
            granted = way.setup(partial(client.setup, url), client.connection, lab=False)
            inlet.channel.way = way
            self.addresses.add(granted.source or client.peer[0])
            if self.wanted == "auto" and way.transport == "tcp":
                self.wanted = "tcp"             # no need to ask for each stream

    def _play(self):
        for inlet in self.inlets:
            inlet.record(True)
        self.begun = self.clock()
        self.upstream.play()

    # ---- what comes

    def hear(self, inlet, data, address):
        if address[0] not in self.addresses:
            return
        control = len(data) > 1 and data[1] in RTCP_TYPES
        self.heard = self.heard or not control
        if control and inlet.sender is not None and goodbye_in(data, inlet.sender):
            log.info("= %s: the origin says that this is the end", self.name)
            self.end()
        else:
            inlet.hear(data)

    def tick(self):
        """On the thread "control" of the connection: over UDP, a firewall may swallow everything."""
        waiting = self.isPlaying and not self.heard and not self.ended
        if waiting and any(way.blocked(self.clock() - self.begun) for way in self.upstream.ways):
            log.warning("! %s: %s", self.name, BLOCKED)
            self.again()

    def again(self):
        """Another session, whose media come inside the connection."""
        self.wanted = "tcp"
        self.upstream.leave()
        with self.lock:
            try:
                self.take(self.reopen())
                self.asking(lambda: (self._setUp(), self._play()))
            except RtspError as error:
                self.lost(str(error))

    # ---- the end

    def lost(self, reason):
        if not self.ended:
            log.warning("! %s: %s", self.name, reason)
        self.end()

    def end(self):
        """Viewers are told, and so is the origin. Any thread; twice is fine."""
        if self.ended:
            return
        self.ended = True
        self.onEnd()
        for inlet in self.inlets:
            inlet.stop()
        self.upstream.leave()
