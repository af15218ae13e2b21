"""The statistics in the course of time."""

from __future__ import annotations

from functools import partial

from rtp.timeline import MOST, Timeline


def gathered(every, moments):
    timeline = Timeline(every)
    for number, now in enumerate(moments):
        timeline.look(now, partial(dict, packets=number))
    return timeline.lines()


def test_a_line_every_second_since_the_first_look():
    """However often it is looked at; nothing at the beginning."""
    lines = gathered(1.0, [100 + 0.1 * n for n in range(36)])
    assert [line["time"] for line in lines] == [1.0, 2.0, 3.0]
    assert [line["packets"] for line in lines] == [10, 20, 30]


def test_a_pause_leaves_lines_out():
    """They are not made up afterwards, and the next one is due at its own time."""
    assert [line["time"] for line in gathered(1.0, [0, 1.5, 7.25, 7.9, 8.0])] == [1.5, 7.25, 8.0]


def test_nobody_is_asked_before_a_line_is_due():
    timeline, asked = Timeline(2.0), []

    def statistics():
        asked.append(1)
        return {"packets": 1}

    for now, times in ((0.0, 0), (1.9, 0), (2.0, 1), (2.1, 1)):
        timeline.look(now, statistics)
        assert len(asked) == times


def test_the_memory_is_bounded():
    """Of more lines, the latest are kept."""
    lines = gathered(1.0, range(MOST + 11))
    assert len(lines) == MOST and lines[-1]["time"] == MOST + 10
