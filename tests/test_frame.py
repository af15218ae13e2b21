"""A prepared frame: any viewer's numbers in all its packets at once (media/frame.py)."""

from __future__ import annotations

import struct

import pytest

from media.frame import MOST, SEQUENCES, PreparedFrame
from net.interleaved import prefix
from RtpPacket import RtpPacket

SSRC = 0x01020304


def packet(payload, marker=0, sequence=0, timestamp=0, ssrc=0):
    made = RtpPacket()
    made.encode(2, 0, 0, 0, sequence, marker, 26, ssrc, payload, timestamp=timestamp)
    return made.getPacket()


def payloads(count, size, last):
    """`count` of them, all different, the last one of `last` bytes."""
    sizes = [size] * (count - 1) + [last]
    return [bytes((n + at) % 256 for at in range(size)) for n, size in enumerate(sizes)]


def frame_of(contents, inside=False):
    """These payloads as packets whose numbers are zero."""
    plain = [packet(payload, int(n == len(contents) - 1)) for n, payload in enumerate(contents)]
    return PreparedFrame([prefix(len(one)) + one for one in plain] if inside else plain, 4 if inside else 0)


def cut(frame):
    """The packets as they are sent."""
    return [bytes(frame.packets[at : at + frame.stride]) for at in range(0, len(frame.packets), frame.stride)]


SHAPES = [
    pytest.param(1, 0, 1, id="one byte"),
    pytest.param(1, 0, 0, id="no byte"),
    pytest.param(1, 0, 19_999, id="one packet"),
    pytest.param(2, 1400, 1400, id="two full ones"),
    pytest.param(8, 1400, 1399, id="8, the last almost full"),
    pytest.param(53, 1400, 3, id="53, the last short"),
    pytest.param(300, 40, 38, id="300 small ones"),
    pytest.param(8, 1401, 1399, id="8 that do not begin at words"),
    pytest.param(3, 1390, 1390, id="3 that begin at half words"),
    pytest.param(2, 1, 0, id="2 of one byte and none"),
]


@pytest.mark.parametrize("inside", [False, True], ids=["UDP", "interleaved"])
@pytest.mark.parametrize("sequence", [0, 1, 0x1234, 65_530, 65_535])
@pytest.mark.parametrize(("count", "size", "last"), SHAPES)
def test_each_packet_is_what_an_rtp_packet_would_be(count, size, last, sequence, inside):
    """Every number in every packet, over the end of the sequence numbers; every payload; and nothing behind the last.
    In front, inside the connection, each packet's own size."""
    contents = payloads(count, size, last)
    frame = frame_of(contents, inside)
    timestamp = 0xFEDCBA98
    frame.number(sequence, timestamp, SSRC.to_bytes(4, "big"))
    wanted = [
        packet(payload, int(n == count - 1), (sequence + n) % 65_536, timestamp, SSRC)
        for n, payload in enumerate(contents)
    ]
    if inside:
        wanted = [struct.pack("!cBH", b"$", 0, len(one)) + one for one in wanted]
    assert cut(frame) == wanted
    assert (frame.count, frame.size) == (count, sum(map(len, wanted))) == (len(wanted), len(frame.packets))


def test_numbering_is_what_struct_writes_packet_by_packet():
    """The plain way to do it, for every start of a frame that wraps."""
    frame = frame_of(payloads(20, 100, 7))
    for sequence in range(65_536 - 25, 65_536):
        expected = bytearray(frame.buffer)
        for n in range(20):
            struct.pack_into("!HII", expected, n * 112 + 2, (sequence + n) % 65_536, sequence * 3, SSRC)
        frame.number(sequence, sequence * 3, SSRC.to_bytes(4, "big"))
        assert frame.buffer == expected


def test_one_viewer_s_numbers_replace_those_of_another_and_nothing_else():
    frame = frame_of(payloads(9, 64, 5))
    frame.number(0, 0, bytes(4))
    fresh = bytes(frame.packets)
    frame.number(65_535, 2**32 - 1, b"\xff" * 4)
    assert bytes(frame.packets) != fresh
    frame.number(0, 0, bytes(4))
    assert bytes(frame.packets) == fresh


def test_padding_is_not_sent():
    """The last packet's place is as large as the others'; what is behind its end is there, and stays here."""
    frame = frame_of(payloads(3, 100, 1))
    assert len(frame.buffer) == 3 * 112 and frame.size == len(frame.packets) == 2 * 112 + 13
    alone = frame_of(payloads(1, 0, 7))
    assert (len(alone.buffer), alone.stride, alone.size, len(alone.packets)) == (20, 20, 19, 19)


def test_packets_are_not_copied():
    """What is sent is the buffer itself: a copy of each frame for each viewer is what this saves."""
    frame = frame_of(payloads(3, 100, 1))
    assert frame.packets.obj is frame.buffer
    frame.number(1, 2, b"SSRC")
    assert frame.packets[8:12] == b"SSRC"


@pytest.mark.parametrize("sizes", [
    (100, 96, 100), (96, 100), (100, 100, 101), (100, 104, 4), (101, 99, 101), (20, 99, 99),
], ids=str)  # fmt: skip
def test_sizes_that_cannot_stand_at_equal_distances_are_refused(sizes):
    with pytest.raises(ValueError, match="unequal sizes"):
        PreparedFrame([bytes(size) for size in sizes])


def test_a_frame_has_a_largest_number_of_packets():
    """As many as there are sequence numbers at hand, from any start."""
    frame = PreparedFrame([bytes(12)] * MOST)
    frame.number(65_535, 0, bytes(4))
    numbers = [struct.unpack_from("!H", one, 2)[0] for one in cut(frame)]
    assert numbers == [65_535, *range(MOST - 1)]
    assert len(SEQUENCES) == 65_536 + MOST
    with pytest.raises(ValueError):
        PreparedFrame([bytes(12)] * (MOST + 1))


def test_a_damaged_frame_has_no_packets():
    frame = PreparedFrame()
    frame.number(65_535, 1, b"SSRC")
    assert (frame.count, frame.size, frame.stride, bytes(frame.packets)) == (0, 0, 0, b"")
