"""Is all here that the lab needs? Prints what there is, as plain text for a bug report:

    python -m tools.doctor [PORT=6789] [--media DIR]

Exit code 0 if server and player can run, else 1. Nothing is sent to other machines, nothing is changed. Runs on a bare
Python, without Pillow or Tk.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from start import NO_TK
from tools import doctor_network as network
from tools.environment import HERE
from tools.findings import MISSING, NOTE, OK, Finding

PILLOW = (10, 2)
PATIENCE = 30  # seconds that a program which is asked for its version may take
# Programs of their own: a Tk that does not fit the system may take the whole process with it.
TK = "import tkinter; print(tkinter.Tcl().eval('info patchlevel'))"
SCREEN = (
    "import tkinter; window = tkinter.Tk(); window.withdraw(); "
    "print(f'{window.winfo_screenwidth()}x{window.winfo_screenheight()}, {window.winfo_fpixels(\"1i\"):.0f} dpi')"
)
NO_SCREEN = "play without a window: python ClientLauncher.py URL --headless"


def python() -> Finding:
    """New enough, or the import of start.py above would have said so."""
    return Finding("Python", OK, f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}")


def lab() -> Finding:
    """Which state of the program this is."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"', text, re.MULTILINE)
    works, state = _said("git", "-C", str(HERE), "describe", "--always", "--dirty")
    return Finding("RTSP lab", OK, (version[1] if version else "?") + (f" ({state})" if works else ""))


def pillow() -> Finding:
    try:
        from PIL import __version__, features
    except ImportError as error:
        return Finding("Pillow", MISSING, f"not in this Python ({error})", f"{sys.executable} -m pip install Pillow")
    advice = f"{sys.executable} -m pip install --upgrade Pillow"
    turbo = features.version_feature("libjpeg_turbo")
    words = f"{__version__}, {f'libjpeg-turbo {turbo}' if turbo else 'another libjpeg'}"
    if tuple(map(int, re.findall(r"\d+", __version__)[:2])) < PILLOW:
        return Finding("Pillow", MISSING, f"{words}: too old", advice)
    if not features.check("jpg"):
        return Finding("Pillow", MISSING, f"{words}: built without JPEG", advice)
    return Finding("Pillow", OK, words)


def tk() -> Finding:
    works, words = _said(sys.executable, "-c", TK)
    return Finding("Tk", OK, words) if works else Finding("Tk", MISSING, f"not in this Python ({words})", NO_TK)


def screen() -> Finding:
    works, words = _said(sys.executable, "-c", SCREEN)
    return Finding("Screen", OK, words) if works else Finding("Screen", NOTE, f"none ({words})", NO_SCREEN)


def ffmpeg() -> Finding:
    works, words = _said(os.environ.get("FFMPEG") or "ffmpeg", "-version")
    if works:
        return Finding("ffmpeg", OK, words.partition(" Copyright")[0])
    try:
        return Finding("PyAV", OK, str(importlib.import_module("av").__version__))
    except ImportError:
        return Finding("ffmpeg", NOTE, "not here", "only importing videos needs it; tools.import_movie tells more")


def movies(folder: str | None) -> Finding:
    """What the server would play from."""
    try:
        options, library = importlib.import_module("ServerOptions"), importlib.import_module("media.library")
    except ImportError as error:
        return Finding("Movies", NOTE, f"not looked at ({error})")
    where = options.mediaFolder(folder)
    if not Path(where).is_dir():
        return Finding("Movies", MISSING, f"there is no folder {where}", "name the folder of your movies: --media DIR")
    found = library.Library(where, options.openMovie)
    names = found.names()
    advice = "python -m tools.import_movie makes one; rtsp://127.0.0.1:6789/pattern plays without"
    if not names:
        return Finding("Movies", NOTE, f"none in {where}", advice)
    try:
        format = found.find(names[0]).sources[0].format
    except OSError as error:
        return Finding("Movies", NOTE, f"{len(names)} in {where}, but {error}", advice)
    about = f"{names[0]}, {format.width}x{format.height}, {format.frame_rate:g} frames/s"
    return Finding("Movies", OK, f"{len(names)} in {where}: {about}")


def checks(port: int, media: str | None) -> list[Callable[[], Finding]]:
    """All that is looked at, in the order in which it is printed."""
    return [
        lab, python, lambda: Finding("System", OK, f"{platform.platform()}, {os.cpu_count()} processors"),
        pillow, tk, screen, ffmpeg, partial(movies, media),
        partial(network.server_port, port), network.player_ports, network.udp, network.whole_frames, network.ipv6,
    ]  # fmt: skip


def _said(*command: str) -> tuple[bool, str]:
    """Did the program end well, and its first line; of its complaints the last one."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    words = (done.stderr if done.returncode else done.stdout).decode(errors="replace").strip().splitlines()
    return not done.returncode, words[-bool(done.returncode)] if words else ""


def report(findings: Sequence[Finding], port: int) -> Iterator[str]:
    """The lines, without the name of whoever is at home here."""
    home = str(Path.home())
    for text in (*map(str, findings), "", "If other machines cannot reach this one:", network.firewall(port), ""):
        yield text.replace(home, "~") if len(home) > 1 else text
    missing = [finding.what for finding in findings if finding.state == MISSING]
    yield f"Missing: {', '.join(missing)}; what to do stands above." if missing else "All that is needed is here."


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.doctor", description="Is all here that the lab needs? A report to copy."
    )
    parser.add_argument("port", nargs="?", type=int, default=6789, help="the server's port (default: 6789)")
    parser.add_argument("--media", metavar="DIR", help="folder of the movies (default: as Server.py has it)")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error("a port is a number from 1 to 65535")
    findings = [check() for check in checks(options.port, options.media)]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names of folders may hold what this terminal cannot show
    print("\n".join(report(findings, options.port)))
    return 1 if any(finding.state == MISSING for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
