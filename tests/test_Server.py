"""The server as a program (its words and exit codes), and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import Server
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


def test_a_missing_folder_is_one_line_and_exit_2(tmp_path):
    done = run(0, "--media", tmp_path / "nowhere")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "nowhere" in line and "--media" in line


@pytest.mark.parametrize("arguments", ["x", "70000", "-1", "6789 --fps 0", "6789 --fps nan", "6789 --timeout inf",
                                       "6789 --timeout soon", "--nonsense", "1 2"])
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


def test_a_connection_that_cannot_be_accepted_leaves_the_others_alone(server, monkeypatch, caplog):
    """As when there are no descriptors left."""
    class Listener:
        def accept(self):
            raise OSError(24, "Too many open files")

    monkeypatch.setattr(server.stopping, "wait", lambda seconds: None)
    server.accept(Listener())
    assert "Too many open files" in caplog.text
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        assert "200 OK" in ask(sock, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
