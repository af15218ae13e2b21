"""One RTSP conversation over TCP: bytes of the socket ⇄ messages."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from net.addresses import Address
from net.tls import TlsSocket
from net.transcript import Transcript
from net.waiting import ConnectionClosed as ConnectionClosed
from net.waiting import wait
from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Interleaved, Message
from rtsp.reader import MessageReader

CHUNK = 65536           # bytes asked for at a time of what nobody reads
LONGEST_WAIT = 0.5      # seconds; no blocking call lasts longer, so that a thread sees soon that it shall stop
# … but for this: a thread that waits for a request wakes when its connection is closed, except on Windows. 200 viewers
# that are silent would cost 400 vain wake-ups a second
SILENCE = 5.0 if os.name == "posix" else LONGEST_WAIT
LINGER = 1.0            # seconds in which the peer may read our last reply before the connection is gone


class Witness(Protocol):
    """Sees what travels, in its order: net/capture.py."""
    @property
    def turn(self) -> AbstractContextManager[object]: ...       # nothing else is seen meanwhile
    def sent(self, data: bytes) -> None: ...
    def received(self, data: bytes) -> None: ...
    def closed(self, by_us: bool) -> None: ...


Watch = Callable[[Address, Address], Witness]       # of a connection from here (local) to there (peer)


class Connection:
    """Messages in, bytes out. One thread receives; any thread may send, offer or close.

    Lock: `_writing` guards `_unsent`, what has still to be written, in this order and before anything else: so the
    bytes of two threads never mix. Nobody holds it while waiting, so nobody waits long for it.
    """

    def __init__(self, sock: socket.socket, reader: MessageReader, clock: Callable[[], float] = time.monotonic,
                 watch: Watch | None = None) -> None:
        self.reader = reader
        try:
            self.peer: Address = sock.getpeername()
        except OSError:                     # the peer has gone already
            sock.close()
            raise
        self.local: Address = sock.getsockname()
        self._witness, self._ended_by_us = watch(self.local, self.peer) if watch else None, True
        self._socket = sock
        self.clock = clock
        self._bell: socket.socket | None = None     # rings when the receiving thread shall look at `_unsent`
        self._rope: socket.socket | None = None     # … and the other end of it, which any thread may pull
        self._writing = threading.Lock()
        self._unsent = bytearray()
        self.closed = False
        self._transcript: Transcript | None = None  # where messages are noted
        self.heard = self._began = clock()      # when the last byte came, and the first one of an unfinished message
        self._taken = self.heard               # when the peer had room for something, while anything is unsent
        sock.setblocking(False)
        # A laptop that was closed says nothing any more; after hours of that the system gives the connection up
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Without this, a reply waits up to 40 ms for the acknowledgement of the one before
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def encrypted(self) -> bool:
        """Can nobody on the way read it?"""
        return isinstance(self._socket, TlsSocket)

    def handshake(self, stop: threading.Event) -> None:
        """Where there is one to be had: before all else, on the thread that will receive. See TlsSocket.handshake()."""
        if isinstance(self._socket, TlsSocket):
            self._socket.handshake(stop)

    def receive(self, timeout: float) -> Message | None:
        """The next message; None if `timeout` seconds did not bring a whole one.

        ConnectionClosed when there will be none; MessageError when what came is no RTSP, or takes too long to come."""
        deadline = self.clock() + timeout
        while True:
            message = self.reader.next()
            now = self.clock()
            if message is not None:
                self._began = now
                if self._transcript and not isinstance(message, Interleaved):
                    self._transcript.came(message, self.local, self.peer, self.encrypted)
                return message
            if now >= deadline:
                return None
            self._wait_for_bytes(now, deadline)

    def _wait_for_bytes(self, now: float, deadline: float) -> None:
        patience = self.reader.patience()
        quiet = deadline if patience is None else self.heard + patience
        if now >= quiet:
            self.reader.quiet()
        elif wait(self._socket, self._pause(min(deadline, quiet) - now), write=self._owing(), bell=self._bell):
            self._quieten()
            self._flush()
            self._read()
        self._check_stalled()
        if self.reader.unfinished and self.clock() > self._began + limits.UNFINISHED_REQUEST:
            raise self.reader.numbered(MessageError("the request was not finished in time", 408, fatal=True))

    def _pause(self, seconds: float) -> float:
        """How much of this may be waited before anything has to be looked at."""
        return min(seconds, LONGEST_WAIT if self.reader.unfinished or self._unsent else SILENCE)

    def _read(self) -> None:
        try:
            data = self._socket.recv(limits.READ_AHEAD)
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionClosed(str(error)) from None
        if not data:
            self._ended_by_us = False
            raise ConnectionClosed("the peer closed the connection")
        if self._witness:
            self._witness.received(data)
        self.heard = self.clock()
        if not self.reader.unfinished:
            self._began = self.heard       # never restarted by later bytes: a slow sender gains nothing
        self.reader.feed(data)

    def note_in(self, transcript: Transcript) -> None:
        """From now on, all messages that come and that are sent."""
        self._transcript = transcript
        transcript.opened(self.local, self.peer, self.encrypted)

    def send(self, data: bytes) -> None:
        """Write all of it. ConnectionClosed if the peer is gone or has read nothing for too long."""
        if self._transcript:
            self._transcript.went(data, self.local, self.peer, self.encrypted)
        with self._writing:
            self._keep(data, 0 if self._unsent else self._write_some(data))
        while self._unsent:
            if not wait(self._socket, LONGEST_WAIT, read=False, write=True):
                self._check_stalled()
            self._flush()

    def offer(self, data: bytes | memoryview, always: bool = False) -> bool:
        """Write it now, or let it be: False if the peer has not taken what came before yet (or is gone). Never waits.

        What does not go out at once of data that was taken follows as soon as the peer has room: receive() sees to it,
        whose thread is woken. `always`: take it in any case, for what is small and must not get lost."""
        try:
            with self._writing:
                if self._unsent:
                    self._write()
                    if self._unsent and not always:
                        return False
                sent = 0 if self._unsent else self._write_some(data)
                if sent < len(data):
                    self._keep(data, sent)
                    self._ring()
        except ConnectionClosed:
            return False                    # whoever receives will notice, too
        return True

    def enlarge(self, size: int) -> None:
        """Make room for `size` bytes on their way out, in place of what the system thinks fit, and be ready for what
        other threads offer. To be called by the thread that receives. OSError if there are no sockets left."""
        with self._writing:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
            if self._bell is None:
                self._bell, self._rope = socket.socketpair()
                self._bell.setblocking(False)
                self._rope.setblocking(False)

    def give_up_after(self, seconds: float) -> None:
        """The connection ends when the peer's machine acknowledges nothing of what was sent for so long (RFC 5482), or
        has no room for more. Linux can do it; elsewhere the system's own patience, of minutes, holds."""
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, min(int(seconds * 1000), 2**31 - 1))

    def _ring(self) -> None:
        """The thread that receives may be waiting for bytes to read alone; the lock is held."""
        try:
            if self._rope:
                self._rope.send(b"!")
        except OSError:
            pass                            # full: it will wake anyway; closed: nobody is left to wake

    def _quieten(self) -> None:
        try:
            if self._bell:
                self._bell.recv(CHUNK)
        except OSError:
            pass                            # nobody has rung

    def _keep(self, data: bytes | memoryview, sent: int) -> None:
        """What has not been sent of this; only that is copied."""
        if sent < len(data):
            self._taken = self._taken if self._unsent else self.clock()
            self._unsent += memoryview(data)[sent:]

    def _owing(self) -> bool:
        """Is there something unsent? Not while another thread is just at it: what it has in hand may come back."""
        with self._writing:
            return bool(self._unsent)

    def _flush(self) -> None:
        with self._writing:
            self._write()

    def _write(self) -> None:
        """One go at what is unsent; the lock is held."""
        if not self._unsent:
            return
        # Taken out first: Ctrl-C may come between sending and forgetting, and what is sent twice is asked for twice
        data, self._unsent = self._unsent, bytearray()
        if sent := self._write_some(data):
            del data[:sent]
            self._taken = self.clock()
        self._unsent = data

    def _write_some(self, data: bytes | bytearray | memoryview) -> int:
        """How many bytes the system had room for."""
        try:
            if self._witness is None:
                return self._socket.send(data)
            with self._witness.turn:            # nobody shall see an answer before what it answers
                sent = self._socket.send(data)
                self._witness.sent(bytes(data[:sent]))
            return sent
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ConnectionClosed(str(error)) from None

    def _check_stalled(self) -> None:
        if self._unsent and self.clock() > self._taken + limits.STALLED_WRITE:
            raise ConnectionClosed("the peer reads nothing")

    def finish(self) -> None:
        """Close after a last reply, and what else is unsent. Closing a socket with unread bytes would make the system
        throw that away."""
        deadline = self.clock() + LINGER
        try:
            while self._unsent and wait(self._socket, deadline - self.clock(), read=False, write=True):
                self._flush()
            self._socket.shutdown(socket.SHUT_WR)
            while (left := min(deadline - self.clock(), LONGEST_WAIT)) > 0 and wait(self._socket, left) \
                    and self._socket.recv(CHUNK):
                pass
        except OSError:
            pass                            # the peer was faster
        self.close()

    def hang_up(self) -> None:
        """From any thread: the one that waits in receive() gets a ConnectionClosed (on Windows: within LONGEST_WAIT it
        returns), and can still finish()."""
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:
            pass                            # not connected any more

    def close(self) -> None:
        """Twice is fine. A thread that waits in receive() gets a ConnectionClosed."""
        if self.closed:
            return
        self.closed = True
        if self._witness:
            self._witness.closed(self._ended_by_us)
        try:
            self._socket.shutdown(socket.SHUT_RDWR)     # wakes a waiting thread; close() alone does not
        except OSError:
            pass                            # not connected any more
        with self._writing:                 # else its number might be that of another socket before send() uses it
            for sock in (self._socket, self._bell, self._rope):
                if sock:
                    sock.close()
