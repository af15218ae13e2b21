"""Session descriptions: what can be played, in which format, under which URL (RFC 4566; RFC 2326 Appendix C)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from zlib import crc32

from rtsp.errors import MessageError
from rtsp.headers import Range
from rtsp.numbers import number
from rtsp.url import control

Attributes = list[tuple[str, str]]


@dataclass
class MediaDescription:
    """One `m=` section: one stream. `formats` are RTP payload types."""

    kind: str
    port: int = 0
    protocol: str = "RTP/AVP"
    formats: list[int] = field(default_factory=list)
    connection: str | None = None
    attributes: Attributes = field(default_factory=list)
    bandwidth: list[str] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """The first value of `a=name:value`, "" for `a=name`, None if it is not there."""
        return _get(self.attributes, name)

    @property
    def control(self) -> str:
        return self.get("control") or ""

    def rtpmap(self, payload_type: int) -> tuple[str, int] | None:
        """Encoding in capitals and clock rate of a payload type (RFC 4566 §6). The static types of RFC 3551 §6 that
        matter here are known without a line."""
        for name, value in self.attributes:
            words = value.split(None, 2) if name.lower() == "rtpmap" else []
            if len(words) > 1 and words[0] == str(payload_type):
                encoding, *rest = words[1].split("/")
                return encoding.upper(), number(rest[0], 1, 10**9, "clock rate") if rest else 90000
        return STATIC_PAYLOADS.get(payload_type)

    def lines(self) -> list[str]:
        first = f"m={self.kind} {self.port} {self.protocol} {' '.join(map(str, self.formats))}"
        bandwidth = [f"b={value}" for value in self.bandwidth]
        return [first] + _connection(self.connection) + bandwidth + _attributes(self.attributes)


STATIC_PAYLOADS = {0: ("PCMU", 8000), 3: ("GSM", 8000), 4: ("G723", 8000), 5: ("DVI4", 8000), 8: ("PCMA", 8000),
                   9: ("G722", 8000), 10: ("L16", 44100), 11: ("L16", 44100), 14: ("MPA", 90000), 15: ("G728", 8000),
                   18: ("G729", 8000), 25: ("CelB", 90000), 26: ("JPEG", 90000), 28: ("nv", 90000),
                   31: ("H261", 90000), 32: ("MPV", 90000), 33: ("MP2T", 90000), 34: ("H263", 90000)}


@dataclass
class SessionDescription:
    """A presentation: what is common to its streams, then the streams."""

    name: str = "-"
    origin: str = "- 0 0 IN IP4 0.0.0.0"
    connection: str | None = None
    attributes: Attributes = field(default_factory=list)
    media: list[MediaDescription] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        return _get(self.attributes, name)

    def __str__(self) -> str:
        lines = ["v=0", f"o={self.origin}", f"s={self.name}", *_connection(self.connection), "t=0 0"]
        lines += _attributes(self.attributes)
        for media in self.media:
            lines += media.lines()
        return "".join(line + "\r\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> SessionDescription:
        """Reads what servers really send: any line ends, any order, lines it does not know. MessageError (400) if
        nothing in it is a session description."""
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines or lines[0].strip() != "v=0":
            raise MessageError("no session description: it does not begin with v=0")
        session = cls()
        section: SessionDescription | MediaDescription = session
        for line in lines:
            kind, _, value = line.partition("=")
            if kind == "m":
                section = _media(value)
                session.media.append(section)
            elif kind == "a":
                name, _, rest = value.partition(":")
                section.attributes.append((name.strip(), rest.strip()))
            elif kind == "c":
                section.connection = value.strip()
            elif kind == "b" and isinstance(section, MediaDescription):
                section.bandwidth.append(value.strip())
            elif kind == "s":
                session.name = value.strip()
            elif kind == "o":
                session.origin = value.strip()
        return session


class Format(Protocol):
    """What describe() wants to know of a stream: payload type, its name in a=rtpmap, clock rate in Hz, and where they
    matter, channels and frames a second; and what else was said of it by whoever sends it."""

    kind: str
    payload_type: int
    encoding: str
    clock_rate: int
    channels: int | None
    frame_rate: float | None
    attributes: tuple[tuple[str, str], ...]
    bandwidth: tuple[str, ...]


def describe(name: str, version: int, address: str, duration: float | None, formats: Iterable[Format]
             ) -> SessionDescription:
    """The description of a presentation that a server at `address` plays on demand (RFC 2326 Appendix C); `duration`
    in seconds, None if it is live."""
    return SessionDescription(
        name=name,
        origin=f"- {crc32(name.encode())} {version} {connection_line(address)}",    # RFC 4566 §5.2: unlike all others
        connection=connection_line("::" if ":" in address else "0.0.0.0"),      # who asks decides where media goes
        attributes=[("control", "*"), ("range", str(Range(0.0, duration, now=duration is None)))],
        media=[_describe_stream(format, stream) for stream, format in enumerate(formats)],
    )


def _describe_stream(format: Format, stream: int) -> MediaDescription:
    rtpmap = f"{format.payload_type} {format.encoding}/{format.clock_rate}"
    attributes = [("rtpmap", f"{rtpmap}/{format.channels}" if format.channels else rtpmap)]
    if any(name.lower() == "rtpmap" for name, _ in format.attributes):
        attributes = []                     # what the publisher wrote is passed on
    if format.frame_rate:
        attributes.append(("framerate", f"{format.frame_rate:g}"))
    attributes += [*format.attributes, ("control", control(stream))]
    return MediaDescription(format.kind, formats=[format.payload_type], attributes=attributes,
                            bandwidth=list(format.bandwidth))


def connection_line(address: str) -> str:
    """`IN IP4 …` or `IN IP6 …` (RFC 4566 §5.7)."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def _media(value: str) -> MediaDescription:
    words = value.split()
    if len(words) < 4:
        raise MessageError(f"no media line: m={value[:60]!r}")
    formats = [number(word, 0, 127, "payload type") for word in words[3:] if word.isdigit()]
    # Each once: for each one all attributes are looked through
    formats = list(dict.fromkeys(formats))
    return MediaDescription(words[0], number(words[1].split("/")[0], 0, 65535, "port"), words[2], formats)


def _get(attributes: Attributes, name: str) -> str | None:
    return next((value for key, value in attributes if key.lower() == name), None)


def _attributes(attributes: Attributes) -> list[str]:
    return [f"a={name}:{value}" if value else f"a={name}" for name, value in attributes]


def _connection(value: str | None) -> list[str]:
    return [f"c={value}"] if value else []
