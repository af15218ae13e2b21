"""Sliders that make the network worse while the movie plays, and the red words that say so."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from functools import partial
from tkinter import ttk
from typing import NamedTuple, Protocol

from ui import theme

WARNING, ON_WARNING = "#b3261e", "#ffffff"
COLUMNS = 3             # sliders side by side


class Slider(NamedTuple):
    """`field`: of net.impairment.Impairment; a step times `factor` is its value."""

    field: str
    title: str
    unit: str
    factor: float
    steps: tuple[float, ...]


_SHARES = (0, 0.5, 1, 2, 5, 10, 20, 50)
SLIDERS = (
    Slider("loss", "Loss", "%", 0.01, (0, 0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50)),
    Slider("delay", "Delay", "ms", 0.001, (0, 5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000)),
    Slider("jitter", "Jitter", "ms", 0.001, (0, 1, 2, 5, 10, 15, 20, 30, 50, 100, 200)),
    Slider("reorder", "Reorder", "%", 0.01, _SHARES),
    Slider("dup", "Dup", "%", 0.01, _SHARES),
    Slider("rate", "Rate", "Mbit/s", 1e6, (0, 20, 10, 8, 6, 5, 4, 3, 2, 1.5, 1, 0.5, 0.25)),     # 0: no limit
)


class Adjustable(Protocol):
    """What is adjusted: net.instruments.Instruments."""

    @property
    def settings(self) -> Mapping[str, float]: ...

    @property
    def effect(self) -> str:
        """In words; "" while it is off."""

    def adjust(self, on: bool, changes: Mapping[str, float]) -> None: ...


class NetworkPanel(ttk.Frame):
    """Hidden at first; toggle() shows and hides it. While the network is made worse, red words over `picture` say how,
    whether the panel is shown or not; a click on them shows it."""

    def __init__(self, parent: tk.Misc, picture: tk.Widget, network: Adjustable) -> None:
        pad = theme.pixels(parent, theme.PAD)
        super().__init__(parent, style="Bar.TFrame", padding=(pad, pad, pad, 0))
        self._network = network
        self._flag = tk.Label(picture, background=WARNING, foreground=ON_WARNING, font="TkDefaultFont",
                              padx=theme.pixels(self, 8), pady=theme.pixels(self, 3), cursor="hand2")
        self._flag.bind("<Button-1>", lambda event: self.toggle())
        _set_style(ttk.Style(self), partial(theme.pixels, self))
        # Tcl's own variable: an object of Python that stands for it must not be collected by another thread
        self._variable = f"{self}.on"
        self.on = bool(network.effect)
        self.scales: dict[str, ttk.Scale] = {}
        self._values: dict[str, ttk.Label] = {}
        self._make_head()
        for number, slider in enumerate(SLIDERS):
            self._make_slider(slider, 1 + number // COLUMNS, number % COLUMNS)
            self.columnconfigure(number % COLUMNS, weight=1, uniform="sliders")
        self._tell()

    @property
    def on(self) -> bool:
        """The switch."""
        return bool(self.tk.getboolean(self.getvar(self._variable)))

    @on.setter
    def on(self, on: bool) -> None:
        self.setvar(self._variable, str(int(on)))

    def toggle(self) -> None:
        """Show it below the picture, or hide it."""
        if self.winfo_manager():
            self.pack_forget()
            self.master.focus_set()
        else:
            self.pack(side="bottom", fill="x", before=self.master.pack_slaves()[-1])     # the picture gives way
            self._switch.focus_set()

    @property
    def warning(self) -> str:
        """What the red words say; "" where there are none."""
        return str(self._flag["text"]) if self._flag.winfo_manager() else ""

    # ---- its parts

    def _make_head(self) -> None:
        head = ttk.Frame(self, style="Bar.TFrame")
        self._switch = ttk.Checkbutton(head, text="Make the network worse", style="Net.TCheckbutton",
                                       command=lambda: self._adjust({}))
        self._switch.configure(variable=self._variable)     # type: ignore[call-overload]
        self.seed = ttk.Entry(head, width=9, style="Net.TEntry")
        self.seed.insert(0, f"{self._network.settings['seed']:.0f}")
        self.seed.bind("<Return>", lambda event: self._take_seed())
        self.seed.bind("<FocusOut>", lambda event: self._take_seed())
        self._hint = ttk.Label(head, style="Notice.Bar.TLabel")
        self._switch.pack(side="left")
        self._hint.pack(side="left", padx=theme.pixels(self, theme.PAD))
        self.seed.pack(side="right")
        ttk.Label(head, text="Seed", style="Bar.TLabel").pack(side="right", padx=theme.pixels(self, 6))
        for widget in (self._switch, self.seed):
            _keep_keys(widget)
        head.grid(row=0, column=0, columnspan=COLUMNS, sticky="ew", pady=(0, theme.pixels(self, 8)))

    def _make_slider(self, slider: Slider, row: int, column: int) -> None:
        cell = ttk.Frame(self, style="Bar.TFrame")
        ttk.Label(cell, text=slider.title, style="Bar.TLabel").grid(row=0, column=0, sticky="w")
        self._values[slider.field] = ttk.Label(cell, style="State.Bar.TLabel")
        self._values[slider.field].grid(row=0, column=1, sticky="e")
        scale = ttk.Scale(cell, to=len(slider.steps) - 1, style="Net.Horizontal.TScale")
        scale.set(_nearest(slider, self._network.settings[slider.field]))
        scale.configure(command=lambda place: self._move(slider, place))    # now that the user alone moves it
        scale.grid(row=1, column=0, columnspan=2, sticky="ew")
        cell.columnconfigure(1, weight=1)
        cell.grid(row=row, column=column, sticky="ew", padx=theme.pixels(self, 6), pady=theme.pixels(self, 4))
        _keep_keys(scale)
        self.scales[slider.field] = scale

    # ---- what the user does

    def _move(self, slider: Slider, place: str) -> None:
        """Who moves a slider wants it to work."""
        value = slider.steps[round(float(place))] * slider.factor
        if value != self._network.settings[slider.field]:
            self.on = True
            self._adjust({slider.field: value})

    def _take_seed(self) -> None:
        """Digits; what else was typed gives way to the seed that is used."""
        text = self.seed.get().strip()
        seed = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else self._network.settings["seed"]
        if seed != self._network.settings["seed"]:
            self._adjust({"seed": seed})
        self.seed.delete(0, "end")
        self.seed.insert(0, f"{seed:.0f}")

    def _adjust(self, changes: Mapping[str, float]) -> None:
        self._network.adjust(self.on, changes)
        self._tell()

    def _tell(self) -> None:
        settings = self._network.settings
        for slider in SLIDERS:
            value = settings[slider.field]
            text = f"{value / slider.factor:.3g} {slider.unit}" if value or slider.field != "rate" else "no limit"
            self._values[slider.field].configure(text=text)
        lone = settings["reorder"] and not (settings["delay"] or settings["jitter"])
        self._hint.configure(text="Reorder needs a delay: packets overtake those that wait" if lone else "")
        self._flag.configure(text=f"NET: {self._network.effect}")
        if self._network.effect:
            gap = theme.pixels(self, 8)
            self._flag.place(relx=1.0, x=-gap, y=gap, anchor="ne")
        else:
            self._flag.place_forget()


def _nearest(slider: Slider, value: float) -> int:
    """The place of the step that is closest to it."""
    return min(range(len(slider.steps)), key=lambda place: abs(slider.steps[place] * slider.factor - value))


def _keep_keys(widget: tk.Widget) -> None:
    """Its keys are its own: arrows move a slider, and do not jump in the movie."""
    widget.bindtags((str(widget), widget.winfo_class(), "all"))


def _set_style(style: ttk.Style, dot: Callable[[float], int]) -> None:
    """`dot`: a length on this screen."""
    style.configure("Net.TCheckbutton", background=theme.SURFACE, foreground=theme.TEXT, focuscolor=theme.ACCENT,
                    indicatorbackground=theme.RAISED, indicatorforeground=theme.TEXT, indicatorsize=dot(12),
                    indicatormargin=(0, 0, dot(6), 0), padding=dot(2))
    style.map("Net.TCheckbutton", background=[("active", theme.SURFACE)],
              indicatorbackground=[("selected", WARNING)], indicatorforeground=[("selected", ON_WARNING)])
    style.configure("Net.Horizontal.TScale", troughcolor=theme.BACKGROUND, bordercolor=theme.BORDER, gripcount=0,
                    sliderlength=dot(20), arrowsize=dot(14), background=theme.DIM, lightcolor=theme.DIM,
                    darkcolor=theme.DIM)
    chosen = [("focus", theme.ACCENT), ("active", theme.ACCENT)]
    style.map("Net.Horizontal.TScale", background=chosen, lightcolor=chosen, darkcolor=chosen)
    style.configure("Net.TEntry", fieldbackground=theme.BACKGROUND, foreground=theme.TEXT, insertcolor=theme.TEXT,
                    bordercolor=theme.BORDER, lightcolor=theme.BACKGROUND, padding=dot(2))
