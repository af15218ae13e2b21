"""What the ladder shows, line by line: the entries of a transcript, with the frames between two messages folded into
one. Nothing of Tk is in here.

The first frames after a message stay single, and so does one with a loss before it: that is what people look for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from net.transcript import Burst, Entry, packet_types
from rtp.layouts import RTCP_TYPES

MOST = 4000         # lines that are kept
SINGLE = 2          # frames after a message that have a line of their own


class Look(NamedTuple):
    """How a line is drawn: `role`: request, reply, error, media, report, lost or note; `weight`: of the arrow."""

    role: str
    words: str
    remark: str = ""        # smaller, behind the words
    weight: float = 1.5
    lost: bool = False      # it does not arrive


class Row:
    """One entry; a burst may have lost something before it, which has a row of its own, and none of its bytes."""

    def __init__(self, entry: Entry, loss: bool = False) -> None:
        self.entry, self.loss = entry, loss
        self.time = entry.time

    @property
    def outgoing(self) -> bool:
        return self.entry.outgoing

    @property
    def look(self) -> Look:
        entry = self.entry
        if isinstance(entry, Burst):
            return _loss(entry) if self.loss else _burst(entry)
        return _LOOKS[entry.kind](entry)


class Run(Row):
    """Frames one after the other: only how many they are is shown, and the newest one's bytes."""

    def __init__(self, burst: Burst) -> None:
        super().__init__(burst)
        self.frames, self._packets, self._size = 1, 0, 0       # the latter two without the newest, which may grow

    def add(self, burst: Burst) -> None:
        old = self.entry
        assert isinstance(old, Burst)
        self._packets += old.count
        self._size += old.size
        self.frames += 1
        self.entry = burst

    @property
    def look(self) -> Look:
        burst = self.entry
        assert isinstance(burst, Burst)
        packets, size = self._packets + burst.count, self._size + burst.size
        lasts = f" · {burst.time - self.time:.1f} s" if self.frames > 1 else ""
        remark = f"{plural(packets, 'packet')} · {kilobytes(size)}{lasts}"
        return Look("media", f"RTP · {plural(self.frames, 'frame')}", remark, weight=5.0)


class Rows:
    """`rows[n]` has the number `first + n`, which it keeps when older ones go."""

    def __init__(self, folding: bool = True) -> None:
        self.folding = folding
        self.rows: deque[Row] = deque()
        self.first = 0
        self.begin: float | None = None     # the time of the first entry ever: 0 s
        self.seen = 0                       # the number of the latest entry
        self._single = 0                    # frames since the latest message
        self.losses = 0

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.seen = entry.number
            self.begin = entry.time if self.begin is None else self.begin
            for row in self._of(entry):
                self.rows.append(row)
        while len(self.rows) > MOST:
            self.rows.popleft()
            self.first += 1

    def _of(self, entry: Entry) -> Iterator[Row]:
        if not isinstance(entry, Burst):
            self._single = 0
            yield Row(entry)
            return
        if entry.missing:
            self._single = 0
            self.losses += len(entry.missing)
            yield Row(entry, loss=True)
        newest = self.rows[-1] if self.rows else None
        if self.folding and isinstance(newest, Run) and not entry.missing:
            newest.add(entry)
            return
        self._single += 1
        yield Run(entry) if self.folding and self._single > SINGLE else Row(entry)

    @property
    def end(self) -> int:
        """The number after the last row."""
        return self.first + len(self.rows)

    def get(self, number: int) -> Row | None:
        return self.rows[number - self.first] if self.first <= number < self.end else None

    def find(self, entry: Entry) -> int | None:
        """The number of the row that shows this entry."""
        return next((self.first + at for at, row in enumerate(self.rows) if row.entry is entry), None)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}".replace(",", "\u202f")


def kilobytes(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB" if size < 10**6 else f"{size / 10**6:.1f} MB"


def _message(entry: Entry) -> Look:
    if entry.status:
        good = entry.status < 300
        answers = f"to {entry.method}" if entry.method else ""
        return Look("reply" if good else "error" if entry.status >= 400 else "note", entry.words, answers)
    target = entry.data.split(b"\r\n", 1)[0].split(b" ")[1:2]
    return Look("request", entry.words, (target[0] if target else b"").decode("utf-8", "replace").rsplit("/", 1)[-1])


def _report(entry: Entry) -> Look:
    kinds = [RTCP_TYPES.get(kind, str(kind)) for kind in packet_types(entry.data)]
    return Look("report", "RTCP " + " + ".join(kinds[:6]), f"{len(entry.data)} B", weight=1.0)


def _note(entry: Entry) -> Look:
    place = f"{entry.route.peer[0]}:{entry.route.peer[1]}" if entry.words.startswith("TCP") else ""
    return Look("note", entry.words, place)


def _burst(burst: Burst) -> Look:
    numbers = f"seq {burst.first}" + (f"–{burst.last}" if burst.count > 1 else "")
    late = f" · {plural(burst.late, 'packet')} late" if burst.late else ""
    weight = min(6.0, 2.0 + burst.count / 4)
    return Look("media", f"RTP × {burst.count}", f"{numbers} · {kilobytes(burst.size)}{late}", weight)


def _loss(burst: Burst) -> Look:
    gone, first, last = len(burst.missing), burst.missing[0], burst.missing[-1]
    numbers = f"seq {first}" + (f"–{last}" if gone > 1 else "")
    if burst.recovered >= gone:
        return Look("note", f"{plural(gone, 'packet')} late", numbers)
    return Look("lost", f"{plural(gone - burst.recovered, 'packet')} lost", numbers, lost=True)


_LOOKS = {"RTSP": _message, "RTCP": _report, "NOTE": _note, "STATE": _note}
