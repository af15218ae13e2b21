"""RTCP between real sockets: what the server says of its two clocks, and what our client and others tell it."""

from __future__ import annotations

import random
import socket
import time
from typing import Any

import pytest

from net.channels import UdpChannel
from net.interleaved import InterleavedChannel
from Player import Player
from rtp import rtcp
from tests import movies
from tests.inside import Inside
from tests.serving import LocalServer, Receiver, Talker, eventually, parameters, rtp_info, serving
from tests.vectors import PUNCHES, REPORTS

FRAMES, RATE = 100, 25.0
NTP_EPOCH = 2_208_988_800
EARLY = 0.0055  # seconds: deadlines are moved to the start of a slot of 5 ms


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, fps=RATE) as running:
        yield running


def streams(server):
    """Of all sessions."""
    return [stream for session in server.sessions.all() for stream in session.streams.values()]


def clocks(control):
    """What a sender report says: (SSRC, seconds since 1970, RTP timestamp, packets)."""
    kind, count, body = control.packets[0]
    assert (kind, count, len(body)) == (200, 0, 24)
    words = [int.from_bytes(body[at : at + 4], "big") for at in range(0, 24, 4)]
    return words[0], words[1] + words[2] / 2**32 - NTP_EPOCH, words[3], words[4]


def check_clocks(control, packets):
    """Each packet's timestamp, put on the time of day by the report, is when it was sent: at its deadline. Some come
    late, the most punctual of them to the millisecond."""
    _, seconds, timestamp, _ = clocks(control)
    monotonic = seconds - (time.time() - time.monotonic())
    late = [one.arrived - monotonic - signed(one.timestamp - timestamp) / 90_000 for one in packets]
    assert -EARLY < min(late) < 0.005


def signed(ticks):
    return (ticks + 2**31) % 2**32 - 2**31


class Viewer(Talker):
    """A session with one stream, over UDP."""

    def __init__(self, server: LocalServer, media: Receiver) -> None:
        super().__init__(server.port)
        self.url = server.url()
        reply = self.ask(f"SETUP {self.url}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)
        assert reply.status == 200
        self.session = f"Session: {reply.headers['session']}"
        self.transport = parameters(reply.headers["transport"])
        first, second = self.transport["server_port"].split("-")
        self.ports = int(first), int(second)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.request("TEARDOWN")
        self.close()

    def request(self, method, *headers):
        reply = self.ask(f"{method} {self.url}/ RTSP/1.0", "CSeq: 2", self.session, *headers)
        assert reply.status == 200
        return reply


def test_a_report_comes_first_after_play_resume_and_seek(server):
    """After the first frame of each: SR and SDES, whose two clocks fit the packets that follow to the millisecond."""
    with Receiver() as media, Viewer(server, media) as viewer:
        ssrc = int(viewer.transport["ssrc"], 16)
        for range_ in ("", "", "Range: npt=3-"):
            media.drain()
            reply = viewer.request("PLAY", *filter(None, [range_]))
            (info,) = rtp_info(reply.headers["rtp-info"])
            media.wait_frames(12)
            viewer.request("PAUSE")
            media.settle()
            first = media.controls[0]
            assert first.types == [200, 202]
            who, seconds, timestamp, packets = clocks(first)
            assert who == ssrc and abs(seconds - time.time()) < 30 and packets > 0
            # As old as the first frame, or a little older on a busy machine
            assert 0 <= signed(timestamp - info.rtptime) < 90_000
            check_clocks(first, media.packets)


def test_inside_the_connection_it_is_the_same(server):
    """On the channel for RTCP, right behind the packets of the first frame."""
    viewer = Inside(server.port)
    with viewer:
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", transport)
        session = f"Session: {reply.headers['session']}"
        assert viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session).status == 200
        while not viewer.controls:
            assert viewer.take_frame()
        assert len(viewer.frames()) == 1 and viewer.controls[0].types == [200, 202]
        assert clocks(viewer.controls[0])[3] == len(viewer.packets)
        viewer.wait_packets(100)
        check_clocks(viewer.controls[0], viewer.packets)


def test_reports_of_players_and_what_opens_ways(server):
    """Junk is dropped, and is a sign of life all the same; a player's report is kept, whoever it says that it is."""
    with Receiver() as media, Viewer(server, media) as viewer:
        (session,) = server.sessions.all()
        (stream,) = streams(server)
        for text in PUNCHES.values():
            for sock, port in ((media.rtp, viewer.ports[0]), (media.rtcp, viewer.ports[1])):
                session.lastHeard = -1.0
                sock.sendto(bytes.fromhex(text), ("127.0.0.1", port))
                eventually(lambda: session.lastHeard > 0, "a sign of life")
        assert stream.report is None
        ssrc, text = REPORTS["ffmpeg"]
        data = bytes.fromhex(text).replace(ssrc.to_bytes(4, "big"), stream.ssrc.to_bytes(4, "big"))
        media.rtcp.sendto(data, ("127.0.0.1", viewer.ports[1]))
        report = eventually(lambda: stream.report, "the report")
        assert (report.highest, report.lost, report.jitter) == (0x6104, 0, 1 / 90_000)
        viewer.request("PLAY")
        media.wait_frames(1)


class Spied:
    """A player, what it reports, and the server's stream for it; one in ten packets of RTP is lost on its way."""

    def __init__(self, server, monkeypatch, transport):
        monkeypatch.setattr("rtp.interval.SHORTEST", 0.2)
        chance = random.Random(9)

        def lose(packet, control):
            return [] if not control and chance.random() < 0.1 else [packet]

        self.player = Player(server.url(), transport=transport)
        self.player.setup()
        self.sent: list[Any] = []
        self.player.stream._sendReport = self.send
        (self.stream,) = streams(server)
        self.stream.channel.taps.append(lose)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.player.leave()

    def send(self, packet):
        self.sent.append(rtcp.parse(packet)[0])
        return self.player.way.send_control(packet)

    def heard(self, count):
        """Until the client has reported on something so often."""
        eventually(lambda: sum(bool(report.blocks) for report in list(self.sent)) >= count, "reports")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_our_client_reports_what_it_hears(server, monkeypatch, transport):
    """Fraction, sum, highest number, jitter: the server keeps what the client has counted, and knows the round trip."""
    with Spied(server, monkeypatch, transport) as spied:
        assert isinstance(spied.stream.channel, {"udp": UdpChannel, "tcp": InterleavedChannel}[transport])
        player, stream = spied.player, spied.stream
        player.play()
        eventually(lambda: player.receiver.reception.lost > 10, "lost packets")
        spied.heard(3)
        player.pause()
        player.stream.sayBye()
        reception = player.receiver.reception
        last = [report.blocks[0] for report in spied.sent if report.blocks][-1]
        eventually(lambda: stream.report.highest == last.highest, "the last report")
        report = stream.report
        assert last.ssrc == stream.ssrc and last.highest & 0xFFFF == reception._highest & 0xFFFF
        assert report.lost == last.lost == reception.lost > 10
        assert report.fraction == last.fraction / 256
        assert sum(one.blocks[0].fraction > 0 for one in spied.sent if one.blocks) > 0
        assert report.jitter == int(reception.jitter * 90_000) / 90_000
        assert last.last_report and 0 <= report.round_trip < 5
        found = player.statistics()
        assert found["rtcp_sent"] == len(spied.sent) + (transport == "udp")      # one to open the way
        assert found["rtcp_received"] > 0 and 0 < found["rtt_ms"] < 5000


def test_reports_go_on_without_the_connection(server, monkeypatch):
    """Over UDP the media go on when the RTSP connection is lost, and the server hears that somebody is there."""
    with Spied(server, monkeypatch, "udp") as spied:
        spied.player.play()
        spied.heard(1)
        spied.player.client.connection.close()
        eventually(lambda: spied.player.client.lost, "the loss")
        before = len(spied.sent)
        eventually(lambda: len(spied.sent) > before + 1, "further reports")
        highest = spied.sent[-1].blocks[0].highest
        eventually(lambda: spied.stream.report.highest >= highest, "the server hears them")
    server.sessions.all()[0].lastHeard -= 1000
    server.sessions.expire()


def test_a_client_leaves_with_a_goodbye_before_teardown(server, monkeypatch):
    """RR, SDES and BYE, over the way that the media take (RFC 3550 §6.6)."""
    heard: list[bytes] = []
    monkeypatch.setattr("Stream.Stream.heard", lambda stream, data: heard.append(data))
    player = Player(server.url(), transport="tcp")
    player.setup()
    player.leave()
    (last,) = heard
    packets: list[Any] = list(rtcp.parse(last))
    report, name, bye = packets
    assert report == rtcp.ReceiverReport(name.ssrc) and bye == rtcp.Goodbye((name.ssrc,))
    assert player.statistics()["rtcp_sent"] == 1


def test_a_report_from_elsewhere_is_not_heard(server, monkeypatch):
    """The socket is connected to the viewer's: others cannot speak for it."""
    heard: list[bytes] = []
    monkeypatch.setattr("Stream.Stream.heard", lambda stream, data: heard.append(data))
    with Receiver() as media, Viewer(server, media) as viewer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"theirs", ("127.0.0.1", viewer.ports[1]))
        media.rtcp.sendto(b"ours", ("127.0.0.1", viewer.ports[1]))
        eventually(lambda: heard, "the viewer's own report")
        assert heard == [b"ours"]
