"""What a viewer costs the server, and how punctually the frames come.

    python -m bench.server_bench                                      1, 50 and 200 viewers, 10 s each
    python -m bench.server_bench --viewers 200,800 --repeat 3 --json results.json
    python -m bench.server_bench --size 1280x720 --frame-bytes 73000 --viewers 100
    python -m bench.server_bench --transport tcp --stalled 5          inside the connection; five who do not read
    python -m bench.server_bench --transport lab                      the classic lab's dialect, 20 frames/s
    python -m bench.server_bench --url rtsp://127.0.0.1:8554/x --pid 1234      a server that runs already

Each run starts the server anew, in a process of its own, with a movie made from movie.Mjpeg, and watches it with
bench/load.py, in another process of its own, all on this machine. With --stalled a run has two lines: before so many
more viewers have asked for the movie inside their connection to read nothing of it, and with them, --stalling seconds
later: then the system's buffers for them are full, and the server has to drop frames. Both are about the others. The
columns:

    CPU ms     processor time of the server, all its threads, user and system, for one second of one viewer; says
               something only where the frames are near 100 %
    frames     that came whole, of those due in the interval. `ok`: viewers that got at least 98 % of theirs
    late       when the end of a frame came in, after (when the viewer's first frame came + k periods), k by its RTP
               timestamp. It is below 0 when the first frame was later than the others are
    first      from sending PLAY to the end of the first frame
    KiB        memory (VmRSS) that each further viewer adds. Not what the kernel keeps for its sockets
    gen %      processor time of the load generator. Near 100 it is the bottleneck, and the figures say nothing

What the figures are not:
*  On loopback there is no network card, and the system carries a datagram all the way into the receiver's socket
   within the sender's call: half of what UDP costs the "server" here is the receiver's half. All servers alike.
*  The receivers share the processors with the server; more viewers than two cores can carry say as much about the one
   as about the other. Datagrams that a full receive buffer drops count as lost.
*  Reading, re-encoding and cutting the movie is done before the measuring, by a few viewers that watch all of it: the
   figures are those of a movie that many watch. A movie longer than the server's cache is prepared again and again.
*  Over TCP a frame that comes in pieces is as late as its last piece; the system merges pieces as it likes.
*  In the lab dialect k is by the sequence number, because timestamps may be anything there: a frame that the server
   leaves out, and gives no number, makes those after it late. All viewers see the movie from its beginning on, and
   `first` has the 10 ms in it that the server lets pass before each reply, for the sake of lab clients.
*  Noting when a datagram came in costs the sender some 30 ns a packet, about 1 %.
*  Anything else that runs meanwhile makes all figures worse, never better: --repeat runs each row several times, in
   turn, and shows the best: most viewers served, then least processor time. All runs are in the JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.lab import FPS as LAB_FPS
from bench.load import STALLING, TRANSPORTS, needed
from bench.movie import write_movie
from bench.process import LINUX, raise_descriptor_limit
from bench.program import BenchError, add_measuring, counts, exit_code, natural, positive, positive_int

ROOT = Path(__file__).resolve().parent.parent
SPARE = 2.0  # times as long as needed: the drawn movie, so that the viewers' places in it differ
SLOWEST = 60.0  # seconds that a run may take besides the measuring, and …
SLOWEST_VIEWER = 0.1  # … for each viewer
GRACE = 10.0  # seconds a process gets to end by itself

COLUMNS = (  # heading, width, key in a run's results, format
    ("viewers", 7, "viewers", "d"),
    ("CPU ms", 7, "cpu_ms_per_viewer_second", ".2f"),
    ("frames %", 9, "frames_percent", ".2f"),
    ("ok", 5, "viewers_sustained", "d"),
    ("late p50", 10, "late_ms_p50", ".2f"),
    ("p99", 8, "late_ms_p99", ".2f"),
    ("max ms", 8, "late_ms_max", ".2f"),
    ("first p50", 11, "first_frame_ms_p50", ".2f"),
    ("p99 ms", 8, "first_frame_ms_p99", ".2f"),
    ("KiB", 6, "kib_per_viewer", ".0f"),
    ("packets/s", 11, "packets_per_second", ".0f"),
    ("lost", 7, "packets_lost", "d"),
    ("gen %", 7, "generator_percent", ".0f"),
)

Run = dict[str, Any]


@contextmanager
def process(*command: str, python: str = sys.executable) -> Iterator[subprocess.Popen[str]]:
    """A program of the project that has ended when this ends, whatever happens."""
    running = subprocess.Popen([python, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        try:
            running.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()


@contextmanager
def server(movie: Path, fps: float, processes: int = 1) -> Iterator[tuple[str, int]]:
    """Our server, serving this movie: its URL and the number of its process."""
    command = ["Server.py", "0", "--host", "127.0.0.1", "--media", str(movie.parent), "--fps", str(fps)]
    command += ["--processes", str(processes)] if processes > 1 else []
    with process(*command) as running:
        yield f"rtsp://127.0.0.1:{port_of(running)}/{movie.name}", running.pid


def port_of(running: subprocess.Popen[str]) -> int:
    """The port that a server says in its first line."""
    port = re.search(r"on port (\d+)", running.stdout.readline() if running.stdout else "")
    if not port:
        raise BenchError("the server does not start")
    return int(port[1])


def watch(url: str, pid: int | None, viewers: int, options: argparse.Namespace) -> Run:
    """One run of the load generator."""
    command = ["-m", "bench.load", url, "--viewers", str(viewers), "--seconds", str(options.seconds)]
    command += ["--gap", str(options.gap), "--settle", str(options.settle), "--fps", str(options.fps)]
    command += ["--transport", options.transport, "--stalled", str(options.stalled)]
    command += ["--stalling", str(options.stalling)]
    command += ["--pid", str(pid)] if pid else []
    command += ["--live"] if options.live else []
    longest = SLOWEST + 2 * (options.stalling + 2 * options.seconds) + viewers * (options.gap + SLOWEST_VIEWER)
    with process(*command) as running:
        try:
            output, _ = running.communicate(timeout=longest)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{viewers} viewers were not done within {longest:.0f} s") from None
        if running.returncode:
            raise BenchError(f"the run with {viewers} viewers failed")
    return dict(json.loads(output), wanted=viewers)


def measure(viewers: int, movie: Path, options: argparse.Namespace) -> Run:
    """One run, with a fresh server unless one was named."""
    if options.url:
        return watch(options.url, options.pid, viewers, options)
    with server(movie, options.fps, options.processes) as (url, pid):
        return watch(url, pid, viewers, options)


def table_line(run: Run) -> str:
    values = run | {"generator_percent": run["generator_cpu"] * 100}
    cells = ((values[key], width, form) for _, width, key, form in COLUMNS)
    return "".join(f"{'-':>{width}}" if value is None else f"{value:>{width}{form}}" for value, width, form in cells)


def heading() -> str:
    return "".join(f"{name:>{width}}" for name, width, _, _ in COLUMNS)


def best(runs: Sequence[Run]) -> Run:
    """The run that was disturbed least: of those that served most viewers, the one with the least processor time (a
    server that does not send everything saves time, too)."""
    return min(runs, key=lambda run: (-run["viewers_sustained"], run["cpu_ms_per_viewer_second"] or 0.0))


def all_runs(movie: Path, options: argparse.Namespace) -> list[Run]:
    """Every row of the table, `repeat` times in turn; what is disturbed for a while is disturbed for all."""
    runs = []
    for number in range(options.repeat):
        for viewers in options.viewers:
            runs.append(measure(viewers, movie, options))
            note = f"  run {number + 1} of {options.repeat}" if options.repeat > 1 else ""
            print(table_line(runs[-1]) + note, flush=True)
            if options.stalled:
                print(table_line(runs[-1]["with_stalled"]) + f"  with {options.stalled} stalled viewers", flush=True)
            report_refusals(runs[-1])
    return runs


def report_refusals(run: Run) -> None:
    if run["refusals"]:
        print(f"{len(run['refusals'])} viewers had trouble; the first: {run['refusals'][0]}", file=sys.stderr)


def the_movie(folder: Path, options: argparse.Namespace) -> tuple[Path, str]:
    """The movie to watch, drawn into this folder unless one was given, and what to call it."""
    if options.movie or options.url:
        return options.movie.resolve() if options.movie else folder, str(options.movie or options.url)
    path = folder / "bench.Mjpeg"
    seconds = SPARE * needed(max(options.viewers), options)
    mean = write_movie(path, options.size, options.frame_bytes, round(seconds * options.fps))
    return path, "{}x{}, {:.0f} bytes a frame".format(*options.size, mean)


def bench(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="server_bench-") as folder:
        movie, name = the_movie(Path(folder), options)
        system = f"{platform.system()} {platform.release()}"
        machine = f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}"
        way = f"{options.transport.upper()} over loopback"
        print(f"{name}, {options.fps:g} frames/s, {way}, {options.seconds:g} s a run; {machine}")
        if not LINUX:
            print("Processor time and memory of the server are known on Linux only.")
        print(heading())
        runs = all_runs(movie, options)
    rows = [best([run for run in runs if run["wanted"] == viewers]) for viewers in options.viewers]
    if options.repeat > 1:
        print(f"best of {options.repeat}:", *map(table_line, rows), sep="\n")
    if options.json:
        about = {"movie": name, "machine": machine}
        about |= {key: getattr(options, key) for key in ("transport", "stalled", "fps", "repeat")}
        options.json.write_text(json.dumps({**about, "best": rows, "runs": runs}, indent=1) + "\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.server_bench", description="What a viewer costs the server.")
    parser.add_argument("--viewers", type=counts, default=[1, 50, 200], metavar="N,N,…", help="default: 1,50,200")
    parser.add_argument("--transport", choices=TRANSPORTS, default="udp", help="or the lab dialect (default: udp)")
    parser.add_argument("--stalled", type=natural, default=0, metavar="N", help="and N over TCP that read nothing")
    parser.add_argument("--stalling", type=positive, default=STALLING, metavar="S", help="until they are measured")
    parser.add_argument("--movie", type=Path, metavar="FILE", help="instead of one drawn for the purpose")
    parser.add_argument("--fps", type=positive, metavar="F", help="frames a second (default: 25; lab: 20)")
    parser.add_argument("--processes", type=positive_int, default=1, metavar="N", help="of the server (default: 1)")
    parser.add_argument("--url", help="of a server that runs already")
    parser.add_argument("--pid", type=positive_int, help="the number of its process")
    parser.add_argument("--live", action="store_true", help="watch what is played now, not places in the movie")
    add_measuring(parser)
    options = parser.parse_args(arguments)
    options.fps = options.fps or (LAB_FPS if options.transport == "lab" else 25.0)
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = parse(arguments)
    return exit_code(lambda: bench(options))


if __name__ == "__main__":
    raise_descriptor_limit()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # ends what was started, as Ctrl-C does
    sys.exit(main())
