"""Where jumps lead."""

from __future__ import annotations

import pytest

from rtsp.places import LAST, beginning_again, nothing_left, within


@pytest.mark.parametrize(("seconds", "duration", "place"), [
    (5, 25, 5), (-3, 25, 0), (99, 25, 25 - LAST), (25, 25, 25 - LAST), (99, None, 99), (-1, None, 0), (1, 0.1, 0),
])
def test_within_the_movie(seconds, duration, place):
    """A jump beyond the end shows its last pictures."""
    assert within(seconds, duration) == place


@pytest.mark.parametrize(("scale", "duration", "place"), [(1, 25, 0), (4, None, 0), (-1, 25, 25), (-2, None, 0)])
def test_after_the_end(scale, duration, place):
    assert beginning_again(scale, duration) == place


@pytest.mark.parametrize(("position", "scale", "duration", "nothing"), [
    (0, -1, 25, True), (0, 1, 25, False), (3, -1, 25, False), (0, -1, None, False),
])
def test_backwards_from_the_beginning_there_is_nothing(position, scale, duration, nothing):
    assert nothing_left(position, scale, duration) is nothing
