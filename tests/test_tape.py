"""What is shown is recorded as it came, in the movie's own time, and nobody waits for the disk."""

from __future__ import annotations

import errno
import threading

import pytest

from media.moviewriter import MovieWriter
from media.tape import PERIOD, WAITING, Tape
from rtp.receiver import Frame
from tests.movies import jpeg, lengths
from tests.scripted import eventually

JPEGS = [jpeg(number) for number in range(4)]


class Fake:
    """A writer that keeps what it gets; after `room` frames the disk is full, and before `gate` it is busy."""

    path = None

    def __init__(self, room=99, gate=None):
        self.found, self.room, self.gate, self.closed = [], room, gate, False

    @property
    def frames(self):
        return len(self.found)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True

    def add(self, jpeg, time):
        if self.gate:
            assert self.gate.wait(5)
        if len(self.found) >= self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.found.append((jpeg, round(time, 6)))


@pytest.fixture
def tape():
    made = Tape()
    yield made
    made.finish()


def times(tape, *moments, cut_before=()):
    """The times at which frames of these times of a movie are recorded."""
    writer = Fake()
    tape.start(lambda: writer)
    for number, moment in enumerate(moments):
        if number in cut_before:
            tape.cut()
        tape.add([Frame(b"jpeg", moment)])
    tape.stop()
    return [time for _, time in writer.found]


def test_frames_are_recorded_as_they_came(tape, tmp_path):
    """Those that there was no time to show, too."""
    path = tmp_path / "a.Mjpeg"
    assert tape.start(lambda: MovieWriter(path)) == tape.path == path and tape.on
    tape.add([Frame(JPEGS[0], 7.0), Frame(JPEGS[1], 7.05)])
    tape.add([])
    tape.add([Frame(JPEGS[2], 7.2)])
    tape.stop()
    assert path.read_bytes() == lengths(JPEGS[:3]) and tape.frames == 3 and not tape.on
    assert path.with_suffix(".times").read_text().split() == ["0.000000", "0.050000", "0.200000"]


def test_what_is_not_asked_for_is_not_recorded(tape):
    tape.add([Frame(b"before", 1.0)])
    writer = Fake()
    tape.start(lambda: writer)
    tape.add([Frame(b"jpeg", 2.0)])
    tape.stop()
    tape.add([Frame(b"after", 3.0)])
    tape.stop()
    assert writer.found == [(b"jpeg", 0.0)] and writer.closed


def test_the_time_is_that_of_the_movie(tape):
    """A camera that sends a picture in ten seconds does so in the recording; played fast, frames are as far apart."""
    assert times(tape, 5.0, 15.0, 25.0) == [0, 10, 20]


def test_a_jump_leaves_no_gap(tape):
    """The frame after it follows as the one before did; there and back, and before there was a second one."""
    assert times(tape, 1.0, 1.1, 50.0, 50.1, 3.0, cut_before=(2, 4)) == [0, 0.1, 0.2, 0.3, 0.4]
    assert times(tape, 1.0, 50.0, cut_before=(1,)) == [0, PERIOD]


def test_backwards_the_recording_still_goes_forward(tape):
    assert times(tape, 2.0, 1.9, 1.8) == [0, 0.1, 0.2]


def test_two_frames_of_one_time_are_two_frames(tape):
    """As far apart as those before."""
    assert times(tape, 1.0, 1.1, 1.1) == [0, 0.1, 0.2]


def test_each_recording_begins_at_0(tape):
    assert times(tape, 1.0, 1.1) == times(tape, 8.0, 8.1) == [0, 0.1]


def test_a_full_disk_ends_the_recording_alone(tape):
    """add() goes on as if nothing were; stop() says why, once."""
    writer = Fake(room=1)
    tape.start(lambda: writer)
    tape.add([Frame(b"one", 0.0), Frame(b"two", 0.1)])
    eventually(lambda: tape.over)
    tape.add([Frame(b"three", 0.2)])
    with pytest.raises(OSError, match="No space left"):
        tape.stop()
    tape.stop()
    assert (tape.frames, tape.left_out, writer.closed) == (1, 1, True)
    assert times(tape, 1.0) == [0], "and the next one begins anew"


def test_nobody_waits_for_a_slow_disk(tape):
    """What is more than WAITING is left out, and counted; its time passes all the same."""
    gate, big = threading.Event(), bytes(WAITING // 2 + 1)
    writer = Fake(gate=gate)
    tape.start(lambda: writer)
    tape.add([Frame(big, 0.0)])
    eventually(lambda: not tape._waiting)
    tape.add([Frame(big, number / 10) for number in range(1, 5)])
    assert tape.left_out == 2
    gate.set()
    eventually(lambda: writer.frames == 3)
    tape.add([Frame(b"jpeg", 0.5)])
    tape.stop()
    assert [time for _, time in writer.found] == [0.0, 0.1, 0.2, 0.5]


def test_finish_does_not_wait(tape):
    """What has been added is written nevertheless."""
    gate = threading.Event()
    writer = Fake(gate=gate)
    tape.start(lambda: writer)
    tape.add([Frame(b"jpeg", 0.0)])
    tape.finish()
    tape.finish()
    assert not tape.on and not tape.over
    gate.set()
    eventually(lambda: tape.over)
    assert writer.frames == 1


def test_a_movie_that_cannot_be_made_is_no_recording(tape, tmp_path):
    with pytest.raises(FileNotFoundError):
        tape.start(lambda: MovieWriter(tmp_path / "nowhere" / "a.Mjpeg"))
    assert not tape.on and tape.path is None and tape.frames == 0
