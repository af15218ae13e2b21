"""One stream of a session, on its way to one viewer: what the pacer calls, frame after frame.

What is sent from a PLAY to the next PAUSE, PLAY, TEARDOWN or the end is a Run; Run.py says which frame is due when.
"""

import random
import secrets
import time
from functools import partial

from media.frame import HEADER_SIZE
from media.prepare import Packing
from media.source import MediaError
from net.pacer import SLOT
from rtp import reports, rtcp
from rtp.interval import Interval
from rtp.timestamps import middle, ntp_time
from Run import Run, nearest

BUSY = SLOT         # seconds after which the pacer comes back to a session that a worker is busy with
PUNCTUAL = 0.02     # seconds; a frame that is later may be left out, see Session.patience
TOO_LATE = 0.5      # seconds; a frame that is so late (the machine was asleep) is dropped instead of sent in a burst
MAKING = 0.005      # seconds until somebody looks again whether a live frame has been re-encoded
MOST_BEHIND = 3     # live frames that have come when the first of them, still not re-encoded, is given up
AHEAD = 16          # frames that are prepared before they are due
DAMAGED = 1000      # frames in a row that are passed over at PLAY: of a movie that was cut, all are damaged
SPREAD = 6          # goes at most, a SLOT apart, in which a frame is sent: it is over before the next one is due


class Stream:
    """One stream of a session: a source, a channel, and the numbers that go on from packet to packet.

    Lock: all of it is guarded by the lock of its session, but for `report`, a value that is replaced as a whole. The
    pacer alone sends media.
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
        if self.live:
            first = max(first, self.source.first())     # what was missed of a live stream is gone
        prepared, limit = None, first + direction * DAMAGED
        while self.source.available(first):
            prepared = self.preparer.frame(self.source, self.shelf, first)
            if prepared.count:
                break
            first += direction                      # a damaged frame: RTP-Info must name one that will be sent
            if first == limit:
                return None
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
            due = begun + (self.source.time(k) - run.startTime) * run.pace
            self.preparer.want(self.source, self.shelf, k, due)

    def use(self, source, quality=None):
        """Take another source from here on, or the same at another quality. Other sources only between two runs."""
        shelf, run = self.preparer.shelf(source, self.packing, quality), self.run
        if run and source.available(run.frame):
            self.preparer.frame(source, shelf, run.frame)       # it may be due in this moment
        self.source, self.shelf, self.frames, self.live = source, shelf, shelf.frames, source.duration is None
        if run:
            for ahead in range(1, AHEAD):
                self.prepare(run, run.after(run.frame, ahead))

    def start(self, pacer, now):
        """Hand a reserved run to the pacer."""
        run = self.run
        if run is None or run.begun is not None:
            return
        run.begin(now)
        self.clock = pacer.clock
        self.interval = Interval(random.random, now, at_once=True)
        task = partial(self.sendRtp, run)
        if self.live:
            self.wake = lambda: pacer.add(task, pacer.clock())
            self.source.subscribe(self.wake)
        pacer.add(task, now if self.wake else run.deadline)

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
        """Send the next frame of `run`, and return when the one after it is due; None: there is nothing to wait for.

        This is called for each frame of each viewer, and is therefore the usual case alone: every line here counts, as
        what is done 20,000 times a second for 800 viewers. All else is in sendUnusual()."""
        if not self.lock.acquire(blocking=False):
            return now + BUSY                       # the pacer waits for nobody
        try:
            if run is not self.run:
                return None                         # paused, or played anew, in the meantime
            prepared = self.frames.get(run.frame)
            # The end may be near, half a frame is left, not ready or damaged, late
            if run.mayEnd or self.rest or not (prepared and prepared.count) or now - run.deadline > PUNCTUAL:
                return self.sendUnusual(run, now)
            prepared.used = True
            self.transmit(prepared, run.rtpTime(run.playTime), 0)
            self.advance(run, now)
            return run.deadline if not (run.mayEnd or self.rest) else self.nextDeadline(run, now)
        finally:
            self.lock.release()

    def sendUnusual(self, run, now):
        """What is live, late, missing, damaged, large or the end."""
        if self.live and self.source.available(run.frame):
            run.goOn(run.frame)                     # its time is known by now
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
        return self.nextDeadline(run, now)

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
        k, late = run.frame, now - run.due(run.playTime)
        prepared = run.prepared if k == run.first and run.prepared else self.shelf.get(k)
        if prepared is None and self.source.instant and self.shelf.quality is None:
            prepared = self.preparer.frame(self.source, self.shelf, k)
        if prepared is None or (late > PUNCTUAL and self.leaveOut(late)):
            self.skip(run, k)
        elif prepared.count:
            self.transmit(prepared, run.rtpTime(run.playTime), 0)
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
        """To the next frame; have another one ready, and a report sent, when it is time."""
        run.advance()
        ahead = run.after(run.sent, AHEAD)          # those before it have been asked for already
        if not self.shelf.has(ahead):
            self.prepare(run, ahead)
        if now >= self.interval.due:
            self.reportIfDue(run, now)

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
