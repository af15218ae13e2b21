"""A player's answers to what a server asks."""

from __future__ import annotations

import pytest

from rtsp.asked import answer
from rtsp.message import Headers, Request

KNOWN = {"packets_received": "10", "jitter": "0.003800"}


def ask(method, body=b"", *headers):
    return answer(Request(method, "*", Headers([("CSeq", "431"), *headers]), body), KNOWN)


def test_options_names_what_may_be_asked():
    """As a ping, with the server's own number and session."""
    assert bytes(ask("OPTIONS", b"", ("Session", "5eed"))) == (
        b"RTSP/1.0 200 OK\r\nCSeq: 431\r\nSession: 5eed\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n"
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


@pytest.mark.parametrize("method", ["ANNOUNCE", "REDIRECT", "SET_PARAMETER", "TEARDOWN", "DESCRIBE", "X"])
def test_everything_else_is_not_implemented(method):
    assert bytes(ask(method, b"body")) == b"RTSP/1.0 501 Not Implemented\r\nCSeq: 431\r\n\r\n"


def test_without_a_number_there_is_still_an_answer():
    assert answer(Request("OPTIONS", "*"), KNOWN).headers.get("CSeq") == "0"
