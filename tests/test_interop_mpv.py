"""mpv plays what our server sends: every frame, told by its barcode, and it ends by itself."""

from __future__ import annotations

import subprocess

import pytest
from PIL import Image

from tests import movies
from tests.serving import serving
from tests.tools import need
from tools import barcode

FRAMES, RATE = 50, 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    with serving(folder, fps=RATE) as running:
        yield running


def shown(server, folder, *options):
    """The numbers of the frames that mpv shows, here: writes into files; it must end by itself, with success."""
    quiet = ["--no-config", "--no-terminal", "--no-audio", "--framedrop=no", "--untimed", "--vo=image"]
    files = ["--vo-image-format=png", "--vo-image-png-compression=1", f"--vo-image-outdir={folder}"]
    command = [need("mpv"), *quiet, *files, *options, server.url()]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr
    return [number(path) for path in sorted(folder.glob("*.png"))]


def number(path):
    with Image.open(path) as picture:
        return barcode.read(picture)


@pytest.mark.parametrize("transport", ["udp", "tcp", "lavf"])
def test_every_frame_is_shown(server, tmp_path, transport):
    """Over UDP, over TCP (its default), and as ffmpeg would choose; then it ends."""
    assert shown(server, tmp_path, f"--rtsp-transport={transport}") == list(range(FRAMES))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_starts_where_it_is_told(server, tmp_path, transport):
    """`--start`: PAUSE and PLAY with a Range; the first picture is the right one, and the last one the last."""
    numbers = shown(server, tmp_path, f"--rtsp-transport={transport}", "--start=1.5")
    assert numbers == list(range(30, FRAMES))
