"""Times in a movie as Range headers write them, in each unit: text ⇄ seconds (RFC 2326 §3.5, §3.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from rtsp.errors import MessageError
from rtsp.numbers import decimal, number

SMPTE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\.(\d{1,2}))?", re.ASCII)
DROP_RATE = 30000 / 1001        # frames a second; their names count 30, and so some names are left out:
MINUTE = 30 * 60 - 2            # frames in a minute, the first two names of which are dropped …
TEN_MINUTES = 10 * MINUTE + 2   # … but not in every tenth


def npt(text: str) -> float:
    """Seconds, or hours:minutes:seconds (RFC 2326 §3.6)."""
    *larger, rest = text.split(":")
    if len(larger) not in (0, 2):
        raise MessageError(f"no time: {text[:40]!r}")
    hours, minutes = (number(part, 0, 10**6, "npt") for part in larger) if larger else (0, 0)
    return hours * 3600 + minutes * 60 + decimal(rest, "npt")


def seconds(time: float) -> str:
    """At least three decimals, as players write them, and up to six, so that no frame's time is rounded to another."""
    text = f"{time:.6f}"
    return text[:-3] + text[-3:].rstrip("0")


def smpte(text: str, drop: bool) -> float:
    """hours:minutes:seconds[:frames][.hundredths of a frame], 25 frames a second or 29.97 (RFC 2326 §3.5)."""
    match = SMPTE.fullmatch(text)
    if not match:
        raise MessageError(f"no SMPTE time: {text[:40]!r}")
    hours, minutes, secs, frame, hundredths = (number(part or "0", 0, 99, "smpte") for part in match.groups())
    nominal = 30 if drop else 25
    if minutes > 59 or secs > 59 or frame >= nominal:
        raise MessageError(f"no SMPTE time: {text[:40]!r}")
    minutes += hours * 60
    if drop and minutes % 10 and not secs:
        frame = max(frame, 2)           # there is no earlier one; the RFC's own example is 10:07:00
    count = (minutes * 60 + secs) * nominal + frame + hundredths / 100
    if not drop:
        return count / nominal
    return (count - 2 * (minutes - minutes // 10)) / DROP_RATE


def timecode(time: float, drop: bool) -> str:
    """The SMPTE time of `time` seconds, to a hundredth of a frame."""
    count, hundredths = divmod(round(time * (DROP_RATE if drop else 25) * 100), 100)
    nominal = 30 if drop else 25
    if drop:
        tens, rest = divmod(count, TEN_MINUTES)
        count += 18 * tens + 2 * max(0, (rest - 2) // MINUTE)
    rest, frame = divmod(count, nominal)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}:{frame:02}"
    return f"{text}.{hundredths:02}" if hundredths else text


# Name of the unit: how it is read, and how it is written. `clock` (§3.7) is for recordings of live events
UNITS: dict[str, tuple[Callable[[str], float], Callable[[float], str]]] = {
    "npt": (npt, seconds),
    "smpte": (partial(smpte, drop=True), partial(timecode, drop=True)),
    "smpte-30-drop": (partial(smpte, drop=True), partial(timecode, drop=True)),
    "smpte-25": (partial(smpte, drop=False), partial(timecode, drop=False)),
}
