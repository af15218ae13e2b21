"""The capture file: in order, never waited for, whole at the end."""

from __future__ import annotations

import errno
import logging
import os
import struct
import sys
import threading

import pytest

from net.capture import MOST_WAITING, Capture

CLIENT, SERVER = ("127.0.0.1", 40000), ("127.0.0.1", 6789)


def records(path):
    """(nanoseconds, IP packet) of each."""
    data, found, place = path.read_bytes(), [], 24
    assert struct.unpack("<IHH", data[:8]) == (0xA1B2C3D4, 2, 4) and struct.unpack("<I", data[20:24]) == (101,)
    while place < len(data):
        seconds, micros, size, whole = struct.unpack("<IIII", data[place:place + 16])
        assert size == whole
        found.append((seconds * 10**9 + micros * 1000, data[place + 16:place + 16 + size]))
        place += 16 + size
    return found


def stream(path, by_client, skipped=0):
    """The bytes one side sent over TCP; gaps are zeros."""
    sent = bytearray()
    for _, packet in records(path):
        if packet[9] == 6 and (packet[20:22] == CLIENT[1].to_bytes(2, "big")) is by_client:
            offset, data = int.from_bytes(packet[24:28], "big") - 1 - skipped, packet[20 + (packet[32] >> 4) * 4:]
            if data:
                sent[len(sent):offset] = bytes(max(0, offset - len(sent)))
                sent[offset:offset + len(data)] = data
    return bytes(sent)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.pcap"


def test_what_is_seen_is_in_the_file_with_its_time(path):
    """Datagrams and both directions of a connection, in order; close() twice is fine."""
    times = iter(range(10**9, 10**11, 10**9))
    capture = Capture(str(path), clock=lambda: next(times))
    witness = capture.connected(CLIENT, SERVER)
    witness.sent(b"question")
    witness.received(b"answer")
    capture.datagram(SERVER, CLIENT, b"media")
    witness.closed(by_us=True)
    capture.close()
    capture.close()
    found = records(path)
    assert [when // 10**9 for when, _ in found] == [1] * 3 + [2] * 2 + [3] * 2 + [4] + [5] * 3
    assert stream(path, True) == b"question" and stream(path, False) == b"answer"
    assert found[7][1][28:] == b"media" and capture.packets == len(found) == 11 and capture.dropped == 0


def test_a_server_s_view_has_the_ends_the_other_way_round(path):
    """Who connected is the client."""
    capture = Capture(str(path))
    witness = capture.accepted(SERVER, CLIENT)
    witness.received(b"question")
    witness.sent(b"answer")
    witness.closed(by_us=False)
    capture.close()
    assert stream(path, True) == b"question" and stream(path, False) == b"answer"
    assert records(path)[-3][1][20:22] == CLIENT[1].to_bytes(2, "big")      # whose FIN comes first


def test_passwords_are_masked(path):
    """Those of a client; pictures are not searched for any."""
    capture = Capture(str(path))
    witness = capture.accepted(SERVER, CLIENT)
    witness.received(b"$\0\0\1xOPTIONS * RTSP/1.0\r\nAuthorization: Basic QUJD\r\n\r\n")
    witness.sent(b"$\0\0\x05rtsp://a:b@")
    capture.close()
    assert stream(path, True).endswith(b"Authorization: Basic ****\r\n\r\n") and b"QUJD" not in path.read_bytes()
    assert stream(path, False) == b"$\0\0\x05rtsp://a:b@"


def test_nobody_waits_for_the_disk(path, caplog):
    """While it stands still, what comes is kept up to a limit, and then counted; afterwards the numbers of the TCP
    connection still fit, with a gap."""
    stuck = threading.Event()
    capture = Capture(str(path))
    witness = capture.connected(CLIENT, SERVER)
    capture.put(lambda: [] if stuck.wait(30) else [], 0)
    with caplog.at_level(logging.WARNING):
        chunk, count = bytes(1 << 20), 0
        while capture.dropped < 3 and count < 100:
            witness.sent(chunk)
            count += 1
    assert count < 3 + MOST_WAITING / len(chunk) + 2 and capture.dropped == 3
    assert caplog.text.count("the disk is too slow") == 1
    stuck.set()
    while capture._waiting:
        stuck.wait(0)
    witness.sent(b"end")
    capture.close()
    sent = stream(path, True)
    assert len(sent) == count * len(chunk) + 3 and sent.endswith(b"end")
    assert "3 packets are not in it" in caplog.text


class Full:
    """A disk with room for the header."""

    def __init__(self, room=24):
        self.room = room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        pass

    def close(self):
        self.write(b"x" * 10**6)


def test_a_full_disk_is_one_line_and_no_failure(path, caplog, monkeypatch):
    """Nothing is raised where packets are sent; close() works, too."""
    monkeypatch.setattr("builtins.open", lambda *arguments, **named: Full())
    with caplog.at_level(logging.WARNING):
        capture = Capture(str(path))
        for _ in range(50):
            capture.datagram(CLIENT, SERVER, b"media")
        capture.close()
    assert caplog.text.count("No space left on device. The capture ends here; everything else goes on") == 1
    assert "50 packets are not in it" in caplog.text or "49 packets" in caplog.text


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is always full")
def test_a_disk_that_is_really_full(caplog):
    """/dev/full."""
    with caplog.at_level(logging.WARNING):
        capture = Capture("/dev/full")
        capture.datagram(CLIENT, SERVER, bytes(200_000 // 4))
        capture.close()
    assert caplog.text.count("The capture ends here") == 1


def test_a_mistake_with_one_packet_does_not_end_the_capture(path, caplog):
    """It is logged; those behind it are written."""
    capture = Capture(str(path))
    capture.datagram(("no address", 1), SERVER, b"a")
    capture.datagram(CLIENT, SERVER, b"b")
    capture.close()
    assert [packet[28:] for _, packet in records(path)] == [b"b"]
    assert "could not be written" in caplog.text


def test_a_file_that_cannot_be_made_is_said_at_once(tmp_path):
    """Before anything is played."""
    with pytest.raises(OSError):
        Capture(str(tmp_path / "nowhere" / "a.pcap"))
    assert sys.exc_info() == (None, None, None)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions")
def test_it_is_for_its_owner_alone(path):
    """What an encrypted connection carries is in it as it was before and after."""
    Capture(str(path)).close()
    assert path.stat().st_mode & 0o077 == 0
