"""How far this server goes: one process, one machine, a tree of proxies, a redirecting front. Arithmetic and a small
simulation, from figures that were measured; what it prints stands in docs/scaling.md.

    python -m tools.scaling                     the tables
    python -m tools.scaling --cpu 0.30          … if a viewer costs 0.30 ms of processor time a second

"Live" is one position for all, as of a camera: it may be relayed. "On demand" is a movie that everybody watches from
where he likes: nothing can be shared but the file.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

USE = 0.7  # of a processor or a line: above that, what comes in bursts comes late
OVERHEAD = 1.04  # of headers: RTP, UDP, IP and Ethernet around 1400 bytes
FPS = 25.0
FRONT_MS = 0.5  # CPU-ms for one who connects, asks OPTIONS and DESCRIBE, and is sent elsewhere
JOINING = 60.0  # seconds in which an audience comes
ROUNDS, SETTLED = 16, 3  # events for each viewer wanted: of the simulation, and of its beginning, which is not counted
HOP_MS = 5.0  # that a relay adds, at most: one turn of its pacer and of its receiver


@dataclass(frozen=True)
class Picture:
    name: str
    frame_bytes: int
    cpu_ms: float  # of the server for one second of one viewer, over UDP

    @property
    def mbit(self) -> float:
        """Mbit/s for each viewer, on the wire."""
        return self.frame_bytes * FPS * 8 * OVERHEAD / 1e6


@dataclass(frozen=True)
class Machine:
    name: str
    cores: int
    gbit: float


SMALL = Picture("384×288", 10_900, 0.45)
LARGE = Picture("1280×720", 73_000, 1.40)
LAPTOP = Machine("laptop, 2 cores, Wi-Fi", 2, 0.15)
DESK = Machine("2 cores, 1 Gbit/s", 2, 1.0)
SERVER = Machine("8 cores, 10 Gbit/s", 8, 10.0)
MACHINES = (LAPTOP, DESK, SERVER)
AUDIENCES = (
    ("seminar", 30),
    ("lecture hall", 300),
    ("faculty", 3_000),
    ("campus", 30_000),
    ("country", 300_000),
    ("internet", 3_000_000),
)


def by_process(picture: Picture) -> int:
    """Viewers that one process serves: its Python runs on one core."""
    return int(1000 * USE / picture.cpu_ms)


def by_line(picture: Picture, machine: Machine) -> int:
    """Viewers that fit into the line."""
    return int(machine.gbit * 1000 * USE / picture.mbit)


def carries(picture: Picture, machine: Machine) -> int:
    """Viewers of one machine, a process for each core."""
    return min(by_process(picture) * machine.cores, by_line(picture, machine))


def tree(viewers: int, fan_out: int) -> list[int]:
    """Machines on each level, the origin first: each feeds `fan_out` others, those of the last level the viewers."""
    levels = [math.ceil(viewers / fan_out)]
    while levels[0] > 1:
        levels.insert(0, math.ceil(levels[0] / fan_out))
    return levels


def refused(machines: int, room: int, load: float, choices: int, seed: int = 1) -> float:
    """The part of those who come that is sent to a full machine and goes away, when as many want to watch as fill
    `load` of all room in the mean, and a front chooses for each the emptiest of `choices` machines picked by lot."""
    lot = random.Random(seed)
    wanted = round(machines * room * load)
    taken, watching, came, full = [0] * machines, [], 0, 0
    for number in range(ROUNDS * wanted):
        # After the first rush, who watches leaves as often as somebody comes if there are as many as `wanted`
        if number > wanted and lot.random() < len(watching) / (wanted + len(watching)):
            taken[watching.pop(int(lot.random() * len(watching)))] -= 1
            continue
        asked = range(machines) if choices == machines else [int(lot.random() * machines) for _ in range(choices)]
        place = min(asked, key=taken.__getitem__)
        there_is_room = taken[place] < room
        if there_is_room:
            taken[place] += 1
            watching.append(place)
        if number > SETTLED * wanted:
            came += 1
            full += not there_is_room
    return full / came


def machine_table(pictures: Sequence[Picture]) -> Iterator[str]:
    yield "| picture | Mbit/s a viewer | one process | " + " | ".join(machine.name for machine in MACHINES) + " |"
    yield "|---|---|---|" + "---|" * len(MACHINES)
    for picture in pictures:
        cells = []
        for machine in MACHINES:
            line = by_line(picture, machine) <= by_process(picture) * machine.cores
            cells.append(f"{carries(picture, machine):,} ({'line' if line else 'processor'})")
        yield f"| {picture.name} | {picture.mbit:.1f} | {by_process(picture):,} | " + " | ".join(cells) + " |"


def audience_table(picture: Picture, machine: Machine) -> Iterator[str]:
    fan_out = carries(picture, machine)
    yield "| audience | viewers | Gbit/s | live: machines by level | later by | on demand: machines | front: cores |"
    yield "|---|---|---|---|---|---|---|"
    for name, viewers in AUDIENCES:
        levels = tree(viewers, fan_out)
        by_level = " + ".join(f"{count:,}" for count in levels)
        delay = f"{HOP_MS * (len(levels) - 1):.0f} ms"
        needed = "–" if levels[-1] == 1 else f"{FRONT_MS * viewers / JOINING / 1000:.2f}"
        gbit = viewers * picture.mbit / 1000
        yield f"| {name} | {viewers:,} | {gbit:,.2f} | {by_level} | {delay} | {levels[-1]:,} | {needed} |"


def choice_table(machines: int = 20, room: int = 200) -> Iterator[str]:
    loads = (0.80, 0.90, 0.95, 0.99)
    yield "| the front chooses | " + " | ".join(f"{load:.0%} wanted" for load in loads) + " |"
    yield "|---|" + "---|" * len(loads)
    for name, choices in (("by lot", 1), ("the emptier of two", 2), ("the emptiest of all", machines)):
        cells = (f"{100 * refused(machines, room, load, choices):.2f} %" for load in loads)
        yield f"| {name} | " + " | ".join(cells) + " |"


def tables(small: Picture = SMALL, large: Picture = LARGE) -> dict[str, str]:
    """Each table in Markdown, by the name that marks its place in docs/scaling.md."""
    return {
        "machines": "\n".join(machine_table((small, large))),
        "audiences": "\n".join(audience_table(large, SERVER)),
        "choices": "\n".join(choice_table()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.scaling", description="How far this server goes.")
    parser.add_argument("--cpu", type=float, default=SMALL.cpu_ms, metavar="MS", help=f"a viewer-second, {SMALL.name}")
    parser.add_argument("--cpu-720", type=float, default=LARGE.cpu_ms, metavar="MS", help=f"… {LARGE.name}")
    options = parser.parse_args(arguments)
    if not (options.cpu > 0 and options.cpu_720 > 0):
        parser.error("processor time is above 0")
    made = tables(replace(SMALL, cpu_ms=options.cpu), replace(LARGE, cpu_ms=options.cpu_720))
    print("\n\n".join(made.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
