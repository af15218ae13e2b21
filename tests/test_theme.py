"""Two palettes that can be read, switched at run time; sizes that follow the screen."""

from __future__ import annotations

import ast
import tkinter as tk
from pathlib import Path
from tkinter import ttk
from typing import cast

import pytest

from ui import palettes, theme
from ui.login import ask
from ui.palettes import DARK, LIGHT, PALETTES, gnome, said_by

UI = Path(theme.__file__).parent
GROUNDS = ("BACKGROUND", "SURFACE", "BLACK")
INKS = ("TEXT", "DIM", "ACCENT", "GREEN", "AMBER", "RED", "VIOLET")


@pytest.fixture
def window(display):
    made = theme.new_window("test")
    yield made
    made.destroy()
    theme.choose("dark")


def luminance(color):
    """WCAG 2.1, relative luminance."""
    parts = [int(color[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_all_that_is_written_can_be_read(palette, ground):
    """WCAG 2.1: 4.5 to 1; what cannot be used now may be fainter."""
    colors = PALETTES[palette]
    bad = {ink: round(contrast(colors[ink], colors[ground]), 2) for ink in INKS
           if contrast(colors[ink], colors[ground]) < 4.5}
    assert not bad
    assert contrast(colors["FAINT"], colors[ground]) >= 1.9
    assert contrast(colors["BLACK"], colors["ACCENT"]) >= 4.5, "of the button that is meant"


def test_each_colour_has_one_meaning():
    """switch() tells by the colour what it is."""
    assert list(DARK) == list(LIGHT)
    assert all(len(set(colors.values())) == len(colors) for colors in PALETTES.values())


def test_no_colour_is_kept():
    """What a module takes when it is imported is of the theme before the user's."""
    kept = []
    for path in UI.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bodies = [tree.body, *(one.body for one in ast.walk(tree) if isinstance(one, ast.ClassDef))]
        for statement in [statement for body in bodies for statement in body]:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and path.name != "theme.py":
                kept += [f"{path.name}:{node.lineno}" for node in ast.walk(statement)
                         if isinstance(node, ast.Attribute) and node.attr in DARK]
    assert kept == []


def test_switching_reaches_everything(window):
    """What is drawn, what is typed into, dialogs, styles; and back."""
    canvas = tk.Canvas(window, background=theme.BLACK)
    item = canvas.create_text(0, 0, text="x", fill=theme.RED)
    text = tk.Text(canvas, background=theme.SURFACE)
    text.tag_configure("seen", foreground=theme.AMBER)
    label = ttk.Label(window, foreground=theme.DIM)
    assert theme.ACCENT in DARK.values()
    dialog = ask(window, "Why", "where", "", lambda name, password: None)

    def colors():
        return (str(window["background"]), str(canvas["background"]), canvas.itemcget(item, "fill"),
                str(text.tag_cget("seen", "foreground")), str(label["foreground"]), str(dialog.name["background"]),
                str(dialog["background"]), str(ttk.Style(window).lookup("TButton", "background")))

    before = colors()
    theme.switch(window, "light")
    names = ("BACKGROUND", "BLACK", "RED", "AMBER", "DIM", "SURFACE", "BACKGROUND", "RAISED")
    assert colors() == tuple(LIGHT[name] for name in names) and theme.name() == "light"
    theme.switch(window, "light")
    theme.switch(window, "dark")
    assert colors() == before == tuple(DARK[name] for name in names) and theme.name() == "dark"


def test_other_colours_stay(window):
    """Those that somebody has chosen for themselves, and a Canvas item without any."""
    canvas = tk.Canvas(window, background="#123456")
    item = canvas.create_rectangle(0, 0, 1, 1, outline="")
    theme.switch(window, "light")
    assert str(canvas["background"]) == "#123456" and canvas.itemcget(item, "outline") == ""
    theme.switch(window, "dark")


def test_styles_of_others_are_reached(window):
    """Those that somebody has made and uses, in each state."""
    style = ttk.Style(window)
    style.configure("Own.TLabel", foreground=theme.RED, background="#123456", padding=(1, 2))
    style.map("Own.TLabel", foreground=[("disabled", "pressed", theme.DIM), ("active", "red")])
    ttk.Label(ttk.Frame(window), style="Own.TLabel")
    theme.switch(window, "light")
    states = [], ["disabled", "pressed"], ["active"]
    found = [str(style.lookup("Own.TLabel", "foreground", one)) for one in states]
    assert found == [LIGHT["RED"], LIGHT["DIM"], "red"]
    assert str(style.lookup("Own.TLabel", "background")) == "#123456"
    theme.switch(window, "dark")
    assert str(style.lookup("Own.TLabel", "foreground")) == DARK["RED"]


@pytest.mark.parametrize("wanted", PALETTES)
def test_a_window_begins_as_was_chosen(display, wanted):
    theme.choose(wanted)
    window = theme.new_window("test")
    assert str(window["background"]) == PALETTES[wanted]["BACKGROUND"]
    window.destroy()
    theme.choose("dark")
    theme.new_window("test").destroy()


def test_auto_asks_the_system(display, monkeypatch):
    monkeypatch.setattr(theme, "of_the_system", lambda window: "light")
    theme.choose("auto")
    theme.new_window("test").destroy()
    assert theme.name() == "light"
    theme.choose("dark")
    theme.new_window("test").destroy()


@pytest.mark.parametrize(("environment", "preferred", "found"), [
    ({"GTK_THEME": "Adwaita:dark"}, "", "dark"), ({"GTK_THEME": "Adwaita"}, "", "light"), ({}, "'default'", "dark"),
    ({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, "'default'\n", "light"), ({"XDG_CURRENT_DESKTOP": "KDE"}, "", "dark"),
    ({"XDG_CURRENT_DESKTOP": "GNOME"}, "'prefer-dark'\n", "dark"), ({"XDG_CURRENT_DESKTOP": "GNOME"}, "", "dark"),
])
def test_what_gnome_prefers(environment, preferred, found, monkeypatch):
    monkeypatch.setattr(palettes, "said_by", lambda *command: preferred)
    assert gnome(environment) == found


class Registry:
    """Windows' one."""

    HKEY_CURRENT_USER = 0

    def __init__(self, value):
        self.value = value

    def OpenKey(self, root, path):
        if self.value is None:
            raise FileNotFoundError
        assert path.endswith(r"Themes\Personalize")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def QueryValueEx(self, key, name):
        assert name == "AppsUseLightTheme"
        return self.value, 4


@pytest.mark.parametrize(("value", "found"), [(1, "light"), (0, "dark"), (None, "dark")])
def test_what_windows_prefers(value, found, monkeypatch):
    monkeypatch.setattr("importlib.import_module", lambda name: Registry(value))
    assert palettes._windows() == found


class Tk:
    """A window of macOS."""

    def __init__(self, answer):
        self.tk, self.answer = self, answer

    def call(self, *words):
        if words == ("tk", "windowingsystem"):
            return "aqua"
        assert words[:2] == ("tk::unsupported::MacWindowStyle", "isdark")
        if self.answer is None:
            raise tk.TclError
        return self.answer


@pytest.mark.parametrize(("answer", "found"), [(1, "dark"), (0, "light"), (None, "dark")])
def test_what_macos_prefers(answer, found):
    assert palettes.of_the_system(cast(tk.Tk, Tk(answer))) == found


@pytest.mark.parametrize(("resources", "found"), [
    ("Xft.dpi:\t192\n", 192), ("a: 1\nXft.dpi: 120.5", 120.5), ('RESOURCE_MANAGER(STRING) = "Xft.dpi:\\t144\\n"', 144),
    ("", None), ("Xft.dpi: 7", None), ("Xft.dpi: 999", None), ("Xft.dpi: many", None),
])
def test_what_the_desktop_says_of_its_dots(resources, found):
    assert theme.dots_an_inch(resources) == found


def test_sizes_follow_the_desktop(display, monkeypatch):
    """Lengths, and fonts in points."""
    usual = theme.new_window("test")
    dots = usual.winfo_fpixels("1i")
    before = theme.pixels(usual, 100), usual.tk.call("font", "metrics", "LabTitle", "-linespace")
    usual.destroy()
    monkeypatch.setattr(theme, "said_by", lambda *command: "Xft.dpi: 192")
    large = theme.new_window("test")
    after = theme.pixels(large, 100), large.tk.call("font", "metrics", "LabTitle", "-linespace")
    large.tk.call("tk", "scaling", dots / 72)     # Tk keeps it for the screen
    large.destroy()
    assert after[0] == pytest.approx(200, abs=2) and after[0] > 1.7 * before[0] and after[1] > 1.7 * before[1]


def test_a_program_that_is_not_there_says_nothing():
    assert said_by("no-such-program-anywhere") == ""
