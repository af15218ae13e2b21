"""The server's command line: what it takes, and what is said at the start."""

import argparse
import errno
import os
import socket
from functools import partial
from pathlib import Path
from urllib.parse import quote

from CommandLine import addInstruments, nameAndPassword, portNumber, positive, processCount, timeout
from media.library import Library
from media.recording import Recordings
from net.gate import Gate
from Publication import Policy
from rtsp import limits
from rtsp.errors import MessageError
from rtsp.moves import checked
from rtsp.users import UserError, Users
from ServerWorker import SERVER_NAME
from VideoStream import VideoStream

ENCRYPTED = "Encrypted. The certificate's fingerprint: "


def openMovie(file, fps=None):
    """What the library makes of an open file."""
    return VideoStream(file, fps).presentation()


def setting(name, text):
    """A limit that is to be set, as rtsp.limits.use() takes it."""
    try:
        return limits.setting(name, text)
    except MessageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def otherServer(text):
    try:
        return checked(text)
    except MessageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parseArguments(arguments):
    parser = argparse.ArgumentParser(prog="Server.py", description="An RTSP server for MJPEG movies.")
    parser.add_argument("port", nargs="?", type=portNumber, default=6789, help="TCP port of RTSP (default: 6789)")
    parser.add_argument("--media", metavar="DIR", help="folder of the movies (default: this folder if it holds any, "
                        "else the folder of Server.py)")
    parser.add_argument("--host", metavar="ADDR", help="listen on this address only (default: on all)")
    parser.add_argument("--fps", metavar="F", type=positive, help="frames a second, whatever the movie says")
    for option, limit, what in (("--max-sessions", "sessions", "sessions in all"),
                                ("--max-per-address", "sessions-per-address", "sessions of one address")):
        parser.add_argument(option, metavar="N", type=partial(setting, limit), action="append", dest="limits",
                            default=[], help=f"{what}, at most; who comes then gets 453 (default: 4096)")
    parser.add_argument("--limit", metavar="NAME=VALUE", type=lambda text: setting(*text.partition("=")[::2]),
                        action="append", dest="limits", default=[],
                        help="another limit, in bytes, seconds or numbers of things: " + limits.listed())
    parser.add_argument("--processes", metavar="N", type=processCount, default=1,
                        help="so many processes share the port; Linux only (default: 1)")
    parser.add_argument("--redirect", metavar="URL", type=otherServer,
                        help="send whoever comes to this server instead (302), with the path that was asked for; "
                        "python -m tools.status moves those who play, too")
    addPublishing(parser.add_argument)
    addViewers(parser)
    options = parser.parse_args(arguments)
    check(parser, options)
    return options


def addViewers(parser):
    """What everything has that is watched: a proxy as the server."""
    add = parser.add_argument
    add("--timeout", metavar="S", type=timeout, default=limits.SESSION_TIMEOUT,
        help="seconds of silence that end a session (default: %(default)s)")
    add("--user", metavar="NAME:PASSWORD", type=nameAndPassword, action="append", default=[],
        help="who may watch; once for each user (other users of this machine can see it: see --users)")
    add("--users", metavar="FILE", help="who may watch: lines user:realm:algorithm:HA1 (to be kept like passwords)")
    add("--allow-basic", action="store_true",
        help="take passwords that travel unencrypted, from players that know no better")
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument("--tls", metavar=("CERT", "KEY"), nargs=2, type=Path,
                     help="rtsps:// alone, with this certificate and its key (PEM files)")
    tls.add_argument("--tls-self-signed", action="store_true",
                     help="rtsps:// alone, with a certificate that is made at the first start and kept")
    addInstruments(add)
    add("-v", action="store_true", dest="verbose", help="log each message")
    add("--version", action="version", version=SERVER_NAME)


def addPublishing(add):
    """`add`: a parser's add_argument."""
    add("--publish-user", metavar="NAME:PASSWORD", type=nameAndPassword, action="append", default=[],
        help="who may publish; once for each; without any: whoever asks from this machine")
    add("--takeover", action="store_true", help="a second publisher of a path replaces the first")
    add("--record", metavar="DIR", help="write what is published as JPEG into this folder")


def check(parser, options):
    """What belongs together; who may watch and who may publish is then in `gate` and `policy`."""
    checkViewers(parser, options, options.publish_user)
    try:
        options.policy = policy(options)
    except UserError as error:
        parser.exit(2, f"{error}.\n")
    if options.processes > 1 and (options.publish_user or options.takeover or options.record):
        parser.exit(2, "What is published is in one process alone. Leave out --processes.\n")


def checkViewers(parser, options, others=()):
    """Who may watch is then in `gate`; `others`: who else may log in."""
    try:
        options.gate = Gate(readUsers(options.user, options.users), options.allow_basic)
    except UserError as error:
        parser.exit(2, f"{error}.\n")
    if options.allow_basic and not (options.user or options.users or others):
        parser.exit(2, "--allow-basic says how users may log in: name them with --user or --users.\n")


def policy(options):
    """Who may publish. UserError in one sentence."""
    publishers = readUsers(options.publish_user, None)
    if options.record is not None and not os.access(options.record, os.W_OK | os.X_OK):
        raise UserError(f"Cannot write into the folder {options.record}: --record needs one that exists")
    return Policy(Gate(publishers, options.allow_basic) if publishers.secrets else None, options.takeover,
                  None if options.record is None else Recordings(options.record))


def readUsers(named, path):
    """Those of the command line, and of the file if there is one. UserError in one sentence."""
    users = Users()
    if path is not None:
        readFile(users, path)
    for name, password in named:
        users.add(name, password)
    users.check()
    return users


def readFile(users, path):
    try:
        with open(path, encoding="utf-8-sig") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise UserError(f"{path} is as good as the passwords, and others can read it: chmod 600 {path}")
            lines = file.readlines()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"Cannot read {path}: it is not UTF-8") from None
    try:
        users.read(lines)
    except UserError as error:
        raise UserError(f"{path}, {error}") from None
    if not users.secrets:
        raise UserError(f"{path} names no user")


def mediaFolder(named):
    """The folder to serve: the one that was named, else this one if it has a movie, else that of Server.py."""
    if named is not None:
        return named
    ours = os.path.dirname(os.path.abspath(__file__))
    try:
        here = os.getcwd()
    except OSError:                     # it has been deleted
        return ours
    return here if Library(here, openMovie).names() else ours


def banner(server, folder, fingerprint=None):
    """What a user wants to copy; of the server it takes `sockets`, `port` and `library`. `fingerprint`: of its
    certificate, if it has one."""
    host, everywhere = shownHost(server)
    scheme = "rtsps" if fingerprint else "rtsp"
    lines = [f"{SERVER_NAME} serves {folder} on port {server.port}. Ctrl-C stops it."]
    names = server.library.names()[:10] or ["pattern"]
    lines += [f"  {scheme}://{host}:{server.port}/{quote(name)}" for name in names]
    lines += [f"From other machines: {socket.gethostname()} in place of {host}"] if everywhere else []
    if fingerprint:
        return "\n".join([*lines, ENCRYPTED + fingerprint])
    return "\n".join([*lines, f"Wireshark: Decode As, RTSP; or tshark -d tcp.port=={server.port},rtsp"])


def shownHost(server):
    """As it stands in a URL for programs of this machine; and whether it is there for other machines, too."""
    host = server.sockets[0].getsockname()[0]
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1", True
    return f"[{host}]" if ":" in host else host, False


def measures(options):
    """What is done besides serving, to be told at the start."""
    lines = [f"NET: {options.net} (seed {options.net.seed})"] if options.net and options.net.active else []
    return "\n".join(lines + ([f"Capture: {options.pcap}"] if options.pcap else []))


def whyNot(options, error, program="Server.py"):
    if isinstance(error, PermissionError):
        return f"Port {options.port} is for administrators. Use `python {program} 8554`."
    if error.errno != errno.EADDRINUSE:
        return f"Cannot listen on {options.host or 'this machine'}, port {options.port}: {error.strerror or error}."
    other = options.port + 1 if options.port < 65535 else 6789
    return f"Port {options.port} is taken by another program. Use `python {program} {other}`, or stop the other one."
