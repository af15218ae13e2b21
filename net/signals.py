"""The signals that end a program: heard at one place, and nowhere else."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

# Ctrl-C, `kill`, Ctrl-Break (Windows' alone), and the terminal's window being closed (not there)
NAMES = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")

Handler = Callable[[int, "FrameType | None"], object]


def quit_at_once() -> None:
    """For the main thread, before there is anybody to say goodbye to: a signal is the end, without a word."""
    _on_signals(lambda number, frame: os._exit(0))


def quit_within(seconds: float) -> None:
    """The program ends by then with exit code 0, whatever it is waiting for."""
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:
        pass                            # no thread left: then it takes as long as it takes


class Ending:
    """The first signal ends a wait, if there is one, and is remembered if there is none yet. It never interrupts
    anything else, and those after it do nothing at all."""

    def __init__(self) -> None:
        """For the main thread: from now on signals are heard."""
        self._came = self._waiting = False
        _on_signals(self._hear)

    def end_of(self, wait: Callable[[], object]) -> None:
        """Call it, unless a signal has come; return when it does, or when one comes."""
        try:
            self._waiting = True
            if not self._came:
                wait()
            self._waiting = False
        except KeyboardInterrupt:
            pass

    def close(self) -> None:
        """From now on signals are ignored: Python, when it ends, would let the next one kill it."""
        _on_signals(signal.SIG_IGN)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt


def ends() -> set[int]:
    """The signals that mean us, on this system."""
    numbers = {getattr(signal, name) for name in NAMES if hasattr(signal, name)}
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        numbers.remove(signal.SIGHUP)   # `nohup python Server.py`
    return numbers


def _on_signals(handler: Handler | signal.Handlers) -> None:
    for number in ends():
        signal.signal(number, handler)
