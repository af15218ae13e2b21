"""GET_PARAMETER and SET_PARAMETER over sockets: of a session, and of the server as a whole."""

from __future__ import annotations

import json
import time

import pytest

from media.source import Format, LiveSource, Presentation
from net.gate import Gate
from rtp.jpeg import payloads
from rtsp.users import Users
from tests import movies
from tests.serving import Talker, eventually, serving
from tests.watching import Watching
from VideoStream import VideoStream

FRAMES, RATE = 120, 40.0
DETAILED = (768, 288)       # pixels; large enough that a lower quality shows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("movies")
    movies.lab_movie(path / "movie.Mjpeg", FRAMES, DETAILED, quality=90)
    return path


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, fps=RATE) as running:
        both = tuple(VideoStream(folder / "movie.Mjpeg", RATE).movie for _ in range(2))
        running.library.add("two", Presentation("two", both))
        yield running


@pytest.fixture
def watching(server):
    for session in server.sessions.all():
        server.sessions.remove(session)         # of those who have hung up, and would still watch
    with Watching(server) as made:
        yield made
    server.calls.redirect("")


def sizes(frames):
    return [sum(len(packet.payload) for packet in frame.packets) for frame in frames]


# --- of a session -----------------------------------------------------------------------------------------------------


def test_all_that_can_be_read(watching):
    """In the order asked for."""
    reply = watching.get(b"quality\r\nrate\r\nposition\r\n")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/parameters")
    assert reply.headers["session"] == watching.id and reply.body == b"quality: 100\r\nrate: 1\r\nposition: 0.000\r\n"


def test_a_lower_quality_is_fewer_bytes_of_the_same_pictures(watching):
    """From the next frame on, and back again; no frame is missing."""
    watching.request("PLAY")
    watching.media.wait_frames(3)
    assert watching.put(b"quality: 10\r\n").status == 200 and watching.get(b"quality").body == b"quality: 10\r\n"
    watching.media.drain()
    watching.media.wait_frames(5)
    assert watching.put(b"quality: 100\r\n").status == 200
    lower = watching.media.frames()
    assert [frame.number() for frame in lower] == [lower[0].number() + n for n in range(len(lower))]
    watching.media.drain()
    watching.media.wait_frames(5)
    assert max(sizes(lower[:5])) * 2 < min(sizes(watching.media.frames()[2:]))


def test_another_viewer_keeps_the_quality_it_has(server, watching):
    """Re-encoded is once for all who want that step, and kept apart from what the others get."""
    watching.put(b"quality: 10\r\n")
    with Watching(server) as other:
        for viewer in (watching, other):
            viewer.request("PLAY", "Range: npt=0-0.2")
            viewer.media.wait_bye()
        assert max(sizes(watching.media.frames())) * 2 < min(sizes(other.media.frames()))
        assert [frame.number() for frame in watching.media.frames()] == list(range(8))


def test_what_is_live_at_another_quality(server):
    """Re-encoded on a thread that nobody waits for; each frame still comes."""
    live = LiveSource(Format("video", 26, "JPEG", 90_000, 20.0))
    server.library.add("live", Presentation("live", (live,)))
    pictures = [payloads(movies.jpeg(number, DETAILED, quality=90)) for number in range(6)]
    live.append(pictures[0], 0.0)
    with Watching(server, "live") as viewer:
        assert viewer.put(b"quality: 20\r\n").status == 200
        viewer.request("PLAY")
        for number, picture in enumerate(pictures[1:], 1):
            viewer.media.wait_frames(number)
            live.append(picture, number / 20)
        viewer.media.wait_frames(6)
        assert [frame.number() for frame in viewer.media.frames()] == list(range(6))
        assert max(sizes(viewer.media.frames())) < sum(len(data) for data, _ in pictures[0]) / 2


def test_another_stream_of_the_path(server):
    with Watching(server, "two", "/trackID=0") as viewer:
        assert viewer.get(b"stream").body == b"stream: 0\r\n"
        assert viewer.put(b"stream: 1").status == 200 and viewer.get(b"stream").body == b"stream: 1\r\n"
    with Watching(server) as viewer:
        assert viewer.get(b"stream").status == viewer.put(b"stream: 0").status == 451


@pytest.mark.parametrize(("body", "status", "named"), [
    (b"quality: 50\r\nvolume: 3\r\n", 451, b"volume"),
    (b"quality: 50\r\nposition: 3\r\npackets: 0\r\n", 458, b"position, packets"),
    (b"quality: 55\r\n", 400, b"quality"),
    (b"quality\r\n", 400, b"quality"),
    (b"rate: 2\r\n", 455, b"rate"),
    (b"quality: 50\r\nrate: 2\r\n", 455, b"rate"),
    (b"x\r\n" * 100, 400, b"parameters"),
])
def test_what_cannot_be_set_is_named_and_nothing_is_set(watching, body, status, named):
    reply = watching.put(body)
    assert reply.status == status and named in reply.body and watching.get(b"quality").body == b"quality: 100\r\n"


def test_without_a_body_it_is_a_sign_of_life(server, watching):
    """With a session and without, of a movie and of the server."""
    replies = [watching.put(b""), *(watching.ask_about(url, "SET_PARAMETER") for url in (watching.url, "*"))]
    assert [(reply.status, reply.body) for reply in replies] == [(200, b"")] * 3


# --- of the server ----------------------------------------------------------------------------------------------------


def of_the_server(server, viewer, method, body, *headers, target=""):
    lines = [f"{method} {target or server.url('')} RTSP/1.0", "CSeq: 1", f"Content-Length: {len(body)}", *headers]
    viewer.raw("\r\n".join([*lines, "", ""]).encode() + body)
    return viewer.reply()


@pytest.mark.parametrize("target", ["", "*"])
def test_who_watches_what(server, watching, viewer, target):
    """One line of JSON, with what the viewer's reports say; of a session's id not all, for it is a key."""
    watching.request("PLAY")
    watching.media.wait_frames(2)
    reply = of_the_server(server, viewer, "GET_PARAMETER", b"status\r\n", target=target)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/parameters")
    found = json.loads(reply.body.decode("ascii").removeprefix("status: "))
    (one,) = [one for one in found["watching"] if one["session"] == watching.id[:6]]
    assert watching.id not in reply.body.decode()
    assert (one["address"], one["path"], one["state"], one["dialect"]) == ("127.0.0.1", "movie.Mjpeg", "Playing", "rfc")
    assert (one["live"], one["duration"], one["rate"]) == (False, FRAMES / RATE, 1.0)
    (stream,) = one["streams"]
    assert (stream["transport"], stream["loss"], stream["dropped"]) == ("udp", None, 0) and stream["octets"] > 1000
    assert abs(found["now"] - time.time()) < 60 and (found["process"], found["processes"]) == (0, 1)


def test_what_a_viewer_reports_is_in_it(server, watching, viewer):
    """A quarter of the packets lost, 7 in all; jitter 900 ticks (RFC 3550 §6.4.1)."""
    watching.request("PLAY")
    watching.media.wait_frames(1)
    first = watching.media.packets[0]
    block = first.ssrc.to_bytes(4, "big") + bytes([64, 0, 0, 7]) + bytes(4) + (900).to_bytes(4, "big") + bytes(8)
    watching.media.rtcp.sendto(b"\x81\xc9\x00\x07" + bytes(4) + block, ("127.0.0.1", first.source + 1))
    (stream,) = watching.session.streams.values()
    eventually(lambda: stream.report, "the report has come")
    reply = of_the_server(server, viewer, "GET_PARAMETER", b"status")
    assert b'"lost": 7, "loss": 0.25, "jitter": 0.01' in reply.body


def test_moving_everybody(server, watching, viewer):
    """`redirect` can be set, and read; the reply says how many were told."""
    body = b"redirect: rtsp://127.0.0.9/\r\n"
    reply = of_the_server(server, viewer, "SET_PARAMETER", body, "Range: npt=1.5-")
    assert reply.status == 200 and reply.body == b"told: 1\r\nunreachable: 0\r\n"
    assert watching.asked()[1] == {
        "CSeq": "1", "Session": watching.id, "Location": "rtsp://127.0.0.9/movie.Mjpeg", "Range": "npt=1.5-"}
    assert of_the_server(server, viewer, "GET_PARAMETER", b"redirect").body == b"redirect: rtsp://127.0.0.9/\r\n"
    assert of_the_server(server, viewer, "SET_PARAMETER", b"redirect:").status == 200
    assert of_the_server(server, viewer, "GET_PARAMETER", b"redirect").body == b"redirect: \r\n"


@pytest.mark.parametrize(("method", "body", "headers", "status"), [
    ("GET_PARAMETER", b"position", (), 451),
    ("SET_PARAMETER", b"status: 1", (), 458),
    ("SET_PARAMETER", b"volume: 1", (), 451),
    ("SET_PARAMETER", b"redirect: http://127.0.0.9/", (), 400),
    ("SET_PARAMETER", b"redirect: rtsp://u:p@127.0.0.9/", (), 400),
    ("SET_PARAMETER", b"redirect: rtsp://127.0.0.9/", ("Range: clock=soon-",), 400),
    ("SET_PARAMETER", b"redirect: rtsp://127.0.0.9/", ("Range: npt=x-",), 457),
])
def test_what_the_server_does_not_take(server, watching, viewer, method, body, headers, status):
    """And viewers stay where they are."""
    assert of_the_server(server, viewer, method, body, *headers).status == status and server.calls.target == ""


@pytest.mark.parametrize(("method", "body"), [("GET_PARAMETER", b"status"), ("GET_PARAMETER", b"redirect"),
                                              ("SET_PARAMETER", b"redirect: rtsp://127.0.0.9/")])
def test_another_machine_is_not_told(server, viewer, monkeypatch, method, body):
    """403; a ping is for everybody."""
    monkeypatch.setattr("Parameters.is_loopback", lambda address: False)
    assert of_the_server(server, viewer, method, body).status == 403 and server.calls.target == ""
    assert of_the_server(server, viewer, method, b"").status == 200


def test_where_there_are_users_each_has_to_say_who_he_is(folder):
    """On this machine, too: other people may use it."""
    users = Users()
    users.add("ann", "secret")
    with serving(folder, gate=Gate(users)) as server, Talker(server.port) as viewer:
        for method, body in (("GET_PARAMETER", b"status"), ("SET_PARAMETER", b"redirect: rtsp://127.0.0.9/")):
            assert of_the_server(server, viewer, method, body).status == 401
