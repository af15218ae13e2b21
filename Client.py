"""The player's window: a button for each command, the picture, a line of figures.

Two threads. The window's own one draws, and never waits: every few milliseconds tick() looks what has come. The thread
"commands" asks the server and waits for its replies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from Actions import LIST, Actions
from Display import Display
from Extras import Extras
from Figures import about
from Player import ClientError, FolderFound, Frame, Player, State, UsageError
from Reconnection import Reconnection
from rtsp.errors import MethodError
from rtsp.failures import AuthenticationError, ConnectError, MediaError, ServerRefused
from rtsp.states import moving
from rtsp.url import RtspUrl
from ui import network, statistics
from ui.background import Background
from ui.settings import Settings
from ui.window import Window

TICK = 20               # ms at most between two looks at what has come
GOODBYE = 1.0           # seconds that the server has to answer TEARDOWN when the window is closed
AGAIN = "again"         # what the thread "commands" does where a lost connection is made anew


class Client:
    """`makePlayer` makes each session's Player, all with one keyring; `onShown` is called with each frame shown."""

    def __init__(
        self, makePlayer: Callable[[], Player], onShown: Callable[[Frame], None] = lambda frame: None,
        classic: bool = True, settings: Settings | None = None,
    ) -> None:
        """`classic`: the lab's four buttons, else one and a seek bar. tkinter.TclError if there is no screen."""
        self.player, self.makePlayer, self.onShown = makePlayer(), makePlayer, onShown
        self.error: ClientError | None = None   # what went wrong last; shown until the next command
        self.remark = ""                        # what the server would not do, while the movie goes on
        self.chosen: str | None = None          # the URL of a movie of a folder; None: that of the command line
        self.start: float | None = None         # where the first PLAY begins
        self.scale: float | None = None         # … and how fast
        self.queued: tuple[float | None, float | None] | None = None    # both, of a PLAY that waits for SETUP
        self.duration: float | None = None      # the window closes after so many seconds of the movie
        self.commands = Background("commands", harmless=MethodError)
        self.again = Reconnection()             # a connection that was lost while playing
        self.closing: float | None = None       # when the window must be closed at the latest
        self.nextTick, self.following = "", False   # another movie begins when this session has ended
        self.listing = self.browsing = False    # the list is shown: meanwhile; whenever nothing is played
        self.actions, self.display = Actions(self), Display(self)
        self.createWidgets(classic, settings)

    def run(self, start: float | None = None, duration: float | None = None, playNow: bool = False, scale: float = 1.0
            ) -> None:
        """Until the window is closed."""
        self.start, self.duration, self.scale = start, duration, scale
        if playNow:
            self.chooseMovie()
        self.tick()
        try:
            self.master.mainloop()
        finally:
            self.closeWindow()
            self.player.close()
            self.actions.preview.stop(wait=True)
            self.commands.close(timeout=GOODBYE)
        if self.window.failure:
            raise self.window.failure

    def createWidgets(self, classic: bool, settings: Settings | None) -> None:
        buttons = {"SETUP": self.setupMovie, "PLAY": self.playMovie, "PAUSE": self.pauseMovie,
                   "TEARDOWN": self.teardownMovie}
        actions, name = self.actions, self.player.client.name or self.player.client.host
        self.window = Window(f"{name} · RTSP lab", buttons, actions.table(), self.chooseMovie, actions.jumpTo,
                             actions.look, actions.leaveBar, actions.state, classic)
        self.window.closers.append(actions.closeList)
        self.master, self.picture, self.movies = self.window.master, self.window.picture, self.window.movies
        self.controls, self.status = self.window.controls, self.window.status
        self.network = network.NetworkPanel(self.master, self.picture, self.player.instruments)
        self.overlay = statistics.Overlay(self.picture, *about(lambda: self.player, self.picture))
        self.window.closers.insert(0, self.overlay.close_if_open)
        self.extras = Extras(self, self.window.toast.say, settings)
        self.refresh()

    # ---- the buttons

    def setupMovie(self) -> None:
        """A new session: connection, port for the media, DESCRIBE, SETUP."""
        if self.again.waiting:
            return self.connectAgain()
        if self.movies.winfo_manager():
            self.chosen = self.movies.selected or self.chosen
        self.renewPlayer()
        self.sendRtspRequest("SETUP", self.connectToServer, self.openRtpPort, self.player.setup)

    def renewPlayer(self) -> None:
        """A session has a player of its own."""
        self.player.close()
        self.player = self.makePlayer()
        self.actions.renew()
        if self.chosen:
            self.player.goTo(self.chosen)
            self.master.title(f"{self.player.client.name} · RTSP lab")

    def playMovie(self) -> None:
        if self.again.waiting:
            return self.connectAgain()
        player, start, scale = self.player, self.start, self.scale
        self.start = self.scale = None
        self.queued = (start, scale) if self.player.state is State.INIT else None
        self.sendRtspRequest("PLAY", lambda: player.play(start, scale))

    def pauseMovie(self) -> None:
        self.sendRtspRequest("PAUSE", self.player.pause)

    def teardownMovie(self) -> None:
        """End the session, or the attempts to have one again. The window stays, and Setup begins a new one."""
        if self.again.trying:
            self.player.close()                 # a request under way fails
        self.again.stop()
        self.sendRtspRequest("TEARDOWN", self.player.leave)

    # ---- which movie

    def chooseMovie(self) -> None:
        """Play the one that is chosen in the list, or on the command line."""
        if self.movies.winfo_manager():
            self.chosen = self.movies.selected or self.chosen
        self.listing = False
        if self.player.state is State.INIT and not self.again.active:
            self.setupMovie()
            self.playMovie()
        else:                                   # the session of the other one comes to its end first
            self.following = True
            self.teardownMovie()

    def openMovie(self, url: str) -> None:
        """Another movie, of any server, in place of this one."""
        self.movies.select(url)
        self.chosen, self.listing = url, False
        if self.commands.doing and self.player.state is State.INIT:
            self.player.close()                 # what is just being set up fails
            self.following = True
            return self.teardownMovie()
        self.chooseMovie()

    def fillList(self, urls: Sequence[str]) -> None:
        """With the movies of the server, that of the window selected."""
        client = self.player.client
        names = [(RtspUrl.parse(url).path, url) for url in urls]
        self.movies.show(f"Movies on {client.host}:{client.port}", names)
        self.movies.select(client.url)

    def exitClient(self) -> None:
        """End the session, and close the window whether the server answers or not."""
        if self.closing is None:
            self.closing = time.monotonic() + GOODBYE
            self.master.withdraw()
            self.commands.do("TEARDOWN", self.player.leave)

    def closeWindow(self) -> None:
        """Twice is fine."""
        self.extras.close()
        self.window.close(self.nextTick)

    # ---- a connection that was lost while playing

    def loseConnection(self, error: ClientError) -> None:
        """Try again in a while. `error` is what counts if the window is closed before that helps."""
        self.error = error
        self.again.noteLoss(self.player)
        self.commands.do("TEARDOWN", self.player.leave)

    def connectAgain(self) -> None:
        """A new session, which plays from where the old one was."""
        self.again.begin()
        self.renewPlayer()
        player = self.player
        player.position = self.again.place or 0.0
        self.commands.do(AGAIN, lambda: self.again.resume(player))
        self.refresh()

    # ---- requests, on the thread "commands"

    def connectToServer(self) -> None:
        """The RTSP connection, over TCP."""
        self.player.connect()

    def openRtpPort(self) -> None:
        """The UDP port where the media will arrive, unless they come inside the connection."""
        self.player.openRtpPort()

    def sendRtspRequest(self, method: str, *steps: Callable[[], object]) -> None:
        """Have the thread "commands" do this, unless the state forbids it by the time it gets there."""
        self.error, self.remark = None, ""
        self.display.pictureAt = time.monotonic()
        self.commands.do(method, *steps)
        self.refresh()

    # ---- replies and media, on the window's thread

    def tick(self) -> None:
        self.recvRtspReply()
        self.listenRtp()
        if self.again.isDue and self.commands.doing is None and self.closing is None:
            self.connectAgain()
        self.actions.lookAgain()
        if time.monotonic() >= self.display.due:
            self.refresh()
        if self.closing is not None and (self.commands.doing is None or time.monotonic() > self.closing):
            self.closeWindow()
            return
        due = self.player.untilDue()
        pause = TICK if due is None else max(1, min(TICK, round(1000 * due)))
        self.nextTick = self.master.after(pause, self.tick)

    def recvRtspReply(self) -> None:
        """The replies that came since the last time."""
        for outcome in self.commands.outcomes():
            self.parseRtspReply(outcome.name, outcome.error)
            while not self.actions.frames.empty():
                if frame := self.actions.frames.get():
                    self.updateMovie(frame)
            self.actions.goAhead()

    def parseRtspReply(self, method: str, error: Exception | None) -> None:
        """A reply to `method`, or why there is none, becomes words in the window and another set of buttons."""
        if error is not None and not isinstance(error, ClientError):
            raise error
        if method == LIST:
            return self.actions.listed(error)
        if error and method == AGAIN and not self.again.trying:
            error = None                        # somebody has given it up meanwhile
        elif error and self.duration is None and self.again.helps(method, error):
            return self.loseConnection(error)
        elif error:
            self.again.stop()
        if isinstance(error, FolderFound):
            self.browsing = True
            self.fillList(error.urls)
        elif isinstance(error, (ServerRefused, UsageError)) and self.player.state is State.PLAYING \
                and method not in ("SETUP", AGAIN):
            self.remark = error.title
        else:
            self.error = error or self.error
        if isinstance(error, AuthenticationError) and method == "SETUP" and self.duration is None:
            self.extras.askForLogin(error)
        if error and (method in ("SETUP", AGAIN) or isinstance(error, (ConnectError, MediaError))):   # nothing is left
            self.commands.do("TEARDOWN", self.player.leave)
        elif method == "TEARDOWN" and self.following:
            self.following = False
            self.chooseMovie()
        self.refresh()

    def listenRtp(self) -> None:
        """The newest frame that is due goes to the screen."""
        if self.commands.doing == "TEARDOWN":
            return
        if self.commands.doing is None and (chore := self.player.chore):
            self.commands.do("SETUP", chore)
        try:
            frames = self.player.dueFrames(newestOnly=True)
        except ClientError as error:
            self.parseRtspReply("", error)
            return
        for frame in frames:
            self.updateMovie(frame)
        if self.player.ended and self.actions.looping and self.commands.doing is None and self.player.position > 0:
            self.playMovie()
        if self.duration is not None and (self.error or self.player.receiver.shown.seconds >= self.duration):
            self.exitClient()

    def updateMovie(self, frame: Frame) -> None:
        """Decode the frame and put it on the screen."""
        if self.again.trying:
            self.again.plays(time.monotonic())
            self.error = None
        self.display.pictureAt = time.monotonic()
        if self.picture.words:
            self.refresh()
        if self.picture.show(frame.jpeg):
            self.onShown(frame)

    def refresh(self) -> None:
        """Buttons, words and figures as the state wants them."""
        self.display.refresh()
        self.extras.refresh()

    def useful(self) -> set[str]:
        """The methods that lead to another state, by the table; none while the server has not answered the last one."""
        if self.again.active:
            return {"TEARDOWN"} if self.again.trying else {"SETUP", "PLAY", "TEARDOWN"}
        return set() if self.commands.doing else moving(self.player.state)
