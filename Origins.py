"""What a proxy fetches from its origin for all viewers, and whether it is worth asking there."""

import logging
import threading
import time

from LiveOrigin import LiveOrigin
from Publication import Sweep
from rtsp import limits
from rtsp.errors import RtspError

log = logging.getLogger(__name__)

LINGER = 5.0            # seconds that something live is fetched without a viewer: the next one may be on the way
BACKOFF = 1.0, 2.0, 4.0, 8.0, 15.0      # seconds for which an origin that could not be reached is left alone


class Origins:
    """The live ones that are fetched now, by name, and when an origin that has failed is tried again; it is the
    library of a server that has nothing of its own.

    Lock: `_lock` guards the table and the failure."""

    def __init__(self, reader, wanted="auto", clock=time.monotonic):
        self._reader, self._wanted, self._clock = reader, wanted, clock
        self._lock = threading.Lock()
        self._live = {}
        self._failure = None            # (until when, the status, why)
        self._failures = 0
        self._sweep = Sweep()

    def live(self, name):
        """None if there is none of that name; else it stays a while."""
        with self._lock:
            found = self._live.get(name)
            if found:
                found.used = self._clock()
            return found

    def of(self, presentation):
        with self._lock:
            return next((one for one in self._live.values() if one.presentation is presentation), None)

    def adopt(self, name, upstream, found, reopen):
        """Fetch it for all, over this connection, unless somebody was faster. False: it can only be passed on."""
        try:
            made = LiveOrigin(name, upstream, found, reopen, self._reader, self._wanted, self._clock)
        except RtspError as error:
            log.info("= %s is fetched for each viewer: %s", name, error)
            return False
        with self._lock:
            taken = name in self._live
            full = len(self._live) >= limits.PUBLICATIONS
            if not (taken or full):
                self._live[name] = made
                made.onEnd = lambda: self.discard(name, made)
        if taken or full:
            made.end()
        if full and not taken:
            raise RtspError("too many live streams at a time", 453)
        return True

    def discard(self, name, live):
        with self._lock:
            if self._live.get(name) is live:
                del self._live[name]

    # ---- an origin that fails is left alone for a while

    def check(self):
        """RtspError while there is no point in trying again."""
        with self._lock:
            if self._failure and self._clock() < self._failure[0]:
                left = max(1, round(self._failure[0] - self._clock()))
                raise RtspError(self._failure[2], self._failure[1], {"Retry-After": str(left)})

    def failed(self, error):
        with self._lock:
            delay = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
            self._failures += 1
            self._failure = self._clock() + delay, error.status, str(error)

    def worked(self):
        with self._lock:
            self._failures, self._failure = 0, None

    # ---- in place of media.library.Library

    def find(self, path):
        """The presentation of that name. RtspError 404."""
        found = self.live(path)
        if found is None:
            raise RtspError(f"there is no {path!r}", 404)
        return found.presentation

    def is_folder(self, path):
        return False

    def names(self, folder=""):
        with self._lock:
            return sorted(self._live)

    def tick(self):
        """On the thread that reads, often: nothing waits for ever for a packet that is lost."""
        self._sweep(inlet for live in self.all() for inlet in live.inlets)

    def expire(self, watched):
        """End those that nobody has watched for a while; `watched`: the presentations that somebody has set up."""
        for live in self.all():
            if any(live.presentation is one for one in watched):
                live.used = self._clock()
            elif self._clock() - live.used > LINGER:
                log.info("= %s: nobody watches any more", live.name)
                live.end()

    def all(self):
        with self._lock:
            return list(self._live.values())

    def close(self):
        for live in self.all():
            live.end()
