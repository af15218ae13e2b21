"""A live stream is written down as a movie with its times, by a thread that nobody waits for."""

import errno
import threading

import pytest

from media.movie import MovieFile
from media.recording import ENOUGH, RESERVE, USUAL_RATE, Recordings, safe
from media.source import Format, LiveSource
from rtp.jpeg import payloads
from tests import movies
from tests.serving import eventually, number

PLENTY = 1 << 40
JPEGS = [movies.jpeg(k, (384, 96)) for k in range(12)]


def live():
    return LiveSource(Format("video", 26, "JPEG", 90_000), period=0.04, reordered=True)


def append(source, k, time):
    source.append(payloads(JPEGS[k], 1400), time)


def written(path):
    """(barcode, time) of each frame."""
    movie = MovieFile(path)
    return [(number(movie.read(k)), round(movie.time(k), 6)) for k in range(movie.frame_count)]


@pytest.fixture
def recordings(tmp_path):
    return Recordings(tmp_path, free=lambda folder: PLENTY)


def test_frames_and_times(recordings, tmp_path):
    """From 0 on, at the distances of the stream; it can be played while it is being written."""
    source = live()
    recorder = recordings.start("cams/door", source)
    for k, time in enumerate((100.0, 100.04, 100.5)):
        append(source, k, time)
    eventually(lambda: recorder.frames == 3, "three frames")
    assert written(tmp_path / "cams_door.Mjpeg") == [(0, 0.0), (1, 0.04), (2, 0.5)]
    append(source, 3, 101.0)
    source.close()
    recorder.close()
    recorder.close()
    assert written(recorder.movie)[-1] == (3, 1.0) and not recorder.alive


def test_a_pause_leaves_no_gap(recordings):
    """The frame after it comes one period behind the one before it."""
    source = live()
    recorder = recordings.start("door", source)
    append(source, 0, 10.0)
    append(source, 1, 10.1)
    recorder.resume()
    append(source, 2, 70.0)
    append(source, 3, 70.2)
    source.close()
    recorder.close()
    assert written(recorder.movie) == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.4)]


def test_names_that_are_taken_get_a_number(recordings, tmp_path):
    """Nothing is written over, neither a movie nor times of one."""
    (tmp_path / "door.Mjpeg").write_bytes(b"")
    (tmp_path / "door-2.times").write_bytes(b"")
    source = live()
    recorder = recordings.start("door.mjpeg", source)
    source.close()
    recorder.close()
    assert recorder.movie.name == "door-3.Mjpeg"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("../../etc/x", "etc_x"), ("a b/c", "a_b_c"), (".hidden", "hidden"), ("CON", "_CON"), ("nul.x", "_nul.x"),
     ("\u00fc\u4e2d", "_"), ("x" * 300, "x" * 100), ("movie.Mjpeg", "movie"), ("a\0b\nc", "a_b_c"), ("..", "_")],
)  # fmt: skip
def test_names_stay_in_the_folder(name, wanted):
    """Whatever a publisher calls its stream."""
    assert safe(name) == wanted


def test_damaged_frames_are_left_out(recordings):
    """The others keep their times."""
    source = live()
    recorder = recordings.start("door", source)
    append(source, 0, 0.0)
    source.append(payloads(JPEGS[1], 1400)[1:], 0.04)
    source.append([(b"", True)], 0.06)
    append(source, 2, 0.08)
    source.close()
    recorder.close()
    assert written(recorder.movie) == [(0, 0.0), (2, 0.08)]


def test_a_frame_in_several_groups(recordings):
    """Packets of unequal sizes do not come together."""
    source, pieces = live(), payloads(JPEGS[0], 1400)
    recorder = recordings.start("door", source)
    for at, piece in enumerate(pieces):
        source.append([piece], 5.0, begins=at == 0)
    source.close()
    recorder.close()
    assert written(recorder.movie) == [(0, 0.0)]


def test_when_the_space_is_used_up_it_ends_with_one_line(tmp_path, caplog):
    """What has been written can be played."""
    left = [PLENTY]
    source = live()
    recorder = Recordings(tmp_path, free=lambda folder: left[0]).start("door", source)
    assert recorder
    append(source, 0, 0.0)
    eventually(lambda: recorder.frames == 1, "a frame")
    left[0] = RESERVE
    recorder._checked -= 10
    append(source, 1, 0.04)
    recorder.close()
    append(source, 2, 0.08)  # the live stream goes on
    assert written(recorder.movie) == [(0, 0.0)]
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == [
        f"! {recorder.movie} ends after 1 frames: there is no space left on the disk"]  # fmt: skip


def test_half_a_frame_is_cut_off(recordings, monkeypatch, caplog):
    """The disk was full in the middle of it."""
    source = live()
    recorder = recordings.start("door", source)
    append(source, 0, 0.0)
    eventually(lambda: recorder.frames == 1, "a frame")

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            self.file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.file, name)

    original = recorder._write_frame
    full = lambda jpeg, when, movie, times: original(jpeg, when, Full(movie), times)  # noqa: E731
    monkeypatch.setattr(recorder, "_write_frame", full)
    append(source, 1, 0.04)
    recorder.close()
    assert written(recorder.movie) == [(0, 0.0)] and "No space left on device" in caplog.text
    assert "is cut" not in caplog.text


def test_a_folder_that_cannot_be_written_into(tmp_path, caplog):
    """The stream goes on without a recording."""
    assert Recordings(tmp_path / "missing").start("door", live()) is None
    assert "door cannot be recorded" in caplog.text


def test_what_there_is_room_for(tmp_path):
    """In seconds, above what must stay free."""
    assert Recordings(tmp_path, free=lambda folder: RESERVE + 60 * USUAL_RATE).room() == 60
    assert Recordings(tmp_path, free=lambda folder: 5).room() == 0
    assert Recordings(tmp_path / "missing").room() == 0
    assert Recordings(tmp_path).room() >= 0 and ENOUGH > 60


def test_a_disk_that_is_slow_keeps_nobody_waiting(recordings, monkeypatch):
    """What has left the live source before it was written is missing, no more."""
    source, go = live(), threading.Event()
    recorder = recordings.start("door", source)
    original = recorder._write_frame

    def slow(*arguments):
        assert go.wait(10)
        original(*arguments)

    append(source, 0, 0.0)
    eventually(lambda: recorder.frames == 1, "a frame")
    monkeypatch.setattr(recorder, "_write_frame", slow)
    for k in range(1, 100):
        append(source, k % 12, k * 0.04)
    go.set()
    source.close()
    recorder.close()
    assert 60 <= recorder.frames < 100 and written(recorder.movie)[-1][1] == pytest.approx(99 * 0.04)
