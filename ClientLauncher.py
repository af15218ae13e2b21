"""Reads the command line, opens the window, or plays without one.

    python ClientLauncher.py 127.0.0.1 6789 25000 movie.Mjpeg
    python ClientLauncher.py rtsp://127.0.0.1:6789/movie.Mjpeg
"""

from __future__ import annotations

import argparse
import getpass
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import Figures
from CommandLine import (
    addInstruments,
    addLog,
    addOutput,
    addTransport,
    addTrust,
    endAtSignals,
    positive,
    proxy,
    run,
    scale,
    seconds,
    statsFile,
    where,
)
from media.tape import Tape
from net.instruments import Instruments
from net.transcript import Transcript
from net.trust import Trust
from Output import Output, writing
from Player import ClientError, FolderFound, MissingError, Player, State, UsageError
from rtsp.failures import AuthenticationError
from rtsp.keyring import Keyring
from rtsp.login import Login
from rtsp.situations import tell

TRIES = 3               # with another name and password
SUMMARY = "Played {seconds:.1f} s of {url}: {frames_shown} frames, {fps:.1f} a second; {packets} packets, {lost} lost"
EXAMPLES = """examples:
  ClientLauncher.py 127.0.0.1 6789 25000 movie.Mjpeg         the classic window: Setup, Play, Pause, Teardown
  ClientLauncher.py rtsp://127.0.0.1:6789/movie.Mjpeg        the same window, playing at once
  ClientLauncher.py rtsp://127.0.0.1:6789/movie.Mjpeg --headless --duration 10 --stats -
  ClientLauncher.py rtsp://127.0.0.1:6789/movie.Mjpeg --headless --save-frames frames --start 5
  ClientLauncher.py 127.0.0.1 6789 25000 movie.Mjpeg --dialect lab       a server written for the classic lab

exit codes: 0 ok, 1 internal error, 2 usage, 3 cannot connect, 4 the server refused, 5 no Tk, screen or codec,
6 name and password wanted, 7 no media, 130 Ctrl-C"""


# ---- the command line


def parseArguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ClientLauncher.py",
        description="Play a movie from an RTSP server.",
        usage="%(prog)s HOST PORT RTP_PORT FILE [options]\n       %(prog)s rtsp://HOST[:554]/PATH [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
        allow_abbrev=False,
    )
    add = parser.add_argument
    names = "HOST PORT RTP_PORT FILE | URL"
    add("where", nargs="+", metavar=names, help="RTP_PORT: where the media arrive; 0: anywhere")
    add("--headless", action="store_true", help="play without a window")
    add("--duration", type=seconds, metavar="S", help="end S seconds after the first frame")
    add("--stats", type=statsFile, metavar="FILE", help="write statistics to FILE.json or FILE.csv; - prints JSON")
    add("--stats-every", type=positive, metavar="S", help="in them, too, what they were every S seconds")
    addOutput(add)
    add("--start", type=seconds, metavar="S", help="begin S seconds into the movie")
    add("--scale", type=scale, default=1.0, metavar="X", help="X times as fast; -1: backwards (default: 1)")
    addTransport(add)
    add("--dialect", choices=["auto", "rfc", "lab"],
        help="lab: for servers of the classic lab; auto: find out (default: auto with four arguments, rfc with a URL)")
    addTrust(parser)
    add("--proxy", type=proxy, metavar="HOST:PORT", help="ask the server by way of this RTSP proxy")
    add("--buffer", type=seconds, default=200.0, metavar="MS", help="wait before the first picture (default: 200)")
    addInstruments(add)
    addLog(add)
    parser.set_defaults(instruments=None)       # those of --net and --pcap, which main() makes
    options = parser.parse_args(argv)
    try:
        options.url, options.rtpPort = where(options.where)
    except ValueError as error:
        parser.error(str(error))
    options.keyring, options.notes, options.tape = Keyring(), Transcript(), Tape()   # shared by all players
    options.dialect = options.dialect or ("rfc" if len(options.where) == 1 else "auto")
    if options.stats_every and not options.stats:
        parser.error("--stats-every needs --stats FILE")
    if options.dialect == "lab" and (options.start or options.scale != 1 or options.transport == "tcp"):
        parser.error("a server of the classic lab cannot jump (--start), plays at one speed (--scale), over UDP alone")
    return options


# ---- playing


def makePlayer(options: argparse.Namespace) -> Player:
    player = Player(options.url, options.dialect, options.rtpPort, options.buffer / 1000, transport=options.transport,
                    keyring=options.keyring, trust=Trust(options.insecure, options.fingerprint),
                    instruments=options.instruments, transcript=options.notes, proxy=options.proxy)
    if options.stats_every:
        player.stream.keepTimeline(options.stats_every)
    player.stream.tape = options.tape
    return player


def setUp(player: Player) -> None:
    """With a name and a password from the terminal, if the server wants them and somebody sits there."""
    for _ in range(TRIES):
        try:
            return player.setup()
        except AuthenticationError as error:
            askFor(player.client.login, error)
    return player.setup()


def askFor(login: Login, error: AuthenticationError) -> None:
    """On the terminal, not on standard output, which may go into a file. The error, where there is none."""
    if not (sys.stdin and sys.stderr and sys.stdin.isatty() and sys.stderr.isatty()):
        raise error
    print(f"{error.title}.\nName{login.name and f' [{login.name}]' or ''}: ", end="", file=sys.stderr, flush=True)
    if not (name := sys.stdin.readline()):
        raise error
    try:
        login.give(name.strip() or login.name or "", getpass.getpass("Password: ", sys.stderr))
    except EOFError:
        raise error from None


def playHeadless(player: Player, options: argparse.Namespace, output: Output) -> None:
    """Take every frame as it falls due, in order, to the end of the movie or of --duration. Of a folder, print what can
    be played."""
    try:
        setUp(player)
    except FolderFound as folder:
        print("\n".join(folder.urls))
        return
    player.play(options.start, options.scale)
    end = math.inf
    while player.state is State.PLAYING and time.monotonic() < end:
        for frame in player.dueFrames():
            output.show(frame)
            if options.duration is not None:
                end = min(end, time.monotonic() + options.duration)
        if chore := player.chore:
            chore()
        player.wait(0.05)
    player.check()


def openWindow(options: argparse.Namespace, output: Output) -> tuple[Player, ClientError | None]:
    """Returns when the window is closed: the player that played last, and the error that the window showed last."""
    try:
        import tkinter
    except ImportError:
        raise MissingError(*tell("no Tk")) from None
    try:
        from PIL import Image, ImageTk  # noqa: F401
    except ImportError:
        raise MissingError(*tell("no Pillow", python=sys.executable)) from None
    from Client import Client
    from ui import theme
    from ui.settings import Settings, default_path

    theme.choose(options.theme)
    try:
        settings = Settings(None if options.no_config else default_path())
        client = Client(lambda: makePlayer(options), output.show, len(options.where) == 4, settings)
    except tkinter.TclError as error:
        logging.info("! %s", error)
        raise MissingError(*tell("no screen")) from None
    client.run(start=options.start, scale=options.scale, duration=options.duration, playNow=len(options.where) == 1)
    return client.player, client.error


def report(
    path: str, statistics: dict[str, Any], lines: list[dict[str, Any]] | None, error: BaseException | None
) -> None:
    try:
        with writing(Path(path)):
            Figures.write(path, statistics, lines)
    except UsageError as problem:
        if error is None:
            raise
        logging.error("! %s", problem)          # what went wrong before is what matters


def play(options: argparse.Namespace) -> None:
    """Play, and report, even about what failed."""
    output = Output(options.save_frames, options.snapshot, options.tape, options.record)
    options.instruments = Instruments.made(options.net, options.pcap)
    player = makePlayer(options)
    error: BaseException | None = None
    try:
        if options.headless:
            playHeadless(player, options, output)
        else:
            player, shown = openWindow(options, output)
            if shown:                           # whoever started us wants to know, too
                raise shown
        output.close()
    except BaseException as problem:
        error = problem
        raise
    finally:
        player.leave()
        options.instruments.close()
        output.abandon()
        statistics = {**player.statistics(), "error": error and (str(error) or type(error).__name__)}
        if options.stats:
            report(options.stats, statistics, player.stream.timelineSoFar(), error)
        if options.headless and statistics["frames_shown"]:
            print(SUMMARY.format(**statistics), file=sys.stderr if options.stats == "-" else sys.stdout)


def main(argv: list[str] | None = None) -> int:
    return run(play, parseArguments(argv))


if __name__ == "__main__":
    endAtSignals()
    sys.exit(main())
