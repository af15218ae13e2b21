"""How long a session lives: longer than its connection, until nobody gives a sign of life (RFC 2326 §12.37)."""

from __future__ import annotations

import pytest

from tests import movies
from tests.serving import Receiver, Talker, eventually, parameters, rtp_info, serving

FRAMES, RATE, TIMEOUT = 40, 40.0, 8


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    with serving(folder, fps=RATE, timeout=TIMEOUT) as running:
        yield running


@pytest.fixture
def session(server, media):
    with Session(server, media) as made:
        yield made


class Session:
    """A session, and the server's clock for it: it stands still until a test moves it."""

    def __init__(self, server, media, name="movie.Mjpeg"):
        self.server, self.url = server, server.url(name)
        self.talker = Talker(server.port)
        reply = self.talker.ask(f"SETUP {self.url} RTSP/1.0", "CSeq: 1", media.transport)
        assert reply.headers["session"].endswith(f";timeout={TIMEOUT}")
        self.header = "Session: " + reply.headers["session"].split(";")[0]
        ports = parameters(reply.headers["transport"])["server_port"].split("-")
        self.addresses = [("127.0.0.1", int(port)) for port in ports]
        (self.inside,) = [one for one in server.sessions.all() if one.id == self.header.split()[1]]
        self.now = 1000.0
        self.inside.clock = lambda: self.now
        self.inside.heard()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()

    def ask(self, method, *headers, talker=None):
        lines = f"{method} {self.url}/ RTSP/1.0", "CSeq: 2", self.header, *headers
        return (talker or self.talker).ask(*lines)

    def later(self, seconds):
        """Let time pass, and the server look at its sessions."""
        self.now += seconds
        self.server.sessions.expire()

    def lives(self):
        """Asked for without giving a sign of life."""
        return self.inside in self.server.sessions.all()


def test_silence_ends_a_session(session, media):
    """After `timeout` seconds without a sign of life the session is unknown and its ports are given back."""
    session.later(TIMEOUT)
    assert session.lives()
    session.later(0.1)
    assert not session.lives() and not session.inside.streams
    assert session.ask("PLAY").status == 454


def test_the_server_looks_by_itself(tmp_path, media):
    """With real clocks: a session of 0.2 s is gone in a while."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 1)
    with serving(tmp_path, timeout=0.2) as server, Talker(server.port) as talker:
        assert talker.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport).status == 200
        eventually(lambda: not server.sessions.all(), "the end of the session")


def test_who_is_still_watching_is_told(server, media):
    """A viewer that plays and gives no sign of life gets a BYE, and then nothing more."""
    with Session(server, media, "long.Mjpeg") as session:
        session.ask("PLAY")
        media.wait_packets(3)
        session.later(TIMEOUT + 1)
        media.wait_bye()
        assert media.controls[-1].types == [200, 202, 203] and not session.lives()
        media.settle()
        packets = len(media.packets)
        assert session.ask("PAUSE").status == 454  # a round trip, after which nothing is under way
        media.settle()
        assert len(media.packets) == packets


@pytest.mark.parametrize("method", ["GET_PARAMETER", "OPTIONS", "PAUSE", "DESCRIBE", "SET_PARAMETER"])
def test_any_request_of_the_session_keeps_it(session, method):
    """What the request is does not matter; one that is refused counts, too."""
    for _ in range(3):
        session.later(TIMEOUT - 1)
        session.ask(method)
        assert session.lives()
    session.later(TIMEOUT + 1)
    assert not session.lives()


def test_a_request_from_another_connection_keeps_it(server, session):
    """The session is named by the header, not by the connection."""
    session.later(TIMEOUT - 1)
    with Talker(server.port) as other:
        assert session.ask("GET_PARAMETER", talker=other).status == 200
    session.later(TIMEOUT - 1)
    assert session.lives()


# What players send to the media ports: that anything came is what counts
SIGNS = {
    "receiver report": bytes.fromhex("80c9000100000000"),
    "about nobody": bytes.fromhex("81c9000712345678") + bytes(24),
    "junk": b"\xff\x00junk",
    "ffmpeg's punch": b"\x80" + bytes(11),
    "live555's punch": b"\xce\xfa\xed\xfe",
    "GStreamer's punch": bytes(range(56, 256)),
    "nothing at all": b"",
}


@pytest.mark.parametrize("port", [0, 1], ids=["RTP port", "RTCP port"])
@pytest.mark.parametrize("sign", SIGNS)
def test_any_datagram_keeps_it(session, media, sign, port):
    """openRTSP and ffmpeg over UDP send nothing but RTCP; some send bytes without any sense."""
    session.later(TIMEOUT - 1)
    (media.rtp, media.rtcp)[port].sendto(SIGNS[sign], session.addresses[port])
    eventually(lambda: session.inside.lastHeard == session.now, "the sign of life is noticed")
    session.later(TIMEOUT - 1)
    assert session.lives()


def test_a_stranger_s_datagram_does_not_keep_it(session, media):
    """It must come from the viewer's own port."""
    session.later(TIMEOUT - 1)
    with Receiver() as stranger:
        for address in session.addresses:
            stranger.rtp.sendto(b"keep it", address)
    with pytest.raises(AssertionError):
        eventually(lambda: session.inside.lastHeard == session.now, "a stranger's", patience=0.1)


def test_a_session_outlives_its_connection(server, session, media):
    """The connection ends while playing: the media goes on; another connection pauses, plays and ends the session."""
    first = rtp_info(session.ask("PLAY").headers["rtp-info"])[0]
    media.wait_frames(3)
    session.talker.close()
    media.wait_frames(8)
    with Talker(server.port) as other:
        assert session.ask("PAUSE", talker=other).status == 200
        media.settle()
        seen = len(media.frames())
        info = rtp_info(session.ask("PLAY", talker=other).headers["rtp-info"])[0]
        media.wait_bye()
        assert [frame.number() for frame in media.frames()] == list(range(FRAMES))
        assert media.frames()[seen].first.sequence == info.seq
        assert media.packets[0].sequence == first.seq
        assert session.ask("TEARDOWN", talker=other).status == 200
        assert session.ask("PLAY", talker=other).status == 454


def test_several_sessions_on_one_connection(server, session, media):
    """One connection may hold several sessions; to end one leaves the others."""
    with Receiver() as second:
        reply = session.talker.ask(f"SETUP {session.url} RTSP/1.0", "CSeq: 5", second.transport)
        other = "Session: " + reply.headers["session"].split(";")[0]
        assert other != session.header
        assert session.ask("PLAY").status == 200
        assert session.talker.ask(f"PLAY {session.url} RTSP/1.0", "CSeq: 6", other, "Range: npt=0.5-").status == 200
        assert session.ask("TEARDOWN").status == 200
        second.wait_bye()
        assert [frame.number() for frame in second.frames()] == list(range(20, FRAMES))


# --- with a short timeout: what keeps a session alive does, for as long as it comes -----------------------------------

WAYS = {
    "GET_PARAMETER": lambda session, media: session.ask("GET_PARAMETER"),
    "OPTIONS": lambda session, media: session.ask("OPTIONS"),
    "reports": lambda session, media: media.rtcp.sendto(SIGNS["receiver report"], session.addresses[1]),
    "punches": lambda session, media: media.rtp.sendto(SIGNS["live555's punch"], session.addresses[0]),
}


@pytest.mark.parametrize("way", WAYS)
def test_one_sign_now_and_then_is_enough(server, media, way):
    """Nothing but this, through ten timeouts, while it plays; then silence, and it is over."""
    with Session(server, media, "long.Mjpeg") as session:
        session.ask("PLAY")
        for _ in range(15):
            session.later(TIMEOUT - 2.5)
            WAYS[way](session, media)
            eventually(lambda: session.inside.lastHeard == session.now, "the sign of life is noticed")
        assert session.lives() and session.inside.state.value == "Playing"
        session.later(TIMEOUT + 0.1)
        assert not session.lives()
        media.wait_bye()


@pytest.mark.parametrize(("method", "body"), [("PLAY", b""), ("PAUSE", b""), ("GET_PARAMETER", b"position")])
def test_a_session_that_ends_while_another_connection_asks_something_of_it(server, session, method, body):
    """454, as a moment later."""
    request = f"{method} {session.url} RTSP/1.0\r\nCSeq: 2\r\n{session.header}\r\nContent-Length: {len(body)}\r\n\r\n"
    inside, before = session.inside, session.inside.lastHeard
    session.now += 1
    with Talker(server.port) as other:
        with inside.lock:
            other.raw(request.encode() + body)
            eventually(lambda: inside.lastHeard > before, "the request has come")
            server.sessions.remove(inside)
        assert other.reply().status == 454
