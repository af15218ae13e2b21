"""The parts of a reply that do not depend on the media."""

import pytest

from rtsp import answers
from rtsp.errors import MethodError, RtspError
from rtsp.headers import Transport
from rtsp.message import Headers, Request, Response

URL = "rtsp://h:1/films"


def request(*headers, lab=False):
    return Request("DESCRIBE", URL, Headers([("CSeq", "7"), *headers]), lab=lab)


def test_a_refusal_says_why_and_what_would_be_allowed():
    reply = answers.refused(MethodError("not now", ("PLAY", "RECORD")), lambda methods: ["PLAY"])
    assert (reply.status, reply.headers.get("Allow"), reply.body) == (455, "PLAY", b"not now\n")
    reply = answers.refused(RtspError("no", 551, {"Unsupported": "x"}), list)
    assert reply.headers.get("Unsupported") == "x" and "Allow" not in reply.headers


@pytest.mark.parametrize(("headers", "last"), [
    ([], False), ([("Connection", "close")], True), ([("connection", "Keep-Alive, CLOSE")], True),
    ([("Connection", "keep-alive")], False), ([("Connection", "x"), ("Connection", "close")], True),
    ([("Connection", "closed")], False),
])  # fmt: skip
def test_a_request_may_be_the_last_one(headers, last):
    """RFC 2326 §12.10; the reply says so, too."""
    assert answers.is_last(request(*headers)) is last
    reply = answers.complete(Response(200), request(*headers), None, Server="s")
    assert reply.headers.get("Connection") == ("close" if last else None)
    assert (reply.headers.get("CSeq"), reply.headers.get("Server")) == ("7", "s")


def test_no_lab_request_is_the_last_one():
    """It has no such header; its reply has three lines."""
    assert not answers.is_last(request(("Connection", "close"), lab=True))


@pytest.mark.parametrize(("stamp", "given"), [("1.5 0.25", "1.5 0.25"), ("12", "12"), ("x\x1b[2J", None)])
def test_a_timestamp_is_given_back_as_it_came(stamp, given):
    """RFC 2326 §12.38: of use to the client alone."""
    assert answers.complete(Response(200), request(("Timestamp", stamp)), None).headers.get("Timestamp") == given


def test_a_folder_is_listed_for_who_asks_for_a_list():
    reply = answers.folder(request(("Accept", "application/sdp"), ("Accept", "text/uri-list")), ["films/a b.Mjpeg"])
    assert (reply.headers.get("Content-Type"), reply.body) == ("text/uri-list", b"rtsp://h:1/films/a%20b.Mjpeg\r\n")
    for headers in ([], [("Accept", "")], [("Accept", "application/sdp")], [("Accept", "text/uri-list;q=0")]):
        with pytest.raises(RtspError) as caught:
            answers.folder(request(*headers), [])
        assert caught.value.status == 406


def test_a_description_is_for_who_takes_one_or_does_not_say():
    for headers in ([], [("Accept", "")], [("Accept", "application/sdp")]):
        reply = answers.description(request(*headers), "v=0\r\n")
        assert (reply.headers.get("Content-Base"), reply.body) == (URL + "/", b"v=0\r\n")
    with pytest.raises(RtspError) as caught:
        answers.description(request(("Accept", "text/uri-list")), "v=0\r\n")
    assert caught.value.status == 406


def test_what_was_granted():
    reply = answers.granted(Transport("RTP/AVP/TCP", interleaved=(0, 1), ssrc=42), "5eed", 8.0)
    assert reply.headers.get("Transport") == "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000002A"
    assert reply.headers.get("Session") == "5eed;timeout=8"


@pytest.mark.parametrize("name", ["CSeq", "Timestamp"])
@pytest.mark.parametrize("text", ["1\r2", "\x1b[2J", "١", "1\u202e"])
def test_what_is_no_plain_text_is_not_given_back(name, text):
    reply = answers.complete(Response(200), Request("OPTIONS", "*", Headers([(name, text)])), None)
    assert reply.headers.get(name) is None
