"""A server that has no time left: who is playing goes on, who comes is turned away."""

from __future__ import annotations

import pytest

from rtsp import limits
from tests import movies
from tests.serving import Receiver, Talker, serving


@pytest.fixture
def server(tmp_path):
    movies.lab_movie(tmp_path / "movie.Mjpeg", 40)
    with serving(tmp_path, fps=40.0) as running:
        yield running


class Viewer(Talker):
    """One that asks in order."""

    def __init__(self, server, media):
        super().__init__(server.port)
        self.url, self.transport, self.session, self.cseq = server.url(), media.transport, [], 0

    def __enter__(self) -> Viewer:
        return self

    def do(self, method, *headers):
        self.cseq += 1
        return self.ask(f"{method} {self.url} RTSP/1.0", f"CSeq: {self.cseq}", *self.session, *headers)

    def set_up(self):
        reply = self.do("SETUP", self.transport)
        if reply.status == 200:
            self.session = ["Session: " + reply.headers["session"].split(";")[0]]
        return reply


def test_newcomers_get_453_and_who_has_played_may_go_on(server, monkeypatch, caplog):
    with Receiver() as media, Viewer(server, media) as playing, Viewer(server, media) as waiting, \
            Viewer(server, media) as new:
        playing.set_up()
        waiting.set_up()
        assert playing.do("PLAY").status == 200
        monkeypatch.setattr(limits, "BEHIND", -1.0)  # whatever the pacer does is too late
        for reply in (new.set_up(), waiting.do("PLAY")):
            assert reply.status == 453 and b"busy" in reply.body
        assert [playing.do(method).status for method in ("PAUSE", "PLAY")] == [200, 200]
        media.wait_frames(3)
        assert [new.do(method).status for method in ("OPTIONS", "DESCRIBE")] == [200, 200]
        assert waiting.do("TEARDOWN").status == 200
    assert sum("turned away" in record.message for record in caplog.records) == 1  # a line a second


def test_room_again_is_room_for_newcomers(server, monkeypatch):
    with Receiver() as media, Viewer(server, media) as viewer:
        with monkeypatch.context() as patch:
            patch.setattr(limits, "BEHIND", -1.0)
            assert viewer.set_up().status == 453
        assert viewer.set_up().status == 200 and viewer.do("PLAY").status == 200
        media.wait_frames(1)
