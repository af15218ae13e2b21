"""ReorderBuffer: in order, each once, never waiting longer than patience or depth allow. The clock is a number."""

from __future__ import annotations

import random

import pytest

from rtp.reorder import MAX_JUMP, MAX_MISORDER, ReorderBuffer


def run(numbers, first=None, step=0.001, **options):
    """What comes out after each of these numbers, `step` seconds apart; items are the numbers."""
    buffer = ReorderBuffer(**options)
    if first is not None:
        buffer.restart(first)
    return [buffer.push(number % 65536, number, step * at) for at, number in enumerate(numbers)]


TABLE = [
    # name, numbers in, numbers out after each, announced first
    ("in order", [7, 8, 9], [[7], [8], [9]], None),
    ("a gap, filled at once releases all", [7, 9, 10, 8], [[7], [], [], [8, 9, 10]], None),
    ("two gaps, filled from behind", [1, 3, 5, 4, 2], [[1], [], [], [], [2, 3, 4, 5]], None),
    ("two gaps, the first filled", [1, 3, 5, 2], [[1], [], [], [2, 3]], None),
    ("a duplicate of one released", [7, 7, 8], [[7], [], [8]], None),
    ("a duplicate of one that waits", [7, 9, 9, 8], [[7], [], [], [8, 9]], None),
    ("older than the first", [7, 6, 8], [[7], [], [8]], None),
    ("announced first, which comes second", [8, 7, 9], [[], [7, 8], [9]], 7),
    ("announced first, older ones dropped", [5, 6, 7], [[], [], [7]], 7),
    ("wrap-around", [65534, 65535, 0, 1], [[65534], [65535], [0], [1]], None),
    ("wrap-around, swapped", [65534, 0, 65535, 1], [[65534], [], [65535, 0], [1]], None),
    ("a restart far ahead", [7, 8, 40000, 40001], [[7], [8], [40000], [40001]], None),
    ("a restart far behind", [40000, 7, 8], [[40000], [7], [8]], None),
    ("a restart releases what waited, in order", [7, 10, 9, 40000], [[7], [], [], [9, 10, 40000]], None),
    ("one number beyond a jump", [0, MAX_JUMP + 2], [[0], [MAX_JUMP + 2]], None),
    ("not quite a jump waits", [0, MAX_JUMP + 1], [[0], []], None),
    ("one number beyond a jump, behind", [5000, 5000 - MAX_JUMP], [[5000], [5000 - MAX_JUMP]], None),
    ("not quite a jump behind is late", [5000, 5001 - MAX_JUMP], [[5000], []], None),
    ("a restart near, behind: two in a row", [500, 1, 2, 3], [[500], [], [2], [3]], None),
    ("two late ones apart", [500, 1, 3], [[500], [], []], None),
    ("two late ones, one in time between", [500, 1, 501, 2], [[500], [], [501], []], None),
    ("two late ones in a row, not so very late", [500, 500 - MAX_MISORDER, 501 - MAX_MISORDER], [[500], [], []], None),
    ("two in a row, just late enough", [500, 499 - MAX_MISORDER, 500 - MAX_MISORDER], [[500], [], [400]], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numbers", "wanted", "first"), TABLE, ids=[row[0] for row in TABLE])
def test_what_comes_out_after_each_packet(name, numbers, wanted, first):
    """All well within patience."""
    assert run(numbers, first) == wanted


def test_patience_is_counted_from_when_the_gap_was_noticed():
    """1 is missing from 0.010 on; the packets that follow do not prolong the wait."""
    buffer = ReorderBuffer(patience=0.05)
    assert buffer.push(0, "a", 0.0) == ["a"]
    assert buffer.push(2, "c", 0.010) == []
    assert buffer.next_flush() == pytest.approx(0.060)
    assert buffer.push(3, "d", 0.050) == []
    assert buffer.flush(0.059) == []
    assert buffer.flush(0.0601) == ["c", "d"]
    assert buffer.next_flush() is None
    assert buffer.push(1, "b", 0.061) == []  # too late: what follows it is out
    assert buffer.push(4, "e", 0.062) == ["e"]


def test_each_gap_has_its_own_patience():
    """The second gap was noticed later, and is waited for longer."""
    buffer = ReorderBuffer(patience=0.05)
    buffer.push(0, 0, 0.0)
    buffer.push(2, 2, 0.010)
    buffer.push(4, 4, 0.040)
    assert buffer.flush(0.061) == [2]
    assert buffer.next_flush() == pytest.approx(0.090)
    assert buffer.flush(0.0901) == [4]


def test_a_packet_that_comes_after_patience_releases_by_itself():
    """Who keeps pushing need not flush."""
    buffer = ReorderBuffer(patience=0.05)
    buffer.push(0, 0, 0.0)
    buffer.push(2, 2, 0.0)
    assert buffer.push(5, 5, 0.06) == [2]
    assert buffer.push(6, 6, 0.12) == [5, 6]


def test_the_missing_one_at_the_last_moment_is_in_order():
    """Even when patience has just ended: it is here, so nothing is skipped."""
    buffer = ReorderBuffer(patience=0.05)
    buffer.push(0, 0, 0.0)
    buffer.push(2, 2, 0.0)
    assert buffer.push(1, 1, 0.2) == [1, 2]


def test_the_wait_starts_with_the_oldest_packet_not_the_lowest():
    """4 came before 2: the gap is as old as 4."""
    buffer = ReorderBuffer(patience=0.05)
    buffer.push(0, 0, 0.0)
    buffer.push(4, 4, 0.010)
    buffer.push(2, 2, 0.055)
    assert buffer.flush(0.061) == [2, 4]  # 4 has waited long enough for 3 as well


def test_no_more_than_depth_packets_wait():
    """The packet that is one too many ends the wait, however fresh it is."""
    buffer = ReorderBuffer(depth=3, patience=1e9)
    assert [buffer.push(number, number, 0.0) for number in (0, 2, 3, 5)] == [[0], [], [], []]
    assert buffer.push(6, 6, 0.0) == [2, 3]
    assert [buffer.push(number, number, 0.0) for number in (8, 9)] == [[], [5, 6]]


def test_flush_of_an_empty_buffer_is_empty():
    """Before anything came, and after everything is out."""
    buffer = ReorderBuffer()
    assert (buffer.flush(1e9), buffer.next_flush()) == ([], None)
    buffer.push(1, 1, 0.0)
    assert (buffer.flush(1e9), buffer.next_flush()) == ([], None)


def test_restart_forgets_what_waits():
    """A seek: nothing of the old place may come out; the new number may be smaller."""
    buffer = ReorderBuffer()
    buffer.push(100, "old", 0.0)
    buffer.push(102, "old", 0.0)
    buffer.restart(90)
    assert buffer.flush(1e9) == []
    assert buffer.push(91, "second", 1.0) == []
    assert buffer.push(90, "first", 1.0) == ["first", "second"]


def test_restart_without_a_number_begins_with_what_comes():
    """Nothing was announced."""
    buffer = ReorderBuffer()
    buffer.push(100, 100, 0.0)
    buffer.restart()
    assert buffer.push(7, 7, 0.0) == [7]
    assert buffer.push(8, 8, 0.0) == [8]


def test_restart_at_zero_is_an_announcement():
    """0 is a number like any other."""
    buffer = ReorderBuffer()
    buffer.restart(0)
    assert buffer.push(1, 1, 0.0) == []
    assert buffer.push(0, 0, 0.0) == [0, 1]


def shuffled(rand, numbers, loss, twice, reach):
    """Numbers in the order in which a bad network delivers them, none more than `reach` places late."""
    sent = []
    for place, number in enumerate(numbers):
        copies = 0 if rand.random() < loss else 1 + (rand.random() < twice)
        sent += [(place + rand.randrange(reach + 1), number) for _ in range(copies)]
    return [number for _, number in sorted(sent, key=lambda one: one[0])]


def test_without_loss_everything_comes_out_in_order():
    """100 streams around the wrap, shuffled within 30 places and doubled: all of them, each once."""
    rand = random.Random(9)
    for _ in range(100):
        start = rand.randrange(65000, 65536)
        numbers = list(range(start, start + 1500))
        out = run(shuffled(rand, numbers, 0, 0.1, 30), first=start, step=0, depth=64)
        assert [number for items in out for number in items] == numbers


def test_with_loss_the_order_stays_and_nothing_comes_twice():
    """100 streams with loss: rising numbers, all that came in time, and nothing waits in the end."""
    rand = random.Random(10)
    for _ in range(100):
        start = rand.randrange(65536)
        arrivals = shuffled(rand, range(start, start + 1500), 0.1, 0.05, rand.choice([0, 5, 40]))
        buffer, got = ReorderBuffer(depth=64, patience=0.05), []
        for at, number in enumerate(arrivals):
            got += buffer.push(number % 65536, number, 0.001 * at)
            wait_ends = buffer.next_flush()
            assert wait_ends is None or wait_ends > 0.001 * at
        got += buffer.flush(1e9)
        assert got == sorted(set(got))
        assert set(got) <= set(arrivals)
        # The first number was not announced: those that came after it, but belong before it, are dropped.
        assert set(got) == {number for number in arrivals if number >= arrivals[0]}
