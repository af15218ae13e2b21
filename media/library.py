"""Which movie a name means: the files below one folder, and what has been added by name.

Every name comes from the network.  Whatever does not lead to a regular file below the folder (a path out of it, a
link out of it, a pipe, a device, what is hidden or may not be read, nothing at all) is the same NotFound.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

from media import pattern
from media.errors import MovieError, NotFound
from media.listing import Listings, choose
from media.randomfile import RandomFile
from media.source import Presentation

MOVIE_SUFFIXES = (".mjpeg", ".mjpg", ".avi")
NAMES_LIMIT = 1000  # names listed
ENTRIES_LIMIT = 20_000  # directory entries looked at for them: the folder may turn out to be somebody's home
KEPT_OPEN = 64  # movies kept open: each holds a file descriptor
EXHAUSTED = errno.EMFILE, errno.ENFILE, errno.EIO  # not the fault of the name
# Windows finds files by names that no folder lists: `movie.Mjpeg.`, `MOVIE~1.MJP`, `movie.Mjpeg::$DATA`, `NUL`
ALIASES = os.name == "nt"
_FOREIGN = re.compile(r"[\\\0]|^[A-Za-z]:" + ("|:" if os.name == "nt" else ""))  # Windows paths, its streams, NUL

Stamp = tuple[int, int, int]


class Library:
    """Movies by name.  Safe from any thread.

    An opened movie is kept and shared.  When its file has another size, modification time or inode at the next
    `find`, it is opened anew; the old one goes on for those who play it, and its descriptor is closed when the last of
    them lets go of it (`media.randomfile`).  The same holds for the least recently used ones over KEPT_OPEN.
    `open_movie` makes a Presentation of an open file, and raises MovieError for one that cannot be played.
    """

    def __init__(self, folder: str | os.PathLike[str], open_movie: Callable[[RandomFile], Presentation]) -> None:
        self.folder = os.path.realpath(folder)
        self._open_movie = open_movie
        self._lock = Lock()  # guards the two tables
        self._opening = Lock()  # one movie is opened at a time, and so each only once; what is open need not wait
        self._added: dict[str, Presentation] = {}
        self._opened: OrderedDict[str, tuple[Stamp, Presentation]] = OrderedDict()
        self._pattern = pattern.presentation()
        self._listings = Listings()

    def add(self, name: str, presentation: Presentation) -> None:
        """Give this presentation (a live one, say) a name; it goes before a file of that name."""
        with self._lock:
            self._added[name.strip("/")] = presentation

    def discard(self, name: str, presentation: Presentation) -> None:
        """The name is free again, unless it is another presentation's by now."""
        with self._lock:
            if self._added.get(name.strip("/")) is presentation:
                del self._added[name.strip("/")]

    def added(self, path: str) -> Presentation | None:
        """What was added under exactly this name."""
        return self._added.get(path.strip("/"))

    def find(self, path: str) -> Presentation:
        """The presentation that the decoded URL path names, exactly or, if only one fits, but for upper and lower
        case.  NotFound, or MovieError if the file cannot be played."""
        name = path.strip("/")
        with self._lock:
            added = choose(name, self._added)
            if added is not None:
                return self._added[added]
        try:
            file = self._locate(name)
            status = os.stat(file)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError(name)
            return self._movie(file, (status.st_mtime_ns, status.st_size, status.st_ino))
        except MovieError:
            raise
        except (OSError, ValueError) as error:  # ValueError: characters that no file name can have
            self._let_go()
            if name.casefold() == pattern.NAME:  # after files of that name: whoever has one means it
                return self._pattern
            raise NotFound(f"there is no movie {path!r}") from error

    def trouble(self) -> str:
        """Why nothing at all can be found; empty if the folder can be read."""
        try:
            os.scandir(self.folder).close()
        except OSError as error:
            return f"the folder {self.folder} cannot be read: {error.strerror or error}"
        return ""

    def names(self, folder: str = "") -> list[str]:
        """What can be asked for in a folder and those below it, sorted: the added names and the files that look like
        movies, 1000 at most, as seen from the topmost folder.  NotFound if this is no folder, or a hidden one."""
        inside = folder.strip("/")
        if not self.is_folder(inside):
            raise NotFound(f"there is no folder {folder!r}")
        names = self._added_below(inside)
        if (path := self._folder(inside)) is not None:
            names.update(self._movies(path))
        return sorted(name for name in names if name.isprintable())[:NAMES_LIMIT]

    def is_folder(self, path: str) -> bool:
        """Does the decoded URL path name a folder: the topmost one, one below it that is not hidden, or one that is in
        the names of what was added?"""
        name = path.strip("/")
        return not name or bool(self._added_below(name)) or self._folder(name) is not None

    def close(self) -> None:
        """Close the movies that were opened."""
        with self._lock:
            opened = [presentation for _, presentation in self._opened.values()]
            self._opened.clear()
        for presentation in (*opened, self._pattern):
            presentation.close()

    def _added_below(self, folder: str) -> set[str]:
        """What was added in this folder; nothing if the name is itself that of a presentation."""
        with self._lock:
            if folder in self._added:
                return set()
            return {name for name in self._added if not folder or name.startswith(f"{folder}/")}

    def _folder(self, name: str) -> str | None:
        """The real path of a folder that is not hidden, None if the name is that of no such folder."""
        try:
            path = self._locate(name) if name else self.folder
        except (OSError, ValueError):
            return None
        hidden = any(part.startswith(".") for part in os.path.relpath(path, self.folder).split(os.sep) if part != ".")
        return path if os.path.isdir(path) and not hidden else None

    def _movies(self, path: str) -> Iterable[str]:
        for folder, name in _files(path):
            file = os.path.join(folder, name)
            if name.lower().endswith(MOVIE_SUFFIXES) and os.path.isfile(file) and self._inside(os.path.realpath(file)):
                yield os.path.relpath(file, self.folder).replace(os.sep, "/")

    def _locate(self, name: str) -> str:
        """The real path that a name leads to.  OSError, ValueError if there is none below the folder, or it is hidden:
        begins with a dot, as `.`, `..` and `.git` do."""
        parts = name.split("/")
        if _FOREIGN.search(name) or any(not part or part.startswith(".") for part in parts):
            raise ValueError(name)
        path = self.folder
        for part in parts:
            if ALIASES or not os.path.lexists(os.path.join(path, part)):
                chosen = self._listings.choose(path, part)
                if chosen is None:
                    raise ValueError(name)
                part = chosen
            path = os.path.join(path, part)
        path = os.path.realpath(path, strict=True)
        if not self._inside(path):
            raise ValueError(name)
        return path

    def _inside(self, path: str) -> bool:
        try:
            return os.path.commonpath((self.folder, path)) == self.folder
        except ValueError:  # another drive
            return False

    def _movie(self, file: str, stamp: Stamp) -> Presentation:
        kept = self._kept(file, stamp)
        if kept is not None:
            return kept
        with self._opening:
            kept = self._kept(file, stamp)  # somebody else may have opened it while we waited
            if kept is not None:
                return kept
            presentation = self._open_movie(self._open(file))
            with self._lock:
                self._opened[file] = stamp, presentation
                self._opened.move_to_end(file)
                if len(self._opened) > KEPT_OPEN:
                    self._opened.popitem(last=False)
            return presentation

    def _open(self, file: str) -> RandomFile:
        try:
            return RandomFile(file, self.folder)
        except OSError as error:
            if error.errno in EXHAUSTED:
                raise MovieError(f"{file} cannot be opened: {error.strerror}") from error
            raise

    def _let_go(self) -> None:
        """Of movies that have been deleted: while they are open, their place on the disk is not free."""
        with self._lock:
            for file in [file for file in self._opened if not os.path.exists(file)]:
                del self._opened[file]

    def _kept(self, file: str, stamp: Stamp) -> Presentation | None:
        with self._lock:
            kept = self._opened.get(file)
            if kept is None or kept[0] != stamp:
                return None
            self._opened.move_to_end(file)
            return kept[1]


def _files(top: str) -> Iterable[tuple[str, str]]:
    """(folder, name) of each file below a folder, hidden folders left out; ENTRIES_LIMIT entries at most."""
    left = ENTRIES_LIMIT
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files)[:left]:
            if not name.startswith("."):  # what macOS keeps as ._movie.Mjpeg is no movie, either
                yield folder, name
        left -= len(files) + len(folders)
        if left <= 0:
            return
