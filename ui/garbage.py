"""While the window is open, its thread alone looks for garbage.

What is in a circle of references is freed by Python's collector, on whichever thread has just asked for memory. A
picture, a variable or a font of Tk tells Tcl when it is freed; any thread but the window's then waits for the main loop
to have a moment for it, and for each of them again, up to a second: meanwhile no packet is received and no reply read.
So the collector is off, and the window does its work, by the same rules (gc.set_threshold()), once a second.
"""

from __future__ import annotations

import gc
import tkinter as tk

EVERY = 1000  # ms


class Garbage:
    """Of the thread that makes it, until stop() and finish(), with the window's end between them. Where somebody else
    has switched the collector off, nothing is done."""

    def __init__(self, window: tk.Misc) -> None:
        self._window, self._next = window, ""
        self._ours = gc.isenabled()
        if self._ours:
            gc.disable()
            self._wait()

    def _wait(self) -> None:
        self._next = self._window.after(EVERY, self._look)

    def _look(self) -> None:
        collect_due()
        self._wait()

    def stop(self) -> None:
        """The window is about to go."""
        if self._next:
            self._window.after_cancel(self._next)

    def finish(self) -> None:
        """It has gone: what is left of it is freed, and the collector is everybody's again. Twice is fine."""
        if self._ours:
            self._ours = False
            gc.collect()
            gc.enable()


def collect_due() -> None:
    """Look at the oldest generation whose turn it is, as the collector itself would; a threshold of 0 means never."""
    for generation in (2, 1, 0):
        if 0 < gc.get_threshold()[generation] < gc.get_count()[generation]:
            gc.collect(generation)
            return
