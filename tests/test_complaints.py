"""Warnings in the log: one a second, and how many were left out."""

from __future__ import annotations

from net.complaints import Complaints
from tests.scripted import FakeClock


def test_one_a_second_is_said_and_the_others_are_counted(caplog):
    clock = FakeClock()
    complaints = Complaints(clock)
    for name in ("a", "b", "c"):
        complaints.say(name)
    clock.now += 1
    complaints.say("d")
    clock.now += 1
    complaints.say("e")
    assert [record.message for record in caplog.records] == [
        "! a",
        "! d (2 more complaints were not written down)",
        "! e",
    ]
