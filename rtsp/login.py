"""A client's name and password for one server, and how it proves them there."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable

from rtsp import digest
from rtsp.authfields import AuthField
from rtsp.errors import MessageError
from rtsp.failures import AuthenticationError
from rtsp.situations import tell

log = logging.getLogger(__name__)


class Login:
    """Nothing is sent before the server asks; from then on every request carries an answer (RFC 7616 §3.6)."""

    def __init__(self, name: str | None = None, password: str | None = None) -> None:
        """None: not known yet."""
        self.name, self.password = name, password
        self._asked: tuple[AuthField, itertools.count[int]] | None = None   # the challenge, and how often it was used
        self._accepted = False                  # they were right at least once

    def give(self, name: str, password: str) -> None:
        """What somebody has typed; it took a while, and the server may ask anew."""
        self.name, self.password = (text.encode("utf-8", "replace").decode() for text in (name, password))
        self._asked, self._accepted = None, False

    @property
    def known(self) -> bool:
        return self.name is not None and self.password is not None

    def header(self, method: str, url: str, cnonce: str, encrypted: bool) -> dict[str, str]:
        """What goes along with a request; nothing where nobody has asked. `cnonce`: random characters."""
        if self._asked is None or self.name is None or self.password is None:
            return {}
        challenge, uses = self._asked
        if challenge.scheme == "digest":
            answer = digest.answered(challenge, self.name, self.password, method, url, next(uses), cnonce)
        else:
            if not encrypted and next(uses) == 1:
                log.warning("! The server takes no other: the password goes to it unencrypted")
            answer = digest.basic(self.name, self.password)
        return {"Authorization": str(answer)}

    def accepted(self) -> None:
        """The server has granted something."""
        self._accepted = self._asked is not None

    def challenged(self, challenges: Iterable[str], answered: bool) -> bool:
        """A 401 with these values of WWW-Authenticate, to a request that was `answered` already, or not: is it worth
        trying once more? Yes, if it had no answer, or its nonce has grown old. Not every server says that it has
        (stale=true); but what was right before will not be wrong now."""
        chosen = choose(challenges)
        if chosen is None:
            return False
        self._asked = chosen, itertools.count(1)
        again = not answered or self._accepted or chosen.get("stale").lower() == "true"
        self._accepted = False
        return again and self.known

    def refusal(self, challenges: Iterable[str], answer: str) -> AuthenticationError:
        """Why there is no way in, and what to do. `answer`: the status line in words."""
        challenges = list(challenges)
        if challenges and choose(challenges) is None:
            return AuthenticationError(*tell("login unknown", answer=answer))
        return AuthenticationError(*tell("login wrong" if self.known else "login wanted", answer=answer))


def choose(challenges: Iterable[str]) -> AuthField | None:
    """Of several challenges the first Digest that we know: the server has put them in its order (RFC 7616 §3.7). Basic,
    which says the password, only where there is no other."""
    found: list[AuthField] = []
    for text in challenges:
        try:
            found += AuthField.parse(text)
        except MessageError as error:
            log.info("! %s", error)
    digests = [one for one in found if one.scheme == "digest" and digest.algorithm(one) and one.get("nonce")]
    return next(iter([*digests, *(one for one in found if one.scheme == "basic")]), None)
