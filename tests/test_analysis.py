"""Delta, skew, drift and the rest, against the same written down plainly; tests/test_interop_analysis.py has tshark."""

from __future__ import annotations

import random

import pytest

from rtp.analysis import RECENT, Analysis
from rtp.history import HEADERS, STEP
from rtp.reception import Reception

RATE = 90000


def heard(packets, first=0):
    """The Analysis of (timestamp in ticks, arrival in seconds) of each packet, numbered one after the other."""
    reception = Reception(RATE)
    for number, (timestamp, now) in enumerate(packets, first):
        reception.arrived(number % 65536, timestamp % 2**32, now, 1000)
    return reception.analysis


def shaky(count=500, seed=4, speed=1.0):
    """Three packets a frame, 25 frames a second of the sender's clock; the timestamps wrap around."""
    rand, base = random.Random(seed), 2**32 - 100_000
    return [(base + n // 3 * 3600, 50 + n // 3 * 0.04 / speed + n % 3 * 0.001 + rand.random() * 0.004)
            for n in range(count)]


def test_nothing_came_yet():
    analysis = Analysis()
    assert set(analysis.statistics(RATE).values()) == {0}
    assert analysis.begun is None and analysis.drift is None and analysis.duration == analysis.mean_jitter == 0


def test_delta_is_the_time_since_the_packet_before():
    packets = shaky()
    largest = max(late[1] - early[1] for early, late in zip(packets, packets[1:], strict=False))
    assert heard(packets).max_delta == pytest.approx(largest)


def test_skew_is_how_far_timestamps_are_ahead_of_the_clock():
    """The farthest from 0, with its sign; also with a first number and timestamp near their wrap-around."""
    packets = shaky()
    (base, start), *_ = packets
    skews = [(timestamp - base) / RATE - (now - start) for timestamp, now in packets]
    assert heard(packets, first=65_500).max_skew == pytest.approx(max(skews, key=abs))
    assert heard([(0, 0.0), (3600, 0.14)]).max_skew == pytest.approx(-0.1)
    assert heard([(0, 0.0), (9000, 0.04)]).max_skew == pytest.approx(0.06)


def test_mean_jitter_is_over_all_packets_but_the_first():
    """Which has nothing to be compared with."""
    reception, seen = Reception(RATE), []
    for number, (timestamp, now) in enumerate(shaky()):
        reception.arrived(number, timestamp % 2**32, now, 1000)
        seen.append(reception.jitter)
    assert reception.analysis.mean_jitter == pytest.approx(sum(seen) / (len(seen) - 1))


@pytest.mark.parametrize("speed", [1.0, 1.01, 0.998])
def test_drift_is_the_slope_of_the_timestamps(speed):
    """A clock that is 1 % fast wins 1 % in whatever time it runs."""
    analysis = heard([(n * 3600, 7 + n * 0.04 / speed) for n in range(1000)])
    assert analysis.drift == pytest.approx(speed - 1, abs=1e-9)
    statistics = analysis.statistics(RATE)
    assert statistics["freq_drift_hz"] == pytest.approx(RATE * speed, abs=0.01)
    assert statistics["clock_drift_ms"] == pytest.approx(1000 * analysis.duration * (speed - 1), abs=0.001)


def test_drift_is_seen_through_jitter():
    assert heard(shaky(3000, speed=1.005)).drift == pytest.approx(0.005, abs=1e-4)


def test_sequence_errors_are_all_that_is_not_the_next_number():
    """A gap is one, whatever its size; what comes late is one, and what comes twice."""
    reception = Reception(RATE)
    for number, errors in ((65534, 0), (65535, 0), (0, 0), (5, 1), (3, 2), (6, 2), (6, 3), (7, 3)):
        reception.arrived(number, 0, 0.0, 10)
        assert reception.analysis.seq_errs == errors


def test_a_pause_is_no_delta_no_skew_and_no_drift():
    """The numbers go on, the timestamps too, the clock goes on alone."""
    reception = Reception(RATE)
    for number in range(200):
        if number == 100:
            reception.restart(100)
        reception.arrived(number, number * 3600, number * 0.04 + (60 if number >= 100 else 0), 1000)
    analysis = reception.analysis
    assert analysis.max_delta == pytest.approx(0.04) and abs(analysis.max_skew) < 1e-9
    assert analysis.drift == pytest.approx(0, abs=1e-9) and analysis.packets == 200 and analysis.seq_errs == 0
    assert analysis.duration == pytest.approx(67.96)


def test_the_source_s_frame_rate_is_told_by_timestamps():
    """However the packets come: three a frame, late, or in the wrong order."""
    packets = shaky()
    packets[10:14] = packets[13:9:-1]
    assert heard(packets).source_fps == pytest.approx(25.0)


def test_bandwidth_is_that_of_the_last_whole_second():
    """With the headers below RTP, and nothing left a second after the end."""
    analysis = Analysis()
    for n in range(300):
        analysis.add(n, 10 + n * 0.01, 972, 0.0, 0.01)
    assert analysis.bandwidth(13.0) == pytest.approx(100 * 8 * (972 + HEADERS), rel=0.01)
    assert analysis.bandwidth(14.0 + STEP) == 0


def test_a_row_has_the_worst_of_its_time():
    analysis = Analysis()
    for number, (now, jitter) in enumerate([(10.0, 0.0), (10.01, 0.003), (10.07, 0.002), (10.24, 0.001)]):
        analysis.add(number, now, 100, jitter, 0.02 if number else None)
    (row,) = analysis.history.rows
    assert (row.packets, row.bytes, row.jitter) == (4, 400, 0.003)
    assert row.delta == pytest.approx(0.17) and row.difference == pytest.approx(0.15)


def test_the_memory_is_bounded():
    """However long the stream."""
    analysis = heard(shaky(RECENT + 500), first=65_000)
    assert len(analysis.recent) == RECENT and analysis.packets == RECENT + 500
    assert [number for _, number in analysis.recent] == list(range(65_500, 65_500 + RECENT))


def test_what_comes_twice_is_measured_and_noted():
    """So that a picture of the packets can show it."""
    reception = Reception(RATE)
    for number in (1, 2, 2, 3):
        reception.arrived(number, 0, 0.1 * number, 10)
    assert [number for _, number in reception.analysis.recent] == [1, 2, 2, 3]
