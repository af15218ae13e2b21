"""The progress bar."""

from __future__ import annotations

import io
import os
import struct
import sys

import pytest

from tools.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """A terminal, so lines are rewritten in place."""
        return True


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        """It is 1000 seconds after something."""
        self.now = 1000.0

    def __call__(self) -> float:
        """As time.monotonic()."""
        return self.now


def shown(terminal: Terminal) -> list[str]:
    """The lines as they replaced one another."""
    return terminal.getvalue().rstrip("\n").split("\r")[1:]


def test_bar_percentage_and_time_left_on_a_terminal() -> None:
    """One quarter done in 10 s: 30 s are left."""
    terminal, clock = Terminal(), Clock()
    with Progress(40, "Drawing", terminal, width=60, clock=clock) as progress:
        for _ in range(10):
            clock.now += 1
            progress.advance()
        assert shown(terminal)[-1].rstrip() == f"Drawing [{'#' * 8}{'.' * 24}]  25%  0:30 left"
        clock.now += 100
        progress.advance(30)
    assert shown(terminal)[-1].rstrip().endswith(f"{'#' * 10}] 100%  took 1:50")
    assert terminal.getvalue().endswith("\n")


@pytest.mark.parametrize("width", [10, 20, 30, 40, 80, 200])
def test_a_line_never_wraps(width: int) -> None:
    """Every line is one column narrower than the terminal, whatever its width, and covers the line before."""
    terminal, clock = Terminal(), Clock()
    with Progress(7, "Drawing movie.Mjpeg", terminal, width, clock) as progress:
        for _ in range(7):
            clock.now += 3000
            progress.advance()
    assert {len(line) for line in shown(terminal)} == {width - 1}


def test_the_terminal_is_not_written_to_at_every_step() -> None:
    """Ten times a second is enough, but the end is always shown."""
    terminal, clock = Terminal(), Clock()
    with Progress(1000, "x", terminal, 80, clock) as progress:
        for _ in range(1000):
            clock.now += 0.001
            progress.advance()
    assert 10 <= len(shown(terminal)) <= 13
    assert "100%" in shown(terminal)[-1]


def test_one_line_for_each_tenth_elsewhere() -> None:
    """A log or a pipe gets ten lines and no control characters."""
    log = io.StringIO()
    with Progress(500, "Drawing movie.Mjpeg", log) as progress:
        for _ in range(500):
            progress.advance()
    assert log.getvalue().splitlines() == [f"Drawing movie.Mjpeg: {tenth}0 %" for tenth in range(1, 11)]


def test_large_steps_skip_lines() -> None:
    """Steps of a third: 30, 60 and 90 %, and 100 % once however far beyond the end."""
    log = io.StringIO()
    with Progress(3, "x", log) as progress:
        for _ in range(5):
            progress.advance()
    assert log.getvalue().splitlines() == ["x: 30 %", "x: 60 %", "x: 100 %"]


def test_no_work_at_all_is_done_at_once() -> None:
    """No division by zero."""
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        with Progress(0, "x", stream, 40):
            pass
    assert log.getvalue() == "x: 100 %\n"
    assert "100%" in terminal.getvalue()


def test_stopped_half_way_leaves_the_cursor_on_a_new_line() -> None:
    """What is printed next, an error for instance, does not overwrite the bar."""
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), Progress(3, "x", terminal, 40) as progress:
        progress.advance()
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals in the standard library")
def test_width_of_a_real_terminal() -> None:
    """It is asked of the terminal that is written to."""
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 51, 0, 0))
    with open(slave, "w", encoding="utf-8") as stream:
        with Progress(2, "x", stream) as progress:
            progress.advance(2)
        written = b""
        while b"\n" not in written:  # a terminal hands out what is there, maybe in pieces
            written += os.read(master, 4096)
    os.close(master)
    assert [len(line) for line in written.decode().split("\r")[1:3]] == [50, 50]
