"""What somebody publishes: streams that come in and can be watched while they come, and the table of all of them."""

import logging
import math
import random
import secrets
import threading
import time
from dataclasses import dataclass

from media.recording import Recordings
from media.source import Format, LiveSource, Presentation
from net.gate import Gate
from rtp import rtcp
from rtp.grouping import Grouper, Packet
from rtp.interval import Interval
from rtp.reception import Reception
from rtp.reorder import ReorderBuffer
from rtp.reports import UNITS
from rtp.streamclock import Reference, StreamClock
from rtp.timestamps import middle
from RtpPacket import RTCP_TYPES, RtpPacket
from rtsp import limits
from rtsp.announcement import frame_rate
from rtsp.errors import MethodError, RtspError

log = logging.getLogger(__name__)

KEPT = 512              # groups of packets of a stream
PATIENCE = 0.05         # seconds that a packet which came over UDP waits for those before it
TICK = 0.02             # seconds between looks at what waits
STANDING = 0.1          # seconds without a packet after which nobody waits for more of a frame
PERIOD = {"video": 0.04, "audio": 0.02}     # seconds from frame to frame, where nobody says it
WHILE_BUSY = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")       # what is allowed on a path that somebody else publishes to


class Inlet:
    """One stream on its way in: packets of a channel in order, put into a live source. A Session keeps it as it keeps
    what goes out.

    Lock: `lock` guards all of it: packets come on the thread that reads, requests on the worker's."""

    run = report = None                         # nothing is played

    def __init__(self, announced, channel, reference, clock=time.perf_counter):
        self.announced, self.channel, self.clock = announced, channel, clock
        self.lock = threading.Lock()
        rate = frame_rate(announced)
        period = 1 / rate if rate else PERIOD.get(announced.kind, 0.04)
        self.source = LiveSource(Format(announced.kind, announced.payload_type, announced.encoding,
                                        announced.clock_rate, attributes=announced.attributes,
                                        bandwidth=announced.bandwidth), period, KEPT, reordered=True)
        self.recording = False                  # else what comes is dropped
        self.ssrc = secrets.randbits(32)        # ours, in reports
        self.sender = None                      # theirs
        self.times = StreamClock(announced.clock_rate, reference, clock())
        self.grouper = Grouper(together=announced.kind == "video" and announced.encoding != "MP2T")
        self.reorder = ReorderBuffer(patience=0.0 if channel.connection else PATIENCE)
        self.reception = Reception(announced.clock_rate)
        self.interval = Interval(random.random, clock())
        self.reported = 0, 0.0                  # of the latest sender report: the middle of its time, and when it came
        self.arrived = clock()

    @property
    def packets(self):
        return self.reception.packets

    @property
    def position(self):
        return self.source.count

    def hear(self, data):
        """Something came on one of the two ports."""
        with self.lock:
            now = self.clock()
            if len(data) > 1 and data[1] in RTCP_TYPES:
                self.hearReport(data, now)
            elif self.recording:
                self.hearMedia(data, now)
            if now >= self.interval.due and self.interval.expired(now):
                self.sendReport(now)

    def hearMedia(self, data, now):
        packet = RtpPacket()
        try:
            packet.decode(data)
        except ValueError:
            return                              # what opens a way through a firewall, and worse
        if packet.payloadType() != self.announced.payload_type:
            return
        if packet.ssrc() != self.sender:
            self.newSender(packet.ssrc())
        number, timestamp, marker = packet.seqNum(), packet.timestamp(), bool(packet.marker())
        self.arrived = now
        if self.reception.arrived(number, timestamp, now, len(data)):
            self.take(self.reorder.push(number, Packet(number, timestamp, marker, packet.getPayload()), now), now)

    def newSender(self, ssrc):
        """Its numbers and timestamps have nothing to do with those before."""
        if self.sender is not None:
            self.times.restart()
            self.reception = Reception(self.announced.clock_rate)
        self.sender = ssrc
        self.restart()

    def restart(self):
        """What comes next need not go on from what came before."""
        self.reorder.restart()
        self.grouper.restart()

    def take(self, packets, now):
        for packet in packets:
            self.publish(self.grouper.push(packet), now)

    def publish(self, groups, now):
        for group in groups:
            when = self.times.time(group.timestamp, now)
            self.source.origin = self.times.origin
            self.source.append(group.payloads, when, group.lost, group.begins)

    def tick(self):
        """Nothing waits for ever for a packet that is lost, or for the rest of a frame."""
        with self.lock:
            now = self.clock()
            if self.recording:
                self.take(self.reorder.flush(now), now)
                if now - self.arrived > STANDING:
                    self.publish(self.grouper.flush(), now)

    def hearReport(self, data, now):
        try:
            packets = rtcp.parse(data)
        except ValueError:
            return
        for packet in packets:
            if isinstance(packet, rtcp.SenderReport):
                self.reported = middle(packet.ntp), now
                self.times.reported(packet, now)
                self.source.origin = self.times.origin

    def sendReport(self, now):
        """How well it comes: publishers adapt to that, and know by it that somebody is there (RFC 3550 §6.4.2)."""
        ntp, came = self.reported
        delay = round((now - came) * UNITS) if ntp else 0
        block = self.reception.report(self.sender or 0, ntp, min(delay, 0xFFFFFFFF))
        report = rtcp.ReceiverReport(self.ssrc, (block,) if block else ())
        self.channel.send_control(rtcp.compound(report, rtcp.SourceDescription(self.ssrc, "RTSPlab")))

    def record(self, recording):
        """From now on what comes is media, or is dropped."""
        with self.lock:
            now = self.clock()
            self.take(self.reorder.flush(math.inf), now)
            self.publish(self.grouper.flush(), now)
            self.restart()
            self.recording = recording

    def stop(self):
        """Nothing more will come."""
        self.record(False)
        self.source.close()


def presented(name, inlets):
    """What comes in, for those who watch."""
    return Presentation(name, tuple(inlet.source for inlet in inlets), version=time.time_ns() // 10**6)


class Sweep:
    """sweep(inlets): lets them look at what waits. To be called often; it is done now and then."""

    def __init__(self):
        self._done = 0.0

    def __call__(self, inlets):
        now = time.monotonic()
        if now < self._done + TICK:
            return
        self._done = now
        for inlet in inlets:
            inlet.tick()


class Publication:
    """Announced; then set up, stream by stream; then recording. The session's lock guards it."""

    def __init__(self, name, streams, connection):
        self.name, self.streams, self.connection = name, streams, connection
        self.session = None             # from the first SETUP on
        self.presentation: Presentation | None = None   # from the first RECORD on
        self.recorder = None
        self.atEnd = lambda: None
        self._reference = Reference()
        self._inlets = {}

    def open(self, number, channel):
        """The stream of that number comes over this channel."""
        inlet = self._inlets[number] = Inlet(self.streams[number], channel, self._reference)
        return inlet

    @property
    def inlets(self):
        return [self._inlets[number] for number in sorted(self._inlets)]

    def record(self):
        """Whatever comes from now on can be watched."""
        if self.presentation is None:
            self.presentation = presented(self.name, self.inlets)
        elif self.recorder:
            self.recorder.resume()
        for inlet in self.inlets:
            inlet.record(True)

    def pause(self):
        for inlet in self.inlets:
            inlet.record(False)

    @property
    def abandoned(self):
        """Its connection has gone, and nothing comes any more."""
        silent = self.session.clock() - self.session.lastHeard if self.session else 0.0
        return self.connection.closed and silent > limits.ABANDONED

    def picture(self):
        """The stream that can be written down: JPEG; None if there is none."""
        return next((inlet.source for inlet in self.inlets if inlet.source.format.encoding == "JPEG"), None)

    def end(self):
        """Viewers are told, and the path is free. Twice is fine."""
        self.atEnd()
        for inlet in self.inlets:
            inlet.stop()


@dataclass(frozen=True)
class Policy:
    """Who may publish, and what becomes of it."""

    gate: Gate | None = None    # asks for their names; None: it is for this machine alone
    takeover: bool = False      # a second publisher replaces the first
    recordings: Recordings | None = None


class Publications:
    """Those that can be watched, by path. Lock: `_lock` guards the table."""

    def __init__(self, library, policy=None):
        self.library, self.policy = library, policy or Policy()
        self._table = {}
        self._recorders = []
        self._sweep = Sweep()
        self._lock = threading.Lock()

    def check(self, name, publication=None):
        """RtspError if this one cannot be published: 455 while somebody else publishes it, 453 if there are too many.
        Returns who has to give way, None if nobody."""
        other = self._table.get(name)
        if other is publication or other is None:
            if other is None and len(self._table) >= limits.PUBLICATIONS:
                raise RtspError("too many publishers", 453)
            return None
        if not (self.policy.takeover or other.abandoned):
            raise MethodError(f"{name!r} is being published by somebody else", WHILE_BUSY)
        return other

    def busy(self, name):
        """Who publishes there; None if nobody does."""
        return self._table.get(name)

    def claim(self, publication):
        """The path is its own from now on. Returns who has to give way; RtspError as check()."""
        with self._lock:
            other = self.check(publication.name, publication)
            self._table[publication.name] = publication
        publication.atEnd = lambda: self._release(publication)
        return other

    def show(self, publication):
        """It can be watched, and is written down if that is wanted."""
        self.library.add(publication.name, publication.presentation)
        source, recordings = publication.picture(), self.policy.recordings
        if source and recordings and publication.recorder is None:
            publication.recorder = recordings.start(publication.name, source)
            if publication.recorder:
                with self._lock:
                    self._recorders = [one for one in self._recorders if one.alive] + [publication.recorder]

    def room(self, publication):
        """Seconds for which it can be written down; None: it is not written down."""
        recordings = self.policy.recordings
        return recordings.room() if recordings and publication.picture() else None

    def _release(self, publication):
        name = publication.name
        with self._lock:
            if self._table.get(name) is publication:
                del self._table[name]
        if publication.presentation:
            self.library.discard(publication.name, publication.presentation)

    def tick(self):
        """On the thread that reads, often."""
        self._sweep(inlet for publication in list(self._table.values()) for inlet in publication.inlets)

    def close(self):
        """Until everything is written; all sessions have ended."""
        for recorder in self._recorders:
            recorder.close()
