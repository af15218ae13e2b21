"""Does the movie keep time: the arithmetic on made-up frames, and a short run of the whole."""

from __future__ import annotations

import pytest

from bench import drift
from bench.figures import Record, Verdict
from bench.program import BenchError
from bench.viewer import Media

FPS, CLOCK_RATE = 20.0, 90_000
MEDIA = Media("", "", None, FPS, CLOCK_RATE)


def record(frames, begin=1000.0):
    """A record of frames (k, seconds late)."""
    made = Record()
    for came, (k, late) in enumerate(frames):
        made.add(begin + k / FPS + late, round(k * CLOCK_RATE / FPS), k, came)
    return made


def test_a_movie_that_keeps_time_passes(capsys):
    """A line a minute, the last of them shorter, and one of all; a moment of trouble is no drift."""
    frames = [(k, 0.4 if k == 700 else 0.003) for k in range(1, 2100)]
    assert drift.report([record([(0, 0.0), *frames])], MEDIA, 100.0)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        ["0-60", "100.00", "3.00", "3.00", "400.00"],
        ["60-100", "100.00", "3.00", "3.00", "3.00"],
        ["all", "100.00", "3.00", "3.00", "400.00"],
    ]


@pytest.mark.parametrize("rate", [1.0003, 0.9997])
def test_a_clock_that_drifts_is_found(rate, capsys):
    """0.3 ms a second: 18 ms after a minute, 30 ms after 100 s, whichever way; of two viewers the worse one counts."""
    drifting = record([(k, k / FPS * (rate - 1)) for k in range(2100)])
    punctual = record([(k, 0.0) for k in range(2100)])
    assert drift.report([punctual, drifting], MEDIA, 60.0)
    assert not drift.report([punctual, drifting], MEDIA, 100.0)
    last = capsys.readouterr().out.splitlines()[-1].split()[2]
    assert float(last) == pytest.approx((rate - 1) * 99.95e3, abs=0.01)


def test_frames_that_are_missing_are_no_punctual_frames(capsys):
    """A server that stops at half time has not kept time."""
    assert not drift.report([record([(k, 0.0) for k in range(1000)])], MEDIA, 100.0)
    assert capsys.readouterr().out.splitlines()[2].split() == ["60-100", "0.00", "-", "-", "-"]


def test_a_viewer_without_a_frame_is_an_error():
    """Nothing can be said of it."""
    with pytest.raises(BenchError, match="no frame"):
        drift.verdicts([Record()], MEDIA, 0.0, 1.0)
    assert drift.farthest([Verdict(20)]) is None


def test_minutes_end_with_the_whole():
    """Also where it is less than one."""
    assert list(drift.minutes(150.0)) == [(0, 60), (60, 120), (120, 150)]
    assert list(drift.minutes(120.0)) == [(0, 60), (60, 120)]
    assert list(drift.minutes(0.5)) == [(0, 0.5)]


@pytest.mark.parametrize("transport", ["lab", "udp"])
def test_a_short_run_ends_with_a_verdict(transport, monkeypatch, capfd):
    """Whatever the machine is busy with: all frames come."""
    monkeypatch.setattr(drift, "BOUND", 5000.0)
    arguments = ["--seconds", "0.5", "--viewers", "2", "--transport", transport, "--frame-bytes", "3000"]
    assert drift.main(arguments) == 0
    assert capfd.readouterr().out.splitlines()[-1].split()[:2] == ["all", "100.00"]


def test_a_movie_that_does_not_keep_time_is_said(monkeypatch, capfd):
    """Exit code 1, and a line: no server keeps a bound below 0."""
    monkeypatch.setattr(drift, "BOUND", -1.0)
    assert drift.main(["--seconds", "0.1", "--frame-bytes", "3000"]) == 1
    assert "0.1 s of the movie did not take 0.1 s" in capfd.readouterr().err
