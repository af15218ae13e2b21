"""What is said in a conversation: requests, responses, and media packets between them (RFC 2326 §4–§7, §10.12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rtsp import lab
from rtsp.numbers import number
from rtsp.status import phrase

VERSION = "RTSP/1.0"


class Headers:
    """Header lines in their order; names without regard to case; a name may come more than once (RFC 2326 §4.2)."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = list(items)

    def get(self, name: str) -> str | None:
        """The first value of `name`, None if it is not there."""
        return next(iter(self.get_all(name)), None)

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self._items if key.lower() == name.lower()]

    def set(self, name: str, value: str) -> None:
        """Make `value` the only one."""
        self._items = [(key, old) for key, old in self._items if key.lower() != name.lower()] + [(name, value)]

    def add(self, name: str, value: str) -> None:
        self._items.append((name, value))

    def items(self) -> list[tuple[str, str]]:
        return list(self._items)

    def __contains__(self, name: str) -> bool:
        return bool(self.get_all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"


@dataclass
class Request:
    """What one side asks (RFC 2326 §6). `lab`: it came, or is to be written, in the dialect of the lab handout."""

    method: str
    target: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    version: str = VERSION
    lab: bool = False
    lines: list[str] = field(default_factory=list, compare=False, repr=False)   # the head as it came

    def text(self) -> bytes:
        """As it came, but for the line ends."""
        return _text(self.lines, self.lab, self.body)

    @property
    def cseq(self) -> int | None:
        return cseq(self.headers)

    def __bytes__(self) -> bytes:
        if self.lab:
            return lab.request(self.method, self.target, self.headers)
        return serialize(f"{self.method} {self.target} {self.version}", self.headers, self.body)


@dataclass
class Response:
    """The answer to one request (RFC 2326 §7). The phrase follows from the status unless the peer sent its own."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    version: str = VERSION
    reason: str = ""
    lab: bool = False
    lines: list[str] = field(default_factory=list, compare=False, repr=False)   # the head as it came

    def text(self) -> bytes:
        """As it came, but for the line ends."""
        return _text(self.lines, self.lab, self.body)

    def __post_init__(self) -> None:
        self.reason = self.reason or phrase(self.status)

    @property
    def cseq(self) -> int | None:
        return cseq(self.headers)

    def __bytes__(self) -> bytes:
        start = f"{self.version} {self.status} {self.reason}"
        if self.lab:
            return lab.reply(start, self.headers)
        return serialize(start, self.headers, self.body)


@dataclass(frozen=True)
class Interleaved:
    """A media packet that travels inside the RTSP connection (RFC 2326 §10.12).

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |   '$' = 0x24  |    channel    |    length of the data         |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    channel: int
    data: bytes

    def __bytes__(self) -> bytes:
        return b"$" + bytes([self.channel]) + len(self.data).to_bytes(2, "big") + self.data


Message = Request | Response | Interleaved


def serialize(start: str, headers: Headers, body: bytes) -> bytes:
    """Start line, headers, empty line, body; Content-Length is there exactly if there is a body."""
    lines = [start] + [f"{name}: {value}" for name, value in headers if name.lower() != "content-length"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _text(lines: list[str], lab: bool, body: bytes) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode() + (b"" if lab else b"\r\n") + body


def cseq(headers: Headers) -> int | None:
    """The message's sequence number (RFC 2326 §12.17); None if there is none."""
    text = headers.get("CSeq")
    return None if text is None else number(text, 0, 2**32 - 1, "CSeq")
