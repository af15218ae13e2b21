"""The player's window: a button for each command, the picture, a line of figures.

Two threads. The window's own one draws, and never waits: every few milliseconds tick() looks what has come. The thread
"commands" asks the server and waits for its replies.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from Figures import about
from Player import ClientError, FolderFound, Frame, Player, State, UsageError
from Reconnection import Reconnection
from rtsp.errors import MethodError
from rtsp.failures import AuthenticationError, ConnectError, MediaError, ServerRefused
from rtsp.states import moving
from rtsp.url import RtspUrl
from ui import keys, ladder, network, statistics, words
from ui.background import Background
from ui.login import ask
from ui.picture import Words
from ui.window import Window

TICK = 20               # ms at most between two looks at what has come
STATUS_EVERY = 0.2      # seconds; figures that change faster cannot be read
GOODBYE = 1.0           # seconds that the server has to answer TEARDOWN when the window is closed
AGAIN = "again"         # what the thread "commands" does where a lost connection is made anew


class Client:
    """`makePlayer` makes each session's Player, all with one keyring; `onShown` is called with each frame shown."""

    def __init__(self, makePlayer: Callable[[], Player], onShown: Callable[[Frame], None] = lambda frame: None) -> None:
        """tkinter.TclError if there is no screen."""
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
        self.nextTick, self.statusDue = "", 0.0
        self.createWidgets()

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
            self.commands.close(timeout=GOODBYE)
        if self.window.failure:
            raise self.window.failure

    def createWidgets(self) -> None:
        buttons = {"SETUP": self.setupMovie, "PLAY": self.playMovie, "PAUSE": self.pauseMovie,
                   "TEARDOWN": self.teardownMovie}
        actions = keys.actions(self.jump, self.changeSpeed, lambda: self.player.wantedScale, self.playOrPause)
        actions["x"] = lambda: self.network.toggle()
        actions["w"] = lambda: ladder.toggle(self.master, lambda: self.player.transcript)
        name = self.player.client.name or self.player.client.host
        self.window = Window(f"{name} · RTSP lab", buttons, actions, self.chooseMovie, self.exitClient)
        self.master, self.picture, self.movies = self.window.master, self.window.picture, self.window.movies
        self.controls, self.status = self.window.controls, self.window.status
        self.network = network.NetworkPanel(self.master, self.picture, self.player.instruments)
        self.overlay = statistics.Overlay(self.picture, *about(lambda: self.player, self.picture))
        keys.bind(self.master, self.overlay.actions)
        self.refresh()

    # ---- the buttons

    def setupMovie(self) -> None:
        """A new session: connection, port for the media, DESCRIBE, SETUP."""
        if self.again.waiting:
            return self.connectAgain()
        self.renewPlayer()
        self.sendRtspRequest("SETUP", self.connectToServer, self.openRtpPort, self.player.setup)

    def renewPlayer(self) -> None:
        """A session has a player of its own."""
        self.player.close()
        self.player = self.makePlayer()
        self.chosen = self.movies.selected or self.chosen
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

    # ---- the keys, and the list

    def playOrPause(self) -> None:
        for button in {"PLAY", "PAUSE"} & self.useful():
            self.controls.buttons[button].invoke()

    def jump(self, seconds: float) -> None:
        if self.player.state is not State.INIT and self.commands.doing is None:
            player, place = self.player, self.player.position + seconds
            self.sendRtspRequest("PLAY", lambda: player.seek(place))

    def changeSpeed(self, scale: float) -> None:
        """At once, or with the next PLAY."""
        player, scale = self.player, keys.within(scale)
        if player.state is State.PLAYING and self.commands.doing is None:
            self.sendRtspRequest("PLAY", lambda: player.play(scale=scale))
        elif player.state is State.READY:
            player.wantedScale = scale
            self.refresh()

    def chooseMovie(self) -> None:
        self.setupMovie()
        self.playMovie()

    def exitClient(self) -> None:
        """End the session and close the window, whether the server answers or not."""
        if self.closing is None:
            self.closing = time.monotonic() + GOODBYE
            self.master.withdraw()
            self.commands.do("TEARDOWN", self.player.leave)

    def closeWindow(self) -> None:
        """Twice is fine."""
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
        self.commands.do(method, *steps)
        self.refresh()

    # ---- replies and media, on the window's thread

    def tick(self) -> None:
        self.recvRtspReply()
        self.listenRtp()
        if self.again.isDue and self.commands.doing is None and self.closing is None:
            self.connectAgain()
        if time.monotonic() >= self.statusDue:
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

    def parseRtspReply(self, method: str, error: Exception | None) -> None:
        """A reply to `method`, or why there is none, becomes words in the window and another set of buttons."""
        if error is not None and not isinstance(error, ClientError):
            raise error
        if error and method == AGAIN and not self.again.trying:
            error = None                        # somebody has given it up meanwhile
        elif error and self.duration is None and self.again.helps(method, error):
            return self.loseConnection(error)
        elif error:
            self.again.stop()
        if isinstance(error, FolderFound):
            names = [(RtspUrl.parse(url).path, url) for url in error.urls]
            self.movies.show(f"Movies on {self.player.client.host}:{self.player.client.port}", names)
        elif isinstance(error, (ServerRefused, UsageError)) and self.player.state is State.PLAYING \
                and method not in ("SETUP", AGAIN):
            self.remark = error.title
        else:
            self.error = error or self.error
        if isinstance(error, AuthenticationError) and method == "SETUP" and self.duration is None:
            self.askForLogin(error)
        if error and (method in ("SETUP", AGAIN) or isinstance(error, (ConnectError, MediaError))):   # nothing is left
            self.commands.do("TEARDOWN", self.player.leave)
        self.refresh()

    def askForLogin(self, error: AuthenticationError) -> None:
        """SETUP goes on when somebody has typed them, and PLAY, if it was to follow."""
        client = self.player.client
        ask(self.master, error.title, f"{client.host}:{client.port}", client.login.name or "", self.logIn)

    def logIn(self, name: str, password: str) -> None:
        self.player.client.login.give(name, password)
        self.setupMovie()
        if self.queued:
            self.start, self.scale = self.queued
            self.playMovie()

    def listenRtp(self) -> None:
        """The newest frame that is due goes to the screen."""
        if self.commands.doing == "TEARDOWN":
            return
        if self.player.blocked and self.commands.doing is None:
            self.commands.do("SETUP", self.player.switchToTcp)
        try:
            frames = self.player.dueFrames(newestOnly=True)
        except ClientError as error:
            self.parseRtspReply("", error)
            return
        for frame in frames:
            self.updateMovie(frame)
        if self.duration is not None and (self.error or self.player.receiver.shown.seconds >= self.duration):
            self.exitClient()

    def updateMovie(self, frame: Frame) -> None:
        """Decode the frame and put it on the screen."""
        if self.again.trying:
            self.again.plays(time.monotonic())
            self.error = None
        if self.picture.words:
            self.refresh()
        if self.picture.show(frame.jpeg):
            self.onShown(frame)

    def refresh(self) -> None:
        """Buttons, words and figures as the state wants them."""
        self.statusDue = time.monotonic() + STATUS_EVERY
        self.controls.enable(self.useful())
        player, playing = self.player, self.player.state is State.PLAYING
        idle = player.state is State.INIT and self.commands.doing is None and not self.again.active
        self.window.show_list(bool(self.movies.urls) and idle)
        self.picture.say(self.words())
        scale = player.scale if playing else player.wantedScale
        figures = words.figures(player.receiver.shown, player.position, player.duration, player.receiver.lost_percent,
                                scale, playing)
        self.status.tell(player.state.value, [] if self.again.active else figures, self.notice())

    def useful(self) -> set[str]:
        """The methods that lead to another state, by the table; none while the server has not answered the last one."""
        if self.again.active:
            return {"TEARDOWN"} if self.again.trying else {"SETUP", "PLAY", "TEARDOWN"}
        return set() if self.commands.doing else moving(self.player.state)

    def words(self) -> Words | None:
        """What is to be read in the picture; None when it speaks for itself."""
        player, client = self.player, self.player.client
        if self.again.active:
            return words.over_lost(*self.again.progress, self.error.title if self.error else "")
        if self.error:
            return Words(self.error.title, self.error.advice, error=True)
        return words.over_picture(player.state.value, self.commands.doing, client.name, f"{client.host}:{client.port}",
                                  client.lost, player.ended, player.receiver.shown.frames > 0)

    def notice(self) -> str:
        """What is no error, and still good to know."""
        if self.error and self.movies.winfo_manager():      # there are no words over the list
            return self.error.title
        if self.again.active:
            return f"Connection lost. {words.trying_again(*self.again.progress)}"
        return "Connection lost" if self.player.client.lost else self.remark or self.player.way.notice
