"""OpenCV plays what our server sends: every frame, told by its barcode, and it ends by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import movies
from tests.serving import serving
from tests.tools import need

FRAMES, RATE = 50, 40.0

# As in every tutorial: open, read until there is nothing more
PROGRAM = """
import json, sys
import cv2
from PIL import Image
from tools import barcode

capture = cv2.VideoCapture(sys.argv[1], cv2.CAP_FFMPEG)
about = [capture.get(key) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)]
numbers = []
while capture.isOpened():
    there, picture = capture.read()
    if not there:
        break
    numbers.append(barcode.read(Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))))
capture.release()
print(json.dumps([about, numbers]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.mark.parametrize("transport", ["udp", "tcp", ""])
def test_every_frame_is_decoded(server, transport):
    """Over UDP, TCP and with its default, which is TCP; size and rate are known before the first frame."""
    need("OpenCV")
    environ = {**os.environ, "OPENCV_FFMPEG_CAPTURE_OPTIONS": f"rtsp_transport;{transport}"}
    if not transport:
        del environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"]
    command = [sys.executable, "-c", PROGRAM, server.url()]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, timeout=50)
    assert done.returncode == 0, done.stderr
    about, numbers = json.loads(done.stdout)
    assert about == [384, 288, RATE]
    assert numbers == list(range(FRAMES))
