"""What the programs of the benchmark share: kinds of values on the command line, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench.load import GAP, SETTLE
from media.errors import MovieError

FRAME_BYTES = 10_900  # makes 8 packets a frame


class BenchError(Exception):
    """The benchmark cannot go on; the text says why."""


def counts(text: str) -> list[int]:
    return sorted({positive_int(part) for part in text.split(",")})


def natural(text: str) -> int:
    return 0 if text == "0" else positive_int(text)


def positive_int(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"a whole number above 0 is needed, not {text!r}")
    return int(text)


def positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


def pixels(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return positive_int(width), positive_int(height)


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """The options of every run that measures a server."""
    add = parser.add_argument
    add("--seconds", type=positive, default=10.0, metavar="S", help="to measure in each run")
    add("--repeat", type=positive_int, default=1, metavar="N", help="runs of each row, in turn; the best counts")
    add("--size", type=pixels, default=(384, 288), metavar="WxH", help="of the drawn movie")
    add("--frame-bytes", type=positive_int, default=FRAME_BYTES, metavar="N", help="in the drawn movie")
    add("--gap", type=positive, default=GAP, metavar="S", help=f"from PLAY to PLAY (default: {GAP})")
    add("--settle", type=positive, default=SETTLE, metavar="S", help="before measuring (default: 1)")
    add("--json", type=Path, metavar="FILE", help="write all results here")


def exit_code(work: Callable[[], None], *errors: type[Exception]) -> int:
    """Of a program that does this; `errors` are said in a line, as those that all of them know."""
    known: tuple[type[Exception], ...] = (BenchError, MovieError, OSError, *errors)
    try:
        work()
    except known as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
