"""One stream on its way in, on a clock of ours: what waits how long, what is dropped, what the publisher hears."""

from __future__ import annotations

from typing import Any

import pytest

from Inlet import PATIENCE, STANDING, Inlet
from rtp import rtcp
from rtp.streamclock import Reference
from rtp.timestamps import middle, ntp_time
from rtsp.announcement import AnnouncedStream
from tests.publishing import rtp
from tests.scripted import FakeClock
from tests.streams import Channel

VIDEO = AnnouncedStream("film/0", "video", 96, "H264", 90_000)
SOUND = AnnouncedStream("film/1", "audio", 97, "L16", 8_000)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def inlet(clock):
    """It is recording."""
    inlet = Inlet(VIDEO, Channel(), Reference(), clock)
    inlet.record(True)
    return inlet


def send(inlet, number, timestamp=0, marker=True, ssrc=7):
    inlet.hear(rtp(96, number, timestamp, bytes([number % 256]), marker, ssrc))


def frames(inlet):
    """The first byte of each packet, group by group."""
    return [[payload[0] for payload, _ in inlet.source.payloads(k, 0)] for k in range(inlet.source.count)]


def test_nothing_is_taken_before_record_and_after_pause(inlet):
    """But for reports."""
    inlet.record(False)
    send(inlet, 1)
    assert inlet.source.count == 0
    inlet.record(True)
    send(inlet, 2)
    assert frames(inlet) == [[2]]


def test_a_gap_is_waited_for_and_then_given_up(inlet, clock):
    """Over UDP; tick() sees to it where nothing else comes."""
    send(inlet, 1)
    send(inlet, 3)
    inlet.tick()
    assert frames(inlet) == [[1]]
    clock.now += PATIENCE
    inlet.tick()
    assert frames(inlet) == [[1], [3]] and inlet.source.lost(1) == 1


def test_inside_the_connection_nothing_is_waited_for(clock):
    """TCP keeps the order: what is missing there was never sent."""
    channel: Any = Channel()
    channel.connection = object()
    inlet = Inlet(VIDEO, channel, Reference(), clock)
    inlet.record(True)
    send(inlet, 1)
    send(inlet, 3)
    assert frames(inlet) == [[1], [3]]


def test_the_rest_of_a_frame_is_not_waited_for_for_ever(inlet, clock):
    """Some senders never set the marker."""
    send(inlet, 1, marker=False)
    inlet.tick()
    assert inlet.source.count == 0
    clock.now += STANDING + 0.01
    inlet.tick()
    assert frames(inlet) == [[1]]


def test_at_the_end_nothing_is_forgotten(inlet):
    """Neither what waits for others nor half a frame."""
    send(inlet, 1)
    send(inlet, 3, marker=False)
    inlet.stop()
    inlet.stop()
    assert frames(inlet) == [[1], [3]] and inlet.source.ended(2)


def test_another_sender_begins_anew(inlet):
    """A publisher that was started again behind the same ports: no gap, and time goes on."""
    send(inlet, 1, 0)
    inlet.clock.now += 1.0
    send(inlet, 500, 3_000_000_000, ssrc=8)
    assert frames(inlet) == [[1], [244]] and inlet.source.lost(1) == 0
    assert inlet.source.time(1) - inlet.source.time(0) == pytest.approx(1.0)


def test_the_publisher_hears_what_has_arrived(inlet, clock):
    """A receiver report, on whom, with what was lost and the time of its latest report (RFC 3550 §6.4.2)."""
    ntp = ntp_time(1_800_000_000.0)
    inlet.hear(bytes(rtcp.SenderReport(7, ntp, 0, 0, 0)))
    for number in (1, 2, 4):
        send(inlet, number)
    clock.now += 10.0
    send(inlet, 5)
    if not inlet.channel.reports:  # the time is drawn once more
        clock.now += 10.0
        send(inlet, 6)
    packets: list[Any] = rtcp.parse(inlet.channel.reports[-1])
    report, name = packets
    (block,) = report.blocks
    assert (block.ssrc, block.lost, block.last_report) == (7, 1, middle(ntp))
    assert block.delay == pytest.approx(65536 * (clock.now - inlet.reported[1]))
    assert report.ssrc == name.ssrc == inlet.ssrc and name.cname


def test_junk_does_no_harm(inlet):
    """Nor what is of another payload type, nor half a report."""
    junk = b"", b"\x80", bytes(200), b"\x80\xc8\0\x06", b"\xce\xfa\xed\xfe", b"\x80\xe0" + bytes(9)
    for data in (*junk, rtp(97, 1, 0, b"another payload type")):
        inlet.hear(data)
    assert inlet.source.count == 0


def test_sound_is_passed_on_packet_by_packet(clock):
    """Without waiting for a marker, which sound does not have."""
    inlet = Inlet(SOUND, Channel(), Reference(), clock)
    inlet.record(True)
    for number in range(3):
        inlet.hear(rtp(97, number, 160 * number, bytes([number]) * 160))
    assert frames(inlet) == [[0], [1], [2]]
    assert inlet.source.time(2) - inlet.source.time(0) == pytest.approx(0.04)
