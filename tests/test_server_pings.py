"""What the server asks viewers whose media travel in the connection when they have gone silent; who is not asked."""

from __future__ import annotations

import re
import socket
import time

import pytest

from rtsp import limits
from rtsp.pings import Pings
from tests import ffmpeg, movies
from tests.gstreamer import launch
from tests.inside import Inside
from tests.serving import Receiver, Talker, eventually, serving

FRAMES, RATE, TIMEOUT = 24, 40.0, 8
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    with serving(folder, fps=RATE, timeout=TIMEOUT) as running:
        yield running


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """The server's threads look at their clocks often."""
    monkeypatch.setattr("net.connection.LONGEST_WAIT", 0.01)


class Silent(Inside):
    """A viewer over TCP, and the clock of the server's end of its connection, which a test moves on."""

    def __init__(self, server, transport=TCP, name="movie.Mjpeg"):
        super().__init__(server.port)
        self.server, self.url, self.ahead = server, server.url(name), 0.0
        reply = self.ask(f"SETUP {self.url} RTSP/1.0", "CSeq: 1", transport)
        assert reply.status == 200
        self.session = reply.headers["session"].split(";")[0]
        (self.theirs,) = [one for one in list(server.workers.values()) if one.peer == self.socket.getsockname()]
        self.theirs.clock = lambda: time.monotonic() + self.ahead

    def __enter__(self) -> Silent:
        return self

    def later(self, seconds):
        self.ahead += seconds

    def asked(self):
        """The next request of the server: its first line, and its headers by name."""
        while self.take_frame():
            pass
        first, *lines = self._until(b"\r\n\r\n").decode("ascii").split("\r\n")
        return first, dict(line.split(": ", 1) for line in lines)

    def is_asked_nothing(self):
        """Whatever the server had to ask is there before the reply to this, which comes from the same thread."""
        time.sleep(0.05)                # several looks at the clock
        return self.ask("OPTIONS * RTSP/1.0", "CSeq: 9").status == 200

    def lives(self):
        return any(one.id == self.session for one in self.server.sessions.all())

    def plays(self):
        reply = self.ask(f"PLAY {self.url} RTSP/1.0", "CSeq: 5", f"Session: {self.session}")
        return reply.status == 200


@pytest.fixture
def viewer(server):
    with Silent(server) as made:
        yield made


def test_who_is_silent_for_half_the_timeout_is_asked(viewer):
    """With numbers of the server's own, and again after as long; the client's own requests go on with theirs."""
    viewer.later(TIMEOUT / 2)
    assert viewer.asked() == ("OPTIONS * RTSP/1.0", {"CSeq": "1", "Session": viewer.session})
    assert viewer.is_asked_nothing()                    # that it spoke was a sign of life
    viewer.later(TIMEOUT / 2 - 1)
    viewer.frame(1, b"junk is a sign of life, too")
    assert viewer.is_asked_nothing()
    for number in ("2", "3"):
        viewer.later(TIMEOUT / 2)
        assert viewer.asked()[1]["CSeq"] == number


def test_it_is_asked_while_media_flow(server):
    """Between two frames; some players never say anything while they play."""
    with Silent(server, name="long.Mjpeg") as viewer:
        assert viewer.plays()
        viewer.later(TIMEOUT / 2)
        assert viewer.asked()[0] == "OPTIONS * RTSP/1.0"
        viewer.wait_packets(len(viewer.packets) + 5)


def test_no_answer_ends_nothing(viewer):
    """The system notices who is really gone."""
    for number in range(1, 7):
        viewer.later(TIMEOUT)
        assert viewer.asked()[1]["CSeq"] == str(number)
    viewer.server.sessions.expire()
    assert viewer.lives() and viewer.plays()
    viewer.wait_bye()


ANSWERS = {
    "200": "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS\r\n\r\n",
    "501": "RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n",
    "400 without a number": "RTSP/1.0 400 Bad Request\r\n\r\n",
    "405, as live555": "RTSP/1.0 405 Method Not Allowed\r\nCSeq: 1\r\n\r\n",
    "454": "RTSP/1.0 454 Session Not Found\r\nCSeq: 1\r\nSession: 0\r\n\r\n",
    "a body": "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nhello",
    "twice": "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" * 2,
    "another number": "RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n",
    "no number": "RTSP/1.0 200 OK\r\nCSeq: x\r\n\r\n",
    "another version": "RTSP/2.0 200 OK\r\nCSeq: 1\r\n\r\n",
    "no phrase, no such code": "RTSP/1.0 999\r\nCSeq: 1\r\n\r\n",
    "HTTP": "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "no sense at all": "\x01\x02 what?\r\n\r\n",
    "a bad header": "RTSP/1.0 200 OK\r\nCSeq 1\r\n\r\n",
    "a huge body": "RTSP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n",
}
SENSELESS = ("HTTP", "no sense at all", "a bad header", "a huge body")


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_it_answers_it_is_not_disturbed(viewer, name, caplog):
    """The conversation goes on, and so do the media; nothing comes in reply to a reply."""
    caplog.set_level("INFO")
    viewer.later(TIMEOUT / 2)
    viewer.asked()
    viewer.raw(ANSWERS[name].encode())
    if name in SENSELESS:               # it has no end: what is sent next must not be read along with it
        eventually(lambda: "an answer that is none" in caplog.text, "it is passed over")
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 6").headers["cseq"] == "6"
    assert viewer.plays()
    viewer.wait_bye()
    assert [frame.number() for frame in viewer.frames()] == list(range(FRAMES))
    assert viewer.lives()


def test_who_was_not_asked_has_no_such_excuse(viewer):
    """And who was asked once has it once."""
    viewer.later(TIMEOUT / 2)
    viewer.asked()
    viewer.raw(b"what?\r\n")
    assert viewer.is_asked_nothing()
    viewer.raw(b"what?\r\n")
    reply = viewer.reply()
    assert (reply.status, reply.headers["connection"]) == (400, "close") and viewer.is_closed()


def test_the_client_s_own_requests_may_cross_ours(viewer):
    """A request of the client comes in place of the answer, and then the answer."""
    viewer.later(TIMEOUT / 2)
    viewer.asked()
    asking = "OPTIONS * RTSP/1.0\r\nCSeq: {}\r\n\r\n"
    viewer.raw((asking.format(1) + ANSWERS["501"] + asking.format(2)).encode())
    assert [viewer.reply().headers["cseq"] for _ in range(2)] == ["1", "2"]


def test_who_watches_over_udp_is_not_asked(server):
    """Its session has a timeout instead. Nor is a connection without a session, or one of the lab dialect."""
    with Receiver() as media, Silent(server, media.transport) as viewer:
        viewer.later(10 * TIMEOUT)
        assert viewer.is_asked_nothing()


def test_a_session_that_was_ended_elsewhere_is_not_asked_about(server, viewer):
    with Talker(server.port) as other:
        reply = other.ask(f"TEARDOWN {viewer.url} RTSP/1.0", "CSeq: 1", f"Session: {viewer.session}")
    assert reply.status == 200
    viewer.later(10 * TIMEOUT)
    assert viewer.is_asked_nothing()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system cannot do it")
def test_a_connection_with_media_is_given_up_with_its_session(server, viewer):
    """By the system, after the session's timeout without an acknowledgement; others keep the system's patience."""
    def patience(connection):
        return connection._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert patience(viewer.theirs) == max(TIMEOUT, limits.STALLED_WRITE) * 1000  # a full buffer may last that long
    with Receiver() as media, Silent(server, media.transport) as other:
        assert patience(other.theirs) == 0


# --- with real players ------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(tmp_path, caplog, monkeypatch):
    """A server that asks after half a second of silence, whatever the timeout; with a movie of 2.4 s."""
    due = Pings.due
    monkeypatch.setattr(Pings, "due", lambda self, now, heard, every, session: due(self, now, heard, 0.5, session))
    monkeypatch.setattr("net.prober.SILENCE", 0.2)
    caplog.set_level("INFO")
    movies.lab_movie(tmp_path / "movie.Mjpeg", 60)
    with serving(tmp_path, fps=25.0) as running:
        yield running


def was_asked(caplog):
    return any(re.match(r"> .*: OPTIONS \* CSeq \d", record.message) for record in caplog.records)


@pytest.mark.timeout(90)
def test_ffmpeg_is_not_disturbed(impatient, caplog):
    """Every frame."""
    done = ffmpeg.run("-rtsp_transport", "tcp", "-i", impatient.url(), *ffmpeg.GREY_STRIP, "-")
    assert ffmpeg.barcodes(done.stdout) == list(range(60)) and was_asked(caplog)


@pytest.mark.timeout(90)
def test_gstreamer_is_not_disturbed(impatient, caplog, tmp_path):
    """Every frame, and it ends by itself."""
    out = tmp_path / "frames"
    source = ["rtspsrc", f"location={impatient.url()}", "protocols=tcp", "latency=200"]
    launch(*source, "!", "rtpjpegdepay", "!", "filesink", f"location={out}")
    assert out.read_bytes().count(b"\xff\xd8\xff") == 60 and was_asked(caplog)
