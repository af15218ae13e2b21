"""Our player plays what gst-rtsp-server sends, over UDP and TCP: every frame, told by its barcode; pause, seek, the
end, and a session that would time out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import ClientLauncher
from Player import Player
from rtsp.states import State
from tests import movies
from tests.tools import need
from tools import barcode

FRAMES, RATE = 50, 25
ROOT = Path(ClientLauncher.__file__).parent

pytestmark = pytest.mark.timeout(120)

# A program for the system's Python, which has GStreamer's bindings. It serves the movie in an AVI file (which can be
# sought in) as /movie and a test picture without end as /live, ends sessions after so many seconds of silence, prints
# its port, and later each request that comes. With a certificate (a file with its key in it) it speaks TLS.
PROGRAM = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer

Gst.init(None)
movie, timeout, certificate = sys.argv[1], int(sys.argv[2]), sys.argv[3]
server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
for path, source in {
    "/movie": f"filesrc location={movie} ! avidemux ! jpegparse",
    "/live": "videotestsrc is-live=true ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! jpegenc",
}.items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {source} ! rtpjpegpay name=pay0 pt=26 )")
    anybody = Gst.Structure.new_from_string("anybody, media.factory.access=true, media.factory.construct=true")
    factory.add_role_from_structure(anybody)
    server.get_mount_points().add_factory(path, factory)

if certificate:
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "anybody")
    auth.set_default_token(token)
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    server.set_auth(auth)

def say(text):
    print(text, flush=True)

def connected(server, client):
    client.connect("new-session", lambda client, session: session.set_timeout(timeout))
    for method in ("options", "describe", "setup", "play", "pause", "teardown", "get-parameter"):
        client.connect(method + "-request", lambda client, context, method=method: say(method))

server.connect("client-connected", connected)
pool = server.get_session_pool()
pool.connect("session-removed", lambda pool, session: say("session removed"))
GLib.timeout_add(100, lambda: pool.cleanup() or True)
server.attach(None)
say(server.get_bound_port())
GLib.MainLoop().run()
"""


class GstServer:
    """`said()` is what it has said so far."""

    def __init__(self, movie: Path, log: Path, timeout: int = 60, certificate: str = "") -> None:
        self._log, self._scheme = log, "rtsps" if certificate else "rtsp"
        with open(log, "wb") as out:
            command = [need("system-python-gst"), "-c", PROGRAM, str(movie), str(timeout), certificate]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self.said():
            assert time.monotonic() < deadline and self.process.poll() is None, "gst-rtsp-server does not start"
            time.sleep(0.01)
        self.port = int(self.said()[0])

    def said(self) -> list[str]:
        return self._log.read_text().splitlines()

    def url(self, name="movie"):
        return f"{self._scheme}://127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """An AVI file with a barcode in each frame, made by ffmpeg from JPEGs as they are."""
    folder = tmp_path_factory.mktemp("movie")
    (folder / "movie.mjpg").write_bytes(movies.concatenated([movies.jpeg(number) for number in range(FRAMES)]))
    command = [need("ffmpeg"), "-v", "error", "-f", "mjpeg", "-framerate", str(RATE), "-i", str(folder / "movie.mjpg")]
    subprocess.run([*command, "-c", "copy", str(folder / "movie.avi")], check=True, timeout=60)
    return folder / "movie.avi"


@pytest.fixture
def servers(movie, tmp_path):
    """Starts servers that are ended afterwards."""
    started: list[GstServer] = []

    def start(**options):
        started.append(GstServer(movie, tmp_path / f"server-{len(started)}.txt", **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


def number(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


def watch(player, until=lambda shown: False):
    """Play to the end, or until something is so: the frames' numbers and times."""
    shown: list[tuple[int, float]] = []
    while player.state is State.PLAYING and not until(shown):
        shown += [(number(frame.jpeg), frame.time) for frame in player.dueFrames()]
        player.wait(0.05)
    return shown


def at_their_times(shown):
    """Is every frame shown at its time in the movie, within one frame?"""
    return all(abs(time - number / RATE) <= 1.01 / RATE for number, time in shown)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_frame_to_the_end(servers, transport):
    """Each once, in order, at its time; then its BYE is the end."""
    server = servers()
    player = Player(server.url(), transport=transport)
    try:
        player.setup()
        assert player.duration == pytest.approx(FRAMES / RATE, abs=0.05)
        player.play()
        shown = watch(player)
    finally:
        player.leave()
    assert [number for number, _ in shown] == list(range(FRAMES)) and at_their_times(shown)
    assert player.ended and player.statistics()["lost"] == 0 and player.statistics()["transport"] == transport


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_pause_and_resume(servers, transport):
    """PAUSE, then PLAY without a Range: no frame twice, and none is missing but what was under way."""
    player = Player(servers().url(), transport=transport)
    try:
        player.setup()
        player.play()
        shown = watch(player, lambda shown: len(shown) >= 10)
        player.pause()
        assert player.state is State.READY and player.dueFrames() == []
        player.play()
        shown += watch(player)
    finally:
        player.leave()
    numbers = [number for number, _ in shown]
    assert numbers == sorted(set(numbers)) and numbers[-1] == FRAMES - 1 and len(numbers) >= FRAMES - 3
    assert at_their_times(shown)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_seeking_forward_and_back(servers, transport):
    """The first frame after each jump is the one of that time, and so is its position."""
    player = Player(servers().url(), transport=transport)
    try:
        player.setup()
        player.play()
        watch(player, lambda shown: len(shown) >= 5)
        player.seek(1.2)
        forward = watch(player, lambda shown: len(shown) >= 5)
        player.seek(0.4)
        back = watch(player)
    finally:
        player.leave()
    assert abs(forward[0][0] - 30) <= 1 and at_their_times(forward)
    assert [number for number, _ in back][-30:] == list(range(20, FRAMES)) and at_their_times(back)


@pytest.mark.parametrize(("begin", "scale"), [(None, 2.0), (None, 0.5), (1.6, -1.0)])
def test_other_speeds(servers, begin, scale):
    """Each frame at its time in the movie, to the movie's end, or backwards to its beginning."""
    player = Player(servers().url(), transport="tcp")
    try:
        player.setup()
        player.play(begin, scale)
        shown = watch(player)
    finally:
        player.leave()
    assert player.scale == scale and player.ended
    numbers = [number for number, _ in shown]
    assert numbers == sorted(set(numbers), reverse=scale < 0) and len(numbers) > 15
    assert numbers[-1] == (0 if scale < 0 else FRAMES - 1)
    assert all(abs(time - number / RATE) <= 2.01 * max(1, abs(scale)) / RATE for number, time in shown)


def test_the_session_is_kept_alive(servers):
    """It would end after a second of silence; paused, and over TCP, where no packet of ours tells that we are there."""
    server = servers(timeout=1)
    player = Player(server.url("live"), transport="tcp")
    try:
        player.setup()
        session = player.client.session
        assert session is not None and session.timeout == 1
        player.play()
        player.wait(0.2)
        player.pause()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and player.state is not State.INIT:
            player.dueFrames()
            player.wait(0.1)
        assert "session removed" not in server.said() and player.state is State.READY
        player.play()
        frames = player.receiver.frames
        deadline = time.monotonic() + 10
        while player.receiver.frames < frames + 5 and time.monotonic() < deadline:
            player.wait(0.1)
        assert player.receiver.frames >= frames + 5
    finally:
        player.leave()
    alive = [word for word in server.said() if word in ("get-parameter", "options")]
    assert len(alive) >= 4


@pytest.mark.parametrize("transport", ["udp", "tcp", "auto"])
def test_the_program_plays_it(servers, tmp_path, transport):
    """Headless, each frame saved; exit code 0."""
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), servers().url(), "--headless", "--transport", transport]
    command += ["--save-frames", str(tmp_path / "frames"), "--stats", str(tmp_path / "stats.json")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    saved = sorted((tmp_path / "frames").iterdir())
    assert [barcode.read(Image.open(path)) for path in saved] == list(range(FRAMES))
    assert json.loads((tmp_path / "stats.json").read_text())["error"] is None
