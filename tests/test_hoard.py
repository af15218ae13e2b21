"""A queue with a bound in bytes."""

from __future__ import annotations

from rtp.hoard import Hoard


def test_the_oldest_go_when_there_are_too_many():
    hoard: Hoard[int] = Hoard(most=3)
    for number in range(5):
        hoard.append(number, 1)
    assert list(hoard) == [2, 3, 4] and len(hoard) == 3 and (hoard.first, hoard.last) == (2, 4)


def test_the_oldest_go_when_they_are_too_large_and_the_newest_stays():
    hoard: Hoard[str] = Hoard(largest=100)
    hoard.append("a", 60)
    hoard.append("b", 40)
    assert list(hoard) == ["a", "b"]
    hoard.append("c", 1)
    assert list(hoard) == ["b", "c"]
    hoard.append("d", 1000)
    assert list(hoard) == ["d"]


def test_what_has_left_takes_no_room():
    hoard: Hoard[str] = Hoard(largest=100)
    for _ in range(9):
        hoard.append("a", 100)
        assert hoard.popleft() == "a" and not hoard
    hoard.append("b", 60)
    hoard.clear()
    hoard.append("c", 60)
    hoard.append("d", 40)
    assert list(hoard) == ["c", "d"]


def test_it_is_full_before_anything_has_to_be_dropped():
    hoard: Hoard[str] = Hoard(most=2, largest=100)
    assert not hoard.full(1000), "the newest one always has room"
    hoard.append("a", 60)
    assert not hoard.full(40) and hoard.full(41)
    hoard.append("b", 1)
    assert hoard.full(0)
