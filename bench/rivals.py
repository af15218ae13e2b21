"""The servers of a comparison: what they are called, how they are started, what they need."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.movie import jpegs
from bench.program import BenchError
from bench.server_bench import port_of, process, server

SYSTEM_PYTHON = "/usr/bin/python3"  # the bindings of gst-rtsp-server come with this one
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


@dataclass(frozen=True)
class Show:
    """What all of them play."""

    movie: Path  # in the lab's format
    fps: float
    transport: str

    @property
    def quicktime(self) -> Path:
        """The same JPEGs in a container that gst reads."""
        return self.movie.with_suffix(".mov")


Started = tuple[str, int]  # its URL, the number of its process


@dataclass(frozen=True)
class Rival:
    name: str  # on the command line and in the JSON
    label: str
    start: Callable[[Show], AbstractContextManager[Started]]
    live: bool = False  # one position for all viewers


def ours(show: Show) -> AbstractContextManager[Started]:
    return server(show.movie, show.fps)


@contextmanager
def gst(show: Show, mode: str) -> Iterator[Started]:
    with process("bench/gst_server.py", mode, str(show.quicktime), python=SYSTEM_PYTHON) as running:
        yield f"rtsp://127.0.0.1:{port_of(running)}/movie", running.pid


@contextmanager
def sender(show: Show, module: str) -> Iterator[Started]:
    with process("-m", f"bench.{module}", str(show.movie), str(show.fps), show.transport) as running:
        yield f"rtsp://127.0.0.1:{port_of(running)}/movie", running.pid


RIVALS = (
    Rival("ours", "this server", ours),
    Rival("gst-own", "gst-rtsp-server, a pipeline a viewer", lambda show: gst(show, "own")),
    Rival("gst-shared", "gst-rtsp-server, shared: one position", lambda show: gst(show, "shared"), live=True),
    Rival("naive", "a thread a viewer, relative waits", lambda show: sender(show, "naive_sender")),
    Rival("limit", "the limit: a bare loop", lambda show: sender(show, "bare_sender")),
)
NAMES = tuple(rival.name for rival in RIVALS)


def missing_for_gst() -> str:
    """What gst-rtsp-server wants and does not find here; "" if it can run."""
    if not shutil.which("ffmpeg"):
        return "ffmpeg"
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", NEEDED], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return SYSTEM_PYTHON
    return "python3-gi and gir1.2-gst-rtsp-server-1.0" if done.returncode else ""


def write_quicktime(show: Show) -> None:
    """Put the movie's JPEGs, as they are, into a QuickTime file. BenchError if ffmpeg cannot."""
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "mjpeg", "-framerate", str(show.fps), "-i", "pipe:"]
    with subprocess.Popen([*command, "-c", "copy", str(show.quicktime)], stdin=subprocess.PIPE) as running:
        assert running.stdin is not None
        for jpeg in jpegs(show.movie):
            running.stdin.write(jpeg)
    if running.returncode:
        raise BenchError("ffmpeg cannot put the movie into a QuickTime file")
