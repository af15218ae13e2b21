"""The player's window: a button for each command, the picture, a line of figures.

Two threads. The window's own one draws, and never waits: every few milliseconds tick() looks what has come. The thread
"commands" asks the server and waits for its replies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import copysign
from types import TracebackType

from Player import ClientError, FolderFound, Frame, Player, State, UsageError
from rtsp.errors import MethodError
from rtsp.failures import AuthenticationError, ConnectError, MediaError, ServerRefused
from rtsp.states import TRANSITIONS
from rtsp.url import RtspUrl
from ui import keys, layout, theme, words
from ui.background import Background
from ui.controls import Controls
from ui.login import ask
from ui.movielist import MovieList
from ui.picture import Picture, Words
from ui.status import Status

log = logging.getLogger(__name__)

TICK = 20               # ms at most between two looks at what has come
STATUS_EVERY = 0.2      # seconds; figures that change faster cannot be read
GOODBYE = 1.0           # seconds that the server has to answer TEARDOWN when the window is closed
JUMP = 10.0             # seconds of the movie, by a key
SLOWEST, FASTEST = 0.25, 8.0


class Client:
    """`makePlayer` makes each session's Player, all with one keyring; `onShown` is called with each frame shown."""

    def __init__(self, makePlayer: Callable[[], Player], onShown: Callable[[Frame], None] = lambda frame: None) -> None:
        """tkinter.TclError if there is no screen."""
        self.player = makePlayer()
        self.makePlayer = makePlayer
        self.onShown = onShown
        self.error: ClientError | None = None   # what went wrong last; shown until the next command
        self.remark = ""                        # what the server would not do, while the movie goes on
        self.chosen: str | None = None          # the URL of a movie of a folder; None: that of the command line
        self.start: float | None = None         # where the first PLAY begins
        self.scale: float | None = None         # … and how fast
        self.queued: tuple[float | None, float | None] | None = None    # both, of a PLAY that waits for SETUP
        self.duration: float | None = None      # the window closes after so many seconds of the movie
        self.failure: BaseException | None = None
        self.commands = Background("commands")
        self.closing: float | None = None       # when the window must be closed at the latest
        self.closed = False
        self.nextTick = ""
        self.statusDue = 0.0
        self.createWidgets()

    def run(
        self, start: float | None = None, duration: float | None = None, playNow: bool = False, scale: float = 1.0
    ) -> None:
        """Until the window is closed."""
        self.start, self.duration, self.scale = start, duration, scale
        if playNow:
            self.setupMovie()
            self.playMovie()
        self.tick()
        try:
            self.master.mainloop()
        finally:
            self.closeWindow()
            self.player.close()
            self.commands.close(timeout=GOODBYE)
        if self.failure:
            raise self.failure

    def createWidgets(self) -> None:
        self.master = theme.new_window(f"{self.player.client.name or self.player.client.host} · RTSP lab")
        self.master.protocol("WM_DELETE_WINDOW", self.exitClient)
        self.master.report_callback_exception = self.fail
        self.picture = Picture(self.master)
        self.movies = MovieList(self.master, self.chooseMovie)
        self.status = Status(self.master)
        methods = {"SETUP": self.setupMovie, "PLAY": self.playMovie, "PAUSE": self.pauseMovie}
        self.controls = Controls(self.master, {**methods, "TEARDOWN": self.teardownMovie})
        keys.bind(self.master, {
            "Left": lambda: self.jump(-JUMP), "Right": lambda: self.jump(JUMP),
            "bracketleft": lambda: self.changeSpeed(self.player.wantedScale / 2),
            "bracketright": lambda: self.changeSpeed(self.player.wantedScale * 2),
            "BackSpace": lambda: self.changeSpeed(1.0),
            "space": self.playOrPause,
        })
        layout.stack(self.master, self.picture, self.controls, self.status)
        self.refresh()

    # ---- the buttons

    def setupMovie(self) -> None:
        """A new session: connection, port for the media, DESCRIBE, SETUP."""
        self.player.close()
        self.player = self.makePlayer()
        self.chosen = self.movies.selected or self.chosen
        if self.chosen:
            self.player.goTo(self.chosen)
            self.master.title(f"{self.player.client.name} · RTSP lab")
        self.sendRtspRequest("SETUP", self.connectToServer, self.openRtpPort, self.player.setup)

    def playMovie(self) -> None:
        player, start, scale = self.player, self.start, self.scale
        self.start = self.scale = None
        self.queued = (start, scale) if self.player.state is State.INIT else None
        self.sendRtspRequest("PLAY", lambda: player.play(start, scale))

    def pauseMovie(self) -> None:
        self.sendRtspRequest("PAUSE", self.player.pause)

    def teardownMovie(self) -> None:
        """End the session. The window stays, and Setup begins a new one."""
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
        player, scale = self.player, copysign(max(SLOWEST, min(FASTEST, abs(scale))), scale)
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
        if not self.closed:
            self.closed = True
            self.master.after_cancel(self.nextTick)
            self.master.destroy()

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

        def job() -> None:
            try:
                for step in steps:
                    step()
            except MethodError as error:        # the movie has ended in the meantime, say, or SETUP failed
                log.info("! %s", error)

        self.commands.do(method, job)
        self.refresh()

    # ---- replies and media, on the window's thread

    def tick(self) -> None:
        self.recvRtspReply()
        self.listenRtp()
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
        if isinstance(error, FolderFound):
            names = [(RtspUrl.parse(url).path, url) for url in error.urls]
            self.movies.show(f"Movies on {self.player.client.host}:{self.player.client.port}", names)
        elif isinstance(error, (ServerRefused, UsageError)) and self.player.state is State.PLAYING:
            self.remark = error.title
        else:
            self.error = error or self.error
        if isinstance(error, AuthenticationError) and method == "SETUP" and self.duration is None:
            self.askForLogin(error)
        if error and (method == "SETUP" or isinstance(error, (ConnectError, MediaError))):      # nothing to go on with
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
        if self.picture.words:
            self.refresh()
        if self.picture.show(frame.jpeg):
            self.onShown(frame)
        else:
            log.info("! the frame at %.3f s is no JPEG that can be decoded", frame.time)

    def refresh(self) -> None:
        """Buttons, words and figures as the state wants them."""
        self.statusDue = time.monotonic() + STATUS_EVERY
        self.controls.enable(self.useful())
        self.showList(bool(self.movies.urls) and self.player.state is State.INIT and self.commands.doing is None)
        self.picture.say(self.words())
        self.status.tell(self.player.state.value, self.figures(), self.notice())

    def showList(self, listed: bool) -> None:
        """The movies of the folder, or the picture."""
        layout.exchange(*((self.movies, self.picture) if listed else (self.picture, self.movies)))

    def useful(self) -> set[str]:
        """The methods that lead to another state, by the table; none while the server has not answered the last one."""
        state = self.player.state
        moving = {method for method, after in TRANSITIONS[state].items() if after is not state}
        return set() if self.commands.doing else moving

    def words(self) -> Words | None:
        """What is to be read in the picture; None when it speaks for itself."""
        player, client = self.player, self.player.client
        if self.error:
            return Words(self.error.title, self.error.advice, error=True)
        place = f"{client.host}:{client.port}"
        return words.over_picture(player.state.value, self.commands.doing, client.name, place, client.lost,
                                  player.ended, player.receiver.shown.frames > 0)

    def figures(self) -> list[str]:
        """What the line at the bottom says after the state."""
        player, playing = self.player, self.player.state is State.PLAYING
        scale = player.scale if playing else player.wantedScale
        return words.figures(player.receiver.shown, player.position, player.duration, player.receiver.lost_percent,
                             scale, playing)

    def notice(self) -> str:
        """What is no error, and still good to know."""
        if self.error and self.movies.winfo_manager():      # there are no words over the list
            return self.error.title
        return "Connection lost" if self.player.client.lost else self.remark or self.player.way.notice

    def fail(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What a callback raises ends the program, in run(); Tk itself would print it and go on."""
        self.failure = error
        self.master.quit()
