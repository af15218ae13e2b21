"""A connection over a real pair of sockets; the clock is ours."""

import socket
import threading

import pytest

from net.connection import Connection, ConnectionClosed, wait
from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Interleaved, Request
from rtsp.reader import MessageReader

OPTIONS = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"


class Clock:
    """Seconds that pass when the test says so, or by `step` at each look."""

    def __init__(self, step=0.0):
        self.now, self.step = 100.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def pair():
    """(peer's socket, make(clock) -> our Connection)."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    made = []

    def make(clock=None, **options):
        made.append(Connection(ours, MessageReader(**options), *([clock] if clock else [])))
        return made[0]

    yield peer, make
    for connection in made:
        connection.close()
    peer.close()
    ours.close()


def test_messages_come_as_they_were_sent(pair):
    peer, make = pair
    connection = make()
    peer.sendall(OPTIONS + b"$\x00\x00\x01x" + OPTIONS[:10])
    assert isinstance(connection.receive(5), Request)
    assert connection.receive(5) == Interleaved(0, b"x")
    peer.sendall(OPTIONS[10:])
    assert isinstance(connection.receive(5), Request)
    assert connection.peer == peer.getsockname() and connection.local == peer.getpeername()


def test_without_a_message_receive_returns_none_in_time(pair):
    _, make = pair
    assert make(Clock(step=0.1)).receive(0.3) is None


def test_silence_ends_a_lab_request(pair):
    """The reader has no clock; the connection tells it when nothing more came."""
    peer, make = pair
    clock = Clock()
    connection = make(clock)
    peer.sendall(b"PLAY movie.Mjpeg RTSP/1.0\nCSeq: 2\nSession: 123456")
    assert wait(connection._socket, 5)
    assert connection.receive(0) is None            # a look at the clock without any time passing: nothing
    clock.step = 0.01
    request = connection.receive(5)
    assert (request.method, request.lab) == ("PLAY", True)


def test_an_unfinished_request_is_timed_from_its_first_byte(pair):
    """A byte now and then does not keep a connection open."""
    peer, make = pair
    clock = Clock()
    connection = make(clock)
    for byte in OPTIONS[:5]:
        peer.sendall(bytes([byte]))
        assert wait(connection._socket, 5)
        clock.now += limits.UNFINISHED_REQUEST / 5.5
        clock.step = 0.0001
        assert connection.receive(0.001) is None
    clock.now += limits.UNFINISHED_REQUEST / 3
    with pytest.raises(MessageError) as caught:
        connection.receive(0.001)
    assert caught.value.status == 408 and caught.value.fatal


def test_a_connection_that_says_nothing_is_not_unfinished(pair):
    _, make = pair
    clock = Clock(step=limits.UNFINISHED_REQUEST)
    assert make(clock).receive(limits.UNFINISHED_REQUEST * 3) is None


def test_the_end_of_the_stream_is_connection_closed(pair):
    peer, make = pair
    connection = make()
    peer.sendall(OPTIONS)
    peer.close()
    assert isinstance(connection.receive(5), Request)
    with pytest.raises(ConnectionClosed):
        connection.receive(5)


def test_closing_wakes_the_thread_that_waits(pair):
    _, make = pair
    connection = make()
    woken = threading.Event()

    def receive():
        with pytest.raises(ConnectionClosed):
            connection.receive(30)
        woken.set()

    thread = threading.Thread(target=receive)
    thread.start()
    connection.close()
    connection.close()                              # twice is fine
    assert woken.wait(10)
    thread.join()
    with pytest.raises(ConnectionClosed):
        connection.receive(1)
    with pytest.raises(ConnectionClosed):
        connection.send(b"x")


def test_a_reply_larger_than_the_socket_buffers_is_sent_whole(pair):
    peer, make = pair
    connection, data, received = make(), bytes(range(256)) * 40_000, bytearray()

    def read():
        while chunk := peer.recv(65536):
            received.extend(chunk)

    thread = threading.Thread(target=read)
    thread.start()
    connection.send(data)
    connection.close()
    thread.join(10)
    assert received == data


def test_messages_of_two_threads_do_not_mix(pair):
    peer, make = pair
    connection, received = make(), bytearray()
    threads = [threading.Thread(target=connection.send, args=(letter * 3_000_000,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    while len(received) < 6_000_000:
        received.extend(peer.recv(1 << 20))
    for thread in threads:
        thread.join()
    assert received in (b"a" * 3_000_000 + b"b" * 3_000_000, b"b" * 3_000_000 + b"a" * 3_000_000)


def test_a_peer_that_reads_nothing_is_given_up(pair, monkeypatch):
    peer, make = pair
    monkeypatch.setattr("net.connection.LONGEST_WAIT", 0.001)
    connection = make(Clock(step=limits.STALLED_WRITE / 4))
    with pytest.raises(ConnectionClosed, match="reads nothing"):
        connection.send(bytes(50_000_000))


def test_a_last_reply_arrives_although_more_was_sent_than_read(pair):
    """Without the pause for reading, closing would reset the connection and the reply would be lost."""
    peer, make = pair
    connection = make()
    peer.sendall(b"x" * 1000)
    assert wait(connection._socket, 5)
    connection.send(b"sorry")
    peer.shutdown(socket.SHUT_WR)
    connection.finish()
    assert peer.recv(100) == b"sorry"
    assert peer.recv(100) == b""
