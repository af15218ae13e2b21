"""What a publisher tells a server, and what a server's no means to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rtsp.failures import Redirected, ServerRefused
from rtsp.sdp import Format, SessionDescription, describe

# Why the server said no, in words: to ANNOUNCE, to SETUP with mode=record, or to RECORD
REFUSALS = {
    403: ("The server does not let us publish there", "It may take this from its own machine alone"),
    404: ("The server has no such place to publish to", "Check the path of the URL"),
    405: ("The server takes nothing there", "Try another path"),
    406: ("The server takes nothing there", "Try another path"),
    415: ("The server does not take JPEG over RTP", "Try another server"),
    453: ("The server has no room for another publisher", "Try again later"),
    455: ("The server takes nothing there now", "Somebody may be publishing there already"),
    461: ("The server does not take media this way", "Try another --transport"),
    500: ("The server has failed", "Its log says why"),
    501: ("The server cannot be published to", "It knows no ANNOUNCE or no RECORD"),
}
LASTING = (400, 403, 404, 405, 415, 461, 501, 551)      # another try would end in the same way


def description(name: str, version: int, address: str, formats: Iterable[Format]) -> SessionDescription:
    """What ANNOUNCE says (RFC 2326 §10.3) of what is sent from `address`, live; `version`: larger each time."""
    return describe(name, version, address, None, formats)


@contextmanager
def understanding_refusals() -> Iterator[None]:
    """A ServerRefused, in words for somebody who publishes. One that sends us elsewhere stays as it is."""
    try:
        yield
    except Redirected:
        raise
    except ServerRefused as refused:
        if refused.status not in REFUSALS:
            raise
        title, advice = REFUSALS[refused.status]
        raise ServerRefused(refused.status, title, f"{advice} ({refused.status})") from None


def is_lasting(refused: Exception) -> bool:
    """Would another try end in the same way?"""
    return isinstance(refused, ServerRefused) and refused.status in LASTING
