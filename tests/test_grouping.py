"""Packets are put together as far as one call can send them, and nothing waits for what may not come."""

import pytest

from rtp.grouping import MOST_BYTES, MOST_PACKETS, Grouper, Packet


def packets(*rows):
    """(number, timestamp, size, marker)"""
    return [Packet(number, timestamp, marker, bytes(size)) for number, timestamp, size, marker in rows]


def groups(items, together=True):
    """(sizes, lost, begins) of the groups, in the order in which they become complete."""
    grouper = Grouper(together)
    done = [group for item in items for group in grouper.push(item)] + grouper.flush()
    return [([len(payload) for payload, _ in group.payloads], group.lost, group.begins) for group in done]


def test_a_frame_is_a_group():
    """It ends with the marker."""
    rows = (1, 0, 100, False), (2, 0, 100, False), (3, 0, 40, True), (4, 9, 100, True)
    assert groups(packets(*rows)) == [([100, 100, 40], 0, True), ([100], 0, True)]


def test_a_shorter_one_ends_a_group_and_a_longer_one_begins_another():
    """H.264: two sets of parameters, then a picture in pieces."""
    rows = (1, 0, 20, False), (2, 0, 8, False), (3, 0, 100, False), (4, 0, 100, False), (5, 0, 60, True)
    assert groups(packets(*rows)) == [([20, 8], 0, True), ([100, 100, 60], 0, False)]


def test_nothing_waits_behind_a_shorter_one():
    """It is given at once, marker or not."""
    grouper = Grouper(True)
    first, second = packets((1, 0, 20, False), (2, 0, 8, False))
    assert grouper.push(first) == [] and len(grouper.push(second)) == 1 and grouper.flush() == []


def test_a_new_timestamp_ends_a_group():
    """Where a marker is lost, or never set."""
    assert groups(packets((1, 0, 50, False), (2, 9, 50, False))) == [([50], 0, True), ([50], 0, True)]


def test_a_gap_ends_a_group_and_is_counted():
    """What follows is no new frame."""
    rows = (65534, 0, 50, False), (65535, 0, 50, False), (2, 0, 50, True)
    assert groups(packets(*rows)) == [([50, 50], 0, True), ([50], 2, False)]


def test_a_jump_is_no_gap():
    """The sender counts anew."""
    assert groups(packets((1, 0, 50, True), (30000, 9, 50, True)))[1][1] == 0
    assert groups(packets((30000, 0, 50, True), (1, 9, 50, True)))[1][1] == 0


def test_sound_does_not_wait():
    """Each packet by itself, marker or not."""
    grouper = Grouper(together=False)
    assert [len(grouper.push(item)) for item in packets((1, 0, 50, False), (2, 0, 50, False))] == [1, 1]


@pytest.mark.parametrize(("count", "size"), [(MOST_PACKETS + 1, 10), (MOST_BYTES // 60_000 + 1, 60_000)])
def test_no_group_grows_for_ever(count, size):
    """A publisher that never ends a frame."""
    done = groups(packets(*((number, 0, size, False) for number in range(count))))
    assert len(done) == 2 and len(done[1][0]) == 1


def test_after_a_restart_nothing_is_missing():
    """A pause, say."""
    grouper = Grouper(True)
    first, second = packets((1, 0, 50, True), (20, 9, 50, True))
    grouper.push(first)
    grouper.restart()
    (group,) = grouper.push(second)
    assert group.lost == 0 and group.begins
