"""The tables that RFC 2435 does not send, because both sides have them: Huffman codes, and quantizers for Q 1 to 99."""

from __future__ import annotations

from functools import cache


def _along_diagonals(place: int) -> tuple[int, int]:
    """Sort key: the diagonals of a block from first corner to last, even ones upwards and odd ones downwards."""
    row, column = divmod(place, 8)
    return row + column, row if (row + column) % 2 else column


# The order in which the 64 coefficients of a block are sent, low frequencies first: ZIGZAG[n] is the place
# (8 × row + column) of the n-th one.                                             JPEG (T.81) figure A.6
ZIGZAG = tuple(sorted(range(64), key=_along_diagonals))

# Quantizers at quality 50, row by row.                                          JPEG (T.81) tables K.1 and K.2
LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
)  # fmt: skip


@cache  # at most 99 tables, and a stream asks for the same one with every frame
def quantization_tables(q: int) -> bytes:
    """The luminance and the chrominance table for Q 1 … 99: 2 × 64 bytes, each in zig-zag order.

    RFC 2435 §4.2. ValueError for other Q. The RFC's Appendix A computes them row by row and leaves out that headers and
    DQT segments want them in zig-zag order.
    """
    if not 1 <= q <= 99:
        raise ValueError(f"Q {q} stands for no quantization tables: 1 to 99 do")
    scale = 5000 // q if q < 50 else 200 - 2 * q
    return bytes(
        min(max((table[place] * scale + 50) // 100, 1), 255) for table in (LUMINANCE, CHROMINANCE) for place in ZIGZAG
    )


# The Huffman tables of JPEG (T.81) §K.3: 16 counts (how many codes have 1, 2, … 16 bits), then the symbols, the ones
# with the shortest codes first. The key is written as in a DHT segment: class (0 = DC, 1 = AC), then id
# (0 = luminance, 1 = chrominance).                                              RFC 2435 Appendix B
HUFFMAN = {
    0x00: bytes.fromhex("00010501010101010100000000000000" "000102030405060708090a0b"),
    0x10: bytes.fromhex(
        "0002010303020403050504040000017d"
        "01020300041105122131410613516107227114328191a1082342b1c11552d1f024336272"
        "82090a161718191a25262728292a3435363738393a434445464748494a53545556575859"
        "5a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3"
        "a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2"
        "e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa"
    ),
    0x01: bytes.fromhex("00030101010101010101010000000000" "000102030405060708090a0b"),
    0x11: bytes.fromhex(
        "00020102040403040705040400010277"
        "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d1"
        "0a162434e125f11718191a262728292a35363738393a434445464748494a535455565758"
        "595a636465666768696a737475767778797a82838485868788898a92939495969798999a"
        "a2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9da"
        "e2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"
    ),
}
