"""Curves: what is drawn of the rows, and that the Canvas does not grow."""

from __future__ import annotations

from math import inf

import pytest

from rtp.history import STEP, Row
from tests.tools import need
from ui import theme
from ui.plot import SPAN, Plot, _above, _series, _short

NOW = 100.0


def rows(*values):
    """One a quarter of a second, the last one before the row of NOW."""
    last = round(NOW / STEP) - 1
    return [Row(last - len(values) + 1 + n, buffer=value) for n, value in enumerate(values)]


def buffer(row):
    return row.buffer


def test_a_series_is_age_and_value():
    """In the middle of each row's time."""
    assert _series(rows(3.0, 5.0), NOW, buffer, None) == [(STEP * 1.5, 3.0), (STEP * 0.5, 5.0)]


def test_what_is_too_old_or_not_complete_is_left_out():
    early, now = Row(round((NOW - SPAN) / STEP) - 1), Row(round(NOW / STEP))
    assert _series([early, *rows(1.0), now], NOW, buffer, None) == [(STEP / 2, 1.0)]


def test_nothing_measured_is_no_point():
    assert _series(rows(1.0, inf, 2.0), NOW, buffer, None) == [(STEP * 2.5, 1.0), (STEP / 2, 2.0)]


def test_a_time_without_packets_is_drawn_as_such():
    """Down to the value for gaps and up again, not straight across; also when nothing came of late."""
    first, *_, last = rows(*[4.0] * 11)
    assert _series([first, last], NOW, buffer, None) == [(STEP * 10.5, 4.0), (STEP / 2, 4.0)]
    assert _series([first, last], NOW, buffer, 0.0) == [
        (STEP * 10.5, 4.0), (STEP * 9.5, 0.0), (STEP * 1.5, 0.0), (STEP / 2, 4.0)]
    assert _series([first], NOW, buffer, 0.0) == [(STEP * 10.5, 4.0), (STEP * 9.5, 0.0), (STEP / 2, 0.0)]


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.003, 0.005), (0.9, 1), (1, 1), (1.1, 2), (45, 50), (501, 1000)])
def test_the_scale_ends_at_a_round_number(value, top):
    assert _above(value) == pytest.approx(top)


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.25, "0.25"), (3.0, "3"), (12.34, "12.3"), (2314.6, "2315")])
def test_numbers_are_short(value, text):
    assert _short(value) == text


def test_one_item_is_the_curve_for_ever(display):
    """Its coordinates are replaced; the words say the latest value and the scale; without rows there is no curve."""
    need("tk")
    window = theme.new_window("test")
    window.tk.call("font", "create", "LabSmall")
    try:
        plot = Plot(window, "Jitter", "ms", theme.AMBER, buffer)
        plot.pack(fill="x")
        window.geometry("400x100+0+0")
        window.update()
        plot.show([], NOW)
        items = plot.find_all()
        assert plot.itemcget(plot._curve, "state") == "hidden" and plot.itemcget(plot._title, "text") == "Jitter"
        for high in (3.0, 30.0):
            plot.show(rows(0.0, high), NOW)
            x0, bottom, x1, top = plot.coords(plot._curve)
            assert x0 < x1 <= plot.winfo_width() and bottom == plot.winfo_height() - 2 and top >= plot._head()
        assert plot.find_all() == items and plot.itemcget(plot._curve, "state") == "normal"
        assert plot.itemcget(plot._title, "text") == "Jitter 30 ms" and plot.itemcget(plot._scale, "text") == "50 ms"
    finally:
        window.destroy()
