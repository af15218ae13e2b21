"""The colours of the window, dark and light, and which of the two the system has.

Both have the same names for the same things, so that what can be read on something in one can be in the other.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tkinter as tk
from collections.abc import Mapping
from typing import Any

# BACKGROUND is that of windows, SURFACE of bars and fields, RAISED of buttons, BLACK of where pictures are; TEXT and
# its like can be read on all of them
DARK = {
    "BACKGROUND": "#1d2026",
    "SURFACE": "#2b303a",
    "RAISED": "#3a414e",
    "BORDER": "#454d5c",
    "BLACK": "#0c0e12",
    "TEXT": "#e9ecf1",
    "DIM": "#98a2b3",
    "FAINT": "#5d6675",
    "ACCENT": "#5aa9ff",
    "GREEN": "#56d38b",
    "AMBER": "#f2b84b",
    "RED": "#ff8079",
    "VIOLET": "#b99cff",
}
LIGHT = {
    "BACKGROUND": "#f3f5f8",
    "SURFACE": "#e6eaf0",
    "RAISED": "#ffffff",
    "BORDER": "#b9c1cd",
    "BLACK": "#dce1e8",
    "TEXT": "#1b2029",
    "DIM": "#525c6b",
    "FAINT": "#8a94a3",
    "ACCENT": "#0a5cb8",
    "GREEN": "#0e6b34",
    "AMBER": "#824e00",
    "RED": "#b3221b",
    "VIOLET": "#6a3fc4",
}
PALETTES = {"dark": DARK, "light": LIGHT}
PATIENCE = 0.5  # seconds in which a program that is asked must have answered


def of_the_system(window: tk.Tk) -> str:
    """The name of its palette; dark where the system does not say."""
    if sys.platform == "win32":
        return _windows()
    if window.tk.call("tk", "windowingsystem") == "aqua":
        return _mac(window)
    return gnome(os.environ)


def _windows() -> str:
    winreg: Any = importlib.import_module("winreg")
    key = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as folder:
            return "light" if winreg.QueryValueEx(folder, "AppsUseLightTheme")[0] else "dark"
    except OSError:
        return "dark"


def _mac(window: tk.Tk) -> str:
    """Tk knows it."""
    try:
        return "dark" if int(window.tk.call("tk::unsupported::MacWindowStyle", "isdark", str(window))) else "light"
    except (tk.TclError, ValueError):
        return "dark"


def gnome(environment: Mapping[str, str]) -> str:
    """GTK's theme of this program's environment, else what GNOME's settings prefer."""
    named = environment.get("GTK_THEME", "").lower()
    if named:
        return "dark" if "dark" in named else "light"
    if "GNOME" not in environment.get("XDG_CURRENT_DESKTOP", ""):
        return "dark"
    preferred = said_by("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
    return "light" if "light" in preferred or "default" in preferred else "dark"


def said_by(program: str, *arguments: str) -> str:
    """What a program prints; nothing if there is none, or it does not answer."""
    path = shutil.which(program)
    if not path:
        return ""
    try:
        done = subprocess.run([path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
