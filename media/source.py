"""A source of frames, numbered from 0, each with its time: the one thing that what sends media knows about it.

* a movie on disk: `media.movie.MovieFile`         all frames are there, any may be asked for
* what comes in right now: `LiveSource`            frames appear one after the other, the newest are kept
* what a URL names: `Presentation`                 one or more sources played together (picture, sound)

A frame is given as RTP payloads (the bytes behind the RTP header) with their marker bits; who watches adds the header.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from media.errors import MediaError, NotFound
from media.reencode import within
from rtp.jpeg import Depacketizer

__all__ = ["Format", "LiveSource", "MediaError", "NotFound", "Presentation", "Source"]

Payloads = list[tuple[bytes, bool]]
STARTED = int(time.time())  # a movie may change between two runs of the server
KEPT_BYTES = 8 << 20  # of a live stream: some seconds of HD


@dataclass(frozen=True)
class Format:
    """What SDP says about a stream (RFC 4566 §5.14, §6).

    `clock_rate` is in RTP timestamp units a second, `frame_rate` in frames a second, `width` and `height` in pixels.
    """

    kind: str  # "video" or "audio"
    payload_type: int
    encoding: str  # the name in a=rtpmap: "JPEG", "L16"
    clock_rate: int
    frame_rate: float | None = None
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()  # further ones, as whoever sends it has announced them
    bandwidth: tuple[str, ...] = ()  # of b= lines


class Source(ABC):
    """Numbered frames.  Methods may be called from any thread; times are seconds from the start."""

    format: Format
    duration: float | None  # seconds; None: live, nobody knows
    seekable: bool
    period: float  # nominal seconds from one frame to the next
    steady: bool = False  # every frame comes exactly one `period` after the one before it
    instant: bool  # payloads are at hand: no disk, no Pillow, so they may be asked for where nobody may wait
    origin: float | None = None  # seconds of perf_counter that are time 0; None: it differs from viewer to viewer

    @abstractmethod
    def frame_at(self, time: float) -> int:
        """The first frame whose time is not before `time`; the number of frames when that is past the end."""

    @abstractmethod
    def time(self, k: int) -> float:
        """The time of frame k; beyond the frames there are, where it would be."""

    @abstractmethod
    def available(self, k: int) -> bool:
        """Frame k has come: it can be asked for (which may still be a MediaError)."""

    @abstractmethod
    def ended(self, k: int) -> bool:
        """No frame k will ever come."""

    @abstractmethod
    def first(self) -> int:
        """Where a PLAY without Range starts: 0 in a movie, the newest frame of what is live."""

    @abstractmethod
    def payloads(self, k: int, size: int) -> Payloads:
        """Frame k as (payload, marker) pairs of at most `size` bytes.  MediaError if it is damaged or gone."""

    @abstractmethod
    def whole(self, k: int, limit: int) -> bytes:
        """Frame k as one JPEG of at most `limit` bytes, re-encoded smaller if need be.  MediaError as above."""

    def close(self) -> None:
        """Give back what is held open.  Twice is fine."""
        return


class LiveFrame(NamedTuple):
    """`lost`: packets that are missing before it. `begins`: it is no further part of the frame before."""

    payloads: Payloads
    time: float
    lost: int
    begins: bool


class LiveSource(Source):
    """Frames as they arrive.  The newest `keep` stay, fewer if they are large; numbers go on for ever.

    A frame that has left still counts as available, and asking for it is a MediaError, as for a damaged one: a viewer
    that is behind skips it like any other instead of waiting for what will not come again.
    """

    duration = None
    seekable = False
    instant = True

    def __init__(self, format: Format, period: float = 0.05, keep: int = 64, reordered: bool = False) -> None:
        """`reordered`: times may go back, as those of frames do that are not sent in the order in which they are shown;
        else an earlier one becomes the last one."""
        self.format = format
        self.period = period
        self._keep, self._reordered = keep, reordered
        self._lock = Lock()  # guards all below
        self._frames: deque[LiveFrame] = deque()
        self._bytes = 0
        self._count = self._begun = 0
        self._closed = False
        self._wakes: dict[Callable[[], None], None] = {}  # a dict, for its order

    def append(self, payloads: Payloads, time: float, lost: int = 0, begins: bool = True) -> None:
        """The next frame and its time, from any thread."""
        frame = LiveFrame(list(payloads), time, lost, begins)
        with self._lock:
            if self._closed:
                return  # the publisher's last frame crossed our close()
            if self._frames and not self._reordered:
                frame = frame._replace(time=max(time, self._frames[-1].time))
            self._frames.append(frame)
            self._bytes += _size(frame)
            while len(self._frames) > self._keep or (self._bytes > KEPT_BYTES and len(self._frames) > 1):
                self._bytes -= _size(self._frames.popleft())
            self._begun = self._count if begins else self._begun
            self._count += 1
        self._wake()

    def close(self) -> None:
        """No more frames will come.  Those that have come can still be asked for."""
        with self._lock:
            already, self._closed = self._closed, True
        if not already:
            self._wake()

    def subscribe(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each new frame and at the end, from the thread that brings it."""
        with self._lock:
            self._wakes[wake] = None

    def unsubscribe(self, wake: Callable[[], None]) -> None:
        """One call may still be under way when this returns."""
        with self._lock:
            self._wakes.pop(wake, None)

    def _wake(self) -> None:
        with self._lock:
            wakes = tuple(self._wakes)
        for wake in wakes:  # outside the lock: a wake may well ask for the frame
            wake()

    def frame_at(self, time: float) -> int:
        with self._lock:
            times = [frame.time for frame in self._frames]
            return self._count - len(times) + bisect_left(times, time)

    def time(self, k: int) -> float:
        """Outside the kept frames: one period each from the nearest of them."""
        with self._lock:
            oldest = self._count - len(self._frames)
            if not self._frames:
                return k * self.period
            nearest = min(max(k, oldest), self._count - 1)
            return self._frames[nearest - oldest].time + (k - nearest) * self.period

    def available(self, k: int) -> bool:
        return 0 <= k < self._count

    def ended(self, k: int) -> bool:
        with self._lock:
            return self._closed and k >= self._count

    def first(self) -> int:
        """The newest that begins a frame, if it is still there."""
        with self._lock:
            return max(self._begun, self._count - len(self._frames), 0)

    @property
    def count(self) -> int:
        """Frames so far."""
        return self._count

    def lost(self, k: int) -> int:
        """How many packets did not arrive before frame k: those who watch shall see that, too."""
        return self._frame(k).lost

    def payloads(self, k: int, size: int) -> Payloads:
        """As they were appended: what is relayed is not cut anew, whatever `size`. Those whose packets, header and all,
        are of unequal sizes or of odd ones (no multiple of 4 bytes) cannot be sent, and are left out."""
        return self._frame(k).payloads

    def _frame(self, k: int) -> LiveFrame:
        with self._lock:
            oldest = self._count - len(self._frames)
            if not oldest <= k < self._count:
                raise MediaError(f"frame {k} of a live stream is {'gone' if k < oldest else 'still to come'}")
            return self._frames[k - oldest]

    def whole(self, k: int, limit: int) -> bytes:
        if self.format.encoding != "JPEG":
            raise MediaError(f"{self.format.encoding} cannot be sent as JPEG pictures")
        depacketizer = Depacketizer()
        for payload, marker in self.payloads(k, limit):
            jpeg = depacketizer.push(payload, marker, 0)
            if jpeg is not None:
                return within(jpeg, limit)
        raise MediaError(f"frame {k} of a live stream is not whole")


def _size(frame: LiveFrame) -> int:
    return sum(len(payload) for payload, _ in frame.payloads)


@dataclass
class Presentation:
    """What a URL names: the sources that are played together, in the order of their SDP media lines."""

    name: str
    sources: tuple[Source, ...]
    version: int = STARTED  # of its description

    @property
    def duration(self) -> float | None:
        """Seconds until the last source has ended; None if one is live."""
        durations = [source.duration for source in self.sources if source.duration is not None]
        return max(durations, default=0.0) if len(durations) == len(self.sources) else None

    @property
    def seekable(self) -> bool:
        return all(source.seekable for source in self.sources)

    def close(self) -> None:
        for source in self.sources:
            source.close()
