"""Who gives wrong passwords waits."""

from rtsp import pauses
from rtsp.pauses import FORGOTTEN, LONGEST, MOST, Pauses


def test_the_pause_grows_to_five_seconds():
    """Each is twice the one before."""
    table = Pauses()
    assert [table.failed("a", "u", 0.0) for _ in range(8)] == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    assert [table.failed("a", "u", 0.0) for _ in range(2000)][-1] == LONGEST == 5.0


def test_nobody_else_waits():
    """Another address, another user."""
    table = Pauses()
    for _ in range(5):
        table.failed("a", "u", 0.0)
    assert table.failed("b", "u", 0.0) == table.failed("a", "v", 0.0) == pauses.FIRST


def test_success_and_time_wipe_it_out():
    table = Pauses()
    for _ in range(5):
        table.failed("a", "u", 0.0)
        table.failed("a", "v", 0.0)
    table.succeeded("a", "u")
    assert table.failed("a", "u", 1.0) == pauses.FIRST
    assert table.failed("a", "v", FORGOTTEN + 1) == pauses.FIRST


def test_the_table_does_not_grow_for_ever():
    """Neither by many names nor by long ones."""
    table = Pauses()
    table.failed("a", "u", 0.0)
    for number in range(MOST + 10):
        table.failed("a", f"{number}" + "x" * 5000, 0.0)
    assert len(table) == MOST
    assert all(len(user) <= 64 for _, user in table._failures)
