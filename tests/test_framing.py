"""Where frames begin and end (media/framing.py)."""

from __future__ import annotations

import io

import pytest

from media.framing import FramingError, TruncatedError, dimensions, jpeg_end, lab_index, plain_index
from tests import movies


class Memory:
    """Bytes as a file to be indexed; counts what is read."""

    def __init__(self, data):
        self.data, self.size, self.taken = data, len(data), 0

    def read(self, offset, count):
        piece = self.data[offset : offset + count]
        self.taken += len(piece)
        return piece


def entries(index):
    return list(zip(index.offsets, index.lengths, strict=True))


def with_thumbnail(jpeg, thumbnail):
    """The JPEG with another one in an EXIF-like APP1 segment."""
    body = b"Exif\0\0" + thumbnail
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


KINDS = {
    "baseline": movies.jpeg(1),
    "progressive": movies.jpeg(1, progressive=True),
    "restart markers": movies.jpeg(1, restart_marker_blocks=2),
    "optimized": movies.jpeg(1, optimize=True),
    "thumbnail": with_thumbnail(movies.jpeg(1), movies.jpeg(2, quality=20)),
    "no APP0": movies.handout_jpeg(1),
    "fill bytes": movies.jpeg(1)[:-2] + b"\xff\xff\xff\xd9",
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_walk_ends_where_the_jpeg_does(kind):
    """Whatever follows."""
    jpeg = KINDS[kind]
    for tail in (b"", jpeg, b"12345", b"\xff", b"\xff\xd9"):
        assert jpeg_end(jpeg + tail) == len(jpeg)


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_is_told_as_truncated(kind):
    """So a reader knows that more bytes may help."""
    jpeg = KINDS[kind]
    places = [*range(2, 700), *range(700, len(jpeg), 97), len(jpeg) - 2, len(jpeg) - 1]
    for cut in places:
        with pytest.raises(TruncatedError):
            jpeg_end(jpeg[:cut])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "begin"),
        (b"GIF89a", "begin"),
        (b"\xff\xd8\xff\xd9", "no picture"),
        (b"\xff\xd8\xff\xe0\x00\x01", "length"),
        (b"\xff\xd8\xff\xd8\xff\xd9", "FF D8"),
        (b"\xff\xd8\xff\xda\x00\x02scan\xff\xd8", "FF D8"),
        (b"\xff\xd8\xff\xda\x00\x02scan\xff\x03", "FF 03"),
        (b"\xff\xd8junk", "marker"),
    ],
)
def test_what_is_no_jpeg_is_refused_with_a_reason(data, reason):
    """The reason ends up in the log line of a damaged frame."""
    with pytest.raises(FramingError, match=reason):
        jpeg_end(data)


def test_dimensions_are_those_of_the_picture_not_of_its_thumbnail():
    """The thumbnail comes first in the file."""
    jpeg = with_thumbnail(movies.jpeg(1, (640, 360)), movies.jpeg(2, (384, 96), quality=20))
    assert dimensions(jpeg) == (640, 360)


def test_dimensions_need_a_frame_header():
    """A JPEG without one cannot be shown."""
    with pytest.raises(FramingError, match="frame header"):
        dimensions(b"\xff\xd8\xff\xda\x00\x02scan\xff\xd9")


def test_the_lab_index_reads_lengths_only():
    """A large movie opens fast: about 24 bytes a frame are read."""
    file = Memory(movies.lengths([movies.jpeg(k) for k in range(5)]))
    assert len(entries(lab_index(file))) == 5
    assert file.taken <= 7 * 24


def test_both_indexes_find_every_frame():
    """At its offset, with its length."""
    jpegs = list(KINDS.values())
    lab, plain = Memory(movies.lengths(jpegs)), Memory(movies.concatenated(jpegs))
    for index, file in ((lab_index(lab), lab), (plain_index(plain), plain)):
        assert [file.data[at : at + length] for at, length in entries(index)] == jpegs
        assert index.cut is None


def test_a_frame_longer_than_a_piece_is_found():
    """The first guess of the plain index is 64 KiB."""
    jpegs = [movies.jpeg(k, (1600, 1200), quality=95) for k in (0, 1)]
    assert min(map(len, jpegs)) > 1 << 17
    index = plain_index(Memory(movies.concatenated([*jpegs, *jpegs])))
    assert list(index.lengths) == [len(jpeg) for jpeg in (*jpegs, *jpegs)]


def test_a_header_across_the_border_of_two_pieces_is_found():
    """The search reads pieces of 4096 bytes first: every position of the header relative to that."""
    jpeg = movies.jpeg(1)
    for junk in range(4096 - 16, 4096 + 4):
        index = lab_index(Memory(b"x" * junk + movies.lengths([jpeg])))
        assert entries(index) == [(0, 0), (junk + 5, len(jpeg))]


def test_filler_between_frames_is_no_frame():
    """A recorded HTTP stream: its part headers are short, and none of them is a lost picture."""
    jpegs = [movies.jpeg(k) for k in range(4)]
    part = b"\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 12345\r\n\r\n"
    index = plain_index(Memory(b"".join(part + jpeg for jpeg in jpegs)))
    assert list(index.lengths) == [len(jpeg) for jpeg in jpegs]


@pytest.mark.parametrize("index", [lab_index, plain_index])
def test_a_file_that_shrinks_while_it_is_indexed_ends_early(index):
    """No endless loop: reads give nothing, though the size says otherwise."""
    file = Memory(movies.lengths([movies.jpeg(1)]) if index is lab_index else movies.jpeg(1) + movies.jpeg(2)[:3000])
    file.size += 10_000_000
    assert [length for length in index(file).lengths if length] == [len(movies.jpeg(1))]


def test_a_damaged_segment_length_costs_one_frame():
    """It leads the walk past the starts of the next frames, or past the end of the file."""
    jpegs = [movies.jpeg(k, quality=30) for k in range(12)]
    bad = bytearray(jpegs[3])
    bad[4:6] = b"\xf0\x00"  # length of APP0: about ten frames
    for tail in (jpegs[4:], jpegs[4:6]):
        index = plain_index(Memory(movies.concatenated([*jpegs[:3], bytes(bad), *tail])))
        assert list(index.lengths) == [len(jpeg) for jpeg in jpegs[:3]] + [0] + [len(jpeg) for jpeg in tail]


def test_digits_alone_do_not_take_long():
    """Neither does a file of nothing but beginnings; both formats."""
    for data in (b"1" * 300_000, b"99999\xff\xd8" * 30_000, b"\xff\xd8\xff" * 60_000, b"\xff" * 300_000):
        for index in (lab_index, plain_index):
            file = io.BytesIO(data)
            assert not index(Memory(file.getvalue())).playable
