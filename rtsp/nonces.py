"""Nonces that a server knows again without keeping them: the time, signed (RFC 7616 §3.3)."""

from __future__ import annotations

import hashlib
import hmac
import re

LIFETIME = 300.0        # seconds; after that the client is asked to answer a fresh one
NONCE = re.compile(r"([0-9a-f]{12}[0-9a-f]{16})([0-9a-f]{32})")


class Nonces:
    """`key`: random bytes. All processes of a port share it, so each knows the nonces of the others again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, now: float, salt: bytes) -> str:
        """`now`: seconds of a clock that all who share the key read alike; `salt`: 8 random bytes."""
        text = f"{round(now * 1000) & (2**48 - 1):012x}{salt.hex()}"
        return text + self._signature(text)

    def fresh(self, nonce: str, now: float) -> bool:
        """It is one of ours, and not too old."""
        match = NONCE.fullmatch(nonce)
        if not match or not hmac.compare_digest(self._signature(match[1]), match[2]):
            return False
        return -0.001 <= now - int(match[1][:12], 16) / 1000 <= LIFETIME

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]
