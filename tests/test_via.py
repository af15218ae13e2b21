"""What a proxy does to headers."""

from __future__ import annotations

import pytest

from rtsp import via
from rtsp.errors import RtspError
from rtsp.message import Headers, Request

NAME = "rtsplab-1234"


def request(*headers):
    return Request("DESCRIBE", "rtsp://host/x", Headers([("CSeq", "1"), *headers]))


def test_what_is_between_neighbours_stays_there():
    headers = Headers([("CSeq", "4"), ("Session", "1"), ("X-Word", "a"), ("X-Word", "b"), ("Connection", "close")])
    assert list(via.onward(headers, NAME)) == [("X-Word", "a"), ("X-Word", "b"), ("Via", f"RTSP/1.0 {NAME}")]


def test_the_name_goes_behind_those_that_are_there():
    """In one line, whatever they came in; and what is not wanted is left out."""
    headers = Headers([("via", "RTSP/1.0 a"), ("Via", "RTSP/1.0 b"), ("Authorization", "Basic x")])
    kept = via.onward(headers, NAME, without=("authorization",))
    assert list(kept) == [("Via", f"RTSP/1.0 a, RTSP/1.0 b, RTSP/1.0 {NAME}")]


@pytest.mark.parametrize("text", [f"RTSP/1.0 {NAME}", f"RTSP/1.0 a,RTSP/1.0 {NAME} (RTSPlab)", f"1.0 {NAME}"])
def test_our_own_name_is_a_circle(text):
    with pytest.raises(RtspError, match="circle") as caught:
        via.check(request(("Via", text)), NAME)
    assert caught.value.status == 502


def test_names_that_only_look_like_ours_are_others():
    via.check(request(("Via", f"RTSP/1.0 {NAME}5, RTSP/1.0 x{NAME}")), NAME)


def test_so_many_proxies_and_no_more():
    row = ["RTSP/1.0 p"] * via.LONGEST
    via.check(request(("Via", ", ".join(row))), NAME)
    with pytest.raises(RtspError, match="nowhere"):
        via.check(request(("Via", ", ".join(row)), ("Via", "RTSP/1.0 p")), NAME)


def test_what_a_proxy_must_know_and_what_it_needs():
    with pytest.raises(RtspError) as caught:
        via.check(request(("Proxy-Require", "magic")), NAME)
    assert (caught.value.status, caught.value.headers) == (551, {"Unsupported": "magic"})
    with pytest.raises(RtspError) as caught:
        via.check(Request("DESCRIBE", "rtsp://host/x"), NAME)
    assert caught.value.status == 400
