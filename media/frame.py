"""One frame as RTP packets, ready to be sent to any viewer: only the viewer's own numbers have to be written in.

All packets but the last are of one size, so the numbers stand at equal distances, and a frame's timestamps, for
instance, are every 353rd word of 32 bits. Python writes them all with one assignment to a slice with a step. Others cut
their frames into packets of any size: theirs are written byte by byte, in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

HEADER_SIZE = 12  # bytes of an RTP header without CSRCs (RFC 3550 §5.1)
WORD = 4  # bytes; our own packets begin at multiples of it
MOST = 4096  # packets of a frame

# All sequence numbers in their order, as they stand in packets: a slice of this is there at once
SEQUENCES = memoryview(b"".join((n & 0xFFFF).to_bytes(2, "big") for n in range(65536 + MOST))).cast("H")


class PreparedFrame:
    """`buffer`: the packets end to end, `stride` bytes from one to the next, `size` bytes in all (the last packet may
    be shorter than the others), `octets` of them payload. `count` 0: the frame is damaged, nothing is sent. `used`:
    somebody has asked for it since the cache looked last; who had it made ready, to begin with."""

    __slots__ = (
        *("buffer", "packets", "stride", "size", "count", "octets", "prefix", "used"),
        *("_sequences", "_timestamps", "_ssrcs", "_bytes"),
    )

    def __init__(self, packets: Sequence[bytes] = (), prefix: int = 0) -> None:
        """`prefix`: bytes of each packet that stand before its RTP header. ValueError if the packets are of sizes that
        cannot stand at equal distances, or too many."""
        sizes = {len(packet) for packet in packets[:-1]}
        last = len(packets[-1]) if packets else 0
        self.count, self.prefix, self.used = len(packets), prefix, True
        self.stride = max(sizes) if sizes else -(-last // WORD) * WORD
        if len(sizes) > 1 or last > self.stride or self.count > MOST:
            seen = sorted({*sizes, last})
            raise ValueError(f"{self.count} packets: too many, or of unequal sizes ({seen} bytes)")
        odd = bool(self.stride % WORD)
        self.size = max(self.count - 1, 0) * self.stride + last
        self.buffer = bytearray().join([*packets, bytes(self.count * self.stride - self.size)])
        self.packets = memoryview(self.buffer)[: self.size]
        self.octets = self.size - (prefix + HEADER_SIZE) * self.count
        self._bytes = [memoryview(self.buffer)[prefix + at :: self.stride] for at in range(2, 12)] if odd else []
        if odd:
            return
        shorts, words = memoryview(self.buffer).cast("H"), memoryview(self.buffer).cast("I")
        # RFC 3550 §5.1: bytes 2 and 3, 4 to 7, 8 to 11 of each packet
        self._sequences = shorts[(prefix + 2) // 2 :: max(1, self.stride // 2)]
        self._timestamps = words[(prefix + 4) // WORD :: max(1, self.stride // WORD)]
        self._ssrcs = words[(prefix + 8) // WORD :: max(1, self.stride // WORD)]

    def number(self, sequence: int, timestamp: int, ssrc: bytes) -> None:
        """Write a viewer's numbers into all packets; `ssrc`: 4 bytes. 0.6 µs for 8 packets and 1.1 µs for 53; packet by
        packet, struct.pack_into takes 0.8 µs and 4.3 µs."""
        sequences = SEQUENCES[sequence : sequence + self.count]
        if self._bytes:
            self._number_bytes(sequences.tobytes(), timestamp.to_bytes(4, "big") + ssrc)
            return
        self._sequences[:] = sequences
        self._timestamps[:] = memoryview(timestamp.to_bytes(4, "big") * self.count).cast("I")
        self._ssrcs[:] = memoryview(ssrc * self.count).cast("I")

    def _number_bytes(self, sequences: bytes, alike: bytes) -> None:
        """The same where packets do not begin at words; `alike`: the 8 bytes that are the same in all of them."""
        high, low, *others = self._bytes
        high[:], low[:] = sequences[::2], sequences[1::2]
        for column, byte in zip(others, alike, strict=True):
            column[:] = bytes((byte,)) * self.count
