"""What differs from run to run, replaced by examples: the same number by the same example, wherever it turns up.

Sequence numbers and timestamps keep their distances. Times that are measured (the clock in a sender report, jitter,
delays) become one example each.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from tools.relay import Event

SERVER_SSRC, CLIENT_SSRC = 0xA1B2C3D4, 0x0C11E27A
SEQUENCE, TIMESTAMP = 20000, 900000  # of the first packet
CNAME = "q9dY0Ynt8Lsj7W3F"
NTP, JITTER, LAST_REPORT, DELAY = "2027-01-04 09:00:00.250", 12, 0x0000_4000, 65536
TEXTS = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:6789"),
    (r"(?m)^Session: [0-9a-f]{16}\b", "Session: 1f8a6c3e90b2d574"),
    (r"(?m)^Date: [^\r\n]+", "Date: Mon, 04 Jan 2027 09:00:00 GMT"),
    (r"(?m)^(o=\S+ \d+) \d+", r"\1 1798988400"),
    (r"client_port=\d+-\d+", "client_port=25000-25001"),
    (r"server_port=\d+-\d+", "server_port=40000-40001"),
    (r"ssrc=[0-9A-Fa-f]{8}", f"ssrc={SERVER_SSRC:08X}"),
)


class Examples:
    """The replacements of one conversation."""

    def __init__(self, events: Iterable[Event]) -> None:
        replies = b"".join(event.data for event in events if event.kind == "rtsp" and not event.up)
        first = re.search(rb"seq=(\d+);rtptime=(\d+)", replies)
        self._sequence, self._timestamp = (int(first[1]), int(first[2])) if first else (0, 0)
        ssrc = re.search(rb"ssrc=([0-9A-Fa-f]{8})", replies)
        self._ssrc = int(ssrc[1], 16) if ssrc else None

    def text(self, message: bytes) -> str:
        """An RTSP message."""
        text = message.decode("utf-8")
        for pattern, example in TEXTS:
            text = re.sub(pattern, example, text)
        text = re.sub(r"seq=(\d+)", lambda found: f"seq={self.sequence(int(found[1]))}", text)
        return re.sub(r"rtptime=(\d+)", lambda found: f"rtptime={self.timestamp(int(found[1]))}", text)

    def sequence(self, number: int) -> int:
        return (number - self._sequence + SEQUENCE) & 0xFFFF

    def timestamp(self, number: int) -> int:
        return (number - self._timestamp + TIMESTAMP) & 0xFFFFFFFF

    def ssrc(self, number: int) -> str:
        """0 stays 0: it is what our client sends before it has anything to say."""
        example = SERVER_SSRC if number == self._ssrc else CLIENT_SSRC
        return f"{example if number else 0:08X}"

    # ---- RTCP (RFC 3550 §6), a line for each packet of a compound one

    def control(self, data: bytes, timestamp: int | None) -> list[str]:
        """`timestamp`: an example of that of a sender report, on which no two runs agree."""
        lines, at = [], 0
        while at + 4 <= len(data):
            first, kind, words = struct.unpack_from("!BBH", data, at)
            end = at + 4 + 4 * words
            lines.append(self._packet(kind, first & 0x1F, data[at + 4 : end], timestamp))
            at = end
        return lines

    def _packet(self, kind: int, count: int, body: bytes, timestamp: int | None) -> str:
        ssrc = self.ssrc(int.from_bytes(body[:4], "big"))
        if kind == 200:
            packets, octets = struct.unpack_from("!II", body, 16)
            blocks = self._blocks(body[24:], count)
            return f"SR   ssrc={ssrc} ntp={NTP} rtp={timestamp} packets={packets} octets={octets}{blocks}"
        if kind == 201:
            return f"RR   ssrc={ssrc}" + (self._blocks(body[4:], count) or " (no report yet)")
        if kind == 202:
            name = body[6 : 6 + body[5]].decode()
            return f"SDES ssrc={ssrc} CNAME={name if ssrc == f'{SERVER_SSRC:08X}' else CNAME}"
        return f"BYE  ssrc={ssrc}" if kind == 203 else f"type {kind}, {4 + len(body)} bytes"

    def _blocks(self, data: bytes, count: int) -> str:
        """The reception reports, each of 24 bytes (§6.4.1)."""
        text = ""
        for at in range(0, 24 * count, 24):
            ssrc, loss, highest = struct.unpack_from("!III", data, at)
            text += f" about={self.ssrc(ssrc)} fraction={loss >> 24}/256 lost={loss & 0xFFFFFF}"
            text += f" highest={self.sequence(highest & 0xFFFF)} jitter={JITTER} lsr={LAST_REPORT:#010x} dlsr={DELAY}"
        return text
