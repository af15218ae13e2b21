"""The folder .venv beside the programs: made and filled only when it must be. It comes first, so: stdlib only."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
MODULES = {"requirements": "PIL", "test": "PIL, pytest"}  # what must be importable to go on when pip fails


class SetUpError(Exception):
    """What went wrong, in a sentence for whoever typed the command."""


def say(text: str) -> None:
    print(text, flush=True)


def python(venv: Path = VENV) -> str:
    """The path of .venv's Python, whether it is there or not."""
    return str(venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python")


def answer(venv: Path, code: str) -> str | None:
    """What .venv's Python prints when it runs this; None if it cannot."""
    try:
        done = subprocess.run([python(venv), "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def version(venv: Path = VENV) -> str | None:
    """The version of .venv's Python; None if .venv is of no use: absent, too old, without pip, its Python gone."""
    return answer(venv, "import pip, sys; print(sys.version) if sys.version_info >= (3, 10) else sys.exit(1)")


def make(venv: Path = VENV) -> str:
    """Make .venv unless there is a good one; returns its Python's version."""
    there = version(venv)
    if there:
        return there
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu deliver venv without it)
        from venv import create
    except ImportError:
        raise SetUpError(
            "This Python cannot make a .venv folder. On Debian and Ubuntu: sudo apt install python3-venv"
        ) from None
    say(f"Making the folder {venv.name} for the packages (some seconds) ...")
    try:
        create(venv, clear=True, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetUpError(f"Could not make the folder {venv}: {error}") from None
    made = version(venv)
    if not made:
        raise SetUpError(f"The Python in {venv} does not run. Remove that folder and try again.")
    return made


def fingerprint(wanted: list[str], interpreter: str) -> str:
    """Changes with whatever makes another installation necessary: the packages asked for, the interpreter."""
    return hashlib.sha256("\n".join([interpreter, *wanted]).encode()).hexdigest()


def install(name: str, wanted: list[str], venv: Path = VENV) -> None:
    """Have pip install these packages, once. Without a network, go on if they are there anyhow."""
    stamp = venv / f"stamp-{name}"
    mark = fingerprint(wanted, make(venv))
    if stamp.is_file() and stamp.read_text() == mark:
        return
    say(f"Installing {', '.join(wanted)} into {venv.name} (a minute at most) ...")
    pip = [python(venv), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*pip, *wanted], stdin=subprocess.DEVNULL).returncode == 0:
        stamp.write_text(mark)
    elif answer(venv, f"import {MODULES[name]}") is not None:
        say("That failed (no network?). Going on with what is there.")
        for package in wanted if len(wanted) > 1 else ():   # one that is not to be had here costs none of the others
            subprocess.run([*pip, "--retries", "0", package], stdin=subprocess.DEVNULL)
    else:
        raise SetUpError("pip could not install them; its own words are above. Is there a network?")


def requirements() -> list[str]:
    """The packages in requirements.txt."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def extra(name: str) -> list[str]:
    """The packages of an extra in pyproject.toml (read without tomllib, which Python 3.10 does not have)."""
    text = (HERE / "pyproject.toml").read_text()
    found = re.search(rf"^{name} = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    return re.findall(r'"([^"]+)"', found.group(1)) if found else []
