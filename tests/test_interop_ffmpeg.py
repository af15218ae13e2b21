"""ffmpeg plays what our server sends, over UDP and TCP: every frame, told by its barcode, and it ends by itself."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests import ffmpeg, movies
from tests.serving import serving
from tests.tools import need

FRAMES, RATE = 50, 40.0
LONG, SLOW_RATE = 100, 20.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.handout_movie(folder / "handout.Mjpeg", FRAMES)
    movies.lab_movie(folder / "large.Mjpeg", 12, (1280, 720), quality=80)
    movies.lab_movie(folder / "long.Mjpeg", LONG, (384, 96))
    frames = [movies.jpeg(k, subsampling=1) for k in range(FRAMES)]  # 4:2:2
    (folder / "camera.mjpg").write_bytes(movies.concatenated(frames))
    odd = (("subsampling", 0), ("progressive", True), ("optimize", True), ("restart_marker_blocks", 4))
    frames = [movies.jpeg(k, (390, 290), **dict([odd[k % 4]])) for k in range(24)]
    (folder / "odd.mjpeg").write_bytes(movies.concatenated(frames))
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder, fps=RATE) as running:
        yield running


TRANSPORTS = ["udp", "tcp"]


def decoded(url, *options, transport="udp"):
    """The numbers of the frames that ffmpeg decodes, in their order; it must end by itself, and have no complaint."""
    done = ffmpeg.run("-rtsp_transport", transport, *options, "-i", url, *ffmpeg.GREY_STRIP, "pipe:1")
    complaints = [line for line in done.stderr.decode().splitlines() if "deprecated pixel format" not in line]
    assert not complaints, complaints
    return ffmpeg.barcodes(done.stdout)


MOVIES = {"movie.Mjpeg": FRAMES, "handout.Mjpeg": FRAMES, "camera.mjpg": FRAMES, "odd.mjpeg": 24, "large.Mjpeg": 12}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", MOVIES)
def test_every_frame_is_decoded(server, name, transport):
    """Lab format, the handout's kind (4:4:4, encoded again), concatenated 4:2:2, frames that RFC 2435 cannot carry in
    sizes that it cannot either, and 720p: each frame once, in order, and then ffmpeg ends."""
    assert decoded(server.url(name), transport=transport) == list(range(MOVIES[name]))


def test_the_default_transport_is_udp(server):
    """As the README has it, without any option: ffmpeg tries UDP first, and that is granted."""
    done = ffmpeg.run("-i", server.url(), *ffmpeg.GREY_STRIP, "pipe:1")
    assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES))


@pytest.mark.parametrize(("seconds", "frame", "transport"), [("2.5", 50, "udp"), ("4.02", 81, "udp"),
                                                             ("2.5", 50, "tcp")])  # fmt: skip
def test_seeking_lands_on_the_right_frame(folder, seconds, frame, transport):
    """`-ss`: ffmpeg has played a little from the beginning, then sends PAUSE and PLAY with a Range, and shows from the
    first frame whose time is not before it, to the last."""
    with serving(folder, fps=SLOW_RATE) as server:
        assert decoded(server.url("long.Mjpeg"), "-ss", seconds, transport=transport) == list(range(frame, LONG))


def probe(url, *options):
    command = [need("ffprobe"), "-loglevel", "error", "-rtsp_transport", "udp", *options, "-of", "json"]
    done = subprocess.run([*command, "-show_format", "-show_streams", url], capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize(("name", "size"), [("movie.Mjpeg", (384, 288)), ("odd.mjpeg", (384, 288)),
                                            ("large.Mjpeg", (1280, 720))])  # fmt: skip
def test_ffprobe_knows_what_it_is(server, name, size):
    """Size, rate and duration, from SDP and the first packets."""
    found = probe(server.url(name))
    (stream,) = found["streams"]
    assert (stream["codec_name"], stream["codec_type"]) == ("mjpeg", "video")
    assert (stream["width"], stream["height"]) == size and stream["r_frame_rate"] == "40/1"
    assert float(found["format"]["duration"]) == pytest.approx(MOVIES[name] / RATE)


def test_times_of_the_frames(server):
    """Each frame's time as ffmpeg computes it from RTP-Info and the timestamps: evenly spaced, the first at 0."""
    command = [need("ffprobe"), "-loglevel", "error", "-rtsp_transport", "udp", "-of", "json", "-show_packets"]
    done = subprocess.run([*command, server.url()], capture_output=True, timeout=50)
    times = [float(packet["pts_time"]) for packet in json.loads(done.stdout)["packets"]]
    assert times == pytest.approx([k / RATE for k in range(FRAMES)], abs=1e-4)


def test_what_is_missing_ends_ffmpeg_at_once(server):
    """404 is reported as such."""
    command = [need("ffmpeg"), "-nostdin", "-loglevel", "error", "-i", server.url("missing.Mjpeg"), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, timeout=50)
    assert done.returncode != 0 and b"404 Not Found" in done.stderr
