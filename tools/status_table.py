"""What `python -m tools.status` prints: a table that a person likes to read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

NONE = "·"      # what nobody knows, or has said yet
Viewer = dict[str, Any]


def table(found: dict[str, Any]) -> str:
    """One line for the server, one for each session, the figures of all its streams together."""
    rows = [[title for title, _ in COLUMNS], *([cell(one) for _, cell in COLUMNS] for one in found["watching"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([heading(found), *(lines if found["watching"] else ["Nobody watches."])])


def heading(found: dict[str, Any]) -> str:
    known, sessions = len(found["watching"]), found["sessions"]
    parts = [f"Running for {span(found['now'] - found['since'])}", f"{sessions} session{'' if sessions == 1 else 's'}"]
    if found["processes"] > found["seen"]:
        parts.append(f"{known} of them are in the {found['seen']} of {found['processes']} processes that were reached")
    elif found["processes"] > 1:
        parts.append(f"{found['processes']} processes")
    if found["redirect"]:
        parts.append(f"viewers are sent to {plain(found['redirect'])}")
    return " · ".join(parts)


def who(one: Viewer) -> str:
    return plain(one["address"]) + (f" ({plain(one['user'])})" if one.get("user") else "")


def how(one: Viewer) -> str:
    ways = dict.fromkeys(stream["transport"] for stream in one["streams"])
    return "+".join(ways) + (", lab" if one["dialect"] == "lab" else "") or NONE


def place(one: Viewer) -> str:
    if one.get("live"):
        return "live"
    known = one.get("position") is not None and one.get("duration") is not None
    return f"{one['position']:.1f} of {one['duration']:.1f} s" if known else NONE


def rate(one: Viewer) -> str:
    steps = [stream["quality"] for stream in one["streams"] if stream.get("quality")]
    return f"{one.get('rate', 1.0):g}x" + (f", q{min(steps)}" if steps else "")


def loss(one: Viewer) -> str:
    """As the viewer's reports say: since the report before the latest, and in all."""
    known = [stream for stream in one["streams"] if stream["loss"] is not None]
    share = max((stream["loss"] for stream in known), default=0.0)
    return f"{share:.1%} ({sum(stream['lost'] for stream in known)})" if known else NONE


def milliseconds(name: str) -> Callable[[Viewer], str]:
    def cell(one: Viewer) -> str:
        known = [stream[name] for stream in one["streams"] if stream.get(name) is not None]
        return f"{1000 * max(known):.1f}" if known else NONE

    return cell


def left_out(one: Viewer) -> str:
    """Frames that were not ready in time, or that the viewer had no room for."""
    return str(sum(stream["skipped"] + stream["dropped"] for stream in one["streams"]))


COLUMNS: list[tuple[str, Callable[[Viewer], str]]] = [
    ("WHO", who),
    ("WHAT", lambda one: plain(one["path"])),
    ("STATE", lambda one: one["state"]),
    ("WAY", how),
    ("AT", place),
    ("RATE", rate),
    ("KBIT/S", lambda one: NONE if one["kbit_s"] is None else f"{one['kbit_s']:.0f}"),
    ("LOSS", loss),
    ("JITTER MS", milliseconds("jitter")),
    ("RTT MS", milliseconds("round_trip")),
    ("LEFT OUT", left_out),
    ("SINCE", lambda one: time.strftime("%H:%M:%S", time.localtime(one["since"]))),
]


def span(seconds: float) -> str:
    """In the two largest units that matter."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {int(seconds) % 60} s"


def plain(text: str) -> str:
    """What a viewer has asked for may hold a terminal's control characters."""
    return "".join(one if one.isprintable() else "?" for one in text)
