"""The lab's class (VideoStream.py)."""

from __future__ import annotations

import pytest

from media.movie import MovieFile
from tests import movies
from VideoStream import VideoStream


@pytest.fixture
def jpegs(tmp_path):
    return movies.lab_movie(tmp_path / "movie.Mjpeg", 5)


@pytest.fixture
def video(jpegs, tmp_path):
    return VideoStream(str(tmp_path / "movie.Mjpeg"))


def test_next_frame_gives_each_jpeg_and_then_none(video, jpegs):
    """None for ever, as often as one asks."""
    assert [video.nextFrame() for _ in range(7)] == [*jpegs, None, None]


def test_frame_nbr_counts_what_was_handed_out(video):
    """0 before the first, 1 after it, and no further at the end."""
    numbers = [video.frameNbr()]
    while video.nextFrame() is not None:
        numbers.append(video.frameNbr())
    assert numbers == [0, 1, 2, 3, 4, 5]
    video.nextFrame()
    assert video.frameNbr() == 5


def test_seek_makes_a_frame_the_next_one(video, jpegs):
    """Back, forth, and to the end."""
    for frame in (3, 0, 4):
        video.seek(frame)
        assert video.frameNbr() == frame
        assert video.nextFrame() == jpegs[frame]
        assert video.frameNbr() == frame + 1
    video.seek(5)
    assert video.nextFrame() is None


@pytest.mark.parametrize("frame", [-1, 6])
def test_seek_refuses_what_is_not_there(video, frame):
    """And stays where it was."""
    with pytest.raises(ValueError, match="5 frames"):
        video.seek(frame)
    assert video.frameNbr() == 0


def test_it_knows_count_rate_and_times(video, tmp_path):
    """20 frames a second unless told otherwise."""
    assert (video.frameCount(), video.rate(), video.time(4)) == (5, 20.0, 0.2)
    faster = VideoStream(tmp_path / "movie.Mjpeg", fps=40)
    assert (faster.rate(), faster.time(4)) == (40.0, 0.1)


def test_damaged_frames_are_skipped_with_one_line_and_keep_their_number(tmp_path, jpegs, caplog):
    """The line says frame and offset."""
    data = bytearray(movies.lengths(jpegs))
    offset = len(movies.lengths(jpegs[:2])) + 5
    data[offset : offset + 100] = bytes(100)
    (tmp_path / "damaged").write_bytes(data)
    video = VideoStream(tmp_path / "damaged")
    frames = [(video.nextFrame(), video.frameNbr()) for _ in range(5)]
    assert frames == [(jpegs[0], 1), (jpegs[1], 2), (jpegs[3], 4), (jpegs[4], 5), (None, 5)]
    (record,) = caplog.records
    assert "frame 2 at byte" in record.getMessage()
    assert str(offset - 5) in record.getMessage()


def test_a_missing_file_is_an_ioerror(tmp_path):
    """As in the lab."""
    with pytest.raises(IOError, match="absent"):
        VideoStream(tmp_path / "absent")


def test_the_presentation_is_the_movie(video):
    """What the server plays."""
    presentation = video.presentation()
    (source,) = presentation.sources
    assert isinstance(source, MovieFile)
    assert (presentation.name, presentation.duration, presentation.seekable) == ("movie.Mjpeg", 0.25, True)
