"""Proving that one knows a password without saying it: Digest (RFC 2617, RFC 7616), with qop=auth and without; and
saying it: Basic (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable

from rtsp.authfields import AuthField

# By their names in the header, the better one first
ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}


def algorithm(field: AuthField) -> str | None:
    """That of a challenge or an answer: MD5 if it names none (RFC 7616 §3.3); None: one that we do not know."""
    name = (field.get("algorithm") or "MD5").upper()
    return name if name in ALGORITHMS else None


def ha1(name: str, realm: str, password: str, algorithm: str) -> str:
    """What a server has to keep: who has it needs no password."""
    return ALGORITHMS[algorithm](f"{name}:{realm}:{password}".encode("utf-8", "surrogateescape"))


def response(secret: str, method: str, answer: AuthField, algorithm: str) -> str:
    """The proof, in hexadecimal. `secret`: ha1(); of the answer: nonce and uri, and with qop=auth nc and cnonce.
    Without qop it is that of RFC 2069, which many players speak to this day."""
    hashed = ALGORITHMS[algorithm]
    ha2 = hashed(f"{method}:{answer.get('uri')}".encode())
    middle = ("nonce", "nc", "cnonce", "qop") if answer.get("qop") else ("nonce",)
    return hashed(":".join([secret, *map(answer.get, middle), ha2]).encode())


def answered(
    challenge: AuthField, name: str, password: str, method: str, uri: str, count: int, cnonce: str
) -> AuthField:
    """The answer to a Digest challenge whose algorithm is known. `count`: how often its nonce was used, this time
    included; `cnonce`: random characters; both are for qop=auth, where it is offered."""
    chosen, realm = algorithm(challenge) or "MD5", challenge.get("realm")
    answer = AuthField("digest", {"username": name, "realm": realm, "nonce": challenge.get("nonce"), "uri": uri})
    if "algorithm" in challenge.parameters:
        answer.parameters["algorithm"] = chosen
    if "auth" in (word.strip().lower() for word in challenge.get("qop").split(",")):
        answer.parameters.update(qop="auth", nc=f"{count:08x}", cnonce=cnonce)
    answer.parameters["response"] = response(ha1(name, realm, password, chosen), method, answer, chosen)
    if "opaque" in challenge.parameters:
        answer.parameters["opaque"] = challenge.get("opaque")
    return answer


def basic(name: str, password: str) -> AuthField:
    return AuthField("basic", token=base64.b64encode(f"{name}:{password}".encode("utf-8", "surrogateescape")).decode())


def read_basic(answer: AuthField) -> tuple[str, str]:
    """Name and password; two empty ones if there are none in it."""
    try:
        name, _, password = base64.b64decode(answer.token, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, password
