"""The benchmark's viewer in the lab dialect: what it says, what it takes, what it notes of a frame."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from bench.figures import Record, judge
from bench.lab import CLOCK_RATE, FPS, LabConversation, LabViewer
from bench.viewer import LoadError

URL = "rtsp://127.0.0.1:1/folder/movie.Mjpeg"


@pytest.fixture
def pair():
    """A LabViewer that is not connected to any server, and the socket that sends it frames."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        here.bind(("127.0.0.1", 0))
        here.setblocking(False)
        there.connect(here.getsockname())
        viewer: Any = object.__new__(LabViewer)
        viewer.media, viewer.rtp = LabViewer.describe(URL, FPS), here
        viewer.record, viewer.packets, viewer.number = Record(), 0, 0
        yield viewer, there


def frame(sequence):
    """Without marker, and with a timestamp in whole seconds, as some lab servers have it."""
    return struct.pack("!BBHII", 0x80, 26, sequence, 1_700_000_000, 1) + b"\xff\xd8"


def test_a_frame_is_due_when_its_number_says(pair):
    """Over the wrap of the numbers; 65534 and 0 came, 65535 is lost."""
    viewer, server = pair
    for sequence in (65533, 65534, 0, 1):
        server.send(frame(sequence))
        assert viewer.receive()
    assert viewer.receive() and viewer.packets == 4
    timestamps = [timestamp for _, timestamp, _, _ in viewer.record.frames()]
    assert [(one - timestamps[0]) * FPS / CLOCK_RATE for one in timestamps] == [0, 1, 3, 4]
    first = viewer.record.numbers[0]
    verdict = judge(viewer.record, first, first + 5 / FPS, FPS, CLOCK_RATE)
    assert (verdict.expected, len(verdict.late), verdict.lost) == (5, 4, 1)


def test_the_frame_rate_has_to_be_said():
    """The lab has no description."""
    with pytest.raises(LoadError, match="--fps"):
        LabViewer.describe(URL, None)
    media = LabViewer.describe(URL, 12.5)
    assert (media.url, media.duration, media.fps) == (URL, None, 12.5)


@pytest.fixture
def conversation():
    """A LabConversation, and the server's end of it."""
    here, there = socket.socketpair()
    with here, there:
        made: Any = object.__new__(LabConversation)
        made.sock, made._cseq = here, 0
        yield made, there


def test_a_movie_has_its_bare_name_and_a_reply_three_lines(conversation):
    """One recv() brings it; its session is what the next request names."""
    viewer, server = conversation
    server.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: 123456\r\n")
    headers, body = viewer.ask("SETUP", URL, "Transport: RTP/UDP; client_port= 25000")
    assert (headers["session"], body) == ("123456", "")
    request = b"SETUP folder/movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= 25000\r\n\r\n"
    assert server.recv(1000) == request


def test_a_refusal_is_said(conversation):
    """In the words of the server."""
    viewer, server = conversation
    server.sendall(b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\nSession: 0\r\n")
    with pytest.raises(LoadError, match="SETUP was answered with RTSP/1.0 404 Not Found"):
        viewer.ask("SETUP", URL)
