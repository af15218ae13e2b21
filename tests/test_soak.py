"""bench/soak.py: what its verdict depends on, and a very short run."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace

import pytest

from bench import soak
from bench.soak_viewers import KINDS, Audience, Talk
from tests.serving import serving

BEFORE = soak.Sample(0, 0, {}, 12, 5, 38.0, 0)
AFTER = replace(BEFORE, counts={"frames": 9})
FLAT = [replace(AFTER, viewers=4, descriptors=90, threads=40, mebibytes=50.0)] * 8


def test_as_before_is_flat():
    assert soak.judge(BEFORE, FLAT, AFTER, "a line\n") == []


@pytest.mark.parametrize(
    ("after", "log", "said"),
    [
        (replace(AFTER, descriptors=13), "", "descriptors: 12 before the first viewer, 13 after the last"),
        (replace(AFTER, threads=6), "", "threads: 5 before"),
        (replace(AFTER, counts={"frames": 9, "5xx": 2}), "", "2 replies were a 5xx"),
        (replace(AFTER, counts={}), "", "no viewer got a frame"),
        (AFTER, "x\nTraceback (most recent call last):\n", "the log has a traceback"),
    ],
)
def test_what_is_left_behind_is_said(after, log, said):
    [found] = soak.judge(BEFORE, FLAT, after, log)
    assert said in found


def test_memory_that_grows_is_said():
    """8 MiB more may be chance; what came in the first quarter, before all kinds were there, counts neither way."""
    grown = [replace(FLAT[0], mebibytes=value) for value in (20.0, 20.0, 50.0, 50.0, 55.0, 57.0, 59.0, 59.0)]
    [found] = soak.judge(BEFORE, grown, AFTER, "")
    assert found == "memory: 50.0 MiB in the second quarter of the time, 59.0 MiB in the last"
    assert soak.judge(BEFORE, [*grown[:6], *[replace(FLAT[0], mebibytes=57.0)] * 2], AFTER, "") == []


def test_where_the_system_does_not_tell_nothing_is_concluded_from_it():
    samples = [replace(one, descriptors=None, threads=None, mebibytes=None) for one in (BEFORE, *FLAT, AFTER)]
    assert soak.judge(samples[0], samples[1:-1], samples[-1], "") == []
    assert str(samples[0]).split() == ["0", "0", "0", "-", "-", "-", "0", "0", "0", "0", "0"]


@pytest.fixture(scope="module")
def server():
    with serving(soak.ROOT, timeout=1) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_viewer_does_what_it_is_for(server, kind, monkeypatch):
    """And no kind gets a 5xx; garbage is hung up on."""
    monkeypatch.setattr("bench.soak_viewers.LIFE", (0.1, 0.2))
    audience = Audience(server.port, "movie.Mjpeg")
    try:
        kind(audience, random.Random(4))
    except ConnectionError:
        assert kind.__name__ == "garbage"
    assert audience.counts["connections"] and not audience.counts["5xx"]
    plays = {"by_udp", "inside", "lab", "vanishing", "vanishing_inside", "jumping"}
    assert kind.__name__ not in plays or audience.counts["frames"]


def test_a_5xx_is_counted(server):
    audience = Audience(server.port, "movie.Mjpeg")
    with Talk(audience) as talk:
        talk.ask("FROBNICATE")
    assert audience.counts["5xx"] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the figures are known on Linux only")
def test_a_few_seconds_are_flat():
    """The whole program, with as few as it can be: lines of figures, then the verdict."""
    options = ["--minutes", "0.05", "--viewers", "5", "--every", "1", "--timeout", "1"]
    command = [sys.executable, "-m", "bench.soak", *options]
    done = subprocess.run(command, cwd=soak.ROOT, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr
    first, *lines, last, verdict = done.stdout.splitlines()
    assert first.split()[:4] == ["s", "viewers", "came", "fds"] and len(lines) >= 2
    assert last.endswith("when all had left") and verdict == "flat"


def test_what_is_not_flat_is_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(soak, "soak", lambda subject, options: ["threads: 5 before", "memory"])
    monkeypatch.setattr(soak, "serving", lambda timeout: pytest.MonkeyPatch.context())
    assert soak.main(["--minutes", "0.1"]) == 1
    assert "not flat:\n  threads: 5 before\n  memory" in capsys.readouterr().err
