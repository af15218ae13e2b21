"""Which thread frees what is Tk's (ui/garbage.py): in a window of its own, and in the real player."""

from __future__ import annotations

import gc
import threading
import time
import tkinter as tk

import pytest

from Player import Player, State
from tests.scripted import STANDARD, ScriptedServer
from tests.tools import need
from ui import garbage, ladder, theme
from ui.garbage import Garbage, collect_due

MANY = 200_000  # objects: the collector looks when there are so many new ones
KEPT: list[object] = []  # see tests/test_Client.py


@pytest.fixture
def collector(display):
    """It is on, as in every program, and has done nothing since; after the test it is as it was."""
    need("tk")
    enabled, thresholds = gc.isenabled(), gc.get_threshold()
    gc.collect()
    gc.set_threshold(MANY, 5, 5)
    gc.enable()
    yield gc
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


@pytest.fixture
def freed(monkeypatch):
    """The threads that free pictures and variables of Tk. Any but this one would have to wait for the main loop."""
    threads: list[str] = []
    for kind in (tk.Variable, tk.Image):
        def note(thing, real=kind.__del__):
            threads.append(threading.current_thread().name)
            if threading.current_thread() is threading.main_thread():
                real(thing)

        monkeypatch.setattr(kind, "__del__", note)
    return threads


@pytest.fixture
def window(display, collector):
    made = theme.new_window("garbage")
    KEPT.append(made.tk)
    yield made
    made.destroy()


def live(window, until):
    deadline = time.monotonic() + 10
    while not until():
        assert time.monotonic() < deadline
        window.update()
        time.sleep(0.002)


def work():
    """What a thread of the network does, as far as the collector knows."""
    thread = threading.Thread(target=lambda: [[] for _ in range(2 * MANY)], name="network")
    thread.start()
    thread.join()


def drop(window):
    """A variable in a circle of references."""
    circle: list[object] = [tk.StringVar(window)]
    circle.append(circle)


def test_a_thread_of_the_network_frees_nothing_of_the_players(collector, freed, monkeypatch):
    """Statistics, the ladder, the panel of the network and what is typed into: opened, and closed again."""
    from Client import Client

    monkeypatch.setattr(garbage, "EVERY", 20)
    with ScriptedServer(PLAY=STANDARD["PLAY"]) as server:
        client = Client(lambda: Player(server.url))
        KEPT.append(client.master.tk)
        try:
            client.tick()
            client.chooseMovie()
            live(client.master, lambda: client.player.state is State.PLAYING and client.commands.doing is None)
            open_and_close_all(client)
            del freed[:]
            work()
            assert freed == [], "while the window does something else"
            collector.set_threshold(1, 5, 5)
            live(client.master, lambda: freed)
            assert set(freed) == {"MainThread"}
        finally:
            client.player.leave()
            client.commands.close(2)
            client.closeWindow()
    assert gc.isenabled()


def open_and_close_all(client):
    for number in "1234":
        client.overlay.actions[f"Key-{number}"]()
        client.master.update()
    client.overlay.close()
    for _ in range(2):
        ladder.toggle(client.master, lambda: client.player.transcript)
        client.master.update()
    for _ in range(2):
        client.network.toggle()
        client.master.update()
    client.extras.openUrl()
    client.master.update()
    for child in client.master.winfo_children():
        if isinstance(child, tk.Toplevel):
            child.destroy()


def test_the_window_frees_it_while_it_is_open(window, collector, freed, monkeypatch):
    """As soon as there is enough of it."""
    monkeypatch.setattr(garbage, "EVERY", 1)
    looks = Garbage(window)
    drop(window)
    collector.set_threshold(1, 5, 5)
    live(window, lambda: freed)
    looks.stop()
    looks.finish()


def test_with_the_window_goes_what_is_left_of_it(window, collector, freed):
    """And the collector is everybody's again; twice is fine."""
    looks = Garbage(window)
    drop(window)
    assert not gc.isenabled() and not freed
    for _ in range(2):
        looks.stop()
        looks.finish()
        assert gc.isenabled() and freed == ["MainThread"]


def test_a_collector_that_is_off_stays_off(window, collector, freed):
    collector.disable()
    looks = Garbage(window)
    drop(window)
    looks.stop()
    looks.finish()
    assert not gc.isenabled() and not freed


@pytest.mark.parametrize(("counts", "thresholds", "collected"), [
    ((700, 10, 10), (700, 10, 10), []), ((701, 0, 0), (700, 10, 10), [0]), ((701, 11, 0), (700, 10, 10), [1]),
    ((3, 11, 11), (700, 10, 10), [2]), ((9999, 11, 0), (0, 0, 0), []), ((701, 0, 50), (700, 10, 0), [0]),
])  # fmt: skip
def test_a_generation_is_looked_at_when_it_is_due(monkeypatch, counts, thresholds, collected):
    """The oldest one, by Python's own rule."""
    done: list[int] = []
    monkeypatch.setattr(gc, "get_count", lambda: counts)
    monkeypatch.setattr(gc, "get_threshold", lambda: thresholds)
    monkeypatch.setattr(gc, "collect", done.append)
    collect_due()
    assert done == collected
