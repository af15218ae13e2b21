"""A connection that was lost while playing: when it is tried again, and from where the movie goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from Player import Player
from rtsp.failures import ConnectError, MediaError, MediaLost, ServerRefused
from rtsp.retry import Retry

PASSING = (453, 500, 503)       # refusals that a later attempt may not meet: the server is just starting, say
NO_PLACE = (456, 457)           # … and those of a server that will not begin there


class Reconnection(Retry):
    """The attempts of one window. Each has a Player of its own, which resume() has play from where the lost one was."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.clock = clock
        self.place: float | None = None         # seconds of the movie; None: it is live
        self.scale: float | None = None

    def helps(self, method: str, error: Exception) -> bool:
        """Is this a loss that another attempt may put right? `method`: what failed; "": the media."""
        if self.trying:
            passing = isinstance(error, ServerRefused) and error.status in PASSING
            return passing or isinstance(error, (ConnectError, MediaError))
        return not method and isinstance(error, MediaLost)

    def noteLoss(self, player: Player) -> None:
        """The connection of this player, which was playing, or was to play again."""
        if not self.trying:
            lab = player.client.lab
            self.place = None if lab or player.duration is None else player.position
            self.scale = None if lab else player.wantedScale
        self.lost(self.clock())

    def resume(self, player: Player) -> None:
        """ClientError if that fails, too."""
        player.setup()
        try:
            player.play(self.place, self.scale)
        except ServerRefused as refused:
            if self.place is None or refused.status not in NO_PLACE:
                raise
            player.play(None, self.scale)

    @property
    def progress(self) -> tuple[int, int | None]:
        """The number of the attempt, and the seconds until then; None: it is under way."""
        return self.attempt, self.left(self.clock()) if self.waiting else None

    @property
    def isDue(self) -> bool:
        return self.due(self.clock())
