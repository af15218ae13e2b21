"""A packet taken apart for showing: each header with its fields, their values, and where they stand.

Unlike the code that plays, it takes what is wrong as it is: what is cut off or unknown becomes a block of plain bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from rtp import layouts
from rtp.layouts import Field


class Value(NamedTuple):
    field: Field
    bit: int            # where it begins, counted from the start of its block
    value: int
    at: int             # its bytes in the packet: from there …
    end: int            # … up to there

    @property
    def text(self) -> str:
        return self.field.text(self.value)


class Block(NamedTuple):
    """`values` is empty for what has no fields: text, tables, pictures."""

    title: str
    source: str         # of the RFC
    at: int
    end: int
    values: tuple[Value, ...] = ()

    @property
    def size(self) -> int:
        return self.end - self.at


class _Taker:
    """Takes one block after the other off the front of a packet."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.blocks = data, 0, list[Block]()

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def fields(self, layout: tuple[Field, ...], title: str, source: str) -> dict[str, int]:
        """The values by their names; {} if there is not enough left for all of them."""
        size = sum(field.bits for field in layout) // 8
        if self.left < size:
            self.plain(self.left, f"{title}, cut off", source)
            return {}
        number, total, bit, values = int.from_bytes(self.data[self.at:self.at + size], "big"), 8 * size, 0, []
        for field in layout:
            value = number >> (total - bit - field.bits) & ((1 << field.bits) - 1)
            values.append(Value(field, bit, value, self.at + bit // 8, self.at + (bit + field.bits + 7) // 8))
            bit += field.bits
        self.blocks.append(Block(title, source, self.at, self.at + size, tuple(values)))
        self.at += size
        return {one.field.name: one.value for one in values}

    def plain(self, size: int, title: str, source: str = "") -> None:
        size = max(0, min(size, self.left))
        if size:
            self.blocks.append(Block(title, source, self.at, self.at + size))
            self.at += size


def rtp(data: bytes, jpeg: bool = True) -> list[Block]:
    """An RTP packet (RFC 3550 §5.1); `jpeg`: with RFC 2435 inside, or a whole JPEG file as in the classic lab."""
    taker = _Taker(data)
    head = taker.fields(layouts.RTP_HEADER, "RTP header", layouts.RTP)
    if not head:
        return taker.blocks
    if head["V"] == 2:          # else, as in the classic lab, nothing but the fixed header is believed
        for _ in range(head["CC"]):
            taker.fields(layouts.CSRC, "RTP contributing source", layouts.RTP)
        if head["X"]:
            extension = taker.fields(layouts.EXTENSION, "RTP header extension", "RFC 3550 §5.3.1")
            taker.plain(4 * extension.get("length", 0), "Extension data", "RFC 3550 §5.3.1")
    padding = data[-1] if head["V"] == 2 and head["P"] else 0
    end = len(data) - padding if padding <= taker.left else len(data)
    if not jpeg:
        taker.plain(end - taker.at, "Payload")
    elif data.startswith(b"\xff\xd8", taker.at):
        taker.plain(end - taker.at, "A whole JPEG file")
    elif end > taker.at:
        _jpeg(taker, end)
    taker.plain(taker.left, "Padding", layouts.RTP)
    return taker.blocks


def _jpeg(taker: _Taker, end: int) -> None:
    main = taker.fields(layouts.MAIN, "JPEG main header", layouts.JPEG)
    if main and 64 <= main["Type"] <= 127:
        taker.fields(layouts.RESTART, "JPEG restart marker header", "RFC 2435 §3.1.7")
    if main and main["Q"] >= 128 and main["Fragment Offset"] == 0:
        tables = taker.fields(layouts.QUANTIZATION, "JPEG quantization table header", "RFC 2435 §3.1.8")
        taker.plain(min(tables.get("Length", 0), end - taker.at), "Quantization tables", "RFC 2435 §3.1.8")
    taker.plain(end - taker.at, "Part of the picture", "RFC 2435 §3.1.9")


def rtcp(data: bytes) -> list[Block]:
    """A compound packet (RFC 3550 §6.1): the blocks of all its packets."""
    taker = _Taker(data)
    while taker.left >= 4:
        kind, count = taker.data[taker.at + 1], taker.data[taker.at] & 31
        end = min(taker.at + 4 + 4 * int.from_bytes(taker.data[taker.at + 2:taker.at + 4], "big"), len(data))
        layout, title, source = _PACKETS.get(kind, (layouts.OTHER_HEADER, f"RTCP type {kind}", "RFC 3550 §6.7"))
        inner = _Taker(data[:end])
        inner.at = taker.at
        inner.fields(layout, title, source)
        if kind in _PACKETS:
            _BODIES[kind](inner, count)
        inner.plain(inner.left, "Padding or data")
        taker.blocks += inner.blocks
        taker.at = end
    taker.plain(taker.left, "Not RTCP")
    return taker.blocks


def _sender(taker: _Taker, count: int) -> None:
    if taker.fields(layouts.SENDER_INFO, "Sender info", layouts.SR):
        _report_blocks(taker, count)


def _receiver(taker: _Taker, count: int) -> None:
    if taker.fields((layouts.SSRC,), "Receiver", layouts.RR):
        _report_blocks(taker, count)


def _report_blocks(taker: _Taker, count: int) -> None:
    for number in range(count):
        if not taker.fields(layouts.REPORT_BLOCK, f"Report block {number + 1}", layouts.SR):
            return


def _description(taker: _Taker, count: int) -> None:
    for _ in range(count):
        begin = taker.at
        if not taker.fields(layouts.CHUNK, "Chunk", layouts.SDES):
            return
        while taker.left and taker.data[taker.at]:
            item = taker.fields(layouts.ITEM, "Item", layouts.SDES)
            if not item:
                return
            taker.plain(item["length"], _quoted(taker, item["length"]), layouts.SDES)
        taker.plain(4 - (taker.at - begin) % 4, "End of the chunk", layouts.SDES)


def _goodbye(taker: _Taker, count: int) -> None:
    for _ in range(count):
        if not taker.fields(layouts.LEAVING, "Source", layouts.BYE):
            return
    if taker.left:
        size = taker.fields(layouts.REASON, "Reason", layouts.BYE)["length"]
        taker.plain(size, _quoted(taker, size), layouts.BYE)


def _quoted(taker: _Taker, size: int) -> str:
    return "“" + taker.data[taker.at:taker.at + size].decode("utf-8", "replace") + "”"


_PACKETS = {
    200: (layouts.REPORTS_HEADER, "Sender report (SR)", layouts.SR),
    201: (layouts.REPORTS_HEADER, "Receiver report (RR)", layouts.RR),
    202: (layouts.SOURCES_HEADER, "Source description (SDES)", layouts.SDES),
    203: (layouts.SOURCES_HEADER, "Goodbye (BYE)", layouts.BYE),
}
_BODIES = {200: _sender, 201: _receiver, 202: _description, 203: _goodbye}
