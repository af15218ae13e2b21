"""The client's end of one stream, as Stream is the server's: packets from the network in, frames out when they are due.

The thread "receiver" (or "control", if media come inside the RTSP connection) brings the packets: RtpPacket.fields,
then rtp.receiver. Any other thread may ask for frames.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from net.addresses import Address
from net.transcript import Transcript
from rtp import rtcp
from rtp.history import Row
from rtp.receiver import Arrival, Frame, Receiver
from rtp.reporter import Reporter
from rtp.sender import Sender
from rtp.timeline import Timeline
from RtpPacket import fields

log = logging.getLogger(__name__)

JPEG, CLOCK_RATE = 26, 90000    # payload type and ticks a second of JPEG, where nobody says otherwise (RFC 3551 §6)


class StreamReceiver:
    """What has come of one stream, and what may be shown of it.

    Lock: `_lock` guards `receiver` and `_reporter`; `news` is set when a packet has come.
    """

    def __init__(
        self, delay: float, clock: Callable[[], float] = time.monotonic, transcript: Transcript | None = None
    ) -> None:
        """`delay`: seconds from the first packet to the first picture, which even out what the network delays more than
        the rest."""
        self.receiver = Receiver(CLOCK_RATE, delay)     # another one after expect()
        self.news = threading.Event()
        self.clock = clock
        self.rtcpSent = self.rtcpReceived = 0
        self.tape: Any = None           # what takes down the frames that are shown, if anything does: a media.tape.Tape
        self._timeline: Timeline | None = None           # None: nobody wants it
        self.delay = delay
        self._lab = False
        self._payloadType = JPEG
        self._sender = Sender()
        self._reporter: Reporter | None = None          # None: the sender wants no reports from us
        self._sendReport: Callable[[bytes], bool] = lambda packet: False
        self._lock = threading.Lock()
        self._transcript = transcript                   # where what travels is noted

    def expect(self, payloadType: int = JPEG, clockRate: int = CLOCK_RATE, lab: bool = False) -> None:
        """What a description says of the stream."""
        self._payloadType, self._lab = payloadType, lab
        self.receiver = Receiver(clockRate, self.delay, by_arrival=lab)
        if self.tape:
            self.tape.cut()

    def expectFrom(
        self, ssrc: int | None, addresses: Collection[str], send: Callable[[bytes], bool] | None = None
    ) -> None:
        """What the reply to SETUP says of who sends it. `send`: how reports get there; None: nobody wants them."""
        self._sender = Sender(ssrc, addresses)
        # A name that says nothing of its user, unlike user@host, and is as good as unique (RFC 7022 §4.2)
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._sendReport = send or self._sendReport
            self._reporter = Reporter(secrets.randbits(32), name, random.random, self.clock()) if send else None

    # ---- PLAY, in two steps: packets that come before its reply may belong to the time before or to the time after

    def hold(self) -> None:
        """Keep what comes until start() or release()."""
        with self._lock:
            self.receiver.hold()
            self._sender.begin(self.clock())

    def start(
        self, time: float | None, sequence: int | None, timestamp: int | None, keep: bool, scale: float = 1.0
    ) -> None:
        """The reply says which time of the movie begins with which packet; see Receiver.start."""
        if self.tape and not keep:
            self.tape.cut()
        with self._lock:
            self.receiver.start(self.clock(), time, sequence, timestamp, keep, scale)

    def release(self) -> None:
        """The reply has come, good or bad."""
        with self._lock:
            self.receiver.release()

    # ---- what comes

    def onRtp(self, data: bytes, address: Address) -> None:
        """What is no RTP, or not for us, is dropped without a word: anybody can send anything to a UDP port."""
        now = self.clock()
        try:
            marker, payloadType, sequence, timestamp, ssrc, payload = fields(data, strict=not self._lab)
        except ValueError:
            return
        if address[0] not in self._sender.addresses:
            return                                      # before it could pass for the sender, and lock the real one out
        if payloadType == self._payloadType and self._sender.sent(ssrc, now) or self._lab:
            if self._transcript and self._transcript.watched:
                self._transcript.rtp(data, now, sequence, timestamp, marker == 1)
            with self._lock:
                self.receiver.arrived(Arrival(sequence, timestamp, marker == 1, payload, len(data), now))
            if not self.news.is_set():                  # looking is cheaper, and the window never clears it
                self.news.set()

    def onRtcp(self, data: bytes, address: Address) -> None:
        now = self.clock()
        try:
            packets = rtcp.parse(data)
        except ValueError:
            return
        over = self._sender.says_goodbye(packets)
        if address[0] in self._sender.addresses:
            if self._transcript:
                self._transcript.rtcp(data, outgoing=False)
            with self._lock:
                self.rtcpReceived += 1
                if self._reporter:
                    self._reporter.heard(packets, self._sender.ssrc, now)
                if over:
                    log.info("< BYE")
                    self.receiver.end(now)
            self.news.set()

    # ---- what goes back: how it comes (RFC 3550 §6.4.2)

    def report(self) -> None:
        """Send a report if one is due; to be called often. The sender then knows that we are here, and how we hear."""
        with self._lock:
            if self._reporter and self._reporter.due(self.clock()):
                self._send(self._reporter)

    def sayBye(self) -> None:
        """The last report, and that no more will come; before TEARDOWN, after which nobody listens. Twice is fine."""
        with self._lock:
            reporter, self._reporter = self._reporter, None
            if reporter:
                self._send(reporter, bye=True)

    def _send(self, reporter: Reporter, bye: bool = False) -> None:
        packet = reporter.packet(self.receiver.reception, self._sender.ssrc, self.clock(), bye)
        if self._transcript:
            self._transcript.rtcp(packet, outgoing=True)
        self.rtcpSent += self._sendReport(packet)

    # ---- what may be shown

    def nextDue(self) -> float | None:
        """When dueFrames() will have something, by the clock; None if nobody knows."""
        with self._lock:
            return self.receiver.next_due()

    def dueFrames(self, newestOnly: bool) -> tuple[list[Frame], bool]:
        """The frames to be shown now, in order, and whether these were the last."""
        now = self.clock()
        with self._lock:
            if self.receiver.holding:
                return [], False
            frames = self.receiver.due(now, newestOnly)
            if self.tape:
                self.tape.add([*self.receiver.passed, *frames])
            if self._timeline:
                self._timeline.look(now, self.receiver.statistics)
            return frames, self.receiver.finished(now)

    def measured(self) -> tuple[list[Row], list[tuple[float, int]], int]:
        """The history, the packets of late, and how many there were in all: see rtp.analysis."""
        with self._lock:
            analysis = self.receiver.reception.analysis
            return list(analysis.history.rows), list(analysis.recent), analysis.packets

    def keepTimeline(self, every: float) -> None:
        """From now on the statistics of every so many seconds, while something is playing."""
        self._timeline = Timeline(every)

    def timelineSoFar(self) -> list[dict[str, Any]] | None:
        """None: nobody wanted it."""
        with self._lock:
            return self._timeline.lines() if self._timeline else None

    @property
    def ssrc(self) -> int | None:
        """Of whom we hear; None: nobody yet."""
        return self._sender.ssrc

    @property
    def reporter(self) -> Reporter | None:
        """What has been reported, both ways; None: nobody wants reports."""
        return self._reporter

    def step(self) -> Frame | None:
        """The next frame, before its time, if one is there."""
        with self._lock:
            return None if self.receiver.holding else self.receiver.step(self.clock())

    def parameters(self) -> dict[str, str]:
        """What a server may ask for (RFC 2326 §10.8)."""
        reception = self.receiver.reception
        return {"packets_received": str(reception.packets), "jitter": f"{reception.jitter:.6f}"}

    def statistics(self) -> dict[str, Any]:
        return {**self.receiver.statistics(), "rtcp_sent": self.rtcpSent, "rtcp_received": self.rtcpReceived}
