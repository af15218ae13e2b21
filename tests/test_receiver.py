"""From packets to frames that are due, without a socket and with the time passed in."""

from __future__ import annotations

import pytest

from rtp.hoard import MOST
from rtp.jpeg import payloads
from rtp.receiver import GRACE, Arrival, Receiver
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


@pytest.mark.parametrize(("keep", "damaged"), [(False, 0), (True, 1)])
def test_a_frame_that_a_jump_cuts_off_is_no_damage(keep, damaged):
    """Its rest is never sent. Where the sender goes on, what is missing is missing."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, 0.0, 0, 0)
    feed(receiver, packets(0, 0)[:-1])
    receiver.start(1, 5.0, 100, 4500, keep=keep)
    feed(receiver, packets(100, 4500, now=1.0))
    assert len(receiver.due(1)) == 1 and receiver.statistics()["frames_damaged"] == damaged


def test_the_buffer_is_measured_with_each_frame():
    """Until the last of those that wait is due; the curves show the least of each row."""
    receiver = Receiver(90000, delay=0.2)
    receiver.start(0, 0.0, 0, 0)
    assert receiver.playout.buffered(0) == 0 == receiver.playout.late
    feed(receiver, packets(0, 0))
    feed(receiver, packets(len(FRAGMENTS), 4500, now=0.15))
    assert receiver.playout.buffered(0.15) == pytest.approx(0.1)
    assert [row.buffer for row in receiver.reception.analysis.history.rows] == [pytest.approx(0.1)]
    feed(receiver, packets(2 * len(FRAGMENTS), 9000, now=0.5))
    assert receiver.playout.late == 1 and receiver.reception.analysis.history.rows[-1].buffer == 0


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
    for number in range(MOST + 5):
        receiver.arrived(Arrival(number % 65536, 0, False, b"", 12, 2.0))
    assert len(receiver._held) == MOST


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


# ---- where in the movie a frame belongs, whatever the server says of its first packet

STEP = 4500  # ticks of a frame at 20 frames/s


def run(receiver, count=3, sequence=100, timestamp=9000, now=0.0, spacing=0.05):
    """Frames as they come from the network."""
    for number in range(count):
        feed(receiver, packets(sequence, timestamp + number * STEP, now + number * spacing))
        sequence += len(FRAGMENTS)
    return sequence


def times(receiver, now=99.0):
    return [round(frame.time, 6) for frame in receiver.due(now)]


@pytest.mark.parametrize(
    ("sequence", "timestamp"),
    [
        (100, 9000),  # true
        (None, None), (100, None), (None, 9000),  # partial
        (1100, 9000), (99, 9000), (40000, 9000), (300, None), (5000, 123),  # wrong
        (100, 0xFFFFFFFF - 10**9), (None, 10**9),  # the timestamp alone is wrong
    ],
)  # fmt: skip
def test_every_frame_is_shown_at_its_time_whatever_was_announced(sequence, timestamp):
    """The packets that come are the truth. Within a second; and nothing counts as lost, or next to nothing."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=10.0, sequence=sequence, timestamp=timestamp)
    shown = []
    for number in range(20):
        feed(receiver, packets(100 + number * len(FRAGMENTS), 9000 + number * STEP, number * 0.05))
        shown += times(receiver, number * 0.05)
    assert len(shown) >= 20 - 3  # the latest may wait for a packet before them
    shown += times(receiver, 3.0)
    assert shown == [round(10 + number / 20, 6) for number in range(20)]
    assert receiver.reception.lost <= 1


def test_packets_of_before_are_dropped_once_the_announced_one_comes():
    """A jump: the last ones of before are late, and their numbers are anything."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=0.0, sequence=50000, timestamp=0)
    run(receiver, 2, 50000, 0)
    times(receiver)
    receiver.start(1.0, time=10.0, sequence=100, timestamp=9000, keep=False)
    feed(receiver, packets(50000 + 2 * len(FRAGMENTS), 2 * STEP, 1.0))
    run(receiver, 2, 100, 9000, 1.1)
    assert times(receiver) == [10.0, 10.05] and receiver.reception.lost == 0


def test_what_was_held_back_of_before_is_not_lost_where_the_sender_goes_on():
    """PLAY while playing, at another speed: the packets that came before the reply belong to the old one."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=0.0, sequence=100, timestamp=9000)
    sequence = run(receiver, 1)
    receiver.hold()
    sequence = run(receiver, 1, sequence, 9000 + STEP, 0.05)
    feed(receiver, packets(sequence, 9000 + 2 * STEP, 0.1))
    receiver.start(0.12, time=0.1, sequence=sequence, timestamp=9000 + 2 * STEP, scale=2.0)
    receiver.release()
    feed(receiver, packets(sequence + len(FRAGMENTS), 9000 + 3 * STEP, 0.15))
    assert times(receiver) == [0.0, 0.05, 0.1, 0.2] and receiver.reception.lost == 0


@pytest.mark.parametrize("scale", [0.25, 2.0, 8.0, -1.0, -4.0])
def test_the_movie_goes_faster_and_the_clock_does_not(scale):
    """Times of the movie follow the scale; what is shown when follows the timestamps (RFC 2326 Appendix B)."""
    receiver = Receiver(90000, delay=0.2)
    receiver.start(0, time=10.0, sequence=100, timestamp=9000, scale=scale)
    run(receiver, 3)
    for number in range(3):
        assert times(receiver, 0.199 + number * 0.05) == []
        assert times(receiver, 0.201 + number * 0.05) == [round(10 + number * 0.05 * scale, 6)]


def test_frames_that_wait_when_the_speed_changes_keep_their_distances():
    """They were sent at the old speed; the new ones wait their delay."""
    receiver = Receiver(90000, delay=0.2)
    receiver.start(0, time=0.0, sequence=100, timestamp=9000, scale=2.0)
    sequence = run(receiver, 2)
    receiver.start(0.1, time=0.2, sequence=sequence, timestamp=9000 + 2 * STEP, scale=4.0)
    feed(receiver, packets(sequence, 9000 + 2 * STEP, 0.15))
    assert times(receiver, 0.11) == [0.0] and times(receiver, 0.16) == [0.1]
    assert times(receiver, 0.34) == [] and times(receiver, 0.36) == [0.2]


@pytest.mark.parametrize("timestamp", [5, 2**31, 9000 - 10 * 90000])
def test_timestamps_that_begin_anew_are_no_time(timestamp):
    """Without a word of the server: its movie goes on where it was, and no frame is put off for hours."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=10.0, sequence=100, timestamp=9000)
    sequence = run(receiver, 2)
    assert times(receiver, 0.1) == [10.0, 10.05]
    run(receiver, 2, sequence, timestamp, now=0.1)
    assert times(receiver, 0.2) == [10.05, 10.1]


def test_a_stream_that_was_silent_for_long_goes_on_at_its_time():
    """Its timestamps went on with the clock."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=0.0, sequence=100, timestamp=9000)
    sequence = run(receiver, 1)
    feed(receiver, packets(sequence, 9000 + 600 * 90000, 600.0))
    assert times(receiver, 601.0) == [0.0, 600.0]


def test_the_end_waits_for_what_is_in_doubt():
    """A short stream whose announcement is wrong is shown nevertheless."""
    receiver = Receiver(90000, delay=0)
    receiver.start(0, time=0.0, sequence=20000)
    run(receiver, 2)
    receiver.end(0.1)
    assert receiver.due(0.3) == [] and not receiver.finished(0.3)
    assert len(receiver.due(0.7)) == 2 and receiver.finished(0.7)
