"""The bar that shows where in the movie one is: a click jumps there, dragging shows what is there first."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ui import theme

Place = Callable[[float], None]
Leave = Callable[[], None]


class SeekBar(tk.Canvas):
    """Played in one colour, what has come already in another. Where nothing can be sought, the bar is empty.

    `jump(seconds)` is called when the mouse button is let go, `look(seconds)` while it is held down and whenever the
    mouse moves; `leave()` when it is over."""

    def __init__(self, parent: tk.Misc, jump: Place, look: Place, leave: Leave) -> None:
        self._edge, self._half = theme.pixels(parent, theme.PAD + 4), theme.pixels(parent, 2)
        self._knob = theme.pixels(parent, 6)
        height = 4 * self._knob
        super().__init__(parent, height=height, width=1, background=theme.SURFACE, highlightthickness=0, takefocus=0)
        self._jump, self._look, self._leave = jump, look, leave
        self._duration: float | None = None
        self._position = self._buffered = 0.0
        self.dragged: float | None = None  # where the knob is held, seconds
        colors = theme.BORDER, theme.FAINT, theme.ACCENT
        self._trough, self._ahead, self._played = (
            self.create_rectangle(0, 0, 0, 0, width=0, fill=color) for color in colors
        )
        self._handle = self.create_oval(0, 0, 0, 0, width=0, fill=theme.TEXT, state="hidden")
        self.bind("<Configure>", lambda event: self._draw())
        self.bind("<ButtonPress-1>", self._dragging)
        self.bind("<B1-Motion>", self._dragging)
        self.bind("<ButtonRelease-1>", self._released)
        self.bind("<Motion>", self._hovering)
        self.bind("<Leave>", self._left)

    def tell(self, position: float, duration: float | None, buffered: float) -> None:
        """Seconds; `buffered`: up to where frames have come. `duration` None: nothing can be sought."""
        if (position, duration, buffered) != (self._position, self._duration, self._buffered):
            if duration is None:
                self._stop()
            self._position, self._duration, self._buffered = position, duration, buffered
            self._draw()

    def x_of(self, seconds: float) -> int:
        """Where on the bar this place is, in pixels from its left."""
        share = min(1.0, max(0.0, seconds / self._duration)) if self._duration else 0.0
        return round(self._edge + share * self._length)

    def place_at(self, x: int) -> float | None:
        """The place in the movie, in seconds."""
        if not self._duration:
            return None
        return min(1.0, max(0.0, (x - self._edge) / self._length)) * self._duration

    @property
    def _length(self) -> int:
        return max(1, self.winfo_width() - 2 * self._edge)

    def _dragging(self, event: tk.Event[tk.Misc]) -> None:
        place = self.place_at(event.x)
        if place is not None:
            self.dragged = place
            self._draw()
            self._look(place)

    def _released(self, event: tk.Event[tk.Misc]) -> None:
        place, self.dragged = self.dragged, None
        if place is not None:
            self._leave()
            self._jump(place)

    def _hovering(self, event: tk.Event[tk.Misc]) -> None:
        place = self.place_at(event.x)
        if place is not None:
            self._look(place)

    def _left(self, event: tk.Event[tk.Misc]) -> None:
        if self.dragged is None:
            self._leave()

    def _stop(self) -> None:
        if self._duration is not None:
            self.dragged = None
            self._leave()

    def _draw(self) -> None:
        position = self._position if self.dragged is None else self.dragged
        middle, here = self.winfo_height() // 2, self.x_of(position)
        ends = self._edge + self._length, max(here, self.x_of(self._buffered)), here
        for item, end in zip((self._trough, self._ahead, self._played), ends, strict=True):
            self.coords(item, self._edge, middle - self._half, end, middle + self._half)
        knob = self._knob
        self.coords(self._handle, here - knob, middle - knob, here + knob, middle + knob)
        for item in (self._ahead, self._played, self._handle):
            self.itemconfigure(item, state="normal" if self._duration else "hidden")
        self.configure(cursor="hand2" if self._duration else "")
