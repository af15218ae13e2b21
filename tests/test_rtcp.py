"""RTCP: bytes of GStreamer and ffmpeg, vectors by hand from the diagrams of RFC 3550 §6, and damaged packets."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rtp.reports import ReportBlock
from rtp.rtcp import Goodbye, ReceiverReport, SenderReport, SourceDescription, compound, parse
from tests.vectors import PUNCHES, REPORTS, datagrams


def parsed(data) -> list[Any]:
    """parse(), for tests that know which packets they get."""
    return list(parse(data))


REPORT = SenderReport(0x01020304, 0x1112131415161718, 0x21222324, 5, 6)
REPORT_BYTES = "80c80006 01020304 1112131415161718 21222324 00000005 00000006"
BLOCK = ReportBlock(0x31323334, 0x41, 0x424344, 0x51525354, 0x61626364, 0x71727374, 0x81828384)
BLOCK_BYTES = "31323334 41 424344 51525354 61626364 71727374 81828384"

M, Z = 0xFFFFFFFF, "00000000"

# By hand from RFC 3550 §6.4.1, §6.4.2, §6.5, §6.6. A chunk ends with one to four zeros; a
# goodbye's reason with none to three.
TABLE: list[tuple[str, Any, str]] = [
    ("sender report", REPORT, REPORT_BYTES),
    ("all ones", SenderReport(0xFFFFFFFF, (1 << 64) - 1, M, M, M), "80c80006" + "ff" * 24),
    ("sender that hears", replace(REPORT, blocks=(BLOCK,)), "81c8000c" + REPORT_BYTES[8:] + BLOCK_BYTES),
    ("receiver report", ReceiverReport(7, (BLOCK,)), "81c90007 00000007" + BLOCK_BYTES),
    ("receiver report about nothing", ReceiverReport(7), "80c90001 00000007"),
    ("about two", ReceiverReport(7, (BLOCK, ReportBlock(8))), "82c9000d 00000007" + BLOCK_BYTES + "00000008" + Z * 5),
    ("about 31", ReceiverReport(7, (BLOCK,) * 31), "9fc900bb 00000007" + BLOCK_BYTES * 31),
    ("one lost", ReceiverReport(7, (ReportBlock(8, lost=1),)), "81c90007 00000007 00000008 00000001" + Z * 4),
    ("one too many", ReceiverReport(7, (ReportBlock(8, lost=-1),)), "81c90007 00000007 00000008 00ffffff" + Z * 4),
    ("most lost", ReceiverReport(7, (ReportBlock(8, lost=8388607),)), "81c90007 00000007 00000008 007fffff" + Z * 4),
    ("least lost", ReceiverReport(7, (ReportBlock(8, lost=-8388608),)), "81c90007 00000007 00000008 00800000" + Z * 4),
    ("a block of ones", ReceiverReport(M, (ReportBlock(M, 255, -1, M, M, M, M),)), "81c90007" + "ff" * 28),
    ("name of 1, one zero", SourceDescription(7, "a"), "81ca0002 00000007 010161 00"),
    ("name of 2, four zeros", SourceDescription(7, "ab"), "81ca0003 00000007 01026162 00000000"),
    ("name of 3, three zeros", SourceDescription(7, "abc"), "81ca0003 00000007 0103616263 000000"),
    ("name of 4, two zeros", SourceDescription(7, "abcd"), "81ca0003 00000007 010461626364 0000"),
    ("empty name", SourceDescription(7, ""), "81ca0002 00000007 0100 0000"),
    ("longest name", SourceDescription(7, "x" * 255), "81ca0042 00000007 01ff" + "78" * 255 + "000000"),
    ("name in UTF-8", SourceDescription(7, "zoë"), "81ca0003 00000007 01047a6fc3ab 0000"),
    ("goodbye", Goodbye((7,)), "81cb0001 00000007"),
    ("goodbye of nobody", Goodbye(()), "80cb0000"),
    ("goodbye of two", Goodbye((7, 0xFFFFFFFF)), "82cb0002 00000007 ffffffff"),
    ("reason that fills its words", Goodbye((7,), "end"), "81cb0002 00000007 03656e64"),
    ("reason and padding", Goodbye((7,), "done"), "81cb0003 00000007 04646f6e65 000000"),
    ("longest reason", Goodbye((7,), "x" * 255), "81cb0041 00000007 ff" + "78" * 255),
    ("goodbye of 31", Goodbye(tuple(range(31))), "9fcb001f" + "".join(f"{n:08x}" for n in range(31))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "packet", "wanted"), TABLE, ids=[row[0] for row in TABLE])
def test_packets_are_written_and_read_as_in_the_rfc(name, packet, wanted):
    """Both directions, alone and as the second in a compound packet."""
    data = bytes.fromhex(wanted)
    assert bytes(packet) == data
    assert parse(data) == [packet]
    assert parse(bytes(REPORT) + data) == [REPORT, packet]


def test_a_compound_packet_is_its_packets_end_to_end():
    """Report, name, goodbye: what ends a movie."""
    packets: list[Any] = [REPORT, SourceDescription(7, "server@host"), Goodbye((7,), "end of movie")]
    data = compound(*packets)
    assert data == b"".join(map(bytes, packets))
    assert len(data) % 4 == 0
    assert parse(data) == packets


def test_packets_made_by_gstreamer_are_read():
    """A report with a report block, two names (one after another item), an APP packet to pass over, a goodbye."""
    (data,) = datagrams("gstreamer-made.rtcp")
    made = ReportBlock(0x55667788, 12, -3, 70000, 99, 0x01020304, 0x05060708)
    assert parse(data) == [
        SenderReport(0x11223344, 0xE000000180000000, 0x01020304, 1234, 567890, (made,)),
        SourceDescription(0x11223344, "zoë@host"),
        SourceDescription(0x55667788, "other@host"),
        Goodbye((0x11223344, 0x55667788)),
    ]


def test_a_session_of_gstreamer():
    """rtpbin's reports hold two SDES items; at the end of the stream it says goodbye."""
    first, last = (parsed(data) for data in datagrams("gstreamer-rtpbin.rtcp"))
    assert [type(packet) for packet in last] == [SenderReport, SourceDescription, Goodbye]
    assert last[2] == Goodbye((last[0].ssrc,))
    assert first[1] == last[1] == SourceDescription(last[0].ssrc, "teacher@lab")
    assert (last[0].packets, last[0].octets) == (40, 23390)


def test_a_session_of_ffmpeg():
    """A lone report before the first packet, a report and a goodbye after the last; its bytes are ours."""
    before, after = datagrams("ffmpeg.rtcp")
    (report,) = parsed(before)
    assert (report.packets, report.octets) == (0, 0)
    assert compound(report) == before
    report, goodbye = parsed(after)
    assert (report.packets, report.octets) == (8, 4356)
    assert goodbye == Goodbye((report.ssrc,))
    assert compound(report, goodbye) == after


REAL = {
    "ffmpeg": (0x399A57D0, ReportBlock(0x399A57CF, 0, 0, 0x6104, 1, 0xBBECED79, 0x32629), "vm"),
    "gstreamer over UDP": (
        0x4D491E21, ReportBlock(0x48872D53, 0, -1, 0x101D1, 6, 0xBC01627F, 0x31B00), "user3086180682@host-37b8a811"
    ),
    "gstreamer over TCP": (
        0xA55EFAD2, ReportBlock(0x6D60BC8D, 0, -1, 0x2A1B, 3, 0xBBECE2DB, 0x2F17D), "user56132722@host-a471a861"
    ),
}  # fmt: skip


@pytest.mark.parametrize("player", REAL)
def test_reports_of_players_are_read(player):
    """ffmpeg's own SSRC is that of the server + 1; GStreamer counts one packet more than were sent: less than none
    lost, in 24 bits with a sign. Where there is nothing but a name, ours has the same bytes."""
    ssrc, block, name = REAL[player]
    server, text = REPORTS[player]
    report, description = packets = parsed(bytes.fromhex(text))
    assert packets == [ReceiverReport(ssrc, (block,)), SourceDescription(ssrc, name)] and block.ssrc == server
    assert bytes(report) == bytes.fromhex(text)[:32]
    assert player != "ffmpeg" or compound(report, description) == bytes.fromhex(text)


LONG_AND_SHORT = [SourceDescription(7, "abcdefghijklm"), SourceDescription(8, "")]
TWO_NAMES = [SourceDescription(7, "a"), SourceDescription(8, "ab")]
READ = [
    ("two chunks", "82ca0005 00000007 010161 00  00000008 01026162 00000000", TWO_NAMES),
    ("long, then empty", "82ca0007 00000007 010d6162636465666768696a6b6c6d00 00000008 00000000", LONG_AND_SHORT),
    ("a chunk without items", "81ca0002 00000007 00000000", [SourceDescription(7, "")]),
    ("no chunks", "80ca0000", []),
    ("a chunk with other items only", "81ca0002 00000007 020178 00", [SourceDescription(7, "")]),
    ("an empty receiver report, ffmpeg's greeting", PUNCHES["ffmpeg, RTCP"], [ReceiverReport(0)]),
    ("a profile-specific extension of a receiver report", "80c90002 00000007 deadbeef", [ReceiverReport(7)]),
    ("profile-specific extension", "80c80007" + REPORT_BYTES[8:] + "deadbeef", [REPORT]),
    ("an unknown type before", "80ff0001 12345678 81cb0001 00000007", [Goodbye((7,))]),
    ("padding", "a1cb0002 00000007 00000004", [Goodbye((7,))]),
    ("padding of two words", "a1cb0003 00000007 00000000 00000008", [Goodbye((7,))]),
    ("padding of an unknown type", "a0ff0001 00000004", []),
    ("name that is not UTF-8", "81ca0002 00000007 0101ff 00", [SourceDescription(7, "\N{REPLACEMENT CHARACTER}")]),
    ("reason that is not UTF-8", "81cb0002 00000007 01ff0000", [Goodbye((7,), "\N{REPLACEMENT CHARACTER}")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "wanted"), READ, ids=[row[0] for row in READ])
def test_what_others_may_send_is_read(name, data, wanted):
    """What we never write, but the RFC allows or players do."""
    assert parse(bytes.fromhex(data)) == wanted


REFUSED = [
    ("nothing", "", "an empty datagram"),
    ("three bytes", "80c800", "an RTCP header has 4 bytes, and 3 are left at byte 0"),
    ("version 1", "40cb0000", "version of RTCP is 2, and the packet at byte 0 says 1"),
    ("version 3 in the second packet", "80cb0000 c0cb0000", "packet at byte 4 says 3"),
    ("live555's punch", PUNCHES["live555"], "says 3"),
    ("GStreamer's punch", PUNCHES["gstreamer"], "ends at 187576"),
    ("too short for its length", "81cb0002 00000007", "packet at byte 0 ends at 12, and the datagram at 8"),
    ("bytes after the last packet", "80cb0000 80cb", "2 are left at byte 4"),
    ("padding in the first packet", "a1cb0002 00000007 00000004 80cb0000", "only the last may have some"),
    ("padding of 0", "a1cb0002 00000007 00000000", "0 bytes of padding"),
    ("padding that is no whole word", "a1cb0002 00000007 00000003", "3 bytes of padding"),
    ("more padding than packet", "a1cb0001 0000000c", "12 bytes of padding in an RTCP packet of 8"),
    ("padding bit without a byte of padding", "a0cb0000", "0 bytes of padding"),
    ("padding that eats the goodbye", "a1cb0001 00000004", "a goodbye of 1 sources needs 4 bytes, and has 0"),
    ("short sender report", "80c80005" + "00" * 20, "with 0 blocks needs 24 bytes, and has 20"),
    ("missing report block", "81c80006" + "00" * 24, "with 1 blocks needs 48 bytes, and has 24"),
    ("short receiver report", "80c90000", "a receiver report with 0 blocks needs 4 bytes, and has 0"),
    ("missing receiver's block", "81c90001" + Z, "with 1 blocks needs 28 bytes, and has 4"),
    ("missing chunk", "82ca0002 00000007 01016100", "cut off in chunk 2 of 2"),
    ("chunk without room for an item", "81ca0001 00000007", "cut off in chunk 1 of 1"),
    ("item longer than the packet", "81ca0002 00000007 01026161", "do not end with a zero"),
    ("item cut off", "81ca0002 00000007 01036161", "text is cut off"),
    ("item without a length", "81ca0002 00000007 01006102", "text is cut off"),
    ("item type at the very end", "81ca0002 00000007 01006101", "text is cut off"),
    ("missing source", "82cb0001 00000007", "a goodbye of 2 sources needs 8 bytes, and has 4"),
    ("reason cut off", "81cb0002 00000007 04656e64", "text is cut off"),
]


@pytest.mark.parametrize(("name", "data", "why"), REFUSED, ids=[row[0] for row in REFUSED])
def test_junk_is_refused_with_the_reason(name, data, why):
    """ValueError, and at which byte."""
    with pytest.raises(ValueError, match=why):
        parse(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (SenderReport(-1, 0, 0, 0, 0), "^ssrc "),
        (SenderReport(1 << 32, 0, 0, 0, 0), "^ssrc "),
        (SenderReport(0, 1 << 64, 0, 0, 0), "^ntp "),
        (SenderReport(0, 0, 1 << 32, 0, 0), "^rtp_timestamp "),
        (replace(REPORT, blocks=(BLOCK,) * 32), "at most 31 sources, not 32"),
        (ReceiverReport(1 << 32), "^ssrc "),
        (ReceiverReport(0, (ReportBlock(-1),)), "^ssrc "),
        (ReceiverReport(0, (ReportBlock(0, 256),)), "^fraction "),
        (ReceiverReport(0, (ReportBlock(0, 0, 1 << 23),)), "^lost "),
        (ReceiverReport(0, (ReportBlock(0, 0, -1 - (1 << 23)),)), "^lost "),
        (ReceiverReport(0, (ReportBlock(0, highest=1 << 32),)), "^highest "),
        (ReceiverReport(0, (ReportBlock(0, jitter=1 << 32),)), "^jitter "),
        (ReceiverReport(0, (ReportBlock(0, last_report=-1),)), "^last_report "),
        (ReceiverReport(0, (ReportBlock(0, delay=1 << 32),)), "^delay "),
        (SourceDescription(1 << 32, ""), "^ssrc "),
        (SourceDescription(0, "x" * 256), "^cname has 256 bytes"),
        (SourceDescription(0, "ë" * 128), "^cname has 256 bytes"),
        (Goodbye((1 << 32,)), "^ssrcs "),
        (Goodbye((0,), "x" * 256), "^reason has 256 bytes"),
        (Goodbye(tuple(range(32))), "at most 31 sources, not 32"),
    ],
)
def test_what_does_not_fit_is_not_written(packet, why):
    """ValueError names the field."""
    with pytest.raises(ValueError, match=why):
        bytes(packet)


def test_counts_go_on_past_32_bits():
    """After 4 GiB the report carries the lowest 32 bits; a server must not stumble over its own success."""
    data = bytes(SenderReport(1, 2, 3, packets=(1 << 32) + 4, octets=(7 << 32) + 5))
    assert parse(data) == [SenderReport(1, 2, 3, 4, 5)]


def any_block(rand):
    words = [rand.getrandbits(32) for _ in range(5)]
    return ReportBlock(words[0], rand.getrandbits(8), rand.getrandbits(24) - (1 << 23), *words[1:])


def any_packet(rand):
    blocks = tuple(any_block(rand) for _ in range(rand.randrange(4)))
    ssrc, timestamp, packets, octets = (rand.getrandbits(32) for _ in range(4))
    text = "".join(rand.choices("abc@.ë€", k=rand.randrange(40)))
    return rand.choice(
        [
            SenderReport(ssrc, rand.getrandbits(64), timestamp, packets, octets, blocks),
            ReceiverReport(rand.getrandbits(32), blocks),
            SourceDescription(rand.getrandbits(32), text),
            Goodbye(tuple(rand.getrandbits(32) for _ in range(rand.randrange(32))), text),
        ]
    )


def test_any_compound_packet_comes_back_as_it_was():
    """1000 compounds of random packets."""
    rand = random.Random(6)
    for _ in range(1000):
        packets = [any_packet(rand) for _ in range(rand.randrange(1, 5))]
        assert parse(compound(*packets)) == packets


def test_damaged_packets_give_packets_or_a_valueerror():
    """10000 mutations; whatever is accepted can be written again."""
    rand = random.Random(66)
    refused = 0
    for _ in range(10000):
        data = bytearray(compound(*(any_packet(rand) for _ in range(rand.randrange(1, 4)))))
        for _ in range(rand.randrange(1, 4)):
            data[rand.randrange(len(data))] = rand.randrange(256)
        if rand.random() < 0.2:
            del data[rand.randrange(len(data)) :]
        try:
            packets = parse(bytes(data))
        except ValueError:
            refused += 1
        else:
            for packet in packets:
                text: str = getattr(packet, "cname", getattr(packet, "reason", ""))
                assert len(text.encode()) > 255 or bytes(packet)
    assert 2000 < refused < 9000
