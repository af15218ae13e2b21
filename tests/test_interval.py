"""When reports are sent: how far apart, how much spread, and what reconsidering does."""

from __future__ import annotations

import math
import random
from statistics import mean

import pytest

from rtp.interval import COMPENSATION, SHORTEST, Interval


def times(seed, count, at_once=False):
    """The moments of the first reports of a member that joins at 0."""
    interval, found = Interval(random.Random(seed).random, 0.0, at_once), []
    while len(found) < count:
        now = interval.due
        if interval.expired(now):
            found.append(now)
    return found


def gaps(seed, count=2, **options):
    found = times(seed, count, **options)
    return [later - earlier for earlier, later in zip(found, found[1:], strict=False)]


def test_intervals_spread_around_five_seconds():
    """RFC 3550 §6.3.1: each is 0.5 to 1.5 times as long, all divided by e - 3/2, which evens out that reconsidering
    makes them longer: their mean is the five seconds of §6.2."""
    found = [gap for seed in range(400) for gap in gaps(seed, 6)]
    assert min(found) >= 0.5 * SHORTEST / COMPENSATION and max(found) <= 1.5 * SHORTEST / COMPENSATION
    assert mean(found) == pytest.approx(SHORTEST, rel=0.02)
    assert max(found) > 6 and min(found) < 2.3


def test_the_first_report_comes_after_half_an_interval():
    """§6.2: a new member is to be known soon, but not all at the same moment."""
    found = [times(seed, 1)[0] for seed in range(1000)]
    assert min(found) >= 0.25 * SHORTEST / COMPENSATION and max(found) <= 0.75 * SHORTEST / COMPENSATION
    assert mean(found) == pytest.approx(SHORTEST / 2, rel=0.02)


def test_at_once_means_at_once():
    """The first report is due when one joins, the second after a whole interval."""
    found = [times(seed, 2, at_once=True) for seed in range(300)]
    assert {first for first, _ in found} == {0.0}
    assert mean(second for _, second in found) == pytest.approx(SHORTEST, rel=0.05)


def test_step_by_step():
    """The time is drawn once more when it has come (§6.3.6), and counts from the report before."""
    numbers = iter([0.5, 0.7, 0.1, 0.5, 0.5, 0.5])
    interval = Interval(lambda: next(numbers), 100.0)
    half = SHORTEST / 2 / COMPENSATION
    assert interval.due == pytest.approx(100 + half)
    assert not interval.expired(100 + 0.9 * half)               # not yet: nothing is drawn
    assert not interval.expired(interval.due)                   # 0.7: later
    assert interval.due == pytest.approx(100 + 1.2 * half)
    now = interval.due
    assert interval.expired(now)                                # 0.1: earlier; 0.5: the next one
    assert interval.due == pytest.approx(now + 2 * half)
    assert interval.expired(now + 50)                           # the machine was asleep: one report, not many
    assert interval.due > now + 50


def test_the_constant_is_that_of_the_rfc():
    assert pytest.approx(1.21828, abs=1e-5) == COMPENSATION == math.e - 3 / 2
