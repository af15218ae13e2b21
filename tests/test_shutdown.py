"""The end of the server, as a program: at a signal it says goodbye to all and is gone within five seconds, with exit
code 0, without a word, whoever is there and whatever they are doing; the port can be used again at once."""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import movies
from tests.serving import PATIENCE, Talker, _pair, control, eventually

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 5.0  # from the signal to the end
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares a port between processes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    (folder / "movie.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 2000))
    (folder / "large.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (1280, 720), quality=90)] * 100))
    return folder


class Program:
    """The server, every warning an error. `before`: Python, run first."""

    def __init__(self, folder, *options, before="", port=None, **streams):
        port = port or free_port()
        arguments = ["Server.py", str(port), "--host", "127.0.0.1", "--media", str(folder), *options]
        code = f"{before}\nimport runpy, sys; sys.argv = {arguments}; runpy.run_path('Server.py', run_name='__main__')"
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        self.run = subprocess.Popen([sys.executable, "-W", "error", "-c", code], cwd=ROOT, **streams)
        found = re.search(rb"port (\d+)", self.run.stdout.readline()) if self.run.stdout else None
        self.port = int(found[1]) if found else port

    def end(self, *signals):
        """Its exit code and what it wrote, after these signals."""
        began = time.monotonic()
        for number in signals or (signal.SIGTERM,):
            self.run.send_signal(number)
        out, err = self.run.communicate(timeout=PATIENCE)
        assert time.monotonic() - began < SECONDS
        return self.run.returncode, (err or b"").decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.run.poll() is None:
            self.run.kill()
        self.run.communicate()


def free_port():
    """Below those that the system gives to whoever asks for any: nobody else gets it while the server is restarted."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Viewer(Talker):
    """Plays, over UDP or inside the connection, and reads what came only when it is asked about it."""

    def __init__(self, port, transport=None, name="movie.Mjpeg", buffer=0):
        super().__init__(port)
        self.udp = None if transport else _pair()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        number = self.udp[0].getsockname()[1] if self.udp else 0
        url = f"rtsp://127.0.0.1:{port}/{name}"
        transport = transport or f"Transport: RTP/AVP;unicast;client_port={number}-{number + 1}"
        try:
            reply = self.ask(f"SETUP {url} RTSP/1.0", "CSeq: 1", transport)
            assert reply.status == 200, reply
            self.send(f"PLAY {url} RTSP/1.0", "CSeq: 2", f"Session: {reply.headers['session'].split(';')[0]}")
            assert b"200 OK" in self._until(b"\r\n\r\n")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def close(self):
        super().close()
        for sock in self.udp or ():
            sock.close()

    def frames(self):
        """(channel, packet) of all that came in the connection, to its orderly end."""
        data = self._unread
        while more := self.socket.recv(1 << 16):
            data += more
        while data:
            size = int.from_bytes(data[2:4], "big")
            assert data[0] == 0x24 and len(data) >= 4 + size, "the connection ended within a packet"
            yield data[1], data[4 : 4 + size]
            data = data[4 + size :]

    def was_told(self):
        """Did a BYE come?"""
        reports = [packet for channel, packet in self.frames() if channel == 1]
        while self.udp and select.select([self.udp[1]], [], [], 0)[0]:
            with contextlib.suppress(ConnectionError):  # the port that we sent to is closed
                reports.append(self.udp[1].recv(2048))
        return any(203 in control(report).types for report in reports)


def viewers(stack, program, count):
    """So many of each kind."""
    return [stack.enter_context(Viewer(program.port, transport)) for _ in range(count) for transport in (None, TCP)]


@posix
@pytest.mark.parametrize("count", [0, 1, 100])
@pytest.mark.parametrize("options", [[], pytest.param(["--processes", "3"], marks=linux)], ids=["one", "three"])
def test_all_are_told_and_the_port_is_free_at_once(folder, options, count):
    """Beside those who have not said anything yet, or only half of it."""
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(Program(folder, *options))
        playing = viewers(stack, program, count)
        for said in (b"", b"OPTIONS * RT", b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\n", b"$\x00\x10"):
            stack.enter_context(Talker(program.port)).raw(said)
        assert program.end() == (0, "")
        with Program(folder, *options, port=program.port) as again, Talker(again.port) as talker:
            assert again.port == program.port
            assert talker.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
            assert again.end(signal.SIGINT) == (0, "")
        assert [viewer.was_told() for viewer in playing] == [True] * 2 * count


@posix
def test_a_viewer_that_reads_slowly_gets_all_to_the_end(folder):
    """What was on its way when the signal came, half a frame, and then the goodbye."""
    with Program(folder) as program, Viewer(program.port, TCP, "large.Mjpeg", buffer=1 << 17) as viewer:
        assert b"reads too slowly" in program.run.stderr.readline()
        program.run.send_signal(signal.SIGTERM)
        eventually(lambda: nobody_listens(program.port), "the beginning of the end")
        assert viewer.was_told()
        assert program.run.wait(SECONDS) == 0


def nobody_listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


@posix
def test_viewers_that_read_nothing_delay_nobody(folder):
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(Program(folder))
        stalled = [Viewer(program.port, TCP, "large.Mjpeg", buffer=2048) for _ in range(20)]
        for viewer in stalled:
            stack.enter_context(viewer)
        said = program.run.stderr.readline()
        assert b"reads too slowly" in said
        [good] = [stack.enter_context(Viewer(program.port))]
        code, err = program.end()
        assert code == 0 and "Traceback" not in err
        assert good.was_told()


HANGS = """
import threading, net.acceptor, media.{0} as module
net.acceptor.GOODBYES = 0.2
real = module.{1}
def hang(self, *arguments):
    if {2}:
        print("it hangs", file=sys.stderr, flush=True)
        threading.Event().wait()
    return real(self, *arguments)
module.{1} = hang
import sys"""


@posix
def test_a_request_that_is_still_being_worked_at_is_left_alone(folder):
    """The disk does not answer, say."""
    with contextlib.ExitStack() as stack:
        hangs = HANGS.format("library", "Library.find", "arguments == ('slow',)")
        program = stack.enter_context(Program(folder, before=hangs))
        playing = viewers(stack, program, 1)
        talker = stack.enter_context(Talker(program.port))
        talker.send(f"DESCRIBE rtsp://127.0.0.1:{program.port}/slow RTSP/1.0", "CSeq: 1")
        assert program.run.stderr.readline() == b"it hangs\n"
        assert program.end() == (0, "! 1 requests are still being worked at, and left alone\n")
        assert all(viewer.was_told() for viewer in playing)


@posix
def test_whatever_hangs_it_ends(folder):
    """A part of ours that does not come to its end."""
    hurry = "import net.signals as signals; patient = signals.quit_within; signals.quit_within = lambda _: patient(0.5)"
    hangs = HANGS.format("prepare", "Preparer.close", "True")
    with Program(folder, before=f"{hurry}\n{hangs}") as program, Viewer(program.port) as viewer:
        assert program.end() == (0, "it hangs\n")
        assert viewer.was_told()


@posix
@pytest.mark.parametrize("signals", [
    (signal.SIGINT, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT, signal.SIGTERM), (signal.SIGINT,) * 3,
    (signal.SIGHUP,),
], ids=str)  # fmt: skip
def test_signals_that_follow_the_first_disturb_nothing(folder, signals):
    """An impatient user, and a terminal whose window is closed."""
    with Program(folder) as program, Viewer(program.port) as viewer:
        assert program.end(*signals) == (0, "")
        assert viewer.was_told()


@posix
def test_nohup_is_respected(folder):
    with Program(folder, before="import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)") as program:
        with Talker(program.port) as talker:
            program.run.send_signal(signal.SIGHUP)
            assert talker.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        assert program.end() == (0, "")


AT_IMPORT = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {0!r}:
            os.kill(os.getpid(), {1})
sys.meta_path.insert(0, Finder())"""
AT_CALL = """
import os, {0}
real = {0}.{1}
def call(*arguments, **options):
    os.kill(os.getpid(), {2})
    return real(*arguments, **options)
{0}.{1} = call"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [
    AT_IMPORT.format("media.errors", "{0}"), AT_IMPORT.format("Session", "{0}"),
    AT_CALL.format("net.addresses", "listen", "{0}"), AT_CALL.format("net.pacer", "Pacer.start", "{0}"),
], ids=["first import", "last import", "listen", "start"])  # fmt: skip
def test_a_signal_while_it_starts_is_the_end_without_a_word(folder, moment, number):
    with Program(folder, before=moment.format(int(number))) as program:
        _, err = program.run.communicate(timeout=PATIENCE)
        assert (program.run.returncode, err) == (0, b"")


# ---- nobody reads what it says


@posix
@pytest.mark.parametrize("where", ["full disk", "closed pipe", "closed", "nobody reads"])
def test_words_that_cannot_be_written_stop_nothing(folder, where):
    """`-v` and stdout and stderr there: it serves, and its end is as always."""
    with contextlib.ExitStack() as stack:
        if where == "full disk":
            if not Path("/dev/full").exists():
                pytest.skip("no /dev/full")
            target = os.open("/dev/full", os.O_WRONLY)
        else:
            there, target = os.pipe()
            if where == "nobody reads":
                stack.callback(os.close, there)
            else:
                os.close(there)
        stack.callback(os.close, target)
        before = "import os; os.close(1); os.close(2); import sys; sys.stdout = sys.stderr = None" * (where == "closed")
        if where == "nobody reads":
            before = "import os\nos.set_blocking(1, False)\ntry:\n  while True: os.write(1, bytes(4096))\n" \
                     "except BlockingIOError: os.set_blocking(1, True)"  # fmt: skip
        port = free_port()
        program = stack.enter_context(Program(folder, "-v", before=before, port=port, stdout=target, stderr=target))
        viewer = stack.enter_context(arrived(port))
        for cseq in range(3, 1500):
            viewer.send("OPTIONS * RTSP/1.0", f"CSeq: {cseq}")
        program.run.send_signal(signal.SIGTERM)
        assert program.run.wait(SECONDS) == 0


def arrived(port):
    """A viewer of a server that does not tell when it listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return Viewer(port)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
