"""Timestamps of a publisher as seconds: differences stay, streams fit together, reports are believed if they can be."""

import pytest

from rtp.rtcp import SenderReport
from rtp.streamclock import Reference, StreamClock
from rtp.timestamps import ntp_time

WALL = 1_800_000_000.0


def report(wall, timestamp):
    return SenderReport(1, ntp_time(wall), timestamp, 0, 0)


def clock(rate=90_000, reference=None, epoch=100.0):
    return StreamClock(rate, reference or Reference(), epoch)


def test_differences_are_those_of_the_timestamps():
    """However unevenly packets come, backwards (B-frames) and over the wrap."""
    times = clock()
    start = 2**32 - 3600
    found = [times.time((start + ticks) % 2**32, 101.0 + late)
             for ticks, late in ((0, 0), (7200, 0.3), (3600, 0.31), (10800, 0.2))]  # fmt: skip
    assert [time - found[0] for time in found] == pytest.approx([0, 0.08, 0.04, 0.12])


def test_without_reports_a_stream_begins_when_it_comes():
    """Two of them differ by what they came apart."""
    reference = Reference()
    video, sound = clock(reference=reference), clock(48_000, reference)
    assert video.time(5, 100.5) == pytest.approx(0.5)
    assert sound.time(7_000_000, 100.75) == pytest.approx(0.75)
    assert video.origin == sound.origin == 100.0


def test_reports_before_the_first_packet_place_a_stream():
    """What comes late by 0.2 s is not late in its own time."""
    reference = Reference()
    video, sound = clock(reference=reference), clock(48_000, reference)
    video.reported(report(WALL, 0), 101.0)
    sound.reported(report(WALL, 1000), 101.2)
    assert video.time(0, 101.0) == pytest.approx(1.0)
    assert sound.time(1000, 101.2) == pytest.approx(1.0, abs=1e-6)


def test_a_later_report_moves_the_clock_and_not_the_frames():
    """Those who watch have had timestamps already: the next report to them says better what they mean."""
    reference = Reference()
    video, sound = clock(reference=reference), clock(48_000, reference)
    assert (video.time(0, 101.0), sound.time(0, 101.2)) == pytest.approx((1.0, 1.2))
    video.reported(report(WALL + 1, 90_000), 102.0)
    sound.reported(report(WALL + 1, 48_000), 102.1)
    assert sound.time(48_000, 102.2) == pytest.approx(2.2)
    assert (video.origin, sound.origin) == pytest.approx((100.0, 99.8))  # both frames were taken at one moment


@pytest.mark.parametrize("wall", [0.0, WALL + 3600])
def test_what_no_clock_says_is_not_believed(wall):
    """A publisher without a clock writes 0; one that is set jumps."""
    times = clock()
    times.reported(report(WALL, 0), 101.0)
    before = times.time(0, 101.0), times.origin
    times.reported(SenderReport(1, ntp_time(wall) if wall else 0, 0, 0, 0), 102.0)
    assert (times.time(0, 102.0), times.origin) == before


def test_a_stream_without_reports_that_drifts():
    """Its reports to viewers follow the arrival."""
    times = clock()
    times.time(0, 100.0)
    assert times.time(90_000, 103.0) == pytest.approx(1.0)
    assert times.origin == pytest.approx(102.0)


def test_another_sender_begins_when_it_comes():
    """Its timestamps have nothing to do with those before."""
    times = clock()
    times.time(0, 101.0)
    times.restart()
    assert times.time(3_000_000_000, 105.0) == pytest.approx(5.0)
