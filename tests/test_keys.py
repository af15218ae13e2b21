"""The table of keys: what is written of it, what the window makes of a key press, and that nothing happens twice."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from pathlib import Path
from tkinter import ttk

import pytest

from ui import keys, theme

DOCS = Path(__file__).parent.parent / "docs" / "player.md"


def test_no_key_does_two_things():
    names = [name for key in keys.KEYS for name in key.keys.split()]
    assert len(names) == len(set(names)) and len({key.action for key in keys.KEYS}) == len(keys.KEYS)


def test_the_documentation_has_the_table_that_the_code_prints():
    assert keys.markdown() in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(("keysym", "state", "system", "name"), [
    ("space", 0, "x11", "Space"), ("p", 0, "x11", "p"), ("P", 2, "x11", "p"), ("P", 1, "x11", "Shift+P"),
    ("Left", 1, "x11", "Shift+Left"), ("KP_Left", 0, "x11", "Left"), ("question", 1, "x11", "?"),
    ("q", 4, "x11", "Ctrl+Q"), ("1", 8, "x11", "Alt+1"), ("q", 4 | 0x10, "x11", "Ctrl+Q"),
    ("1", 8, "win32", "1"), ("1", 0x20000, "win32", "Alt+1"), ("bracketleft", 4 | 0x20000, "win32", "["),
    ("q", 8, "aqua", "Ctrl+Q"), ("o", 8, "aqua", "Ctrl+O"), ("1", 8, "aqua", "Alt+1"),
    ("bracketleft", 0x10, "aqua", "["),
])  # fmt: skip
def test_a_key_has_the_same_name_on_every_system(keysym, state, system, name):
    """Num Lock and Caps Lock change nothing; AltGr types; Command is Ctrl, and Alt with digits."""
    assert keys.name_of(keysym, state, system) == name


def test_on_the_mac_ctrl_is_read_as_command():
    assert keys.shown("q Ctrl+Q", "aqua") == ["q", "⌘Q"] and keys.shown("Shift+Left") == ["Shift+←"]


@pytest.fixture
def window(display):
    made = theme.new_window("keys")
    yield made
    made.destroy()


@pytest.fixture
def pressed(window):
    """Press a key in a widget; what has been done so far."""
    done = []
    keys.bind(window, {key.action: partial(done.append, key.action) for key in keys.KEYS})

    def press(widget, *names):
        widget.pack()
        window.update()
        widget.focus_force()
        window.update()
        for name in names:
            widget.event_generate(f"<Key-{name}>")
        window.update()
        found = done.copy()
        done.clear()
        return found

    return press


def test_every_key_does_what_the_table_says(window, pressed):
    names = {"Space": "space", ".": "period", "[": "bracketleft", "]": "bracketright", "Esc": "Escape",
             "?": "question", "Backspace": "BackSpace"}  # fmt: skip
    frame = ttk.Frame(window, takefocus=1)
    for key in keys.KEYS:
        for name in key.keys.split():
            *held, last = name.split("+")
            state = 1 if name == "?" else {(): 0, ("Ctrl",): 4, ("Alt",): 8, ("Shift",): 1}[tuple(held)]
            frame.pack()
            window.update()
            frame.focus_force()
            frame.event_generate(f"<Key-{names.get(last, last)}>", state=state)
            assert pressed(frame) == [key.action], name


def test_space_presses_the_button_that_has_the_focus_and_does_nothing_else(window, pressed):
    """Tk would do both: pause, and play again."""
    invoked = []
    button = ttk.Button(window, command=lambda: invoked.append("button"))
    assert pressed(button, "space", "f") == ["fullScreen"]
    button.event_generate("<KeyRelease-space>")
    assert invoked == ["button"]


@pytest.mark.parametrize("kind", [tk.Entry, ttk.Entry, tk.Text, ttk.Spinbox, ttk.Combobox])
def test_what_is_typed_is_no_command(window, pressed, kind):
    assert pressed(kind(window), "space", "q", "f", "Left", "BackSpace") == []


def test_a_list_keeps_the_keys_that_move_in_it(window, pressed):
    assert pressed(ttk.Treeview(window), "Up", "Down", "Return", "n") == ["nextMovie"]
