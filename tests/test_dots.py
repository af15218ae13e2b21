"""A dot for each packet: what it is taken for, and where it is drawn."""

from __future__ import annotations

import pytest
from PIL import ImageColor

from tests.tools import need
from ui import theme
from ui.dots import ROWS, SPAN, Dots

START = 1000.0


@pytest.fixture
def dots(display):
    need("tk")
    window = theme.new_window("test")
    made = Dots(window)
    made.pack(fill="x")
    window.geometry("480x300+0+0")
    window.update()
    yield made
    window.destroy()


def green(dots):
    """(column, row from below) of each simple dot."""
    lit, small = ImageColor.getrgb(theme.GREEN), dots._small
    return {(x, ROWS - 1 - y) for x in range(small.width) for y in range(ROWS) if small.getpixel((x, y)) == lit}


def kinds(dots):
    return [(kind, number) for _, number, kind in dots.special]


def came(*numbers, since=START):
    return [(since + 0.1 * at, number) for at, number in enumerate(numbers)]


def test_each_packet_has_its_place(dots):
    """To the right the time, upwards the number, which goes round."""
    packets = came(*range(60, 70))
    dots.show(packets, 10, packets[-1][0])
    found = sorted(green(dots))
    assert [row for _, row in found] == [60, 61, 62, 63, 0, 1, 2, 3, 4, 5] and kinds(dots) == []
    assert found[-1][0] == dots._columns - 1


@pytest.mark.parametrize(
    ("numbers", "special", "simple"),
    [
        ([1, 2, 3], [], 3),
        ([1, 2, 5], [("lost", 3), ("lost", 4)], 3),
        ([1, 3, 2], [("late", 2)], 2),  # it was taken for lost, and is not
        ([1, 2, 2, 3], [("twice", 2)], 3),
        ([1, 4, 2, 2], [("lost", 3), ("late", 2), ("twice", 2)], 2),
        ([1, 2, 20_000, 20_001], [], 4),  # the sender counts anew
    ],
)
def test_what_is_late_lost_or_twice_has_another_shape(dots, numbers, special, simple):
    dots.show(came(*numbers), len(numbers), START + 1)
    assert kinds(dots) == special and len(green(dots)) == simple


def test_packets_are_looked_at_once(dots):
    """However often they are shown, and although several come in one moment of a coarse clock."""
    packets = [(START, number) for number in range(6)]
    dots.show(packets[:3], 3, START)
    dots.show(packets, 6, START)
    dots.show(packets[2:], 6, START)
    assert len(green(dots)) == 6 and kinds(dots) == []


def test_the_picture_moves_to_the_left_and_out(dots):
    dots.show(came(1, 3), 2, START + 0.1)
    before = green(dots)
    dots.show(came(1, 3), 2, START + 0.1 + SPAN / 4)
    by = min(x for x, _ in before) - min(x for x, _ in green(dots))
    assert abs(by - dots._columns / 4) <= 1 and len(green(dots)) == 2 and kinds(dots) == [("lost", 2)]
    dots.show(came(1, 3), 2, START + 2 * SPAN)
    assert green(dots) == set() and kinds(dots) == []


def test_another_stream_begins_with_an_empty_picture(dots):
    """Its count is lower than that of the one before."""
    dots.show(came(1, 2, 3, 9), 4, START + 1)
    dots.show(came(500), 1, START + 1)
    assert len(green(dots)) == 1 and kinds(dots) == []


def test_shapes_are_seen_on_the_screen(dots):
    """The colour alone is not the sign: a triangle and a cross, each larger than a dot."""
    dots.show(came(1, 3, 2, 6), 4, START + 1)
    photo = dots._photo
    assert photo is not None and (photo.width(), photo.height()) == (dots._columns * dots._cell, ROWS * dots._cell)
    dots.update()
    assert dots.winfo_reqheight() >= ROWS * dots._cell


def test_many_losses_are_bounded(dots):
    """A storm does not fill the memory."""
    dots.show(came(*range(0, 60_000, 1000)), 60, START + 6)
    assert len(dots.special) == dots.special.maxlen
