"""Numbers that wrap around; NTP time."""

from __future__ import annotations

import random

import pytest

from rtp.timestamps import extend, middle, ntp_time, sequence_delta, timestamp_delta, unix_time


@pytest.mark.parametrize(
    ("new", "old", "wanted"),
    [
        (1, 0, 1),
        (0, 1, -1),
        (7, 7, 0),
        (0, 65535, 1),
        (65535, 0, -1),
        (100, 65500, 136),
        (32767, 0, 32767),
        (32768, 0, -32768),
        (0, 32768, -32768),
    ],
)
def test_the_distance_of_sequence_numbers_is_the_shorter_way_round(new, old, wanted):
    """16 bits; half the circle counts as backwards."""
    assert sequence_delta(new, old) == wanted


@pytest.mark.parametrize(
    ("new", "old", "wanted"),
    [
        (3600, 0, 3600),
        (0, 0xFFFFFFFF, 1),
        (0xFFFFFF00, 0, -256),
        (0x80000000, 0, -0x80000000),
        (0x7FFFFFFF, 0, 0x7FFFFFFF),
    ],
)
def test_the_distance_of_timestamps_likewise(new, old, wanted):
    """32 bits."""
    assert timestamp_delta(new, old) == wanted


@pytest.mark.parametrize(
    ("value", "reference", "bits", "wanted"),
    [
        (2, 65535, 16, 65538),
        (65535, 65538, 16, 65535),
        (5, 7 * 65536 + 65530, 16, 8 * 65536 + 5),
        (65534, 3, 16, -2),
        (1, 0xFFFFFFFF, 32, 0x1_0000_0001),
        (3, 14, 2, 15),
    ],
)
def test_extended_numbers_do_not_wrap(value, reference, bits, wanted):
    """The nearest number with these lowest bits."""
    assert extend(value, reference, bits) == wanted


def test_extend_follows_any_walk():
    """A counter that moves by less than half the circle is never lost."""
    rand = random.Random(16)
    true = reference = 30000
    for _ in range(2000):
        true += rand.randrange(-32768, 32768)
        reference = extend(true & 0xFFFF, reference)
        assert reference == true


@pytest.mark.parametrize(
    ("unix", "ntp"),
    [
        (0.0, 2208988800 << 32),  # 1970, RFC 868
        (0.5, (2208988800 << 32) + (1 << 31)),
        (-2208988800.0 + (1 << 31), 1 << 63),
        (1700000000.25, (3908988800 << 32) + (1 << 30)),
        (2085978496.0, 0),  # 2036-02-07 06:28:16, when NTP time starts again (RFC 4330 §3)
        (2085978497.75, (1 << 32) + (3 << 30)),
        (2085978496.0 + 0x7FFFFFFF, 0x7FFFFFFF << 32),  # 2104, the last that can be told
        (-1.25, (2208988798 << 32) + (3 << 30)),
    ],
)
def test_ntp_time_both_ways(unix, ntp):
    """64 bits: seconds since 1900, and the fraction."""
    assert ntp_time(unix) == ntp
    assert unix_time(ntp) == unix


def test_the_middle_of_ntp_time():
    """16 bits of seconds, 16 of fraction (RFC 3550 §4)."""
    assert middle(0x1111_2222_3333_4444) == 0x2222_3333
    assert middle((1 << 64) - 1) == 0xFFFF_FFFF


def test_ntp_time_keeps_the_microsecond():
    """A float of today's seconds resolves 0.24 µs; nothing more may be lost on the way."""
    rand = random.Random(64)
    for _ in range(1000):
        now = 1.7e9 + rand.random() * 1e9
        assert abs(unix_time(ntp_time(now)) - now) < 5e-7
