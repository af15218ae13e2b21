"""The classic lab client, unchanged, against our server: how it writes requests, reads replies and takes packets.

The clients here do what dozens of solutions of the lab do, with their habits: one recv() is one reply, numbers are
read with int(), a header is cut off blindly. What they cannot read they would not survive, so it must not be sent.
"""

from __future__ import annotations

import io
import re
import socket
import time

import pytest
from PIL import Image

from tests import movies
from tests.serving import Receiver, Talker, eventually, number, serving

FRAMES, RATE = 24, 40.0
SILENCE = 0.5  # seconds after which the stock client's listener looks whether it is to stop
SHORT = 8 / RATE  # the same, in tests that need not be that faithful
LONG = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("movies")


@pytest.fixture(scope="module")
def jpegs(folder):
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(k, (384, 96), quality=30) for k in range(LONG)]))
    return movies.lab_movie(folder / "movie.Mjpeg", FRAMES)


@pytest.fixture(scope="module")
def server(folder, jpegs):
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture(autouse=True)
def no_traceback(caplog):
    yield
    assert [record.message for record in caplog.records if record.exc_info] == []


class StockClient:
    """The client that the handout makes students write: requests without an end mark, each in one send()."""

    def __init__(self, server, movie="movie.Mjpeg"):
        self.movie = movie
        self.rtsp = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.rtp.bind(("127.0.0.1", 0))
        self.port = self.rtp.getsockname()[1]
        self.cseq = self.session = self.shown = 0
        self.frames, self.packets = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.rtsp.close()
        self.rtp.close()

    def request(self, method):
        if method == "SETUP":
            return f"SETUP {self.movie} RTSP/1.0\nCSeq: {self.cseq}\nTransport: RTP/UDP; client_port= {self.port}"
        return f"{method} {self.movie} RTSP/1.0\nCSeq: {self.cseq}\nSession: {self.session}"

    def press(self, method):
        """Send one request and read its reply; whether it was granted."""
        self.cseq += 1
        self.rtsp.send(self.request(method).encode())
        return self.take_reply()

    def take_reply(self):
        reply = self.rtsp.recv(1024).decode()
        check_reply(reply)
        status, cseq, session = (line.split(" ")[1] for line in reply.split("\n")[:3])
        if int(cseq) != self.cseq:
            return False
        if self.session == 0:
            self.session = int(session)
        return int(session) == self.session and int(status) == 200

    def listen(self, until=None, silence=SHORT):
        """Show what comes, until `until` frames are shown, or nothing came for `silence` seconds."""
        self.rtp.settimeout(10 if until else silence)
        while until is None or len(self.frames) < until:
            try:
                data = self.rtp.recv(20480)
            except TimeoutError:
                assert until is None, f"{len(self.frames)} frames of {until}"
                return
            self.packets.append(data)
            if data[2] << 8 | data[3] > self.shown:
                self.shown = data[2] << 8 | data[3]
                self.frames.append(data[12:])

    def numbers(self):
        return [number(frame) for frame in self.frames]


def check_reply(reply):
    """What all known lab clients can read: three ended lines, no empty one, at most 256 bytes, numbers in decimal."""
    assert re.fullmatch(r"RTSP/1\.0 \d{3} [ -~]+\r\nCSeq: \d+\r\nSession: \d{1,6}\r\n", reply), reply
    assert len(reply) <= 256
    assert reply.split()[1] == "200" or reply.endswith("Session: 0\r\n")


# --- the stock client -------------------------------------------------------------------------------------------------


def test_the_four_buttons(server, jpegs):
    """Setup, Play, Pause, Play, Teardown: every frame of the movie is shown, byte for byte, once and in order; after
    the reply to PAUSE packets stop, and PLAY goes on with the next frame."""
    with StockClient(server) as client:
        assert client.press("SETUP") and 1 <= client.session <= 999_999
        assert client.press("PLAY")
        client.listen(until=10)
        assert client.press("PAUSE")
        client.listen(silence=SILENCE)
        assert 10 <= len(client.frames) < FRAMES
        assert client.press("PLAY")
        client.listen(until=FRAMES)
        client.listen(silence=SILENCE)
        assert client.press("TEARDOWN")
        assert client.frames == jpegs and len(client.packets) == FRAMES


def test_packets_are_as_lab_clients_want_them(server):
    """Version 2 and nothing else in the first byte, marker 1 and payload type 26 in the second, one JPEG a packet,
    numbers from 1, one SSRC, timestamps that step evenly."""
    with StockClient(server) as client:
        client.press("SETUP")
        began = time.monotonic()
        client.press("PLAY")
        client.listen(until=FRAMES)
        assert time.monotonic() - began >= (FRAMES - 1) / RATE  # as fast as the movie, not as the network
    assert {packet[:2] for packet in client.packets} == {b"\x80\x9a"}
    assert [int.from_bytes(packet[2:4], "big") for packet in client.packets] == list(range(1, FRAMES + 1))
    assert len({packet[8:12] for packet in client.packets}) == 1
    stamps = [int.from_bytes(packet[4:8], "big") for packet in client.packets]
    steps = {after - before & 0xFFFFFFFF for before, after in zip(stamps, stamps[1:], strict=False)}
    assert steps == {round(90_000 / RATE)}
    assert all(packet[12:14] == b"\xff\xd8" and len(packet) <= 20_480 for packet in client.packets)


def test_nothing_but_rtp_on_the_rtp_port(server):
    """No RTCP: many lab clients listen on the next port for something else, and none knows what a BYE is."""
    with Receiver() as media, Talker(server.port) as talker:
        talker.raw(f"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {media.port}".encode())
        check_reply(talker.socket.recv(1024).decode())
        talker.raw(b"PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\n")
        check_reply(talker.socket.recv(1024).decode())
        media.wait_packets(FRAMES)
        time.sleep(5 / RATE)
        media.settle()
        assert len(media.packets) == FRAMES and not media.controls


def test_the_end_is_silence_and_the_connection_stays(server, jpegs):
    """After the last frame nothing comes. PLAY begins again at the first one, with numbers that go on from there: a
    restarted count would not be shown."""
    with StockClient(server) as client:
        client.press("SETUP")
        client.press("PLAY")
        client.listen(until=FRAMES)
        client.listen(silence=SILENCE)
        assert client.frames == jpegs
        assert client.press("PLAY")
        client.listen(until=2 * FRAMES)
        client.listen()
        assert client.press("PAUSE") and client.press("TEARDOWN")
        assert client.frames == jpegs * 2 and client.shown == 2 * FRAMES


def test_play_and_pause_pressed_twice(server):
    """Buttons that are not greyed out: no frame is lost or shown again, no number repeats."""
    with StockClient(server) as client:
        for button in ("SETUP", "PLAY", "PLAY", "PAUSE", "PAUSE", "PLAY", "PLAY"):
            assert client.press(button)
        client.listen(until=FRAMES)
        client.listen()
        assert client.numbers() == list(range(FRAMES)) and len(client.packets) == FRAMES


def test_setup_again_goes_on_with_the_numbers(server):
    """Clients that switch movies in one session: the count belongs to the session and never restarts."""
    with StockClient(server) as client:
        for movie in ("movie.Mjpeg", "long.Mjpeg", "movie.Mjpeg"):
            client.movie = movie
            assert client.press("SETUP") and client.press("PLAY")
            client.listen(until=len(client.frames) + 5)
            assert client.press("PAUSE")
            client.listen()
        numbers = [int.from_bytes(packet[2:4], "big") for packet in client.packets]
        assert numbers == list(range(1, len(numbers) + 1)) and len(client.frames) >= 15


@pytest.mark.parametrize("name", ["movie.mjpeg", "movie.MJPEG", "/movie.Mjpeg", "videos/other movie.mjpg"])
def test_the_movie_by_other_names(server, folder, name):
    """Handouts disagree on how its name is written; others have folders, and blanks in names."""
    (folder / "videos").mkdir(exist_ok=True)
    movies.lab_movie(folder / "videos" / "other movie.mjpg", 3)
    with StockClient(server, name) as client:
        assert client.press("SETUP") and client.press("TEARDOWN")


def test_the_handout_s_own_kind_of_movie(server, folder):
    """4:4:4 without JFIF header, which no standard player could be sent: it arrives as it is in the file."""
    jpegs = movies.handout_movie(folder / "handout.Mjpeg", 5)
    with StockClient(server, "handout.Mjpeg") as client:
        assert client.press("SETUP") and client.press("PLAY")
        client.listen(until=5)
        assert client.frames == jpegs


def test_large_frames_are_made_smaller(server, folder, caplog):
    """Up to 20,468 bytes unchanged, larger ones encoded again, which the log says once; pictures keep their barcode."""
    caplog.set_level("INFO", logger="media.movie")
    fitting = movies.jpeg(0)
    fitting = fitting[:-2] + bytes(20_468 - len(fitting)) + fitting[-2:]  # filled up behind the picture
    jpegs = [fitting] + [movies.jpeg(k, (640, 480), quality=96) for k in range(1, 6)]
    assert len(fitting) == 20_468 and min(map(len, jpegs[1:])) > 20_468
    (folder / "hd.Mjpeg").write_bytes(movies.lengths(jpegs))
    with StockClient(server, "hd.Mjpeg") as client:
        assert client.press("SETUP") and client.press("PLAY")
        client.listen(until=6)
    assert client.frames[0] == fitting and client.numbers() == list(range(6))
    assert max(map(len, client.packets)) <= 20_480
    assert {Image.open(io.BytesIO(frame)).size for frame in client.frames[1:]} == {(640, 480)}
    assert len([record for record in caplog.records if "re-encoded" in record.message]) == 1


# --- how others write it ----------------------------------------------------------------------------------------------


class Spelling:
    """How a family of solutions writes its requests; {port} {cseq} {session} {movie}."""

    def __init__(self, setup, later="{method} {movie} RTSP/1.0\nCSeq: {cseq}\nSession: {session}"):
        self.setup, self.later = setup, later


FIRST = "SETUP {movie} RTSP/1.0\nCSeq: {cseq}\n"
CRLF = "{method} {movie} RTSP/1.0\r\nCSeq: {cseq}\r\nSession: {session}"
SPELLINGS = {
    "no blank before the port": Spelling(FIRST + "Transport: RTP/UDP; client_port={port}"),
    "blanks around it": Spelling(FIRST + "Transport: RTP/UDP; client_port = {port}"),
    "capital": Spelling(FIRST + "Transport: RTP/UDP; Client_port= {port}"),
    "TRANSPORT": Spelling(
        FIRST + "TRANSPORT: RTP/UDP; client_port= {port}", "{method} {movie} RTSP/1.0\nCSEQ: {cseq}\nSESSION: {session}"
    ),
    "TCP/UDP": Spelling(FIRST + "Transport: TCP/UDP ; client_port= {port}"),
    "port alone": Spelling(FIRST + "Transport: RTP/UDP; {port}"),
    "blank at the end": Spelling(FIRST + "Transport: RTP/UDP; client_port= {port} "),
    "CRLF": Spelling(FIRST.replace("\n", "\r\n") + "Transport: RTP/UDP; client_port= {port}", CRLF),
    "CRLF, ended": Spelling(
        FIRST.replace("\n", "\r\n") + "Transport: RTP/UDP; client_port= {port}\r\n", CRLF + "\r\n"
    ),
    "LF, ended": Spelling(
        FIRST + "Transport: RTP/UDP; client_port= {port}\n",
        "{method} {movie} RTSP/1.0\nCSeq: {cseq}\nSession: {session}\n",
    ),
    "empty line": Spelling(
        FIRST + "Transport: RTP/UDP; client_port= {port}\n\n",
        "{method} {movie} RTSP/1.0\nCSeq: {cseq}\nSession: {session}\n\n",
    ),
    "empty line, CRLF": Spelling(
        FIRST.replace("\n", "\r\n") + "Transport: RTP/UDP; client_port= {port}\r\n\r\n", CRLF + "\r\n\r\n"
    ),
    "further lines": Spelling(
        FIRST + "Transport: RTP/UDP; client_port= {port}\nPrefer: HD\nflow_num=1",
        "{method} {movie} RTSP/1.0\nCSeq: {cseq}\nSession: {session}\nPrefer: HD",
    ),
    "no colons": Spelling(
        "SETUP {movie} RTSP/1.0\nCSeq {cseq}\nTransport RTP/UDP; client-port= {port}-{port}",
        "{method} {movie} RTSP/1.0\nCSeq {cseq}\nSession {session}",
    ),
    "bare numbers": Spelling("SETUP {movie}\n{cseq}\n RTSP/1.0 RTP/UDP {port}", "{method} \n{cseq}"),
    "bare numbers, blanks": Spelling("SETUP {movie}\n {cseq} \n RTSP/1.0 RTP/UDP {port}", "{method} \n {cseq} "),
    "no name later": Spelling("SETUP {movie}\nCseq: {cseq}\nRTSP/1.0 RTP/UDP {port}", "{method}\nCseq: {cseq}"),
}


class SpellingClient(StockClient):
    def __init__(self, server, spelling, movie="movie.Mjpeg"):
        super().__init__(server, movie)
        self.spelling = SPELLINGS[spelling]

    def request(self, method):
        text = self.spelling.setup if method == "SETUP" else self.spelling.later
        return text.format(method=method, movie=self.movie, cseq=self.cseq, session=self.session, port=self.port)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_plays(server, spelling):
    """Setup, Play, Pause, Play, Teardown in the words of this family."""
    with SpellingClient(server, spelling, "long.Mjpeg") as client:
        assert client.press("SETUP") and client.press("PLAY")
        client.listen(until=3)
        assert client.press("PAUSE") and client.press("PLAY")
        client.listen(until=len(client.frames) + 3)
        assert client.press("TEARDOWN")
        assert client.numbers() == list(range(len(client.frames)))


class DribblingClient(SpellingClient):
    """Sends its requests byte by byte, each in a segment of its own."""

    def press(self, method):
        self.rtsp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cseq += 1
        for byte in self.request(method).encode():
            self.rtsp.send(bytes([byte]))
            time.sleep(0.001)
        return self.take_reply()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_plays_cut_at_every_byte(server, spelling):
    """A request is whole when nothing more comes, not when a segment ends."""
    with DribblingClient(server, spelling, "long.Mjpeg") as client:
        assert client.press("SETUP") and client.press("PLAY")
        client.listen(until=2)
        assert client.press("TEARDOWN")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_plays_with_two_requests_glued_together(server, spelling):
    """SETUP and PLAY in one segment, without anything between them if the family ends its requests with nothing. The
    client cannot know its session yet."""
    with SpellingClient(server, spelling, "long.Mjpeg") as client:
        client.cseq = 1
        setup = client.request("SETUP")
        client.cseq = 2
        client.rtsp.send((setup + client.request("PLAY")).encode())
        client.cseq = 1
        assert client.take_reply()
        client.cseq = 2
        assert client.take_reply()
        client.listen(until=3)
        assert client.numbers() == [0, 1, 2]


def test_a_request_without_cseq_is_answered_with_0(server):
    with StockClient(server) as client:
        client.rtsp.send(f"SETUP movie.Mjpeg RTSP/1.0\nTransport: RTP/UDP; client_port= {client.port}".encode())
        assert client.take_reply()
        client.rtsp.send(f"PLAY movie.Mjpeg RTSP/1.0\nSession: {client.session}".encode())
        assert client.take_reply()
        client.listen(until=1)


def test_after_teardown_the_connection_can_be_set_up_again(server, jpegs):
    """Another session, another number, counted from 1 again."""
    with StockClient(server) as client:
        for _ in range(2):
            assert client.press("SETUP") and client.press("PLAY")
            client.listen(until=3)
            assert client.press("TEARDOWN")
            assert client.frames[:3] == jpegs[:3]
            client.listen(silence=SILENCE)
            client.session = client.shown = 0
            client.frames.clear()


def test_a_client_that_says_everything_twice(server):
    """Each request is sent twice back to back, in one segment or in two; each is answered once, 10 ms apart."""
    with SpellingClient(server, "bare numbers") as client:
        for method in ("SETUP", "PLAY", "PAUSE"):
            client.cseq += 1
            text = client.request(method).encode() + b"\n"
            client.rtsp.send(text)
            client.rtsp.send(text)
            assert client.take_reply() and client.take_reply()
        assert client.press("TEARDOWN")


def test_two_requests_in_one_segment(server):
    """A method word at the start of a line begins the next request."""
    with SpellingClient(server, "no name later") as client:
        client.cseq = 1
        client.rtsp.send((client.request("SETUP") + "\nPLAY\nCseq: 2").encode())
        assert client.take_reply()
        client.cseq = 2
        assert client.take_reply()
        client.listen(until=1)


@pytest.mark.parametrize("cseqs", [(0, 0, 0), (5, 5, 5), (1000, 1, 7)], ids=str)
def test_any_cseq_is_given_back(server, cseqs):
    """It may start at 0, repeat, jump."""
    with StockClient(server) as client:
        for cseq, method in zip(cseqs, ("SETUP", "PLAY", "TEARDOWN"), strict=True):
            client.cseq = cseq - 1
            assert client.press(method)


def test_an_empty_line_may_be_late(server):
    """Silence ends a request of a client that ends its requests properly, too: what comes after it does no harm."""
    with SpellingClient(server, "empty line, CRLF", "long.Mjpeg") as client:
        client.press("SETUP")
        client.cseq = 2
        text = client.request("PLAY").encode()
        client.rtsp.send(text[:-15])
        assert client.take_reply()
        client.rtsp.send(text[-15:])
        assert client.press("PAUSE") and client.press("TEARDOWN")


def test_the_last_digits_of_the_port_may_be_late(server):
    """A SETUP that ends in a digit may be half a number: the rest, 80 ms later, still counts."""
    with StockClient(server) as client:
        client.cseq = 1
        text = client.request("SETUP").encode()
        client.rtsp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.rtsp.send(text[:-2])
        time.sleep(0.08)
        client.rtsp.send(text[-2:])
        assert client.take_reply() and client.press("PLAY")
        client.listen(until=1)


# --- replies ----------------------------------------------------------------------------------------------------------


def test_a_reply_is_one_segment_and_not_too_soon(server, monkeypatch):
    """One send(), at least 10 ms after the request, which here needs no waiting for its end: the most copied client
    notes what it has asked only after its own send() has returned."""
    sent = []
    original = socket.socket.send

    def send(sock, data, *args):
        if bytes(data[:5]) != b"\x80\x9a" and sock.type == socket.SOCK_STREAM:
            sent.append(bytes(data))
        return original(sock, data, *args)

    with SpellingClient(server, "empty line, CRLF") as client:
        monkeypatch.setattr(socket.socket, "send", send)
        for method in ("SETUP", "PLAY", "PAUSE", "TEARDOWN"):
            began = time.monotonic()
            assert client.press(method)
            assert time.monotonic() - began >= 0.01
    replies = [data for data in sent if data.startswith(b"RTSP/1.0")]
    assert len(replies) == 4 and all(reply.count(b"\r\n") == 3 for reply in replies)
    assert not [data for data in sent if data == b"\r\n"]


# name: (status, request; {port} this client's)
ERRORS = {
    "no such movie": (404, "SETUP missing.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}"),
    "outside": (404, "SETUP ../../etc/passwd RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}"),
    "no name": (404, "SETUP RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}"),
    "a system's port": (461, "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 22 "),
    "no port": (400, "SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP;"),
    "not set up": (454, "PLAY movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 0"),
    "not set up, to pause": (454, "PAUSE movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 123456"),
    "not set up, to end": (454, "TEARDOWN movie.Mjpeg RTSP/1.0\nCSeq: 1\nSession: 123456"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_leaves_the_client_where_it_was(server, name):
    """Three lines and `Session: 0`, so that no id is kept: Setup can be pressed again, and then works."""
    status, text = ERRORS[name]
    with StockClient(server) as client:
        client.cseq = 1
        client.rtsp.send(text.format(port=client.port).encode())
        reply = client.rtsp.recv(1024).decode()
        check_reply(reply)
        assert reply.startswith(f"RTSP/1.0 {status} ") and "CSeq: 1\r\n" in reply
        assert client.press("SETUP") and client.press("PLAY")
        client.listen(until=1)


def test_setup_while_playing_is_refused_and_the_movie_plays_on(server):
    """Session: 0 here, too: another id would be another session to the client."""
    with StockClient(server, "long.Mjpeg") as client:
        client.press("SETUP")
        client.press("PLAY")
        client.cseq += 1
        client.rtsp.send(client.request("SETUP").encode())
        assert client.rtsp.recv(1024).decode() == (
            "RTSP/1.0 455 Method Not Valid in This State\r\nCSeq: 3\r\nSession: 0\r\n"
        )
        client.listen(until=5)
        assert client.press("PAUSE") and client.press("TEARDOWN")


def test_the_last_reply_is_one_of_the_lab_too(server):
    """What cannot even be read ends the connection, with three lines before."""
    with StockClient(server) as client:
        client.press("SETUP")
        client.rtsp.send(b"PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\n" + b"x" * 9000)
        reply = client.rtsp.recv(1024).decode()
        check_reply(reply)
        assert reply.startswith("RTSP/1.0 400 ") and client.rtsp.recv(1024) == b""


BEYOND = (
    *("DESCRIBE", "FORWARD", "FASTFORWARD", "BACKWARD", "PREVIOUS", "REVERSE", "NEXT", "BACK", "SWITCH", "CHANGE"),
    *("LIST", "GETLIST", "SETTIME", "CONNECT", "STOP", "SPEEDUP", "SET_SPEED", "SEEK", "PACE"),
    *("GET_PARAMETER", "SET_PARAMETER"),
)
UNHEARD_OF = "VOLUME_UP"  # of nobody's sheet: told by its line, so it must have a name


def test_unknown_methods_are_501_and_the_session_goes_on(server):
    """What other sheets add to the four methods, with and without a name: three lines, at once, and the movie plays on.
    """
    with StockClient(server, "long.Mjpeg") as client:
        client.press("SETUP")
        client.press("PLAY")
        named = [f"{method} long.Mjpeg RTSP/1.0\nCSeq: {{}}\nSession: {client.session}" for method in BEYOND]
        named.append(f"{UNHEARD_OF} long.Mjpeg RTSP/1.0\nCSeq: {{}}\nSession: {client.session}")
        for number, text in enumerate([*named, *(f"{method}\nCSeq: {{}}\n" for method in BEYOND)], 50):
            client.rtsp.send(text.format(number).encode())
            reply = client.rtsp.recv(1024).decode()
            assert reply == f"RTSP/1.0 501 Not Implemented\r\nCSeq: {number}\r\nSession: 0\r\n"
        client.listen(until=5)
        assert client.press("PAUSE") and client.press("TEARDOWN")


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_the_session_ends_with_its_connection(server):
    """Closing the window without TEARDOWN stops the packets and frees the session."""
    with StockClient(server, "long.Mjpeg") as client:
        client.press("SETUP")
        (session,) = [one for one in server.sessions.all() if one.lab]
        client.press("PLAY")
        client.listen(until=3)
        client.rtsp.close()
        eventually(lambda: session not in server.sessions.all(), "the end of the session")
        client.listen(silence=SILENCE)
        assert len(client.frames) < LONG / 2


def test_the_session_lives_as_long_as_its_connection(server):
    """However silent: lab clients know no keepalive."""
    with StockClient(server) as client:
        client.press("SETUP")
        (session,) = [one for one in server.sessions.all() if one.lab]
        session.clock = lambda: session.lastHeard + 10**6
        server.sessions.expire()
        assert client.press("PLAY")
        client.listen(until=1)


def test_a_session_is_of_use_to_its_own_connection_alone(server):
    """Its id is a number that can be guessed."""
    with StockClient(server, "long.Mjpeg") as client, StockClient(server, "long.Mjpeg") as guesser:
        client.press("SETUP")
        client.press("PLAY")
        guesser.session = client.session
        for method in ("PAUSE", "TEARDOWN", "PLAY"):
            assert not guesser.press(method)
        with Talker(server.port) as talker:
            lines = f"TEARDOWN {server.url('long.Mjpeg')} RTSP/1.0", "CSeq: 1", f"Session: {client.session}"
            assert talker.ask(*lines).status == 454
        client.listen(until=3)


def test_a_standard_teardown_does_not_lose_a_lab_session_of_the_same_connection(server):
    """It would go on sending, out of anybody's reach."""
    with StockClient(server, "long.Mjpeg") as client, Receiver() as media:
        client.press("SETUP")
        with Talker(server.port) as talker:
            talker.socket, client.rtsp = client.rtsp, talker.socket
            url = server.url("long.Mjpeg")
            reply = talker.ask(f"SETUP {url} RTSP/1.0", "CSeq: 7", media.transport)
            session = reply.headers["session"].split(";")[0]
            assert talker.ask(f"TEARDOWN {url} RTSP/1.0", "CSeq: 8", f"Session: {session}").status == 200
            talker.socket, client.rtsp = client.rtsp, talker.socket
        assert client.press("PLAY")
        client.listen(until=2)
        client.rtsp.close()
        eventually(lambda: not any(one.lab for one in server.sessions.all()), "the end of the session")


def test_options_gives_the_session_back(server):
    """Another number would be another session to the client."""
    with StockClient(server) as client:
        client.press("SETUP")
        assert client.press("OPTIONS")


def test_many_clients_at_once(server, jpegs):
    """A lecture hall: each at its own place of the movie, numbers from 1 for each, the standard ones among them."""
    clients = [StockClient(server) for _ in range(4)]
    try:
        with Talker(server.port) as talker, Receiver() as media:
            reply = talker.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport)
            session = f"Session: {reply.headers['session']}"
            for client in clients:
                assert client.press("SETUP") and client.press("PLAY")
            assert talker.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session).status == 200
            for client in clients:
                client.listen(until=FRAMES)
                assert client.frames == jpegs and client.shown == FRAMES
            media.wait_bye()
            assert [frame.number() for frame in media.frames()] == list(range(FRAMES))
    finally:
        for client in clients:
            client.__exit__()
