"""What a viewer costs the proxy: something live, fetched once and sent to many, beside the server itself.

    python -m bench.proxy_bench                                  200 viewers, over UDP and TCP
    python -m bench.proxy_bench --viewers 50,200 --repeat 3

The origin is our server, which sends a frame over and over, live. In turn, so many viewers watch it there, and by way
of a proxy; processor time is that of the one that they are connected to. What the columns mean, and what the figures
are not: the docstring of bench/server_bench.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.load import STALLING
from bench.movie import write_movie
from bench.process import raise_descriptor_limit
from bench.program import add_measuring, counts, exit_code
from bench.server_bench import best, heading, port_of, process, table_line, watch

MOVIE = 4.0  # seconds of it, to choose a frame from
TRANSPORTS = ("udp", "tcp")


@contextmanager
def origin(movie: Path, fps: float) -> Iterator[tuple[str, int]]:
    """Its URL and the number of its process."""
    with process("-m", "bench.live_origin", str(movie), str(fps)) as running:
        yield f"rtsp://127.0.0.1:{port_of(running)}/live", running.pid


@contextmanager
def proxy(url: str, transport: str) -> Iterator[tuple[str, int]]:
    """One that fetches this over `transport`."""
    root, _, name = url.rpartition("/")
    with process("Proxy.py", "0", root, "--host", "127.0.0.1", "--transport", transport) as running:
        yield f"rtsp://127.0.0.1:{port_of(running)}/{name}", running.pid


def bench(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="proxy_bench-") as folder:
        movie = Path(folder) / "bench.Mjpeg"
        mean = write_movie(movie, options.size, options.frame_bytes, round(MOVIE * options.fps))
        print("{}x{}, {:.0f} bytes a frame, {:g} frames/s".format(*options.size, mean, options.fps))
        print(heading())
        for viewers in options.viewers:
            for options.transport in TRANSPORTS:
                compare(movie, viewers, options)


def compare(movie: Path, viewers: int, options: argparse.Namespace) -> None:
    """A line each for the server and for the proxy, the best of their runs."""
    direct, relayed = [], []
    for _ in range(options.repeat):
        with origin(movie, options.fps) as (url, pid):
            direct.append(watch(url, pid, viewers, options))
            with proxy(url, options.upstream) as (there, number):
                relayed.append(watch(there, number, viewers, options))
    for name, runs in (("server", direct), ("proxy", relayed)):
        print(f"{table_line(best(runs))}  {name}, {options.transport}", flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.proxy_bench", description="What a viewer costs the proxy.")
    parser.add_argument("--viewers", type=counts, default=[200], metavar="N,N,…", help="default: 200")
    parser.add_argument("--upstream", choices=TRANSPORTS, default="udp", help="from the origin (default: udp)")
    add_measuring(parser)
    return parser.parse_args(arguments, argparse.Namespace(fps=25.0, live=True, stalled=0, stalling=STALLING))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = parse(arguments)
    return exit_code(lambda: bench(options))


if __name__ == "__main__":
    raise_descriptor_limit()
    sys.exit(main())
