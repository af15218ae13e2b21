"""The three headers that RFC 2435 puts between RTP and the picture data, each as it stands in the RFC."""

from __future__ import annotations

import struct
from typing import NamedTuple

from rtp.jpegimage import JpegError

MAIN_SIZE = 8  # bytes
RESTART_SIZE = 4
TABLE_SIZE = 64
OWN_TABLES = 255  # the Q that says: this frame brings its tables along, and the next one may have others (§3.1.8)


class MainHeader(NamedTuple):
    """Begins every payload.                                                          RFC 2435 §3.1

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        | Type-specific |              Fragment Offset                  |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      Type     |       Q       |     Width     |     Height    |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    type_specific: int  # §3.1.1: 0, or which field of an interlaced picture this is (§4.1); shown alike here
    offset: int  # §3.1.2: bytes of the scan that went before
    type: int  # §3.1.3: 0 is 4:2:2, 1 is 4:2:0; 64 and 65 are the same with restart markers
    q: int  # §3.1.4: which quantization tables
    width: int  # §3.1.5: pixels; travels divided by 8
    height: int  # §3.1.6: likewise

    @classmethod
    def parse(cls, data: bytes) -> MainHeader:
        if len(data) < MAIN_SIZE:
            raise JpegError(f"an RTP/JPEG header has {MAIN_SIZE} bytes, and only {len(data)} came")
        word, kind, q, width, height = struct.unpack_from("!IBBBB", data)
        return cls(word >> 24, word & 0xFFFFFF, kind, q, 8 * width, 8 * height)

    def __bytes__(self) -> bytes:
        word = self.type_specific << 24 | self.offset
        return struct.pack("!IBBBB", word, self.type, self.q, self.width // 8, self.height // 8)


class RestartHeader(NamedTuple):
    """Follows the main header in every payload of types 64 to 127.                              RFC 2435 §3.1.7

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |       Restart Interval        |F|L|       Restart Count       |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

    F, L and the count let a receiver show parts of a frame. A sender that does not cut frames for that sets both bits
    and the highest count, as is done here; the receiver here always waits for the whole frame.
    """

    interval: int  # MCUs between restart markers, never 0
    position: int = 0xFFFF  # F, L and Restart Count together

    @classmethod
    def parse(cls, data: bytes) -> RestartHeader:
        if len(data) < RESTART_SIZE:
            raise JpegError("the restart marker header is cut off")
        header = cls(*struct.unpack_from("!HH", data))
        if header.interval == 0:
            raise JpegError("a restart interval of 0")
        return header

    def __bytes__(self) -> bytes:
        return struct.pack("!HH", self.interval, self.position)


class QuantizationHeader(NamedTuple):
    """Follows in the first payload of a frame when Q is 128 to 255.                             RFC 2435 §3.1.8

         0                   1                   2                   3
         0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |      MBZ      |   Precision   |             Length            |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
        |                    Quantization Table Data                    |
        |                              ...                              |
        +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    """

    tables: bytes  # luminance and chrominance, 64 bytes each in zig-zag order; empty: "you had them before"
    size: int = 0  # bytes this header took in the payload

    @classmethod
    def parse(cls, data: bytes) -> QuantizationHeader:
        if len(data) < 4:
            raise JpegError("the quantization table header is cut off")
        precision, length = struct.unpack_from("!xBH", data)
        tables = data[4 : 4 + length]
        if len(tables) < length:
            raise JpegError(f"{length} bytes of quantization tables, and only {len(tables)} came")
        if length and precision & 0b11:  # a bit for each of the two tables; the others must be ignored
            raise JpegError("16-bit quantization tables")
        if length == TABLE_SIZE:  # what ffmpeg's encoder makes: one table, meant for luminance and chrominance alike
            tables += tables
        if length not in (0, TABLE_SIZE, 2 * TABLE_SIZE):
            raise JpegError(f"{length} bytes of quantization tables; two have {2 * TABLE_SIZE}")
        return cls(tables, 4 + length)

    def __bytes__(self) -> bytes:
        return struct.pack("!BBH", 0, 0, len(self.tables)) + self.tables
