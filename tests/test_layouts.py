"""The tables of fields agree with the drawings in the docstrings, and with the code that reads and writes packets."""

from __future__ import annotations

import re

import pytest

from rtp import jpegheaders, layouts, reports, rtcp
from RtpPacket import RtpPacket

ROW = re.compile(r"^\s*\|([^+]*)\|(?:  \w+(?: \d+)?)?$")


def drawn(docstring):
    """The widths in bits of the boxes of a drawing, row by row: each bit is two characters wide."""
    rows = [match[1] for line in docstring.split("\n") if (match := ROW.match(line))]
    return [[(len(box) + 1) // 2 for box in row.split("|")] for row in rows if len(row) == 63]


def rows(*fields):
    """The same of a table."""
    found, row = [], []
    for field in fields:
        row.append(field.bits)
        if sum(row) == 32:
            found.append(row)
            row = []
    assert not row
    return found


@pytest.mark.parametrize(
    ("docstring", "layout"),
    [
        (RtpPacket.__doc__, layouts.RTP_HEADER),
        (jpegheaders.MainHeader.__doc__, layouts.MAIN),
        (jpegheaders.RestartHeader.__doc__, layouts.RESTART),
        (jpegheaders.QuantizationHeader.__doc__, layouts.QUANTIZATION),
        (rtcp.__doc__, layouts.OTHER_HEADER),
        (rtcp.SenderReport.__doc__, layouts.REPORTS_HEADER + layouts.SENDER_INFO),
        (rtcp.ReceiverReport.__doc__, (*layouts.REPORTS_HEADER, layouts.SSRC)),
        (rtcp.SourceDescription.__doc__, layouts.SOURCES_HEADER + layouts.CHUNK),
        (reports.ReportBlock.__doc__, layouts.REPORT_BLOCK),
    ],
)
def test_the_tables_are_the_drawings(docstring, layout):
    """Bit for bit (RFC 3550 §5.1, §6.4, §6.5; RFC 2435 §3.1)."""
    wanted = rows(*layout)
    assert drawn(docstring)[:len(wanted)] == wanted


def every_layout():
    tables = [value for value in vars(layouts).values() if isinstance(value, tuple)]
    return [table for table in tables if isinstance(table[0], layouts.Field)]


def test_every_field_is_explained():
    """In a sentence; and every value has words, whatever it is."""
    assert len(every_layout()) >= 14
    for layout in every_layout():
        for field in layout:
            assert field.meaning.endswith(".") and 1 <= field.bits <= 32
            assert all(field.text(value) for value in (0, 1, (1 << field.bits) - 1))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (layouts.RTP_HEADER[5], 26, "26 = JPEG"),
        (layouts.MAIN[4], 48, "48 = 384 px"),
        (layouts.REPORT_BLOCK[2], 0xFFFFFD, "-3"),
        (layouts.REPORT_BLOCK[1], 64, "64 = 25.0 %"),
        (layouts.REPORT_BLOCK[6], 98304, "98304 = 1.500 s"),
        (layouts.SENDER_INFO[1], 0xE0000001, "3758096385 = 2019-02-02 11:39:45"),
        (layouts.SENDER_INFO[2], 1 << 31, "2147483648 = 0.500000 s"),
        (layouts.REPORTS_HEADER[4], 6, "6 = 28 bytes"),
    ],
)
def test_values_are_read_as_people_do(field, value, words):
    """Units, names and signs."""
    assert field.text(value) == words
