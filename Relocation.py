"""A session that has to begin anew while it plays, and goes on where it was: over another way, at another server, or
with another description of what is played."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from net.way import BLOCKED
from rtsp.failures import AnotherDialect, ClientError, ConnectError, Redirected
from rtsp.inbox import Inbox
from rtsp.moves import Chain, Move
from rtsp.playable import choose_video, duration
from rtsp.redirects import Redirects
from rtsp.sdp import SessionDescription
from rtsp.situations import tell
from rtsp.states import State
from rtsp.url import resolve, without_credentials

log = logging.getLogger(__name__)

GOODBYE = 1.0       # seconds that a server has to answer TEARDOWN
CHAIN = 10.0        # seconds, from a first redirection on, for all that it leads to
NEXT = 0.001        # seconds behind a frame that was shown: where the next one is asked for


class Relocation:
    """Of one player. What is to be done is found by due() and done by that player's own thread of requests."""

    def __init__(self, player: Any, wall: Callable[[], float] = time.time) -> None:
        """`player`: a Player; `wall`: seconds since 1970."""
        self.player, self.wall = player, wall
        self._chain = Chain()
        self.deadline = inf                     # of a chain of redirections, while one is being followed
        self._following = False                 # it may be

    @property
    def inbox(self) -> Inbox:
        """Each connection has its own: what the last server wanted is of no more interest."""
        inbox: Inbox = self.player.client.inbox
        return inbox

    def due(self) -> Callable[[], None] | None:
        """What has to be done now; None: nothing."""
        player, move = self.player, self.inbox.move
        if player.blocked:
            return self.switchToTcp
        if player.state is State.INIT or player.receiver.holding:
            return None
        if self.inbox.news:
            return self.readNews
        return self.follow if move and move.due(player.position, player.scale, self.wall()) else None

    # ---- the beginning

    def setUp(self) -> None:
        """See Player.setup()."""
        with self._inTime():
            self._setUp()

    def _setUp(self) -> None:
        player = self.player
        if player.way.ports is None:
            player.connect()
            player.openRtpPort()
        elif player.client.lost and not player.client.lab:      # while somebody was looking for the password
            player.beginAnew(player.client.url, "rfc")
            player.way.reopen(player.client.connection)
        redirects = Redirects(player.client.url)
        while True:
            try:
                player.setUpHere()
                return
            except AnotherDialect as found:     # on this connection, the server was asked in one that confused it
                log.info("! %s: once more, in the dialect %r", found, found.dialect)
                player.beginAnew(player.client.url, found.dialect)
            except Redirected as redirected:
                url = redirects.follow(redirected, player.client.url)
                self._startChain()
                player.beginAnew(url, "rfc")
                log.warning("! The server sent us to %s", player.client.url)
                player.way.reopen(player.client.connection)

    # ---- another way

    def switchToTcp(self) -> None:
        """A new session, whose media come inside the connection; it plays from where this one should have."""
        player = self.player
        start = player.latestStart
        self._leave()
        player.way.switch(BLOCKED)
        player.beginAnew(player.client.url, "rfc")
        player.setup()
        player.play(start)

    # ---- another server

    def follow(self) -> None:
        """Where the REDIRECT leads (RFC 2326 §10.10). The session here ends only when something answers there; and if
        nothing does, or if it is a circle, it plays on."""
        move, self.inbox.move = self.inbox.move, None
        if move is None:
            return
        with self._inTime():
            self._startChain()
            self._follow(move)

    def _follow(self, move: Move) -> None:
        player = self.player
        try:
            client = player.makeClient(self._chain.follow(_asked(move), player.client.url, player.clock()))
            client.connect()
        except ClientError as error:
            log.warning("! The server sends us away, and we stay: %s", error)
            player.way.notice = f"{error.title}. Staying here"
            return
        resume = self._place()
        self._leave()
        player.replaceClient(client)
        player.way.reopen(client.connection)
        self._goOn(*resume)

    def playElsewhere(self, redirected: Redirected, start: float | None, scale: float | None) -> None:
        """What a PLAY was answered (RFC 2326 §11.3)."""
        with self._inTime():
            self._playElsewhere(redirected, start, scale)

    def _playElsewhere(self, redirected: Redirected, start: float | None, scale: float | None) -> None:
        player = self.player
        url = self._chain.follow(redirected, player.client.url, player.clock())
        self._startChain()
        self._leave()
        player.beginAnew(url, "rfc")
        player.way.reopen(player.client.connection)
        player.setup()
        self._tell()
        player.play(start, scale)

    # ---- another description

    def readNews(self) -> None:
        """What an ANNOUNCE says (RFC 2326 §10.3). Where our stream is still in it, it goes on; else another one is set
        up."""
        player, news = self.player, self.inbox.news
        self.inbox.news = None
        if news is None:
            return
        if self._goesOn(*news):
            log.info("= the description is another one, the stream is the same")
            if player.ended and player.duration is None and player.state is State.READY:
                player.play()                   # it had ended, and has begun again
            return
        resume = self._place()
        self._leave()
        player.beginAnew(player.client.url, "rfc")
        player.way.reopen(player.client.connection)
        self._goOn(*resume)

    def _goesOn(self, description: SessionDescription, base: str) -> bool:
        try:
            chosen = choose_video(description)
        except ClientError:
            return False                        # setup() will say what is there instead
        url = resolve(base, chosen.media.control)
        same: bool = (url, chosen.payload_type, chosen.clock_rate) == self.player.described
        if same:
            self.player.duration = duration(description, chosen.media)
        return same

    # ---- what all of them need

    @contextmanager
    def _inTime(self) -> Iterator[None]:
        """What is done here may lead from place to place, and one such thing to the next: they share CHAIN seconds.
        ConnectError, in words, when these are over."""
        outermost, self._following = not self._following, True
        try:
            yield
        except ConnectError as error:
            if self.player.clock() < self.deadline:
                raise
            raise ConnectError(*tell("sent on", timeout=CHAIN, place=self.player.client.url)) from error
        finally:
            if outermost:
                self.deadline = self.player.client.exchange.deadline = inf
                self._following = False

    def _startChain(self) -> None:
        """From here on, its time runs, unless it does already."""
        self.deadline = min(self.deadline, self.player.clock() + CHAIN)

    def _place(self) -> tuple[bool, float | None, float]:
        """Does it play, from where shall it go on (None: it is live), how fast?"""
        player = self.player
        place: float | None = player.position
        if player.duration is None:
            place = None
        elif player.position != (player.latestStart or 0.0):
            place = max(0.0, player.position + (NEXT if player.scale > 0 else -NEXT))
        return player.state is State.PLAYING, place, player.wantedScale

    def _leave(self) -> None:
        player = self.player
        player.stream.hold()                    # no more complaints about this one
        player.stream.sayBye()
        with suppress(ClientError):
            player.client.teardown(GOODBYE)

    def _goOn(self, playing: bool, place: float | None, scale: float) -> None:
        player = self.player
        player.setup()
        self._tell()
        if playing:
            player.play(place, scale)
        elif place is not None:
            player.seek(place)

    def _tell(self) -> None:
        client = self.player.client
        log.warning("! The server sent us to %s", client.url)
        self.player.way.notice = f"Moved to {client.host}:{client.port}"


def _asked(move: Move) -> Redirected:
    found = Redirected(302, f"The server sends us to {without_credentials(move.location)}")
    found.location = move.location
    return found
