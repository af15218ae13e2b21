"""What the tests of the proxy share: a proxy in this process, a live source of numbered frames, players that tell what
they have seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from media.source import Format, LiveSource, Presentation
from Player import Player
from Proxy import Proxy
from rtp.jpeg import payloads
from rtsp.states import State
from tests import movies
from tests.serving import number

RATE = 25.0


class LocalProxy(Proxy):
    def url(self, name: str = "movie.Mjpeg") -> str:
        return f"{'rtsps' if self.tls else 'rtsp'}://127.0.0.1:{self.port}/{name}"


@contextmanager
def proxying(origin: str | None = None, **options: Any) -> Iterator[LocalProxy]:
    """A proxy on a free port of the loopback, on threads of this process."""
    proxy = LocalProxy(0, "127.0.0.1", origin, **options)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()


@cache
def packets(k: int) -> list[tuple[bytes, bool]]:
    return list(payloads(movies.jpeg(k)))


class Live:
    """A presentation whose frames are numbered as they come, RATE a second, from 0 on; they repeat after 50."""

    def __init__(self) -> None:
        self.source = LiveSource(Format("video", 26, "JPEG", 90_000, RATE), 1 / RATE)
        self.presentation = Presentation("live", (self.source,))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def __enter__(self) -> Live:
        for k in range(50):
            packets(k)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.source.close()

    def _run(self) -> None:
        begun, k = time.monotonic(), 0
        while not self._stop.wait(max(0.0, begun + k / RATE - time.monotonic())):
            self.source.append(packets(k % 50), k / RATE)
            k += 1


def watch(url: str, frames: int | None = None, **options: Any) -> tuple[list[int], dict[str, Any]]:
    """The numbers of the frames that our player shows, to the end or so many; and its statistics."""
    player = Player(url, **options)
    shown: list[int] = []
    try:
        player.setup()
        player.play()
        while player.state is State.PLAYING and (frames is None or len(shown) < frames):
            shown += [number(frame.jpeg) for frame in player.dueFrames()]
            player.wait(0.05)
        return shown, player.statistics()
    finally:
        player.leave()


def in_order(shown: list[int]) -> bool:
    """Each frame once, one after the other."""
    return all((one + 1) % 50 == other for one, other in zip(shown, shown[1:], strict=False))
