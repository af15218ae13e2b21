"""A connection over a real pair of sockets; the clock is ours."""

import socket
import threading

import pytest

from net.connection import Connection, ConnectionClosed
from net.waiting import wait
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


def test_hanging_up_wakes_who_receives_and_what_is_unsent_still_goes_out(pair):
    peer, make = pair
    connection = make(lambda: 0.0)  # no time passes, however slow this machine is
    threading.Timer(0.05, connection.hang_up).start()
    with pytest.raises(ConnectionClosed):
        connection.receive(30)
    connection.enlarge(4096)
    assert connection.offer(bytes(8_000_000)) and connection._unsent
    reader = threading.Thread(target=connection.finish)
    reader.start()
    got = 0
    while data := peer.recv(65536):
        got += len(data)
    assert got == 8_000_000
    reader.join()


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


# --- what is offered --------------------------------------------------------------------------------------------------


class Dripping:
    """A socket that takes `room` bytes, then nothing until it is given more."""

    def __init__(self, room=0):
        self.room, self.sent = room, b""

    def send(self, data):
        if not self.room:
            raise BlockingIOError
        self.given = data
        taken, self.room = bytes(data[: self.room]), max(0, self.room - len(data))
        self.sent += taken
        return len(taken)

    def shutdown(self, how):
        pass

    def close(self):
        pass


SIZE = 5004     # bytes of a frame, with the four in front
FRAME, OTHER, REPLY = b"$\x00\x00\x05media", b"$\x00\x00\x05other", b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"


@pytest.mark.parametrize("cut", range(len(FRAME) + 1))
def test_a_frame_that_was_begun_is_finished_before_anything_else(pair, cut):
    """Wherever the socket was full; the next frame is dropped as a whole, a reply is not."""
    _, make = pair
    connection = make()
    connection._socket.close()
    sock = connection._socket = Dripping(cut)
    assert connection.offer(FRAME)
    assert connection.offer(OTHER) is (cut == len(FRAME))
    assert sock.sent == FRAME[:cut]
    assert connection.offer(REPLY, always=True)
    sock.room = 1000
    assert connection.offer(OTHER)
    assert sock.sent == FRAME + (OTHER if cut == len(FRAME) else b"") + REPLY + OTHER


@pytest.mark.parametrize("cut", range(len(FRAME)))
def test_what_does_not_go_out_at_once_is_kept_as_it_was(pair, cut):
    """The next viewer's numbers are written into the same buffer before the rest goes."""
    _, make = pair
    connection = make()
    connection._socket.close()
    sock = connection._socket = Dripping(cut)
    shared = bytearray(FRAME)
    assert connection.offer(memoryview(shared))
    shared[:] = OTHER
    sock.room = 1000
    connection._flush()
    assert sock.sent == FRAME and not connection._unsent


def test_what_goes_out_at_once_is_not_copied(pair):
    """The system gets the buffer itself."""
    _, make = pair
    connection = make()
    connection._socket.close()
    sock = connection._socket = Dripping(1000)
    shared = memoryview(bytearray(FRAME))
    assert connection.offer(shared)
    assert sock.given is shared and connection._unsent == b""


def fill(connection):
    """Offer frames until one is dropped; those that were taken."""
    taken = 0
    while connection.offer(b"$\x00\x13\x88" + taken.to_bytes(4, "big") + bytes(4996)):
        taken += 1
    return taken


def read_until(peer, end):
    data = bytearray()
    while not data.endswith(end):
        data += peer.recv(65536)
    return bytes(data)


def test_an_offer_never_waits_and_a_reply_comes_after_what_was_taken(pair):
    """The peer's buffers fill; what was taken arrives whole, in order, and the reply stands between two frames."""
    peer, make = pair
    connection = make()
    connection.enlarge(10_000)
    taken = fill(connection)
    assert taken > 1 and not connection.offer(OTHER)
    replying = threading.Thread(target=connection.send, args=(REPLY,))
    replying.start()
    data = read_until(peer, REPLY)
    replying.join()
    assert connection.offer(OTHER)
    assert len(data) == taken * SIZE + len(REPLY) and peer.recv(100) == OTHER
    assert [int.from_bytes(data[at + 4 : at + 8], "big") for at in range(0, taken * SIZE, SIZE)] == list(range(taken))


def test_what_was_begun_is_finished_while_nobody_offers_more(pair):
    """By whoever receives, as soon as there is room."""
    peer, make = pair
    connection = make()
    connection.enlarge(10_000)
    taken = fill(connection)
    assert connection.offer(b"the end", always=True)
    receiving = threading.Thread(target=connection.receive, args=(10,))
    receiving.start()
    assert len(read_until(peer, b"the end")) == taken * SIZE + 7
    peer.sendall(OPTIONS)
    receiving.join(10)
    assert not receiving.is_alive()


def test_who_receives_gives_up_a_peer_that_reads_nothing(pair):
    _, make = pair
    clock = Clock()
    connection = make(clock)
    fill(connection)
    clock.now += limits.STALLED_WRITE - 1
    assert connection.receive(0.0) is None
    clock.step = 0.6
    with pytest.raises(ConnectionClosed, match="reads nothing"):
        connection.receive(30)


def test_a_peer_that_had_nothing_to_read_is_not_given_up(pair):
    """Only time with something unsent counts."""
    peer, make = pair
    clock = Clock()
    connection = make(clock)
    assert connection.offer(FRAME)
    clock.now += 10 * limits.STALLED_WRITE
    fill(connection)
    clock.step = 0.01
    assert connection.receive(0.05) is None


def test_an_offer_to_a_closed_connection_is_refused(pair):
    _, make = pair
    connection = make()
    connection.close()
    assert not connection.offer(FRAME) and not connection.offer(FRAME, always=True)


def test_who_waits_to_read_is_woken_when_there_is_something_to_write(pair, monkeypatch):
    """Else the end of a frame would stay here until the next look, which is a minute away in this test."""
    peer, make = pair
    connection = make()
    connection.enlarge(10_000)
    waiting = threading.Event()

    def noted(*arguments, **options):
        waiting.set()
        return wait(*arguments, **options)

    monkeypatch.setattr("net.connection.LONGEST_WAIT", 60)
    monkeypatch.setattr("net.connection.wait", noted)
    receiving = threading.Thread(target=connection.receive, args=(60,))
    receiving.start()
    assert waiting.wait(10)                         # what it waits for is settled now
    peer.settimeout(10)
    left = fill(connection) * SIZE
    while left:
        left -= len(peer.recv(min(left, 65536)))
    peer.sendall(OPTIONS)
    receiving.join(10)
    assert not receiving.is_alive()


def test_a_bell_that_cannot_ring_any_louder_disturbs_nobody(pair):
    """Rung often, with nobody there to hear it; and after the end."""
    _, make = pair
    connection = make()
    connection.enlarge(10_000)
    connection.enlarge(10_000)                      # the second stream in the connection needs no second bell
    for _ in range(100_000):
        connection._ring()
    connection.close()
    connection._ring()
    with pytest.raises(OSError):
        connection.enlarge(10_000)


def test_a_peer_that_acknowledges_nothing_is_given_up_by_the_system(pair):
    """Where the system can do that."""
    _, make = pair
    connection = make()
    for seconds, milliseconds in ((8, 8000), (0.5, 500), (10**6, 10**9), (10**8, 2**31 - 1)):
        connection.give_up_after(seconds)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert connection._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == milliseconds


class Interrupted:
    """A socket with which Ctrl-C is pressed in the moment in which it has sent something."""

    def __init__(self, sock):
        self.sock, self.pressed = sock, False

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def send(self, data):
        sent = self.sock.send(data)
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        return sent


def test_what_was_sent_when_ctrl_c_came_is_not_sent_twice(pair):
    """The goodbye after it must not be taken for the second answer to what came before."""
    peer, make = pair
    connection = make()
    connection._socket = Interrupted(connection._socket)
    with pytest.raises(KeyboardInterrupt):
        connection.send(b"PLAY\r\n")
    connection.send(b"TEARDOWN\r\n")
    assert read_until(peer, b"TEARDOWN\r\n") == b"PLAY\r\nTEARDOWN\r\n"


def test_a_peer_that_has_gone_already_leaves_no_socket():
    """It was accepted, and reset, before anybody looked."""
    sock = socket.socket()
    with pytest.raises(OSError):
        Connection(sock, MessageReader())
    assert sock.fileno() < 0
