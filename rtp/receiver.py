"""Packets of one video stream in, pictures out when they are due: what stands between the socket and the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from rtp.announced import Announcement
from rtp.hoard import Hoard
from rtp.jpeg import Depacketizer
from rtp.labreception import LabReception
from rtp.playout import Playout
from rtp.rawjpeg import RawJpeg
from rtp.reception import Reception
from rtp.reorder import ReorderBuffer
from rtp.shown import Shown
from rtp.timestamps import extend, sequence_delta

GRACE = 0.1  # seconds after BYE in which packets may still come that it has overtaken
BACK, AHEAD = 0.1, 60.0  # seconds by which timestamps may leave the clock from one frame to the next; more is no time


class Arrival(NamedTuple):
    """One RTP packet, as far as a receiver needs it."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    size: int  # bytes of the whole packet
    now: float  # when it came


@dataclass(frozen=True)
class Frame:
    jpeg: bytes
    time: float  # seconds of the movie (normal play time)


class Receiver:
    """Statistics, then the reorder buffer, the depacketizer and the playout queue, in this order.

    now: seconds of any steady clock, always the same one. delay: seconds that the first frame waits for its turn.
    by_arrival: the sender's numbers and timestamps say little (classic lab servers). Packets are taken in the order of
    their arrival, JPEG files may come without the headers of RFC 2435, and the time of arrival is that of the movie.
    """

    def __init__(self, clock_rate: int, delay: float, by_arrival: bool = False) -> None:
        self._lab = LabReception(clock_rate) if by_arrival else None
        self.reception: Reception = self._lab or Reception(clock_rate)
        self.shown = Shown()
        self.frames = 0  # whole ones received
        self.passed: list[Frame] = []  # that due() skipped last
        self.first_frame: float | None = None  # when the first of them was whole
        self.latest_frame = 0.0  # … and the latest
        self.heard: float | None = None  # when the latest packet came
        self.fed: float | None = None  # … that was not empty: some lab servers send such ones for ever after the end
        self.clock_rate = clock_rate
        self._delay = delay
        self._reorder: ReorderBuffer[tuple[bytes, bool, int]] = ReorderBuffer()
        self._depacketizer = Depacketizer()
        self._raw = RawJpeg()
        self.playout: Playout[Frame] = Playout(delay)
        self._scale = 1.0  # seconds of the movie in a second of its timestamps (RFC 2326 §12.34)
        self._origin = 0.0  # the time of the movie at timestamp _base
        self._base: int | None = None  # None: that of the next frame
        self._ticks = 0  # the latest timestamp, extended so that it does not wrap around
        self._ticked = 0.0  # when that came
        self._latest = 0.0  # the time of the latest frame
        self._announced: Announcement[Arrival] | None = None  # None: seen to be true, or to be wrong
        self._ended: float | None = None  # when BYE came
        self._held: Hoard[Arrival] | None = None  # None: packets are not held back

    def hold(self) -> None:
        """PLAY has been asked for. Packets that come before the reply may belong to the time before or to the time
        after it: they are held back until the reply says with which number the new time begins."""
        self._held = Hoard()

    def release(self) -> None:
        """The reply has come, and start() has been told if it was a good one."""
        held, self._held = self._held or (), None
        for arrival in held:
            self.arrived(arrival)

    @property
    def holding(self) -> bool:
        return self._held is not None

    def start(
        self,
        now: float,
        time: float | None = None,
        sequence: int | None = None,
        timestamp: int | None = None,
        keep: bool = True,
        scale: float = 1.0,
    ) -> None:
        """The sender (re)starts at this time of the movie, with this sequence number and timestamp, as far as known;
        `scale`: how fast the movie goes while timestamps keep to the clock, backwards if negative.

        Packets from before that sequence number are not for us. Frames that wait to be shown are shown first, at once,
        so that nothing is missing after a pause; `keep` False: they are forgotten, as after a jump."""
        if keep and sequence is not None and self.frames and self._lab is None:
            self._take_earlier(sequence)
        self._assemble(self._reorder.flush(math.inf), now)
        frames = self.playout.due(math.inf) if keep else []
        self.playout.clear()
        if not keep:
            self._depacketizer.restart()
        for frame in frames:
            media_time = frame.time / self._scale
            self.playout.push(frame, media_time, now - self._delay, len(frame.jpeg))  # as if they had waited already
        if scale != self._scale:
            self.playout.restart()
        self._reorder.restart(sequence)
        if sequence is not None:
            self.reception.restart(sequence)
        self._announced = None if sequence is None or self._lab else Announcement(sequence, now)
        self._scale = scale
        self._origin = self._latest = self._latest if time is None else time
        self._base = None if self._lab else timestamp
        self._ticks, self._ticked = self._base or 0, now
        self._ended = None
        self.shown.pause()

    def _take_earlier(self, sequence: int) -> None:
        """What was held back of the time before, which goes on: the sender has not jumped."""
        if self._held is None:
            return
        held, self._held = self._held, Hoard()
        for packet in held:
            if sequence_delta(packet.sequence, sequence) < 0:
                self._take(packet)
            else:
                self._held.append(packet, packet.size)

    def arrived(self, packet: Arrival) -> None:
        if self._held is not None:
            self._held.append(packet, packet.size)
            return
        self.heard = packet.now
        self.fed = packet.now if packet.payload else self.fed
        if self._lab:
            self._arrived_from_lab(self._lab, packet)
        elif self._announced is None:
            self._take(packet)
        elif self._announced.fits(packet.sequence):
            self._announced = None
            self._take(packet)
        else:
            self._announced.kept.append(packet, packet.size)
            self._doubt(packet.now)

    def _doubt(self, now: float) -> None:
        """The announcement of the first packet is given up if it is wrong."""
        if self._announced is None or not self._announced.wrong(now):
            return
        kept, self._announced = self._announced.kept, None
        self._reorder.restart()
        self.reception.restart(kept.first.sequence)
        self._base = None
        for packet in kept:
            self._take(packet)

    def _take(self, packet: Arrival) -> None:
        sequence, timestamp, marker, payload, size, now = packet
        if self.reception.arrived(sequence, timestamp, now, size):
            self._assemble(self._reorder.push(sequence, (payload, marker, timestamp), now), now)

    def _arrived_from_lab(self, reception: LabReception, packet: Arrival) -> None:
        sequence, timestamp, marker, payload, size, now = packet
        if self._raw.repeated(sequence, payload):
            reception.duplicates += 1
            return
        reception.arrived(sequence, timestamp, now, size)
        if self._raw.takes(payload):
            self._play(self._raw.push(sequence, payload), timestamp, now)
        else:
            self._assemble([(payload, marker, timestamp)], now)

    def end(self, now: float) -> None:
        """The sender has said BYE (RFC 3550 §6.6); while PLAY waits for its reply, that is about the time before."""
        if self._held is None:
            self._ended = now

    def due(self, now: float, newest_only: bool = False) -> list[Frame]:
        """The frames whose time has come, oldest first; `newest_only`: one at most, the others are skipped."""
        self._doubt(now)
        self._assemble(self._reorder.flush(now), now)
        frames = self.playout.due(now)
        self.passed = frames[:-1] if newest_only else []
        self.shown.skipped += len(self.passed)
        frames = frames[len(self.passed) :]
        for _ in frames:
            self.shown.add(now)
        return frames

    def step(self, now: float) -> Frame | None:
        """The next frame, whenever it is due: for somebody who looks at one after the other."""
        self._doubt(now)
        self._assemble(self._reorder.flush(now), now)
        frame = self.playout.pop()
        if frame:
            self.shown.add(now)
            self.shown.pause()
        return frame

    def next_due(self) -> float | None:
        """When due() will have something; None if nobody knows."""
        times = [when for when in (self.playout.next_due(), self._reorder.next_flush()) if when is not None]
        return min(times, default=None)

    @property
    def latest(self) -> float:
        """The time of the movie up to which frames have come."""
        return self._latest

    @property
    def ended(self) -> bool:
        """The sender has said BYE; frames may still wait."""
        return self._ended is not None

    def finished(self, now: float) -> bool:
        """The sender has said BYE, and the last frame has been shown."""
        if self._ended is None or self.next_due() is not None or self._announced and self._announced.kept:
            return False
        return now >= max(self._ended, self.heard or 0.0) + GRACE

    @property
    def reason(self) -> str:
        """Why the latest of the damaged frames was given up."""
        return self._depacketizer.reason or self._raw.reason

    @property
    def lost_percent(self) -> float:
        expected = self.reception.expected
        return 100 * self.reception.lost / expected if expected > 0 else 0.0

    def statistics(self) -> dict[str, int | float]:
        """What has come and gone so far; times in seconds unless the name says otherwise."""
        reception, shown = self.reception, self.shown
        return {
            "frames_received": self.frames,
            "frames_shown": shown.frames,
            "frames_skipped": shown.skipped,
            "frames_late": self.playout.late,
            "frames_damaged": self._depacketizer.damaged + self._raw.damaged,
            "packets": reception.packets,
            "lost": reception.lost,
            "duplicates": reception.duplicates,
            "reordered": reception.reordered,
            "bytes": reception.bytes,
            "seconds": round(shown.seconds, 3), "fps": round(shown.fps, 3),
            "jitter_ms": round(1000 * reception.jitter, 3), "max_jitter_ms": round(1000 * reception.max_jitter, 3),
            "expected": reception.expected, **reception.analysis.statistics(self.clock_rate),
        }

    def _assemble(self, items: list[tuple[bytes, bool, int]], now: float) -> None:
        for payload, marker, timestamp in items:
            jpeg = self._depacketizer.push(payload, marker, timestamp)
            if jpeg:
                self._play(jpeg, timestamp, now)

    def _play(self, jpeg: bytes | None, timestamp: int, now: float) -> None:
        """A frame is whole, unless it is None."""
        if jpeg:
            self._latest = self._time(timestamp, now)
            self.frames += 1
            self.latest_frame = now
            if self.first_frame is None:
                self.first_frame = now
            if self._lab:
                self._lab.frame_came(now)
            self.playout.push(Frame(jpeg, self._latest), self._latest / self._scale, now, len(jpeg))
            self.reception.analysis.history.waits(now, self.playout.buffered(now))

    def _time(self, timestamp: int, now: float) -> float:
        """When in the movie a frame belongs."""
        if self._lab:
            timestamp = round(now * self.clock_rate)
        if self._base is not None and not self._lab:
            timestamp = extend(timestamp, self._ticks, bits=32)
            step = (timestamp - self._ticks) / self.clock_rate
            if not -BACK <= step <= max(0.0, now - self._ticked) + AHEAD:
                self._base = None  # announced wrongly, or counted anew: the movie goes on where it was
                self._origin = self._latest
        if self._base is None:
            self._base = timestamp
        self._ticks, self._ticked = timestamp, now
        return self._origin + (timestamp - self._base) / self.clock_rate * self._scale
