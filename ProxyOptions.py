"""The proxy's command line: what it takes, and what is said at the start."""

import argparse

from CommandLine import addTrust, portNumber
from rtsp.failures import UsageError
from rtsp.typed import read
from rtsp.url import RtspUrl
from ServerOptions import ENCRYPTED, addViewers, checkViewers, measures, shownHost
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
    addTrust(parser)
    addViewers(parser)
    options = parser.parse_args(arguments)
    checkViewers(parser, options)
    check(parser, options)
    return options


def check(parser, options):
    """What goes with an origin, and what without."""
    if options.origin is None:
        options.host = options.host or "127.0.0.1"
        if options.user or options.users:
            parser.exit(2, "Without an origin, names and passwords are a matter of the servers. Leave out --user.\n")
    elif options.allow:
        parser.exit(2, "--allow is for a proxy without an origin.\n")
    elif options.transport == "udp" and RtspUrl.parse(options.origin).scheme == "rtsps":
        parser.exit(2, "From rtsps:// the media come inside the connection. Leave out --transport udp.\n")


def banner(proxy, options, fingerprint=None):
    """What a user wants to copy. `fingerprint`: of our certificate, if viewers' connections are encrypted."""
    host, _ = shownHost(proxy)
    scheme = "rtsps" if fingerprint else "rtsp"
    lines = [f"{SERVER_NAME}, a proxy on port {proxy.port}. Ctrl-C stops it."]
    if proxy.origin is None:
        lines.append(f"  python ClientLauncher.py {scheme}://SERVER/MOVIE --proxy {host}:{proxy.port}")
    else:
        lines.append(f"  {scheme}://{host}:{proxy.port}/  is  {proxy.origin}")
    lines += [ENCRYPTED + fingerprint] if fingerprint else []
    return "\n".join(filter(None, (*lines, measures(options))))
