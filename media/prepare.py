"""Frames made ready to send, ahead of time and once for all viewers.

Reading a file, re-encoding a picture and cutting it into packets may take long, and who paces the sending must never
wait.  So a thread of its own does it a few frames ahead (`want`), the result is kept, and the pacer takes what is
there (`ready`).  What is kept is a frame's RTP packets end to end; each viewer writes its own SSRC, sequence numbers
and timestamp into them.
"""

from __future__ import annotations

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Event, Thread
from time import perf_counter

from media.source import MediaError, Payloads, Source

log = logging.getLogger(__name__)

HEADER_SIZE = 12  # bytes of an RTP header without CSRCs (RFC 3550 §5.1)
PACKET_SIZE = 1412  # bytes of an RTP packet: with UDP and IP headers within any Ethernet's 1500, and any tunnel's
WHOLE_LIMIT = 20_468  # bytes of a JPEG in one packet: lab clients receive into 20,480 bytes
CACHE_BYTES = 64 << 20
OVERHEAD = 512  # bytes that an entry costs besides its buffer, so that empty ones are bounded too
WANTED_LIMIT = 65536  # frames asked for and not begun; no more are taken then
REPORTED_LIMIT = 10_000  # damaged frames remembered as logged
PATIENCE = 0.5  # seconds a thread waits before it looks again whether it is to stop


class Packing(Enum):
    """How a frame goes into packets."""

    FRAGMENTS = "fragments"  # RFC 2435, or whatever the source gives: PACKET_SIZE bytes a packet
    WHOLE = "whole"  # one whole JPEG in one packet, marker 1, as lab clients want it

    __hash__ = object.__hash__  # Enum's own is written in Python, and each look into the cache takes it


@dataclass(slots=True)
class PreparedFrame:
    """One frame's RTP packets; SSRC, sequence numbers and timestamp are still zero."""

    buffer: bytearray  # packets end to end
    segment: int  # bytes of each packet; the last may be shorter
    count: int  # packets; 0: the frame is damaged, nothing is sent


SourceRef = weakref.ref[Source]  # weak: packets kept of a movie that has been replaced must not keep its file open
Key = tuple[SourceRef, int, Packing]


class Preparer:
    """Makes frames ready, the one that is due first before the others; what is not begun when it is due is given up.

    Safe from any thread; `header(payload_type, marker)` gives the 12 bytes before a payload, `clock` seconds.
    """

    def __init__(
        self,
        header: Callable[[int, int], bytes],
        cache_bytes: int = CACHE_BYTES,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self.clock = clock
        self._header = header
        self._cache_bytes = cache_bytes
        self._changed = Condition()  # guards all below; notified when a frame is wanted or done, and at the end
        self._cache: OrderedDict[Key, PreparedFrame] = OrderedDict()  # least recently used first
        self._cached_bytes = 0
        self._busy: set[Key] = set()  # being prepared by some thread
        self._wanted: list[tuple[float, int, Key, Source]] = []  # a heap: (when due, order, …)
        self._order = count()
        self._reported: OrderedDict[tuple[SourceRef, int], None] = OrderedDict()
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
        if self._thread is not None:
            self._thread.join()

    def ready(self, source: Source, k: int, packing: Packing) -> PreparedFrame | None:
        """The frame if it is there.  Never waits for disk or Pillow."""
        key = (weakref.ref(source), k, packing)
        with self._changed:
            return self._lookup(key)

    def want(self, source: Source, k: int, packing: Packing, due: float) -> None:
        """Prepare this frame before `due`, seconds of `clock`.  What is there or under way is not prepared again."""
        key = (weakref.ref(source), k, packing)
        with self._changed:
            if key in self._cache or key in self._busy or self._stop.is_set() or len(self._wanted) >= WANTED_LIMIT:
                return
            heappush(self._wanted, (due, next(self._order), key, source))
            self._changed.notify_all()

    def frame(self, source: Source, k: int, packing: Packing) -> PreparedFrame:
        """The frame, prepared now in this thread, unless it is there or another thread is at it."""
        key = (weakref.ref(source), k, packing)
        with self._changed:
            while key in self._busy:
                self._changed.wait(PATIENCE)
            frame = self._lookup(key)
            if frame is not None:
                return frame
            self._busy.add(key)
        try:
            frame = self._prepare(source, k, packing)
        finally:
            with self._changed:
                self._busy.discard(key)
                if frame is not None:  # None: Ctrl-C in between
                    self._store(key, frame)
                self._changed.notify_all()
        return frame

    def _lookup(self, key: Key) -> PreparedFrame | None:
        frame = self._cache.get(key)
        if frame is not None:
            self._cache.move_to_end(key)
        return frame

    def _store(self, key: Key, frame: PreparedFrame) -> None:
        self._cache[key] = frame
        self._cached_bytes += OVERHEAD + len(frame.buffer)
        while self._cached_bytes > self._cache_bytes and len(self._cache) > 1:  # the newest stays: it was asked for
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= OVERHEAD + len(oldest.buffer)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self.frame(*job)

    def _next(self) -> tuple[Source, int, Packing] | None:
        """The frame that is due first, waiting for one; None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                while self._wanted:
                    due, _, key, source = heappop(self._wanted)
                    if key not in self._cache and due >= self.clock():  # else somebody was faster, or it is too late
                        return source, key[1], key[2]
                self._changed.wait(PATIENCE)
        return None

    def _prepare(self, source: Source, k: int, packing: Packing) -> PreparedFrame:
        try:
            if packing is Packing.WHOLE:
                payloads = [(source.whole(k, WHOLE_LIMIT), True)]
            else:
                payloads = source.payloads(k, PACKET_SIZE - HEADER_SIZE)
            return self._packets(payloads, source.format.payload_type)
        except MediaError as error:
            if self._report(source, k):
                log.warning("skipped: %s", error)
        except Exception:  # a defect of ours, in one frame: the show goes on, and the log has the traceback
            if self._report(source, k):
                log.exception("frame %d of %s cannot be prepared", k, getattr(source, "name", source))
        return _damaged()

    def _packets(self, payloads: Payloads, payload_type: int) -> PreparedFrame:
        headers = self._header(payload_type, 0), self._header(payload_type, 1)
        sizes = {len(payload) for payload, _ in payloads[:-1]}
        if len(sizes) > 1 or sizes and len(payloads[-1][0]) > max(sizes):
            raise MediaError(f"packets of unequal size: {sorted(sizes)} bytes")  # no `segment` says where they begin
        buffer = bytearray().join(part for payload, marker in payloads for part in (headers[marker], payload))
        segment = HEADER_SIZE + len(payloads[0][0]) if payloads else 0
        return PreparedFrame(buffer, segment, len(payloads))

    def _report(self, source: Source, k: int) -> bool:
        """True the first time: not again for each viewer, packing, or when the frame has left the cache."""
        key = (weakref.ref(source), k)
        with self._changed:
            new = key not in self._reported
            self._reported[key] = None
            if len(self._reported) > REPORTED_LIMIT:
                self._reported.popitem(last=False)
        return new


def _damaged() -> PreparedFrame:
    return PreparedFrame(bytearray(), 0, 0)
