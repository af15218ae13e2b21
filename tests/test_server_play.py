"""PLAY, PAUSE and GET_PARAMETER in all their forms, over a socket, as players ask; frames are told by their barcode."""

from __future__ import annotations

import pytest

from media.prepare import Packing
from media.source import Format, LiveSource, Presentation
from rtp.jpeg import payloads
from rtsp import limits
from rtsp.states import State
from tests import movies
from tests.serving import Receiver, Talker, eventually, npt, rtp_info, serving
from VideoStream import VideoStream

FRAMES, RATE = 60, 40.0
PERIOD = 90_000 / RATE


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES, (384, 96))
    with serving(folder, fps=RATE) as running:
        movie = running.library.find("movie.Mjpeg").sources[0]
        other = VideoStream(folder / "movie.Mjpeg", 20).movie
        for source in (movie, other):       # so that also a busy machine leaves out no frame
            shelf = running.preparer.shelf(source, Packing.FRAGMENTS)
            for k in range(FRAMES):
                running.preparer.frame(source, shelf, k)
        running.library.add("two", Presentation("two", (movie, other)))
        yield running


@pytest.fixture
def viewer(server):
    with Viewer(server) as set_up:
        yield set_up


class Viewer:
    """A session whose streams are all set up."""

    def __init__(self, server, name="movie.Mjpeg", streams=1):
        self.url, self.header = server.url(name), "X-No: session"
        self.talker = Talker(server.port)
        self.streams = [Receiver() for _ in range(streams)]
        self.media = self.streams[0]
        for number, media in enumerate(self.streams):
            url = f"{self.url}/trackID={number}"
            reply = self.talker.ask(f"SETUP {url} RTSP/1.0", "CSeq: 1", media.transport, self.header)
            self.id = reply.headers["session"].split(";")[0]
            self.header = f"Session: {self.id}"
        (self.session,) = [one for one in server.sessions.all() if one.id == self.id]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()
        for media in self.streams:
            media.close()

    def lines(self, method, *headers):
        return f"{method} {self.url}/ RTSP/1.0", "CSeq: 2", self.header, *headers

    def ask(self, method, *headers):
        return self.talker.ask(*self.lines(method, *headers))

    def get(self, body):
        lines = self.lines("GET_PARAMETER", "Content-Type: text/parameters", f"Content-Length: {len(body)}")
        self.talker.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self.talker.reply()

    def numbers(self, stream=0):
        return [frame.number() for frame in self.streams[stream].frames()]

    def wait_ready(self):
        eventually(lambda: self.session.state is State.READY, "the state is Ready")

    def check(self, reply, first=None):
        """RTP-Info is exact: the packet that it names has come, begins a frame, and has that timestamp. Which frame of
        those that came that is; all sequence numbers follow each other."""
        (info,) = rtp_info(reply.headers["rtp-info"])
        frames = self.media.frames()
        (at,) = [n for n, frame in enumerate(frames) if frame.first.sequence == info.seq]
        assert frames[at].timestamp == info.rtptime
        packets = self.media.packets
        assert [one.sequence for one in packets] == [packets[0].sequence + n & 0xFFFF for n in range(len(packets))]
        assert npt(reply.headers["range"])[0] == pytest.approx(frames[at].number() / RATE)
        return at


# --- what players send ------------------------------------------------------------------------------------------------


def test_ffmpeg_jumps(viewer):
    """PAUSE and PLAY with a Range back to back: the second one is sent before the reply to the first is read."""
    viewer.ask("PLAY", "Range: npt=0.000-")
    viewer.media.wait_frames(3)
    seek = [*viewer.lines("PAUSE"), "", *viewer.lines("PLAY", "Range: npt=1.000-")]
    viewer.talker.send(*seek)
    paused, played = viewer.talker.reply(), viewer.talker.reply()
    assert (paused.status, played.status) == (200, 200) and npt(played.headers["range"]) == (1.0, 1.5)
    viewer.media.wait_bye()
    at = viewer.check(played)
    assert viewer.numbers() == [*range(at), *range(40, 60)]


def test_vlc_changes_the_rate(viewer):
    """PLAY with a Scale and no Range, while playing: from where it stands every second frame, with the timestamps of
    one after the other (RFC 2326 Appendix B). A PLAY without one is single speed again."""
    viewer.ask("PLAY", "Range: npt=0.000-")
    viewer.media.wait_frames(3)
    faster = viewer.ask("PLAY", "Scale: 2.000000")
    assert (faster.status, faster.headers["scale"]) == (200, "2")
    viewer.media.wait_frames(12)
    normal = viewer.ask("PLAY")
    assert "scale" not in normal.headers
    viewer.media.wait_bye()
    one, two = viewer.check(faster), viewer.check(normal)
    numbers = viewer.numbers()
    assert numbers[:one] == list(range(one))
    assert numbers[one : two] == list(range(one, one + 2 * (two - one), 2))
    assert numbers[two:] == list(range(numbers[two - 1] + 2, FRAMES))
    stamps = [frame.timestamp for frame in viewer.media.frames()]
    assert {new - old & 0xFFFFFFFF for old, new in zip(stamps, stamps[1:], strict=False)} == {round(PERIOD)}


def test_gstreamer_wants_it_sent_faster(viewer):
    """PAUSE, then PLAY with Speed and a Range: every frame, with the timestamps that it has at any speed."""
    viewer.ask("PLAY", "Range: npt=0-1.5")
    viewer.media.wait_frames(3)
    viewer.ask("PAUSE")
    viewer.media.drain()
    reply = viewer.ask("PLAY", "Speed: 2", "Range: npt=0.5-1.5")
    assert (reply.status, reply.headers["speed"]) == (200, "2") and npt(reply.headers["range"]) == (0.5, 1.5)
    assert "scale" not in reply.headers
    viewer.media.wait_bye()
    assert viewer.check(reply) == 0 and viewer.numbers() == list(range(20, 60))
    frames = viewer.media.frames()
    assert (frames[-1].timestamp - frames[0].timestamp) & 0xFFFFFFFF == 39 * PERIOD


def test_aiortsp_plays_from_now(viewer):
    """`now` of a movie is where it stands."""
    reply = viewer.ask("PLAY", "Range: npt=now-", "Scale: 1")
    assert reply.headers["scale"] == "1" and npt(reply.headers["range"]) == (0.0, 1.5)
    viewer.media.wait_frames(5)
    assert viewer.check(reply) == 0
    viewer.ask("PAUSE")
    viewer.media.settle()
    seen = len(viewer.media.frames())
    reply = viewer.ask("PLAY", "Range: npt=now-", "Scale: 1")
    viewer.media.wait_frames(seen + 1)
    assert viewer.check(reply) == seen


@pytest.mark.parametrize(
    ("scale", "used", "numbers"),
    [("4", "4", range(20, 60, 4)), ("-1", "-1", range(20, -1, -1)), ("-99", "-8", (20, 12, 4)), ("0.1", "0.25", ())],
)
def test_openrtsp_scales_from_the_start(viewer, scale, used, numbers):
    """The first PLAY has both; the reply says what is really used, and where that ends."""
    reply = viewer.ask("PLAY", f"Scale: {scale}", "Range: npt=0.500-")
    assert (reply.status, reply.headers["scale"]) == (200, used)
    assert npt(reply.headers["range"]) == (0.5, 0.0 if used.startswith("-") else 1.5)
    if numbers:
        viewer.media.wait_bye()
        assert viewer.numbers() == list(numbers)
    else:
        viewer.media.wait_frames(2)
    assert viewer.check(reply) == 0


def test_smpte_is_answered_in_smpte(viewer):
    """RFC 2326 §10.5: the unit in the reply is that of the request."""
    reply = viewer.ask("PLAY", "Range: smpte=0:00:01-")
    assert reply.status == 200 and reply.headers["range"] == "smpte=0:00:01:00.72-0:00:01:14.96"  # frame 41 at 1.025 s
    viewer.media.wait_bye()
    assert viewer.numbers() == list(range(41, 60))
    viewer.media.drain()
    reply = viewer.ask("PLAY", "Range: smpte-25=0:00:00:05-0:00:00:10")
    assert reply.headers["range"] == "smpte-25=0:00:00:05-0:00:00:10"
    viewer.media.wait_bye()
    assert viewer.numbers() == list(range(8, 16))


# --- queued -----------------------------------------------------------------------------------------------------------


def test_ranges_are_played_one_after_the_other(viewer):
    """The example of RFC 2326 §10.5, in one segment: no gap in between, one BYE, and no RTP-Info where nobody can know
    it yet."""
    plays = [viewer.lines("PLAY", f"Range: npt={range_}") for range_ in ("0.25-0.375", "0.5-0.625", "1.25-")]
    viewer.talker.send(*plays[0], "", *plays[1], "", *plays[2])
    replies = [viewer.talker.reply() for _ in plays]
    assert [(one.status, npt(one.headers["range"])) for one in replies] == [
        (200, (0.25, 0.375)), (200, (0.5, 0.625)), (200, (1.25, 1.5))]  # fmt: skip
    assert ["rtp-info" in one.headers for one in replies] == [True, False, False]
    viewer.media.wait_frames(12)
    assert viewer.session.state is State.PLAYING
    viewer.media.wait_bye()
    assert viewer.numbers() == [*range(10, 15), *range(20, 25), *range(50, 60)]
    stamps = [frame.timestamp for frame in viewer.media.frames()]
    assert {new - old & 0xFFFFFFFF for old, new in zip(stamps, stamps[1:], strict=False)} == {round(PERIOD)}
    assert viewer.check(replies[0]) == 0
    viewer.wait_ready()
    viewer.media.settle()
    assert len([one for one in viewer.media.controls if 203 in one.types]) == 1


def test_too_many_are_refused(viewer):
    """503, with the reason in the body; PAUSE discards what is queued."""
    viewer.ask("PLAY", "Range: npt=0-1")
    for _ in range(limits.QUEUED_PLAYS):
        assert viewer.ask("PLAY", "Range: npt=1-1.25").status == 200
    reply = viewer.ask("PLAY", "Range: npt=1-1.25")
    assert reply.status == 503 and b"waiting" in reply.body
    viewer.ask("PAUSE")
    viewer.media.drain()
    viewer.ask("PLAY", "Range: npt=1.4-")
    viewer.media.wait_bye()
    assert viewer.numbers() == [56, 57, 58, 59]


# --- PAUSE with a Range -----------------------------------------------------------------------------------------------


def test_a_pause_point(viewer):
    """The reply comes at once, the media go on until there, then the session is Ready, and no BYE is said; PLAY goes on
    from that point."""
    viewer.ask("PLAY", "Range: npt=0-")
    reply = viewer.ask("PAUSE", "Range: npt=0.5-")
    assert (reply.status, reply.headers["range"]) == (200, "npt=0.500-")
    assert viewer.session.state is State.PLAYING
    viewer.wait_ready()
    viewer.media.settle()
    assert viewer.numbers() == list(range(20)) and not [one for one in viewer.media.controls if 203 in one.types]
    reply = viewer.ask("PLAY")
    assert npt(reply.headers["range"]) == (0.5, 1.5)
    viewer.media.wait_bye()
    assert viewer.check(reply) == 20 and viewer.numbers() == list(range(FRAMES))


def test_a_pause_point_that_is_past(viewer):
    """It is Ready when the reply comes, and PLAY begins there once more."""
    viewer.ask("PLAY", "Range: npt=0.25-")
    viewer.media.wait_frames(5)
    assert viewer.ask("PAUSE", "Range: npt=0.3").status == 200
    assert viewer.session.state is State.READY
    viewer.media.settle()
    seen = len(viewer.media.frames())
    reply = viewer.ask("PLAY")
    viewer.media.wait_frames(seen + 1)
    assert viewer.check(reply) == seen and viewer.numbers()[seen] == 12


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PLAY", ["Scale: 0"], 400),
        ("PLAY", ["Scale: nan"], 400),
        ("PLAY", ["Speed: -1"], 400),
        ("PLAY", ["Scale: -1"], 457),  # there is nothing before the beginning
        ("PLAY", ["Scale: -1", "Range: npt=0.25-0.5"], 457),
        ("PLAY", ["Scale: -1", "Range: npt=9-"], 457),
        ("PLAY", ["Range: clock=19961108T142300Z-"], 501),
        ("PLAY", ["Range: smpte=0:10-"], 457),
        ("PAUSE", ["Range: npt=0.5-"], 457),  # nothing is being played
        ("PAUSE", ["Range: npt=0.5-1"], 457),
        ("PAUSE", ["Range: clock=19961108T142300Z-"], 501),
    ],
)
def test_what_cannot_be_played_is_refused(viewer, method, headers, status):
    """Nothing has moved: PLAY starts at the beginning."""
    assert viewer.ask(method, *headers).status == status
    reply = viewer.ask("PLAY")
    viewer.media.wait_frames(2)
    assert viewer.check(reply) == 0 and viewer.numbers()[:2] == [0, 1]


def test_nobody_can_jump_in_a_live_stream(server):
    """456; Scale and Speed are 1, as the reply says."""
    live = LiveSource(Format("video", 26, "JPEG", 90_000, 20.0), period=0.05)
    live.append(payloads(movies.jpeg(7)), 100.0)
    server.library.add("live", Presentation("live", (live,)))
    with Viewer(server, "live") as viewer:
        assert viewer.ask("PLAY", "Range: npt=5-").status == 456
        reply = viewer.ask("PLAY", "Range: npt=0.000-", "Scale: 2", "Speed: 2")
        assert (reply.headers["range"], reply.headers["scale"], reply.headers["speed"]) == ("npt=now-", "1", "1")
        live.close()
        viewer.media.wait_bye()
        assert viewer.numbers() == [7]


# --- several streams --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("headers", "begins", "firsts"), [
    (["Scale: 2", "Range: npt=0.26-"], 0.275, [(11, 13), (6, 8)]),
    (["Scale: -2", "Range: npt=0.49-"], 0.475, [(19, 17), (9, 7)]),
    (["Speed: 2"], 0.0, [(0, 1), (0, 1)]),
])  # fmt: skip
def test_two_streams_at_another_pace(server, headers, begins, firsts):
    """40 and 20 frames a second: each has its own first packet in RTP-Info, and its timestamps lie as far behind
    rtptime as they will be played behind the start."""
    with Viewer(server, "two", streams=2) as viewer:
        reply = viewer.ask("PLAY", *headers)
        start, _ = npt(reply.headers["range"])
        assert reply.status == 200 and start == pytest.approx(begins)
        scale = float(reply.headers.get("scale", "1"))
        infos = rtp_info(reply.headers["rtp-info"])
        for number, (media, info, rate) in enumerate(zip(viewer.streams, infos, (40, 20), strict=True)):
            media.wait_frames(2)
            assert tuple(viewer.numbers(number)[:2]) == firsts[number] and info.seq == media.packets[0].sequence
            for frame in media.frames()[:2]:
                behind = round((frame.number() / rate - start) / scale * 90_000)
                assert frame.timestamp == info.rtptime + behind & 0xFFFFFFFF


# --- GET_PARAMETER ----------------------------------------------------------------------------------------------------


def test_parameters_of_a_session(viewer):
    """Position, packets and jitter, in the order asked for; the position is that of the next frame."""
    reply = viewer.get(b"position\r\npackets\r\njitter\r\n")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/parameters")
    assert reply.body == b"position: 0.000\r\npackets: 0\r\njitter: 0.000\r\n"
    viewer.ask("PLAY", "Range: npt=0.25-0.5")
    viewer.media.wait_bye()
    count = len(viewer.media.packets)
    assert viewer.get(b"packets\nposition").body == f"packets: {count}\r\nposition: 0.500\r\n".encode()
    assert viewer.ask("GET_PARAMETER").body == b""


def test_parameters_that_are_not_to_be_had(server, viewer):
    """451 names them; 454 without a session; 400 for too many."""
    reply = viewer.get(b"position\nnum_packets\n")
    assert reply.status == 451 and b"num_packets" in reply.body and b"position" not in reply.body
    assert viewer.get(b"jitter\n" * 100).status == 400
    viewer.header = "X-No: session"
    assert viewer.get(b"position").status == 454
    assert viewer.get(b"volume").status == 451
    assert viewer.ask("GET_PARAMETER").status == 200
