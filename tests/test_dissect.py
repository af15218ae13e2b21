"""Packets taken apart for showing: against what other programs have sent, and against the code that plays."""

from __future__ import annotations

import random

import pytest

from rtp import dissect, rtcp
from rtp.jpegheaders import MainHeader
from RtpPacket import RtpPacket
from tests.vectors import FOLDER, REPORTS, datagrams

RTP_FILES = sorted(path.name for path in FOLDER.glob("*.rtp"))
RTCP_FILES = sorted(path.name for path in FOLDER.glob("*.rtcp"))


def values(blocks):
    """All fields by name; of several with one name the first."""
    found = {}
    for block in blocks:
        for value in block.values:
            found.setdefault(value.field.name, value.value)
    return found


def covers(blocks, data):
    """Every byte belongs to exactly one block, every field lies in its own."""
    ends = [0, *(block.end for block in blocks)]
    return [block.at for block in blocks] == ends[:-1] and ends[-1] == len(data) and all(
        block.at <= value.at < value.end <= block.end for block in blocks for value in block.values
    )


@pytest.mark.parametrize("name", RTP_FILES)
def test_rtp_of_other_programs(name):
    """ffmpeg's and GStreamer's packets say here what the player reads in them."""
    for data in datagrams(name):
        packet, blocks = RtpPacket(), dissect.rtp(data, jpeg=name != "gstreamer-headers.rtp")
        packet.decode(data)
        found = values(blocks)
        assert covers(blocks, data)
        assert (found["V"], found["P"], found["X"], found["CC"], found["M"], found["PT"]) == (
            2, packet.padding(), packet.extension(), packet.cc(), packet.marker(), packet.payloadType())
        assert (found["sequence number"], found["timestamp"], found["SSRC"]) == (
            packet.seqNum(), packet.timestamp(), packet.ssrc())
        csrcs = [value.value for block in blocks for value in block.values if value.field.name == "CSRC"]
        assert csrcs == list(packet.csrcs())
        if name != "gstreamer-headers.rtp":
            main = MainHeader.parse(packet.getPayload())
            assert (found["Type-specific"], found["Fragment Offset"], found["Type"], found["Q"]) == main[:4]
            assert (8 * found["Width"], 8 * found["Height"]) == main[4:]


def test_the_numbers_that_gstreamer_was_given():
    """As the command line says: seqnum-offset=65534 ssrc=305419896."""
    found = values(dissect.rtp(datagrams("gstreamer-420.rtp")[0]))
    assert (found["sequence number"], found["SSRC"]) == (65534, 305419896)
    assert (found["Width"], found["Height"]) == (96 // 8, 64 // 8)
    restarts = values(dissect.rtp(datagrams("gstreamer-420-restarts.rtp")[0]))
    assert (restarts["Type"], restarts["Restart Interval"]) == (65, 4)


@pytest.mark.parametrize("data", [data for name in RTCP_FILES for data in datagrams(name)]
                         + [bytes.fromhex(text) for _, text in REPORTS.values()])
def test_rtcp_of_other_programs(data):
    """Reports, names and goodbyes."""
    blocks = dissect.rtcp(data)
    assert covers(blocks, data)
    first, found = rtcp.parse(data)[0], values(blocks)
    assert isinstance(first, (rtcp.SenderReport, rtcp.ReceiverReport))
    assert found["SSRC"] == first.ssrc
    for block in first.blocks[:1]:
        assert (found["SSRC of the source"], found["fraction lost"], found["interarrival jitter"]) == (
            block.ssrc, block.fraction, block.jitter)
        assert (found["last SR (LSR)"], found["delay since last SR (DLSR)"]) == (block.last_report, block.delay)
        assert found["extended highest sequence number"] == block.highest
    if isinstance(first, rtcp.SenderReport):
        assert found["NTP timestamp, seconds"] << 32 | found["NTP timestamp, fraction"] == first.ntp
        assert (found["RTP timestamp"], found["sender's packet count"], found["sender's octet count"]) == (
            first.rtp_timestamp, first.packets, first.octets)


def test_texts_of_a_compound_packet():
    """GStreamer's, of all kinds; the names can be read."""
    titles = [block.title for block in dissect.rtcp(datagrams("gstreamer-made.rtcp")[0])]
    assert "“zoë@host”" in titles and "“other@host”" in titles
    assert [title for title in titles if title.endswith(")")] == [
        "Sender report (SR)", "Source description (SDES)", "Source description (SDES)", "Goodbye (BYE)"]


def test_extension_and_padding_are_told_by_their_own_bits():
    """One without the other."""
    for extension, size, titles in (
        ((0xBEDE, bytes(4)), 0, ["RTP header", "RTP header extension", "Extension data", "Payload"]),
        (None, 4, ["RTP header", "Payload", "Padding"]),
    ):
        packet = RtpPacket()
        packet.encode(2, int(size > 0), int(extension is not None), 0, 1, 0, 96, 7, b"abc", timestamp=5,
                      headerExtension=extension, paddingSize=size)
        assert [block.title for block in dissect.rtp(packet.getPacket(), jpeg=False)] == titles


def test_a_whole_jpeg_as_in_the_classic_lab():
    """There is no header of RFC 2435, also where the version is 0."""
    for first in (0x80, 0x00):
        blocks = dissect.rtp(bytes([first, 26]) + bytes(10) + b"\xff\xd8picture")
        assert [block.title for block in blocks] == ["RTP header", "A whole JPEG file"]


def test_anything_can_be_taken_apart():
    """Cut off anywhere, or changed anywhere: every byte is still shown once."""
    randomness = random.Random(7)
    for take, name in ((dissect.rtp, "gstreamer-headers.rtp"), (dissect.rtp, "gstreamer-422-restarts.rtp"),
                       (dissect.rtcp, "gstreamer-made.rtcp")):
        data = datagrams(name)[0]
        for size in range(len(data)):
            assert covers(take(data[:size]), data[:size])
        for _ in range(500):
            changed = bytearray(data)
            changed[randomness.randrange(len(data))] = randomness.randrange(256)
            assert covers(take(bytes(changed)), changed)
