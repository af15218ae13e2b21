"""Passwords in what a program writes down of a conversation, made unreadable without changing its length."""

from __future__ import annotations

import re

# What Basic carries is the password itself; the response of Digest is not, and is what a class wants to see
SECRETS = re.compile(
    # Proxy-Authorization, too (RFC 7617); behind other answers, and in a folded line, as servers read it
    rb"(^(?:proxy-)?authorization[ \t]*:(?:[^\n]|\n[ \t])*?(?<![^ \t,:])basic(?:[ \t]|\r?\n[ \t])+)([^\r\n]*)"
    # A password in a URL, which may hold an "@" itself, or what may become one
    rb"|(://[^\s/?#@:]*:)([^\s/?#]*(?=@)|[^\s/?#@]*\Z)",
    re.IGNORECASE | re.MULTILINE,
)
LONGEST_LINE = 8192     # bytes of an unfinished line that are looked at again


def mask(data: bytes) -> bytes:
    """The same bytes, with a "*" for each one of a password."""
    return SECRETS.sub(lambda found: (found[1] or found[3]) + b"*" * len(found[2] or found[4] or b""), data)


class Masking:
    """For a stream of bytes that comes in any pieces."""

    def __init__(self) -> None:
        self._line = b""                # what has come of the latest line

    def mask(self, data: bytes) -> bytes:
        """The next bytes; as many come back."""
        known = len(self._line)
        everything = self._line + data
        self._line = everything[_last_line(everything):][-LONGEST_LINE:]
        return mask(everything)[known:]


def _last_line(data: bytes) -> int:
    """Where it begins. One that begins with a blank goes on with the one before it, and so may what comes next."""
    at = len(data) - 1
    while (at := data.rfind(b"\n", 0, max(at, 0))) >= 0 and data[at + 1] in b" \t":
        pass
    return at + 1
