"""Media inside the RTSP connection: what the viewer gets, what it may say, and what a slow one does to the others."""

from __future__ import annotations

import socket
import time

import pytest

from rtsp import limits
from tests import movies
from tests.inside import Inside
from tests.serving import Receiver, Talker, eventually, parameters, rtp_info, scan_of, serving

FRAMES, RATE = 40, 40.0
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved="


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("movies")


@pytest.fixture(scope="module")
def jpegs(folder):
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0)] * 4000))
    return movies.lab_movie(folder / "movie.Mjpeg", FRAMES)


@pytest.fixture(scope="module")
def server(folder, jpegs):
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture
def viewer(server):
    with Inside(server.port) as inside:
        yield inside


def set_up(server, viewer, transport=TCP + "0-1", name="movie.Mjpeg", *headers):
    """SETUP; the Transport of the reply, and the Session header of what follows."""
    reply = viewer.ask(f"SETUP {server.url(name)}/trackID=0 RTSP/1.0", "CSeq: 1", transport, *headers)
    assert reply.status == 200
    return parameters(reply.headers["transport"]), "Session: " + reply.headers["session"].split(";")[0]


def ask(server, viewer, method, session, *headers, name="movie.Mjpeg"):
    return viewer.ask(f"{method} {server.url(name)}/ RTSP/1.0", "CSeq: 2", session, *headers)


def sessions(server, session):
    return [one for one in server.sessions.all() if one.id == session.split()[1]]


# --- SETUP ------------------------------------------------------------------------------------------------------------


def test_the_reply_names_the_channels_and_the_source(server, viewer):
    """As players read it: no ports in it."""
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", TCP + "0-1")
    text, _, ssrc = reply.headers["transport"].partition(";ssrc=")
    assert text == "RTP/AVP/TCP;unicast;interleaved=0-1" and len(ssrc) == 8 and int(ssrc, 16) >= 0


def test_without_numbers_the_next_free_pair_is_given(server, viewer):
    """And one that is taken on this connection is replaced by another."""
    granted = [set_up(server, viewer, transport)[0]["interleaved"]
               for transport in ("Transport: RTP/AVP/TCP", TCP + "0-1", TCP + "1-2", TCP + "7-9", TCP + "8")]
    assert granted == ["0-1", "2-3", "4-5", "7-9", "10-11"]
    with Inside(server.port) as other:
        assert set_up(server, other)[0]["interleaved"] == "0-1"


def test_a_stream_that_is_set_up_again_may_keep_its_channels(server, viewer):
    _, session = set_up(server, viewer, TCP + "4-5")
    assert set_up(server, viewer, TCP + "4-5", "movie.Mjpeg", session)[0]["interleaved"] == "4-5"


@pytest.mark.parametrize(("offers", "granted"), [
    ("RTP/AVP/TCP;unicast;interleaved=2-3,RTP/AVP;unicast;{udp}", "interleaved"),
    ("RTP/AVP;unicast;{udp},RTP/AVP/TCP;unicast;interleaved=2-3", "client_port"),
    ("RTP/AVP;multicast, RTP/SAVP/TCP;interleaved=0-1, rtp/avp/tcp;UNICAST;Interleaved=2-3", "interleaved"),
    ("RTP/AVP;unicast;client_port=22-23,RTP/AVP/TCP;unicast", "interleaved"),
])  # fmt: skip
def test_the_first_alternative_that_can_be_served_is_taken(server, viewer, offers, granted):
    """RFC 2326 §12.39."""
    with Receiver() as media:
        udp = media.transport.rpartition(";")[2]
        transport, _ = set_up(server, viewer, "Transport: " + offers.format(udp=udp))
    assert granted in transport and transport["unicast"] == ""


def test_more_streams_than_numbers_are_refused(server):
    """503, and the connection goes on."""
    with Inside(server.port) as viewer:
        for n in range(128):
            assert set_up(server, viewer, f"{TCP}{2 * n}-{2 * n + 1}")
        reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", TCP + "0-1")
        assert reply.status == 503
        assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 3").status == 200


# --- the media --------------------------------------------------------------------------------------------------------


def test_the_whole_movie(server, viewer, jpegs):
    """Every frame, bit by bit, from the packet that RTP-Info names; then BYE on the RTCP channel, and TEARDOWN gets its
    200. Nothing on other channels."""
    transport, session = set_up(server, viewer, TCP + "0-1")
    reply = ask(server, viewer, "PLAY", session, "Range: npt=0.000-")
    (info,) = rtp_info(reply.headers["rtp-info"])
    viewer.wait_bye()
    packets = viewer.packets
    assert (packets[0].sequence, packets[0].timestamp) == (info.seq, info.rtptime)
    assert [one.sequence for one in packets] == [(info.seq + n) & 0xFFFF for n in range(len(packets))]
    assert {one.ssrc for one in packets} == {int(transport["ssrc"], 16)}
    assert [frame.scan() for frame in viewer.frames()] == [scan_of(jpeg) for jpeg in jpegs]
    assert [frame.number() for frame in viewer.frames()] == list(range(FRAMES))
    assert viewer.controls[-1].types == [200, 202, 203] and not viewer.others
    assert ask(server, viewer, "TEARDOWN", session).status == 200
    assert not sessions(server, session)


def test_the_movie_takes_its_time(server, viewer):
    _, session = set_up(server, viewer)
    ask(server, viewer, "PLAY", session)
    viewer.wait_bye()
    arrived = [frame.last.arrived for frame in viewer.frames()]
    assert arrived[-1] - arrived[0] == pytest.approx((FRAMES - 1) / RATE, abs=0.2)


def test_replies_stand_between_whole_frames(server, viewer):
    """Whatever is asked while media flow, some of it at once: each reply is whole, in order, and so is each packet."""
    _, session = set_up(server, viewer, TCP + "0-1", "long.Mjpeg")
    ask(server, viewer, "PLAY", session, name="long.Mjpeg")
    for round_ in range(20):
        for cseq in range(10):
            viewer.send(f"GET_PARAMETER {server.url('long.Mjpeg')}/ RTSP/1.0", f"CSeq: {cseq}", session)
        for cseq in range(10):
            reply = viewer.reply()
            assert (reply.status, reply.headers["cseq"]) == (200, str(cseq))
        viewer.wait_packets((round_ + 1) * 16)
    assert [one.sequence for one in viewer.packets] == [
        (viewer.packets[0].sequence + n) & 0xFFFF for n in range(len(viewer.packets))]


def test_pause_and_resume_lose_nothing(server, viewer):
    """After the reply to PAUSE nothing comes; PLAY goes on with the next frame and the next number."""
    _, session = set_up(server, viewer)
    ask(server, viewer, "PLAY", session)
    viewer.wait_packets(20)
    assert ask(server, viewer, "PAUSE", session).status == 200
    count = len(viewer.packets)
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 5").status == 200 and len(viewer.packets) == count
    (info,) = rtp_info(ask(server, viewer, "PLAY", session).headers["rtp-info"])
    viewer.wait_bye()
    assert (viewer.packets[count].sequence, viewer.packets[count].timestamp) == (info.seq, info.rtptime)
    assert [frame.number() for frame in viewer.frames()] == list(range(FRAMES))


def test_two_sessions_in_one_connection(server, viewer):
    """Each on its own channels."""
    for transport in (TCP + "4-5", TCP + "0-1"):
        _, session = set_up(server, viewer, transport)
        ask(server, viewer, "PLAY", session)
    viewer.wait_bye()
    assert [frame.number() for frame in viewer.frames()] == list(range(FRAMES))
    assert {number for number, _ in viewer.others} == {4, 5}


# --- how long it lives ------------------------------------------------------------------------------------------------


def test_it_ends_with_its_connection(server, viewer):
    """The session is gone, from other connections, too."""
    _, session = set_up(server, viewer, TCP + "0-1", "long.Mjpeg")
    ask(server, viewer, "PLAY", session, name="long.Mjpeg")
    viewer.close()
    eventually(lambda: not sessions(server, session), "the session's end")
    with Talker(server.port) as other:
        assert ask(server, other, "TEARDOWN", session).status == 454


def test_a_session_that_left_the_connection_lives_on(server, viewer):
    """Set up again over UDP, it is like any other of that kind."""
    with Receiver() as media, Talker(server.port) as other:
        _, session = set_up(server, viewer)
        set_up(server, viewer, media.transport, "movie.Mjpeg", session)
        viewer.close()
        eventually(lambda: len([one for one in server.workers if one.is_alive()]) < 3, "the connection's end")
        assert ask(server, other, "PLAY", session).status == 200
        media.wait_packets(1)
        assert ask(server, other, "TEARDOWN", session).status == 200


def test_silence_does_not_end_it_while_the_connection_lives(server, viewer):
    """GStreamer asks nothing over TCP while media flow, and ffmpeg sends no RTCP."""
    _, session = set_up(server, viewer)
    (inside,) = sessions(server, session)
    inside.clock = lambda: time.monotonic() + 10**6
    server.sessions.expire()
    assert sessions(server, session) == [inside]
    assert ask(server, viewer, "PLAY", session).status == 200


@pytest.mark.parametrize("channel", [0, 1])
def test_any_frame_is_a_sign_of_life(server, viewer, channel):
    """Reports, or bytes without any sense; on channels that nobody has set up they are dropped."""
    _, session = set_up(server, viewer)
    (inside,) = sessions(server, session)
    inside.lastHeard = 0.0
    viewer.frame(9, b"nobody listens there")
    viewer.frame(255, b"")
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 2").status == 200 and inside.lastHeard == 0.0
    viewer.frame(channel, b"\x80\xc9\x00\x01\x00\x00\x00\x00")
    viewer.frame(channel, b"junk")
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 3").status == 200 and inside.lastHeard > 0.0


def test_a_server_that_stops_says_goodbye(folder, jpegs):
    with serving(folder, fps=RATE) as server:
        viewer = Inside(server.port)
        _, session = set_up(server, viewer, TCP + "0-1", "long.Mjpeg")
        ask(server, viewer, "PLAY", session, name="long.Mjpeg")
        viewer.wait_packets(1)
    with viewer:
        viewer.wait_bye()


# --- slow viewers -----------------------------------------------------------------------------------------------------


class Stuck(Inside):
    """Reads nothing until it is told to, and has little room."""

    def __init__(self, server):
        super().__init__(server.port)
        self.socket.close()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", server.port))


@pytest.fixture
def stuck(server, monkeypatch):
    """(a viewer that plays and reads nothing any more, its Session header, its stream in the server)."""
    monkeypatch.setattr("net.interleaved.SEND_BUFFER", 20_000)
    with Stuck(server) as viewer:
        _, session = set_up(server, viewer, TCP + "0-1", "long.Mjpeg")
        (inside,) = sessions(server, session)
        ask(server, viewer, "PLAY", session, name="long.Mjpeg")
        eventually(lambda: inside.streams[0].dropped > 3, "dropped frames")
        yield viewer, session, inside.streams[0]


def test_frames_that_do_not_fit_are_dropped_whole_and_unnumbered(server, stuck):
    """When the viewer reads again: whole frames, no gap in the numbers, a gap in the timestamps; replies come."""
    viewer, session, stream = stuck
    assert ask(server, viewer, "GET_PARAMETER", session, name="long.Mjpeg").status == 200
    count = len(viewer.packets)
    viewer.wait_packets(count + 40)
    packets = viewer.packets
    assert [one.sequence for one in packets] == [(packets[0].sequence + n) & 0xFFFF for n in range(len(packets))]
    frames = viewer.frames()
    assert {frame.number() for frame in frames} == {0}          # each can be decoded
    steps = [(b.timestamp - a.timestamp) % 2**32 * RATE / 90_000 for a, b in zip(frames, frames[1:], strict=False)]
    assert max(steps) > 3 and all(step == int(step) >= 1 for step in steps)
    assert ask(server, viewer, "TEARDOWN", session, name="long.Mjpeg").status == 200


def test_nobody_else_waits(server, stuck):
    """A second viewer gets every frame, on time."""
    second = Inside(server.port)
    with second:
        _, session = set_up(server, second)
        ask(server, second, "PLAY", session)
        second.wait_bye()
        frames = second.frames()
        assert [frame.number() for frame in frames] == list(range(FRAMES))
        late = [frame.last.arrived - frames[0].last.arrived - k / RATE for k, frame in enumerate(frames)]
        assert sorted(late)[len(late) // 2] < 0.02 and max(late) < 0.5
    assert stuck[2].dropped > 20


def test_who_reads_nothing_for_too_long_is_hung_up_on(server, stuck, monkeypatch):
    """And the session ends."""
    monkeypatch.setattr(limits, "STALLED_WRITE", 0.2)
    eventually(lambda: not sessions(server, stuck[1]), "the session's end")
