"""The command line: what it takes, what it writes, and how it ends. The server follows a script."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import ClientLauncher
from rtsp.failures import ServerRefused
from tests.movies import jpeg
from tests.scripted import INSIDE, OK, SEQ, STANDARD, ScriptedServer, inside, plays, refused, rtp
from tests.tools import need
from tools import barcode

ROOT = Path(ClientLauncher.__file__).parent
JPEGS = [jpeg(number) for number in range(5)]


short_movie = plays(JPEGS)


@pytest.fixture
def server():
    with ScriptedServer(PLAY=short_movie) as server:
        yield server


def play(*arguments):
    return ClientLauncher.main([*map(str, arguments), "--headless", "--buffer", "0"])


def run(*arguments, **options):
    """The program itself."""
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, **options)


def test_headless_shows_every_frame_to_the_end(server, tmp_path, capsys):
    """Saved in order, the last one as snapshot, figures in a file, one line of summary, exit code 0."""
    stats, frames, snapshot = tmp_path / "s.json", tmp_path / "new" / "frames", tmp_path / "a.jpg"
    assert play(server.url, "--save-frames", frames, "--snapshot", snapshot, "--stats", stats) == 0
    names = [f"frame-{number:06d}.jpg" for number in range(5)]
    assert sorted(path.name for path in frames.iterdir()) == names
    from PIL import Image

    assert [barcode.read(Image.open(frames / name)) for name in names] == list(range(5))
    assert snapshot.read_bytes() == (frames / names[-1]).read_bytes()
    found = json.loads(stats.read_text())
    assert (found["frames_shown"], found["lost"], found["error"], found["url"]) == (5, 0, None, server.url)
    out, err = capsys.readouterr()
    assert out.startswith("Played 0.2 s of rtsp://127.0.0.1:") and "5 frames" in out and out.count("\n") == 1
    assert err == ""
    assert server.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


def test_statistics_on_the_terminal_are_pure_json(server, capsys):
    """The summary goes to the other stream."""
    assert play(server.url, "--stats", "-") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["frames_shown"] == 5 and err.startswith("Played")


def test_statistics_as_a_table(server, tmp_path):
    """A line of names and a line of figures."""
    assert play(server.url, "--stats", tmp_path / "s.csv") == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s.csv").read_text())))
    assert len(rows) == 1 and rows[0]["frames_shown"] == "5" and rows[0]["error"] == ""


def slow_movie(server):
    """A frame each 50 ms."""

    def send():
        sequence = SEQ
        for number, picture in enumerate(JPEGS):
            sequence = server.send_frame(number, picture, sequence)
            time.sleep(0.05)
        server.send_bye()

    threading.Timer(0.05, send).start()
    return STANDARD["PLAY"]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_statistics_in_the_course_of_time(form, tmp_path):
    """Lines with the same names and a time; the whole in the end, where it always is in JSON."""
    file = tmp_path / f"s.{form}"
    with ScriptedServer(PLAY=slow_movie) as server:
        assert play(server.url, "--stats", file, "--stats-every", 0.05) == 0
    if form == "csv":
        *lines, whole = csv.DictReader(io.StringIO(file.read_text()))
        assert whole["time"] == "end" and whole["frames_shown"] == "5"
    else:
        whole = json.loads(file.read_text())
        lines = whole.pop("timeline")
        assert whole["frames_shown"] == 5
    assert len(lines) >= 2 and float(lines[0]["time"]) >= 0.05
    assert set(lines[0]) - {"time"} <= set(whole) and "mean_jitter_ms" in lines[0]
    shown = [int(line["frames_shown"]) for line in lines]
    assert shown == sorted(shown) and shown[-1] <= 5


def test_the_classic_four_arguments_are_the_same_movie(server):
    """Host, port, RTP port, file."""
    assert play("127.0.0.1", server.port, 0, "movie.Mjpeg") == 0
    assert server.next_request().startswith(f"OPTIONS {server.url} ")


def test_the_rtp_port_is_the_one_named():
    """SETUP says it, and the next one for RTCP."""
    with ScriptedServer(SETUP=refused(461, "Unsupported transport")) as server:
        assert play("127.0.0.1", server.port, 25600, "movie.Mjpeg") == 4
        assert server.client_port in range(25600, 25640, 2)  # the first one, unless some program has it


def test_start_and_duration(server, tmp_path):
    """Where it begins is asked of the server; so many seconds after the first frame it ends by itself."""
    server.script["PLAY"] = lambda server: server.send_frame(0, JPEGS[0], SEQ) and STANDARD["PLAY"]
    assert play(server.url, "--start", 2.5, "--duration", 0.2, "--stats", tmp_path / "s.json") == 0
    requests = [server.next_request() for _ in range(5)]
    assert "Range: npt=2.500-" in requests[3] and requests[4].startswith("TEARDOWN")
    assert json.loads((tmp_path / "s.json").read_text())["frames_shown"] == 1


def test_a_lab_server(monkeypatch, tmp_path):
    """Whole pictures in the lab's dialect; silence is the end."""
    monkeypatch.setattr("rtsp.silence.LAB_END", 0.2)

    def reply(server):
        threading.Timer(0.3, lambda: [server.send(rtp(k + 1, 1, True, JPEGS[k])) for k in range(3)]).start()
        return b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 123456\r\n"

    with ScriptedServer(lab=True, PLAY=reply) as server:
        assert play("127.0.0.1", server.port, 0, "movie.Mjpeg", "--dialect", "lab", "--save-frames", tmp_path) == 0
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == JPEGS[:3]


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ({"DESCRIBE": refused(404, "Not Found")}, 4, 'The server has no "movie.Mjpeg". Check the spelling'),
        ({"DESCRIBE": refused(401, "Unauthorized")}, 6, "The server wants a name and a password"),
        ({"DESCRIBE": OK + b"Content-Length: %LENGTH%\r\n\r\nv=0\r\nm=video 0 RTP/AVP 33\r\n"}, 5, "server sends MP2T"),
        ({"DESCRIBE": OK + b"Content-Type: text/html\r\n\r\n"}, 4, "The server describes it as text/html"),
        ({"DESCRIBE": refused(302, "Moved", b"Location: /movie.Mjpeg\r\n")}, 4, "The server sends us in a circle"),
        ({"DESCRIBE": lambda server: server.hang_up()}, 3, "The server has closed the connection"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(tmp_path, capsys, script, code, words):
    """And the statistics are written all the same, with the error in them."""
    with ScriptedServer(script) as server:
        assert play(server.url, "--stats", tmp_path / "s.json") == code
    out, err = capsys.readouterr()
    assert words in err and err.count("\n") == 1 and out == ""
    assert words in json.loads((tmp_path / "s.json").read_text())["error"]


def test_no_media_is_code_7(monkeypatch, capsys):
    """A PLAY after which nothing comes."""
    monkeypatch.setattr("rtsp.silence.NO_MEDIA", 0.1)
    with ScriptedServer() as server:
        assert play(server.url) == 7
    assert "no packets arrived on UDP" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["movie.Mjpeg"], "a URL such as rtsp://127.0.0.1:6789/movie.Mjpeg"),
        (["127.0.0.1", "6789", "movie.Mjpeg"], "four arguments, not 3"),
        (["127.0.0.1", "0", "25000", "movie.Mjpeg"], "PORT is a number from 1 to 65535, not '0'"),
        (["127.0.0.1", "٦", "25000", "movie.Mjpeg"], "PORT is a number"),
        (["127.0.0.1", "6789", "65535", "movie.Mjpeg"], "RTP_PORT is a number from 1024 to 65534"),
        (["127.0.0.1", "6789", "25000", "/"], "must not be empty"),
        (["rtsp://a/b", "--stats", "s.txt"], "ends in .json or .csv"),
        (["rtsp://a/b", "--stats-every", "1"], "--stats FILE"),
        (["rtsp://a/b", "--stats", "-", "--stats-every", "0"], "above 0"),
        (["rtsp://a/b", "--duration", "nan"], "out of range"),
        (["rtsp://a/b", "--start", "x"], "--start: a number is needed, not 'x'"),
        (["rtsp://a/b", "--stats", "/no/such/folder/s.json"], "there is no folder"),
        (["rtsp://a/b", "--transport", "pigeon"], "invalid choice"),
        (["rtsp://a/b", "--dialect", "lab", "--start", "3"], "cannot jump"),
        (["rtsp://a/b", "--dialect", "lab", "--transport", "tcp"], "UDP alone"),
        (["rtsp://a/b", "--volume", "x"], "unrecognized arguments"),
        ([], "required"),
    ],
)
def test_a_wrong_command_line_is_code_2(capsys, arguments, words):
    """And says what it should be."""
    with pytest.raises(SystemExit) as ended:
        ClientLauncher.main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_more_of_code_2(capsys, tmp_path):
    """A URL that is none; a folder that cannot be made; statistics that cannot be written."""
    assert play("http://a/b") == 2
    (tmp_path / "file").write_text("")
    assert play("rtsp://127.0.0.1:9/a", "--save-frames", tmp_path / "file" / "frames") == 2
    assert play("rtsp://127.0.0.1:9/a", "--snapshot", tmp_path / "none" / "a.jpg") == 2
    assert capsys.readouterr().err.count("Cannot write") == 2


def test_statistics_that_cannot_be_written_do_not_hide_what_went_wrong_before(tmp_path, capsys):
    (tmp_path / "s.json").mkdir()
    assert play("rtsp://127.0.0.1:9/a", "--headless", "--stats", tmp_path / "s.json") == 3
    assert "Cannot reach 127.0.0.1:9" in capsys.readouterr().err
    with ScriptedServer(PLAY=short_movie) as server:
        assert play(server.url, "--headless", "--stats", tmp_path / "s.json") == 2


def test_a_window_that_nobody_needs_to_close_reports_its_error(display, tmp_path):
    """With --duration the window closes by itself, also where nothing could be played."""
    stats = tmp_path / "s.json"
    command = [sys.executable, "ClientLauncher.py", "rtsp://127.0.0.1:9/a", "--duration", "1", "--stats", str(stats)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 3 and "Cannot reach 127.0.0.1:9" in done.stderr
    assert "Cannot reach" in json.loads(stats.read_text())["error"]


def test_what_the_window_showed_last_is_the_exit_code(monkeypatch, capsys):
    """When the user has closed it."""
    def window(options, output):
        return ClientLauncher.makePlayer(options), ServerRefused(404, 'The server has no "a"', "Check the spelling")

    monkeypatch.setattr(ClientLauncher, "openWindow", window)
    assert ClientLauncher.main(["rtsp://127.0.0.1:9/a"]) == 4
    assert 'The server has no "a". Check the spelling' in capsys.readouterr().err


def test_an_ipv6_address_is_put_into_brackets():
    """::1 as host."""
    options = ClientLauncher.parseArguments(["::1", "6789", "25000", "a b.Mjpeg"])
    assert options.url == "rtsp://[::1]:6789/a%20b.Mjpeg"


def test_the_last_resort_is_one_line(monkeypatch, capsys):
    """No traceback for a user, unless asked for."""

    def broken(options):
        raise RuntimeError("this is a bug")

    monkeypatch.setattr(ClientLauncher, "makePlayer", broken)
    assert play("rtsp://127.0.0.1:9/a") == 1
    assert capsys.readouterr().err == "internal error: RuntimeError: this is a bug\n"
    assert play("rtsp://127.0.0.1:9/a", "-v") == 1
    assert "Traceback" in capsys.readouterr().err


def test_help_and_version():
    """Both exit with 0; the help has examples."""
    done = run("--help")
    assert done.returncode == 0 and "examples:\n  ClientLauncher.py 127.0.0.1 6789 25000 movie.Mjpeg" in done.stdout
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, "RTSP lab 0.1.0\n")


def test_verbose_shows_the_conversation(server):
    """One line a message."""
    done = run(server.url.replace("//", "//name:secret@"), "--headless", "--buffer", "0", "-v")
    assert done.returncode == 0
    assert "> SETUP rtsp://" in done.stderr and "< 200 OK (CSeq 3)" in done.stderr and "= Playing" in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_goodbye_first(number, code, tmp_path):
    """Ctrl-C and kill: TEARDOWN, statistics, no traceback."""
    # A shell's background jobs ignore Ctrl-C, and hand that down; what is handled here is not ignored there
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ScriptedServer() as server:
        command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url, "--headless"]
        program = subprocess.Popen([*command, "--stats", str(tmp_path / "s.json")], stderr=subprocess.PIPE, text=True)
        signal.signal(signal.SIGINT, before)
        while not server.next_request().startswith("PLAY"):
            pass
        program.send_signal(number)
        _, err = program.communicate(timeout=10)
        assert (program.returncode, err) == (code, "")
        assert server.next_request().startswith("TEARDOWN")
        assert json.loads((tmp_path / "s.json").read_text())["error"]


def without(tmp_path, module):
    """An environment in which this module cannot be imported."""
    (tmp_path / module).mkdir()
    (tmp_path / module / "__init__.py").write_text(f"raise ImportError('no {module} here')")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def test_no_tk_is_code_5_and_three_lines(tmp_path):
    """How to get it on each system, or how to do without."""
    done = run("rtsp://127.0.0.1:9/a", env=without(tmp_path, "tkinter"))
    assert done.returncode == 5
    assert "apt install python3-tk" in done.stderr and "--headless" in done.stderr and done.stderr.count("\n") == 3


def test_no_pillow_is_code_5_and_a_line_for_this_python(tmp_path):
    """The command that installs it."""
    need("tk")
    done = run("rtsp://127.0.0.1:9/a", env=without(tmp_path, "PIL"))
    assert done.returncode == 5 and f"{sys.executable} -m pip install Pillow" in done.stderr


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_no_screen_is_code_5(tmp_path):
    """And --headless is offered."""
    need("tk")
    done = run("rtsp://127.0.0.1:9/a")
    assert (done.returncode, done.stderr) == (5, "No screen found. To play without a window, add --headless\n")


def test_headless_needs_neither_tk_nor_pillow(server, tmp_path):
    """On a machine that has nothing but Python."""
    environment = without(tmp_path, "tkinter")
    without(tmp_path, "PIL")
    done = run(server.url, "--headless", "--buffer", "0", "--snapshot", tmp_path / "a.jpg", env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_where_udp_fails_it_plays_over_tcp_and_says_so(monkeypatch, tmp_path, caplog):
    """One line, and every frame."""
    monkeypatch.setattr("net.way.PATIENCE", 0.1)
    play_replies = [STANDARD["PLAY"], STANDARD["PLAY"] + inside(JPEGS)]
    with ScriptedServer(SETUP=[STANDARD["SETUP"], INSIDE], PLAY=play_replies) as server:
        assert play(server.url, "--stats", tmp_path / "s.json") == 0
    statistics = json.loads((tmp_path / "s.json").read_text())
    assert (statistics["transport"], statistics["frames_shown"], statistics["lost"]) == ("tcp", len(JPEGS), 0)
    assert caplog.messages == ["! No UDP packets arrived (firewall?). Switched to TCP."]


def test_tcp_if_asked_for(tmp_path, caplog):
    with ScriptedServer(SETUP=INSIDE, PLAY=STANDARD["PLAY"] + inside(JPEGS)) as server:
        assert play(server.url, "--transport", "tcp", "--stats", tmp_path / "s.json") == 0
    assert json.loads((tmp_path / "s.json").read_text())["frames_shown"] == len(JPEGS) and not caplog.messages


def test_the_movies_of_a_folder_are_printed(capsys):
    """One URL a line on standard output, nothing else, exit code 0."""
    movies = b"rtsp://127.0.0.1:1/a.Mjpeg\r\nrtsp://127.0.0.1:1/b.Mjpeg\r\n"
    listed = OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n" + movies
    with ScriptedServer(DESCRIBE=[refused(406, "Not Acceptable"), listed]) as server:
        assert play(f"rtsp://127.0.0.1:{server.port}/") == 0
    assert capsys.readouterr() == ("rtsp://127.0.0.1:1/a.Mjpeg\nrtsp://127.0.0.1:1/b.Mjpeg\n", "")


@pytest.mark.parametrize(("words", "sent"), [([], None), (["--scale", "2"], "2.000"), (["--scale", "-0.5"], "-0.500")])
def test_the_speed_is_asked_for(server, words, sent):
    """At 1, nothing is said of it: not every server knows the header."""
    assert play(server.url, *words) == 0
    request = [server.next_request() for _ in range(4)][3]
    assert (f"\r\nScale: {sent}\r\n" in request) if sent else "Scale" not in request


@pytest.mark.parametrize("text", ["0", "nan", "inf", "1000", "fast", ""])
def test_a_speed_that_is_none(capsys, text):
    with pytest.raises(SystemExit) as caught:
        ClientLauncher.parseArguments(["rtsp://a/b", "--scale", text])
    assert caught.value.code == 2 and "a number such as 2, 0.5 or -1 is needed" in capsys.readouterr().err


def test_a_session_that_the_server_has_ended_is_code_4(monkeypatch, capsys):
    """454 to the sign of life, which comes after half a second here."""
    setup = STANDARD["SETUP"].replace(b"timeout=60", b"timeout=1")
    with ScriptedServer(SETUP=setup, GET_PARAMETER=refused(454, "Session Not Found")) as server:
        assert play(server.url) == 4
    assert capsys.readouterr().err.startswith("The server has ended the session. Set it up again")
