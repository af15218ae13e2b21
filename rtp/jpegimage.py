"""A JPEG file taken apart into what RFC 2435 sends of it, and put together again.

RTP carries the picture data (the scan) and the quantization tables. All else that stands before the scan in a file is
fixed by the RTP/JPEG type, so the receiver writes those headers itself. That is why most JPEG files in the world cannot
travel in RTP as they are: they must have been coded exactly as the receiver will assume.      RFC 2435 §3, §4.1
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from rtp.jpegtables import HUFFMAN

# Markers: the second byte, after FF.                                             JPEG (T.81) table B.1
SOF0, DHT, SOI, EOI, SOS, DQT, DRI = 0xC0, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD
START, END = bytes((0xFF, SOI)), bytes((0xFF, EOI))
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}  # TEM, RST0-7, SOI, EOI stand alone: none belongs among the headers

MAX_SIDE = 2040  # pixels: width and height travel in one byte each, in units of 8 (RFC 2435 §3.1.5)
MAX_SCAN = 1 << 24  # bytes: the fragment offset has 24 bits (RFC 2435 §3.1.2)

# Frame headers other than baseline.                                              JPEG (T.81) table B.1
OTHER_PROCESSES = {
    0xC1: "extended sequential", 0xC2: "progressive", 0xC3: "lossless",
    0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical",
    0xC9: "arithmetic-coded", 0xCA: "arithmetic-coded", 0xCB: "arithmetic-coded",
    0xCD: "arithmetic-coded", 0xCE: "arithmetic-coded", 0xCF: "arithmetic-coded",
}  # fmt: skip

# Sampling factors of Y, Cb, Cr (horizontal and vertical, a hex digit each) of the RTP/JPEG types. RFC 2435 §4.1
SAMPLING = {0: b"\x21\x11\x11", 1: b"\x22\x11\x11"}
TYPES = {factors: number for number, factors in SAMPLING.items()}
OTHER_SAMPLING = {b"\x11\x11\x11": "4:4:4", b"\x12\x11\x11": "4:4:0", b"\x41\x11\x11": "4:1:1"}

# In the scan, FF is followed by 00 (it was data) or D0-D7 (a restart marker); anything else ends the scan.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


class JpegError(ValueError):
    """Says why this JPEG, or this RTP/JPEG payload, cannot be used."""


@dataclass(frozen=True)
class JpegImage:
    """A picture that RFC 2435 can carry.

    type: 0 (4:2:2) or 1 (4:2:0). width, height: pixels, multiples of 8. tables: luminance and chrominance quantizers,
    2 × 64 bytes in zig-zag order. restart_interval: MCUs, 0 for none. scan: the coded picture, without EOI.
    """

    type: int
    width: int
    height: int
    tables: bytes
    restart_interval: int
    scan: bytes

    @classmethod
    def parse(cls, jpeg: bytes) -> JpegImage:
        """Take a JPEG file apart. JpegError says why RFC 2435 cannot carry it, or that it is damaged."""
        headers = _Headers()
        for marker, body, end in _segments(jpeg):
            if marker == SOS:
                return headers.image(body, _scan(jpeg, end))
            if marker in OTHER_PROCESSES:
                raise JpegError(f"a {OTHER_PROCESSES[marker]} JPEG; RFC 2435 carries baseline only")
            if marker in _READERS:  # the others (APPn, comments, …) do not matter to a decoder
                _READERS[marker](headers, body)
        raise JpegError("the JPEG is cut off before its picture data")

    def __bytes__(self) -> bytes:
        """The JPEG file."""
        return beginning(self.type, self.width, self.height, self.tables, self.restart_interval) + self.scan + END


@lru_cache(16)  # that of a movie hardly ever changes
def beginning(kind: int, width: int, height: int, tables: bytes, restart_interval: int) -> bytes:
    """A JPEG file up to the scan, with the headers of RFC 2435 Appendix B; the values are those of a JpegImage."""
    sampling = SAMPLING[kind]
    frame = struct.pack("!BHHB", 8, height, width, 3)
    frame += bytes((1, sampling[0], 0, 2, sampling[1], 1, 3, sampling[2], 1))  # Y, Cb, Cr: id, sampling, quantizer
    scan = bytes((3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0))  # likewise: id, Huffman tables; coefficients 0 to 63
    return b"".join((
        START,
        _segment(DQT, b"\x00" + tables[:64] + b"\x01" + tables[64:]),
        _segment(DRI, restart_interval.to_bytes(2, "big")) if restart_interval else b"",
        _segment(SOF0, frame),
        _segment(DHT, b"".join(bytes((which,)) + table for which, table in HUFFMAN.items())),
        _segment(SOS, scan),
    ))  # fmt: skip


@dataclass
class _Headers:
    """What the segments before the scan have said so far. They come in any order; a later one replaces an earlier."""

    frame: bytes = b""
    quantizers: dict[int, bytes] = field(default_factory=dict)
    # MJPEG in AVI leaves the Huffman tables out and means the standard ones.
    huffman: dict[int, bytes] = field(default_factory=lambda: dict(HUFFMAN))
    restart_interval: int = 0

    def read_frame(self, body: bytes) -> None:
        """SOF0: precision, height, width, then id, sampling, quantizer of each component.       JPEG (T.81) §B.2.2"""
        if len(body) < 6 or len(body) != 6 + 3 * body[5]:
            raise JpegError("the frame header (SOF0) has a wrong length")
        self.frame = body

    def read_quantizers(self, body: bytes) -> None:
        """DQT: one or more tables, each a byte (precision, id) and 64 values in zig-zag order.  JPEG (T.81) §B.2.4.1"""
        for at in range(0, len(body), 65):
            if body[at] >> 4:
                raise JpegError("16-bit quantization tables; RFC 2435 has them, but receivers do not")
            if len(body) < at + 65:
                raise JpegError("a quantization table (DQT) is cut off")
            self.quantizers[body[at]] = body[at + 1 : at + 65]

    def read_huffman(self, body: bytes) -> None:
        """DHT: one or more tables, each a byte (class, id), 16 counts, the symbols.            JPEG (T.81) §B.2.4.2"""
        at = 0
        while at < len(body):
            end = at + 17 + sum(body[at + 1 : at + 17])
            if len(body) < end:
                raise JpegError("a Huffman table (DHT) is cut off")
            self.huffman[body[at]] = body[at + 1 : end]
            at = end

    def read_restart_interval(self, body: bytes) -> None:
        """DRI: the number of MCUs between restart markers.                                     JPEG (T.81) §B.2.4.4"""
        if len(body) != 2:
            raise JpegError("the restart interval (DRI) has a wrong length")
        self.restart_interval = int.from_bytes(body, "big")

    def image(self, scan_header: bytes, scan: bytes) -> JpegImage:
        if not self.frame:
            raise JpegError("the JPEG has no frame header (SOF0) before its picture data")
        precision, height, width, components = struct.unpack("!BHHB", self.frame[:6])
        if precision != 8:
            raise JpegError(f"{precision} bits a sample; RFC 2435 carries 8")
        _check_sides(width, height)
        kind = _type(components, sampling=self.frame[7::3])
        _check_scan_header(scan_header, ids=self.frame[6::3])
        self._check_huffman(scan_header)
        if self.restart_interval == 0 and _RESTART.search(scan):
            raise JpegError("restart markers, but no restart interval (DRI)")
        return JpegImage(kind, width, height, self._tables(self.frame[8::3]), self.restart_interval, scan)

    def _check_huffman(self, scan_header: bytes) -> None:
        """The receiver decodes with the standard tables, whatever ids they had here."""
        for chosen, standard in zip(scan_header[2:7:2], (0, 1, 1), strict=False):  # Y, Cb, Cr
            dc, ac = chosen >> 4, 0x10 | chosen & 0x0F
            if self.huffman.get(dc) != HUFFMAN[standard] or self.huffman.get(ac) != HUFFMAN[0x10 | standard]:
                raise JpegError("Huffman tables that are not the standard ones; RFC 2435 cannot send others")

    def _tables(self, ids: bytes) -> bytes:
        missing = [number for number in ids if number not in self.quantizers]
        if missing:
            raise JpegError(f"quantization table {missing[0]} is missing")
        luma, cb, cr = (self.quantizers[number] for number in ids)
        if cb != cr:
            raise JpegError("different quantization tables for Cb and Cr; RFC 2435 has one for both")
        return luma + cb


_READERS = {
    SOF0: _Headers.read_frame,
    DQT: _Headers.read_quantizers,
    DHT: _Headers.read_huffman,
    DRI: _Headers.read_restart_interval,
}


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0xFF, marker, len(body) + 2) + body  # the length counts itself, not the marker


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes, int]]:
    """The marker segments after SOI: marker, content, offset of what follows."""
    if jpeg[:2] != START:
        raise JpegError("no JPEG: it does not begin with FF D8")
    at = 2
    while at < len(jpeg):
        if jpeg[at] != 0xFF:
            raise JpegError(f"no marker where one should be, at byte {at}")
        while jpeg[at : at + 1] == b"\xff":  # a marker may have any number of FF before it
            at += 1
        if len(jpeg) > at and jpeg[at] in WITHOUT_LENGTH:
            raise JpegError(f"marker FF {jpeg[at]:02X} among the headers, at byte {at}")
        length = int.from_bytes(jpeg[at + 1 : at + 3], "big")
        end = at + 1 + max(length, 2)  # the length counts itself
        if len(jpeg) < end:
            raise JpegError(f"the JPEG is cut off at byte {len(jpeg)}, within its headers")
        yield jpeg[at], jpeg[at + 3 : end], end
        at = end


def _scan(jpeg: bytes, start: int) -> bytes:
    """The coded picture: everything up to EOI."""
    found = _END_OF_SCAN.search(jpeg, start)
    if found is None:
        raise JpegError("the JPEG is cut off: its picture data does not end with EOI (FF D9)")
    if jpeg[found.end() - 1] != EOI:
        raise JpegError("the JPEG goes on after its first scan; RFC 2435 carries a single one")
    scan = jpeg[start : found.start()].rstrip(b"\xff")  # any number of FF may stand before a marker
    if not 0 < len(scan) <= MAX_SCAN:
        raise JpegError(f"{len(scan)} bytes of picture data; RFC 2435 carries 1 to {MAX_SCAN}")
    return scan


def _check_sides(width: int, height: int) -> None:
    for side in (width, height):
        if side % 8 or not 0 < side <= MAX_SIDE:
            raise JpegError(f"{width}x{height} pixels; RFC 2435 carries multiples of 8 up to {MAX_SIDE}")


def _type(components: int, sampling: bytes) -> int:
    if components != 3:
        raise JpegError(f"{components} colour component(s), grey has 1; RFC 2435 carries Y, Cb and Cr")
    if sampling not in TYPES:
        raise JpegError(f"sampled {OTHER_SAMPLING.get(sampling, sampling.hex())}; RFC 2435 carries 4:2:0 and 4:2:2")
    return TYPES[sampling]


def _check_scan_header(body: bytes, ids: bytes) -> None:
    """SOS: id and Huffman tables of each component, then which coefficients.                   JPEG (T.81) §B.2.3"""
    if body[:1] != b"\x03":
        raise JpegError("more than one scan; RFC 2435 carries Y, Cb and Cr in a single one")
    if len(body) != 10 or body[1:7:2] != ids or body[7:] != b"\x00\x3f\x00":
        raise JpegError("the scan header (SOS) does not fit a baseline JPEG")
