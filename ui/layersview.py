"""The layers that a message travels in: boxes side by side, the outermost first, as they stand on the wire."""

from __future__ import annotations

import tkinter as tk
from functools import partial

from net.transcript import Entry
from ui import theme
from ui.layers import layers, overhead

HEIGHT = 72
NAMES = {"network": "network layer", "transport": "transport layer", "application": "application layer"}


class LayersView(tk.Canvas):
    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, height=theme.pixels(parent, HEIGHT), background=theme.BACKGROUND, highlightthickness=0)
        self._entry: Entry | None = None
        self.bind("<Configure>", lambda event: self._draw())

    def show(self, entry: Entry) -> None:
        self._entry = entry
        self._draw()

    def _draw(self) -> None:
        self.delete("all")
        if self._entry is None:
            return
        found = layers(self._entry)
        px = partial(theme.pixels, self)
        tones = {"network": theme.GREEN, "transport": theme.AMBER, "application": theme.VIOLET}
        # What has addresses needs room for them, a header less, the contents get the rest
        wanted = {"network": px(152), "transport": px(130), "application": px(62)}
        widths = [wanted[layer.level] for layer in found]
        whole = max(self.winfo_width() - 1, 1)
        if sum(widths) > whole or len(widths) < 3:
            widths = [round(width * whole / sum(widths)) for width in widths]
        else:
            widths[-1] += whole - sum(widths)
        x, level = 0, ""
        for layer, width in zip(found, widths, strict=True):
            tone = tones[layer.level]
            self.create_rectangle(x, px(14), x + width, px(52), fill=theme.SURFACE, outline=theme.BORDER)
            self.create_rectangle(x, px(14), x + width, px(17), fill=tone, outline="")
            if layer.level != level:
                self.create_text(x + px(2), px(6), text=NAMES[layer.level], anchor="w", fill=tone, font="LadderTiny")
            size = f"{layer.size} B" if layer.size else ""
            name, words = (f"{layer.name}  {size}", layer.words) if layer.words else (layer.name, size)
            middle = x + width / 2
            self.create_text(middle, px(27), text=name, fill=theme.TEXT, font="LadderBold")
            self.create_text(middle, px(42), text=words, fill=theme.DIM, font="LadderTiny")
            x, level = x + width, layer.level
        self.create_text(0, px(63), text=overhead(self._entry), anchor="w", fill=theme.DIM, font="LadderSmall")
