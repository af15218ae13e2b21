"""A sentence over the picture that goes by itself: what has just been done, or what the user should know."""

from __future__ import annotations

import tkinter as tk

from ui import theme

LASTS = 2.5  # seconds; more for each word


class Toast(tk.Label):
    """In the upper left corner of `over`; the next one takes its place."""

    def __init__(self, over: tk.Misc) -> None:
        pad = theme.pixels(over, 8)
        super().__init__(
            over, background=theme.BLACK, foreground=theme.TEXT, font="LabBody", justify="left", padx=2 * pad, pady=pad,
            highlightthickness=1, highlightbackground=theme.BORDER,
        )  # fmt: skip
        self._over, self._end = over, ""

    def say(self, text: str) -> None:
        edge = theme.pixels(self, theme.PAD)
        self.configure(text=text, wraplength=max(1, self._over.winfo_width() - 6 * edge))
        self.place(x=edge, y=edge, anchor="nw")
        self.lift()
        if self._end:
            self.after_cancel(self._end)
        self._end = self.after(round(1000 * (LASTS + 0.15 * len(text.split()))), self._go)

    @property
    def text(self) -> str:
        """What is to be read now."""
        return str(self["text"]) if self.winfo_manager() else ""

    def _go(self) -> None:
        self._end = ""
        self.place_forget()
