"""The window that asks for a name and a password."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from ui import theme


def ask(parent: tk.Tk, title: str, place: str, name: str, log_in: Callable[[str, str], None]) -> LoginDialog:
    """In place of an earlier one, if it is still open."""
    for other in parent.winfo_children():
        if isinstance(other, LoginDialog):
            other.destroy()
    return LoginDialog(parent, title, place, name, log_in)


class LoginDialog(tk.Toplevel):
    """The return key and Log in give them, Escape and Cancel do not. What was typed is nowhere but in `log_in`."""

    def __init__(self, parent: tk.Tk, title: str, place: str, name: str, log_in: Callable[[str, str], None]) -> None:
        """`title`: why it is asked; `place`: for which server; `name`: what it may be; `log_in(name, password)`."""
        super().__init__(parent, background=theme.BACKGROUND)
        self._log_in = log_in
        self.title(f"{place} · RTSP lab")
        self.transient(parent)
        self.resizable(False, False)
        pad = theme.pixels(self, theme.PAD)
        frame = ttk.Frame(self, padding=2 * pad)
        frame.pack(fill="both", expand=True)
        ttk.Label(frame, text=title, font="LabBody").grid(row=0, column=0, columnspan=2, sticky="w")
        where = ttk.Label(frame, text=place, foreground=theme.DIM)
        where.grid(row=1, column=0, columnspan=2, sticky="w", pady=(0, pad))
        self.name = self._entry(frame, 2, "Name", "")
        self.password = self._entry(frame, 3, "Password", "•")
        self.name.insert(0, name)
        buttons = ttk.Frame(frame)
        buttons.grid(row=4, column=0, columnspan=2, sticky="e", pady=(pad, 0))
        ttk.Button(buttons, text="Cancel", command=self.destroy).pack(side="left", padx=(0, pad))
        ttk.Button(buttons, text="Log in", command=self.accept).pack(side="left")
        for entry in (self.name, self.password):
            entry.bind("<Return>", lambda event: self.accept())
            entry.bind("<KP_Enter>", lambda event: self.accept())
        self.bind("<Escape>", lambda event: self.destroy())
        (self.password if name else self.name).focus_set()

    def _entry(self, frame: ttk.Frame, row: int, label: str, show: str) -> tk.Entry:
        pad = theme.pixels(self, theme.PAD) // 2
        ttk.Label(frame, text=label).grid(row=row, column=0, sticky="w", pady=pad, padx=(0, 2 * pad))
        entry = tk.Entry(
            frame, show=show, width=28, background=theme.SURFACE, foreground=theme.TEXT, relief="flat",
            insertbackground=theme.TEXT, highlightthickness=1, highlightbackground=theme.BORDER,
            highlightcolor=theme.ACCENT, selectbackground=theme.RAISED, selectforeground=theme.TEXT,
        )  # fmt: skip
        entry.grid(row=row, column=1, sticky="ew", pady=pad, ipady=pad)
        return entry

    def accept(self) -> None:
        """Without a name there is nothing to try: it stays."""
        name, password = self.name.get(), self.password.get()
        if not name:
            self.name.focus_set()
            return
        self.destroy()
        self._log_in(name, password)
