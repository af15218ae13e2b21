"""The proxy between each pair of {our server, gst-rtsp-server} and {our player, ffmpeg, GStreamer}: every frame,
told by its barcode; H.264 and AAC, untouched; a live origin that is killed and started again."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from rtsp.states import State
from tests import ffmpeg, gstreamer, movies
from tests.proxying import Live, in_order, proxying, watch
from tests.serving import Talker, eventually, serving
from tests.test_interop_gstreamer import barcodes, decoding
from tests.test_interop_gstserver import GstServer
from tests.tools import need

FRAMES, RATE = 25, 25
LATENCY = 200  # ms that rtspsrc buffers

pytestmark = pytest.mark.timeout(120)

# A program for the system's Python, which has GStreamer's bindings: a test picture and a tone, live, as H.264 and AAC,
# for who knows the password
SOUND_AND_VISION = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=25/1 ! "
                   "x264enc tune=zerolatency key-int-max=10 ! rtph264pay name=pay0 pt=96 "
                   "audiotestsrc is-live=true ! audioconvert ! voaacenc ! rtpmp4gpay name=pay1 pt=97 )")
factory.set_shared(True)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service=sys.argv[1])
server.get_mount_points().add_factory("/live", factory)
permissions, token = GstRtspServer.RTSPPermissions(), GstRtspServer.RTSPToken()
for name in ("media.factory.access", "media.factory.construct"):
    permissions.add_permission_for_role("user", name, True)
factory.set_permissions(permissions)
token.set_string("media.factory.role", "user")
auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
auth.add_digest("a b", "p@ss:w/rd", token)
server.set_auth(auth)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same frames for both servers."""
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "movie.mjpg").write_bytes(movies.concatenated([movies.jpeg(number) for number in range(FRAMES)]))
    command = [need("ffmpeg"), "-v", "error", "-f", "mjpeg", "-framerate", str(RATE), "-i", str(folder / "movie.mjpg")]
    subprocess.run([*command, "-c", "copy", str(folder / "movie.avi")], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def ours(folder):
    with serving(folder, fps=float(RATE)) as server, Live() as live:
        server.library.add("live", live.presentation)
        yield server.url("")


@pytest.fixture(scope="module")
def gst(folder):
    server = GstServer(folder / "movie.avi", folder / "gst.txt")
    yield server.url("")
    server.close()


def by_ffmpeg(url: str, transport: str, folder: Path) -> list[int]:
    done = ffmpeg.run("-rtsp_transport", transport, "-i", url, *ffmpeg.GREY_STRIP, "pipe:1")
    return ffmpeg.barcodes(done.stdout)


def by_gstreamer(url: str, transport: str, folder: Path) -> list[int]:
    out = folder / "frames"
    source = ["rtspsrc", f"location={url}", f"protocols={transport}", f"latency={LATENCY}"]
    gstreamer.launch(*source, "!", *decoding(out))
    return barcodes(out)


def by_us(url: str, transport: str, folder: Path) -> list[int]:
    return watch(url, transport=transport)[0]


@pytest.mark.parametrize(("transport", "wanted"), [("udp", "tcp"), ("tcp", "udp")])
@pytest.mark.parametrize("player", [by_us, by_ffmpeg, by_gstreamer])
@pytest.mark.parametrize("name", ["movie.Mjpeg", "movie"])
def test_between_every_pair(ours, gst, tmp_path, name, player, transport, wanted):
    """A whole movie to its end, over UDP on one side and TCP on the other."""
    with proxying(ours if name == "movie.Mjpeg" else gst, wanted=wanted) as proxy:
        assert player(proxy.url(name), transport, tmp_path) == list(range(FRAMES))


def test_ffmpeg_jumps(ours):
    """PAUSE and PLAY with a Range go through, sent one behind the other."""
    with proxying(ours) as proxy:
        done = ffmpeg.run("-ss", "0.6", "-i", proxy.url(), *ffmpeg.GREY_STRIP, "pipe:1")
    assert ffmpeg.barcodes(done.stdout) == list(range(15, FRAMES))


def test_all_at_once_through_two_proxies(ours, tmp_path):
    """Live, from our server: ffmpeg over UDP, over TCP, and our player; one upstream session."""
    found: dict[str, list[int]] = {}

    def by_ffmpeg(url: str, transport: str) -> None:
        options = "-rtsp_transport", transport, "-i", url, "-frames:v", "20"
        found[transport] = ffmpeg.barcodes(ffmpeg.run(*options, *ffmpeg.GREY_STRIP, "pipe:1").stdout)

    with proxying(ours, wanted="udp") as one, proxying(one.url(""), wanted="tcp") as two:
        threads = [threading.Thread(target=by_ffmpeg, args=(two.url("live"), way), name=way) for way in ("udp", "tcp")]
        for thread in threads:
            thread.start()
        found["ours"] = watch(two.url("live"), 20)[0]
        for thread in threads:
            thread.join()
        assert len(one.sessions.all()) == 1
    assert set(found) == {"udp", "tcp", "ours"}
    assert all(len(shown) >= 20 and in_order(shown) for shown in found.values())


def frames_of(url: str, transport: str) -> tuple[int, int]:
    """Frames of picture and sound in two seconds, as ffmpeg takes them apart."""
    command = [need("ffmpeg"), "-nostdin", "-v", "error", "-rtsp_transport", transport, "-i", url]
    command += ["-t", "2", "-c", "copy", "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40)
    assert done.returncode == 0, done.stderr
    return done.stdout.count("\n0,"), done.stdout.count("\n1,")


def start(port: int = 0) -> subprocess.Popen[str]:
    command = [need("system-python-gst"), "-c", SOUND_AND_VISION, str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def port_of(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    return int(server.stdout.readline())


def test_h264_and_aac_and_an_origin_that_is_killed():
    """As a camera does, it asks by Digest, and sends both streams. They come over UDP; the origin is killed, which ends
    the player that is watching; who asks meanwhile is told. Then another one takes its port, and both streams come
    again, over TCP."""
    with start() as server:
        port = port_of(server)
        with proxying(f"rtsp://a%20b:p%40ss%3Aw%2Frd@127.0.0.1:{port}") as proxy:
            url = proxy.url("live")
            picture, sound = frames_of(url, "udp")
            assert picture >= 35 and sound >= 60
            command = [need("ffmpeg"), "-nostdin", "-v", "error", "-rtsp_transport", "udp", "-i", url, "-c", "copy"]
            with subprocess.Popen([*command, "-f", "null", "-"], stdin=subprocess.DEVNULL) as player:
                eventually(lambda: any(one.state is State.PLAYING for one in proxy.sessions.all()), "a viewer")
                server.kill()
                assert player.wait(20) == 0
            with Talker(proxy.port) as viewer:
                assert viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1").status == 502
            with start(port) as again:
                try:
                    assert port_of(again) == port
                    proxy.origins.worked()                      # its time has come
                    picture, sound = frames_of(url, "tcp")
                    assert picture >= 35 and sound >= 60
                finally:
                    again.kill()
