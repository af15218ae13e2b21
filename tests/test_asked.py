"""A player's answers to what a server asks."""

from __future__ import annotations

import pytest

from rtsp.asked import answer
from rtsp.headers import SessionHeader
from rtsp.inbox import Inbox
from rtsp.message import Headers, Request
from rtsp.moves import Move

KNOWN = {"packets_received": "10", "jitter": "0.003800"}


def ask(method, body=b"", *headers):
    return answer(Request(method, "*", Headers([("CSeq", "431"), *headers]), body), KNOWN)


def test_options_names_what_may_be_asked():
    """As a ping, with the server's own number and session."""
    assert bytes(ask("OPTIONS", b"", ("Session", "5eed"))) == (
        b"RTSP/1.0 200 OK\r\nCSeq: 431\r\nSession: 5eed\r\nPublic: OPTIONS, GET_PARAMETER, SET_PARAMETER\r\n\r\n"
    )


def test_get_parameter_without_a_name_is_a_ping():
    assert bytes(ask("GET_PARAMETER")) == b"RTSP/1.0 200 OK\r\nCSeq: 431\r\n\r\n"


def test_get_parameter_as_in_the_rfc():
    """RFC 2326 §10.8: packets_received and jitter, one a line, in the order asked for."""
    reply = ask("GET_PARAMETER", b"jitter\r\npackets_received\r\n", ("Content-Type", "text/parameters"))
    assert (reply.status, reply.headers.get("Content-Type")) == (200, "text/parameters")
    assert reply.body == b"jitter: 0.003800\r\npackets_received: 10\r\n"


def test_unknown_parameters_are_named():
    """451, and none of the others."""
    reply = ask("GET_PARAMETER", b"jitter\nmood\n\xff\n")
    assert reply.status == 451 and reply.body.startswith(b"mood\r\n") and b"0.0038" not in reply.body


@pytest.mark.parametrize(("body", "status", "named"), [
    (b"", 200, b""),
    (b"jitter: 1\r\n", 458, b"jitter\r\n"),
    (b"jitter: 1\r\nmood: high\r\n", 451, b"mood\r\n"),
])
def test_nothing_of_a_player_can_be_set(body, status, named):
    """458 for what it has, 451 for what it has not; the names are in the body."""
    reply = ask("SET_PARAMETER", body)
    assert (reply.status, reply.body) == (status, named)


def ask_player(method, *headers, body=b"", session="5eed"):
    """The reply of one that follows the server's wishes, and its inbox."""
    inbox = Inbox()
    request = Request(method, "rtsp://h/m", Headers([("CSeq", "7"), *headers]), body)
    return answer(request, KNOWN, inbox, SessionHeader(session) if session else None, "rtsp://h/m"), inbox


def test_who_follows_says_so():
    reply, _ = ask_player("OPTIONS")
    assert reply.headers.get("Public") == "OPTIONS, GET_PARAMETER, SET_PARAMETER, REDIRECT, ANNOUNCE"


def test_a_redirect_is_put_down():
    reply, inbox = ask_player("REDIRECT", ("Location", "rtsp://b/m"), ("Range", "npt=10-"), ("Session", "5eed"))
    assert (reply.status, inbox.move) == (200, Move("rtsp://b/m", 10.0))


def test_a_description_is_put_down():
    """With the URL that its controls belong to."""
    text = (b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=m\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:trackID=0\r\n")
    headers = ("Content-Type", "application/sdp"), ("Content-Base", "rtsp://h/m/")
    reply, inbox = ask_player("ANNOUNCE", *headers, body=text)
    description, base = inbox.news
    assert (reply.status, base, description.media[0].formats) == (200, "rtsp://h/m/", [26])


@pytest.mark.parametrize(("method", "headers", "options", "status"), [
    ("REDIRECT", [], {}, 400),
    ("REDIRECT", [("Location", "rtsp://b/m"), ("Session", "other")], {}, 454),
    ("REDIRECT", [("Location", "rtsp://b/m")], {"session": ""}, 454),
    ("REDIRECT", [("Location", "rtsp://b/m"), ("Range", "clock=soon-")], {}, 400),
    ("REDIRECT", [("Location", "rtsp://b/m"), ("Range", "npt=-")], {}, 457),
    ("REDIRECT", [("Location", "rtsp://b/m"), ("Range", "bars=1-")], {}, 501),
    ("ANNOUNCE", [("Content-Type", "text/plain")], {"body": b"v=0"}, 415),
    ("ANNOUNCE", [("Content-Type", "application/sdp")], {"body": b"m=video x"}, 400),
])
def test_what_cannot_be_followed_is_refused(method, headers, options, status):
    """And nothing is put down."""
    reply, inbox = ask_player(method, *headers, **options)
    assert (reply.status, inbox.move, inbox.news) == (status, None, None)


@pytest.mark.parametrize("method", ["ANNOUNCE", "REDIRECT", "TEARDOWN", "DESCRIBE", "X"])
def test_everything_else_is_not_implemented(method):
    assert bytes(ask(method, b"body")) == b"RTSP/1.0 501 Not Implemented\r\nCSeq: 431\r\n\r\n"


def test_without_a_number_there_is_still_an_answer():
    assert answer(Request("OPTIONS", "*"), KNOWN).headers.get("CSeq") == "0"
