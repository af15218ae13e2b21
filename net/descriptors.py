"""How many sockets and files the system lets this program have open."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

resource: Any
try:
    import resource
except ImportError:
    resource = None                         # Windows has no such limit

EXHAUSTED = {errno.EMFILE, errno.ENFILE}    # no descriptors left, for this program or for all


def raise_limit() -> None:
    """Up to what an ordinary user may have: usually 1024 at first, of which a viewer takes three."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ValueError, OSError):
        pass                                # macOS names a hard limit that it does not grant; then it stays


class Spare:
    """A descriptor kept for the day when there are none left: to accept a connection, and say so, instead of leaving
    whoever knocks without an answer."""

    def __init__(self) -> None:
        self._file = os.open(os.devnull, os.O_RDONLY)

    def accept(self, listener: socket.socket) -> socket.socket | None:
        """A connection to be closed at once; None if even that is not to be had."""
        self.close()
        try:
            return listener.accept()[0]
        except OSError:
            return None

    def renew(self) -> None:
        """After that connection has been closed."""
        try:
            self._file = os.open(os.devnull, os.O_RDONLY)
        except OSError:
            self._file = -1                 # somebody was faster

    def close(self) -> None:
        """Twice is fine."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
