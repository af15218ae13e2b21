"""The command line of Publisher.py, and what its SOURCE means."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from media import camera, screen
from media.album import Album
from media.errors import Missing
from media.looped import Looped
from media.movie import MovieFile
from media.pattern import Pattern
from PublisherOptions import openSource, parseArguments
from rtsp.failures import UsageError
from tests.movies import lab_movie

URL = "rtsp://127.0.0.1/live"


@pytest.fixture
def opened():
    """Opens sources that are closed at the end."""
    made = []

    def open(*words):
        made.append(openSource(parseArguments([*words, URL])))
        [source] = made[-1].sources
        return source

    yield open
    for presentation in made:
        presentation.close()


@pytest.mark.parametrize("words", [
    ["x"], ["x", URL, "more"], ["x", URL, "--fps", "0"], ["x", URL, "--fps", "nan"], ["x", URL, "--duration", "-1"],
    ["x", URL, "--size", "640"], ["x", URL, "--size", "8x8"], ["x", URL, "--size", "640x99999"],
    ["x", URL, "--size", "²x640"], ["x", URL, "--quality", "0"], ["x", URL, "--quality", "96"],
    ["x", URL, "--transport", "http"], ["x", URL, "--loo"],
])  # fmt: skip
def test_what_makes_no_sense_is_refused(words, capsys):
    with pytest.raises(SystemExit) as raised:
        parseArguments(words)
    assert raised.value.code == 2 and "Publisher.py: error: " in capsys.readouterr().err


def test_options_are_understood():
    options = parseArguments(["screen", URL, "--size", "1280X720", "--quality", "40", "--fps", "2.5", "--loop", "-vv"])
    assert (options.size, options.quality, options.fps) == ((1280, 720), 40, 2.5)
    assert options.loop and options.verbose == 2 and options.transport == "auto"


def test_a_movie_at_its_own_pace_or_another_and_for_ever(opened, tmp_path):
    lab_movie(tmp_path / "movie.Mjpeg", 4)
    movie, faster = opened(str(tmp_path / "movie.Mjpeg")), opened(str(tmp_path / "movie.Mjpeg"), "--fps", "40")
    assert isinstance(movie, MovieFile) and (movie.period, faster.period) == (0.05, 0.025)
    looped = opened(str(tmp_path / "movie.Mjpeg"), "--loop")
    assert isinstance(looped, Looped) and looped.duration == math.inf


def test_the_description_names_no_folders(tmp_path):
    lab_movie(tmp_path / "movie.Mjpeg", 1)
    presentation = openSource(parseArguments([str(tmp_path / "movie.Mjpeg"), URL]))
    assert presentation.name == "movie.Mjpeg"
    presentation.close()


def test_the_pattern_and_a_folder_of_pictures(opened, tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert isinstance(opened("pattern"), Pattern)
    album = opened(str(tmp_path), "--fps", "0.5")
    assert isinstance(album, Album) and album.period == 2.0


def test_screen_and_camera_get_what_is_asked_for(opened, monkeypatch):
    class Source:
        duration = None

        def check(self):
            asked.append("checked")

        def close(self):
            asked.append("closed")

    def capture(*wanted):
        asked.append(wanted)
        return Source()

    asked: list[object] = []
    monkeypatch.setattr(screen, "capture", capture)
    monkeypatch.setattr(camera, "capture", capture)
    opened("screen")
    opened("screen", "--fps", "5", "--size", "640x480", "--quality", "50")
    opened("camera:/dev/video2")
    assert asked == [(10.0, None, 75), "checked", (5.0, (640, 480), 50), "checked", ("/dev/video2", None, None, 75),
                     "checked"]
    with pytest.raises(UsageError, match="has no end"):
        opened("camera", "--loop")
    assert asked[-1] == "closed"


@pytest.mark.parametrize(("words", "said"), [
    (["nowhere.Mjpeg"], "SOURCE is a movie"),
    (["pattern", "--loop"], "has no end"),
    (["pattern", "--fps", "5"], "Leave out --fps"),
    (["pattern", "--size", "640x480"], "Leave out --size"),
    (["FOLDER"], "no pictures"),
    (["FOLDER/text"], "a text file"),
])  # fmt: skip
def test_what_cannot_be_had_is_one_sentence(opened, tmp_path, words, said):
    (tmp_path / "text").write_text("no movie, but a text that is long enough")
    with pytest.raises(UsageError, match=said):
        opened(words[0].replace("FOLDER", str(tmp_path)), *words[1:])


def test_no_screen_is_missing(opened):
    with pytest.raises(Missing):
        opened("screen")
