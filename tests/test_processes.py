"""Several processes share a port: viewers are spread, limits hold for all, all end well, a dead one is replaced."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import Server
from net.addresses import listen, reserve
from net.processes import Count, shared_slots
from tests import movies
from tests.serving import LocalServer, Receiver, Talker, eventually

ROOT = Path(Server.__file__).parent
QUICK = "import net.processes; net.processes.PAUSE = 0.05"  # no second of waiting before a dead one is replaced
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares a port between processes")


def command(folder, before):
    """`Server.py 0 --processes 2`, every warning an error. `before`: Python, run first."""
    arguments = ["Server.py", "0", "--host", "127.0.0.1", "--media", str(folder), "--processes", "2"]
    start = f"import runpy, sys; sys.argv = {arguments}; runpy.run_path('Server.py', run_name='__main__')"
    return [sys.executable, "-W", "error", "-c", f"{before}\n{start}"]


class Program:
    """The server, in a process group of its own as in a terminal."""

    def __init__(self, folder, before):
        self.run = subprocess.Popen(
            command(folder, before),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.run.stdout is not None and self.run.stderr is not None
        self.words, self.errors = self.run.stdout, self.run.stderr
        found = re.search(r"port (\d+)", self.words.readline())
        self.port = int(found[1]) if found else 0

    def url(self):
        return f"rtsp://127.0.0.1:{self.port}/movie.Mjpeg"

    def says(self, words):
        """Wait for a line with these words."""
        return next((line for line in self.errors if words in line), "")

    def children(self):
        return Path(f"/proc/{self.run.pid}/task/{self.run.pid}/children").read_text().split()

    def end(self, send=None):
        """All ends at a signal: the exit code, and what was printed that has not been read."""
        children = self.children()
        (send or (lambda: self.run.send_signal(signal.SIGTERM)))()
        out, err = self.words.read(), self.errors.read()
        self.run.wait(20)
        assert not [child for child in children if alive(child)]
        return self.run.returncode, out, err

    def owner(self, talker):
        """Which child has the other end of a connection."""
        ours = f":{talker.socket.getsockname()[1]:04X}"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            local, remote, inode = (line.split()[field] for field in (1, 2, 9))
            if local.endswith(f":{self.port:04X}") and remote.endswith(ours):
                for child in self.children():
                    if f"socket:[{inode}]" in open_files(child):
                        return child
        return None


def open_files(pid):
    found = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            found.append(os.readlink(file))
    return found


def alive(pid):
    """Whether it runs: one that has ended is a zombie until somebody asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    (folder / "movie.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0, (384, 96), quality=10)] * 4000))
    return folder


@pytest.fixture
def start(folder):
    """Starts programs, and ends what is left of them."""
    with contextlib.ExitStack() as stack:

        def go(before=""):
            program = Program(folder, before)
            stack.callback(finish, program.run)
            return program

        yield go


def finish(run):
    with contextlib.suppress(ProcessLookupError):  # nobody is left
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    run.stderr.close()


def each_in_its_own(program, stack):
    """A connection to either process."""
    found: dict[str, Talker] = {}
    while len(found) < 2:
        talker = stack.enter_context(Talker(program.port))
        assert talker.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        found.setdefault(program.owner(talker), talker)
    return found


def set_up(program, talker, media):
    reply = talker.ask(f"SETUP {program.url()} RTSP/1.0", "CSeq: 1", media.transport)
    assert reply.status == 200
    return f"Session: {reply.headers['session'].split(';')[0]}"


def play(program, talker, media):
    session = set_up(program, talker, media)
    assert talker.ask(f"PLAY {program.url()} RTSP/1.0", "CSeq: 2", session).status == 200
    return session


# ---- the viewers


@linux
def test_connections_are_spread_and_all_play(start):
    """Thirty of them: that one process gets none happens once in a thousand million times."""
    program = start()
    with contextlib.ExitStack() as stack:
        viewers = [(stack.enter_context(Talker(program.port)), stack.enter_context(Receiver())) for _ in range(30)]
        for talker, media in viewers:
            play(program, talker, media)
        for _, media in viewers:
            media.wait_frames(2)
        owners = [program.owner(talker) for talker, _ in viewers]
        assert set(owners) == set(program.children()) and len(program.children()) == 2
        code, out, err = program.end()
        assert code == 0 and "Traceback" not in err, err
        assert out.count("rtsp://") == 1  # the URL of the banner, printed once
        for _, media in viewers:
            media.wait_bye()


@linux
def test_a_session_is_unknown_to_the_other_process(start):
    """454 for whoever names it there, and it plays on."""
    program = start()
    with contextlib.ExitStack() as stack:
        mine, other = each_in_its_own(program, stack).values()
        media = stack.enter_context(Receiver())
        session = play(program, mine, media)
        for method in ("PAUSE", "GET_PARAMETER", "TEARDOWN"):
            assert other.ask(f"{method} {program.url()} RTSP/1.0", "CSeq: 3", session).status == 454
        media.drain()
        media.wait_frames(3)
        assert other.ask("OPTIONS * RTSP/1.0", "CSeq: 4").status == 200
        assert mine.ask(f"PAUSE {program.url()} RTSP/1.0", "CSeq: 5", session).status == 200
        assert program.end()[0] == 0


# ---- the end, wanted or not


@linux
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("group", [True, False], ids=["group", "parent"])
def test_a_signal_ends_all_with_0_and_without_a_traceback(start, name, group):
    """Ctrl-C reaches every process of a terminal, `kill` the first one alone. The port is free at once."""
    program = start()
    number = getattr(signal, name)
    with contextlib.ExitStack() as stack:
        for talker in each_in_its_own(program, stack).values():
            play(program, talker, stack.enter_context(Receiver()))
        code, _, err = program.end(
            lambda: os.killpg(program.run.pid, number) if group else program.run.send_signal(number)
        )
    assert code == 0 and "Traceback" not in err and "has ended" not in err, err
    with socket.create_server(("127.0.0.1", program.port)):
        pass


@linux
def test_a_process_that_dies_is_replaced_and_the_others_play_on(start):
    """It is said in one line, and its own viewers lose their connection."""
    program = start(QUICK)
    with contextlib.ExitStack() as stack:
        (victim, lost), (other, kept) = each_in_its_own(program, stack).items()
        media = stack.enter_context(Receiver())
        play(program, kept, media)
        os.kill(int(victim), signal.SIGKILL)
        line = program.says("takes its place")
        assert lost.is_closed()
        new = next(child for child in program.children() if child != other)
        assert line == f"! process {victim} has ended (signal 9); {new} takes its place\n"
        media.drain()
        media.wait_frames(3)
        found = each_in_its_own(program, stack)
        assert set(found) == {other, new}
        play(program, found[new], stack.enter_context(Receiver()))
        code, _, err = program.end()
        assert code == 0 and "Traceback" not in err, err


@linux
def test_a_process_without_a_parent_ends(start):
    """Whatever became of the parent, and of the others."""
    program = start()
    first, last = program.children()
    os.kill(int(last), signal.SIGSTOP)
    program.run.kill()
    assert program.run.wait(10) == -signal.SIGKILL
    eventually(lambda: not alive(first), "the end of the one")
    os.kill(int(last), signal.SIGCONT)
    eventually(lambda: not alive(last), "the end of the other")


@linux
def test_a_process_that_does_not_end_is_ended(start):
    """One that is stopped cannot say goodbye."""
    program = start("import net.processes; net.processes.GRACE = 0.3")
    os.kill(int(program.children()[0]), signal.SIGSTOP)
    code, _, err = program.end()
    assert (code, err) == (0, "")


@linux
def test_a_process_that_dies_again_and_again_is_replaced_once_in_a_while(start):
    """A pause before each: what fails at once shall not keep the machine busy."""
    program = start("import net.processes; net.processes.PAUSE = 0.2")
    began = time.monotonic()
    for _ in range(3):
        os.kill(int(program.children()[0]), signal.SIGKILL)
        assert program.says("takes its place")
    assert time.monotonic() - began >= 3 * 0.2
    assert program.end()[0::2] == (0, "")


@linux
def test_processes_that_cannot_begin_are_exit_1(folder):
    """One line from each; no banner."""
    before = (
        "import net.addresses\n"
        "def full(*arguments): raise OSError(24, 'Too many open files')\n"
        "net.addresses.listen = full"
    )
    done = subprocess.run(command(folder, before), cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all("Too many open files" in line for line in lines)


# ---- limits


@linux
def test_limits_hold_for_all_processes(start):
    """One session is all there may be, wherever it is, until the process that has it dies."""
    program = start(f"{QUICK}; from rtsp import limits; limits.SESSIONS = 1")
    with contextlib.ExitStack() as stack:
        (first, mine), (_, other) = each_in_its_own(program, stack).items()
        set_up(program, mine, stack.enter_context(Receiver()))
        media = stack.enter_context(Receiver())
        lines = f"SETUP {program.url()} RTSP/1.0", "CSeq: 3", media.transport
        assert other.ask(*lines).status == 453
        os.kill(int(first), signal.SIGKILL)
        assert program.says("takes its place")
        assert other.ask(*lines).status == 200
        assert program.end()[0] == 0


@linux
def test_connections_are_counted_over_all_servers(folder, monkeypatch):
    """Two servers of one count, as two processes have it: 503 at the one for what the other has."""
    slots, servers = [0, 0], []
    with contextlib.ExitStack() as stack:
        for number in (0, 1):
            seat = Server.Alone()
            seat.connections = Count(slots, number)
            server = LocalServer(port=0, host="127.0.0.1", media=folder, seat=seat)
            server.start()
            stack.callback(server.close)
            servers.append(server)
        with Talker(servers[0].port) as first:
            assert first.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
            monkeypatch.setattr(Server.limits, "CONNECTIONS", 1)
            with Talker(servers[1].port) as second:
                assert second.reply().status == 503
        eventually(lambda: slots == [0, 0], "nobody there")
        with Talker(servers[1].port) as second:
            assert second.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
            assert slots == [0, 1]


def test_a_count_is_the_sum_of_what_each_wrote():
    slots = shared_slots(3)
    first, last = Count(slots, 0), Count(slots, 2)
    first.set(4)
    last.set(2)
    first.set(3)
    assert first.total == last.total == 5 and (last.place, last.places) == (2, 3)
    lone = Count()
    lone.set(7)
    assert lone.total == 7 and (lone.place, lone.places) == (0, 1)


# ---- the port


@linux
def test_a_reserved_port_is_for_those_who_share_it():
    """For as many as like, and for nobody else, another one who would reserve it included."""
    with contextlib.ExitStack() as stack:
        [kept] = map(stack.enter_context, reserve("127.0.0.1", 0))
        port = kept.getsockname()[1]
        for _ in range(2):
            stack.enter_context(*listen("127.0.0.1", port, shared=True))
        for sharing in (listen, reserve):
            with pytest.raises(OSError):
                sharing("127.0.0.1", port)


@linux
def test_a_taken_port_is_one_line_and_exit_3(folder, start):
    """Taken by any program, and by one that shares its port among its own processes."""
    shared = start()
    with socket.create_server(("127.0.0.1", 0)) as other:
        for port in (shared.port, other.getsockname()[1]):
            command = [sys.executable, str(ROOT / "Server.py"), str(port), "--host", "127.0.0.1", "--processes", "2"]
            done = subprocess.run([*command, "--media", str(folder)], capture_output=True, text=True, timeout=50)
            assert (done.returncode, done.stdout) == (3, "")
            [line] = done.stderr.splitlines()
            assert f"Port {port} is taken" in line
    assert shared.end()[0] == 0


# ---- the option


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_elsewhere_it_is_refused_in_one_line(folder, system, capsys, monkeypatch):
    monkeypatch.setattr(Server.sys, "platform", system)
    assert Server.main(["0", "--media", str(folder), "--processes", "2"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "Linux" in line and "--processes" in line


@pytest.mark.parametrize("count", ["0", "-1", "65", "two", "1.5", "²"])
def test_numbers_that_make_no_sense_are_exit_2(count, capsys):
    with pytest.raises(SystemExit) as caught:
        Server.main(["0", f"--processes={count}"])
    assert caught.value.code == 2 and "from 1 to 64" in capsys.readouterr().err


def test_one_process_is_the_default_and_forks_nothing():
    assert Server.parseArguments([]).processes == 1
    assert not Server.Alone().shared
