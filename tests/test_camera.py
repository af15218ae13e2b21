"""A camera by way of ffmpeg (media/camera.py)."""

from __future__ import annotations

import io
import shutil
import sys

import pytest

from media import camera
from media.errors import MediaError, Missing
from tests.scripted import eventually
from tests.tools import need

LISTING = """[dshow @ 0] "Integrated Camera" (video)
[dshow @ 0]   Alternative name "@device_pnp"
[dshow @ 0] "Microphone" (audio)
"""


@pytest.mark.parametrize(("platform", "name", "expected"), [
    ("linux", "", "-f v4l2 -i /dev/video0"),
    ("linux", "/dev/video2", "-f v4l2 -i /dev/video2"),
    ("win32", "USB Camera", "-f dshow -i video=USB Camera"),
    ("darwin", "", "-f avfoundation -i 0"),
])  # fmt: skip
def test_each_system_has_its_own_name_for_it(platform, name, expected):
    assert " ".join(camera.device(platform, name)) == expected


def test_what_is_asked_of_the_camera_stands_before_its_name():
    words = camera.arguments(["-f", "v4l2", "-i", "/dev/video0"], 12.5, (640, 480), 95)
    asked = words[words.index("-f") : words.index("-an")]
    assert asked == ["-f", "v4l2", "-framerate", "12.5", "-video_size", "640x480", "-i", "/dev/video0"]
    assert words[words.index("-q:v") + 1] == "2"
    plain = camera.arguments(["-f", "v4l2", "-i", "x"], None, None, 1)
    assert "-framerate" not in plain and plain[plain.index("-q:v") + 1] == "31"


def test_the_first_camera_of_windows():
    assert camera.named(LISTING) == "Integrated Camera"
    with pytest.raises(Missing, match="no camera"):
        camera.named(LISTING.replace("(video)", "(audio)"))


def test_without_ffmpeg_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Missing, match="apt install ffmpeg"):
        camera.capture()


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data, piece):
        self.data, self.piece = data, piece

    def read(self, count=-1):
        part, self.data = self.data[: self.piece], self.data[self.piece :]
        return part


@pytest.mark.parametrize("piece", [*range(1, 24), 1000])
def test_pictures_are_told_apart_wherever_the_pipe_cuts_them(piece):
    """Junk before and between, and half a picture at the end, are dropped."""
    sent = [b"\xff\xd8" + b"picture"[:size] + b"\xff\xd9" for size in (1, 2, 7)]
    data = b"junk" + sent[0] + sent[1] + b"\0\0" + sent[2] + sent[2][:5]
    assert list(camera.jpegs(Dribble(data, piece))) == sent         # type: ignore[arg-type]


def test_what_never_ends_is_no_jpeg(monkeypatch):
    monkeypatch.setattr(camera, "LARGEST", 1000)
    with pytest.raises(MediaError, match="no JPEGs"):
        list(camera.jpegs(Dribble(b"\xff\xd8" + bytes(5000), 100)))         # type: ignore[arg-type]


def test_a_program_that_ends_leaves_its_last_words():
    capture = camera.read([sys.executable, "-c", "import sys; sys.exit('no such device')"], 25.0)
    with pytest.raises(Missing, match="no such device"):
        capture.check()


def test_a_program_that_is_not_there_is_said():
    with pytest.raises(Missing, match="cannot be started"):
        camera.read(["/nowhere/ffmpeg"], 25.0).check()


def test_closing_before_anything_began_starts_nothing():
    capture = camera.read([sys.executable, "-c", "while True: pass"], 25.0)
    capture.close()
    assert capture.ended(0)


def test_ffmpeg_s_pictures_arrive_and_it_is_ended(monkeypatch):
    """Its own test picture in place of a camera."""
    test = ["-f", "lavfi", "-i", "testsrc2=rate=30:size=320x240"]
    capture = camera.read([need("ffmpeg"), *camera.arguments(test, None, None, 75)], 30.0)
    try:
        capture.check()
        eventually(lambda: capture.available(5))
        assert capture.payloads(capture.first(), 1400)[0][0][4:8] == bytes([1, 255, 40, 30])     # RFC 2435 §3.1
    finally:
        capture.close()
    assert capture.trouble == ""
