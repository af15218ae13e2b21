"""What a server makes of an Authorization header: who is it, or why not (RFC 7616 §3.4.6)."""

from __future__ import annotations

import enum
import hmac
from dataclasses import dataclass
from urllib.parse import unquote

from rtsp import digest
from rtsp.authfields import AuthField
from rtsp.nonces import Nonces
from rtsp.url import split_control, without_credentials
from rtsp.users import Users


class Verdict(enum.Enum):
    RIGHT = enum.auto()
    WRONG = enum.auto()
    STALE = enum.auto()         # right, but the nonce is too old, or not one of ours
    SILENT = enum.auto()        # there is no answer that may be given here


@dataclass(frozen=True)
class Judge:
    """`nobody`: takes the place of an unknown user's HA1, so that he costs the same time as a known one."""

    users: Users
    nonces: Nonces
    nobody: str

    def challenges(self, basic: bool, stale: bool, now: float, salt: bytes) -> list[str]:
        """The values of WWW-Authenticate: SHA-256, then MD5, both without qop, which all known players answer; and, if
        it may be offered, Basic."""
        realm, nonce = self.users.realm, self.nonces.make(now, salt)
        found = []
        for algorithm in self.users.algorithms:
            one = AuthField("digest", {"realm": realm, "nonce": nonce, "algorithm": algorithm})
            found.append(one)
            if stale:
                one.parameters["stale"] = "true"
        return [str(one) for one in [*found, *([AuthField("basic", {"realm": realm})] if basic else [])]]

    def judge(self, answer: AuthField, method: str, target: str, basic: bool, now: float) -> tuple[Verdict, str]:
        """The verdict, and the name that the answer gives."""
        if answer.scheme == "basic" and basic:
            name, password = digest.read_basic(answer)
            chosen = self.users.algorithms[0]
            proof = digest.ha1(name, self.users.realm, password, chosen)
            return Verdict.RIGHT if self._same(name, chosen, proof) else Verdict.WRONG, name
        if answer.scheme != "digest":
            return Verdict.SILENT, ""
        name = answer.get("username")
        if not self._proven(name, answer, method, target):
            return Verdict.WRONG, name
        return Verdict.RIGHT if self.nonces.fresh(answer.get("nonce"), now) else Verdict.STALE, name

    def _proven(self, name: str, answer: AuthField, method: str, target: str) -> bool:
        chosen = digest.algorithm(answer)
        if chosen not in self.users.algorithms or answer.get("qop") not in ("", "auth"):
            return False
        secret = self.users.secrets.get(name, {}).get(chosen, self.nobody)
        wanted = digest.response(secret, method, answer, chosen)
        right = hmac.compare_digest(wanted.encode(), answer.get("response").lower().encode("utf-8", "replace"))
        return right and name in self.users.secrets and place(answer.get("uri")) == place(target)

    def _same(self, name: str, algorithm: str, proof: str) -> bool:
        secret = self.users.secrets.get(name, {}).get(algorithm, self.nobody)
        return hmac.compare_digest(secret.encode(), proof.encode()) and name in self.users.secrets


def place(target: str) -> str:
    """What of a URL must be the same in the request line and in the answer: the path of the movie. Players write the
    one with a name and password or a slash at its end, and the other without; some answer for the movie, and mean a
    stream of it."""
    target, _ = split_control(without_credentials(target))
    rest = target.partition("://")[2]
    path = rest.partition("/")[2] if rest else target
    return unquote(path.partition("?")[0]).strip("/")
