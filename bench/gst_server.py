"""gst-rtsp-server with a movie of the benchmark. Started by bench/compare.py with the system's own Python, because the
bindings (Debian: python3-gi gir1.2-gst-rtsp-server-1.0) come with that one:

    /usr/bin/python3 bench/gst_server.py own FILE.mov          a pipeline for each viewer, who may seek
    /usr/bin/python3 bench/gst_server.py shared FILE.mov       one pipeline for all: who comes sees what is on

The frames are JPEGs already: they are packed into RTP, nothing is decoded or encoded. QuickTime is the container that
costs gst least (Matroska: some 15 % more). Python waits in the main loop; all the work is done by the library's
threads, with the library's defaults, a longer queue of connections excepted.
"""

from __future__ import annotations

import sys
from importlib import import_module

# mtu: packets as large as ours
PIPELINE = "( filesrc location={} ! qtdemux ! rtpjpegpay name=pay0 pt=26 mtu=1412 )"
BACKLOG = 1024  # connections; by default 5


def main(mode: str, location: str) -> None:
    gi = import_module("gi")
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    glib, gst, rtsp = (import_module(f"gi.repository.{name}") for name in ("GLib", "Gst", "GstRtspServer"))
    gst.init(None)
    factory = rtsp.RTSPMediaFactory()
    factory.set_launch(PIPELINE.format(location))
    factory.set_shared(mode == "shared")
    server = rtsp.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.set_backlog(BACKLOG)
    server.get_mount_points().add_factory("/movie", factory)
    server.attach(None)
    print(f"Serving on port {server.get_bound_port()}", flush=True)
    glib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
