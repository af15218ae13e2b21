"""Our server, and something live: one frame of a movie, over and over, so that every second costs the same.

    python -m bench.live_origin MOVIE FRAMES_PER_SECOND
"""

from __future__ import annotations

import sys
import time

from media.source import Format, LiveSource, Presentation
from Server import Server, tune
from VideoStream import VideoStream

PAYLOAD = 1400  # bytes at most, as the server itself cuts them
LOOKED_AT = 500  # frames; the one of middle size is sent


def main(movie: str, rate: str) -> None:
    tune()
    fps = float(rate)
    source = VideoStream(movie).presentation().sources[0]
    frames = [source.payloads(k, PAYLOAD) for k in range(LOOKED_AT) if not source.ended(k)]
    frame = sorted(frames, key=lambda frame: sum(len(payload) for payload, _ in frame))[len(frames) // 2]
    live = LiveSource(Format("video", 26, "JPEG", 90_000, fps), 1 / fps)
    server = Server(0, "127.0.0.1", ".")
    server.library.add("live", Presentation("live", (live,)))
    server.start()
    print(f"Serving live on port {server.port}", flush=True)
    begun, k = time.monotonic(), 0
    try:
        while True:
            time.sleep(max(0.0, begun + k / fps - time.monotonic()))
            live.append(frame, k / fps)
            k += 1
    finally:
        server.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
