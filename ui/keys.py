"""Keys that work wherever the focus is in the window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from math import copysign
from tkinter import ttk

JUMP = 10.0  # seconds of the movie
SLOWEST, FASTEST = 0.25, 8.0


def actions(
    jump: Callable[[float], None], change_speed: Callable[[float], None], speed: Callable[[], float],
    play_or_pause: Callable[[], None],
) -> dict[str, Callable[[], None]]:  # fmt: skip
    """What each key does; `speed` says how fast it goes now."""
    return {
        "Left": lambda: jump(-JUMP),
        "Right": lambda: jump(JUMP),
        "bracketleft": lambda: change_speed(speed() / 2),
        "bracketright": lambda: change_speed(speed() * 2),
        "BackSpace": lambda: change_speed(1.0),
        "space": play_or_pause,
    }


def within(speed: float) -> float:
    """The nearest that can be had, in the same direction."""
    return copysign(max(SLOWEST, min(FASTEST, abs(speed))), speed)


def bind(window: tk.Tk, actions: Mapping[str, Callable[[], None]]) -> None:
    """`actions`: by Tk's name of the key. The space bar belongs to a button that has the focus: it presses it."""
    for name, action in actions.items():

        def pressed(event: tk.Event[tk.Misc], name: str = name, action: Callable[[], None] = action) -> None:
            if name != "space" or not isinstance(event.widget, ttk.Button):
                action()

        window.bind(f"<{name}>", pressed)
