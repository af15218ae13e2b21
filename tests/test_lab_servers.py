"""Servers of the classic lab, as different as its solutions are, and our player: every frame arrives, byte by byte.

A row of the tables is one behaviour, written as what the server sends. Two small servers in the style of the classic
solutions, with true time limits, are at the end.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

import ClientLauncher
import RtspClient
from net import probe
from Player import Player
from rtp.jpeg import payloads
from rtp.jpegimage import JpegImage
from rtsp.failures import ConnectError, ServerRefused
from rtsp.silence import LAB_END
from rtsp.states import State
from tests.movies import jpeg, lengths
from tests.scripted import STANDARD, ScriptedServer, rtp

JPEGS = [jpeg(number) for number in range(6)]
SMALL = [jpeg(number, (384, 48), quality=20) for number in range(8)]
BIG = [jpeg(number, (640, 480), quality=90) for number in range(3)]


@dataclass
class Lab:
    """What a lab server says and sends, and what is to come of it."""

    name: str
    replies: dict[str, bytes | None] = field(default_factory=dict)  # by method; None: no answer
    packets: list[bytes] | None = None  # after PLAY; None: FRAMES, each in a packet
    frames: list[bytes] | None = None  # to be shown, byte by byte; None: JPEGS
    every: float = 0.002  # seconds from one packet to the next
    code: int = 0
    error: str = ""
    stats: dict[str, int] = field(default_factory=dict)  # besides lost, damaged, duplicates and reordered 0

    def __str__(self) -> str:
        return self.name


OK = b"RTSP/1.0 200 OK\nCSeq: %CSEQ%\nSession: 123456"


def said(reply: bytes | None, *methods: str) -> dict[str, bytes | None]:
    return dict.fromkeys(methods or ("SETUP", "PLAY", "PAUSE", "TEARDOWN"), reply)


def whole(frames, first=1, wrap=65536, ticks=(1, 0), version=2, marker=False):
    """Frame k in a packet with number first + k and timestamp ticks[0] + k * ticks[1]."""
    return [
        rtp((first + k) % wrap, ticks[0] + k * ticks[1], marker, frame, version=version)
        for k, frame in enumerate(frames)
    ]


def pieces(frames, each, first=0, wrap=65536, marker=True, size=1400):
    """1400 bytes a packet: `each` 1: a number for each; 0: one for all of a frame."""
    packets, number = [], first
    for frame in frames:
        for start in range(0, len(frame), size):
            last = start + size >= len(frame)
            packets.append(rtp(number % wrap, number, marker and last, frame[start : start + size]))
            number += each or last
    return packets


def without(packets, *gone):
    return [packet for number, packet in enumerate(packets) if number not in gone]


def index_of(packets, frame_start):
    return next(number for number, packet in enumerate(packets) if packet[12:] == frame_start)


# ---- how lab servers reply: fed whole, and cut at every byte

REPLIES = [
    Lab("three lines, the last one not ended", said(OK)),
    Lab("three ended lines", said(OK + b"\n")),
    Lab("CRLF", said(OK.replace(b"\n", b"\r\n"))),
    Lab("LF and CRLF mixed", said(b"RTSP/1.0 200 OK\r\nCSeq: %CSEQ%\nSession: 123456\r\n")),
    Lab("an empty line at the end", said(OK + b"\r\n\r\n")),
    Lab("no Session", said(b"RTSP/1.0 200 OK\nCSeq: %CSEQ%\n")),
    Lab("names said twice", said(b"RTSP/1.0 200 OK\nCSeq: CSeq: %CSEQ%\nSession: Session: 123456\n")),
    Lab("a CSeq of its own", said(b"RTSP/1.0 200 OK\nCSeq: 77\nSession: 123456\n")),
    Lab("no colons", said(b"RTSP/1.0 200 OK\nCSeq %CSEQ%\nSession 123456\n")),
    Lab("more lines", said(OK + b"\nTotal-Frames: 500\nTotalTime: 25.0\nFrames: 500\n")),
    Lab("JSON instead of lines", said(OK + b'\n{"frames": 500, "rate": 20}\n', "SETUP")),
    Lab("a body", said(OK + b'\nContent-Length: 15\n\n{"frames": 500}\n', "SETUP")),
    Lab("a body without a line end", said(OK + b'\n\n{"frames": 500}', "SETUP")),
    Lab("an SDP to whatever is asked", said(OK + b"\nContent-Type: application/sdp\n\nv=0\nm=video 0 RTP/AVP 26\n")),
    Lab("its own request comes back", said(OK + b"\nPLAY movie.Mjpeg RTSP/1.0\nCSeq: %CSEQ%\n", "PLAY")),
    Lab("each reply twice, glued", said(OK + b"\n" + OK + b"\n")),
    Lab("each reply twice, glued without a line end", said(OK + OK)),
    Lab("no answer to PLAY", said(None, "PLAY")),
    Lab("no answer to TEARDOWN", said(None, "TEARDOWN")),
    Lab("404", said(b"RTSP/1.0 404 FILE_NOT_FOUND\nCSeq: %CSEQ%\nSession: 0", "SETUP"), [], [], code=4,
        error='The server has no "movie.Mjpeg"'),
    Lab("500 in an odd phrase", said(b"RTSP/1.0 500 CON_ERR\nCSeq: %CSEQ%\nSession: 1", "PLAY"), [], [], code=4,
        error="(500 CON_ERR)"),
    Lab("404 and then 200", said(b"RTSP/1.0 404 NOT FOUND\nCSeq: %CSEQ%\n" + OK, "SETUP"), [], [], code=4,
        error='The server has no "movie.Mjpeg"'),
    Lab("200 for a missing file", said(OK), [], [], code=7, error='The server may have no "movie.Mjpeg"'),
]  # fmt: skip

# ---- how lab servers send

FRAGMENTS = pieces(BIG, 1)
SECOND = index_of(FRAGMENTS, BIG[1][:1400])
TOGETHER = pieces(BIG, 0)
RFC_2435 = [rtp(n, 5, marker, data) for n, (data, marker) in enumerate(
    payload for frame in JPEGS for payload in payloads(frame)
)]  # fmt: skip
HANDOUT = whole(SMALL * 32, first=0)  # 256 frames

MEDIA = [
    Lab("whole files, marker never set", packets=whole(JPEGS)),
    Lab("whole files, marker set", packets=whole(JPEGS, marker=True)),
    Lab("version bits 0", packets=whole(JPEGS, version=0)),
    Lab("sequence from 0", packets=whole(JPEGS, first=0)),
    Lab("a piece each 1400 bytes, a number each, marker on the last", packets=FRAGMENTS, frames=BIG),
    Lab("… marker never set", packets=pieces(BIG, 1, marker=False), frames=BIG),
    Lab("… numbers in a byte", packets=pieces(BIG, 1, first=250, wrap=256), frames=BIG),
    Lab("one number for all pieces of a frame", packets=TOGETHER, frames=BIG),
    Lab("… marker never set", packets=pieces(BIG, 0, marker=False), frames=BIG),
    Lab("larger pieces", packets=pieces(BIG, 1, size=20000), frames=BIG),
    Lab("RFC 2435", packets=RFC_2435, frames=[bytes(JpegImage.parse(frame)) for frame in JPEGS]),
    Lab("it stops at frame 255", packets=HANDOUT[:256], frames=SMALL * 32),
    Lab("its number is a byte and wraps", packets=whole(SMALL * 34, wrap=256), frames=SMALL * 34),
    Lab("its number wraps at 65535", packets=whole(JPEGS, first=65533), frames=JPEGS),
    Lab("a movie that loops and counts on", packets=whole(JPEGS * 3), frames=JPEGS * 3),
    Lab("a movie that loops and counts anew", packets=whole(JPEGS) * 3, frames=JPEGS * 3),
    Lab("the same number always", packets=[rtp(1, 1, False, frame) for frame in JPEGS]),
    Lab("timestamps in seconds", packets=whole(JPEGS, ticks=(1700000000, 0))),
    Lab("timestamps that count frames", packets=whole(JPEGS, ticks=(0, 1))),
    Lab("timestamps 3000 apart", packets=whole(JPEGS, ticks=(3000, 3000))),
    Lab("timestamps that go back", packets=whole(JPEGS, ticks=(90000, -4500))),
    Lab("another payload type", packets=[rtp(n, 0, False, frame, payload_type=0) for n, frame in enumerate(JPEGS)]),
    Lab("empty packets between", packets=[rtp(0, 0, False, b""), *(
        packet for pair in zip(whole(JPEGS), whole([b""] * 6), strict=True) for packet in pair)]),
    Lab("empty packets for ever after the end", packets=whole(JPEGS) + whole([b""] * 300, first=6, wrap=7)),
    Lab("nothing but empty packets", packets=whole([b""] * 300), frames=[], code=7, error="They are empty"),
    Lab("12 frames a second", packets=whole(JPEGS[:4]), frames=JPEGS[:4], every=1 / 12),
    Lab("120 frames a second", packets=whole(SMALL * 8), frames=SMALL * 8, every=1 / 120),
    Lab("all at once", packets=whole(SMALL * 2), frames=SMALL * 2, every=0),
    Lab("10 % lost on purpose", packets=without(whole(SMALL * 5), *range(5, 40, 10)),
        frames=without(SMALL * 5, *range(5, 40, 10)), stats={"lost": 4}),
    Lab("a piece lost of a frame", packets=without(FRAGMENTS, SECOND + 2), frames=[BIG[0], BIG[2]],
        stats={"lost": 1, "frames_damaged": 1}),
    Lab("the first piece of a frame lost", packets=without(FRAGMENTS, SECOND), frames=[BIG[0], BIG[2]],
        stats={"lost": 1, "frames_damaged": 1}),
    Lab("the last piece of a frame lost", packets=without(FRAGMENTS, SECOND - 1), frames=BIG[1:],
        stats={"lost": 1, "frames_damaged": 1}),
    Lab("the end of a frame lost, one number for all", packets=without(TOGETHER, SECOND - 1), frames=BIG[1:],
        stats={"frames_damaged": 1}),
    Lab("packets twice", packets=[packet for packet in whole(JPEGS) for _ in range(2)], stats={"duplicates": 6}),
    Lab("media before the reply, and the reply in vain", said(None, "PLAY"), whole(JPEGS), every=0),
]  # fmt: skip


class Played(ScriptedServer):
    """Follows a row of the table: replies whole or byte by byte, packets one after the other."""

    def __init__(self, row: Lab, cut: bool = False) -> None:
        self.row, self.cut = row, cut
        self.over = threading.Event()
        self.sending: threading.Thread | None = None
        script: dict[str, Any] = {**said(OK), **row.replies, "OPTIONS": None}
        super().__init__({method: self.reply_to(method, reply) for method, reply in script.items()}, lab=True)

    def __exit__(self, *problem: object) -> None:
        self.over.set()
        if self.sending:
            self.sending.join(5)
        super().__exit__(*problem)

    def reply_to(self, method: str, reply: bytes | None) -> Any:
        def act(server: ScriptedServer) -> bytes | None:
            if method == "PLAY":
                self.sending = threading.Thread(target=self.send_all)
                self.sending.start()
            return reply

        return act

    def _reply(self, request: str) -> bytes | None:
        reply = super()._reply(request)
        if not (reply and self.cut):
            return reply
        for byte in reply:
            self.say(bytes([byte]))
            self.over.wait(0.0003)
        return None

    def send_all(self) -> None:
        for packet in whole(JPEGS) if self.row.packets is None else self.row.packets:
            self.send(packet)
            if self.row.every and self.over.wait(self.row.every):
                return


@pytest.fixture
def impatient(monkeypatch):
    """The player's time limits, shorter, so that the tests are."""
    for name, seconds in {
        "rtsp.silence.LAB_END": 0.25, "rtsp.silence.NO_MEDIA": 0.4, "RtspClient.LAB_PATIENCE": 0.3,
        "net.probe.PATIENCE": 0.1, "RtspClient.GUESS_PATIENCE": 0.3,
    }.items():  # fmt: skip
        monkeypatch.setattr(name, seconds)


def play(server, folder, dialect=("--dialect", "lab")):
    """Exit code, frames, statistics."""
    where = ["127.0.0.1", str(server.port), "0", "movie.Mjpeg"]
    files = ["--save-frames", str(folder / "frames"), "--stats", str(folder / "stats.json")]
    code = ClientLauncher.main([*where, *dialect, "--headless", "--buffer", "20", *files])
    frames = [path.read_bytes() for path in sorted((folder / "frames").iterdir())]
    return code, frames, json.loads((folder / "stats.json").read_text())


def check(row, server, folder):
    code, frames, stats = play(server, folder)
    wanted = JPEGS if row.frames is None else row.frames
    assert (code, stats["error"] is None) == (row.code, row.code == 0), stats["error"]
    assert row.error in (stats["error"] or "")
    assert [wanted.index(frame) if frame in wanted else "?" for frame in frames] == list(map(wanted.index, wanted))
    figures = {"lost": 0, "frames_damaged": 0, "duplicates": 0, "reordered": 0, **row.stats}
    assert {name: stats[name] for name in figures} == figures
    assert stats["dialect"] == "lab" and stats["frames_shown"] == len(wanted)
    assert 0 <= stats["jitter_ms"] <= stats["max_jitter_ms"] < 100


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut at every byte"])
@pytest.mark.parametrize("row", REPLIES, ids=str)
def test_replies_in_every_manner(row, cut, tmp_path, monkeypatch):
    """The movie plays, or what is wrong is said."""
    monkeypatch.setattr("rtsp.limits.LAB_QUIET_REPLY", 0.1 if cut else 0.02)
    monkeypatch.setattr("rtsp.silence.LAB_END", 0.1)  # all packets are there when the reply to PLAY is
    with Played(row, cut) as server:
        check(row, server, tmp_path)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("row", MEDIA, ids=str)
def test_media_in_every_manner(row, tmp_path, monkeypatch):
    """Every frame that arrived is shown once, as it was; the figures are what can be known."""
    monkeypatch.setattr("rtsp.limits.LAB_QUIET_REPLY", 0.02)
    with Played(row) as server:
        check(row, server, tmp_path)


def test_a_pause_does_not_end_the_movie(tmp_path, impatient):
    """PAUSE and PLAY again: the figures go on; at the end, PLAY in vain is the end once more, and no failure."""
    row = Lab("", packets=whole(JPEGS[:3]))
    with Played(row) as server:
        player = Player(server.url, "lab", delay=0.0)
        try:
            player.setup()
            player.play()
            shown = take(player, 3)
            player.pause()
            row.packets = whole(JPEGS[3:], first=4)
            player.play()
            shown += take(player, 3)
            assert shown == JPEGS and take(player) == [] and player.ended
            row.packets = []
            player.play()
            assert take(player) == [] and player.ended and player.state is State.READY
            assert player.statistics()["lost"] == 0
        finally:
            player.close()


def take(player, count=99):
    """The next `count` frames, or those to the end of the movie."""
    frames: list[bytes] = []
    while player.state is State.PLAYING and len(frames) < count:
        frames += [frame.jpeg for frame in player.dueFrames()]
        player.wait(0.02)
    return frames


def test_a_lab_server_cannot_jump(tmp_path, capsys, impatient):
    """--start is said to be of no use, not passed over; known beforehand or found out."""
    with Played(Lab("")) as server:
        where = ["127.0.0.1", str(server.port), "0", "movie.Mjpeg", "--headless", "--start", "5"]
        assert ClientLauncher.main(where) == 2
        with pytest.raises(SystemExit) as caught:
            ClientLauncher.main([*where, "--dialect", "lab"])
        assert caught.value.code == 2
    assert "cannot jump" in capsys.readouterr().err


# ---- --dialect auto: what a server makes of OPTIONS, how it is spoken to then, and over how many connections


def late(server):
    """A slow standard server: its answer comes when we have begun to try the dialect of the lab."""
    threading.Event().wait(0.2)
    return STANDARD["OPTIONS"]


def in_pieces(server):
    for byte in STANDARD["OPTIONS"].replace(b"%CSEQ%", b"0"):
        server.say(bytes([byte]))


def hang_up(server):
    server.hang_up()


SETUP = ["OPTIONS", "SETUP"]
LAB_ANSWERS: list[tuple[str, dict[str, Any], list[str], int]] = [
    ("silence", {"OPTIONS": None}, SETUP, 1),
    ("three lines", {"OPTIONS": b"RTSP/1.0 501 What\nCSeq: 0\nSession: 0\n"}, SETUP, 1),
    ("three lines not ended", {"OPTIONS": OK}, SETUP, 1),
    ("three lines and an empty one", {"OPTIONS": OK + b"\n\n"}, SETUP, 1),
    ("no colons", {"OPTIONS": b"RTSP/1.0 400 Bad\nCSeq 0\n\n"}, SETUP, 1),
    ("no RTSP", {"OPTIONS": b"what?\n"}, SETUP, 1),
    ("end of the connection", {"OPTIONS": hang_up}, SETUP, 2),
    ("confusion", {"OPTIONS": None, "SETUP": [None, OK]}, [*SETUP, "SETUP"], 2),
    ("end of the connection at SETUP", {"OPTIONS": None, "SETUP": [hang_up, OK]}, [*SETUP, "SETUP"], 2),
]
STANDARD_ANSWERS: list[tuple[str, Any, list[str], int]] = [
    ("at once", STANDARD["OPTIONS"], ["OPTIONS"], 1),
    ("in pieces", [in_pieces, STANDARD["OPTIONS"]], ["OPTIONS"], 1),
    ("501", b"RTSP/1.0 501 Not Implemented\r\nCSeq: %CSEQ%\r\n\r\n", ["OPTIONS"], 1),
    ("late", [late, STANDARD["OPTIONS"]], ["OPTIONS"], 2),
]


@pytest.fixture
def player_of(impatient):
    players = []

    def make(server):
        players.append(Player(server.url, "auto", delay=0.0))
        return players[-1]

    yield make
    for player in players:
        player.close()


@pytest.mark.parametrize(("name", "script", "methods", "connections"), LAB_ANSWERS, ids=[row[0] for row in LAB_ANSWERS])
def test_a_lab_server_is_found_out(player_of, name, script, methods, connections):
    """It is asked in three lines, and then in its own dialect; on a new connection if the question was too much."""
    with ScriptedServer({**said(OK), **script}, lab=True) as server:
        player = player_of(server)
        player.setup()
        assert player.state is State.READY and player.statistics()["dialect"] == "lab"
        requests = [server.next_request() for _ in methods]
        assert [request.split()[0] for request in requests] == methods and server.asked.empty()
        assert requests[0] == f"OPTIONS {server.url} RTSP/1.0\r\nCSeq: 0\r\n\r\n"
        assert requests[-1].startswith("SETUP movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\n")
        assert server.connections == connections


@pytest.mark.parametrize(
    ("name", "reply", "methods", "connections"), STANDARD_ANSWERS, ids=[row[0] for row in STANDARD_ANSWERS]
)
def test_a_standard_server_is_found_out(player_of, name, reply, methods, connections):
    """It is spoken to in the standard, even if the answer came when we had given it up."""
    with ScriptedServer(OPTIONS=reply) as server:
        player = player_of(server)
        player.setup()
        assert player.state is State.READY and player.statistics()["dialect"] == "rfc"
        assert server.methods() == [*methods, "OPTIONS", "DESCRIBE", "SETUP"]
        assert server.connections == connections


def test_a_refusal_is_no_reason_to_try_again(player_of):
    """404 to the first SETUP says all; so does a server that answers nothing at all, to the second."""
    with ScriptedServer(said(b"RTSP/1.0 404 NOT FOUND\nCSeq: 1\n"), lab=True, OPTIONS=None) as server:
        with pytest.raises(ServerRefused, match="has no"):
            player_of(server).setup()
        assert server.methods() == SETUP


def test_a_silent_server_is_given_up(player_of):
    """After a second connection."""
    with ScriptedServer(said(None), lab=True, OPTIONS=None) as server:
        player = player_of(server)
        make = player.makeClient

        def hurry(url, dialect):
            client = make(url, dialect)
            client._timeout = 0.1
            return client

        player.makeClient = hurry
        with pytest.raises(ConnectError, match="No reply to SETUP in 0 s"):
            player.setup()
        assert server.methods() == [*SETUP, "SETUP"] and server.connections == 2


def test_closed_while_it_finds_out(player_of):
    """Another thread closes the player in this moment: no connection is left behind."""
    players = []
    with ScriptedServer(said(OK), lab=True, OPTIONS=None, SETUP=lambda server: players[0].close()) as server:
        player = player_of(server)
        players.append(player)
        with pytest.raises(ConnectError):
            player.setup()
        assert server.connections == 1


def test_four_arguments_find_out_and_a_url_is_the_standard():
    four = ["127.0.0.1", "6789", "25000", "movie.Mjpeg"]
    assert ClientLauncher.parseArguments(four).dialect == "auto"
    assert ClientLauncher.parseArguments([*four, "--dialect", "rfc"]).dialect == "rfc"
    assert ClientLauncher.parseArguments(["rtsp://127.0.0.1/a"]).dialect == "rfc"
    assert ClientLauncher.parseArguments(["rtsp://127.0.0.1/a", "--dialect", "auto"]).dialect == "auto"


# ---- two servers as students write them


class StudentServer:
    """A thread for each client, one recv() for one request, positions instead of names, no empty line, ever."""

    OK = "RTSP/1.0 200 OK\nCSeq: {seq}\nSession: {session}"

    def __init__(self, path):
        self.path = path
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(0.1)
        self.port = self.listening.getsockname()[1]
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self.accept)]
        self.clients: list[socket.socket] = []
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.closing.set()
        self.threads[0].join()
        for client in self.clients:
            client.close()
        for thread in self.threads[1:]:
            thread.join()
        self.listening.close()

    def accept(self):
        while not self.closing.is_set():
            try:
                client, address = self.listening.accept()
            except TimeoutError:
                continue
            client.settimeout(0.1)
            self.clients.append(client)
            self.threads.append(threading.Thread(target=self.serve, args=(client, address[0])))
            self.threads[-1].start()

    def serve(self, client, host):
        state = {"host": host, "playing": threading.Event(), "name": None, "number": 0}
        while not self.closing.is_set():
            try:
                data = client.recv(256)
            except TimeoutError:
                continue
            except OSError:
                break
            if not data:
                break
            try:
                self.process(client, state, data.decode())
            except (IndexError, ValueError):
                break                       # its thread dies with a traceback; the socket stays open
        state["playing"].clear()

    def process(self, client, state, data):
        request = data.split("\n")
        line1, seq = request[0].split(" "), request[1].split(" ")[1].strip()
        if line1[0] == "SETUP" and state["name"] is None:
            state.update(name=line1[1], session=123456, port=int(request[2].split(" ")[3]))
            state["file"] = open(self.path, "rb")  # noqa: SIM115
        elif line1[0] == "PLAY" and not state["playing"].is_set():
            state["playing"].set()
            self.threads.append(threading.Thread(target=self.send_rtp, args=(state,)))
            self.threads[-1].start()
        elif line1[0] == "PAUSE" or line1[0] == "TEARDOWN":
            state["playing"].clear()
        else:
            return
        client.send(self.OK.format(seq=seq, session=state["session"]).encode())

    def send_rtp(self, state):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, state["file"] as file:
            while not self.closing.wait(0.05) and state["playing"].is_set():
                if length := file.read(5):
                    state["number"] += 1
                    for packet in self.packets(file.read(int(length)), state["number"]):
                        sock.sendto(packet, (state["host"], state["port"]))

    def packets(self, data, number):
        return [self.header(2, number, 0) + data]

    def header(self, version, number, marker):
        header = bytearray(12)
        header[0] = version << 6
        header[1] = marker << 7 | 26
        header[2] = number >> 8 & 255
        header[3] = number & 255
        header[4:8] = int(time.time()).to_bytes(4, "big")
        return bytes(header)


class AnotherStudentServer(StudentServer):
    """Every request is read as a SETUP would be, so one with fewer lines is too much for it; large frames in pieces of
    1400 bytes with the frame's number, the version forgotten, the number in one byte; its own CSeq, and loose ends."""

    OK = "RTSP/1.0 200 OK\r\nCSeq: 1\nSession: {session}\r\nFrames: 30"

    def process(self, client, state, data):
        lines = data.split("\n")
        if not lines[2].strip():
            raise IndexError("list index out of range")
        super().process(client, state, data)

    def packets(self, data, number):
        pieces = [data[start : start + 1400] for start in range(0, len(data), 1400)]
        return [self.header(0, number % 256, int(piece is pieces[-1])) + piece for piece in pieces]


def test_the_player_waits_as_long_as_the_page_tells():
    """docs/lab-dialect.md: for the answer to OPTIONS, to the first SETUP, to PLAY and PAUSE; for the end."""
    waits = probe.PATIENCE, RtspClient.GUESS_PATIENCE, RtspClient.LAB_PATIENCE, LAB_END
    assert waits == (0.5, 1.0, 1.5, 3.0)


@pytest.mark.parametrize(("kind", "end"), [(StudentServer, 0.5), (AnotherStudentServer, 3.0)])
def test_a_student_s_server_plays_with_the_handout_s_command(kind, end, tmp_path, monkeypatch):
    """Four arguments and no more, true time limits: every frame, and the end by itself after 3 s of silence (once)."""
    monkeypatch.setattr("rtsp.silence.LAB_END", end)
    frames = BIG if kind is AnotherStudentServer else JPEGS
    (tmp_path / "movie.Mjpeg").write_bytes(lengths(frames * 3))
    with kind(tmp_path / "movie.Mjpeg") as server:
        began = time.monotonic()
        code, shown, stats = play(server, tmp_path, dialect=())
        seconds = time.monotonic() - began
    assert (code, stats["error"], stats["dialect"], stats["lost"]) == (0, None, "lab", 0)
    assert shown == frames * 3
    assert end < seconds < 15
