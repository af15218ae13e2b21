"""How the parts of the window share its room."""

from __future__ import annotations

import tkinter as tk


def stack(window: tk.Tk, picture: tk.Widget, controls: tk.Widget, status: tk.Widget) -> None:
    """From the bottom up: where there is little room, the picture gives way, not the buttons."""
    status.pack(side="bottom", fill="x")
    controls.pack(side="bottom", fill="x")
    picture.pack(side="top", fill="both", expand=True)
    window.update_idletasks()
    # Its size is the user's from here on: no longer word in it makes it grow
    window.geometry(f"{window.winfo_reqwidth()}x{window.winfo_reqheight()}")
    window.minsize(controls.winfo_reqwidth(), controls.winfo_reqheight() * 4)


def exchange(shown: tk.Widget, hidden: tk.Widget) -> None:
    """One in place of the other; nothing happens if it is there already."""
    if not shown.winfo_manager():
        hidden.pack_forget()
        shown.pack(side="top", fill="both", expand=True)
