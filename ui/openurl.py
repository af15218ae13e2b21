"""The window that asks what to open: an address, how its media shall travel, and a name and a password."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from tkinter import ttk
from typing import TypeVar

from ui import theme
from ui.settings import Address

WIDTH = 50  # characters of an address that can be seen
SEEN = 4  # addresses at once
Field = TypeVar("Field", ttk.Entry, ttk.Frame, tk.Listbox)
WAYS = {"auto": "Auto", "udp": "UDP", "tcp": "TCP"}


@dataclass(frozen=True)
class Wanted:
    """What was typed; `name` and `password` are empty where nothing was."""

    url: str
    transport: str = "auto"
    name: str = ""
    password: str = ""


def ask(parent: tk.Tk, history: Sequence[Address], open_it: Callable[[Wanted], str], url: str = "") -> OpenDialog:
    """In place of an earlier one, if it is still open. `url`: what to begin with, else the latest of `history`."""
    for other in parent.winfo_children():
        if isinstance(other, OpenDialog):
            other.destroy()
    return OpenDialog(parent, history, open_it, url)


def pasted(window: tk.Misc) -> str:
    """The address on the clipboard; "" if there is none."""
    try:
        text = str(window.clipboard_get()).strip()
    except tk.TclError:  # it is empty, or holds no text
        return ""
    return text if "://" in text and len(text.split()) == 1 else ""


class OpenDialog(tk.Toplevel):
    """The return key and Open try it, Escape and Cancel do not. What was typed is nowhere but in `open_it`."""

    def __init__(self, parent: tk.Tk, history: Sequence[Address], open_it: Callable[[Wanted], str], url: str) -> None:
        """`open_it(wanted)` says why it cannot be opened, and then the window stays; "" closes it."""
        super().__init__(parent, background=theme.BACKGROUND)
        self._history = list(history)
        self._open_it = open_it
        self.title("Open · RTSP lab")
        self.transient(parent)
        self.resizable(False, False)
        pad = theme.pixels(self, theme.PAD)
        self._frame = ttk.Frame(self, padding=2 * pad)
        self._frame.pack(fill="both", expand=True)
        self._frame.columnconfigure(1, weight=1)
        ttk.Label(self._frame, text="Open a movie or a camera", font="LabBody").grid(
            row=0, column=0, columnspan=2, sticky="w", pady=(0, pad))
        self.url = self._row(1, "Address", ttk.Entry(self._frame, width=WIDTH))
        self.recent = tk.Listbox(
            self._frame, height=min(len(self._history), SEEN), background=theme.BACKGROUND, foreground=theme.TEXT,
            selectbackground=theme.RAISED, selectforeground=theme.ACCENT, highlightbackground=theme.BORDER,
            highlightcolor=theme.ACCENT, highlightthickness=1, relief="flat", borderwidth=pad // 3, activestyle="none",
            exportselection=False, font="TkDefaultFont",
        )  # fmt: skip
        self.transport = tk.StringVar(self, "auto")
        self._ways: dict[str, ttk.Radiobutton] = {}
        self._add_recent()
        self._add_ways()
        self.name = self._row(4, "Name", ttk.Entry(self._frame))
        self.password = self._row(5, "Password", ttk.Entry(self._frame, show="•"))
        self._problem = ttk.Label(self._frame, foreground=theme.RED, wraplength=theme.pixels(self, 440))
        self._problem.grid(row=6, column=0, columnspan=2, sticky="ew", pady=(pad // 2, 0))
        self._problem.grid_remove()
        self._add_buttons()
        for entry in (self.url, self.recent, self.name, self.password):
            self._accepts(entry)
        self.bind("<Escape>", lambda event: self.destroy())
        known = next((one for one in self._history if url in ("", one.url)), None)
        self._fill(known or Address(url))
        self.url.selection_range(0, "end")
        self.url.focus_set()

    def _row(self, number: int, label: str, widget: Field) -> Field:
        pad = theme.pixels(self, theme.PAD) // 2
        ttk.Label(self._frame, text=label).grid(row=number, column=0, sticky="w", pady=pad, padx=(0, 3 * pad))
        widget.grid(row=number, column=1, sticky="ew", pady=pad)
        return widget

    def _add_recent(self) -> None:
        """What was opened before: down goes there from the address, and what is chosen there is filled in."""
        if not self._history:
            return
        self._row(2, "Recent", self.recent)
        self.recent.insert("end", *(one.url for one in self._history))
        self.url.bind("<Down>", lambda event: self._enter_recent())
        self.recent.bind("<<ListboxSelect>>", lambda event: self._choose())
        self.recent.bind("<Double-Button-1>", lambda event: self.accept())

    def _enter_recent(self) -> None:
        self.recent.focus_set()
        self.recent.activate(0)
        self.recent.selection_set(0)
        self._choose()

    def _choose(self) -> None:
        """A password that was typed was meant for another one."""
        for number in self.recent.curselection():  # type: ignore[no-untyped-call]
            self._fill(self._history[number])
        self.password.delete(0, "end")
        self._problem.grid_remove()

    def _add_ways(self) -> None:
        """Tab goes to the one that is chosen, the arrows choose another."""
        ways = self._row(3, "Transport", ttk.Frame(self._frame))
        for value, text in WAYS.items():
            button = ttk.Radiobutton(ways, text=text, value=value, variable=self.transport)
            button.pack(side="left", padx=(0, theme.pixels(self, 2 * theme.PAD)))
            for key, step in (("<Left>", -1), ("<Up>", -1), ("<Right>", 1), ("<Down>", 1)):
                button.bind(key, partial(self._next_way, step))
            self._accepts(button)
            self._ways[value] = button
        self.transport.trace_add("write", lambda *_: self._mark_way())
        self._mark_way()

    def _mark_way(self) -> None:
        for value, button in self._ways.items():
            button.configure(takefocus=value == self.transport.get())

    def _next_way(self, step: int, event: object) -> str:
        values = list(WAYS)
        self.transport.set(values[(values.index(self.transport.get()) + step) % len(values)])
        self._ways[self.transport.get()].focus_set()
        return "break"  # not what ttk does

    def _add_buttons(self) -> None:
        pad = theme.pixels(self, theme.PAD)
        buttons = ttk.Frame(self._frame)
        buttons.grid(row=7, column=0, columnspan=2, sticky="e", pady=(pad, 0))
        ttk.Button(buttons, text="Cancel", command=self.destroy).pack(side="left", padx=(0, pad))
        ttk.Button(buttons, text="Open", style="Go.TButton", command=self.accept).pack(side="left")

    def _accepts(self, widget: tk.Misc) -> None:
        for key in ("<Return>", "<KP_Enter>"):
            widget.bind(key, lambda event: self.accept())

    def _fill(self, address: Address) -> None:
        self.transport.set(address.transport)
        for entry, text in ((self.url, address.url), (self.name, address.user)):
            entry.delete(0, "end")
            entry.insert(0, text)

    def accept(self) -> None:
        wanted = Wanted(self.url.get().strip(), self.transport.get(), self.name.get(), self.password.get())
        problem = self._open_it(wanted) if wanted.url else "Type an address, such as rtsp://127.0.0.1:6789/movie.Mjpeg."
        if problem:
            self._problem.configure(text=problem)
            self._problem.grid()
            self.url.focus_set()
        else:
            self.destroy()
