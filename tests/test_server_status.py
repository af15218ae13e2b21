"""Every status code that this server answers with (RFC 2326 §7.1.1, §11), over a socket, with the headers that belong
to it; what else is refused: tests/test_server_refusals.py."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from media.source import Format, LiveSource, Presentation
from net.complaints import Complaints
from rtsp import limits
from rtsp.status import PHRASES
from tests import movies
from tests.serving import Receiver, Talker, serving
from VideoStream import VideoStream


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", 10)
    movies.lab_movie(folder / "other.Mjpeg", 2)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    (folder / "films").mkdir()
    movies.lab_movie(folder / "films" / "deep.Mjpeg", 2)
    (folder / "broken.Mjpeg").write_text("This is no movie at all.\n" * 10)
    with serving(folder) as running:
        movie = VideoStream(folder / "movie.Mjpeg").presentation().sources[0]
        running.library.add("twins", Presentation("twins", (movie, movie)))
        running.library.add("live", Presentation("live", (LiveSource(Format("video", 26, "JPEG", 90_000)),)))
        yield running


OF_THE_SERVER, OF_A_FOLDER = {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"}, {"OPTIONS", "DESCRIBE"}

# (status, what is asked, headers that the reply must have). {url}: the server; {udp}: a Transport that is fine;
# {session} is set up on the movie, {twins} with both streams, {live} on a live one, and {playing} plays
ASKED = {
    "no Transport": (400, "SETUP {url}movie.Mjpeg RTSP/1.0", {}),
    "to somebody else": (403, "SETUP {url}movie.Mjpeg RTSP/1.0\n{udp};destination=127.0.0.9", {}),
    "no such movie": (404, "DESCRIBE {url}missing.Mjpeg RTSP/1.0", {}),
    "the server to play": (405, "PLAY * RTSP/1.0\nSession: {session}", {"allow": OF_THE_SERVER}),
    "the server to describe": (405, "DESCRIBE * RTSP/1.0", {"allow": OF_THE_SERVER}),
    "the server to set up": (405, "SETUP * RTSP/1.0\n{udp}", {"allow": OF_THE_SERVER}),
    "a folder to set up": (405, "SETUP {url}films/ RTSP/1.0\n{udp}", {"allow": OF_A_FOLDER}),
    "a folder to play": (405, "PLAY {url}films RTSP/1.0", {"allow": OF_A_FOLDER}),
    "a folder in a session": (405, "PLAY {url} RTSP/1.0\nSession: {session}", {"allow": OF_A_FOLDER}),
    "a movie as a list": (406, "DESCRIBE {url}movie.Mjpeg RTSP/1.0\nAccept: text/uri-list", {}),
    "a folder as a movie": (406, "DESCRIBE {url}films/ RTSP/1.0\nAccept: application/sdp", {}),
    "a folder as anything": (406, "DESCRIBE {url} RTSP/1.0", {}),
    "a parameter": (
        451, "GET_PARAMETER {url}movie.Mjpeg/ RTSP/1.0\nSession: {session}\nContent-Type: text/parameters\n"
        "Content-Length: 13\n\nnum_cameras\r\n", {},
    ),
    "no session": (454, "PLAY {url}movie.Mjpeg RTSP/1.0", {}),
    "an unknown session": (454, "PAUSE {url}movie.Mjpeg RTSP/1.0\nSession: 0123456789abcdef", {}),
    "while it plays": (
        455, "SETUP {url}long.Mjpeg RTSP/1.0\nSession: {playing}\n{udp}", {"allow": {"PLAY", "PAUSE", "TEARDOWN"}},
    ),
    "the past of what is live": (456, "PLAY {url}live RTSP/1.0\nSession: {live}\nRange: npt=10-", {}),
    "past the end": (457, "PLAY {url}movie.Mjpeg RTSP/1.0\nSession: {session}\nRange: npt=100-", {}),
    "two streams at once": (459, "SETUP {url}twins RTSP/1.0\n{udp}", {}),
    "two movies": (459, "SETUP {url}other.Mjpeg RTSP/1.0\nSession: {session}\n{udp}", {}),
    "one stream of two": (460, "PLAY {url}twins/trackID=1 RTSP/1.0\nSession: {twins}", {}),
    "multicast": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;multicast;ttl=1;port=5000-5001", {}),
    "a picture to publish": (
        415, "ANNOUNCE {url}new RTSP/1.0\nContent-Type: image/jpeg\nContent-Length: 5\n\nv=0\r\n", {},
    ),
    "recording": (455, "SETUP {url}movie.Mjpeg RTSP/1.0\n{udp};mode=RECORD;append", {"allow": {"ANNOUNCE"}}),
    "recording what plays": (455, "RECORD {url}movie.Mjpeg RTSP/1.0\nSession: {session}", {"allow": {"PLAY"}}),
    "no movie inside": (500, "DESCRIBE {url}broken.Mjpeg RTSP/1.0", {}),
    "a method": (501, "DANCE {url}movie.Mjpeg RTSP/1.0\nSession: {session}", {}),
    "a version": (505, "OPTIONS {url}movie.Mjpeg RTSP/2.0", {}),
    "an option": (551, "PLAY {url}movie.Mjpeg RTSP/1.0\nSession: {session}\nRequire: a,b", {"unsupported": {"a", "b"}}),
    "an option of proxies": (551, "OPTIONS * RTSP/1.0\nProxy-Require: c\nRequire: b", {"unsupported": {"b", "c"}}),
}
# (status, bytes) after which nobody can tell where the next request would begin
FATAL = {
    "no header": (400, b"OPTIONS * RTSP/1.0\r\nCSeq: 31\r\nno colon\r\n\r\n"),
    "does not end": (408, b"OPTIONS * RTSP/1.0\r\nCSeq: 31\r\nX: "),
    "a large body": (413, b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 31\r\nContent-Length: 70000\r\n\r\n"),
    "a long line": (414, b"DESCRIBE rtsp://127.0.0.1/" + b"x" * 5000 + b" RTSP/1.0\r\nCSeq: 31\r\n\r\n"),
}
ELSEWHERE = {401, 453, 503}      # by tests of their own, below
REFUSALS = {400, 403, 404, 405, 406, 408, 413, 414, 415, 451, 454, 455, 456, 457, 459, 460, 461, 500, 501, 505, 551}
WANTED = ELSEWHERE | REFUSALS


def test_all_of_them_are_here():
    """Those of RFC 2326 that fit what this server does: the others are about proxies, caches, recording."""
    assert {row[0] for row in (*ASKED.values(), *FATAL.values())} | ELSEWHERE == WANTED
    assert set(PHRASES) >= WANTED


def set_up(server, viewer, media, name="movie.Mjpeg", *headers):
    reply = viewer.ask(f"SETUP {server.url(name)} RTSP/1.0", "CSeq: 1", media.transport, *headers)
    assert reply.status == 200
    return reply.headers["session"].split(";")[0]


def sessions(server, viewer, media, text):
    """Those that the text speaks of, by their names."""
    found = {}
    for name, movie in (("session", "movie.Mjpeg"), ("live", "live"), ("playing", "long.Mjpeg")):
        if f"{{{name}}}" in text:
            found[name] = set_up(server, viewer, media, movie)
    if "{twins}" in text:
        found["twins"] = set_up(server, viewer, media, "twins/trackID=0")
        set_up(server, viewer, media, "twins/trackID=1", f"Session: {found['twins']}")
    if "playing" in found:
        reply = viewer.ask(f"PLAY {server.url('long.Mjpeg')} RTSP/1.0", "CSeq: 2", f"Session: {found['playing']}")
        assert reply.status == 200
    return found


def check_common(reply, status):
    """What is in every refusal: who, when, and why in one line of text (RFC 2326 §12.18, §12.36)."""
    assert reply.status == status
    assert reply.headers["server"].startswith("RTSPlab/") and parsedate_to_datetime(reply.headers["date"])
    assert reply.headers["content-type"] == "text/plain" and reply.body.endswith(b"\n") and reply.body.count(b"\n") == 1


@pytest.mark.parametrize("name", ASKED)
def test_refused_with_what_the_standard_asks_for(server, viewer, media, name):
    """The number comes back (§12.17), lists are complete, and the conversation goes on."""
    status, text, lists = ASKED[name]
    found = sessions(server, viewer, media, text)
    before = len(server.sessions)
    with Receiver() as other:
        head, _, body = text.format(url=server.url(""), udp=other.transport, **found).partition("\n\n")
    first, *lines = head.split("\n")
    viewer.raw("\r\n".join([first, "CSeq: 31", *lines, "", body]).encode())
    reply = viewer.reply()
    check_common(reply, status)
    assert reply.headers["cseq"] == "31" and "connection" not in reply.headers
    for header, words in lists.items():
        assert words <= set(reply.headers[header].split(", "))
        assert status == 455 or words == set(reply.headers[header].split(", "))
    assert ("allow" in reply.headers) == (status in (405, 455)) and ("unsupported" in reply.headers) == (status == 551)
    if status == 451:
        assert b"num_cameras" in reply.body
    assert len(server.sessions) == before
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 32").status == 200
    for session in found.values():
        server.sessions.remove(server.sessions.find(session, next(iter(server.workers.values()))))


@pytest.mark.parametrize("name", FATAL)
def test_refused_for_good(viewer, monkeypatch, name):
    """With the number where it could be read, and `Connection: close`, which is what happens then."""
    status, data = FATAL[name]
    if status == 408:
        monkeypatch.setattr(limits, "UNFINISHED_REQUEST", 0.05)
    viewer.raw(data)
    reply = viewer.reply()
    check_common(reply, status)
    assert reply.headers["connection"] == "close" and viewer.is_closed()
    assert reply.headers.get("cseq") == (None if status == 414 else "31")


def test_453_when_there_are_too_many_sessions(server, viewer, media, monkeypatch):
    monkeypatch.setattr(limits, "SESSIONS", len(server.sessions))
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 31", media.transport)
    check_common(reply, 453)
    assert reply.headers["cseq"] == "31"


def test_503_when_there_are_no_sockets(server, viewer, media, monkeypatch):
    """And the connection goes on."""
    def none_left(*arguments):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("ServerWorker.UdpChannel", none_left)
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 31", media.transport)
    check_common(reply, 503)
    assert reply.headers["cseq"] == "31" and viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 32").status == 200


@pytest.mark.parametrize("place", ["media.library.Library.find", "ServerWorker.UdpChannel", "Stream.Stream.__init__",
                                   "net.channels.UdpChannel.listen", "Session.Sessions._checkRoom"])  # fmt: skip
def test_503_when_there_is_no_memory(server, viewer, media, monkeypatch, caplog, place):
    """Wherever SETUP finds that out; one line is written, nothing is left of it, and the next one is granted."""
    def none_left(*_, **__):
        raise MemoryError

    monkeypatch.setattr(server, "complaints", Complaints())
    before, setup = len(server.sessions), (f"SETUP {server.url()} RTSP/1.0", "CSeq: 31", media.transport)
    with monkeypatch.context() as patch:
        patch.setattr(place, none_left)
        reply = viewer.ask(*setup)
    check_common(reply, 503)
    assert reply.headers["cseq"] == "31" and len(server.sessions) == before
    assert [record.getMessage() for record in caplog.records] == ["! a viewer was turned away: no memory is left"]
    assert viewer.ask(*setup).status == 200


def test_503_and_close_when_there_are_too_many_connections(server, monkeypatch):
    """Before anything was asked: without a number."""
    monkeypatch.setattr(limits, "CONNECTIONS", len(server.workers))
    with Talker(server.port) as viewer:
        reply = viewer.reply()
        assert (reply.status, reply.headers) == (503, {"connection": "close"}) and viewer.is_closed()


def test_500_for_a_mistake_of_ours(server, viewer, monkeypatch, caplog):
    """This viewer hears of it, and is answered the next time."""
    def mistake(*arguments):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("ServerWorker.described", mistake)
        reply = viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 31")
    assert (reply.status, reply.headers["cseq"]) == (500, "31") and "ZeroDivisionError" in caplog.text
    assert viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 32").status == 200
