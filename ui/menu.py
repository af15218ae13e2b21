"""The menu of the right mouse button and of ☰: everything that keys do can be found here, with its key beside it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ui import theme
from ui.keys import Command, Key, shown

TOP = ("Play", "Network", "Window", "Program")  # groups in the menu itself; the others have menus of their own
LEFT_OUT = ("escape",)  # what nobody looks for in a menu


class Menu(tk.Menu):
    """`state(action)` says what an entry is like: None: cannot be chosen now; True: is switched on; False: neither."""

    def __init__(
        self, parent: tk.Misc, keys: Sequence[Key], actions: Mapping[str, Command],
        state: Callable[[str], bool | None] = lambda action: False,
    ) -> None:  # fmt: skip
        super().__init__(parent, **_look(parent))
        self._keys, self._actions, self._state = keys, actions, state
        self._on: list[tk.BooleanVar] = []  # Tk has but their names
        self._system = self.tk.call("tk", "windowingsystem")
        self.on_mac = self._system == "aqua"

    def pop_up(self, x: int, y: int) -> None:
        """At this place of the screen; it is filled just before."""
        self._fill()
        try:
            self.tk_popup(x, y)
        finally:
            self.grab_release()

    def _fill(self) -> None:
        self.delete(0, "end")
        for child in self.winfo_children():
            child.destroy()
        self._on.clear()
        below: dict[str, tk.Menu] = {}
        group = self._keys[0].group
        for key in self._keys:
            if key.action in LEFT_OUT:
                continue
            if key.group != group and key.group in TOP:
                self.add_separator()
            group = key.group
            if group in TOP:
                self._add(self, key)
                continue
            if group not in below:
                below[group] = tk.Menu(self, **_look(self))
                self.add_cascade(label=group, menu=below[group])
            self._add(below[group], key)

    def _add(self, menu: tk.Menu, key: Key) -> None:
        state, command = self._state(key.action), self._actions[key.action]
        look: dict[str, Any] = {"label": key.words, "accelerator": shown(key.keys, self._system)[0],
                                "state": "disabled" if state is None else "normal"}  # fmt: skip
        if state:
            self._on.append(tk.BooleanVar(self, True))
            menu.add_checkbutton(command=command, variable=self._on[-1], **look)
        else:
            menu.add_command(command=command, **look)


def _look(parent: tk.Misc) -> dict[str, Any]:
    return {
        "tearoff": False, "background": theme.SURFACE, "foreground": theme.TEXT, "activebackground": theme.RAISED,
        "activeforeground": theme.TEXT, "disabledforeground": theme.FAINT, "selectcolor": theme.ACCENT,
        "relief": "flat", "borderwidth": 1, "activeborderwidth": theme.pixels(parent, 3),
    }  # fmt: skip
