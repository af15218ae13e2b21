"""What keys, menu and seek bar do: each has a name, and is a row of the table in ui/keys.py.

A request takes its time. What is wanted meanwhile is noted, and asked for once when the reply is there: ten jumps in a
row become two.
"""

from __future__ import annotations

import queue
from collections.abc import Callable

from Folder import moviesBeside, neighbour, parent
from Player import ClientError, Frame, Player, State
from rtsp.places import within
from Stills import Preview, frameAt, seekable
from ui import ladder, speed

EXTRAS = ("open", "paste", "snapshot", "record", "theme")
LIST = "LIST"           # what the thread "commands" does where the server's movies are asked for


class Actions:
    """`place`, `scale`: where to jump, how fast to play, as soon as the server has answered; None: as it is."""

    def __init__(self, client) -> None:
        self.client = client
        self.place: float | None = None
        self.scale: float | None = None
        self.toggling = False                   # somebody has pressed play or pause meanwhile
        self.looping = False
        self.frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()      # single ones; None: there was none
        self.preview = Preview()
        self.urls: tuple[str, ...] = ()         # of the movies in `folder`
        self.folder = ""
        self._asked: float | None = None        # the place of the request under way
        self._askedScale: float | None = None   # … or the speed
        self._then: Callable[[], object] = lambda: None     # what the list was fetched for

    def table(self) -> dict[str, Callable[[], object]]:
        """By the names of ui/keys.py; the window has some more."""
        return {
            "playOrPause": self.playOrPause, "nextFrame": self.nextFrame, "loop": self.loop,
            "stop": self.client.teardownMovie, "quit": self.client.exitClient,
            "nextMovie": lambda: self.withList(lambda: self.goOn(1)),
            "previousMovie": lambda: self.withList(lambda: self.goOn(-1)),
            "listMovies": self.listMovies,
            "back5": lambda: self.jump(-5), "on5": lambda: self.jump(5),
            "back1": lambda: self.jump(-1), "on1": lambda: self.jump(1),
            "back60": lambda: self.jump(-60), "on60": lambda: self.jump(60),
            "toStart": lambda: self.jump(-1e9),
            "slower": lambda: self.changeSpeed(self.wantedScale / 2),
            "faster": lambda: self.changeSpeed(self.wantedScale * 2),
            "normal": lambda: self.changeSpeed(1.0),
            "glance": lambda: self.client.overlay.glance(), "stay": lambda: self.client.overlay.stay(),
            "copy": lambda: self.client.overlay.actions["c"](),
            **{f"page{page}": lambda page=page: self.client.overlay.actions[f"Key-{page}"]() for page in range(1, 5)},
            "ladder": lambda: ladder.toggle(self.client.master, lambda: self.player.transcript),
            "network": lambda: self.client.network.toggle(),
            **{name: lambda name=name: self.client.extras.actions[name]() for name in EXTRAS},
        }  # fmt: skip

    def state(self, action: str) -> bool | None:
        """For the menu: None: not now; True: it is on; False: neither."""
        if action in ("back5", "on5", "back1", "on1", "back60", "on60", "toStart"):
            return False if self.idle and seekable(self.player) else None
        if action in ("slower", "faster", "normal", "nextFrame"):
            return False if self.idle and not self.player.client.lab else None
        window = self.client.window
        return {"loop": self.looping, "otherView": window.classic, "fullScreen": window.full.on}.get(action, False)

    @property
    def player(self) -> Player:
        return self.client.player

    @property
    def idle(self) -> bool:
        """There is a session, and no attempt to have it again."""
        return self.player.state is not State.INIT and not self.client.again.active

    @property
    def position(self) -> float:
        """Where the movie is, or will be in a moment; seconds."""
        return self.player.position if self.place is None else self.place

    @property
    def wantedScale(self) -> float:
        return self.player.wantedScale if self.scale is None else self.scale

    # ---- playing

    def playOrPause(self) -> None:
        client = self.client
        if client.again.waiting:
            client.connectAgain()
        elif client.commands.doing in ("PLAY", "PAUSE"):
            self.toggling = not self.toggling
        elif client.commands.doing or client.again.active:
            return
        elif self.player.state is State.PLAYING:
            client.pauseMovie()
        elif self.player.state is State.READY:
            client.playMovie()
        elif not client.window.classic:         # in the classic view, SETUP is a step of its own
            client.chooseMovie()

    def nextFrame(self) -> None:
        """Pause first, if it is playing."""
        player = self.player
        if not self.idle or player.client.lab:
            return
        if player.ended:
            self.client.window.toast.say("The end")
        elif player.state is State.PLAYING:
            self.client.pauseMovie()
        elif self.client.commands.doing is None:
            self.client.sendRtspRequest("PLAY", lambda: self.frames.put(frameAt(player)))

    def loop(self) -> None:
        self.looping = not self.looping
        self.client.window.toast.say("Loop: on" if self.looping else "Loop: off")

    # ---- places and speeds

    def jump(self, seconds: float) -> None:
        """So far from where the movie is, or is about to be."""
        self.jumpTo(self.position + seconds)

    def jumpTo(self, place: float) -> None:
        if not self.idle:
            return
        if not seekable(self.player):
            lab = self.player.client.lab
            self.client.window.toast.say("A server of the classic lab cannot jump" if lab else "It is live: no jumps")
            return
        self.place = within(place, self.player.duration)
        self.goAhead()

    def changeSpeed(self, scale: float) -> None:
        """At once, or with the next PLAY."""
        if self.idle and not self.player.client.lab:
            self.scale = speed.within(scale)
            self.goAhead()

    def goAhead(self) -> None:
        """Ask for what is wanted, if the server has answered everything else; to be called when it has."""
        client, player = self.client, self.player
        if client.commands.doing:
            return
        self.place = None if self.place == self._asked else self.place
        self.scale = None if self.scale == self._askedScale else self.scale
        self._asked = self._askedScale = None
        if not self.idle:
            self.renounce()
        if self.scale is not None:
            self.takeSpeed(self.scale)
        elif self.place is not None:
            self._asked = place = self.place
            if player.state is State.PLAYING:
                client.sendRtspRequest("PLAY", lambda: player.seek(place))
            elif player.ended:
                client.sendRtspRequest("PLAY", lambda: player.play(place))
            else:
                client.sendRtspRequest("PLAY", lambda: self.frames.put(frameAt(player, place)))
        elif self.toggling:
            self.toggling = False
            self.playOrPause()

    def takeSpeed(self, scale: float) -> None:
        player = self.player
        if player.state is State.PLAYING:
            self._askedScale = scale
            self.client.sendRtspRequest("PLAY", lambda: player.play(scale=scale))
        else:
            player.wantedScale, self.scale = scale, None
            self.client.refresh()

    def renounce(self) -> None:
        """There is nothing left to ask."""
        self.place = self.scale = self._asked = self._askedScale = None
        self.toggling = False

    # ---- the seek bar

    def look(self, place: float) -> None:
        """What is there? The server is asked only while somebody drags."""
        window, bar = self.client.window, self.client.window.bar.seek
        if bar.dragged is not None:
            self.preview.want(self.player, place)
        window.thumbnail.show(bar, bar.x_of(place), place, self.preview.found(place), bar.dragged is not None)

    def lookAgain(self) -> None:
        """Has the picture come meanwhile?"""
        place = self.client.window.thumbnail.seconds
        if place is not None and self.preview.news():
            self.look(place)

    def leaveBar(self) -> None:
        self.preview.stop()
        self.client.window.thumbnail.hide()

    def renew(self) -> None:
        """Another session, perhaps of another movie."""
        self.renounce()
        self.preview.forget()
        self.client.window.thumbnail.forget()

    # ---- the server's other movies

    def withList(self, then: Callable[[], object]) -> None:
        """Do this when the list of the server's movies is there."""
        url, player = self.player.client.url, self.player
        if self.player.client.lab:
            self.client.window.toast.say("A server of the classic lab has no list of its movies")
        elif self.urls and self.folder == parent(url):
            then()
        elif self.client.commands.doing is None:
            self._then = then
            self.client.commands.do(LIST, lambda: self.fetch(player, url))

    def fetch(self, player: Player, url: str) -> None:
        self.urls, self.folder = moviesBeside(url, player.keyring, player.trust, player.proxy), parent(url)

    def listed(self, error: ClientError | None) -> None:
        if error:
            self.client.window.toast.say(f"No list of movies: {error}")
        else:
            self._then()

    def goOn(self, step: int) -> None:
        self.client.openMovie(neighbour(self.urls, self.player.client.url, step))
        self.client.window.toast.say(self.player.client.name)

    def listMovies(self) -> None:
        """In place of the picture; the movie goes on."""
        if not self.closeList():
            self.withList(self.showList)

    def showList(self) -> None:
        self.client.fillList(self.urls)
        self.client.listing = True
        self.client.refresh()

    def closeList(self) -> bool:
        """False if it is not open, or there is nothing else to be seen."""
        was_open, self.client.listing = self.client.listing, False
        self.client.refresh()
        return was_open
