"""One PLAY of one stream: which frame is due when, by three clocks, in seconds:

    movie time   |----|----|----|----|          frame k has time(k)
    RTP time     timestamp of the start + (time(k) - start) / scale, in units of the clock rate
    sending      when PLAY was answered + (time(k) - start) / scale / speed

Scale is how fast the movie goes by, and in which direction; Speed how fast its packets come (RFC 2326 §12.34, §12.35).
"""

from dataclasses import dataclass
from math import copysign, floor

from media.prepare import PreparedFrame
from media.source import Source

TOLERANCE = 1e-6    # seconds; times come as decimal text, and what is this close to a frame means it


@dataclass(eq=False)
class Run:
    """Times in seconds of the movie, `begun` in seconds of the pacer's clock."""

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
    ends: float = 0.0                   # the movie time at which BYE is due
    skipping: bool = False              # a frame was not ready in time, and that has been logged
    dropping: bool = False              # the viewer had no room for a frame, and that has been logged

    def __post_init__(self):
        self.frame = self.sent = self.first             # the next frame, and the one that was begun last
        self.direction = 1 if self.scale > 0 else -1
        self.ticks = self.source.format.clock_rate / self.scale
        self.pace = 1 / (self.scale * self.speed)
        # From one frame sent to the next. Never more frames a second than the movie has (RFC 2326 §12.34)
        self.stride = self.source.period * copysign(max(1.0, abs(self.scale)), self.scale)

    def due(self, playTime):
        """When a play time is to be sent."""
        return self.begun + (playTime - self.startTime) * self.pace

    def rtpTime(self, playTime):
        """The RTP timestamp of a play time (RFC 2326 Appendix B)."""
        return (self.timestamp + round((playTime - self.startTime) * self.ticks)) & 0xFFFFFFFF

    def rtpAt(self, now):
        """The RTP timestamp of what is due at this moment of the pacer's clock, for a sender report."""
        elapsed = (now - self.begun) * self.speed * self.source.format.clock_rate
        return (self.timestamp + round(elapsed)) & 0xFFFFFFFF

    def after(self, k, steps=1):
        """The frame to be sent so many steps after frame k. Above single scale frames are left out: step n is the
        first frame that is not before its time, startTime + n * stride."""
        if -1 <= self.scale <= 1:
            return k + steps * self.direction
        step = floor((self.source.time(k) - self.startTime) / self.stride + TOLERANCE) + steps
        found = nearest(self.source, self.startTime + step * self.stride, self.direction)
        return max(found, k + steps) if self.scale > 0 else min(found, k - steps)

    def isOver(self):
        """No further frame of this run will come."""
        k, end = self.frame, self.endTime
        if end is not None and (self.source.time(k) - end) * self.direction > -TOLERANCE:
            return True
        return k < 0 or self.source.ended(k)


def nearest(source, time, direction):
    """The first frame that is not before `time` (seconds), going in this direction; -1: there is none."""
    k = source.frame_at(time)
    if direction > 0 or (not source.ended(k) and source.time(k) <= time + TOLERANCE):
        return k
    return k - 1
