"""Whether the first packet is the one that was announced."""

from __future__ import annotations

import pytest

from rtp.announced import LOST, PATIENCE, Announcement


@pytest.mark.parametrize(("announced", "sequence", "fits"), [
    (100, 100, True), (100, 101, True), (100, 100 + LOST, True), (100, 101 + LOST, False), (100, 99, False),
    (65535, 3, True), (3, 65535, False), (100, 40000, False),
])
def test_a_few_may_be_lost_and_none_is_from_before(announced, sequence, fits):
    assert Announcement(announced, 0.0).fits(sequence) is fits


def test_it_is_wrong_after_a_while_with_nothing_but_others():
    """And not while nothing has come at all."""
    announcement = Announcement(100, 10.0)
    assert not announcement.wrong(99.0)
    announcement.kept.append("packet", 1)
    assert not announcement.wrong(10.0 + PATIENCE)
    assert announcement.wrong(10.1 + PATIENCE)
