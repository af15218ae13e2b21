"""The keys: one table, which the window obeys, and which the help, the menu and docs/player.md are made from.

`python -m ui.keys` prints it as it stands in docs/player.md. A row more here, and an action of that name in Actions.py,
are all that another key takes.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

Command = Callable[[], object]


class Key(NamedTuple):
    """`keys`: any of these, as people write them, with a space between two; `action`: what is done, by its name."""

    keys: str
    action: str
    words: str
    group: str


KEYS = (
    Key("Space p", "playOrPause", "Play, pause", "Play"),
    Key(".", "nextFrame", "Next frame, pausing", "Play"),
    Key("l", "loop", "Loop", "Play"),
    Key("n", "nextMovie", "Next movie", "Play"),
    Key("b", "previousMovie", "Previous movie", "Play"),
    Key("Ctrl+L", "listMovies", "List of movies", "Play"),
    Key("Ctrl+T", "stop", "End the session", "Play"),
    Key("Left", "back5", "Back 5 s", "Jump"),
    Key("Right", "on5", "On 5 s", "Jump"),
    Key("Shift+Left", "back1", "Back 1 s", "Jump"),
    Key("Shift+Right", "on1", "On 1 s", "Jump"),
    Key("Down", "back60", "Back a minute", "Jump"),
    Key("Up", "on60", "On a minute", "Jump"),
    Key("Home", "toStart", "To the beginning", "Jump"),
    Key("[", "slower", "Half as fast", "Speed"),
    Key("]", "faster", "Twice as fast", "Speed"),
    Key("Backspace", "normal", "Normal speed", "Speed"),
    Key("w", "ladder", "Protocol ladder", "Network"),
    Key("x", "network", "Bad network", "Network"),
    Key("i", "glance", "Statistics for 4 s", "Statistics"),
    Key("Shift+I", "stay", "Statistics, until Esc", "Statistics"),
    Key("1", "page1", "Play", "Statistics"),
    Key("2", "page2", "Network", "Statistics"),
    Key("3", "page3", "RTSP and RTCP", "Statistics"),
    Key("4", "page4", "Packets", "Statistics"),
    Key("c", "copy", "Copy them", "Statistics"),
    Key("Ctrl+N Ctrl+O", "open", "Open an address", "Open, save"),
    Key("Ctrl+V", "paste", "Play what was copied", "Open, save"),
    Key("s Shift+S", "snapshot", "Save the picture", "Open, save"),
    Key("Shift+R", "record", "Record, or stop that", "Open, save"),
    Key("f F11", "fullScreen", "Full screen", "Window"),
    Key("Alt+0", "half", "Half size", "Window"),
    Key("Alt+1", "whole", "Original size", "Window"),
    Key("Alt+2", "double", "Double size", "Window"),
    Key("v", "otherView", "Classic view", "Window"),
    Key("t", "theme", "Dark or light", "Window"),
    Key("Esc", "escape", "Close, leave full screen", "Window"),
    Key("? F1", "help", "These keys", "Program"),
    Key("q Ctrl+Q Ctrl+W", "quit", "Quit", "Program"),
)
GROUPS = tuple(dict.fromkeys(key.group for key in KEYS))

# Tk's names of keys, where people write something else
NAMES = {
    "space": "Space", "period": ".", "question": "?", "bracketleft": "[", "bracketright": "]", "Escape": "Esc",
    "BackSpace": "Backspace",
}  # fmt: skip
SHOWN = {"Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}
SHIFTED = {"Left", "Right", "Up", "Down"}  # with others, Shift is part of typing them, unless they are letters
SHIFT = 0x1
# What holds Ctrl and Alt down in event.state. On the Mac both are the Command key: Option types other characters
HELD = {"win32": (0x4, 0x20000), "aqua": (0x8, 0x8), "x11": (0x4, 0x8)}

# Keys that belong to what has the focus, by Tk's class: pressing a button, moving in a list, all of what is typed
TYPED_INTO = {"Entry", "TEntry", "Text", "Spinbox", "TSpinbox", "TCombobox"}
OWN = {
    "TButton": {"Space", "Return", "KP_Enter"},
    "TCheckbutton": {"Space"},
    "TScale": {"Left", "Right", "Up", "Down", "Home", "End"},
    "Treeview": {"Left", "Right", "Up", "Down", "Home", "End", "Space", "Return", "KP_Enter"},
}


def bind(window: tk.Tk, actions: Mapping[str, Command], keys: Collection[Key] = KEYS) -> None:
    """Every key of the table does what `actions` has under its name, wherever the focus is in the window; unless it
    belongs to what has the focus: then it does that alone."""
    wanted = {name: key.action for key in keys for name in key.keys.split()}
    system = window.tk.call("tk", "windowingsystem")

    def pressed(event: tk.Event[tk.Misc]) -> str | None:
        name = name_of(event.keysym, int(event.state), system)
        action = actions.get(wanted.get(name, ""))
        if action is None or _kept(event.widget, name):
            return None
        action()
        return "break"

    window.bind("<Key>", pressed)


def name_of(keysym: str, state: int, system: str = "x11") -> str:
    """A key as the table has it; `keysym`, `state`: Tk's; `system`: x11, win32 or aqua."""
    control, alt = (bool(state & bit) for bit in HELD[system])
    if control and alt and system != "aqua":
        control = alt = False  # AltGr, which types [ and ] in many countries, says both
    if control and alt:  # Command: Alt with a digit, Ctrl with anything else
        control, alt = not keysym.isdigit(), keysym.isdigit()
    name = NAMES.get(keysym, keysym.removeprefix("KP_") if keysym.removeprefix("KP_") in SHIFTED else keysym)
    letter = len(keysym) == 1 and keysym.isalpha()
    if letter:  # whatever the Caps Lock key makes of it
        name = keysym.upper() if control or state & SHIFT else keysym.lower()
    shift = bool(state & SHIFT) and (letter or name in SHIFTED)
    return "Ctrl+" * control + "Alt+" * alt + "Shift+" * shift + name


def shown(keys: str, system: str = "x11") -> list[str]:
    """Keys of a row as they are read."""
    found = []
    for name in keys.split():
        *held, last = name.split("+")
        command = ["⌘" if system == "aqua" and one in ("Ctrl", "Alt") else one for one in held]
        found.append("+".join([*command, SHOWN.get(last, last)]).replace("⌘+", "⌘"))
    return found


def markdown(keys: Collection[Key] = KEYS) -> str:
    """The table of docs/player.md."""
    rows = [f"| {', '.join(f'`{name}`' for name in shown(key.keys))} | {key.words} |" for key in keys]
    return "\n".join(["| Key | What it does |", "|---|---|", *rows])


def _kept(widget: tk.Misc | str, name: str) -> bool:
    kind = widget if isinstance(widget, str) else widget.winfo_class()
    return kind in TYPED_INTO or name in OWN.get(kind, ())


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print(markdown())
