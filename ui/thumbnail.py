"""What is at a place of the movie: a small picture and the time, over the seek bar."""

from __future__ import annotations

import tkinter as tk

from PIL import ImageTk

from ui import theme
from ui.picture import decode, fit
from ui.status import clock

SIZE = (176, 132)  # for theme.pixels(): room for the picture


class Thumbnail(tk.Frame):
    """Hidden until show()."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, background=theme.BLACK, highlightthickness=1, highlightbackground=theme.BORDER)
        self._room = theme.pixels(self, SIZE[0]), theme.pixels(self, SIZE[1])
        self._picture = tk.Label(self, background=theme.BLACK, borderwidth=0)
        pad = theme.pixels(self, 4)
        self._time = tk.Label(self, background=theme.BLACK, foreground=theme.TEXT, padx=pad, pady=pad // 2)
        self._time.pack(side="bottom", fill="x")
        self._jpeg = b""
        self._photo: ImageTk.PhotoImage | None = None
        self.seconds: float | None = None  # the place that it shows

    def show(self, bar: tk.Misc, x: int, place: float, jpeg: bytes | None, keep: bool) -> None:
        """Over `x` pixels from the left of `bar`. `keep`: without a picture the one before stays, which is from
        nearby."""
        self.seconds = place
        self._time["text"] = clock(place)
        if jpeg and jpeg != self._jpeg:
            self._draw(jpeg)
        elif not jpeg and not keep:
            self._drop()
        parent = self.master
        left = bar.winfo_rootx() - parent.winfo_rootx() + x
        half = self.winfo_reqwidth() // 2 + theme.pixels(self, 4)
        self.place(x=max(half, min(parent.winfo_width() - half, left)), y=bar.winfo_rooty() - parent.winfo_rooty(),
                   anchor="s")  # fmt: skip
        self.lift()

    def hide(self) -> None:
        self.seconds = None
        self.place_forget()

    def forget(self) -> None:
        """It is another movie now."""
        self.hide()
        self._drop()

    @property
    def jpeg(self) -> bytes:
        """What it shows; empty: the time alone."""
        return self._jpeg

    def _drop(self) -> None:
        self._jpeg, self._photo = b"", None
        self._picture.pack_forget()
        self.update_idletasks()

    def _draw(self, jpeg: bytes) -> None:
        found = decode(jpeg, self._room)
        if found:
            size, picture = found
            self._photo = ImageTk.PhotoImage(picture.resize(fit(size, self._room)), master=self)
            self._picture.configure(image=self._photo)
            self._picture.pack(side="top")
            self._jpeg = jpeg
            self.update_idletasks()
