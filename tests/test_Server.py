"""The server as a program (its words and exit codes), and how it ends."""

import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import Server
from rtsp import limits
from tests.movies import lab_movie

ROOT = Path(Server.__file__).parent


def command(*arguments):
    return [sys.executable, str(ROOT / "Server.py"), *map(str, arguments)]


def run(*arguments, cwd=None):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, timeout=50)


@pytest.fixture
def folder(tmp_path):
    lab_movie(tmp_path / "movie.Mjpeg", 5)
    return tmp_path


@pytest.fixture
def server(folder):
    server = Server.Server(port=0, host="127.0.0.1", media=folder)
    server.start()
    yield server
    server.close()


def ask(sock, text):
    """Send a request and return the reply's head."""
    sock.sendall(text.encode())
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(4096)
        if not chunk:
            break
        data += chunk
    return data.decode()


# ---- its limits

@pytest.fixture
def limits_kept(monkeypatch):
    for name in limits.SETTABLE:
        monkeypatch.setattr(limits, name, getattr(limits, name))


def test_limits_are_set_from_the_command_line():
    options = Server.parseArguments(["--max-sessions", "7", "--limit", "body=100", "--max-per-address=3"])
    assert options.limits == [("SESSIONS", 7), ("BODY", 100), ("SESSIONS_PER_ADDRESS", 3)]
    assert Server.parseArguments([]).limits == []


@pytest.mark.parametrize("arguments", [
    ["--limit", "body"], ["--limit", "body=nan"], ["--limit", "=5"], ["--limit", "foo=5"], ["--max-sessions", "0"],
    ["--max-per-address", "-1"], ["--max-sessions", "1_0"]])
def test_what_cannot_be_a_limit_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        Server.parseArguments(arguments)
    assert ended.value.code == 2 and "error: argument --" in capsys.readouterr().err


def test_the_limits_hold_from_the_start(folder, limits_kept, monkeypatch):
    """They are set before there is a server."""
    def seen(*arguments, **options):
        raise OSError(errno.EADDRNOTAVAIL, f"bodies of {limits.BODY}")

    monkeypatch.setattr(Server, "Server", seen)
    assert Server.main(["--media", str(folder), "--limit", "body=100"]) == 3
    assert limits.BODY == 100


# ---- the program

@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_with_0_and_without_a_traceback(folder, name):
    pipe = subprocess.PIPE
    with subprocess.Popen(command(0, "--media", folder), stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        banner = process.stdout.readline()
        port = int(banner.split("port ")[1].split(".")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:     # a client that stays
            assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            process.send_signal(getattr(signal, name))
            out, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")
    with socket.create_server(("127.0.0.1", port)):         # the port can be used again at once
        pass


def test_the_banner_says_what_to_copy(server, folder):
    text = Server.banner(server, folder)
    assert f"rtsp://127.0.0.1:{server.port}/movie.Mjpeg" in text
    assert f"tshark -d tcp.port=={server.port},rtsp" in text and "Ctrl-C" in text


def test_a_taken_port_is_one_line_and_exit_3(folder):
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        done = run(port, "--media", folder)
    assert (done.returncode, done.stdout) == (3, "")
    [line] = done.stderr.splitlines()
    assert f"Port {port} is taken" in line and f"python Server.py {port + 1}" in line


def test_a_forbidden_port_is_one_line_and_exit_3(folder, capsys, monkeypatch):
    def forbidden(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Server, "listen", forbidden)
    assert Server.main(["554", "--media", str(folder)]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert "Port 554" in line and "python Server.py 8554" in line


def test_an_address_that_is_not_ours_is_one_line_and_exit_3(folder):
    done = run(0, "--media", folder, "--host", "192.0.2.1")
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert "192.0.2.1" in line


def test_without_pillow_it_is_one_line_and_exit_5(folder):
    """-S: without the installed packages."""
    done = subprocess.run([sys.executable, "-S", *command(0, "--media", folder)[1:]], capture_output=True, text=True)
    assert done.returncode == 5
    [line] = done.stderr.splitlines()
    assert "Pillow" in line and f"{sys.executable} -m pip install Pillow" in line


def test_the_last_port_has_no_next_one():
    taken = OSError(errno.EADDRINUSE, "Address already in use")
    assert "python Server.py 6789" in Server.whyNot(Server.parseArguments(["65535"]), taken)
    other = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    assert "taken" not in Server.whyNot(Server.parseArguments(["6000"]), other)


def test_urls_in_the_banner_can_be_copied(folder):
    """Blanks and umlauts are encoded, and the address is the one it listens on."""
    lab_movie(folder / "Mein Föhn 100%.Mjpeg", 2)
    for host, shown in (("127.0.0.1", "127.0.0.1"), (None, "127.0.0.1"), ("127.0.0.2", "127.0.0.2")):
        server = Server.Server(port=0, host=host, media=folder)
        text = Server.banner(server, folder)
        server.close()
        assert f"rtsp://{shown}:{server.port}/Mein%20F%C3%B6hn%20100%25.Mjpeg" in text
        assert ("From other machines" in text) == (host is None)


def test_a_terminal_without_umlauts_does_no_harm(folder):
    lab_movie(folder / "Föhn.Mjpeg", 2)
    pipe, environ = subprocess.PIPE, {**os.environ, "PYTHONIOENCODING": "ascii"}
    with subprocess.Popen(command(0, "--media", folder), stdout=pipe, stderr=pipe, env=environ) as process:
        assert process.stdout is not None and b"Ctrl-C" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, b"")


def test_a_missing_folder_is_one_line_and_exit_2(tmp_path):
    done = run(0, "--media", tmp_path / "nowhere")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "nowhere" in line and "--media" in line


def test_a_folder_that_cannot_be_read_is_one_line_and_exit_2(folder, capsys, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert Server.main(["0", "--media", str(folder)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert str(folder) in line and "Permission denied" in line and "--media" in line


@pytest.mark.parametrize("threads", range(5))
def test_without_threads_it_is_one_line_and_exit_1(folder, threads):
    """However many of its own it gets: none of them is left hanging."""
    program = f"""
import threading, runpy, sys
real, left = threading.Thread.start, list(range({threads}))
def start(thread):
    if not left:
        raise RuntimeError("can't start new thread")
    left.pop()
    real(thread)
threading.Thread.start = start
sys.argv = ["Server.py", "0", "--media", {str(folder)!r}]
runpy.run_path("Server.py", run_name="__main__")"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "can't start new thread" in line


def test_in_a_folder_that_was_deleted_that_of_the_program_is_served(monkeypatch):
    def deleted():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", deleted)
    assert Server.mediaFolder(None) == str(ROOT)


@pytest.mark.parametrize("arguments", ["x", "70000", "-1", "6789 --fps 0", "6789 --fps nan", "6789 --timeout inf",
                                       "6789 --timeout soon", "6789 --timeout 0.4", "6789 --timeout 1000001",
                                       "--nonsense", "1 2"])
def test_arguments_that_make_no_sense_are_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        Server.main(arguments.split())
    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_version_and_help_are_printed(capsys):
    for option, expected in (("--version", "RTSPlab/"), ("--help", "--media DIR")):
        with pytest.raises(SystemExit) as caught:
            Server.main([option])
        assert caught.value.code == 0 and expected in capsys.readouterr().out


def test_the_media_folder_is_this_one_if_it_has_a_movie_else_that_of_the_program(folder, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(folder)
    assert Server.mediaFolder(None) == str(folder)
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    assert Server.mediaFolder(None) == str(ROOT)
    assert Server.mediaFolder("named") == "named"


# ---- a broken movie, many clients, the end

def test_a_broken_movie_is_500_and_stops_nobody(server, folder, caplog):
    (folder / "broken.Mjpeg").write_bytes(b"this is no movie")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        base = f"rtsp://127.0.0.1:{server.port}"
        reply = ask(sock, f"DESCRIBE {base}/broken.Mjpeg RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        assert reply.startswith("RTSP/1.0 500 ") and str(folder) not in reply
        assert "broken.Mjpeg" in caplog.text
        assert "200 OK" in ask(sock, f"DESCRIBE {base}/movie.Mjpeg RTSP/1.0\r\nCSeq: 2\r\n\r\n")


def test_a_mistake_of_ours_is_500_for_this_client_alone(server, monkeypatch, caplog):
    monkeypatch.setattr(server.library, "find", lambda path: 1 / 0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert ask(sock, "DESCRIBE rtsp://h/x RTSP/1.0\r\nCSeq: 1\r\n\r\n").startswith("RTSP/1.0 500 ")
        assert "ZeroDivisionError" in caplog.text
        assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")


def test_close_ends_every_connection_and_gives_everything_back(folder):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    server = Server.Server(port=0, host="127.0.0.1", media=folder)
    server.start()
    url = f"rtsp://127.0.0.1:{server.port}/movie.Mjpeg"
    viewers = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(5)]
    for viewer in viewers:
        reply = ask(viewer, f"SETUP {url} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;client_port=40000-40001\r\n\r\n")
        assert "200 OK" in reply
    assert len(server.sessions) == 5
    server.close()
    server.close()                                          # twice is fine
    assert [viewer.recv(100) for viewer in viewers] == [b""] * 5
    for viewer in viewers:
        viewer.close()
    assert len(server.sessions) == 0 and server.workers == {}
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) <= before
    assert not [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def test_without_a_thread_for_it_a_client_is_turned_away_with_503(server, monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert sock.recv(100).startswith(b"RTSP/1.0 503 ")
        assert sock.recv(100) == b""
    assert server.workers == {}


def test_without_a_descriptor_for_it_a_client_is_turned_away_with_503(server, caplog):
    """And all others are served as before."""
    class Listener:
        """Once there is none left, then there is the spare one."""

        def __init__(self, listener):
            self.listener, self.fails = listener, 1

        def accept(self):
            self.fails -= 1
            if self.fails >= 0:
                raise OSError(24, "Too many open files")
            return self.listener.accept()

    listener = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(listener.getsockname(), timeout=10) as sock:
        server.acceptor.accept(Listener(listener))
        assert sock.recv(100).startswith(b"RTSP/1.0 503 ")
        assert sock.recv(100) == b""
    listener.close()
    assert "Too many open files" in caplog.text
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")


def test_descriptors_are_really_exhausted_and_come_back(folder):
    """With 40 of them: who does not fit gets 503 at once, and when the others have gone there is room again."""
    pytest.importorskip("resource")
    program = ("import resource, sys, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)); "
               f"sys.argv = ['Server.py', '0', '--media', {str(folder)!r}]; "
               "runpy.run_path('Server.py', run_name='__main__')")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split("port ")[1].split(".")[0])
        options = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
        clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(40)]
        answers = []
        for client in clients:
            try:
                answers.append(ask(client, options).split()[1])
            except ConnectionError:                     # closed by the server before we asked: 503 was lost with it
                answers.append("503")
        assert set(answers) == {"200", "503"}
        for client in clients:
            client.close()
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                if "200 OK" in ask(sock, options):
                    break
        else:
            pytest.fail("there is no room, though all have gone")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert process.returncode == 0 and "Traceback" not in err and err.count("Too many open files") <= 3


def test_too_many_connections_are_503(server, monkeypatch):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as first:
        assert "200 OK" in ask(first, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        monkeypatch.setattr(Server.limits, "CONNECTIONS", 1)
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as second:
            assert second.recv(100).startswith(b"RTSP/1.0 503 ")
        assert "200 OK" in ask(first, "OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")


def test_clients_that_reset_after_junk_leave_no_traceback(server, caplog):
    """The reply to what they sent cannot be delivered."""
    for _ in range(50):
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(b"GARBAGE\r\n\r\n")
        sock.close()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    assert "Traceback" not in caplog.text


def test_a_connection_that_cannot_be_accepted_leaves_the_others_alone(server, monkeypatch, caplog):
    """As when it has gone again."""
    class Listener:
        def accept(self):
            raise ConnectionAbortedError(103, "Software caused connection abort")

    server.acceptor.accept(Listener())
    server.acceptor.accept(Listener())
    assert caplog.text.count("connection abort") == 1          # a line a second at most
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
