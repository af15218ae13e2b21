"""JpegImage: what a JPEG file holds, which files RFC 2435 can carry, and why others cannot travel."""

from __future__ import annotations

import io
import random
import re
import struct

import pytest
from PIL import Image

from rtp.jpegimage import DHT, DQT, DRI, END, SOF0, SOS, START, JpegError, JpegImage
from rtp.jpegtables import HUFFMAN
from tests.vectors import jpegs

STANDARD = jpegs("420")[0]


def cut(jpeg):
    """A JPEG as [(marker, content), …] and the scan with all that follows: simpler than the parser under test."""
    segments, at = [], 2
    while True:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        segments.append((marker, jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == SOS:
            return segments, jpeg[at:]


def glue(segments, scan):
    head = b"".join(struct.pack("!BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    return START + head + scan


def changed(change, jpeg=STANDARD):
    """The file with each segment replaced: change(marker, content) gives a list of segments."""
    segments, scan = cut(jpeg)
    return glue([new for marker, body in segments for new in change(marker, body)], scan)


def patched(marker, at, value, jpeg=STANDARD):
    """The file with bytes changed in the segments of one marker."""
    return changed(lambda m, b: [(m, b[:at] + value + b[at + len(value) :] if m == marker else b)], jpeg)


def without(*markers):
    return changed(lambda marker, body: [] if marker in markers else [(marker, body)])


def with_more(*segments):
    """The file with segments added after its own, before the scan."""
    own, scan = cut(STANDARD)
    return glue([*own[:-1], *segments, own[-1]], scan)


def saved(mode="RGB", size=(48, 32), **options):
    rand = random.Random(1)
    image = Image.frombytes("RGB", size, rand.randbytes(3 * size[0] * size[1])).convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def pixels(jpeg):
    return Image.open(io.BytesIO(jpeg)).tobytes()


@pytest.mark.parametrize(
    ("name", "kind", "restart_interval"),
    [("420", 1, 0), ("422", 0, 0), ("420-restarts", 1, 4), ("422-restarts", 0, 3), ("one-table", 1, 0)],
)
def test_files_of_other_programs(name, kind, restart_interval):
    """By libjpeg and ffmpeg: the fields, and a file put together again that shows the same pixels."""
    for jpeg in jpegs(name):
        image = JpegImage.parse(jpeg)
        assert (image.type, image.width, image.height) == (kind, 96, 64)
        assert image.restart_interval == restart_interval
        assert jpeg.endswith(image.scan + END)
        assert pixels(bytes(image)) == pixels(jpeg)
        assert JpegImage.parse(bytes(image)) == image


def test_the_written_file_byte_for_byte():
    """Headers of RFC 2435 Appendix B, with the component ids 1, 2, 3 of §4.1; by hand."""
    tables = bytes(range(1, 129))
    image = JpegImage(type=0, width=640, height=8, tables=tables, restart_interval=0x0102, scan=b"\x12\xff\x00")
    huffman = b"".join(bytes((which,)) + table for which, table in HUFFMAN.items())
    assert bytes(image) == b"".join((
        bytes.fromhex("ffd8 ffdb 0084 00"), tables[:64], bytes.fromhex("01"), tables[64:],
        bytes.fromhex("ffdd 0004 0102"),
        bytes.fromhex("ffc0 0011 08 0008 0280 03 01 21 00 02 11 01 03 11 01"),
        bytes.fromhex("ffc4 01a2"), huffman,
        bytes.fromhex("ffda 000c 03 01 00 02 11 03 11 00 3f 00  12 ff 00  ffd9"),
    ))  # fmt: skip
    without_restarts = bytes(JpegImage(1, 640, 8, tables, 0, b"\x12"))
    assert b"\xff\xdd" not in without_restarts
    assert bytes.fromhex("03 01 22 00 02 11 01 03 11 01") in without_restarts


def merged_segments(jpeg=STANDARD):
    """All DQT tables in one segment, all DHT tables in one, both after SOF0."""
    segments, scan = cut(jpeg)
    one = {kind: b"".join(body for marker, body in segments if marker == kind) for kind in (DQT, DHT)}
    others = [(marker, body) for marker, body in segments if marker not in (DQT, DHT)]
    return glue([*others[:-1], (DHT, one[DHT]), (DQT, one[DQT]), others[-1]], scan)


def reordered(jpeg=STANDARD):
    """Segments in the order of their markers: SOF0, DHT, DQT, the others, SOS."""
    segments, scan = cut(jpeg)
    return glue([*sorted(segments[:-1]), segments[-1]], scan)


def swapped_huffman_ids():
    """Luminance uses the Huffman tables with id 1 and chrominance those with id 0, with the standard contents."""
    swap = {0x00: 0x01, 0x01: 0x00, 0x10: 0x11, 0x11: 0x10}

    def change(marker, body):
        if marker == DHT:
            return [(DHT, bytes((swap[body[0]],)) + body[1:])]
        if marker == SOS:
            return [(SOS, bytes((3, body[1], 0x11, body[3], 0x00, body[5], 0x00)) + body[7:])]
        return [(marker, body)]

    return changed(change)


def other_component_ids(ids):
    def change(marker, body):
        body = bytearray(body)
        if marker == SOF0:
            body[6::3] = ids
        if marker == SOS:
            body[1:7:2] = ids
        return [(marker, bytes(body))]

    return changed(change)


SAME = [
    ("no Huffman tables, as MJPEG in AVI", without(DHT)),
    ("no JFIF segment", without(0xE0)),
    ("tables in one segment each, after the frame header", merged_segments()),
    ("Huffman tables before the quantizers", reordered()),
    ("a Huffman table that nobody uses", with_more((DHT, b"\x02" + bytes(15) + b"\x01\x07"))),
    ("Huffman ids swapped, contents standard", swapped_huffman_ids()),
    ("component ids 0, 1, 2", other_component_ids(b"\x00\x01\x02")),
    ("component ids R, G, B", other_component_ids(b"RGB")),
    ("comments and application segments", with_more((0xFE, b"hello"), (0xE1, START + END), (0xEF, b""))),
    ("fill bytes before a marker", STANDARD.replace(b"\xff\xdb", b"\xff\xff\xff\xdb")),
    ("fill bytes before EOI", STANDARD[:-2] + b"\xff\xff\xd9"),
    ("bytes after EOI", STANDARD + b"\x00\xff\xda junk"),
    ("a quantizer defined twice, the later one holds", changed(
        lambda marker, body: [(DQT, body[:1] + bytes(64)), (DQT, body)] if marker == DQT else [(marker, body)]
    )),
    ("DRI switched on and off", with_more((DRI, b"\0\5"), (DRI, b"\0\0"))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "jpeg"), SAME, ids=[row[0] for row in SAME])
def test_the_order_and_the_decoration_do_not_matter(name, jpeg):
    """Each of these says the same as the standard file."""
    assert JpegImage.parse(jpeg) == JpegImage.parse(STANDARD)


def chroma_quantizers_apart():
    """Cr gets a quantizer of its own, id 2."""

    def change(marker, body):
        if marker == SOF0:
            return [(DQT, b"\x02" + bytes(64)), (SOF0, body[:-1] + b"\x02")]
        return [(marker, body)]

    return changed(change)


def optimised_only(which):
    """One of the four Huffman tables differs from the standard by a symbol."""
    table = bytearray(HUFFMAN[which])
    table[-1] ^= 1
    return with_more((DHT, bytes((which,)) + table))


SCAN = cut(STANDARD)[1]
HEADERS_END = len(STANDARD) - len(SCAN)
REFUSED = [
    ("nothing", b"", "does not begin with FF D8"),
    ("a PNG", b"\x89PNG\r\n", "does not begin with FF D8"),
    ("SOI alone", START, "cut off before its picture data"),
    ("progressive", saved(progressive=True, subsampling=2), "a progressive JPEG"),
    ("extended sequential", STANDARD.replace(b"\xff\xc0", b"\xff\xc1"), "an? extended sequential JPEG"),
    ("lossless", STANDARD.replace(b"\xff\xc0", b"\xff\xc3"), "a lossless JPEG"),
    ("arithmetic", STANDARD.replace(b"\xff\xc0", b"\xff\xc9"), "an? arithmetic-coded JPEG"),
    ("4:4:4", saved(subsampling=0), "sampled 4:4:4"),
    ("4:4:0", patched(SOF0, 7, b"\x12"), "sampled 4:4:0"),
    ("4:1:1", patched(SOF0, 7, b"\x41"), "sampled 4:1:1"),
    ("4:2:2 of ffmpeg's encoder", patched(SOF0, 6, bytes.fromhex("01 22 00 02 12 01 03 12 01")), "sampled 221212"),
    ("grey", saved("L"), "1 colour component"),
    ("CMYK", saved("CMYK"), "4 colour component"),
    ("12 bits", patched(SOF0, 0, b"\x0c"), "12 bits a sample"),
    ("Huffman tables made to measure", saved(subsampling=2, optimize=True), "Huffman tables that are not the standard"),
    ("another DC table for Y", optimised_only(0x00), "Huffman tables that are not"),
    ("another AC table for Y", optimised_only(0x10), "Huffman tables that are not"),
    ("another DC table for chroma", optimised_only(0x01), "Huffman tables that are not"),
    ("another AC table for chroma", optimised_only(0x11), "Huffman tables that are not"),
    ("Y with the tables of chroma", patched(SOS, 2, b"\x11"), "Huffman tables that are not"),
    ("Cr with the tables of Y", patched(SOS, 6, b"\x00"), "Huffman tables that are not"),
    ("a Huffman table nobody sent", patched(SOS, 2, b"\x20"), "Huffman tables that are not"),
    ("2048 wide", patched(SOF0, 3, struct.pack("!H", 2048)), "2048x64 pixels; .* up to 2040"),
    ("2048 high", patched(SOF0, 1, struct.pack("!H", 2048)), "96x2048 pixels"),
    ("100 wide", patched(SOF0, 3, struct.pack("!H", 100)), "100x64 pixels; RFC 2435 carries multiples of 8"),
    ("60 high", patched(SOF0, 1, struct.pack("!H", 60)), "96x60 pixels"),
    ("no width", patched(SOF0, 3, b"\0\0"), "0x64 pixels"),
    ("height to come later (DNL)", patched(SOF0, 1, b"\0\0"), "96x0 pixels"),
    ("16-bit quantizers", patched(DQT, 0, b"\x10"), "16-bit quantization tables"),
    ("one chroma quantizer each", chroma_quantizers_apart(), "different quantization tables for Cb and Cr"),
    ("no quantizers", without(DQT), "quantization table 0 is missing"),
    ("no frame header", without(SOF0), "no frame header"),
    ("several scans", patched(SOS, 0, b"\x01"), "more than one scan"),
    ("empty scan header", changed(lambda m, b: [(m, b"" if m == SOS else b)]), "more than one scan"),
    ("a second scan", STANDARD[:-2] + STANDARD[HEADERS_END - 14 :], "goes on after its first scan"),
    ("a table after the scan", STANDARD[:-2] + b"\xff\xc4\x00\x02" + END, "goes on after its first scan"),
    ("components in another order", patched(SOS, 1, b"\x02\x00\x01"), "scan header"),
    ("not all coefficients", patched(SOS, 8, b"\x05"), "scan header"),
    ("long scan header", changed(lambda m, b: [(m, b + b"\0" if m == SOS else b)]), "scan header"),
    ("restart markers without DRI", STANDARD[:-2] + b"\xff\xd0" + END, "restart markers, but no restart interval"),
    ("empty scan", STANDARD[:HEADERS_END] + END, "0 bytes of picture data"),
    ("no EOI", STANDARD[:-2], "does not end with EOI"),
    ("half an EOI", STANDARD[:-1], "does not end with EOI"),
    ("cut within the scan", STANDARD[:-500], "does not end with EOI"),
    ("cut within a segment", STANDARD[: HEADERS_END - 100], "cut off at byte .*, within its headers"),
    ("cut within a marker", START + b"\xff", "cut off at byte 3"),
    ("cut within a length", START + b"\xff\xdb\x00", "cut off at byte 5"),
    ("a length of 0", START + b"\xff\xe0\x00\x00" + b"\x00" + STANDARD[2:], "no marker where one should be, at byte 6"),
    ("no marker", START + b"\x00" + STANDARD[2:], "no marker where one should be, at byte 2"),
    ("short quantizer", changed(lambda m, b: [(m, b[:-1] if m == DQT else b)]), "quantization table .DQT. is cut off"),
    ("short Huffman table", changed(lambda m, b: [(m, b[:-1] if m == DHT else b)]), "Huffman table .DHT. is cut off"),
    ("shorter Huffman table", changed(lambda m, b: [(m, b[:9] if m == DHT else b)]), "Huffman table .DHT. is cut off"),
    ("short frame header", changed(lambda m, b: [(m, b[:-1] if m == SOF0 else b)]), "frame header .* wrong length"),
    ("empty frame header", changed(lambda m, b: [(m, b"" if m == SOF0 else b)]), "frame header .* wrong length"),
    ("short DRI", with_more((DRI, b"\x01")), "restart interval .DRI. has a wrong length"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "jpeg", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_travel_is_refused_with_the_reason(name, jpeg, why):
    """JpegError is a ValueError, and its text says which property is in the way."""
    with pytest.raises(JpegError, match=why):
        JpegImage.parse(jpeg)


@pytest.mark.parametrize("marker", [n for n in range(0xC1, 0xD0) if n not in (0xC4, 0xC8, 0xCC)])
def test_every_process_but_baseline_is_refused(marker):
    """C4, C8 and CC are no frame headers: tables, and a number kept free."""
    with pytest.raises(JpegError, match="RFC 2435 carries baseline only"):
        JpegImage.parse(STANDARD.replace(b"\xff\xc0", bytes((0xFF, marker))))


@pytest.mark.parametrize("marker", [0x01, *range(0xD0, 0xDA)])
def test_markers_that_stand_alone_are_refused_among_the_headers(marker):
    """They have no length, so what follows would be taken for one."""
    with pytest.raises(JpegError, match=f"marker FF {marker:02X} among the headers, at byte 3"):
        JpegImage.parse(START + bytes((0xFF, marker)) + STANDARD[2:])


@pytest.mark.parametrize("side", [8, 2040])
def test_the_smallest_and_the_largest_side(side):
    """8 and 2040 pixels are inside the limits."""
    image = JpegImage.parse(saved(size=(side, 16), subsampling=2))
    assert (image.width, image.height) == (side, 16)
    assert JpegImage.parse(saved(size=(16, side), subsampling=1)).height == side


def test_a_scan_may_be_as_long_as_the_fragment_offset_reaches():
    """2²⁴ bytes pass, one more does not."""
    headers, limit = STANDARD[:HEADERS_END], 16_777_216
    assert len(JpegImage.parse(headers + bytes(limit) + END).scan) == limit
    with pytest.raises(JpegError, match=f"{limit + 1} bytes of picture data"):
        JpegImage.parse(headers + bytes(limit + 1) + END)


def test_every_file_that_is_cut_short_is_refused():
    """At every byte of the file."""
    for end in range(len(STANDARD)):
        with pytest.raises(JpegError):
            JpegImage.parse(STANDARD[:end])


@pytest.mark.parametrize("name", ["420", "422-restarts"])
def test_damaged_files_give_an_image_or_a_jpegerror(name):
    """4000 mutations of the headers; an accepted file can be written and read again."""
    rand = random.Random(2435)
    jpeg, refused = jpegs(name)[0], 0
    for _ in range(4000):
        data = bytearray(jpeg)
        for _ in range(rand.randrange(1, 4)):
            at = rand.randrange(700)
            if rand.random() < 0.3:
                del data[at : at + rand.randrange(1, 80)]
            else:
                data[at] = rand.choice([0, 1, 0xFF, rand.randrange(256)])
        try:
            image = JpegImage.parse(bytes(data))
        except JpegError:
            refused += 1
        else:
            assert JpegImage.parse(bytes(image)) == image
    assert 1000 < refused < 3999


def test_random_bytes_are_no_jpeg():
    """Whatever follows SOI."""
    rand = random.Random(7)
    for _ in range(3000):
        with pytest.raises(JpegError):
            JpegImage.parse(START + bytes(rand.choices([0xFF, 0xC0, 0xC4, 0xDA, 0xDB, 0, 1, 2, 3, 17, 65], k=40)))


def test_the_vectors_hold_what_their_names_say():
    """The quantizers of the one-table files are the same for luminance and chrominance, of the others not."""
    for name in ("420", "422", "one-table"):
        tables = JpegImage.parse(jpegs(name)[0]).tables
        assert (tables[:64] == tables[64:]) == (name == "one-table")
    assert re.search(rb"\xff[\xd0-\xd7]", JpegImage.parse(jpegs("420-restarts")[0]).scan)
