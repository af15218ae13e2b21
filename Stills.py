"""Single pictures of a movie: the next one while pausing, and the one of the place where the seek bar is dragged to.

RTSP has no request for a single picture: PLAY, and PAUSE as soon as the first one is there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict

from Player import ClientError, Frame, Player, State

log = logging.getLogger(__name__)

PATIENCE = 1.5          # seconds in which the picture comes, or does not
PAUSE = 0.06            # seconds at least between two pictures that a server is asked for
KEPT = 100              # pictures
GRID = 0.2              # seconds of the movie; what lies nearer has the same picture
GOODBYE = 1.0           # seconds that a server has to answer TEARDOWN


def seekable(player: Player) -> bool:
    """Can it jump? Not where it is live, nor on a server of the classic lab."""
    return player.duration is not None and not player.client.lab


def frameAt(player: Player, place: float | None = None) -> Frame | None:
    """The frame at `place` (seconds), where the player then pauses; None: the next frame. None if there is none."""
    if place is None:
        if frame := player.stream.step():       # it has come before the pause
            player.position = frame.time
            return frame
        player.ended = player.ended or player.receiver.ended
        if player.ended:
            return None
    before, player.still = player.position, True
    try:
        player.play(place)
        frame = _first(player)
        player.pause()
    finally:
        player.still = False
    if frame and (place is not None or (frame.time - before) * player.scale >= 0):
        player.position = frame.time
        return frame
    # Some servers begin again after the last frame
    player.ended = player.receiver.ended or frame is not None
    return None


def _first(player: Player) -> Frame | None:
    deadline = time.monotonic() + PATIENCE
    while (frame := player.stream.step()) is None and time.monotonic() < deadline:
        if player.receiver.ended or player.client.lost:
            return player.stream.step()
        player.stream.news.wait(0.02)
        player.stream.news.clear()
    return frame


class Preview:
    """Pictures of places in a movie, from a session of its own that lasts as long as somebody asks.

    The thread "preview" asks for one picture at a time, the one that was wanted last: however fast somebody moves the
    mouse, the server is asked a dozen times a second at most.
    """

    def __init__(self) -> None:
        self._news = threading.Condition()      # guards all of the following
        self._wanted: float | None = None       # the place; None: nothing new
        self._found: OrderedDict[float, bytes] = OrderedDict()
        self._came = False
        self._player: Player | None = None
        self._thread: threading.Thread | None = None

    def want(self, source: Player, place: float) -> None:
        """Begin with the place (seconds) in the movie that `source` plays."""
        with self._news:
            if _near(place) in self._found:
                return
            self._wanted = place
            self._news.notify()
            if self._thread is None:
                self._player = _another(source)
                self._thread = threading.Thread(target=self._run, args=(self._player,), name="preview", daemon=True)
                self._thread.start()

    def news(self) -> bool:
        """Has a picture come since this was asked last?"""
        with self._news:
            came, self._came = self._came, False
            return came

    def found(self, place: float) -> bytes | None:
        """The JPEG of this place, if it has come."""
        with self._news:
            return self._found.get(_near(place))

    def stop(self, wait: bool = False) -> None:
        """The end of the session; the pictures are kept for the next time. `wait`: for the end of the thread, too."""
        with self._news:
            player, thread, self._player, self._thread, self._wanted = self._player, self._thread, None, None, None
            self._news.notify()
        if player:
            if player.state is State.INIT:
                player.close()                          # a request under way fails
            if wait and thread:
                thread.join(GOODBYE)

    def forget(self) -> None:
        """It is another movie now."""
        self.stop()
        with self._news:
            self._found.clear()

    def _run(self, player: Player) -> None:
        try:
            player.setup()
            while (place := self._next(player)) is not None:
                frame = frameAt(player, place)
                with self._news:
                    if frame and player is self._player:
                        self._keep(place, frame.jpeg)
                    self._news.wait_for(lambda: player is not self._player, PAUSE)
        except ClientError as error:
            log.info("! no preview: %s", error)         # the time alone is good enough
        finally:
            player.leave(GOODBYE)

    def _next(self, player: Player) -> float | None:
        """Where to look next; None: nowhere any more."""
        with self._news:
            self._news.wait_for(lambda: player is not self._player or self._wanted is not None)
            place, self._wanted = self._wanted, None
            return place if player is self._player else None

    def _keep(self, place: float, jpeg: bytes) -> None:
        self._found[_near(place)], self._came = jpeg, True
        if len(self._found) > KEPT:
            self._found.popitem(last=False)


def _another(player: Player) -> Player:
    """One of the same movie, with a session of its own."""
    transport = player.way.transport
    return Player(player.client.url, "rfc", 0, 0.0, player.clock, transport, player.keyring, player.trust,
                  proxy=player.proxy)


def _near(place: float) -> float:
    return round(place / GRID) * GRID
