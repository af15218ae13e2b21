"""The pacer with a clock of ours, and once with the real one."""

import threading

import pytest

from net.pacer import SLOT, Pacer


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def pacer():
    return Pacer(Clock())


def deadlines(pacer):
    """Of the slots in which something is to be done."""
    assert sorted(pacer._slots) == sorted(pacer._order)
    return [slot * SLOT for slot in sorted(pacer._slots)]


def test_tasks_run_when_they_are_due_in_the_order_of_their_deadlines(pacer):
    ran = []
    for when in (103.0, 101.0, 102.0):
        pacer.add(lambda now, when=when: ran.append((when, now)), when)
    pacer.run_due(100.9)
    assert ran == []
    pacer.run_due(102.5)
    assert ran == [(101.0, 102.5), (102.0, 102.5)]
    pacer.run_due(103.0)
    assert ran[2:] == [(103.0, 103.0)]


def test_equal_deadlines_keep_their_order(pacer):
    ran = []
    for name in "abc":
        pacer.add(lambda now, name=name: ran.append(name), 101.0)
    pacer.run_due(101.0)
    assert ran == ["a", "b", "c"]


def test_a_late_call_does_not_move_the_next_deadline(pacer):
    """Deadlines are the task's own, and absolute: nothing drifts."""
    calls = []

    def task(now):
        calls.append(now)
        return 101.0 + len(calls) * 0.05

    pacer.add(task, 101.0)
    for now in (101.013, 101.06, 101.1001, 101.147, 101.153):
        pacer.run_due(now)
    assert calls == [101.013, 101.06, 101.1001, 101.153]


def test_deadlines_are_moved_to_the_start_of_their_slot(pacer):
    """One wake-up serves all streams of a slot; nobody is served later for it."""
    pacer.add(lambda now: 101.0123 if now < 101.01 else None, 101.0)
    pacer.run_due(101.0)
    (deadline,) = deadlines(pacer)
    assert 101.0123 - SLOT < deadline <= 101.0123
    assert abs(deadline / SLOT - round(deadline / SLOT)) < 1e-6
    pacer.run_due(deadline - 1e-6)
    assert deadlines(pacer) == [deadline]


def test_a_deadline_at_the_start_of_a_slot_stays_there(pacer):
    """Whatever floats make of it: 101.05 / SLOT is a little more or less than a whole number."""
    for k in range(1, 200):
        when = 101.0 + k * 0.05
        pacer.add(lambda now, when=when: when, 101.0)
    pacer.run_due(101.0)
    assert [round(when, 6) for when in deadlines(pacer)] == [round(101.0 + k * 0.05, 6) for k in range(1, 200)]


def test_none_ends_a_task(pacer):
    pacer.add(lambda now: None, 101.0)
    pacer.run_due(101.0)
    assert deadlines(pacer) == []


def test_tasks_of_a_slot_share_it_and_a_slot_that_is_over_leaves_nothing(pacer):
    """One look wakes them all, in the order in which they came."""
    ran = []
    for name, part in (("a", 0.55), ("b", 0.0), ("c", 0.95), ("d", 1.0)):
        pacer.add(lambda now, name=name: ran.append(name), 101.0 + part * SLOT)
    pacer.run_due(101.0)
    assert ran == ["a", "b", "c"] and deadlines(pacer) == pytest.approx([101.0 + SLOT])
    pacer.add(lambda now: ran.append("late"), 101.0)
    pacer.run_due(101.0 + SLOT)
    assert ran == ["a", "b", "c", "late", "d"] and deadlines(pacer) == []


def test_a_task_that_is_due_again_at_once_has_its_turn_in_the_next_round(pacer):
    """Else it would keep all others waiting; and the next round begins at once."""
    calls = []

    def task(now):
        calls.append("late")
        return now - 1

    pacer.add(task, 101.0)
    pacer.add(lambda now: calls.append("other"), 101.0)
    pacer.run_due(101.0)
    assert calls == ["late", "other"] and deadlines(pacer) == [101.0]
    pacer.run_due(101.0)
    assert calls == ["late", "other", "late"]


def test_what_is_due_more_often_than_there_are_slots_keeps_up(pacer):
    """30 frames a second at Speed 8 are 240; and who has slept has frames to leave out."""
    calls = []

    def task(now):
        calls.append(now)
        return 101.0 + len(calls) / 240

    pacer.add(task, 101.0)
    for round in range(2000):
        pacer.run_due(101.0 + round / 1000)
    assert len(calls) == pytest.approx(2 * 240, abs=SLOT * 240 + 1)


def test_it_is_behind_when_it_has_been_late_for_a_while(pacer):
    """Not because the machine was asleep once; and not for ever."""
    found = []
    for now, late in ((100.6, 0.3), (101.2, 0.02), (101.8, 0.04), (102.4, 0.0), (103.0, 0.0)):
        pacer.add(lambda now: None, now - late)
        pacer.run_due(now)
        found.append(pacer.behind)
    assert found == pytest.approx([0, 0.02, 0.02, 0, 0], abs=SLOT)
    pacer.run_due(104.0)
    assert pacer.behind == 0


def test_a_task_that_fails_is_dropped_with_a_log_and_the_others_go_on(pacer, caplog):
    ran = []
    pacer.add(lambda now: 1 / 0, 101.0)
    pacer.add(ran.append, 101.0)
    pacer.run_due(101.0)
    assert ran == [101.0] and "ZeroDivisionError" in caplog.text
    assert deadlines(pacer) == []


def test_a_task_added_while_the_thread_sleeps_wakes_it():
    pacer = Pacer()
    pacer.start()
    names, done = [], threading.Event()

    def task(now):
        names.append(threading.current_thread().name)
        done.set()

    pacer.add(task, pacer.clock() - 1)
    assert done.wait(10)
    pacer.close()
    pacer.close()                       # twice is fine
    assert names == ["pacer"]


def test_an_end_that_is_seen_during_a_round_is_not_waited_for_again(pacer, monkeypatch):
    pacer._added.put(None)
    pacer.run_due(101.0)
    monkeypatch.setattr(pacer, "_added", None)      # whoever looks into it now fails
    assert not pacer._wait()


def test_a_pacer_that_was_never_started_can_be_closed():
    Pacer().close()
