"""A TLS socket against Python's own, over a real pair of sockets; and a Connection over it."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

import pytest

from net.certificate import server_context
from net.connection import Connection, ConnectionClosed
from net.tls import NotTls, TlsSocket, why_failed
from rtsp.message import Interleaved, Request
from rtsp.reader import MessageReader

OPTIONS = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
NEVER = threading.Event()


def tcp():
    """Both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname(), timeout=10)
        far, _ = listener.accept()
        return near, far


class Other(threading.Thread):
    """The other side's part, on a thread of its own; join() raises what went wrong."""

    def __init__(self, part):
        super().__init__()
        self._part, self.result, self.error = part, None, None
        self.start()

    def run(self):
        try:
            self.result = self._part()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def value(self):
        self.join(10)
        assert not self.is_alive()
        if self.error:
            raise self.error
        return self.result


@pytest.fixture
def contexts(certificates):
    """(the server's, a client's that trusts it)"""
    return (server_context(certificates.good, certificates.key),
            ssl.create_default_context(cafile=str(certificates.good)))  # fmt: skip


@pytest.fixture
def ends(contexts):
    """meet(first) -> (our TlsSocket, the peer's ssl.SSLSocket): the peer writes `first` as soon as it may."""
    server, client = contexts
    with contextlib.ExitStack() as opened:

        def meet(first=b""):
            near, far = map(opened.enter_context, tcp())
            ours = opened.enter_context(TlsSocket(far, server))

            def greet():
                peer = client.wrap_socket(near, server_hostname="localhost", suppress_ragged_eofs=False)
                peer.sendall(first)
                return peer

            other = Other(greet)
            ours.handshake(NEVER)
            return ours, opened.enter_context(other.value())

        yield meet


def read(sock, size):
    """So many bytes, or what came before the end."""
    data = b""
    while len(data) < size:
        select.select([sock], [], [], 10)
        try:
            part = sock.recv(size - len(data))
        except BlockingIOError:
            continue
        if not part:
            break
        data += part
    return data


def test_it_never_waits(ends):
    """Nothing to read is a BlockingIOError, as with a plain socket; so is half a record."""
    ours, peer = ends()
    for _ in range(2):
        with pytest.raises(BlockingIOError):
            ours.recv(100)
    peer.sendall(b"hello")
    assert read(ours, 5) == b"hello"
    ours.send(b"hello yourself")
    assert read(peer, 14) == b"hello yourself"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_what_comes_right_behind_the_handshake_is_seen_by_poll(ends, contexts, version):
    """Not taken in with it, to lie in memory, where nobody looks."""
    contexts[1].minimum_version = contexts[1].maximum_version = version
    ours, _ = ends(first=OPTIONS)
    assert select.select([ours], [], [], 10)[0]
    assert read(ours, len(OPTIONS)) == OPTIONS


def test_all_that_was_decrypted_is_given_at_once(ends):
    """However little was asked for: what is left in memory, no poll() would tell of."""
    ours, peer = ends()
    peer.sendall(b"x" * 50_000)
    got = 0
    while got < 50_000:
        assert select.select([ours], [], [], 10)[0], f"{50_000 - got} bytes lie in memory"
        with contextlib.suppress(BlockingIOError):
            got += len(ours.recv(1000))


def test_each_byte_alone(ends, contexts):
    """Records that come byte by byte are none until they are whole."""
    server, client = contexts
    near, far = tcp()
    ours = TlsSocket(far, server)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = client.wrap_bio(into, out, server_hostname="localhost")
    other = Other(lambda: ours.handshake(NEVER))
    with near, ours:
        near.settimeout(10)
        while True:
            try:
                peer.do_handshake()
            except ssl.SSLWantReadError:
                for byte in out.read():
                    near.send(bytes([byte]))
                into.write(near.recv(65536))
            else:
                break
        for byte in out.read():
            near.send(bytes([byte]))
        other.value()
        peer.write(b"slow")
        for byte in out.read():
            near.send(bytes([byte]))
        assert read(ours, 4) == b"slow"


def test_a_peer_that_reads_nothing_loses_nothing_in_the_end(ends):
    """What did not fit is offered again until all of it is through: each byte once, in order."""
    ours, peer = ends()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent, data = 0, bytes(range(256)) * 8_000
    with pytest.raises(BlockingIOError):
        for _ in range(10_000):
            sent += ours.send(memoryview(data)[sent:])
    assert 0 < sent < len(data)
    other = Other(lambda: read(peer, len(data)))
    while sent < len(data):
        select.select([], [ours], [], 10)
        with contextlib.suppress(BlockingIOError):
            sent += ours.send(memoryview(data)[sent : sent + 100_000])
    assert other.value() == data


def test_nothing_is_taken_by_a_send_that_would_block(ends):
    """Whoever drops what was refused, as the pacer does with frames, spoils nothing."""
    ours, peer = ends()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    first, sent = b"a" * 5_000_000, 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += ours.send(memoryview(first)[sent:])
    with pytest.raises(BlockingIOError):
        ours.send(b"dropped")
    other = Other(lambda: read(peer, sent + 5))
    rest = b"a" + b"-end"  # the last byte that went is the one that counted as unsent
    while rest:
        select.select([], [ours], [], 10)
        with contextlib.suppress(BlockingIOError):
            rest = rest[ours.send(rest) :]
    assert other.value() == b"a" * (sent + 1) + b"-end"


def test_a_goodbye_is_said_and_understood(ends):
    ours, peer = ends()
    ours.shutdown(socket.SHUT_WR)
    assert peer.recv(10) == b""  # ragged ends would be an error
    ours, peer = ends()
    with pytest.raises(OSError):
        peer.setblocking(False)
        peer.unwrap()
    assert read(ours, 1) == b""


def test_who_reads_no_more_may_still_speak(ends):
    """And says goodbye when that is over."""
    ours, peer = ends()
    connection = Connection(ours, MessageReader())
    connection.hang_up()
    with pytest.raises(ConnectionClosed):
        connection.receive(5)
    connection.send(b"last words")
    other = Other(connection.finish)
    assert read(peer, 10) == b"last words" and peer.recv(1) == b""
    peer.close()
    other.value()


def test_an_end_without_a_goodbye_is_an_end(ends):
    ours, peer = ends()
    peer.sendall(b"last words")
    peer.shutdown(socket.SHUT_WR)
    assert read(ours, 100) == b"last words"


def test_damage_on_the_way_is_an_error(contexts):
    """A record that was changed is nothing that the peer has said."""
    server, client = contexts
    near, far = tcp()
    with near, TlsSocket(far, server) as ours:
        other = Other(lambda: ours.handshake(NEVER))
        with client.wrap_socket(near, server_hostname="localhost") as peer:
            other.value()
            with socket.socket(fileno=peer.detach()) as raw:
                raw.send(b"\x17\x03\x03\x00\x20" + b"x" * 32)
                with pytest.raises(ssl.SSLError):
                    read(ours, 1)


# ---- handshakes that fail


@pytest.fixture
def waiting(contexts):
    """(ours, the other end of TCP)"""
    near, far = tcp()
    with near, TlsSocket(far, contexts[0]) as ours:
        yield ours, near


def test_plain_text_is_answered_in_plain_text(waiting):
    ours, near = waiting
    near.sendall(OPTIONS)
    with pytest.raises(NotTls) as caught:
        ours.handshake(NEVER)
    assert near.recv(100).startswith(b"RTSP/1.0 400 Bad Request\r\n")
    assert "rtsps://" in why_failed(caught.value)


@pytest.mark.parametrize("first", [b"", b"\x16", b"\x16\x03\x01\x40\x00abc"])
def test_a_slow_handshake_ends_in_time(waiting, first):
    ours, near = waiting
    near.sendall(first)
    with pytest.raises(TimeoutError) as caught:
        ours.handshake(NEVER, 0.0)
    assert why_failed(caught.value)


def test_it_ends_when_it_shall_stop(waiting):
    """Also in the middle of waiting."""
    ours, _ = waiting
    stop = threading.Event()
    other = Other(lambda: ours.handshake(stop))
    stop.set()
    with pytest.raises(ConnectionAbortedError):
        other.value()


def test_it_ends_when_it_is_closed(waiting):
    ours, _ = waiting
    other = Other(lambda: ours.handshake(NEVER))
    ours.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OSError) as caught:
        other.value()
    assert why_failed(caught.value) == ""


def test_a_peer_that_goes_needs_no_words(waiting):
    ours, near = waiting
    near.close()
    with pytest.raises(ConnectionResetError) as caught:
        ours.handshake(NEVER)
    assert why_failed(caught.value) == ""


@pytest.mark.parametrize("record", [
    b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x01\x00\x02\x02\x28", b"\x17\x03\x03\x00\x00",
    b"\x16\x03\x01\xff\xff" + b"x" * 65535,
])  # fmt: skip
def test_what_only_looks_like_tls_is_an_error(waiting, record):
    ours, near = waiting
    other = Other(lambda: near.sendall(record))
    with pytest.raises(ssl.SSLError) as caught:
        ours.handshake(NEVER)
    other.value()
    assert why_failed(caught.value).startswith("no TLS: ")


def test_a_client_that_does_not_trust_us_is_heard(waiting):
    ours, near = waiting

    def client():
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(near, server_hostname="localhost")

    other = Other(client)
    with pytest.raises(ssl.SSLError) as caught:
        ours.handshake(NEVER)
    other.value()
    assert why_failed(caught.value) == "it does not trust our certificate"


def test_versions_before_1_2_are_refused(waiting):
    ours, near = waiting
    hello = bytes.fromhex("1603010031 0100002d 0301" + "00" * 32 + "00 0002 c013 0100 0002 0000".replace(" ", ""))
    near.sendall(hello)
    with pytest.raises(ssl.SSLError):
        ours.handshake(NEVER)


def test_without_a_handshake_nothing_is_said(waiting):
    ours, _ = waiting
    with pytest.raises(OSError, match="no TLS handshake"):
        ours.send(b"secret")


# ---- a conversation


def test_a_connection_over_it(ends):
    """Messages in, bytes out, whatever the threads; and it knows that it is encrypted."""
    ours, peer = ends()
    connection = Connection(ours, MessageReader())
    assert connection.encrypted
    peer.sendall(OPTIONS + b"$\x00\x00\x01x")
    assert isinstance(connection.receive(5), Request)
    assert connection.receive(5) == Interleaved(0, b"x")
    connection.send(OPTIONS)
    assert connection.offer(memoryview(bytearray(b"$\x00\x00\x01y")))
    assert read(peer, len(OPTIONS) + 5) == OPTIONS + b"$\x00\x00\x01y"
    peer.close()
    with pytest.raises(ConnectionClosed):
        connection.receive(5)
    connection.close()
    connection.close()


def test_a_plain_connection_is_not_encrypted():
    near, far = tcp()
    with near, far:
        assert not Connection(far, MessageReader()).encrypted


def test_two_threads_that_send_and_one_that_receives(ends):
    """Whole frames arrive, each thread's in order, and nothing else; those refused are left out as wholes."""
    ours, peer = ends()
    connection = Connection(ours, MessageReader())
    connection.enlarge(8192)
    done = threading.Event()

    def receive():
        count = 0
        while not done.is_set() or count < 300:
            count += connection.receive(0.05) is not None
        return count

    def offer(channel):
        taken = []
        for k in range(2000):
            frame = bytes([0x24, channel]) + (3000).to_bytes(2, "big") + k.to_bytes(2, "big") * 1500
            if connection.offer(memoryview(frame)):
                taken.append(k)
        return taken

    def listen():
        reader, found = MessageReader(), {0: [], 1: []}
        while (data := read(peer, 1)) != b"":
            data += peer.recv(65536) if peer.pending() else b""
            reader.feed(data)
            while (message := reader.next()) is not None:
                assert isinstance(message, Interleaved) and message.data == message.data[:2] * 1500
                found[message.channel].append(int.from_bytes(message.data[:2], "big"))
        return found

    receiving, listening = Other(receive), Other(listen)
    senders = [Other(lambda channel=channel: offer(channel)) for channel in (0, 1)]
    for _ in range(300):
        peer.sendall(OPTIONS)
    taken = {channel: sender.value() for channel, sender in enumerate(senders)}
    connection.send(b"")
    done.set()
    assert receiving.value() >= 300
    connection.finish()
    assert listening.value() == taken
