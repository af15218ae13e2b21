"""What players are known to send beyond the plain conversation (tests/test_server_standard.py): the other transport,
what they fall back on, how they leave; and what they need in the replies."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests import movies
from tests.inside import Inside
from tests.serving import Receiver, Talker, eventually, npt, parameters, rtp_info, sdp, serving

FRAMES, RATE = 24, 40.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture
def viewer(server):
    with Inside(server.port) as inside:
        yield inside


class Conversation:
    """Numbers the requests of one player, and adds the headers that it sends with each."""

    def __init__(self, viewer, *always, cseq=1):
        self.viewer, self.always, self.cseq = viewer, always, cseq

    def ask(self, method, url, *headers):
        reply = self.viewer.ask(f"{method} {url} RTSP/1.0", f"CSeq: {self.cseq}", *headers, *self.always)
        assert reply.headers["cseq"] == str(self.cseq)
        self.cseq += 1
        return reply


# name: (User-Agent, first CSeq, what PLAY says)
OVER_TCP = {
    "ffmpeg": ("Lavf59.27.100", 1, "Range: npt=0.000-"),
    "mpv": ("libmpv", 1, "Range: npt=0.000-"),
    "GStreamer": ("GStreamer/1.22.0", 1, "Range: npt=0-0.6"),
    "VLC": ("LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28)", 2, "Range: npt=0.000-"),
    "openRTSP": ("openRTSP", 2, "Range: npt=0.000-"),
    "gortsplib": ("gortsplib", 1, "Range: npt=0-"),
}


@pytest.mark.parametrize("player", OVER_TCP)
def test_the_conversation_over_tcp(server, viewer, player):
    """From OPTIONS to TEARDOWN, with a keepalive and a report while it plays; every frame comes."""
    agent, cseq, range_ = OVER_TCP[player]
    player = Conversation(viewer, f"User-Agent: {agent}", cseq=cseq)
    url, base = server.url(), server.url() + "/"
    assert "GET_PARAMETER" in player.ask("OPTIONS", url).headers["public"]
    reply = player.ask("DESCRIBE", url, "Accept: application/sdp")
    track = reply.headers["content-base"] + sdp(reply.body)[1][0]["a=control"][0]
    reply = player.ask("SETUP", track, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    assert parameters(reply.headers["transport"])["interleaved"] == "0-1"
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    (info,) = rtp_info(player.ask("PLAY", base, session, range_).headers["rtp-info"])
    viewer.wait_packets(1)
    viewer.frame(1, bytes.fromhex("80c9000100000000"))
    assert player.ask("GET_PARAMETER", base, session).status == 200
    viewer.wait_bye()
    assert player.ask("TEARDOWN", base, session).status == 200
    assert (viewer.packets[0].sequence, viewer.packets[0].timestamp) == (info.seq, info.rtptime)
    assert [frame.number() for frame in viewer.frames()] == list(range(FRAMES))


# --- what is refused, and what players do then ------------------------------------------------------------------------


@pytest.mark.parametrize(("agent", "refused"), [
    ("Lavf59.27.100", ["RTP/AVP/UDP;multicast"]),
    ("GStreamer/1.22.0", ["RTP/AVP;unicast;client_port=22-23", "RTP/AVP;multicast"]),
    ("LibVLC/3.0.18", ["RTP/AVP;unicast;client_port=22-23"]),
    ("gortsplib", ["RTP/AVP;unicast;client_port=22-23"]),
])  # fmt: skip
def test_refused_transports_are_followed_by_tcp(server, viewer, agent, refused):
    """461 each time, without a session; then another SETUP on the same connection, and the movie."""
    player = Conversation(viewer, f"User-Agent: {agent}")
    before = len(server.sessions)
    for transport in refused:
        reply = player.ask("SETUP", server.url() + "/trackID=0", f"Transport: {transport}")
        assert reply.status == 461 and "session" not in reply.headers
    assert len(server.sessions) == before
    reply = player.ask("SETUP", server.url() + "/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    assert player.ask("PLAY", server.url() + "/", session, "Range: npt=0.000-").status == 200
    viewer.wait_bye()
    assert len(viewer.frames()) == FRAMES


def test_gstreamer_asks_for_version_2_first(server, viewer):
    """505 to its OPTIONS, in version 1.0 and with its number: it asks again in 1.0, on the same connection."""
    agent = "User-Agent: GStreamer/1.22.0"
    more = "Pipelined-Requests: 1", "Accept-Ranges: npt, clock, smpte, clock"
    reply = viewer.ask(f"OPTIONS {server.url()} RTSP/2.0", "CSeq: 1", *more, agent)
    assert (reply.status, reply.headers["cseq"]) == (505, "1") and "connection" not in reply.headers
    assert viewer.ask(f"OPTIONS {server.url()} RTSP/1.0", "CSeq: 2", agent).status == 200


def test_vlc_without_live555_asks_for_a_satellite(server, viewer, media):
    """Its SAT>IP module comes without OPTIONS and DESCRIBE, writes the path in small letters, and wants to play stream
    0 of nothing: 404, again when it leaves; then the session ends by its timeout, and nobody is disturbed."""
    reply = viewer.ask(f"SETUP {server.url('movie.mjpeg')} RTSP/1.0", "CSeq: 1", media.transport)
    assert reply.status == 200
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    for cseq, method in enumerate(("PLAY", "TEARDOWN"), 2):
        assert viewer.ask(f"{method} {server.url('stream=0')} RTSP/1.0", f"CSeq: {cseq}", session).status == 404
    assert viewer.ask(f"OPTIONS {server.url()} RTSP/1.0", "CSeq: 4", session).status == 200
    assert not media.packets


def test_vlc_after_a_refusal(server, viewer, media):
    """TEARDOWN of what it has, then SAT>IP's SETUP, then OPTIONS, all on what it has open."""
    player = Conversation(viewer, "User-Agent: LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28)", cseq=2)
    reply = player.ask("SETUP", server.url() + "/trackID=0", media.transport)
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    assert player.ask("PLAY", server.url() + "/", session, "Range: npt=1000.000-").status == 457
    assert player.ask("TEARDOWN", server.url() + "/", session).status == 200
    assert player.ask("SETUP", server.url("movie.mjpeg"), media.transport).status == 200
    assert player.ask("OPTIONS", server.url()).status == 200


def test_curl_asks_for_the_methods_and_goes(server):
    """`curl -i rtsp://…`, and its connection ends without a TEARDOWN."""
    with Talker(server.port) as curl:
        reply = curl.ask("OPTIONS * RTSP/1.0", "CSeq: 1", "User-Agent: curl/7.88.1")
        assert reply.status == 200 and "DESCRIBE" in reply.headers["public"]


# --- particular habits ------------------------------------------------------------------------------------------------


def test_vlc_s_query_stays_before_the_track(server, viewer, media):
    """`?vlcmulticast` is kept in every URL."""
    url = server.url() + "?vlcmulticast"
    player = Conversation(viewer, cseq=2)
    reply = player.ask("DESCRIBE", url, "Accept: application/sdp")
    assert reply.headers["content-base"] == server.url() + "/"
    reply = player.ask("SETUP", url + "/trackID=0", media.transport)
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    assert player.ask("PLAY", url, session).status == 200
    media.wait_packets(1)
    assert player.ask("TEARDOWN", url + "/", session).status == 200


def test_from_now_on_is_from_the_start_of_a_movie(server, viewer, media):
    """aiortsp asks every server for `npt=now-`."""
    player = Conversation(viewer, "User-Agent: aiortsp/1.4.0")
    reply = player.ask("SETUP", server.url() + "/trackID=0", media.transport)
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    reply = player.ask("PLAY", server.url() + "/", session, "Range: npt=now-", "Scale: 1")
    assert (reply.status, npt(reply.headers["range"])[0]) == (200, 0)
    media.wait_bye()
    assert [frame.number() for frame in media.frames()] == list(range(FRAMES))


def test_openrtsp_plays_a_part_with_its_password_in_each_url(server, viewer, media):
    """`-s 0.1 -d 0.2`, and `user:password@` everywhere."""
    url = server.url().replace("//", "//ann:secret@") + "/"
    player = Conversation(viewer, "User-Agent: openRTSP", cseq=2)
    reply = player.ask("SETUP", url + "trackID=0", media.transport)
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    reply = player.ask("PLAY", url, session, "Range: npt=0.100-0.300")
    assert npt(reply.headers["range"]) == (0.1, 0.3) and "secret" not in str(reply)
    media.wait_bye()
    assert [frame.number() for frame in media.frames()] == list(range(4, 12))
    assert player.ask("TEARDOWN", url, session).status == 200


def test_gstreamer_leaves_with_pause_and_teardown_at_once(server, viewer):
    """Also after the end, where there is nothing to pause: 200 both."""
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    viewer.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", session, "Range: npt=0-0.6")
    viewer.wait_bye()
    for cseq, method in ((3, "PAUSE"), (4, "TEARDOWN")):
        viewer.send(f"{method} {server.url()}/ RTSP/1.0", f"CSeq: {cseq}", session)
    replies = [viewer.reply() for _ in range(2)]
    assert [(one.status, one.headers["cseq"]) for one in replies] == [(200, "3"), (200, "4")]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ffmpeg_leaves_without_reading_the_reply(server, media, transport):
    """TEARDOWN, and the connection is reset: the session is gone, nobody hears of it."""
    with Talker(server.port) as viewer:
        offer = media.transport if transport == "udp" else "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        reply = viewer.ask(f"SETUP {server.url('long.Mjpeg')} RTSP/1.0", "CSeq: 1", offer)
        session = reply.headers["session"].split(";")[0]
        viewer.send(f"PLAY {server.url('long.Mjpeg')}/ RTSP/1.0", "CSeq: 2", f"Session: {session}")
        viewer.send(f"TEARDOWN {server.url('long.Mjpeg')}/ RTSP/1.0", "CSeq: 3", f"Session: {session}")
        viewer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        eventually(lambda: session not in [one.id for one in server.sessions.all()], "the session's end")


# --- the connection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Connection: close", "connection: Keep-Alive, Close"])
def test_the_last_request_is_answered_and_then_it_is_over(server, header):
    """RFC 2326 §12.10: what was sent behind it is not answered. A session over UDP goes on without its connection."""
    with ExitStack() as stack:
        media = stack.enter_context(Receiver())
        viewer, other = (stack.enter_context(Talker(server.port)) for _ in range(2))
        reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        viewer.raw(f"PLAY {server.url()} RTSP/1.0\r\nCSeq: 2\r\n{session}\r\n{header}\r\n\r\n".encode()
                   + b"OPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n")  # fmt: skip
        reply = viewer.reply()
        assert (reply.status, reply.headers["cseq"], reply.headers["connection"]) == (200, "2", "close")
        assert viewer.is_closed()
        media.wait_bye()
        assert len(media.frames()) == FRAMES
        assert other.ask(f"TEARDOWN {server.url()} RTSP/1.0", "CSeq: 1", session).status == 200


def test_a_refused_request_may_be_the_last_one_too(server):
    with Talker(server.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {server.url('missing')} RTSP/1.0", "CSeq: 1", "Connection: close")
        assert (reply.status, reply.headers["connection"]) == (404, "close") and viewer.is_closed()


BODIES = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "DANCE", "TEARDOWN")


def test_a_body_may_come_with_any_request_and_is_passed_over(server, viewer):
    """Pipelined, in any spelling of its length, and with headers that nobody knows: the replies come in their order."""
    reply = viewer.ask(f"SETUP {server.url('long.Mjpeg')} RTSP/1.0", "CSeq: 1",
                       "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")  # fmt: skip
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    for cseq, method in enumerate(BODIES, 10):
        viewer.raw("\r\n".join((
            f"{method} {server.url('long.Mjpeg')} RTSP/1.0", f"cseq:{cseq}", session, "CONTENT-LENGTH : 21",
            "Content-Type: text/plain", "Transport: RTP/AVP/TCP;interleaved=0-1", "Bandwidth: 4000", "Blocksize: 1400",
            "X-Unknown: a", "", "PLAY * RTSP/1.0\r\n\r\n$\0",
        )).encode())  # fmt: skip
    replies = [viewer.reply() for _ in BODIES]
    assert [one.headers["cseq"] for one in replies] == [str(10 + n) for n in range(len(BODIES))]
    assert [one.status for one in replies] == [200, 200, 200, 200, 200, 501, 200]


def test_a_timestamp_comes_back(viewer):
    """RFC 2326 §12.38."""
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 1", "Timestamp: 1763.25").headers["timestamp"] == "1763.25"


# --- Transport --------------------------------------------------------------------------------------------------------


def test_several_transport_headers_are_one_list(server, viewer):
    """In their order (RFC 2326 §4.2, §12.39)."""
    offers = "RTP/SAVP;unicast;client_port=5000-5001,RTP/AVP;multicast", "RTP/AVP/TCP;interleaved=6-7,RTP/AVP/TCP"
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", *(f"Transport: {one}" for one in offers))
    assert parameters(reply.headers["transport"])["interleaved"] == "6-7"


MORE = ('MODE="PLAY"', "Mode=play", 'mode="PLAY,RECORD"', "ttl=127;port=5000-5001;layers=2;append", "destination",
        'destination="127.0.0.1"', "server_port=7000-7001", "x;y=1;;")  # fmt: skip
PORTS = "client_port={a}-{b}", 'CLIENT_PORT="{a}-{b}"', "client_port={a}", "client_port = {a} - {b}"


@pytest.mark.parametrize(("ports", "more"), [*zip(PORTS * 2, MORE, strict=True)])
def test_a_transport_may_be_written_in_many_ways(server, viewer, media, more, ports):
    """One option comes back, and the media go to both ports."""
    ports = ports.format(a=media.port, b=media.port + 1)
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", f"Transport: rtp/avp/udp;Unicast;{more};{ports}")
    found = parameters(reply.headers["transport"])
    assert found["client_port"] == f"{media.port}-{media.port + 1}" and "," not in reply.headers["transport"]
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session, "Range: npt=0.5-")
    media.wait_bye()
    assert media.frames()[0].number() == 20


def test_the_source_that_a_client_asks_for_is_used(server, viewer, media):
    """RFC 2326 §12.39: `ssrc` in a request is what should be used."""
    reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport + ";ssrc=DEADBEEF")
    assert parameters(reply.headers["transport"])["ssrc"] == "DEADBEEF"
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session, "Range: npt=0.5-")
    media.wait_bye()
    assert {one.ssrc for one in media.packets} == {0xDEADBEEF}


# --- URLs -------------------------------------------------------------------------------------------------------------

URLS = {
    "another machine's name": "rtsp://lab.example/movie.Mjpeg",
    "another port": "rtsp://127.0.0.1:8554/movie.Mjpeg/",
    "IPv6": "rtsp://[::1]:6789/movie.Mjpeg/",
    "capitals": "RTSP://LOCALHOST/movie.Mjpeg",
    "another scheme": "rtspu://localhost/movie.Mjpeg",
    "a query behind the track": "rtsp://h/movie.Mjpeg/trackID=0?token=1",
    "a query with a slash": "rtsp://h/movie.Mjpeg/?from=a/b",
    "a percent sign too few": "rtsp://h/movie%2EMjpeg/streamid=0",
}


@pytest.mark.parametrize("name", URLS)
def test_a_url_may_be_written_in_many_ways(viewer, media, name):
    """What stands before the path is the client's business: tunnels, names, other ports."""
    reply = viewer.ask(f"SETUP {URLS[name]} RTSP/1.0", "CSeq: 1", media.transport)
    assert reply.status == 200
    session = f"Session: {reply.headers['session'].split(';')[0]}"
    assert viewer.ask(f"PLAY {URLS[name]} RTSP/1.0", "CSeq: 2", session).status == 200
    assert viewer.ask(f"TEARDOWN {URLS[name]} RTSP/1.0", "CSeq: 3", session).status == 200


def test_the_server_as_a_whole_can_be_pinged(viewer):
    """`*` is a target of OPTIONS and GET_PARAMETER alone (405: tests/test_server_status.py)."""
    for method in ("OPTIONS", "GET_PARAMETER"):
        assert viewer.ask(f"{method} * RTSP/1.0", "CSeq: 1").status == 200


# --- what they need in replies ----------------------------------------------------------------------------------------


def test_replies_have_what_players_need(server, viewer, media):
    """Without OPTIONS ffmpeg gives up, without GET_PARAMETER in Public it pings with OPTIONS; seeking needs Range and
    RTP-Info; firewalls need server_port; a range in the SDP is what makes players seek. Never a 1xx."""
    player = Conversation(viewer, "User-Agent: all of them")
    reply = player.ask("OPTIONS", server.url())
    assert reply.status == 200 and {"GET_PARAMETER", "PAUSE"} <= set(reply.headers["public"].split(", "))
    session, (video,) = sdp(player.ask("DESCRIBE", server.url()).body)
    assert "a=range" in session and "c" in session and "a=rtpmap" in video and "a=framerate" in video
    reply = player.ask("SETUP", server.url() + "/trackID=0", media.transport)
    assert reply.headers["session"].endswith(";timeout=60")
    assert {"server_port", "ssrc", "client_port", "unicast"} <= set(parameters(reply.headers["transport"]))
    identifier = f"Session: {reply.headers['session'].split(';')[0]}"
    reply = player.ask("PLAY", server.url() + "/", identifier, "Range: npt=0.2-")
    assert npt(reply.headers["range"]) == (0.2, FRAMES / RATE)
    (info,) = rtp_info(reply.headers["rtp-info"])
    media.wait_bye()
    assert (media.packets[0].sequence, media.packets[0].timestamp) == (info.seq, info.rtptime)
    assert {"date", "server", "session"} <= set(reply.headers)
