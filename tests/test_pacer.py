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
    deadline = pacer._heap[0][0]
    assert 101.0123 - SLOT < deadline <= 101.0123
    assert abs(deadline / SLOT - round(deadline / SLOT)) < 1e-6


def test_a_deadline_at_the_start_of_a_slot_stays_there(pacer):
    """Whatever floats make of it: 101.05 / 0.002 is a little more or less than a whole number."""
    for k in range(1, 200):
        when = 101.0 + k * 0.05
        pacer.add(lambda now, when=when: when, 101.0)
    pacer.run_due(101.0)
    assert [round(entry[0], 6) for entry in sorted(pacer._heap)] == [round(101.0 + k * 0.05, 6) for k in range(1, 200)]


def test_none_ends_a_task(pacer):
    pacer.add(lambda now: None, 101.0)
    pacer.run_due(101.0)
    assert pacer._heap == []


def test_a_task_that_fails_is_dropped_with_a_log_and_the_others_go_on(pacer, caplog):
    ran = []
    pacer.add(lambda now: 1 / 0, 101.0)
    pacer.add(ran.append, 101.0)
    pacer.run_due(101.0)
    assert ran == [101.0] and "ZeroDivisionError" in caplog.text
    assert pacer._heap == []


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


def test_a_pacer_that_was_never_started_can_be_closed():
    Pacer().close()
