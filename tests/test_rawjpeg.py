"""JPEG files in packets as servers of the classic lab send them."""

import pytest

from rtp.jpegimage import MAX_SCAN
from rtp.rawjpeg import RawJpeg
from tests.movies import jpeg

FILE, OTHER = jpeg(1), jpeg(2)
SIZE = 1400
THUMBNAIL = b"\xff\xd8\xff\xd9"


def cut(data, size=SIZE):
    return [data[start : start + size] for start in range(0, len(data), size)]


def push(raw, *pieces):
    """What comes out of (sequence, payload) pieces, as a receiver hands them over."""
    frames = [
        raw.push(sequence, payload)
        for sequence, payload in pieces
        if raw.takes(payload) and not raw.repeated(sequence, payload)
    ]
    return [frame for frame in frames if frame is not None]


def numbered(data, first, step, wrap=65536):
    return [((first + step * n) % wrap, piece) for n, piece in enumerate(cut(data))]


def test_a_whole_file_in_a_packet_comes_out_as_it_is():
    assert push(RawJpeg(), (1, FILE), (2, OTHER)) == [FILE, OTHER]


@pytest.mark.parametrize(("step", "first", "wrap"), [(0, 7, 65536), (1, 7, 65536), (1, 65533, 65536), (1, 253, 256)])
def test_pieces_become_a_file(step, first, wrap):
    """One number for all of them, or a number each, also where it wraps around after two bytes or after one."""
    raw = RawJpeg()
    pieces = numbered(FILE, first, step, wrap)
    following = (pieces[-1][0] + 1) % wrap
    assert push(raw, *pieces, *numbered(OTHER, following, step, wrap)) == [FILE, OTHER]
    assert raw.damaged == 0


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_a_file_may_be_cut_anywhere(size):
    """In the middle of a marker or of a length, too."""
    pieces = [(n, piece) for n, piece in enumerate(cut(FILE, size))]
    raw = RawJpeg()
    if size == 1:
        pieces[:2] = [(1, FILE[:2])]  # its first two bytes are what tells a file
    assert push(raw, *pieces) == [FILE]


def test_a_missing_piece_costs_its_frame_alone():
    """Told by the numbers; the rest of the frame is passed over, and counted once."""
    pieces = numbered(FILE, 100, 1)
    after = pieces[-1][0] + 1
    for lost in range(len(pieces)):
        raw = RawJpeg()
        found = push(raw, (99, OTHER), *pieces[:lost], *pieces[lost + 1 :], (after, OTHER))
        assert found == [OTHER, OTHER]
        assert raw.damaged == 1 and "did not come" in raw.reason


def test_missing_ends_are_noticed_even_when_all_pieces_have_one_number():
    """A first or last piece; one in between cannot be missed, and the decoder makes of it what it can."""
    pieces = numbered(FILE, 7, 0)
    raw = RawJpeg()
    assert push(raw, (6, OTHER), *pieces[1:], (8, OTHER), *numbered(FILE, 9, 0)[:-1], (10, OTHER)) == [OTHER] * 3
    assert raw.damaged == 2


def test_what_the_network_doubles_counts_once():
    """A whole file, or a piece of a frame whose pieces have a number each."""
    raw = RawJpeg()
    twice = [packet for packet in numbered(FILE, 10, 1) for _ in range(2)]
    assert push(raw, (1, FILE), (1, FILE), *twice, (30, OTHER), (30, OTHER)) == [FILE, FILE, OTHER]
    assert raw.damaged == 0
    assert RawJpeg().repeated(0, FILE) is False


def test_equal_pieces_with_one_number_are_no_doubles():
    """A picture of one colour repeats itself."""
    plain = FILE[: FILE.index(b"\xff\xda") + 14] + bytes(4 * SIZE) + b"\xff\xd9"
    assert push(RawJpeg(), *numbered(plain, 7, 0)) == [plain]


def test_the_end_of_a_thumbnail_is_not_the_end():
    """EXIF has a whole JPEG among the headers."""
    body = THUMBNAIL + bytes(1000)
    exif = FILE[:2] + b"\xff\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + FILE[2:]
    assert push(RawJpeg(), *numbered(exif, 0, 1)) == [exif]


def test_bytes_behind_the_end_do_no_harm():
    padded = FILE + b"\r\n" + bytes(200)
    assert push(RawJpeg(), (1, padded), (2, OTHER)) == [padded, OTHER]


def test_empty_packets_are_nothing():
    """Between frames and within one, with a number of their own or without."""
    pieces = numbered(FILE, 1, 1)
    raw = RawJpeg()
    assert push(raw, (0, b""), *pieces, (pieces[-1][0], b""), (40, OTHER), (40, b"")) == [FILE, OTHER]
    assert raw.damaged == 0


def test_a_file_without_end_does_not_grow_for_ever():
    raw = RawJpeg()
    push(raw, (0, FILE[:-2]), *((0, bytes(60000)) for _ in range(MAX_SCAN // 60000 + 3)))
    assert raw.damaged == 1 and raw.reason.startswith("a frame of more than") and len(raw._file) == 0


def test_what_only_looks_like_a_jpeg_is_given_up():
    """Nothing raises, whatever the lengths in it say."""
    raw = RawJpeg()
    junk = [b"\xff\xd8" + bytes(100), b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\xff\xff"]
    assert push(raw, *enumerate(junk), (3, FILE)) == [FILE]
    assert raw.damaged == 3 and "or the JPEG has no end" in raw.reason


def test_other_payloads_are_not_taken():
    """Until a file has come; then everything is."""
    raw = RawJpeg()
    assert not raw.takes(b"\x00\x00\x00\x00\x01\xff") and not raw.takes(b"")
    push(raw, (1, FILE))
    assert raw.takes(b"\x00\x00\x00\x00\x01\xff")
