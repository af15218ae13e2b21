"""What Publisher.py sends, as other servers record it: gst-rtsp-server, ffmpeg, and our own. Frames are told by their
barcodes."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import Publisher as program
from media.movie import MovieFile
from media.source import Presentation
from Player import Player
from Publisher import Publisher
from rtsp.failures import ConnectError, ServerRefused
from tests import movies
from tests.scripted import eventually
from tests.serving import number, serving
from tests.tools import need

FRAMES, RATE = 30, 30

pytestmark = pytest.mark.timeout(120)

# A program for the system's Python, which has GStreamer's bindings. It records JPEG as one file a frame into a folder,
# prints its port, and later each request that comes.
PROGRAM = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
factory.set_launch(f"( rtpjpegdepay name=depay0 ! multifilesink location={sys.argv[1]}/%05d.jpg )")
server.get_mount_points().add_factory("/live", factory)
player = GstRtspServer.RTSPMediaFactory()
player.set_launch("( videotestsrc ! jpegenc ! rtpjpegpay name=pay0 pt=26 )")
server.get_mount_points().add_factory("/movie", player)

def say(text):
    print(text, flush=True)

def connected(server, client):
    for method in ("announce", "setup", "record", "teardown"):
        client.connect(method + "-request", lambda client, context, method=method: say(method))

server.connect("client-connected", connected)
server.attach(None)
say(server.get_bound_port())
GLib.MainLoop().run()
"""


class Recorder:
    """gst-rtsp-server, recording. `said()` is what it has said so far."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder / "frames", folder / "log.txt"
        self.folder.mkdir()
        with open(self._log, "wb") as out:
            command = [need("system-python-gst"), "-c", PROGRAM, str(self.folder)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        eventually(lambda: self.said() or self.process.poll() is not None, 20)
        self.port = int(self.said()[0])
        self.url = f"rtsp://127.0.0.1:{self.port}/live"

    def said(self) -> list[str]:
        return self._log.read_text().splitlines()

    def frames(self) -> list[int]:
        return [number(path.read_bytes()) for path in sorted(self.folder.iterdir())]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def recorder(tmp_path):
    recorder = Recorder(tmp_path)
    yield recorder
    recorder.close()


@pytest.fixture
def movie(tmp_path):
    movies.lab_movie(tmp_path / "movie.Mjpeg", FRAMES)
    return tmp_path / "movie.Mjpeg"


def publish(path, url, transport):
    publisher = Publisher(Presentation("movie", (MovieFile(path, RATE),)), url, transport)
    try:
        publisher.run()
    finally:
        publisher.close()
    return publisher


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_gst_rtsp_server_records_every_frame(recorder, movie, transport):
    publisher = publish(movie, recorder.url, transport)
    assert recorder.frames() == list(range(FRAMES))
    assert recorder.said()[1:] == ["announce", "setup", "record", "teardown"]
    assert publisher.figures.frames == FRAMES and publisher.figures.seconds == pytest.approx(FRAMES / RATE, abs=0.5)


def test_frames_that_rtp_cannot_carry_are_re_encoded(recorder, tmp_path):
    """4:4:4, as in the handout's own movie."""
    movies.handout_movie(tmp_path / "handout.Mjpeg", 8)
    publish(tmp_path / "handout.Mjpeg", recorder.url, "auto")
    assert recorder.frames() == list(range(8))


def test_gst_rtsp_server_says_no_to_what_it_does_not_record(recorder, movie):
    for path, words in (("nowhere", "404"), ("movie", "takes nothing there")):
        with pytest.raises(ServerRefused, match=words):
            publish(movie, recorder.url.replace("live", path), "udp")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one program")
def test_the_program_publishes_until_ctrl_c(recorder, movie):
    """Over and over; TEARDOWN, a summary, exit code 130."""
    command = [sys.executable, program.__file__, str(movie), recorder.url, "--loop", "--fps", "100"]
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        eventually(lambda: len(list(recorder.folder.iterdir())) > FRAMES + 10, 20)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=20)
    finally:
        started.kill()
        started.communicate()
    assert started.returncode == 130 and out.startswith(b"Published ") and not err
    assert recorder.frames()[: FRAMES + 10] == [*range(FRAMES), *range(10)]
    assert recorder.said()[-1] == "teardown"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ffmpeg_as_a_server_takes_it(movie, tmp_path, transport):
    """`-rtsp_flags listen`, which understands mode=record alone."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"rtsp://127.0.0.1:{port}/live"
    command = [need("ffmpeg"), "-v", "error", "-rtsp_flags", "listen", "-i", url, "-c", "copy"]
    ffmpeg = subprocess.Popen([*command, "-f", "image2", str(tmp_path / "%05d.jpg")], stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                publish(movie, url, transport)
                break
            except ConnectError:                    # it does not listen yet
                assert time.monotonic() < deadline
                time.sleep(0.05)
        ffmpeg.wait(20)
    finally:
        ffmpeg.kill()
        ffmpeg.wait()
    shown = [number(path.read_bytes()) for path in sorted(tmp_path.glob("*.jpg"))]
    assert shown == list(range(FRAMES))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_our_own_server_shows_it_to_viewers(movie, tmp_path, transport):
    """Every frame of the movie, over and over, from some frame on; and the end when the publisher ends."""
    with serving(tmp_path) as server:
        url = f"rtsp://127.0.0.1:{server.port}/live"
        command = [sys.executable, program.__file__, str(movie), url, "--loop", "--transport", transport]
        publisher = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        player = Player(url, transport=transport)
        try:
            shown = watch(player, 20)
            publisher.terminate()
            publisher.wait(20)
            eventually(lambda: player.dueFrames() is not None and player.receiver.ended, 10)
        finally:
            player.leave()
            publisher.kill()
            publisher.wait()
    assert all((after - before) % FRAMES == 1 for before, after in zip(shown, shown[1:], strict=False))


def watch(player, count):
    """The barcodes of so many frames; the publisher may still be on its way."""
    deadline = time.monotonic() + 20
    while True:
        assert time.monotonic() < deadline, "nothing is published"
        with contextlib.suppress(ServerRefused):
            player.setup()
            break
        time.sleep(0.05)
    player.play()
    shown: list[int] = []
    while len(shown) < count and time.monotonic() < deadline:
        shown += [number(frame.jpeg) for frame in player.dueFrames()]
        player.wait(0.05)
    assert len(shown) >= count
    return shown
