"""What is done of RFC 2326, and of what players need beside it: the table in docs/protocol.md.

tests/test_protocol.py sees to it that every row names tests that exist, or a reason.
"""

from __future__ import annotations

import re
from pathlib import Path

from tools import (
    conformance_headers,
    conformance_messages,
    conformance_methods,
    conformance_players,
    conformance_status,
    conformance_watching,
)
from tools.conformance_pending import ADDED, PENDING
from tools.requirement import Row

TESTS = Path(__file__).resolve().parent.parent / "tests"

# Name of a part: (what its first column is, the rows)
PARTS: dict[str, tuple[str, tuple[Row, ...]]] = {
    "Messages": ("Section", conformance_messages.MESSAGES),
    "Methods": ("Section", conformance_methods.METHODS),
    "Status codes": ("Code", conformance_status.STATUS),
    "Headers": ("Header", conformance_headers.HEADERS),
    "The state machine": ("Section", conformance_messages.STATES),
    "The minimal implementation": ("Section", conformance_messages.MINIMAL),
    "Requests": ("Player", conformance_players.REQUESTS),
    "Replies": ("What", conformance_players.REPLIES),
    "Signs of life and RTCP": ("Who", conformance_watching.ALIVE),
    "The end": ("What", conformance_watching.END),
    "Pause, seek, speed": ("Who", conformance_watching.SEEKING),
}
TEXTS = {
    "Messages": "Sections 3, 4 and 9, and Appendices B and C.",
    "Methods": "Sections 10 and 11.",
    "Status codes": "Section 7.1.1. `never` and `never sent` are about the server; the client understands them all.",
    "Headers": "Section 12. “Read over”: it may be there, and nothing is done about it.",
    "The state machine": "Appendix A. The table itself is in [README](../README.md#the-state-machine).",
    "The minimal implementation": "Appendix D: what a client and a server must have to call themselves that.",
    "Requests": "From here on: not the RFC, but what players do. First, what they send.",
    "Replies": "What they make of the replies.",
    "Signs of life and RTCP": "How a server can know that somebody still watches, and what is said beside the media.",
    "The end": "How a player learns that the movie is over.",
    "Pause, seek, speed": "What happens behind the buttons.",
}

HEADING = """\
## What is done of RFC 2326

Each line has a test that shows it, or a reason why it is otherwise. The tests are in [tests](../tests):
*url: a url is taken apart* is `test_a_url_is_taken_apart` in `tests/test_url.py`."""


def rows() -> list[tuple[str, Row]]:
    """(part, row) of all rows in their order; what is pending stands where it belongs."""
    found = []
    for part, (_, known) in PARTS.items():
        waiting = [row for place, row in [*ADDED, *PENDING] if place == part]
        ordered = [*known, *waiting]
        if part in ("Messages", "Methods", "Status codes", "Headers"):
            ordered.sort(key=lambda row: place(row.where))
        found += [(part, row) for row in ordered]
    return found


def place(where: str) -> tuple[bool, list[int]]:
    """§10.5 stands before §10.12; words stand where they were put, behind the numbers."""
    numbers = [int(number) for number in re.findall(r"\d+", where.split(" ")[0])]
    return not numbers, numbers


def markdown() -> str:
    """The tables, part by part."""
    text = [HEADING]
    for part, (first, _) in PARTS.items():
        lines = [f"| {first} | Asked for | Done | Shown by, or why not |", "|---|---|---|---|"]
        lines += [line(row) for place, row in rows() if place == part]
        text += [f"### {part}", TEXTS[part], "\n".join(lines)]
    return "\n\n".join(text)


def line(row: Row) -> str:
    shown = "; ".join(test.replace("::", ": ").replace("_", " ") for test in row.tests)
    last = ". ".join(filter(None, (shown, row.reason)))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (row.where, row.asked, row.done, last)) + " |"
