"""What the pacer does for one stream of a session, frame after frame, as its Run says."""

import random
import secrets
import time
from collections.abc import Callable
from math import ceil

from media.frame import HEADER_SIZE
from media.prepare import Packing
from media.source import MediaError
from net.pacer import SLOT
from rtp import reports, rtcp
from rtp.interval import Interval
from rtp.timestamps import ntp_time
from Run import Run

BUSY = SLOT         # seconds after which the pacer comes back to a session that a worker is busy with
PUNCTUAL = 0.02     # seconds; a frame that is later may be left out, see Session.patience
TOO_LATE = 0.5      # seconds; a frame that is so late (the machine was asleep) is dropped instead of sent in a burst
MAKING = 0.005      # seconds until somebody looks again whether a live frame has been re-encoded
MOST_BEHIND = 3     # live frames that have come when the first of them, still not re-encoded, is given up
AHEAD = 12          # frames that are prepared before they are due, and up to FAR more. The cache has to have room for
                    # twice as many of each viewer, or loses them before they are sent
FAR = 8             # frames after which sendRtp() looks about: is a report due, does the end come near?
SPREAD = 6          # goes at most, a SLOT apart, in which a frame is sent: it is over before the next one is due


class PacedStream:
    """A source, a channel, and the numbers that go on from packet to packet. The pacer alone sends media.

    Lock: all of it is guarded by the lock of its session, but for `report`, a value that is replaced as a whole.
    """

    def __init__(self, source, channel, preparer, packing, session):
        self.source, self.channel = source, channel
        self.preparer, self.packing = preparer, packing
        self.shelf = preparer.shelf(source, packing)
        self.live = source.duration is None
        self.frames = self.shelf.frames
        self.session, self.lock = session, session.lock
        self.ssrc = secrets.randbits(32)
        # The standard starts anywhere (RFC 3550 §5.1); clients of the lab show only what is numbered from 1 on
        self.sequence = 1 if packing is Packing.WHOLE else secrets.randbits(16)
        self.timestamp = secrets.randbits(32)       # of the first frame of the next run
        self.frame = source.first()                 # where it stands when there is no run: see `position`
        self.rest = None                            # what is unsent of a frame: (frame, timestamp, packet number)
        self.run: Run | None = None
        self.wake = None                            # how a live source tells of a new frame
        self.clock = time.perf_counter              # the pacer's
        self.interval = Interval(random.random, 0.0)    # between our reports; another one in each run
        self.report: reports.Reported | None = None     # what the viewer has said last of how it hears us
        self.thinned = False                        # the latest frame that was late was left out
        # How sendRtp() sends: a call, for frames of up to so many packets, that many bytes from one to the next
        self.straight: Callable[[memoryview], object] = bool    # … which lookAhead() asks the channel for
        self.most = self.stride = 0
        self.count = 0                              # packets of the latest frame that was not sent so
        self.ssrcBytes = b""
        self.packets = self.octets = self.skipped = self.dropped = 0

    @property
    def position(self):
        """Between which frames it stands: this one is the next, and the one before it is the next going back."""
        run = self.run
        if run is None:
            return self.frame
        return (run.sent if self.rest else run.frame) + (run.direction < 0)

    def stop(self):
        """From now on nothing is sent."""
        if self.wake:
            self.source.unsubscribe(self.wake)
        self.frame = self.position                  # half a frame is none: PLAY begins with it
        if self.run:
            self.timestamp = self.run.rtpTime(self.run.ends)
            self.run.turn = self.run.frame          # sendRtp() shall notice
        self.run = self.wake = self.rest = None

    # ---- frames

    def sendRtp(self, run: Run, now: float) -> float | None:
        """Send the next frame of `run`, and return when the one after it is due; None: there is nothing to wait for.

        This is called for each frame of each viewer, 20,000 times a second for 800 viewers. It is the usual case alone,
        and every line counts: what one viewer's frame needs has left the processor's caches since his last one, and a
        call of a method, or one object more to look at, costs 2 % of all. The rest is in sendUnusual()."""
        if not self.lock.acquire(blocking=False):
            return now + BUSY                       # the pacer waits for nobody
        try:
            k = run.frame
            frame = self.frames.get(k)
            if (k == run.turn or frame is None or frame.stride != self.stride or frame.count > self.most
                    or now - run.deadline > PUNCTUAL):
                return self.sendUnusual(run, now)
            frame.used = True
            frame.number(self.sequence, run.stamp, self.ssrcBytes)
            try:
                taken = self.straight(frame.packets)
            except OSError:                         # the channel knows what to do, and may do otherwise from now on
                taken, run.turn = self.channel.send(frame.packets, frame.stride), k + run.step
            if taken:
                self.sequence = (self.sequence + frame.count) & 0xFFFF
                self.packets += frame.count
                self.octets += frame.octets
            else:
                self.drop()
            run.sent, run.frame = k, k + run.step
            run.stamp = (run.stamp + run.tickStep) & 0xFFFFFFFF
            run.deadline += run.interval
            return run.deadline
        finally:
            self.lock.release()

    def sendUnusual(self, run: Run, now: float) -> float | None:
        """What is live, late, missing, damaged, large or the end; and every now and then, to look ahead."""
        if run is not self.run:
            return None                             # paused, or played anew, in the meantime
        if self.rest:
            self.transmit(*self.rest)
        elif run.isOver():
            return self.end(run, now)
        elif not self.live:
            self.sendFrame(run, now)
        elif self.source.available(run.frame):
            if self.isBeingMade(run, now):
                return now + MAKING
            run.begun = now - (run.playTime - run.startTime)    # what is live is due when it has come
            self.leaveGap(run)
            if self.source.origin is not None:  # how streams belong together is said first
                self.reportIfDue(run, now)
            self.sendFrame(run, now)
        self.lookAhead(run, now)
        return self.nextDeadline(run, now)

    def lookAhead(self, run, now):
        """Let sendRtp() send the next frames by itself, and have others made ready. After one that was late or large,
        the next one probably is, too, and shall be looked at."""
        if run.tickStep and self.count and not self.rest and now - run.deadline + run.interval <= PUNCTUAL:
            self.straight, self.most = self.channel.straight(self.stride)
            if self.count <= self.most:
                self.ssrcBytes = self.ssrc.to_bytes(4, "big")
                report = ceil((self.interval.due - run.deadline) / run.interval)
                run.straightOn(max(0, min(FAR, report)))
        if not self.source.instant:
            for k in run.comingUp(AHEAD):
                if not self.shelf.has(k):           # where it is, asking for it keeps it there
                    self.prepare(run, k)

    def isBeingMade(self, run, now):
        """A live frame that is wanted at another quality takes a while, on another thread; if more than the next one
        comes in the meantime, it is left out."""
        if self.shelf.quality is None or self.shelf.has(run.frame):
            return False
        self.preparer.want(self.source, self.shelf, run.frame, now + 10 * MAKING)
        return not self.source.available(run.frame + MOST_BEHIND)

    def sendFrame(self, run, now):
        """The next frame, or nothing: a frame that is damaged, not ready or too late is left out before it gets
        numbers, so that no receiver takes it for a loss; the timestamps go on."""
        k, playTime = run.frame, run.playTime
        late = now - run.due(playTime)
        prepared = self.shelf.get(k) or run.prepared            # the second one is of the first frame alone
        if prepared is None and self.source.instant and self.shelf.quality is None:
            prepared = self.preparer.frame(self.source, self.shelf, k)
        if prepared is None or (late > PUNCTUAL and self.leaveOut(late)):
            self.skip(run, k)
        elif prepared.count:
            self.transmit(prepared, run.rtpTime(playTime), 0)
        self.advance(run, now)

    def leaveGap(self, run):
        """What did not reach us of a live stream is missing in our numbers, too: decoders shall know."""
        try:
            lost = self.source.lost(run.frame) if run.frame != run.first else 0
        except MediaError:
            return                              # the frame has gone since: it will be skipped
        if lost and self.packing is not Packing.WHOLE:
            self.sequence = (self.sequence + lost) & 0xFFFF

    def advance(self, run, now):
        """To the next frame; have a report sent when it is time."""
        run.advance()
        if now >= self.interval.due:
            self.reportIfDue(run, now)

    def prepare(self, run, k):
        """Have frame k ready when it is due."""
        if not self.source.instant and self.source.available(k):
            begun = self.preparer.clock() if run.begun is None else run.begun
            due = begun + (self.source.time(k) - run.startTime) * run.pace
            self.preparer.want(self.source, self.shelf, k, due)

    def leaveOut(self, late):
        """The machine cannot keep up: shall this frame, which is late by so many seconds, be left out? Those who came
        last lose every other frame, so that the others get theirs."""
        self.thinned = late > TOO_LATE or (late > self.session.patience and not self.thinned)
        return self.thinned

    def skip(self, run, k):
        self.skipped += 1
        if not run.skipping:
            run.skipping = True
            self.session.complaints.say(f"session {self.session.id}: frame {k} was not ready in time: the movie is too "
                                        "heavy, or the machine too busy")

    def drop(self):
        self.dropped += 1
        if self.run and not self.run.dropping:
            self.run.dropping = True
            self.session.complaints.say(f"session {self.session.id}: the viewer reads too slowly; what it has no room "
                                        "for is left out")

    def transmit(self, prepared, timestamp, begin):
        """Write this viewer's numbers into a prepared frame, and send its packets from number `begin` on, as many as go
        at once (RFC 3550 §5.1). The pacer alone touches them, and the next viewer writes its own."""
        count, stride = prepared.count, prepared.stride
        self.stride, self.count = stride, count
        prepared.number((self.sequence - begin) & 0xFFFF, timestamp, self.ssrc.to_bytes(4, "big"))
        end, packets = count, prepared.packets
        if count > self.channel.burst:
            end = min(begin + max(self.channel.burst, -(-count // SPREAD)), count)
            packets = packets[begin * stride:end * stride]
        if not self.channel.send(packets, stride):
            self.drop()
            return                              # its numbers are for the next frame: nobody shall take it for a loss
        self.sequence = (self.sequence + end - begin) & 0xFFFF
        self.rest = (prepared, timestamp, end) if end < count else None
        self.packets += end - begin
        self.octets += len(packets) - (prepared.prefix + HEADER_SIZE) * (end - begin)

    def nextDeadline(self, run, now):
        """When the rest of this frame, the next one or the final BYE is due; None: what is live wakes us."""
        if self.rest:
            return now + SLOT
        if run.isOver():
            return run.due(run.ends)
        if not self.live:
            return run.deadline
        return now if self.source.available(run.frame) else None

    def end(self, run, now):
        """The range has been played."""
        self.stop()
        self.session.playback.streamEnded(self, run, now)

    # ---- reports

    def reportIfDue(self, run, now):
        if now >= self.interval.due and self.interval.expired(now):
            self.sendReport(run, now)

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
