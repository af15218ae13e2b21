"""What an Accept header takes."""

import pytest

from rtsp.accept import accepts

SDP = "application/sdp"


@pytest.mark.parametrize("headers", [
    ["application/sdp"], ["APPLICATION/SDP"], ["application/rtsl, application/sdp;level=2"], ["*/*"], ["application/*"],
    ["text/uri-list", "application/sdp"], ["application/sdp; q=0.1"], ["*/*;q=0, application/sdp"],
])  # fmt: skip
def test_what_takes_a_description(headers):
    assert accepts(headers, SDP)


@pytest.mark.parametrize("headers", [
    [], [""], [" , "], ["text/uri-list"], ["application/sdpx"], ["x-application/sdp"], ["text/*"], ["application"],
    ["application/sdp;q=0"], ["application/sdp; Q = 0.000"], ["*/*, application/sdp;q=0"], ["application/*;q=0,*/*"],
])  # fmt: skip
def test_what_does_not(headers):
    """RFC 2068 §14.1: the closest range counts, and quality 0 says no."""
    assert not accepts(headers, SDP)
