"""The state machine, drawn from the table that both sides use, with the state of each of them lit."""

from __future__ import annotations

import tkinter as tk

from rtsp.states import END, REDIRECTED, TIMEOUT, TRANSITIONS, State
from ui import theme

HEIGHT = 168
PLACES = {      # parts of the width and the height
    State.INIT: (0.10, 0.54), State.READY: (0.45, 0.54), State.PLAYING: (0.86, 0.22), State.RECORDING: (0.86, 0.86),
}  # fmt: skip
BOX = (104, 34)
WORDS = {END: "end", REDIRECTED: "redirect", TIMEOUT: "timeout"}
# Where an arrow leaves one box and enters the other, in halves of a box from its middle, and how far it bends to its
# left, in pixels; None: it goes around, along the border
WAYS: dict[tuple[State, State], tuple[tuple[float, float], tuple[float, float], float | None]] = {
    (State.INIT, State.READY): ((1, -0.4), (-1, -0.4), 12),
    (State.READY, State.INIT): ((-1, 0.4), (1, 0.4), 12),
    (State.READY, State.PLAYING): ((1, -0.8), (-1, -0.3), 12),
    (State.PLAYING, State.READY): ((-1, 0.7), (1, -0.25), 6),
    (State.READY, State.RECORDING): ((1, 0.8), (-1, 0.3), -12),
    (State.RECORDING, State.READY): ((-1, -0.7), (1, 0.25), -6),
    (State.PLAYING, State.INIT): ((-1, -0.6), (0, -1), None),
    (State.RECORDING, State.INIT): ((-1, 0.6), (0, 1), None),
}
Points = list[tuple[float, float]]


def edges() -> dict[tuple[State, State], list[str]]:
    """The events that lead from one state to another one, by the table."""
    found: dict[tuple[State, State], list[str]] = {}
    for state, row in TRANSITIONS.items():
        for event, after in row.items():
            if after is not state:
                found.setdefault((state, after), []).append(event)
    return found


def always() -> set[str]:
    """The events, no methods, that lead to Init from everywhere: once in words instead of many times as arrows."""
    return {event for event in WORDS if all(row.get(event) is State.INIT for row in TRANSITIONS.values())}


def staying(state: State) -> list[str]:
    """The methods that are allowed there and change nothing."""
    return [event for event, after in TRANSITIONS[state].items() if after is state and event not in WORDS]


class Machine(tk.Canvas):
    """show(client, server) lights both; `taken`: the arrow that was gone along last."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, height=theme.pixels(parent, HEIGHT), background=theme.SURFACE, highlightthickness=0)
        self.shown: tuple[State, State, tuple[State, State, str] | None] = (State.INIT, State.INIT, None)
        self.bind("<Configure>", lambda event: self._draw())

    def show(self, client: State, server: State, taken: tuple[State, State, str] | None = None) -> None:
        """`taken`: from, to, and the event."""
        if (client, server, taken) != self.shown:
            self.shown = client, server, taken
            self._draw()

    def _px(self, length: float) -> int:
        return theme.pixels(self, length)

    def _draw(self) -> None:
        self.delete("all")
        for edge, events in edges().items():
            self._edge(edge, events)
        for state in State:
            self._state(state)
        words = " and ".join(WORDS[event] for event in WORDS if event in always())
        self.create_text(self._px(8), self._px(10), anchor="nw", font="LadderTiny", fill=theme.DIM,
                         text=f"{words}:\nto Init, always")

    def _place(self, state: State) -> tuple[float, float]:
        x, y = PLACES[state]
        margin = self._px(BOX[0] / 2 + 8)
        return margin + (self.winfo_width() - 2 * margin) * (x - 0.10) / 0.76, self.winfo_height() * y

    def _edge(self, edge: tuple[State, State], events: list[str]) -> None:
        taken = self.shown[2]
        lit = taken is not None and taken[:2] == edge and taken[2] in events
        points = self._points(edge)
        self.create_line(
            points, smooth=True, arrow="last", arrowshape=(self._px(8), self._px(9), self._px(4)),
            fill=theme.ACCENT if lit else theme.FAINT, width=self._px(2.5 if lit else 1),
        )  # fmt: skip
        text = " · ".join(WORDS.get(event, event) for event in events if event not in always() or lit)
        (x1, y1), (x2, y2) = points[1], points[-2]
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        if len(points) == 3:            # the middle of the curve, of which this is the control point
            x, y = x / 2 + (points[0][0] + points[2][0]) / 4, y / 2 + (points[0][1] + points[2][1]) / 4
        item = self.create_text(x, y, text=text, fill=theme.TEXT if lit else theme.DIM, font="LadderSmall")
        box = self.bbox(item)
        self.create_rectangle(box[0] - 2, box[1], box[2] + 2, box[3], fill=theme.SURFACE, outline="")
        self.tag_raise(item)

    def _points(self, edge: tuple[State, State]) -> Points:
        leave, enter, bend = WAYS[edge]
        half, tall = self._px(BOX[0] / 2), self._px(BOX[1] / 2)
        (x1, y1), (x2, y2) = (self._place(state) for state in edge)
        x1, y1, x2, y2 = x1 + half * leave[0], y1 + tall * leave[1], x2 + half * enter[0], y2 + tall * enter[1]
        if bend is None:
            border = self._px(12) if enter[1] < 0 else self.winfo_height() - self._px(12)
            return [(x1, y1), (x1 - self._px(70), border), (x2 + self._px(60), border), (x2, y2)]
        length, aside = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5), self._px(bend)
        control = (x1 + x2) / 2 + (y2 - y1) / length * aside, (y1 + y2) / 2 - (x2 - x1) / length * aside
        return [(x1, y1), control, (x2, y2)]

    def _state(self, state: State) -> None:
        x, y = self._place(state)
        half, tall = self._px(BOX[0] / 2), self._px(BOX[1] / 2)
        client, server = self.shown[0] is state, self.shown[1] is state
        lit = client or server
        self.create_rectangle(x - half, y - tall, x + half, y + tall, width=self._px(2 if lit else 1),
                              fill=theme.RAISED if lit else theme.SURFACE,
                              outline=theme.ACCENT if lit else theme.BORDER)
        self.create_text(x, y - (self._px(6) if staying(state) else 0), text=state.value, font="LadderBold",
                         fill=theme.TEXT if lit else theme.DIM)
        self.create_text(x, y + self._px(8), text=" ".join(f"↺{event}" for event in staying(state)[:2]),
                         font="LadderTiny", fill=theme.DIM)
        for name, on, side in (("client", client, -1), ("server", server, 1)):
            if on:
                self._lamp(x + side * half / 2, y + tall + self._px(9), name)

    def _lamp(self, x: float, y: float, name: str) -> None:
        colour = theme.ACCENT if name == "client" else theme.GREEN
        item = self.create_text(x, y, text=name, fill=theme.BLACK, font="LadderTiny", tags=(name,))
        left, top, right, bottom = self.bbox(item)
        self.create_rectangle(left - self._px(4), top, right + self._px(4), bottom, fill=colour, outline="")
        self.tag_raise(item)
