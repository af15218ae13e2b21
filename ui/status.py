"""The line at the bottom of the window: what is going on, in figures."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from ui import theme

DOTS = {"Init": "FAINT", "Ready": "AMBER", "Playing": "GREEN"}  # colours of the theme


class Status(ttk.Frame):
    """The state, the figures, and on the right what else there is to say."""

    def __init__(self, parent: tk.Misc) -> None:
        pad = theme.pixels(parent, theme.PAD)
        super().__init__(parent, style="Bar.TFrame", padding=(pad, 0, pad, pad))
        side = theme.pixels(self, 10)
        self._dot = tk.Canvas(self, width=side, height=side, background=theme.SURFACE, highlightthickness=0)
        self._circle = self._dot.create_oval(1, 1, side - 1, side - 1, width=0)
        self._dot.pack(side="left", padx=(theme.pixels(self, 4), theme.pixels(self, 6)))
        self._state = ttk.Label(self, style="State.Bar.TLabel")
        self._figures = ttk.Label(self, style="Bar.TLabel")
        self._notice = ttk.Label(self, style="Notice.Bar.TLabel")
        self._state.pack(side="left")
        self._figures.pack(side="left", padx=theme.pixels(self, 18))
        self._notice.pack(side="right", padx=theme.pixels(self, 4))

    def tell(self, state: str, figures: list[str], notice: str = "") -> None:
        _set(self._state, state)
        _set(self._figures, "   ".join(figures))
        _set(self._notice, notice)
        self._dot.itemconfigure(self._circle, fill=getattr(theme, DOTS.get(state, "FAINT")))

    @property
    def text(self) -> str:
        """All of it, as it can be read."""
        return "   ".join(str(label["text"]) for label in (self._state, self._figures, self._notice))


def clock(seconds: float) -> str:
    """1:02:03, and without the hours while there are none."""
    minutes, rest = divmod(int(seconds + 0.02), 60)  # what is but a rounding error before it is there
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _set(label: ttk.Label, text: str) -> None:
    if label["text"] != text:  # what has not changed need not be drawn
        label["text"] = text
