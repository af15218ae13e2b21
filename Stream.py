"""One stream of a session, on its way to one viewer. What the pacer calls, frame after frame:

    movie time   |----|----|----|----|          frame k has time(k), in seconds
    RTP time     timestamp of the first frame + (time(k) - time of the first frame) * clock rate
    sending      when PLAY was answered      + (time(k) - time of the first frame)

A Run is one such line: from a PLAY to the next PAUSE, PLAY, TEARDOWN or the end.
"""

import logging
import secrets
import time
from dataclasses import dataclass
from functools import partial
from struct import pack_into

from media.prepare import HEADER_SIZE, Packing, PreparedFrame
from net.pacer import SLOT
from rtp import rtcp
from rtp.timestamps import ntp_time

log = logging.getLogger(__name__)

BUSY = 0.002        # seconds after which the pacer comes back to a session that a worker is busy with
TOO_LATE = 0.5      # seconds; a frame that is so late (the machine was asleep) is dropped instead of sent in a burst
AHEAD = 8           # frames that are prepared before they are due
SPREAD = 10         # goes at most in which a frame is sent: it must be over before the next one is due


@dataclass(eq=False)
class Run:
    """One PLAY of one stream. Times in seconds of the movie, `begun` in seconds of the pacer's clock."""

    first: int                          # the frame it starts with, prepared
    prepared: PreparedFrame | None
    startTime: float                    # what the Range of the reply says
    endTime: float | None               # where the Range asked to stop
    timestamp: int                      # RTP time of startTime
    begun: float | None = None          # when startTime was (or would have been) sent; None: not yet
    ends: float | None = None           # the movie time at which BYE is due
    skipping: bool = False              # a frame was not ready in time, and that has been logged
    dropping: bool = False              # the viewer had no room for a frame, and that has been logged


class Stream:
    """One stream of a session: a source, a channel, and the numbers that go on from packet to packet.

    Lock: all of it is guarded by the lock of its session. The pacer alone sends media.
    """

    def __init__(self, source, channel, preparer, packing, session):
        self.source, self.channel = source, channel
        self.preparer, self.packing = preparer, packing
        self.session = session
        self.ssrc = secrets.randbits(32)
        # The standard starts anywhere (RFC 3550 §5.1); clients of the lab show only what is numbered from 1 on
        self.sequence = 1 if packing is Packing.WHOLE else secrets.randbits(16)
        self.timestamp = secrets.randbits(32)       # of the next frame
        self.frame = source.first()                 # the next frame
        self.rest = None                            # what is unsent of the frame before: (frame, timestamp, from byte)
        self.run: Run | None = None
        self.wake = None                            # how a live source tells of a new frame
        self.packets = self.octets = self.skipped = self.dropped = 0

    # ---- from a PLAY to its first packet

    def plan(self, start, end):
        """The Run for a PLAY from `start` (seconds, None: where it stands) to `end` (None: to the end); None if there
        is no frame in that range. Nothing has changed yet."""
        first = self.frame - bool(self.rest) if start is None else self.source.frame_at(start)
        if self.source.duration is None:
            first = max(first, self.source.first())     # what was missed of a live stream is gone
        prepared = None
        while self.source.available(first):
            prepared = self.preparer.frame(self.source, first, self.packing)
            if prepared.count:
                break
            first += 1                              # a damaged frame: RTP-Info must name one that will be sent
        if self.source.ended(first) or (end is not None and self.source.time(first) >= end):
            return None
        return Run(first, prepared, self.source.time(first), end, self.timestamp)

    def reserve(self, run, startTime):
        """Make `run` what is played; `startTime` is that of the whole presentation, not after the run's own."""
        run.startTime = startTime
        run.timestamp = self.timestamp
        self.run, self.frame = run, run.first
        for ahead in range(run.first + 1, run.first + AHEAD):
            self.prepare(run, ahead)

    def prepare(self, run, k):
        """Have frame k ready when it is due."""
        if not self.source.instant and self.source.available(k):
            begun = self.preparer.clock() if run.begun is None else run.begun
            self.preparer.want(self.source, k, self.packing, begun + self.source.time(k) - run.startTime)

    def start(self, pacer, now):
        """Hand a reserved run to the pacer."""
        run = self.run
        if run is None or run.begun is not None:
            return
        run.begun = now
        task = partial(self.sendRtp, run)
        if self.source.duration is None:
            self.wake = lambda: pacer.add(task, pacer.clock())
            self.source.subscribe(self.wake)
        pacer.add(task, now if self.wake else self.deadline(run))

    def stop(self):
        """From now on nothing is sent."""
        if self.wake:
            self.source.unsubscribe(self.wake)
        if self.rest:
            self.frame -= 1                         # half a frame is none: PLAY begins with it
        self.run = self.wake = self.rest = None

    # ---- the pacer's

    def sendRtp(self, run, now):
        """Send the next frame of `run`, or the next part of a large one, and return when more is due; None: there is
        nothing to wait for."""
        if not self.session.lock.acquire(blocking=False):
            return now + BUSY                       # the pacer waits for nobody
        try:
            if run is not self.run:
                return None                         # paused, or played anew, in the meantime
            if self.rest:
                self.transmit(*self.rest)
            elif self.isOver(run):
                return self.end(run, now)
            elif self.source.available(self.frame):
                self.sendFrame(run, now)
            return now + SLOT if self.rest else self.nextDeadline(run, now)
        finally:
            self.session.lock.release()

    def isOver(self, run):
        """No further frame of this run will come."""
        past = run.endTime is not None and self.source.time(self.frame) >= run.endTime
        return past or self.source.ended(self.frame)

    def sendFrame(self, run, now):
        """Frame k, or nothing: a frame that is damaged, not ready or too late is left out before it gets numbers, so
        that no receiver takes it for a loss; the timestamps go on."""
        k, source = self.frame, self.source
        if k == run.first and run.prepared:
            prepared = run.prepared
        elif source.instant:
            prepared = self.preparer.frame(source, k, self.packing)
        else:
            prepared = self.preparer.ready(source, k, self.packing)
        if source.duration is None:                 # what is live is due when it has come
            run.begun = now - (source.time(k) - run.startTime)
        due = self.deadline(run)
        if prepared is None or (source.seekable and now - due > TOO_LATE):
            self.skip(run, k)
        elif prepared.count:
            self.transmit(prepared, self.rtpTime(run, source.time(k)), 0)
        self.frame = k + 1
        run.ends = source.time(k) + source.period
        self.timestamp = self.rtpTime(run, run.ends)    # where a PLAY after a pause goes on
        self.prepare(run, k + AHEAD)                     # those before it have been asked for already

    def skip(self, run, k):
        self.skipped += 1
        if not run.skipping:
            run.skipping = True
            log.warning("! session %s: frame %d was not ready in time: the movie is too heavy, or the machine too busy",
                        self.session.id, k)

    def drop(self):
        self.dropped += 1
        if self.run and not self.run.dropping:
            self.run.dropping = True
            log.warning("! session %s: the viewer reads too slowly; what it has no room for is left out",
                        self.session.id)

    def transmit(self, prepared, timestamp, start):
        """Write this viewer's numbers into the prepared packets from byte `start` on, and send them (RFC 3550 §5.1)."""
        buffer, segment = prepared.buffer, prepared.segment
        end = min(start + max(self.channel.burst, prepared.count // SPREAD) * segment, len(buffer))
        sequence = self.sequence
        for packet in range(start, end, segment):
            pack_into("!HII", buffer, packet + 2, sequence, timestamp, self.ssrc)
            sequence = (sequence + 1) & 0xFFFF
        part = buffer if end - start == len(buffer) else memoryview(buffer)[start:end]
        if not self.channel.send(part, segment):
            self.drop()
            return                              # its numbers are for the next frame: nobody shall take it for a loss
        self.sequence = sequence
        self.rest = (prepared, timestamp, end) if end < len(buffer) else None
        count = -((start - end) // segment)     # rounded up: the last packet may be shorter
        self.packets += count
        self.octets += end - start - HEADER_SIZE * count

    def nextDeadline(self, run, now):
        """When to be called again; None: what is live will wake us."""
        if self.source.duration is not None or self.isOver(run):
            return self.deadline(run)
        return now if self.source.available(self.frame) else None

    def deadline(self, run):
        """When the next frame, or the BYE behind the last one, is due."""
        when = run.ends if run.ends is not None and self.isOver(run) else self.source.time(self.frame)
        return run.begun + when - run.startTime

    def rtpTime(self, run, playTime):
        """The RTP timestamp of a play time."""
        return (run.timestamp + round((playTime - run.startTime) * self.source.format.clock_rate)) & 0xFFFFFFFF

    def end(self, run, now):
        """The range has been played."""
        self.sayBye(run, now)
        self.stop()
        self.session.streamEnded()

    def sayBye(self, run, now):
        """What tells a standard receiver that nothing more will come (RFC 3550 §6.6)."""
        if self.packing is Packing.WHOLE:
            return                                  # clients of the lab listen to RTP alone
        elapsed = round((now - run.begun) * self.source.format.clock_rate)
        report = rtcp.SenderReport(self.ssrc, ntp_time(time.time()), (run.timestamp + elapsed) & 0xFFFFFFFF,
                                   self.packets & 0xFFFFFFFF, self.octets & 0xFFFFFFFF)
        name = rtcp.SourceDescription(self.ssrc, self.session.cname)
        self.channel.send_control(rtcp.compound(report, name, rtcp.Goodbye((self.ssrc,))))
