"""What the server refuses, and that it goes on: the right status, no traceback, and other viewers see every frame."""

from __future__ import annotations

import os
import re
import socket
import time
from contextlib import ExitStack

import pytest

from rtsp import limits
from tests import movies
from tests.serving import Receiver, Talker, eventually, serving

FRAMES, RATE = 10, 100.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.lab_movie(folder / "other.Mjpeg", 2)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    movies.lab_movie(folder.parent / "outside.Mjpeg", 2)
    (folder / "broken.Mjpeg").write_text("This is no movie at all.\n" * 10)
    (folder / "empty.Mjpeg").touch()
    (folder / "folder.Mjpeg").mkdir()
    (folder / "video.mjpeg").write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "fifo.Mjpeg")
        (folder / "link.Mjpeg").symlink_to(folder.parent / "outside.Mjpeg")
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture(autouse=True)
def another_viewer(server, caplog):
    """Someone else watches the movie during each test, and sees all of it; the log has no traceback."""
    with Talker(server.port) as talker, Receiver() as receiver:
        session = set_up(server, talker, receiver)
        assert talker.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", session).status == 200
        yield
        receiver.wait_bye()
        assert [frame.number() for frame in receiver.frames()] == list(range(FRAMES))
        assert talker.ask(f"TEARDOWN {server.url()}/ RTSP/1.0", "CSeq: 3", session).status == 200
    assert [record.message for record in caplog.records if record.exc_info] == []


def set_up(server, talker, media, name="movie.Mjpeg"):
    reply = talker.ask(f"SETUP {server.url(name)}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)
    assert reply.status == 200
    return f"Session: {reply.headers['session'].split(';')[0]}"


def still_answers(talker):
    return talker.ask("OPTIONS * RTSP/1.0", "CSeq: 77").status == 200


# --- refused, and the connection goes on ------------------------------------------------------------------------------

# name: (status, request; {url} the server, {ports} of this viewer, {session} one that is set up on movie.Mjpeg)
REFUSED = {
    "no such movie": (404, "DESCRIBE {url}missing.Mjpeg RTSP/1.0"),
    "no such movie to set up": (404, "SETUP {url}missing.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;{ports}"),
    "no such track": (404, "SETUP {url}movie.Mjpeg/trackID=1 RTSP/1.0\nTransport: RTP/AVP;unicast;{ports}"),
    "no name": (406, "DESCRIBE {url} RTSP/1.0"),
    "a folder": (406, "DESCRIBE {url}folder.Mjpeg RTSP/1.0"),
    "out of the folder": (404, "DESCRIBE {url}../outside.Mjpeg RTSP/1.0"),
    "out, in percent": (404, "DESCRIBE {url}%2e%2e%2Foutside.Mjpeg RTSP/1.0"),
    "an absolute path": (404, "DESCRIBE {url}/etc/passwd RTSP/1.0"),
    "a NUL": (404, "DESCRIBE {url}movie.Mjpeg%00.txt RTSP/1.0"),
    "a long name": (404, "DESCRIBE {url}" + "x" * 3000 + " RTSP/1.0"),
    "another movie than was set up": (404, "PLAY {url}other.Mjpeg RTSP/1.0\nSession: {session}"),
    "not even a movie": (404, "PLAY {url}missing RTSP/1.0\nSession: {session}"),
    "bad URL": (400, "DESCRIBE http://127.0.0.1/movie.Mjpeg RTSP/1.0"),
    "bad port in the URL": (400, "DESCRIBE rtsp://127.0.0.1:99999/movie.Mjpeg RTSP/1.0"),
    "no CSeq": (400, "DESCRIBE {url}movie.Mjpeg RTSP/1.0\nCSeq-is-missing: 1"),
    "CSeq is no number": (400, "OPTIONS * RTSP/1.0\nCSeq: 1_000"),
    "CSeq has 5000 digits": (400, "OPTIONS * RTSP/1.0\nCSeq: " + "9" * 5000),
    "no Transport": (400, "SETUP {url}movie.Mjpeg RTSP/1.0"),
    "a port that is no number": (400, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;client_port=x-y"),
    "a port that is none": (400, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;client_port=70000"),
    "a parameter": (451, "GET_PARAMETER {url}movie.Mjpeg RTSP/1.0\nContent-Length: 11\n\nnum_packets"),
    "no session": (454, "PLAY {url}movie.Mjpeg RTSP/1.0"),
    "unknown session": (454, "PLAY {url}movie.Mjpeg RTSP/1.0\nSession: 0123456789abcdef"),
    "unknown session to set up": (
        454, "SETUP {url}movie.Mjpeg RTSP/1.0\nSession: 0123456789abcdef\nTransport: RTP/AVP;unicast;{ports}",
    ),
    "unknown session to keep alive": (454, "GET_PARAMETER {url}movie.Mjpeg RTSP/1.0\nSession: 7"),
    "unknown session to end": (454, "TEARDOWN {url}movie.Mjpeg RTSP/1.0\nSession: 7"),
    "past the end": (457, "PLAY {url}movie.Mjpeg RTSP/1.0\nSession: {session}\nRange: npt=100-"),
    "TCP of another kind": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/SAVP/TCP;unicast;interleaved=0-1"),
    "multicast": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;multicast"),
    "encrypted": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/SAVP;unicast;{ports}"),
    "no ports": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast"),
    "a system's port": (461, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;client_port=22-23"),
    "recording": (455, "SETUP {url}movie.Mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;{ports};mode=record"),
    "not MJPEG": (None, "DESCRIBE {url}broken.Mjpeg RTSP/1.0"),
    "empty": (None, "DESCRIBE {url}empty.Mjpeg RTSP/1.0"),
    "an MP4": (None, "SETUP {url}video.mjpeg RTSP/1.0\nTransport: RTP/AVP;unicast;{ports}"),
    "RECORD": (455, "RECORD {url}movie.Mjpeg RTSP/1.0\nSession: {session}"),
    "RECORD without a session": (454, "RECORD {url}movie.Mjpeg RTSP/1.0"),
    "ANNOUNCE of nothing": (400, "ANNOUNCE {url}movie.Mjpeg RTSP/1.0"),
    "a parameter to set": (451, "SET_PARAMETER {url}movie.Mjpeg RTSP/1.0\nContent-Length: 11\n\nvolume: 100"),
    "a parameter to set without a session": (
        454, "SET_PARAMETER {url}movie.Mjpeg RTSP/1.0\nContent-Length: 11\n\nquality: 10",
    ),
    "a parameter that can only be read": (
        458, "SET_PARAMETER {url}movie.Mjpeg RTSP/1.0\nSession: {session}\nContent-Length: 11\n\nposition: 1",
    ),
    "an unknown method": (501, "DANCE {url}movie.Mjpeg RTSP/1.0"),
    "a method in small letters": (501, "options {url}movie.Mjpeg RTSP/1.0"),
    "a method named like our own": (501, "__class__ {url}movie.Mjpeg RTSP/1.0"),
    "frames of another unit": (501, "PLAY {url}movie.Mjpeg RTSP/1.0\nSession: {session}\nRange: bytes=0-9"),
}  # fmt: skip
if hasattr(os, "mkfifo"):
    REFUSED["a FIFO"] = (404, "DESCRIBE {url}fifo.Mjpeg RTSP/1.0")
    REFUSED["a link out of the folder"] = (404, "DESCRIBE {url}link.Mjpeg RTSP/1.0")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_the_connection_goes_on(server, viewer, media, name):
    """The status that RFC 2326 has for it, the CSeq, and a text that says why; then the same session plays."""
    wanted, text = REFUSED[name]
    session = set_up(server, viewer, media)
    before = len(server.sessions)
    with Receiver() as other:
        ports = f"client_port={other.port}-{other.port + 1}"
        text = text.format(url=server.url(""), session=session.split()[1], ports=ports)
        head, _, body = text.partition("\n\n")
        first, _, rest = head.partition("\n")
        lines = [first, *rest.split("\n")] if "CSeq" in rest else [first, "CSeq: 31", *rest.split("\n")]
        viewer.raw("\r\n".join([line for line in lines if line] + ["", body]).encode())
        reply = viewer.reply()
    # A file that is no movie is the server's trouble or the media type's: the phrase book leaves the choice
    assert reply.status == wanted if wanted else reply.status in (415, 500)
    if "CSeq" not in rest:
        assert reply.headers["cseq"] == "31"
    assert re.fullmatch(r"[ -~]+\n", reply.body.decode())  # one line
    assert len(server.sessions) == before  # a SETUP that failed leaves none
    url = server.url() + "/"
    assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 32", session).status == 200
    media.wait_frames(2)
    assert viewer.ask(f"TEARDOWN {url} RTSP/1.0", "CSeq: 33", session).status == 200


def test_a_broken_movie_is_logged_with_its_reason(server, viewer, caplog):
    """The server goes on and says in the log what is wrong with which file."""
    viewer.ask(f"DESCRIBE {server.url('broken.Mjpeg')} RTSP/1.0", "CSeq: 1")
    assert any("broken.Mjpeg" in record.message and "not MJPEG" in record.message for record in caplog.records)


def test_a_movie_that_may_not_be_read_is_not_there_and_its_owner_is_told(server, viewer, monkeypatch, caplog):
    """Root may read everything, so the refusal is played."""

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    movies.lab_movie(os.path.join(server.library.folder, "private.Mjpeg"), 1)
    monkeypatch.setattr("media.library.RandomFile", refuse)
    monkeypatch.setattr(server.complaints, "_said", float("-inf"))
    reply = viewer.ask(f"DESCRIBE {server.url('private.Mjpeg')} RTSP/1.0", "CSeq: 1")
    assert (reply.status, reply.body) == (404, b"there is no 'private.Mjpeg'\n")
    assert [record.message for record in caplog.records] == ["! 'private.Mjpeg' may not be read by this server"]


def test_no_more_sessions_than_allowed(server, viewer, monkeypatch):
    """453, until one has ended."""
    monkeypatch.setattr(limits, "SESSIONS", len(server.sessions) + 1)
    with Receiver() as first, Receiver() as second:
        session = set_up(server, viewer, first)
        lines = f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", second.transport
        assert viewer.ask(*lines).status == 453
        viewer.ask(f"TEARDOWN {server.url()} RTSP/1.0", "CSeq: 2", session)
        assert viewer.ask(*lines).status == 200


def test_a_session_belongs_to_its_address(server, viewer, media):
    """Who knows an id but comes from elsewhere is told that there is none: all of 127/8 is this machine."""
    session = set_up(server, viewer, media)
    with ExitStack() as stack:
        stranger = socket.socket()
        stack.callback(stranger.close)
        try:
            stranger.bind(("127.0.0.2", 0))
        except OSError:
            pytest.skip("this machine has no 127.0.0.2")
        stranger.settimeout(10)
        stranger.connect(("127.0.0.1", server.port))
        stranger.sendall(f"TEARDOWN {server.url()} RTSP/1.0\r\nCSeq: 1\r\n{session}\r\n\r\n".encode())
        assert stranger.recv(4096).startswith(b"RTSP/1.0 454 ")
    assert viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session).status == 200


def test_media_goes_to_the_requester_alone(server, viewer, media):
    """One's own address as destination is fine."""
    transport = media.transport + ";destination=127.0.0.1"
    assert viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", transport).status == 200


# --- refused, and the connection is closed ----------------------------------------------------------------------------

# name: (status, bytes) where nobody can tell any more where the next request would begin
FATAL_BYTES = {
    "HTTP": (400, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n" + bytes(range(128, 255)) + b"\r\n\r\n"),
    "words": (400, b"Hello, are you there?\r\n\r\n"),
    "a control character": (400, b"OPTIONS rtsp://127.0.0.1/\x1b[2J RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    "no colon": (400, b"OPTIONS * RTSP/1.0\r\nCSeq 1\r\n\r\n"),
    "no header name": (400, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n: x\r\n\r\n"),
    "a long header line": (400, b"OPTIONS * RTSP/1.0\r\nX: " + b"y" * 9000 + b"\r\n\r\n"),
    "101 header lines": (400, b"OPTIONS * RTSP/1.0\r\n" + b"X: y\r\n" * 101 + b"\r\n"),
    "an endless header": (400, b"OPTIONS * RTSP/1.0\r\nX: y\r\n" + b" and on\r\n" * 1200 + b"\r\n"),
    "two lengths": (400, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "a negative length": (400, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -3\r\n\r\n"),
    "a length that is none": (400, b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 1_0\r\n\r\n"),
    "a length of 5000 digits": (400, b"OPTIONS * RTSP/1.0\r\nContent-Length: " + b"1" * 5000 + b"\r\n\r\n"),
    "a large body": (413, b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000),
    "a long request line": (414, b"DESCRIBE rtsp://127.0.0.1/" + b"x" * 5000 + b" RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    "no line end at all": (414, b"x" * 200_000),
}


@pytest.mark.parametrize("name", FATAL_BYTES)
def test_refused_and_closed(server, viewer, name):
    """The reply arrives in full, says `Connection: close`, and then the connection ends."""
    status, data = FATAL_BYTES[name]
    viewer.raw(data)
    reply = viewer.reply()
    assert reply.status == status and reply.headers["connection"] == "close" and reply.body.endswith(b"\n")
    assert viewer.is_closed()
    with Talker(server.port) as other:
        assert still_answers(other)


def test_what_came_before_it_is_answered(viewer):
    """A good request in front of what is none."""
    viewer.raw(b"OPTIONS * RTSP/1.0\r\nCSeq: 8\r\n\r\n\x00\x01\x02\r\n\r\n")
    assert viewer.reply().headers["cseq"] == "8"
    assert viewer.reply().status == 400 and viewer.is_closed()


@pytest.mark.parametrize("slow", [False, True], ids=["silent", "byte by byte"])
def test_a_request_that_does_not_end(viewer, monkeypatch, slow):
    """408 and close: a limit from the first byte on, which further bytes do not move."""
    monkeypatch.setattr(limits, "UNFINISHED_REQUEST", 0.3)
    began = time.monotonic()
    viewer.raw(b"OPTIONS * RTSP/1.0\r\nX: ")
    viewer.socket.settimeout(0.02 if slow else 10)
    while True:
        try:
            reply = viewer.reply()
            break
        except TimeoutError:
            viewer.raw(b"y")
    assert reply.status == 408 and time.monotonic() - began >= 0.3
    viewer.socket.settimeout(10)
    assert viewer.is_closed()


def test_a_connection_that_has_nothing_to_say(viewer, monkeypatch):
    """Closed without a word after a while, if it has no session."""
    monkeypatch.setattr(limits, "CONNECTION_IDLE", 0.1)
    assert still_answers(viewer)
    assert viewer.is_closed()


def test_a_connection_with_a_session_may_be_silent(server, viewer, media, monkeypatch):
    """Its session has a time limit of its own."""
    session = set_up(server, viewer, media)
    monkeypatch.setattr(limits, "CONNECTION_IDLE", 0.1)
    time.sleep(0.8)  # the server looks twice a second
    assert viewer.ask(f"TEARDOWN {server.url()} RTSP/1.0", "CSeq: 2", session).status == 200


def test_a_connection_whose_session_was_forgotten_ends_too(server, media, monkeypatch):
    """A laptop that was closed says nothing any more: neither its session nor its connection stays."""
    monkeypatch.setattr("net.connection.SILENCE", 0.2)
    with serving(server.library.folder, timeout=1) as impatient, Talker(impatient.port) as viewer:
        set_up(impatient, viewer, media)
        assert viewer.is_closed()
        assert not impatient.sessions.all()


@pytest.mark.parametrize("junk", [b"", b"$", b"$\x00\x00\x10abc", b"OPTIONS", b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1"])
def test_who_hangs_up_is_forgotten(server, junk):
    """At once, in the middle of a request or of a frame: no thread stays, no reply is attempted in vain."""
    def workers():
        return set(server.workers)

    before = workers()
    with Talker(server.port) as talker:
        eventually(lambda: workers() - before, "a worker")
        talker.raw(junk)
    eventually(lambda: not workers() - before, "the worker's end")


def test_frames_and_replies_among_the_requests(viewer):
    """`$` frames, empty ones too, and replies that nobody asked for are passed over; empty lines as well."""
    viewer.raw(b"$\x00\x00\x04abcd" + b"$\x01\x00\x00" + b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n")
    viewer.raw(b"\r\n\r\n" + b"$\x02\x00\x01\r")
    assert still_answers(viewer)
