"""What a classic classroom server does: a thread for each viewer, a wait of one period after each frame, a header made
and a call of the system for each packet. Started by bench/compare.py:

    python -m bench.naive_sender MOVIE FPS udp|tcp

It is spared reading and cutting: the payloads are ready in memory.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from struct import pack, unpack_from

from bench.front import Film, Front, Way, film


class Naive:
    """One viewer's thread."""

    def __init__(self, film: Film, way: Way) -> None:
        self._film, self._way = film, way
        self._stop = threading.Event()

    def play(self, frame: int) -> None:
        threading.Thread(target=self._run, args=(frame,), daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self, first: int) -> None:
        try:
            for frame in self._film.frames[first:]:
                for packet in frame:
                    self._send(packet)
                if self._stop.wait(1 / self._film.fps):  # relative: whatever the sending took, is late for ever
                    break
        except OSError as error:
            if not self._stop.is_set():
                print(f"a viewer is gone: {error}", file=sys.stderr)

    def _send(self, packet: bytes) -> None:
        first, second, sequence, timestamp = unpack_from("!BBHI", packet)
        made = pack("!BBHII", first, second, sequence, timestamp, id(self) & 0xFFFFFFFF) + packet[12:]
        if self._way.tcp:
            with self._way.lock:
                self._way.sock.sendall(pack("!BBH", 0x24, 0, len(made)) + made)
        else:
            self._way.sock.send(made)


def main(movie: str, fps: str, transport: str) -> None:
    """Either transport is served; the argument is there because the other sender needs it."""
    shown = film(Path(movie), float(fps))
    Front(shown, lambda way: Naive(shown, way)).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
