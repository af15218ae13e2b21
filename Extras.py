"""What the window can do besides playing: open another address, take a picture, record, put an error right, change its
colours. Client has one of these, and tells it in refresh() that time goes by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from media import moviewriter
from media.tape import Tape
from Player import Player
from rtsp import typed
from rtsp.failures import AuthenticationError, UsageError
from rtsp.situations import CHOOSE, LOG_IN
from rtsp.url import root_url
from ui import login, openurl, theme
from ui.openurl import Wanted
from ui.remedy import Remedy
from ui.settings import Address, Settings


class Extras:
    """`client` is the Client; `toast` shows a sentence for a while. What keys and menus do is in `actions`, by name."""

    def __init__(self, client: Any, toast: Callable[[str], None], settings: Settings | None = None) -> None:
        self.client, self.toast = client, toast
        self.settings = settings or Settings(None)
        self.tape = client.player.stream.tape or Tape()
        self.transport: str | None = None       # of what was opened here; None: that of the command line
        self._makePlayer, client.makePlayer = client.makePlayer, self.makePlayer
        client.player.stream.tape = self.tape
        self.remedy = Remedy(client.picture, self.putRight)
        self.actions: dict[str, Callable[[], None]] = {
            "open": self.openUrl, "paste": self.pasteUrl, "snapshot": self.takeSnapshot, "record": self.record,
            "theme": self.switchTheme,
        }

    def makePlayer(self) -> Player:
        """As the command line says, but for what was said since."""
        player = self._makePlayer()
        player.stream.tape = self.tape
        if self.transport:
            player.way.prefer(self.transport)
        return player

    def switchTheme(self) -> None:
        theme.switch(self.client.master, "light" if theme.name() == "dark" else "dark")

    # ---- another address

    def openUrl(self, url: str = "") -> None:
        openurl.ask(self.client.master, self.settings.history, self.openWanted, url)

    def pasteUrl(self) -> None:
        """At once, if what is on the clipboard can be played; else in the window where it can be put right."""
        url = openurl.pasted(self.client.master)
        if not url or self.openWanted(Wanted(url)):
            self.openUrl(url)

    def openWanted(self, wanted: Wanted) -> str:
        """Why it cannot be; "" if it is under way."""
        try:
            parts, url = typed.read(wanted.url)
        except UsageError as error:
            return f"{str(error)[:1].upper()}{str(error)[1:]}"
        known = self.client.player.keyring.of(parts)        # with what the address itself says
        if wanted.name and wanted.password:
            known.give(wanted.name, wanted.password)
        elif wanted.name:
            known.name = wanted.name
        self.transport = wanted.transport
        self.settings.opened(Address(url, wanted.transport, wanted.name or parts.user or ""))
        self.goTo(url)
        return ""

    def goTo(self, url: str) -> None:
        """End what is playing, and play this."""
        client = self.client
        client.start = client.scale = None
        client.browsing = False
        client.movies.show("", ())              # of another server, perhaps
        client.openMovie(url)

    # ---- pictures and recordings, into the current folder

    def takeSnapshot(self) -> None:
        """The picture that is shown, as it came."""
        client = self.client
        if not client.picture.jpeg:
            return self.toast("There is no picture yet")
        try:
            path = moviewriter.save(client.picture.jpeg, Path.cwd(), client.player.client.name)
        except OSError as error:
            return self.toast(f"No picture was saved: {error.strerror or error}")
        self.toast(f"Saved {path.name} in {path.parent}")

    def record(self) -> None:
        """Begin, or end."""
        if self.tape.on:
            self.tape.finish()                  # refresh() says when it is written
            return
        name = self.client.player.client.name
        try:
            path = self.tape.start(lambda: moviewriter.record(Path.cwd(), name))
        except OSError as error:
            return self.toast(f"Nothing is recorded: {error.strerror or error}")
        self.toast(f"Recording to {path.name} in {path.parent}")

    @property
    def recording(self) -> str:
        """What there is to say while something is recorded."""
        return f"● Recording, {self.tape.frames} frames" if self.tape.on and not self.tape.over else ""

    def _sayWhatWasRecorded(self) -> None:
        tape, path = self.tape, self.tape.path or Path()
        try:
            tape.stop()
        except OSError as error:
            return self.toast(f"The recording has ended after {tape.frames} frames: {error.strerror or error}")
        missing = f"; {tape.left_out} are missing, the disk was too slow" if tape.left_out else ""
        what = f"Recorded {tape.frames} frames: {path.name} in {path.parent}{missing}"
        self.toast(what if tape.frames else "Nothing was recorded")

    # ---- what an error needs

    def askForLogin(self, error: AuthenticationError) -> None:
        """SETUP goes on when somebody has typed them, and PLAY, if it was to follow."""
        client = self.client.player.client
        login.ask(self.client.master, error.title, f"{client.host}:{client.port}", client.login.name or "", self.logIn)

    def logIn(self, name: str, password: str) -> None:
        client = self.client
        client.player.client.login.give(name, password)
        client.setupMovie()
        if client.queued:
            client.start, client.scale = client.queued
            client.playMovie()

    def putRight(self, action: str) -> None:
        """What the button under an error does."""
        client = self.client
        if action == LOG_IN and isinstance(client.error, AuthenticationError):
            self.askForLogin(client.error)
        elif action == CHOOSE:
            self.goTo(root_url(client.player.client.url))
        else:
            client.chooseMovie()

    def refresh(self) -> None:
        """The button under an error, and what has become of a recording."""
        client = self.client
        over = self.client.movies.winfo_manager() or client.again.active or client.commands.doing
        self.remedy.offer(client.error.action if client.error and not over else "")
        if self.tape.over:
            self._sayWhatWasRecorded()

    def close(self) -> None:
        """The window is about to go. The recording is ended, and whoever has made the tape waits for it."""
        self.tape.finish()
