"""Real players that are sent elsewhere: who does not follow plays on, and who comes to a server that sends on is shown
the movie of the other one."""

from __future__ import annotations

import threading

import pytest

from media.source import Format, LiveSource, Presentation
from rtp.jpeg import payloads
from tests import ffmpeg, movies
from tests.gstreamer import launch
from tests.serving import eventually, serving

FRAMES = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("movies")
    movies.lab_movie(path / "movie.Mjpeg", FRAMES)
    return path


def playing(server):
    """Somebody has got his first frames."""
    return any(stream.packets > 20 for session in server.sessions.all() for stream in session.streams.values())


def when_playing(server, do):
    """Do this on another thread; the thread."""
    def run():
        eventually(lambda: playing(server), "a viewer plays")
        do()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.timeout(90)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ffmpeg_plays_on_through_a_redirect(folder, transport, caplog):
    """It answers 501, or nothing: every frame comes from here."""
    caplog.set_level("INFO")
    with serving(folder, fps=25.0) as server:
        thread = when_playing(server, lambda: server.calls.redirect("rtsp://127.0.0.9:1/"))
        done = ffmpeg.run("-rtsp_transport", transport, "-i", server.url(), *ffmpeg.GREY_STRIP, "-")
        thread.join()
    assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES))
    assert any(": REDIRECT rtsp://" in record.message for record in caplog.records)


@pytest.mark.timeout(90)
def test_gstreamer_plays_on_through_a_redirect(folder, tmp_path, caplog):
    caplog.set_level("INFO")
    out = tmp_path / "frames"
    with serving(folder, fps=25.0) as server:
        thread = when_playing(server, lambda: server.calls.redirect("rtsp://127.0.0.9:1/"))
        source = ["rtspsrc", f"location={server.url()}", "protocols=tcp", "latency=200"]
        launch(*source, "!", "rtpjpegdepay", "!", "filesink", f"location={out}")
        thread.join()
    assert out.read_bytes().count(b"\xff\xd8\xff") == FRAMES
    assert any(": REDIRECT rtsp://" in record.message for record in caplog.records)


@pytest.mark.timeout(90)
def test_ffmpeg_follows_a_302(folder):
    """What a server started with --redirect answers to DESCRIBE."""
    with serving(folder, fps=50.0) as there, serving(folder, redirect=there.url("")) as here:
        done = ffmpeg.run("-rtsp_transport", "tcp", "-i", here.url(), *ffmpeg.GREY_STRIP, "-")
        assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES)) and not len(here.sessions)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ffmpeg_sees_what_replaces_a_live_stream(folder, transport):
    """It passes over the ANNOUNCE, and decodes on."""
    def live(numbers, server):
        source = LiveSource(Format("video", 26, "JPEG", 90_000, 25.0))
        frames = [payloads(movies.jpeg(number)) for number in numbers]
        source.append(frames[0], 0.0)
        server.library.add("live", Presentation("live", (source,)))
        return source, frames

    def bring(source, frames, enough):
        for number in range(200):
            source.append(frames[number % len(frames)], number / 25)
            if done.wait(0.04) or number > 10 and enough():
                return

    done = threading.Event()
    with serving(folder) as server:
        first, pictures = live([1], server)

        def publish():
            bring(first, pictures, lambda: playing(server))
            second, others = live([200], server)
            server.calls.tick()
            first.close()                       # its viewers are no longer its own
            bring(second, others, lambda: False)
            second.close()

        thread = threading.Thread(target=publish)
        thread.start()
        inputs = "-rtsp_transport", transport, "-analyzeduration", "100000", "-i", server.url("live")
        try:
            seen = ffmpeg.barcodes(ffmpeg.run(*inputs, "-frames:v", "60", *ffmpeg.GREY_STRIP, "-").stdout)
        finally:
            done.set()
            thread.join()
    assert set(seen) == {1, 200} and seen == sorted(seen) and len(seen) == 60
