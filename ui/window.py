"""The player's window and what is in it: the picture or the list of movies, the controls, the line of figures.

Two views of one player: the classic one has the lab's four buttons, the player view one button and a seek bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType

from ui import keys, theme
from ui.controls import Controls
from ui.fullscreen import FullScreen
from ui.garbage import Garbage
from ui.help import Help
from ui.keys import Command
from ui.menu import Menu
from ui.movielist import MovieList
from ui.picture import Picture
from ui.playbar import PlayBar
from ui.seekbar import Leave, Place
from ui.status import Status
from ui.thumbnail import Thumbnail
from ui.toast import Toast


class Window:
    """`failure` is what a callback has raised; it ends mainloop(). `closers`: what Escape closes, in this order: the
    first one that returns True was open."""

    def __init__(
        self, title: str, buttons: dict[str, Leave], actions: Mapping[str, Command], choose: Leave, jump: Place,
        look: Place, leave_bar: Leave, state: Callable[[str], bool | None], classic: bool,
    ) -> None:  # fmt: skip
        """`buttons`: of the classic view, and `actions` of keys and menu: what is done, by its name; `choose`: when a
        movie of the list is chosen; `jump`, `look`, `leave_bar`: see SeekBar; `state`: see Menu. tkinter.TclError if
        there is no screen."""
        self.master = theme.new_window(title)
        self.classic = classic
        self.closed = False
        self.failure: BaseException | None = None
        actions = {**actions, **self._actions()}
        rows = [key for key in keys.KEYS if key.action in actions]
        self.picture = Picture(self.master)
        self.movies = MovieList(self.master, choose)
        self.status = Status(self.master)
        self.controls = Controls(self.master, buttons)
        self.bar = PlayBar(self.master, actions, look, leave_bar, jump)
        self.toast = Toast(self.picture)
        self.help = Help(self.master, rows)
        self.thumbnail = Thumbnail(self.master)
        self.menu = Menu(self.master, rows, actions, state)
        self.full = FullScreen(self.master, self.show_bars, lambda: self.bar.seek.dragged is not None)
        self.closers: list[Callable[[], bool]] = [self.help.close, self.full.leave]
        self.master.protocol("WM_DELETE_WINDOW", lambda: actions["quit"]() and None)
        self.master.report_callback_exception = self._fail
        keys.bind(self.master, actions, rows)
        self._bind_mouse(actions)
        self._open()
        self.garbage = Garbage(self.master)

    def _actions(self) -> dict[str, Command]:
        """What the window does by itself."""
        return {
            "menu": self.pop_up, "help": self.toggle_help, "fullScreen": self.toggle_full, "escape": self.escape,
            "otherView": self.change_view, "half": lambda: self.zoom(0.5), "whole": lambda: self.zoom(1.0),
            "double": lambda: self.zoom(2.0),
        }  # fmt: skip

    def toggle_help(self) -> None:
        self.help.toggle()

    def toggle_full(self) -> None:
        self.full.toggle()

    def _bind_mouse(self, actions: Mapping[str, Command]) -> None:
        self.picture.bind("<Double-Button-1>", lambda event: actions["fullScreen"]() and None)
        right = ("<Button-2>", "<Control-Button-1>") if self.menu.on_mac else ("<Button-3>",)
        for event in right:
            for place in (self.picture, self.status, self.bar, self.controls, self.movies.rows):
                place.bind(event, lambda event: self.menu.pop_up(event.x_root, event.y_root))

    def _open(self) -> None:
        self.show_bars("below")
        self.picture.pack(side="top", fill="both", expand=True)
        self.master.update_idletasks()
        # Its size is the user's from here on: no longer word in it makes it grow
        self.master.geometry(f"{self.master.winfo_reqwidth()}x{self.master.winfo_reqheight()}")
        self.master.minsize(self.controls.winfo_reqwidth(), self.controls.winfo_reqheight() * 4)
        if not self.classic:
            self.picture.focus_set()

    def close(self, tick: str) -> None:
        """And forget the callback `tick`. Twice is fine."""
        if not self.closed:
            self.closed = True
            self.master.after_cancel(tick)
            self.garbage.stop()
            self.master.destroy()
            self.garbage.finish()

    def show_list(self, listed: bool) -> None:
        """The movies of the folder, or the picture."""
        shown, hidden = (self.movies, self.picture) if listed else (self.picture, self.movies)
        if not shown.winfo_manager():
            hidden.pack_forget()
            shown.pack(side="top", fill="both", expand=True)
            (self.movies.rows if listed else self.picture).focus_set()

    def change_view(self) -> None:
        """The classic one or the player view."""
        self.classic = not self.classic
        self.show_bars("over" if self.full.on else "below")
        self.picture.focus_set()

    def show_bars(self, where: str) -> None:
        """ "below" the picture, "over" it, or "" nowhere."""
        bars = [self.status, self.controls if self.classic else self.bar]
        for bar in (self.status, self.controls, self.bar):
            if where != "over" or bar not in bars:
                bar.pack_forget()
                bar.place_forget()
        if where == "below":
            # From the bottom up: where there is little room, the picture gives way, not the buttons
            for bar in bars:
                bar.pack(side="bottom", fill="x")
            for one in (self.picture, self.movies):
                if one.winfo_manager():  # who comes last gets what room is left
                    one.pack_forget()
                    one.pack(side="top", fill="both", expand=True)
        elif where == "over":
            height = self.status.winfo_reqheight()
            for bar, up in zip(bars, (0, height), strict=True):
                bar.place(relx=0, rely=1, y=-up, relwidth=1, anchor="sw")
                bar.lift()

    def zoom(self, factor: float) -> None:
        """The picture so many times as large as it is sent, if the screen is large enough."""
        width, height = self.picture.movie_size
        if width and not self.full.on:
            master, picture = self.master, self.picture
            width = round(width * factor) + master.winfo_width() - picture.winfo_width()
            height = round(height * factor) + master.winfo_height() - picture.winfo_height()
            master.geometry(f"{min(width, master.winfo_screenwidth())}x{min(height, master.winfo_screenheight())}")

    def pop_up(self) -> None:
        """The menu, over its button."""
        button = self.bar.buttons["menu"]
        self.menu.pop_up(button.winfo_rootx(), button.winfo_rooty())

    def escape(self) -> None:
        any(close() for close in self.closers)

    def _fail(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Tk itself would print it and go on."""
        self.failure = error
        self.master.quit()
