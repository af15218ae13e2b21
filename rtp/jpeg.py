"""JPEG in RTP: a picture to payloads, payloads to a picture.                                    RFC 2435

    for payload, marker in payloads(jpeg): …        # each goes into an RTP packet of its own, payload type 26
    jpeg = depacketizer.push(payload, marker, timestamp)        # None until the last payload of a frame
"""

from __future__ import annotations

from rtp.jpegheaders import (
    MAIN_SIZE,
    OWN_TABLES,
    RESTART_SIZE,
    MainHeader,
    QuantizationHeader,
    RestartHeader,
)
from rtp.jpegimage import END, MAX_SCAN, START, JpegError, JpegImage, beginning
from rtp.jpegtables import quantization_tables

__all__ = ["Depacketizer", "JpegError", "JpegImage", "payloads"]

WITH_RESTARTS = 64  # added to the type when the scan has restart markers (RFC 2435 §3.1.3)
KNOWN_TYPES = (0, 1, WITH_RESTARTS, WITH_RESTARTS + 1)


def payloads(jpeg: bytes, size: int = 1400) -> list[tuple[bytes, bool]]:
    """A JPEG file as RTP payloads, each with the marker bit its packet gets.

    Every payload but the last has exactly `size` bytes, so that a frame can be handed to the system as one buffer of
    equal packets. The tables travel with every frame: who joins late or has lost a frame can show the next one.
    JpegError says why RFC 2435 cannot carry this file; ValueError, that `size` is too small for the headers.
    """
    image = JpegImage.parse(jpeg)
    restart = bytes(RestartHeader(image.restart_interval)) if image.restart_interval else b""
    tables = bytes(QuantizationHeader(image.tables))
    if size <= MAIN_SIZE + len(restart) + len(tables):
        raise ValueError(f"payloads of {size} bytes have no room for picture data after the headers")
    kind = image.type + WITH_RESTARTS if restart else image.type
    made, offset, marker = [], 0, False
    while not marker:
        main = MainHeader(0, offset, kind, OWN_TABLES, image.width, image.height)
        headers = bytes(main) + restart + (tables if offset == 0 else b"")
        end = offset + size - len(headers)
        marker = end >= len(image.scan)  # set on the last payload of the frame, and on no other (RFC 2435 §3)
        made.append((headers + image.scan[offset:end], marker))
        offset = end
    return made


class _Frame:
    """A frame that is being put together: what its first payload said, and the JPEG file so far."""

    def __init__(self, timestamp: int, first: MainHeader, restart_interval: int, tables: bytes) -> None:
        self.timestamp = timestamp
        self.first = first
        kind = first.type % WITH_RESTARTS
        self._file = bytearray(beginning(kind, first.width, first.height, tables, restart_interval))
        self._ahead = len(self._file)  # bytes before the scan
        # What follows the offset in the payloads to come; b"": those have more headers than the main one
        self._alike = bytes(first)[4:] if kind == first.type else b""

    def goes_on(self, payload: bytes) -> bool:
        """Is this what comes next in nearly every frame: its header like the first one, its data in their place?"""
        offset = len(self._file) - self._ahead
        return (
            payload[4:MAIN_SIZE] == self._alike
            and int.from_bytes(payload[:4], "big") == self.first.type_specific << 24 | offset
            and 0 < offset <= MAX_SCAN - len(payload)
        )

    def append(self, payload: bytes) -> None:
        """One that goes_on()."""
        self._file += payload[MAIN_SIZE:]

    def add(self, header: MainHeader, data: bytes) -> None:
        if header._replace(offset=0) != self.first:
            raise JpegError("type, Q or size changed within a frame")
        if header.offset != len(self._file) - self._ahead:
            there = len(self._file) - self._ahead
            raise JpegError(f"a fragment for byte {header.offset} came when {there} bytes were there")
        if header.offset + len(data) > MAX_SCAN:  # this also bounds the memory that a sender can make us use
            raise JpegError(f"a frame of more than {MAX_SCAN} bytes")
        self._file += data

    def jpeg(self) -> bytes:
        if len(self._file) == self._ahead:
            raise JpegError("a frame without picture data")
        if not self._file.endswith(END):  # senders may leave EOI out (§3.1.9)
            self._file += END
        return bytes(self._file)


class Depacketizer:
    """Puts frames together. Payloads must come in the order of their sequence numbers; any of them may be missing.

    Nothing that a sender does raises here: a frame that cannot be had is given up, counted in `damaged`, with the cause
    in `reason`, and the next frame has its chance.
    """

    def __init__(self) -> None:
        self.damaged = 0  # frames given up
        self.reason = ""  # why the latest of them was
        self._frame: _Frame | None = None
        self._passed_over: int | None = None  # timestamp of a frame given up, of which more fragments may come
        self._tables: dict[int, bytes] = {}  # for Q 128 to 254, whose tables may be sent only once (RFC 2435 §4.2)

    def push(self, payload: bytes, marker: bool, timestamp: int) -> bytes | None:
        """One payload in; out comes a whole JPEG file, SOI to EOI, when this payload completes one."""
        if not payload:  # such a packet only keeps a path through a router open (RFC 6263 §4.1)
            return None
        if self._frame and self._frame.timestamp != timestamp:
            self._give_up("the last fragment of a frame did not come")
        if self._frame and not marker and self._frame.goes_on(payload):
            self._frame.append(payload)
            return None
        try:
            jpeg = self._add(payload, marker, timestamp)
        except JpegError as problem:
            jpeg = None
            if self._passed_over != timestamp:  # else it is counted already
                self._give_up(str(problem))
            self._passed_over = timestamp
        if marker:  # whatever became of this frame, it is over
            self._frame = self._passed_over = None
        return jpeg

    def restart(self) -> None:
        """The sender has jumped: what is unfinished stays so, and is no damage."""
        self._frame = self._passed_over = None

    def _give_up(self, reason: str) -> None:
        self._frame = None
        self.damaged += 1
        self.reason = reason

    def _add(self, payload: bytes, marker: bool, timestamp: int) -> bytes | None:
        if payload.startswith(START):  # a classic lab server: no RTP/JPEG header, the payload is the whole file
            self._end_unfinished()
            return payload
        header, data = MainHeader.parse(payload), payload[MAIN_SIZE:]
        restart_interval = 0
        if header.type & WITH_RESTARTS:
            restart_interval, data = RestartHeader.parse(data).interval, data[RESTART_SIZE:]
        if header.offset == 0:
            self._end_unfinished()
            tables, data = self._quantization(header, data)
            self._frame = _Frame(timestamp, header, restart_interval, tables)
            self._passed_over = None
        elif self._passed_over == timestamp:
            return None
        if self._frame is None:
            raise JpegError("the first fragment of a frame did not come")
        self._frame.add(header, data)
        return self._frame.jpeg() if marker else None

    def _end_unfinished(self) -> None:
        """A frame begins. One still at hand with the same timestamp never got its last fragment."""
        if self._frame:
            self._give_up("the last fragment of a frame did not come")

    def _quantization(self, header: MainHeader, data: bytes) -> tuple[bytes, bytes]:
        """The tables of a frame that begins, and the rest of its first payload.                 RFC 2435 §4.2"""
        if header.type not in KNOWN_TYPES:
            raise JpegError(f"RTP/JPEG type {header.type} is not known; 0, 1, 64 and 65 are")
        if not header.width or not header.height:
            raise JpegError("width or height 0: a picture over 2040 pixels, whose size only the SDP may tell")
        if 1 <= header.q <= 99:
            return quantization_tables(header.q), data
        if header.q < 128:
            raise JpegError(f"Q {header.q} is reserved")
        sent = QuantizationHeader.parse(data)
        tables = sent.tables or self._tables.get(header.q, b"")  # never kept for Q 255
        if not tables:
            raise JpegError(f"Q {header.q}, whose quantization tables have not come")
        if header.q != OWN_TABLES:
            self._tables[header.q] = tables
        return tables, data[sent.size :]
