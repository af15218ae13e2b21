"""What a standard viewer receives: each RTP packet, its numbers and its time, and RTCP's goodbye."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median

import pytest

from tests import movies
from tests.serving import Receiver, Talker, npt, number, parameters, rtp_info, scan_of, sdp, serving

FRAMES, RATE = 60, 40.0
PERIOD = 90_000 / RATE  # RTP timestamp units from frame to frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("movies")


@pytest.fixture(scope="module")
def jpegs(folder):
    return movies.lab_movie(folder / "movie.Mjpeg", FRAMES)


@pytest.fixture(scope="module")
def server(folder, jpegs):
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture
def viewer(server):
    with Viewer(server) as set_up:
        yield set_up


class Viewer:
    """One session with one stream, set up."""

    def __init__(self, server, name="movie.Mjpeg"):
        self.url = server.url(name)
        self.media = Receiver()
        self.talker = Talker(server.port)
        reply = self.talker.ask(f"SETUP {self.url}/trackID=0 RTSP/1.0", "CSeq: 1", self.media.transport)
        self.transport = parameters(reply.headers["transport"])
        self.session = reply.headers["session"].split(";")[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()
        self.media.close()

    def ask(self, method, *headers):
        return self.talker.ask(f"{method} {self.url}/ RTSP/1.0", "CSeq: 2", f"Session: {self.session}", *headers)

    def play(self, range_=None):
        """PLAY; what RTP-Info says of the one stream, and (start, end) of the Range."""
        reply = self.ask("PLAY", *([f"Range: {range_}"] if range_ else []))
        assert reply.status == 200
        (info,) = rtp_info(reply.headers["rtp-info"])
        assert info.url == self.url + "/trackID=0"
        return info, npt(reply.headers["range"])

    def numbers(self):
        return [frame.number() for frame in self.media.frames()]


def check_numbers(packets, info):
    """RTP-Info is that of the first packet, sequence numbers have no gap."""
    assert (packets[0].sequence, packets[0].timestamp) == (info.seq, info.rtptime)
    assert [one.sequence for one in packets] == [(info.seq + n) & 0xFFFF for n in range(len(packets))]


# --- packets ----------------------------------------------------------------------------------------------------------


def test_the_whole_movie_as_rfc_2435_has_it(viewer, jpegs):
    """Every frame, bit by bit: version 2 and nothing else in the first byte, payload type 26, fragments of 1412 bytes
    but for the last, which alone has the marker; one timestamp a frame, stepping by 90000 / fps."""
    info, range_ = viewer.play("npt=0.000-")
    viewer.media.wait_bye()
    frames = viewer.media.frames()
    check_numbers(viewer.media.packets, info)
    assert range_ == (0, FRAMES / RATE)
    for k, frame in enumerate(frames):
        assert {one.flags for one in frame.packets} == {0x80} and {one.payload_type for one in frame.packets} == {26}
        assert {one.timestamp for one in frame.packets} == {(info.rtptime + round(k * PERIOD)) & 0xFFFFFFFF}
        assert [one.marker for one in frame.packets] == [0] * (len(frame.packets) - 1) + [1]
        assert {one.size for one in frame.packets[:-1]} == {1412} and frame.last.size <= 1412
        assert all(one.payload[4:8] == bytes((1, 255, 384 // 8, 288 // 8)) for one in frame.packets)
    assert [frame.scan() for frame in frames] == [scan_of(jpeg) for jpeg in jpegs]
    assert viewer.numbers() == list(range(FRAMES))


def test_media_comes_from_the_announced_ports(viewer):
    """RTP from server_port, RTCP from the next one, both with the announced SSRC: firewalls and players filter."""
    viewer.play()
    viewer.media.wait_bye()
    ports = [int(port) for port in viewer.transport["server_port"].split("-")]
    ssrc = int(viewer.transport["ssrc"], 16)
    assert {(one.source, one.ssrc) for one in viewer.media.packets} == {(ports[0], ssrc)}
    assert {one.source for one in viewer.media.controls} == {ports[1]}


def test_frames_come_in_time(viewer):
    """Paced by an absolute clock: the end of the movie is as far from its beginning as it should be. (Roughly: this
    machine may be busy. The median leaves out what single frames suffer.)"""
    viewer.play()
    viewer.media.wait_bye()
    late = [frame.first.arrived - k / RATE for k, frame in enumerate(viewer.media.frames())]
    assert abs(median(late[-15:]) - median(late[:15])) < 0.15


def test_each_session_starts_with_numbers_of_its_own(server):
    """SSRC, sequence number and timestamp start at random (RFC 3550 §5.1)."""
    with Viewer(server) as one, Viewer(server) as other:
        first, second = one.play()[0], other.play()[0]
        one.media.wait_frames(2)
        other.media.wait_frames(2)
    assert (first.seq, first.rtptime) != (second.seq, second.rtptime)
    assert one.transport["ssrc"] != other.transport["ssrc"]


def test_the_sequence_wraps(server, viewer):
    """0 follows 65535 within a frame, and the timestamp wraps, too."""
    (session,) = [one for one in server.sessions.all() if one.id == viewer.session]
    with session.lock:
        session.streams[0].sequence, session.streams[0].timestamp = 65_530, 2**32 - 5000
    info, _ = viewer.play("npt=0-0.5")
    viewer.media.wait_bye()
    check_numbers(viewer.media.packets, info)
    assert (info.seq, info.rtptime) == (65_530, 2**32 - 5000)
    assert viewer.numbers() == list(range(20))
    assert [frame.timestamp for frame in viewer.media.frames()][:4] == [2**32 - 5000, 2**32 - 2750, 2**32 - 500, 1750]


# --- pause and seek ---------------------------------------------------------------------------------------------------


def test_pause_and_play_go_on_with_the_next_frame(viewer):
    """Nothing arrives after the reply to PAUSE. PLAY goes on with the next unsent frame: its time in Range, its numbers
    in RTP-Info; the sequence has no gap, and the timestamp is one frame period on."""
    before, _ = viewer.play()
    for stop in (8, 20, 31):
        viewer.media.wait_frames(stop)
        assert viewer.ask("PAUSE").status == 200
        viewer.media.settle()
        packets, frames = len(viewer.media.packets), viewer.media.frames()
        time.sleep(6 / RATE)
        assert len(viewer.media.packets) == packets and frames[-1].last is viewer.media.packets[-1]
        info, range_ = viewer.play()
        assert range_ == (pytest.approx(len(frames) / RATE), FRAMES / RATE)
        assert info.seq == (frames[-1].last.sequence + 1) & 0xFFFF
        assert info.rtptime == (frames[-1].timestamp + round(PERIOD)) & 0xFFFFFFFF
    viewer.media.wait_bye()
    check_numbers(viewer.media.packets, before)
    assert viewer.numbers() == list(range(FRAMES))


@pytest.mark.parametrize(
    ("range_", "first"),
    [
        ("npt=0.5-", 20),
        ("npt=0.501-", 21),  # the first frame whose time is not before it
        ("npt=0.524999-", 21),
        ("npt=0.525-", 21),
        ("npt=00:00:00.75-", 30),
        ("npt=1.47-1.5", 59),
        ("npt=0-", 0),
    ],
)
def test_play_from_a_time(viewer, range_, first):
    """Playing starts with the first frame whose time is not before the start, and the reply says that frame's time."""
    info, (start, end) = viewer.play(range_)
    assert (start, end) == (pytest.approx(first / RATE, abs=1e-6), FRAMES / RATE)
    viewer.media.wait_frames(1)
    check_numbers(viewer.media.packets, info)
    assert viewer.numbers()[0] == first


def test_seeking_while_playing(viewer):
    """PAUSE and PLAY with a Range, forward and back, and a PLAY alone: RTP-Info is each time that of the next packet,
    the sequence has no gap, and no frame of before comes after."""
    first, _ = viewer.play()
    expected = []
    for range_, start in (("npt=1-", 40), ("npt=0.25-", 10)):
        viewer.media.wait_frames(len(expected) + 3)
        viewer.ask("PAUSE")
        viewer.media.settle()
        expected = viewer.numbers()
        packets = len(viewer.media.packets)
        info, _ = viewer.play(range_)
        expected.append(start)
        viewer.media.wait_frames(len(expected))
        check_numbers(viewer.media.packets[packets:], info)
        assert viewer.numbers()[: len(expected)] == expected
    viewer.media.wait_frames(len(expected) + 3)
    info, _ = viewer.play("npt=1.25-")  # without a PAUSE before it
    viewer.media.wait_bye()
    check_numbers(viewer.media.packets, first)
    frames = viewer.media.frames()
    (at,) = [k for k, frame in enumerate(frames) if frame.first.sequence == info.seq]
    assert (frames[at].timestamp, [frame.number() for frame in frames[at:]]) == (info.rtptime, list(range(50, 60)))


def test_play_while_playing_goes_on(viewer):
    """A PLAY without a Range while playing neither repeats nor leaves out a frame."""
    first, _ = viewer.play()
    for frames in (5, 10, 15):
        viewer.media.wait_frames(frames)
        viewer.play()
    viewer.media.wait_bye()
    check_numbers(viewer.media.packets, first)
    assert viewer.numbers() == list(range(FRAMES))


def test_a_closed_range_ends_where_it_says(viewer):
    """`npt=0.25-0.5` is frames 10 to 19, then BYE; the next PLAY goes on with frame 20."""
    _, range_ = viewer.play("npt=0.25-0.5")
    assert range_ == (0.25, 0.5)
    viewer.media.wait_bye()
    assert viewer.numbers() == list(range(10, 20))
    _, range_ = viewer.play()
    assert range_ == (0.5, FRAMES / RATE)
    viewer.media.wait_bye(2)
    assert viewer.numbers() == list(range(10, FRAMES))


def test_now_is_where_the_movie_stands(viewer):
    """aiortsp asks for `npt=now-`."""
    assert viewer.play("npt=now-")[1] == (0, FRAMES / RATE)
    viewer.media.wait_frames(1)
    assert viewer.numbers()[0] == 0


@pytest.mark.parametrize(
    ("range_", "status"),
    [
        ("npt=1.5-", 457),  # the movie is that long: no frame is there
        ("npt=3600-", 457),
        ("npt=1-0.5", 457),
        ("npt=0.5-0.5", 457),
        ("npt=-", 457),
        ("npt=1", 457),
        ("npt=nan-", 457),
        ("npt=1e1-", 457),
        ("npt=-0.0-", 457),
        ("npt=" + "9" * 5000 + "-", 457),
        ("smpte=0:10:20-", 457),
        ("clock=19961108T142300Z-", 501),
    ],
)
def test_a_range_that_cannot_be_played(viewer, range_, status):
    """457, 501 for other units; nothing has moved: playing goes on, and PAUSE and PLAY find the place."""
    first, _ = viewer.play()
    viewer.media.wait_frames(2)
    assert viewer.ask("PLAY", f"Range: {range_}").status == status
    viewer.media.wait_frames(5)
    viewer.ask("PAUSE")
    assert viewer.ask("PLAY", f"Range: {range_}").status == status
    viewer.media.settle()
    seen = len(viewer.media.frames())
    assert viewer.play()[1][0] == pytest.approx(seen / RATE)
    viewer.media.wait_frames(seen + 1)
    check_numbers(viewer.media.packets, first)


# --- the end ----------------------------------------------------------------------------------------------------------


def test_the_end_is_said_by_rtcp(viewer):
    """One compound packet of SR, SDES with a CNAME, and BYE, one period after the last frame: it counts what was sent,
    and its two clocks fit the media (RFC 3550 §6.4.1, §6.5.1, §6.6)."""
    info, _ = viewer.play("npt=1-")
    viewer.media.wait_bye()
    *_, end = viewer.media.controls
    assert end.types == [200, 202, 203] and [count for _, count, _ in end.packets] == [0, 1, 1]
    report, name, bye = [body for _, _, body in end.packets]
    ssrc = int(viewer.transport["ssrc"], 16).to_bytes(4, "big")
    assert report[:4] == name[:4] == bye == ssrc and len(report) == 24
    assert name[4] == 1 and 0 < name[5] <= len(name) - 7 and name[6 + name[5]] == 0
    packets = viewer.media.packets
    assert int.from_bytes(report[16:20], "big") == len(packets)
    assert int.from_bytes(report[20:24], "big") == sum(len(one.payload) for one in packets)
    ntp = int.from_bytes(report[4:12], "big") / 2**32 - 2_208_988_800
    assert abs(ntp - time.time()) < 5
    after = int.from_bytes(report[12:16], "big") - info.rtptime & 0xFFFFFFFF
    # One period after the last of 20 frames, or 5 ms before: the start of the pacer's slot. A busy machine is late
    assert 20 * PERIOD - 450 <= after < 20 * PERIOD + 90_000
    assert end.arrived >= viewer.media.frames()[-1].last.arrived


def test_after_the_end_play_begins_again(viewer):
    """The session is Ready: PLAY starts at 0 with the same SSRC and numbers that go on; PAUSE is 200; then TEARDOWN."""
    first, _ = viewer.play("npt=1.25-")
    viewer.media.wait_bye()
    assert viewer.ask("PAUSE").status == 200  # GStreamer sends one after the end
    info, range_ = viewer.play()
    assert range_[0] == 0
    viewer.media.wait_bye(2)
    check_numbers(viewer.media.packets, first)
    assert viewer.numbers() == [*range(50, 60), *range(FRAMES)]
    timestamps = [frame.timestamp for frame in viewer.media.frames()]
    assert timestamps[10] == info.rtptime == (timestamps[9] + round(PERIOD)) & 0xFFFFFFFF
    assert len({one.ssrc for one in viewer.media.packets}) == 1
    assert viewer.ask("TEARDOWN").status == 200


# --- movies -----------------------------------------------------------------------------------------------------------


def odd_jpegs():
    """Frames that RFC 2435 cannot carry as they are."""
    return [movies.handout_jpeg(0), movies.jpeg(1, subsampling=0), movies.jpeg(2, progressive=True),
            movies.jpeg(3, optimize=True), movies.jpeg(4, restart_marker_blocks=4)]  # fmt: skip


def test_what_cannot_travel_is_encoded_again(server, folder):
    """4:4:4 with the handout's traits, progressive, other Huffman tables, restart markers, in one movie: all come."""
    (folder / "odd.Mjpeg").write_bytes(movies.lengths(odd_jpegs()))
    with Viewer(server, "odd.Mjpeg") as viewer:
        viewer.play()
        viewer.media.wait_bye()
        assert viewer.numbers() == [0, 1, 2, 3, 4]
        assert {one.payload[4] for one in viewer.media.packets} == {1}  # 4:2:0, and no restart markers (64 is added)


def test_damaged_frames_take_no_numbers(server, folder, caplog, monkeypatch):
    """Two damaged frames, one of them the first: the others keep their times, the sequence has no gap, RTP-Info names
    what is really sent, and the log says which frame is damaged, once for all viewers."""
    monkeypatch.setattr("net.complaints.EVERY", 0.0)
    jpegs = [movies.jpeg(k) for k in range(6)]
    broken = [b"\xff\xd8" + bytes(len(jpeg) - 2) if k in (0, 3) else jpeg for k, jpeg in enumerate(jpegs)]
    (folder / "damaged.Mjpeg").write_bytes(movies.lengths(broken))
    for _ in range(2):
        with Viewer(server, "damaged.Mjpeg") as viewer:
            info, range_ = viewer.play("npt=0-")
            viewer.media.wait_bye()
            check_numbers(viewer.media.packets, info)
            assert range_[0] == pytest.approx(1 / RATE) and viewer.numbers() == [1, 2, 4, 5]
            steps = [frame.timestamp - info.rtptime & 0xFFFFFFFF for frame in viewer.media.frames()]
            assert steps == [0, PERIOD, 3 * PERIOD, 4 * PERIOD]
    messages = [record.message for record in caplog.records if "damaged.Mjpeg" in record.message]
    assert sorted(message.split(" at byte")[0][-7:] for message in messages) == ["frame 0", "frame 3"]


def test_a_movie_that_is_replaced_is_read_anew(server, folder):
    """Another file of the same name is what the next DESCRIBE and SETUP see."""
    path = folder / "lesson.Mjpeg"
    for frames in (3, 5):
        movies.lab_movie(path, frames)
        with Viewer(server, "lesson.Mjpeg") as viewer:
            body = viewer.talker.ask(f"DESCRIBE {viewer.url} RTSP/1.0", "CSeq: 9").body
            assert npt(sdp(body)[0]["a=range"][0])[1] == frames / RATE
            viewer.play()
            viewer.media.wait_bye()
            assert viewer.numbers() == list(range(frames))


def test_without_fps_it_is_20_frames_a_second(tmp_path):
    """The handout's 50 ms."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 3)
    with serving(tmp_path) as server, Viewer(server) as viewer:
        body = viewer.talker.ask(f"DESCRIBE {viewer.url} RTSP/1.0", "CSeq: 9").body
        session, (video,) = sdp(body)
        assert (video["a=framerate"], npt(session["a=range"][0])) == (["20"], (0, 0.15))
        info, _ = viewer.play()
        viewer.media.wait_bye()
        steps = [frame.timestamp - info.rtptime & 0xFFFFFFFF for frame in viewer.media.frames()]
        assert steps == [0, 4500, 9000]


# --- many, and disturbances -------------------------------------------------------------------------------------------


def test_viewers_have_positions_of_their_own(server):
    """Three at different places of one movie: each gets its own frames, whatever the others do."""
    with Viewer(server) as one, Viewer(server) as two, Viewer(server) as three:
        viewers = {one: 0, two: 20, three: 40}
        infos = {viewer: viewer.play(f"npt={first / RATE}-")[0] for viewer, first in viewers.items()}
        two.ask("TEARDOWN")
        for viewer in (one, three):
            viewer.media.wait_bye()
            check_numbers(viewer.media.packets, infos[viewer])
            assert viewer.numbers() == list(range(viewers[viewer], FRAMES))


# What players send to the media ports right after SETUP, to open the way through a NAT
PUNCHES = {
    "lavf, gortsplib": (b"\x80" + bytes(11), bytes.fromhex("80c9000100000000")),
    "live555": (bytes.fromhex("cefaedfe"), bytes.fromhex("cefaedfe")),
    "gstreamer": (bytes(range(55, 255)), b""),
    "aiortsp": (bytes(200), bytes(200)),
    "a receiver report": (b"", bytes.fromhex("81c9000712345678" + "00" * 24)),
    "BYE": (b"", bytes.fromhex("80c9000112345678" + "81cb000112345678")),
    "junk": (b"\xff" * 1400, b"\x80\xc8\xff\xff"),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("player", PUNCHES)
def test_what_players_send_to_the_ports_does_no_harm(server, viewer, player, caplog):
    """Before PLAY and while playing: dropped without a word, and every frame still comes."""
    ports = [int(port) for port in viewer.transport["server_port"].split("-")]

    def punch():
        for sock, port, data in zip((viewer.media.rtp, viewer.media.rtcp), ports, PUNCHES[player], strict=True):
            for _ in range(3):
                sock.sendto(data, ("127.0.0.1", port))

    punch()
    viewer.play("npt=1-")
    punch()
    viewer.media.wait_bye()
    assert viewer.numbers() == list(range(40, 60))
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


def test_a_viewer_that_vanished_disturbs_nobody(server, viewer, caplog):
    """Its ports are closed while it is being sent to: the others see every frame, the log is quiet, and the session
    stays (a firewall may have answered for it)."""
    with Viewer(server) as gone:
        gone.play()
        gone.media.wait_frames(1)
    viewer.play()
    viewer.media.wait_bye()
    assert viewer.numbers() == list(range(FRAMES))
    assert [record for record in caplog.records if record.levelname != "INFO"] == []
    with Talker(server.port) as talker:
        lines = f"GET_PARAMETER {gone.url}/ RTSP/1.0", "CSeq: 5", f"Session: {gone.session}"
        assert talker.ask(*lines).status == 200


def test_the_last_viewers_hear_bye_when_the_server_stops(folder, jpegs):
    """A server that is stopped says goodbye to those who are watching, and to nobody else."""
    with Receiver() as watching, Receiver() as waiting, ExitStack() as stack:
        with serving(folder, fps=RATE) as server:
            talker = stack.enter_context(Talker(server.port))
            for media, method in ((watching, "PLAY"), (waiting, "PAUSE")):
                reply = talker.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport)
                session = f"Session: {reply.headers['session']}"
                assert talker.ask(f"{method} {server.url()} RTSP/1.0", "CSeq: 2", session).status == 200
            watching.wait_frames(3)
        watching.wait_bye()
        watching.settle()
        assert [number(frame.jpeg()) for frame in watching.frames()][:3] == [0, 1, 2]
        assert [one.types for one in watching.controls] == [[200, 202], [200, 202, 203]]
        assert not waiting.controls and not waiting.packets
        assert talker.is_closed()
