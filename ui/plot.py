"""A curve of the last half minute, drawn on a Canvas while it grows."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from math import floor, inf, log10

from rtp.history import STEP, Row
from ui import theme

SPAN = 30.0  # seconds from the left edge to the right one
HEIGHT = 46  # for theme.pixels()
Value = Callable[[Row], float]


class Plot(tk.Canvas):
    """One item is the curve, whose coordinates are replaced; all else changes only when the scale does.

    `value`: of a row, in `unit`; inf: there is none. `gap`: what is drawn for times without a row, None: nothing."""

    def __init__(
        self, parent: tk.Misc, name: str, unit: str, color: str, value: Value, gap: float | None = None
    ) -> None:
        super().__init__(parent, height=theme.pixels(parent, HEIGHT), width=1, background=theme.BLACK,
                         highlightthickness=0, takefocus=0)
        self._name, self._unit, self._value, self._gap = name, unit, value, gap
        self._top = 0.0  # of the scale
        self._grid = [self.create_line(0, 0, 0, 0, fill=theme.SURFACE) for _ in range(2)]
        self._curve = self.create_line(0, 0, 0, 0, fill=color, width=theme.pixels(self, 1.5), state="hidden")
        self._title = self.create_text(0, 0, anchor="nw", font="LabSmall", fill=theme.TEXT)
        self._scale = self.create_text(0, 0, anchor="ne", font="LabSmall", fill=theme.DIM)
        self.bind("<Configure>", lambda event: self._place())

    def show(self, rows: Sequence[Row], now: float) -> None:
        """The rows of the last SPAN seconds, up to `now`."""
        series = _series(rows, now, self._value, self._gap)
        latest = f" {_short(series[-1][1])} {self._unit}" if series else ""
        self.itemconfigure(self._title, text=f"{self._name}{latest}")
        top = _above(max((value for _, value in series), default=0.0))
        if top != self._top:
            self._top = top
            self.itemconfigure(self._scale, text=f"{_short(top)} {self._unit}")
        self.itemconfigure(self._curve, state="normal" if len(series) > 1 else "hidden")
        if len(series) > 1:
            self.coords(self._curve, *self._points(series))

    def _points(self, series: Sequence[tuple[float, float]]) -> list[int]:
        """Pixels, x and y by turns."""
        width, bottom, head = self.winfo_width(), self.winfo_height() - 2, self._head()
        across, up = width / SPAN, (bottom - head) / self._top
        return [number for age, value in series for number in (round(width - age * across), round(bottom - value * up))]

    def _head(self) -> int:
        """Above this are the words."""
        return theme.pixels(self, 16)

    def _place(self) -> None:
        width, height, gap = self.winfo_width(), self.winfo_height(), theme.pixels(self, 4)
        for item, y in zip(self._grid, (self._head(), height - 2), strict=True):
            self.coords(item, 0, y, width, y)
        self.coords(self._title, gap, 1)
        self.coords(self._scale, width - gap, 1)


def _series(rows: Sequence[Row], now: float, value: Value, gap: float | None) -> list[tuple[float, float]]:
    """(age in seconds, value), oldest first. The row of this moment is not complete yet and left out."""
    found: list[tuple[float, float]] = []
    begin, last = (now - SPAN) // STEP, now // STEP
    expected = None
    for row in rows:
        if not begin <= row.tick < last:
            continue
        if gap is not None and expected is not None and row.tick > expected:
            found += [(now - (expected + 0.5) * STEP, gap), (now - (row.tick - 0.5) * STEP, gap)]
        expected = row.tick + 1
        if (number := value(row)) < inf:
            found.append((now - (row.tick + 0.5) * STEP, number))
    if gap is not None and expected is not None and expected < last:
        found += [(now - (expected + 0.5) * STEP, gap), (STEP / 2, gap)]
    return found


def _above(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 … from `value` on."""
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def _short(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return (f"{value:.1f}" if value >= 10 else f"{value:.2f}").rstrip("0").rstrip(".")
