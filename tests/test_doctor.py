"""The report on what is here (tools/doctor.py, tools/doctor_network.py, tools/findings.py)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import start
from tests import movies
from tests.serving import serving
from tools import doctor, doctor_network
from tools.findings import MISSING, NOTE, OK, Finding

ROOT = Path(start.__file__).parent


@pytest.fixture
def media(tmp_path):
    movies.lab_movie(tmp_path / "film.Mjpeg", 3)
    return tmp_path


def closed_port():
    with socket.create_server((start.HOST, 0)) as listener:
        return listener.getsockname()[1]


def report(*arguments, **modules):
    """Exit code and report of a Python in which these modules cannot be imported: `tkinter="No module …"`."""
    folder = modules.pop("folder")
    for name, words in modules.items():
        (folder / f"{name}.py").write_text(f"raise ImportError({words!r})")
    environ = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tools.doctor", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=50)
    assert done.stderr == ""
    return done.returncode, done.stdout


# --- the whole report -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [False, True])
def test_the_exit_code_says_whether_all_is_there(media, capsys, monkeypatch, missing):
    """And so does the last line."""
    monkeypatch.setattr(doctor, "tk", lambda: Finding("Tk", MISSING if missing else OK, "…", "get it"))
    assert doctor.main([str(closed_port()), "--media", str(media)]) == int(missing)
    out = capsys.readouterr().out
    last = "Missing: Tk; what to do stands above." if missing else "All that is needed is here."
    assert out.splitlines()[-1] == last


def test_the_report_has_what_a_bug_report_needs(media, capsys):
    """Versions, paths, ports, packets; one line each."""
    port = closed_port()
    doctor.main([str(port), "--media", str(media)])
    lines = {line[:15].strip(): line for line in capsys.readouterr().out.splitlines() if line[16:20].strip()}
    for what in ("RTSP lab", "Python", "System", "Pillow", "Tk", "Screen", "ffmpeg", "Movies", "UDP loopback", "IPv6"):
        assert what in lines or what == "ffmpeg" and "PyAV" in lines, what
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in lines["Python"]
    assert "1 in " in lines["Movies"] and "film.Mjpeg, 384x288, 20 frames/s" in lines["Movies"]
    assert "50 of 50 packets" in lines["UDP loopback"] and "free for the server" in lines[f"TCP {port}"]


def test_whose_home_it_is_is_not_said(media, monkeypatch):
    """A report goes to others."""
    monkeypatch.setattr(Path, "home", lambda: media.parent)
    text = "\n".join(doctor.report([doctor.movies(str(media))], 6789))
    assert str(media.parent) not in text and f"~{os.sep}{media.name}" in text


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_an_impossible_port_is_refused(port, capsys):
    """Exit code 2, as everywhere."""
    with pytest.raises(SystemExit, match="2"):
        doctor.main([port])
    assert "port" in capsys.readouterr().err


# --- what may be missing ----------------------------------------------------------------------------------------------


def test_without_pillow(media):
    """The line to type, for this Python; exit code 1; all else is looked at."""
    code, text = report("--media", str(media), folder=media, PIL="No module named 'PIL'")
    assert code == 1 and f"-> {sys.executable} -m pip install Pillow\n".replace(str(Path.home()), "~") in text
    assert "UDP loopback    ok" in text and "Movies          note" in text


def test_without_tk(media):
    """How to get it, on each system."""
    code, text = report("--media", str(media), folder=media, tkinter="No module named '_tkinter'")
    assert code == 1 and "No module named '_tkinter'" in text
    for words in ("sudo apt install python3-tk", "sudo dnf install python3-tkinter", "brew install python-tk", "uv"):
        assert words in text


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_without_a_screen():
    """The player does without."""
    finding = doctor.screen()
    assert finding.state == NOTE and "--headless" in finding.advice


def test_with_a_screen(display):
    """Its size and density."""
    finding = doctor.screen()
    assert finding.state == OK and "dpi" in finding.words


def test_an_old_pillow(monkeypatch):
    """It is upgraded."""
    monkeypatch.setattr("PIL.__version__", "9.4.0")
    finding = doctor.pillow()
    assert finding.state == MISSING and "--upgrade" in finding.advice


def test_without_ffmpeg(monkeypatch):
    """Only importing needs it."""
    monkeypatch.setenv("FFMPEG", "/no/such/program")
    monkeypatch.setitem(sys.modules, "av", None)
    assert doctor.ffmpeg().state == NOTE


def test_without_movies(tmp_path):
    """The test pattern plays without."""
    finding = doctor.movies(str(tmp_path))
    assert finding.state == NOTE and "pattern" in finding.advice and "import_movie" in finding.advice
    assert doctor.movies(str(tmp_path / "nowhere")).state == MISSING


def test_a_movie_that_cannot_be_played(tmp_path):
    """Why, in the server's words."""
    (tmp_path / "bad.Mjpeg").write_text("no movie")
    finding = doctor.movies(str(tmp_path))
    assert finding.state == NOTE and "a text file, not MJPEG" in finding.words


# --- the network ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "words"), [(None, "another program"), ("GStreamer", "another RTSP server")])
def test_the_port_is_taken(monkeypatch, said, words):
    """Another one is named."""
    monkeypatch.setattr(doctor_network, "server_header", lambda port: said)
    with socket.create_server((start.HOST, 0)) as other:
        port = other.getsockname()[1]
        finding = doctor_network.server_port(port)
    assert finding.state == NOTE and words in finding.words and finding.advice.startswith("python Server.py ")
    assert doctor_network.server_port(port).state == OK


def test_our_own_server_is_known(media):
    """It may well be running."""
    with serving(media) as server:
        finding = doctor_network.server_port(server.port)
    assert finding.state == OK and "answers there" in finding.words


def test_taken_ports_of_the_player_are_named(monkeypatch):
    """It takes others by itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        port = sock.getsockname()[1]
        monkeypatch.setattr(doctor_network, "RTP_PORTS", (port,))
        finding = doctor_network.player_ports()
    assert finding.state == NOTE and f"{port} taken" in finding.words
    assert doctor_network.player_ports().state == OK


def test_datagrams_are_really_sent():
    """One after the other, and each comes back whole."""
    assert doctor_network.exchanged(10, 1412) == 10 and doctor_network.exchanged(1, 20_480) == 1


def fails(*_):
    raise OSError(90, "Message too long")


@pytest.mark.parametrize(("exchanged", "state", "words"), [
    (lambda *_: 3, MISSING, "3 of 50"), (fails, MISSING, "Message too long"), (lambda *_: 50, OK, "50 of 50"),
])  # fmt: skip
def test_udp_that_does_not_come_through(monkeypatch, exchanged, state, words):
    """TCP does without."""
    monkeypatch.setattr(doctor_network, "exchanged", exchanged)
    finding = doctor_network.udp()
    assert finding.state == state and words in finding.words and ("tcp" in finding.advice) == (state == MISSING)


@pytest.mark.parametrize("exchanged", [fails, lambda *_: 0])
def test_a_system_that_sends_no_large_datagrams(monkeypatch, exchanged):
    """macOS, as it comes: 9,216 bytes at most."""
    monkeypatch.setattr(doctor_network, "exchanged", exchanged)
    monkeypatch.setattr(sys, "platform", "darwin")
    finding = doctor_network.whole_frames()
    assert finding.state == NOTE and "net.inet.udp.maxdgram" in finding.advice


@pytest.mark.parametrize(("platform", "words"), [
    ("win32", "netsh advfirewall firewall add rule"), ("darwin", "socketfilterfw"),
    ("linux", "sudo ufw allow 8554/tcp"), ("freebsd14", "ufw"),
])  # fmt: skip
def test_the_firewall_s_commands(platform, words):
    """Of each system, with the port."""
    assert words in doctor_network.firewall(8554, platform)
