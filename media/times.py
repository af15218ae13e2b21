"""When each frame of a recording is due: a text file beside the movie, one time in seconds a line.

    door.Mjpeg      the frames
    door.times      0.000000 ↵ 0.040012 ↵ 0.081377 …        decimal, none before the one above it

It may have fewer lines than the movie has frames (it is written after them), and more.
"""

from __future__ import annotations

import logging
import re
from array import array
from collections.abc import Iterable
from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX = ".times"
LONGEST_LINE = 32  # characters
_TIME = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def read(movie: Path, frames: int, period: float) -> array[float] | None:
    """The times of so many frames, those without a line `period` seconds apart; None if there is no such file, or it
    cannot be believed, which is logged."""
    path = movie.with_suffix(SUFFIX)
    try:
        if not path.is_file():
            return None
        with open(path, encoding="ascii") as file:
            times = _parse(file.readline(LONGEST_LINE) for _ in range(frames))
    except (OSError, ValueError) as error:
        log.warning("%s is not used: %s", path, getattr(error, "strerror", None) or error)
        return None
    while len(times) < frames:
        times.append(times[-1] + period if times else 0.0)
    return times


def _parse(lines: Iterable[str]) -> array[float]:
    """ValueError names the line."""
    times = array("d")
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n") and len(line) < LONGEST_LINE:
            break  # the end, or a line that is being written
        if not _TIME.fullmatch(line.rstrip()):
            raise ValueError(f"line {number} is no time in seconds")
        time = float(line)
        if times and time < times[-1]:
            raise ValueError(f"line {number} goes back in time")
        times.append(time)
    return times
