"""What is published is written down, and played back as a movie like any other."""

from __future__ import annotations

import pytest

from media.recording import RESERVE, USUAL_RATE, Recordings
from Publication import Policy
from tests import movies
from tests.publishing import H264, Publisher
from tests.serving import Receiver, Talker, eventually, npt, serving

STEP = 3600  # ticks from frame to frame


def frame(k):
    return movies.jpeg(k, (384, 96))


def test_a_recording_is_a_movie_at_once(tmp_path):
    """With the frames' own times, a jump, and the end; what the publisher pauses is not in it."""
    with serving(tmp_path, policy=Policy(recordings=Recordings(tmp_path))) as server:
        with Publisher(server, "cams/door", tcp=True) as door:
            assert door.record().status == 200
            for k, ticks in enumerate((0, 1, 2, 10)):
                door.send_frame(frame(k), ticks * STEP)
            assert door.ask("PAUSE").status == door.ask("RECORD").status == 200
            door.send_frame(frame(4), 5000 * STEP)
            recorder = server.publications.busy("cams/door").recorder
            eventually(lambda: recorder.frames == 5, "all frames")
        url = server.url("cams_door.Mjpeg")
        times = (tmp_path / "cams_door.times").read_text().split()
        assert [float(time) for time in times] == pytest.approx([0, 0.04, 0.08, 0.4, 0.72], abs=1e-5)
        with Talker(server.port) as viewer, Receiver() as media:
            reply = viewer.ask(f"SETUP {url} RTSP/1.0", "CSeq: 1", media.transport)
            session = f"Session: {reply.headers['session'].split(';')[0]}"
            reply = viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 2", session, "Range: npt=0.05-")
            assert npt(reply.headers["range"])[0] == pytest.approx(0.08, abs=0.031)
            media.wait_bye()
            frames = media.frames()
            assert [one.number() for one in frames] == [2, 3, 4]
            distances = [one.timestamp - frames[0].timestamp & 0xFFFFFFFF for one in frames]
            assert distances == pytest.approx([0, 8 * STEP, 16 * STEP], abs=2)


def test_what_is_no_jpeg_is_not_written_down(tmp_path):
    """It is watched all the same."""
    with serving(tmp_path, policy=Policy(recordings=Recordings(tmp_path))) as server, \
            Publisher(server, "film", H264) as film:
        assert film.record().status == 200
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("agent", "status"), [("GStreamer/1.22.0", 250), ("Lavf59.27.100", 200)])
def test_low_space_is_said_at_record(tmp_path, agent, status):
    """With the time for which there is room (RFC 2326 §11.2.1); to ffmpeg, 250 would be a failure."""
    recordings = Recordings(tmp_path, free=lambda folder: RESERVE + 60 * USUAL_RATE)
    with serving(tmp_path, policy=Policy(recordings=recordings)) as server, \
            Publisher(server, "door", agent=agent) as door:
        reply = door.record()
        assert reply.status == status and npt(reply.headers["range"]) == (0.0, 60.0)


def test_a_disk_that_is_full_stops_the_recording_and_nothing_else(tmp_path, caplog):
    """One line says so."""
    recordings = Recordings(tmp_path, free=lambda folder: 5)
    with serving(tmp_path, policy=Policy(recordings=recordings)) as server, \
            Publisher(server, "door", tcp=True) as door:
        assert door.record().status == 250
        door.send_frame(frame(0), 0)
        recorder = server.publications.busy("door").recorder
        eventually(lambda: not recorder.alive, "the end of the recording")
        with Talker(server.port) as viewer, Receiver() as media:
            reply = viewer.ask(f"SETUP {door.url} RTSP/1.0", "CSeq: 1", media.transport)
            session = f"Session: {reply.headers['session'].split(';')[0]}"
            viewer.ask(f"PLAY {door.url} RTSP/1.0", "CSeq: 2", session)
            door.send_frame(frame(1), STEP)
            media.wait_frames(2)
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1 and errors[0].endswith("ends after 0 frames: there is no space left on the disk")
