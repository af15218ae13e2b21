"""What a program that plays writes: frames, a picture, a recording; and what becomes of that when it ends badly."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import ClientLauncher
from media.moviewriter import MovieWriter
from rtp.jpeg import Depacketizer, payloads
from tests.movies import jpeg, lab_movie
from tests.scripted import SEQ, STANDARD, ScriptedServer, eventually, plays, refused
from tests.serving import serving
from tests.tools import need
from VideoStream import VideoStream

ROOT = Path(ClientLauncher.__file__).parent


def received(jpeg):
    """The frame as a receiver has it: RTP carries no more than it must of a JPEG's headers (RFC 2435 §3)."""
    depacketizer = Depacketizer()
    return [depacketizer.push(payload, marker, 0) for payload, marker in payloads(jpeg)][-1]


JPEGS = [received(jpeg(number)) for number in range(5)]
short_movie = plays(JPEGS)


def play(*arguments):
    return ClientLauncher.main([*map(str, arguments), "--headless", "--buffer", "0"])


def frames(path):
    video = VideoStream(path)
    return [video.nextFrame() for _ in range(video.frameCount())]


def test_a_recording_has_every_frame_as_it_came(tmp_path):
    """And when each is due, beside it."""
    with ScriptedServer(PLAY=short_movie) as server:
        assert play(server.url, "--record", tmp_path / "a.Mjpeg") == 0
    assert frames(tmp_path / "a.Mjpeg") == JPEGS
    assert (tmp_path / "a.times").read_text().split() == [f"{number / 20:.6f}" for number in range(5)]


def test_a_recording_is_played_by_our_server_at_once(tmp_path):
    """And that can be recorded again: the same bytes, the same times."""
    lab_movie(tmp_path / "movie.Mjpeg", 8)
    with serving(tmp_path) as server:
        assert play(server.url(), "--record", tmp_path / "first.Mjpeg") == 0
        assert play(server.url("first.Mjpeg"), "--record", tmp_path / "second.Mjpeg") == 0
    first, second = tmp_path / "first.Mjpeg", tmp_path / "second.Mjpeg"
    assert first.read_bytes() == second.read_bytes() and len(frames(first)) == 8
    assert first.with_suffix(".times").read_text() == second.with_suffix(".times").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_ctrl_c_leaves_a_movie_that_can_be_played(tmp_path):
    """The frames so far, whole ones, each with its time."""
    def endless(server):
        threading.Timer(0.05, lambda: server.send_frame(0, JPEGS[0], SEQ)).start()
        return STANDARD["PLAY"]

    path = tmp_path / "a.Mjpeg"
    with ScriptedServer(PLAY=endless) as server:
        command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url, "--headless", "--record", str(path)]
        # A shell's background jobs ignore Ctrl-C, and hand that down; what is handled here is not ignored there
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
            signal.signal(signal.SIGINT, before)
            eventually(lambda: path.exists() and path.stat().st_size > len(JPEGS[0]), 20)
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=20)
        assert program.returncode == 130
    assert frames(path) == JPEGS[:1] and path.with_suffix(".times").read_text() == "0.000000\n"


def test_a_full_disk_stops_the_recording_alone(tmp_path, monkeypatch, capsys):
    """All is played, then one sentence, and code 2; what was written stays."""
    whole = MovieWriter.add

    def full(writer, jpeg, time):
        if writer.frames == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(writer, jpeg, time)

    monkeypatch.setattr(MovieWriter, "add", full)
    path, stats = tmp_path / "a.Mjpeg", tmp_path / "s.json"
    with ScriptedServer(PLAY=short_movie) as server:
        assert play(server.url, "--record", path, "--stats", stats) == 2
    assert capsys.readouterr().err == f"Cannot write {path}. No space left on device\n"
    assert json.loads(stats.read_text())["frames_shown"] == 5 and frames(path) == JPEGS[:2]


def test_what_else_failed_counts_more(tmp_path, monkeypatch, capsys, caplog):
    """The recording's end is in the log."""
    def full(writer, jpeg, time):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(MovieWriter, "add", full)
    monkeypatch.setattr("rtsp.silence.NO_MEDIA", 0.3)

    def one(server):
        threading.Timer(0.05, lambda: server.send_frame(0, JPEGS[0], SEQ)).start()
        return STANDARD["PLAY"].replace(b"npt=0.000-", b"npt=0.000-9")

    with ScriptedServer(PLAY=one, DESCRIBE=STANDARD["DESCRIBE"].replace(b"npt=0-0.950", b"npt=0-9")) as server:
        assert play(server.url, "--record", tmp_path / "a.Mjpeg") == 7
    assert "The stream has stopped" in capsys.readouterr().err
    assert caplog.messages == [f"! {tmp_path / 'a.Mjpeg'} ends after 0 frames: No space left on device"]


def test_nothing_played_leaves_no_file(tmp_path):
    with ScriptedServer(DESCRIBE=refused(404, "Not Found")) as server:
        assert play(server.url, "--record", tmp_path / "a.Mjpeg") == 4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "words"), [
    ("a.mp4", "ends in .Mjpeg"), ("nowhere/a.Mjpeg", "there is no folder"), ("there.Mjpeg", "is there already"),
    ("timed.Mjpeg", "timed.times is there already"),
])
def test_a_recording_that_cannot_be_is_code_2(tmp_path, capsys, name, words):
    """Before anything is played: what is there may be the movie itself."""
    for there in ("there.Mjpeg", "timed.times"):
        (tmp_path / there).write_text("mine")
    with pytest.raises(SystemExit) as ended:
        play("rtsp://127.0.0.1:9/a", "--record", tmp_path / name)
    assert ended.value.code == 2 and words in capsys.readouterr().err
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


def test_the_window_records_too(display, tmp_path):
    """Frames that there was no time to show are not missing."""
    need("tk")
    lab_movie(tmp_path / "movie.Mjpeg", 12)
    with serving(tmp_path) as server:
        command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url(), "--no-config", "--duration", "0.3",
                   "--record", str(tmp_path / "a.Mjpeg")]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert 5 <= len(frames(tmp_path / "a.Mjpeg")) <= 12
