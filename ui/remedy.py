"""The button under an error's words that may put it right."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from ui import theme


class Remedy(ttk.Button):
    """Over the picture, below what is written in it, as long as something is offered."""

    def __init__(self, picture: tk.Canvas, press: Callable[[str], None]) -> None:
        """`press` is told what was offered."""
        super().__init__(picture, style="Go.TButton", command=lambda: press(self._offered))
        self._picture = picture
        self._offered = ""
        self._below: tuple[int, int] | None = None

    def offer(self, action: str) -> None:
        """The name of what it does; "": nothing."""
        if action != self._offered:
            self._offered = action
            self.configure(text=action, width=max(9, len(action)))
        below = self._foot() if action else None
        if below == self._below:
            return
        self._below = below
        if below:
            self.place(x=below[0], y=below[1], anchor="n")
        else:
            self.place_forget()

    def _foot(self) -> tuple[int, int]:
        """Where the words end, as far down as there is room."""
        canvas = self._picture
        gap = theme.pixels(self, 2 * theme.PAD)
        texts = (item for item in canvas.find_all() if str(canvas.type(item)) == "text")
        ends = [box[3] for box in (canvas.bbox(item) for item in texts) if box]
        lowest = canvas.winfo_height() - self.winfo_reqheight() - gap // 2
        return canvas.winfo_width() // 2, min(max(ends, default=0) + gap, lowest)
