"""PyAV, the Python binding of ffmpeg's libraries, plays what our server sends: every frame, told by its barcode."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests import movies
from tests.serving import serving
from tests.tools import need

FRAMES, RATE = 50, 40.0
LONG, SLOW_RATE = 100, 20.0

# A program of its own, because the library talks to the network by itself, on threads of its own, and may hang there.
# It prints what the stream is, and the frames' numbers; after `skip` frames it seeks.
PROGRAM = """
import json, sys
import av
from tools import barcode

url, transport, skip, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
options = {"rtsp_transport": transport} if transport else {}
with av.open(url, options=options, timeout=20) as container:
    stream = container.streams.video[0]
    about = stream.codec_context.name, stream.width, stream.height, float(stream.average_rate), container.duration / 1e6
    before, after = [], []
    for frame in container.decode(stream):
        before.append(barcode.read(frame.to_image()))
        if len(before) == skip:
            container.seek(round(seconds * 1e6))
            break
    if skip:
        after = [barcode.read(frame.to_image()) for frame in container.decode(stream)]
print(json.dumps([about, before, after]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.handout_movie(folder / "handout.Mjpeg", FRAMES)
    movies.lab_movie(folder / "long.Mjpeg", LONG, (384, 96))
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, fps=RATE) as running:
        yield running


def decoded(url, transport="", skip=0, seconds=0.0):
    """What it is, the frames' numbers, and those after the seek; the program must end by itself."""
    need("PyAV")
    command = [sys.executable, "-c", PROGRAM, url, transport, str(skip), str(seconds)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("transport", ["udp", "tcp", ""])
@pytest.mark.parametrize("name", ["movie.Mjpeg", "handout.Mjpeg"])
def test_every_frame_is_decoded(server, name, transport):
    """Over UDP, TCP and with its defaults: each frame once, in order, and then the loop over the frames ends."""
    about, numbers, _ = decoded(server.url(name), transport)
    assert about == ["mjpeg", 384, 288, RATE, FRAMES / RATE]
    assert numbers == list(range(FRAMES))


@pytest.mark.parametrize(("seconds", "transport"), [(2.5, "udp"), (2.5, "tcp"), (0.1, "udp")])
def test_seeking_lands_on_the_right_frame(folder, seconds, transport):
    """`seek()`, forward and back: PAUSE and PLAY with a Range; from the first frame whose time is not before it, to the
    last."""
    with serving(folder, fps=SLOW_RATE) as server:
        _, before, after = decoded(server.url("long.Mjpeg"), transport, 10, seconds)
    wanted = list(range(round(seconds * SLOW_RATE), LONG))
    if transport == "udp":  # a busy FFmpeg gives what it had before the jump, and sees BYE before the end
        after, wanted = after[after.index(wanted[0]) :][: LONG // 3], wanted[: LONG // 3]
    assert before == list(range(10)) and after == wanted
