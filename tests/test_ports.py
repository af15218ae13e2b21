"""Where a client receives, and who waits for which reply."""

from __future__ import annotations

import socket
import sys
import threading

import pytest

from net.addresses import connect
from net.channels import bind_pair
from net.connection import ConnectionClosed
from net.ports import EMPTY_REPORT, RTP_HEADER, UdpPorts
from net.replies import Replies
from rtp import rtcp
from RtpPacket import RtpPacket
from rtsp.message import Response

HERE = ("127.0.0.1", 0)


def test_a_taken_pair_is_passed_over():
    """One of its two ports is enough to take it."""
    first, second = bind_pair(HERE, 0)
    port = first.getsockname()[1]
    first.close()
    try:
        ports = UdpPorts(HERE, port)
        assert ports.numbers[0] != port and ports.numbers[1] == ports.numbers[0] + 1
        ports.close()
        ports.close()
    finally:
        second.close()


def test_no_port_is_above_all_others(monkeypatch):
    """From the last pair on, any free one will do."""
    monkeypatch.setattr("net.ports.TRIES", 1)
    ports = UdpPorts(HERE, 65534)
    assert ports.numbers[0] % 2 == 0
    ports.close()


def test_datagrams_come_in_and_the_way_is_opened():
    """To RTP's handler and RTCP's; what opens the way are real packets of both kinds."""
    got, came = [], threading.Event()

    def rtp_came(data, address):
        got.append(("rtp", data))

    def rtcp_came(data, address):
        got.append(("rtcp", data))
        came.set()

    one, other = UdpPorts(HERE, 0), UdpPorts(HERE, 0)
    try:
        one.listen(rtp_came, rtcp_came)
        other.open_way(HERE, one.numbers)
        assert came.wait(5)
        assert sorted(got) == [("rtcp", EMPTY_REPORT), ("rtp", RTP_HEADER)]
        RtpPacket().decode(RTP_HEADER)
        assert rtcp.parse(EMPTY_REPORT) is not None
        other.open_way(HERE, (0, 0))  # cannot be sent: the log says so, and that is all
    finally:
        one.close()
        other.close()


def test_replies_find_their_request():
    """By number, else the oldest; unknown ones find nobody."""
    replies = Replies()
    first, second = replies.expect(), replies.expect()
    assert replies.deliver(second, Response(200)) == second
    assert replies.deliver(99, Response(200)) is None
    assert replies.deliver(None, Response(404)) == first
    assert replies.wait(first, 1) == Response(404) and replies.wait(second, 1) == Response(200)
    assert replies.deliver(None, Response(200)) is None


def test_waiting_ends():
    """In time, or when there is no hope; the first reason is the one that is told."""
    replies = Replies()
    assert replies.wait(replies.expect(), 0.01) is None
    replies.fail("gone")
    replies.fail("closed")
    with pytest.raises(ConnectionClosed, match="gone"):
        replies.wait(replies.expect(), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full queue refuses")
def test_a_connection_that_nobody_answers():
    """A full queue drops what comes, as a firewall does: TimeoutError, or sooner once told to stop."""
    with socket.socket() as listener:
        listener.bind(HERE)
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        try:
            with pytest.raises(TimeoutError):
                while True:
                    waiting.append(connect("127.0.0.1", port, timeout=0.2))
            stop = threading.Event()
            stop.set()
            with pytest.raises(OSError, match="given up"):
                connect("127.0.0.1", port, timeout=30, stop=stop)
        finally:
            for sock in waiting:
                sock.close()
