"""When a lost connection is tried again: a table of times, and a clock that is a number."""

from __future__ import annotations

from rtsp.retry import LONGEST, STEADY, Retry


def test_each_attempt_waits_twice_as_long_and_none_longer_than_half_a_minute():
    retry, now, waited = Retry(), 100.0, []
    for attempt in range(1, 9):
        retry.lost(now)
        assert retry.attempt == attempt and retry.waiting and not retry.trying
        waited.append(retry.left(now))
        assert not retry.due(now + waited[-1] - 0.01) and retry.due(now + waited[-1])
        now += waited[-1]
        retry.begin()
        assert retry.trying and not retry.due(now + 99)
    assert waited == [1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]
    for _ in range(5000):  # for days: the power of two does not grow
        retry.lost(now)
    assert retry.left(now) == LONGEST


def test_the_countdown_shows_whole_seconds():
    retry = Retry()
    retry.lost(0.0)
    retry.lost(0.0)
    assert [retry.left(now) for now in (0.0, 0.5, 1.0, 1.9, 2.0, 3.0)] == [2, 2, 1, 1, 0, 0]
    retry.begin()
    assert retry.left(0.0) == 0


def test_a_server_that_soon_dies_again_is_not_hammered():
    """Only after a while of playing a loss is the first one again."""
    retry = Retry()
    for played, attempt in ((0.1, 2), (STEADY - 0.1, 3), (STEADY, 1)):
        if not retry.attempt:
            retry.lost(0.0)
        retry.begin()
        retry.plays(10.0)
        retry.plays(10.0 + played)  # each picture says so; the first one counts
        assert not retry.active
        retry.lost(10.0 + played)
        assert retry.attempt == attempt


def test_it_ends_when_somebody_says_so():
    retry = Retry()
    retry.plays(1.0)  # nothing was lost
    retry.lost(2.0)
    retry.stop()
    assert not retry.active and retry.attempt == 0 and not retry.due(99.0)
    retry.lost(50.0)
    assert retry.left(50.0) == 1


def test_another_longest_pause():
    """Of a publisher: its viewers are waiting."""
    retry, pauses = Retry(15.0), []
    for _ in range(6):
        retry.lost(0.1)
        pauses.append(retry.pause)
        retry.begin()
    assert pauses == [1, 2, 4, 8, 15, 15]
