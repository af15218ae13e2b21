"""One thread reads datagrams from many sockets."""

import queue
import socket
import threading

import pytest

from net.datagrams import DatagramReader

ANYWHERE = ("127.0.0.1", 0)


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(ANYWHERE)
    return sock


@pytest.fixture(params=[None, 3], ids=["one selector", "groups of three"])
def reader(request):
    reader = DatagramReader("datagrams", request.param)
    reader.start()
    yield reader
    reader.close()
    reader.close()                      # twice is fine


def test_each_socket_has_its_handler(reader):
    """Also where a selector can only watch a few sockets."""
    heard = queue.Queue()
    sockets = [udp() for _ in range(8)]
    for number, sock in enumerate(sockets):
        reader.add(sock, lambda data, address, number=number: heard.put((number, data, address)))
    with udp() as sender:
        for number, sock in enumerate(sockets):
            sender.sendto(b"to %d" % number, sock.getsockname())
        got = sorted(heard.get(timeout=10) for _ in sockets)
        assert got == [(number, b"to %d" % number, sender.getsockname()) for number in range(8)]
    for sock in sockets:
        reader.discard(sock)


def test_handlers_run_on_the_readers_thread(reader):
    names = queue.Queue()
    sock = udp()
    reader.add(sock, lambda data, address: names.put(threading.current_thread().name))
    with udp() as sender:
        sender.sendto(b"x", sock.getsockname())
        assert names.get(timeout=10) == "datagrams"
    reader.discard(sock)


def test_a_discarded_socket_is_closed_and_its_number_can_be_used_again(reader):
    heard = queue.Queue()
    first = udp()
    reader.add(first, lambda data, address: heard.put("first"))
    reader.discard(first)
    again = udp()
    reader.add(again, lambda data, address: heard.put("again"))
    with udp() as sender:
        sender.sendto(b"x", again.getsockname())
        assert heard.get(timeout=10) == "again"
    assert first.fileno() == -1
    reader.discard(again)


def test_a_handler_that_fails_is_logged_and_the_next_datagram_is_read(reader, caplog):
    heard = queue.Queue()
    sock = udp()

    def handler(data, address):
        if data == b"bad":
            raise ZeroDivisionError
        heard.put(data)

    reader.add(sock, handler)
    with udp() as sender:
        for data in (b"bad", b"", b"good"):
            sender.sendto(data, sock.getsockname())
        assert [heard.get(timeout=10), heard.get(timeout=10)] == [b"", b"good"]
    assert "3 bytes from ('127.0.0.1'" in caplog.text
    reader.discard(sock)


def test_news_of_a_closed_port_does_not_end_the_reading(reader):
    """A connected socket reports the ICMP that an earlier datagram of ours met (Windows: any socket)."""
    heard = queue.Queue()
    sock, sender = udp(), udp()
    address = sender.getsockname()
    sock.connect(address)
    reader.add(sock, lambda data, address: heard.put(data))
    sender.close()
    sock.send(b"to nobody")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.sendto(b"here again", sock.getsockname())
        assert heard.get(timeout=10) == b"here again"
    reader.discard(sock)


def test_discarding_twice_harms_nobody(reader, caplog):
    heard = queue.Queue()
    first, other = udp(), udp()
    reader.add(other, lambda data, address: heard.put(data))
    reader.add(first, lambda data, address: None)
    reader.discard(first)
    reader.discard(first)
    with udp() as sender:
        sender.sendto(b"x", other.getsockname())
        assert heard.get(timeout=10) == b"x"
    reader.discard(other)
    assert caplog.text == ""


def test_a_socket_that_cannot_be_watched_is_logged_and_the_others_are(reader, caplog):
    heard = queue.Queue()
    closed, other = udp(), udp()
    closed_at = closed.fileno()
    reader.add(other, lambda data, address: heard.put(data))
    closed.close()
    reader._note(lambda: reader._register(closed, lambda data, address: None))
    with udp() as sender:
        sender.sendto(b"x", other.getsockname())
        assert heard.get(timeout=10) == b"x"
    assert closed_at >= 0 and "could not be watched" in caplog.text
    reader.discard(other)


def test_close_gives_back_what_was_to_be_discarded():
    reader = DatagramReader()
    sock = udp()
    reader.add(sock, lambda data, address: None)
    reader.discard(sock)
    reader.close()                      # never started
    assert sock.fileno() == -1


def test_discarding_after_the_end_and_closing_again_is_fine(reader):
    sock = udp()
    reader.add(sock, lambda data, address: None)
    reader.close()
    reader.discard(sock)
    reader.close()
    assert sock.fileno() == -1


def test_the_tick_comes_without_datagrams_and_between_them(reader, caplog):
    """On the reader's thread, every half second at least; one that fails is logged, and reading goes on."""
    heard, ticks = queue.Queue(), queue.Queue()

    def tick():
        ticks.put(threading.current_thread().name)
        raise ZeroDivisionError

    reader.tick = tick
    assert [ticks.get(timeout=10) for _ in range(2)] == ["datagrams"] * 2
    sock = udp()
    reader.add(sock, lambda data, address: heard.put(data))
    with udp() as sender:
        sender.sendto(b"x", sock.getsockname())
        assert heard.get(timeout=10) == b"x"
    assert "what was due could not be done" in caplog.text
    reader.tick = None
    reader.discard(sock)
