"""What goes wrong at one place is noticed there alone: each fault comes while an innocent viewer plays. His packets go
on without a gap; the log has one line a second at most; and when the fault is over, files, sockets and threads are as
many as before."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import socket
import struct
import threading
import time

import pytest

from rtsp import limits
from tests import movies
from tests.serving import Receiver, Talker, eventually, serving

RATE = 40.0
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
linux = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts what is open in /proc")


@pytest.fixture(scope="module")
def movie():
    return movies.lengths([movies.jpeg(k, (384, 96), quality=10) for k in range(20)] * 200)


@pytest.fixture
def server(tmp_path, movie, monkeypatch):
    monkeypatch.setattr(limits, "STALLED_WRITE", 0.3)
    (tmp_path / "movies").mkdir()
    for name in ("movie.Mjpeg", "victim.Mjpeg"):
        (tmp_path / "movies" / name).write_bytes(movie)
    with serving(tmp_path / "movies", fps=RATE) as running:
        yield running


@pytest.fixture(autouse=True)
def no_collector():
    """What is given back is given back at once, and not when Python looks for garbage some day."""
    gc.disable()
    yield
    gc.enable()


class Playing:
    """Somebody who plays a movie over UDP, to ports of his own unless there is another `transport`."""

    def __init__(self, server, name="movie.Mjpeg", transport=None):
        self.server, self.url = server, server.url(name)
        self.talker, self.media = Talker(server.port), Receiver()
        reply = self.talker.ask(f"SETUP {self.url} RTSP/1.0", "CSeq: 1", transport or self.media.transport)
        self.id = reply.headers["session"].split(";")[0]
        self.talker.send(f"PLAY {self.url} RTSP/1.0", "CSeq: 2", f"Session: {self.id}")
        assert b" 200 " in self.talker._until(b"\r\n\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()
        self.media.close()

    def ask(self, method, *headers, name=None):
        return self.talker.ask(f"{method} {self.server.url(name) if name else self.url} RTSP/1.0", "CSeq: 3",
                               *headers)  # fmt: skip

    def command(self, method):
        return self.ask(method, f"Session: {self.id}").status

    def stream(self):
        [session] = [one for one in self.server.sessions.all() if one.id == self.id]
        return session.streams[0]

    def goes_on(self, frames=3):
        """So many frames come that had not come by now."""
        seen = len(self.media.packets)
        self.media.wait(lambda media: sum(one.marker for one in media.packets[seen:]) >= frames, "further frames")

    def no_gap(self):
        first, *_ = numbers = [one.sequence for one in self.media.packets]
        return numbers == [(first + n) & 0xFFFF for n in range(len(numbers))]


def means():
    """What is open, and who runs, in this process."""
    return len(os.listdir("/proc/self/fd")), len(threading.enumerate())


def no_more(now, before):
    return all(one <= other for one, other in zip(now, before, strict=True))


# ---- the faults: each a context; in it the fault is there, and its own checks are done


@contextlib.contextmanager
def no_descriptors(server, patch):
    """Whoever comes is told 503, as long as there are none; so is who asks for sockets for a stream."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        knocking = [stack.enter_context(socket.socket()) for _ in range(5)]
        early = stack.enter_context(Talker(server.port))
        assert early.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
        stack.enter_context(all_taken())
        for sock in knocking:
            sock.settimeout(10)
            sock.connect(("127.0.0.1", server.port))
            assert sock.recv(100).startswith(b"RTSP/1.0 503 ") and sock.recv(100) == b""
        ports = "Transport: RTP/AVP;unicast;client_port=9002-9003"
        assert early.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 2", ports).status == 503
        os.utime(os.path.join(server.library.folder, "victim.Mjpeg"))  # it has to be opened anew, which cannot be done
        assert early.ask(f"DESCRIBE {server.url('victim.Mjpeg')} RTSP/1.0", "CSeq: 3").status == 503
        yield "Too many open files"


@contextlib.contextmanager
def all_taken():
    """Every descriptor that the limit allows."""
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for file in taken:
            os.close(file)


@contextlib.contextmanager
def no_threads(server, patch):
    real = threading.Thread.start

    def start(thread):
        if thread.name.startswith("worker"):
            raise RuntimeError("can't start new thread")
        real(thread)

    patch.setattr(threading.Thread, "start", start)
    for _ in range(3):
        with Talker(server.port) as talker:
            assert talker.reply().status == 503 and talker.is_closed()
    yield "no thread left"


@contextlib.contextmanager
def closed_ports(server, patch):
    """ICMP: nobody listens at the viewer's ports. Its session goes on."""
    with Receiver() as nobody:
        transport = nobody.transport
    with Playing(server, transport=transport) as viewer:
        eventually(lambda: viewer.stream().packets > 20, "packets that find no port")
        assert viewer.command("TEARDOWN") == 200
        yield None


@contextlib.contextmanager
def half_closed(server, patch):
    """Who says that no more will be said gets all replies, and then the end; media inside the connection end."""
    with Talker(server.port) as asking, Playing(server, transport=TCP) as playing:
        for cseq in range(20):
            asking.send(f"DESCRIBE {server.url()} RTSP/1.0", f"CSeq: {cseq}")
        for talker in (asking, playing.talker):
            talker.socket.shutdown(socket.SHUT_WR)
        assert [asking.reply().status for _ in range(20)] == [200] * 20 and asking.is_closed()
        while playing.talker.socket.recv(65536):
            pass
        yield None


@contextlib.contextmanager
def reads_nothing(server, patch):
    """A viewer with a full buffer is left behind, and after STALLED_WRITE cut off."""
    with Playing(server, "victim.Mjpeg", TCP) as viewer:
        stream = viewer.stream()
        stream.channel.connection.enlarge(4096)
        viewer.talker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        eventually(lambda: stream.dropped > 3, "frames that are dropped")
        eventually(lambda: len(server.sessions) == 1, "the viewer's end")
        yield "reads too slowly"


@contextlib.contextmanager
def gone_without_a_word(server, patch):
    """Fifty, half of them with a reset; the others never say anything again, and time passes."""
    with contextlib.ExitStack() as stack, Receiver() as nobody:
        for number in range(50):
            viewer = stack.enter_context(Playing(server, transport=(nobody.transport, TCP)[number % 2]))
            if number % 2:
                viewer.talker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                viewer.talker.close()
        eventually(lambda: len(server.sessions) == 26, "the end of those inside a connection")
        for session in server.sessions.all()[1:]:
            session.clock = lambda: time.monotonic() + 100
        server.sessions.expire()
        assert len(server.sessions) == 1
        yield "reads too slowly"  # what is meant for those that have just gone, if anything


@contextlib.contextmanager
def changed(server, patch, change, status, words, goes_on):
    """What becomes of a movie while somebody plays it."""
    path = os.path.join(server.library.folder, "victim.Mjpeg")
    with Playing(server, "victim.Mjpeg") as viewer:
        viewer.goes_on()
        change(path)
        if goes_on:
            viewer.goes_on(30)  # more than had been read before
        else:
            run = viewer.stream().run
            eventually(lambda: run.frame > 40, "playing on, without what is damaged")
        assert viewer.ask("DESCRIBE").status == status
        assert viewer.command("TEARDOWN") == 200
        yield words


def cut(path):
    os.truncate(path, 10_000)


def overwrite(path):
    with open(path, "r+b") as file:
        file.write(bytes(os.path.getsize(path)))


def replace(path):
    shutil.copy(path, f"{path}.new")
    os.replace(f"{path}.new", path)


@contextlib.contextmanager
def clock_steps(server, patch):
    """A machine that finds out what time it is: from 1970 to next year, and back."""
    now = time.time()
    for stepped in (0.0, now + 3e7, now - 1000):
        patch.setattr(time, "time", lambda stepped=stepped: stepped)
        with Playing(server) as viewer:
            viewer.goes_on()
            server.sessions.expire()
            viewer.media.wait(lambda media: media.controls, "a report")
            assert viewer.command("TEARDOWN") == 200
    yield None


@contextlib.contextmanager
def folder_gone(server, patch):
    """A stick that was pulled out."""
    folder = server.library.folder
    os.rename(folder, f"{folder}.away")
    try:
        with Talker(server.port) as talker:
            for _ in range(5):
                assert talker.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1").status == 404
        yield "cannot be read: No such file"
    finally:
        os.rename(f"{folder}.away", folder)


@contextlib.contextmanager
def unreadable_movie(server, patch):
    real = os.open

    def refuse(path, *arguments, **options):
        if str(path).endswith("victim.Mjpeg"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)

    os.utime(os.path.join(server.library.folder, "victim.Mjpeg"))  # … since it was opened last
    patch.setattr(os, "open", refuse)
    with Talker(server.port) as talker:
        for _ in range(5):
            assert talker.ask(f"DESCRIBE {server.url('victim.Mjpeg')} RTSP/1.0", "CSeq: 1").status == 404
    yield "may not be read"


def change(*arguments):
    return lambda server, patch: changed(server, patch, *arguments)


FAULTS = {
    "no descriptors": no_descriptors,
    "no threads": no_threads,
    "closed ports": closed_ports,
    "half-closed connections": half_closed,
    "a viewer that reads nothing": reads_nothing,
    "gone without a word": gone_without_a_word,
    "a movie that is cut": change(cut, 200, "victim.Mjpeg", False),
    "a movie that is overwritten": change(overwrite, 500, "victim.Mjpeg", False),
    "a movie that is replaced": change(replace, 200, None, True),
    "a movie that is deleted": change(os.unlink, 404, None, True),
    "clock steps": clock_steps,
    "a folder that is gone": folder_gone,
    "a movie that cannot be read": unreadable_movie,
}
MAYBE = {"gone without a word"}  # whether anything is said of them depends on what was under way


@linux
@pytest.mark.parametrize("name", FAULTS)
def test_nobody_else_notices(name, server, caplog, monkeypatch):
    with Playing(server) as innocent:
        innocent.goes_on()
        with Talker(server.port) as talker:  # what is made but once is there before we count
            assert talker.ask(f"DESCRIBE {server.url('victim.Mjpeg')} RTSP/1.0", "CSeq: 1").status == 200
        eventually(lambda: len(server.workers) == 1, "one viewer")
        before = means()
        with monkeypatch.context() as patch, FAULTS[name](server, patch) as words:
            innocent.goes_on()
        eventually(lambda: no_more(means(), before), f"what there was before: {before}")
        with Talker(server.port) as talker:
            assert talker.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        innocent.goes_on()
        assert innocent.no_gap()
    lines = [record.getMessage() for record in caplog.records]
    assert "Traceback" not in caplog.text
    assert bool(lines) == bool(words) or name in MAYBE
    if lines:
        assert words in lines[0]
        assert len(lines) <= 2 + (caplog.records[-1].created - caplog.records[0].created)  # one a second, of each kind
