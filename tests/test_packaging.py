"""What is written in more than one place agrees; ruff and mypy pass; the package builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.tools import need
from tools import environment

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python3 start.py test"


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project():
    """pyproject.toml as a dictionary."""
    tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
    return tomllib.loads(text("pyproject.toml"))


# --- the checkers -----------------------------------------------------------------------------------------------------


def check(*command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(120)
def test_ruff_has_no_complaint():
    """With the settings in pyproject.toml."""
    need("ruff")
    check("ruff", "check", ".")


@pytest.mark.timeout(170)
def test_mypy_has_no_complaint():
    """Strict in the folders, bodies everywhere; the settings are in pyproject.toml."""
    need("mypy")
    check("mypy")


def test_mypy_is_strict_where_it_should_be(project):
    """The list of what is checked less strictly names no module of the folders."""
    settings = project["tool"]["mypy"]
    assert settings["strict"] is True
    relaxed = {name.split(".")[0] for override in settings["overrides"] for name in override["module"]}
    assert relaxed.isdisjoint({"rtsp", "rtp", "media", "net", "ui"})
    assert {path.stem for path in ROOT.glob("*.py")} <= relaxed


# --- one command, everywhere ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", ".ci/run", ".github/workflows/ci.yml", "docs/CONTRIBUTING.md"])
def test_the_test_command_is_the_same_everywhere(name):
    """What people type is what continuous integration runs."""
    assert re.search(rf"(^|[ `]){re.escape(COMMAND)}($|[ `])", text(name), re.MULTILINE)


def test_continuous_integration_runs_nothing_else():
    """.ci/run hands over to the command, so that the last line is pytest's."""
    lines = [line for line in text(".ci/run").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "set -euo pipefail"
    assert lines[-1] == f"exec {COMMAND}"
    assert len(lines) == 3


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_the_script_can_be_started():
    """It has the executable bit and a first line that says with what."""
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert text(".ci/run").startswith("#!/usr/bin/env bash\n")


def test_the_workflow_covers_systems_and_versions(project):
    """Three systems, and every Python that pyproject.toml names."""
    workflow = text(".github/workflows/ci.yml")
    versions = [item.rpartition(" ")[2] for item in project["project"]["classifiers"] if ":: 3." in item]
    assert all(f'"{version}"' in workflow for version in versions)
    assert all(f"{system}-latest" in workflow for system in ("ubuntu", "windows", "macos"))
    assert "python start.py test" in workflow


# --- metadata ---------------------------------------------------------------------------------------------------------


def test_both_lists_of_requirements_agree(project):
    """requirements.txt is pyproject.toml's dependencies and pytest."""
    *dependencies, tester = environment.requirements()
    assert dependencies == project["project"]["dependencies"]
    assert re.split("[<>=]", tester)[0] == "pytest"


def test_the_package_names_every_module(project):
    """Programs side by side with folders have to be listed; a new one must not be forgotten."""
    listed = project["tool"]["setuptools"]
    assert set(listed["py-modules"]) == {path.stem for path in ROOT.glob("*.py")} - {"start"}
    folders = {path.parent.name for path in ROOT.glob("*/*.py")} - {"tools", "tests", "bench", "labs"}
    assert set(listed["packages"]) == folders


def test_the_version_is_in_the_changelog(project):
    """Either still to be released, or with its own heading."""
    changelog = text("docs/CHANGELOG.md")
    assert "## [Unreleased]" in changelog or f"## [{project['project']['version']}]" in changelog


def test_the_licence_is_mit(project):
    """In the file and in the metadata."""
    assert text("LICENSE").startswith("MIT License\n\nCopyright (c) 2026 the RTSP lab contributors\n")
    assert project["project"]["license"] == "MIT"


@pytest.mark.timeout(120)
def test_the_package_builds(project, tmp_path):
    """`pip install .` finds its modules; and nothing called `tests` or `tools` lands among other people's packages."""
    need("setuptools")
    clone = tmp_path / "clone"
    listed = project["tool"]["setuptools"]
    for folder in listed["packages"]:
        shutil.copytree(ROOT / folder, clone / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ["pyproject.toml", "README.md", "LICENSE", *(f"{module}.py" for module in listed["py-modules"])]:
        shutil.copy(ROOT / name, clone)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path]
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", *options, clone], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    top = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    modules = {f"{module}.py" for module in listed["py-modules"]}
    assert {name for name in top if not name.endswith(".dist-info")} == modules | set(listed["packages"])


# --- start.bat --------------------------------------------------------------------------------------------------------


def test_start_bat_is_as_windows_wants_it():
    """ASCII, every line ended by CR LF, and kept so by git."""
    data = (ROOT / "start.bat").read_bytes()
    assert data.isascii()
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert "*.bat text eol=crlf" in text(".gitattributes")


def test_start_bat_finds_python_runs_and_pauses():
    """Its own folder first; three places for Python, each asked its version; the arguments; a pause on error."""
    lines = (ROOT / "start.bat").read_text(encoding="ascii").splitlines()
    assert lines.index("setlocal") < lines.index('cd /d "%~dp0"')
    places = [line.removeprefix("set PY=") for line in lines if line.startswith("set PY=")]
    assert places == ['".venv\\Scripts\\python.exe"', "py -3", "python"]
    assert lines.count("%PY% -c %CHECK% >nul 2>nul && goto run") == len(places)
    assert "%PY% start.py %*" in lines
    assert 'if not "%CODE%"=="0" if not defined CI pause' in lines
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert set(re.findall(r"goto (\w+)", "\n".join(lines))) == labels


@pytest.mark.parametrize(("version", "code"), [((3, 9, 18), 1), ((3, 10, 0), 0), ((3, 14, 1), 0)])
def test_start_bat_s_question_tells_old_from_new(version, code):
    """The very code in the file, asked of a Python that says it is older."""
    question = re.search(r'set CHECK="(.*)"', (ROOT / "start.bat").read_text(encoding="ascii"))
    assert question
    program = f"import sys; sys.version_info = {version}; exec({question.group(1)!r})"
    assert subprocess.run([sys.executable, "-c", program]).returncode == code
