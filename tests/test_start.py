"""start.py: which port it takes, when it plays without a window, what it reports, that it ends what it started."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import start
from start import Failure, choose_port, is_free, report, server_header, why_headless

ROOT = Path(start.__file__).parent
OURS = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: RTSPlab/0.1\r\nPublic: OPTIONS\r\n\r\n"
OTHERS = {
    "another RTSP server": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\n\r\n",
    "an RTSP server without a name": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
    "a web server": b"HTTP/1.0 400 Bad Request\r\nServer: RTSPlab/0.1\r\n\r\n",
    "hangs up": b"",
}


@contextlib.contextmanager
def answering(reply):
    """A server on a free port that answers every connection with these bytes, then hangs up; gives the port."""
    with socket.create_server((start.HOST, 0)) as listener:

        def serve():
            while True:
                sock, _ = listener.accept()
                with sock:
                    if not sock.recv(1000):  # the empty connection that ends this thread
                        return
                    sock.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            socket.create_connection(listener.getsockname()).close()
            thread.join()


def closed_port():
    """A port where nobody listened a moment ago."""
    with socket.create_server((start.HOST, 0)) as listener:
        return listener.getsockname()[1]


# --- who is on the port -----------------------------------------------------------------------------------------------


def test_our_server_is_known_by_its_header():
    """OPTIONS, and the Server header of the reply."""
    with answering(OURS) as port:
        assert server_header(port) == "RTSPlab/0.1"
        assert start.is_ours(port)


@pytest.mark.parametrize("reply", OTHERS.values(), ids=OTHERS)
def test_other_servers_are_not_ours(reply):
    """Not even a web server that pretends."""
    with answering(reply) as port:
        assert not start.is_ours(port)
        assert not is_free(port)


def test_a_silent_server_is_not_ours():
    """It takes the connection and never says a word."""
    with socket.create_server((start.HOST, 0)) as listener:
        assert server_header(listener.getsockname()[1], timeout=0.05) is None


def test_nobody_answers_on_a_closed_port():
    """Which is free, then."""
    port = closed_port()
    assert server_header(port) is None
    assert is_free(port)


def test_a_port_we_may_not_use_is_not_free(monkeypatch):
    """Below 1024 only root may listen."""

    def refuse(sock, address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert not is_free(554)


def test_a_machine_without_ipv6_has_free_ports(monkeypatch):
    """As in many containers."""
    create = socket.socket

    def only_ipv4(family, *rest):
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return create(family, *rest)

    port = closed_port()
    monkeypatch.setattr(start.socket, "socket", only_ipv4)
    assert is_free(port)


def test_our_running_server_is_used(capsys):
    """No second one is started."""
    with answering(OURS) as port:
        assert choose_port(port) == (port, True)
    assert f"answers on port {port} already" in capsys.readouterr().out


def test_a_free_port_is_used_silently(capsys):
    """Nothing to explain when all is as asked."""
    port = closed_port()
    assert choose_port(port) == (port, False)
    assert capsys.readouterr().out == ""


def test_a_taken_port_makes_way_for_the_next_free_one(monkeypatch, capsys):
    """Two are taken, by others; the third is free: it says so."""
    monkeypatch.setattr(start, "is_ours", lambda port: False)
    monkeypatch.setattr(start, "is_free", lambda port: port >= 6791)
    assert choose_port(6789) == (6791, False)
    assert "Port 6789 is taken by another program: using port 6791." in capsys.readouterr().out


def test_our_server_on_a_later_port_is_used(monkeypatch):
    """As when it was started by start.py while the first port was taken."""
    monkeypatch.setattr(start, "is_ours", lambda port: port == 6790)
    monkeypatch.setattr(start, "is_free", lambda port: False)
    assert choose_port(6789) == (6790, True)


def test_no_free_port_at_all_is_said(monkeypatch):
    """And the search ends at the last port there is."""
    asked = []
    monkeypatch.setattr(start, "is_ours", asked.append)
    monkeypatch.setattr(start, "is_free", lambda port: False)
    with pytest.raises(Failure, match="no free port from 65500") as caught:
        choose_port(65500)
    assert caught.value.code == 3
    assert max(asked) == 65535


# --- with or without a window -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "environ", "window"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_a_window_needs_a_screen(monkeypatch, platform, environ, window):
    """On Linux the environment tells; Windows and macOS have one."""
    monkeypatch.setitem(sys.modules, "tkinter", object())
    monkeypatch.setattr(sys, "platform", platform)
    assert (why_headless(environ) == "") == window


def test_a_window_needs_tk(monkeypatch):
    """Without it, how to get it on each system."""
    monkeypatch.setitem(sys.modules, "tkinter", None)
    hint = why_headless({"DISPLAY": ":0"})
    for words in ("apt install python3-tk", "python3-tkinter", "brew install python-tk", "uv python upgrade"):
        assert words in hint


STATISTICS = {
    "url": "rtsp://127.0.0.1:6789/movie.Mjpeg", "frames_received": 200, "frames_shown": 199, "frames_damaged": 1,
    "packets": 1990, "lost": 10, "duplicates": 0, "reordered": 3, "seconds": 10.04, "fps": 19.93, "jitter_ms": 0.31,
    "max_jitter_ms": 4.06, "first_frame_ms": 231.6,
}  # fmt: skip


def test_the_report_is_readable():
    """Four lines: what was played, frames, packets with the loss in percent, jitter."""
    assert report(STATISTICS).splitlines() == [
        "Played 10.0 s of rtsp://127.0.0.1:6789/movie.Mjpeg",
        "  frames   199 shown of 200 received, 1 damaged, 19.9 per second",
        "  packets  1,990 received, 10 lost (0.5 %), 3 out of order",
        "  jitter   0.3 ms, at most 4.1 ms; first picture after 232 ms",
    ]


@pytest.mark.parametrize("stats", [{}, dict.fromkeys(STATISTICS)])
def test_the_report_stands_without_measurements(stats):
    """A run without a single packet has a report too."""
    assert "packets  - received, - lost (0.0 %), - out of order" in report(stats)


# --- the whole way, with a server and a player written here -----------------------------------------------------------

SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    open("server.pid", "w").write(str(__import__("os").getpid()))
    while True:
        sock, _ = listener.accept()
        with sock:
            sock.recv(1000)
            sock.sendall(b"RTSP/1.0 200 OK\\r\\nServer: RTSPlab/0.1\\r\\n\\r\\n")
"""
PLAYER = """
import json, sys
open("player.args", "w").write(json.dumps(sys.argv[1:]))
if "--stats" in sys.argv:
    json.dump({"seconds": 10.0, "packets": 5}, open(sys.argv[sys.argv.index("--stats") + 1], "w"))
sys.exit(0)
"""
WAITING_PLAYER = """
import signal, sys, threading
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("playing", flush=True)
threading.Event().wait(50)
"""


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A folder with such a server and player, nothing to install, and no screen."""
    (tmp_path / "Server.py").write_text(SERVER)
    (tmp_path / "ClientLauncher.py").write_text(PLAYER)
    monkeypatch.setattr(start, "HERE", tmp_path)
    monkeypatch.setattr(start.environment, "python", lambda: sys.executable)
    monkeypatch.setattr(start.environment, "install", lambda name, wanted: None)
    monkeypatch.setattr(start, "why_headless", lambda: "No screen.")
    return tmp_path


def run(*arguments):
    """start.main, without its signal handlers staying behind."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.getsignal(number) for number in numbers]
    try:
        return start.main(list(arguments))
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def test_without_a_screen_it_plays_and_reports(lab, capfd):
    """Server up, ten seconds headless, the report, server down, exit code 0."""
    port = closed_port()
    assert run("--port", str(port)) == 0
    out = capfd.readouterr().out
    assert "No screen." in out and "Played 10.0 s" in out and "5 received" in out
    arguments = (lab / "player.args").read_text()
    assert f"rtsp://127.0.0.1:{port}/movie.Mjpeg" in arguments and '"--duration", "10"' in arguments
    assert is_free(port)


def test_with_a_screen_it_opens_the_window(lab, monkeypatch, capfd):
    """The player gets the URL alone."""
    monkeypatch.setattr(start, "why_headless", lambda: "")
    port = closed_port()
    assert run("--port", str(port)) == 0
    assert (lab / "player.args").read_text() == f'["rtsp://127.0.0.1:{port}/movie.Mjpeg"]'


def test_a_running_server_is_not_ended(lab, capfd):
    """It belongs to somebody else."""
    with answering(OURS) as port:
        assert run("--port", str(port)) == 0
        assert start.is_ours(port)
    assert not (lab / "server.pid").exists()


def test_the_exit_code_is_the_player_s(lab, capfd):
    """And what the server said is shown when the player failed."""
    (lab / "Server.py").write_text("print('warning: dust on the lens')" + SERVER)
    (lab / "ClientLauncher.py").write_text("raise SystemExit(7)")
    assert run("--port", str(closed_port())) == 7
    assert "dust on the lens" in capfd.readouterr().out


def test_a_server_that_dies_has_the_last_word(lab, capfd):
    """Its words and its exit code, no traceback of ours."""
    (lab / "Server.py").write_text("raise SystemExit('No movie.')")
    assert run("--port", str(closed_port())) == 1
    assert capfd.readouterr().err == "The server stopped at once. It said:\nNo movie.\n"


def test_a_server_that_never_answers_is_ended(lab):
    """After the patience is over, with a sentence."""
    (lab / "Server.py").write_text("import threading; threading.Event().wait(50)")
    with tempfile.TemporaryFile() as log, pytest.raises(Failure, match=r"did not answer .* It said nothing"):
        start.start_server(closed_port(), log, patience=0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="a program cannot refuse its end on Windows")
def test_a_program_that_will_not_end_is_killed():
    """Asked first; after the patience it has no choice."""
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()
        start.end(process, patience=0.1)
        assert process.returncode == -signal.SIGKILL


DRIVER = """
import pathlib, sys, start
start.HERE = pathlib.Path.cwd()
start.environment.python = lambda: sys.executable
start.environment.install = lambda name, wanted: None
start.why_headless = lambda: ""
sys.exit(start.main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("name", "expected"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_however_it_is_stopped_the_server_ends(lab, name, expected):
    """Ctrl-C (which the terminal sends to the player too), kill, and a closed terminal."""
    (lab / "ClientLauncher.py").write_text(WAITING_PLAYER)
    port = closed_port()
    command = [sys.executable, "-c", DRIVER, "--port", str(port)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=lab, env=environ, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        while b"playing" not in process.stdout.readline():
            assert process.poll() is None
        if name == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.Signals[name])
        assert process.wait(20) == expected
    with pytest.raises(ProcessLookupError):
        os.kill(int((lab / "server.pid").read_text()), 0)
    assert is_free(port)


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_tests_are_run_with_pytest_s_arguments(monkeypatch):
    """First the tools, then .venv, then pytest; its exit code is ours."""
    done = []

    def fake_run(command, **options):
        done.append(command)
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr(start.subprocess, "run", fake_run)
    monkeypatch.setattr(start.environment, "install", lambda name, wanted: done.append(name))
    assert run("test", "-x", "tests/test_start.py", "-k", "a or b") == 5
    assert done == [
        [sys.executable, "-m", "tests.tools"],
        "requirements",
        "test",
        [start.environment.python(), "-m", "pytest", "-x", "tests/test_start.py", "-k", "a or b"],
    ]


@pytest.mark.parametrize("arguments", [["--help"], ["test", "--help"]])
def test_help_names_both_commands(arguments, capsys):
    """Also after `test`."""
    with pytest.raises(SystemExit) as caught:
        start.main(arguments)
    assert caught.value.code == 0
    assert "python3 start.py test" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["--prot 1", "tets", "--port 0", "--port 65536", "--port x"])
def test_a_wrong_command_line_is_refused(line):
    """Exit code 2, as argparse has it."""
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as caught:
        start.main(line.split())
    assert caught.value.code == 2


def test_a_set_up_that_fails_is_one_sentence(monkeypatch, capsys):
    """On stderr, exit code 1."""

    def fail(name, wanted):
        raise start.SetUpError("No network.")

    monkeypatch.setattr(start.environment, "install", fail)
    assert run() == 1
    assert capsys.readouterr().err == "No network.\n"


def test_an_old_python_can_read_the_file():
    """Whatever Python 3.6 cannot parse would hide the sentence that asks for a newer one."""
    ast.parse((ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    with pytest.raises(SyntaxError):  # the proof that ast looks: 3.6 has no `:=`
        ast.parse("(a := 1)", feature_version=(3, 6))


def test_an_old_python_is_refused_in_a_sentence():
    """Exit code 2, before anything that is new is executed or imported."""
    code = "import runpy, sys; sys.version_info = (3, 9, 18); runpy.run_path('start.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The RTSP lab needs Python 3.10 or newer; this is Python 3.9.\n"
