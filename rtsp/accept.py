"""What a client takes in a reply: the Accept header (RFC 2326 §12.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable

REFUSED = re.compile(r"q *= *0(?:\.0*)?")


def accepts(headers: Iterable[str], media_type: str) -> bool:
    """True if one of the headers names this type, or a range that it is in; the closest one counts (RFC 2068 §14.1)."""
    taken = {}
    for part in ",".join(headers).lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        taken[name] = not any(REFUSED.fullmatch(word) for word in parameters)
    ranges = media_type, media_type.partition("/")[0] + "/*", "*/*"
    return next((taken[name] for name in ranges if name in taken), False)
