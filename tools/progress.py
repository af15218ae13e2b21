"""How far a long piece of work is: a bar with the time left on a terminal, one line for each 10 % elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

BAR_WIDTH = 40
REDRAW = 0.1  # seconds: a terminal need not be written to more often than eyes can follow


class Progress:
    """Counts steps and shows them, on stderr so that a program's output stays clean:

    with Progress(500, "Drawing movie.Mjpeg") as progress:
        for frame in frames:
            …
            progress.advance()
    """

    def __init__(
        self,
        total: int,
        label: str,
        stream: TextIO | None = None,
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """total in steps; width in columns, by default that of the terminal."""
        self.total = total
        self.label = label
        self.done = 0
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._width = width
        self._clock = clock
        self._started = clock()
        self._shown_at = float("-inf")
        self._tenths = 0

    def __enter__(self) -> Progress:
        self._show()
        return self

    def __exit__(self, *reason: object) -> None:
        if self._live:
            self._stream.write("\n")

    def advance(self, steps: int = 1) -> None:
        """That many more steps are done."""
        self.done = min(self.total, self.done + steps)
        self._show()

    def _show(self) -> None:
        if self._live:
            now = self._clock()
            if now - self._shown_at >= REDRAW or self.done == self.total:
                self._shown_at = now
                self._stream.write("\r" + self._line(now - self._started))
                self._stream.flush()
        elif self._fraction() * 10 >= self._tenths + 1:
            self._tenths = int(self._fraction() * 10)
            self._stream.write(f"{self.label}: {self._tenths * 10} %\n")

    def _fraction(self) -> float:
        return self.done / self.total if self.total else 1.0

    def _line(self, elapsed: float) -> str:
        """One line, padded so that it covers the one before. The last column stays free: writing there would wrap."""
        columns = (self._width or _columns(self._stream)) - 1
        tail = f" {self._fraction():4.0%}  {self._time(elapsed):10}"  # of one length, so that the bar keeps its own
        room = min(BAR_WIDTH, columns - len(self.label) - len(tail) - 3)
        bar = ""
        if room >= 4:
            full = int(room * self._fraction())
            bar = f" [{'#' * full}{'.' * (room - full)}]"
        return f"{self.label}{bar}{tail}"[:columns].ljust(columns)

    def _time(self, elapsed: float) -> str:
        if self.done == self.total:
            return f"took {_minutes(elapsed)}"
        if not self.done:
            return ""
        return f"{_minutes(elapsed / self.done * (self.total - self.done))} left"


def _minutes(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _columns(stream: TextIO) -> int:
    """The terminal's width: the stream's own, because stdout (which shutil asks) may be a file."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return shutil.get_terminal_size().columns
