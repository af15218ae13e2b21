"""Where a client receives, and who waits for which reply."""

from __future__ import annotations

import queue
import socket
import sys
import threading
from typing import Any

import pytest

from net.addresses import connect
from net.channels import bind_pair
from net.connection import ConnectionClosed
from net.datagrams import DatagramReader
from net.ports import EMPTY_REPORT, RTP_HEADER, InnerPorts, UdpPorts
from net.replies import KEPT, Asked, Replies
from rtp import rtcp
from RtpPacket import RtpPacket
from rtsp.headers import Transport
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


class Link:
    """As much of a connection as ports look at."""

    def __init__(self, peer=HERE):
        self.peer, self.offered = peer, []

    def offer(self, data, always=False):
        self.offered.append((data, always))
        return True


@pytest.fixture
def server():
    """Two sockets, RTP and RTCP."""
    pair = bind_pair(HERE, 0)
    for sock in pair:
        sock.settimeout(5)
    yield pair
    for sock in pair:
        sock.close()


@pytest.fixture
def ports():
    made = UdpPorts(HERE, 0)
    yield made
    made.close()


def numbers(sockets):
    return tuple(sock.getsockname()[1] for sock in sockets)


def test_rtcp_goes_from_our_second_port_to_that_of_the_server(ports, server):
    """Firewalls let it in, and the server knows whose it is."""
    assert not ports.send_control(b"too early")
    ports.granted(Transport(server_port=numbers(server)), Link())
    assert ports.send_control(b"report")
    got = [server[1].recvfrom(100) for _ in range(2)]
    assert got == [(data, ("127.0.0.1", ports.numbers[1])) for data in (EMPTY_REPORT, b"report")]


def test_rtcp_goes_where_the_media_come_from(ports, server):
    """`source=` names another address than that of the connection; a name is not looked up, an address of another kind
    is no use."""
    for source in ("127.0.0.1", "localhost", "::1", ""):
        peer = ("127.0.0.2" if source == "127.0.0.1" else "127.0.0.1", 554)
        ports.granted(Transport(server_port=numbers(server), source=source), Link(peer))
        assert ports.send_control(b"to " + source.encode())
        assert [server[1].recv(100) for _ in range(2)] == [EMPTY_REPORT, b"to " + source.encode()]


def test_the_way_is_opened_to_both_addresses(ports, server):
    """What a server behind a router calls its source may be out of reach from here."""
    ports.granted(Transport(server_port=numbers(server), source="127.0.0.2"), Link())
    assert server[1].recv(100) == EMPTY_REPORT


def test_without_server_port_there_is_nowhere_to_send_to(ports, server):
    """A server that does not name its ports wants no reports; what was granted before counts no more."""
    ports.granted(Transport(server_port=numbers(server)), Link())
    ports.granted(Transport(), Link())
    assert not ports.send_control(b"report")


def test_what_cannot_be_sent_is_not_sent(ports):
    ports.granted(Transport(server_port=(0, 0)), Link())
    assert not ports.send_control(b"report")
    ports.close()
    assert not ports.send_control(b"report")


def test_ports_tick_by_themselves(ports):
    """No RTSP connection is needed for it."""
    ticked = threading.Event()
    ports.listen(print, print, ticked.set)
    assert ticked.wait(5)


def test_inside_the_connection_rtcp_has_the_second_channel():
    """In any case, however much is unsent: it is small. The connection's thread sees to the tick."""
    ports, ticks = InnerPorts(), []
    link: Any = Link()
    ports.tick()
    assert not ports.send_control(b"too early")
    ports.listen(print, print, lambda: ticks.append(1))
    ports.granted(Transport("RTP/AVP/TCP", interleaved=(6, 7)), link)
    assert ports.send_control(b"report")
    assert link.offered == [(b"$\x07\x00\x06report", True)]
    ports.tick()
    ports.close()
    ports.tick()
    assert not ports.send_control(b"too late") and ticks == [1]


def test_how_long_a_reply_takes():
    """An eighth of each new one, as TCP does it; what never came does not count."""
    now = [0.0]
    replies = Replies(lambda: now[0])
    assert replies.round_trip is None
    for seconds, wanted in ((0.8, 0.8), (0.0, 0.7), (1.5, 0.8)):
        cseq = replies.expect()
        now[0] += seconds
        replies.forget(replies.expect())
        replies.deliver(cseq, Response(200))
        assert replies.round_trip == pytest.approx(wanted)
        replies.wait(cseq, 1)
    replies.forget(replies.expect())
    assert replies.round_trip == pytest.approx(0.8) and not replies._asked


def test_the_latest_requests_are_known_with_what_became_of_them():
    """Oldest first; what has no reply has none; as many as are read at once."""
    now = [0.0]
    replies = Replies(lambda: now[0])
    setup, play = replies.expect("SETUP"), replies.expect("PLAY")
    now[0] = 0.25
    replies.deliver(setup, Response(461))
    replies.forget(setup)
    assert replies.recent() == [Asked(setup, "SETUP", 461, "Unsupported transport", 0.25), Asked(play, "PLAY")]
    for _ in range(3 * KEPT):
        replies.expect("OPTIONS")
    assert [asked.method for asked in replies.recent()] == ["OPTIONS"] * KEPT


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


def test_many_may_share_one_thread():
    """The reader that was given reads for all, and goes on when one of them closes."""
    reader = DatagramReader("shared")
    reader.start()
    came: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    try:
        first, second = (UdpPorts(("127.0.0.1", 0), 0, reader=reader) for _ in range(2))
        for ports in (first, second):
            ports.listen(lambda data, address: came.put(data), lambda data, address: None, lambda: came.put(b"tick"))
        first.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"second", ("127.0.0.1", second.numbers[0]))
            assert came.get(timeout=5) == b"second"
        second.close()
        second.close()
    finally:
        reader.close()
