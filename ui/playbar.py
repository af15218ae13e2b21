"""The player view's controls: the seek bar, one button to play and pause, the time, and the way to all the rest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from dataclasses import dataclass
from tkinter import ttk
from typing import Any

from ui import theme
from ui.icons import drawn, icon
from ui.keys import Command
from ui.seekbar import Leave, Place, SeekBar
from ui.tip import Tip

BUTTONS = {"previousMovie": ("previous", "left"), "nextMovie": ("next", "left"), "menu": ("menu", "right"),
           "fullScreen": ("full", "right")}  # fmt: skip
TIPS = {"previousMovie": "The server's movie before (b)", "nextMovie": "The server's next movie (n)",
        "menu": "All there is to do", "fullScreen": "Full screen (f)"}  # fmt: skip
SIGNS = {"Pause": "pause", "Retry": "again"}
LIVE_TIP = "It comes as it happens, and cannot be sought. The time is what this player is behind what has come"


@dataclass(frozen=True)
class Playing:
    """What is to be seen of the movie. Times in seconds; `duration` None: it cannot be sought."""

    action: str = "Play"  # what the button does
    possible: bool = True  # … if it does
    position: float = 0.0
    duration: float | None = None
    buffered: float = 0.0
    time: str = ""
    live: bool = False
    speed: str = ""


class PlayBar(ttk.Frame):
    """Tab goes from one button to the next; space presses the one that has the focus, and plays and pauses where none
    has."""

    def __init__(self, parent: tk.Misc, actions: Mapping[str, Command], look: Place, leave: Leave, jump: Place) -> None:
        pad = theme.pixels(parent, theme.PAD)
        super().__init__(parent, style="Bar.TFrame")
        self.seek = SeekBar(self, jump, look, leave)
        self.seek.pack(side="top", fill="x")
        row = ttk.Frame(self, style="Bar.TFrame", padding=(pad, 0, pad, pad * 2 // 3))
        row.pack(side="top", fill="x")
        self._icons: dict[str, Any] = {
            name: (icon(self, name, theme.TEXT), "disabled", icon(self, name, theme.FAINT))
            for name in ("play", "pause", "again", "previous", "next", "menu", "full")
        }
        self.bind("<<ThemeChanged>>", lambda event: self._draw_again())
        self.buttons: dict[str, ttk.Button] = {}
        self.play = self._button(row, "play", "playOrPause", actions)
        self.play.configure(style="Play.TButton", text="Play", compound="left")
        self.play.pack(side="left", padx=(0, pad // 3))
        for name, (sign, side) in BUTTONS.items():
            button = self._button(row, sign, name, actions)
            button.pack(side=side)  # type: ignore[arg-type]
            Tip(button, TIPS[name])
        self._time = ttk.Label(row, style="Time.Bar.TLabel")
        self._live = ttk.Label(row, style="Live.Bar.TLabel", text="● LIVE")
        self._speed = ttk.Label(row, style="Notice.Bar.TLabel")
        self._time.pack(side="left", padx=(pad * 2 // 3, 0))
        self._speed.pack(side="right", padx=pad)
        Tip(self._live, LIVE_TIP)
        self._shown = Playing()

    def _draw_again(self) -> None:
        """In the colours of another theme."""
        for name, (usual, _, disabled) in self._icons.items():
            usual.paste(drawn(self, name, theme.TEXT))
            disabled.paste(drawn(self, name, theme.FAINT))

    def _button(self, row: ttk.Frame, sign: str, name: str, actions: Mapping[str, Command]) -> ttk.Button:
        button = ttk.Button(row, style="Icon.TButton", image=self._icons[sign], command=actions[name])
        self.buttons[name] = button
        return button

    def tell(self, playing: Playing) -> None:
        if playing == self._shown:  # what has not changed need not be drawn
            return
        before, self._shown = self._shown, playing
        self.seek.tell(playing.position, playing.duration, playing.buffered)
        if (before.action, before.possible) != (playing.action, playing.possible):
            sign = SIGNS.get(playing.action, "play")
            self.play.configure(text=playing.action, image=self._icons[sign])
            self.play.state(["!disabled" if playing.possible else "disabled"])
        self._time["text"], self._speed["text"] = playing.time, playing.speed
        if playing.live and not before.live:
            self._live.pack(side="left", padx=(theme.pixels(self, theme.PAD), 0), before=self._time)
        elif before.live and not playing.live:
            self._live.pack_forget()

    @property
    def text(self) -> str:
        """All of it, as it can be read."""
        live = ["● LIVE"] if self._shown.live else []
        return "   ".join([*live, self._shown.action, self._shown.time, self._shown.speed])
