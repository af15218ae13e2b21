"""The proxy's command line, and the program as a process."""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from CommandLine import proxy
from ProxyOptions import parseArguments

ROOT = Path(__file__).parent.parent


def test_a_forward_proxy_listens_on_this_machine_alone():
    """Unless somebody says otherwise; in place of one server it listens on all addresses."""
    assert parseArguments(["8554"]).host == "127.0.0.1"
    assert parseArguments(["8554", "--host", "0.0.0.0"]).host == "0.0.0.0"
    assert parseArguments(["8554", "rtsp://camera/"]).host is None


@pytest.mark.parametrize("words", [["x"], ["70000"], ["1", "http://a"], ["1", "--user", "a:b"],
                                   ["1", "rtsp://a", "--allow", "b"], []])  # fmt: skip
def test_what_cannot_be_meant_is_refused(words, capsys):
    """Exit code 2 and a sentence."""
    with pytest.raises(SystemExit) as ended:
        parseArguments(words)
    assert ended.value.code == 2 and capsys.readouterr().err


def test_a_password_is_not_repeated(capsys):
    with pytest.raises(SystemExit):
        parseArguments(["1", "rtps://me:secret@camera"])
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize(("text", "value"), [("host:1", ("host", 1)), ("[::1]:8554", ("::1", 8554))])
def test_a_proxy_is_a_host_and_a_port(text, value):
    assert proxy(text) == value


@pytest.mark.parametrize("text", ["host", ":1", "host:", "host:0", "host:65536", "host:x"])
def test_what_is_no_proxy(text):
    with pytest.raises(argparse.ArgumentTypeError, match="HOST:PORT"):
        proxy(text)


def test_the_program_says_what_to_ask_for_and_ends_at_a_signal():
    """Without the password; exit code 0."""
    command = [sys.executable, "Proxy.py", "0", "rtsp://me:secret@127.0.0.1:1/cam", "--host", "127.0.0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline(), running.stdout.readline()]
        assert re.search(r"on port \d+", lines[0])
        assert re.fullmatch(r"  rtsp://127\.0\.0\.1:\d+/  is  rtsp://127\.0\.0\.1:1/cam\n", lines[1])
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0 and running.stdout.read() == ""
