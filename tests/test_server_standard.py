"""The conversation with a standard client, over a socket, byte for byte as RFC 2326 has it and as players write it."""

from __future__ import annotations

import re
import socket
import time
from email.utils import parsedate_to_datetime

import pytest

from tests import movies
from tests.serving import Receiver, Talker, eventually, npt, parameters, rtp_info, sdp, serving

FRAMES, RATE = 24, 40.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    (folder / "lessons").mkdir()
    movies.lab_movie(folder / "lessons" / "Übung 1.mjpeg", 2)
    with serving(folder, fps=RATE) as running:
        yield running


def set_up(server, viewer, media, name="movie.Mjpeg"):
    """SETUP; the reply's headers and the session's id."""
    status, headers, _ = viewer.ask(f"SETUP {server.url(name)}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)
    assert status == 200
    return headers, headers["session"].split(";")[0]


# --- whole conversations, as players lead them ------------------------------------------------------------------------

LAVF = "User-Agent: Lavf59.27.100"
GSTREAMER = """User-Agent: GStreamer/1.22.0
Date: Thu, 19 Jun 2025 10:00:00 GMT"""
# Only its OPTIONS: a second User-Agent, and headers of RealNetworks' players
REALMEDIA = """ClientChallenge: 9e26d33f2984236010ef6253fb1887f7
PlayerStarttime: [28/03/2003:22:50:23 00:00]
CompanyID: KnKV4M4I/B2FjJ1TToLycw==
GUID: 00000000-0000-0000-0000-000000000000
User-Agent: RealMedia Player Version 6.0.9.1235 (linux-2.0-libc6-i386-gcc2.95)"""
LIVE555 = "User-Agent: LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28)"

# name: its headers with each request, those with OPTIONS, the first CSeq, Transport, what PLAY says
PLAYERS = {
    "ffmpeg": (LAVF, "", 1, "RTP/AVP/UDP;unicast;client_port={a}-{b}", "Range: npt=0.000-"),
    "gstreamer": (GSTREAMER, REALMEDIA, 1, "RTP/AVP;unicast;client_port={a}-{b}", "Range: npt=0-0.6"),
    "vlc": (LIVE555, "", 2, "RTP/AVP;unicast;client_port={a}-{b}", "Range: npt=0.000-"),
    "openRTSP": ("User-Agent: openRTSP", "", 2, "RTP/AVP;unicast;client_port={a}-{b}", "Range: npt=0.000-0.600"),
    "aiortsp": (
        "User-Agent: aiortsp/1.4.0", "", 1, "RTP/AVP;unicast;client_port={a}-{b}", "Range: npt=now-\nScale: 1",
    ),
    "gortsplib": ("User-Agent: gortsplib", "", 1, "RTP/AVP;unicast;client_port={a}-{b}", "Range: npt=0-"),
}  # fmt: skip


@pytest.mark.parametrize("player", PLAYERS)
def test_the_conversation_of_a_player(server, viewer, media, player):
    """OPTIONS, DESCRIBE, SETUP, PLAY, keepalive and TEARDOWN as this player sends them: each is granted, each reply
    carries the CSeq of its request, and the first frame to the last one come."""
    always, with_options, cseq, transport, range_ = PLAYERS[player]
    url = server.url()

    def ask(method, target, *headers):
        nonlocal cseq
        lines = [f"{method} {target} RTSP/1.0", f"CSeq: {cseq}", *headers, always]
        status, replied, body = viewer.ask(*(line for line in lines if line))
        assert (status, replied["cseq"]) == (200, str(cseq))
        cseq += 1
        return replied, body

    ask("OPTIONS", url, with_options)
    headers, body = ask("DESCRIBE", url, "Accept: application/sdp")
    track = headers["content-base"] + sdp(body)[1][0]["a=control"][0]
    headers, _ = ask("SETUP", track, "Transport: " + transport.format(a=media.port, b=media.port + 1))
    session = f"Session: {headers['session'].split(';')[0]}"
    base = url + "/"
    headers, _ = ask("PLAY", base, session, range_)
    media.wait_packets(1)
    ask("GET_PARAMETER", base, session)
    ask("OPTIONS", base, session)
    media.wait_bye()
    ask("TEARDOWN", base, session)
    (info,) = rtp_info(headers["rtp-info"])
    assert (info.seq, info.rtptime) == (media.packets[0].sequence, media.packets[0].timestamp)
    assert [frame.number() for frame in media.frames()] == list(range(FRAMES))


def test_cseq_is_given_back_as_it_came(viewer):
    """A CSeq may repeat, go back, and start anywhere (RFC 2326 §12.17)."""
    for cseq in ("0", "7", "7", "3", "4294967295"):
        assert viewer.ask("OPTIONS * RTSP/1.0", f"CSeq: {cseq}").headers["cseq"] == cseq


def test_options_lists_the_methods(server, viewer):
    """Public names what can be asked for; with GET_PARAMETER in it players use that to keep a session alive."""
    for target in ("*", server.url(), server.url(""), server.url("missing")):
        status, headers, _ = viewer.ask(f"OPTIONS {target} RTSP/1.0", "CSeq: 1")
        assert status == 200
        methods = {"OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER"}
        methods |= {"SET_PARAMETER"}
        methods |= {"ANNOUNCE", "RECORD"}  # without them GStreamer's publisher waits for ever
        assert set(headers["public"].split(", ")) == methods


def test_every_reply_says_who_and_when(server, viewer):
    """Server and Date, also with an error (RFC 2326 §12.18, §12.36)."""
    for lines, status in (("OPTIONS * RTSP/1.0", 200), (f"DESCRIBE {server.url('missing')} RTSP/1.0", 404)):
        reply = viewer.ask(lines, "CSeq: 1")
        assert reply.status == status and reply.headers["server"].startswith("RTSPlab/")
        assert reply.headers["date"].endswith(" GMT") and parsedate_to_datetime(reply.headers["date"])


# --- DESCRIBE ---------------------------------------------------------------------------------------------------------


def test_describe_is_an_sdp(server, viewer):
    """One video stream of JPEG at 90 kHz, its rate, its duration, and a control that is found under Content-Base."""
    status, headers, body = viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 2", "Accept: application/sdp")
    session, media = sdp(body)
    assert (status, headers["content-type"], headers["content-base"]) == (200, "application/sdp", server.url() + "/")
    assert list(session)[:3] == ["v", "o", "s"] and session["v"] == ["0"] and session["t"] == ["0 0"]
    assert session["c"] == ["IN IP4 0.0.0.0"] and session["a=control"] == ["*"]
    assert re.fullmatch(r"- \d+ \d+ IN IP4 127\.0\.0\.1", session["o"][0])
    assert npt(session["a=range"][0]) == (0, FRAMES / RATE)
    (video,) = media
    assert video["m"] == ["video 0 RTP/AVP 26"] and video["a=rtpmap"] == ["26 JPEG/90000"]
    assert video["a=framerate"] == ["40"] and video["a=control"] == ["trackID=0"]


@pytest.mark.parametrize("accept", ["Accept: application/sdp", "Accept: application/rtsl, application/sdp;level=2",
                                    "Accept: */*", "Accept: application/*", "X-Nothing: here"])  # fmt: skip
def test_describe_takes_any_accept_that_has_sdp(server, viewer, accept):
    assert viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1", accept).status == 200


def test_describe_in_another_format_is_not_to_be_had(server, viewer):
    assert viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1", "Accept: application/rtsl").status == 406


# --- which file is meant ----------------------------------------------------------------------------------------------

SPELLINGS = {
    "as it is": "movie.Mjpeg",
    "slash at the end": "movie.Mjpeg/",
    "slashes in front": "//movie.Mjpeg",
    "trackID": "movie.Mjpeg/trackID=0",
    "streamid": "movie.Mjpeg/streamid=0",
    "stream": "movie.Mjpeg/stream=0",
    "track, slash": "movie.Mjpeg/trackID=0/",
    "query": "movie.Mjpeg?start=3",
    "query before the track": "movie.Mjpeg?vlcmulticast/trackID=0",
    "small letters": "movie.mjpeg",
    "percent": "%6Dovie.Mjpeg",
    "folder, UTF-8": "lessons/%C3%9Cbung%201.mjpeg",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_is_found_however_its_url_is_written(server, viewer, media, spelling):
    """SETUP, PLAY and TEARDOWN take the URL with slash, track, query and percent signs as players write them."""
    url = server.url(SPELLINGS[spelling])
    status, headers, _ = viewer.ask(f"SETUP {url} RTSP/1.0", "CSeq: 1", media.transport)
    assert status == 200
    session = f"Session: {headers['session'].split(';')[0]}"
    assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 2", session).status == 200
    assert viewer.ask(f"TEARDOWN {url} RTSP/1.0", "CSeq: 3", session).status == 200


def test_name_and_password_in_the_url_do_no_harm(server, viewer, media):
    """openRTSP keeps `user:password@` in each URL; no reply says the password again."""
    url = server.url().replace("//", "//ann:secret@")
    _, headers, body = viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1")
    assert headers["content-base"] == server.url() + "/" and b"secret" not in body
    _, headers, _ = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", "CSeq: 2", media.transport)
    session = headers["session"].split(";")[0]
    status, headers, _ = viewer.ask(f"PLAY {url}/ RTSP/1.0", "CSeq: 3", f"Session: {session}")
    assert status == 200 and rtp_info(headers["rtp-info"])[0].url == server.url() + "/trackID=0"


def test_a_host_by_name_is_the_same_file(server, viewer, media):
    """What stands before the path is the client's business: a name, another port by way of a tunnel."""
    assert viewer.ask("DESCRIBE rtsp://lab.example:8554/movie.Mjpeg RTSP/1.0", "CSeq: 1").status == 200


# --- SETUP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/AVP/UDP", "rtp/avp"])
def test_the_setup_reply_names_ports_and_ssrc(server, viewer, media, protocol):
    """server_port is an even port and the next one, never 6970 (taken for RDT), and ssrc is what the packets carry."""
    transport = f"Transport: {protocol};unicast;client_port={media.port}-{media.port + 1}"
    _, headers, _ = viewer.ask(f"SETUP {server.url()}/trackID=0 RTSP/1.0", "CSeq: 1", transport)
    found = parameters(headers["transport"])
    first, second = map(int, found["server_port"].split("-"))
    assert headers["transport"].startswith(protocol.upper() + ";unicast;")
    assert found["client_port"] == f"{media.port}-{media.port + 1}"
    assert first % 2 == 0 and second == first + 1 and first != 6970
    session = headers["session"].split(";")[0]
    viewer.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", f"Session: {session}")
    media.wait_bye()
    assert {one.ssrc for one in media.packets} == {int(found["ssrc"], 16)} and len(found["ssrc"]) == 8
    assert {one.source for one in media.packets} == {first}
    assert {one.source for one in media.controls} == {second}


def test_the_first_transport_that_can_be_served_is_taken(server, viewer, media):
    """Alternatives are in the order of preference (RFC 2326 §12.39); unknown parameters are passed over."""
    offers = ("RTP/SAVP;unicast;client_port=5000-5001", "RTP/AVP;multicast;ttl=127",
              f'RTP/AVP;unicast;client_port={media.port}-{media.port + 1};mode="PLAY";x-new=1')  # fmt: skip
    status, headers, _ = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", f"Transport: {','.join(offers)}")
    assert status == 200 and parameters(headers["transport"])["client_port"].startswith(f"{media.port}-")


def test_sessions_cannot_be_guessed(server, viewer):
    """Ids have 64 bits or more (RFC 2326 §3.4), tell the timeout, and differ, as SSRCs do."""
    ids, sources = set(), set()
    for _ in range(4):
        with Receiver() as media:
            headers, session = set_up(server, viewer, media)
        assert re.fullmatch(r"[0-9a-f]{16,};timeout=60", headers["session"])
        ids.add(session)
        sources.add(parameters(headers["transport"])["ssrc"])
    assert len(ids) == len(sources) == 4


def test_setup_again_changes_the_ports(server, viewer, media):
    """In Ready a SETUP with the session gives its stream another receiver: the old one gets nothing."""
    with Receiver() as old:
        _, session = set_up(server, viewer, old)
        lines = f"SETUP {server.url()}/trackID=0 RTSP/1.0", "CSeq: 2", f"Session: {session}", media.transport
        status, headers, _ = viewer.ask(*lines)
        assert status == 200 and headers["session"].split(";")[0] == session
        viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 3", f"Session: {session}")
        media.wait_bye()
        assert len(media.frames()) == FRAMES and not old.packets


# --- the state machine, seen from outside -----------------------------------------------------------------------------


def test_ready_playing_and_back(server, viewer, media):
    """PAUSE and PLAY may repeat; SETUP while playing is 455, with the methods that are allowed; TEARDOWN ends it."""
    _, session = set_up(server, viewer, media, "long.Mjpeg")
    end = ("CSeq: 9", f"Session: {session}")
    url = server.url("long.Mjpeg")
    for method, status in (("PAUSE", 200), ("PLAY", 200), ("PLAY", 200), ("PAUSE", 200), ("PAUSE", 200), ("PLAY", 200)):
        reply = viewer.ask(f"{method} {url}/ RTSP/1.0", *end)
        assert (reply.status, reply.headers["session"].split(";")[0]) == (status, session)
    reply = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", *end, media.transport)
    assert reply.status == 455 and {"PLAY", "PAUSE", "TEARDOWN"} <= set(reply.headers["allow"].split(", "))
    assert viewer.ask(f"TEARDOWN {url}/ RTSP/1.0", *end).status == 200
    for method in ("PLAY", "PAUSE", "TEARDOWN", "SETUP", "GET_PARAMETER"):
        assert viewer.ask(f"{method} {url}/ RTSP/1.0", *end, media.transport).status == 454


def test_teardown_stops_the_media(server, viewer, media):
    """Nothing arrives after the reply to TEARDOWN, and the ports are given back."""
    headers, session = set_up(server, viewer, media)
    ports = [int(port) for port in parameters(headers["transport"])["server_port"].split("-")]
    viewer.ask(f"PLAY {server.url()}/ RTSP/1.0", "CSeq: 2", f"Session: {session}")
    media.wait_frames(2)
    assert not any(map(is_free, ports))
    viewer.ask(f"TEARDOWN {server.url()}/ RTSP/1.0", "CSeq: 3", f"Session: {session}")
    media.drain()
    eventually(lambda: all(map(is_free, ports)), "the ports are given back")
    time.sleep(3 / RATE)
    assert not media.packets and not media.controls


def is_free(port):
    """Nobody else has this UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_pipelined_requests_are_answered_in_their_order(server, viewer, media):
    """A seeking player sends PAUSE and PLAY back to back, before the first reply has come."""
    _, session = set_up(server, viewer, media)
    lines = "{} " + f"{server.url()}/ RTSP/1.0\r\nCSeq: {{}}\r\nSession: {session}\r\n"
    seek = lines.format("PAUSE", 11) + "\r\n" + lines.format("PLAY", 12) + "Range: npt=0.500-\r\n\r\n"
    viewer.raw((lines.format("PLAY", 10) + "\r\n" + seek).encode())
    replies = [viewer.reply() for _ in range(3)]
    assert [(one.status, one.headers["cseq"]) for one in replies] == [(200, "10"), (200, "11"), (200, "12")]
    media.wait_bye()
    assert [frame.number() for frame in media.frames()][-4:] == [20, 21, 22, 23]


def test_requests_may_come_in_any_pieces(server):
    """One byte a segment, and with bare line feeds (RFC 2326 §4.4 asks receivers to take those, too)."""
    with Talker(server.port) as viewer:
        viewer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"OPTIONS {server.url()} RTSP/1.0\nCSeq: 5\nUser-Agent: slow\n\n".encode():
            viewer.raw(bytes((byte,)))
        assert viewer.reply().headers["cseq"] == "5"


def test_header_names_are_taken_in_any_case(server, viewer, media):
    """Names without regard to case, blanks around the colon, a value on two lines (RFC 2326 §4.2)."""
    transport = media.transport.replace("Transport:", "TRANSPORT :\t").replace(";client", ";\r\n client")
    status, headers, _ = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "cseq:1", transport.replace("\r\n", "\n"))
    assert (status, headers["cseq"]) == (200, "1")


def test_parameters_without_a_body_keep_alive(server, viewer, media):
    """GET_PARAMETER with and without a session; a known session is said again."""
    assert viewer.ask(f"GET_PARAMETER {server.url()} RTSP/1.0", "CSeq: 1").status == 200
    _, session = set_up(server, viewer, media)
    reply = viewer.ask(f"GET_PARAMETER {server.url()}/ RTSP/1.0", "CSeq: 2", f"Session: {session}")
    assert (reply.status, reply.headers["session"].split(";")[0], reply.body) == (200, session, b"")
