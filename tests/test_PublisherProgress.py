"""The progress of a publisher, in words."""

from __future__ import annotations

import io

from PublisherProgress import ANEW, EVERY, Figures, Progress
from rtp.reports import Reported
from tests.scripted import FakeClock

REPORT = Reported(0.25, 12, 99, 0.001, 0.0123)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_is_about_what_happened_since_the_line_before():
    before = Figures(100, 1_000_000, 0, 60.0, None)
    after = before.plus(50, 250_000, 3, 2.0, REPORT)
    assert after.line(before) == "1:02 · 25.0 frames/s · 1000 kbit/s · lost 25.0 % · round trip 12.3 ms · left out 3"
    assert Figures().line(Figures()) == "0:00 · 0.0 frames/s · 0 kbit/s"


def test_the_summary_is_about_all_of_it():
    assert Figures(50, 9, 0, 2.0).summary("rtsp://x/y") == "Published 2.0 s to rtsp://x/y: 50 frames, 25.0 a second"
    text = Figures(50, 9, 2, 2.0, REPORT).summary("rtsp://x/y")
    assert text.endswith("25.0 a second, 2 left out, 12 packets lost")


def test_a_terminal_has_one_line_that_is_written_anew():
    clock, stream = FakeClock(), Terminal()
    progress = Progress(stream, clock)
    for second in range(1, 4):
        progress.show(Figures(10, 0, 0, float(second)))         # too early
        clock.now += ANEW
        progress.show(Figures(25 * second, 1000 ** (3 - second), 0, float(second)))
    progress.end()
    progress.end()
    text = stream.getvalue()
    assert text.count("\r") == 3 and text.endswith("\n") and text.count("\n") == 1
    lines = [line for line in text.rstrip("\n").split("\r") if line]
    assert len(lines[1]) >= len(lines[0].rstrip()) and "25.0 frames/s" in lines[1]      # nothing of it is left


def test_elsewhere_there_is_a_line_now_and_then():
    clock, stream = FakeClock(), io.StringIO()
    progress = Progress(stream, clock)
    for _ in range(25):
        clock.now += EVERY / 10 + 0.001
        progress.show(Figures(25, 0, 0, 1.0))
    progress.end()
    assert stream.getvalue().count("\n") == 2 and "\r" not in stream.getvalue()


def test_without_a_stream_nothing_is_shown():
    progress = Progress(None)
    progress.show(Figures())
    progress.end()
