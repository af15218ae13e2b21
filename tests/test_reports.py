"""What a receiver's report says, in the units of people; the bytes are in test_rtcp.py."""

from __future__ import annotations

import pytest

from rtp.reports import ReportBlock, Reported, about, round_trip

SECOND = 65536


def test_the_example_of_the_rfc():
    """RFC 3550 §6.4.1, figure 2: a report comes at 0xb710:8000, LSR 0xb705:2000, DLSR 5.25 s: 6.125 s to and fro."""
    block = ReportBlock(1, last_report=0xB705_2000, delay=0x0005_4000)
    assert round_trip(block, 0xB710_8000) == 6.125


@pytest.mark.parametrize(("last_report", "delay", "now", "seconds"), [
    (0, 0, 5 * SECOND, None),                       # it has had no sender report
    (1, 0, 1, 0.0),
    (0xFFFF_FFFF, 1, 2, 2 / SECOND),                # the 32 bits have wrapped
    (10 * SECOND, SECOND, 11 * SECOND - 3, 0.0),    # both sides round
    (10 * SECOND, SECOND, 10 * SECOND, None),       # it says that it waited longer than it can have
    (10 * SECOND, 0, 70 * SECOND, 60.0),
    (10 * SECOND, 0, 71 * SECOND, None),            # another clock, or a report that is none
    (0x12345678, 0x9ABCDEF0, 0, None),
])  # fmt: skip
def test_round_trips(last_report, delay, now, seconds):
    assert round_trip(ReportBlock(1, last_report=last_report, delay=delay), now) == seconds


def test_units():
    """A share, packets, seconds."""
    block = ReportBlock(1, 64, -3, 70000, 4500, 10 * SECOND, SECOND)
    assert Reported.read(block, 90000, 11 * SECOND + SECOND // 4) == Reported(0.25, -3, 70000, 0.05, 0.25)


def test_whom_a_block_is_about():
    """That with our SSRC, the latest of several; a lone one is about us whatever it says, one of several is not."""
    ours, other, another = ReportBlock(1), ReportBlock(2), ReportBlock(3)
    assert about(1, [other, ours, another]) is ours
    assert about(1, [ours, later := ReportBlock(1, 9)]) is later
    assert about(1, [other]) is other
    assert about(1, [other, another]) is None and about(1, []) is None
