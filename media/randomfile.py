"""A file that is read at any place from any thread."""

from __future__ import annotations

import os
import stat
from threading import Lock

# O_NONBLOCK: opening a named pipe would wait for its writer.  O_BINARY: Windows.
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class RandomFile:
    """A regular file, open for reading.  OSError if it cannot be opened or is a folder, a pipe, a device.

    `below`: the folder that the file is in; the rest of its path then has no links.  Should somebody put one there at
    this very moment, it is an OSError, too (Windows: is followed).

    Never memory-mapped: reading a mapped file that somebody has cut kills the process, where read() just gives less.
    There is no close(): the descriptor goes with the last reference, so it cannot be closed, and its number given
    to another file, under a thread that is reading.
    """

    def __init__(self, path: str | os.PathLike[str], below: str | None = None) -> None:
        self.path = os.fspath(path)
        self._lock = Lock()
        self._descriptor = -1
        self._descriptor = os.open(self.path, FLAGS) if below is None else _open_below(below, self.path)
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{self.path} is not a regular file")
        self.size = status.st_size  # bytes, when it was opened

    def __fspath__(self) -> str:
        return self.path

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; fewer only at the end of the file.  OSError."""
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, count, offset)
        with self._lock:  # Windows has no pread: nobody may move the position in between
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, count)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _open_below(folder: str, path: str) -> int:
    """A descriptor of the file, reached step by step: a path that was checked may lead elsewhere a moment later."""
    if os.open not in os.supports_dir_fd:
        return os.open(path, FLAGS)
    *folders, name = os.path.relpath(path, folder).split(os.sep)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            at, before = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at), at
            os.close(before)
        return os.open(name, FLAGS | os.O_NOFOLLOW, dir_fd=at)
    finally:
        os.close(at)
