"""Bodies of type text/parameters: names one a line, and `name: value` lines to answer or to set them (RFC 2326 §10.8,
§10.9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rtsp import limits
from rtsp.errors import MessageError, RtspError

TYPE = "text/parameters"
# Of a session: where it stands, in seconds; RTP packets sent; jitter that its first stream's viewer reports, in
# seconds; how fast the movie goes by; JPEG quality; which of several streams is sent: see SessionParameters
KNOWN = "position", "packets", "jitter", "rate", "quality", "stream"


def names(body: bytes, known: Collection[str] = KNOWN) -> list[str]:
    """What is asked for. MessageError (400) for too many, 451 for unknown ones: the reply names them (§11.3.2)."""
    found = [line.rstrip(":").lower() for line in _lines(body)]
    _check(found, known)
    return found


def assignments(body: bytes, settable: Collection[str], known: Collection[str] = KNOWN) -> dict[str, str]:
    """What is to be set, as text. Errors as names(); 458 for what can only be read (§11.3.9), named in the reply;
    400 for a line without a value, or a name that comes twice."""
    pairs = [(name.strip().lower(), colon, value.strip())
             for name, colon, value in (line.partition(":") for line in _lines(body))]
    found = [name for name, _, _ in pairs]
    _check(found, known)
    if fixed := [name for name in found if name not in settable]:
        raise RtspError("read-only parameters: " + ", ".join(fixed), 458)
    for name, colon, _ in pairs:
        if not colon or found.count(name) > 1:
            raise MessageError(f"{name} has to be set once, as `{name}: value`")
    return {name: value for name, _, value in pairs}


def answer(wanted: Iterable[str], values: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {values[name]}\r\n" for name in wanted).encode()


def read(body: bytes) -> dict[str, str]:
    """The answer, as who has asked reads it; what is no `name: value` is passed over."""
    pairs = (line.partition(":") for line in body.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _lines(body: bytes) -> list[str]:
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    return [line for line in lines if line]


def _check(found: list[str], known: Collection[str]) -> None:
    if len(found) > limits.PARAMETERS:
        raise MessageError(f"more than {limits.PARAMETERS} parameters")
    if unknown := [ascii(name[:40]) for name in found if name not in known]:
        raise RtspError("unknown parameters: " + ", ".join(unknown), 451)
