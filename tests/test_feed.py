"""A live source fed by a thread (media/feed.py)."""

from __future__ import annotations

from threading import Event

import pytest

from media.errors import MediaError, Missing
from media.feed import Feed
from rtp.jpeg import payloads
from tests import movies
from tests.scripted import FakeClock, eventually


class Camera:
    """Gives pictures until it is stopped; the second one is damaged."""

    def __init__(self, clock, count=10**6, trouble=""):
        self.clock, self.count, self.trouble, self.stopped = clock, count, trouble, Event()

    def pictures(self):
        for k in range(self.count):
            yield b"\xff\xd8 damaged" if k == 1 else movies.jpeg(k % 3)
            self.clock.now += 0.04
            if self.stopped.wait(0.001):
                break
        if self.trouble:
            raise MediaError(self.trouble)


@pytest.fixture
def captures():
    made = []

    def make(*args):
        camera = Camera(FakeClock(), *args)
        made.append(Feed(camera.pictures(), 25.0, camera.stopped.set, camera.clock))
        return made[-1]

    yield make
    for capture in made:
        capture.close()


def test_frames_come_when_somebody_watches_at_the_times_when_they_came(captures):
    capture, came = captures(4), Event()
    assert not capture.available(0)
    capture.subscribe(came.set)
    assert came.wait(5)
    eventually(lambda: capture.ended(3))
    assert capture.payloads(0, 1400) == payloads(movies.jpeg(0)) and capture.trouble == ""
    assert [round(capture.time(k), 6) for k in range(3)] == [0.0, 0.08, 0.12]       # the damaged one is left out


def test_its_end_says_why(captures):
    capture = captures(3, "it was pulled out")
    capture.subscribe(lambda: None)
    eventually(lambda: capture.ended(2))
    assert capture.trouble == "it was pulled out"


def test_close_ends_the_thread_and_is_no_trouble(captures):
    capture = captures(10**6, "never")
    capture.subscribe(lambda: None)
    eventually(lambda: capture.available(1))
    capture.close()
    capture.close()
    assert capture.trouble == "" and capture.ended(capture.first() + 1)
    capture.subscribe(lambda: None)         # too late, and no thread is left behind


def test_check_waits_for_the_first_picture(captures):
    capture = captures()
    capture.check()
    assert capture.available(0)


def test_check_says_why_there_is_none(captures):
    with pytest.raises(Missing, match="no such camera"):
        captures(0, "no such camera").check()
    with pytest.raises(Missing, match="No picture came"):
        captures(0).check(0.01)
