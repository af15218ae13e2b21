"""Keys that work wherever the focus is in the window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk


def bind(window: tk.Tk, actions: Mapping[str, Callable[[], None]]) -> None:
    """`actions`: by Tk's name of the key. The space bar belongs to a button that has the focus: it presses it."""
    for name, action in actions.items():

        def pressed(event: tk.Event[tk.Misc], name: str = name, action: Callable[[], None] = action) -> None:
            if name != "space" or not isinstance(event.widget, ttk.Button):
                action()

        window.bind(f"<{name}>", pressed)
