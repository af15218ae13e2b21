"""Media inside the connection: numbers, frames, taps, and what does not fit."""

import socket

import pytest

from net.connection import Connection
from net.interleaved import InterleavedChannel, Interleaving
from rtsp.message import Interleaved
from rtsp.reader import MessageReader


@pytest.fixture
def ends():
    """(peer's socket, the interleaving of our connection)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    peer.settimeout(10)
    connection = Connection(ours, MessageReader())
    yield peer, Interleaving(connection)
    connection.close()
    peer.close()


def read(peer, size):
    data = b""
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
    assert channel.send(bytearray(b"aaaabbbbcc"), 4) is True
    channel.send_control(b"report")
    frames = b"$\x06\x00\x04aaaa$\x06\x00\x04bbbb$\x06\x00\x02cc$\x07\x00\x06report"
    assert read(peer, len(frames)) == frames


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
    assert channel.send(b"losttwic", 4) and channel.send(b"lost", 4)
    channel.send_control(b"report")
    frames = b"$\x00\x00\x04twic$\x00\x00\x04twic$\x01\x00\x05other"
    assert read(peer, len(frames)) == frames
    assert seen == [(b"lost", False), (b"twic", False), (b"lost", False), (b"report", True)]


def test_what_does_not_fit_is_dropped_whole_and_counted_and_a_goodbye_is_not(ends, monkeypatch):
    peer, interleaving = ends
    monkeypatch.setattr("net.interleaved.SEND_BUFFER", 10_000)
    channel = InterleavedChannel(interleaving, None)
    taken = 0
    while channel.send(bytes(3000), 1000):
        taken += 1
    assert not channel.send(bytes(3000), 1000)
    channel.send_control(b"bye")
    assert channel.refused == 2 and taken > 0
    size = taken * 3 * 1004 + 7
    data = b""
    while len(data) < size:
        data += peer.recv(size - len(data))
        channel.connection.receive(0.0)
        channel.connection.offer(b"", always=True)
    assert data == b"".join([b"$\x00\x03\xe8" + bytes(1000)] * 3 * taken) + b"$\x01\x00\x03bye"
    assert channel.send(b"again", 5) and read(peer, 9) == b"$\x00\x00\x05again"


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
