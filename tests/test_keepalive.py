"""When a sign of life is due, and which."""

from __future__ import annotations

import pytest

from rtsp.headers import SessionHeader
from rtsp.keepalive import Keepalive, method


@pytest.mark.parametrize(("timeout", "after"), [(8, 4), (1, 0.5), (60, 30), (None, 30)])
def test_after_half_of_the_timeout(timeout, after):
    """Where the server names none, it is 60 s (RFC 2326 §12.37)."""
    alive = Keepalive(100.0)
    assert alive.due(SessionHeader("1", timeout)) == 100 + after
    alive.spoke = 102.0
    assert alive.due(SessionHeader("1", timeout)) == 102 + after


def test_its_answer_is_known_once():
    alive = Keepalive(0.0)
    alive.sent(7)
    assert not alive.is_answer(8) and not alive.is_answer(None)
    assert alive.is_answer(7) and not alive.is_answer(7)


@pytest.mark.parametrize(("public", "wanted"), [
    ({"GET_PARAMETER", "PLAY"}, "GET_PARAMETER"), ({"PLAY"}, "OPTIONS"), (set(), "OPTIONS"),
])
def test_which_method(public, wanted):
    assert method(public) == wanted
