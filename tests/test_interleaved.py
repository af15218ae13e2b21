"""Media inside the connection: numbers, frames, taps, and what does not fit."""

import socket
import threading
from contextlib import contextmanager
from struct import pack

import pytest

from media.frame import PreparedFrame
from net.connection import Connection
from net.interleaved import InterleavedChannel, Interleaving, prefix
from rtsp.message import Interleaved
from rtsp.reader import MessageReader


@pytest.fixture
def ends():
    """(peer's socket, the interleaving of our connection)."""
    with an_end() as end:
        yield end


@contextmanager
def an_end():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    peer.settimeout(10)
    connection = Connection(ours, MessageReader())
    yield peer, Interleaving(connection)
    connection.close()
    peer.close()


def read(peer, size):
    data = bytearray()
    while len(data) < size:
        data += peer.recv(size - len(data))
    return data


def test_wanted_numbers_are_granted_and_taken_ones_are_not(ends):
    """RFC 2326 §12.39: the reply says which ones it are."""
    _, interleaving = ends
    numbers = [InterleavedChannel(interleaving, wanted).numbers for wanted in ((2, 3), (2, 3), (3, 4), None, (9, 7))]
    assert numbers == [(2, 3), (0, 1), (4, 5), (6, 7), (8, 9)]
    assert InterleavedChannel(interleaving, (11, 11)).numbers == (10, 11)
    assert InterleavedChannel(interleaving, (255, 20)).numbers == (255, 20)


def test_a_closed_channel_gives_its_numbers_back(ends):
    _, interleaving = ends
    channel = InterleavedChannel(interleaving, (4, 5))
    assert channel.parameters == {"interleaved": (4, 5)} and len(interleaving) == 2
    channel.close(None)
    channel.close(None)
    assert len(interleaving) == 0
    assert InterleavedChannel(interleaving, (4, 5)).numbers == (4, 5)


def test_when_all_numbers_are_taken_there_is_no_channel(ends):
    _, interleaving = ends
    pairs = {InterleavedChannel(interleaving, None).numbers for _ in range(128)}
    assert len(pairs) == 128
    with pytest.raises(OSError, match="no channel"):
        InterleavedChannel(interleaving, (0, 1))


def test_each_packet_is_framed_with_its_size_and_number(ends):
    """RFC 2326 §10.12."""
    peer, interleaving = ends
    channel = InterleavedChannel(interleaving, (6, 7))
    assert channel.send(framed_apart(b"aaaa", b"bbbb", b"cc"), 8) is True
    channel.send_control(b"report")
    frames = b"$\x06\x00\x04aaaa$\x06\x00\x04bbbb$\x06\x00\x02cc$\x07\x00\x06report"
    assert read(peer, len(frames)) == frames


def test_viewers_share_a_frame_and_each_has_its_own_channel_and_numbers(ends):
    """The one to whom it is sent last is not the only one whose numbers are right."""
    peer, interleaving = ends
    frame = PreparedFrame([prefix(size) + b"\x80\x1a" + bytes(size - 2) for size in (1412, 1412, 60)], 4)
    with an_end() as (second, other):
        viewers = [(peer, InterleavedChannel(interleaving, (0, 1))), (second, InterleavedChannel(other, (254, 255))),
                   (peer, InterleavedChannel(interleaving, (6, 7)))]
        for sequence, (_, channel) in enumerate(viewers, 65_534):
            frame.number(sequence & 0xFFFF, 77, b"SSRC")
            assert channel.send(frame.packets, frame.stride)
        for sequence, (end, channel) in enumerate(viewers, 65_534):
            for n, size in enumerate((1412, 1412, 60)):
                data = read(end, 4 + size)
                assert data[:4] == pack("!cBH", b"$", channel.numbers[0], size)
                assert data[4:16] == pack("!BBHI4s", 0x80, 26, (sequence + n) & 0xFFFF, 77, b"SSRC")
        straight = [channel.straight(frame.stride) for _, channel in viewers]
        assert [most > 0 for _, most in straight] == [True, False, False]
        assert straight[0][0](frame.packets)    # after one whose channel has another number
        assert read(peer, 4) == pack("!cBH", b"$", 0, 1412)


def test_a_frame_is_left_as_it_was_whatever_happens(ends, monkeypatch):
    """The next viewer's channel may be 0, and nobody would write that."""
    _, interleaving = ends
    channel = InterleavedChannel(interleaving, (2, 3))
    frame = PreparedFrame([prefix(1412) + bytes(1412)] * 3, 4)

    def fail(data):
        assert [data[1 + n * 1416] for n in range(3)] == [2, 2, 2]
        raise MemoryError

    monkeypatch.setattr(interleaving.connection, "offer", fail)
    with pytest.raises(MemoryError):
        channel.send(frame.packets, frame.stride)
    assert [frame.packets[1 + n * 1416] for n in range(3)] == [0, 0, 0]


def test_a_part_of_a_frame_that_waits_is_not_overwritten_by_the_next_viewer(ends, monkeypatch):
    """One viewer's connection takes half of it; the rest goes out after another one's numbers were written into it."""
    peer, interleaving = ends
    monkeypatch.setattr("net.interleaved.SEND_BUFFER", 10_000)
    slow = InterleavedChannel(interleaving, (2, 3))
    packets = [prefix(1412) + b"\x80\x1a" + bytes(1410)] * 4000
    frame = PreparedFrame(packets, 4)
    frame.number(1, 2, b"SLOW")
    expected = bytearray(frame.buffer)
    expected[1::frame.stride] = b"\2" * 4000
    assert slow.send(frame.packets, frame.stride) and len(slow.connection._unsent) > 0      # larger than any buffer
    with an_end() as (_, other):
        frame.number(40_000, 3, b"FAST")
        InterleavedChannel(other, (8, 9)).send(frame.packets[:frame.stride], frame.stride)
        frame.buffer[1::frame.stride] = b"\10" * 4000
    receiving = threading.Thread(target=slow.connection.receive, args=(10,))
    receiving.start()                               # it sends what is left, too
    assert read(peer, len(expected)) == expected
    peer.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    receiving.join(10)


def test_without_taps_nothing_is_copied(ends, monkeypatch):
    """The prepared packets themselves are offered."""
    _, interleaving = ends
    channel, offered = InterleavedChannel(interleaving, None), []
    monkeypatch.setattr(channel.connection, "offer", offered.append)
    packets = framed_apart(b"aaaa", b"bb")
    channel.send(packets, 8)
    assert offered == [packets] and offered[0] is packets


def framed_apart(*packets):
    """As they are prepared: no channel yet."""
    return memoryview(bytearray(b"".join(prefix(len(packet)) + packet for packet in packets)))


def test_a_tap_sees_each_packet_and_decides_what_goes_on(ends):
    """Without the four bytes in front; what a tap throws away was sent, as far as the sender is concerned."""
    peer, interleaving = ends
    channel = InterleavedChannel(interleaving, None)
    fates = {b"lost": [], b"twic": [b"twic", b"twic"], b"report": [b"other"]}
    seen = []

    def tap(packet, control):
        seen.append((bytes(packet), control))
        return fates[bytes(packet)]

    channel.taps.append(tap)
    assert channel.send(framed_apart(b"lost", b"twic"), 8) and channel.send(framed_apart(b"lost"), 8)
    channel.send_control(b"report")
    frames = b"$\x00\x00\x04twic$\x00\x00\x04twic$\x01\x00\x05other"
    assert read(peer, len(frames)) == frames
    assert seen == [(b"lost", False), (b"twic", False), (b"lost", False), (b"report", True)]


def test_what_does_not_fit_is_dropped_whole_and_counted_and_a_goodbye_is_not(ends, monkeypatch):
    peer, interleaving = ends
    monkeypatch.setattr("net.interleaved.SEND_BUFFER", 10_000)
    channel = InterleavedChannel(interleaving, None)
    taken = 0
    packets = framed_apart(*[bytes(1000)] * 3)
    while channel.send(packets, 1004):
        taken += 1
    assert not channel.send(packets, 1004)
    channel.send_control(b"bye")
    assert channel.refused == 2 and taken > 0
    size = taken * 3 * 1004 + 7
    data = b""
    while len(data) < size:
        data += peer.recv(size - len(data))
        channel.connection.receive(0.0)
        channel.connection.offer(b"", always=True)
    assert data == b"".join([b"$\x00\x03\xe8" + bytes(1000)] * 3 * taken) + b"$\x01\x00\x03bye"
    assert channel.send(framed_apart(b"again"), 12) and read(peer, 9) == b"$\x00\x00\x05again"


def test_what_the_viewer_sends_on_its_numbers_is_heard(ends):
    """And on no others."""
    _, interleaving = ends
    channel, heard = InterleavedChannel(interleaving, (2, 3)), []
    interleaving.deliver(Interleaved(2, b"nobody listens yet"))
    channel.listen(None, lambda data, address: heard.append((data, address)))
    for number in range(5):
        interleaving.deliver(Interleaved(number, b"%d" % number))
    channel.close(None)
    interleaving.deliver(Interleaved(2, b"nobody listens any more"))
    assert heard == [(b"2", interleaving.connection.peer), (b"3", interleaving.connection.peer)]
