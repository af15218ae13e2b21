"""A dot for each packet: to the right the time, upwards its number. What is late or lost has another shape, too.

The numbers go round and round, so that each packet has a place of its own: a stream is a row of slanted strokes, a lost
packet a gap in one of them, with a cross in it.
"""

from __future__ import annotations

import tkinter as tk
from collections import deque
from collections.abc import Sequence
from math import floor

from PIL import Image, ImageColor, ImageDraw, ImageTk

from rtp.reception import MAX_DROPOUT
from ui import theme

ROWS = 64  # packet numbers from the bottom to the top; then they begin at the bottom again
SPAN = 10.0  # seconds from the left edge to the right one
CELL = 3  # for theme.pixels(): the side of a dot and its margin
KINDS = {"in time": "●", "late": "▲", "lost": "✕", "twice": "■"}


class Dots(tk.Canvas):
    """Each packet is looked at once: with every look the picture moves to the left, and what is new is added."""

    def __init__(self, parent: tk.Misc) -> None:
        self._cell = max(2, theme.pixels(parent, CELL))
        super().__init__(parent, height=ROWS * self._cell, width=1, background=theme.BLACK, highlightthickness=0,
                         takefocus=0)
        self.colors = {"in time": theme.GREEN, "late": theme.AMBER, "lost": theme.RED, "twice": theme.ACCENT}
        self._photo: ImageTk.PhotoImage | None = None
        self._item = self.create_image(0, 0, anchor="nw")
        self.restart()

    def restart(self) -> None:
        """Forget all that was seen."""
        self._columns = 0
        self._small = Image.new("RGB", (1, ROWS))  # a pixel for each cell
        self._edge = 0  # the column at the right, counted since the clock began
        self._count = 0  # of the packets looked at
        self._highest: int | None = None
        self._numbers: deque[int] = deque(maxlen=256)  # of the packets looked at
        self.special: deque[tuple[int, int, str]] = deque(maxlen=1000)  # column, row, kind: what is no simple dot

    def show(self, packets: Sequence[tuple[float, int]], count: int, now: float) -> None:
        """`packets`: when each came, and its extended number, the latest ones of `count` that came in all; those seen
        before are passed over."""
        columns = self.winfo_width() // self._cell
        if columns < 2:
            return
        if columns != self._columns or count < self._count:  # another size, or another stream
            self.restart()
            self._columns, self._small = columns, Image.new("RGB", (columns, ROWS), theme.BLACK)
            self._mask = _mask(columns, self._cell)
        step = SPAN / columns
        self._move(floor(now / step))
        for came, number in packets[max(0, len(packets) - (count - self._count)) :]:
            if came > now - SPAN:
                self._add(floor(came / step), number)
        self._count = count
        self._draw()

    def _move(self, edge: int) -> None:
        by, self._edge = edge - self._edge, edge
        if by > 0:
            moved = Image.new("RGB", self._small.size, theme.BLACK)
            moved.paste(self._small, (-min(by, self._columns), 0))
            self._small = moved
        while self.special and self.special[0][0] <= edge - self._columns:
            self.special.popleft()

    def _add(self, column: int, number: int) -> None:
        highest = self._highest
        if highest is None or abs(number - highest) > MAX_DROPOUT:
            highest = number - 1  # the first, or the sender counts anew
        if number > highest:
            for lost in range(highest + 1, number):
                self.special.append((column, lost, "lost"))
            self._highest = number
            self._dot(column, number)
        elif number in self._numbers:
            self.special.append((column, number, "twice"))
        else:
            self._late(column, number)
        self._numbers.append(number)

    def _late(self, column: int, number: int) -> None:
        """It was taken for lost."""
        for one in self.special:
            if one[1:] == (number, "lost"):
                self.special.remove(one)
                break
        self.special.append((column, number, "late"))

    def _dot(self, column: int, number: int) -> None:
        x = self._columns - 1 - (self._edge - column)
        if 0 <= x < self._columns:
            self._small.putpixel((x, ROWS - 1 - number % ROWS), ImageColor.getrgb(self.colors["in time"]))

    def _draw(self) -> None:
        size = self._columns * self._cell, ROWS * self._cell
        large = Image.new("RGB", size, theme.BLACK)
        large.paste(self._small.resize(size, Image.Resampling.NEAREST), mask=self._mask)
        draw = ImageDraw.Draw(large)
        for column, number, kind in self.special:
            x, y = self._columns - 1 - (self._edge - column), ROWS - 1 - number % ROWS
            middle = (x * self._cell + self._cell // 2, y * self._cell + self._cell // 2)
            mark(draw, kind, *middle, self._cell, self.colors[kind])
        if self._photo is None or (self._photo.width(), self._photo.height()) != size:
            self._photo = ImageTk.PhotoImage(large)
            self.itemconfigure(self._item, image=self._photo)
        else:
            self._photo.paste(large)


def mark(draw: ImageDraw.ImageDraw, kind: str, x: int, y: int, r: int, color: str) -> None:
    """A triangle, a cross or a square around that point; `r`: half its side."""
    if kind == "late":
        draw.polygon([(x - r, y + r), (x + r, y + r), (x, y - r)], fill=color)
    elif kind == "twice":
        draw.rectangle([x - r + 1, y - r + 1, x + r - 1, y + r - 1], fill=color)
    else:
        for slope in (-1, 1):
            draw.line([(x - r, y - slope * r), (x + r, y + slope * r)], fill=color, width=max(2, r // 2))


def _mask(columns: int, cell: int) -> Image.Image:
    """Where dots are to be seen: not on the margins between them."""
    one = Image.new("L", (cell, cell), 0)
    one.paste(255, (0, 0, cell - cell // 3, cell - cell // 3))
    made = Image.new("L", (columns * cell, ROWS * cell))
    for x in range(columns):
        for y in range(ROWS):
            made.paste(one, (x * cell, y * cell))
    return made
