"""Passwords in what a program writes down of a conversation, made unreadable without changing its length."""

from __future__ import annotations

import re

# What Basic carries is the password itself; the response of Digest is not, and is what a class wants to see
SECRETS = re.compile(
    rb"(?<=Authorization:)([ \t]*Basic[ \t]+)([^\r\n]*)"        # Proxy-Authorization, too (RFC 7617)
    rb"|(rtsps?://[^\s/@:]*:)([^\s/@]*)(?=@|\Z)",               # a password in a URL, or what may become one
    re.IGNORECASE,
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
        self._line = everything[everything.rfind(b"\n") + 1:][-LONGEST_LINE:]
        return mask(everything)[known:]
