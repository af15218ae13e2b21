"""The statistics over the picture: four pages, drawn a few times a second while they are open, and not at all else."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial
from tkinter import font
from typing import Literal

from rtp.history import STEP
from ui import theme
from ui.dots import KINDS, ROWS, SPAN, Dots
from ui.look import PAGES, Look
from ui.plot import Plot

EVERY = 250  # ms between two drawings; figures that change faster cannot be read
GLANCE = 4000  # ms that the overlay stays after one press of the key
WIDTH = 500  # for theme.pixels()


class Overlay(tk.Frame):
    """At the upper left corner of the picture.

    `look(page)`: what is on a page, they count from 1; `text()`: all of it, for the button Copy."""

    def __init__(self, picture: tk.Misc, look: Callable[[int], Look], text: Callable[[], str]) -> None:
        super().__init__(picture, background=theme.BACKGROUND, highlightthickness=1, highlightbackground=theme.BORDER)
        self._look, self._text = look, text
        self._next = self._end = ""  # timers
        self.page = 1
        _small_font(self)
        pad = theme.pixels(self, 8)
        self._tabs = _tabs(self, self.turn, self.copy, self.close)
        self._tabs.pack(fill="x", padx=pad, pady=(pad, 0))
        self._pages: list[_Page] = [_Play(self), _Network(self), _Page(self), _Packets(self)]
        self.bind("<Destroy>", lambda event: self._stop())
        self.actions: dict[str, Callable[[], None]] = {
            "i": self.glance, "I": self.stay, "c": self._copy_if_open, "Escape": self.close,
        }  # fmt: skip
        self.actions.update({f"Key-{page}": partial(self._turn_if_open, page) for page in range(1, len(PAGES) + 1)})

    @property
    def is_open(self) -> bool:
        return bool(self.winfo_manager())

    def glance(self) -> None:
        """Open it for some seconds; close it if it is open."""
        if self.is_open:
            self.close()
        else:
            self._open()
            self._end = self.after(GLANCE, self.close)

    def stay(self) -> None:
        """Open it until it is closed; close it if it would stay."""
        if self.is_open and not self._end:
            self.close()
        else:
            self._open()

    def turn(self, page: int) -> None:
        """To this page. Who reads on wants it to stay."""
        self.page = page
        self._open()

    def _turn_if_open(self, page: int) -> None:
        if self.is_open:
            self.turn(page)

    def _copy_if_open(self) -> None:
        if self.is_open:
            self.copy()

    def close_if_open(self) -> bool:
        """False if it is not."""
        was_open = self.is_open
        self.close()
        return was_open

    def close(self) -> None:
        """Twice is fine."""
        self._stop()
        self.place_forget()

    def copy(self) -> None:
        """All pages as text onto the clipboard."""
        self.clipboard_clear()
        self.clipboard_append(self._text())

    def _open(self) -> None:
        self._stop()
        for number, page in enumerate(self._pages, 1):
            if number == self.page:
                page.pack(fill="both", expand=True, padx=theme.pixels(self, 8), pady=theme.pixels(self, 8))
            else:
                page.pack_forget()
        for number, tab in enumerate(self._tabs.winfo_children()[: len(PAGES)], 1):
            here = number == self.page
            self.tk.call(tab, "configure", "-background", theme.RAISED if here else theme.BACKGROUND,
                         "-foreground", theme.TEXT if here else theme.DIM)
        margin = theme.pixels(self, 8)
        width = min(theme.pixels(self, WIDTH), max(1, self.master.winfo_width() - 2 * margin))
        self.place(x=margin, y=margin, width=width)
        self.update_idletasks()
        self._draw()

    def _stop(self) -> None:
        for timer in (self._next, self._end):
            if timer:
                self.after_cancel(timer)
        self._next = self._end = ""

    def _draw(self) -> None:
        self._pages[self.page - 1].show(self._look(self.page))
        self._next = self.after(EVERY, self._draw)


def _tabs(
    parent: tk.Misc, turn: Callable[[int], None], copy: Callable[[], None], close: Callable[[], None]
) -> tk.Frame:
    """A word for each page, and what else can be done, for the mouse."""
    bar = tk.Frame(parent, background=theme.BACKGROUND)
    pad = theme.pixels(parent, 6)

    def word(text: str, side: Literal["left", "right"], action: Callable[[], None]) -> None:
        label = tk.Label(bar, text=text, font="LabSmall", foreground=theme.DIM, background=theme.BACKGROUND,
                         padx=pad, pady=pad // 2, cursor="hand2")
        label.pack(side=side)
        label.bind("<Button-1>", lambda event: action())

    for number, name in enumerate(PAGES, 1):
        word(f"{number} {name}", "left", partial(turn, number))
    word("Esc ✕", "right", close)
    word("c Copy", "right", copy)
    return bar


class _Page(tk.Frame):
    """Names and values, in `columns` pairs; under them what a page has besides."""

    columns = 1

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, background=theme.BACKGROUND)
        table = tk.Frame(self, background=theme.BACKGROUND)
        table.pack(fill="x")
        self._cells = [_cell(table, place) for place in range(2 * self.columns)]

    def show(self, look: Look) -> None:
        """The labels that have changed are drawn."""
        share = -(-len(look.rows) // self.columns)
        for place, label in enumerate(self._cells):
            part = look.rows[place // 2 * share :][:share]
            text = "\n".join(row[place % 2] for row in part)
            if label["text"] != text:
                label["text"] = text

    def _plots(self, *plots: Plot) -> Sequence[Plot]:
        for plot in plots:
            plot.pack(fill="x", pady=(theme.pixels(self, 6), 0))
        return plots


class _Play(_Page):
    columns = 2

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._bar = tk.Canvas(self, height=theme.pixels(self, 8), background=theme.BLACK, highlightthickness=0, width=1)
        self._bar.pack(fill="x", pady=(theme.pixels(self, 6), 0))
        self._level = self._bar.create_rectangle(0, 0, 0, 0, fill=theme.ACCENT, width=0)
        self._curves = self._plots(
            Plot(self, "Buffer", "ms", theme.ACCENT, lambda row: 1000 * row.buffer),
            Plot(self, "Bandwidth", "kbit/s", theme.GREEN, lambda row: row.bits / STEP / 1000, 0.0),
        )

    def show(self, look: Look) -> None:
        super().show(look)
        waits, wanted = look.buffer
        share = min(1.0, waits / wanted) if wanted else 0.0
        self._bar.coords(self._level, 0, 0, round(share * self._bar.winfo_width()), self._bar.winfo_height())
        for curve in self._curves:
            curve.show(look.history, look.now)


class _Network(_Page):
    columns = 2

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._curves = self._plots(
            Plot(self, "Jitter", "ms", theme.AMBER, lambda row: 1000 * row.jitter),
            Plot(self, "|Difference|", "ms", theme.RED, lambda row: 1000 * row.difference),
            Plot(self, "Delta", "ms", theme.ACCENT, lambda row: 1000 * row.delta),
        )

    def show(self, look: Look) -> None:
        super().show(look)
        for curve in self._curves:
            curve.show(look.history, look.now)


class _Packets(_Page):
    def __init__(self, parent: tk.Misc) -> None:
        tk.Frame.__init__(self, parent, background=theme.BACKGROUND)
        self._dots = Dots(self)
        legend = tk.Frame(self, background=theme.BACKGROUND)
        legend.pack(fill="x")
        self._legend = {name: tk.Label(legend, font="LabSmall", foreground=color, background=theme.BACKGROUND)
                        for name, color in self._dots.colors.items()}
        for label in self._legend.values():
            label.pack(side="left", padx=(0, theme.pixels(self, 12)))
        self._dots.pack(fill="x", pady=(theme.pixels(self, 4), 0))
        words = f"{SPAN:.0f} seconds from left to right; upwards: sequence number modulo {ROWS}"
        tk.Label(self, text=words, font="LabSmall", foreground=theme.DIM, background=theme.BACKGROUND).pack(anchor="w")

    def show(self, look: Look) -> None:
        for name, count in look.rows:
            text = f"{KINDS[name]} {name} {count}"
            if self._legend[name]["text"] != text:
                self._legend[name]["text"] = text
        self._dots.show(look.packets, look.count, look.now)


def _cell(table: tk.Frame, place: int) -> tk.Label:
    """A column of names, dim, or of values."""
    color = theme.TEXT if place % 2 else theme.DIM
    label = tk.Label(table, font="LabSmall", foreground=color, background=theme.BACKGROUND, justify="left", anchor="nw")
    label.grid(row=0, column=place, sticky="nw", padx=(0, theme.pixels(table, 10)))
    table.columnconfigure(place, weight=place % 2)
    return label


def _small_font(widget: tk.Misc) -> None:
    """As theme makes its fonts: by a call to Tcl, which keeps it."""
    if "LabSmall" not in font.names(widget):
        family = font.nametofont("TkDefaultFont", widget).actual("family")
        widget.tk.call("font", "create", "LabSmall", "-family", family, "-size", 9)
