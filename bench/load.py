"""A light load generator: N viewers in one process and one thread, and what they saw, as one JSON object on stdout.

    python -m bench.load rtsp://127.0.0.1:6789/movie.Mjpeg --viewers 200 --seconds 10 [--pid PID of the server]

Light, because it shares the machine with the server that is measured: it reads nothing of a packet but its 12 bytes of
header, and looks at its sockets every 2 ms only, finding whole frames there. That this does not make frames late is
due to the system: Linux notes when a packet came in, and that is the time that counts (elsewhere: when it was read).

One run: describe; have the server prepare the whole movie, with a few viewers at distances of some seconds; SETUP of
all viewers; PLAY of one after the other, each from a place of its own in the movie; let it settle; then the interval
that is measured; TEARDOWN. In the lab dialect nobody describes or seeks: one viewer first sees as much as all will.
Times are those of the system's clock, because the notes are: do not set it meanwhile.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import selectors
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.figures import judge, percentile
from bench.inner import Stalled, TcpViewer
from bench.lab import LabViewer
from bench.process import cpu_seconds, raise_descriptor_limit, resident_bytes
from bench.viewer import LoadError, Media, UdpViewer, Viewer

TICK = 0.002  # seconds between looks at the sockets
GAP = 0.005  # seconds from one PLAY to the next
SETTLE = 1.0  # seconds between the last PLAY and the interval that is measured
STALLING = 9.0  # seconds until the system's buffers for somebody who does not read are full, at 270 kB/s
AFTERWARDS = 0.3  # seconds after it in which late frames may still come in
STRETCH = 2.0  # seconds of the movie that each of the first viewers has prepared
MOST_FIRST = 64  # of these viewers: a longer movie is prepared in part
KEEPALIVE = 20.0  # seconds; sessions end after 60 s of silence, with some servers after 30
REFUSALS = 10  # so many, and the rest would be refused, too

Action = Callable[[], None]
TRANSPORTS: dict[str, type[Viewer]] = {"udp": UdpViewer, "tcp": TcpViewer, "lab": LabViewer}


class Audience:
    """Some viewers, and the loop that serves them."""

    def __init__(self, media: Media, count: int, transport: str) -> None:
        """Set up `count` viewers, or as many as the server takes."""
        self.viewers: list[Viewer] = []
        self.stalled: list[Stalled] = []
        self.refusals: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._agenda: list[tuple[float, int, Action]] = []  # a heap of (when, which viewer, what to do)
        try:
            for _ in range(count):
                self._add(media, TRANSPORTS[transport])
        except BaseException:
            self.close()
            raise

    def _add(self, media: Media, kind: type[Viewer]) -> None:
        try:
            viewer = kind(media)
        except (OSError, LoadError) as error:
            self.refusals.append(str(error) or type(error).__name__)
            if len(self.refusals) >= REFUSALS or isinstance(error, ConnectionRefusedError):
                raise LoadError(f"{len(self.viewers)} viewers were set up, no more: {error}") from error
            return
        self.viewers.append(viewer)
        for sock, action in viewer.sources:
            self._selector.register(sock, selectors.EVENT_READ, (action, viewer))

    def play(self, places: list[float | None], gap: float) -> float:
        """Have each viewer PLAY from its place, one about every `gap` seconds; when the last of them is due.

        At a moment chosen by lot within its gap: else the frames of many viewers would be due at the same times.
        """
        lot = random.Random(1)
        begin = time.time() + 0.01
        for number, place in enumerate(places[: len(self.viewers)]):
            self._plan(begin + (number + lot.random()) * gap, number, partial(self.viewers[number].play, place))
        return begin + len(self.viewers) * gap

    def run(self, end: float) -> None:
        """Receive until `end`."""
        while (now := time.time()) < end:
            while self._agenda and self._agenda[0][0] <= now:
                self._do(*heapq.heappop(self._agenda))
            for key, _ in self._selector.select(0):
                action, viewer = key.data
                if action() is False:
                    self._selector.unregister(key.fileobj)
                    self.refusals.append(viewer.trouble)
            time.sleep(TICK)

    def stall(self, media: Media, count: int) -> None:
        """More viewers, who do not read. They have their session in the connection: over UDP nobody would notice."""
        for _ in range(count):
            self.stalled.append(Stalled(media))

    def _plan(self, when: float, number: int, action: Action) -> None:
        heapq.heappush(self._agenda, (when, number, action))

    def _do(self, when: float, number: int, action: Action) -> None:
        viewer = self.viewers[number]
        if not viewer.trouble:
            action()
            self._plan(when + KEEPALIVE, number, viewer.keep_alive)

    def close(self) -> None:
        self._selector.close()
        for one in self.stalled:
            one.close()
        for viewer in self.viewers:
            viewer.tear_down()

    def packets(self) -> int:
        return sum(viewer.packets for viewer in self.viewers)


@dataclass
class Usage:
    """What has been used up to now: the difference of two is what an interval took."""

    time: float
    server: float | None  # seconds of processor time
    own: float
    packets: int

    @classmethod
    def now(cls, audience: Audience, pid: int | None) -> Usage:
        return cls(time.time(), cpu_seconds(pid), time.process_time(), audience.packets())


def needed(viewers: int, options: Any) -> float:
    """Seconds of the movie that the first viewer sees of a run."""
    once = options.seconds + AFTERWARDS
    return viewers * options.gap + options.settle + once + (options.stalling + once if options.stalled else 0)


def prepare(media: Media, pid: int | None, transport: str, seconds: float) -> tuple[int, int | None]:
    """Have the server prepare the whole movie, or `seconds` from its beginning where nobody can seek, so that this is
    not counted as the cost of viewers. How many viewers it took, and the server's memory in bytes while they were
    there."""
    count = min(MOST_FIRST, math.ceil(media.duration / STRETCH)) if media.duration else 1
    stretch = media.duration / count if media.duration else seconds
    audience = Audience(media, count, transport)
    try:
        audience.play([number * stretch if media.duration else None for number in range(count)], GAP)
        audience.run(time.time() + count * GAP + stretch + 0.2)
        return count, resident_bytes(pid)
    finally:
        audience.close()


def places(media: Media, viewers: int, need: float) -> list[float | None]:
    """Where each viewer starts, in seconds: anywhere before the last `need` seconds. LoadError if it is too short."""
    if media.duration is None:
        return [None] * viewers
    room = media.duration - need
    if room < 0:
        raise LoadError(f"the movie is too short: {media.duration:.1f} s, and {need:.1f} s are needed")
    lot = random.Random(2)
    return [lot.uniform(0, room) for _ in range(viewers)]


def measure(options: argparse.Namespace) -> dict[str, object]:
    """One run. With `stalled` viewers a second interval is measured, while they are there: its figures are those of all
    others, under "with_stalled". OSError, LoadError."""
    media = TRANSPORTS[options.transport].describe(options.url, options.fps)
    viewers, pid, need = options.viewers, options.pid, needed(options.viewers, options)
    if options.live:
        media.duration = None
    starts = places(media, viewers, need)
    first, memory = prepare(media, pid, options.transport, 0.0 if options.live else need)
    audience = Audience(media, viewers, options.transport)
    try:
        audience.run(audience.play(starts, options.gap) + options.settle)
        figures = interval(audience, media, options)
        more_memory = resident_bytes(pid)
        if options.stalled:
            audience.stall(media, options.stalled)
            audience.run(time.time() + options.stalling)
            figures["with_stalled"] = interval(audience, media, options) | {"kib_per_viewer": None}
    finally:
        audience.close()
    grown = memory and more_memory and viewers > first and (more_memory - memory) / (viewers - first) / 1024
    return figures | {"kib_per_viewer": grown or None}


def interval(audience: Audience, media: Media, options: argparse.Namespace) -> dict[str, object]:
    """Measure for some seconds."""
    begin = Usage.now(audience, options.pid)
    audience.run(begin.time + options.seconds)
    end = Usage.now(audience, options.pid)
    audience.run(end.time + AFTERWARDS)
    return summary(audience, media, begin, end)


def summary(audience: Audience, media: Media, begin: Usage, end: Usage) -> dict[str, object]:
    """The figures of an interval; times in milliseconds."""
    seconds = end.time - begin.time
    viewers = len(audience.viewers)
    verdicts = [judge(one.record, begin.time, end.time, media.fps, media.clock_rate) for one in audience.viewers]
    late = [one for verdict in verdicts for one in verdict.late]
    waits = [one.waited for one in audience.viewers if one.waited is not None]
    cpu = None if end.server is None or begin.server is None else end.server - begin.server
    return {
        "viewers": viewers,
        "seconds": seconds,
        "cpu_ms_per_viewer_second": cpu and cpu / seconds / viewers * 1e3,
        "server_cpu": cpu and cpu / seconds,
        "generator_cpu": (end.own - begin.own) / seconds,
        "frames_percent": 100 * sum(one.whole for one in verdicts) / sum(one.expected for one in verdicts),
        "viewers_sustained": sum(one.sustained for one in verdicts),
        "packets_per_second": (end.packets - begin.packets) / seconds,
        "packets_lost": sum(one.lost for one in verdicts),
        **in_ms("late", late, {"p50": 0.5, "p99": 0.99, "max": 1.0}),
        **in_ms("first_frame", waits, {"p50": 0.5, "p99": 0.99}),
        "refusals": audience.refusals,
    }


def in_ms(name: str, values: Sequence[float], parts: dict[str, float]) -> dict[str, float | None]:
    found = {part: percentile(values, share) for part, share in parts.items()}
    return {f"{name}_ms_{part}": None if value is None else value * 1e3 for part, value in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="Watch a stream many times at once.")
    parser.add_argument("url")
    parser.add_argument("--viewers", type=int, default=200, metavar="N")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="to measure (default: 10)")
    parser.add_argument("--gap", type=float, default=GAP, metavar="S", help=f"from PLAY to PLAY (default: {GAP})")
    parser.add_argument("--settle", type=float, default=SETTLE, metavar="S", help="before measuring (default: 1)")
    parser.add_argument("--fps", type=float, metavar="F", help="frames a second, where the server does not say")
    parser.add_argument("--pid", type=int, metavar="PID", help="the server's process, to measure it (Linux)")
    parser.add_argument("--transport", choices=TRANSPORTS, default="udp", help="of the media (default: udp)")
    parser.add_argument("--stalled", type=int, default=0, metavar="N", help="viewers over TCP that read nothing")
    parser.add_argument("--stalling", type=float, default=STALLING, metavar="S", help="before measuring their effect")
    parser.add_argument("--live", action="store_true", help="take what is played now: ask for no place in the movie")
    options = parser.parse_args(arguments)
    raise_descriptor_limit()
    try:
        print(json.dumps(measure(options)))
    except (OSError, LoadError) as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
