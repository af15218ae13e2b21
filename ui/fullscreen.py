"""The picture on the whole screen: controls come when the mouse moves, and go when it rests."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

REST = 2500  # ms
HONOURED = 300  # ms that a window manager has


class FullScreen:
    """`show_bars(where)` shows the controls: "below" the picture, "over" it, or "" nowhere."""

    def __init__(self, window: tk.Tk, show_bars: Callable[[str], None], busy: Callable[[], bool]) -> None:
        """`busy`: somebody is at the controls, which stay then."""
        self.on = False
        self._window, self._show_bars, self._busy = window, show_bars, busy
        self._before = ""
        self._rest = ""
        window.bind("<Motion>", lambda event: self._moved(), add=True)
        window.bind("<FocusIn>", lambda event: self._reached(event), add=True)

    def toggle(self) -> None:
        if not self.leave():
            self._enter()

    def leave(self) -> bool:
        """False if it is not full."""
        if not self.on:
            return False
        self.on = False
        self._stop()
        self._window.attributes("-fullscreen", False)
        self._window.geometry(self._before)
        self._window.configure(cursor="")
        self._show_bars("below")
        return True

    def _enter(self) -> None:
        self.on = True
        self._before = self._window.geometry()
        self._window.attributes("-fullscreen", True)
        self._window.after(HONOURED, self._insist)
        self._hide()

    def _insist(self) -> None:
        """Without a window manager nobody has done it."""
        size = self._window.winfo_screenwidth(), self._window.winfo_screenheight()
        if self.on and (self._window.winfo_width(), self._window.winfo_height()) != size:
            self._window.geometry("{}x{}+0+0".format(*size))

    def _moved(self) -> None:
        if self.on:
            self._window.configure(cursor="")
            self._show_bars("over")
            self._stop()
            self._rest = self._window.after(REST, self._hide)

    def _reached(self, event: tk.Event[tk.Misc]) -> None:
        """By Tab."""
        if event.widget is not self._window:
            self._moved()

    def _hide(self) -> None:
        self._rest = ""
        if not self.on:
            return
        if self._busy():
            self._moved()
            return
        self._show_bars("")
        self._window.configure(cursor="none")

    def _stop(self) -> None:
        if self._rest:
            self._window.after_cancel(self._rest)
            self._rest = ""
