"""RTSP in, RTSP out: stands for another server, or brings its viewers to any.

    python Proxy.py 8554 rtsp://user:password@camera/stream        reverse: viewers ask for rtsp://this-machine:8554/
    python Proxy.py 8554                                           forward: ClientLauncher.py URL --proxy 127.0.0.1:8554
"""

import importlib.util
import logging
import secrets
import sys
from typing import Any

from net.signals import quit_at_once

if __name__ == "__main__":
    quit_at_once()                      # at a signal that comes while we load
    if importlib.util.find_spec("PIL") is None:
        print(f"This Python has no Pillow. To get it: {sys.executable} -m pip install Pillow", file=sys.stderr)
        sys.exit(5)

from net.certificate import CertificateError
from net.instruments import Instruments
from net.journal import write
from net.trust import SYSTEM, Trust
from Origins import Origins
from ProxyOptions import banner, parseArguments
from ProxyWorker import ProxyWorker
from rtsp import limits
from rtsp.errors import RtspError
from rtsp.url import RtspUrl, without_credentials
from Server import BUSY, CANNOT_LISTEN, USAGE, Server, encryption, fail, serveAlone, tune
from ServerOptions import whyNot
from Upstream import Upstreams


class Proxy(Server):
    """A server that has nothing of its own: what its viewers ask for is an origin's."""

    Worker = ProxyWorker

    def __init__(self, port, host=None, origin=None, timeout=limits.SESSION_TIMEOUT, gate=None, wanted="auto",
                 allowed=(), trust=SYSTEM, tls=None, instruments=None, **patience):
        """`origin`: its URL, with name and password if it asks for them; None: viewers name it. `wanted`: how media
        comes from there. `allowed`: hosts that viewers may name; none: any. `trust`: in origins with rtsps://. The
        others are a server's, and about viewers."""
        super().__init__(port, host, timeout=timeout, gate=gate, tls=tls, instruments=instruments)
        self.via = f"rtsplab-{secrets.token_hex(6)}"        # how we know our own requests again
        self.login, self.wanted, self.allowed = origin, wanted, frozenset(allowed)
        self.origin = None if origin is None else without_credentials(origin)
        self.upstreams = Upstreams(self.via, trust=trust, **patience)
        self.library: Any = Origins(self.reader, wanted)
        self.origins = self.library
        self.reader.tick = self.origins.tick

    def tick(self):
        super().tick()
        self.origins.expire([session.presentation for session in self.sessions.all()])

    def find(self, path):
        return self.origins.find(path)

    def place(self, url):
        """What must be the same for one connection to do."""
        parts = RtspUrl.parse(self.origin or url)
        return parts.scheme, parts.host, parts.port

    def connect(self, url):
        """A connection to the origin of this URL. RtspError 502, 504; 403 if viewers may not name it."""
        scheme, host, port = self.place(url)
        if self.allowed and self.origin is None and host not in self.allowed:
            raise RtspError(f"this proxy does not lead to {host}", 403)
        if self.origin is None:
            return self.upstreams.open(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/")
        self.origins.check()
        try:
            upstream = self.upstreams.open(self.login)
        except RtspError as error:
            self.origins.failed(error)
            self.complaints.say(str(error))
            raise
        self.origins.worked()
        return upstream

    def close(self):
        self.stop()
        self.sessions.end(BUSY)
        self.origins.close()            # while there is a thread that can close their sockets
        super().close()
        self.upstreams.close()


def main(arguments=None):
    options = parseArguments(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    tune()
    try:
        tls, shown = encryption(options)
        proxy = Proxy(options.port, options.host, options.origin, options.timeout, options.gate, options.transport,
                      options.allow, Trust(options.insecure, options.fingerprint), tls, Instruments(options.net))
    except CertificateError as error:
        return fail(USAGE, str(error))
    except OSError as error:
        return fail(CANNOT_LISTEN, whyNot(options, error, "Proxy.py"))
    return serveAlone(options, proxy, lambda: write(sys.stdout, banner(proxy, options, shown)))


if __name__ == "__main__":
    sys.exit(main())
