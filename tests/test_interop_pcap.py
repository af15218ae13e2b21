"""Captures of whole conversations, written by server and player, read by Wireshark: everything understood, nothing
wrong, and its figures are ours."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager

import pytest

import RtspClient
from net.capture import Capture
from net.impairment import parse
from net.instruments import Instruments
from Player import Player, State
from tests import movies
from tests.serving import LocalServer
from tests.tools import need

FRAMES = 25
# Checksums that are bad or missing, what cannot be dissected, warnings and errors, and any remark on TCP's numbers
WRONG = ("ip.checksum.status == 0 or tcp.checksum.status != 1 or udp.checksum.status != 1 or _ws.malformed "
         "or _ws.expert.severity >= 0x600000 or tcp.analysis.flags")
NETWORK = "loss 5% seed 7"      # the first packets arrive: where they do not, tshark counts them otherwise


@contextmanager
def serving(folder, host, instruments):
    server = LocalServer(0, host, folder, fps=50, instruments=instruments)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.close()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Tshark:
    """What tshark says of a file."""

    def __init__(self, path, port):
        checks = [f"-o{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]
        self.command = [need("tshark"), "-n", "-r", str(path), "-d", f"tcp.port=={port},rtsp", *checks]
        self.command += ["--disable-heuristic", "rtcp_udp"]     # the ports follow from SETUP

    def ask(self, *arguments):
        done = subprocess.run([*self.command, *arguments], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, filter, *fields):
        names = [f"-e{name}" for name in fields]
        return [line.split("\t") for line in self.ask("-Y", filter, "-T", "fields", *names).splitlines()]

    def streams(self):
        """(packets, lost) of each stream of JPEG."""
        lines = [line.split() for line in self.ask("-q", "-z", "rtp,streams").splitlines()]
        return [(int(line[8]), int(line[9])) for line in lines if "JPEG" in line]

    def conversation(self):
        """The bytes of client and server in the first TCP connection."""
        lines = self.ask("-q", "-z", "follow,tcp,raw,0").splitlines()[6:-1]
        return tuple(bytes.fromhex("".join(line.strip() for line in lines if line.startswith("\t") is by_server))
                     for by_server in (False, True))


class Spy:
    """A socket that keeps what goes through it."""

    def __init__(self, sock):
        self.sock = sock
        self.sent = self.received = b""

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def send(self, data):
        count = self.sock.send(data)
        self.sent += bytes(data[:count])
        return count

    def recv(self, size):
        data = self.sock.recv(size)
        self.received += data
        return data


def play(url, transport, capture, monkeypatch):
    """The whole movie; the player's figures, and the socket of its connection."""
    spies, connect = [], RtspClient.connect

    def spied(*to):
        spies.append(Spy(connect(*to)))
        return spies[-1]

    monkeypatch.setattr(RtspClient, "connect", spied)
    instruments = Instruments(None, Capture(str(capture)))
    player = Player(url, transport=transport, instruments=instruments)
    player.setup()
    player.play()
    while player.state is State.PLAYING:
        player.dueFrames()
        player.wait(0.05)
    player.leave()
    instruments.close()
    [spy] = spies
    return player.statistics(), spy


WAYS = [("udp", "127.0.0.1"), ("tcp", "127.0.0.1"), ("udp", "::1"), ("tcp", "::1")]


@pytest.mark.parametrize(("transport", "host"), WAYS)
def test_wireshark_understands_what_both_sides_write(tmp_path, monkeypatch, transport, host):
    """A movie from its beginning to its end, over a network that loses packets."""
    need("tshark")
    if ":" in host and not has_ipv6():
        pytest.skip("no IPv6 here")
    movies.lab_movie(tmp_path / "movie.Mjpeg", FRAMES)
    files = [tmp_path / "server.pcap", tmp_path / "client.pcap"]
    with serving(tmp_path, host, Instruments(parse(NETWORK), Capture(str(files[0])))) as server:
        place = f"[{host}]" if ":" in host else host
        url = f"rtsp://{place}:{server.port}/movie.Mjpeg"
        statistics, spy = play(url, transport, files[1], monkeypatch)
    for path in files:
        tshark = Tshark(path, server.port)
        assert tshark.rows(WRONG, "frame.number", "_ws.expert.message") == []
        assert [row[0] for row in tshark.rows("rtsp.method", "rtsp.method")] == [
            "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]  # fmt: skip
        assert tshark.streams() == [(statistics["packets"], statistics["lost"])]
        reports = ",".join(row[0] for row in tshark.rows("rtcp", "rtcp.pt")).split(",")
        assert {"200", "201", "202", "203"} == set(reports)
        assert {row[0].split(":")[-1] for row in tshark.rows("udp", "frame.protocols")} <= {"jpeg", "rtcp", "rtp"}
        assert tshark.conversation() == (spy.sent, spy.received)
    assert statistics["lost"] > 0 if transport == "udp" else statistics["lost"] == 0
