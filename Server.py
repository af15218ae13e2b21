"""The server: listens, keeps the sessions, and gives each connection a ServerWorker of its own.

    python Server.py 6789
"""


import gc
import importlib.util
import io
import logging
import os
import selectors
import socket
import sys
import threading
import time
from functools import partial
from types import SimpleNamespace

if __name__ == "__main__" and importlib.util.find_spec("PIL") is None:
    print("This Python has no Pillow, which reads and writes the pictures. "
          f"To get it: {sys.executable} -m pip install Pillow", file=sys.stderr)
    sys.exit(5)

from media.library import Library
from media.prepare import Preparer
from net.addresses import listen, reserve
from net.complaints import Complaints
from net.connection import Connection
from net.datagrams import DatagramReader
from net.descriptors import EXHAUSTED, Spare, raise_limit
from net.gate import Gate
from net.interleaved import prefix
from net.pacer import Pacer
from net.processes import Alone, Processes
from net.signals import interrupt_once
from rtsp import limits
from rtsp.reader import MessageReader
from ServerOptions import banner, mediaFolder, openMovie, parseArguments, whyNot
from ServerWorker import ServerWorker
from Session import Sessions

log = logging.getLogger(__name__)

TICK = 0.5              # seconds between looks at the clock and at the request to stop
STACK = 512 << 10       # bytes; more than any of our threads needs
SWITCH = 0.0005         # seconds after which a thread that computes lets others do so
USAGE, CANNOT_LISTEN = 2, 3     # exit codes


class Server:
    """Owns the listening sockets and every thread: `accept`, one worker a connection, `pacer`, `preparer`, `datagrams`.

    start(), then close(); close() twice is fine.
    """

    def __init__(self, port=6789, host=None, media=".", fps=None, timeout=limits.SESSION_TIMEOUT, seat=None,
                 gate=None):
        """`seat`: among processes that share the port; `gate`: who may come in. OSError if the port is taken or
        forbidden."""
        self.seat = seat or Alone()
        self.sockets = listen(host, port, self.seat.shared)
        self.port = self.sockets[0].getsockname()[1]
        self.gate = gate or Gate()
        self.stopping = threading.Event()
        self.library = Library(media, partial(openMovie, fps=fps))
        self.preparer = Preparer(lambda payloadType, marker: ServerWorker.makeRtp(b"", 0, marker, payloadType), prefix)
        self.pacer = Pacer()
        self.reader = DatagramReader("datagrams")
        self.complaints = Complaints()
        self.sessions = Sessions(self.reader, timeout, complaints=self.complaints, count=self.seat.sessions)
        self.workers = {}                               # thread: its connection
        self._lock = threading.Lock()                   # guards workers
        self._closed = False
        self.spare = Spare()
        self._wakeIn, self._wakeOut = socket.socketpair()   # makes the accepting thread see at once that it is over
        self._thread = threading.Thread(target=self.serve, name="accept")

    def start(self):
        for helper in (self.preparer, self.pacer, self.reader, self._thread):
            helper.start()

    def serve(self):
        """Accept connections until stop() is called."""
        with selectors.DefaultSelector() as selector:
            for sock in (*self.sockets, self._wakeIn):
                selector.register(sock, selectors.EVENT_READ)
            checked = time.monotonic()
            while not self.stopping.is_set():
                for key, _ in selector.select(TICK):
                    if key.fileobj is not self._wakeIn:
                        self.accept(key.fileobj)
                if time.monotonic() - checked >= TICK:
                    checked = time.monotonic()
                    self.sessions.expire()
                    self.sessions.rank(self.pacer.behind)

    def accept(self, listener):
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:                        # no descriptors left, or the peer has gone again
            self.complaints.say(f"a connection could not be accepted: {error}")
            if error.errno in EXHAUSTED:
                self.turnAway(self.spare.accept(listener))
                self.spare.renew()
            return
        if self.isFull(address[0]):
            self.complaints.say(f"too many connections, the last one from {address[0]}")
            self.turnAway(sock)
            return
        try:
            self.startWorker(Connection(sock, MessageReader()))
        except OSError:                                 # gone again
            sock.close()

    def isFull(self, host):
        """No room for another connection, or for one of this host."""
        with self._lock:
            theirs = sum(connection.peer[0] == host for connection in self.workers.values())
        return self.seat.connections.total >= limits.CONNECTIONS or theirs >= limits.CONNECTIONS_PER_ADDRESS

    def startWorker(self, connection):
        worker = ServerWorker({"connection": connection, "server": self})
        thread = threading.Thread(target=self.work, args=(worker,), name=f"worker {worker.peer}")
        with self._lock:
            self.workers[thread] = connection           # before it starts: it removes itself at its end
            self.seat.connections.set(len(self.workers))
        try:
            thread.start()
        except RuntimeError:
            self.forget(thread)
            self.complaints.say("no thread left for another connection")
            self.turnAway(connection)

    def turnAway(self, peer):
        """Answer before anything was asked, and close; `peer` is a socket, a Connection, or None."""
        if peer is None:
            return
        try:
            peer.send(b"RTSP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n")
        except OSError:
            pass                                        # it has gone itself
        peer.close()

    def work(self, worker):
        try:
            worker.run()
        finally:
            self.forget(threading.current_thread())

    def forget(self, thread):
        with self._lock:
            self.workers.pop(thread, None)
            self.seat.connections.set(len(self.workers))

    def stop(self):
        """No more connections."""
        self.stopping.set()
        try:
            self._wakeOut.send(b"!")
        except OSError:
            pass                                        # closed already

    def close(self):
        """Say goodbye to every viewer, and give everything back: last made, first ended."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        if self._thread.is_alive():
            self._thread.join()
        for sock in (*self.sockets, self._wakeIn, self._wakeOut):
            sock.close()
        self.spare.close()
        for session in self.sessions.all():
            self.sessions.remove(session, bye=True)
        with self._lock:
            workers = dict(self.workers)
        for connection in workers.values():
            connection.close()
        for thread in workers:
            thread.join()
        for helper in (self.reader, self.pacer, self.preparer):
            helper.close()
        self.library.close()


def fail(code, text):
    print(text, file=sys.stderr)
    return code


def main(arguments=None):
    options = parseArguments(arguments)
    limits.use(options.limits)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")        # names of movies may hold what this terminal cannot show
    tune()
    folder = mediaFolder(options.media)
    if not os.path.isdir(folder):
        return fail(USAGE, f"There is no folder {folder}. Name the folder of your movies: --media DIR")
    if options.processes > 1 and sys.platform != "linux":
        return fail(USAGE, "Only Linux shares a port between processes. Leave out --processes.")
    try:
        opened = (reserve(options.host, options.port) if options.processes > 1 else
                  Server(options.port, options.host, folder, options.fps, options.timeout, gate=options.gate))
    except PermissionError:
        return fail(CANNOT_LISTEN, f"Port {options.port} is for administrators. Use `python Server.py 8554`.")
    except OSError as error:
        return fail(CANNOT_LISTEN, whyNot(options, error))
    if options.processes > 1:
        return serveTogether(options, folder, opened)
    return serve(opened, lambda: print(banner(opened, folder), flush=True))


def serve(server, started):
    """All of a server's life; the exit code."""
    try:
        interrupt_once()
        server.start()
        started()
        server.seat.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


def tune():
    """What a process needs that serves thousands of viewers."""
    raise_limit()                                       # of descriptors
    threading.stack_size(STACK)                         # each viewer has a thread: 8 MB each, the usual, is too much
    sys.setswitchinterval(SWITCH)                       # or the pacer waits up to 5 ms for a thread that is computing
    gc.freeze()                                         # what is loaded by now stays: no need to look at it ever again


def serveTogether(options, folder, reserved):
    """Several processes, each of them a server of the reserved port; this one, which has no thread, is none."""
    port = reserved[0].getsockname()[1]

    def one(seat):
        return serve(Server(port, options.host, folder, options.fps, options.timeout, seat, options.gate), seat.listens)

    alike = SimpleNamespace(sockets=reserved, port=port, library=Library(folder, openMovie))
    return Processes(options.processes, one, reserved).run(lambda: print(banner(alike, folder), flush=True))


if __name__ == "__main__":
    sys.exit(main())
