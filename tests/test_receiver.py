"""From packets to frames that are due, without a socket and with the time passed in."""

from __future__ import annotations

import pytest

from rtp.jpeg import payloads
from rtp.receiver import GRACE, HELD, Arrival, Receiver
from rtp.shown import Shown
from tests.movies import jpeg

JPEG = jpeg(1)
FRAGMENTS = payloads(JPEG)


def packets(sequence, timestamp, now=0.0):
    """One frame."""
    return [
        Arrival((sequence + k) % 65536, timestamp % 2**32, marker, data, len(data) + 12, now)
        for k, (data, marker) in enumerate(FRAGMENTS)
    ]


def feed(receiver, arrivals):
    for arrival in arrivals:
        receiver.arrived(arrival)


def test_the_time_of_a_frame_follows_the_timestamps_over_their_wrap():
    """32 bits of 90 kHz last for 13 hours; then they begin anew, and the movie does not."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=10.0, sequence=65530, timestamp=2**32 - 4500)
    sequence = 65530
    for number in range(3):
        feed(receiver, packets(sequence, 2**32 - 4500 + number * 4500, now=number * 0.05))
        sequence += len(FRAGMENTS)
    assert [round(frame.time, 6) for frame in receiver.due(1)] == [10.0, 10.05, 10.1]
    assert receiver.reception.lost == 0


def test_without_rtp_info_the_first_packet_says_where_it_begins():
    """Some servers do not announce it."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=3.0)
    feed(receiver, packets(7, 1234567))
    assert [frame.time for frame in receiver.due(0)] == [3.0]


def test_without_a_time_the_movie_goes_on_where_it_was():
    """A PLAY reply without Range."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=3.0, timestamp=0)
    feed(receiver, packets(7, 9000))
    receiver.due(1)
    receiver.start(5)
    feed(receiver, packets(900, 77, now=5.0))
    assert [frame.time for frame in receiver.due(5)] == [3.1]


def test_a_missing_packet_is_waited_for_only_so_long():
    """next_due() says until when; the frame is given up, counted, and the next one is shown."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, 0.0, 0, 0)
    first, second = packets(0, 0), packets(len(FRAGMENTS), 4500)
    feed(receiver, first[:-1] + second)
    assert receiver.due(0) == [] and receiver.next_due() == pytest.approx(0.05)
    assert len(receiver.due(0.06)) == 1
    statistics = receiver.statistics()
    assert (statistics["frames_damaged"], statistics["lost"], statistics["frames_received"]) == (1, 1, 1)
    assert receiver.reason
    assert receiver.lost_percent == pytest.approx(100 / (2 * len(FRAGMENTS)))


def test_statistics_of_nothing_are_zeros():
    """Before the first packet."""
    receiver = Receiver(90000, delay=0.2)
    assert set(receiver.statistics().values()) == {0}
    assert receiver.lost_percent == 0 and receiver.first_frame is None and receiver.next_due() is None


def test_held_packets_keep_the_time_of_their_arrival():
    """Waiting for a reply does not look like jitter, and only so many wait."""
    receiver = Receiver(90000, delay=0)
    receiver.hold()
    feed(receiver, packets(0, 0, now=1.0) + packets(len(FRAGMENTS), 4500, now=1.05))
    assert receiver.holding and receiver.reception.packets == 0
    receiver.end(1.0)
    receiver.start(9, 0.0, 0, 0)
    receiver.release()
    assert receiver.reception.jitter < 1e-9 and receiver.heard == 1.05 and receiver.frames == 2
    assert not receiver.holding and not receiver.ended  # that BYE was about the time before
    receiver.hold()
    for number in range(HELD + 5):
        receiver.arrived(Arrival(number % 65536, 0, False, b"", 12, 2.0))
    assert len(receiver._held) == HELD


def test_the_end_comes_after_what_still_waits():
    """BYE, then the last frame, then a moment for what was overtaken."""
    receiver = Receiver(90000, delay=0.2)
    receiver.start(0, 0.0, 0, 0)
    feed(receiver, packets(0, 0))
    receiver.end(0.05)
    assert not receiver.finished(0.15)
    assert len(receiver.due(0.2)) == 1
    assert receiver.finished(0.2 + GRACE)
    receiver.start(1)
    assert not receiver.finished(9)


def test_how_fast_frames_are_shown():
    """Pauses do not count; of late means of late."""
    shown = Shown()
    assert shown.fps == shown.recent_fps == 0
    for number in range(11):
        shown.add(number * 0.1)
    shown.pause()
    for number in range(11):
        shown.add(100 + number * 0.05)
    assert shown.frames == 22 and shown.seconds == pytest.approx(1.5)
    assert shown.fps == pytest.approx(20 / 1.5) and shown.recent_fps == pytest.approx(20)
