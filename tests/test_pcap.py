"""Captures: headers that are right by our own arithmetic, and by Wireshark's."""

from __future__ import annotations

import random
import struct
import subprocess
from typing import Any

import pytest

from net import pcap
from tests.tools import need

Ends = tuple[tuple[Any, ...], tuple[Any, ...]]
IPV4: Ends = ("127.0.0.1", 40000), ("192.0.2.7", 6789)
IPV6: Ends = ("::1", 40000, 0, 0), ("fe80::7%eth0", 6789, 0, 2)


def words_sum(data):
    """RFC 1071, word by word."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def parts(packet):
    """(protocol, pseudo header, content) of an IP packet whose own header is right."""
    if packet[0] >> 4 == 4:
        assert packet[0] == 0x45 and int.from_bytes(packet[2:4], "big") == len(packet)
        assert words_sum(packet[:20]) == 0xFFFF
        return packet[9], packet[12:20] + struct.pack("!HH", packet[9], len(packet) - 20), packet[20:]
    assert packet[0] == 0x60 and int.from_bytes(packet[4:6], "big") == len(packet) - 40
    return packet[6], packet[8:40] + struct.pack("!HH", packet[6], len(packet) - 40), packet[40:]


@pytest.mark.parametrize("ends", [IPV4, IPV6])
@pytest.mark.parametrize("data", [b"", b"a", b"ab", bytes(1400), b"\xff" * 1401, random.Random(1).randbytes(20000)])
def test_a_datagram_is_what_a_receiver_would_take(ends, data):
    """Ports, sizes, and checksums whose sum is what it must be; no checksum is 0."""
    source, destination = ends
    protocol, pseudo, content = parts(pcap.datagram(source, destination, data))
    assert protocol == 17 and content[8:] == data
    assert struct.unpack("!HHH", content[:6]) == (40000, 6789, 8 + len(data))
    assert words_sum(pseudo + content) == 0xFFFF and content[6:8] != b"\0\0"


@pytest.mark.parametrize("ends", [IPV4, IPV6])
def test_tcp_s_numbers_go_on(ends):
    """Three packets at the start, data in segments, acknowledgements, and the end: each number follows from the one
    before, each checksum is right."""
    client, server = ends
    dialogue = pcap.Dialogue(client, server)
    packets = [*dialogue.opened(), *dialogue.said(True, b"request"), *dialogue.said(False, bytes(3000)),
               *dialogue.closed(True)]
    rows = []
    for packet in packets:
        protocol, pseudo, content = parts(packet)
        source, _, sequence, acknowledged, offset, flags = struct.unpack("!HHIIBB", content[:14])
        assert protocol == 6 and words_sum(pseudo + content) == 0xFFFF
        rows.append((source == 40000, sequence, acknowledged, flags, len(content) - offset // 4))
    assert rows == [
        (True, 0, 0, 0x02, 0), (False, 0, 1, 0x12, 0), (True, 1, 1, 0x10, 0),
        (True, 1, 1, 0x18, 7), (False, 1, 8, 0x10, 0),
        (False, 1, 8, 0x10, 1440), (False, 1441, 8, 0x10, 1440), (False, 2881, 8, 0x18, 120), (True, 8, 3001, 0x10, 0),
        (True, 8, 3001, 0x11, 0), (False, 3001, 9, 0x11, 0), (True, 9, 3002, 0x10, 0),
    ]  # fmt: skip


def test_tcp_s_numbers_wrap_around():
    """After 4 GiB."""
    dialogue = pcap.Dialogue(*IPV4)
    dialogue.missed(True, 2**32 - 2)
    (first, _), (second, _) = dialogue.said(True, b"abcd"), dialogue.said(True, b"e")
    assert [int.from_bytes(packet[24:28], "big") for packet in (first, second)] == [2**32 - 2, 2]


def test_a_record_has_its_time_to_the_microsecond():
    """Seconds, microseconds, the size twice."""
    assert pcap.record(b"abc", 1_700_000_000_123_456_789) == struct.pack("<IIII", 1_700_000_000, 123_456, 3, 3) + b"abc"


@pytest.mark.parametrize("ends", [IPV4, IPV6])
def test_tshark_finds_nothing_wrong(tmp_path, ends):
    """No checksum that is not good, no remark on TCP but the end of the connection, and the same bytes in the stream,
    also beyond what a window without scale would let through."""
    client, server = ends
    dialogue, rand = pcap.Dialogue(client, server), random.Random(2)
    asked, answered = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", rand.randbytes(300_000)
    packets = [*dialogue.opened(), *dialogue.said(True, asked), *dialogue.said(False, answered)]
    packets += [*dialogue.closed(False), pcap.datagram(client, server, b"datagram")]
    file = tmp_path / "made.pcap"
    file.write_bytes(pcap.FILE_HEADER + b"".join(pcap.record(packet, 10**9 * n) for n, packet in enumerate(packets)))
    checks = [f"-o{name}.check_checksum:TRUE" for name in ("ip", "tcp", "udp")]
    # Without the dissector: what is checked here lies below it
    command = [need("tshark"), "-n", "-r", str(file), "-d", "tcp.port==6789,data", *checks]

    def ask(*arguments):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=50)
        assert done.returncode == 0, done.stderr
        return done.stdout

    bad = "ip.checksum.status == 0 or tcp.checksum.status != 1 or udp.checksum.status != 1 or _ws.malformed"
    assert ask("-Y", bad) == ""
    assert ask("-Y", "tcp.analysis.flags or tcp.analysis.bytes_in_flight > tcp.window_size") == ""
    assert len(ask("-Y", "tcp or udp").splitlines()) == len(packets)
    lines = ask("-q", "-z", "follow,tcp,raw,0").splitlines()
    sent = {indent: "".join(line.strip() for line in lines[6:-1] if line.startswith("\t") == indent)
            for indent in (False, True)}
    assert bytes.fromhex(sent[False]) == asked and bytes.fromhex(sent[True]) == answered
