"""tools/environment.py: when .venv is made, when pip runs, what is said if it cannot."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tools import environment
from tools.environment import SetUpError, extra, fingerprint, install, make, python, requirements


class FakePip:
    """Stands for subprocess.run: notes the commands and returns the exit code given."""

    def __init__(self, code=0):
        self.code, self.commands = code, []

    def __call__(self, command, **options):
        self.commands.append(command)
        return subprocess.CompletedProcess(command, self.code)


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An empty folder that passes for a good .venv in which everything can be imported."""
    monkeypatch.setattr(environment, "version", lambda venv=None: "3.12.0")
    monkeypatch.setattr(environment, "answer", lambda venv, code: "")
    return tmp_path


@pytest.fixture
def pip(monkeypatch):
    fake = FakePip()
    monkeypatch.setattr(environment.subprocess, "run", fake)
    return fake


def test_packages_are_installed_once(venv, pip):
    """The second time the stamp says that they are there."""
    install("requirements", ["Pillow>=10.2", "pytest"], venv)
    install("requirements", ["Pillow>=10.2", "pytest"], venv)
    assert len(pip.commands) == 1
    assert pip.commands[0][:4] == [python(venv), "-m", "pip", "install"]
    assert pip.commands[0][-2:] == ["Pillow>=10.2", "pytest"]


def test_packages_are_installed_again_when_the_list_changes(venv, pip):
    """Whoever pulls a new requirements.txt gets what it says."""
    install("requirements", ["Pillow>=10.2"], venv)
    install("requirements", ["Pillow>=11"], venv)
    assert len(pip.commands) == 2


def test_packages_are_installed_again_for_another_python(venv, pip, monkeypatch):
    """A .venv of another Python is another .venv."""
    install("requirements", ["Pillow"], venv)
    monkeypatch.setattr(environment, "version", lambda venv=None: "3.13.0")
    install("requirements", ["Pillow"], venv)
    assert len(pip.commands) == 2


def test_the_fingerprint_changes_with_either_part():
    """Packages and interpreter both count."""
    mark = fingerprint(["a", "b"], "3.11")
    assert mark == fingerprint(["a", "b"], "3.11")
    assert mark not in (fingerprint(["a", "b"], "3.12"), fingerprint(["a"], "3.11"), fingerprint([], "3.11"))


def test_a_sentence_comes_before_each_slow_step(venv, pip, capsys):
    """Nobody looks at a silent terminal; nothing is said when there is nothing to do."""
    install("requirements", ["Pillow"], venv)
    assert "Installing Pillow" in capsys.readouterr().out
    install("requirements", ["Pillow"], venv)
    assert capsys.readouterr().out == ""


def test_without_a_network_what_is_there_is_used(venv, pip, capsys):
    """pip fails, yet everything can be imported: go on, and try again next time."""
    pip.code = 1
    install("test", ["ruff"], venv)
    install("test", ["ruff"], venv)
    assert "Going on with what is there" in capsys.readouterr().out
    assert len(pip.commands) == 2


def test_a_package_that_is_not_to_be_had_here_costs_none_of_the_others(venv, pip):
    """Not every system has a wheel of each: they are tried one by one."""
    pip.code = 1
    install("test", ["ruff", "av"], venv)
    assert [command[-2:] for command in pip.commands] == [["ruff", "av"], ["0", "ruff"], ["0", "av"]]


def test_without_a_network_and_without_the_packages_it_says_so(venv, pip, monkeypatch):
    """pip fails and the packages are not there: one plain sentence."""
    pip.code = 1
    monkeypatch.setattr(environment, "answer", lambda venv, code: None)
    with pytest.raises(SetUpError, match="Is there a network"):
        install("requirements", ["Pillow"], venv)


def test_without_ensurepip_it_names_the_package(tmp_path, monkeypatch):
    """Debian and Ubuntu deliver venv without ensurepip."""
    monkeypatch.setitem(sys.modules, "ensurepip", None)  # None: importing it raises ImportError
    with pytest.raises(SetUpError, match="sudo apt install python3-venv"):
        make(tmp_path / ".venv")


def test_a_good_venv_is_left_alone(venv, pip):
    """Whoever made .venv by hand keeps it."""
    (venv / "mine").touch()
    assert make(venv) == "3.12.0"
    assert (venv / "mine").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, pip):
    """Disk full, no permission, a file in the way."""
    (tmp_path / "file").touch()
    pip.code = 1  # there is no Python in it
    with pytest.raises(SetUpError, match="Could not make the folder"):
        make(tmp_path / "file" / ".venv")


@pytest.mark.timeout(120)
def test_a_broken_venv_is_made_anew(tmp_path):
    """Its Python is gone, as after an update of the system: the real thing, made with the real venv."""
    venv = tmp_path / ".venv"
    os.makedirs(os.path.dirname(python(venv)))
    (venv / "stamp-requirements").write_text("old")
    assert make(venv).split() == sys.version.split()
    assert environment.version(venv)
    assert not (venv / "stamp-requirements").exists()


def test_an_old_python_in_a_venv_is_of_no_use(tmp_path, monkeypatch):
    """The question asked of .venv's Python fails where that is too old, or has no pip."""
    asked = []
    monkeypatch.setattr(environment, "answer", lambda venv, code: asked.append(code))
    environment.version(tmp_path)
    for line in ("import sys; sys.version_info = (3, 9)", "import sys; sys.modules['pip'] = None"):
        done = subprocess.run([sys.executable, "-c", f"{line}\n{asked[0]}"], capture_output=True)
        assert done.returncode == 1


def test_the_lists_are_read_as_pip_reads_them():
    """requirements.txt without comments; the extra as tomllib sees it (which Python 3.10 does not have)."""
    assert [item.split(">")[0] for item in requirements()] == ["Pillow", "pytest"]
    assert extra("nothing") == []
    tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
    with open(environment.HERE / "pyproject.toml", "rb") as file:
        assert extra("test") == tomllib.load(file)["project"]["optional-dependencies"]["test"]
