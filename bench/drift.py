"""Does the movie keep time? Watches it for ten minutes, and says how far the last frame is from its time.

    python -m bench.drift                                        600 s in the lab dialect, 20 frames/s, one viewer
    python -m bench.drift --transport udp --seconds 60 --viewers 50

Frame k is due k periods after the first frame came, where k is what its number (lab) or RTP timestamp says; when it
came is what the system noted (bench/load.py): do not set its clock meanwhile. A line for each minute, of all viewers:

    frames %   that came, of those due
    last       ms by which each viewer's last frame was late, of the viewer for whom that was most (below 0: early)
    p50, max   ms by which the frames were late

A server whose clock drifts has a `last` and a p50 that grow. One high max is a moment in which the machine was busy.
The exit code is 1 if the last frame of the whole is more than 20 ms from its time, or frames are missing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Record, Verdict, judge, percentile
from bench.lab import FPS
from bench.load import AFTERWARDS, GAP, TRANSPORTS, Audience
from bench.movie import write_movie
from bench.process import raise_descriptor_limit
from bench.program import FRAME_BYTES, BenchError, exit_code, positive, positive_int
from bench.server_bench import server
from bench.viewer import LoadError, Media

MINUTE = 60.0
BOUND = 20.0  # ms
SPARE = 1.0  # seconds of the movie that come after what is judged


def watch(media: Media, options: argparse.Namespace) -> list[Record]:
    """What each viewer got."""
    audience = Audience(media, options.viewers, options.transport)
    try:
        begun = audience.play([None] * options.viewers, GAP)
        audience.run(begun + options.seconds + AFTERWARDS)
    finally:
        audience.close()
    for trouble in audience.refusals:
        raise BenchError(trouble)
    return [viewer.record for viewer in audience.viewers]


def verdicts(records: Sequence[Record], media: Media, begin: float, end: float) -> list[Verdict]:
    """Of each viewer's frames that were due so many seconds after its first. BenchError if there was none."""
    if not all(record.numbers for record in records):
        raise BenchError("a viewer got no frame")
    firsts = [record.numbers[0] for record in records]
    every = zip(records, firsts, strict=True)
    return [judge(record, first + begin, first + end, media.fps, media.clock_rate) for record, first in every]


def farthest(found: Sequence[Verdict]) -> float | None:
    """ms by which the last frames were late, of the viewer for whom that is farthest from 0; None: nobody got any."""
    return max((one.late[-1] * 1e3 for one in found if one.late), key=abs, default=None)


def minutes(seconds: float) -> Iterator[tuple[float, float]]:
    """Begin and end of each, in seconds; the last may be shorter."""
    for number in range(-int(-seconds // MINUTE)):
        yield number * MINUTE, min((number + 1) * MINUTE, seconds)


def line(name: str, found: Sequence[Verdict]) -> str:
    late = [one * 1e3 for verdict in found for one in verdict.late]
    percent = 100 * len(late) / sum(one.expected for one in found)
    cells = farthest(found), percentile(late, 0.5), percentile(late, 1.0)
    return f"{name:>12}{percent:>10.2f}" + "".join(f"{'-' if one is None else f'{one:.2f}':>10}" for one in cells)


def report(records: Sequence[Record], media: Media, seconds: float) -> bool:
    """Print the table; did the movie keep time?"""
    print(f"{'seconds':>12}{'frames %':>10}{'last ms':>10}{'p50':>10}{'max':>10}")
    for begin, end in minutes(seconds):
        print(line(f"{begin:g}-{end:g}", verdicts(records, media, begin, end)))
    whole = verdicts(records, media, 0.0, seconds)
    print(line("all", whole))
    last = farthest(whole)
    return last is not None and abs(last) <= BOUND and all(one.sustained for one in whole)


def bench(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="drift-") as folder:
        movie = Path(folder) / "bench.Mjpeg"
        frames = round((options.seconds + SPARE) * options.fps)
        write_movie(movie, (384, 288), options.frame_bytes, frames)
        with server(movie, options.fps) as (url, _):
            media = TRANSPORTS[options.transport].describe(url, options.fps)
            print(f"{options.transport}, {options.fps:g} frames/s, {options.viewers} viewer(s)", flush=True)
            records = watch(media, options)
    if not report(records, media, options.seconds):
        raise BenchError(f"{options.seconds:g} s of the movie did not take {options.seconds:g} s ± {BOUND:g} ms")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.drift", description="Does the movie keep time?")
    add = parser.add_argument
    add("--seconds", type=positive, default=600.0, metavar="S", help="of the movie (default: 600)")
    add("--viewers", type=positive_int, default=1, metavar="N", help="at the same time (default: 1)")
    add("--transport", choices=TRANSPORTS, default="lab", help="or the lab dialect (default: lab)")
    add("--fps", type=positive, default=FPS, metavar="F", help=f"frames a second (default: {FPS:g})")
    add("--frame-bytes", type=positive_int, default=FRAME_BYTES, metavar="N", help="in the drawn movie")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = parse(arguments)
    return exit_code(lambda: bench(options), LoadError)


if __name__ == "__main__":
    raise_descriptor_limit()
    sys.exit(main())
