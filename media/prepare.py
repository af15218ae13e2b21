"""Frames made ready to send, ahead of time and once for all viewers.

Reading a file, re-encoding a picture and cutting it into packets may take long, and who paces the sending must never
wait.  So a thread of its own does it a few frames ahead (`want`), the result is kept, and the pacer takes what is
there (`Shelf.get`).  What is kept is a frame's RTP packets end to end; each viewer writes its own SSRC, sequence
numbers and timestamp into them.
"""

from __future__ import annotations

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Event, Thread
from time import perf_counter

from media.frame import HEADER_SIZE, PreparedFrame
from media.reencode import at_quality
from media.source import MediaError, Payloads, Source
from rtp import jpeg

log = logging.getLogger(__name__)

PACKET_SIZE = 1412  # bytes of an RTP packet: with UDP and IP headers within any Ethernet's 1500, and any tunnel's
WHOLE_LIMIT = 20_468  # bytes of a JPEG in one packet: lab clients receive into 20,480 bytes
LARGEST = 1 << 30  # bytes of a JPEG that is to be re-encoded: any
CACHE_BYTES = 64 << 20
OVERHEAD = 1600  # bytes that an entry costs besides its buffer (measured), so that empty ones are bounded too
CHANCES = 4096  # frames passed over to make room for one, in a millisecond: there may be 100,000, and others wait
WANTED_LIMIT = 65536  # frames asked for and not begun; no more are taken then
REPORTED_LIMIT = 10_000  # damaged frames remembered as logged
PATIENCE = 0.5  # seconds a thread waits before it looks again whether it is to stop


class Packing(Enum):
    """How a frame goes into packets."""

    FRAGMENTS = "fragments"  # RFC 2435, or whatever the source gives: PACKET_SIZE bytes a packet
    INTERLEAVED = "interleaved"  # the same, each with the four bytes before it that the RTSP connection needs
    WHOLE = "whole"  # one whole JPEG in one packet, marker 1, as lab clients want it


class Shelf:
    """The frames of one source, packed in one way, that are ready.

    Only the preparer puts frames here and takes them away; whoever paces the sending looks, without any lock."""

    def __init__(self, source: Source, packing: Packing, quality: int | None = None) -> None:
        """`quality`: of its pictures, for viewers that want fewer bytes; None: as the source has them."""
        self.source = weakref.ref(source)  # weak: packets kept of a replaced movie must not keep its file open
        self.packing, self.quality = packing, quality
        self.frames: dict[int, PreparedFrame] = {}

    def get(self, k: int) -> PreparedFrame | None:
        """Frame k if it is there. Never waits for disk or Pillow."""
        frame = self.frames.get(k)
        if frame is not None:
            frame.used = True
        return frame

    def has(self, k: int) -> bool:
        """Is frame k there? Then it stays a while: who asks is about to use it."""
        return self.get(k) is not None


Key = tuple[Shelf, int]


class Preparer:
    """Makes frames ready, the one that is due first before the others; what is not begun when it is due is given up.

    Safe from any thread; `header(payload_type, marker)` gives the 12 bytes before a payload, `prefix(size)` what
    stands before a packet of that size inside an RTSP connection, `clock` seconds, `complain(text)` is told of frames
    that are damaged: of a file that is cut, all of them are.
    """

    def __init__(
        self,
        header: Callable[[int, int], bytes],
        prefix: Callable[[int], bytes] = lambda size: b"",
        cache_bytes: int = CACHE_BYTES,
        clock: Callable[[], float] = perf_counter,
        complain: Callable[[str], None] = log.warning,
    ) -> None:
        self.clock = clock
        self._complain = complain
        self._header, self._prefix = header, prefix
        self._cache_bytes = cache_bytes
        self._changed = Condition()  # guards all below; notified when a frame is wanted or done, and at the end
        self._shelves: weakref.WeakValueDictionary[tuple[weakref.ref[Source], Packing, int | None], Shelf]
        self._shelves = weakref.WeakValueDictionary()  # those that somebody plays from, or that hold something
        self._cache: OrderedDict[Key, PreparedFrame] = OrderedDict()  # what is on all shelves, the oldest first
        self._cached_bytes = 0
        self._busy: set[Key] = set()  # being prepared by some thread
        self._wanted: list[tuple[float, int, Key, Source]] = []  # a heap: (when due, order, …)
        self._order = count()
        self._reported: OrderedDict[tuple[weakref.ref[Source], int], None] = OrderedDict()
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread that `want` needs."""
        if self._thread is None and not self._stop.is_set():
            self._thread = Thread(target=self._run, name="preparer", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop the thread; it finishes the frame it is at.  Twice is fine."""
        self._stop.set()
        with self._changed:
            self._wanted.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread.is_alive():  # not if the system had none
            self._thread.join()

    def shelf(self, source: Source, packing: Packing, quality: int | None = None) -> Shelf:
        """Where the frames of this source are found, packed in this way, at this quality."""
        key = (weakref.ref(source), packing, quality)
        with self._changed:
            found = self._shelves.get(key)
            if found is None:
                found = self._shelves[key] = Shelf(source, packing, quality)
            return found

    def want(self, source: Source, shelf: Shelf, k: int, due: float) -> None:
        """Prepare this frame before `due`, seconds of `clock`.  What is there or under way is not prepared again."""
        key = (shelf, k)
        with self._changed:
            if shelf.has(k) or key in self._busy or self._stop.is_set() or len(self._wanted) >= WANTED_LIMIT:
                return
            heappush(self._wanted, (due, next(self._order), key, source))
            self._changed.notify_all()

    def frame(self, source: Source, shelf: Shelf, k: int) -> PreparedFrame:
        """The frame, prepared now in this thread, unless it is there or another thread is at it."""
        key = (shelf, k)
        with self._changed:
            while key in self._busy:
                self._changed.wait(PATIENCE)
            frame = shelf.get(k)
            if frame is not None:
                return frame
            self._busy.add(key)
        try:
            frame = self._prepare(source, k, shelf)
        finally:
            with self._changed:
                self._busy.discard(key)
                if frame is not None:  # None: Ctrl-C in between
                    self._store(key, frame)
                self._changed.notify_all()
        return frame

    def _store(self, key: Key, frame: PreparedFrame) -> None:
        shelf, k = key
        self._cached_bytes += OVERHEAD + len(frame.buffer)
        chances = CHANCES
        while self._cached_bytes > self._cache_bytes and self._cache:  # before it is put in: it stays, however large
            chances -= self._evict(chances > 0)
        shelf.frames[k] = self._cache[key] = frame

    def _evict(self, second_chance: bool) -> bool:
        """Away with the oldest; but what was used since it was last looked at here may get a second chance. Was it?"""
        key, oldest = self._cache.popitem(last=False)
        if oldest.used and second_chance:
            oldest.used = False
            self._cache[key] = oldest
            return True
        shelf, k = key
        del shelf.frames[k]
        self._cached_bytes -= OVERHEAD + len(oldest.buffer)
        return False

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self.frame(*job)

    def _next(self) -> tuple[Source, Shelf, int] | None:
        """The frame that is due first, waiting for one; None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                while self._wanted:
                    due, _, key, source = heappop(self._wanted)
                    if key not in self._cache and due >= self.clock():  # else somebody was faster, or it is too late
                        return source, *key
                self._changed.wait(PATIENCE)
        return None

    def _prepare(self, source: Source, k: int, shelf: Shelf) -> PreparedFrame:
        size = PACKET_SIZE - HEADER_SIZE
        try:
            if shelf.packing is Packing.WHOLE:
                payloads = [(source.whole(k, WHOLE_LIMIT), True)]
            elif shelf.quality is not None:
                payloads = jpeg.payloads(at_quality(source.whole(k, LARGEST), shelf.quality), size)
            else:
                payloads = source.payloads(k, size)
            return self._packets(payloads, source.format.payload_type, shelf.packing)
        except MediaError as error:
            if self._report(source, k):
                self._complain(f"skipped: {error}")
        except Exception:  # a defect of ours, in one frame: the show goes on, and the log has the traceback
            if self._report(source, k):
                log.exception("frame %d of %s cannot be prepared", k, getattr(source, "name", source))
        return PreparedFrame()

    def _packets(self, payloads: Payloads, payload_type: int, packing: Packing) -> PreparedFrame:
        """MediaError if they cannot stand at equal distances."""
        headers = self._header(payload_type, 0), self._header(payload_type, 1)
        prefix = self._prefix if packing is Packing.INTERLEAVED else lambda size: b""
        packets = [prefix(HEADER_SIZE + len(payload)) + headers[marker] + payload for payload, marker in payloads]
        try:
            return PreparedFrame(packets, len(prefix(0)))
        except ValueError as error:
            raise MediaError(str(error)) from None

    def _report(self, source: Source, k: int) -> bool:
        """True the first time: not again for each viewer, packing, or when the frame has left the cache."""
        key = (weakref.ref(source), k)
        with self._changed:
            new = key not in self._reported
            self._reported[key] = None
            if len(self._reported) > REPORTED_LIMIT:
                self._reported.popitem(last=False)
        return new
