"""The reader finds the same messages however the bytes are cut."""

import random

import pytest

from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Headers, Interleaved, Request, Response
from rtsp.reader import MessageReader


def read_all(reader):
    messages = []
    while (message := reader.next()) is not None:
        messages.append(message)
    return messages


def feed(chunks, quiet=False, **options):
    """The messages in these pieces; with `quiet`, silence follows the last one."""
    reader, messages = MessageReader(**options), []
    for chunk in chunks:
        reader.feed(chunk)
        messages += read_all(reader)
    if quiet:
        reader.quiet()
        messages += read_all(reader)
    return messages, reader


def request(method, target, *headers, body=b""):
    return Request(method, target, Headers(headers), body)


# name: (bytes as clients and servers send them, what is in them)
STANDARD = {
    "ffmpeg's OPTIONS": (
        b"OPTIONS rtsp://127.0.0.1:6789/movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Lavf59.27.100\r\n\r\n",
        [request("OPTIONS", "rtsp://127.0.0.1:6789/movie.Mjpeg", ("CSeq", "1"), ("User-Agent", "Lavf59.27.100"))],
    ),
    "OPTIONS of the whole server": (b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", [request("OPTIONS", "*", ("CSeq", "1"))]),
    "line feeds alone, odd case and blanks": (
        b"OPTIONS rtsp://a/b RTSP/1.0\ncseq:1\nX-Empty:\nUSER-AGENT \t: \t a b \n\n",
        [request("OPTIONS", "rtsp://a/b", ("cseq", "1"), ("X-Empty", ""), ("USER-AGENT", "a b"))],
    ),
    "empty lines before a message": (
        b"\r\n\r\n\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        [request("OPTIONS", "*", ("CSeq", "1"))],
    ),
    "a folded header": (
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX: a\r\n  b\r\n\tc\r\n\r\n",
        [request("OPTIONS", "*", ("CSeq", "1"), ("X", "a b c"))],
    ),
    "a body, then the next request": (
        b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 2\r\nContent-Length: 6\r\n\r\na: 1\r\n"
        b"OPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n",
        [
            request("SET_PARAMETER", "*", ("CSeq", "2"), ("Content-Length", "6"), body=b"a: 1\r\n"),
            request("OPTIONS", "*", ("CSeq", "3")),
        ],
    ),
    "the same Content-Length twice": (
        b"SET_PARAMETER * RTSP/1.0\r\nContent-Length: 1\r\nContent-length: 1\r\n\r\nx",
        [request("SET_PARAMETER", "*", ("Content-Length", "1"), ("Content-length", "1"), body=b"x")],
    ),
    "responses": (
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 454\r\n\r\n",
        [Response(200, Headers([("CSeq", "1")])), Response(454)],
    ),
    "media between messages": (
        b"$\x00\x00\x03abcRTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n$\x01\x00\x00$\xff\x00\x02\r\n",
        [
            Interleaved(0, b"abc"), Response(200, Headers([("CSeq", "4")])),
            Interleaved(1, b""), Interleaved(255, b"\r\n"),
        ],
    ),
    "another version, for others to refuse": (
        b"OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n",
        [Request("OPTIONS", "*", Headers([("CSeq", "1")]), version="RTSP/2.0")],
    ),
}


@pytest.mark.parametrize("name", STANDARD)
def test_standard_messages_are_read_whole_bytewise_and_at_every_split(name):
    data, expected = STANDARD[name]
    assert feed([data])[0] == expected
    assert feed([data[i:i + 1] for i in range(len(data))])[0] == expected
    for cut in range(1, len(data)):
        messages, reader = feed([data[:cut], data[cut:]])
        assert messages == expected
        assert not reader.unfinished


@pytest.mark.parametrize("name", STANDARD)
def test_messages_written_anew_read_the_same(name):
    """The vectors in the other direction. (A Content-Length that was there twice is written once, and last.)"""
    expected = STANDARD[name][1]
    again = feed([b"".join(map(bytes, expected))])[0]
    assert list(map(type, again)) == list(map(type, expected))
    for message in (*expected, *again):
        if not isinstance(message, Interleaved):
            message.headers = Headers(line for line in message.headers if line[0].lower() != "content-length")
    assert again == expected


def test_a_standard_message_never_ends_by_silence():
    """However long the pause, half a head is half a head."""
    data = STANDARD["ffmpeg's OPTIONS"][0]
    for cut in range(1, len(data)):
        reader = MessageReader()
        reader.feed(data[:cut])
        assert reader.next() is None and reader.patience() is None and reader.unfinished
        reader.quiet()
        assert reader.next() is None
        reader.feed(data[cut:])
        assert reader.next() is not None


# ---- refusals: (bytes, status)
REFUSED = {
    "HTTP": (b"GET / HTTP/1.1\r\n", 400),
    "chat": (b"hello\r\n", 400),
    "a TLS handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
    "a control character in the request line": (b"OPTIONS rtsp://a/\x00b RTSP/1.0\r\n", 400),
    "a control character in a header": (b"OPTIONS * RTSP/1.0\r\nX: \x1b[2J\r\n\r\n", 400),
    "a bare CR in a header": (b"OPTIONS * RTSP/1.0\r\nX: a\rSession: 1\r\n\r\n", 400),
    "a DEL in a lab request": (b"SETUP a\x7f.Mjpeg RTSP/1.0\n\n", 400),
    "digits of another script": ("OPTIONS * RTSP/١.٠\r\n".encode(), 400),
    "a status in digits of another script": ("RTSP/1.0 ٢٠٠ OK\r\n".encode(), 400),
    "a header line without a colon": (b"OPTIONS * RTSP/1.0\r\nCSeq 1\r\n\r\n", 400),
    "a header name with a blank": (b"OPTIONS * RTSP/1.0\r\nC Seq: 1\r\n\r\n", 400),
    "a request line without an end": (b"OPTIONS rtsp://" + b"a" * limits.REQUEST_LINE, 414),
    "a long request line": (b"OPTIONS rtsp://" + b"a" * limits.REQUEST_LINE + b" RTSP/1.0\r\n", 414),
    "a header without an end": (b"OPTIONS * RTSP/1.0\r\nX: " + b"a" * limits.HEADER_LINE, 400),
    "many headers": (b"OPTIONS * RTSP/1.0\r\n" + b"X: 1\r\n" * (limits.HEADERS + 1), 400),
    "a header folded without end": (b"OPTIONS * RTSP/1.0\r\nX: 1\r\n" + b" aaaa\r\n" * limits.HEADER_LINE, 400),
    "long headers": (b"OPTIONS * RTSP/1.0\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 9, 400),
    "a large body": (b"OPTIONS * RTSP/1.0\r\nContent-Length: %d\r\n\r\n" % (limits.BODY + 1), 413),
    "a body of no size": (b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n", 400),
    "a body of two sizes": (b"OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a body of 5000 digits": (b"OPTIONS * RTSP/1.0\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_rtsp_is_refused_as_soon_as_it_is_seen(name):
    data, status = REFUSED[name]
    for chunks in ([data], [data[i:i + 1] for i in range(len(data))]):
        with pytest.raises(MessageError) as caught:
            feed(chunks)
        assert caught.value.status == status
        assert caught.value.fatal and caught.value.headers == {"Connection": "close"}


def test_limits_are_inclusive():
    """What just fits is taken."""
    url = b"rtsp://" + b"a" * (limits.REQUEST_LINE - len(b"OPTIONS rtsp:// RTSP/1.0\r"))
    data = b"OPTIONS " + url + b" RTSP/1.0\r\n" + b"X: 1\r\n" * (limits.HEADERS - 1)
    data += b"Content-Length: %d\r\n\r\n" % limits.BODY + b"x" * limits.BODY
    [message], reader = feed([data])
    assert len(message.headers) == limits.HEADERS and len(message.body) == limits.BODY
    assert not reader.unfinished


# ---- the lab dialect: (bytes without an end mark, seconds of silence that end it, method, target, headers)
PORT = ("Transport", "RTP/UDP;client_port=25000")
LAB = {
    "stock SETUP": (
        b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000",
        limits.LAB_QUIET_DIGIT, "SETUP", "movie.Mjpeg", [("CSeq", "1"), PORT],
    ),
    "stock PLAY": (
        b"PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 123456",
        limits.LAB_QUIET, "PLAY", "movie.Mjpeg", [("CSeq", "2"), ("Session", "123456")],
    ),
    "last line ended, CRLF": (
        b"SETUP movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= 25000\r\n",
        limits.LAB_QUIET, "SETUP", "movie.Mjpeg", [("CSeq", "1"), PORT],
    ),
    "no blank, capitals, a further line": (
        b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTRANSPORT: RTP/UDP;Client_port=25000\nPrefer: HD\n",
        limits.LAB_QUIET, "SETUP", "movie.Mjpeg", [("CSeq", "1"), PORT],
    ),
    "blanks around the equals sign": (
        b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: TCP/UDP ; client_port = 25000",
        limits.LAB_QUIET_DIGIT, "SETUP", "movie.Mjpeg", [("CSeq", "1"), PORT],
    ),
    "bare number, port in the third line": (
        b"SETUP movie.Mjpeg\n1\n RTSP/1.0 RTP/UDP 25000",
        limits.LAB_QUIET_DIGIT, "SETUP", "movie.Mjpeg", [("CSeq", "1"), PORT],
    ),
    "two lines, no name": (b"PLAY \n2", limits.LAB_QUIET, "PLAY", "", [("CSeq", "2")]),
    "no colons": (
        b"PAUSE movie.Mjpeg RTSP/1.0\nCSeq 3\nSession 123456\n",
        limits.LAB_QUIET, "PAUSE", "movie.Mjpeg", [("CSeq", "3"), ("Session", "123456")],
    ),
    "a method of other sheets": (b"LIST\nCSeq: 0", limits.LAB_QUIET, "LIST", "", [("CSeq", "0")]),
    "a method of nobody's sheet": (
        b"VOLUME_UP movie.Mjpeg RTSP/1.0\nCSeq: 3\nSession: 5",
        limits.LAB_QUIET, "VOLUME_UP", "movie.Mjpeg", [("CSeq", "3"), ("Session", "5")],
    ),
    "a version and no name": (b"DESCRIBE RTSP/1.0\nCSeq: 5\n", limits.LAB_QUIET, "DESCRIBE", "", [("CSeq", "5")]),
}


def test_the_silences_are_those_that_the_page_tells():
    """docs/lab-dialect.md; some tens of ms for a request, about 100 ms for a reply."""
    assert (limits.LAB_QUIET, limits.LAB_QUIET_DIGIT, limits.LAB_QUIET_INCOMPLETE) == (0.05, 0.2, 1.0)
    assert limits.LAB_QUIET_REPLY == 0.1


@pytest.mark.parametrize("name", LAB)
def test_a_lab_request_ends_by_silence(name):
    data, patience, method, target, headers = LAB[name]
    expected = Request(method, target, Headers(headers), lab=True)
    messages, reader = feed([data])
    assert messages == [] and reader.unfinished and reader.patience() == patience
    reader.quiet()
    assert read_all(reader) == [expected]
    assert not reader.unfinished and reader.patience() is None
    for cut in range(1, len(data)):
        assert feed([data[:cut], data[cut:]], quiet=True)[0] == [expected]


@pytest.mark.parametrize("name", LAB)
def test_a_lab_request_ends_by_an_empty_line_or_by_the_next_request(name):
    data, _, method, target, headers = LAB[name]
    expected = Request(method, target, Headers(headers), lab=True)
    assert feed([data.rstrip(b"\r\n") + b"\r\n\r\n"])[0] == [expected]
    assert feed([data.rstrip(b"\n") + b"\nTEARDOWN x RTSP/1.0\nCSeq: 9\n\n"])[0] == [
        expected, Request("TEARDOWN", "x", Headers([("CSeq", "9")]), lab=True),
    ]


def test_a_lab_setup_without_a_port_is_waited_for_longer():
    """Its port may be in the next segment; when it does not come, the request is handed on without one."""
    messages, reader = feed([b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\n"])
    assert messages == [] and reader.patience() == limits.LAB_QUIET_INCOMPLETE
    reader.quiet()
    assert read_all(reader) == [Request("SETUP", "movie.Mjpeg", Headers([("CSeq", "1")]), lab=True)]


@pytest.mark.parametrize("data", [b"", b"PL", b"PLAY movie.Mjpeg RTSP/1.0"])
def test_half_a_first_line_does_not_end_by_silence(data):
    messages, reader = feed([data], quiet=True)
    assert messages == [] and reader.patience() is None


@pytest.mark.parametrize("data", [b"PLAY movie.Mjpeg RTSP/1.0\n", b"PLAY movie.Mjpeg RTSP/1.0\nCSeq:",
                                  b"PLAY movie.Mjpeg RTSP/1.0\nSession: x"])
def test_a_lab_request_without_a_number_is_waited_for_longer_and_then_taken(data):
    """CSeq may be missing; the session is that of the connection."""
    messages, reader = feed([data])
    assert messages == [] and reader.patience() == limits.LAB_QUIET_INCOMPLETE
    reader.quiet()
    assert read_all(reader) == [Request("PLAY", "movie.Mjpeg", lab=True)]


def test_a_number_of_the_session_is_number_enough():
    messages, reader = feed([b"PLAY movie.Mjpeg RTSP/1.0\nSession: 123456"])
    assert messages == [] and reader.patience() == limits.LAB_QUIET


def test_what_comes_after_a_lab_request_was_taken_is_passed_over():
    """The rest of a number that took too long; the connection goes on."""
    messages, reader = feed([b"PLAY m RTSP/1.0\nCSeq: 1"], quiet=True)
    assert messages[0].cseq == 1
    reader.feed(b"2\nSession: 5\n")
    assert read_all(reader) == [] and not reader.unfinished
    reader.feed(b"34")
    assert reader.next() is None and reader.patience() == limits.LAB_QUIET_INCOMPLETE
    reader.feed(b"PAUSE m RTSP/1.0\nCSeq: 3\n\n")
    assert [message.method for message in read_all(reader)] == ["PAUSE"]
    reader.feed(b"56")
    reader.quiet()
    assert reader.next() is None and not reader.unfinished


GLUED = [
    b"SETUP m RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000PLAY m RTSP/1.0\nCSeq: 2\nSession: 5",
    b"SETUP m\n1\n RTSP/1.0 RTP/UDP 25000SETUP m\n1\n RTSP/1.0 RTP/UDP 25000",
    b"PLAY \n2PLAY \n2",
    b"PAUSE m RTSP/1.0\nCSeq: 1\nSession: 5TEARDOWN m RTSP/1.0\nCSeq: 2\nSession: 5",
]


@pytest.mark.parametrize("data", GLUED)
def test_two_lab_requests_without_end_marks_come_apart(data):
    for cut in range(1, len(data)):
        messages, reader = feed([data[:cut], data[cut:]], quiet=True)
        assert [message.method for message in messages] == [
            word for word in data.decode().replace("0S", "0 S").replace("0P", "0 P").replace("2P", "2 P")
            .replace("5T", "5 T").split() if word in ("SETUP", "PLAY", "PAUSE", "TEARDOWN")
        ]
        assert not reader.unfinished


def test_a_name_that_holds_a_method_does_not_come_apart():
    data = b"SETUP 2PLAYERS.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n\n"
    [message], _ = feed([data])
    assert (message.method, message.target) == ("SETUP", "2PLAYERS.Mjpeg")


def test_bytes_that_come_after_all_take_the_silence_back():
    reader = MessageReader()
    reader.feed(b"SETUP m RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25")
    reader.quiet()
    reader.feed(b"000")
    assert reader.next() is None
    reader.quiet()
    message = reader.next()
    assert isinstance(message, Request) and message.headers.get("Transport") == "RTP/UDP;client_port=25000"


JUNK = b"{\"frames\": 500}\n\nFrames: 500\n"        # bodies and lists that lab servers add


def test_what_lab_servers_send_between_replies_is_passed_over():
    messages, reader = feed([b"RTSP/1.0 200 OK\nCSeq: 1\nSession: 5\n\n", JUNK, b"RTSP/1.0 200 OK\nCSeq: 2\n\n"],
                            lab_replies=True)
    assert [message.cseq for message in messages] == [1, 2] and not reader.unfinished


def test_the_length_that_a_lab_server_gives_is_not_believed():
    data = b"RTSP/1.0 200 OK\nCSeq: 1\nContent-Length: 99\n\nRTSP/1.0 200 OK\nCSeq: 2\n\n"
    messages, _ = feed([data], lab_replies=True)
    assert [message.cseq for message in messages] == [1, 2]


def test_a_body_without_a_line_end_does_not_swallow_the_next_reply():
    data = b"RTSP/1.0 200 OK\nCSeq: 1\nSession: 5\n\n{\"frames\": 500}RTSP/1.0 404 Not Found\nCSeq: 2\n\n"
    for cut in range(1, len(data)):
        messages, _ = feed([data[:cut], data[cut:]], lab_replies=True)
        assert [(message.status, message.cseq) for message in messages] == [(200, 1), (404, 2)]


def test_what_only_looks_like_a_reply_is_passed_over():
    messages, _ = feed([b"RTSP/1.0 200OK\nRTSP/1.0 OK\nRTSP/1.0 200 OK\nCSeq: 2\n\n"], lab_replies=True)
    assert [message.cseq for message in messages] == [2]


REPLIES = [
    b"RTSP/1.0 200 OK\nCSeq: 1\nSession: 123456\n",
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 123456",
    b"RTSP/1.0 200 OK\r\nCSeq 1\r\n{json}\r\nSession: 123456\r\n\r\n",
]


@pytest.mark.parametrize("data", REPLIES)
def test_a_lab_servers_reply_ends_by_silence_too(data):
    messages, reader = feed([data], quiet=True, lab_replies=True)
    [reply] = messages
    assert (reply.status, reply.cseq, reply.headers.get("Session"), reply.lab) == (200, 1, "123456", True)


def test_a_standard_reader_does_not_end_replies_by_silence():
    messages, reader = feed([REPLIES[0]], quiet=True)
    assert messages == [] and reader.patience() is None


# ---- any bytes

def test_random_bytes_give_messages_or_a_message_error_and_nothing_else():
    """Whatever comes: messages, or one MessageError; and no more memory than the limits allow."""
    random_ = random.Random(2326)
    words = [b"SETUP ", b"PLAY", b" RTSP/1.0", b"\r\n", b"\n", b"rtsp://a/b", b"CSeq: 1", b"$", b"\x00\x00\x05", b": ",
             b"Content-Length: 3", b"RTSP/1.0 200 OK", b"Session", b" ", b"\xff\xfe", b"client_port=", b"99999"]
    for _ in range(2000):
        data = b"".join(random_.choice(words) for _ in range(random_.randrange(1, 30)))
        for lab_replies in (False, True):
            try:
                _, reader = feed([data[i:i + 3] for i in range(0, len(data), 3)], quiet=True, lab_replies=lab_replies)
            except MessageError:
                continue
            assert len(reader._bytes) <= limits.HEADER_LINE


# --- the number of what is refused ------------------------------------------------------------------------------------

def number(message):
    return message.cseq


NUMBERED = {
    "a large body": b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 12\r\nContent-Length: 70000\r\n\r\n",
    "no header line": b"OPTIONS * RTSP/1.0\r\ncseq :\t12 \r\nno header\r\n\r\n",
    "a long header": b"OPTIONS * RTSP/1.0\r\nCSEQ:12\r\nX: " + b"y" * 9000,
    "too many headers": b"OPTIONS * RTSP/1.0\r\nCSeq: 12\r\n" + b"X: y\r\n" * 101,
}


@pytest.mark.parametrize("name", NUMBERED)
def test_a_refusal_knows_the_number_of_what_it_refuses(name):
    reader = MessageReader()
    reader.feed(NUMBERED[name])
    with pytest.raises(MessageError) as caught:
        reader.next()
    assert caught.value.fatal and caught.value.headers == {"Connection": "close", "CSeq": "12"}


@pytest.mark.parametrize("data", [b"HELLO\r\n", b"OPTIONS * RTSP/1.0\r\nCSeq: x\r\nbad\r\n\r\n", b"x" * 5000,
                                  b"OPTIONS * RTSP/1.0\r\nbad\r\nX-CSeq: 3\r\n\r\n"])  # fmt: skip
def test_where_there_is_no_number_none_is_invented(data):
    """Nor is that of the message before it taken."""
    reader = MessageReader()
    reader.feed(b"OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n")
    assert number(reader.next()) == 5
    reader.feed(data)
    with pytest.raises(MessageError) as caught:
        reader.next()
    assert "CSeq" not in caught.value.headers


@pytest.mark.parametrize("data", [NUMBERED["a large body"], b"HUH?\r\n", b"$\x00\x10\x00half", b"OPTIONS * RT"])
def test_what_is_forgotten_leaves_no_trace(data):
    reader = MessageReader()
    reader.feed(data)
    try:
        reader.next()
    except MessageError:
        pass
    reader.forget()
    assert not reader.unfinished
    reader.feed(b"OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n")
    assert number(reader.next()) == 5
