"""One viewer's own session at an origin: requests go through it, and what the origin sends goes out as it is.

Numbers, timestamps, SSRCs and reports are those of the origin and of the viewer; between them is only another way.
"""

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from net.interleaved import prefix
from net.way import REFUSED
from rtp import rtcp
from rtp.sender import goodbye_in
from rtsp.granted import transport
from rtsp.headers import Transport
from rtsp.message import Headers
from Session import Session

log = logging.getLogger(__name__)

# Seconds by which a BYE is held back: some origins send it right behind their last frame, and where the two go by
# different ways, players may read it first, and end without that frame
GRACE = 0.1
HELD = 4 << 20          # bytes of a stream that may wait for a reply to the viewer
RTP_HEADER = 12         # bytes


class RelayedStream:
    """A way in, and a channel out.

    Lock: packets come while a worker has the session's lock and waits for the origin's reply, so this has its own."""

    run = report = None                     # nothing of it is played by us

    def __init__(self, session, channel):
        self.session, self.channel = session, channel
        self.lock = threading.Lock()
        self.way: Any = None                # from RelayedSession.carry() on
        self.pacer: Any = None              # … and from the first PLAY on
        self.ssrc = None                    # that of the origin's packets
        self.addresses = set()              # where they come from
        self.holding = self.closed = False
        self.held = []                      # (packet, is it RTCP?), and …
        self.heldBytes = 0                  # … how many bytes
        self.packets = self.octets = self.skipped = self.dropped = 0

    def take(self, data, address, control):
        """Something came from the origin. What is no RTP is dropped without a word."""
        if address[0] not in self.addresses or not (control or (len(data) >= RTP_HEADER and data[0] >> 6 == 2)):
            return
        with self.lock:
            if not self.holding:
                self.forward(data, control)
            elif self.heldBytes + len(data) <= HELD:
                self.held.append((data, control))
                self.heldBytes += len(data)
            else:
                self.dropped += 1

    def forward(self, data, control):
        """The lock is held."""
        if self.closed:
            return
        if control:
            if self.pacer and goodbye_in(data):
                self.pacer.add(lambda now: self.sendControl(data), self.pacer.clock() + GRACE)
            else:
                self.channel.send_control(data)
            return
        self.ssrc = int.from_bytes(data[8:12], "big")
        if self.channel.connection:
            data = prefix(len(data), self.channel.numbers[0]) + data
        if self.channel.send(memoryview(data), len(data)):
            self.packets += 1
            self.octets += len(data) - RTP_HEADER
        else:
            self.dropped += 1               # the viewer reads too slowly; its decoder sees that a number is missing

    def sendControl(self, data):
        """What was held back; on the pacer's thread."""
        with self.lock:
            if not self.closed:
                self.channel.send_control(data)

    def hold(self):
        """What comes from now on belongs behind a reply that is still to be sent."""
        with self.lock:
            self.holding = True

    def release(self):
        """The reply has been sent."""
        with self.lock:
            self.holding, held, self.held, self.heldBytes = False, self.held, [], 0
            for data, control in held:
                self.forward(data, control)

    def hear(self, data):
        """Something came from the viewer: reports are for the origin. Players send all kinds of things besides."""
        try:
            rtcp.parse(data)
        except ValueError:
            return
        self.way.send_control(data)

    def sayBye(self):
        """In the origin's name, if it cannot do it any more."""
        with self.lock:
            if self.ssrc is not None and not self.closed:
                name = rtcp.SourceDescription(self.ssrc, self.session.cname)
                bye = rtcp.compound(rtcp.ReceiverReport(self.ssrc), name, rtcp.Goodbye((self.ssrc,)))
                self.channel.send_control(bye)

    def close(self, reader):
        """Nothing is sent any more when this returns. Twice is fine."""
        with self.lock:
            already, self.closed, self.held = self.closed, True, []
        if not already:
            self.channel.close(reader)
            if self.way:
                self.way.close()


@dataclass(eq=False)
class RelayedSession(Session):
    """As the server's other sessions, but that all which is asked is asked of the origin. `base`: its URL of the whole,
    `urls`: those of its streams by their numbers."""

    upstream: Any = None
    base: str = ""
    urls: dict = field(default_factory=dict)

    @classmethod
    def of(cls, session, upstream, base):
        """In place of an ordinary one that has just been made."""
        made = cls(session.id, session.owner, timeout=session.timeout, user=session.user, connection=session.connection,
                   complaints=session.complaints, upstream=upstream, base=base)
        upstream.onLost, upstream.target = made.lost, base
        return made

    def carry(self, number, url, lines, channel, wanted, reader):
        """SETUP of one stream at the origin, for which there is a channel to the viewer; the origin's reply."""
        stream = RelayedStream(self, channel)
        stream.way = self.upstream.openWay(wanted, lambda data, address: stream.take(data, address, False),
                                           lambda data, address: stream.take(data, address, True), reader)
        try:
            reply = self.offer(stream.way, url, lines)
            if reply.status == 461 and stream.way.may_switch:
                stream.way.switch(REFUSED)
                reply = self.offer(stream.way, url, lines)
        except BaseException:
            stream.close(reader)
            raise
        if reply.status == 200:
            self.add(number, url, stream, transport(reply) or Transport(), reader)
        else:
            stream.close(reader)
        return reply

    def offer(self, way, url, lines):
        asked = Headers([("Transport", str(way.ports.offer)), *lines])
        return self.upstream.passOn("SETUP", url, asked)

    def add(self, number, url, stream, granted, reader):
        """The origin sends it now, in place of one of the same number if there is one."""
        old = self.streams.pop(number, None)
        if old:
            old.close(reader)
        peer = self.upstream.peer[0]
        stream.addresses, stream.ssrc = {peer, granted.source or peer}, granted.ssrc
        stream.way.ports.granted(granted, self.upstream.connection)
        self.streams[number], self.urls[number] = stream, url

        def hear(data, address):
            if address[0] == self.owner:
                self.heard()
                stream.hear(data)

        stream.channel.listen(reader, hear)

    def hold(self):
        """What comes from now on waits for release()."""
        for stream in self.streams.values():
            stream.hold()

    def release(self):
        for stream in list(self.streams.values()):
            stream.release()

    def start(self, pacer):
        """The reply to PLAY has been sent; the origin sends the media."""
        for stream in self.streams.values():
            stream.pacer = pacer
        self.release()

    def lost(self, reason):
        """The origin has gone: viewers are told. Requests of this session are answered 502 from now on."""
        log.info("= session %s: %s", self.id, reason)
        self.release()
        for stream in list(self.streams.values()):
            stream.sayBye()

    def parameters(self):
        """Of the viewer's session here, for whoever looks after the proxy."""
        return {"position": "0", "jitter": "0", "packets": str(sum(one.packets for one in self.streams.values()))}

    def close(self, reader, bye=False):
        with self.lock:
            for stream in self.streams.values():
                if bye:
                    stream.sayBye()
                stream.close(reader)
            self.streams = {}
        self.upstream.leave()
