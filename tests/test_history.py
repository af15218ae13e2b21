"""The rows of a quarter of a second."""

from __future__ import annotations

from rtp.history import HEADERS, KEPT, STEP, History, tick_of


def test_a_row_is_a_quarter_of_a_second():
    """The same one until its time is over; none for times when nobody asked."""
    history = History()
    first = history.row(10.0)
    assert history.row(10.0 + 0.99 * STEP) is first and first.tick == tick_of(10.0) == 40
    assert history.row(10.0 + STEP) is not first
    history.row(20.0)
    assert [row.tick for row in history.rows] == [40, 41, 80]


def test_only_the_latest_minute_is_kept():
    history = History()
    for number in range(10_000):
        history.row(number * STEP)
    assert len(history.rows) == KEPT == round(60 / STEP) and history.rows[-1].tick == 9999


def test_bits_count_the_headers_below():
    """As Wireshark's bandwidth does."""
    row = History().row(0.0)
    row.packets, row.bytes = 3, 1000
    assert row.bits == 8 * (1000 + 3 * HEADERS)
