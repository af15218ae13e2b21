"""A file that is read at any place from any thread."""

from __future__ import annotations

import os
import stat
from threading import Lock


class RandomFile:
    """A regular file, open for reading.  OSError if it cannot be opened or is a folder, a pipe, a device.

    Never memory-mapped: reading a mapped file that somebody has cut kills the process, where read() just gives less.
    There is no close(): the descriptor goes with the last reference, so it cannot be closed, and its number given
    to another file, under a thread that is reading.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._lock = Lock()
        # O_NONBLOCK: opening a named pipe would wait for its writer.  O_BINARY: Windows.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = -1
        self._descriptor = os.open(path, flags)
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{os.fspath(path)} is not a regular file")
        self.size = status.st_size  # bytes, when it was opened

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
