"""Times of day, as Range headers write them: `clock=19961108T142300.25Z-` (RFC 2326 §3.7)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from rtsp.errors import MessageError
from rtsp.numbers import decimal

UTC_TIME = re.compile(r"(\d{8}T\d{6})(?:\.(\d{1,9}))?Z", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def clock(text: str) -> float:
    """Seconds since 1970. MessageError (400) if it is no time."""
    match = UTC_TIME.fullmatch(text.strip())
    try:
        if not match:
            raise ValueError(text)
        whole = datetime.strptime(match[1] + "+0000", "%Y%m%dT%H%M%S%z")
    except ValueError:
        raise MessageError(f"no time of day: {text[:40]!r}") from None
    return (whole - EPOCH).total_seconds() + decimal(f"0.{match[2] or 0}", "clock")


def clock_text(seconds: float) -> str:
    """To a millisecond."""
    moment = EPOCH + timedelta(seconds=seconds)
    return moment.strftime("%Y%m%dT%H%M%S") + f".{moment.microsecond // 1000:03}Z"
