"""What a frame costs the player: processor time from the packets to the screen.

    python -m bench.player_bench                              384x288, 1280x720 and 1920x1080, one after the other
    python -m bench.player_bench --sizes 1280x720 --seconds 30 --json results.json
    python -m bench.player_bench --profile                    and where the time goes

Nothing but the player itself is used: the picture of its window (ui/picture.py), and for the last columns all of
Player.py, receiving from a Server.py in another process. Without a screen the program starts Xvfb. The columns:

    kB         mean size of a frame of the movie, which is drawn for the purpose
    decode     CPU-ms for a JPEG to become pixels, by Pillow
    + show     CPU-ms for decoding and showing in the window, in its own size, one frame after the other
    all in     CPU-ms a frame at --fps frames/s: receiving over UDP, putting in order and together, decoding, showing
    goal       what the one before should be at most
    shown      frames a second that were shown; dropped: whole ones that were left out, damaged: incomplete ones;
               lost: packets

What the figures are not:
*  It is the processor time of this process, user and system, all threads. What the X server does with the pixels is in
   another one, and is not counted; Xvfb only copies them.
*  A player that has little to do is charged for waking up: "all in" at 60 frames/s costs less a frame than at 5.
*  The sender and the X server share the machine. Anything else that runs makes the figures worse, never better: of
   three goes at "decode" and "+ show" the best counts.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import json
import pstats
import sys
import tempfile
import threading
import time
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from PIL import Image

from bench.movie import jpegs, write_movie
from bench.program import BenchError, exit_code, pixels, positive, positive_int
from bench.server_bench import server
from Player import ClientError, Player
from tools.screen import NoScreenError, screen
from ui import theme
from ui.picture import Picture

SIZES = ((384, 288), (1280, 720), (1920, 1080))
FRAME_BYTES = {(384, 288): 10_900, (1280, 720): 73_000, (1920, 1080): 150_000}
GOALS = {(384, 288): (0.6, 1.0), (1280, 720): (3.8, 4.5), (1920, 1080): (7.0, 8.5)}  # CPU-ms: shown, all in
BITS_A_PIXEL = 0.6  # of frames in other sizes
DIFFERENT = 50  # frames kept for decoding and showing: more than any cache of the processor holds
GOES = 3
TICK = 0.02  # seconds at most between two looks for a due frame, as in Client.py
SETTLE = 1.0  # seconds of playing before the measuring

COLUMNS = (  # heading, width, key, format
    ("size", 10, "size", "s"),
    ("kB", 7, "kb", ".1f"),
    ("decode", 8, "decode_ms", ".2f"),
    ("+ show", 8, "show_ms", ".2f"),
    ("goal", 6, "show_goal", ".1f"),
    ("all in", 8, "all_ms", ".2f"),
    ("goal", 6, "all_goal", ".1f"),
    ("shown", 7, "shown_fps", ".1f"),
    ("dropped", 9, "dropped", "d"),
    ("damaged", 9, "damaged", "d"),
    ("lost", 6, "lost", "d"),
)

Row = dict[str, Any]


@contextmanager
def window(size: tuple[int, int]) -> Iterator[Picture]:
    """The picture of the player's window, as large as the movie."""
    try:
        top = theme.new_window("player_bench")
    except tk.TclError as error:
        raise BenchError(f"No window can be opened: {error}") from error
    try:
        picture = Picture(top)
        picture.pack(fill="both", expand=True)
        top.geometry(f"{size[0]}x{size[1]}+0+0")
        top.update()
        yield picture
    finally:
        top.destroy()


def cost(action: Callable[[bytes], object], frames: Sequence[bytes], seconds: float) -> float:
    """CPU-ms for each frame; of some goes the best."""
    results = []
    for _ in range(GOES):
        begin, count, end = time.process_time(), 0, time.perf_counter() + seconds / GOES
        while time.perf_counter() < end:
            action(frames[count % len(frames)])
            count += 1
        results.append((time.process_time() - begin) / count * 1e3)
    return min(results)


def decode(jpeg: bytes) -> None:
    Image.open(io.BytesIO(jpeg)).load()


def show(picture: Picture, jpeg: bytes) -> None:
    picture.show(jpeg)
    draw(picture)


def draw(picture: Picture) -> None:
    """What there is to do, as mainloop() does it. update() would wait for an answer of the X server besides."""
    while picture.tk.dooneevent(tk._tkinter.DONT_WAIT):  # type: ignore[attr-defined]
        pass


def all_in(movie: Path, picture: Picture, options: argparse.Namespace) -> Row:
    """Play the movie as the window does. ClientError if that fails."""
    with server(movie, options.fps) as (url, _):
        player = Player(url, transport="udp")
        try:
            player.setup()
            player.play()
            watch(player, picture, SETTLE)
            before, used, begin = player.statistics(), time.process_time(), time.perf_counter()
            watch(player, picture, options.seconds)
            used, seconds, after = time.process_time() - used, time.perf_counter() - begin, player.statistics()
        finally:
            player.leave()
    got = {
        key: after[key] - before[key]
        for key in ("frames_received", "frames_shown", "frames_damaged", "frames_skipped", "lost")
    }
    return {
        "all_ms": used / max(1, got["frames_received"]) * 1e3,
        "shown_fps": got["frames_shown"] / seconds,
        "dropped": got["frames_skipped"],
        "damaged": got["frames_damaged"],
        "lost": got["lost"],
    }


def watch(player: Player, picture: Picture, seconds: float) -> None:
    """The window's loop for some seconds."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for frame in player.dueFrames(newestOnly=True):
            picture.show(frame.jpeg)
        draw(picture)
        due = player.untilDue()
        time.sleep(TICK if due is None else max(0.001, min(TICK, due)))


def row(size: tuple[int, int], options: argparse.Namespace) -> Row:
    """All figures for one size of picture."""
    with tempfile.TemporaryDirectory(prefix="player_bench-") as folder, window(size) as picture:
        movie = Path(folder) / "bench.Mjpeg"
        wanted = FRAME_BYTES.get(size) or round(size[0] * size[1] * BITS_A_PIXEL / 8)
        mean = write_movie(movie, size, wanted, round((SETTLE + options.seconds + 5) * options.fps))
        frames = [jpeg for jpeg, _ in zip(jpegs(movie), range(DIFFERENT), strict=False)]
        goals = GOALS.get(size, (None, None))
        made: Row = {"size": "{}x{}".format(*size), "kb": mean / 1000, "show_goal": goals[0], "all_goal": goals[1]}
        made["decode_ms"] = cost(decode, frames, options.seconds)
        made["show_ms"] = cost(lambda jpeg: show(picture, jpeg), frames, options.seconds)
        made |= all_in(movie, picture, options)
        if picture.shown_size != size:
            print("The window is smaller than the picture, which is scaled: another task.", file=sys.stderr)
    return made


def line(made: Row) -> str:
    cells = ((made[key], width, form) for _, width, key, form in COLUMNS)
    return "".join(f"{'-':>{width}}" if value is None else f"{value:>{width}{form}}" for value, width, form in cells)


def heading() -> str:
    return "".join(f"{name:>{width}}" for name, width, _, _ in COLUMNS)


@contextmanager
def profiles() -> Iterator[None]:
    """All threads that begin meanwhile, and this one; printed at the end."""
    found = [cProfile.Profile()]
    run = threading.Thread.run

    def profiled(self: threading.Thread) -> None:
        found.append(cProfile.Profile())
        found[-1].runcall(run, self)

    threading.Thread.run = profiled  # type: ignore[method-assign]
    found[0].enable()
    try:
        yield
    finally:
        found[0].disable()
        threading.Thread.run = run  # type: ignore[method-assign]
        statistics = pstats.Stats(found[0])
        for one in found[1:]:
            statistics.add(one)
        statistics.sort_stats("tottime").print_stats(30)


def bench(options: argparse.Namespace) -> None:
    print(heading())
    rows = []
    with screen():
        for size in options.sizes:
            rows.append(row(size, options))
            print(line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"fps": options.fps, "rows": rows}, indent=1) + "\n")


def some_sizes(text: str) -> list[tuple[int, int]]:
    return [pixels(part) for part in text.split(",")]


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.player_bench", description="What a frame costs the player.")
    parser.add_argument("--sizes", type=some_sizes, default=list(SIZES), metavar="WxH,…", help="of the movies")
    parser.add_argument("--fps", type=positive_int, default=60, metavar="F", help="for `all in` (default: 60)")
    parser.add_argument("--seconds", type=positive, default=10.0, metavar="S", help="for each figure (default: 10)")
    parser.add_argument("--profile", action="store_true", help="print where the time goes; the figures are worse then")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results here")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    options = parse(arguments)
    with profiles() if options.profile else nullcontext():
        return exit_code(lambda: bench(options), ClientError, NoScreenError)


if __name__ == "__main__":
    sys.exit(main())
