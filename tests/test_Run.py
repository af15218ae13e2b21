"""One PLAY of one stream: which frames, with which timestamps, when."""

import pytest

from Run import Run, nearest
from tests.streams import PERIOD, Movie


def run_of(scale, first=0, speed=1.0, count=200, end=None, start=0.0):
    source = Movie(count, start)
    run = Run(source, first, None, source.time(first), end, scale, speed, timestamp=1000)
    run.begun = 50.0
    return run


def frames(run):
    """All of them, in their order."""
    found = []
    while not run.isOver():
        found.append(run.frame)
        run.goOn(run.after(run.frame))
    return found


@pytest.mark.parametrize(("scale", "first", "wanted"), [
    (1.0, 0, [0, 1, 2, 3, 4, 5]),
    (0.25, 3, [3, 4, 5, 6, 7, 8]),
    (2.0, 1, [1, 3, 5, 7, 9, 11]),
    (8.0, 4, [4, 12, 20, 28, 36, 44]),
    (1.5, 0, [0, 2, 3, 5, 6, 8]),
    (-1.0, 150, [150, 149, 148, 147, 146, 145]),
    (-0.5, 150, [150, 149, 148, 147, 146, 145]),
    (-2.0, 151, [151, 149, 147, 145, 143, 141]),
    (-2.5, 150, [150, 147, 145, 142, 140, 137]),
])
def test_frames_are_left_out_evenly_above_single_scale(scale, first, wanted):
    """RFC 2326 §12.34: for each second, |scale| seconds of the movie, and never more frames than the movie has."""
    run = run_of(scale, first)
    assert frames(run)[:6] == wanted
    assert [run.after(first, steps) for steps in range(1, 6)] == wanted[1:]


@pytest.mark.parametrize("scale", [1.000001, 1.1, 3.3, 7.99, 8.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_any_scale_comes_to_an_end(scale, sign):
    first = 0 if sign > 0 else 199
    found = frames(run_of(sign * scale, first))
    steps = [(new - old) * sign for old, new in zip(found, found[1:], strict=False)]
    assert min(steps) >= 1 and max(steps) - min(steps) <= 1
    assert len(found) == pytest.approx(200 / scale, abs=1.01)


@pytest.mark.parametrize(("scale", "first", "steps"), [
    (1.0, 0, [0, 4500, 9000]),
    (2.0, 0, [0, 4500, 9000]),          # RFC 2326 Appendix B: every second frame, with the usual spacing
    (0.5, 0, [0, 9000, 18000]),
    (-1.0, 100, [0, 4500, 9000]),
    (-4.0, 100, [0, 4500, 9000]),
    (-0.25, 100, [0, 18000, 36000]),
    (1.5, 0, [0, 6000, 9000]),          # frames 0, 2, 3
])
def test_timestamps_follow_the_playing_and_not_the_movie(scale, first, steps):
    run = run_of(scale, first)
    stamps = [run.rtpTime(run.source.time(k)) - 1000 for k in frames(run)[:3]]
    assert stamps == steps


@pytest.mark.parametrize("scale", [0.25, 1.0, 2.0, -1.0, -3.0])
@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_the_clocks_agree(scale, speed):
    """A frame's timestamp is that of the moment when it is due: what a sender report needs. Speed moves the moments
    and no timestamps."""
    run = run_of(scale, 100, speed)
    for k in frames(run)[:20]:
        due = run.due(run.source.time(k))
        assert run.rtpAt(due) == run.rtpTime(run.source.time(k))
        assert due - 50 == pytest.approx(abs(k - 100) * PERIOD / abs(scale) / speed)


def test_timestamps_wrap_also_before_the_start():
    run = run_of(1.0)
    run.timestamp = 2**32 - 4500
    assert [run.rtpTime(time) for time in (-PERIOD, 0.0, PERIOD)] == [2**32 - 9000, 2**32 - 4500, 0]
    assert [run.rtpAt(now) for now in (50 - PERIOD, 50.0, 50 + PERIOD)] == [2**32 - 9000, 2**32 - 4500, 0]


@pytest.mark.parametrize(("scale", "first", "end", "wanted"), [
    (1.0, 2, 0.2, [2, 3]),              # half open (RFC 2326 §12.29): the frame at the end is not in it
    (1.0, 2, 0.2000001, [2, 3]),
    (1.0, 2, 0.21, [2, 3, 4]),
    (2.0, 2, 0.4, [2, 4, 6]),
    (-1.0, 4, 0.1, [4, 3]),
    (-1.0, 4, 0.09, [4, 3, 2]),
    (-1.0, 2, None, [2, 1, 0]),
    (-2.0, 5, None, [5, 3, 1]),
    (1.0, 198, None, [198, 199]),
])
def test_a_range_excludes_its_end(scale, first, end, wanted):
    assert frames(run_of(scale, first, end=end)) == wanted


@pytest.mark.parametrize(("time", "ahead", "back"), [
    (0.0, 0, 0), (0.02, 1, 0), (0.05, 1, 1), (0.05000001, 1, 1), (0.051, 2, 1), (-1.0, 0, -1), (0.499, 10, 9),
    (0.5, 10, 9), (99.0, 10, 9),
])  # fmt: skip
def test_the_nearest_frame_in_either_direction(time, ahead, back):
    movie = Movie(10)
    assert (nearest(movie, time, 1), nearest(movie, time, -1)) == (ahead, back)


@pytest.mark.parametrize("scale", [1.0, -2.0, 3.0])
def test_the_play_time_is_that_of_the_next_frame(scale):
    """Also behind the last one."""
    run = run_of(scale, 0 if scale > 0 else 10, count=11)
    while not run.isOver():
        assert run.playTime == run.source.time(run.frame)
        run.goOn(run.after(run.frame))
    assert run.playTime == run.source.time(run.frame)


def test_streams_of_a_session_share_the_start():
    """A stream whose first frame is later leaves out frames by the same clock."""
    source = Movie(100, start=0.02)
    run = Run(source, 0, None, 0.0, None, scale=2.0)
    assert frames(run)[:4] == [0, 2, 4, 6]
    assert run.rtpTime(source.time(0)) == 900


@pytest.mark.parametrize(("scale", "first", "end"), [
    (1.0, 0, None), (0.5, 20, 7.5), (-1.0, 150, None), (-0.25, 150, 6.6),
])
def test_straight_on_each_frame_is_one_step_further(scale, first, end):
    """What sendRtp() adds up by itself is what the clocks say, and comes to the same end, whatever lies ahead."""
    run, exact = run_of(scale, first, end=end), run_of(scale, first, end=end)
    for moment in (run, exact):
        moment.goOn(moment.first)
    steps = 0
    while not exact.isOver():
        if run.frame == run.turn:
            run.goOn(run.frame)
            run.straightOn(7)
            assert 0 < abs(run.turn - run.frame) <= 7
            stamp, deadline = run.stamp, run.deadline
        assert (run.frame, stamp) == (exact.frame, exact.rtpTime(exact.playTime))
        assert deadline == pytest.approx(exact.deadline, abs=1e-9)
        run.sent, run.frame = run.frame, run.frame + run.step
        stamp, deadline = (stamp + run.tickStep) & 0xFFFFFFFF, deadline + run.interval
        exact.advance()
        assert (run.ends, run.playTime) == (exact.ends, exact.playTime)
        steps += 1
    assert run.isOver() and run.frame == run.turn and steps > 17


def test_there_is_no_straight_on_where_steps_differ():
    """Frames left out; times of their own; timestamps that are no whole numbers; a pause that has been asked for."""
    uneven, odd = Movie(200), Movie(200)
    uneven.steady, odd.period = False, 1 / 23.976
    for run in (run_of(1.5), Run(uneven, 0, None, 0.0, None), Run(odd, 0, None, 0.0, None)):
        run.straightOn(8)
        assert run.turn == run.frame
    run = run_of(1.0)
    run.straightOn(8)
    assert run.turn == 8
    run.cut(0.1)
    assert run.turn == run.frame == 0
    run.straightOn(8)
    assert run.turn == 2


@pytest.mark.parametrize(("scale", "first", "near", "more", "again"), [
    (1.0, 5, [6, 7, 8], [9, 10, 11, 12, 13], [7, 8, 9]),
    (-0.5, 50, [49, 48, 47], [46, 45, 44, 43, 42], [48, 47, 46]),
    (2.0, 5, [7, 9, 11], [13], [9, 11, 13]),
])
def test_what_is_coming_up_is_said_once(scale, first, near, more, again):
    """Three frames behind the next one, and as many as are let go straight on; all of them for those who ask anew."""
    run = run_of(scale, first)
    assert list(run.comingUp(4)) == near and not run.comingUp(4)
    run.advance()
    run.straightOn(4)
    assert list(run.comingUp(4)) == more and not run.comingUp(4)
    run.goOn(run.frame)
    assert not run.comingUp(4)
    run.anew()
    assert list(run.comingUp(4)) == again and run.turn == run.frame
