"""A source of frames, numbered from 0, each with its time: the one thing that what sends media knows about it.

* a movie on disk: `media.movie.MovieFile`         all frames are there, any may be asked for
* what comes in right now: `LiveSource`            frames appear one after the other, the newest are kept
* what a URL names: `Presentation`                 one or more sources played together (picture, sound)

A frame is given as RTP payloads (the bytes behind the RTP header) with their marker bits; who watches adds the header.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from media.errors import MediaError, NotFound
from media.reencode import within
from rtp.jpeg import Depacketizer

__all__ = ["Format", "LiveSource", "MediaError", "NotFound", "Presentation", "Source"]

Payloads = list[tuple[bytes, bool]]


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


class Source(ABC):
    """Numbered frames.  Methods may be called from any thread; times are seconds from the start."""

    format: Format
    duration: float | None  # seconds; None: live, nobody knows
    seekable: bool
    period: float  # nominal seconds from one frame to the next
    instant: bool  # payloads are at hand: no disk, no Pillow, so they may be asked for where nobody may wait

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


class LiveSource(Source):
    """Frames as they arrive.  The newest `keep` stay; numbers go on for ever.

    A frame that has left still counts as available, and asking for it is a MediaError, as for a damaged one: a viewer
    that is behind skips it like any other instead of waiting for what will not come again.
    """

    duration = None
    seekable = False
    instant = True

    def __init__(self, format: Format, period: float = 0.05, keep: int = 64) -> None:
        self.format = format
        self.period = period
        self._lock = Lock()  # guards all below
        self._frames: deque[tuple[Payloads, float]] = deque(maxlen=keep)
        self._count = 0
        self._closed = False
        self._wakes: dict[Callable[[], None], None] = {}  # a dict, for its order

    def append(self, payloads: Payloads, time: float) -> None:
        """The next frame and its time, from any thread.  Times never go back: an earlier one becomes the last one."""
        with self._lock:
            if self._closed:
                return  # the publisher's last frame crossed our close()
            if self._frames:
                time = max(time, self._frames[-1][1])
            self._frames.append((list(payloads), time))
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
            times = [when for _, when in self._frames]
            return self._count - len(times) + bisect_left(times, time)

    def time(self, k: int) -> float:
        """Outside the kept frames: one period each from the nearest of them."""
        with self._lock:
            oldest = self._count - len(self._frames)
            if not self._frames:
                return k * self.period
            nearest = min(max(k, oldest), self._count - 1)
            return self._frames[nearest - oldest][1] + (k - nearest) * self.period

    def available(self, k: int) -> bool:
        return 0 <= k < self._count

    def ended(self, k: int) -> bool:
        with self._lock:
            return self._closed and k >= self._count

    def first(self) -> int:
        return max(self._count - 1, 0)

    def payloads(self, k: int, size: int) -> Payloads:
        """As they were appended: what is relayed is not cut anew, whatever `size`. Those whose packets, header and all,
        are of unequal sizes or of odd ones (no multiple of 4 bytes) cannot be sent, and are left out."""
        with self._lock:
            oldest = self._count - len(self._frames)
            if not oldest <= k < self._count:
                raise MediaError(f"frame {k} of a live stream is {'gone' if k < oldest else 'still to come'}")
            return self._frames[k - oldest][0]

    def whole(self, k: int, limit: int) -> bytes:
        if self.format.encoding != "JPEG":
            raise MediaError(f"{self.format.encoding} cannot be sent as JPEG pictures")
        depacketizer = Depacketizer()
        for payload, marker in self.payloads(k, limit):
            jpeg = depacketizer.push(payload, marker, 0)
            if jpeg is not None:
                return within(jpeg, limit)
        raise MediaError(f"frame {k} of a live stream is not whole")


@dataclass
class Presentation:
    """What a URL names: the sources that are played together, in the order of their SDP media lines."""

    name: str
    sources: tuple[Source, ...]

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
