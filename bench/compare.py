"""Our server among others, all in one run, watched by the same load generator.

    python -m bench.compare                                           50, 200 and 800 viewers over UDP
    python -m bench.compare --transport udp,tcp --viewers 50,100,200,400,800,1200,1600,2400 --repeat 3 --svg growth.svg
    python -m bench.compare --size 1280x720 --frame-bytes 73000 --viewers 50,100,200,400 --json results.json

The servers (--servers takes some of them only):

    ours         this tree's Server.py
    gst-own      gst-rtsp-server, a pipeline for each viewer, who has a position of his own, as with ours
    gst-shared   gst-rtsp-server, one pipeline for all: everybody sees the same, as of a camera
    naive        what a classic classroom server does: a thread a viewer, relative waits, a call for each packet
    limit        a bare loop that sends prepared bytes, the same to every viewer: the least that sending can cost

Each run starts one of them anew; they take turns, viewers by viewers, so that what disturbs the machine for a while
disturbs them all. One that did not sustain all its viewers (98 % of the frames of each) is not asked for more in the
same turn. Of --repeat turns the best run counts: most viewers sustained, then least processor time.
The columns are those of `python -m bench.server_bench`, whose help also says what such figures are not.
gst-rtsp-server is left out where its packages (Debian: python3-gi gir1.2-gst-rtsp-server-1.0) or ffmpeg are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import server_bench
from bench.chart import Curve, Panel, Point, chart
from bench.load import needed
from bench.movie import write_movie
from bench.process import raise_descriptor_limit
from bench.program import BenchError, add_measuring, counts, exit_code
from bench.rivals import NAMES, RIVALS, Rival, Show, missing_for_gst, write_quicktime
from bench.server_bench import SPARE, Run, best

CPU = "cpu_ms_per_viewer_second"
COLUMNS = (  # heading, width, key in a run's results, format
    ("viewers", 8, "wanted", "d"),
    ("CPU ms", 8, CPU, ".2f"),
    ("frames %", 10, "frames_percent", ".2f"),
    ("ok", 6, "viewers_sustained", "d"),
    ("late p50", 10, "late_ms_p50", ".2f"),
    ("p99 ms", 9, "late_ms_p99", ".2f"),
    ("first p50", 11, "first_frame_ms_p50", ".2f"),
    ("p99 ms", 9, "first_frame_ms_p99", ".2f"),
)
WIDTH = max(map(len, NAMES)) + 5  # of the first column: transport and name
AGAINST = ("gst-own", "gst-shared", "naive", "limit")


def sustained(run: Run) -> bool:
    """Every viewer got 98 % of his frames."""
    return bool(run["viewers_sustained"] == run["wanted"])


def turn(rivals: Sequence[Rival], show: Show, options: argparse.Namespace) -> Iterator[Run]:
    """A run of each server with each number of viewers that it can be asked for."""
    able = list(rivals)
    for viewers in options.viewers:
        for rival in tuple(able):
            run = measure(rival, show, viewers, options)
            if run:
                yield run
            if not run or not sustained(run):
                able.remove(rival)


def measure(rival: Rival, show: Show, viewers: int, options: argparse.Namespace) -> Run | None:
    """None, and a line on stderr: this server does not even come through."""
    asked = argparse.Namespace(**{**vars(options), "transport": show.transport, "live": rival.live})
    try:
        with rival.start(show) as (url, pid):
            run = server_bench.watch(url, pid, viewers, asked)
    except BenchError as error:
        print(f"{show.transport} {rival.name}: {error}", file=sys.stderr)
        return None
    return run | {"server": rival.name, "transport": show.transport}


def line(run: Run) -> str:
    cells = ((run[key], width, form) for _, width, key, form in COLUMNS)
    figures = "".join(f"{'-':>{width}}" if value is None else f"{value:>{width}{form}}" for value, width, form in cells)
    return f"{run['transport']} {run['server']}".ljust(WIDTH) + figures


def heading() -> str:
    return " " * WIDTH + "".join(f"{name:>{width}}" for name, width, _, _ in COLUMNS)


def bests(runs: Sequence[Run]) -> list[Run]:
    """The run that counts, of each server, transport and number of viewers."""
    groups: dict[tuple[str, int, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["transport"], run["wanted"], NAMES.index(run["server"])), []).append(run)
    return [best(groups[key]) for key in sorted(groups, key=lambda key: (key[0] != "udp", *key[1:]))]


def ratios(rows: Sequence[Run]) -> Iterator[str]:
    """What ours costs in parts of what another costs, where both sustain all viewers."""
    costs = {(run["transport"], run["wanted"], run["server"]): run[CPU] for run in rows if sustained(run) and run[CPU]}
    for transport, viewers in dict.fromkeys((run["transport"], run["wanted"]) for run in rows):
        mine = costs.get((transport, viewers, "ours"))
        found = [(name, costs.get((transport, viewers, name))) for name in AGAINST]
        parts = [f"{mine / cost:.2f} of {name}" for name, cost in found if mine and cost]
        if parts:
            yield f"{transport}, {viewers} viewers: ours costs " + ", ".join(parts)


def most(rows: Sequence[Run]) -> Iterator[str]:
    """The most viewers that each server sustained."""
    served = {(run["transport"], run["server"]): 0 for run in rows}
    for run in rows:
        if sustained(run):
            served[run["transport"], run["server"]] = run["wanted"]  # rows come in the order of viewers
    for transport in dict.fromkeys(transport for transport, _ in served):
        yield f"{transport}, all sustained up to: " + ", ".join(
            f"{name} {viewers}" for (way, name), viewers in served.items() if way == transport
        )


def drawing(rows: Sequence[Run], title: str) -> str:
    """The growth curves, a panel for each transport; "" if there is nothing to draw."""
    known = [run for run in rows if run[CPU]]
    there = [(look, one) for look, one in enumerate(RIVALS) if any(run["server"] == one.name for run in known)]
    panels = []
    for transport in dict.fromkeys(run["transport"] for run in known):
        curves = []
        for look, rival in there:
            mine = [run for run in known if (run["transport"], run["server"]) == (transport, rival.name)]
            points = [Point(run["wanted"], run[CPU], sustained(run)) for run in mine]
            curves.append(Curve(rival.label, points, look))
        panels.append(Panel(transport.upper() if transport == "udp" else "TCP, interleaved", curves))
    notes = ["Filled: every viewer got at least 98 % of the frames. Hollow: not every one did."]
    return chart(panels, title, "viewers", "CPU ms per viewer-second", notes) if panels else ""


def all_runs(rivals: Sequence[Rival], movie: Path, options: argparse.Namespace) -> list[Run]:
    runs = []
    for number in range(options.repeat):
        for transport in options.transport:
            for run in turn(rivals, Show(movie, options.fps, transport), options):
                runs.append(run)
                note = f"  turn {number + 1} of {options.repeat}" if options.repeat > 1 else ""
                print(line(run) + note, flush=True)
    return runs


def chosen(names: Sequence[str]) -> list[Rival]:
    """The servers of these names that can run here; what is left out is said."""
    rivals = [rival for rival in RIVALS if rival.name in names]
    missing = missing_for_gst() if any(rival.name.startswith("gst") for rival in rivals) else ""
    if missing:
        print(f"Without gst-rtsp-server: {missing} not found here.")
        rivals = [rival for rival in rivals if not rival.name.startswith("gst")]
    return rivals


def bench(options: argparse.Namespace) -> None:
    rivals = chosen(options.servers)
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        movie = Path(folder) / "bench.Mjpeg"
        seconds = SPARE * needed(max(options.viewers), options)
        mean = write_movie(movie, options.size, options.frame_bytes, round(seconds * options.fps))
        if any(rival.name.startswith("gst") for rival in rivals):
            write_quicktime(Show(movie, options.fps, ""))
        title = "{}x{}, {:.1f} kB a frame, {:g} frames/s".format(*options.size, mean / 1000, options.fps)
        machine = (
            f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
        )
        print(f"{title}; over loopback, {options.seconds:g} s a run; {machine}", heading(), sep="\n")
        runs = all_runs(rivals, movie, options)
    rows = bests(runs)
    if options.repeat > 1:
        print(f"best of {options.repeat}:", *map(line, rows), sep="\n")
    print(*most(rows), *ratios(rows), sep="\n")
    if options.json:
        about = {"movie": title, "machine": machine, "seconds": options.seconds, "repeat": options.repeat}
        options.json.write_text(json.dumps({**about, "best": rows, "runs": runs}, indent=1) + "\n")
    if options.svg and (svg := drawing(rows, f"Server CPU per viewer: {title}, {os.cpu_count()} cores")):
        options.svg.write_text(svg, encoding="utf-8")


def some_of(known: Sequence[str], text: str) -> list[str]:
    parts = text.split(",")
    if not set(parts) <= set(known):
        raise argparse.ArgumentTypeError(f"some of {','.join(known)} are wanted, not {text!r}")
    return list(dict.fromkeys(parts))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description="Our server among others.")
    parser.add_argument("--viewers", type=counts, default=[50, 200, 800], metavar="N,N,…", help="default: 50,200,800")
    parser.add_argument(
        "--transport",
        type=lambda text: some_of(("udp", "tcp"), text),
        default=["udp"],
        metavar="udp,tcp",
        help="of the media; one or both (default: udp)",
    )
    parser.add_argument(
        "--servers",
        type=lambda text: some_of(NAMES, text),
        default=list(NAMES),
        metavar="NAME,…",
        help=f"some of {','.join(NAMES)}",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the growth curves here")
    parser.set_defaults(fps=25.0, stalled=0, stalling=0.0)
    add_measuring(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = parse(arguments)
    return exit_code(lambda: bench(options))


if __name__ == "__main__":
    raise_descriptor_limit()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # ends what was started, as Ctrl-C does
    sys.exit(main())
