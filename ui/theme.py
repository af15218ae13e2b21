"""How the window looks: ttk's theme `clam`, which is the same on every system, in colours of our own, dark or light.

Colours are asked for where something is drawn, `theme.TEXT`, and kept nowhere: another theme has others by that name.
"""

from __future__ import annotations

import ctypes
import re
import sys
import tkinter as tk
from tkinter import font, ttk
from typing import Any

from ui.palettes import DARK, PALETTES, of_the_system, said_by

BACKGROUND, SURFACE, RAISED = DARK["BACKGROUND"], DARK["SURFACE"], DARK["RAISED"]
BORDER, BLACK, TEXT, DIM, FAINT = DARK["BORDER"], DARK["BLACK"], DARK["TEXT"], DARK["DIM"], DARK["FAINT"]
ACCENT, GREEN, AMBER, RED, VIOLET = DARK["ACCENT"], DARK["GREEN"], DARK["AMBER"], DARK["RED"], DARK["VIOLET"]

CHOICES = ("auto", "dark", "light")
PAD = 12  # between things, for pixels()
DPI = 96.0  # of a usual screen, which pixels() counts in
# What Tk's widgets call their colours, and what the items of a Canvas and the tags of a Text call theirs
OF_WIDGETS = (
    "background", "foreground", "highlightbackground", "highlightcolor", "insertbackground", "selectbackground",
    "selectforeground", "activebackground", "activeforeground", "disabledforeground", "troughcolor", "selectcolor",
)  # fmt: skip
OF_ITEMS = ("fill", "outline", "activefill", "activeoutline")
OF_TAGS = ("background", "foreground")

_chosen = "dark"  # what new_window() shall use
_name = "dark"  # what is used


def choose(choice: str) -> None:
    """One of CHOICES, for the windows to be made."""
    global _chosen
    _chosen = choice


def name() -> str:
    """Of the theme that is used."""
    return _name


def new_window(title: str) -> tk.Tk:
    """The program's window. TclError if there is no screen."""
    _see_real_pixels()
    window = tk.Tk(className="RtspLab")
    window.title(title)
    _scale(window)
    _take(of_the_system(window) if _chosen == "auto" else _chosen)
    window.configure(background=BACKGROUND)
    _set_fonts(window)
    _set_styles(window)
    # In ttk the space bar presses a button; people expect the same of the return key
    for key in ("<Return>", "<KP_Enter>"):
        window.bind_class("TButton", key, _press)
    return window


def _press(event: tk.Event[tk.Misc]) -> None:
    if isinstance(event.widget, ttk.Button):
        event.widget.invoke()


# ---- sizes


def pixels(widget: tk.Misc, length: float) -> int:
    """A length that looks the same on every screen: pixels of one that has 96 to the inch → pixels of this one."""
    return round(widget.winfo_fpixels("1i") / DPI * length)


def _see_real_pixels() -> None:
    """Windows draws a program that does not ask for this at 96 dots an inch, and blows the result up to a blur. It must
    be asked for before the first window is made; older systems know the second call alone."""
    if sys.platform == "win32":
        try:
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
        except (AttributeError, OSError):
            ctypes.windll.user32.SetProcessDPIAware()


def _scale(window: tk.Tk) -> None:
    """X11 screens mostly claim 96 dots an inch whatever they have, and Tk believes them; what the user has chosen is
    among the desktop's resources. Fonts in points and pixels() follow from here."""
    if window.tk.call("tk", "windowingsystem") != "x11":
        return
    wanted = dots_an_inch(said_by("xrdb", "-query") or said_by("xprop", "-root", "RESOURCE_MANAGER"))
    if wanted:
        window.tk.call("tk", "scaling", wanted / 72)


def dots_an_inch(resources: str) -> float | None:
    """Of the desktop's fonts; None where it says nothing, or nothing that can be."""
    found = re.search(r"\bXft\.dpi:(?:\s|\\t)*([0-9]{2,3}(?:\.[0-9]+)?)", resources)
    return float(found[1]) if found and 48 <= float(found[1]) <= 480 else None


def _set_fonts(window: tk.Tk) -> None:
    """Sizes in points, so that they follow the screen. The families are the system's own. Made by a call to Tcl: a
    font.Font would take its font along when Python collects it."""
    default = font.nametofont("TkDefaultFont", window)
    default.configure(size=10)
    family = default.actual("family")
    for entry in ("TkTextFont", "TkMenuFont"):
        font.nametofont(entry, window).configure(size=10)
    window.tk.call("font", "create", "LabTitle", "-family", family, "-size", 18, "-weight", "bold")
    window.tk.call("font", "create", "LabBody", "-family", family, "-size", 11)


# ---- colours


def switch(window: tk.Tk, wanted: str) -> None:
    """To "dark" or "light", at once and everywhere: what has been drawn in a colour of the one gets that of the other,
    and so do the styles that are in use. What draws again later, asks again."""
    if wanted == _name:
        return
    before = PALETTES[_name]
    _take(wanted)
    colors = {color: PALETTES[wanted][role] for role, color in before.items()}
    _set_styles(window)
    _recolor(window, colors)
    for name in _styles(window):
        _recolor_style(ttk.Style(window), name, colors)


def _take(wanted: str) -> None:
    global _name
    _name = wanted
    globals().update(PALETTES[wanted])


def _recolor(widget: tk.Misc, colors: dict[str, str]) -> None:
    _exchange(widget, OF_WIDGETS, colors, "cget", "configure")
    if isinstance(widget, tk.Canvas):
        for item in widget.find_all():
            _exchange(widget, OF_ITEMS, colors, "itemcget", "itemconfigure", item)
    if isinstance(widget, tk.Text):
        for tag in widget.tag_names():
            _exchange(widget, OF_TAGS, colors, "tag cget", "tag configure", tag)
    for child in widget.winfo_children():
        _recolor(child, colors)


def _styles(widget: tk.Misc) -> set[str]:
    """Of this widget and those in it, as far as somebody has made them."""
    found = {str(widget.cget("style"))} if "style" in widget.keys() else set()  # noqa: SIM118
    return found.union(*map(_styles, widget.winfo_children())) - {""}


def _recolor_style(style: Any, name: str, colors: dict[str, str]) -> None:
    """`style`: a ttk.Style, whose maps of states nobody has managed to describe as a type."""
    for option, value in (style.configure(name) or {}).items():
        if str(value) in colors:
            style.configure(name, **{option: colors[str(value)]})
    for option, values in style.map(name).items():
        style.map(name, **{option: [(*states, colors.get(str(value), value)) for *states, value in values]})


def _exchange(
    widget: tk.Misc, options: tuple[str, ...], colors: dict[str, str], read: str, write: str, *of: int | str
) -> None:
    """`read` and `write`: what Tk calls it, for the widget itself or for one thing `of` it."""
    for option in options:
        try:
            before = str(widget.tk.call(widget, *read.split(), *of, f"-{option}"))
        except tk.TclError:
            continue  # it has no such colour
        if before in colors:
            widget.tk.call(widget, *write.split(), *of, f"-{option}", colors[before])


def _set_styles(window: tk.Tk) -> None:
    style = ttk.Style(window)
    style.theme_use("clam")
    style.configure(".", background=BACKGROUND, foreground=TEXT, font="TkDefaultFont", borderwidth=0)
    style.configure("TFrame", background=BACKGROUND)
    style.configure("Bar.TFrame", background=SURFACE)
    style.configure("Bar.TLabel", background=SURFACE, foreground=DIM)
    style.configure("State.Bar.TLabel", foreground=TEXT)
    style.configure("Notice.Bar.TLabel", foreground=AMBER)
    _set_button_styles(window, style)
    _set_field_styles(window, style)


def _set_button_styles(window: tk.Tk, style: ttk.Style) -> None:
    padding = pixels(window, 16), pixels(window, 8)
    style.configure(
        "TButton", background=RAISED, foreground=TEXT, padding=padding, width=9, anchor="center", relief="raised",
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


    style.configure("Go.TButton", background=ACCENT, foreground=BLACK, lightcolor=ACCENT, darkcolor=ACCENT)
    style.map("Go.TButton", background=[("pressed", DIM), ("active", DIM)], bordercolor=[("focus", TEXT)],
              lightcolor=[("focus", TEXT)], darkcolor=[("focus", TEXT)])  # fmt: skip


def _set_field_styles(window: tk.Tk, style: ttk.Style) -> None:
    """What is typed into, and what is chosen from."""
    style.configure(
        "TRadiobutton", indicatorbackground=SURFACE, indicatorforeground=ACCENT, upperbordercolor=BORDER,
        lowerbordercolor=BORDER, indicatorsize=pixels(window, 14), indicatormargin=(0, 0, pixels(window, 6), 0),
    )  # fmt: skip
    style.map(
        "TRadiobutton", foreground=[("focus", ACCENT)], background=[("active", BACKGROUND)],
        indicatorbackground=[("active", RAISED)], upperbordercolor=[("focus", ACCENT)],
        lowerbordercolor=[("focus", ACCENT)],
    )  # fmt: skip
    style.configure(
        "TEntry", fieldbackground=SURFACE, foreground=TEXT, insertcolor=TEXT, bordercolor=BORDER, lightcolor=SURFACE,
        darkcolor=SURFACE, padding=pixels(window, 6), selectbackground=ACCENT, selectforeground=BLACK,
    )  # fmt: skip
    focus = [("focus", ACCENT)]
    style.map("TEntry", selectbackground=[("!focus", BORDER)], selectforeground=[("!focus", TEXT)])
    style.map("TEntry", bordercolor=focus, lightcolor=focus, darkcolor=focus)
