"""The proxy between our server and our player, and scripted ones: what is passed on, what is rewritten, what is fetched
once for all."""

from __future__ import annotations

import os
import struct
import threading
from urllib.parse import quote

import pytest

from media.source import Presentation
from Player import Player
from rtp.interval import Interval
from rtsp import limits
from rtsp.states import State
from tests import movies
from tests.proxying import Live, in_order, proxying, watch
from tests.serving import Receiver, Talker, eventually, number, rtp_info, sdp, serving
from tools import status

FRAMES = 30
ODD = "what? 100%3F #1.Mjpeg"       # one that Windows does not allow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "films").mkdir()
    if os.name != "nt":
        movies.lab_movie(folder / ODD, 3)
    movies.lab_movie(folder / "films" / "two words.Mjpeg", 2)
    return folder


@pytest.fixture(scope="module")
def origin(folder):
    with serving(folder, fps=25.0) as server, Live() as live:
        server.library.add("live", live.presentation)
        yield server


@pytest.fixture
def proxy(origin):
    with proxying(origin.url("")) as proxy:
        yield proxy


# --- seekable: one upstream session a viewer --------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("wanted", ["auto", "udp", "tcp"])
def test_a_movie_comes_through_whole(origin, transport, wanted):
    """Every frame, whatever the two ways are."""
    with proxying(origin.url(""), wanted=wanted) as proxy:
        shown, statistics = watch(proxy.url(), transport=transport)
    assert shown == list(range(FRAMES)) and statistics["lost"] == 0 and statistics["transport"] == transport
    eventually(lambda: not origin.sessions.all(), "TEARDOWN at the origin")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_every_name_comes_through(proxy, origin):
    """As from the server itself: a question mark in a name is no query."""
    for server in (origin, proxy):
        assert watch(server.url(quote(ODD)), transport="tcp")[0] == [0, 1, 2]
    with Talker(proxy.port) as viewer:
        listed = viewer.ask(f"DESCRIBE {proxy.url('')} RTSP/1.0", "CSeq: 1", "Accept: text/uri-list")
        assert proxy.url(quote(ODD)) in listed.body.decode().split()


def test_pausing_and_seeking_are_the_origin_s(proxy, origin):
    """The position is there after PAUSE, and a jump leads where it says."""
    player = Player(proxy.url(), transport="tcp")
    try:
        player.setup()
        assert player.duration == pytest.approx(FRAMES / 25)
        player.play(0.4)
        assert player.position == pytest.approx(0.4, abs=0.01)
        player.pause()
        assert [session.state for session in origin.sessions.all()] == [State.READY]
        player.play(0.8, 0.5)
        assert player.scale == 0.5
        assert [session.state for session in origin.sessions.all()] == [State.PLAYING]
    finally:
        player.leave()


def test_two_viewers_of_a_movie_have_their_own_places(proxy, origin):
    with Talker(proxy.port) as one, Talker(proxy.port) as other, Receiver() as media:
        for viewer in (one, other):
            viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", media.transport)
        assert len(origin.sessions.all()) == 2
        one.close()
        other.ask(f"OPTIONS {proxy.url()} RTSP/1.0", "CSeq: 2")


def test_places_are_named_as_the_viewer_names_them(proxy, origin):
    """Content-Base, the controls, RTP-Info; the session is ours, the SSRC that of the packets, sequence and timestamp
    those of the first one."""
    with Talker(proxy.port) as viewer, Receiver() as media:
        reply = viewer.ask(f"DESCRIBE {proxy.url('films/two%20words.Mjpeg')} RTSP/1.0", "CSeq: 1")
        base = proxy.url("films/two%20words.Mjpeg/")
        common, (stream,) = sdp(reply.body)
        assert reply.headers["content-base"] == base and str(origin.port) not in str(reply)
        assert common["a=control"] == ["*"] and stream["a=control"] == ["trackID=0"]
        reply = viewer.ask(f"SETUP {base}trackID=0 RTSP/1.0", "CSeq: 2", media.transport)
        session = reply.headers["session"].split(";")[0]
        (upstream,) = origin.sessions.all()
        assert upstream.id != session and proxy.sessions.find(session, next(iter(proxy.workers.values())))
        reply = viewer.ask(f"PLAY {base} RTSP/1.0", "CSeq: 3", f"Session: {session}", "Range: npt=0.04-")
        (info,) = rtp_info(reply.headers["rtp-info"])
        media.wait(lambda media: media.packets, "RTP")
        first = media.packets[0]
        assert info.url == f"{base}trackID=0" and (info.seq, info.rtptime) == (first.sequence, first.timestamp)
        assert first.ssrc == upstream.streams[0].ssrc and reply.headers["session"] == session
        assert viewer.ask(f"TEARDOWN {base} RTSP/1.0", "CSeq: 4", f"Session: {session}").status == 200
        assert not origin.sessions.all() and not proxy.sessions.all()
        assert viewer.ask(f"PLAY {base} RTSP/1.0", "CSeq: 5", f"Session: {session}").status == 454


def test_what_a_viewer_reports_is_heard_by_the_origin(proxy, origin):
    """Over UDP on one side and TCP on the other."""
    player = Player(proxy.url(), transport="tcp")
    try:
        player.setup()
        player.play()
        (session,) = origin.sessions.all()
        eventually(lambda: player.dueFrames(), "a frame")
        player.stream.sayBye()
        eventually(lambda: session.streams[0].report, "a report")
    finally:
        player.leave()


def test_errors_come_through(proxy):
    """With their status and what the origin says of them."""
    with Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url('missing.Mjpeg')} RTSP/1.0", "CSeq: 1")
        assert reply.status == 404 and b"missing" in reply.body and "rtsplab-" in reply.headers["via"]
        assert viewer.ask(f"SETUP {proxy.url('missing.Mjpeg')} RTSP/1.0", "CSeq: 2", "Transport: RTP/AVP").status == 404
        setup = f"SETUP {proxy.url()}/trackID=3 RTSP/1.0", "CSeq: 3", "Transport: RTP/AVP;client_port=5000-5001"
        assert viewer.ask(*setup).status == 404


def test_a_list_names_our_urls(proxy):
    with Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url('')} RTSP/1.0", "CSeq: 1", "Accept: text/uri-list")
    assert proxy.url("films/two%20words.Mjpeg").encode() in reply.body


def test_a_closed_connection_ends_the_session_at_the_origin(proxy, origin):
    """Media inside it have nowhere to go."""
    with Talker(proxy.port) as viewer:
        viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", "Transport: RTP/AVP/TCP;interleaved=0-1")
        assert len(origin.sessions.all()) == 1
    eventually(lambda: not origin.sessions.all(), "TEARDOWN")


def test_two_streams_in_one_session(proxy, origin):
    """Each with its own channels, on both sides; RTP-Info names both, each with the number of its first packet."""
    movie = origin.library.find("movie.Mjpeg").sources[0]
    origin.library.add("twins", Presentation("twins", (movie, movie)))
    with Talker(proxy.port) as viewer, Receiver() as one, Receiver() as other:
        base, session = proxy.url("twins/"), "CSeq: 1"
        for number, media in enumerate((one, other)):
            reply = viewer.ask(f"SETUP {base}trackID={number} RTSP/1.0", "CSeq: 1", media.transport, session)
            session = f"Session: {reply.headers['session'].split(';')[0]}"
        assert viewer.ask(f"SETUP {base} RTSP/1.0", "CSeq: 2", one.transport).status == 459
        reply = viewer.ask(f"PLAY {base} RTSP/1.0", "CSeq: 3", session)
        infos = rtp_info(reply.headers["rtp-info"])
        for number, media in enumerate((one, other)):
            media.wait(lambda media: media.packets, "RTP")
            assert infos[number].url == f"{base}trackID={number}"
            assert infos[number].seq == media.packets[0].sequence
        assert [len(session.streams) for session in origin.sessions.all()] == [2]


# --- live: one upstream session for all -------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["udp", "tcp"])
def test_many_watch_one_upstream_session(origin, wanted):
    """Fifty, over UDP and TCP, while the origin has one viewer; then it has none."""
    with proxying(origin.url(""), wanted=wanted) as proxy:
        found: list[list[int]] = []

        def one(transport):
            found.append(watch(proxy.url("live"), 5, transport=transport)[0])

        threads = [threading.Thread(target=one, args=(("udp", "tcp")[n % 2],), name=f"viewer {n}") for n in range(50)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(proxy.sessions.all()) > 20 or len(found) == 50, "viewers")
        assert len(origin.sessions.all()) == 1
        for thread in threads:
            thread.join()
        assert len(found) == 50 and all(len(shown) >= 5 and in_order(shown) for shown in found)
        proxy.origins.expire([])
        for live in proxy.origins.all():
            live.used -= 100
        proxy.origins.expire([])
        eventually(lambda: not origin.sessions.all(), "TEARDOWN")


def test_reports_go_both_ways(origin):
    """The origin hears how its packets arrive at the proxy; a viewer hears which of his timestamps is now."""
    with proxying(origin.url("")) as proxy, Talker(proxy.port) as viewer, Receiver() as media:
        reply = viewer.ask(f"SETUP {proxy.url('live')} RTSP/1.0", "CSeq: 1", media.transport)
        session = reply.headers["session"].split(";")[0]
        viewer.ask(f"PLAY {proxy.url('live')} RTSP/1.0", "CSeq: 2", f"Session: {session}")
        media.wait(lambda media: media.packets, "RTP")
        (live,), (session,) = proxy.origins.all(), origin.sessions.all()
        live.inlets[0].interval = Interval(lambda: 0.5, live.inlets[0].clock(), at_once=True)
        eventually(lambda: session.streams[0].report, "a report to the origin")
        assert session.streams[0].report.lost == 0
        media.wait(lambda media: media.controls, "a report to the viewer")
        (kind, _, report), first = media.controls[0].packets[0], media.packets[0]
        ssrc, _, _, rtptime = struct.unpack_from("!IIII", report)
        assert kind == 200
        assert ssrc == first.ssrc and abs((rtptime - first.timestamp + 2**31) % 2**32 - 2**31) < 90_000


def test_a_client_of_the_classic_lab_watches_live(proxy):
    """Three lines, one whole JPEG a datagram; a movie cannot be passed on in that dialect."""
    with Talker(proxy.port) as viewer, Receiver() as media:
        port = media.transport.partition("client_port=")[2].partition("-")[0]
        for name, status in (("movie.Mjpeg", b"501"), ("live", b"200")):
            viewer.raw(f"SETUP {name} RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {port}\n\n".encode())
            assert viewer.socket.recv(1024).split()[1] == status
        viewer.raw(b"PLAY live RTSP/1.0\nCSeq: 2\nSession: 0\n\n")
        media.wait(lambda media: media.packets, "RTP")
    assert media.packets[0].payload.startswith(b"\xff\xd8")


def test_its_viewers_are_seen_and_can_be_sent_elsewhere(proxy, origin, capsys, monkeypatch):
    """By `python -m tools.status`, like those of the server: here to the origin itself."""
    monkeypatch.setattr(limits, "BODY", limits.BODY)
    monkeypatch.setattr(status, "BETWEEN", 0.05)
    player, shown = Player(proxy.url()), []
    try:
        player.setup()
        player.play()
        assert status.main([proxy.url("")]) == 0
        assert "127.0.0.1  movie.Mjpeg  Playing  udp" in capsys.readouterr().out
        assert status.main([proxy.url(""), "--redirect", origin.url("")]) == 0
        while player.state is State.PLAYING:
            shown += [number(frame.jpeg) for frame in player.dueFrames()]
            if chore := player.chore:
                chore()
            player.wait(0.02)
    finally:
        player.leave()
    assert shown == list(range(FRAMES)) and player.client.url == origin.url()
