"""A movie with a file of times beside it plays at its own pace; a file that cannot be believed is left alone."""

import pytest

from media.movie import MovieFile
from tests import movies

TIMES = [0.0, 0.1, 0.1, 0.5, 2.0]


@pytest.fixture
def movie(tmp_path):
    """Writes a movie of five frames with these lines of times, and opens it."""
    movies.lab_movie(tmp_path / "door.Mjpeg", 5, (384, 96))

    def write(text, **options):
        (tmp_path / "door.times").write_bytes(text.encode())
        return MovieFile(tmp_path / "door.Mjpeg", **options)

    return write


def lines(times):
    return "".join(f"{time:.6f}\n" for time in times)


def test_each_frame_has_its_time(movie):
    """Back and forth; the average is what is said of its rate, and the last one lasts so long."""
    door = movie(lines(TIMES))
    assert [door.time(k) for k in range(5)] == TIMES
    assert (door.period, door.rate, door.duration) == pytest.approx((0.5, 2.0, 2.5))
    assert door.time(5) == pytest.approx(2.5)
    at = (0.0, 0.05, 0.1, 0.1000001, 0.2, 0.5, 1.999, 2.0, 2.4, 2.5, 99.0)
    assert [door.frame_at(time) for time in at] == [0, 1, 1, 1, 3, 3, 4, 4, 5, 5, 5]


def test_a_rate_that_is_asked_for_goes_before(movie):
    """--fps: whatever the movie says."""
    assert movie(lines(TIMES), fps=10).time(3) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (lines(TIMES[:3]), [0.0, 0.1, 0.1, 0.15, 0.2]),
        (lines(TIMES[:3]) + "0.5", [0.0, 0.1, 0.1, 0.15, 0.2]),
        (lines([*TIMES, 3.0]), TIMES),
        ("", [0.0, 0.05, 0.1, 0.15, 0.2]),
        ("0\r\n1\r\n2\r\n3\r\n4\r\n", [0.0, 1.0, 2.0, 3.0, 4.0]),
    ],
    ids=["fewer", "a line that is being written", "more", "none yet", "Windows"],
)
def test_lines_and_frames_need_not_be_as_many(movie, text, times):
    """While it is being written, say."""
    door = movie(text)
    assert [door.time(k) for k in range(5)] == pytest.approx(times)


@pytest.mark.parametrize("line", ["nan", "inf", "-1", "1e3", "x", "", "9" * 40, "0.01 0.02", "1_0", "\u0663"])
def test_what_is_no_time_is_not_believed(movie, caplog, line):
    """Not one of them; the line is named."""
    door = movie(f"0.000000\n{line}\n0.2\n")
    assert [door.time(k) for k in range(3)] == pytest.approx([0.0, 0.05, 0.1])
    assert "door.times is not used" in caplog.text


def test_times_that_go_back_are_not_believed(movie, caplog):
    """Nobody could seek in it."""
    assert movie(lines([0.0, 0.5, 0.4])).time(1) == pytest.approx(0.05)
    assert "line 3 goes back in time" in caplog.text


def test_a_movie_without_such_a_file(tmp_path):
    """As ever; a folder of that name is none."""
    movies.lab_movie(tmp_path / "door.Mjpeg", 2, (384, 96))
    (tmp_path / "door.times").mkdir()
    assert MovieFile(tmp_path / "door.Mjpeg").time(1) == pytest.approx(0.05)


def test_all_at_once(movie):
    """Five frames at time 0 are no movie of endless speed."""
    door = movie(lines([0.0] * 5))
    assert (door.period, door.duration, door.frame_at(0.01)) == pytest.approx((0.05, 0.05, 5))
