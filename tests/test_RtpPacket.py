"""RtpPacket: fields to bytes and back, against bytes of GStreamer and ffmpeg and against the RFC's diagram."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest

from RtpPacket import RtpPacket
from RtpPacket import fields as fields_of
from tests.vectors import datagrams

CLASSIC = {
    "version": 2, "padding": 0, "extension": 0, "cc": 0, "seqnum": 1, "marker": 0, "pt": 26, "ssrc": 0, "payload": b"x",
}  # fmt: skip


def encoded(**fields):
    packet = RtpPacket()
    packet.encode(**{**CLASSIC, **fields})
    return packet


def decoded(data, **options):
    packet = RtpPacket()
    packet.decode(data, **options)
    return packet


def fields(packet):
    return {
        "version": packet.version(), "padding": packet.padding(), "extension": packet.extension(), "cc": packet.cc(),
        "seqnum": packet.seqNum(), "marker": packet.marker(), "pt": packet.payloadType(), "ssrc": packet.ssrc(),
        "payload": packet.getPayload(), "timestamp": packet.timestamp(), "csrcs": packet.csrcs(),
        "headerExtension": packet.headerExtension(), "paddingSize": packet.paddingSize,
    }  # fmt: skip


# RFC 3550 §5.1, by hand from the diagram: each field alone with all its bits set, then everything together.
ZERO = {**dict.fromkeys(CLASSIC, 0), "payload": b"", "timestamp": 0}
TABLE = [
    ("all zero", ZERO, "00 00 0000 00000000 00000000"),
    ("version", {**ZERO, "version": 3}, "c0 00 0000 00000000 00000000"),
    ("marker", {**ZERO, "marker": 1}, "00 80 0000 00000000 00000000"),
    ("payload type", {**ZERO, "pt": 127}, "00 7f 0000 00000000 00000000"),
    ("sequence number", {**ZERO, "seqnum": 0xABCD}, "00 00 abcd 00000000 00000000"),
    ("timestamp", {**ZERO, "timestamp": 0xFEDCBA98}, "00 00 0000 fedcba98 00000000"),
    ("ssrc", {**ZERO, "ssrc": 0x89ABCDEF}, "00 00 0000 00000000 89abcdef"),
    ("payload", {**ZERO, "payload": b"\x01\x02"}, "00 00 0000 00000000 00000000 0102"),
    ("one padding byte", {**ZERO, "padding": 1, "paddingSize": 1}, "20 00 0000 00000000 00000000 01"),
    ("padding", {**ZERO, "payload": b"\xff", "padding": 1, "paddingSize": 3}, "20 00 0000 00000000 00000000 ff 000003"),
    ("no words", {**ZERO, "extension": 1, "headerExtension": (0xBEDE, b"")}, "10 00 0000 00000000 00000000 bede0000"),
    (
        "extension of two words",
        {**ZERO, "extension": 1, "headerExtension": (1, b"abcdefgh")},
        "10 00 0000 00000000 00000000 0001 0002 6162636465666768",
    ),
    ("csrcs", {**ZERO, "cc": 2, "csrcs": (1, 0xFFFFFFFF)}, "02 00 0000 00000000 00000000 00000001 ffffffff"),
    (
        "everything",
        {
            "version": 2, "padding": 1, "extension": 1, "cc": 1, "seqnum": 65535, "marker": 1, "pt": 26, "ssrc": 7,
            "payload": b"jpeg", "timestamp": 90000, "csrcs": (9,), "headerExtension": (0, b"wxyz"), "paddingSize": 2,
        },
        "b1 9a ffff 00015f90 00000007  00000009  0000 0001 7778797a  6a706567  0002",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "wanted"), TABLE, ids=[row[0] for row in TABLE])
def test_encode_puts_each_field_where_the_rfc_has_it(name, given, wanted):
    """One field at a time: nothing spills into its neighbours."""
    assert encoded(**given).getPacket() == bytes.fromhex(wanted)


@pytest.mark.parametrize(("name", "given", "wanted"), [row for row in TABLE if row[1]["version"] == 2])
def test_decode_reads_the_same_table(name, given, wanted):
    """The other direction, byte for byte and field for field."""
    packet = decoded(bytes.fromhex(wanted))
    assert fields(packet) == given
    assert packet.getPacket() == bytes.fromhex(wanted)


@pytest.mark.parametrize(("name", "given", "wanted"), [row for row in TABLE if row[1]["version"] == 0])
def test_decode_reads_each_field_alone(name, given, wanted):
    """The same rows with the version that a decoder insists on."""
    data = bytearray.fromhex(wanted)
    data[0] |= 0x80
    full = {"csrcs": (), "headerExtension": None, "paddingSize": 0, **given, "version": 2}
    assert fields(decoded(data)) == full


def test_the_nine_classic_arguments_need_no_keyword():
    """The call that the handout prescribes, positions only."""
    packet = RtpPacket()
    packet.encode(2, 0, 0, 0, 258, 1, 26, 0x01020304, b"frame")
    assert packet.getPacket()[:4] == bytes.fromhex("809a0102")
    assert packet.getPacket()[8:] == bytes.fromhex("01020304") + b"frame"


def test_without_a_timestamp_it_is_the_time_in_seconds():
    """As the handout has it: int(time())."""
    before = int(time.time())
    packet = encoded()
    assert before <= packet.timestamp() <= int(time.time())


def test_packets_do_not_share_their_bytes():
    """The classic mistake: a header in the class body, which the second packet overwrites."""
    first, second = encoded(seqnum=1), encoded(seqnum=2)
    assert (first.seqNum(), second.seqNum()) == (1, 2)
    assert decoded(second.getPacket()).seqNum() == 2
    assert first.seqNum() == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("version", (-1, 4)),
        ("padding", (-1, 2)),
        ("extension", (-1, 2)),
        ("cc", (-1, 16)),
        ("seqnum", (-1, 65536, 1.0, None, "1")),
        ("marker", (-1, 2)),
        ("pt", (-1, 128)),
        ("ssrc", (-1, 1 << 32)),
        ("timestamp", (-1, 1 << 32, 1.5)),
        ("paddingSize", (-1, 256)),
        ("csrcs", ([1 << 32], [-1])),
    ],
)
def test_a_field_out_of_range_is_named(field, values):
    """Nothing is masked silently: one too many, and one too few, are refused."""
    for value in values:
        more = {"cc": 1} if field == "csrcs" else {}
        with pytest.raises(ValueError, match=f"^{field} "):
            encoded(**{field: value, **more})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"padding": 1}, "padding is 1, but paddingSize is 0"),
        ({"paddingSize": 4}, "padding is 0, but paddingSize is 4"),
        ({"extension": 1}, "extension is 1, but headerExtension is None"),
        ({"headerExtension": (1, b"")}, "extension is 0, but headerExtension is"),
        ({"cc": 1}, "cc is 1, but there are 0 csrcs"),
        ({"cc": 1, "csrcs": (1, 2)}, "cc is 1, but there are 2 csrcs"),
        ({"csrcs": (1,)}, "cc is 0, but there are 1 csrcs"),
        ({"cc": 16, "csrcs": range(16)}, "cc is a whole number from 0 to 15, not 16"),
        ({"extension": 1, "headerExtension": (65536, b"")}, "headerExtension profile"),
        ({"extension": 1, "headerExtension": (1, b"abc")}, "headerExtension length"),
        ({"extension": 1, "headerExtension": (1, bytes(4 << 16))}, "headerExtension length"),
    ],
)
def test_flags_and_what_they_announce_must_agree(given, named):
    """A flag without its data, or data without its flag, would make a packet nobody can read."""
    with pytest.raises(ValueError, match=f"^{named}"):
        encoded(**given)


def test_a_new_packet_is_an_empty_header():
    """Before encode or decode: twelve zeros, and no payload."""
    assert RtpPacket().getPacket() == bytes(12)


def test_the_longest_extension():
    """65535 words."""
    extension = (0xFFFF, bytes(range(255)) * 4 * 257)
    packet = encoded(extension=1, headerExtension=extension)
    assert decoded(packet.getPacket()).headerExtension() == extension
    assert decoded(packet.getPacket()).getPayload() == b"x"


def test_a_refused_encode_changes_nothing():
    """A packet stays what it was."""
    packet = encoded(seqnum=5)
    before = packet.getPacket()
    with pytest.raises(ValueError):
        packet.encode(**{**CLASSIC, "cc": 1, "csrcs": (-1,)})
    assert packet.getPacket() == before


BASE = "809a 0001 00000002 00000003"
REFUSED = [
    ("nothing", "", "an RTP header has 12 bytes, and only 0 came"),
    ("eleven bytes", BASE[:-2], "only 11 came"),
    ("version 0", "00" + BASE[2:], "version of RTP is 2, and this packet says 0"),
    ("version 3", "c0" + BASE[2:], "says 3"),
    ("csrcs missing", "82" + BASE[2:] + "00000001 000000", "need 20 bytes, and the packet has 19"),
    ("extension header missing", "90" + BASE[2:] + "bede00", "need 16 bytes, and the packet has 15"),
    ("extension missing", "90" + BASE[2:] + "bede0002 00000000 000000", "need 24 bytes, and the packet has 23"),
    ("padding of 0", "a0" + BASE[2:] + "aabb00", "0 bytes of padding"),
    ("too much padding", "a0" + BASE[2:] + "000004", "4 bytes of padding, and only 3 bytes"),
    ("padding bit without a byte of padding", "a0" + BASE[2:], "3 bytes of padding, and only 0 bytes"),
    ("RTCP sender report", "80c80006" + "00" * 24, "RTCP packet .type 200."),
    ("RTCP receiver report", "81c90007" + "00" * 28, "RTCP packet .type 201."),
    ("RTCP application packet", "80cc0002" + "00" * 8, "RTCP packet .type 204."),
]


@pytest.mark.parametrize(("name", "data", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_rtp_is_refused_with_the_reason(name, data, why):
    """ValueError says what is wrong; the object keeps what it had."""
    packet = encoded(seqnum=5)
    before = packet.getPacket()
    with pytest.raises(ValueError, match=why):
        packet.decode(bytes.fromhex(data))
    assert packet.getPacket() == before


@pytest.mark.parametrize("second", ["c7", "cd", "48", "4c"])
def test_the_neighbours_of_rtcp_types_are_rtp(second):
    """Types 71 and 77 with the marker, and 72 to 76 without it, are not RTCP's 200 to 204."""
    assert decoded(bytes.fromhex("80" + second + BASE[4:])).payloadType() == int(second, 16) & 0x7F


def test_strict_false_cuts_the_header_of_lab_servers_off_blindly():
    """Version bits 0: neither padding nor the other flags of such a header are believed."""
    data = bytes.fromhex("3f9a 0001 00000002 00000003") + b"frame"
    packet = decoded(data, strict=False)
    assert (packet.version(), packet.seqNum(), packet.timestamp(), packet.getPayload()) == (0, 1, 2, b"frame")
    assert (packet.csrcs(), packet.headerExtension(), packet.getPacket()) == ((), None, data)


@pytest.mark.parametrize("data", ["00" * 11, "82" + BASE[2:], "a0" + BASE[2:] + "00"])
def test_strict_false_still_refuses_a_broken_packet(data):
    """Too short for a header; or of version 2, whose flags mean what they say."""
    with pytest.raises(ValueError):
        decoded(bytes.fromhex(data), strict=False)


def test_headers_made_by_gstreamer_are_read():
    """Plain; 6 bytes of padding; CSRCs; an extension; all of it with 15 CSRCs."""
    default: dict[str, Any] = {
        "version": 2, "seqnum": 65535, "timestamp": 4026531841, "ssrc": 0x89ABCDEF, "marker": 1, "pt": 26,
        "padding": 0, "paddingSize": 0, "extension": 0, "headerExtension": None, "cc": 0, "csrcs": (),
    }  # fmt: skip
    wanted: list[dict[str, Any]] = [
        {"payload": b"plain"},
        {"payload": b"padded", "padding": 1, "paddingSize": 6},
        {"payload": b"csrc", "cc": 2, "csrcs": (1, 0xFFFFFFFE)},
        {"payload": b"ext", "extension": 1, "headerExtension": (0xBEDE, b"\x52abc")},
        {
            "payload": b"all", "padding": 1, "paddingSize": 5, "cc": 15, "csrcs": tuple(range(15)),
            "extension": 1, "headerExtension": (0xBEDE, b"\x5f0123456789abcdef\0\0\0"),
        },
    ]  # fmt: skip
    packets = datagrams("gstreamer-headers.rtp")
    assert [fields(decoded(data)) for data in packets] == [{**default, **one} for one in wanted]


@pytest.mark.parametrize("name", ["ffmpeg-420.rtp", "gstreamer-420.rtp", "gstreamer-422-restarts.rtp"])
def test_streams_of_other_programs_are_read_and_written_alike(name):
    """Successive numbers, the marker on the last packet of both frames; encode gives the same bytes again."""
    packets = [decoded(data) for data in datagrams(name)]
    first = packets[0].seqNum()
    assert [packet.seqNum() for packet in packets] == [(first + n) % 65536 for n in range(len(packets))]
    assert {(packet.payloadType(), packet.ssrc()) for packet in packets} == {(26, packets[0].ssrc())}
    half = len(packets) // 2
    assert [packet.marker() for packet in packets] == ([0] * (half - 1) + [1]) * 2
    for data, packet in zip(datagrams(name), packets, strict=True):
        given = fields(packet)
        del given["paddingSize"]
        assert encoded(**given).getPacket() == data


def any_fields(rand):
    csrcs = tuple(rand.randrange(1 << 32) for _ in range(rand.randrange(16)))
    extension = (rand.randrange(1 << 16), rand.randbytes(4 * rand.randrange(5))) if rand.random() < 0.5 else None
    padding = rand.randrange(1, 256) if rand.random() < 0.5 else 0
    return {
        "version": 2, "padding": int(padding > 0), "extension": int(extension is not None), "cc": len(csrcs),
        "seqnum": rand.randrange(1 << 16), "marker": rand.randrange(2), "pt": rand.randrange(72),
        "ssrc": rand.randrange(1 << 32), "payload": rand.randbytes(rand.randrange(50)),
        "timestamp": rand.randrange(1 << 32), "csrcs": csrcs, "headerExtension": extension, "paddingSize": padding,
    }  # fmt: skip


def test_any_packet_comes_back_as_it_was():
    """2000 packets of random fields, through bytes, bytearray and memoryview."""
    rand = random.Random(3550)
    for _ in range(2000):
        given = any_fields(rand)
        data = encoded(**given).getPacket()
        kind = rand.choice([bytes, bytearray, memoryview])
        assert fields(decoded(kind(data))) == given


def test_the_short_way_to_the_fields_finds_what_decode_finds():
    """In packets of all kinds, damaged ones and RTCP too, with the same errors."""
    rand, plain = random.Random(9), bytes(encoded(payload=b"abc", marker=1, ssrc=7, timestamp=2**32 - 1).getPacket())
    made = [bytes(rand.choices(range(256), k=rand.randrange(40))) for _ in range(2000)]
    made += [plain, plain[:12], plain[:11], b"", *(bytes((0x80, second)) + plain[2:] for second in range(256))]
    for data in made:
        for strict in (True, False):
            try:
                packet = decoded(data, strict=strict)
            except ValueError as error:
                with pytest.raises(ValueError, match=re.escape(str(error))):
                    fields_of(data, strict=strict)
                continue
            numbers = packet.marker(), packet.payloadType(), packet.seqNum(), packet.timestamp(), packet.ssrc()
            assert fields_of(data, strict=strict) == (*numbers, packet.getPayload())


def test_damaged_packets_give_a_packet_or_a_valueerror():
    """5000 mutations: cut, changed, random. Whatever is accepted holds all its bytes."""
    rand = random.Random(5)
    refused = 0
    for _ in range(5000):
        data = bytearray(encoded(**any_fields(rand)).getPacket())
        for _ in range(rand.randrange(4)):
            data[rand.randrange(min(len(data), 40))] = rand.randrange(256)
        del data[rand.randrange(len(data) + 1) :]
        try:
            packet = decoded(data, strict=rand.random() < 0.5)
        except ValueError:
            refused += 1
        else:
            assert len(packet.getPacket()) == len(data)
            fields(packet)
    assert 1000 < refused < 4500
