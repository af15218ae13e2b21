"""A receiver's own reports: what is in them, and when they are due."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rtp import rtcp
from rtp.reception import Reception
from rtp.reporter import Reporter
from rtp.timestamps import ntp_time

OURS, THEIRS = 11, 22


def parsed(data) -> list[Any]:
    return list(rtcp.parse(data))


def made():
    reception = Reception(90000)
    return Reporter(OURS, "somebody", random.Random(1).random, 100.0), reception


def test_the_sender_s_report_gives_a_time_of_day_to_timestamps():
    """Which wrap around; nothing is known before it."""
    reporter, _ = made()
    assert reporter.sent_at(0, 90000) is None
    reporter.heard([rtcp.SenderReport(THEIRS, ntp_time(1_700_000_000.5), 2**32 - 9000, 1, 8)], THEIRS, 1.0)
    assert reporter.sent_at(18000, 90000) == pytest.approx(1_700_000_000.8)


def test_while_nothing_comes_a_report_is_about_nothing():
    """It says that we are here, and our name (RFC 3550 §6.4.2, §6.5.1)."""
    reporter, reception = made()
    nothing = [rtcp.ReceiverReport(OURS), rtcp.SourceDescription(OURS, "somebody")]
    assert parsed(reporter.packet(reception, None, 101.0)) == nothing
    assert parsed(reporter.packet(reception, THEIRS, 101.0)) == nothing


def test_a_report_says_what_came_and_when_the_sender_reported():
    """LSR: the middle 32 bits of its NTP time; DLSR: in 1/65536 s. Before its report: 0 and 0."""
    reporter, reception = made()
    reception.arrived(5, 0, 100.5, 20)
    first = parsed(reporter.packet(reception, THEIRS, 101.0))[0].blocks[0]
    assert (first.ssrc, first.highest, first.last_report, first.delay) == (THEIRS, 5, 0, 0)
    reporter.heard([rtcp.SenderReport(THEIRS, 0x1111_2222_3333_4444, 0, 0, 0)], THEIRS, 102.0)
    reception.arrived(8, 0, 102.0, 20)
    second = parsed(reporter.packet(reception, THEIRS, 104.5))[0].blocks[0]
    assert (second.last_report, second.delay) == (0x2222_3333, 5 * 65536 // 2)
    assert (second.fraction, second.lost, second.highest) == (170, 2, 8)


def test_the_report_of_another_sender_is_not_confirmed():
    """Its clock is another one."""
    reporter, reception = made()
    reporter.heard([rtcp.SenderReport(99, 1 << 40, 0, 0, 0)], THEIRS, 100.0)
    reporter.heard([rtcp.SenderReport(99, 1 << 40, 0, 0, 0)], None, 100.0)      # before it was known who ours is
    reception.arrived(5, 0, 100.5, 20)
    block = parsed(reporter.packet(reception, THEIRS, 101.0))[0].blocks[0]
    assert (block.last_report, block.delay) == (0, 0)


def test_a_delay_that_does_not_fit_is_the_longest_that_does():
    """After 18 hours."""
    reporter, reception = made()
    reporter.heard([rtcp.SenderReport(THEIRS, 1 << 40, 0, 0, 0)], None, 100.0)
    reception.arrived(5, 0, 1e6, 20)
    assert parsed(reporter.packet(reception, THEIRS, 1e6))[0].blocks[0].delay == 0xFFFF_FFFF


def test_the_last_one_says_goodbye():
    """A report is first in it all the same (§6.1)."""
    reporter, reception = made()
    packets = parsed(reporter.packet(reception, THEIRS, 101.0, bye=True))
    assert [type(packet) for packet in packets] == [rtcp.ReceiverReport, rtcp.SourceDescription, rtcp.Goodbye]
    assert packets[2].ssrcs == (OURS,)


def test_reports_are_due_now_and_then():
    """Six to twenty-four a minute, the first within 3.1 s."""
    reporter, _ = made()
    found = [now for now in (100 + n / 10 for n in range(600)) if reporter.due(now)]
    assert 101.1 < found[0] < 103.2 and 9 <= len(found) <= 24
