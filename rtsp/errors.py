"""What can go wrong in a conversation; each error knows the status code that answers it (RFC 2326 §11).

RtspError                  any status
├── MessageError      400  what came is no RTSP message; `fatal`: nobody can tell where the next one would begin
│   └── EncryptedError     what came is TLS, and the connection is not encrypted
├── Unauthorized      401  carries the challenges
├── SessionError      454
├── MethodError       455  carries the methods that would have been allowed
├── RangeError        457
├── TransportError    461
├── NotImplementedMethod 501
├── NoMemory          503  this machine has no room for what was asked; later it may
└── VersionError      505
"""

from __future__ import annotations


class RtspError(Exception):
    """A request that cannot be granted, and why: `status` answers it, `headers` go along."""

    status = 500

    def __init__(self, reason: str, status: int | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status if status is not None else type(self).status
        self.headers = headers or {}


class MessageError(RtspError):
    """What came is no RTSP message. After a `fatal` one the connection must be closed."""

    status = 400

    def __init__(self, reason: str, status: int | None = None, fatal: bool = False) -> None:
        super().__init__(reason, status, {"Connection": "close"} if fatal else None)
        self.fatal = fatal


class EncryptedError(MessageError):
    def __init__(self) -> None:
        super().__init__("it speaks TLS, and this port is not encrypted: its URL begins with rtsp://", fatal=True)


class Unauthorized(RtspError):
    """Nobody knows who asks; each of the challenges becomes a header WWW-Authenticate (RFC 2326 §12.44)."""

    status = 401

    def __init__(self, reason: str, challenges: list[str]) -> None:
        super().__init__(reason)
        self.challenges = challenges


class SessionError(RtspError):
    status = 454


class MethodError(RtspError):
    """The method is not allowed in this state; the reply names those that are (RFC 2326 §12.1)."""

    status = 455

    def __init__(self, reason: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.allowed = allowed


class RangeError(RtspError):
    status = 457


class TransportError(RtspError):
    status = 461


class NotImplementedMethod(RtspError):
    status = 501


class NoMemory(RtspError):
    status = 503

    def __init__(self) -> None:
        super().__init__("no memory is left")


class VersionError(RtspError):
    status = 505
