"""What a request must be before anybody looks at the media."""

import pytest

from rtsp import checks, limits
from rtsp.errors import RtspError
from rtsp.message import Headers, Request
from rtsp.states import METHODS, State


def request(method="OPTIONS", target="*", *headers, version="RTSP/1.0", lab=False, cseq="1"):
    numbered = [("CSeq", cseq)] if cseq else []
    return Request(method, target, Headers([*numbered, *headers]), version=version, lab=lab)


def refusal(call, *arguments):
    with pytest.raises(RtspError) as caught:
        call(*arguments)
    return caught.value


def test_a_good_request_passes():
    checks.check(request("PLAY", "rtsp://h/m", ("X-Unknown", "1"), ("Require", ""), ("Proxy-Require", " , ")))
    checks.check(request(lab=True, cseq=None))


@pytest.mark.parametrize("version", ["RTSP/2.0", "RTSP/0.9", "RTSP/1.1"])
def test_another_version_is_505(version):
    assert refusal(checks.check, request(version=version)).status == 505


def test_a_number_is_needed():
    assert refusal(checks.check, request(cseq=None)).status == 400


def test_options_nobody_knows_are_named():
    """RFC 2326 §12.32, §12.27: all of them, whatever header they stand in."""
    error = refusal(checks.check, request("PLAY", "*", ("Require", "funky,more"), ("proxy-require", "x")))
    assert (error.status, error.headers) == (551, {"Unsupported": "funky, more, x"})


def test_what_cannot_be_printed_is_not_said_back():
    """A bare CR ends a line for some readers (RFC 2326 §4), and the reply would get a header of the peer's making."""
    error = refusal(checks.check, request("PLAY", "*", ("Require", "more,x\rSession: 1")))
    assert (error.status, error.headers) == (551, {"Unsupported": "more"})


@pytest.mark.parametrize("method", METHODS)
def test_few_things_can_be_asked_of_the_server_as_a_whole(method):
    if method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER"):
        checks.check_target(request(method))
    else:
        error = refusal(checks.check_target, request(method))
        assert (error.status, error.headers) == (405, {"Allow": "OPTIONS, GET_PARAMETER, SET_PARAMETER"})
    checks.check_target(request(method, "rtsp://h/"))


def test_streams_are_set_up_one_by_one_and_not_while_they_play():
    checks.check_setup(None, 1, State.INIT)
    checks.check_setup(1, 2, State.READY)
    assert refusal(checks.check_setup, None, 2, State.INIT).status == 459
    error = refusal(checks.check_setup, 0, 2, State.PLAYING)
    assert error.status == 455 and "PAUSE" in error.allowed and "SETUP" not in error.allowed


@pytest.mark.parametrize("method", ["SETUP", "PLAY"])
def test_where_there_is_no_room_newcomers_are_turned_away(method):
    """Who has played before may go on; and everything else may be asked."""
    for behind, busy in ((limits.BEHIND + 0.01, 0.0), (0.0, limits.BUSY + 0.01)):
        assert refusal(checks.check_room, method, False, behind, busy).status == 453
    checks.check_room(method, True, 1.0, 1.0)
    checks.check_room(method, False, limits.BEHIND, limits.BUSY)
    for other in set(METHODS) - {"SETUP", "PLAY"}:
        checks.check_room(other, False, 1.0, 1.0)
