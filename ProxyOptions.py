"""The proxy's command line: what it takes, and what is said at the start."""

import argparse

from CommandLine import nameAndPassword, portNumber, timeout
from net.gate import Gate
from rtsp import limits
from rtsp.failures import UsageError
from rtsp.typed import read
from rtsp.users import UserError
from ServerOptions import readUsers
from ServerWorker import SERVER_NAME

EXAMPLES = """examples:
  Proxy.py 8554 rtsp://admin:secret@192.168.1.64/Streaming/Channels/102   a camera, fetched once for all viewers
  Proxy.py 8554 rtsp://127.0.0.1:6789                                     all movies of a server
  Proxy.py 8554                                                           any server, for programs of this machine"""


def origin(text):
    """The URL as it is; UsageError's sentence if it is none."""
    try:
        read(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def parseArguments(arguments):
    parser = argparse.ArgumentParser(prog="Proxy.py", description="An RTSP proxy.", epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=portNumber, help="TCP port of RTSP")
    parser.add_argument("origin", nargs="?", type=origin, metavar="rtsp://[USER:PASSWORD@]HOST[:554][/PATH]",
                        help="what viewers of this proxy see; without it, they name the server themselves")
    parser.add_argument("--host", metavar="ADDR", help="listen on this address only (default: on all; without an "
                        "origin on 127.0.0.1, since whoever can use it reaches whatever this machine reaches)")
    parser.add_argument("--transport", choices=["auto", "udp", "tcp"], default="auto",
                        help="how media comes from the origin; auto: UDP, and inside the connection where that fails")
    parser.add_argument("--allow", metavar="HOST", action="append", default=[],
                        help="without an origin: a server that viewers may name; once for each (default: any)")
    parser.add_argument("--timeout", metavar="S", type=timeout, default=limits.SESSION_TIMEOUT,
                        help="seconds of silence that end a viewer's session (default: %(default)s)")
    parser.add_argument("--user", metavar="NAME:PASSWORD", type=nameAndPassword, action="append", default=[],
                        help="who may watch; once for each user (other users of this machine can see it: see --users)")
    parser.add_argument("--users", metavar="FILE", help="who may watch: lines user:realm:algorithm:HA1")
    parser.add_argument("--allow-basic", action="store_true", help="take passwords that travel unencrypted")
    parser.add_argument("-v", action="store_true", dest="verbose", help="log each message")
    parser.add_argument("--version", action="version", version=SERVER_NAME)
    options = parser.parse_args(arguments)
    try:
        options.gate = Gate(readUsers(options.user, options.users), options.allow_basic)
    except UserError as error:
        parser.exit(2, f"{error}.\n")
    if options.origin is None:
        options.host = options.host or "127.0.0.1"
        if options.user or options.users:
            parser.exit(2, "Without an origin, names and passwords are a matter of the servers. Leave out --user.\n")
    elif options.allow:
        parser.exit(2, "--allow is for a proxy without an origin.\n")
    return options


def banner(proxy):
    """What a user wants to copy."""
    host = proxy.sockets[0].getsockname()[0]
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    if proxy.origin is None:
        return (f"{SERVER_NAME}, a proxy on port {proxy.port}. Ctrl-C stops it.\n"
                f"  python ClientLauncher.py rtsp://SERVER/MOVIE --proxy {host}:{proxy.port}")
    return (f"{SERVER_NAME}, a proxy on port {proxy.port}. Ctrl-C stops it.\n"
            f"  rtsp://{host}:{proxy.port}/  is  {proxy.origin}")
