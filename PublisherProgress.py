"""How far a publisher is: a line that is written anew on a terminal, one every ten seconds elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from rtp.reports import Reported

ANEW, EVERY = 0.5, 10.0     # seconds from one line to the next, on a terminal and elsewhere


@dataclass(frozen=True)
class Figures:
    """`octets` of payload; `leftOut`: frames that came too late, or that the network had no room for; `report`: what
    the server says of how it hears us."""

    frames: int = 0
    octets: int = 0
    leftOut: int = 0
    seconds: float = 0.0
    report: Reported | None = None

    def plus(self, frames: int, octets: int, leftOut: int, seconds: float, report: Reported | None) -> Figures:
        sums = self.frames + frames, self.octets + octets, self.leftOut + leftOut, self.seconds + seconds
        return Figures(*sums, report)

    def line(self, before: Figures) -> str:
        """What has been going on since then."""
        elapsed = max(self.seconds - before.seconds, 1e-3)
        minutes, seconds = divmod(int(self.seconds), 60)
        words = [f"{minutes}:{seconds:02}", f"{(self.frames - before.frames) / elapsed:.1f} frames/s",
                 f"{(self.octets - before.octets) * 8 / elapsed / 1000:.0f} kbit/s"]
        if self.report:
            words.append(f"lost {100 * self.report.fraction:.1f} %")
            trip = self.report.round_trip
            words += [] if trip is None else [f"round trip {1000 * trip:.1f} ms"]
        words += [f"left out {self.leftOut}"] if self.leftOut else []
        return " · ".join(words)

    def summary(self, url: str) -> str:
        rate = self.frames / max(self.seconds, 1e-3)
        left = f", {self.leftOut} left out" if self.leftOut else ""
        lost = f", {max(0, self.report.lost)} packets lost" if self.report else ""
        return f"Published {self.seconds:.1f} s to {url}: {self.frames} frames, {rate:.1f} a second{left}{lost}"


class Progress:
    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        """No stream: nothing is shown."""
        self._stream, self._clock = stream, clock
        self._live = bool(stream and stream.isatty())
        self._before, self._next = Figures(), clock() + (ANEW if self._live else EVERY)
        self._written = 0           # columns of the line that stands there

    def show(self, figures: Figures) -> None:
        """To be called often."""
        if self._stream is None or self._clock() < self._next:
            return
        line = figures.line(self._before)
        self._before, self._next = figures, self._clock() + (ANEW if self._live else EVERY)
        if self._live:
            line = line[: _columns() - 1]
            self._stream.write(line.ljust(self._written) + "\r")       # so that the log writes over it
            self._written = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def end(self) -> None:
        """What follows begins on a line of its own. Twice is fine."""
        if self._stream and self._written:
            self._stream.write("\n")
        self._written = 0


def _columns() -> int:
    try:
        return os.get_terminal_size(2).columns or 80        # 0: one that does not know its size
    except OSError:
        return 80
