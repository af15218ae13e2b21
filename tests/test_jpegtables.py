"""The tables of RFC 2435 Appendix A and B, against the RFC's arithmetic, libjpeg and the files of other programs."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from rtp.jpegimage import JpegImage
from rtp.jpegtables import CHROMINANCE, HUFFMAN, LUMINANCE, ZIGZAG, quantization_tables
from tests.vectors import jpegs

# RFC 2435 Appendix A, MakeTables, by hand: the first row of both tables, and the last value of each.
APPENDIX_A = [
    (1, [255] * 8, [255] * 8, 255, 255),  # × 50
    (10, [80, 55, 50, 80, 120, 200, 255, 255], [85, 90, 120, 235, 255, 255, 255, 255], 255, 255),  # × 5
    (50, [16, 11, 10, 16, 24, 40, 51, 61], [17, 18, 24, 47, 99, 99, 99, 99], 99, 99),  # × 1
    (75, [8, 6, 5, 8, 12, 20, 26, 31], [9, 9, 12, 24, 50, 50, 50, 50], 50, 50),  # × 0.5, rounded
    (99, [1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 2, 2, 2, 2], 2, 2),  # × 0.02, at least 1
]


def row_by_row(table):
    natural = [0] * 64
    for value, place in zip(table, ZIGZAG, strict=True):
        natural[place] = value
    return natural


@pytest.mark.parametrize(("q", "luma", "chroma", "luma_end", "chroma_end"), APPENDIX_A)
def test_quantizers_are_those_of_appendix_a(q, luma, chroma, luma_end, chroma_end):
    """First row and last value, computed by hand."""
    tables = quantization_tables(q)
    first, second = row_by_row(tables[:64]), row_by_row(tables[64:])
    assert (first[:8], second[:8], first[63], second[63]) == (luma, chroma, luma_end, chroma_end)


def test_q_50_is_the_standard_s_own_table():
    """Scale 100 %: K.1 and K.2 in zig-zag order."""
    assert row_by_row(quantization_tables(50)[:64]) == list(LUMINANCE)
    assert row_by_row(quantization_tables(50)[64:]) == list(CHROMINANCE)


def test_every_q_is_libjpeg_s_quality():
    """RFC 2435 §4.2 takes the Independent JPEG Group's formula; Pillow writes files with their library."""
    picture = Image.new("RGB", (16, 16), "teal")
    for q in range(1, 100):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=q, subsampling=2)
        # Below about 25 a value over 255 would need 16 bits; baseline files, and the RFC, saturate.
        assert JpegImage.parse(file.getvalue()).tables == quantization_tables(q), q


@pytest.mark.parametrize("q", [-1, 0, 100, 127, 128, 255])
def test_other_q_stand_for_no_table(q):
    """0 and 100 to 127 are reserved, 128 to 255 bring their tables along."""
    with pytest.raises(ValueError, match=f"Q {q} "):
        quantization_tables(q)


def test_the_zig_zag_order():
    """The first diagonals and the last places, from figure A.6; every place once."""
    assert ZIGZAG[:15] == (0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4)
    assert ZIGZAG[-4:] == (47, 55, 62, 63)
    assert sorted(ZIGZAG) == list(range(64))


@pytest.mark.parametrize("name", ["420", "422", "one-table"])
def test_huffman_tables_are_the_ones_others_write(name):
    """libjpeg's and ffmpeg's files hold these very bytes, class and id before them."""
    for jpeg in jpegs(name):
        for which, table in HUFFMAN.items():
            assert bytes((which,)) + table in jpeg


def test_huffman_tables_have_as_many_symbols_as_they_count():
    """12 DC symbols, 162 AC symbols, none twice."""
    for which, table in HUFFMAN.items():
        symbols = table[16:]
        assert sum(table[:16]) == len(symbols) == len(set(symbols)) == (162 if which & 0x10 else 12)
