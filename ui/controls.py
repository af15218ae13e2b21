"""The four buttons of the classic player."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection
from tkinter import ttk

from ui import theme


class Controls(ttk.Frame):
    """A button for each command, from left to right; Tab goes from one to the next, space and return press it."""

    def __init__(self, parent: tk.Misc, commands: dict[str, Callable[[], None]]) -> None:
        super().__init__(parent, style="Bar.TFrame", padding=theme.pixels(parent, theme.PAD))
        self.buttons: dict[str, ttk.Button] = {}
        for column, (name, command) in enumerate(commands.items()):
            button = ttk.Button(self, text=name.capitalize(), command=command)
            button.grid(row=0, column=column, padx=theme.pixels(self, 4), sticky="ew")
            self.columnconfigure(column, weight=1, uniform="buttons")
            self.buttons[name] = button

    def enable(self, names: Collection[str]) -> None:
        """These can be pressed, the others cannot. Where the focus was on one that now cannot, it goes to one that can,
        so that the keyboard alone is enough from beginning to end; never to Teardown, which may be the only one for a
        moment: the space bar, pressed for something else, would end it all."""
        for name, button in self.buttons.items():
            button.state(["!disabled" if name in names else "disabled"])
        if not self.winfo_manager():  # another view's turn
            return
        focused = self.focus_get()
        first = next((button for name, button in self.buttons.items() if name in names and name != "TEARDOWN"), None)
        if first and (focused is None or focused in self.buttons.values()) and not _enabled(focused):
            first.focus_set()


def _enabled(widget: tk.Misc | None) -> bool:
    return isinstance(widget, ttk.Button) and not widget.instate(["disabled"])
