"""The limit: a loop that sends prepared bytes when they are due, and does nothing else. Started by bench/compare.py:

    python -m bench.bare_sender MOVIE FPS udp|tcp

Every viewer has a position of its own, but gets the very same bytes: nothing is written for one viewer. There are no
statistics, no reports, no limits, no care for a viewer who reads slowly. What a server needs beyond this time is the
price of being one.
"""

from __future__ import annotations

import errno
import gc
import itertools
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from struct import pack

from bench.front import PACKET_SIZE, Film, Front, Way, film

SLOTS = 8  # in a period: one wake-up serves all viewers whose frames are due in the same one
SOL_UDP, UDP_SEGMENT = 17, 103  # Linux, udp(7): the system cuts one buffer into packets of this size
AT_ONCE = 46  # packets of PACKET_SIZE in a buffer: 65,507 bytes is the most that one call takes


def pieces(frame: list[bytes], tcp: bool) -> list[bytes]:
    """What is handed to the system for one frame, a call each."""
    if tcp:
        return [b"".join(pack("!BBH", 0x24, 0, len(packet)) + packet for packet in frame)]
    return [b"".join(frame[at : at + AT_ONCE]) for at in range(0, len(frame), AT_ONCE)]


class Wheel:
    """The slots of one period, one after the other, for ever."""

    def __init__(self, film: Film, tcp: bool) -> None:
        self.frames = [pieces(frame, tcp) for frame in film.frames]
        self._slot = 1 / film.fps / SLOTS
        self.viewers: list[list[Bare]] = [[] for _ in range(SLOTS)]

    def place(self) -> list[Bare]:
        """The slot that is due less than one period from now, and its viewers."""
        return self.viewers[int(time.monotonic() / self._slot) % SLOTS]

    def run(self) -> None:
        begin = int(time.monotonic() / self._slot) + 1
        for number in itertools.count(begin):
            pause = number * self._slot - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            for viewer in tuple(self.viewers[number % SLOTS]):
                viewer.send()


class Bare:
    """One viewer."""

    def __init__(self, wheel: Wheel, way: Way) -> None:
        self._wheel, self._way = wheel, way
        self._send: Callable[[bytes], object] = way.sock.sendall if way.tcp else way.sock.send
        self._next, self._over = 0, False
        self._place: list[Bare] = []
        if not way.tcp:
            self._segment()

    def _segment(self) -> None:
        try:
            self._way.sock.setsockopt(SOL_UDP, UDP_SEGMENT, PACKET_SIZE)
        except OSError:  # another system, or an old one
            self._send = self._one_by_one

    def _unsegment(self) -> None:
        self._way.sock.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
        self._send = self._one_by_one

    def _one_by_one(self, piece: bytes) -> None:
        for at in range(0, len(piece), PACKET_SIZE):
            self._way.sock.send(piece[at : at + PACKET_SIZE])

    def play(self, frame: int) -> None:
        """The first frame at once, the others in a slot that is never later than a period after the one before."""
        self._next = frame
        place = self._wheel.place()
        self.send()
        self._place = place
        place.append(self)

    def stop(self) -> None:
        self._over = True
        if self in self._place:
            self._place.remove(self)

    def send(self) -> None:
        try:
            with self._way.lock:
                for piece in self._wheel.frames[self._next]:
                    self._send(piece)
        except OSError as error:
            if error.errno in (errno.EIO, errno.EINVAL) and self._send != self._one_by_one:
                self._unsegment()  # a network card that cannot do it, and says so late; this frame is lost
            elif not self._over:
                print(f"a viewer is gone: {error}", file=sys.stderr)
                self.stop()
        self._next = (self._next + 1) % len(self._wheel.frames)


def main(movie: str, fps: str, transport: str) -> None:
    shown = film(Path(movie), float(fps))
    wheel = Wheel(shown, transport == "tcp")
    gc.freeze()
    threading.Thread(target=wheel.run, daemon=True).start()
    Front(shown, lambda way: Bare(wheel, way)).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
