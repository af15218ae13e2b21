"""What becomes of the frames that are shown, besides being shown: --save-frames, --snapshot, --record."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from media.moviewriter import MovieWriter
from media.tape import Tape
from Player import Frame, UsageError
from rtsp.situations import tell

log = logging.getLogger(__name__)


class Output:
    def __init__(self, folder: Path | None, snapshot: Path | None, tape: Tape, record: Path | None) -> None:
        """UsageError, before anything is played, if the folder cannot be made, or written to."""
        self._folder, self._snapshot, self._tape = folder, snapshot, tape
        self._count = 0
        self._last: Frame | None = None
        if folder:
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
                _checkFolder(folder)
        if snapshot:
            with writing(snapshot):
                _checkFolder(snapshot.parent)
        if record:
            with writing(record):
                tape.start(lambda: MovieWriter(record))

    def show(self, frame: Frame) -> None:
        if self._folder:
            _write(self._folder / f"frame-{self._count:06d}.jpg", frame.jpeg)
        self._count += 1
        self._last = frame

    def close(self) -> None:
        """The snapshot is the last frame that was shown. UsageError if not all could be written."""
        if self._snapshot and self._last:
            _write(self._snapshot, self._last.jpeg)
        with writing(self._tape.path or Path()):
            self._tape.stop()

    def abandon(self) -> None:
        """The same where something else has failed, and that is what matters: a recording is whole all the same."""
        try:
            self._tape.stop()
        except OSError as error:
            log.error("! %s ends after %d frames: %s", self._tape.path, self._tape.frames, error.strerror or error)


class writing:
    """Turns an OSError into a sentence with the file's name and exit code 2."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            raise UsageError(*tell("no room", path=self._path, error=error.strerror or error)) from None


def _checkFolder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError("There is no such folder")
    if not os.access(folder, os.W_OK):
        raise PermissionError("No permission to write there")


def _write(path: Path, data: bytes) -> None:
    with writing(path):
        path.write_bytes(data)
