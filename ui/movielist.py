"""The movies of a folder, to choose one from: in place of the picture."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from ui import theme


class MovieList(ttk.Frame):
    """A row for each; a double click or the return key plays it."""

    def __init__(self, parent: tk.Misc, choose: Callable[[], None]) -> None:
        """`choose` is called when one is to be played: `selected`."""
        pad = theme.pixels(parent, 2 * theme.PAD)
        super().__init__(parent, padding=(pad, pad, pad, theme.pixels(parent, theme.PAD)))
        self.urls: tuple[str, ...] = ()
        self._choose = choose
        self._title = ttk.Label(self, font="LabTitle")
        self._hint = ttk.Label(self, text="Double click or Enter plays", foreground=theme.DIM)
        _set_style(ttk.Style(self), theme.pixels(self, 34))
        self.rows = ttk.Treeview(self, show="tree", selectmode="browse", style="Movies.Treeview", height=3)
        self._bar = ttk.Scrollbar(self, command=self.rows.yview, style="Movies.Vertical.TScrollbar")
        self.rows.configure(yscrollcommand=self._scrolled)
        self._title.grid(row=0, column=0, sticky="w")
        self._hint.grid(row=1, column=0, sticky="w", pady=(0, theme.pixels(self, theme.PAD)))
        self.rows.grid(row=2, column=0, sticky="nsew")
        self.rowconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)
        self.bind("<Map>", lambda event: self.rows.focus_set())
        for event in ("<Double-Button-1>", "<Return>", "<KP_Enter>"):
            self.rows.bind(event, self._chosen)

    def show(self, title: str, movies: Sequence[tuple[str, str]]) -> None:
        """`movies`: (name, URL) of each. The first one is selected."""
        self.urls = tuple(url for _, url in movies)
        self._title.configure(text=title)
        self.rows.delete(*self.rows.get_children())
        for number, (name, _) in enumerate(movies):
            self.rows.insert("", "end", iid=str(number), text=name)
        if movies:
            self.rows.selection_set("0")
            self.rows.focus("0")

    def select(self, url: str) -> None:
        """This one, if it is there."""
        if url in self.urls:
            row = str(self.urls.index(url))
            self.rows.selection_set(row)
            self.rows.focus(row)
            self.rows.see(row)

    @property
    def selected(self) -> str | None:
        """Its URL."""
        return next((self.urls[int(number)] for number in self.rows.selection()), None)

    def _chosen(self, event: tk.Event[tk.Misc]) -> None:
        on_a_row = event.type is not tk.EventType.ButtonPress or self.rows.identify_row(event.y)
        if on_a_row and self.selected:
            self._choose()

    def _scrolled(self, first: float, last: float) -> None:
        """No bar where all there is can be seen."""
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=2, column=1, sticky="ns")
        self._bar.set(float(first), float(last))


def _set_style(style: ttk.Style, height: int) -> None:
    style.configure(
        "Movies.Treeview", background=theme.SURFACE, fieldbackground=theme.SURFACE, foreground=theme.TEXT,
        rowheight=height, font="LabBody", borderwidth=0, bordercolor=theme.BORDER, lightcolor=theme.BORDER,
    )  # fmt: skip
    style.map("Movies.Treeview", background=[("selected", theme.RAISED)], foreground=[("selected", theme.ACCENT)])
    # Nothing can be unfolded here: no room for the sign of it
    row = [("Treeitem.padding", {"sticky": "nswe", "children": [("Treeitem.text", {"side": "left", "sticky": ""})]})]
    style.layout("Movies.Treeview.Item", row)  # type: ignore[arg-type]
    style.configure("Movies.Treeview.Item", padding=(height // 3, 0))
    style.configure(
        "Movies.Vertical.TScrollbar", background=theme.RAISED, troughcolor=theme.BACKGROUND, arrowcolor=theme.DIM,
        bordercolor=theme.BACKGROUND, lightcolor=theme.RAISED, darkcolor=theme.RAISED,
    )  # fmt: skip
