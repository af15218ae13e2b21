"""Bodies of type text/parameters: names one a line, and `name: value` lines for an answer (RFC 2326 §10.8)."""

from __future__ import annotations

from collections.abc import Mapping

from rtsp import limits
from rtsp.errors import MessageError, RtspError

TYPE = "text/parameters"
# Of a session: where it stands, in seconds; RTP packets sent; jitter that its first stream's viewer reports, in seconds
KNOWN = "position", "packets", "jitter"


def names(body: bytes) -> list[str]:
    """What is asked for. MessageError (400) for too many, 451 for unknown ones: the reply names them (§11.3.2)."""
    lines = (line.strip().rstrip(":").lower() for line in body.decode("utf-8", "replace").splitlines())
    found = [line for line in lines if line]
    if len(found) > limits.PARAMETERS:
        raise MessageError(f"more than {limits.PARAMETERS} parameters")
    if unknown := [ascii(name[:40]) for name in found if name not in KNOWN]:
        raise RtspError("unknown parameters: " + ", ".join(unknown), 451)
    return found


def answer(wanted: list[str], values: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {values[name]}\r\n" for name in wanted).encode()
