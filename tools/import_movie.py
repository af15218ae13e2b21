"""Make a movie that the server can play of a video, a folder of images, or a GIF:

    python -m tools.import_movie clip.mp4 [movie.Mjpeg]

Videos need ffmpeg or PyAV, images nothing but Pillow. The movie appears under its name when it is whole; Ctrl-C leaves
what was there before.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

try:
    from media.errors import MediaError
    from media.moviewriter import framed
    from tools import pictures, videos
    from tools.importing import LAB_LIMIT, LAB_RATE, WIDEST, ImportFailed, Incoming, Wanted, fitted
    from tools.make_movie import replacing
except ModuleNotFoundError as missing:
    if missing.name != "PIL":
        raise
    print(f"This Python has no Pillow. To get it: {sys.executable} -m pip install Pillow", file=sys.stderr)
    sys.exit(5)
from tools.progress import Progress

LARGEST_SIDE, LEAST_SIDE = 2040, 16  # pixels; RFC 2435 §3.1.5
LEAST_LIMIT, PLAIN_LIMIT = 2_000, 64 << 20  # bytes
EXAMPLES = """examples:
  python -m tools.import_movie clip.mp4                          clip.Mjpeg, 20 frames a second, as the lab plays it
  python -m tools.import_movie clip.mp4 film.Mjpeg --size 640x480 --quality 60
  python -m tools.import_movie holiday/ slides.Mjpeg --each 3    a folder of images, each for 3 seconds
  python -m tools.import_movie clip.mp4 --max-bytes 20468        frames that every lab client takes as they are

exit codes: 0 ok, 1 internal error, 2 usage, unreadable, not writable, 5 no ffmpeg or Pillow, 130 Ctrl-C"""


@dataclass
class Summary:
    """What was written."""

    frames: int = 0
    size: int = 0  # bytes
    smaller: int = 0  # frames that had to be encoded again to keep the limit


def main(arguments: Sequence[str] | None = None) -> int:
    """Import; the exit code."""
    options = parse(arguments)
    source, target = Path(options.source), Path(options.target or default_target(options.source))
    wanted = Wanted(options.size, options.fps, options.quality, options.max_bytes, options.each)
    try:
        check(source, target, options.force)
        incoming = opened(source, wanted)
        summary = write(incoming, target, wanted.limit, plain=options.format == "plain")
    except ImportFailed as failure:
        return _failed(str(failure), failure.code)
    except KeyboardInterrupt:
        return _failed("Stopped; nothing was written.", 130)
    except OSError as error:
        return _failed(f"Cannot write {target}: {error.strerror or error}.", 2)
    print(report(target, incoming.rate, summary, wanted.limit))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.import_movie", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Make a movie for the server of a video, a folder of images, or a GIF.",
    )  # fmt: skip
    parser.add_argument("source", metavar="SOURCE", help="a video, a folder of images, a GIF")
    parser.add_argument("target", nargs="?", metavar="FILE", help="default: SOURCE's name, ending in .Mjpeg, here")
    parser.add_argument("--size", type=_size, metavar="WxH",
                        help=f"fit into so many pixels (default: its own size, {WIDEST} wide at most)")
    parser.add_argument("--fps", type=_rate, default=LAB_RATE, metavar="F",
                        help="frames a second, `keep` for those of the source (default: %(default)g)")
    parser.add_argument("--quality", type=_between(1, 95), default=70, metavar="Q", help="1 to 95 (default: 70)")
    parser.add_argument("--each", type=_seconds, metavar="S", help="seconds for each image of a folder (one frame)")
    parser.add_argument("--max-bytes", type=_between(LEAST_LIMIT, PLAIN_LIMIT), metavar="N",
                        help=f"longest frame (default and most in the lab's format {LAB_LIMIT}; for lab clients 20468)")
    parser.add_argument("--format", choices=["lab", "plain"], default="lab",
                        help="lab: five digits of length before each JPEG; plain: JPEGs alone (default: lab)")
    parser.add_argument("--force", action="store_true", help="replace FILE without asking")
    options = parser.parse_args(arguments)
    if options.format == "lab" and (options.max_bytes or 0) > LAB_LIMIT:
        parser.error(f"five digits of length can say {LAB_LIMIT} bytes at most: add --format plain")
    options.max_bytes = options.max_bytes or (LAB_LIMIT if options.format == "lab" else PLAIN_LIMIT)
    return options


def default_target(source: str) -> str:
    name = Path(os.path.abspath(source)).name
    return f"{name if Path(source).is_dir() else Path(name).stem}.Mjpeg"


def check(source: Path, target: Path, force: bool) -> None:
    """Everything that can be known before the work begins."""
    if not source.exists():
        raise ImportFailed(f"There is no {source}.")
    if target.is_dir():
        raise ImportFailed(f"{target} is a folder: give the name of the file to write.")
    if not target.parent.is_dir():
        raise ImportFailed(f"There is no folder {target.parent}.")
    if not target.exists():
        return
    if target.samefile(source):
        raise ImportFailed(f"{target} would replace what it is made of: give another name.")
    if not force and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ImportFailed(f"{target} is there already: add --force to replace it.")
    if not force and not _agreed(f"{target} is there already. Replace it? [y/N] "):
        raise ImportFailed("Nothing was written.")


def _agreed(question: str) -> bool:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def opened(source: Path, wanted: Wanted) -> Incoming:
    """By what the source is. ImportFailed."""
    if source.is_dir():
        return pictures.folder(source, wanted)
    if (found := pictures.moving(source, wanted)) is not None:
        return found
    if not os.access(source, os.R_OK):
        raise ImportFailed(f"{source} cannot be read: permission denied.")
    if program := videos.find_ffmpeg():
        return videos.by_ffmpeg(program, source, wanted)
    if videos.has_pyav():
        return videos.by_pyav(source, wanted)
    raise ImportFailed(videos.NONE.format(sys.executable), 5)


def write(incoming: Incoming, target: Path, limit: int, plain: bool = False) -> Summary:
    """All frames into the file, which appears when it is whole. ImportFailed, OSError; as after Ctrl-C, it does not."""
    done, last, ready = Summary(), b"", b""
    with replacing(target) as file, Progress(incoming.total, f"Importing {target.name}") as progress:
        for frame in incoming.frames:
            if frame is not last:  # an image that is shown for seconds is the same one each time
                ready, last = _ready(frame, limit, done.frames), frame
            done.smaller += len(frame) > limit
            done.size += file.write(ready if plain else framed(ready))
            done.frames += 1
            progress.advance()
        if not done.frames:
            raise ImportFailed("There is no picture in it.")
        progress.advance(progress.total - progress.done)  # the total was a guess
    return done


def _ready(frame: bytes, limit: int, number: int) -> bytes:
    try:
        return fitted(frame, limit)
    except MediaError as error:
        raise ImportFailed(f"Frame {number} cannot be encoded: {error}.") from None


def report(target: Path, rate: float, done: Summary, limit: int) -> str:
    """What there is now, and what to type next."""
    folder = target.resolve().parent
    command = ["python", "Server.py"]
    command += [] if folder == Path.cwd() else ["--media", str(folder)]
    command += [] if rate == LAB_RATE else ["--fps", f"{rate:g}"]
    seconds, megabytes = done.frames / rate, done.size / 1e6
    lines = [f"{target}: {done.frames:,} frames, {seconds:.1f} s at {rate:g} frames/s, {megabytes:.1f} MB"]
    if done.smaller:
        lines += [f"{done.smaller:,} frames were over {limit:,} bytes and are encoded at a lower quality"]
    name = target.name.replace(" ", "%20")
    return "\n".join([*lines, "Next:", f"  {shlex.join(command)}",
                      f"  python ClientLauncher.py rtsp://127.0.0.1:6789/{name}"])  # fmt: skip


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})[xX*](\d{1,4})", text)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(LEAST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(f"a size such as 640x480 is needed, {LEAST_SIDE} to {LARGEST_SIDE} a side")
    return sides


def _between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a number from {least} to {most} is needed, not {text!r}")
        return int(text)

    return number


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"a number from {least:g} to {most:g} is needed, not {text!r}")
    return value


def _rate(text: str) -> float | None:
    return None if text == "keep" else _number(text, 0.1, 240)


def _seconds(text: str) -> float:
    return _number(text, 0.01, 3600)


def _failed(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
