"""Times of day in Range headers."""

import pytest

from rtsp.clocktime import clock, clock_text
from rtsp.errors import MessageError


@pytest.mark.parametrize(("text", "seconds"), [
    ("19700101T000000Z", 0.0),
    ("19961108T143720.25Z", 847463840.25),      # the example of RFC 2326 §3.7
    ("20240229T235959Z", 1709251199.0),
])
def test_a_time_is_read(text, seconds):
    assert clock(text) == seconds


@pytest.mark.parametrize("text", [
    "", "now", "19961108T143720", "19961308T143720Z", "20230229T000000Z", "19961108T243720Z", "19961108T143720.Z",
    "00000101T000000Z", "19961108T143720.1234567890Z", "١٩٩٦1108T143720Z",
])
def test_what_is_no_time_is_400(text):
    with pytest.raises(MessageError):
        clock(text)


def test_a_time_is_written_to_a_millisecond():
    assert clock_text(847463840.2509) == "19961108T143720.250Z" and clock(clock_text(1e9 + 0.5)) == 1e9 + 0.5
