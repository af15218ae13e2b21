"""RFC 2435 both ways: payloads of ffmpeg and GStreamer are put together, ours are put together by GStreamer."""

from __future__ import annotations

import io
import random
import struct
import subprocess

import pytest
from PIL import Image

from rtp.jpeg import Depacketizer, JpegError, JpegImage, payloads
from rtp.jpegheaders import MainHeader, QuantizationHeader, RestartHeader
from rtp.jpegimage import END, MAX_SCAN, START
from rtp.jpegtables import quantization_tables
from RtpPacket import RtpPacket
from tests.tools import need
from tests.vectors import datagrams, jpegs

KINDS = ["420", "422", "420-restarts", "422-restarts", "one-table"]
JPEG = jpegs("420")[0]
IMAGE = JpegImage.parse(JPEG)


def pixels(jpeg):
    return Image.open(io.BytesIO(jpeg)).tobytes()


def push_all(depacketizer, made, timestamp=0):
    return [depacketizer.push(payload, marker, timestamp) for payload, marker in made]


def frames(depacketizer, made, timestamp=0):
    return [jpeg for jpeg in push_all(depacketizer, made, timestamp) if jpeg]


def with_q(made, q, tables=b""):
    """Our payloads (Q 255, types 0 and 1) turned into those of another Q; tables: quantization header and data."""
    first = made[0][0]
    rewritten = [(payload[:5] + bytes((q,)) + payload[6:], marker) for payload, marker in made]
    rewritten[0] = (rewritten[0][0][:8] + tables + first[8 + 4 + 128 :], made[0][1])
    return rewritten


def payload(offset=0, kind=1, q=50, width=96, height=64, rest=b"scan", specific=0):
    return struct.pack("!IBBBB", specific << 24 | offset, kind, q, width // 8, height // 8) + rest


# --- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [145, 200, 1000, 1400, 100000])
def test_every_payload_but_the_last_has_exactly_the_size_asked_for(name, size):
    """And only the last has the marker."""
    made = payloads(jpegs(name)[0], size)
    assert [len(data) for data, _ in made[:-1]] == [size] * (len(made) - 1)
    assert 0 < len(made[-1][0]) <= size
    assert [marker for _, marker in made] == [False] * (len(made) - 1) + [True]


def test_payloads_byte_for_byte():
    """By hand from RFC 2435 §3.1: a 2040 x 8 picture, type 0, 300 bytes of scan, in payloads of 200."""
    scan = bytes(range(100)) * 3
    jpeg = bytes(JpegImage(type=0, width=2040, height=8, tables=bytes(range(128)), restart_interval=0, scan=scan))
    wanted = [
        (bytes.fromhex("00000000 00ffff01  00000080") + bytes(range(128)) + scan[:60], False),
        (bytes.fromhex("0000003c 00ffff01") + scan[60:252], False),
        (bytes.fromhex("000000fc 00ffff01") + scan[252:], True),
    ]
    assert payloads(jpeg, 200) == wanted


def test_payloads_with_restart_markers_byte_for_byte():
    """Type 65, and in every payload the restart header: interval, F and L set, count 3FFF."""
    scan = bytes(range(100)) * 2 + b"\xff\xd0"
    jpeg = bytes(JpegImage(1, 16, 2040, bytes(range(128)), restart_interval=7, scan=scan))
    wanted = [
        (bytes.fromhex("00000000 41ff02ff  0007ffff  00000080") + bytes(range(128)) + scan[:56], False),
        (bytes.fromhex("00000038 41ff02ff  0007ffff") + scan[56:], True),
    ]
    assert payloads(jpeg, 200) == wanted


@pytest.mark.parametrize(("size", "count"), [(140 + 300, 1), (140 + 299, 2), (141, 4)])
def test_the_marker_falls_on_the_last_payload_also_when_it_is_exactly_full(size, count):
    """No empty payload after it."""
    jpeg = bytes(JpegImage(0, 16, 16, bytes(128), 0, b"\x55" * 300))
    made = payloads(jpeg, size)
    assert len(made) == count
    assert made[-1][1]
    assert sum(len(data) for data, _ in made) == 300 + 132 + 8 * count


def test_payloads_default_to_1400_bytes():
    """Fits an Ethernet frame with all headers, and a VPN around it."""
    big = bytes(JpegImage(1, 640, 480, bytes(128), 0, bytes(5000)))
    assert {len(data) for data, _ in payloads(big)[:-1]} == {1400}


@pytest.mark.parametrize(("name", "least"), [("420", 8 + 132 + 1), ("420-restarts", 8 + 4 + 132 + 1)])
def test_a_size_without_room_for_picture_data_is_refused(name, least):
    """The tables must fit into the first payload."""
    assert payloads(jpegs(name)[0], least)
    with pytest.raises(ValueError, match=f"payloads of {least - 1} bytes have no room"):
        payloads(jpegs(name)[0], least - 1)


def test_what_cannot_be_carried_is_refused():
    """The reasons are JpegImage's."""
    with pytest.raises(JpegError, match="does not begin with FF D8"):
        payloads(b"GIF89a")


# --- receiving what others sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "source"),
    [
        ("ffmpeg-420", "420"),
        ("ffmpeg-422", "422"),
        ("ffmpeg-one-table", "one-table"),  # the quantization header has one table, for luminance and chrominance alike
        ("gstreamer-420", "420"),
        ("gstreamer-422", "422"),
        ("gstreamer-420-restarts", "420-restarts"),
        ("gstreamer-422-restarts", "422-restarts"),
    ],
)
def test_frames_of_other_senders_have_the_pixels_of_their_source(stream, source):
    """Captured packets in, the two pictures out."""
    depacketizer, got = Depacketizer(), []
    for data in datagrams(f"{stream}.rtp"):
        packet = RtpPacket()
        packet.decode(data)
        got.append(depacketizer.push(packet.getPayload(), bool(packet.marker()), packet.timestamp()))
    pictures = [jpeg for jpeg in got if jpeg]
    assert [pixels(jpeg) for jpeg in pictures] == [pixels(jpeg) for jpeg in jpegs(source)]
    assert [JpegImage.parse(jpeg) for jpeg in pictures] == [JpegImage.parse(jpeg) for jpeg in jpegs(source)]
    assert (depacketizer.damaged, depacketizer.reason) == (0, "")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [145, 300, 1400])
def test_our_own_payloads_come_together_again(name, size):
    """Types 0, 1, 64 and 65; None until the last payload."""
    depacketizer = Depacketizer()
    for timestamp, jpeg in enumerate(jpegs(name)):
        made = payloads(jpeg, size)
        *before, last = push_all(depacketizer, made, timestamp)
        assert before == [None] * (len(made) - 1)
        assert JpegImage.parse(last) == JpegImage.parse(jpeg)
    assert depacketizer.damaged == 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", KINDS)
def test_gstreamer_puts_our_payloads_together(name, tmp_path):
    """rtpjpegdepay's files have the pixels of ours, for all four types."""
    gst = need("gst-launch-1.0")
    sequence, stream = 65534, b""
    for number, jpeg in enumerate(jpegs(name)):
        for data, marker in payloads(jpeg, 300):
            packet = RtpPacket()
            packet.encode(2, 0, 0, 0, sequence, int(marker), 26, 1, data, timestamp=3600 * number)
            stream += struct.pack("!H", len(packet.getPacket())) + packet.getPacket()
            sequence = (sequence + 1) % 65536
    (tmp_path / "stream").write_bytes(stream)
    caps = "application/x-rtp-stream,media=video,encoding-name=JPEG,clock-rate=90000,payload=26"
    pipeline = f"filesrc location=stream ! {caps} ! rtpstreamdepay ! rtpjpegdepay ! multifilesink location=%d.jpg"
    subprocess.run([gst, "-q", *pipeline.split()], cwd=tmp_path, check=True, timeout=60, stdin=subprocess.DEVNULL)
    got = [path.read_bytes() for path in sorted(tmp_path.glob("*.jpg"))]
    assert [pixels(jpeg) for jpeg in got] == [pixels(jpeg) for jpeg in jpegs(name)]


# --- quantization tables (RFC 2435 §3.1.8, §4.2) ----------------------------------------------------------------------


@pytest.mark.parametrize("q", [1, 50, 80, 99])
def test_q_1_to_99_are_computed(q):
    """The 4:2:0 vector was written by libjpeg with quality 80, so with Q 80 it must show its own pixels."""
    (jpeg,) = frames(Depacketizer(), with_q(payloads(JPEG, 400), q))
    assert JpegImage.parse(jpeg).tables == quantization_tables(q)
    assert (pixels(jpeg) == pixels(JPEG)) == (q == 80)


@pytest.mark.parametrize("q", [0, 100, 127])
def test_reserved_q_are_refused(q):
    """§4.2: other values below 128 are reserved. Counted once, however many fragments."""
    depacketizer = Depacketizer()
    assert frames(depacketizer, with_q(payloads(JPEG, 300), q)) == []
    assert (depacketizer.damaged, depacketizer.reason) == (1, f"Q {q} is reserved")


@pytest.mark.parametrize("q", [128, 200, 254])
def test_static_tables_may_be_sent_once(q):
    """Length 0 later means: the ones you had. Each Q has its own."""
    depacketizer = Depacketizer()
    made = payloads(JPEG, 400)
    sent = bytes(QuantizationHeader(IMAGE.tables))
    other = bytes(QuantizationHeader(bytes(range(1, 129))))
    assert frames(depacketizer, with_q(made, q, bytes(4)), 1) == []
    assert depacketizer.reason == f"Q {q}, whose quantization tables have not come"
    assert len(frames(depacketizer, with_q(made, q, sent), 2)) == 1
    assert len(frames(depacketizer, with_q(made, 129, other), 3)) == 1
    (jpeg,) = frames(depacketizer, with_q(made, q, bytes(4)), 4)
    assert pixels(jpeg) == pixels(JPEG)
    (jpeg,) = frames(depacketizer, with_q(made, 129, bytes.fromhex("00ff0000")), 5)  # precision means nothing here
    assert JpegImage.parse(jpeg).tables == bytes(range(1, 129))
    assert depacketizer.damaged == 1


def test_static_tables_may_be_sent_again_with_a_change():
    """The RFC says they never change; should they, the latest count."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    for timestamp, tables in enumerate((bytes([1] * 128), bytes([2] * 128))):
        header = bytes(QuantizationHeader(tables))
        assert JpegImage.parse(frames(depacketizer, with_q(made, 130, header), timestamp)[0]).tables == tables
    assert JpegImage.parse(frames(depacketizer, with_q(made, 130, bytes(4)), 9)[0]).tables == bytes([2] * 128)


def test_q_255_must_bring_its_tables_every_time():
    """§3.1.8: no frame may rely on the tables of the one before."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert len(frames(depacketizer, made, 1)) == 1
    assert frames(depacketizer, with_q(made, 255, bytes(4)), 2) == []
    assert (depacketizer.damaged, depacketizer.reason) == (1, "Q 255, whose quantization tables have not come")


def test_one_table_serves_for_both():
    """64 bytes: what ffmpeg sends when its encoder used one table."""
    header = struct.pack("!BBH", 0, 0, 64) + IMAGE.tables[:64]
    (jpeg,) = frames(Depacketizer(), with_q(payloads(JPEG, 400), 255, header))
    assert JpegImage.parse(jpeg).tables == IMAGE.tables[:64] * 2


BAD_TABLES = [
    ("16 bits for luminance", struct.pack("!BBH", 0, 1, 192) + bytes(192), "16-bit quantization tables"),
    ("16 bits for chrominance", struct.pack("!BBH", 0, 2, 192) + bytes(192), "16-bit quantization tables"),
    ("three tables", struct.pack("!BBH", 0, 0, 192) + bytes(192), "192 bytes of quantization tables; two have 128"),
    ("half a table", struct.pack("!BBH", 0, 0, 32) + bytes(32), "32 bytes of quantization tables"),
    ("longer than the packet", struct.pack("!BBH", 0, 0, 65535) + bytes(128), "65535 bytes of quant"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "header", "why"), BAD_TABLES, ids=[row[0] for row in BAD_TABLES])
def test_tables_that_cannot_be_used_are_refused(name, header, why):
    """The frame is given up, the reason says why, and the next frame is shown."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert frames(depacketizer, with_q(made, 255, header), 1) == []
    assert depacketizer.damaged == 1
    assert depacketizer.reason.startswith(why)
    assert len(frames(depacketizer, made, 2)) == 1


def test_precision_bits_of_tables_that_are_not_there_are_ignored():
    """§3.1.8: only the bits of the two tables count."""
    header = struct.pack("!BBH", 0xFF, 0xFC, 128) + IMAGE.tables
    assert len(frames(Depacketizer(), with_q(payloads(JPEG, 400), 255, header))) == 1


# --- losses, and what a sender may do wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("lost", range(6))
def test_a_lost_fragment_costs_its_frame_and_no_other(lost):
    """First, middle or last: three frames are sent, the second loses one payload."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert len(made) == 6
    assert len(frames(depacketizer, made, 1)) == 1
    assert frames(depacketizer, made[:lost] + made[lost + 1 :], 2) == []
    assert [pixels(jpeg) for jpeg in frames(depacketizer, made, 3)] == [pixels(JPEG)]
    assert depacketizer.damaged == 1
    wanted = "the first fragment" if lost == 0 else "the last fragment" if lost == 5 else "a fragment for byte"
    assert depacketizer.reason.startswith(wanted)


def test_two_damaged_frames_in_a_row_count_as_two():
    """The first lost its end, the second its beginning."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    frames(depacketizer, made[:2], 1)
    frames(depacketizer, made[4:], 2)
    assert depacketizer.damaged == 2
    assert len(frames(depacketizer, made, 3)) == 1
    assert depacketizer.damaged == 2


def test_a_frame_without_end_is_dropped_when_the_next_begins_with_the_same_timestamp():
    """Some senders give all frames of a second one timestamp."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert frames(depacketizer, made[:-1] + made, 7) == [bytes(IMAGE)]
    assert (depacketizer.damaged, depacketizer.reason) == (1, "the last fragment of a frame did not come")


def test_a_frame_that_begins_twice_is_counted_though_its_first_payload_had_no_data():
    """The tables of the second one are no picture data."""
    headers = bytes(MainHeader(0, 0, 1, 255, 16, 16)) + bytes(QuantizationHeader(bytes(range(128))))
    depacketizer = Depacketizer()
    for data in (b"", b"scan"):
        assert depacketizer.push(headers + data, False, 0) is None
    assert depacketizer.damaged == 1
    last = bytes(MainHeader(0, 4, 1, 255, 16, 16))
    jpeg = depacketizer.push(last + b"end", True, 0)
    assert jpeg and JpegImage.parse(jpeg).scan == b"scanend"


def test_a_timestamp_that_changes_within_a_frame_drops_it():
    """§3: the same timestamp in each fragment. The rest of it belongs to no frame either."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert frames(depacketizer, made[:3], 1) + frames(depacketizer, made[3:], 2) == []
    assert depacketizer.damaged == 2
    assert len(frames(depacketizer, made, 3)) == 1


@pytest.mark.parametrize("change", [(0, 3), (4, 0), (5, 254), (6, 13), (7, 9)])
def test_a_header_that_changes_within_a_frame_drops_it(change):
    """§3.1: all fields but the offset remain the same."""
    at, value = change
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    data, marker = made[2]
    made[2] = data[:at] + bytes((value,)) + data[at + 1 :], marker
    assert frames(depacketizer, made, 1) == []
    assert (depacketizer.damaged, depacketizer.reason) == (1, "type, Q or size changed within a frame")


def test_overlapping_fragments_drop_the_frame():
    """§4.3: fragments must not overlap; a repeated one does."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert frames(depacketizer, made[:2] + made[1:], 1) == []
    assert depacketizer.damaged == 1


REFUSED = [
    ("too short", b"\0" * 7, "an RTP/JPEG header has 8 bytes, and only 7 came"),
    ("type 2", payload(kind=2), "RTP/JPEG type 2 is not known"),
    ("type 66", payload(kind=66, rest=b"\0\1\xff\xffscan"), "RTP/JPEG type 66 is not known"),
    ("type 128", payload(kind=128), "RTP/JPEG type 128 is not known"),
    ("type 192", payload(kind=192, rest=b"\0\1\xff\xffscan"), "RTP/JPEG type 192 is not known"),
    ("width 0", payload(width=0), "width or height 0"),
    ("height 0", payload(height=0), "width or height 0"),
    ("no restart header", payload(kind=65, rest=b"\0\1\xff"), "the restart marker header is cut off"),
    ("restart interval 0", payload(kind=65, rest=b"\0\0\xff\xffscan"), "a restart interval of 0"),
    ("no quantization header", payload(q=255, rest=b"\0\0\0"), "the quantization table header is cut off"),
    ("tables that have not come, and nothing else", payload(q=128, rest=bytes(4)), "Q 128, whose quantization tables"),
    ("no scan", payload(rest=b""), "a frame without picture data"),
    ("no scan, restart markers", payload(kind=65, rest=b"\0\1\xff\xff"), "a frame without picture data"),
    ("the middle of a frame", payload(offset=4), "the first fragment of a frame did not come"),
]


@pytest.mark.parametrize("marker", [False, True])
@pytest.mark.parametrize(("name", "data", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_payload_that_cannot_be_used_is_counted(name, data, why, marker):
    """Never raised: counted, with the reason; the next frame is shown."""
    depacketizer = Depacketizer()
    assert depacketizer.push(data, marker or "no scan" in name, 1) is None  # a lack of data shows at the end only
    assert (depacketizer.damaged, depacketizer.reason[: len(why)]) == (1, why)
    assert len(frames(depacketizer, payloads(JPEG), 2)) == 1
    assert depacketizer.damaged == 1


def test_a_malformed_fragment_drops_its_frame_once():
    """Junk in the middle of a frame, then more fragments of it, then a good frame."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert frames(depacketizer, [*made[:2], (b"junk", False), *made[2:]], 1) == []
    assert (depacketizer.damaged, depacketizer.reason) == (1, "an RTP/JPEG header has 8 bytes, and only 4 came")
    assert len(frames(depacketizer, made, 2)) == 1


def test_an_empty_payload_means_nothing():
    """It keeps a path open, and may come in the middle of a frame."""
    depacketizer, made = Depacketizer(), payloads(JPEG, 400)
    assert len(frames(depacketizer, [*made[:2], (b"", False), *made[2:]], 1)) == 1
    assert depacketizer.push(b"", True, 2) is None
    assert depacketizer.damaged == 0


def test_type_specific_does_not_hide_a_picture():
    """§4.1: fields of an interlaced picture are pictures too."""
    for specific in (1, 2, 3):
        (jpeg,) = frames(Depacketizer(), [(payload(specific=specific), True)])
        assert JpegImage.parse(jpeg).scan == b"scan"


@pytest.mark.parametrize(
    ("scan", "wanted"),
    [
        (b"\x01\xff\x00", b"\x01\xff\x00"),
        (b"\x01\x02\xd9", b"\x01\x02\xd9"),
        (b"\x01\xff\xd9", b"\x01"),
        (b"\x01\xff\x00\xd9", b"\x01\xff\x00\xd9"),
        (b"\xd9", b"\xd9"),
    ],
)
def test_the_file_ends_with_one_eoi(scan, wanted):
    """Missing, it is added, also after FF 00 and after xx D9; sent along, it is not doubled."""
    (jpeg,) = frames(Depacketizer(), [(payload(rest=scan), True)])
    assert jpeg.endswith(wanted + END)
    assert JpegImage.parse(jpeg).scan == wanted


def test_eoi_split_over_two_fragments_is_not_doubled():
    """FF in one, D9 in the other."""
    made = [(payload(rest=b"\x01\xff"), False), (payload(offset=2, rest=b"\xd9"), True)]
    (jpeg,) = frames(Depacketizer(), made)
    assert JpegImage.parse(jpeg).scan == b"\x01"


def test_a_raw_jpeg_is_passed_through_whole():
    """The lab's servers send files without any RTP/JPEG header; even 4:4:4 ones, and with the marker or without."""
    file = io.BytesIO()
    Image.new("RGB", (50, 30), "red").save(file, "JPEG", subsampling=0)
    raw = file.getvalue()
    depacketizer = Depacketizer()
    assert [depacketizer.push(raw, marker, 0) for marker in (True, False, True)] == [raw] * 3
    assert depacketizer.damaged == 0
    frames(depacketizer, payloads(JPEG, 400)[:2], 0)
    assert depacketizer.push(raw, True, 0) == raw
    assert depacketizer.damaged == 1


def test_a_frame_is_bounded_by_its_24_bit_offset():
    """2²⁴ bytes and no more: the memory a sender can claim."""
    for excess in (0, 1):
        depacketizer, offset, step = Depacketizer(), 0, 60000
        while offset < MAX_SCAN - step:
            depacketizer.push(payload(offset=offset, rest=bytes(step)), False, 0)
            offset += step
        jpeg = depacketizer.push(payload(offset=offset, rest=bytes(MAX_SCAN - offset + excess)), True, 0)
        assert (jpeg is None, depacketizer.damaged) == (bool(excess), excess)


@pytest.mark.parametrize("header", [MainHeader(3, 0xFFFFFF, 65, 255, 2040, 8), RestartHeader(1), RestartHeader(9, 0)])
def test_headers_are_written_as_they_are_read(header):
    """parse(bytes(header)) == header."""
    assert type(header).parse(bytes(header) + b"more") == header


def test_any_stream_with_losses_gives_exactly_the_whole_frames():
    """60 streams of 30 frames, sizes and kinds mixed, payloads lost at random: what comes out is right or missing."""
    rand = random.Random(24)
    sources = [jpeg for name in KINDS for jpeg in jpegs(name)]
    for _ in range(60):
        depacketizer, wanted, got, touched = Depacketizer(), [], [], 0
        loss = rand.choice([0, 0.02, 0.2])
        for number in range(30):
            jpeg = rand.choice(sources)
            made = payloads(jpeg, rand.randrange(200, 1500))
            kept = [one for one in made if rand.random() >= loss]
            got += frames(depacketizer, kept, 3600 * number % (1 << 32))
            if len(kept) == len(made):
                wanted.append(bytes(JpegImage.parse(jpeg)))
            touched += 0 < len(kept) < len(made)
        depacketizer.push(START, True, 1)  # a raw frame, which ends the last one
        assert got == wanted
        assert depacketizer.damaged == touched


def test_damaged_payloads_never_raise():
    """20000 payloads, mutated, cut, mixed up: push returns None or a file that begins and ends as one."""
    rand = random.Random(2)
    depacketizer, out = Depacketizer(), 0
    made = [one for name in KINDS for jpeg in jpegs(name) for one in payloads(jpeg, 300)]
    for number in range(20000):
        original, marker = made[number % len(made)]
        data = bytearray(original)
        if rand.random() < 0.1:
            data[rand.randrange(min(20, len(data)))] = rand.randrange(256)
        if rand.random() < 0.03:
            del data[rand.randrange(min(20, len(data))) :]
        jpeg = depacketizer.push(bytes(data), marker ^ (rand.random() < 0.02), number // 20)
        if jpeg is not None:
            out += 1
            assert (jpeg[:2], jpeg[-2:]) == (START, END)
    assert out > 100
    assert depacketizer.damaged > 100
