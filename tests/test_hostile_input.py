"""Whatever a peer sends, over real sockets, while an innocent viewer keeps playing.

After each case the innocent one has lost no packet, its frames go on, and the server's connections, sessions, threads
and descriptors are as before. What is promised: docs/security.md.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import socket
import struct
import threading
import time
from contextlib import ExitStack, suppress
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from rtsp import limits
from tests import movies
from tests.serving import PATIENCE, Receiver, Talker, eventually, parameters, serving

OTHER_ADDRESS = "127.0.0.2"  # all of 127/8 is this machine, on Linux and Windows
FRAMES, RATE = 18_000, 100.0  # three minutes: longer than this file takes


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    (folder / "movie.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 16), quality=10)] * FRAMES))
    movies.lab_movie(folder.parent / "outside.Mjpeg", 2)
    (folder / "notes.txt").write_text("not for the public")
    (folder / "films").mkdir()
    for hidden in (".git", "films/.cache"):
        (folder / hidden).mkdir()
        movies.lab_movie(folder / hidden / "movie.Mjpeg", 2)
    movies.lab_movie(folder / ".hidden.Mjpeg", 2)
    if os.name == "posix":
        make_traps(folder)
    with serving(folder, fps=RATE) as running:
        yield running


def make_traps(folder):
    os.mkfifo(folder / "fifo.Mjpeg")
    (folder / "link.Mjpeg").symlink_to(folder.parent / "outside.Mjpeg")
    (folder / "out").symlink_to(folder.parent)
    (folder / "zero.Mjpeg").symlink_to("/dev/zero")
    (folder / "loop.Mjpeg").symlink_to("loop.Mjpeg")
    (folder / "nowhere.Mjpeg").symlink_to("absent")
    with socket.socket(socket.AF_UNIX) as trap, suppress(OSError):  # a long temporary path
        trap.bind(str(folder / "socket.Mjpeg"))
    (folder.joinpath(os.fsdecode(b"\xff\xfe.Mjpeg"))).write_bytes(b"")


# --- the innocent viewer ----------------------------------------------------------------------------------------------


class Innocent:
    """Sets up, plays, and minds its own business."""

    def __init__(self, server):
        self.server, self.media, self.talker = server, Receiver(), Talker(server.port)
        reply = self.talker.ask(f"SETUP {server.url()}/trackID=0 RTSP/1.0", "CSeq: 1", self.media.transport)
        self.session = "Session: " + reply.headers["session"].split(";")[0]
        assert self.talker.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", self.session).status == 200
        self.media.wait_frames(2)
        [self.inside] = server.sessions.all()
        gc.collect()  # what tests before this one have left behind, in cycles
        self.before = self.state()

    def state(self):
        """What the server holds for all of us: connections, sessions, threads, descriptors."""
        descriptors = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0
        return len(self.server.workers), len(self.server.sessions), threading.active_count(), descriptors

    def settle(self):
        eventually(lambda: self.state() == self.before, f"from {self.state()} back to {self.before}")

    def check(self):
        """Newcomers are served; nothing was lost, it goes on, and all is as before."""
        self.settle()
        with Talker(self.server.port) as newcomer:  # connections are accepted in order: then all those before it are
            assert newcomer.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        self.media.wait_frames(sum(one.marker for one in self.media.packets) + 2)
        with self.media._news:
            numbers = [one.sequence for one in self.media.packets]
            del self.media.packets[:-1]
        first = numbers[0]
        assert numbers == [(first + k) % 65536 for k in range(len(numbers))], "the innocent viewer lost packets"
        assert self.media.controls == [] or all(203 not in one.types for one in self.media.controls), "BYE"
        self.settle()
        assert self.talker.ask("OPTIONS * RTSP/1.0", "CSeq: 3", self.session).status == 200

    def close(self):
        self.talker.close()
        self.media.close()


@pytest.fixture(scope="module")
def watching(server):
    innocent = Innocent(server)
    yield innocent
    innocent.close()


@pytest.fixture(autouse=True)
def innocent(watching, caplog):
    """Someone else watches during each case; the log has no traceback."""
    caplog.set_level(logging.INFO)
    yield watching
    watching.check()
    assert [record.message for record in caplog.records if record.exc_info] == []
    assert [record.message for record in caplog.records if not record.getMessage().isprintable()] == []


# --- bytes: what is answered, and whether the connection goes on ------------------------------------------------------


class Case(NamedTuple):
    """`URL` in the data is that of the server's folder. `status` None: closed without a word."""

    data: bytes
    status: int | None
    closed: bool = False
    cseq: str | None = "7"


def request(first: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"{first} RTSP/1.0", "CSeq: 7", *headers, "", ""]).encode() + body


def setup(transport: str) -> bytes:
    return request("SETUP URL/movie.Mjpeg/trackID=0", f"Transport: {transport}")


def closed(status: int, data: bytes, cseq: str | None = "7") -> Case:
    return Case(data, status, True, cseq)


UDP = "RTP/AVP;unicast;client_port="
HEAD = b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n"

LIMITS = {
    "a request line without an end": closed(414, b"DESCRIBE URL/" + b"x" * 100_000, None),
    "a long request line": closed(414, b"DESCRIBE URL/" + b"x" * limits.REQUEST_LINE + b" RTSP/1.0\r\n\r\n", None),
    "a long method": closed(414, b"X" * 5000 + b" * RTSP/1.0\r\n\r\n", None),
    "a header line without an end": closed(400, HEAD + b"X: " + b"y" * 100_000),
    "a long header line": closed(400, HEAD + b"X: " + b"y" * limits.HEADER_LINE + b"\r\n\r\n"),
    "a header folded without end": closed(400, HEAD + b"X: y\r\n" + b" y\r\n" * 10_000),
    "too many header lines": closed(400, HEAD + b"X: y\r\n" * limits.HEADERS + b"\r\n"),
    "long header lines": closed(400, HEAD + (b"X: " + b"y" * 8000 + b"\r\n") * 50),
    "header lines without end": closed(400, HEAD + b"X: y\r\n" * 20_000),
    "a body that is announced too long": closed(413, HEAD + b"Content-Length: 65537\r\n\r\n"),
    "a body that is too long": closed(413, HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000),
    "as many header lines as allowed": Case(HEAD + b"X: y\r\n" * (limits.HEADERS - 1) + b"\r\n", 200),
    "a body as long as allowed": Case(HEAD + b"Content-Length: 65536\r\n\r\n" + b"x" * 65536, 200),
    "a megabyte of empty lines": Case(b"\r\n" * 500_000 + HEAD + b"\r\n", 200),
    "a megabyte of frames for nobody": Case(b"$\x09\x03\xe8" + (b"x" * 1000 + b"$\x09\x03\xe8") * 1000 + b"x" * 1000
                                            + HEAD + b"\r\n", 200),
    "a thousand transports": Case(setup("RTP/AVP," * 1000), 400),
    "a thousand parameters": Case(request("GET_PARAMETER URL/movie.Mjpeg", "Content-Length: 7000",
                                          body=b"jitter\n" * 1000), 400),
    "quotes without an end": Case(setup('RTP/AVP;"' + '"a;,' * 1900), 400),
}  # fmt: skip

NUMBERS = ["-1", "+1", "1_0", "0x10", "1e3", "nan", "inf", "9" * 5000, "١", "1 2", "1.5", ""]
NUMERIC = {
    f"{what} {number[:8]!r}": case
    for number in NUMBERS
    for what, case in {
        "CSeq": Case(f"OPTIONS * RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode(), 400, cseq=""),
        "Content-Length": closed(400, HEAD + f"Content-Length: {number}\r\n\r\n".encode()),
        "client_port": Case(setup(UDP + number), 400),
        "interleaved": Case(setup("RTP/AVP/TCP;unicast;interleaved=" + number), 400),
        "the URL's port": Case(request(f"DESCRIBE rtsp://127.0.0.1:{number[:3000]}/movie.Mjpeg"), 400),
    }.items()
    if what != "the URL's port" or number and " " not in number
}

NONSENSE = {
    "HTTP": closed(400, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    "TLS": closed(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n" + bytes(range(128, 255)) + b"\r\n\r\n", None),
    "zeros": closed(414, bytes(100_000), None),
    "another version's digits": closed(400, "OPTIONS * RTSP/١.٠\r\nCSeq: 7\r\n\r\n".encode(), None),
    "an escape sequence in the request line": closed(400, b"OPTIONS URL/\x1b[2J RTSP/1.0\r\n\r\n", None),
    "an escape sequence in a header": closed(400, HEAD + b"X: \x1b]0;owned\x07\r\n\r\n"),
    "an escape sequence in a number": closed(400, b"OPTIONS * RTSP/1.0\r\nCSeq: 7\x1b[2J\r\n\r\n", None),
    "an escape sequence in one character": closed(400, b"OPTIONS * RTSP/1.0\r\nCSeq: 7\xc2\x9b2J\r\n\r\n", None),
    "an escape sequence from a lab client": closed(400, b"SETUP \x1b[2J RTSP/1.0\nCSeq: 7\n\n"),
    "a NUL in a header": closed(400, HEAD + b"X: a\0b\r\n\r\n"),
    "a bare CR, and a header behind it": closed(400, HEAD + b"X: a\rSession: 5\r\n\r\n"),
    "no colon": closed(400, HEAD + b"X\r\n\r\n"),
    "two lengths": closed(400, HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    "another version": Case(b"OPTIONS * RTSP/2.0\r\nCSeq: 7\r\n\r\n", 505),
    "a method of our own": Case(request("__init__ URL/movie.Mjpeg"), 501),
    "a request for what is not played": Case(request("PLAY *"), 405),
    "a range from nowhere": Case(request("PLAY URL/movie.Mjpeg", "Range: npt=nan-", "Session: 5"), 454),
    "a session of 5,000 digits": Case(request("PLAY URL/movie.Mjpeg", "Session: " + "7" * 5000), 454),
    "no session": Case(request("PLAY URL/movie.Mjpeg", "Session: ;timeout=5"), 400),
    "an address that is none": Case(request("DESCRIBE rtsp://[::1/movie.Mjpeg"), 400),
    "bytes that are no UTF-8": Case(HEAD + b"X: \xff\xfe\xc0\xaf\r\n\r\n", 200),
}  # fmt: skip

PLACES = {
    "media to another address": Case(setup(UDP + "5000-5001;destination=192.0.2.1"), 403),
    "media to another address in capitals": Case(setup(UDP + "5000-5001;DESTINATION=192.0.2.1"), 403),
    "media to a name": Case(setup(UDP + '5000-5001;destination="victim.example"'), 403),
    "media inside the connection to another": Case(setup("RTP/AVP/TCP;interleaved=0-1;destination=192.0.2.1"), 403),
    "media to everybody": Case(setup("RTP/AVP;multicast;destination=224.0.0.1;port=5000-5001"), 461),
    "media to port 0": Case(setup(UDP + "0-1"), 461),
    "media to a system's port": Case(setup(UDP + "53"), 461),
    "reports to a system's port": Case(setup(UDP + "5000-123"), 461),
    "media to port 1023": Case(setup(UDP + "1023-1024"), 461),
    "media to a port beyond the last": Case(setup(UDP + "65536"), 400),
    "media of a lab client to a system's port": Case(b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 7\nTransport: "
                                                     b"RTP/UDP; client_port= 53\n\n", 461),
    "media of a lab client to port 5000 digits long": Case(b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 7\nTransport: "
                                                           b"RTP/UDP; client_port= " + b"5" * 5000 + b"\n\n", 400),
}  # fmt: skip

BYTES = {**LIMITS, **NUMERIC, **NONSENSE, **PLACES}


def lab_reply(talker):
    """Status and header lines of a lab reply, which has exactly three lines."""
    while talker._unread.count(b"\n") < 3:
        talker._receive()
    first, *lines = talker._unread.decode("ascii").splitlines()
    talker._unread = b""
    return int(first.split()[1]), dict(line.lower().split(": ") for line in lines)


@pytest.mark.parametrize("name", BYTES)
def test_bytes(server, name):
    """The status, with the number of the request where that was read; and the connection ends, or goes on."""
    data, status, is_closed, cseq = BYTES[name]
    with Talker(server.port) as talker:
        talker.raw(data.replace(b"URL", server.url("").rstrip("/").encode()))
        got, headers = lab_reply(talker) if data.startswith(b"SETUP movie") else talker.reply()[:2]
        assert got == status
        assert headers.get("cseq") == cseq or cseq == ""
        if is_closed:
            assert headers["connection"] == "close" and talker.is_closed()
        else:
            assert talker.ask("OPTIONS rtsp://127.0.0.1/ RTSP/1.0", "CSeq: 8").headers["cseq"] == "8"


# --- names ------------------------------------------------------------------------------------------------------------

# All that is not a movie for everybody: what leads out, what is no file, what other systems would take for one
NAMES = [
    "missing.Mjpeg", "../outside.Mjpeg", "%2e%2e/outside.Mjpeg", "%2e%2e%2foutside.Mjpeg", "..%5coutside.Mjpeg",
    "%252e%252e%252foutside.Mjpeg", "%c0%ae%c0%ae%c0%afoutside.Mjpeg", "%e0%80%ae%e0%80%ae/outside.Mjpeg",
    "%uff0e%uff0e/outside.Mjpeg", "films/../movie.Mjpeg", "films/../../outside.Mjpeg", "./movie.Mjpeg",
    "/etc/passwd", "%2fetc%2fpasswd", "%256dovie.Mjpeg", "movie.Mjpeg%00", "movie.Mjpeg%00.txt", "%00", "~root", "~",
    "movie.Mjpeg/x", "films//movie.Mjpeg", ".git/movie.Mjpeg", ".git/HEAD", ".hidden.Mjpeg", "films/.cache/movie.Mjpeg",
    "fifo.Mjpeg", "link.Mjpeg", "out/outside.Mjpeg", "zero.Mjpeg", "loop.Mjpeg", "nowhere.Mjpeg", "socket.Mjpeg",
    "%ff%fe.Mjpeg", "CON", "nul", "aux.Mjpeg", "COM1", "lpt1.Mjpeg", "movie.Mjpeg:secret", "movie.Mjpeg::$DATA",
    "movie.Mjpeg::%24INDEX_ALLOCATION", "movie.Mjpeg.", "movie.Mjpeg%20", "movie.Mjpeg...", "MOVIE~1.MJP",
    "C:movie.Mjpeg", "c:/windows/win.ini", "%5c%5cserver%5cshare%5cmovie.Mjpeg", "%5c%5c.%5cpipe%5cx", "x" * 255,
    "x" * 3500, "x/" * 1500, "a%0d%0aSession: 5".replace(" ", "%20"), "%1b[2J", "%e2%80%ae", "movie.Mjpeg%ef%bc%8f",
]  # fmt: skip


def ask(server, target, method="DESCRIBE", *headers):
    with Talker(server.port) as talker:
        return talker.ask(f"{method} {target} RTSP/1.0", "CSeq: 7", *headers)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names(server, name):
    """One and the same 404, but for the name itself: a guesser does not learn what is there."""
    said = unquote(name).strip("/")
    for method in ("DESCRIBE", "SETUP"):
        transport = "Transport: RTP/AVP;unicast;client_port=5000-5001"
        reply = ask(server, server.url(name), method, transport)
        missing = ask(server, server.url("absent"), method, transport)
        assert reply.status == missing.status == 404
        assert reply.body.decode() == f"there is no {said!r}\n"
        assert missing.body == b"there is no 'absent'\n"
        for volatile in ("date", "content-length"):
            del reply.headers[volatile], missing.headers[volatile]
        assert reply.headers == missing.headers


@pytest.mark.parametrize("name", ["../outside.Mjpeg", "/etc/passwd", "fifo.Mjpeg", "link.Mjpeg", ".hidden.Mjpeg"])
def test_names_from_lab_clients(server, name):
    with Talker(server.port) as talker:
        talker.raw(f"SETUP {name} RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n\n".encode())
        assert lab_reply(talker) == (404, {"cseq": "1", "session": "0"})


# --- time and number --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\nX: ", HEAD + b"Content-Length: 9000\r\n\r\n",
                                   b"$\x00\xff\xff", b"OPT"], ids=["headers", "body", "frame", "line"])  # fmt: skip
def test_a_request_that_comes_byte_by_byte(server, monkeypatch, begun):
    """408 and close, a fixed time after its first byte; the later bytes gain nothing."""
    monkeypatch.setattr(limits, "UNFINISHED_REQUEST", 0.2)
    with Talker(server.port) as talker:
        talker.raw(begun)
        began = time.monotonic()
        talker.socket.settimeout(0.01)
        while (reply := answered(talker)) is None:
            assert time.monotonic() - began < PATIENCE
            talker.raw(b"y")
        talker.socket.settimeout(PATIENCE)
        assert reply.status == 408 and reply.headers["connection"] == "close" and talker.is_closed()
    assert time.monotonic() - began >= 0.19  # the server's clock began a moment earlier


def answered(talker):
    with suppress(TimeoutError):
        return talker.reply()
    return None


def test_many_who_say_nothing(server, monkeypatch):
    """Their connections are closed after a while, without a word."""
    monkeypatch.setattr(limits, "CONNECTION_IDLE", 0.1)
    monkeypatch.setattr("net.prober.SILENCE", 0.05)
    with ExitStack() as stack:
        for talker in [stack.enter_context(Talker(server.port)) for _ in range(30)]:
            assert talker.is_closed()


def test_requests_ahead_of_their_replies_are_answered_in_order(server):
    """As many as one likes: what is not read yet waits at its sender's."""
    count = 3000
    with Talker(server.port) as talker:
        data = b"".join(b"OPTIONS * RTSP/1.0\r\nCSeq: %d\r\n\r\n" % number for number in range(count))
        sender = threading.Thread(target=talker.raw, args=(data,))
        sender.start()
        assert [talker.reply().headers["cseq"] for _ in range(count)] == [str(number) for number in range(count)]
        sender.join()


def test_who_never_reads_the_replies(server, monkeypatch):
    """The server reads no further, keeps READ_AHEAD at most, and hangs up in the end."""
    monkeypatch.setattr(limits, "STALLED_WRITE", 1.0)
    monkeypatch.setattr(limits, "READ_AHEAD", 4096)
    with Talker(server.port) as talker:
        eventually(lambda: len(server.workers) == 2, "the connection")
        [connection] = [one for one in list(server.workers.values()) if one.peer == talker.socket.getsockname()]
        data = request(f"DESCRIBE {server.url()}") * 100
        talker.socket.settimeout(0.05)
        kept, deadline = 0, time.monotonic() + PATIENCE
        with pytest.raises(ConnectionError):
            while time.monotonic() < deadline:
                with suppress(TimeoutError):
                    talker.socket.send(data)
                kept = max(kept, len(connection.reader._bytes))
        assert 0 < kept <= 2 * limits.READ_AHEAD  # what was just read, and part of a request that came before


def stranger(server, stack, address=OTHER_ADDRESS):
    """A Talker from another address, or a skipped test."""
    talker = Talker.__new__(Talker)
    try:
        talker.socket = socket.create_connection(("127.0.0.1", server.port), PATIENCE, (address, 0))
    except OSError:
        pytest.skip(f"this machine has no {address}")
    talker._unread = b""
    return stack.enter_context(talker)


def set_up(server, talker, media):
    return talker.ask(f"SETUP {server.url()}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)


def end(server, talker, reply):
    lines = "CSeq: 2", "Session: " + reply.headers["session"].split(";")[0]
    assert talker.ask(f"TEARDOWN {server.url()}/ RTSP/1.0", *lines).status == 200


@pytest.mark.parametrize("name", ["SESSIONS", "SESSIONS_PER_ADDRESS"])
def test_more_sessions_than_there_may_be(server, monkeypatch, name):
    """453; of one address, then others still get theirs, and it gets one when another has ended."""
    monkeypatch.setattr(limits, name, len(server.sessions) + 1)
    with ExitStack() as stack:
        media = stack.enter_context(Receiver())
        greedy, other = stack.enter_context(Talker(server.port)), stranger(server, stack)
        first = set_up(server, greedy, media)
        assert first.status == 200
        for _ in range(20):
            assert set_up(server, greedy, media).status == 453
        theirs = set_up(server, other, media)
        assert theirs.status == (453 if name == "SESSIONS" else 200)
        if theirs.status == 200:
            end(server, other, theirs)
        end(server, greedy, first)
        end(server, greedy, set_up(server, greedy, media))


@pytest.mark.parametrize("name", ["CONNECTIONS", "CONNECTIONS_PER_ADDRESS"])
def test_more_connections_than_there_may_be(server, monkeypatch, name):
    """503 at once, and close; others still get in if the limit is that of one address."""
    monkeypatch.setattr(limits, name, len(server.workers) + 1)
    with ExitStack() as stack:
        stack.enter_context(Talker(server.port))
        eventually(lambda: len(server.workers) == 2, "the last place is taken")
        for _ in range(20):
            with Talker(server.port) as talker:
                assert talker.reply().status == 503 and talker.is_closed()
        other = stranger(server, stack)
        if name == "CONNECTIONS":
            assert other.reply().status == 503
        else:
            assert other.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200


def test_two_hundred_who_hang_up(server):
    """In the middle of everything: orderly, or with a reset."""
    begun = [b"", b"OPTIONS", HEAD, HEAD + b"Content-Length: 5\r\n\r\nab", b"$\x00\x00\x10abc", b"SETUP movie.Mjpeg\n1"]
    for number in range(200):
        with Talker(server.port) as talker:
            talker.raw(begun[number % len(begun)])
            if number % 2:
                reset = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
                talker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SETUP", "OPTIONS"])
def test_a_session_used_from_another_address(server, innocent, method):
    """454, as for one that there is not; the innocent one's session knows nothing of it."""
    with ExitStack() as stack:
        thief = stranger(server, stack)
        lines = "CSeq: 7", "Transport: RTP/AVP;unicast;client_port=5000-5001"
        for session in (innocent.session, "Session: 0123456789abcdef"):
            reply = thief.ask(f"{method} {server.url()}/ RTSP/1.0", *lines, session)
            assert reply.status == 454
            assert reply.body.decode() == f"there is no session {session.split()[1]!r}\n"


def test_datagrams_from_another_address(server, innocent):
    """Neither a sign of life nor a report; nor is anything from the address itself, but another port."""
    session = innocent.inside
    ports = session.streams[0].channel.ports
    heard, report = session.lastHeard, session.streams[0].report
    forged = bytes.fromhex("81c90007 00000063") + session.streams[0].ssrc.to_bytes(4, "big") + b"\xff" * 20
    for address in (OTHER_ADDRESS, "127.0.0.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with suppress(OSError):  # not every machine has all of 127/8
                sock.bind((address, 0))
            for data in (forged, b"", b"\x80" + bytes(11), random.Random(6).randbytes(1400), forged[:8] + b"\xcb"):
                for port in ports:
                    with suppress(ConnectionRefusedError):  # for a connected socket, others' datagrams have no port
                        sock.sendto(data, ("127.0.0.1", port))
    innocent.media.wait_frames(sum(one.marker for one in innocent.media.packets) + 2)
    assert (session.lastHeard, session.streams[0].report) == (heard, report)


def test_junk_from_the_viewer_itself(server):
    """It is a sign of life, nothing more: its session goes on."""
    dice = random.Random(7)
    with Talker(server.port) as talker, Receiver() as media:
        reply = set_up(server, talker, media)
        ports = [int(port) for port in parameters(reply.headers["transport"])["server_port"].split("-")]
        session = "Session: " + reply.headers["session"].split(";")[0]
        assert talker.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", session).status == 200
        for _ in range(300):
            junk = dice.randbytes(dice.randrange(60))
            for sock, port in zip((media.rtp, media.rtcp), ports, strict=True):
                sock.sendto(junk, ("127.0.0.1", port))
                sock.sendto(b"\x81" + bytes([200 + dice.randrange(8)]) + junk, ("127.0.0.1", port))
        media.wait_frames(3)
        end(server, talker, reply)


def test_ids_and_numbers_cannot_be_foretold(server):
    """Session ids of 64 bits, SSRCs of 32: none twice, none near another."""
    found = []
    with Talker(server.port) as talker, Receiver() as media:
        for _ in range(20):
            reply = set_up(server, talker, media)
            ssrc = int(parameters(reply.headers["transport"])["ssrc"], 16)
            found.append((int(reply.headers["session"].split(";")[0], 16), ssrc))
            end(server, talker, reply)
    for values, bits in zip(zip(*found, strict=True), (64, 32), strict=True):
        ordered = sorted(values)
        assert min(b - a for a, b in zip(ordered, ordered[1:], strict=False)) > 2 ** (bits - 24)


# --- and what nobody has thought of -----------------------------------------------------------------------------------

SEEDS = [
    request("DESCRIBE URL/movie.Mjpeg", "Accept: application/sdp"), setup(UDP + "5000-5001"),
    request("PLAY URL/movie.Mjpeg/", "Session: 0123456789abcdef;timeout=60", "Range: npt=1.5-20", "Scale: 2"),
    request("GET_PARAMETER URL/movie.Mjpeg", "Content-Length: 8", body=b"position"),
    b"$\x01\x00\x08\x80\xc9\0\1\0\0\0\0", b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n",
    b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000\n\n",
]  # fmt: skip
SPICES = [b"\r\n", b"\n", b"\0", b"\xff", b"$", b":", b";", b",", b"=", b"-", b'"', b"%", b"/", b"..", b"9" * 30, b" "]


def mutated(dice: random.Random) -> bytes:
    data = bytearray(b"".join(dice.choices(SEEDS, k=dice.randint(1, 3))))
    for _ in range(dice.randint(1, 6)):
        start = dice.randrange(len(data) + 1)
        data[start:start + dice.choice((0, 0, 1, 5, 40))] = dice.choice(SPICES) * dice.choice((1, 1, 1, 2, 50))
    return bytes(data)


@pytest.mark.parametrize("seed", range(5))
def test_mutations(server, innocent, seed):
    """A hundred at a time, each on a connection of its own, half of which do not wait for replies."""
    dice, url = random.Random(seed), server.url("").rstrip("/").encode()
    for number in range(100):
        with Talker(server.port) as talker, suppress(ConnectionError):
            talker.raw(mutated(dice).replace(b"URL", url))
            if number % 2:
                talker.socket.shutdown(socket.SHUT_WR)
                while talker.socket.recv(65536):
                    pass
    for session in set(server.sessions.all()) - {innocent.inside}:
        session.lastHeard -= 1000  # some SETUPs were good ones
    server.sessions.expire()
