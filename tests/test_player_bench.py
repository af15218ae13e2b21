"""The player's benchmark: its arithmetic, and a short run of the whole."""

from __future__ import annotations

import argparse
import json
import threading

import pytest

from bench import player_bench
from tests import movies
from tools import screen


def test_the_best_go_counts(monkeypatch):
    """Processor time for each frame, in ms; a go that was disturbed says nothing of the frame."""
    times = iter([0.0, 1.0, 5.0, 5.5, 7.0, 9.0])  # begin and end of each go: 1.0, 0.5 and 2.0 s
    clock = iter(range(1000))  # a second a look
    monkeypatch.setattr(player_bench.time, "process_time", lambda: next(times))
    monkeypatch.setattr(player_bench.time, "perf_counter", lambda: next(clock))
    seen: list[bytes] = []
    assert player_bench.cost(seen.append, [b"a", b"b"], 15.0) == pytest.approx(0.5 / 4 * 1e3)
    assert seen == [b"a", b"b"] * 6  # four frames in each go of five seconds, from the first on


def test_every_size_has_its_goals():
    """Those that are measured by default; a size without goals has a line all the same."""
    assert set(player_bench.SIZES) == set(player_bench.GOALS) == set(player_bench.FRAME_BYTES)
    made: player_bench.Row = {key: 1 if form == "d" else 1.0 for _, _, key, form in player_bench.COLUMNS}
    made |= {"size": "64x48", "show_goal": None, "all_goal": None}
    assert len(player_bench.line(made)) == len(player_bench.heading())


def test_without_a_screen_it_says_what_to_do(monkeypatch, capsys):
    """One line, no traceback."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(player_bench.sys, "platform", "linux")
    monkeypatch.setattr(screen.shutil, "which", lambda name: None)
    assert player_bench.main([]) == 1
    assert capsys.readouterr().err.startswith("There is no screen here, and no Xvfb. ")


def test_sizes_are_checked(capsys):
    """WxH, separated by commas."""
    assert player_bench.parse(["--sizes", "64x48,1280x720"]).sizes == [(64, 48), (1280, 720)]
    with pytest.raises(SystemExit):
        player_bench.parse(["--sizes", "large"])
    assert "--sizes" in capsys.readouterr().err


def test_a_profile_covers_the_threads_that_begin_meanwhile(capsys):
    """What only another thread calls is in the table."""

    def only_there():
        for _ in range(300_000):
            pass

    with player_bench.profiles():
        thread = threading.Thread(target=only_there)
        thread.start()
        thread.join()
    assert "only_there" in capsys.readouterr().out
    assert threading.Thread.run.__qualname__ == "Thread.run"


def test_a_short_run_gives_plausible_figures(display, tmp_path, monkeypatch, capfd):
    """A small movie from a real server into a real window: frames come, are shown, and cost something."""

    def write_movie(path, size, frame_bytes, frames):
        return sum(map(len, movies.lab_movie(path, frames=90, size=size))) / 90

    monkeypatch.setattr(player_bench, "write_movie", write_movie)
    monkeypatch.setattr(player_bench, "SETTLE", 0.3)
    options = ["--sizes", "384x288", "--seconds", "0.5", "--fps", "30", "--json", str(tmp_path / "out.json")]
    assert player_bench.main(options) == 0
    (row,) = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert row["size"] == "384x288"
    assert 0 < row["decode_ms"] < row["show_ms"] < 1000 and 0 < row["all_ms"] < 1000
    assert row["shown_fps"] > 0 and row["damaged"] == 0
    assert len(capfd.readouterr().out.splitlines()) == 2


def test_a_row_needs_no_goals(monkeypatch):
    """The weight of a frame of another size is taken from its pixels."""
    asked = []

    def write_movie(path, size, frame_bytes, frames):
        asked.append(frame_bytes)
        raise KeyboardInterrupt

    monkeypatch.setattr(player_bench, "write_movie", write_movie)
    monkeypatch.setattr(player_bench, "window", lambda size: player_bench.tempfile.TemporaryDirectory())
    with pytest.raises(KeyboardInterrupt):
        player_bench.row((100, 80), argparse.Namespace(seconds=1.0, fps=60))
    assert asked == [round(8000 * player_bench.BITS_A_PIXEL / 8)]
