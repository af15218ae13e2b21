"""Playout: an even picture out of uneven arrivals. The clock is a number, and begins anywhere."""

from __future__ import annotations

import random

import pytest

from rtp.playout import MAX_BYTES, MAX_FRAMES, MAX_STEP, Playout

START = 5000.0


def schedule(arrivals, delay=0.2):
    """When each frame is shown: [(media time, arrival), …] in, seconds after START out; and the Playout."""
    playout, shown = Playout(delay), {}

    def show(until):
        while (due := playout.next_due()) is not None and due <= until:
            for frame in playout.due(due):
                shown[frame] = due - START

    for frame, (media_time, arrival) in enumerate(arrivals):
        show(START + arrival - 1e-9)
        playout.push(frame, media_time, START + arrival)
    show(float("inf"))
    assert list(shown) == list(range(len(arrivals)))
    return list(shown.values()), playout


TABLE = [
    # name, (media time, arrival) of each frame, when each is shown with a delay of 0.2, late
    ("even arrivals", [(0, 0), (0.05, 0.05), (0.1, 0.1)], [0.2, 0.25, 0.3], 0),
    ("media time from anywhere", [(100, 0), (100.05, 0.05)], [0.2, 0.25], 0),
    ("uneven arrivals are evened out", [(0, 0), (0.05, 0.19), (0.1, 0.2), (0.15, 0.3)], [0.2, 0.25, 0.3, 0.35], 0),
    ("a burst is spread", [(0, 0), (0.05, 0), (0.1, 0), (0.15, 0)], [0.2, 0.25, 0.3, 0.35], 0),
    ("just in time", [(0, 0), (0.05, 0.25)], [0.2, 0.25], 0),
    ("late: at once, and the others as much later", [(0, 0), (0.05, 0.35), (0.1, 0.36)], [0.2, 0.35, 0.4], 1),
    ("late twice, later still", [(0, 0), (0.05, 0.35), (0.1, 0.5), (0.15, 0.5)], [0.2, 0.35, 0.5, 0.55], 2),
    ("late once, the shift suffices then", [(0, 0), (0.05, 0.35), (0.1, 0.4)], [0.2, 0.35, 0.4], 1),
    ("frames missing", [(0, 0), (1.0, 1.0)], [0.2, 1.2], 0),
    ("one frame in ten seconds", [(0, 0), (10, 10), (20, 20.1)], [0.2, 10.2, 20.2], 0),
    ("no distance in media time", [(0, 0), (0, 0), (0, 0.01)], [0.2, 0.2, 0.2], 0),
    ("media time goes back: a new start", [(8, 0), (8.05, 0.05), (0, 0.1), (0.05, 0.15)], [0.2, 0.25, 0.3, 0.35], 0),
    ("back by a little is a new start too", [(8, 0), (8.05, 0.05), (8, 0.1)], [0.2, 0.25, 0.3], 0),
    ("far forwards: a new start", [(0, 0), (0.05, 0.05), (60, 0.1), (60.05, 0.15)], [0.2, 0.25, 0.3, 0.35], 0),
    ("forwards, but the clock went along", [(0, 0), (60, 60)], [0.2, 60.2], 0),
    ("forwards by less than a jump is a wait", [(0, 0), (MAX_STEP, 0)], [0.2, MAX_STEP + 0.2], 0),
    ("a stall of the sender, or a pause: a new start", [(0, 0), (0.05, 30.0), (0.1, 30.2)], [0.2, 30.2, 30.25], 0),
    ("a short stall is a late frame", [(0, 0), (0.05, 1.0), (0.1, 1.0)], [0.2, 1.0, 1.05], 1),
    ("a new start does not overtake", [(8, 0), (8.5, 0), (0, 0.01), (0.05, 0.02)], [0.2, 0.7, 0.7, 0.7], 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arrivals", "wanted", "late"), TABLE, ids=[row[0] for row in TABLE])
def test_when_frames_are_shown(name, arrivals, wanted, late):
    """The times follow from media time; what is late shifts them."""
    shown, playout = schedule(arrivals)
    assert shown == pytest.approx(wanted, abs=1e-6)
    assert playout.late == late


def test_due_gives_all_that_is_due_oldest_first_and_once():
    """A viewer that looked away gets several, and decides which to show."""
    playout = Playout(0.1)
    for number in range(4):
        playout.push(number, number * 0.05, START)
    assert playout.due(START) == []
    assert playout.due(START + 0.16) == [0, 1]
    assert playout.due(START + 0.16) == []
    assert playout.next_due() == pytest.approx(START + 0.2)
    assert playout.due(START + 9) == [2, 3]
    assert playout.next_due() is None


def test_an_empty_queue_has_nothing_due():
    """Before the first frame."""
    playout = Playout(0.1)
    assert (playout.due(START), playout.next_due(), playout.late) == ([], None, 0)


def test_the_very_moment_counts():
    """due(next_due()) gives the frame, so that a loop that sleeps until then never spins."""
    playout = Playout(0.1)
    playout.push("frame", 1 / 3, 1e5 + 1 / 7)
    moment = playout.next_due()
    assert moment is not None
    assert playout.due(moment) == ["frame"]


def test_after_clear_the_next_frame_is_a_first_one():
    """Pause or seek: nothing of before is shown, the delay is there again, and late frames stay counted."""
    playout = Playout(0.2)
    for frame, (media_time, arrival) in enumerate([(0, 0), (0.05, 0.5), (0.1, 0.5)]):
        playout.push(frame, media_time, START + arrival)
    assert playout.late == 1
    playout.clear()
    assert playout.due(START + 99) == []
    playout.push("resumed", 0.15, START + 1.0)
    assert playout.next_due() == pytest.approx(START + 1.2)
    assert playout.late == 1


def test_a_sender_that_ignores_the_time_cannot_fill_the_memory():
    """The newest frames go: those that wait are still shown when they are due."""
    playout = Playout(0.2)
    for number in range(MAX_FRAMES + 10):
        playout.push(number, number * 0.05, START)
    assert playout.due(START + 1e6) == list(range(MAX_FRAMES))


def test_large_frames_cannot_fill_the_memory_either():
    """And the first of them is shown when it is due, however many come."""
    playout = Playout(0.2)
    for number in range(100):
        playout.push(number, number * 0.05, START, MAX_BYTES // 10)
    assert playout.due(START + 0.2) == [0] and playout.due(START + 1e6) == list(range(1, 10))


@pytest.mark.parametrize("delay", [0.05, 0.2, 1.0])
def test_jitter_below_the_delay_does_not_show(delay):
    """500 frames at 25 a second, each up to `delay` late: shown exactly 40 ms apart, none counted late."""
    rand = random.Random(12)
    arrival, arrivals = 0.0, []
    for number in range(500):
        # In order, as from a reorder buffer; the first has no delay of its own, else there were more than `delay`.
        arrival = max(arrival, number * 0.04 + (rand.random() * delay * 0.99 if number else 0))
        arrivals.append((number * 0.04, arrival))
    shown, playout = schedule(arrivals, delay)
    assert shown == pytest.approx([delay + number * 0.04 for number in range(500)], abs=1e-6)
    assert playout.late == 0


def test_any_arrivals_are_shown_in_order_and_never_before_they_came():
    """Random media times and arrivals, jumps included."""
    rand = random.Random(13)
    for _ in range(300):
        arrival, media_time, arrivals = 0.0, 0.0, []
        for _ in range(60):
            arrival += rand.choice([0, 0.04, 0.3, 5.0]) * rand.random()
            media_time += rand.choice([0.04, 0.04, 0.04, 5.0, -5.0])
            arrivals.append((media_time, arrival))
        shown, _ = schedule(arrivals)
        assert shown == sorted(shown)
        assert all(time >= came - 1e-6 for time, (_, came) in zip(shown, arrivals, strict=True))
