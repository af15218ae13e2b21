"""One PLAY of one stream: which frame is due when, by three clocks, in seconds:

    movie time   |----|----|----|----|          frame k has time(k)
    RTP time     timestamp of the start + (time(k) - start) / scale, in units of the clock rate
    sending      when PLAY was answered + (time(k) - start) / scale / speed

Scale is how fast the movie goes by, and in which direction; Speed how fast its packets come (RFC 2326 §12.34, §12.35).
"""

from dataclasses import dataclass
from math import copysign, floor
from typing import Any

from media.frame import PreparedFrame
from media.source import Source

TOLERANCE = 1e-6    # seconds; times come as decimal text, and what is this close to a frame means it


@dataclass(eq=False)
class Run:
    """Times in seconds of the movie, `begun` in seconds of the pacer's clock. Where it stands, by numbers of frames:

        sent | frame                 turn                        named
             | the next one to go    the next to be looked at    the last that was to be made ready
    """

    source: Source
    first: int                          # the frame it starts with, prepared
    prepared: PreparedFrame | None
    startTime: float                    # what the Range of the reply says
    endTime: float | None               # where the Range, or a PAUSE, asked to stop
    scale: float = 1.0                  # movie seconds a second of playing; negative: backwards
    speed: float = 1.0                  # seconds of playing sent in a second
    timestamp: int = 0                  # RTP time of startTime
    notBefore: float = 0.0              # it goes on from another run, which would have sent startTime then
    begun: float | None = None          # when startTime was (or would have been) sent; None: not yet
    skipping: bool = False              # a frame was not ready in time, and that has been logged
    dropping: bool = False              # the viewer had no room for a frame, and that has been logged

    def __post_init__(self):
        self.direction = 1 if self.scale > 0 else -1
        self.ticks = self.source.format.clock_rate / self.scale
        self.pace = 1 / (self.scale * self.speed)
        # From one frame sent to the next. Never more frames a second than the movie has (RFC 2326 §12.34)
        self.stride = self.source.period * copysign(max(1.0, abs(self.scale)), self.scale)
        self.step = self.direction if -1 <= self.scale <= 1 else 0      # … in frames; 0: it differs, see after()
        self.interval = self.stride * self.pace         # seconds from one deadline to the next
        # RTP time from one frame sent to the next; 0: not always the same
        ticks = self.stride * self.ticks
        self.tickStep = round(ticks) if self.source.steady and abs(ticks - round(ticks)) < TOLERANCE else 0
        self.stamp = 0                                  # RTP timestamp of the next frame, up to `turn`
        self.deadline = 0.0                             # when the next frame is to be sent
        self.sent: Any = None                           # the frame that was begun last, if there was one
        self.frame = self.turn = self.first             # the next one, and the first of which nothing is known
        self.named = self.first                         # the last one that comingUp() gave
        self.goOn(self.first)
        self.cut(self.endTime)

    def begin(self, now):
        """The start is sent at this moment, or when the run that it goes on from would have done so."""
        self.begun = max(now, self.notBefore)
        self.goOn(self.frame)

    def cut(self, end):
        """Frames from `end` on are not sent; None: all there are."""
        self.endTime, source = end, self.source
        if source.duration is None:
            self.sure = range(0)                        # frames that are not the end: isOver() need not be asked
        elif self.scale > 0:
            self.sure = range(source.frame_at(source.duration + 1.0 if end is None else end - TOLERANCE))
        else:
            self.sure = range(0 if end is None else source.frame_at(end + TOLERANCE), self.first + 1)
        self.turn = self.frame

    def goOn(self, k):
        """Frame k is the next, and nothing is known of those behind it."""
        self.frame = self.turn = k
        if self.begun is not None:
            self.deadline = self.due(self.playTime)

    def advance(self):
        """The next frame has been dealt with."""
        k = self.sent = self.frame
        self.prepared = None                            # the cache keeps it, not each viewer
        self.goOn(k + self.step if self.step else self.after(k))

    def straightOn(self, count):
        """Up to `turn`, at most `count` frames ahead, each frame is like the one before it, one step further: its
        number by `step`, its deadline by `interval`, its timestamp by `tickStep`; and none of them is the end."""
        if self.tickStep and self.step and self.frame in self.sure:
            self.stamp = self.rtpTime(self.playTime)
            last = self.sure[-1] if self.step > 0 else self.sure[0]
            self.turn = self.frame + min(count, abs(last - self.frame) + 1) * self.step

    def anew(self):
        """Nothing is known of the frames behind the next one."""
        self.turn = self.named = self.frame

    def comingUp(self, ahead):
        """The frames that will be due soon, fewer than `ahead` of them behind `turn`; each is given once."""
        found: range | list[int] = []
        if self.step:
            found = range(self.named + self.step, self.turn + ahead * self.step, self.step)
        elif self.named == self.frame:                  # the first time, or anew
            found = [self.after(self.frame, steps) for steps in range(1, ahead)]
        elif self.sent is not None and self.after(self.sent, ahead) != self.named:
            found = [self.after(self.sent, ahead)]
        if found:
            self.named = found[-1]
        return found

    @property
    def playTime(self):
        """That of the next frame."""
        return self.source.time(self.frame)

    @property
    def ends(self):
        """The movie time at which BYE is due, were there no more frames."""
        return self.startTime if self.sent is None else self.source.time(self.sent) + self.stride

    def due(self, playTime):
        """When a play time is to be sent."""
        return self.begun + (playTime - self.startTime) * self.pace

    def rtpTime(self, playTime):
        """The RTP timestamp of a play time (RFC 2326 Appendix B)."""
        return (self.timestamp + round((playTime - self.startTime) * self.ticks)) & 0xFFFFFFFF

    def rtpAt(self, now):
        """The RTP timestamp of what is due at this moment of the pacer's clock, for a sender report."""
        # Of what somebody else sends, we may know better than from the latest frame's arrival
        begun = self.begun if self.source.origin is None else self.source.origin + self.startTime
        elapsed = (now - begun) * self.speed * self.source.format.clock_rate
        return (self.timestamp + round(elapsed)) & 0xFFFFFFFF

    def after(self, k, steps=1):
        """The frame to be sent so many steps after frame k. Above single scale frames are left out: step n is the
        first frame that is not before its time, startTime + n * stride."""
        if self.step:
            return k + steps * self.step
        step = floor((self.source.time(k) - self.startTime) / self.stride + TOLERANCE) + steps
        found = nearest(self.source, self.startTime + step * self.stride, self.direction)
        return max(found, k + steps) if self.scale > 0 else min(found, k - steps)

    def isOver(self):
        """No further frame of this run will come."""
        k, end = self.frame, self.endTime
        if end is not None and (self.playTime - end) * self.direction > -TOLERANCE:
            return True
        return k < 0 or self.source.ended(k)


def nearest(source, time, direction):
    """The first frame that is not before `time` (seconds), going in this direction; -1: there is none."""
    k = source.frame_at(time)
    if direction > 0 or (not source.ended(k) and source.time(k) <= time + TOLERANCE):
        return k
    return k - 1
