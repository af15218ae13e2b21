"""A movie that is written frame by frame: playable after each, and nothing that was there is written over."""

from __future__ import annotations

import errno
import io

import pytest

from media.moviewriter import MovieWriter, framed, free_names, record, safe, save
from tests.movies import SIZE, jpeg, lengths
from tools.make_movie import encoded
from VideoStream import VideoStream

JPEGS = [jpeg(number) for number in range(4)]


def frames(path):
    video = VideoStream(path)
    found = []
    while (one := video.nextFrame()) is not None:
        found.append(one)
    video.presentation().close()
    return found


def test_it_is_the_labs_format(tmp_path):
    """As the lab's own movie is written."""
    with MovieWriter(tmp_path / "a.Mjpeg") as writer:
        for number, one in enumerate(JPEGS):
            writer.add(one, number / 20)
    assert (tmp_path / "a.Mjpeg").read_bytes() == lengths(JPEGS)
    assert (tmp_path / "a.times").read_text() == "0.000000\n0.050000\n0.100000\n0.150000\n"
    assert frames(tmp_path / "a.Mjpeg") == JPEGS


@pytest.mark.parametrize(("length", "head"), [(9, b"00009"), (99_999, b"99999"), (100_000, b"100000")])
def test_a_long_frame_has_six_digits(length, head):
    assert framed(b"\xff" * length)[:-length] == head


def test_it_can_be_played_after_each_frame(tmp_path):
    """While it is being written, and whatever ends the program."""
    with MovieWriter(tmp_path / "a.Mjpeg") as writer:
        for number, one in enumerate(JPEGS):
            writer.add(one, number)
            assert frames(tmp_path / "a.Mjpeg") == JPEGS[:number + 1]


class Disk(io.FileIO):
    """Has room for so many bytes."""

    def __init__(self, path, room):
        super().__init__(path, "x")
        self.room = room

    def write(self, data):
        taken = min(self.room, len(data))
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= taken
        return super().write(data[:taken])


@pytest.mark.parametrize("file", ["_movie", "_times"])
def test_a_full_disk_leaves_no_half_frame(tmp_path, file):
    """The system takes what there is room for, and says the rest at the next attempt."""
    path = tmp_path / "a.Mjpeg"
    with MovieWriter(path) as writer:
        getattr(writer, file).close()
        name = path if file == "_movie" else path.with_suffix(".times")
        name.unlink()
        setattr(writer, file, Disk(name, len(framed(JPEGS[0])) + 100 if file == "_movie" else 12))
        writer.add(JPEGS[0], 0)
        with pytest.raises(OSError, match="No space left"):
            writer.add(JPEGS[1], 1)
        assert writer.frames == 1
    assert path.read_bytes() == framed(JPEGS[0])


def test_nothing_is_written_over(tmp_path):
    """Neither a movie nor times; what was made for the attempt is taken away."""
    movie, times = tmp_path / "a.Mjpeg", tmp_path / "a.times"
    for there in (movie, times):
        there.write_text("mine")
        with pytest.raises(FileExistsError):
            MovieWriter(movie)
        assert [path.name for path in tmp_path.iterdir()] == [there.name] and there.read_text() == "mine"
        there.unlink()


def test_a_movie_without_frames_is_none(tmp_path):
    with MovieWriter(tmp_path / "a.Mjpeg"):
        assert len(list(tmp_path.iterdir())) == 2
    assert not list(tmp_path.iterdir())


def test_pictures_get_the_next_free_name(tmp_path):
    """The bytes as they came."""
    paths = [save(one, tmp_path, "cinema/movie.Mjpeg") for one in JPEGS[:2]]
    assert [path.name for path in paths] == ["movie_0001.jpg", "movie_0002.jpg"]
    assert [path.read_bytes() for path in paths] == JPEGS[:2]
    paths[0].unlink()
    assert save(JPEGS[3], tmp_path, "movie.Mjpeg") == paths[0]


def test_a_name_that_is_taken_in_this_moment_is_passed_over(tmp_path, monkeypatch):
    """By another program, after we have looked."""
    taken = list(free_names(tmp_path, "movie", ".jpg"))[:2]
    monkeypatch.setattr("media.moviewriter.free_names", lambda *arguments: iter(taken))
    taken[0].write_text("mine")
    assert save(JPEGS[0], tmp_path, "movie") == taken[1] and taken[0].read_text() == "mine"
    taken[1].unlink()
    assert save(JPEGS[0], tmp_path, "movie") == taken[1]
    with pytest.raises(OSError, match="of that name already"):
        save(JPEGS[0], tmp_path, "movie")


def test_recordings_get_the_next_free_name(tmp_path):
    (tmp_path / "movie_0001.times").write_text("")
    with record(tmp_path, "movie.Mjpeg") as writer:
        assert writer.path.name == "movie_0002.Mjpeg"


@pytest.mark.parametrize(("name", "stem"), [
    ("movie.Mjpeg", "movie"), ("a/b/clip.avi", "clip"), ("", "movie"), ("..", "movie"), ("../../etc/passwd", "passwd"),
    ("c:\\windows\\x", "c_windows_x"), ("con", "movie_con"), ("LPT1.Mjpeg", "movie_LPT1"), ("a\0b\x1b[31m", "a_b_31m"),
    ("stream1", "stream1"), ("Führung 2.Mjpeg", "F_hrung_2"), (".hidden", "hidden"), ("x" * 500, "x" * 100),
])
def test_any_name_of_a_movie_is_a_name_of_a_file(name, stem):
    """In one folder, on every system."""
    assert safe(name) == stem


def test_there_is_one_way_to_encode(tmp_path):
    """What the tools draw can be told by its quality alone."""
    from tests.movies import picture

    assert len(encoded(picture(1, SIZE), 20)) < len(encoded(picture(1, SIZE)))
