"""Bytes made by other programs, in tests/data/rtp; tests/data/README.md says how they were made."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "rtp"


def datagrams(name):
    """The datagrams of a file, each of which has its length in two bytes before it (as in RFC 4571)."""
    data = (FOLDER / name).read_bytes()
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    assert found, f"{name} is empty"
    return found


def jpegs(name):
    """The two JPEG files that were sent as `name`."""
    return [(FOLDER / f"{name}-{number}.jpg").read_bytes() for number in (0, 1)]
