"""What the statistics overlay shows at one moment, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtp.history import Row

PAGES = ("Play", "Network", "RTSP/RTCP", "Packets")
Rows = Sequence[tuple[str, str]]  # names and values, as they are read


@dataclass(frozen=True)
class Look:
    rows: Rows
    now: float = 0.0  # on the clock of the others
    history: Sequence[Row] = ()
    packets: Sequence[tuple[float, int]] = ()  # when it came, its extended number
    count: int = 0  # of all packets, of which those are the latest
    buffer: tuple[float, float] = (0.0, 0.0)  # seconds of frames that wait; that should


def as_text(pages: Sequence[tuple[str, Rows]]) -> str:
    """Tables to be pasted into a mail: a heading for each page, names and values under each other."""
    width = max((len(name) for _, rows in pages for name, _ in rows), default=0)
    lines = [[title, *(f"  {name:<{width}}  {value}".rstrip() for name, value in rows), ""] for title, rows in pages]
    return "\n".join(line for table in lines for line in table)
