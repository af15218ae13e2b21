"""Wireshark's view of what both sides report, over UDP and inside the connection, from first to last."""

from __future__ import annotations

import random
import re
import subprocess

import pytest

from Player import Player, State
from rtp.reception import Reception
from tests import ffmpeg, movies
from tests.serving import eventually, serving
from tests.test_interop_tshark import Capture, Tshark
from tests.tools import need

FRAMES, RATE = 60, 40.0
SENDER, RECEIVER, NAME, BYE = "200", "201", "202", "203"


class Conversation(Tshark):
    """What tshark says of all that the two sides have sent. No heuristics here, either."""

    def __init__(self, file, port, transport, statistics):
        super().__init__(file, port)
        self.transport, self.statistics = transport, statistics
        self.command += ["-o", "rtcp.show_roundtrip_calculation:TRUE", "-o", "rtcp.roundtrip_min_threshhold:0"]
        replies = self.rows(f"{self.rtsp} and rtsp.transport and rtsp.status == 200", "rtsp.transport")
        pairs = [pair for (reply,) in replies for pair in re.findall("_port=([0-9]+)-([0-9]+)", reply)]
        self.both = " or ".join([self.rtsp, *(f"udp.port == {port}" for pair in pairs for port in pair)])
        sources = [f"tcp.srcport == {port}", *(f"udp.srcport == {one}" for one in self.rtp_ports + self.rtcp_ports)]
        self.from_server = f"({' or '.join(sources)})"

    def reports(self, filter):
        """The packet types in each report."""
        return [row[0] for row in self.rows(f"rtcp and ({self.both}) and {filter}", "rtcp.pt")]


def lossy(session, rand):
    """One in twenty packets of RTP gets lost."""
    for stream in session.streams.values():
        stream.channel.taps.append(lambda packet, control: [packet] if control or rand.random() > 0.05 else [])


@pytest.fixture(scope="module", params=["udp", "tcp"])
def conversation(request, tmp_path_factory):
    """ffmpeg to the end of the movie, and our player, to whom some packets are lost; five reports a second."""
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    file, transport = folder / "capture.pcapng", request.param
    with serving(folder, fps=RATE) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("rtp.interval.SHORTEST", 0.2)
        with Capture(file):
            done = ffmpeg.run("-rtsp_transport", transport, "-i", server.url(), *ffmpeg.GREY_STRIP, "pipe:1")
            assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES))
            eventually(lambda: not server.sessions.all(), "the end of ffmpeg's session")
            player = Player(server.url(), transport=transport, delay=0.05)
            player.setup()
            lossy(server.sessions.all()[0], random.Random(4))
            player.play()
            while player.state is State.PLAYING:
                player.dueFrames()
                player.wait(0.05)
            player.leave()
        return Conversation(file, server.port, transport, player.statistics())


def test_nothing_is_malformed(conversation):
    """Of neither side."""
    assert conversation.rows(f"({conversation.both}) and _ws.malformed", "frame.number") == []


def test_there_is_no_warning(conversation):
    """No expert information of level warning or error, but for TCP's own."""
    lines = conversation.ask("-q", "-z", f"expert,warn,{conversation.both}").splitlines()
    found = [line.split(None, 3) for line in lines if line.split() and line.split()[0].isdigit()]
    assert [row for row in found if row[2] != "TCP"] == [], lines  # frequency, group, protocol, summary


def test_both_sides_report(conversation):
    """The server SR and SDES, the player RR and SDES; BYE with the last of each; lengths fit."""
    assert conversation.rows("rtcp.length_check == 0", "frame.number") == []
    server = conversation.reports(conversation.from_server)
    assert set(server) == {f"{SENDER},{NAME}", f"{SENDER},{NAME},{BYE}"}
    assert server[0] == f"{SENDER},{NAME}" and server[-1].endswith(BYE) and len(server) >= 8
    player = [types for types in conversation.reports(f"not {conversation.from_server}") if types != RECEIVER]
    assert {f"{RECEIVER},{NAME}", f"{RECEIVER},{NAME},{BYE}"} <= set(player) and player[-1].endswith(BYE)
    assert conversation.statistics["rtcp_sent"] >= 4 and conversation.statistics["rtcp_received"] >= 4


def test_the_round_trip_can_be_computed(conversation):
    """LSR names a sender report, and DLSR is shorter than the time since (RFC 3550 §6.4.1). tshark remembers the latest
    report alone, and says nothing where one has crossed that of the receiver."""
    fields = "rtcp.timestamp.ntp.msw", "rtcp.timestamp.ntp.lsw"
    sent = {(int(high) % 65536 << 16) + (int(low) >> 16) for high, low in conversation.rows("rtcp.pt == 200", *fields)}
    filter = f"not {conversation.from_server} and rtcp.ssrc.lsr != 0"
    rows = conversation.rows(filter, "rtcp.ssrc.lsr", "rtcp.roundtrip-delay")
    delays = [int(delay) for _, delay in rows if delay]
    assert len(rows) >= 3 and {int(named) for named, _ in rows} <= sent
    assert delays and all(-5 <= delay < 2000 for delay in delays), rows  # ms


def test_the_loss_is_the_same(conversation):
    """Wireshark's, our player's, and that of its last report."""
    last = conversation.rows(f"not {conversation.from_server} and rtcp.ssrc.cum_nr", "rtcp.ssrc.cum_nr")[-1]
    assert conversation.statistics["lost"] == int(last[0]) > 5
    if conversation.transport == "udp":
        assert analysis(conversation)[1] == conversation.statistics["lost"]


def test_reception_of_the_real_packets(conversation):
    """Our Reception, given the packets of the capture with their times, counts as the player did. Over UDP, its largest
    jitter is that of tshark, which looks at packets without a marker only."""
    reception, largest = Reception(90_000), 0.0
    fields = "frame.time_epoch", "rtp.ssrc", "rtp.seq", "rtp.timestamp", "rtp.marker"
    # One row is one segment in a connection, which holds many packets
    rows = [(float(now), one) for now, *many in conversation.rows(f"rtp and {conversation.from_server}", *fields)
            for one in zip(*(values.split(",") for values in many), strict=True)]  # fmt: skip
    last = rows[-1][1][0]
    for now, (ssrc, number, timestamp, marker) in rows:
        if ssrc == last:
            reception.arrived(int(number), int(timestamp), now, 0)
            largest = largest if marker in ("1", "True") else max(largest, reception.jitter)
    statistics = conversation.statistics
    assert (reception.packets, reception.lost) == (statistics["packets"], statistics["lost"])
    if conversation.transport == "udp":
        packets, lost, jitter = analysis(conversation)
        assert (reception.packets, reception.lost) == (packets, lost)
        assert largest == pytest.approx(jitter, rel=0.01, abs=2e-6)


GST = ("gst-launch-1.0", "-q", "rtspsrc", "location=URL", "latency=100")
PLAYERS = {
    "ffmpeg, UDP": ("ffmpeg", "-nostdin", "-rtsp_transport", "udp", "-i", "URL", "-f", "null", "-"),
    "GStreamer, UDP": (*GST, "protocols=udp", "!", "fakesink"),
    "GStreamer, TCP": (*GST, "protocols=tcp", "!", "fakesink"),
}


@pytest.mark.parametrize("name", PLAYERS)
def test_what_players_report_is_understood(tmp_path, name):
    """Real ones, while they play: all of it came, and the round trip is one over loopback. ffmpeg says nothing over
    TCP."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 300, (384, 96))
    with serving(tmp_path, fps=25) as server:
        program, *arguments = (word.replace("URL", server.url()) for word in PLAYERS[name])
        player = subprocess.Popen([need(program), *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            (session,) = eventually(server.sessions.all, "a session")
            (stream,) = eventually(session.streams.values, "its stream")
            report = eventually(lambda: stream.report, "a report")
        finally:
            player.kill()
            player.wait()
    # GStreamer counts one more than were sent
    assert report.fraction == 0 and report.lost in (0, -1) and 0 <= report.jitter < 5
    assert report.round_trip is not None and report.round_trip < 5
    assert (stream.sequence - report.highest) % 65536 < 2000


def analysis(conversation):
    """Packets, lost ones and the largest jitter in seconds of the last stream."""
    lines = conversation.ask("-q", "-z", "rtp,streams").splitlines()
    (line,) = [line for line in lines if line.split()[3:4] == [str(conversation.rtp_ports[-1])]]
    packets, lost, _, _, _, _, _, _, jitter = line.split("JPEG")[1].split()[:9]
    return int(packets), int(lost), float(jitter) / 1000
