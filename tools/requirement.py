"""One line of the table of conformance in docs/protocol.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What is asked for, and what is done; shown by tests, or with a reason why it is otherwise."""

    where: str  # section of RFC 2326, status code, or player
    asked: str
    done: str
    # "server_media::play_from_a_time" is test_play_from_a_time in tests/test_server_media.py
    tests: tuple[str, ...] = ()
    reason: str = ""
