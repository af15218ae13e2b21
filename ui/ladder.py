"""The protocol ladder: all that travels between client and server, as arrows in time; click one to see its bytes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import font, ttk

from net.transcript import Entry, Transcript
from rtp import dissect
from ui import theme
from ui.bytesview import BytesView
from ui.layersview import LayersView
from ui.lifelines import Lifelines
from ui.machine import Machine
from ui.messageview import MessageView
from ui.rows import Row, Rows, plural

LOOK = 250          # ms between two looks at what was noted
SIZE = (1180, 760)  # pixels of a screen with 96 to the inch, where there is room


def toggle(parent: tk.Tk, transcript: Callable[[], Transcript]) -> None:
    """Open it, or close it if it is open. `transcript()`: the one that is written now."""
    for other in parent.winfo_children():
        if isinstance(other, Ladder):
            other.destroy()
            return
    Ladder(parent, transcript)


class Ladder(tk.Toplevel):
    """RTP is noted as long as this window is open."""

    def __init__(self, parent: tk.Tk, transcript: Callable[[], Transcript]) -> None:
        super().__init__(parent, background=theme.BACKGROUND)
        self.title("Protocol ladder · RTSP lab")
        self._find = transcript
        self.transcript = transcript()
        self.paused = tk.BooleanVar(self, False)
        self.every = tk.BooleanVar(self, False)
        self.entry: Entry | None = None             # the one whose bytes are shown
        self._cleared = 0                           # the number up to which nothing is shown any more
        self._next = ""
        _set_styles(self)
        self._build()
        self._place()
        for name, action in {
            "Escape": self.destroy, "w": self.destroy, "space": self._toggle_pause, "Up": lambda: self.step(-1),
            "Down": lambda: self.step(1), "Prior": lambda: self.step(-10), "Next": lambda: self.step(10),
            "Home": lambda: self.step(-10**9), "End": self.newest, "Left": lambda: self.bytes.step(-1),
            "Right": lambda: self.bytes.step(1), "f": self._toggle_every,
        }.items():  # fmt: skip
            self.bind(f"<{name}>", partial(self._key, action))
        self.bind("<Destroy>", self._destroyed)
        self.refill()
        self._look()
        self.lifelines.canvas.focus_set()

    # ---- the parts

    def _build(self) -> None:
        pad = theme.pixels(self, 8)
        self.panes = ttk.Panedwindow(self, orient="horizontal", style="Ladder.TPanedwindow")
        left, right = ttk.Frame(self.panes), ttk.Frame(self.panes)
        bar = ttk.Frame(left, style="Bar.TFrame", padding=pad)
        self._button(bar, "Pause", self.paused, self._shown_again)
        self._button(bar, "Every frame", self.every, self.refill)
        ttk.Button(bar, text="Clear", command=self.clear, style="Ladder.TButton").pack(side="left", padx=(0, pad))
        self.status = ttk.Label(bar, style="Bar.TLabel", font="LadderSmall")
        self.status.pack(side="right")
        self.lifelines = Lifelines(left, self.select)
        bar.pack(fill="x")
        self.lifelines.pack(fill="both", expand=True)
        self.machine = Machine(right)
        self.heading = ttk.Label(right, font="LadderHeading", padding=(pad, pad, pad, 0))
        self.layers = LayersView(right)
        self.bytes, self.message = BytesView(right), MessageView(right)
        self.hint = ttk.Label(right, text="Click an arrow to see its bytes, or go through them with ↑ and ↓.",
                              foreground=theme.DIM, anchor="center", justify="center")
        self.machine.pack(fill="x")
        self.hint.pack(fill="both", expand=True)
        self.panes.add(left, weight=4)
        self.panes.add(right, weight=5)
        self.panes.pack(fill="both", expand=True)

    def _button(self, parent: ttk.Frame, text: str, variable: tk.BooleanVar, command: Callable[[], None]) -> None:
        button = ttk.Checkbutton(parent, text=text, variable=variable, command=command, style="Ladder.Toolbutton")
        button.pack(side="left", padx=(0, theme.pixels(self, 8)))

    def _place(self) -> None:
        """As large as is good, as far as the screen has room."""
        width, height = (min(theme.pixels(self, wanted), there - theme.pixels(self, 60)) for wanted, there in
                         zip(SIZE, (self.winfo_screenwidth(), self.winfo_screenheight()), strict=True))
        self.geometry(f"{width}x{height}")
        self.minsize(theme.pixels(self, 700), theme.pixels(self, 420))
        self.update_idletasks()
        self.panes.sashpos(0, round(width * 0.45))  # type: ignore[no-untyped-call]

    # ---- what comes

    def refill(self) -> None:
        """All rows anew: folded or not, another transcript."""
        rows = Rows(folding=not self.every.get())
        rows.seen = self._cleared
        rows.add(self.transcript.since(self._cleared))
        self.lifelines.show(rows)
        if self.entry is not None:
            self.lifelines.choose(rows.find(self.entry))
        self._tell()

    def clear(self) -> None:
        """Begin with what comes from now on."""
        self._cleared = self.lifelines.rows.seen
        self.entry = None
        self.lifelines.follow = True
        self.refill()
        self._show_entry(None)

    def _look(self) -> None:
        self._next = self.after(LOOK, self._look)
        transcript = self._find()
        if transcript is not self.transcript:
            self.transcript.watched = False
            self.transcript, self._cleared = transcript, 0
            self.refill()
        transcript.watched = True
        if not self.paused.get():
            self._take()

    def _take(self) -> None:
        rows = self.lifelines.rows
        new = self.transcript.since(rows.seen)
        rows.add(new)
        if new:
            self.lifelines.update_rows()
        self._tell()

    def _tell(self) -> None:
        """The states, the addresses, the line above."""
        rows, states = self.lifelines.rows, self.transcript.states()
        ends = self.transcript.ends()
        self.lifelines.ends(*ends)
        chosen = self.entry
        if chosen is None or self.lifelines.follow and chosen is not self._selected():
            self.machine.show(*states, None)
        count = plural(rows.seen - self._cleared, "event")
        lost = f" · {rows.losses} lost" if rows.losses else ""
        text = "paused" if self.paused.get() else "newest" if self.lifelines.follow else "scrolled back"
        words = f"{count}{lost} · {text}"
        if self.status.cget("text") != words:
            self.status.configure(text=words)

    # ---- choosing

    def _selected(self) -> Entry | None:
        number = self.lifelines.selected
        row = None if number is None else self.lifelines.rows.get(number)
        return row.entry if row else None

    def select(self, number: int) -> None:
        """Show the bytes of this row."""
        row = self.lifelines.rows.get(number)
        if row is None:
            return
        self.lifelines.follow = self.lifelines.follow and number == self.lifelines.rows.end - 1
        self.lifelines.choose(number)
        self.lifelines.see(number)
        self.entry = row.entry
        self._show_entry(row)
        self._tell()

    def step(self, by: int) -> None:
        """To another row."""
        rows, at = self.lifelines.rows, self.lifelines.selected
        if rows.rows:
            number = (rows.end - 1 if by < 0 else rows.first) if at is None else at + by
            if by < -1000:
                number = rows.first
            self.select(max(rows.first, min(rows.end - 1, number)))

    def newest(self) -> None:
        """Follow again."""
        self.lifelines.follow = True
        self.step(10**9)
        self.lifelines.redraw()

    def _show_entry(self, row: Row | None) -> None:
        for part in (self.hint, self.heading, self.layers, self.bytes, self.message):
            part.pack_forget()
        if row is None:
            self.hint.pack(fill="both", expand=True)
            return
        entry, look = row.entry, row.look
        taken = (entry.before, entry.server, entry.event) if entry.event else None
        self.machine.show(entry.client, entry.server, taken)
        sender = "Client → server" if entry.outgoing else "Server → client"
        note = entry.kind in ("NOTE", "STATE")
        self.heading.configure(text=f"{look.words}  {look.remark}" if note or row.loss else f"{sender}: {look.words}")
        self.heading.pack(fill="x")
        self.layers.pack(fill="x", padx=theme.pixels(self, 8), pady=theme.pixels(self, 6))
        self.layers.show(entry)
        if entry.kind == "RTSP":
            self.message.pack(fill="both", expand=True)
            self.message.show(entry.data)
        elif entry.data:
            self.bytes.pack(fill="both", expand=True)
            self.bytes.show(entry.data, dissect.rtp(entry.data) if entry.kind == "RTP" else dissect.rtcp(entry.data))

    # ---- keys

    def _key(self, action: Callable[[], None], event: tk.Event[tk.Misc]) -> str | None:
        if event.keysym == "space" and isinstance(event.widget, (ttk.Button, ttk.Checkbutton)):
            return None                             # it presses the button that has the focus
        action()
        return "break"

    def _toggle_every(self) -> None:
        self.every.set(not self.every.get())
        self.refill()

    def _toggle_pause(self) -> None:
        self.paused.set(not self.paused.get())
        self._shown_again()

    def _shown_again(self) -> None:
        if not self.paused.get():
            self._take()
        self._tell()

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.transcript.watched = False
            self.after_cancel(self._next)


def _set_styles(window: tk.Misc) -> None:
    """Fonts by name, in points, made once; and ttk's styles."""
    family = str(font.nametofont("TkDefaultFont", window).actual("family"))
    mono = str(font.nametofont("TkFixedFont", window).actual("family"))
    there = font.names(window)
    for name, kind, size, weight in (
        ("LadderBold", family, 9, "bold"), ("LadderSmall", family, 8, "normal"), ("LadderTiny", family, 7, "normal"),
        ("LadderMono", mono, 9, "normal"), ("LadderMonoBold", mono, 9, "bold"), ("LadderHeading", family, 11, "bold"),
    ):  # fmt: skip
        if name not in there:
            window.tk.call("font", "create", name, "-family", kind, "-size", size, "-weight", weight)
    style = ttk.Style(window)
    style.configure("Ladder.TPanedwindow", background=theme.BORDER)
    padding = theme.pixels(window, 10), theme.pixels(window, 4)
    style.configure("Ladder.TButton", padding=padding, width=0)
    style.configure("Ladder.Toolbutton", background=theme.RAISED, foreground=theme.TEXT, padding=padding,
                    anchor="center")
    style.map("Ladder.Toolbutton", background=[("selected", theme.ACCENT), ("active", theme.BORDER)],
              foreground=[("selected", theme.BLACK)])
    style.map("Ladder.Vertical.TScrollbar", background=[("disabled", theme.BACKGROUND)],
              arrowcolor=[("disabled", theme.BACKGROUND)])
    style.configure("Ladder.Vertical.TScrollbar", arrowsize=theme.pixels(window, 12), background=theme.RAISED,
                    troughcolor=theme.BACKGROUND,
                    bordercolor=theme.BACKGROUND, arrowcolor=theme.DIM, lightcolor=theme.RAISED, darkcolor=theme.RAISED)
