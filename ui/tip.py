"""A few words beside what the mouse rests on, or what the keyboard has reached."""

from __future__ import annotations

import tkinter as tk

from ui import theme

REST = 600  # ms


class Tip:
    """Belongs to one widget, and goes with it."""

    def __init__(self, widget: tk.Misc, text: str) -> None:
        self._widget, self._text = widget, text
        self._label: tk.Label | None = None
        self._coming = ""
        for event in ("<Enter>", "<FocusIn>"):
            widget.bind(event, lambda event: self._come(), add=True)
        for event in ("<Leave>", "<FocusOut>", "<ButtonPress>", "<Destroy>", "<Unmap>"):
            widget.bind(event, lambda event: self._go(), add=True)

    def _come(self) -> None:
        self._go()
        self._coming = self._widget.after(REST, self._show)

    def _show(self) -> None:
        top, widget = self._widget.winfo_toplevel(), self._widget
        pad, space = theme.pixels(top, 6), theme.pixels(top, 280)
        self._label = tk.Label(
            top, text=self._text, background=theme.RAISED, foreground=theme.TEXT, padx=pad, pady=pad // 2,
            highlightthickness=1, highlightbackground=theme.BORDER, wraplength=space, justify="left",
        )  # fmt: skip
        x, y = widget.winfo_rootx() - top.winfo_rootx(), widget.winfo_rooty() - top.winfo_rooty()
        x = max(pad, min(x, top.winfo_width() - self._label.winfo_reqwidth() - pad))
        self._label.place(x=x, y=y - pad, anchor="sw")

    def _go(self) -> None:
        if self._coming:
            self._widget.after_cancel(self._coming)
            self._coming = ""
        if self._label:
            self._label.destroy()
            self._label = None
