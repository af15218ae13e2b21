"""The signs on the buttons, drawn: what fonts have of them differs from one system to the next, if they have them."""

from __future__ import annotations

import tkinter as tk

from PIL import Image, ImageDraw, ImageTk

from ui import theme

GRID = 24  # the drawings' own units
FINE = 8  # pixels drawn for each that is shown, in both directions: smooth edges

Shape = tuple[tuple[float, float], ...]

SHAPES: dict[str, tuple[Shape, ...]] = {
    "play": (((7, 4.5), (20, 12), (7, 19.5)),),
    "pause": (((6, 5), (10, 5), (10, 19), (6, 19)), ((14, 5), (18, 5), (18, 19), (14, 19))),
    "again": (((12, 4), (12, 20), (20, 12)), ((3, 4), (3, 20), (11, 12))),
    "previous": (((5, 5), (7.5, 5), (7.5, 19), (5, 19)), ((19, 5), (19, 19), (8.5, 12))),
    "next": (((5, 5), (15.5, 12), (5, 19)), ((16.5, 5), (19, 5), (19, 19), (16.5, 19))),
    "menu": tuple(((4, y), (20, y), (20, y + 2.2), (4, y + 2.2)) for y in (5.5, 10.9, 16.3)),
    "full": (
        ((4, 4), (10, 4), (10, 6.2), (6.2, 6.2), (6.2, 10), (4, 10)),
        ((20, 4), (14, 4), (14, 6.2), (17.8, 6.2), (17.8, 10), (20, 10)),
        ((4, 20), (10, 20), (10, 17.8), (6.2, 17.8), (6.2, 14), (4, 14)),
        ((20, 20), (14, 20), (14, 17.8), (17.8, 17.8), (17.8, 14), (20, 14)),
    ),
}


def icon(parent: tk.Misc, name: str, color: str) -> ImageTk.PhotoImage:
    """The caller must keep it: Tk does not."""
    return ImageTk.PhotoImage(drawn(parent, name, color), master=parent)


def drawn(parent: tk.Misc, name: str, color: str) -> Image.Image:
    """16 pixels of a screen of 96 to the inch."""
    side = theme.pixels(parent, 16)
    large = Image.new("L", (side * FINE, side * FINE))
    pen = ImageDraw.Draw(large)
    for shape in SHAPES[name]:
        pen.polygon([(x * side * FINE / GRID, y * side * FINE / GRID) for x, y in shape], fill=255)
    made = Image.new("RGBA", (side, side), color)
    made.putalpha(large.resize((side, side), Image.Resampling.BOX))
    return made
