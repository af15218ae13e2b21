"""What a session plays: one Passage after the other, all streams together, until a PAUSE, TEARDOWN or the end."""

from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

from rtsp import limits
from rtsp.errors import RangeError, RtspError
from rtsp.states import END
from Run import TOLERANCE, Run


@dataclass(eq=False)
class Passage:
    """A PLAY that was granted, from `start` to `end`, in seconds of the presentation."""

    start: float
    end: float | None                   # None: as far as there is something
    scale: float
    speed: float
    runs: dict[int, Run]                # of each stream that has a frame in it, by control number
    jumps: bool = False                 # it does not go on from where the session stands
    waits: bool = False                 # … for the end of another

    @property
    def direction(self):
        return 1 if self.scale > 0 else -1

    @property
    def exact(self):
        """The packet with which each stream begins is known; that of a live one that has not begun is not."""
        return not self.waits and all(run.prepared for run in self.runs.values())

    def limit(self, duration):
        """Where it ends, in a presentation of that duration; None: nobody knows (it is live)."""
        if self.end is not None:
            return self.end
        return duration if self.scale > 0 else 0.0

    def comesTo(self, point, duration, following=None):
        """A PAUSE at `point` ends this one: it lies in here, or between here and the one that follows."""
        limit = self.limit(duration)
        ends = [inf if limit is None else limit * self.direction]
        if following:
            ends.append(following.start * self.direction)
        return self.start * self.direction - TOLERANCE <= point * self.direction <= max(ends) + TOLERANCE

    def cut(self, point):
        """It shall end there, unless it ends before; a later cut replaces an earlier one, and None all of them."""
        ahead = point is not None and (self.end is None or (point - self.end) * self.direction < 0)
        for run in self.runs.values():
            run.cut(point if ahead else self.end)


class Playback:
    """The passages of a session: the one that is played, and those queued behind it. Guarded by the session's lock."""

    def __init__(self, session):
        self.session = session
        self.passages: list[Passage] = []
        self.pausePoint = None          # a PAUSE that lies ahead, in seconds of the presentation
        self.ended = []                 # (stream, run): it has ended before the others, and no BYE was said yet
        self.pacer = None               # what sends the media, known from the first start on

    @property
    def streams(self):
        return self.session.streams.values()

    @property
    def duration(self):
        return self.session.presentation.duration

    @property
    def position(self):
        """The movie time of what comes next, in seconds."""
        left = [stream.source.time(stream.position) for stream in self.streams
                if not stream.source.ended(stream.position)]
        return min(left, default=self.duration or 0.0)

    # ---- PLAY

    def play(self, start, end, scale, speed):
        """Reserve what a PLAY will send; see Session.play."""
        current = self.passages[0] if self.passages else None
        onward = (start, end) == (None, None)
        if current and not onward and current.end is not None and self.pausePoint is None:
            return self.enqueue(start, end, scale, speed)
        if current and onward and scale * current.scale > 0:
            return self.goOn(current, scale, speed)
        if start is None and scale > 0 and all(stream.source.ended(stream.position) for stream in self.streams):
            start = 0.0                         # there is nothing left to go on with: once more
        passage = self.plan(start, end, scale, speed)
        self.pause()
        self.reserve(passage)
        return passage

    def plan(self, start, end, scale, speed):
        """The Passage that such a PLAY would be. RangeError (457) if no stream has a frame in it."""
        duration = inf if self.duration is None else self.duration
        if end is not None and (end >= duration if scale > 0 else end <= 0):
            end = None
        plans = {number: stream.plan(start, end, scale, speed) for number, stream in self.session.streams.items()}
        runs = {number: run for number, run in plans.items() if run}
        if not runs or (start is not None and start > duration):
            raise RangeError("no frame lies in that range")
        begins = (min if scale > 0 else max)(run.startTime for run in runs.values())
        return Passage(begins, end, scale, speed, runs, jumps=start is not None)

    def enqueue(self, start, end, scale, speed):
        """Behind what is played and queued already (RFC 2326 §10.5); without a start, from where that ends."""
        if len(self.passages) > limits.QUEUED_PLAYS:
            raise RtspError(f"{limits.QUEUED_PLAYS} requests to PLAY are waiting already", 503)
        if start is None:
            start = self.passages[-1].limit(self.duration)
        passage = self.plan(start, end, scale, speed)
        passage.waits = True
        self.passages.append(passage)
        return passage

    def goOn(self, current, scale, speed):
        """From where it stands, to the same end, at another pace; at the same one nobody sees any difference.

        A PAUSE that lay ahead is no longer wanted."""
        self.pausePoint = None
        for passage in self.passages:
            passage.cut(None)
        if all(stream.run is None or stream.run.isOver() for stream in self.streams):
            return replace(current, start=self.position, waits=True)        # nothing is left but its end
        passage = self.plan(None, current.end, scale, speed)
        for number, run in passage.runs.items():
            before = self.session.streams[number].run
            if before and before.begun is not None and (scale, speed) == (before.scale, before.speed):
                run.notBefore = before.due(passage.start)
        following = self.passages[1:]
        self.pause()
        self.reserve(passage)
        self.passages += following
        return passage

    def reserve(self, passage):
        """Make it what is played."""
        self.passages = [passage]
        for number, stream in self.session.streams.items():
            if number in passage.runs:
                stream.reserve(passage.runs[number], passage.start)
            elif passage.jumps:
                stream.stand(passage.start, passage.direction)      # behind its end, while others play on

    def start(self, pacer, moment):
        """Send what was reserved, all streams from the same moment of the pacer's clock on."""
        self.pacer = pacer
        for stream in self.streams:
            stream.start(pacer, moment)

    def swap(self, sources, pacer):
        """Go on from the same place with other sources: {stream: its source}. Numbers and timestamps go on, too; what
        is queued stays."""
        place, live, passages, point = self.position, self.duration is None, self.passages, self.pausePoint
        self.pause()
        for stream, source in sources.items():
            stream.use(source, stream.shelf.quality)
            if live:
                stream.frame = source.first()
            else:
                stream.stand(place, passages[0].direction if passages else 1)
        if passages:
            self.reserve(self.plan(None, passages[0].end, passages[0].scale, passages[0].speed))
            for queued in passages[1:]:
                with suppress(RangeError):          # another file may be shorter
                    self.enqueue(queued.start, queued.end, queued.scale, queued.speed)
            self.pausePoint = point
            self.passages[-1].cut(point)
            self.start(pacer, pacer.clock())

    # ---- PAUSE

    def pause(self):
        """Nothing more is sent, and nothing is queued."""
        self.passages, self.pausePoint, self.ended = [], None, []
        for stream in self.streams:
            stream.stop()

    def pauseAt(self, point):
        """See Session.pause."""
        found = [n for n, passage in enumerate(self.passages)
                 if passage.comesTo(point, self.duration, *self.passages[n + 1:n + 2])]
        if not found:
            raise RangeError("the pause point lies outside of what is being played")
        self.pausePoint = point
        del self.passages[found[0] + 1:]
        last = self.passages[-1]
        last.cut(point)
        playing = [stream for stream in self.streams if stream.run]
        if found[0] == 0 and all(stream.run.isOver() and not stream.rest for stream in playing):
            self.pause()
            self.stand(point, last.direction)

    def stand(self, point, direction):
        """Go on from here at the next PLAY without a Range."""
        for stream in self.streams:
            stream.stand(point, direction)

    # ---- the end

    def streamEnded(self, stream, run, now):
        """The last stream ends the passage, and the next one follows, if there is one."""
        self.ended.append((stream, run))
        if len(self.passages) == 1 and self.pausePoint is None:
            self.sayBye(now)
        if any(other.run for other in self.streams):
            return
        passage, *following = self.passages
        point = self.pausePoint
        if following:
            self.follow(following)
        elif point is None:
            self.passages = []
            if passage.end is not None:
                self.stand(passage.end, passage.direction)      # with a Scale, the next frame may lie far behind it
            self.session.move(END)
        else:
            self.pause()
            self.stand(point, passage.direction)
            self.session.move("PAUSE")

    def sayBye(self, now):
        """… for those streams, too, that have had nothing to play in the latest passages."""
        for stream, run in self.ended:
            stream.sendReport(run, now, bye=True)
        self.ended = []

    def follow(self, following):
        """Play what is next without a gap: the clocks of all streams go on (RFC 2326 Appendix B)."""
        passage = self.passages[0]
        moment = max(run.due(run.ends) for run in passage.runs.values())
        played = max(moment - run.begun for run in passage.runs.values())
        for number, stream in self.session.streams.items():
            if number in passage.runs:
                stream.timestamp = passage.runs[number].rtpAt(moment)
            else:                               # it had no frame in there
                elapsed = round(played * passage.speed * stream.source.format.clock_rate)
                stream.timestamp = (stream.timestamp + elapsed) & 0xFFFFFFFF
        self.reserve(following[0])
        self.passages = following
        self.ended = [(stream, run) for stream, run in self.ended if stream.run is None]
        self.start(self.pacer, moment)
