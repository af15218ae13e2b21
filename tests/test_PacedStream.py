"""What the pacer does by itself for frames of the usual kind, and when it looks about."""

import pytest

import PacedStream
from tests.streams import PERIOD, Lab, Movie


@pytest.fixture
def unusual(monkeypatch):
    """The frames that were looked at."""
    seen, real = [], PacedStream.PacedStream.sendUnusual

    def look(stream, run, now):
        seen.append(run.frame)
        return real(stream, run, now)

    monkeypatch.setattr(PacedStream.PacedStream, "sendUnusual", look)
    return seen


def test_most_frames_are_sent_without_a_look(unusual):
    """All of them in time, and others are made ready as far ahead as ever."""
    lab = Lab(Movie(400))
    lab.preparer.missing = set(range(20, 400))
    lab.play()
    begun = lab.pacer.now
    for k in range(100):
        lab.pacer.run_until(begun + k * PERIOD)
        assert lab.channel.frames == list(range(k + 1))
        assert max(lab.preparer.wanted) >= k + PacedStream.AHEAD - 1
        lab.preparer.missing -= set(lab.preparer.wanted)
    assert len(unusual) <= 100 / PacedStream.FAR + 3        # … and at each report


def test_a_call_that_fails_is_made_again_by_the_channel(monkeypatch):
    """It knows what to do; nothing is lost and nothing doubled."""
    lab, failed = Lab(Movie(50)), []

    def straight(stride):
        def send(packets):
            failed.append(packets)
            raise ConnectionRefusedError
        return send, 64

    monkeypatch.setattr(lab.channel, "straight", straight)
    lab.play()
    lab.run(1)
    assert lab.channel.frames == list(range(21)) and len(failed) > 15
    assert [packet[0] for packet in lab.channel.packets] == [
        (lab.channel.packets[0][0] + n) & 0xFFFF for n in range(42)]


def test_what_there_is_no_room_for_gets_no_numbers():
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.5)
    lab.channel.full = True
    lab.run(0.2)
    lab.channel.full = False
    lab.run(0.3)
    assert lab.channel.frames == [*range(11), *range(15, 21)]
    assert lab.stream.dropped == 4 and lab.stream.packets == 34
    numbers = [packet[0] for packet in lab.channel.packets]
    assert numbers == [(numbers[0] + n) & 0xFFFF for n in range(34)]
    stamps = [packet[1] for packet in lab.channel.packets]
    assert (stamps[-1] - stamps[0]) % 2**32 == 20 * 4500        # time goes on


@pytest.mark.parametrize("unlike", ["missing", "damaged", "large"])
def test_a_frame_that_is_unlike_the_others_is_looked_at(unlike, unusual):
    """It has left the cache; it is damaged; it takes more than one call. Those behind it come in time."""
    lab = Lab(Movie(50))
    if unlike == "large":
        lab.preparer.large = {7: 100}
    else:
        setattr(lab.preparer, unlike, {7})
    lab.play()
    lab.run(1)
    assert 7 in unusual and 5 not in unusual and 9 in unusual + [9]
    frames = [frame for frame in dict.fromkeys(lab.channel.frames) if frame != 7]
    assert frames == [k for k in range(21) if k != 7]
    assert (7 in lab.channel.frames) == (unlike == "large")


def test_a_pause_ends_it_at_once(unusual):
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.25)
    lab.session.pause()
    lab.session.granted("PAUSE")
    lab.run(1)
    assert lab.channel.frames == list(range(6)) and lab.stream.position == 6
    lab.play()
    lab.run(0.1)
    assert lab.channel.frames == list(range(9))


def test_a_pause_that_lies_ahead_is_kept_to(unusual):
    """… though the frames behind it had been let go already."""
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.25)
    lab.session.pause(0.4)
    lab.session.granted("PAUSE")
    lab.run(1)
    assert lab.channel.frames == list(range(8))


def test_those_who_come_last_are_looked_at_once_they_are_late(unusual):
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.25)
    lab.pacer.now += 3 * PERIOD
    seen = len(unusual)
    lab.run(0.001)
    assert len(unusual) > seen
