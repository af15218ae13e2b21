"""tools/fuzz.py: it runs all its targets, it sees what goes wrong, and it says how to repeat it."""

from __future__ import annotations

import logging
import threading

import pytest

from rtsp.parameters import names
from Server import Server
from ServerWorker import ServerWorker
from tools import fuzz
from tools.fuzz_player import PlayerTarget
from tools.fuzz_server import Failure, ServerTarget


def test_some_mutations_of_everything_find_nothing(capsys):
    """Every target once or more, over real sockets as well; the first number of each seed is as good as any."""
    assert fuzz.main(["--count", "300", "--seed", "6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[:-1]] == [*fuzz.PARSERS, *fuzz.WEIGHTS]
    assert lines[-1] == "0 problems"


def test_a_parser_that_raises_is_found_and_named(monkeypatch, capsys):
    def careless(body):
        body.decode()
        return names(body)

    monkeypatch.setattr("rtsp.parameters.names", careless)
    assert fuzz.main(["--count", "400", "parameters"]) == 1
    said = capsys.readouterr().err
    assert "parameters, seed 1, number " in said and "UnicodeDecodeError" in said


def test_a_handler_that_raises_is_found_by_its_traceback_and_its_500(monkeypatch, capsys):
    """Neither the connection nor the client shows more of it."""
    monkeypatch.setattr(ServerWorker, "do_PLAY", lambda self, request, session: 1 / 0)
    assert fuzz.main(["--count", "20", "server"]) == 1
    said = capsys.readouterr().err
    assert "in the log: ! " in said and "ZeroDivisionError" in said and "500 to b'" in said


def test_a_thread_that_dies_is_found():
    watch = fuzz.Watch()
    with watch:
        watch.begin("x, seed 1, number 2")
        thread = threading.Thread(target=lambda: [][0], name="a thread")
        thread.start()
        thread.join()
    [found] = watch.problems
    assert found.startswith("x, seed 1, number 2: thread a thread died") and "IndexError" in found


def test_a_warning_is_no_problem():
    with fuzz.Watch() as watch:
        logging.getLogger("x").warning("a viewer was turned away")
    assert not watch.problems


def test_what_is_not_given_back_is_found():
    watch, stop = fuzz.Watch(), threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten")
    with fuzz.all_given_back(watch):
        thread.start()
    stop.set()
    thread.join()
    assert watch.problems == ["the end: threads left behind: ['forgotten']"]


def test_a_server_without_a_pacer_is_found(monkeypatch):
    """An innocent viewer looks after its frames every now and then."""
    monkeypatch.setattr("tools.fuzz_server.PATIENCE", 0.3)
    monkeypatch.setattr(Server, "start", lambda self: [helper.start() for helper in (self.reader, self.acceptor)])
    target = ServerTarget()
    with pytest.raises(Failure, match="got no frames"):
        target.watch()
    for helper in (target.server.pacer, target.server.preparer):
        helper.start()          # or they cannot be closed
    target.close()


def test_the_player_gets_far_enough_for_the_media_to_matter(monkeypatch):
    """With nothing mutated it plays, each way."""
    monkeypatch.setattr("tools.fuzz_player.mutated", lambda rng, data, corpus, words: data)
    played = []
    monkeypatch.setattr(PlayerTarget, "watch", lambda self, player: played.append(player.way.transport))
    target = PlayerTarget()
    try:
        for number in range(8):
            target.play(1, number)
    finally:
        target.close()
    assert set(played) == {"udp", "tcp"} and len(played) >= 12


def test_an_unknown_target_is_said(capsys):
    with pytest.raises(SystemExit):
        fuzz.main(["nonsense"])
    assert "no target is called 'nonsense'" in capsys.readouterr().err
