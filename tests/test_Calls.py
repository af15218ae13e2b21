"""What the server asks of its viewers: to go elsewhere, and to take note of another description; over sockets."""

from __future__ import annotations

import pytest

from Calls import Calls
from media.source import Format, LiveSource, Presentation
from rtp.jpeg import payloads
from rtsp.clocktime import clock_text
from rtsp.errors import RtspError
from rtsp.message import Request
from rtsp.states import State
from tests import movies
from tests.scripted import FakeClock
from tests.serving import Talker, eventually, serving
from tests.watching import Watching

OTHER = "rtsp://127.0.0.9:8554/mirror"
JPEG = Format("video", 26, "JPEG", 90_000, 20.0)
FRAMES = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("movies")
    movies.lab_movie(path / "movie.Mjpeg", FRAMES, (384, 96))
    return path


@pytest.fixture
def server(folder):
    with serving(folder, fps=40.0) as running:
        yield running


@pytest.fixture
def watching(server):
    with Watching(server) as made:
        yield made


# --- 302 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_line", "place"), [
    ("DESCRIBE {}films/a%20b.Mjpeg RTSP/1.0", OTHER + "/films/a%20b.Mjpeg"),
    ("DESCRIBE {} RTSP/1.0", OTHER),
    ("SETUP {}movie.Mjpeg/trackID=0 RTSP/1.0", OTHER + "/movie.Mjpeg"),
])
def test_who_would_begin_something_is_sent_on(folder, request_line, place):
    """302 with the Location, the path kept; whatever is there or not, and without a session having been made."""
    with serving(folder, redirect=OTHER) as server, Talker(server.port) as viewer:
        reply = viewer.ask(request_line.format(server.url("")), "CSeq: 1", "Transport: RTP/AVP/TCP;interleaved=0-1")
        assert (reply.status, reply.headers["location"], len(server.sessions)) == (302, place, 0)


@pytest.mark.parametrize(("request_line", "status"), [
    ("OPTIONS * RTSP/1.0", 200), ("GET_PARAMETER {} RTSP/1.0", 200), ("PLAY {}movie.Mjpeg RTSP/1.0", 454),
    ("DESCRIBE rtsp://[::1/m RTSP/1.0", 400), ("DESCRIBE * RTSP/1.0", 405), ("DANCE {} RTSP/1.0", 501),
])
def test_all_else_is_answered_as_ever(folder, request_line, status):
    with serving(folder, redirect=OTHER) as server, Talker(server.port) as viewer:
        assert viewer.ask(request_line.format(server.url("")), "CSeq: 1").status == status


def test_the_lab_dialect_has_no_place_for_a_location(folder):
    """Three lines, as ever."""
    with serving(folder, redirect=OTHER) as server, Talker(server.port) as viewer:
        viewer.raw(b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n")
        assert viewer._until(b"\r\nSession").startswith(b"RTSP/1.0 302 ")


def test_who_has_a_session_goes_on_as_he_likes(server, watching):
    """PLAY, another SETUP, PAUSE: nothing was taken away."""
    server.calls.redirect(OTHER)
    assert watching.asked()[0].startswith("REDIRECT ")
    assert watching.request("PLAY").status == 200
    watching.media.wait_frames(2)
    assert watching.request("PAUSE").status == 200
    setup = watching.ask_about(watching.url, "SETUP", f"Session: {watching.id}", watching.media.transport)
    assert setup.status == 200


# --- REDIRECT ---------------------------------------------------------------------------------------------------------


def test_who_plays_is_asked_to_go(server, watching):
    """RFC 2326 §10.10, with a number of the server's own; whatever the viewer answers, it plays on."""
    watching.request("PLAY")
    assert server.calls.redirect(OTHER) == (1, 0)
    first, headers, body = watching.asked()
    assert (first, body) == (f"REDIRECT {watching.url} RTSP/1.0", b"")
    assert headers == {"CSeq": "1", "Session": watching.id, "Location": OTHER + "/movie.Mjpeg"}
    watching.raw(b"RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n")
    watching.media.wait_frames(len(watching.media.frames()) + 5)
    assert watching.get(b"rate").body == b"rate: 1\r\n"
    server.calls.redirect(OTHER)
    assert watching.asked()[1]["CSeq"] == "2"


def test_from_a_time_on(server, watching):
    """The Range is passed on; until a time of day has come, newcomers are let in."""
    clock = FakeClock()
    server.calls.clock = clock
    when = f"clock={clock_text(clock.now + 60)}-"
    server.calls.redirect(OTHER, when)
    assert watching.asked()[1]["Range"] == when
    assert watching.ask_about(watching.url, "DESCRIBE").status == 200
    clock.now += 60
    assert watching.ask_about(watching.url, "DESCRIBE").status == 302
    server.calls.redirect("")
    assert watching.ask_about(watching.url, "DESCRIBE").status == 200


def test_who_has_hung_up_cannot_be_asked(server):
    """Over UDP he watches on."""
    with Watching(server) as viewer:
        viewer.request("PLAY")
        viewer.socket.close()
        eventually(lambda: not server.workers, "the connection has ended")
        assert server.calls.redirect(OTHER) == (0, 1)
        viewer.media.wait_frames(len(viewer.media.frames()) + 5)


def test_a_lab_client_is_not_asked(server, media):
    """It would take the request for a reply."""
    with Talker(server.port) as viewer:
        viewer.raw(f"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {media.port}\n".encode())
        viewer._until(b"Session: ")
        assert server.calls.redirect(OTHER) == (0, 0)


def test_newcomers_are_refused_by_the_time_of_day(server):
    """Without sockets: 302 carries the place."""
    calls = Calls(server.sessions, server.library, server.pacer, OTHER, clock=lambda: 99.0)
    with pytest.raises(RtspError) as caught:
        calls.check(Request("DESCRIBE", "rtsp://a/m"), None)
    assert (caught.value.status, caught.value.headers) == (302, {"Location": OTHER + "/m"})
    calls.moment = 100.0
    calls.check(Request("DESCRIBE", "rtsp://a/m"), None)


# --- ANNOUNCE ---------------------------------------------------------------------------------------------------------


def live(first, count=1, format=JPEG):
    source = LiveSource(format)
    for number in range(first, first + count):
        source.append(payloads(movies.jpeg(number, (384, 96))), number / 20)
    return source


def publish(server, *sources):
    server.library.add("live", Presentation("live", sources))


def test_a_live_stream_that_was_replaced_goes_on(server):
    """The viewer is told, and sees the new pictures at once, with the same SSRC and the next numbers."""
    before = live(1)
    publish(server, before)
    with Watching(server, "live") as viewer:
        viewer.request("PLAY")
        viewer.media.wait_frames(1)
        publish(server, live(50), live(60))
        first, headers, body = viewer.asked()
        assert first == f"ANNOUNCE {viewer.url} RTSP/1.0"
        assert body.startswith(b"v=0\r\n") and body.count(b"m=video") == 2
        assert (headers["Session"], headers["Content-Type"]) == (viewer.id, "application/sdp")
        assert headers["Content-Base"] == f"{viewer.url}/"
        viewer.media.wait_frames(2)
        assert [frame.number() for frame in viewer.media.frames()] == [1, 50]
        packets = viewer.media.packets
        assert len({one.ssrc for one in packets}) == 1
        assert [one.sequence for one in packets] == [packets[0].sequence + n & 0xFFFF for n in range(len(packets))]
        before.close()                                      # it is nobody's any more
        assert viewer.session.state is State.PLAYING


def test_a_stream_of_another_kind_is_told_and_not_sent(server):
    """Its payload type and clock would be taken for those of the old one."""
    before = live(1)
    publish(server, before)
    with Watching(server, "live") as viewer:
        viewer.request("PLAY")
        viewer.media.wait_frames(1)
        publish(server, live(2, format=Format("video", 96, "JPEG", 1000, 20.0)))
        assert b"a=rtpmap:96 JPEG/1000" in viewer.asked()[2]
        before.close()
        viewer.media.wait_bye()
        assert [frame.number() for frame in viewer.media.frames()] == [1]


def test_who_has_paused_goes_on_with_what_is_new(server):
    publish(server, live(1))
    with Watching(server, "live") as viewer:
        publish(server, live(50))
        assert viewer.asked()[0].startswith("ANNOUNCE ")
        viewer.request("PLAY")
        viewer.media.wait_frames(1)
        assert viewer.media.frames()[0].number() == 50


def test_a_movie_is_not_looked_after(server, watching, monkeypatch):
    """Files are replaced as well; who plays the old one keeps it."""
    monkeypatch.setattr(server.calls, "replace", pytest.fail)
    server.library.add("movie.Mjpeg", Presentation("movie.Mjpeg", (live(1),)))
    server.calls.tick()
