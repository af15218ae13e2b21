"""One stream of a session, on its way to one viewer: what the pacer calls, frame after frame.

What is sent from a PLAY to the next PAUSE, PLAY, TEARDOWN or the end is a Run; Run.py says which frame is due when.
"""

import logging
import random
import secrets
import time
from functools import partial
from struct import pack_into

from media.prepare import HEADER_SIZE, Packing
from net.pacer import SLOT
from rtp import reports, rtcp
from rtp.interval import Interval
from rtp.timestamps import middle, ntp_time
from Run import Run, nearest

log = logging.getLogger(__name__)

BUSY = 0.002        # seconds after which the pacer comes back to a session that a worker is busy with
TOO_LATE = 0.5      # seconds; a frame that is so late (the machine was asleep) is dropped instead of sent in a burst
AHEAD = 8           # frames that are prepared before they are due
SPREAD = 10         # goes at most in which a frame is sent: it must be over before the next one is due


class Stream:
    """One stream of a session: a source, a channel, and the numbers that go on from packet to packet.

    Lock: all of it is guarded by the lock of its session, but for `report`, a value that is replaced as a whole. The
    pacer alone sends media.
    """

    def __init__(self, source, channel, preparer, packing, session):
        self.source, self.channel = source, channel
        self.preparer, self.packing = preparer, packing
        self.session = session
        self.ssrc = secrets.randbits(32)
        # The standard starts anywhere (RFC 3550 §5.1); clients of the lab show only what is numbered from 1 on
        self.sequence = 1 if packing is Packing.WHOLE else secrets.randbits(16)
        self.timestamp = secrets.randbits(32)       # of the first frame of the next run
        self.frame = source.first()                 # where it stands when there is no run: see `position`
        self.rest = None                            # what is unsent of the frame before: (frame, timestamp, from byte)
        self.run: Run | None = None
        self.wake = None                            # how a live source tells of a new frame
        self.clock = time.perf_counter              # the pacer's
        self.interval = Interval(random.random, 0.0)    # between our reports; another one in each run
        self.report: reports.Reported | None = None     # what the viewer has said last of how it hears us
        self.packets = self.octets = self.skipped = self.dropped = 0

    # ---- from a PLAY to its first packet

    @property
    def position(self):
        """Between which frames it stands: this one is the next, and the one before it is the next going back."""
        run = self.run
        if run is None:
            return self.frame
        return (run.sent if self.rest else run.frame) + (run.direction < 0)

    def stand(self, playTime, direction):
        """Stand where a PLAY in this direction begins with the first frame that is not before `playTime`."""
        self.frame = nearest(self.source, playTime, direction) + (direction < 0)

    def plan(self, start, end, scale=1.0, speed=1.0):
        """The Run for a PLAY from `start` (seconds, None: where it stands) to `end` (None: as far as it goes); None if
        there is no frame in that range. Nothing has changed yet."""
        direction = 1 if scale > 0 else -1
        first = self.position - (scale < 0) if start is None else nearest(self.source, start, direction)
        if self.source.duration is None:
            first = max(first, self.source.first())     # what was missed of a live stream is gone
        prepared = None
        while self.source.available(first):
            prepared = self.preparer.frame(self.source, first, self.packing)
            if prepared.count:
                break
            first += direction                      # a damaged frame: RTP-Info must name one that will be sent
        run = Run(self.source, first, prepared, self.source.time(first), end, scale, speed)
        return None if run.isOver() else run

    def reserve(self, run, startTime):
        """Make `run` what is played; `startTime` is that of the whole presentation, not after the run's own."""
        run.startTime = run.ends = startTime
        run.timestamp = self.timestamp
        self.run = run
        for ahead in range(1, AHEAD):
            self.prepare(run, run.after(run.first, ahead))

    def prepare(self, run, k):
        """Have frame k ready when it is due."""
        if not self.source.instant and self.source.available(k):
            begun = self.preparer.clock() if run.begun is None else run.begun
            self.preparer.want(self.source, k, self.packing, begun + (self.source.time(k) - run.startTime) * run.pace)

    def start(self, pacer, now):
        """Hand a reserved run to the pacer."""
        run = self.run
        if run is None or run.begun is not None:
            return
        run.begun = max(now, run.notBefore)
        self.clock = pacer.clock
        self.interval = Interval(random.random, now, at_once=True)
        task = partial(self.sendRtp, run)
        if self.source.duration is None:
            self.wake = lambda: pacer.add(task, pacer.clock())
            self.source.subscribe(self.wake)
        pacer.add(task, now if self.wake else run.due(self.source.time(run.frame)))

    def stop(self):
        """From now on nothing is sent."""
        if self.wake:
            self.source.unsubscribe(self.wake)
        self.frame = self.position                  # half a frame is none: PLAY begins with it
        if self.run:
            self.timestamp = self.run.rtpTime(self.run.ends)
        self.run = self.wake = self.rest = None

    # ---- the pacer's

    def sendRtp(self, run: Run, now: float) -> float | None:
        """Send the next frame of `run`, or the next part of a large one, and return when more is due; None: there is
        nothing to wait for."""
        if not self.session.lock.acquire(blocking=False):
            return now + BUSY                       # the pacer waits for nobody
        try:
            if run is not self.run:
                return None                         # paused, or played anew, in the meantime
            if self.rest:
                self.transmit(*self.rest)
            elif run.isOver():
                return self.end(run, now)
            elif self.source.available(run.frame):
                self.sendFrame(run, now)
            return now + SLOT if self.rest else self.nextDeadline(run, now)
        finally:
            self.session.lock.release()

    def sendFrame(self, run, now):
        """Frame k, or nothing: a frame that is damaged, not ready or too late is left out before it gets numbers, so
        that no receiver takes it for a loss; the timestamps go on."""
        k, source = run.frame, self.source
        if k == run.first and run.prepared:
            prepared = run.prepared
        elif source.instant:
            prepared = self.preparer.frame(source, k, self.packing)
        else:
            prepared = self.preparer.ready(source, k, self.packing)
        playTime = source.time(k)
        if source.duration is None:                 # what is live is due when it has come
            run.begun = now - (playTime - run.startTime)
        if prepared is None or (source.seekable and now - run.due(playTime) > TOO_LATE):
            self.skip(run, k)
        elif prepared.count:
            self.transmit(prepared, run.rtpTime(playTime), 0)
        run.sent, run.frame = k, run.after(k)
        run.ends = playTime + run.stride
        self.prepare(run, run.after(k, AHEAD))      # those before it have been asked for already
        if now >= self.interval.due and self.interval.expired(now):
            self.sendReport(run, now)

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
        """When the next frame, or the BYE behind the last one, is due; None: what is live will wake us."""
        if run.isOver():
            return run.due(run.ends)
        if self.source.duration is not None:
            return run.due(self.source.time(run.frame))
        return now if self.source.available(run.frame) else None

    def end(self, run, now):
        """The range has been played."""
        self.stop()
        self.session.playback.streamEnded(self, run, now)

    # ---- reports

    def sendReport(self, run, now, bye=False):
        """What was sent so far, and which RTP timestamp is now (RFC 3550 §6.4.1); with `bye`, that nothing more will
        come (§6.6)."""
        if self.packing is Packing.WHOLE:
            return                                  # clients of the lab listen to RTP alone
        wall = time.time() - (self.clock() - now)   # the pacer's `now` is a little while ago
        report = rtcp.SenderReport(self.ssrc, ntp_time(wall), run.rtpAt(now), self.packets, self.octets)
        name = rtcp.SourceDescription(self.ssrc, self.session.cname)
        goodbye = (rtcp.Goodbye((self.ssrc,)),) if bye else ()
        self.channel.send_control(rtcp.compound(report, name, *goodbye))

    def heard(self, data):
        """Something came from the viewer. What is no report is dropped without a word: players send all kinds of
        things to open a way for the media. On the thread that reads."""
        now = middle(ntp_time(time.time()))
        try:
            packets = rtcp.parse(data)
        except ValueError:
            return
        blocks = [block for packet in packets for block in getattr(packet, "blocks", ())]
        if block := reports.about(self.ssrc, blocks):
            self.report = reports.Reported.read(block, self.source.format.clock_rate, now)
