"""The benchmark: its arithmetic on made-up frames, and a short run of the whole."""

from __future__ import annotations

import io
import json
import socket
import struct
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from bench import movie, server_bench
from bench.figures import Record, due_by, judge, percentile
from bench.inner import TcpViewer
from bench.load import needed, places
from bench.process import LINUX, cpu_seconds, resident_bytes
from bench.viewer import LoadError, Media
from tests import movies

FPS, CLOCK = 25.0, 90_000
PERIOD, TICKS = 1 / FPS, 3600


def record(frames, begin=100.0, timestamp=0xFFFFF000, sequence=0xFFF0, packets=8):
    """A record of frames (k, seconds late, packets lost before its marker), each of `packets` packets."""
    made = Record()
    came, number = 0, sequence
    for k, late, lost in frames:
        came += packets - lost
        number += packets
        made.add(begin + k * PERIOD + late, (timestamp + k * TICKS) % 2**32, number % 2**16, came)
    return made


def test_a_punctual_viewer_gets_every_frame():
    """Over the wrap of timestamps and sequence numbers, nothing is lost or late."""
    verdict = judge(record([(k, 0.0, 0) for k in range(50)]), 100.0, 102.0, FPS, CLOCK)
    assert (verdict.expected, verdict.whole, verdict.lost, verdict.sustained) == (50, 50, 0, True)
    assert max(map(abs, verdict.late)) < 1e-6


def test_a_frame_left_out_does_not_make_the_others_late():
    """The server skipped frames 10 to 12: three are missing, no packet is lost, and the rest are on time."""
    verdict = judge(record([(k, 0.0, 0) for k in range(50) if k not in (10, 11, 12)]), 100.0, 102.0, FPS, CLOCK)
    assert (verdict.expected, verdict.whole, verdict.lost, verdict.sustained) == (50, 47, 0, False)
    assert max(map(abs, verdict.late)) < 1e-6


def test_a_frame_without_one_packet_is_not_whole():
    """What did not come is counted, in packets and in frames."""
    verdict = judge(record([(k, 0.0, 2 if k == 7 else 0) for k in range(50)]), 100.0, 102.0, FPS, CLOCK)
    assert (verdict.whole, verdict.lost) == (49, 2)


def test_lateness_is_counted_from_the_first_frame_on():
    """A frame 30 ms behind its time is 30 ms late; a server that loses 1 % of time is late more and more."""
    single = judge(record([(k, 0.03 if k == 5 else 0.0, 0) for k in range(25)]), 100.0, 101.0, FPS, CLOCK)
    assert [round(late, 6) for late in single.late if late > 1e-6] == [0.03]
    drifting = judge(record([(k, k * PERIOD * 0.01, 0) for k in range(250)]), 100.0, 110.0, FPS, CLOCK)
    assert drifting.late[-1] == pytest.approx(249 * PERIOD * 0.01, abs=1e-6)


def test_only_frames_due_in_the_interval_count_and_late_ones_do():
    """The interval is one of due times: a frame due in it that comes after its end is late, not missing."""
    frames = [(k, 0.5 if k == 49 else 0.0, 0) for k in range(60)]
    verdict = judge(record(frames), 101.0, 102.0, FPS, CLOCK)
    assert (verdict.expected, verdict.whole, len(verdict.late)) == (25, 25, 25)
    assert max(verdict.late) == pytest.approx(0.5, abs=1e-6)


def test_a_viewer_without_a_frame_is_not_sustained():
    """Nothing came: all frames of the interval are missing."""
    verdict = judge(Record(), 100.0, 102.0, FPS, CLOCK)
    assert (verdict.expected, verdict.whole, verdict.sustained) == (50, 0, False)


@pytest.mark.parametrize(("time", "count"), [(-1.0, 0), (0.0, 0), (0.001, 1), (0.04, 1), (0.05, 2), (1.0, 25)])
def test_frames_are_due_from_the_first_one_on(time, count):
    """Times 0, 0.04, 0.08 …; none is before the first frame."""
    assert due_by(time, FPS) == count


def test_no_frame_counts_that_is_not_due():
    """Wherever the interval begins: never more frames than are due, whatever floats make of its ends."""
    frames = record([(k, 0.0, 0) for k in range(60)])
    for number in range(200):
        verdict = judge(frames, 100.0 + number * 0.005, 101.0 + number * 0.005, FPS, CLOCK)
        assert verdict.whole == verdict.expected == 25


def test_percentiles_are_values_that_occurred():
    """Nearest rank: of 1 … 100 the 99th, of one value that value, of nothing None."""
    values = list(range(100, 0, -1))
    assert [percentile(values, part) for part in (0.0, 0.5, 0.99, 1.0)] == [1, 50, 99, 100]
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([], 0.5) is None


def test_viewers_start_where_enough_of_the_movie_is_left():
    """Different places, all of them early enough; a live stream has no places; a short movie is refused."""
    media = Media("rtsp://x/m/", "rtsp://x/m/trackID=0", 30.0, FPS, CLOCK)
    starts = places(media, 50, 12.0)
    assert len(set(starts)) == 50
    assert all(start is not None and 0 <= start <= 18.0 for start in starts)
    assert places(Media("", "", None, FPS, CLOCK), 2, 12.0) == [None, None]
    with pytest.raises(LoadError, match="too short: 30.0 s, and 31.0 s are needed"):
        places(media, 1, 31.0)


def test_the_drawn_movie_has_the_wanted_size_weight_and_length(tmp_path):
    """Its frames repeat those of the model, and the mean is close to what was asked for."""
    movies.lab_movie(tmp_path / "model.Mjpeg", frames=10)
    mean = movie.write_movie(tmp_path / "made.Mjpeg", (320, 240), 6000, 25, tmp_path / "model.Mjpeg")
    frames = list(movie.jpegs(tmp_path / "made.Mjpeg"))
    assert len(frames) == 30
    assert mean == pytest.approx(sum(map(len, frames)) / 30)
    assert 5000 < mean <= 6000
    assert Image.open(io.BytesIO(frames[0])).size == (320, 240)
    assert frames[:10] == frames[10:20]


def test_the_run_that_was_disturbed_least_is_the_best():
    """The most viewers served, then the least processor time, if that is known."""
    runs = [{"cpu_ms_per_viewer_second": cpu, "viewers_sustained": ok} for cpu, ok in ((1.3, 9), (1.1, 9), (0.8, 5))]
    assert server_bench.best(runs) is runs[1]
    blind = [{"cpu_ms_per_viewer_second": None, "viewers_sustained": ok} for ok in (8, 9)]
    assert server_bench.best(blind) is blind[1]


def test_a_program_that_was_started_is_ended_whatever_happens():
    """Also when what it was started for fails."""
    with pytest.raises(ZeroDivisionError), server_bench.process("-c", "input()") as running:
        1 / 0  # noqa: B018
    assert running.poll() is not None


@pytest.mark.skipif(not LINUX, reason="processor time of another process is known on Linux only")
def test_what_another_process_uses_is_seen():
    """A process that computes until it is told to stop has used time and memory."""
    command = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin and running.stdout
        running.stdout.readline()
        used, memory = cpu_seconds(running.pid), resident_bytes(running.pid)
        running.stdin.write(b"\n")
    assert used is not None and 0.2 <= used < 5
    assert memory is not None and memory > 1 << 20


def test_a_short_run_gives_plausible_figures(tmp_path, capfd):
    """Three viewers, one second: every frame comes, with all its packets, and about on time."""
    movies.lab_movie(tmp_path / "short.Mjpeg", frames=60)
    arguments = ["--movie", str(tmp_path / "short.Mjpeg"), "--viewers", "3", "--seconds", "1", "--settle", "0.1"]
    assert server_bench.main([*arguments, "--json", str(tmp_path / "out.json")]) == 0
    results = json.loads((tmp_path / "out.json").read_text())
    (run,) = results["best"]
    assert results["runs"] == [run]
    assert (run["viewers"], run["viewers_sustained"], run["refusals"]) == (3, 3, [])
    assert run["frames_percent"] == 100 and run["packets_lost"] == 0
    assert 3 * FPS * 2 < run["packets_per_second"] < 3 * FPS * 40
    assert 0 <= run["first_frame_ms_p50"] <= run["first_frame_ms_p99"] < 1000
    assert run["late_ms_p50"] <= run["late_ms_p99"] <= run["late_ms_max"] < 1000
    assert 0 < run["generator_cpu"] < 1
    if LINUX:
        assert 0 < run["cpu_ms_per_viewer_second"] < 300
    assert f"{3:>7}" in capfd.readouterr().out.splitlines()[-1]


def test_viewers_inside_the_connection_and_some_that_stall(tmp_path, capfd):
    """Over TCP every frame comes, too; a second line tells of the others while two viewers read nothing."""
    movies.lab_movie(tmp_path / "short.Mjpeg", frames=200)
    arguments = ["--movie", str(tmp_path / "short.Mjpeg"), "--viewers", "3", "--seconds", "1", "--settle", "0.1"]
    arguments += ["--transport", "tcp", "--stalled", "2", "--stalling", "0.5", "--json", str(tmp_path / "out.json")]
    assert server_bench.main(arguments) == 0
    results = json.loads((tmp_path / "out.json").read_text())
    (run,) = results["best"]
    assert (results["transport"], results["stalled"]) == ("tcp", 2)
    for figures in (run, run["with_stalled"]):
        assert (figures["viewers"], figures["viewers_sustained"], figures["refusals"]) == (3, 3, [])
        assert figures["frames_percent"] == 100 and figures["packets_lost"] == 0
        assert figures["late_ms_p50"] <= figures["late_ms_p99"] <= figures["late_ms_max"] < 1000
    assert capfd.readouterr().out.splitlines()[-1].endswith("with 2 stalled viewers")


def test_viewers_in_the_lab_dialect(tmp_path, capfd):
    """All from the beginning, one datagram a frame, 20 frames a second unless another rate is given."""
    movies.lab_movie(tmp_path / "short.Mjpeg", frames=80)
    arguments = ["--movie", str(tmp_path / "short.Mjpeg"), "--viewers", "3", "--seconds", "1", "--settle", "0.1"]
    assert server_bench.main([*arguments, "--transport", "lab", "--json", str(tmp_path / "out.json")]) == 0
    results = json.loads((tmp_path / "out.json").read_text())
    (run,) = results["best"]
    assert (results["transport"], results["fps"]) == ("lab", 20.0)
    assert (run["viewers"], run["viewers_sustained"], run["refusals"]) == (3, 3, [])
    assert run["frames_percent"] == 100 and run["packets_lost"] == 0
    assert run["packets_per_second"] < 3 * 20 * 2
    assert run["late_ms_p50"] <= run["late_ms_p99"] <= run["late_ms_max"] < 1000
    assert "LAB over loopback" in capfd.readouterr().out
    assert server_bench.parse(["--transport", "lab", "--fps", "15"]).fps == 15
    assert server_bench.parse([]).fps == FPS


@pytest.fixture
def pair():
    """A TcpViewer that is not connected to any server, and the socket that it reads from."""
    here, there = socket.socketpair()
    viewer: Any = object.__new__(TcpViewer)
    viewer.record, viewer.packets, viewer.trouble, viewer.rest = Record(), 0, "", b""
    viewer.conversation = SimpleNamespace(sock=here)
    here.setblocking(False)
    with here, there:
        yield viewer, there


def framed(channel, marker, sequence):
    packet = struct.pack("!BBHII", 0x80, marker << 7 | 26, sequence, 7200, 1) + b"$ RTSP/1.0 \r\n\r\n"
    return struct.pack("!BBH", 0x24, channel, len(packet)) + packet


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_and_replies_are_told_apart_however_they_are_cut(pair, size):
    """Two packets of a frame around a reply with a body and a report: two packets, one frame."""
    viewer, server = pair
    reply = b"RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n$abc"
    data = framed(0, 0, 9) + reply + framed(1, 1, 0) + framed(0, 1, 10)
    for at in range(0, len(data), size):
        server.sendall(data[at : at + size])
        assert viewer.receive()
    assert (viewer.packets, viewer.rest) == (2, b"")
    [(arrival, timestamp, sequence, packets)] = viewer.record.frames()
    assert (timestamp, sequence, packets) == (7200, 10, 2) and arrival > 0


def test_a_refusal_among_the_frames_is_the_end(pair):
    """And so is a server that hangs up."""
    viewer, server = pair
    server.sendall(b"RTSP/1.0 454 Session Not Found\r\n\r\n")
    assert not viewer.receive() and viewer.trouble == "RTSP/1.0 454 Session Not Found"
    viewer.trouble = ""
    server.shutdown(socket.SHUT_WR)
    assert not viewer.receive() and viewer.trouble == "the server closed the connection"


def test_a_run_with_stalled_viewers_needs_more_of_the_movie():
    """Once without them, once with them, and the time in which the buffers fill."""
    options = SimpleNamespace(seconds=10.0, gap=0.01, settle=1.0, stalling=9.0, stalled=1)
    assert needed(50, options) == pytest.approx(0.5 + 1 + 10.3 + 9 + 10.3)
    options.stalled = 0
    assert needed(50, options) == pytest.approx(0.5 + 1 + 10.3)


def test_a_movie_that_is_too_short_is_refused_in_one_line(tmp_path, capfd):
    """The program says what is missing and ends what it started."""
    movies.lab_movie(tmp_path / "short.Mjpeg", frames=3)
    assert server_bench.main(["--movie", str(tmp_path / "short.Mjpeg"), "--viewers", "1", "--seconds", "1"]) == 1
    assert "the movie is too short" in capfd.readouterr().err
