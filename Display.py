"""What the window shows of a session: buttons, words over the picture, times and figures."""

from __future__ import annotations

import time

from Player import State
from Stills import seekable
from ui import words
from ui.picture import Words
from ui.playbar import Playing

STATUS_EVERY = 0.2      # seconds; figures that change faster cannot be read
SILENT = 1.0            # seconds without a new picture that are worth a word; more for slow movies
NEAR_END = 0.5          # seconds of the movie; there the silence is the end


class Display:
    def __init__(self, client) -> None:
        self.client = client
        self.due = 0.0                          # when the next look is worth it
        self.pictureAt = 0.0                    # when the last picture was shown, or asked for
        self._notice = ""                       # what has been said aloud

    def refresh(self) -> None:
        """Everything as the state wants it."""
        client = self.client
        self.due = time.monotonic() + STATUS_EVERY
        player, window = client.player, client.window
        idle = player.state is State.INIT and client.commands.doing is None and not client.again.active
        window.show_list(client.listing or client.browsing and idle)
        client.controls.enable(client.useful())
        client.picture.say(self.words())
        client.status.tell(player.state.value, [] if client.again.active else self.figures(), self.notice())
        if not window.classic or window.full.on:
            window.bar.tell(self.playing())
        if (said := player.way.notice) != self._notice:
            self._notice = said
            window.toast.say(said)

    def figures(self) -> list[str]:
        player, playing = self.client.player, self.client.player.state is State.PLAYING
        found = words.figures(player.receiver.shown, player.receiver.lost_percent, playing)
        return [*self.times(), *found] if found and self.client.window.classic else found

    def times(self) -> list[str]:
        """The place in the movie, and how fast it goes."""
        player, scale = self.client.player, self.client.actions.wantedScale
        if player.state is State.PLAYING and self.client.actions.scale is None:
            scale = player.scale                # as the server does it
        return [words.place(self.client.actions.position, player.duration), *words.speed(scale)]

    def playing(self) -> Playing:
        """What the player view shows."""
        client, player, actions = self.client, self.client.player, self.client.actions
        if not actions.idle:
            possible = client.again.waiting or not (client.commands.doing or client.again.active)
            return Playing("Retry" if client.again.waiting else "Play", possible)
        live = player.duration is None and not player.client.lab
        playing = player.state is State.PLAYING
        place, *speed = self.times()
        behind = player.receiver.latest - player.position
        return Playing(
            "Pause" if playing else "Play", True, actions.position, player.duration if seekable(player) else None,
            player.receiver.latest, words.behind(behind, playing) if live else place, live, "".join(speed),
        )

    def words(self) -> Words | None:
        """What is to be read in the picture; None when it speaks for itself."""
        client, player, server = self.client, self.client.player, self.client.player.client
        classic = client.window.classic
        if client.again.active:
            attempt, seconds = client.again.progress
            return words.over_lost(attempt, seconds, client.error.title if client.error else "", classic)
        if client.error:
            return Words(client.error.title, client.error.advice, error=True)
        if player.state is State.PLAYING and not player.ended and (found := self.buffering()):
            return found
        return words.over_picture(player.state.value, client.commands.doing, server.name,
                                  f"{server.host}:{server.port}", server.lost, player.ended,
                                  player.receiver.shown.frames > 0, classic)

    def buffering(self) -> Words | None:
        """A picture that stands still has a reason, or the first one has not come."""
        player, shown = self.client.player, self.client.player.receiver.shown
        wait = player.untilDue()
        percent = 0 if wait is None else round(100 * min(1.0, max(0.0, 1 - wait / max(0.001, player.stream.delay))))
        if not shown.frames:
            return words.buffering(percent) if wait is not None else None
        silent = time.monotonic() - self.pictureAt
        enough = max(SILENT, 4 / shown.recent_fps) if shown.recent_fps else 3 * SILENT
        over = player.duration is not None and player.position > player.duration - NEAR_END
        if player.still or over or silent < enough or self.client.commands.doing:
            return None
        return words.buffering(percent, silent if wait is None else 0.0)

    def notice(self) -> str:
        """What is no error, and still good to know."""
        client = self.client
        if client.error and client.movies.winfo_manager():      # there are no words over the list
            return client.error.title
        if client.again.active:
            return f"Connection lost. {words.trying_again(*client.again.progress)}"
        lost = "Connection lost" if client.player.client.lost else ""
        return lost or client.remark or client.extras.recording or client.player.way.notice
