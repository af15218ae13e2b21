"""The parameters of a session: what GET_PARAMETER reads, and SET_PARAMETER sets (RFC 2326 §10.8, §10.9).

`position`, `packets`, `jitter`     read-only. A jump is a PLAY with Range, whose reply says which packet comes first
`rate`                              how fast the movie goes by; while it plays, and not of what is live
`quality`                           of JPEG streams: 10, 20, … 90; 100: as they are
`stream`                            which one of several is sent; where one is set up, and others are like it
"""

from dataclasses import replace

from media.prepare import Packing
from rtsp import limits
from rtsp.errors import MessageError, MethodError, RangeError
from rtsp.numbers import decimal, number
from rtsp.states import State, allowed
from rtsp.timecodes import seconds
from Stream import Stream

STEP, AS_IT_IS = 10, 100        # of `quality`


class SessionParameters:
    """Those of one session, whose lock is held."""

    def __init__(self, session):
        self.session = session
        self.streams = [stream for stream in session.streams.values() if isinstance(stream, Stream)]    # not recorded

    def values(self):
        """All that there are, as text."""
        session, playback = self.session, self.session.playback
        first, *_ = session.streams.values()
        jitter = first.report.jitter if first.report else 0.0
        values = {"position": seconds(playback.position), "jitter": seconds(jitter),
                  "packets": str(sum(stream.packets for stream in session.streams.values()))}
        if self.streams:
            values["rate"] = f"{playback.passages[0].scale if playback.passages else 1.0:g}"
        if self.pictures:
            values["quality"] = str(self.pictures[0].shelf.quality or AS_IT_IS)
        if len(self.alike) > 1:
            values["stream"] = str(session.presentation.sources.index(first.source))
        return values

    @property
    def settable(self):
        live = not self.streams or self.session.presentation.duration is None
        return {"quality", "stream"} | (set() if live else {"rate"})

    @property
    def pictures(self):
        """The streams that can be had at several qualities."""
        return [stream for stream in self.streams
                if stream.source.format.encoding == "JPEG" and stream.packing is not Packing.WHOLE]

    @property
    def alike(self):
        """The numbers of the sources that could be sent in place of the only one that is, itself among them."""
        if len(self.streams) != 1:
            return []
        ours = unnamed(self.streams[0].source.format)
        return [number for number, source in enumerate(self.session.presentation.sources)
                if unnamed(source.format) == ours]

    def set(self, wanted, pacer):
        """All of them, as text by name, or none: RtspError, and nothing has changed. 400 for values that are none, 455
        for another rate while nothing is playing, 457 where the other stream has ended by now."""
        rate = self.readRate(wanted["rate"]) if "rate" in wanted else None
        quality = readQuality(wanted["quality"]) if "quality" in wanted else None
        source = self.readStream(wanted["stream"]) if "stream" in wanted else None
        if rate is not None and rate != self.session.playback.passages[0].scale:
            self.session.play(None, None, rate, self.session.playback.passages[0].speed)
            self.session.start(pacer)
        if source is not None and source is not self.streams[0].source:
            self.session.playback.swap(dict.fromkeys(self.streams, source), pacer)
        for stream in self.pictures if quality is not None else ():
            stream.use(stream.source, None if quality == AS_IT_IS else quality)

    def readRate(self, text):
        if self.session.state is not State.PLAYING or not self.session.playback.passages:
            others = tuple(method for method in allowed(self.session.state) if method != "SET_PARAMETER")
            raise MethodError("the rate is set while something plays; PLAY with Scale begins with another", others)
        sign = -1.0 if text.startswith("-") else 1.0
        return sign * decimal(text.removeprefix("-"), "rate", *limits.SCALE)

    def readStream(self, text):
        """Its source."""
        chosen = number(text, 0, 999, "stream")
        if chosen not in self.alike:
            raise MessageError(f"stream must be one of {', '.join(map(str, self.alike))}, not {chosen}")
        source, playback = self.session.presentation.sources[chosen], self.session.playback
        if playback.passages and source.duration is not None and source.ended(source.frame_at(playback.position)):
            raise RangeError(f"stream {chosen} has ended by now")
        return source


def readQuality(text):
    quality = number(text, STEP, AS_IT_IS, "quality")
    if quality % STEP:
        raise MessageError(f"quality must be a multiple of {STEP}, not {quality}")
    return quality


def unnamed(format):
    """What two streams must have in common, so that one can go on where the other stood (RFC 3550 §5.1)."""
    return replace(format, frame_rate=None, width=None, height=None, bandwidth=())
