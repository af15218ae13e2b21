"""What is done later: in order, at its time, and not after the end."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from net.later import Later
from tests.scripted import FakeClock


class Unstarted(Later):
    """Without its thread: due calls are taken by the test."""

    def _run(self):
        pass


def test_calls_come_in_the_order_of_their_times():
    """And those of the same time in the order in which they were added; none before its time."""
    done: list[str] = []
    later = Unstarted(FakeClock())
    for when, name in ((3.0, "c"), (1.0, "a"), (3.0, "d"), (2.0, "b")):
        later.add(when, partial(done.append, name))
    assert later.take_due(0.9) == []
    for call in later.take_due(3.0):
        call()
    assert done == ["a", "b", "c", "d"]
    later.close()


def test_the_thread_makes_the_calls():
    """Not before their time, even if an earlier one is added while it waits."""
    later, over = Later(), threading.Event()
    done: list[float] = []
    now = later.clock()
    later.add(now + 0.05, lambda: done.append(later.clock() - now))
    later.add(now + 0.05, over.set)
    later.add(now + 0.01, lambda: done.append(later.clock() - now))
    assert over.wait(10)
    assert done[0] >= 0.01 and done[1] >= 0.05
    later.close()


def test_a_failure_is_logged_and_the_others_are_called(caplog):
    """One packet that cannot be handed on does not stop those behind it."""
    later, over = Later(), threading.Event()
    with caplog.at_level(logging.ERROR):
        later.add(0.0, lambda: 1 / 0)
        later.add(0.0, over.set)
        assert over.wait(10)
    assert "handed on" in caplog.text
    later.close()


def test_there_is_no_thread_without_need_and_none_after_the_end():
    """close() drops what waits; twice is fine, and so is close() before the first call."""
    before = threading.active_count()
    later = Later()
    later.close()
    later.add(0.0, lambda: None)
    assert threading.active_count() == before
    busy, done = Later(), threading.Event()
    busy.add(time.perf_counter() + 60, done.set)
    busy.close()
    busy.close()
    assert threading.active_count() == before and not done.is_set()


def test_a_thread_that_cannot_start_is_tried_again(monkeypatch):
    """What has to wait until there is one waits; and the end comes with none, too."""
    def refuse(self):
        raise RuntimeError("can't start new thread")

    later, over = Later(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        later.add(later.clock(), lambda: None)
    later.close()
    later = Later()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        later.add(later.clock(), lambda: None)
    later.add(later.clock(), over.set)
    assert over.wait(5)
    later.close()
