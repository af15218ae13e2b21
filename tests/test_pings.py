"""What a server asks a silent client, and what counts as an answer."""

import pytest

from rtsp.message import Headers, Response
from rtsp.pings import KEPT, Pings

EVERY = 30.0


def number(request):
    return request.cseq


def answer(number, status=200):
    return Response(status, Headers([] if number is None else [("CSeq", str(number))]))


def test_after_so_much_silence_and_again_after_as_much():
    """The silence counts from what came last, or from what was asked last."""
    pings = Pings()
    assert pings.due(129.9, 100.0, EVERY, "5eed") is None
    first = pings.due(130.0, 100.0, EVERY, "5eed")
    assert first is not None
    assert bytes(first) == b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nSession: 5eed\r\n\r\n"
    assert pings.due(159.9, 100.0, EVERY, "5eed") is None
    assert number(pings.due(160.0, 100.0, EVERY, "5eed")) == 2
    assert pings.due(190.0, 170.0, EVERY, "5eed") is None       # something came in between
    assert number(pings.due(200.0, 170.0, EVERY, "5eed")) == 3


@pytest.mark.parametrize("status", [200, 400, 405, 454, 501, 551, 999])
def test_an_answer_is_one_whatever_its_status(status):
    """Once."""
    pings = Pings()
    pings.due(100.0, 0.0, EVERY, "5eed")
    assert pings.answered(answer(1, status)) and not pings.answered(answer(1, status))


@pytest.mark.parametrize("number", [None, 0, 2, "x", "9" * 5000, "-1", "1_0", ""])
def test_what_answers_nothing_is_passed_over(number):
    pings = Pings()
    pings.due(100.0, 0.0, EVERY, "5eed")
    assert not pings.answered(answer(number))
    assert pings.answered(answer(1))


def test_late_answers_count_and_nothing_piles_up():
    pings = Pings()
    for n in range(KEPT + 2):
        pings.due(100.0 * n, 0.0, EVERY, "5eed") or pings.due(100.0 * n + 50, 0.0, EVERY, "5eed")
    numbers = [number for number in range(1, 40) if pings.answered(answer(number))]
    assert len(numbers) == KEPT and numbers[-1] - numbers[0] == KEPT - 1


def test_bytes_without_sense_are_excused_once_and_only_when_something_was_asked():
    pings = Pings()
    assert not pings.excuse()
    pings.due(100.0, 0.0, EVERY, "5eed")
    assert pings.excuse() and not pings.excuse()
    assert not pings.answered(answer(1))
