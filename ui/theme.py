"""How the window looks: ttk's theme `clam`, which is the same on every system, in dark colours of our own."""

from __future__ import annotations

import ctypes
import sys
import tkinter as tk
from tkinter import font, ttk

BACKGROUND = "#1d2026"
SURFACE = "#2b303a"
RAISED = "#3a414e"
BORDER = "#454d5c"
BLACK = "#0c0e12"
TEXT = "#e9ecf1"
DIM = "#98a2b3"
FAINT = "#5d6675"
ACCENT = "#5aa9ff"
GREEN = "#56d38b"
AMBER = "#f2b84b"
RED = "#ff8079"
VIOLET = "#b99cff"

PAD = 12  # between things, for pixels()


def new_window(title: str) -> tk.Tk:
    """The program's window. TclError if there is no screen."""
    _see_real_pixels()
    window = tk.Tk(className="RtspLab")
    window.title(title)
    window.configure(background=BACKGROUND)
    _set_fonts(window)
    _set_styles(ttk.Style(window))
    # In ttk the space bar presses a button; people expect the same of the return key
    for key in ("<Return>", "<KP_Enter>"):
        window.bind_class("TButton", key, _press)
    return window


def _press(event: tk.Event[tk.Misc]) -> None:
    if isinstance(event.widget, ttk.Button):
        event.widget.invoke()


def pixels(widget: tk.Misc, length: float) -> int:
    """A length that looks the same on every screen: pixels of one that has 96 to the inch → pixels of this one."""
    return round(widget.winfo_fpixels("1i") / 96 * length)


def _see_real_pixels() -> None:
    """Windows draws a program that does not ask for this at 96 dots an inch, and blows the result up to a blur. It must
    be asked for before the first window is made; older systems know the second call alone."""
    if sys.platform == "win32":
        try:
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
        except (AttributeError, OSError):
            ctypes.windll.user32.SetProcessDPIAware()


def _set_fonts(window: tk.Tk) -> None:
    """Sizes in points, so that they follow the screen. The families are the system's own. Made by a call to Tcl: a
    font.Font would take its font along when Python collects it."""
    default = font.nametofont("TkDefaultFont", window)
    default.configure(size=10)
    family = default.actual("family")
    window.tk.call("font", "create", "LabTitle", "-family", family, "-size", 18, "-weight", "bold")
    window.tk.call("font", "create", "LabBody", "-family", family, "-size", 11)


def _set_styles(style: ttk.Style) -> None:
    style.theme_use("clam")
    style.configure(".", background=BACKGROUND, foreground=TEXT, font="TkDefaultFont", borderwidth=0)
    style.configure("TFrame", background=BACKGROUND)
    style.configure("Bar.TFrame", background=SURFACE)
    style.configure("Bar.TLabel", background=SURFACE, foreground=DIM)
    style.configure("State.Bar.TLabel", foreground=TEXT)
    style.configure("Notice.Bar.TLabel", foreground=AMBER)
    style.configure(
        "TButton", background=RAISED, foreground=TEXT, padding=(16, 8), width=9, anchor="center", relief="raised",
        borderwidth=2, bordercolor=BORDER, lightcolor=RAISED, darkcolor=RAISED,
    )  # fmt: skip
    style.configure("Time.Bar.TLabel", foreground=TEXT)
    style.configure("Live.Bar.TLabel", foreground=RED)
    style.configure("Help.TLabel", background=BLACK, foreground=TEXT)
    style.configure("Key.Help.TLabel", foreground=ACCENT)
    style.configure("Heading.Help.TLabel", foreground=DIM)
    pad = pixels(style.master, 7)
    style.configure("Icon.TButton", background=SURFACE, lightcolor=SURFACE, darkcolor=SURFACE, padding=pad, width=0)
    style.configure("Play.TButton", padding=(2 * pad, pad), width=7)
    style.map("Icon.TButton", background=[("disabled", SURFACE), ("pressed", BORDER), ("active", RAISED)],
              bordercolor=[("focus", ACCENT), ("!focus", SURFACE)],
              lightcolor=[("focus", ACCENT), ("active", RAISED)], darkcolor=[("focus", ACCENT), ("active", RAISED)])
    # Without clam's dotted line inside; the border tells where the focus is
    label = [("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": "nswe"})]})]
    style.layout("TButton", [("Button.border", {"sticky": "nswe", "border": "1", "children": label})])  # type: ignore[list-item]
    style.map(
        "TButton",
        background=[("disabled", BACKGROUND), ("pressed", BORDER), ("active", BORDER)],
        foreground=[("disabled", FAINT)],
        bordercolor=[("disabled", SURFACE), ("focus", ACCENT)],
        lightcolor=[("disabled", BACKGROUND), ("focus", ACCENT), ("active", BORDER)],
        darkcolor=[("disabled", BACKGROUND), ("focus", ACCENT), ("active", BORDER)],
    )
