"""GStreamer plays what our server sends, over UDP and TCP: every frame, told by its barcode, and it ends by itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image

from tests import movies
from tests.gstreamer import launch
from tests.serving import serving
from tests.tools import need
from tools import barcode

FRAMES, RATE = 50, 40.0
SIZE = 384, 288
LATENCY = 200  # ms that rtspsrc buffers; its 2000 would only make the tests slow

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.handout_movie(folder / "handout.Mjpeg", 24)
    (folder / "camera.mjpg").write_bytes(movies.concatenated([movies.jpeg(k, subsampling=1) for k in range(24)]))
    movies.lab_movie(folder / "long.Mjpeg", 120)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, fps=RATE) as running:
        yield running


def barcodes(path):
    """The numbers of the decoded frames in a file of grey pictures."""
    data, size = path.read_bytes(), SIZE[0] * SIZE[1]
    assert len(data) % size == 0
    pictures = [Image.frombytes("L", SIZE, data[at : at + size]) for at in range(0, len(data), size)]
    return [barcode.read(picture) for picture in pictures]


def decoding(path):
    """The end of a pipeline: RTP in, grey pictures in a file out."""
    grey = "video/x-raw,format=GRAY8"
    return ["rtpjpegdepay", "!", "jpegdec", "!", "videoconvert", "!", grey, "!", "filesink", f"location={path}"]


MOVIES = {"movie.Mjpeg": FRAMES, "handout.Mjpeg": 24, "camera.mjpg": 24}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", MOVIES)
def test_every_frame_is_decoded(server, tmp_path, name, transport):
    """Lab format, the handout's kind, concatenated 4:2:2: each frame once, in order; then gst-launch ends."""
    out = tmp_path / "frames"
    source = ["rtspsrc", f"location={server.url(name)}", f"protocols={transport}", f"latency={LATENCY}"]
    launch(*source, "!", *decoding(out))
    assert barcodes(out) == list(range(MOVIES[name]))


def test_with_its_defaults(server):
    """As a player uses it: all transports allowed (UDP is tried first), two seconds of buffer."""
    launch("uridecodebin", f"uri={server.url('handout.Mjpeg')}", "!", "fakesink")


def test_what_is_missing_ends_it_with_an_error(server):
    """404 is reported as such."""
    command = [need("gst-launch-1.0"), "rtspsrc", f"location={server.url('missing.Mjpeg')}", "!", "fakesink"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
    assert done.returncode != 0 and "404" in done.stdout + done.stderr


# A program for the system's Python, which has GStreamer's bindings. It plays a URL, does at some frames what it is
# told (frames are counted as they reach the sink), and prints what went wrong.
PROGRAM = """
import json, sys, threading
import gi
gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

Gst.init(None)
url, out, latency, steps, protocols = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), sys.argv[5]
pipeline = Gst.parse_launch(
    f"rtspsrc name=source location={url} protocols={protocols} latency={latency} ! rtpjpegdepay name=depay ! jpegdec ! "
    f"videoconvert ! video/x-raw,format=GRAY8 ! filesink name=sink sync=true location={out}")
loop, problems, waited = GLib.MainLoop(), [], 0

def heard(bus, message):
    if message.type == Gst.MessageType.ERROR:
        problems.append(str(message.parse_error()))
        loop.quit()
    elif message.type == Gst.MessageType.EOS:
        loop.quit()

def step():
    kind, value = steps.pop(0)[1:]
    if kind == "pause":
        pipeline.set_state(Gst.State.PAUSED)
        GLib.timeout_add(int(value * 1000), resume)
    else:
        flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
        if not pipeline.seek_simple(Gst.Format.TIME, flags, int(value * Gst.SECOND)):
            problems.append("seek refused")
    return False

def resume():
    pipeline.set_state(Gst.State.PLAYING)
    return False

def passed(pad, info):
    global waited
    waited += 1
    if steps and waited == steps[0][0]:
        GLib.idle_add(step)
    return Gst.PadProbeReturn.OK

pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, passed)
bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", heard)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
print(json.dumps(problems))
"""


def play(server, name, out, *steps, transport="udp"):
    """Play to the end; at the n-th decoded frame do a step: (n, "pause", seconds) or (n, "seek", seconds)."""
    need("gst-launch-1.0")
    arguments = [server.url(name), str(out), str(LATENCY), json.dumps(steps), transport]
    command = [need("system-python-gst"), "-c", PROGRAM, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
    print(done.stderr, file=sys.stderr)
    assert done.returncode == 0 and json.loads(done.stdout) == []
    return barcodes(out)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_pause_and_resume_lose_nothing(server, tmp_path, caplog, transport):
    """PAUSE, then PLAY without a Range: every frame once, as if nothing had been."""
    caplog.set_level("INFO", logger="ServerWorker")
    assert play(server, "long.Mjpeg", tmp_path / "out", (30, "pause", 0.5), transport=transport) == list(range(120))
    assert [record for record in caplog.records if record.message.startswith("<") and " PAUSE " in record.message]


@pytest.mark.parametrize(("seconds", "transport"), [(2.0, "udp"), (0.5, "udp"), (2.0, "tcp")])
def test_seeking_lands_on_the_right_frame(server, tmp_path, seconds, transport):
    """PAUSE and PLAY with a Range, forward and back: it shows from that frame on to the last. (The file sink begins
    anew at a seek, so what was shown before is not in its file; on a busy machine a frame of before slips through.)"""
    numbers = play(server, "long.Mjpeg", tmp_path / "out", (30, "seek", seconds), transport=transport)
    rest = list(range(int(seconds * RATE), 120))
    assert numbers[-len(rest) :] == rest and len(numbers) <= len(rest) + 3
