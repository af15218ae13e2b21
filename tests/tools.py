"""The programs the tests use: which are here, how to get the others.

    need("ffmpeg")            in a test: the program's path, or the test is skipped, loudly
    python -m tests.tools     install what is missing (Debian, Ubuntu), or say how to; standard library only
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

MISSING = "missing tool:"  # how a skip's reason begins; conftest.py gathers these at the end of the run
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Tool:
    """How to find a tool and how to get it. Proof that it is here: the program, the probes; never a package."""

    program: str = ""  # must be on the PATH
    probes: tuple[tuple[str, ...], ...] = ()  # commands that must succeed
    apt: str = ""
    dnf: str = ""
    brew: str = ""
    winget: str = ""
    pip: str = ""


def _importable(module: str) -> tuple[tuple[str, ...], ...]:
    return ((sys.executable, "-c", f"import {module}"),)


_TLS_OF_GLIB = "from gi.repository import Gio; assert Gio.TlsBackend.get_default().supports_tls()"
_GST_FROM_PYTHON = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0'); "
    "from gi.repository import Gst, GstRtspServer"
)

TOOLS = {
    "ffmpeg": Tool("ffmpeg", apt="ffmpeg", dnf="ffmpeg-free", brew="ffmpeg", winget="Gyan.FFmpeg"),
    "ffprobe": Tool("ffprobe", apt="ffmpeg", dnf="ffmpeg-free", brew="ffmpeg", winget="Gyan.FFmpeg"),
    "gst-launch-1.0": Tool(
        "gst-launch-1.0",
        # One element of each plugin package (base, good, bad, ugly): the packages come apart.
        tuple(("gst-inspect-1.0", "--exists", name) for name in ("videoconvert", "rtspsrc", "jpegparse", "asfdemux")),
        apt="gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
        "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly",
        dnf="gstreamer1 gstreamer1-plugins-base-tools gstreamer1-plugins-good gstreamer1-plugins-bad-free "
        "gstreamer1-plugins-ugly-free",
        brew="gstreamer",
    ),
    "system-python-gst": Tool(
        "/usr/bin/python3",
        (("/usr/bin/python3", "-c", _GST_FROM_PYTHON),),
        apt="python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0",
        dnf="python3-gobject gstreamer1-rtsp-server",
    ),
    "glib-networking": Tool(
        "/usr/bin/python3",
        (("/usr/bin/python3", "-c", _TLS_OF_GLIB),),
        apt="glib-networking python3-gi",
        dnf="glib-networking python3-gobject",
    ),
    "openssl": Tool("openssl", apt="openssl", dnf="openssl", brew="openssl", winget="ShiningLight.OpenSSL.Light"),
    "cryptography": Tool(probes=_importable("cryptography"), pip="cryptography"),
    "tshark": Tool(
        "tshark", apt="tshark", dnf="wireshark-cli", brew="wireshark", winget="WiresharkFoundation.Wireshark"
    ),
    "mpv": Tool("mpv", apt="mpv", dnf="mpv", brew="mpv"),
    "Xvfb": Tool("Xvfb", apt="xvfb", dnf="xorg-x11-server-Xvfb"),
    "xdotool": Tool("xdotool", apt="xdotool", dnf="xdotool"),
    "tk": Tool(probes=_importable("tkinter"), apt="python3-tk", dnf="python3-tkinter", brew="python-tk"),
    "venv": Tool(probes=_importable("venv, ensurepip"), apt="python3-venv"),
    "setuptools": Tool(
        # 77: the first that takes pyproject.toml's `license = "MIT"`
        probes=((sys.executable, "-c", "import setuptools as s; assert int(s.__version__.split('.')[0]) >= 77"),),
        pip="setuptools>=77",
    ),
    "PyAV": Tool(probes=_importable("av"), pip="av"),
    "OpenCV": Tool(probes=_importable("cv2"), pip="opencv-python-headless"),
    "ruff": Tool(probes=((sys.executable, "-m", "ruff", "--version"),), pip="ruff"),
    "mypy": Tool(probes=((sys.executable, "-m", "mypy", "--version"),), pip="mypy"),
}


@cache
def find(name: str) -> str:
    """The tool's path (for a Python module: the interpreter's), or "" where it is missing."""
    tool = TOOLS[name]
    path = shutil.which(tool.program) if tool.program else sys.executable
    works = path and all(_succeeds(probe) for probe in tool.probes)
    return str(path) if works else ""


def _succeeds(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def need(name: str) -> str:
    """The path of a tool, for a test that cannot do without.

    Where it is missing the test is skipped; it fails where CI=true and the tool could have been installed:
    a continuous integration that skips its proofs proves nothing.
    """
    import pytest  # here, so that `python -m tests.tools` runs before anything is installed

    path = find(name)
    if not path:
        reason = f"{MISSING} {name} ({advice(name)})"
        if os.environ.get("CI") == "true" and (TOOLS[name].pip or root_prefix() is not None):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return path


def advice(*names: str) -> str:
    """What to type here to get these tools."""
    if all(TOOLS[name].pip for name in names):
        return f"{sys.executable} -m pip install " + " ".join(TOOLS[name].pip for name in names)
    if shutil.which("apt-get"):
        return "sudo apt install " + packages("apt", names)
    for manager, command in (("dnf", "sudo dnf install"), ("brew", "brew install"), ("winget", "winget install")):
        wanted = packages(manager, names)
        if wanted and shutil.which(manager):
            return f"{command} {wanted}"
    return "not to be had here with a package manager we know"


def packages(manager: str, names: Sequence[str]) -> str:
    """The packages that hold these tools, each once, in order."""
    wanted = " ".join(getattr(TOOLS[name], manager) for name in names).split()
    return " ".join(dict.fromkeys(wanted))


@cache
def root_prefix() -> tuple[str, ...] | None:
    """What to write before apt-get so that it may install; None where we may not, or there is no apt-get."""
    if sys.platform != "linux" or not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ()
    return ("sudo", "-n") if _succeeds(("sudo", "-n", "true")) else None


def install(
    missing: Sequence[str],
    prefix: tuple[str, ...] | None,
    run: Run = subprocess.run,
    say: Callable[[str], None] = print,
) -> None:
    """Install these tools with apt-get; where that cannot be, say what to type. Never asks a question."""
    wanted = packages("apt", missing).split()
    if prefix is None or not wanted:
        say(f"These tests will be skipped for want of {', '.join(missing)}. To get them: {advice(*missing)}")
        return
    say(f"Installing {', '.join(missing)} (apt-get, some minutes) ...")
    # `env` because sudo drops the environment; noninteractive because tshark's package asks who may capture.
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=a", "apt-get", "-qq"]
    apt += ["-o", "DPkg::Lock::Timeout=120"]
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *wanted]):
        done = run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:  # the update's failure alone does not matter: the lists may be there already
        say(f"apt-get could not install them; their tests will be skipped. It said:\n{done.stdout.strip()[-2000:]}")


def main() -> int:
    missing = [name for name in TOOLS if not TOOLS[name].pip and not find(name)]
    if missing:
        install(missing, root_prefix())
    return 0  # what is still missing is told test by test


if __name__ == "__main__":
    sys.exit(main())
