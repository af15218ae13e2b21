"""The states of both sides, inferred from what they say."""

from __future__ import annotations

import pytest

from rtsp.observer import MOST, Observer
from rtsp.states import State


def said(observer, *exchanges):
    """(method, status) one after the other, numbered from 1."""
    for number, (method, status) in enumerate(exchanges, 1):
        observer.request(method, number, outgoing=True)
        observer.reply(status, number, outgoing=False)
    return observer


SETUP, PLAY = ("SETUP", 200), ("PLAY", 200)


@pytest.mark.parametrize(
    ("exchanges", "state"),
    [
        ([("OPTIONS", 200), ("DESCRIBE", 200)], State.INIT),
        ([SETUP], State.READY),
        ([SETUP, PLAY], State.PLAYING),
        ([SETUP, PLAY, ("PAUSE", 200)], State.READY),
        ([SETUP, PLAY, ("PAUSE", 455)], State.PLAYING),
        ([SETUP, PLAY, ("GET_PARAMETER", 454)], State.INIT),
        ([SETUP, ("PLAY", 302)], State.INIT),
        ([SETUP, PLAY, ("TEARDOWN", 200)], State.INIT),
        ([SETUP, ("PLAY", 100)], State.READY),
    ],
)
def test_replies_move_both_sides(exchanges, state):
    """As the table says, and nothing else does."""
    observer = said(Observer(), *exchanges)
    assert (observer.client, observer.server) == (state, state)


def test_a_request_moves_nobody():
    """The client waits for the reply, and the server has not sent it."""
    observer = said(Observer(), SETUP)
    observer.request("PLAY", 7, outgoing=True)
    assert (observer.server, observer.event) == (State.READY, "")
    assert observer.reply(200, 7, outgoing=False) == "PLAY"
    assert observer.event == "PLAY"


def test_goodbye_moves_the_server_alone():
    """The client still has pictures to show; it says when it has shown them."""
    observer = said(Observer(), SETUP, PLAY)
    observer.goodbye()
    assert (observer.client, observer.server, observer.event) == (State.PLAYING, State.READY, "END")
    assert observer.moved(State.READY)
    assert not observer.moved(State.READY)


def test_a_lab_server_that_does_not_answer_has_done_it():
    """So the client takes it, and goes on."""
    observer = said(Observer(), SETUP)
    observer.request("PLAY", 2, outgoing=True)
    assert observer.moved(State.PLAYING)
    assert observer.server is State.PLAYING


def test_what_the_server_asks_moves_nothing():
    """Our answer with the same number is none to our own request."""
    observer = Observer()
    observer.request("SETUP", 1, outgoing=True)
    observer.request("SETUP", 1, outgoing=False)
    assert observer.reply(200, 1, outgoing=True) == "SETUP"
    assert observer.client is State.INIT
    assert observer.reply(200, 1, outgoing=False) == "SETUP"
    assert observer.client is State.READY


def test_a_wrong_number_is_told_by_the_order():
    """Lab servers do not always get CSeq right."""
    observer = Observer()
    observer.request("SETUP", 1, outgoing=True)
    assert observer.reply(200, 99, outgoing=False) == "SETUP"
    assert observer.reply(200, 99, outgoing=False) == ""


def test_requests_that_nobody_answers_are_forgotten():
    """So that a client that only asks does not fill the memory."""
    observer = Observer()
    for number in range(10 * MOST):
        observer.request("OPTIONS", number, outgoing=True)
    assert len(observer._asked) <= MOST
