"""Real programs publish and watch: ffmpeg sends over UDP and TCP; ffmpeg, GStreamer and our player watch at once, each
frame told by its barcode; what cannot be decoded here arrives untouched; and what was recorded is played back."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from media.recording import RESERVE, Recordings
from Publication import Policy
from tests import ffmpeg, gstreamer, movies
from tests.serving import eventually, number, serving
from tests.tools import need

RATE, FRAMES = 25, 75
ROOT = Path(ffmpeg.__file__).parent.parent

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """JPEGs one after the other, which ffmpeg sends as they are."""
    path = tmp_path_factory.mktemp("movie") / "movie.mjpg"
    path.write_bytes(movies.concatenated([movies.jpeg(k) for k in range(FRAMES)]))
    return path


@pytest.fixture
def server(tmp_path):
    """It writes down what is published into the folder that it serves."""
    with serving(tmp_path, policy=Policy(recordings=Recordings(tmp_path))) as running:
        yield running


@contextmanager
def publishing(url, source, transport="udp"):
    """ffmpeg at the movie's own pace; killed at the end of the block if it has not ended."""
    command = [need("ffmpeg"), "-nostdin", "-v", "error", "-re", *source, "-f", "rtsp", "-rtsp_transport", transport]
    process = subprocess.Popen([*command, url], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def pictures(movie):
    return "-f", "mjpeg", "-framerate", str(RATE), "-i", str(movie), "-c", "copy"


def appears(server, name="door"):
    """Until frames come."""
    def frames():
        found = server.publications.busy(name)
        return found and found.presentation and found.inlets[0].source.count

    eventually(frames, "a publication")


def watchers(url, folder):
    """The commands of players, each over either transport; what they show goes to stdout, or as files below."""
    found = {}
    for transport in ("udp", "tcp"):
        start = [need("ffmpeg"), "-nostdin", "-v", "error", "-rtsp_transport", transport, "-i", url]
        found[f"ffmpeg-{transport}"] = [*start, *ffmpeg.every_frame(), *ffmpeg.GREY_STRIP, "pipe:1"]
        source = ["rtspsrc", f"location={url}", f"protocols={transport}", "latency=100"]
        sink = ["multifilesink", f"location={folder}/gst-{transport}/%05d.jpg"]
        found[f"gst-{transport}"] = [need("gst-launch-1.0"), "-q", *source, "!", "rtpjpegdepay", "!", *sink]
        options = ["--headless", "--transport", transport, "--save-frames", f"{folder}/ours-{transport}"]
        found[f"ours-{transport}"] = [sys.executable, "ClientLauncher.py", url, *options]
    return found


def shown(name, out, folder):
    """The barcodes of what one of them has shown."""
    if name.startswith("ffmpeg"):
        return ffmpeg.barcodes(out)
    return [number(path.read_bytes()) for path in sorted((folder / name).iterdir())]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_everybody_watches_what_ffmpeg_publishes(server, movie, tmp_path, transport):
    """ffmpeg, GStreamer and our player over both transports at once: every frame from where each came in to the last
    one, and then they end by themselves: there was a BYE. The recording has all frames, and is played with a jump."""
    url, seen = server.url("door"), {}
    folder = tmp_path / "seen"
    with publishing(url, pictures(movie), transport) as publisher:
        appears(server)
        running = {}
        for name, command in watchers(url, folder).items():
            (folder / name).mkdir(parents=True)
            running[name] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name, process in running.items():
            out, errors = process.communicate(timeout=60)
            gstreamer.check(process.returncode, errors.decode())
            seen[name] = shown(name, out, folder)
        assert publisher.wait(20) == 0, publisher.stderr.read()
    for name, frames in seen.items():
        assert frames and frames[-1] == FRAMES - 1 and frames == sorted(set(frames)), (name, frames)
        assert name.startswith("ours") or frames == list(range(frames[0], FRAMES)), (name, frames)
    times = (tmp_path / "door.times").read_text().split()
    assert len(times) == FRAMES and float(times[-1]) == pytest.approx((FRAMES - 1) / RATE, abs=0.05)
    jump = "-rtsp_transport", "tcp", "-ss", "1", "-i", server.url("door.Mjpeg")
    done = ffmpeg.run(*jump, *ffmpeg.GREY_STRIP, "pipe:1")
    assert ffmpeg.barcodes(done.stdout) == list(range(RATE, FRAMES))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """H.264 with B-frames, and AAC."""
    if b"libx264" not in subprocess.run([need("ffmpeg"), "-v", "error", "-encoders"], capture_output=True).stdout:
        pytest.skip("this ffmpeg has no libx264")
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    inputs = "-f lavfi -i testsrc=size=320x240:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000"
    codecs = "-t 3 -c:v libx264 -preset ultrafast -bf 2 -g 10 -pix_fmt yuv420p -c:a aac"
    command = [need("ffmpeg"), "-nostdin", "-v", "error", *inputs.split(), *codecs.split(), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def hashes(*source):
    """(time, MD5) of the decoded pictures and of the coded sound, as ffmpeg sees them."""
    command = [need("ffmpeg"), "-nostdin", "-v", "fatal", *source, "-c:a", "copy", *ffmpeg.every_frame()]
    done = subprocess.run([*command, "-f", "framemd5", "-"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    streams: dict[str, list[tuple[int, str]]] = {"0": [], "1": []}
    bases = re.findall(r"#tb (\d): (\d+)/(\d+)", done.stdout.decode())
    seconds = {stream: int(above) / int(below) for stream, above, below in bases}
    for line in done.stdout.decode().splitlines():
        if not line.startswith("#"):
            stream, _, time, _, _, md5 = (word.strip() for word in line.split(",")[:6])
            streams[stream].append((round(int(time) * seconds[stream] * 1000), md5))
    return streams["0"], streams["1"]


@pytest.mark.parametrize(("sent", "watched"), [("udp", "tcp"), ("tcp", "udp")])
def test_what_cannot_be_decoded_here_is_relayed_untouched(server, film, sent, watched):
    """Every picture from the first key frame on, every piece of sound, at the same distances in time, and both as far
    apart as they were."""
    url = server.url("film")
    with publishing(url, ("-i", str(film), "-c", "copy"), sent):
        appears(server, "film")
        came = hashes("-rtsp_transport", watched, "-i", url)
    offsets = []
    for found, original in zip(came, hashes("-i", str(film)), strict=True):
        known = {md5: time for time, md5 in original}
        same = [(time, known[md5]) for time, md5 in found if md5 in known]
        # ffmpeg gathers sound, and does not always send what it has gathered last
        assert len(same) > 20 and same[-1][1] >= max(known.values()) - 400
        tail = [time for time, _ in original if time >= same[0][1]]
        assert len(same) >= len(tail) - 12  # before the first key frame nothing is shown
        distances = {time - before for time, before in same}
        assert max(distances) - min(distances) <= 2  # ms
        offsets.append(min(distances))
    assert abs(offsets[0] - offsets[1]) <= 60, offsets


def test_a_publisher_that_is_killed_and_started_again(server, movie):
    """Over UDP: the first viewer gets a BYE and ends by itself; the next one sees the second run."""
    url = server.url("door")
    for _ in range(2):
        with publishing(url, pictures(movie), "udp") as publisher:
            appears(server)
            command = [need("ffmpeg"), "-nostdin", "-v", "error", "-i", url, *ffmpeg.every_frame()]
            viewer = subprocess.Popen([*command, *ffmpeg.GREY_STRIP, "pipe:1"], stdout=subprocess.PIPE)
            assert viewer.stdout is not None and viewer.stdout.read(1)
            publisher.kill()
        viewer.communicate(timeout=20)
        assert viewer.returncode == 0
        eventually(lambda: not server.publications.busy("door"), "the end")


def test_low_space_is_no_reason_for_ffmpeg_to_give_up(tmp_path, movie):
    """To it, 250 would be a failure."""
    recordings = Recordings(tmp_path, free=lambda folder: RESERVE + (1 << 20))
    with serving(tmp_path, policy=Policy(recordings=recordings)) as server, \
            publishing(server.url("door"), pictures(movie)):
        appears(server)
