"""A movie without end (media/looped.py)."""

from __future__ import annotations

import math

import pytest

from media.looped import Looped
from media.movie import MovieFile
from media.source import Format, LiveSource
from Run import Run
from tests import movies


@pytest.fixture
def movie(tmp_path):
    movies.lab_movie(tmp_path / "movie.Mjpeg", 4)
    movie = MovieFile(tmp_path / "movie.Mjpeg", 10)
    yield movie
    movie.close()


def test_numbers_and_times_go_on_over_the_end(movie):
    looped = Looped(movie)
    assert [round(looped.time(k), 6) for k in (0, 3, 4, 9, 4000)] == [0.0, 0.3, 0.4, 0.9, 400.0]
    assert [looped.frame_at(time) for time in (0.0, 0.25, 0.4, 0.75, 400.0)] == [0, 3, 4, 8, 4000]
    assert looped.available(10**9) and not looped.available(-1) and not looped.ended(10**9)
    assert looped.duration == math.inf and looped.first() == 0


def test_the_frames_come_again(movie):
    looped = Looped(movie)
    assert looped.payloads(6, 1400) == movie.payloads(2, 1400) and looped.whole(7, 20_000) == movie.whole(3, 20_000)


def test_it_can_be_sent(movie):
    """The frame of every moment, hours later; what a Run asks of a source."""
    run = Run(Looped(movie), 0, None, 0.0, None)
    run.begin(1000.0)
    run.goOn(400_000)
    assert run.deadline == pytest.approx(41_000.0) and not run.isOver() and run.frame in run.sure


def test_it_is_as_steady_as_the_movie(movie):
    """Its frames are sent as those of the movie are, over the end."""
    run = Run(Looped(movie), 0, None, 0.0, None)
    run.begin(1000.0)
    run.straightOn(16)
    assert run.turn == 16 and run.tickStep == 9000
    movie.steady = False
    assert not Looped(movie).steady


def test_what_is_live_or_empty_cannot_begin_again():
    with pytest.raises(ValueError, match="has an end"):
        Looped(LiveSource(Format("video", 26, "JPEG", 90000)))
