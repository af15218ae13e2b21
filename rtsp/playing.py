"""What a PLAY or PAUSE asks for, and what the reply says of it (RFC 2326 §10.5, §10.6)."""

from __future__ import annotations

from dataclasses import dataclass

from rtsp import limits
from rtsp.errors import MessageError, RangeError, RtspError
from rtsp.headers import Range
from rtsp.message import Headers
from rtsp.numbers import decimal


@dataclass(frozen=True)
class Play:
    """From where to where, how fast the movie goes by (`scale`, negative: backwards), how fast its packets come.

    `told`: the names of those of Scale and Speed that were asked for, and are in the reply."""

    range: Range = Range()
    scale: float = 1.0
    speed: float = 1.0
    told: tuple[str, ...] = ()
    live: bool = False

    @classmethod
    def asked(cls, headers: Headers, live: bool) -> Play:
        """What is beyond the limits becomes the nearest that is possible; live streams have one pace, and no past.
        MessageError (400) for a Scale or Speed that is none; 456 for a place in a live stream; and as Range.parse."""
        text = headers.get("Range")
        range = Range.parse(text) if text else Range()
        scale = pace(headers, "Scale", limits.SCALE)
        speed = pace(headers, "Speed", limits.SPEED)
        if live and range.start:                # 0 is what players say who do not mean any place
            raise RtspError("nobody can jump in a live stream", 456)
        told = tuple(name for name in ("Scale", "Speed") if name in headers)
        return cls(range, *((1.0, 1.0) if live else (scale, speed)), told, live)

    def granted(self, start: float, end: float | None) -> list[tuple[str, str]]:
        """The headers that say what is really played: the range in the unit that was asked for (§12.29)."""
        range = Range(start, end, now=self.live, unit="npt" if self.live else self.range.unit)
        values = {"Scale": self.scale, "Speed": self.speed}
        return [("Range", str(range)), *((name, f"{values[name]:g}") for name in self.told)]


def pace(headers: Headers, name: str, bounds: tuple[float, float]) -> float:
    """Scale or Speed, within the bounds; 1 if it is not there (§12.34, §12.35)."""
    text = headers.get(name)
    if text is None:
        return 1.0
    digits = text.strip().removeprefix("-")
    backwards = digits != text.strip()
    value = decimal(digits, name)
    if value == 0 or (backwards and name == "Speed"):
        raise MessageError(f"{name} cannot be {text[:40]}")
    value = min(max(value, bounds[0]), bounds[1])
    return -value if backwards else value


def pause_point(headers: Headers) -> Range | None:
    """Where to pause; None: now. It is one point, `npt=10-` or `npt=10` (§10.6), else RangeError (457)."""
    text = headers.get("Range")
    if not text:
        return None
    point, *_ = text.split(";")
    range = Range.parse(point if "-" in point.partition("=")[2] else point + "-")
    if range.end is not None:
        raise RangeError("PAUSE takes one point, not a range")
    return None if range.start is None else range
