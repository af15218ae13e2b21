"""The ladder itself: a line for the client, one for the server, and between them an arrow for each thing that travels.

Only the rows that can be seen exist on the canvas, and one is drawn anew only when it says something else than before:
a frame more costs a text, not a picture.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import Literal

from rtsp.states import State
from ui import theme
from ui.rows import Look, Row, Rows

ROW = 36            # pixels, of a screen with 96 to the inch
GUTTER = 66         # for the time
SIDE = 66           # from the server's line to the border
SLOPE = 5           # what travels arrives later than it was sent


def colour(role: str) -> str:
    """Asked for when drawing: the theme may change."""
    return {
        "request": theme.ACCENT, "reply": theme.GREEN, "error": theme.RED, "media": theme.VIOLET,
        "report": theme.AMBER, "lost": theme.RED, "note": theme.DIM,
    }[role]  # fmt: skip


class Lifelines(ttk.Frame):
    """`rows` may grow at any time; update_rows() shows it. `selected`: the number of a row."""

    def __init__(self, parent: tk.Misc, select: Callable[[int], None]) -> None:
        """`select(number)` is called when a row is clicked."""
        super().__init__(parent)
        self.rows = Rows()
        self.selected: int | None = None
        self.follow = True                          # the newest row is to be seen
        self._select = select
        self._drawn: dict[int | None, Look] = {}        # by number: what the row said when it was drawn
        self._height = theme.pixels(self, ROW)
        self._area: tuple[int, ...] = ()
        self._heads = ("client", "server")
        self.head = tk.Canvas(self, height=theme.pixels(self, 40), background=theme.SURFACE, highlightthickness=0)
        self.canvas = tk.Canvas(self, background=theme.BACKGROUND, highlightthickness=0, takefocus=1,
                                yscrollincrement=self._height)
        bar = ttk.Scrollbar(self, command=self._scroll, style="Ladder.Vertical.TScrollbar")
        self.canvas.configure(yscrollcommand=bar.set)
        self.head.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.canvas.grid(row=1, column=0, sticky="nsew")
        bar.grid(row=1, column=1, sticky="ns")
        self.rowconfigure(1, weight=1)
        self.columnconfigure(0, weight=1)
        self.canvas.bind("<Configure>", lambda event: self.redraw())
        self.canvas.bind("<Button-1>", self._clicked)
        for event, pages in (("<MouseWheel>", 0), ("<Button-4>", -1), ("<Button-5>", 1)):
            self.canvas.bind(event, partial(self._wheel, pages))

    # ---- what is shown

    def show(self, rows: Rows) -> None:
        """Other rows than before."""
        self.rows, self.selected = rows, None
        self.redraw()

    def ends(self, client: str, server: str) -> None:
        """What is written above the lines: the addresses."""
        if self._heads != (client, server):
            self._heads = client, server
            self._draw_head()

    def redraw(self) -> None:
        self.canvas.delete("all")
        self._drawn.clear()
        self._area = ()
        self._draw_head()
        self.update_rows()

    def update_rows(self) -> None:
        """What has changed since the last time."""
        rows, height = self.rows, self._height
        area = (0, rows.first * height, self.canvas.winfo_width(), max(rows.end * height + height // 3,
                                                                     rows.first * height + self.canvas.winfo_height()))
        if area != self._area:
            self._area = area
            self.canvas.configure(scrollregion=area)
            if self.follow:
                self.canvas.yview_moveto(1.0)
        self._draw_visible()

    def see(self, number: int) -> None:
        """Scroll as far as needed for this row to be seen."""
        top, height = self.canvas.canvasy(0), self.canvas.winfo_height()
        y = number * self._height
        if not top <= y <= top + height - self._height:
            total = max(1, self._area[3] - self._area[1])
            aim = y - (0 if y < top else height - self._height)
            self.canvas.yview_moveto((aim - self._area[1]) / total)
        self._draw_visible()

    def choose(self, number: int | None) -> None:
        before, self.selected = self.selected, number
        for one in (before, number):
            if self._drawn.pop(one, None):
                self.canvas.delete(f"row{one}")
        self._draw_visible()

    # ---- drawing

    def _lines(self) -> tuple[int, int]:
        left = theme.pixels(self, GUTTER)
        return left, max(left + 50, self.canvas.winfo_width() - theme.pixels(self, SIDE))

    def _draw_head(self) -> None:
        left, right = self._lines()
        self.head.delete("all")
        edge = theme.pixels(self, 8)
        y = theme.pixels(self, 12)
        for words, down, font, tones in (
            (("Client", "Server"), 0, "LadderBold", (theme.ACCENT, theme.GREEN)),
            (self._heads, theme.pixels(self, 16), "LadderSmall", (theme.DIM, theme.DIM)),
        ):
            self.head.create_text(edge, y + down, text=words[0], anchor="w", fill=tones[0], font=font)
            self.head.create_text(self.canvas.winfo_width() - edge, y + down, text=words[1], anchor="e", fill=tones[1],
                                  font=font)
        bottom = theme.pixels(self, 40)
        for x in (left, right):
            self.head.create_line(x, bottom - theme.pixels(self, 5), x, bottom, fill=theme.BORDER,
                                  width=theme.pixels(self, 2))

    def _draw_visible(self) -> None:
        top = int(self.canvas.canvasy(0))
        bottom = top + self.canvas.winfo_height()
        self._draw_lines(top, bottom)
        visible = range(max(self.rows.first, top // self._height), min(self.rows.end, bottom // self._height + 1))
        for number in [number for number in self._drawn if number not in visible]:
            self.canvas.delete(f"row{number}")
            del self._drawn[number]
        for number in visible:
            row = self.rows.get(number)
            if row is not None and self._drawn.get(number) != (look := row.look):
                if number in self._drawn:
                    self.canvas.delete(f"row{number}")
                self._drawn[number] = look
                self._draw_row(number, row, look)

    def _draw_lines(self, top: int, bottom: int) -> None:
        if not self.canvas.find_withtag("line"):
            for _ in range(2):
                self.canvas.create_line(0, 0, 0, 0, fill=theme.BORDER, width=theme.pixels(self, 2), tags=("line",))
        for item, x in zip(self.canvas.find_withtag("line"), self._lines(), strict=True):
            self.canvas.coords(item, x, top, x, bottom)

    def _draw_row(self, number: int, row: Row, look: Look) -> None:
        canvas, tags, tone = self.canvas, (f"row{number}",), colour(look.role)
        y, px = number * self._height, partial(theme.pixels, self)
        if number == self.selected:
            canvas.create_rectangle(0, y + 1, canvas.winfo_width(), y + self._height, fill=theme.RAISED, outline="",
                                    tags=tags)
            canvas.create_rectangle(0, y + 1, px(3), y + self._height, fill=theme.ACCENT, outline="", tags=tags)
            canvas.tag_lower(f"row{number}")
        seconds = row.time - (self.rows.begin or 0.0)
        canvas.create_text(px(GUTTER - 10), y + px(12), text=f"{seconds:.3f}", anchor="e", fill=theme.DIM,
                           font="LadderSmall", tags=tags)
        left, right = self._lines()
        self._words(look, (left + right) / 2, y + px(13), tone, tags)
        if look.role == "note":
            canvas.create_line(left, y + px(26), right, y + px(26), fill=tone, dash=(2, 4), tags=tags)
        else:
            self._arrow(row, look, (left, right), y + px(23), tone, tags)
        if row.entry.event and not row.outgoing and not row.loss:
            self._badge(right + px(6), y + px(24), row.entry.server, "w", tags)
        if row.entry.kind == "STATE" or row.entry.event and row.entry.kind == "RTSP":
            self._badge(left - px(6), y + px(28), row.entry.client, "e", tags)

    def _words(self, look: Look, x: float, y: float, tone: str, tags: tuple[str, ...]) -> None:
        """Both parts of the words, in the middle together."""
        first = self.canvas.create_text(x, y, text=look.words, fill=tone, font="LadderBold", tags=tags)
        if look.remark:
            left, _, right, _ = self.canvas.bbox(first)
            begin, end = self._lines()
            gap = theme.pixels(self, 8)
            second = self.canvas.create_text(0, y, text=look.remark, anchor="w", fill=theme.DIM, font="LadderSmall",
                                             tags=tags)
            box = self.canvas.bbox(second)
            wide, wanted = right - left, max(1, box[2] - box[0])
            start = max(begin + gap, x - (wide + gap + wanted) / 2)
            self.canvas.coords(first, start + wide / 2, y)
            self.canvas.coords(second, start + wide + gap, y)
            room = end - gap - start - wide - gap
            if wanted > room:
                self.canvas.itemconfigure(second, text=_shortened(look.remark, room / wanted))

    def _arrow(self, row: Row, look: Look, lines: tuple[int, int], y: float, tone: str, tags: tuple[str, ...]) -> None:
        start, end = lines if row.outgoing else (lines[1], lines[0])
        head = theme.pixels(self, 7) + theme.pixels(self, look.weight)
        slope = theme.pixels(self, SLOPE) if look.weight < 2 else 0     # a thick line that slopes has ugly steps
        if look.lost:
            end = round(start + 0.55 * (end - start))
        gap = theme.pixels(self, 2) if end > start else -theme.pixels(self, 2)
        line = self.canvas.create_line(
            start + gap, y, end - gap, y + slope, fill=tone, width=max(1, theme.pixels(self, look.weight)), tags=tags,
        )  # fmt: skip
        if look.lost or look.role == "report":
            self.canvas.itemconfigure(line, dash=(6, 4))
        if not look.lost:
            self.canvas.itemconfigure(line, arrow="last", arrowshape=(head, head, head // 2))
        if look.lost:
            arm = theme.pixels(self, 5)
            for side in (-1, 1):
                self.canvas.create_line(end - arm, y + slope - side * arm, end + arm, y + slope + side * arm, fill=tone,
                                        width=theme.pixels(self, 2), tags=tags)

    def _badge(self, x: float, y: float, state: State, anchor: Literal["e", "w"], tags: tuple[str, ...]) -> None:
        """The state that was reached, beside the line of the one who is in it."""
        tone = theme.GREEN if anchor == "w" else theme.ACCENT
        item = self.canvas.create_text(x, y, text=state.value, fill=tone, anchor=anchor, font="LadderTiny", tags=tags)
        left, top, right, bottom = self.canvas.bbox(item)
        pad = theme.pixels(self, 3)
        self.canvas.create_rectangle(left - pad, top, right + pad, bottom, outline=tone, tags=tags)

    # ---- mouse

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        number = int(self.canvas.canvasy(event.y)) // self._height
        if self.rows.get(number):
            self._select(number)

    def _scroll(self, *words: str) -> None:
        self.canvas.yview(*words)
        self._scrolled()

    def _wheel(self, step: int, event: tk.Event[tk.Misc]) -> None:
        self.canvas.yview_scroll(3 * (step or (-1 if event.delta > 0 else 1)), "units")
        self._scrolled()

    def _scrolled(self) -> None:
        self.follow = self.canvas.yview()[1] >= 0.999
        self._draw_visible()


def _shortened(text: str, part: float) -> str:
    """As much of it as fits: the end of a name, and of figures, says less than its beginning."""
    return text[:max(0, int(len(text) * part) - 1)].rstrip() + "…"
