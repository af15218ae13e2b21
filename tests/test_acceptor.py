"""Taking connections: what is done when there are no means to, and how workers end. More of it: test_Server.py,
test_faults.py."""

from __future__ import annotations

import errno
import socket
import threading

import pytest

import net.acceptor
from net.acceptor import PAUSE, Acceptor
from net.complaints import Complaints
from net.connection import Connection, ConnectionClosed
from net.processes import Count
from rtsp.reader import MessageReader


class Desk:
    """An acceptor, and what its workers do."""

    def __init__(self, serve=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.served = threading.Event()
        self.count = Count()
        self.acceptor = Acceptor(
            [self.listener],
            lambda sock: Connection(sock, MessageReader()),
            serve or self.wait,
            lambda: None,
            Complaints(),
            self.count,
        )

    def wait(self, connection):
        """For a request, as a worker does."""
        self.served.set()
        with pytest.raises(ConnectionClosed):
            connection.receive(60)
        connection.finish()

    def client(self):
        return socket.create_connection(self.listener.getsockname(), timeout=10)


@pytest.fixture
def desk():
    desk = Desk()
    desk.acceptor.start()
    yield desk
    desk.acceptor.stop()
    desk.acceptor.close()


class Exhausted:
    """A listener without means; whoever knocks goes on knocking."""

    def __init__(self, number):
        self.number = number

    def accept(self):
        raise OSError(self.number, "there is none left")


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_without_any_means_there_is_a_pause(monkeypatch, desk, number):
    """Not even the spare descriptor helps: no loop that keeps a processor busy, but PAUSE seconds of waiting."""
    waits = []
    monkeypatch.setattr(net.acceptor, "wait", lambda sock, seconds: waits.append(seconds))
    for _ in range(3):
        desk.acceptor.accept(Exhausted(number))
    assert waits == [PAUSE] * 3


def test_a_peer_that_has_gone_again_is_no_reason_to_wait(monkeypatch, desk):
    monkeypatch.setattr(net.acceptor, "wait", lambda sock, seconds: pytest.fail("waited"))
    desk.acceptor.accept(Exhausted(errno.ECONNABORTED))


def test_a_connection_that_cannot_be_made_is_closed(desk):
    def gone(sock):
        raise OSError(errno.ENOTCONN, "gone again")

    desk.acceptor.open = gone
    with desk.client() as client:
        assert client.recv(1) == b"" and desk.acceptor.workers == {}


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_thread_that_cannot_start_costs_one_connection(monkeypatch, desk, error):
    """And none of those that come later."""
    def refuse(self):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with desk.client() as client:
            assert client.recv(100).startswith(b"RTSP/1.0 503") and desk.acceptor.workers == {}
    with desk.client():
        assert desk.served.wait(5)


def test_whatever_goes_wrong_others_are_let_in_later(monkeypatch, desk, caplog):
    """Without memory, anything may fail: the thread that accepts goes on, after a pause."""
    monkeypatch.setattr(net.acceptor, "PAUSE", 0.01)
    failed = threading.Event()

    def fail(*_):
        failed.set()
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(desk.acceptor, "_full", fail)
        with desk.client():
            assert failed.wait(5)
    with monkeypatch.context() as patch:
        failed.clear()
        patch.setattr(desk.acceptor, "tick", fail)
        assert failed.wait(5)
    with desk.client():
        assert desk.served.wait(5)
    assert "could not be accepted: MemoryError" in caplog.text


def test_workers_come_to_their_own_end(desk):
    """The connection is shut in order, after what was unsent."""
    with desk.client() as client:
        assert desk.served.wait(10)
        [(thread, connection)] = desk.acceptor.workers.items()
        connection.offer(b"goodbye")
        desk.acceptor.stop()
        desk.acceptor.close()
        assert client.recv(100) == b"goodbye" and client.recv(100) == b""
    assert not thread.is_alive() and desk.acceptor.workers == {} and desk.count.total == 0


def test_who_does_not_end_is_left_alone(monkeypatch, caplog):
    monkeypatch.setattr(net.acceptor, "GOODBYES", 0.05)
    begun, release = threading.Event(), threading.Event()

    def serve(connection):
        begun.set()
        release.wait(30)

    busy = Desk(serve)
    busy.acceptor.start()
    with busy.client() as client:
        assert begun.wait(10)
        [thread] = busy.acceptor.workers
        busy.acceptor.stop()
        busy.acceptor.close()
        assert client.recv(1) == b"" and thread.is_alive()
    assert "1 requests" in caplog.text
    release.set()
    thread.join()


def test_after_stop_nobody_is_let_in(desk):
    desk.acceptor.stop()
    desk.acceptor.stop()  # twice is fine
    assert desk.listener.fileno() == -1
