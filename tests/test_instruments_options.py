"""--net and --pcap on the command lines: what is said at the start, and what is in the file at the end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import ClientLauncher
import Server
from tests import movies
from tests.serving import serving
from tests.test_capture import records

ROOT = Path(Server.__file__).parent
MAIN = {"server": (Server.main, []), "client": (ClientLauncher.main, ["rtsp://127.0.0.1:9/a", "--headless"])}


@pytest.fixture
def folder(tmp_path):
    movies.lab_movie(tmp_path / "movie.Mjpeg", 5)
    return tmp_path


@pytest.mark.parametrize("program", MAIN)
@pytest.mark.parametrize(("option", "value", "words"), [
    ("--net", "loss 500%", "loss 500% is too much"),
    ("--net", "reorder 2%", "reorder needs a delay"),
    ("--net", "", "such as"),
    ("--pcap", "/no/such/folder/a.pcap", "in a folder that exists"),
    ("--pcap", ".", "in a folder that exists"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_the_start_and_exit_2(program, option, value, words, capsys):
    """In one sentence that says how it is written."""
    main, arguments = MAIN[program]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, option, value])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_capture_that_cannot_be_written_is_exit_2(folder, capsys, monkeypatch):
    """Both programs, one line; nothing is played, nothing stays open."""
    def no(path, *more):
        raise PermissionError(13, "Permission denied")

    for name in ("net.instruments.Capture", "Server.Capture"):
        monkeypatch.setattr(name, no)
    assert Server.main(["0", "--host", "127.0.0.1", "--media", str(folder), "--pcap", str(folder / "a")]) == 2
    assert ClientLauncher.main(["rtsp://127.0.0.1:9/a", "--headless", "--pcap", str(folder / "a")]) == 2
    for line in capsys.readouterr().err.splitlines():
        assert line.startswith("Cannot write") and "Permission denied" in line


@pytest.mark.skipif(sys.platform != "linux", reason="--processes is for Linux alone")
def test_several_processes_write_no_capture(folder, capsys):
    """Which of them has which viewer, nobody can say."""
    assert Server.main(["0", "--media", str(folder), "--processes", "2", "--pcap", str(folder / "a")]) == 2
    assert capsys.readouterr().err == "One process writes a capture. Leave out --processes, or --pcap.\n"


def test_a_port_that_is_taken_does_not_cost_an_older_capture(folder):
    """The file is made when the server listens."""
    (folder / "a.pcap").write_text("precious")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert Server.main([port, "--host", "127.0.0.1", "--media", str(folder), "--pcap", str(folder / "a.pcap")]) == 3
    assert (folder / "a.pcap").read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to a process there")
def test_the_server_says_what_is_on_and_the_file_is_whole_after_ctrl_c(folder):
    """NET, the capture's name, and how Wireshark is told of the port; then every packet to the last."""
    path = folder / "a.pcap"
    command = [sys.executable, str(ROOT / "Server.py"), "0", "--host", "127.0.0.1", "--media", str(folder)]
    command += ["--net", "loss 5% delay 40ms seed 7", "--pcap", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip() for _ in range(5)]
        port = int(lines[0].split(" on port ")[1].split(".")[0])
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            assert sock.recv(4096).startswith(b"RTSP/1.0 200")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert lines[2:] == [f"Wireshark: Decode As, RTSP; or tshark -d tcp.port=={port},rtsp",
                         "NET: loss 5 %, delay 40 ms (seed 7)", f"Capture: {path}"]
    flags = [packet[33] for _, packet in records(path)]
    assert flags[:3] == [0x02, 0x12, 0x10] and sum(one & 1 for one in flags) == 2


def test_the_player_plays_over_a_bad_network_the_same_way_twice(folder, tmp_path, capsys):
    """The same seed: the same packets lost; and its capture is written to the end."""
    movies.lab_movie(folder / "movie.Mjpeg", 30)
    lost = []
    with serving(folder, fps=50) as server:
        for run in range(2):
            stats, path = tmp_path / "stats.json", tmp_path / f"{run}.pcap"
            arguments = ["--headless", "--buffer", "0", "--transport", "udp", "--stats", stats, "--pcap", path]
            arguments += ["--net", "loss 10% seed 3"]
            assert ClientLauncher.main([server.url(), *map(str, arguments)]) == 0
            lost.append(json.loads(stats.read_text())["lost"])
            assert b"TEARDOWN" in path.read_bytes()
    assert lost[0] == lost[1] > 0
