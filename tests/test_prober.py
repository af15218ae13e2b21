"""Receiving with questions of our own in between; the connection is a list of what comes."""

import pytest

from net.prober import Prober
from rtsp.errors import MessageError
from rtsp.message import Headers, Interleaved, Request, Response
from tests.scripted import FakeClock


class Line:
    """What receive() gives, in turn; what was offered; and whether it still takes anything."""

    def __init__(self, *coming):
        self.coming, self.offered, self.open, self.forgotten = list(coming), [], True, 0
        self.clock, self.heard, self.reader = FakeClock(), 1000.0, self
        self.timeouts = []

    def receive(self, timeout):
        self.timeouts.append(timeout)
        message = self.coming.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    def offer(self, data):
        if self.open:
            self.offered.append(data)
        return self.open

    def forget(self):
        self.forgotten += 1


def prober_of(line):
    return Prober(line, "peer")


def answer(number):
    return Response(501, Headers([("CSeq", str(number))]))


def test_what_is_no_answer_is_handed_on():
    request, frame = Request("OPTIONS", "*"), Interleaved(0, b"x")
    prober = prober_of(Line(request, frame, None))
    assert [prober.receive([]) for _ in range(3)] == [request, frame, None]


def test_no_waiting_is_longer_than_a_connection_may_be_idle(monkeypatch):
    """Else --limit connection-idle=1 would close it after five seconds."""
    monkeypatch.setattr("rtsp.limits.CONNECTION_IDLE", 0.2)
    line = Line(None)
    prober_of(line).receive([("one", 60.0)])
    assert line.timeouts == [0.2]


def test_answers_are_not_whether_asked_for_or_not():
    prober = prober_of(Line(answer(1), answer(1), answer(7)))
    assert [prober.receive([]) for _ in range(3)] == [None] * 3


def test_the_most_impatient_session_is_asked_about():
    """After half its timeout, one request for all of them; none where there is no session."""
    line = Line()
    prober = prober_of(line)
    line.clock.now += 10
    prober.ask([])
    prober.ask([("slow", 60.0), ("quick", 20.0), ("other", 20.0)])
    prober.ask([("slow", 60.0), ("quick", 20.0)])
    assert line.offered == [b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nSession: quick\r\n\r\n"]
    line.clock.now += 10
    prober.ask([("slow", 60.0), ("quick", 20.0)])
    assert len(line.offered) == 2


def test_who_reads_nothing_is_not_waited_for(caplog):
    """There are bytes on their way already, which serve as well."""
    caplog.set_level("INFO")
    line = Line()
    line.open = False
    line.clock.now += 100
    prober_of(line).ask([("5eed", 60.0)])
    assert not caplog.records


def test_bytes_without_sense_are_passed_over_once_when_something_was_asked():
    line = Line(MessageError("what?", fatal=True), MessageError("what?", fatal=True))
    prober = prober_of(line)
    line.clock.now += 100
    prober.ask([("5eed", 60.0)])
    assert prober.receive([]) is None and line.forgotten == 1
    with pytest.raises(MessageError):
        prober.receive([])
    assert line.forgotten == 1
