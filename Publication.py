"""What somebody publishes: streams that come in and can be watched while they come, and the table of all of them."""

import logging
import threading
import time
from dataclasses import dataclass

from Inlet import Inlet
from media.recording import Recordings
from media.source import Presentation
from net.gate import Gate
from rtp.streamclock import Reference
from rtsp import limits
from rtsp.errors import MethodError, RtspError

log = logging.getLogger(__name__)

TICK = 0.02             # seconds between looks at what waits
WHILE_BUSY = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")       # what is allowed on a path that somebody else publishes to


def presented(name, inlets):
    """What comes in, for those who watch."""
    return Presentation(name, tuple(inlet.source for inlet in inlets), version=time.time_ns() // 10**6)


class Sweep:
    """sweep(inlets): lets them look at what waits. To be called often; it is done now and then."""

    def __init__(self):
        self._done = 0.0

    def __call__(self, inlets):
        now = time.monotonic()
        if now < self._done + TICK:
            return
        self._done = now
        for inlet in inlets:
            inlet.tick()


class Publication:
    """Announced; then set up, stream by stream; then recording. The session's lock guards it."""

    def __init__(self, name, streams, connection):
        self.name, self.streams, self.connection = name, streams, connection
        self.session = None             # from the first SETUP on
        self.presentation: Presentation | None = None   # from the first RECORD on
        self.recorder = None
        self.atEnd = lambda: None
        self._reference = Reference()
        self._inlets = {}

    def open(self, number, channel):
        """The stream of that number comes over this channel."""
        inlet = self._inlets[number] = Inlet(self.streams[number], channel, self._reference)
        return inlet

    @property
    def inlets(self):
        return [self._inlets[number] for number in sorted(self._inlets)]

    def record(self):
        """Whatever comes from now on can be watched."""
        if self.presentation is None:
            self.presentation = presented(self.name, self.inlets)
        elif self.recorder:
            self.recorder.resume()
        for inlet in self.inlets:
            inlet.record(True)

    def pause(self):
        for inlet in self.inlets:
            inlet.record(False)

    @property
    def abandoned(self):
        """Its connection has gone, and nothing comes any more."""
        silent = self.session.clock() - self.session.lastHeard if self.session else 0.0
        return self.connection.closed and silent > limits.ABANDONED

    def picture(self):
        """The stream that can be written down: JPEG; None if there is none."""
        return next((inlet.source for inlet in self.inlets if inlet.source.format.encoding == "JPEG"), None)

    def end(self):
        """Viewers are told, and the path is free. Twice is fine."""
        self.atEnd()
        for inlet in self.inlets:
            inlet.stop()


@dataclass(frozen=True)
class Policy:
    """Who may publish, and what becomes of it."""

    gate: Gate | None = None    # asks for their names; None: it is for this machine alone
    takeover: bool = False      # a second publisher replaces the first
    recordings: Recordings | None = None


class Publications:
    """Those that can be watched, by path. Lock: `_lock` guards the table."""

    def __init__(self, library, policy=None):
        self.library, self.policy = library, policy or Policy()
        self._table = {}
        self._recorders = []
        self._sweep = Sweep()
        self._lock = threading.Lock()

    def check(self, name, publication=None):
        """RtspError if this one cannot be published: 455 while somebody else publishes it, 453 if there are too many.
        Returns who has to give way, None if nobody."""
        other = self._table.get(name)
        if other is publication or other is None:
            if other is None and len(self._table) >= limits.PUBLICATIONS:
                raise RtspError("too many publishers", 453)
            return None
        if not (self.policy.takeover or other.abandoned):
            raise MethodError(f"{name!r} is being published by somebody else", WHILE_BUSY)
        return other

    def busy(self, name):
        """Who publishes there; None if nobody does."""
        return self._table.get(name)

    def claim(self, publication):
        """The path is its own from now on. Returns who has to give way; RtspError as check()."""
        with self._lock:
            other = self.check(publication.name, publication)
            self._table[publication.name] = publication
        publication.atEnd = lambda: self._release(publication)
        return other

    def show(self, publication):
        """It can be watched, and is written down if that is wanted."""
        self.library.add(publication.name, publication.presentation)
        source, recordings = publication.picture(), self.policy.recordings
        if source and recordings and publication.recorder is None:
            publication.recorder = recordings.start(publication.name, source)
            if publication.recorder:
                with self._lock:
                    self._recorders = [one for one in self._recorders if one.alive] + [publication.recorder]

    def room(self, publication):
        """Seconds for which it can be written down; None: it is not written down."""
        recordings = self.policy.recordings
        return recordings.room() if recordings and publication.picture() else None

    def _release(self, publication):
        name = publication.name
        with self._lock:
            if self._table.get(name) is publication:
                del self._table[name]
        if publication.presentation:
            self.library.discard(publication.name, publication.presentation)

    def tick(self):
        """On the thread that reads, often."""
        self._sweep(inlet for publication in list(self._table.values()) for inlet in publication.inlets)

    def close(self):
        """Until everything is written; all sessions have ended."""
        for recorder in self._recorders:
            recorder.close()
