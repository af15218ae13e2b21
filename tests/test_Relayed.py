"""Packets of one viewer's session on their way through the proxy."""

from __future__ import annotations

from typing import Any

import pytest

from net.pacer import Pacer
from Relayed import GRACE, HELD, RelayedSession, RelayedStream
from rtp import rtcp
from tests.streams import Channel

ORIGIN = ("10.0.0.1", 6000)
PACKET = b"\x80\x60\x00\x07" + (90).to_bytes(4, "big") + (42).to_bytes(4, "big") + b"payload"
REPORT = rtcp.compound(rtcp.SenderReport(42, 1, 90, 1, 7))


class Raw(Channel):
    """Notes the bytes that are sent."""

    def __init__(self):
        super().__init__()
        self.sent: list[bytes] = []

    def send(self, packets, stride):
        if not self.full:
            self.sent.append(bytes(packets))
        return not self.full

    def send_control(self, data):
        self.sent.append(data)


class Inner(Raw):
    connection: Any = "the viewer's"
    numbers = 4, 5


class Way:
    def __init__(self):
        self.sent: list[bytes] = []

    def send_control(self, data):
        self.sent.append(data)

    def close(self):
        pass


def stream_on(channel):
    stream = RelayedStream(RelayedSession("1", "127.0.0.1"), channel)
    stream.addresses, stream.way = {ORIGIN[0]}, Way()
    return stream


def test_packets_go_out_as_they_are():
    stream = stream_on(Raw())
    stream.take(PACKET, ORIGIN, False)
    stream.take(REPORT, ORIGIN, True)
    assert stream.channel.sent == [PACKET, REPORT]
    assert (stream.ssrc, stream.packets, stream.octets) == (42, 1, 7)


def test_a_goodbye_leaves_the_last_packets_some_time():
    """Players end with it, and by UDP the two may overtake each other."""
    stream, later = stream_on(Raw()), []
    stream.pacer = Pacer(lambda: 5.0)
    stream.pacer.add = lambda task, when: later.append((task, when))
    goodbye = rtcp.compound(rtcp.SenderReport(42, 1, 90, 1, 7), rtcp.Goodbye((42,)))
    stream.take(goodbye, ORIGIN, True)
    assert stream.channel.sent == []
    [(task, when)] = later
    assert when == 5.0 + GRACE and task(when) is None and stream.channel.sent == [goodbye]


def test_inside_the_connection_they_have_the_viewer_s_number():
    stream = stream_on(Inner())
    stream.take(PACKET, ORIGIN, False)
    assert stream.channel.sent == [b"$\x04" + len(PACKET).to_bytes(2, "big") + PACKET]


@pytest.mark.parametrize(("data", "address"), [(PACKET, ("10.0.0.2", 6000)), (b"\x80", ORIGIN), (b"x" * 20, ORIGIN)])
def test_what_is_not_the_origin_s_or_no_rtp_is_dropped(data, address):
    stream = stream_on(Raw())
    stream.take(data, address, False)
    assert stream.channel.sent == [] and stream.packets == 0


def test_what_comes_before_a_reply_is_sent_behind_it():
    """In its order; players that read their reply drop what stands before it."""
    stream = stream_on(Raw())
    stream.hold()
    stream.take(PACKET, ORIGIN, False)
    stream.take(REPORT, ORIGIN, True)
    assert stream.channel.sent == []
    stream.release()
    stream.take(PACKET, ORIGIN, False)
    assert stream.channel.sent == [PACKET, REPORT, PACKET]


def test_what_waits_has_a_limit():
    stream = stream_on(Raw())
    stream.hold()
    for _ in range(3):
        stream.take(PACKET + bytes(HELD // 2), ORIGIN, False)
    assert stream.dropped == 2
    stream.release()
    assert len(stream.channel.sent) == 1


def test_what_a_viewer_has_no_room_for_is_counted():
    stream = stream_on(Raw())
    stream.channel.full = True
    stream.take(PACKET, ORIGIN, False)
    assert (stream.packets, stream.dropped) == (0, 1)


def test_reports_go_to_the_origin_and_nothing_else():
    stream = stream_on(Raw())
    for data in (b"\xce\xfa\xed\xfe", b"\x80" + bytes(11), REPORT):
        stream.hear(data)
    assert stream.way.sent == [REPORT]


def test_goodbye_is_said_in_the_name_of_who_cannot():
    """Once it is known who that is; and nothing comes after close()."""
    stream = stream_on(Raw())
    stream.sayBye()
    stream.take(PACKET, ORIGIN, False)
    stream.sayBye()
    assert rtcp.Goodbye((42,)) in rtcp.parse(stream.channel.sent[1])
    stream.close(None)
    stream.sayBye()
    stream.take(PACKET, ORIGIN, False)
    assert len(stream.channel.sent) == 2 and stream.channel.closed
