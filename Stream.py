"""One stream of a session, on its way to one viewer: what the pacer calls, frame after frame.

What is sent from a PLAY to the next PAUSE, PLAY, TEARDOWN or the end is a Run; Run.py says which frame is due when.
"""

import random
import time
from functools import partial

from PacedStream import AHEAD, PacedStream
from rtp import reports, rtcp
from rtp.interval import Interval
from rtp.timestamps import middle, ntp_time
from Run import Run, nearest

DAMAGED = 1000      # frames in a row that are passed over at PLAY: of a movie that was cut, all are damaged


class Stream(PacedStream):
    """One stream of a session, from SETUP to TEARDOWN: where it stands, and what it plays. On the workers' threads,
    with the session's lock held; what happens in between is the pacer's, see PacedStream."""

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
            first, prepared = first + direction, None       # damaged: RTP-Info must name one that will be sent
            if first == limit:
                return None
        run = Run(self.source, first, prepared, self.source.time(first), end, scale, speed)
        return None if run.isOver() else run

    def reserve(self, run, startTime):
        """Make `run` what is played; `startTime` is that of the whole presentation, not after the run's own."""
        run.startTime = startTime
        run.timestamp = self.timestamp
        self.run = run
        for k in run.comingUp(AHEAD):
            self.prepare(run, k)

    def use(self, source, quality=None):
        """Take another source from here on, or the same at another quality. Other sources only between two runs."""
        shelf, run = self.preparer.shelf(source, self.packing, quality), self.run
        if run and source.available(run.frame):
            self.preparer.frame(source, shelf, run.frame)       # it may be due in this moment
        self.source, self.shelf, self.frames, self.live = source, shelf, shelf.frames, source.duration is None
        if run:
            run.anew()
            for k in run.comingUp(AHEAD):
                self.prepare(run, k)

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
