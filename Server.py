"""The server: listens, keeps the sessions, and gives each connection a ServerWorker of its own.

    python Server.py 6789
"""


import gc
import importlib.util
import logging
import os
import sys
import threading
import time
from functools import partial
from types import SimpleNamespace

from net.signals import Ending, quit_at_once, quit_within

if __name__ == "__main__":
    quit_at_once()                      # at a signal that comes while we load
    if importlib.util.find_spec("PIL") is None:
        print("This Python has no Pillow, which reads and writes the pictures. "
              f"To get it: {sys.executable} -m pip install Pillow", file=sys.stderr)
        sys.exit(5)

from Calls import Calls
from media.errors import MediaError, NotFound
from media.library import Library
from media.prepare import Preparer
from net.acceptor import BUSY as REFUSAL
from net.acceptor import Acceptor
from net.addresses import listen, reserve
from net.capture import Capture
from net.certificate import CertificateError, fingerprint, server_context
from net.complaints import Complaints
from net.connection import Connection
from net.datagrams import DatagramReader
from net.descriptors import EXHAUSTED, raise_limit
from net.gate import Gate
from net.instruments import Instruments
from net.interleaved import prefix
from net.journal import Journal, write
from net.pacer import Pacer
from net.processes import Alone, Processes
from net.selfsigned import self_signed
from net.tls import TlsSocket, why_failed
from Publication import Publications
from rtsp import limits
from rtsp.errors import RtspError
from rtsp.reader import MessageReader
from ServerOptions import banner, measures, mediaFolder, openMovie, parseArguments, whyNot
from ServerWorker import ServerWorker
from Session import Sessions

BUSY = 1.0              # seconds that goodbyes wait for sessions which are just being asked something
STACK = 512 << 10       # bytes; more than any of our threads needs
SWITCH = 0.0005         # seconds after which a thread that computes lets others do so
END = 4.0               # seconds from a signal to the end, at most
INTERNAL, USAGE, CANNOT_LISTEN = 1, 2, 3        # exit codes


class Server:
    """Owns the listening sockets and every thread: those of the acceptor, `pacer`, `preparer`, `datagrams`.

    start(), then close(); close() twice is fine.
    """

    Worker = ServerWorker

    def __init__(self, port=6789, host=None, media=".", fps=None, timeout=limits.SESSION_TIMEOUT, seat=None,
                 gate=None, tls=None, instruments=None, policy=None, redirect=None):
        """`seat`: among processes that share the port; `gate`: who may come in; `tls`: an ssl.SSLContext, where all is
        encrypted; `instruments`: --net and --pcap, which close() closes; `policy`: who may publish; `redirect`: where
        viewers are sent. OSError if the port is taken or forbidden."""
        self.seat, self.tls, self.instruments = seat or Alone(), tls, instruments or Instruments()
        self.sockets = listen(host, port, self.seat.shared)
        self.port = self.sockets[0].getsockname()[1]
        self.gate = gate or Gate()
        self.stopping = threading.Event()
        self.complaints = Complaints()
        self.library = Library(media, partial(openMovie, fps=fps))
        self.publications = Publications(self.library, policy)
        self.preparer = Preparer(lambda payloadType, marker: ServerWorker.makeRtp(b"", 0, marker, payloadType), prefix,
                                 complain=Complaints().say)      # a cut movie shall not drown the others
        self.pacer = Pacer()
        self.reader = DatagramReader("datagrams")
        self.reader.tick = self.publications.tick
        self.sessions = Sessions(self.reader, timeout, complaints=self.complaints, count=self.seat.sessions)
        self.calls = Calls(self.sessions, self.library, self.pacer, redirect or "")
        self.since = time.time()
        self.acceptor = Acceptor(self.sockets, self.open, self.work, self.tick, self.complaints, self.seat.connections,
                                 b"" if tls else REFUSAL)
        self.workers = self.acceptor.workers            # thread: its connection
        self._closed = False

    def start(self):
        """RuntimeError if the system has not so many threads."""
        for helper in (self.preparer, self.pacer, self.reader, self.acceptor):
            helper.start()

    def open(self, sock):
        sock = TlsSocket(sock, self.tls) if self.tls else sock
        try:
            return Connection(sock, MessageReader(), watch=self.instruments.accepted)
        except OSError:
            sock.close()
            raise

    def work(self, connection):
        worker = self.Worker({"connection": connection, "server": self})
        if self.shakeHands(worker):
            worker.run()

    def shakeHands(self, worker):
        """On the worker's own thread: whoever is slow at it keeps nobody waiting. False if it failed."""
        try:
            worker.connection.handshake(self.stopping)
            return True
        except OSError as error:
            if why := why_failed(error):
                self.complaints.say(f"{worker.peer}: {why}")
            worker.connection.finish()
            return False

    def tick(self):
        self.sessions.expire()
        self.sessions.rank(self.pacer.behind)
        self.calls.tick()

    def find(self, path):
        """The presentation of that name; the RtspError says less than the log: a client need not know where it lies."""
        try:
            return self.library.find(path)
        except NotFound as missing:
            hidden = isinstance(missing.__cause__, PermissionError) and f"{path!r} may not be read by this server"
            if trouble := self.library.trouble() or hidden:         # the owner should know, and the client need not
                self.complaints.say(trouble)
            raise RtspError(f"there is no {path!r}", 404) from None
        except MediaError as error:
            self.complaints.say(str(error))
            if getattr(error.__cause__, "errno", None) in EXHAUSTED:
                raise RtspError("no files left", 503) from None
            raise RtspError(f"{path!r} cannot be played; the server's log says why", 500) from None

    def stop(self):
        """No more connections, no more requests."""
        self.stopping.set()
        self.acceptor.stop()

    def close(self):
        """Say goodbye to every viewer, and give everything back: last made, first ended."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        self.sessions.end(BUSY)
        self.acceptor.close()
        self.sessions.end(BUSY)                         # what the last requests have made
        for helper in (self.reader, self.pacer, self.preparer, self.instruments):
            helper.close()
        self.publications.close()
        self.library.close()


def fail(code, text):
    write(sys.stderr, text)
    return code


def main(arguments=None):
    options = parseArguments(arguments)
    limits.use(options.limits)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    tune()
    folder = mediaFolder(options.media)
    if not os.path.isdir(folder):
        return fail(USAGE, f"There is no folder {folder}. Name the folder of your movies: --media DIR")
    if trouble := Library(folder, openMovie).trouble():
        return fail(USAGE, f"{trouble[0].upper()}{trouble[1:]}. Name another one: --media DIR")
    if options.processes > 1 and sys.platform != "linux":
        return fail(USAGE, "Only Linux shares a port between processes. Leave out --processes.")
    if options.processes > 1 and options.pcap:
        return fail(USAGE, "One process writes a capture. Leave out --processes, or --pcap.")
    try:
        tls, shown = encryption(options)
    except CertificateError as error:
        return fail(USAGE, str(error))
    try:
        opened = (reserve(options.host, options.port) if options.processes > 1 else
                  Server(options.port, options.host, folder, options.fps, options.timeout, None, options.gate, tls,
                         Instruments(options.net), options.policy, options.redirect))
    except OSError as error:
        return fail(CANNOT_LISTEN, whyNot(options, error))
    if options.processes > 1:
        return serveTogether(options, folder, opened, tls, shown)
    return serveAlone(options, opened, lambda: announce(opened, folder, options, shown))


def encryption(options):
    """What --tls and --tls-self-signed ask for: the context, and the certificate's fingerprint; twice None where
    nothing is encrypted. CertificateError."""
    files = self_signed() if options.tls_self_signed else options.tls
    return (server_context(*files), fingerprint(files[0])) if files else (None, None)


def announce(server, folder, options, shown):
    write(sys.stdout, "\n".join(filter(None, (banner(server, folder, shown), measures(options)))))


def serve(server, started):
    """All of a server's life; the exit code."""
    ending = Ending()
    try:
        with Journal(sys.stderr):
            try:
                server.start()
                ending.end_of(lambda: (started(), server.seat.wait()))
            finally:
                quit_within(END)
                server.close()
    except RuntimeError as error:                       # no thread left for one of ours
        return fail(INTERNAL, f"The server could not be started: {error}. End other programs, and try again.")
    finally:
        ending.close()
    return 0


def tune():
    """What a process needs that serves thousands of viewers."""
    raise_limit()                                       # of descriptors
    threading.stack_size(STACK)                         # each viewer has a thread: 8 MB each, the usual, is too much
    sys.setswitchinterval(SWITCH)                       # or the pacer waits up to 5 ms for a thread that is computing
    gc.freeze()                                         # what is loaded by now stays: no need to look at it ever again


def serveAlone(options, server, started):
    """One process; `started` says that it is there."""
    try:                # only now: a port that is taken shall not cost an older capture
        server.instruments.capture = Capture(options.pcap) if options.pcap else None
    except OSError as error:
        server.close()
        return fail(USAGE, f"Cannot write {options.pcap}: {error.strerror or error}.")
    return serve(server, started)


def serveTogether(options, folder, reserved, tls, shown):
    """Several processes, each of them a server of the reserved port; this one, which has no thread, is none."""
    port = reserved[0].getsockname()[1]

    def one(seat):
        return serve(Server(port, options.host, folder, options.fps, options.timeout, seat, options.gate, tls,
                            Instruments(options.net), redirect=options.redirect), seat.listens)

    alike = SimpleNamespace(sockets=reserved, port=port, library=Library(folder, openMovie))
    return Processes(options.processes, one, reserved).run(lambda: announce(alike, folder, options, shown))


if __name__ == "__main__":
    sys.exit(main())
