"""The headers that have a structure: text ⇄ value (RFC 2326 §12)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rtsp import limits
from rtsp.errors import MessageError, RangeError, RtspError
from rtsp.numbers import HEXADECIMAL, hexadecimal, number
from rtsp.timecodes import UNITS

PortPair = tuple[int, int]

# The RFC has it in quotes and capitals (§12.39); for this one, ffmpeg as a server wants what all publishers write
MODES = {"RECORD": "mode=record"}

# What stands between two separators that are not inside quotes. Found by walking on, never by looking ahead: the time
# must not grow with the square of a hostile header
_BETWEEN_COMMAS = re.compile(r'(?:[^,"]+|"[^"]*"|")+')
_BETWEEN_SEMICOLONS = re.compile(r'(?:[^;"]+|"[^"]*"|")+')


@dataclass(frozen=True)
class Transport:
    """How one stream travels (RFC 2326 §12.39): one alternative of a Transport header.

    `protocol` is what stands before the first semicolon, in capitals. Ports are (first, last) pairs, `ssrc` an integer.
    """

    protocol: str = "RTP/AVP"
    multicast: bool = False
    client_port: PortPair | None = None
    server_port: PortPair | None = None
    interleaved: PortPair | None = None
    destination: str | None = None
    source: str | None = None
    ssrc: int | None = None
    mode: str | None = None

    @classmethod
    def parse(cls, text: str) -> list[Transport]:
        """The alternatives in the order of preference. MessageError (400) for numbers that are none, or too many of
        them."""
        parts = [part for part in _BETWEEN_COMMAS.findall(text) if part.strip(" \t;")]
        if len(parts) > limits.ALTERNATIVES:
            raise MessageError(f"{len(parts)} transports to choose from")
        return [cls._parse_one(part) for part in parts]

    @classmethod
    def _parse_one(cls, text: str) -> Transport:
        protocol, *parameters = (part.strip() for part in _BETWEEN_SEMICOLONS.findall(text))
        values = dict(_parameter(part) for part in parameters)
        return cls(
            protocol=protocol.upper(),
            multicast="multicast" in values,
            client_port=_pair(values, "client_port", 65535),
            server_port=_pair(values, "server_port", 65535),
            interleaved=_pair(values, "interleaved", 255),
            destination=values.get("destination"),
            source=values.get("source"),
            ssrc=_ssrc(values.get("ssrc")),
            mode=values["mode"].upper() if "mode" in values else None,
        )

    @property
    def udp(self) -> bool:
        """RTP over UDP, to one receiver; the lab handout writes RTP/UDP."""
        return self.protocol in ("RTP/AVP", "RTP/AVP/UDP", "RTP/UDP") and not self.multicast and not self.interleaved

    @property
    def tcp(self) -> bool:
        """RTP inside the RTSP connection (RFC 2326 §10.12)."""
        return self.protocol == "RTP/AVP/TCP" and not self.multicast

    def __str__(self) -> str:
        parts = [self.protocol, "multicast" if self.multicast else "unicast"]
        parts += [f"{name}={value}" for name in ("destination", "source") if (value := getattr(self, name))]
        parts += [f"{name}={pair[0]}-{pair[1]}" for name in ("interleaved", "client_port", "server_port")
                  if (pair := getattr(self, name))]
        parts += [f"ssrc={self.ssrc:08X}"] if self.ssrc is not None else []
        parts += [MODES.get(self.mode, f'mode="{self.mode}"')] if self.mode else []
        return ";".join(parts)


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _pair(values: dict[str, str], name: str, high: int) -> PortPair | None:
    """`a-b`, or `a`, which means a and the next one."""
    if name not in values:
        return None
    first, dash, last = values[name].partition("-")
    low = number(first, 0, high, name)
    return low, number(last, 0, high, name) if dash else min(low + 1, high)


def _ssrc(text: str | None) -> int | None:
    """Eight hexadecimal digits; some servers pad with blanks. What is not is no use to anybody, and is left out."""
    text = (text or "").strip()
    return hexadecimal(text, "ssrc") if HEXADECIMAL.fullmatch(text) else None


@dataclass(frozen=True)
class SessionHeader:
    """Which session, and after how many seconds of silence it ends (RFC 2326 §12.37)."""

    id: str
    timeout: int | None = None

    @classmethod
    def parse(cls, text: str) -> SessionHeader:
        """MessageError (400) if there is no id, or the timeout is no number."""
        identifier, *parameters = (part.strip() for part in text.split(";"))
        values = dict(_parameter(part) for part in parameters)
        if not identifier:
            raise MessageError("Session without an id")
        timeout = number(values["timeout"], 1, 10**6, "timeout") if "timeout" in values else None
        return cls(identifier, timeout)

    def __str__(self) -> str:
        return self.id if self.timeout is None else f"{self.id};timeout={self.timeout}"


@dataclass(frozen=True)
class Range:
    """From when to when to play, in seconds of normal play time (RFC 2326 §3.6, §12.29), written in `unit`.

    `start` None: from where it stands (`npt=-20`); `now`: the live point; `end` None: to the end.
    """

    start: float | None = None
    end: float | None = None
    now: bool = False
    unit: str = "npt"

    @classmethod
    def parse(cls, text: str) -> Range:
        """RangeError (457) for a range that is none; 501 for a unit that is not served. A `;time=` is passed over."""
        unit, equals, value = text.split(";")[0].partition("=")
        unit = unit.strip().lower()
        if unit not in UNITS or not equals:
            raise RtspError(f"ranges in units of {unit[:20]!r} are not implemented", 501)
        read, _ = UNITS[unit]
        first, dash, last = (part.strip() for part in value.partition("-"))
        if not dash or not (first or last):
            raise RangeError(f"no range: {text[:60]!r}")
        now = unit == "npt" and first == "now"
        try:
            return cls(None if now or not first else read(first), read(last) if last else None, now, unit)
        except MessageError as error:
            raise RangeError(str(error)) from None

    def __str__(self) -> str:
        _, written = UNITS[self.unit]
        start = "now" if self.now else "" if self.start is None else written(self.start)
        return f"{self.unit}={start}-{'' if self.end is None else written(self.end)}"


@dataclass(frozen=True)
class RtpInfo:
    """The first packet of a stream after PLAY: its number and its timestamp (RFC 2326 §12.33)."""

    url: str
    seq: int | None = None
    rtptime: int | None = None

    @classmethod
    def parse(cls, text: str) -> list[RtpInfo]:
        """One for each stream. MessageError (400) for numbers out of range."""
        return [cls._parse_one(part) for part in re.split(r",\s*(?=url=)", text) if part.strip()]

    @classmethod
    def _parse_one(cls, text: str) -> RtpInfo:
        values = dict(_parameter(part) for part in text.split(";"))
        seq, rtptime = values.get("seq"), values.get("rtptime")
        return cls(
            values.get("url", ""),
            None if seq is None else number(seq, 0, 2**16 - 1, "seq"),
            None if rtptime is None else number(rtptime, 0, 2**32 - 1, "rtptime"),
        )

    def __str__(self) -> str:
        parts = [f"url={self.url}"]
        parts += [f"{name}={value}" for name in ("seq", "rtptime") if (value := getattr(self, name)) is not None]
        return ";".join(parts)
