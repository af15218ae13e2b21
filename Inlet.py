"""One stream that comes in from a publisher or another server, on its way to a live source."""

import logging
import math
import random
import secrets
import threading
import time

from media.source import Format, LiveSource
from rtp import rtcp
from rtp.grouping import Grouper, Packet
from rtp.interval import Interval
from rtp.reception import Reception
from rtp.reorder import ReorderBuffer
from rtp.reports import UNITS
from rtp.streamclock import StreamClock
from rtp.timestamps import middle
from RtpPacket import RTCP_TYPES, RtpPacket
from rtsp.announcement import frame_rate

log = logging.getLogger(__name__)

KEPT = 512              # groups of packets of a stream
PATIENCE = 0.05         # seconds that a packet which came over UDP waits for those before it
STANDING = 0.1          # seconds without a packet after which nobody waits for more of a frame
PERIOD = {"video": 0.04, "audio": 0.02}     # seconds from frame to frame, where nobody says it


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
