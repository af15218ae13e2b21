"""Messages as bytes, and headers as a multi-map."""

import pytest

from rtsp.errors import MessageError
from rtsp.message import Headers, Interleaved, Message, Request, Response

# (message, its bytes), written from RFC 2326 §14.1 and §10.12
MESSAGES: dict[str, tuple[Message, bytes]] = {
    "request": (
        Request("PLAY", "rtsp://a/f", Headers([("CSeq", "3"), ("Session", "12345678"), ("Range", "npt=0-")])),
        b"PLAY rtsp://a/f RTSP/1.0\r\nCSeq: 3\r\nSession: 12345678\r\nRange: npt=0-\r\n\r\n",
    ),
    "request with a body": (
        Request("GET_PARAMETER", "rtsp://a/f", Headers([("CSeq", "9")]), b"jitter\r\n"),
        b"GET_PARAMETER rtsp://a/f RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 8\r\n\r\njitter\r\n",
    ),
    "response": (Response(200, Headers([("CSeq", "3")])), b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"),
    "response with a phrase of its own": (Response(404, reason="No such movie"), b"RTSP/1.0 404 No such movie\r\n\r\n"),
    "interleaved": (Interleaved(1, b"\x80\xc9"), b"$\x01\x00\x02\x80\xc9"),
    "lab SETUP": (
        Request("SETUP", "movie.Mjpeg", Headers([("CSeq", "1"), ("Transport", "RTP/UDP;client_port=25000")]), lab=True),
        b"SETUP movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= 25000\r\n",
    ),
    "lab PLAY": (
        Request("PLAY", "movie.Mjpeg", Headers([("CSeq", "2"), ("Session", "123456"), ("User-Agent", "x")]), lab=True),
        b"PLAY movie.Mjpeg RTSP/1.0\r\nCSeq: 2\r\nSession: 123456\r\n",
    ),
    "lab reply": (
        Response(200, Headers([("Session", "123456"), ("CSeq", "1"), ("Public", "PLAY")]), lab=True),
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 123456\r\n",
    ),
    "lab error": (
        Response(404, Headers([("CSeq", "1")]), lab=True),
        b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\nSession: 0\r\n",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_becomes_these_bytes(name):
    message, data = MESSAGES[name]
    assert bytes(message) == data


def test_content_length_is_counted_not_believed():
    """Whatever was set before, the body decides."""
    request = Request("SET_PARAMETER", "*", Headers([("Content-Length", "99")]), b"a: 1\r\n")
    assert b"Content-Length: 6\r\n" in bytes(request) and b"99" not in bytes(request)
    request.body = b""
    assert b"Content-Length" not in bytes(request)


def test_header_names_have_no_case_and_an_order():
    headers = Headers([("CSeq", "1"), ("User-Agent", "a"), ("user-agent", "b")])
    assert headers.get("USER-AGENT") == "a"
    assert headers.get_all("User-agent") == ["a", "b"]
    assert "cseq" in headers and "Session" not in headers and headers.get("Session") is None
    headers.set("user-AGENT", "c")
    assert headers.items() == [("CSeq", "1"), ("user-AGENT", "c")]
    headers.add("Via", "x")
    assert list(headers)[-1] == ("Via", "x") and len(headers) == 3


def test_headers_are_equal_if_their_lines_are():
    assert Headers([("A", "1")]) == Headers([("A", "1")]) != Headers([("A", "2")])
    assert repr(Headers([("A", "1")])) == "Headers([('A', '1')])"


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("4294967295", 2**32 - 1)])
def test_cseq_is_a_number(text, number):
    assert Request("OPTIONS", "*", Headers([("CSeq", text)])).cseq == number
    assert Response(200, Headers([("cseq", text)])).cseq == number


@pytest.mark.parametrize("text", ["", "-1", "+1", "1_0", "x", "4294967296", "9" * 5000, "١"])
def test_cseq_is_nothing_but_digits(text):
    with pytest.raises(MessageError) as caught:
        _ = Request("OPTIONS", "*", Headers([("CSeq", text)])).cseq
    assert caught.value.status == 400


def test_no_cseq_is_none():
    assert Request("OPTIONS", "*").cseq is None
