"""Who may watch: names, and for each what proves the password (RFC 7616 §3.4.2). No password is kept.

    alice:RTSP lab:SHA-256:6b4c…            one line of the file; a user has one for each algorithm
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rtsp.digest import ALGORITHMS, ha1

REALM = "RTSP lab"
LENGTHS = {"SHA-256": 64, "MD5": 32}    # hexadecimal digits


class UserError(ValueError):
    """One sentence; it repeats nothing secret."""


class Users:
    """`secrets`: name → algorithm → HA1. Everybody has the same realm, as a server asks before it knows who comes."""

    def __init__(self, realm: str = "") -> None:
        self.realm = realm
        self.secrets: dict[str, dict[str, str]] = {}

    def read(self, lines: Iterable[str]) -> None:
        """Add those of a file; empty lines, and such as begin with #, are passed over. UserError names the line."""
        for number, line in enumerate(lines, 1):
            line = line.strip("\r\n")
            if line.strip() and not line.startswith("#"):
                try:
                    self._read_one(line)
                except UserError as error:
                    raise UserError(f"line {number}: {error}") from None

    def _read_one(self, line: str) -> None:
        name, _, rest = line.partition(":")
        realm, *last = rest.rsplit(":", 2)
        if not name or len(last) != 2:
            raise UserError("this is not user:realm:algorithm:HA1")
        algorithm, secret = last[0].strip().upper(), last[1].strip().lower()
        if algorithm not in ALGORITHMS:
            raise UserError(f"the algorithm is {' or '.join(ALGORITHMS)}")
        if not re.fullmatch(f"[0-9a-f]{{{LENGTHS[algorithm]}}}", secret):
            raise UserError(f"an HA1 of {algorithm} has {LENGTHS[algorithm]} hexadecimal digits")
        if not realm.isprintable() or realm != (self.realm or realm):
            raise UserError(f'the realm differs from "{self.realm}" above: all must have the same')
        self.realm = self.realm or realm
        if algorithm in self.secrets.setdefault(name, {}):
            raise UserError(f'there is a {algorithm} of "{name}" already')
        self.secrets[name][algorithm] = secret

    def add(self, name: str, password: str) -> None:
        """After what is read: the file names the realm. UserError if there is one of this name."""
        if name in self.secrets:
            raise UserError(f'there are two users "{name}"')
        self.realm = self.realm or REALM
        self.secrets[name] = {algorithm: ha1(name, self.realm, password, algorithm) for algorithm in ALGORITHMS}

    def check(self) -> None:
        """UserError if there is no way in which all of them can log in."""
        if self.secrets and not self.algorithms:
            raise UserError(f"all users need a line of the same algorithm: best one each of {' and '.join(ALGORITHMS)}")

    @property
    def algorithms(self) -> list[str]:
        """Those that every user has an HA1 of, the better one first."""
        return [one for one in ALGORITHMS if all(one in known for known in self.secrets.values())]
