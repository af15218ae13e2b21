"""Takes the connections that come in, each on a thread of its own."""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from net.complaints import Complaints
from net.connection import LONGEST_WAIT, Connection, ConnectionClosed
from net.descriptors import EXHAUSTED, Spare
from net.processes import Count
from net.waiting import wait
from rtsp import limits

PAUSE = 0.2             # seconds without accepting, when the system has not even the means to turn somebody away
GOODBYES = 2.0          # seconds in which workers may come to their own end; more than the LINGER of a connection
WITHOUT_MEANS = EXHAUSTED | {errno.ENOBUFS, errno.ENOMEM}
BUSY = b"RTSP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n"


@dataclass(eq=False)
class Acceptor:
    """The thread "accept", and one worker for each connection, which lives as long as serve(connection) takes.

    start(), then stop() and close(). `open` makes a Connection of a new socket, and may raise OSError; `tick` is called
    on the accepting thread every LONGEST_WAIT seconds; `count` knows how many connections all processes have.
    """

    sockets: Sequence[socket.socket]                    # they listen; closed in the end
    open: Callable[[socket.socket], Connection]
    serve: Callable[[Connection], None]
    tick: Callable[[], None]
    complaints: Complaints
    count: Count
    refusal: bytes = BUSY                               # for those who find no room; b"" where all is encrypted
    workers: dict[threading.Thread, Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()                   # guards workers
        self._stopping = threading.Event()
        self._spare = Spare()
        self._wake_in, self._wake_out = socket.socketpair()     # makes the thread see at once that it is over
        self._thread = threading.Thread(target=self._run, name="accept", daemon=True)

    def start(self) -> None:
        """RuntimeError if the system has no thread for it."""
        self._thread.start()

    def stop(self) -> None:
        """No more connections; nobody listens any longer when this returns. Twice is fine."""
        self._stopping.set()
        try:
            self._wake_out.send(b"!")
        except OSError:
            pass                                        # closed already
        if self._thread.is_alive():
            self._thread.join()
        for sock in (*self.sockets, self._wake_in, self._wake_out):
            sock.close()
        self._spare.close()

    def close(self) -> None:
        """After stop(): every worker ends, first of itself, so that its peer gets what is on its way; who takes too
        long is cut off, and not waited for if it does not even notice that."""
        with self._lock:
            workers = dict(self.workers)
        for end in (Connection.hang_up, Connection.close):
            for connection in workers.values():
                end(connection)
            deadline = time.monotonic() + GOODBYES / 2 + GOODBYES / 2 * (end is Connection.hang_up)
            for thread in workers:
                thread.join(max(0.0, deadline - time.monotonic()))
            workers = {thread: connection for thread, connection in workers.items() if thread.is_alive()}
        if workers:
            self.complaints.say(f"{len(workers)} requests are still being worked at, and left alone")

    # ---- on the accepting thread

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for sock in (*self.sockets, self._wake_in):
                selector.register(sock, selectors.EVENT_READ)
            ticked = time.monotonic()
            while not self._stopping.is_set():
                try:
                    for key, _ in selector.select(LONGEST_WAIT):
                        if key.fileobj is not self._wake_in:
                            self.accept(key.fileobj)    # type: ignore[arg-type]
                    if time.monotonic() - ticked >= LONGEST_WAIT:
                        ticked = time.monotonic()
                        self.tick()
                except Exception as error:  # noqa: BLE001  (no memory, say: who comes later must still be let in)
                    self.complaints.say(f"a connection could not be accepted: {error!r}")
                    self._stopping.wait(PAUSE)

    def accept(self, listener: socket.socket) -> None:
        """One connection, if there is one."""
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:                        # there is no descriptor left, or the peer has gone again
            self._without(listener, error)
            return
        try:
            self._welcome(sock, address[0])
        except Exception:
            sock.close()
            raise

    def _welcome(self, sock: socket.socket, host: str) -> None:
        if self._full(host):
            self.complaints.say(f"too many connections, the last one from {host}")
            turn_away(sock, self.refusal)
            return
        try:
            connection = self.open(sock)
        except OSError:                                 # gone again
            sock.close()
            return
        self._start_worker(sock, connection)

    def _full(self, host: str) -> bool:
        """No room for another connection, or for one of this host."""
        with self._lock:
            theirs = sum(connection.peer[0] == host for connection in self.workers.values())
        return self.count.total >= limits.CONNECTIONS or theirs >= limits.CONNECTIONS_PER_ADDRESS

    def _without(self, listener: socket.socket, error: OSError) -> None:
        """What to do in place of accepting. Whoever knocks is still there if he cannot be turned away: without a pause,
        that would be tried for ever, as fast as the machine can."""
        self.complaints.say(f"a connection could not be accepted: {error}")
        if error.errno not in WITHOUT_MEANS:
            return
        sock = self._spare.accept(listener) if error.errno in EXHAUSTED else None
        if sock is not None:
            turn_away(sock, self.refusal)
        self._spare.renew()
        if sock is None:
            try:
                wait(self._wake_in, PAUSE)
            except ConnectionClosed:
                pass                                    # not even the means to wait: some systems need memory for it

    def _start_worker(self, sock: socket.socket, connection: Connection) -> None:
        name = "worker {}:{}".format(*connection.peer[:2])
        thread = threading.Thread(target=self._work, args=(connection,), name=name, daemon=True)
        with self._lock:
            self.workers[thread] = connection           # before it starts: it removes itself at its end
            self.count.set(len(self.workers))
        try:
            thread.start()
        except (RuntimeError, MemoryError):
            self._forget(thread)
            self.complaints.say("no thread left for another connection")
            turn_away(sock, self.refusal)
            connection.close()

    # ---- on a worker's

    def _work(self, connection: Connection) -> None:
        try:
            self.serve(connection)
        finally:
            connection.close()
            self._forget(threading.current_thread())

    def _forget(self, thread: threading.Thread) -> None:
        with self._lock:
            self.workers.pop(thread, None)
            self.count.set(len(self.workers))


def turn_away(sock: socket.socket, refusal: bytes) -> None:
    """Answer before anything was asked, and close. Never waits."""
    try:
        sock.setblocking(False)
        sock.send(refusal)
    except OSError:
        pass                                            # it has gone itself
    sock.close()
