"""Whole chains: somebody publishes to our server, two proxies in a row pass it on, and ffmpeg, GStreamer and our player
watch at the end of it, each frame told by its barcode. What is recorded meanwhile is played along the same chain."""

from __future__ import annotations

import base64
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from media.recording import Recordings
from Publication import Policy
from rtsp import limits
from rtsp.failures import ClientError
from rtsp.states import State
from tests import ffmpeg, gstreamer, movies
from tests.proxying import in_order, proxying, watch
from tests.serving import Talker, eventually, sdp, serving
from tests.test_interop_publishing import appears, pictures, publishing, shown, watchers
from tests.tools import need

ROOT = Path(__file__).parent.parent
RATE, FRAMES = 25, 500     # as many as there will never be time for
LATE = 12  # frames that are over when the viewer of H.264 comes
KEY_FRAMES = 10  # frames from one to the next
HASTY = {"ffmpeg-udp"}  # reads RTCP first: a BYE ends it, whatever still waits in its socket on a busy machine

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same frames for Publisher.py and for ffmpeg; and 50, to be sent over and over."""
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.lab_movie(folder / "loop.Mjpeg", 50)
    (folder / "movie.mjpg").write_bytes(movies.concatenated([movies.jpeg(k) for k in range(FRAMES)]))
    return folder


@contextmanager
def chain(server, first, second):
    """Two proxies in a row; how media come to each."""
    with proxying(server.url(""), wanted=first) as one, proxying(one.url(""), wanted=second) as two:
        yield two


@contextmanager
def program(*words, out=subprocess.DEVNULL):
    """One of our own, killed at the end of the block if it has not ended."""
    command = [sys.executable, *map(str, words)]
    null = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdin=null, stdout=out, stderr=null) as running:
        try:
            yield running
        finally:
            running.kill()


def by_us(url, folder, transport):
    words = folder / "movie.Mjpeg", url, "--fps", RATE, "--transport", transport
    return program("Publisher.py", *words)


def by_ffmpeg(url, folder, transport):
    return publishing(url, pictures(folder / "movie.mjpg"), transport)


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is told there to end")
@pytest.mark.parametrize(("publish", "sent", "first", "second"), [
    (by_us, "udp", "tcp", "udp"),
    (by_ffmpeg, "tcp", "udp", "tcp"),
])  # fmt: skip
def test_from_the_publisher_to_all_players(folder, tmp_path, publish, sent, first, second):
    """Each player sees every frame from where it came in to the last one, over UDP and TCP, and ends by itself. The
    recording has all frames, and is played with a jump, inside the connection."""
    out, seen = tmp_path / "seen", {}
    with serving(tmp_path, policy=Policy(recordings=Recordings(tmp_path))) as server, \
            chain(server, first, second) as end:
        with publish(server.url("door"), folder, sent) as publisher:
            appears(server)
            running = {}
            for name, command in watchers(end.url("door"), out).items():
                (out / name).mkdir(parents=True)
                running[name] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            end_when_all_watch(publisher, server, end, len(running))
            for name, process in running.items():
                strips, errors = process.communicate(timeout=60)
                gstreamer.check(process.returncode, errors.decode())
                seen[name] = shown(name, strips, out)
            publisher.communicate(timeout=20)
        last = max(max(frames, default=0) for frames in seen.values())
        ends = {name: frames[-1:] for name, frames in seen.items() if name not in HASTY}
        assert ends == dict.fromkeys(ends, [last])
        for name, frames in seen.items():
            assert len(frames) > 5 and frames == sorted(set(frames)), (name, frames)
            assert name.startswith("ours") or frames == list(range(frames[0], frames[-1] + 1)), (name, frames)
        jump = last // RATE - 1
        inputs = "-rtsp_transport", "tcp", "-ss", str(jump), "-i", end.url("door.Mjpeg")
        done = ffmpeg.run(*inputs, *ffmpeg.GREY_STRIP, "pipe:1")
        assert ffmpeg.barcodes(done.stdout) == list(range(jump * RATE, last + 1))


def end_when_all_watch(publisher, server, end, viewers):
    """… and have done so for a second."""
    def watching():
        return sum(one.state is State.PLAYING for one in end.sessions.all()) == viewers

    eventually(watching, "all viewers")
    assert len(server.sessions.all()) == 2, "the publisher, and one session for all viewers"
    source = server.publications.busy("door").inlets[0].source
    enough = source.count + RATE
    eventually(lambda: source.count >= enough, "a second of frames")
    publisher.terminate()


# ---- somebody in the chain is killed


def come_back(url, transport):
    """A viewer that asks until there is something to see; some frames of it."""
    def seen():
        try:
            return watch(url, 10, transport=transport)[0]
        except ClientError:
            return None

    return eventually(seen, "frames", 30)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed in this way there")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_publisher_is_killed_and_started_again(folder, tmp_path, transport, monkeypatch):
    """Viewers at the end of the chain are told, and those who come back see the new one."""
    monkeypatch.setattr(limits, "ABANDONED", 0.3)
    with serving(tmp_path) as server, chain(server, "udp", "tcp") as end:
        words = "Publisher.py", folder / "loop.Mjpeg", server.url("door"), "--loop", "--fps", RATE
        for _ in range(2):
            with program(*words, "--transport", transport) as publisher:
                eventually(lambda: server.publications.busy("door"), "a publisher")
                assert in_order(come_back(end.url("door"), transport))
                viewer = threading.Thread(target=watch, args=(end.url("door"),), kwargs={"transport": transport})
                viewer.start()
                eventually(lambda: any(one.state is State.PLAYING for one in end.sessions.all()), "a viewer")
                publisher.send_signal(signal.SIGKILL)
                viewer.join(20)                 # it has been told that this is the end
                assert not viewer.is_alive()
            eventually(lambda: not server.publications.busy("door"), "a free path")


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed in this way there")
def test_the_server_is_killed_and_started_again(folder, tmp_path):
    """The publisher comes back by itself, and so does what the proxy fetches, when somebody asks for it."""
    with program("Server.py", 0, "--host", "127.0.0.1", "--media", tmp_path, out=subprocess.PIPE) as server:
        port = int(re.findall(rb"on port (\d+)", server.stdout.readline())[0])
        url = f"rtsp://127.0.0.1:{port}"
        with program("Publisher.py", folder / "loop.Mjpeg", f"{url}/door", "--loop", "--fps", RATE), \
                proxying(url) as proxy:
            assert in_order(come_back(proxy.url("door"), "udp"))
            server.kill()
            server.wait(10)
            with program("Server.py", port, "--host", "127.0.0.1", "--media", tmp_path):
                assert in_order(come_back(proxy.url("door"), "tcp"))


# ---- H.264: who comes late


def parameter_sets(url, port):
    """The kinds of NAL units that the description carries (RFC 6184 §8.1)."""
    with Talker(port) as viewer:
        reply = viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1")
    _, (stream,) = sdp(reply.body)
    [sets] = re.findall(r"sprop-parameter-sets=([^;\s]+)", " ".join(stream["a=fmtp"]))
    return sets, [base64.b64decode(one)[0] & 31 for one in sets.split(",")]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_who_joins_h264_late_sees_it_from_the_next_key_frame_on(folder, tmp_path, transport):
    """Whole, and within one interval of key frames; SPS and PPS are in the description from the server to the end."""
    if b"libx264" not in subprocess.run([need("ffmpeg"), "-v", "error", "-encoders"], capture_output=True).stdout:
        pytest.skip("this ffmpeg has no libx264")
    source = *pictures(folder / "movie.mjpg")[:-2], "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"
    source = *source, "-g", str(KEY_FRAMES), "-pix_fmt", "yuv420p"
    with serving(tmp_path) as server, chain(server, "udp", "tcp") as end, \
            publishing(server.url("door"), source, transport):
        appears(server)
        published = server.publications.busy("door").inlets[0].source
        eventually(lambda: published.count >= LATE, "frames that are over")
        command = [need("ffmpeg"), "-nostdin", "-v", "quiet", "-rtsp_transport", transport, "-i", end.url("door")]
        command += ["-frames:v", "20", *ffmpeg.every_frame(), *ffmpeg.GREY_STRIP, "pipe:1"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as viewer:
            eventually(lambda: any(one.state is State.PLAYING for one in end.sessions.all()), "a viewer")
            joined = published.count
            sets, kinds = parameter_sets(server.url("door"), server.port)
            assert kinds == [7, 8] and parameter_sets(end.url("door"), end.port) == (sets, kinds)
            frames = ffmpeg.barcodes(viewer.communicate(timeout=40)[0])
    assert frames == list(range(frames[0], frames[0] + 20))
    assert frames[0] % KEY_FRAMES == 0 and frames[0] <= joined + KEY_FRAMES
