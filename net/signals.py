"""The signals that end a program, made into a KeyboardInterrupt: the first of them, and no other."""

from __future__ import annotations

import signal
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")       # the last is Ctrl-Break, and Windows' alone


def interrupt_once() -> None:
    """For the main thread. Signals that come after the first one do not disturb the goodbyes."""
    _on_signals(_interrupt)


def _on_signals(handler: object) -> None:
    for name in NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)   # type: ignore[arg-type]


def _interrupt(number: int, frame: FrameType | None) -> None:
    _on_signals(signal.SIG_IGN)
    raise KeyboardInterrupt
