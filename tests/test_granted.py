"""What a client reads out of the replies that grant it something."""

import pytest

from rtsp import granted
from rtsp.errors import MessageError
from rtsp.headers import SessionHeader
from rtsp.message import Headers, Response


def reply(*headers, lab=False):
    return Response(200, Headers(headers), lab=lab)


def test_methods_are_collected():
    """In one line or in several."""
    assert granted.methods(reply(("Public", "OPTIONS, play"), ("Public", "X"))) == {"OPTIONS", "PLAY", "X"}
    assert granted.methods(reply()) == set()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("123456", "123456"), ("Session: 5", "5"), ("5;timeout=soon", "5"), ("", "0"), (" ", "0"), (None, "0")],
)
def test_the_session_of_a_lab_server_is_read_in_any_spelling(value, wanted):
    headers = [] if value is None else [("Session", value)]
    assert granted.session(reply(*headers, lab=True)) == SessionHeader(wanted)


def test_the_session_of_a_standard_server():
    assert granted.session(reply(("Session", "5eed;timeout=30"))) == SessionHeader("5eed", 30)
    assert granted.session(reply()) is None


@pytest.mark.parametrize(("value", "wanted"), [
    ("5eed;timeout=soon", SessionHeader("5eed")), ("5eed ; timeout=0", SessionHeader("5eed")),
    ("5eed;", SessionHeader("5eed")),
    ("a-b_c.d$e+F/=%20 {}", SessionHeader("a-b_c.d$e+F/=%20 {}")), ("5eed;Timeout=\"30\"", SessionHeader("5eed", 30)),
])
def test_the_session_of_odd_servers(value, wanted):
    """Whatever the id is made of; a time-out that is none is as good as none."""
    assert granted.session(reply(("Session", value))) == wanted


def test_a_session_without_an_id_is_refused():
    with pytest.raises(MessageError):
        granted.session(reply(("Session", ";timeout=5")))


def test_the_transport():
    """The first of several; a lab server's word is not asked for."""
    transport = granted.transport(reply(("Transport", "RTP/AVP;server_port=6000-6001,RTP/AVP/TCP")))
    assert transport is not None and transport.server_port == (6000, 6001)
    assert granted.transport(reply()) is None
    assert granted.transport(reply(("Transport", "RTP/AVP;server_port=6000-6001"), lab=True)) is None
