"""The screen (media/screen.py)."""

from __future__ import annotations

import io
import sys
from threading import Event

import pytest
from PIL import Image, ImageGrab

from media import screen
from media.errors import Missing
from rtp.jpeg import payloads
from tests.scripted import FakeClock

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no DISPLAY")


class Patience(Event):
    """An Event whose wait lets time pass; set after so many."""

    def __init__(self, clock, waits):
        super().__init__()
        self.clock, self.left = clock, waits

    def wait(self, timeout=None):
        self.clock.now += timeout or 0.0
        self.left -= 1
        return self.left < 0


def taken(cost, count=5, size=None):
    """When pictures were taken that take `cost` seconds each, at ten a second, and the pictures."""
    clock, times = FakeClock(), []

    def grab():
        times.append(round(clock.now - 1000.0, 6))
        clock.now += cost
        return Image.new("RGBA", (101, 67), "red")

    jpegs = list(screen.pictures(grab, 10.0, Patience(clock, count), size, 75, clock))
    return times, jpegs


def test_pictures_are_taken_at_even_distances_whatever_they_cost():
    assert taken(0.03)[0] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_a_machine_that_is_too_slow_leaves_some_out_and_stays_in_step():
    assert taken(0.13)[0] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])


def test_they_can_travel_and_are_not_larger_than_asked():
    for size, expected in ((None, (96, 64)), ((50, 50), (48, 32)), ((4000, 4000), (96, 64))):
        jpeg = taken(0.0, 1, size)[1][0]
        assert Image.open(io.BytesIO(jpeg)).size == expected and payloads(jpeg)


@ON_LINUX
def test_wayland_and_no_screen_are_said(monkeypatch):
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    assert "DISPLAY is not set" in screen.no_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert screen.no_screen() == ""
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "Xorg" in screen.no_screen()
    with pytest.raises(Missing, match="Wayland"):
        screen.grab_screen()


def test_a_screen_that_cannot_be_read_is_missing(monkeypatch):
    def refuse(**options):
        raise OSError("not allowed")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(ImageGrab, "grab", refuse)
    with pytest.raises(Missing, match="cannot be read: not allowed"):
        screen.grab_screen()


@ON_LINUX
def test_a_real_screen(display):
    """The whole of it."""
    capture = screen.capture(20.0, (640, 640))
    try:
        capture.check()
        assert capture.payloads(0, 1400)
    finally:
        capture.close()
