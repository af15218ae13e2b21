"""A camera, through the program ffmpeg, which knows the cameras of each system."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from threading import Lock, Thread
from typing import IO

from media.errors import MediaError, Missing
from media.feed import Feed

RATE = 25.0  # frames a second that are announced where nobody says more; they come as they come
LARGEST = 16 << 20  # bytes of a JPEG; more is none
PIECE = 65536  # bytes read at once
START, END = b"\xff\xd8", b"\xff\xd9"
NO_FFMPEG = (
    "The camera is read by the program ffmpeg, which is not here. To get it: Debian, Ubuntu: sudo apt install ffmpeg; "
    "macOS: brew install ffmpeg; Windows: winget install ffmpeg"
)
LIST = ("-hide_banner", "-f", "dshow", "-list_devices", "true", "-i", "dummy")


def capture(
    name: str = "", rate: float | None = None, size: tuple[int, int] | None = None, quality: int = 75
) -> Feed:
    """The camera of that name, "": the first; its check() says if it gives pictures. Missing if there is no ffmpeg."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise Missing(NO_FFMPEG)
    if sys.platform == "win32" and not name:
        name = first_camera(ffmpeg)
    return read([ffmpeg, *arguments(device(sys.platform, name), rate, size, quality)], rate or RATE)


def device(platform: str, name: str) -> list[str]:
    """The input as ffmpeg names it."""
    if platform == "win32":
        return ["-f", "dshow", "-i", f"video={name}"]
    if platform == "darwin":
        return ["-f", "avfoundation", "-i", name or "0"]
    return ["-f", "v4l2", "-i", name or "/dev/video0"]


def arguments(
    source: Sequence[str], rate: float | None, size: tuple[int, int] | None, quality: int
) -> list[str]:
    """From that input to JPEGs on standard output; `quality` 1 to 95 becomes ffmpeg's 31 (worst) to 2."""
    wanted = ["-framerate", f"{rate:g}"] if rate else []
    wanted += ["-video_size", f"{size[0]}x{size[1]}"] if size else []
    kind, rest = list(source[:2]), list(source[2:])
    steps = str(round(31 - 29 * min(quality, 95) / 95))
    return [
        *("-nostdin", "-v", "error", *kind, *wanted, *rest, "-an"),
        *("-c:v", "mjpeg", "-huffman", "default", "-pix_fmt", "yuvj420p", "-q:v", steps, "-f", "mjpeg", "-"),
    ]


def first_camera(ffmpeg: str) -> str:
    """Windows has names for cameras alone, and no first one."""
    done = subprocess.run([ffmpeg, *LIST], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return named(done.stderr.decode("utf-8", "replace"))


def named(listing: str) -> str:
    """The first camera that ffmpeg lists. Missing if there is none."""
    found = re.search(r'"([^"\r\n]+)" \(video\)', listing)
    if not found:
        raise Missing("There is no camera here. Plug one in, or name it: camera:NAME")
    return found[1]


def read(command: Sequence[str], rate: float) -> Feed:
    """What this command writes, JPEG after JPEG."""
    program = _Program(command)
    return Feed(program.pictures(), rate, program.stop)


class _Program:
    """Started when the first picture is asked for.

    Lock: `_starting` guards `_process` and `_stopped`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._starting = Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        with self._starting:
            self._stopped = True
            if self._process:
                self._process.kill()

    def pictures(self) -> Iterator[bytes]:
        """MediaError with its last words if the program ends."""
        with self._starting:
            if self._stopped:
                return
            process = self._process = self._start()
        assert process.stdout and process.stderr, "both are pipes"
        words = _Words(process.stderr)
        words.start()
        try:
            yield from jpegs(process.stdout)
        finally:
            process.kill()
            process.wait()
            words.join()
            process.stdout.close()
            process.stderr.close()
        raise MediaError(f"The camera gives no pictures: {words.last or 'ffmpeg ended'}")

    def _start(self) -> subprocess.Popen[bytes]:
        nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
        try:
            return subprocess.Popen(self._command, stdin=nothing, stdout=pipe, stderr=pipe, bufsize=0)
        except OSError as error:
            raise MediaError(f"{self._command[0]} cannot be started: {error}") from error


class _Words(Thread):
    """What a program complains of; it must be read, or the program would stop one day."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(name="camera's words", daemon=True)
        self.last = ""
        self._stream = stream

    def run(self) -> None:
        for line in self._stream:
            self.last = line.decode("utf-8", "replace").strip()[:200] or self.last


def jpegs(stream: IO[bytes]) -> Iterator[bytes]:
    """The pictures of a stream of JPEGs that ffmpeg's encoder wrote: none of them has another one inside."""
    data = bytearray()
    while piece := stream.read(PIECE):
        looked = max(0, len(data) - 1)
        data += piece
        while (end := data.find(END, looked)) >= 0:
            start = data.find(START)
            if 0 <= start < end:
                yield bytes(data[start : end + 2])
            del data[: end + 2]
            looked = 0
        if len(data) > LARGEST:
            raise MediaError("The camera gives no JPEGs")
