"""One thread that reads datagrams from any number of UDP sockets."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable

from net.connection import LONGEST_WAIT

log = logging.getLogger(__name__)

Handler = Callable[[bytes, tuple[str, int]], None]
Tick = Callable[[], None]
AT_ONCE = 64            # datagrams read from one socket before the others have their turn
LARGEST = 65536         # bytes


class DatagramReader:
    """Calls `handler(data, address)` on its own thread for each datagram.

    add() and discard() may be called from any thread. They only leave a note: the selectors are the reading thread's
    own, and a socket must not be closed while it is being waited for. Where a selector can watch only so many sockets
    (512 on Windows), there are several, asked in turn.

    `tick` is called between two readings, on the same thread, at least every LONGEST_WAIT seconds.
    """

    def __init__(self, name: str = "datagrams", group_size: int | None = None) -> None:
        limited = not hasattr(selectors, "PollSelector")        # then the default is select(), as on Windows
        self._group_size = group_size or (500 if limited else 10**9)
        self.tick: Tick | None = None
        self._notes: deque[Callable[[], None]] = deque()
        self._groups: list[selectors.BaseSelector] = []
        self._stop = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, sock: socket.socket, handler: Handler) -> None:
        sock.setblocking(False)
        self._note(lambda: self._register(sock, handler))

    def discard(self, sock: socket.socket) -> None:
        """Forget the socket and close it."""
        self._note(lambda: self._unregister(sock))

    def close(self) -> None:
        """Ends the thread; sockets that were to be discarded are closed. Twice is fine."""
        self._stop.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        self._do_notes()
        while self._groups:
            self._groups.pop().close()
        self._wake_in.close()
        self._wake_out.close()

    def _note(self, action: Callable[[], None]) -> None:
        self._notes.append(action)
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_out.send(b"!")
        except OSError:
            pass                        # full: it will wake anyway; closed: nobody is left to wake

    # ---- on the reading thread

    def _run(self) -> None:
        self._register(self._wake_in, lambda data, address: None)
        while not self._stop.is_set():
            self._do_notes()
            self._do_tick()
            for group in self._groups:
                for key, _ in group.select(LONGEST_WAIT / len(self._groups)):
                    self._read(key.fileobj, key.data)      # type: ignore[arg-type]

    def _do_notes(self) -> None:
        while self._notes:
            try:
                self._notes.popleft()()
            except Exception:           # of one socket; the others must still be read
                log.exception("! a socket could not be watched")

    def _do_tick(self) -> None:
        try:
            if self.tick:
                self.tick()
        except Exception:               # what comes in must still be read
            log.exception("! what was due could not be done")

    def _register(self, sock: socket.socket, handler: Handler) -> None:
        group = next((group for group in self._groups if len(group.get_map()) < self._group_size), None)
        if group is None:
            group = selectors.DefaultSelector()
            self._groups.append(group)
        group.register(sock, selectors.EVENT_READ, handler)

    def _unregister(self, sock: socket.socket) -> None:
        for group in self._groups:
            if sock.fileno() >= 0 and sock in group.get_map():
                group.unregister(sock)
        sock.close()

    def _read(self, sock: socket.socket, handler: Handler) -> None:
        for _ in range(AT_ONCE):
            try:
                data, address = sock.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError:
                return                  # the peer's port is closed (ICMP): news of a sending, not the end of reading
            try:
                handler(data, address)
            except Exception:
                log.exception("! a datagram of %d bytes from %s could not be handled", len(data), address)
