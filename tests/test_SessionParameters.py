"""The parameters of a session: what can be read and set, and what that does to the stream; without sockets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.prepare import Packing
from media.source import LiveSource
from PacedStream import AHEAD
from rtsp.errors import RtspError
from rtsp.states import State
from SessionParameters import SessionParameters
from tests.streams import JPEG, PERIOD, Lab, Movie


class Sound(Movie):
    format = replace(JPEG, kind="audio", payload_type=11, encoding="L16")


class Slow(Movie):
    """The same movie, another file: all its frame numbers are by 1000 higher."""

    def frame_at(self, time):
        return super().frame_at(time) + 1000

    def time(self, k):
        return super().time(k - 1000)

    def available(self, k):
        return super().available(k - 1000)

    def ended(self, k):
        return super().ended(k - 1000)

    def first(self):
        return 1000


def values(lab):
    return SessionParameters(lab.session).values()


def put(lab, **wanted):
    SessionParameters(lab.session).set(wanted, lab.pacer)


def two(*sources):
    """Both are there, the first one is set up."""
    lab = Lab(*sources)
    del lab.session.streams[1]
    return lab


def status(lab, **wanted):
    """Of what is refused; nothing has changed then."""
    before = values(lab)
    with pytest.raises(RtspError) as caught:
        put(lab, **wanted)
    assert values(lab) == before
    return caught.value.status


def test_what_there_is():
    """Of one movie: no other stream to choose."""
    lab = Lab(Movie(20))
    lab.play(start=0.2)
    lab.run(0.11)
    assert values(lab) == {"position": "0.350", "jitter": "0.000", "packets": "6", "rate": "1", "quality": "100"}


def test_what_has_no_pictures_has_no_quality():
    assert "quality" not in values(Lab(Sound(5)))
    assert "quality" not in values(Lab(Movie(5), packing=Packing.WHOLE))


def test_what_can_be_set():
    """The rate of a movie; what is live has its own."""
    assert SessionParameters(Lab(Movie(5)).session).settable == {"rate", "quality", "stream"}
    assert SessionParameters(Lab(LiveSource(JPEG)).session).settable == {"quality", "stream"}


# --- rate -------------------------------------------------------------------------------------------------------------


def test_another_rate_acts_at_once():
    """From where it stands; numbers and timestamps go on."""
    lab = Lab(Movie(100))
    lab.play()
    lab.run(4.5 * PERIOD)
    put(lab, rate="2")
    assert values(lab)["rate"] == "2" and lab.session.state is State.PLAYING
    lab.run(2.5 * PERIOD)
    assert lab.channel.frames == [0, 1, 2, 3, 4, 5, 7, 9]
    numbers = [packet[0] for packet in lab.channel.packets]
    assert numbers == [numbers[0] + n & 0xFFFF for n in range(len(numbers))]
    steps = [packet[1] - lab.channel.packets[0][1] & 0xFFFFFFFF for packet in lab.channel.packets[::2]]
    assert steps == [4500 * n for n in range(8)]


def test_the_rate_that_it_has_changes_nothing():
    """RFC 2326 §10.9: a server must allow that."""
    lab = Lab(Movie(100))
    lab.play(scale=-1.0, start=2.0)
    run = lab.stream.run
    put(lab, rate="-1")
    assert lab.stream.run is run


@pytest.mark.parametrize("rate", ["0", "0.1", "9", "-9", "fast", "1e1", "", "--1", "nan"])
def test_a_rate_that_is_none_is_400(rate):
    lab = Lab(Movie(100))
    lab.play()
    assert status(lab, rate=rate) == 400


def test_while_nothing_plays_the_rate_is_455():
    assert status(Lab(Movie(100)), rate="2") == 455


# --- quality ----------------------------------------------------------------------------------------------------------


def test_another_quality_from_the_next_frame_on():
    """Of all pictures of the session; the sound stays as it is. The frames that come next are asked for at once."""
    lab = Lab(Movie(100), Sound(100))
    lab.play()
    lab.run(2.5 * PERIOD)
    lab.preparer.wanted.clear()
    put(lab, quality="30")
    assert [stream.shelf.quality for stream in lab.session.streams.values()] == [30, None]
    assert lab.preparer.wanted == list(range(4, 3 + AHEAD)) and values(lab)["quality"] == "30"
    lab.run(2 * PERIOD)
    assert lab.channel.frames == [0, 1, 2, 3, 4]
    put(lab, quality="100")
    assert lab.stream.shelf.quality is None and values(lab)["quality"] == "100"


@pytest.mark.parametrize("quality", ["0", "5", "55", "110", "-10", "high", "10.0", ""])
def test_a_quality_that_is_none_is_400(quality):
    assert status(Lab(Movie(5)), quality=quality) == 400


# --- stream -----------------------------------------------------------------------------------------------------------


def test_another_stream_from_the_same_place_on():
    """Which is found by its time: frames have other numbers there. Sequence numbers and timestamps go on."""
    lab = two(Movie(100), Slow(100))
    lab.play(end=1.0)
    lab.run(2.5 * PERIOD)
    assert values(lab)["stream"] == "0"
    put(lab, stream="1", quality="50")
    assert (values(lab)["stream"], lab.stream.shelf.quality) == ("1", 50)
    lab.run(2)
    assert lab.channel.frames == [0, 1, 2, *range(1003, 1020)]
    numbers = [packet[0] for packet in lab.channel.packets]
    assert numbers == [numbers[0] + n & 0xFFFF for n in range(len(numbers))]
    steps = [packet[1] - lab.channel.packets[0][1] & 0xFFFFFFFF for packet in lab.channel.packets[::2]]
    assert steps == [4500 * n for n in range(20)]
    assert lab.session.state is State.READY and len(lab.channel.byes) == 1       # the end that was asked for


def test_what_waits_and_a_pause_point_are_kept():
    lab = two(Movie(100), Slow(100))
    lab.play(0.0, 0.5)
    lab.play(2.0, 2.2)
    lab.run(1.5 * PERIOD)
    lab.session.pause(2.1)
    put(lab, stream="1")
    lab.run(3)
    assert lab.channel.frames == [0, 1, *range(1002, 1010), 1040, 1041] and lab.session.state is State.READY
    assert values(lab)["position"] == "2.100"


def test_another_stream_before_it_plays():
    lab = two(Movie(100), Slow(100))
    lab.session.streams[0].stand(1.0, 1)
    put(lab, stream="1")
    lab.play()
    lab.run(0)
    assert lab.channel.frames == [1020]


def test_of_what_is_live_the_newest_frame():
    sources = LiveSource(JPEG), LiveSource(JPEG)
    lab = two(*sources)
    for source, times in zip(sources, ((1.0,), (7.0, 7.05)), strict=True):
        for time in times:
            source.append([(b"", True)], time)
    lab.play()
    lab.run(0)
    put(lab, stream="1")
    lab.run(0)
    sources[1].append([(b"", True)], 7.1)
    lab.run(0)
    assert lab.channel.frames == [0, 1, 2]


@pytest.mark.parametrize("stream", ["2", "3", "x", "-1", ""])
def test_a_stream_that_is_none_is_400(stream):
    """Number 2 is sound."""
    lab = Lab(Movie(5), Slow(5), Sound(5))
    del lab.session.streams[1], lab.session.streams[2]
    assert status(lab, stream=stream) == 400


def test_a_stream_that_is_over_by_now_is_457():
    lab = two(Movie(100), Slow(10))
    lab.play(start=1.0)
    assert status(lab, stream="1") == 457


def test_where_all_streams_are_set_up_there_is_none_to_choose():
    assert "stream" not in values(Lab(Movie(5), Slow(5)))


# --- several ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [
    {"quality": "50", "rate": "0"}, {"rate": "2", "quality": "5"}, {"rate": "2", "stream": "7"},
    {"stream": "1", "quality": "x"},
])
def test_all_or_none(wanted):
    """RFC 2326 §10.9: only if all can be set."""
    lab = two(Movie(100), Slow(100))
    lab.play()
    run = lab.stream.run
    assert status(lab, **wanted) == 400 and lab.stream.run is run


def test_all_at_once():
    lab = two(Movie(100), Slow(100))
    lab.play(start=1.0)
    put(lab, rate="-1.5", quality="20", stream="1")
    found = values(lab)
    assert (found["rate"], found["quality"], found["stream"]) == ("-1.5", "20", "1")
