"""The headers WWW-Authenticate and Authorization, taken apart and put together (RFC 7235 §2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rtsp.errors import MessageError

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
SCHEME = re.compile(rf"({TOKEN})(?:[ \t]+|$|(?=,))")
TOKEN68 = re.compile(r"([A-Za-z0-9._~+/-]+=*)[ \t]*(?:,|$)")
# Without quotes, a value may be more than a token: some write a URL like that. Between two there may be a blank alone
PARAMETER = re.compile(rf'({TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t,"]*))(?:[ \t]*,[ \t,]*|[ \t]+|$)')
GAP = re.compile(r"[ \t,]*")
BARE = ("algorithm", "nc", "stale")     # everything else is written in quotes: many clients expect it


@dataclass
class AuthField:
    """One challenge, or one answer to it: `Digest realm="a", nonce="b"` or `Basic dTpw`.

    Names of schemes and parameters in small letters; `token` is what stands in place of parameters."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @classmethod
    def parse(cls, text: str) -> list[AuthField]:
        """All that a header holds, in their order. MessageError (400) if it is none; its text does not repeat it. Each
        character is looked at a few times at most, whatever it is."""
        found: list[AuthField] = []
        at = _after(GAP, text, 0)
        while at < len(text):
            match = SCHEME.match(text, at)
            if not match:
                raise MessageError(f"no scheme or parameter at character {at} of an authentication header")
            one = cls(match[1].lower())
            at = one._read(text, match.end())
            found.append(one)
        return found

    def _read(self, text: str, at: int) -> int:
        """What belongs to the scheme, from there on; where it ends."""
        if token := TOKEN68.match(text, at):
            self.token = token[1]
            return _after(GAP, text, token.end())
        while match := PARAMETER.match(text, at):
            name, quoted, bare = match.groups()
            if name.lower() in self.parameters:
                raise MessageError(f"{name[:40]} comes twice in an authentication header")
            self.parameters[name.lower()] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            at = match.end()
        return _after(GAP, text, at)

    def get(self, name: str) -> str:
        """"" if it is not there."""
        return self.parameters.get(name, "")

    def __str__(self) -> str:
        parts = [f"{name}={_written(name, value)}" for name, value in self.parameters.items()]
        return f"{self.scheme.capitalize()} {self.token or ', '.join(parts)}"


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _written(name: str, value: str) -> str:
    """Without what would end the line, or look like its end."""
    value = "".join(filter(str.isprintable, value))
    return value if name in BARE else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
