"""The player's window and what is in it: the picture or the list of movies, the buttons, the line of figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

from ui import keys, theme
from ui.controls import Controls
from ui.movielist import MovieList
from ui.picture import Picture
from ui.status import Status

Command = Callable[[], None]


class Window:
    """`failure` is what a callback has raised; it ends mainloop()."""

    def __init__(
        self, title: str, buttons: dict[str, Command], actions: Mapping[str, Command], choose: Command, leave: Command
    ) -> None:
        """`buttons`, and `actions` of keys: what is done when one is pressed, by its name; `choose`: when a movie of
        the list is chosen; `leave`: when somebody closes the window. tkinter.TclError if there is no screen."""
        self.master = theme.new_window(title)
        self.picture = Picture(self.master)
        self.movies = MovieList(self.master, choose)
        self.status = Status(self.master)
        self.controls = Controls(self.master, buttons)
        self.closed = False
        self.failure: BaseException | None = None
        self.master.protocol("WM_DELETE_WINDOW", leave)
        self.master.report_callback_exception = self._fail
        keys.bind(self.master, actions)
        # From the bottom up: where there is little room, the picture gives way, not the buttons
        self.status.pack(side="bottom", fill="x")
        self.controls.pack(side="bottom", fill="x")
        self.picture.pack(side="top", fill="both", expand=True)
        self.master.update_idletasks()
        # Its size is the user's from here on: no longer word in it makes it grow
        self.master.geometry(f"{self.master.winfo_reqwidth()}x{self.master.winfo_reqheight()}")
        self.master.minsize(self.controls.winfo_reqwidth(), self.controls.winfo_reqheight() * 4)

    def close(self, tick: str) -> None:
        """And forget the callback `tick`. Twice is fine."""
        if not self.closed:
            self.closed = True
            self.master.after_cancel(tick)
            self.master.destroy()

    def show_list(self, listed: bool) -> None:
        """The movies of the folder, or the picture."""
        shown, hidden = (self.movies, self.picture) if listed else (self.picture, self.movies)
        if not shown.winfo_manager():
            hidden.pack_forget()
            shown.pack(side="top", fill="both", expand=True)
            if listed:
                self.movies.rows.focus_set()

    def _fail(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tk itself would print it and go on."""
        self.failure = error
        self.master.quit()
