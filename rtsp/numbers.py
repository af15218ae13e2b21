"""Numbers from a peer: one strict parser for all of them."""

from __future__ import annotations

import math
import re

from rtsp.errors import MessageError

DIGITS = re.compile(r"[0-9]{1,15}")
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,8}")
DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,12})?")


def number(text: str, low: int, high: int, name: str) -> int:
    """`text` as an integer from `low` to `high`: digits only, no sign, blank inside, underscore or 5,000 digits, all of
    which int() would take. MessageError (400) otherwise."""
    text = text.strip()
    if not DIGITS.fullmatch(text) or not low <= int(text) <= high:
        raise MessageError(f"{name} must be a number from {low} to {high}, not {text[:40]!r}")
    return int(text)


def decimal(text: str, name: str, low: float = 0.0, high: float = math.inf) -> float:
    """`text` as a number from `low` to `high`, such as 12.5; no nan, inf, sign or exponent, and 12 digits at most on
    either side of the point. MessageError (400) otherwise."""
    if not DECIMAL.fullmatch(text):
        raise MessageError(f"{name} must be a decimal number, not {text[:40]!r}")
    if not low <= float(text) <= high:
        raise MessageError(f"{name} must be a number from {low:g} to {high:g}, not {text[:40]!r}")
    return float(text)


def hexadecimal(text: str, name: str) -> int:
    """`text` as 32 bits in up to eight hexadecimal digits, without `0x`. MessageError (400) otherwise."""
    text = text.strip()
    if not HEXADECIMAL.fullmatch(text):
        raise MessageError(f"{name} must be hexadecimal, not {text[:40]!r}")
    return int(text, 16)
