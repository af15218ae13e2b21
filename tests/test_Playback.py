"""What a session plays, one passage after the other; and where it pauses."""

import pytest

from media.source import LiveSource
from rtp import rtcp
from rtsp import limits
from rtsp.errors import RangeError, RtspError
from rtsp.states import State
from tests.streams import JPEG, PERIOD, Lab, Movie


def byes(lab, channel=0):
    return sum(type(packet).__name__ == "Goodbye" for report in lab.channels[channel].reports
               for packet in rtcp.parse(report))


def check_numbers(lab, channel=0):
    """Sequence without a gap, timestamps that go on by 4500 with each frame of two packets."""
    packets = lab.channels[channel].packets
    sequence, timestamp = packets[0][:2]
    assert [packet[0] for packet in packets] == [(sequence + n) % 65536 for n in range(len(packets))]
    assert [packet[1] for packet in packets] == [(timestamp + n // 2 * 4500) % 2**32 for n in range(len(packets))]


def pause(lab, point=None):
    lab.session.pause(point)
    lab.session.granted("PAUSE")


# ---- Scale and Speed

@pytest.mark.parametrize(("scale", "speed", "wanted"), [
    (1.0, 1.0, [0, 1, 2, 3]), (2.0, 1.0, [0, 2, 4, 6]), (1.0, 2.0, [0, 1, 2, 3, 4, 5, 6]), (0.5, 1.0, [0, 1]),
    (1.0, 0.5, [0, 1]), (2.0, 2.0, [0, 2, 4, 6, 8, 10, 12]),
])  # fmt: skip
def test_how_many_frames_come_in_a_time(scale, speed, wanted):
    lab = Lab(Movie(100))
    lab.play(scale=scale, speed=speed)
    lab.run(3 * PERIOD)
    assert lab.channel.frames == wanted


@pytest.mark.parametrize(("scale", "speed", "seconds"), [
    (1.0, 1.0, 0.5), (4.0, 1.0, 0.15), (0.5, 2.0, 0.5), (1.0, 4.0, 0.125), (-1.0, 1.0, 0.5),
])  # fmt: skip
def test_the_end_comes_when_the_last_frame_is_over(scale, speed, seconds):
    """… and its report has the timestamp of that moment."""
    lab = Lab(Movie(10))
    begun = lab.pacer.now
    _, runs = lab.play(start=None if scale > 0 else 0.5, scale=scale, speed=speed)
    lab.pacer.run_until(begun + seconds - 0.003)
    assert lab.session.state is State.PLAYING
    lab.pacer.run_until(begun + seconds)
    assert lab.session.state is State.READY and byes(lab) == 1
    sender, *_ = rtcp.parse(lab.channel.byes[0])
    assert (sender.rtp_timestamp - runs[0].timestamp) % 2**32 == pytest.approx(seconds * speed * 90000, abs=181 * speed)


def test_frames_are_prepared_as_they_will_be_sent():
    """Those that are left out are not asked for."""
    lab = Lab(Movie(60))
    lab.play(scale=3.0)
    lab.run(5)
    assert lab.preparer.wanted == list(range(3, 60, 3))
    assert lab.preparer.due == pytest.approx({k: 1000.0 + k * PERIOD / 3 for k in range(3, 60, 3)})


def test_another_scale_acts_at_once_from_where_it_stands():
    """As VLC asks for it: PLAY with a Scale and no Range, while playing. The numbers go on."""
    lab = Lab(Movie(100))
    lab.play()
    lab.run(0.11)
    start, runs = lab.play(scale=2.0)
    assert start == pytest.approx(3 * PERIOD)
    lab.run(0)
    assert lab.channel.frames == [0, 1, 2, 3] and lab.channel.packets[-1][1] == runs[0].timestamp
    lab.run(0.11)
    assert lab.channel.frames == [0, 1, 2, 3, 5, 7]
    start, _ = lab.play(scale=0.5)
    lab.run(0.11)
    assert start == pytest.approx(9 * PERIOD) and lab.channel.frames[6:] == [9, 10]
    sequence = lab.channel.packets[0][0]
    assert [packet[0] for packet in lab.channel.packets] == [(sequence + n) % 65536 for n in range(16)]


def test_a_play_that_changes_nothing_changes_nothing():
    """RFC 2326 §10.5: it is a way to ask whether the server lives. However often it comes, each frame is sent in its
    time, and RTP-Info is right."""
    lab = Lab(Movie(40))
    lab.play(start=0.5, end=1.5)
    for step in range(1, 19):
        for part in (0.2, 0.5, 0.9):
            lab.pacer.run_until(1000 + (step - 1 + part) * PERIOD)
            count = len(lab.channel.packets)
            start, runs = lab.play()
            assert lab.channel.frames == list(range(10, 10 + step))
            assert start == pytest.approx(0.5 + step * PERIOD)
        lab.pacer.run_until(1000 + step * PERIOD)
        assert lab.channel.packets[count][:2] == (lab.channel.packets[0][0] + count & 0xFFFF, runs[0].timestamp)
    lab.run(5)
    assert lab.channel.frames == list(range(10, 30)) and byes(lab) == 1
    check_numbers(lab)


def test_a_play_behind_the_last_frame_changes_nothing_either():
    lab = Lab(Movie(4))
    lab.play()
    lab.run(3.5 * PERIOD)
    passage = lab.session.play(None, None)
    assert not passage.exact and passage.start == pytest.approx(4 * PERIOD)
    lab.session.start(lab.pacer)
    lab.run(1)
    assert lab.channel.frames == [0, 1, 2, 3] and byes(lab) == 1 and lab.session.state is State.READY


@pytest.mark.parametrize(("scale", "end"), [(1.0, 2.5), (8.0, 2.5), (-8.0, 1.5)])
def test_play_goes_on_where_a_range_has_ended_at_any_scale(scale, end):
    """… and not at the next frame that this scale would have shown."""
    lab = Lab(Movie(100))
    lab.play(2.0, end, scale=scale)
    lab.run(5)
    assert lab.play(scale=scale)[0] == pytest.approx(end)


# ---- backwards

def test_backwards_from_where_it_stands_and_ahead_again():
    """The frame that is on the screen is what the other direction begins with."""
    lab = Lab(Movie(100))
    lab.play(start=1.0)
    lab.run(0.11)
    start, _ = lab.play(scale=-1.0)
    lab.run(0.11)
    assert start == pytest.approx(22 * PERIOD) and lab.channel.frames == [20, 21, 22, 22, 21, 20]
    pause(lab)
    start, _ = lab.play()
    lab.run(0.06)
    assert start == pytest.approx(20 * PERIOD) and lab.channel.frames[6:] == [20, 21]
    check_numbers(lab)


def test_backwards_to_the_beginning_and_then_from_there():
    lab = Lab(Movie(10))
    passage = lab.session.play(0.22, None, -1.0)
    assert (passage.start, passage.limit(0.5)) == (pytest.approx(0.2), 0.0)
    lab.session.granted("PLAY")
    lab.session.start(lab.pacer)
    lab.run(5)
    assert lab.channel.frames == [4, 3, 2, 1, 0] and lab.session.state is State.READY and byes(lab) == 1
    with pytest.raises(RangeError):
        lab.play(scale=-1.0)                        # there is nothing
    start, _ = lab.play()
    lab.run(0)
    assert start == 0.0 and lab.channel.frames[-1] == 0
    check_numbers(lab)


def test_backwards_from_the_end():
    """After the last frame PLAY without a Range goes back from there."""
    lab = Lab(Movie(4))
    lab.play()
    lab.run(5)
    lab.play(scale=-2.0)
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2, 3, 3, 1]
    check_numbers(lab)


@pytest.mark.parametrize(("start", "end", "wanted"), [(0.3, 0.1, [6, 5, 4, 3]), (0.5, 0.4, [9]), (0.1, 0.0, [2, 1, 0]),
                                                      (0.0, None, [0])])  # fmt: skip
def test_a_range_backwards_has_its_larger_time_first(start, end, wanted):
    lab = Lab(Movie(10))
    lab.play(start, end, scale=-1.0)
    lab.run(5)
    assert lab.channel.frames == wanted


@pytest.mark.parametrize(("start", "end"), [(0.1, 0.3), (0.3, 0.3), (99.0, None), (None, None), (None, 0.1)])
def test_no_frame_backwards_is_457(start, end):
    lab = Lab(Movie(10))
    with pytest.raises(RangeError):
        lab.session.play(start, end, -1.0)
    assert lab.play()[0] == 0.0


def test_a_damaged_frame_is_left_out_backwards_too():
    """The reply names the first one that is sent."""
    lab = Lab(Movie(10))
    lab.preparer.damaged = {2, 4}
    start, runs = lab.play(start=0.2, scale=-1.0)
    lab.run(5)
    assert start == pytest.approx(0.15) and lab.channel.frames == [3, 1, 0]
    assert lab.channel.packets[0][1] == runs[0].timestamp


def test_two_streams_go_back_together():
    """The longer one begins; the other joins when its time has come."""
    lab = Lab(Movie(20), Movie(16, start=0.02))
    start, runs = lab.play(start=1.0, scale=-1.0)
    assert start == pytest.approx(0.95) and all(run.startTime == start for run in runs.values())
    lab.run(0.19)
    assert [channel.frames for channel in lab.channels] == [[19, 18, 17, 16], [15]]
    late = (lab.channels[1].packets[0][1] - runs[1].timestamp) % 2**32
    assert late == round((0.95 - 0.77) * 90000)
    lab.run(5)
    assert lab.channels[1].frames == list(range(15, -1, -1)) and lab.session.state is State.READY


# ---- PLAY while Playing, with a Range

def test_ranges_with_an_end_are_played_one_after_the_other():
    """RFC 2326 §10.5, its own example in small: no gap, no BYE in between, numbers that go on (Appendix B)."""
    lab = Lab(Movie(60))
    begun = lab.pacer.now
    lab.play(0.5, 0.75)
    waiting = [lab.session.play(1.0, 1.25), lab.session.play(1.5, None)]
    lab.session.start(lab.pacer)
    assert not any(passage.exact for passage in waiting)
    assert [(passage.start, passage.limit(3.0)) for passage in waiting] == [(1.0, 1.25), (1.5, 3.0)]
    for k in range(40):
        lab.pacer.run_until(begun + k * PERIOD)
        assert len(lab.channel.frames) == k + 1 and lab.session.state is State.PLAYING
    assert lab.channel.frames == [*range(10, 15), *range(20, 25), *range(30, 60)] and byes(lab) == 0
    check_numbers(lab)
    lab.run(PERIOD)
    assert lab.session.state is State.READY and byes(lab) == 1


@pytest.mark.parametrize("end", [None, 3.0, 99.0])
def test_a_range_behind_one_without_an_end_acts_at_once(end):
    """What players do to jump; the end of the presentation is no end of the range's own."""
    lab = Lab(Movie(60))
    lab.play(0.0, end)
    lab.run(0.06)
    lab.play(2.0, end)
    lab.run(0.06)
    assert lab.channel.frames == [0, 1, 40, 41]


def test_a_queued_range_has_a_scale_of_its_own_and_may_begin_where_the_other_ends():
    lab = Lab(Movie(60))
    lab.play(0.1, 0.2)
    lab.play(None, 0.6, scale=2.0)              # npt=-0.6
    lab.play(0.4, 0.3, scale=-1.0)
    lab.run(0.6)
    assert lab.channel.frames == [2, 3, 4, 6, 8, 10, 8, 7]
    check_numbers(lab)


def test_a_change_of_scale_keeps_the_end_and_what_is_queued():
    lab = Lab(Movie(60))
    lab.play(0.1, 0.4)
    lab.play(1.0, 1.1)
    lab.run(0.06)
    lab.play(scale=2.0)
    lab.run(5)
    assert lab.channel.frames == [2, 3, 4, 6, 20, 21] and byes(lab) == 1


@pytest.mark.parametrize("how", ["PAUSE", "turning round", "a pause point"])
def test_what_is_queued_is_discarded(how):
    lab = Lab(Movie(60))
    lab.play(0.5, 0.75)
    lab.play(1.0, 1.25)
    lab.run(0.06)
    if how == "PAUSE":
        pause(lab)
    elif how == "a pause point":
        pause(lab, 0.65)
    else:
        lab.play(scale=-8.0)
    lab.run(5)
    assert lab.session.state is State.READY and max(lab.channel.frames) <= 12


def test_the_queue_has_a_limit_and_refuses_what_has_no_frame():
    lab = Lab(Movie(60))
    lab.play(0.5, 0.75)
    for _ in range(limits.QUEUED_PLAYS):
        lab.session.play(1.0, 1.05)
    with pytest.raises(RtspError) as caught:
        lab.session.play(1.0, 1.05)
    assert caught.value.status == 503
    lab.session.playback.passages.pop()
    with pytest.raises(RangeError):
        lab.session.play(3.0, None)
    lab.run(5)
    assert lab.channel.frames == [10, 11, 12, 13, 14] + [20] * (limits.QUEUED_PLAYS - 1)
    check_numbers(lab)


def test_two_streams_begin_the_next_range_together():
    """The one that has ended before waits; its clock goes on, so that both stay together. One BYE each, at the end."""
    lab = Lab(Movie(60), Movie(60, start=0.02))
    _, runs = lab.play(0.5, 0.76)
    lab.play(1.0, 1.1)
    lab.run(5)
    assert lab.channels[0].frames == [*range(10, 16), 20, 21]
    assert lab.channels[1].frames == [*range(10, 15), 20, 21]
    stamps = [[(packet[1] - runs[n].timestamp) % 2**32 for packet in lab.channels[n].packets[::2]] for n in (0, 1)]
    assert stamps[0] == [k * 4500 for k in range(8)]
    assert stamps[1] == [1800 + k * 4500 for k in (0, 1, 2, 3, 4, 6, 7)]
    assert (byes(lab, 0), byes(lab, 1)) == (1, 1) and lab.session.state is State.READY


def test_the_clock_goes_on_of_a_stream_that_has_nothing_in_a_range():
    """… so that both are still together in the next one."""
    lab = Lab(Movie(40), Movie(10))
    lab.session.streams[1].timestamp = 0xFFFFFFFF
    _, runs = lab.play(0.1, 0.2)
    for start in (0.6, 0.1):
        lab.play(start, start + 0.1)
    lab.run(5)
    stamps = [[(packet[1] - runs[n].timestamp) % 2**32 for packet in lab.channels[n].packets[::2]] for n in (0, 1)]
    assert stamps == [[k * 4500 for k in range(6)], [k * 4500 for k in (0, 1, 4, 5)]]


def test_a_stream_that_has_nothing_in_the_last_range_says_goodbye_with_the_other():
    lab = Lab(Movie(10), Movie(60))
    lab.play(0.2, 0.4)
    lab.play(1.0, 1.1)
    lab.run(0.25)
    assert byes(lab, 0) == 0
    lab.run(5)
    assert [channel.frames for channel in lab.channels] == [[4, 5, 6, 7], [4, 5, 6, 7, 20, 21]]
    assert (byes(lab, 0), byes(lab, 1)) == (1, 1)


@pytest.mark.parametrize(("start", "wanted"), [(None, []), (0.35, [7, 8, 9])])
def test_a_stream_that_has_ended_begins_again_only_where_it_is_asked_to(start, wanted):
    """The second one ends while the first has a frame left that begins before."""
    lab = Lab(Movie(10, start=0.02), Movie(10))
    lab.play()
    lab.run(0.46)
    assert [channel.frames[-1] for channel in lab.channels] == [8, 9]
    pause(lab)
    lab.stream.frame = 7                            # as if the first had been late
    assert lab.play(start=start)[0] == pytest.approx(0.37 if start is None else 0.35)
    lab.run(0)
    pause(lab)
    lab.play()
    lab.run(5)
    assert lab.channels[1].frames == [*range(10), *wanted]


def test_a_range_behind_the_end_of_a_stream_moves_it_there():
    """PLAY without a Range goes on behind that range, and then nothing is left of the shorter stream."""
    lab = Lab(Movie(10), Movie(60))
    lab.play(1.0, 1.1)
    lab.run(5)
    start, runs = lab.play()
    assert start == pytest.approx(1.1) and list(runs) == [1]


# ---- PAUSE with a Range

def test_a_pause_point_ahead():
    """RFC 2326 §10.6: playing goes on until there, the frame that begins there is not sent, and PLAY resumes with it;
    no BYE."""
    lab = Lab(Movie(60))
    lab.play()
    lab.run(0.01)
    pause(lab, 0.2)
    assert lab.session.state is State.PLAYING
    lab.run(0.15)
    assert lab.session.state is State.PLAYING
    lab.run(5)
    assert lab.session.state is State.READY and lab.channel.frames == [0, 1, 2, 3] and lab.channel.byes == []
    start, _ = lab.play()
    lab.run(0.06)
    assert start == pytest.approx(0.2) and lab.channel.frames == [0, 1, 2, 3, 4, 5]
    check_numbers(lab)


@pytest.mark.parametrize("point", [0.0, 0.1, 0.25, 0.26])
def test_a_pause_point_that_is_past_is_now_and_where_play_resumes(point):
    """… since the client has thrown away what came after it."""
    lab = Lab(Movie(60))
    lab.play()
    lab.run(0.26)
    pause(lab, point)
    assert lab.session.state is State.READY
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2, 3, 4, 5] and lab.channel.byes == []
    start, _ = lab.play()
    assert start == pytest.approx(0.3 if point == 0.26 else point)


# RFC 2326 §10.6: 10 to 15 and 20 to 29 are to be played (here in tenths); 13 is being played. PAUSE, frames, resumed at
EXAMPLES = [(2.1, [*range(20, 30), 40, 41], 2.1), (1.2, list(range(20, 27)), 1.2), (1.6, list(range(20, 30)), 1.6),
            (1.45, list(range(20, 29)), 1.45), (2.9, [*range(20, 30), *range(40, 58)], 2.9)]


@pytest.mark.parametrize(("point", "frames", "resumed"), EXAMPLES)
def test_pause_points_among_queued_ranges(point, frames, resumed):
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    lab.play(2.0, 2.9)
    lab.run(0.31)
    pause(lab, point)
    lab.run(5)
    assert lab.channel.frames == frames and lab.session.state is State.READY and lab.channel.byes == []
    start, _ = lab.play()
    assert start == pytest.approx(resumed)


def test_a_pause_point_ahead_waits_also_behind_the_last_frame_of_a_range():
    lab = Lab(Movie(100))
    lab.play(1.0, 1.1)
    lab.play(2.0, 2.9)
    lab.run(1.5 * PERIOD)
    pause(lab, 2.1)
    lab.run(5)
    assert lab.channel.frames == [20, 21, 40, 41]


def test_the_first_of_overlapping_ranges_is_paused():
    """RFC 2326 §10.6: 10 to 15, 13 to 20, PAUSE 14."""
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    lab.play(1.3, 2.0)
    lab.run(0.01)
    pause(lab, 1.4)
    lab.run(5)
    assert lab.channel.frames == list(range(20, 28)) and lab.play()[0] == pytest.approx(1.4)


@pytest.mark.parametrize("point", [0.9, 3.0])
def test_a_pause_point_outside_is_457_and_changes_nothing(point):
    lab = Lab(Movie(100))
    with pytest.raises(RangeError):
        lab.session.pause(point)                    # nothing is being played
    lab.play(1.0, 1.1)
    lab.play(2.0, 2.1)
    with pytest.raises(RangeError):
        lab.session.pause(point)
    lab.run(5)
    assert lab.channel.frames == [20, 21, 40, 41] and byes(lab) == 1


def test_a_pause_point_backwards():
    lab = Lab(Movie(100))
    lab.play(1.0, scale=-1.0)
    lab.run(0.01)
    pause(lab, 0.8)
    lab.run(5)
    assert lab.channel.frames == [20, 19, 18, 17] and lab.session.state is State.READY
    start, _ = lab.play(scale=-1.0)
    assert start == pytest.approx(0.8)


@pytest.mark.parametrize(("points", "frames"), [((1.2, 1.4), range(20, 28)), ((1.4, 1.2), range(20, 24)),
                                                ((1.2, 1.5), range(20, 30))])  # fmt: skip
def test_a_second_pause_point_replaces_the_first(points, frames):
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    for point in points:
        pause(lab, point)
    lab.run(5)
    assert lab.channel.frames == list(frames) and byes(lab) == 0
    assert lab.play()[0] == pytest.approx(points[1])


@pytest.mark.parametrize("how", ["PAUSE", "PLAY", "PLAY with a range"])
def test_a_pause_that_lies_ahead_is_replaced(how):
    """By another request; the end of the range is what it was."""
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    pause(lab, 1.2)
    lab.run(0.06)
    if how == "PAUSE":
        pause(lab)
        assert lab.session.state is State.READY
    elif how == "PLAY":
        lab.play()
    else:
        lab.play(3.0, 3.1)
    lab.run(5)
    last = {"PAUSE": [], "PLAY": list(range(22, 30)), "PLAY with a range": [60, 61]}[how]
    assert lab.channel.frames == [20, 21, *last] and byes(lab) == bool(last)


def test_a_pause_that_lies_ahead_is_replaced_also_behind_the_last_frame_before_it():
    """PLAY means that the movie goes on: it does not stop a moment later."""
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    pause(lab, 1.2)
    lab.run(3.5 * PERIOD)
    assert lab.channel.frames == [20, 21, 22, 23] and lab.session.state is State.PLAYING
    start, _ = lab.play()
    assert start == pytest.approx(1.2)
    lab.run(5)
    assert lab.channel.frames == list(range(20, 30)) and byes(lab) == 1
    check_numbers(lab)


def test_a_pause_among_queued_ranges_is_replaced():
    """The queued range ends where it was to end."""
    lab = Lab(Movie(100))
    lab.play(1.0, 1.5)
    lab.play(2.0, 2.5)
    pause(lab, 2.2)
    lab.run(0.06)
    lab.play()
    lab.run(5)
    assert lab.channel.frames == [*range(20, 30), *range(40, 50)] and byes(lab) == 1


def test_half_a_frame_is_finished_before_a_pause_point():
    """It began before the point, and PLAY will not begin with it again."""
    lab = Lab(Movie(20))
    lab.preparer.large = {1: 10 * lab.channel.burst}
    lab.play()
    lab.run(PERIOD)
    assert lab.stream.rest
    pause(lab, 2 * PERIOD)
    lab.run(5)
    assert lab.channel.frames.count(1) == 10 * lab.channel.burst - 1 and lab.session.state is State.READY
    assert lab.play()[0] == pytest.approx(2 * PERIOD)


def test_two_streams_pause_at_the_point_and_resume_together():
    lab = Lab(Movie(60), Movie(60, start=0.02))
    lab.play()
    lab.run(0.01)
    pause(lab, 0.21)
    lab.run(5)
    assert [channel.frames for channel in lab.channels] == [[0, 1, 2, 3, 4], [0, 1, 2, 3]]
    assert lab.session.state is State.READY and byes(lab, 0) == byes(lab, 1) == 0
    start, _ = lab.play()
    lab.run(0.04)
    assert start == pytest.approx(0.22) and [channel.frames[-1] for channel in lab.channels] == [5, 4]


# ---- where it stands

def test_the_position():
    lab = Lab(Movie(20), Movie(10))
    positions = [lab.session.playback.position]
    lab.play(start=0.2)
    for seconds in (0.11, 0.2, 5):
        lab.run(seconds)
        positions.append(lab.session.playback.position)
    assert positions == pytest.approx([0.0, 0.35, 0.55, 1.0])


def test_a_live_stream_has_a_position_too():
    source = LiveSource(JPEG, PERIOD)
    lab = Lab(source)
    source.append([(b"", True)], 7.0)
    lab.play()
    lab.run(0)
    assert lab.session.playback.position == pytest.approx(7.05)
