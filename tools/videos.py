"""Videos as JPEGs: by the program ffmpeg, or by PyAV (pip install av) where there is none."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

from media.framing import MAX_FRAME, FramingError, TruncatedError, jpeg_end
from tools.importing import LAB_RATE, WIDEST, ImportFailed, Incoming, Wanted, placed, room
from tools.make_movie import encoded

PIECE = 1 << 16  # bytes
NONE = (
    "Videos need ffmpeg, and it is not here. To get it: Debian, Ubuntu: sudo apt install ffmpeg; Fedora: sudo dnf "
    "install ffmpeg-free; macOS: brew install ffmpeg; Windows: winget install Gyan.FFmpeg. Or PyAV: "
    "{} -m pip install av"
)


def find_ffmpeg() -> str | None:
    """The program: $FFMPEG, the PATH, the package imageio-ffmpeg if it happens to be there."""
    named = os.environ.get("FFMPEG")
    found = shutil.which(named) if named else shutil.which("ffmpeg")
    if not found and importlib.util.find_spec("imageio_ffmpeg"):
        found = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    return found


def has_pyav() -> bool:
    return importlib.util.find_spec("av") is not None


# --- ffmpeg


def by_ffmpeg(program: str, path: Path, wanted: Wanted) -> Incoming:
    """ImportFailed if it sees no video in the file."""
    # `file:` or ffmpeg would take a name with a colon for a protocol
    source = f"file:{path}"
    said = _run(program, "-hide_banner", "-nostdin", "-i", source)
    video = re.search(r"Stream #.*Video: (.*)", said)
    if not video:
        # What comes after the last "…: " of its last line is the reason
        lines = [line for line in said.splitlines() if line.strip()]
        known = re.search(r"^Input #0", said, re.MULTILINE)
        reason = "there is no video in it" if known else lines[-1].rpartition(": ")[2] if lines else "it said nothing"
        raise ImportFailed(f"{path} cannot be imported: {reason}.")
    own = re.search(r"([0-9.]+) fps", video[1])
    rate = wanted.rate or (float(own[1]) if own and float(own[1]) else LAB_RATE)
    length = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", said)
    hours, minutes, seconds = map(float, length.groups()) if length else (0.0, 0.0, 0.0)
    total = round((hours * 3600 + minutes * 60 + seconds) * rate)
    return Incoming(_pictures([program, *recipe(program, source, rate, wanted)], path), total, rate)


def recipe(program: str, source: str, rate: float, wanted: Wanted) -> list[str]:
    """The arguments: JPEGs that RTP can carry (4:2:0, standard Huffman tables, sides multiples of 8), on stdout."""
    if wanted.size:
        width, height = wanted.size
        scale = f"scale={width}:{height}:force_original_aspect_ratio=decrease"
    else:
        scale = f"scale='min({WIDEST},iw)':-2"
    # Pixels are made square first; cut at the right and at the top, where there are no subtitles
    square, crop = "scale='max(2,trunc(iw*sar/2)*2)':ih,setsar=1", "crop='max(8,trunc(iw/8)*8)':'max(8,trunc(ih/8)*8)'"
    known = _encoder(program)
    picked = [("-huffman", "default"), ("-force_duplicated_matrix", "1")]  # older ones lack the second
    options = [word for option in picked if option[0] in known for word in option]
    return [
        *("-hide_banner", "-nostdin", "-loglevel", "error", "-i", source, "-map", "0:V:0", "-an", "-sn", "-dn"),
        *("-vf", f"fps={rate:g},{square},{scale},{crop}:0:ih-oh", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", *options),
        *("-q:v", str(quantizer(wanted.quality)), "-f", "mjpeg", "-"),
    ]


def quantizer(quality: int) -> int:
    """ffmpeg's -q:v for a quality as Pillow counts it: both are factors of a table, 8 and 50 mean the table itself."""
    scale = 50 / quality if quality < 50 else (100 - quality) / 50
    return min(31, max(2, round(8 * scale)))


@cache
def _encoder(program: str) -> str:
    return _run(program, "-hide_banner", "-h", "encoder=mjpeg")


def _run(program: str, *arguments: str) -> str:
    """All that it says. ImportFailed if it does not start."""
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImportFailed(f"{program} does not run: {error}.", 5) from None
    return done.stdout.decode(errors="replace")


def _pictures(command: list[str], path: Path) -> Iterator[bytes]:
    """What ffmpeg draws. ImportFailed with its own words if it ends badly; it is ended whatever happens here."""
    with tempfile.TemporaryFile() as complaints:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints)
        assert program.stdout is not None
        try:
            yield from split(program.stdout)
            code = program.wait()
        finally:
            program.kill()
            program.stdout.close()
            program.wait()
        complaints.seek(0)
        words = complaints.read(4000).decode(errors="replace").strip().splitlines()
    if code:
        raise ImportFailed(f"{path} cannot be imported: ffmpeg says {words[-1] if words else code!r}.")


def split(stream: IO[bytes]) -> Iterator[bytes]:
    """The JPEGs of a stream of nothing else."""
    data, enough, piece = b"", 0, b"more"
    while piece:
        piece = stream.read(PIECE)
        data += piece
        while data and (len(data) > enough or not piece):
            try:
                end = jpeg_end(data)
            except TruncatedError:
                enough = 2 * len(data) if len(data) > PIECE else 0  # a long frame is not walked through for each piece
                break
            except FramingError as error:
                raise ImportFailed(f"ffmpeg gave no JPEG: {error}.") from None
            yield data[:end]
            data, enough = data[end:], 0
        if len(data) > MAX_FRAME:
            raise ImportFailed(f"A frame has more than {MAX_FRAME:,} bytes.")


# --- PyAV


def by_pyav(path: Path, wanted: Wanted) -> Incoming:
    """The same with the libraries of ffmpeg in Python."""
    av: Any = importlib.import_module("av")
    try:
        container = av.open(str(path))
    except (OSError, ValueError) as error:
        raise ImportFailed(f"{path} cannot be imported: {getattr(error, 'strerror', None) or error}.") from None
    if not container.streams.video:
        container.close()
        raise ImportFailed(f"{path} cannot be imported: there is no video in it.")
    stream = container.streams.video[0]
    rate = wanted.rate or float(stream.average_rate or LAB_RATE)
    total = round((container.duration or 0) / av.time_base * rate)
    return Incoming(_decoded(container, stream, path, rate, wanted), total, rate)


def _decoded(container: Any, stream: Any, path: Path, rate: float, wanted: Wanted) -> Iterator[bytes]:
    """At an even rate: frame n is what was shown at n / rate."""
    size, shown, sent, start = None, b"", 0, None
    try:
        with container:
            for frame in container.decode(stream):
                start = frame.time if start is None else start
                while shown and (sent + 0.5) / rate < (frame.time or 0.0) - (start or 0.0):
                    yield shown
                    sent += 1
                picture = frame.to_image()
                size = size or room(picture.size, wanted.size)
                shown = encoded(placed(picture, size), wanted.quality)
    except (OSError, ValueError) as error:
        raise ImportFailed(f"{path} cannot be imported: {error}.") from None
    if shown:
        yield shown
