"""The keys, over the picture: made from the table in ui/keys.py."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from ui import theme
from ui.keys import Key, shown

COLUMNS = 2


class Help(tk.Frame):
    """Groups of keys in columns; hidden at first. A click closes it."""

    def __init__(self, parent: tk.Misc, keys: Sequence[Key]) -> None:
        pad = theme.pixels(parent, theme.PAD)
        super().__init__(
            parent, background=theme.BLACK, highlightthickness=1, highlightbackground=theme.BORDER, padx=pad, pady=pad,
            takefocus=0,
        )  # fmt: skip
        self._system = self.tk.call("tk", "windowingsystem")
        for column, groups in enumerate(_columns(keys)):
            frame = tk.Frame(self, background=theme.BLACK)
            frame.grid(row=0, column=column, sticky="n", padx=(pad * column, 0))
            for group in groups:
                self._fill(frame, group)
        self._bind_all(self)

    def toggle(self) -> None:
        if not self.close():
            self._make_room()
            self.place(relx=0.5, rely=0.5, anchor="center")
            self.lift()

    def close(self) -> bool:
        """False if it is closed already."""
        was_open = bool(self.winfo_manager())
        self.place_forget()
        return was_open

    def _make_room(self) -> None:
        """The window grows where it is too small to read all of it."""
        window, edge = self.winfo_toplevel(), theme.pixels(self, 2 * theme.PAD)
        size = window.winfo_width(), window.winfo_height()
        wanted = max(size[0], self.winfo_reqwidth() + edge), max(size[1], self.winfo_reqheight() + edge)
        if wanted != size:
            window.geometry("{}x{}".format(*wanted))

    def _fill(self, frame: tk.Frame, group: list[Key]) -> None:
        first = frame.grid_size()[1]
        gap = theme.pixels(self, 8)
        title = ttk.Label(frame, text=group[0].group, style="Heading.Help.TLabel")
        title.grid(row=first, column=0, columnspan=2, sticky="w", pady=(gap if first else 0, gap // 4))
        for row, key in enumerate(group, first + 1):
            names = "  ".join(shown(key.keys, self._system))
            ttk.Label(frame, text=names, style="Key.Help.TLabel").grid(row=row, column=0, sticky="w", padx=(0, 2 * gap))
            ttk.Label(frame, text=key.words, style="Help.TLabel").grid(row=row, column=1, sticky="w")

    def _bind_all(self, widget: tk.Misc) -> None:
        widget.bind("<ButtonRelease-1>", lambda event: self.close() and None)
        for child in widget.winfo_children():
            self._bind_all(child)


def _columns(keys: Sequence[Key]) -> list[list[list[Key]]]:
    """Groups, in their order, in columns of about the same length."""
    groups: dict[str, list[Key]] = {}
    for key in keys:
        groups.setdefault(key.group, []).append(key)
    columns: list[list[list[Key]]] = [[] for _ in range(COLUMNS)]
    rows, total = 0, len(keys) + len(groups)
    for group in groups.values():
        columns[min(COLUMNS - 1, (rows + len(group) // 2) * COLUMNS // total)].append(group)
        rows += len(group) + 1
    return columns
