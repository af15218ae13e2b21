"""tests/tools.py: how missing tools are found, installed, skipped and failed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import tools
from tests.tools import TOOLS, Tool, advice, find, install, need, packages


class FakeRun:
    """Stands for subprocess.run: notes commands and options, fails those that contain `failing`."""

    def __init__(self, failing=""):
        self.failing, self.commands, self.options = failing, [], []

    def __call__(self, command, **options):
        self.commands.append(list(command))
        self.options.append(options)
        failed = bool(self.failing) and self.failing in command
        return subprocess.CompletedProcess(command, int(failed), "E: no such package" if failed else "")


@pytest.fixture
def absent(monkeypatch):
    """A tool that is nowhere."""
    monkeypatch.setitem(TOOLS, "no-such-program", Tool("no-such-program", apt="no-such-package"))
    return "no-such-program"


def test_a_program_is_found_by_its_path(monkeypatch):
    """The answer is what one can start."""
    monkeypatch.setitem(TOOLS, "this", Tool(probes=((sys.executable, "-c", "pass"),)))
    assert find("this") == sys.executable


def test_a_program_whose_probe_fails_is_missing(monkeypatch):
    """gst-launch without its plugins is of no use."""
    monkeypatch.setitem(TOOLS, "half", Tool(probes=((sys.executable, "-c", "pass"), (sys.executable, "-c", "1/0"))))
    assert find("half") == ""


def test_a_missing_tool_skips_with_what_to_type(absent, monkeypatch):
    """Outside continuous integration the test is skipped, with a reason."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"missing tool: no-such-program \("):
        need(absent)


def test_a_missing_tool_fails_where_it_could_be_installed(absent, monkeypatch):
    """CI=true on a machine where apt-get may install."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(tools, "root_prefix", lambda: ())
    with pytest.raises(pytest.fail.Exception, match="no-such-program"):
        need(absent)


def test_a_missing_tool_skips_where_it_could_not_be_installed(absent, monkeypatch):
    """CI=true on Windows, macOS, or without the right to install."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(tools, "root_prefix", lambda: None)
    with pytest.raises(pytest.skip.Exception):
        need(absent)


def test_a_missing_python_tool_fails_everywhere(monkeypatch):
    """pip can install ruff and mypy on every system."""
    monkeypatch.setitem(TOOLS, "linter", Tool("no-such-linter", pip="no-such-linter"))
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(tools, "root_prefix", lambda: None)
    with pytest.raises(pytest.fail.Exception, match="pip install no-such-linter"):
        need("linter")


def test_installing_asks_no_question():
    """Noninteractive also through sudo, no input, yes to all; the lists are renewed first."""
    run = FakeRun()
    install(["ffmpeg", "ffprobe", "tshark"], ("sudo", "-n"), run, lambda text: None)
    update, wanted = run.commands
    assert update[:4] == ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"] and update[-1] == "update"
    assert wanted[:4] == update[:4] and "-y" in wanted
    assert wanted[-2:] == ["ffmpeg", "tshark"]
    assert all(options["stdin"] == subprocess.DEVNULL for options in run.options)


def test_a_failed_update_does_not_stop_the_installation():
    """The lists may be there already."""
    run, said = FakeRun("update"), []
    install(["xdotool"], (), run, said.append)
    assert run.commands[-1][-1] == "xdotool"
    assert len(said) == 1


def test_a_failed_installation_is_told():
    """With apt-get's own words."""
    said = []
    install(["xdotool"], (), FakeRun("install"), said.append)
    assert "E: no such package" in said[-1]


def test_where_nothing_may_be_installed_the_command_is_said(monkeypatch):
    """No apt-get is started; the command to type is printed."""
    monkeypatch.setattr(tools.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    run, said = FakeRun(), []
    install(["ffmpeg", "Xvfb"], None, run, said.append)
    assert run.commands == []
    assert "sudo apt install ffmpeg xvfb" in said[0]


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("apt-get", "sudo apt install ffmpeg tshark"),
        ("dnf", "sudo dnf install ffmpeg-free wireshark-cli"),
        ("brew", "brew install ffmpeg wireshark"),
        ("winget", "winget install Gyan.FFmpeg WiresharkFoundation.Wireshark"),
        ("none", "not to be had here with a package manager we know"),
    ],
)
def test_the_advice_is_for_the_package_manager_here(monkeypatch, manager, expected):
    """apt, dnf, brew or winget, whichever there is."""
    monkeypatch.setattr(tools.shutil, "which", lambda name: name if name == manager else None)
    assert advice("ffmpeg", "ffprobe", "tshark") == expected


def test_nothing_is_installed_where_nothing_is_missing(monkeypatch):
    """`python -m tests.tools` is silent and quick then."""
    monkeypatch.setattr(tools, "find", lambda name: "/here")
    monkeypatch.setattr(tools, "install", lambda *arguments: pytest.fail("something was installed"))
    assert tools.main() == 0


def test_every_tool_can_be_had_with_apt_or_pip():
    """On Debian nothing is left to the user."""
    assert all(tool.apt or tool.pip for tool in TOOLS.values())
    assert packages("apt", ["ffmpeg", "ffprobe"]) == "ffmpeg"
