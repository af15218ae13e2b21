"""Wireshark's view of whole conversations with our server: nothing malformed, nothing unknown, nothing lost."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests import ffmpeg, movies
from tests.serving import PATIENCE, Receiver, Talker, eventually, serving
from tests.tools import MISSING, need

FRAMES, RATE = 40, 40.0
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
SENTINEL = b"the capture has got this far"


class Capture:
    """What goes over the loopback while the block runs, in a file."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        need("tshark")  # brings dumpcap along
        command = ["dumpcap", "-q", "-i", LOOPBACK, "-w", str(self.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # "File: …" is said when the file is open, that is, when the capture is on
        if not self.said(b"File: "):
            self.stop()
            pytest.skip(f"{MISSING} the right to capture packets ({self.words.decode().strip()})")
        return self

    def said(self, wanted):
        self.words, deadline = b"", time.monotonic() + PATIENCE
        assert self.process.stderr
        pipe = self.process.stderr.fileno()
        while wanted not in self.words and time.monotonic() < deadline:
            if select.select([pipe], [], [], 0.5)[0]:
                data = os.read(pipe, 4096)
                if not data:
                    return False
                self.words += data
        return wanted in self.words

    def __exit__(self, *_):
        try:
            with Receiver() as somebody:  # what was captured before this is in the file when this is
                somebody.rtcp.sendto(SENTINEL, ("127.0.0.1", free_port()))
                eventually(lambda: SENTINEL in self.path.read_bytes(), "the end of the capture in its file")
        finally:
            self.stop()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Tshark:
    """What tshark says of a capture. No heuristics: RTP and RTCP must follow from the SETUP replies."""

    def __init__(self, file, port):
        self.command = [need("tshark"), "-n", "-r", str(file), "-d", f"tcp.port=={port},rtsp"]
        self.command += ["--disable-heuristic", "rtcp_udp"]
        self.rtsp = f"tcp.port == {port}"
        granted = f'{self.rtsp} and rtsp.transport contains "server_port" and rtsp.status == 200'
        replies = self.rows(granted, "rtsp.transport")
        ports = [reply.partition("server_port=")[2].split(";")[0].split("-") for (reply,) in replies]
        self.rtp_ports, self.rtcp_ports = ([int(pair[n]) for pair in ports] for n in (0, 1))
        self.rtp = " or ".join(f"udp.srcport == {port}" for port in self.rtp_ports)  # what the server has sent
        self.rtcp = " or ".join(f"udp.srcport == {port}" for port in self.rtcp_ports)
        self.ours = f"({self.rtsp} or {self.rtp} or {self.rtcp})"

    def ask(self, *arguments):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, filter, *fields):
        """The fields of each packet that passes the filter."""
        names = [f"-e{name}" for name in fields]
        return [line.split("\t") for line in self.ask("-Y", filter, "-T", "fields", *names).splitlines()]


@pytest.fixture(scope="module")
def tshark(tmp_path_factory):
    """Two whole conversations: ffmpeg to the end of the movie, and a viewer who pauses and seeks."""
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    file = folder / "capture.pcapng"
    with serving(folder, fps=RATE) as server:
        with Capture(file):
            done = ffmpeg.run("-rtsp_transport", "udp", "-i", server.url(), *ffmpeg.GREY_STRIP, "pipe:1")
            assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES))
            pause_and_seek(server)
        return Tshark(file, server.port)


def pause_and_seek(server):
    """Play, pause, play, seek, to the end."""
    steps = ("PLAY", "", 5), ("PAUSE", "", 0), ("PLAY", "", 10), ("PAUSE", "", 0), ("PLAY", "Range: npt=0.75-", 0)
    with Talker(server.port) as talker, Receiver() as media:
        reply = talker.ask(f"SETUP {server.url()}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        for cseq, (method, range_, frames) in enumerate(steps, 2):
            lines = [f"{method} {server.url()}/ RTSP/1.0", f"CSeq: {cseq}", session, range_]
            assert talker.ask(*filter(None, lines)).status == 200
            media.wait_frames(frames)
        media.wait_bye()
        assert talker.ask(f"TEARDOWN {server.url()}/ RTSP/1.0", "CSeq: 9", session).status == 200


def test_nothing_is_malformed(tshark):
    """Neither in RTSP nor in the media."""
    assert tshark.rows(f"{tshark.ours} and _ws.malformed", "frame.number") == []


def test_there_is_no_warning(tshark):
    """No expert information of level warning or error, but for TCP's own: ffmpeg closes with data unread (RST)."""
    lines = tshark.ask("-q", "-z", f"expert,warn,{tshark.ours}").splitlines()
    found = [line.split(None, 3) for line in lines if line.split() and line.split()[0].isdigit()]
    assert [row for row in found if row[2] != "TCP"] == [], lines  # frequency, group, protocol, summary


def test_every_datagram_is_understood(tshark):
    """Each is RTP with JPEG in it, or RTCP, as announced in the SETUP replies: nothing else leaves these ports."""
    media = [row[0].split(":") for row in tshark.rows(tshark.rtp, "frame.protocols")]
    reports = [row[0].split(":") for row in tshark.rows(tshark.rtcp, "frame.protocols")]
    assert len(media) > 2 * FRAMES and all(layers[-2:] == ["rtp", "jpeg"] for layers in media)
    assert len(reports) == 6 and all("rtcp" in layers for layers in reports)


def test_rtsp_is_understood(tshark):
    """Requests, replies, and the session description."""
    methods = [row[0] for row in tshark.rows(f"{tshark.rtsp} and rtsp.method", "rtsp.method")]
    seeking = ["SETUP", "PLAY", "PAUSE", "PLAY", "PAUSE", "PLAY", "TEARDOWN"]
    assert methods == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", *seeking]
    statuses = tshark.rows(f"{tshark.rtsp} and rtsp.status", "rtsp.status")
    # ffmpeg may have closed before the reply to its TEARDOWN
    assert {row[0] for row in statuses} == {"200"} and len(methods) - 1 <= len(statuses) <= len(methods)
    assert tshark.rows(f"{tshark.rtsp} and sdp", "sdp.media") == [["video 0 RTP/AVP 26"]]


def test_rtcp_is_sound_and_says_goodbye(tshark):
    """Lengths that fit, SR and SDES after each PLAY, and each stream's last word is a compound packet of SR, SDES and
    BYE."""
    assert tshark.rows(f"({tshark.rtcp}) and rtcp.length_check == 0", "frame.number") == []
    assert tshark.rows(f"({tshark.rtcp}) and rtcp", "rtcp.pt") == [
        ["200,202"], ["200,202,203"], *[["200,202"]] * 3, ["200,202,203"]]  # fmt: skip


def test_no_packet_is_missing(tshark):
    """Wireshark's own analysis of the two RTP streams: nothing lost, no sequence error, through pause and seek."""
    lines = tshark.ask("-q", "-z", "rtp,streams").splitlines()
    for port in tshark.rtp_ports:  # columns: from when, to when, from where, port, to where, port, …
        (line,) = [line for line in lines if line.split()[3:4] == [str(port)]]
        assert "0 (0.0%)" in line, line
        numbers = [int(row[0]) for row in tshark.rows(f"udp.srcport == {port} and rtp", "rtp.seq")]
        assert numbers == [(numbers[0] + n) % 65536 for n in range(len(numbers))]


def test_markers_and_types(tshark):
    """Payload type 26; each frame of ffmpeg's conversation has one timestamp and one marker."""
    fields = "rtp.p_type", "rtp.version", "rtp.marker", "rtp.timestamp"
    rows = tshark.rows(f"udp.srcport == {tshark.rtp_ports[0]} and rtp", *fields)
    assert {tuple(row[:2]) for row in rows} == {("26", "2")}
    assert sum(row[2] in ("1", "True") for row in rows) == len({row[3] for row in rows}) == FRAMES
