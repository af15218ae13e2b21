"""The log, written by a thread of its own, so that nobody who sends media ever waits for a terminal that is stopped
(Ctrl-S; on Windows a click into the window), and what cannot be written at all stops nobody either."""

from __future__ import annotations

import logging
import os
import threading
from queue import SimpleQueue
from typing import Any, TextIO

LIMIT = 1000        # lines waiting to be written; more are dropped and counted
FLUSH = 0.5         # seconds the last ones may take


class Journal(logging.Handler):
    """`with Journal(sys.stderr):` all that is logged goes there."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self._lost = 0
        self._lines: SimpleQueue[str | None] = SimpleQueue()    # None: the end
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._before: list[logging.Handler] = []

    def __enter__(self) -> Journal:
        root = logging.getLogger()
        self._before = root.handlers[:]
        try:
            self._thread.start()
            root.handlers[:] = [self]
        except RuntimeError:
            pass                        # no thread left: then everybody writes, and waits
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().handlers[:] = self._before
        self._lines.put(None)
        if self._thread.is_alive():
            self._thread.join(FLUSH)
        self.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Any thread; the lock of the handler is held."""
        if self._lines.qsize() >= LIMIT:
            self._lost += 1
            return
        lost = f" ({self._lost} lines before this one were lost)" if self._lost else ""
        self._lost = 0
        self._lines.put(self.format(record) + lost)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            write(self._stream, line)


def write(stream: TextIO | None, line: str) -> bool:
    """Write it now, past the stream's buffer: what stays in there is tried again at the end of the program, and then
    is an error. False if there is nobody to read it, or no room on the disk."""
    raw: Any = getattr(getattr(stream, "buffer", None), "raw", None)
    try:
        if raw is not None:
            data = (line + os.linesep).encode(stream.encoding or "ascii", "backslashreplace")   # type: ignore[union-attr]
            while data:
                data = data[raw.write(data) or 0:]
        elif stream is not None:
            print(line, file=stream, flush=True)
    except (OSError, ValueError):
        return False
    return True
