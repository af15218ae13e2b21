"""What Publisher.py takes on its command line, and what its SOURCE stands for."""

from __future__ import annotations

import argparse
from pathlib import Path

from CommandLine import addLog, addTransport, addTrust, positive
from media import album, camera, pattern, screen
from media.errors import MovieError
from media.feed import Feed
from media.looped import Looped
from media.source import Presentation, Source
from rtsp.failures import UsageError
from VideoStream import VideoStream

PLAIN = "A movie and the test pattern are sent as they are"
EXAMPLES = """examples:
  Publisher.py movie.Mjpeg rtsp://127.0.0.1:6789/live --loop       a movie, at its own pace, again and again
  Publisher.py screen rtsp://teacher:secret@192.168.1.5/board --size 1280x720 --fps 5
  Publisher.py camera rtsp://127.0.0.1:6789/cam                    or camera:/dev/video2, camera:"USB Camera"
  Publisher.py holiday/ rtsp://127.0.0.1:6789/slides --fps 0.2     a folder of pictures, one in 5 seconds

exit codes: 0 ok, 1 internal error, 2 usage, no such source, 3 cannot connect, 4 the server refused,
5 no screen, no camera or no ffmpeg, 6 name and password wanted, 7 the source failed, 130 Ctrl-C"""


def parseArguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="Publisher.py",
        description="Send a movie, a test pattern, the screen or a camera to an RTSP server that others watch.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", help="a movie, a folder of pictures, pattern, screen, camera, or camera:NAME")
    add("url", metavar="URL", help="rtsp://[USER:PASSWORD@]HOST[:554]/NAME")
    addTransport(add)
    add("--fps", type=positive, metavar="F", help="frames a second, whatever the source says")
    add("--loop", action="store_true", help="begin again at the end")
    add("--duration", type=positive, metavar="S", help="end after S seconds")
    add("--size", type=size, metavar="WxH", help="of screen and pictures: not larger; of a camera: what to ask it for")
    add("--quality", type=quality, metavar="Q", help="1 to 95, of screen, camera and pictures (default: 75)")
    addTrust(parser)
    addLog(add)
    return parser.parse_args(argv)


def size(text: str) -> tuple[int, int]:
    width, x, height = text.lower().partition("x")
    if not (x and all(side.isascii() and side.isdigit() and len(side) < 5 for side in (width, height))):
        raise argparse.ArgumentTypeError(f"WIDTHxHEIGHT is needed, such as 1280x720, not {text!r}")
    if min(int(width), int(height)) < 16:
        raise argparse.ArgumentTypeError("16x16 is the least")
    return int(width), int(height)


def quality(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 95:
        raise argparse.ArgumentTypeError(f"a number from 1 to 95 is needed, not {text!r}")
    return int(text)


def openSource(options: argparse.Namespace) -> Presentation:
    """UsageError if there is nothing of that name, or it cannot be had as is asked; media.errors.Missing if there is no
    screen, no camera, or nothing that reads it."""
    kind, _, name = options.source.partition(":")
    fps, look = options.fps, (options.size, options.quality or 75)
    if options.source == "screen":
        found: Source = checked(screen.capture(fps or screen.RATE, *look))
    elif kind == "camera" and not Path(options.source).exists():
        found = checked(camera.capture(name, fps, *look))
    else:
        found = _stored(options)
    if options.loop:
        if found.duration is None:
            found.close()
            raise UsageError(f"{options.source} has no end: it cannot begin again", "Leave out --loop")
        found = Looped(found)
    return Presentation(Path(options.source).name or options.source, (found,))


def checked(capture: Feed) -> Feed:
    """media.errors.Missing if it gives no picture."""
    capture.check()
    return capture


def _stored(options: argparse.Namespace) -> Source:
    path = Path(options.source)
    if path.is_dir():
        try:
            return album.Album(path, options.fps or album.RATE, options.size, options.quality or 75)
        except (MovieError, OSError) as error:
            raise UsageError(str(error)) from None
    if options.size or options.quality:
        raise UsageError(PLAIN, "Leave out --size and --quality")
    if options.source == pattern.NAME and not path.exists():
        if options.fps:
            raise UsageError(PLAIN, "Leave out --fps")
        return pattern.Pattern()
    try:
        return VideoStream(path, options.fps).movie
    except MovieError as error:
        advice = "" if path.exists() else "SOURCE is a movie, a folder of pictures, or one of: pattern, screen, camera"
        raise UsageError(str(error), advice) from None
