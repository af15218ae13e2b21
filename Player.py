"""A player without a window: what RtspClient asks for arrives here, and frames come out when they are due.

    player = Player("rtsp://127.0.0.1:6789/movie.Mjpeg")
    player.setup()
    player.play()
    while player.state is State.PLAYING:
        for frame in player.dueFrames():
            show(frame.jpeg)
        player.wait(0.05)
    player.leave()

It joins two halves that know nothing of each other: RtspClient, the conversation, and StreamReceiver, the media.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from net.instruments import Instruments
from net.transcript import Transcript
from net.trust import SYSTEM, Trust
from net.way import Way
from Relocation import Relocation
from rtp.receiver import Frame, Receiver
from rtsp import silence
from rtsp.failures import ClientError, FolderFound, MissingError, Redirected, ServerRefused, UsageError
from rtsp.headers import Range
from rtsp.inbox import Inbox
from rtsp.keyring import Keyring
from rtsp.message import VERSION
from rtsp.places import beginning_again, nothing_left, within
from rtsp.playable import beginning, choose_video, duration
from rtsp.states import END, TIMEOUT, State
from rtsp.url import resolve
from RtspClient import RtspClient
from StreamReceiver import StreamReceiver

__all__ = "ClientError", "FolderFound", "Frame", "MissingError", "Player", "State", "UsageError"
log = logging.getLogger(__name__)


class Player:
    """One movie, from SETUP to TEARDOWN. Requests wait for their reply; they may come from any one thread, and
    dueFrames() from another."""

    def __init__(
        self, url: str, dialect: str = "rfc", rtpPort: int = 0, delay: float = 0.2,
        clock: Callable[[], float] = time.monotonic, transport: str = "auto", keyring: Keyring | None = None,
        trust: Trust = SYSTEM, instruments: Instruments | None = None, transcript: Transcript | None = None,
        proxy: tuple[str, int] | None = None,
    ) -> None:
        """`rtpPort`: where to receive, RTCP on the next one; 0: anywhere. `delay`: as of StreamReceiver. `transport`:
        "udp", "tcp", or "auto": UDP, and TCP if nothing comes. `keyring`: names and passwords, `transcript`: of what
        travels, `instruments`: several players may share them. `trust`: for rtsps://. UsageError if the URL is none."""
        self.transcript, self.instruments = transcript or Transcript(clock), instruments or Instruments()
        self.stream = StreamReceiver(delay, clock, self.transcript)
        self.way = Way(transport, rtpPort, self.stream.onRtp, self.stream.onRtcp, self.stream.report, self.instruments)
        self.clock, self.keyring, self.trust, self.proxy = clock, keyring or Keyring(), trust, proxy
        self.relocation = Relocation(self)      # what to do when the session has to begin anew
        self.goTo(url, dialect)
        self.scale = self.wantedScale = 1.0     # seconds of the movie in one: as the server does it, as asked
        self.duration: float | None = None      # seconds of the movie, where the server says it
        self.position, self.ended, self.still = 0.0, False, False   # … the latest frame's; at its end; see Stills.py
        self.described: tuple[str, int, int] = url, 0, 0    # URL of the stream, payload type, clock rate
        self._closed = False
        self.latestStart: float | None = None   # where the latest PLAY began
        self._sought: float | None = None       # … and where the next one shall
        self._playSent = self._firstPlay = self._framesBefore = 0.0

    # ---- the conversation

    @property
    def state(self) -> State:
        return self.client.state

    @property
    def receiver(self) -> Receiver:
        """Everything that is known of the media; another one after setup()."""
        return self.stream.receiver

    def connect(self) -> None:
        self.client.connect()

    def goTo(self, url: str, dialect: str = "rfc") -> None:
        """Another movie than at first; before connect(). UsageError if the URL is none."""
        self.client = self.makeClient(url, dialect)

    def makeClient(self, url: str, dialect: str = "rfc") -> RtspClient:
        client = RtspClient(url, dialect, clock=self.clock, onInterleaved=self.way.deliver, trust=self.trust,
                            parameters=self.stream.parameters, onTick=self.way.tick, keyring=self.keyring,
                            watch=self.instruments.connected, transcript=self.transcript, proxy=self.proxy)
        client.inbox, client.exchange.deadline = Inbox(), self.relocation.deadline
        return client

    def replaceClient(self, client: RtspClient) -> None:
        self.client.close()
        self.client = client
        if self._closed:                        # in this moment, by another thread
            self.client.close()

    def beginAnew(self, url: str, dialect: str) -> None:
        self.replaceClient(self.makeClient(url, dialect))
        self.connect()

    def openRtpPort(self) -> None:
        """Where the server's packets will arrive, on the address that it knows us by."""
        self.way.open(self.client.connection, self.client.lab)

    def setup(self) -> None:
        """Everything up to the state Ready: connection and port if they are not open yet, description, SETUP, and
        wherever the server sends us. FolderFound if there is a choice."""
        self.relocation.setUp()

    def setUpHere(self) -> None:
        """Description, port and SETUP, on this connection."""
        client = self.client
        if client.lab:
            self.described = client.target, 0, 0
            self.stream.expect(lab=True)
        else:
            self.described = self._describe()
        granted = self.way.setup(partial(client.setup, self.described[0]), client.connection, client.lab)
        self.transcript.granted(granted, self.way.transport == "tcp", client.connection, self.way.rtp_port)
        addresses = {client.peer[0], granted.source or client.peer[0]}
        self.stream.expectFrom(granted.ssrc, addresses, None if client.lab else self.way.send_control)
        self.stream.rtcpSent += granted.server_port is not None     # one to open the way

    @property
    def blocked(self) -> bool:
        """Nothing has come over UDP since PLAY: another way may help."""
        waiting = self.state is State.PLAYING and not (self.client.lab or self.receiver.holding or self.receiver.heard)
        return waiting and self.way.blocked(self.clock() - self._playSent)

    @property
    def chore(self) -> Callable[[], None] | None:
        """What the session needs now, or the server has asked for: to be called like any request. None: nothing."""
        return self.relocation.due()

    def _describe(self) -> tuple[str, int, int]:
        """The stream to set up; and what else the server says about it."""
        try:
            self.client.options()
        except ServerRefused as refused:        # it was a courtesy; the next request will tell
            if isinstance(refused, Redirected):
                raise
        description, base = self.client.describe()
        chosen = choose_video(description)
        log.info("= playing JPEG%s", "".join(f", leaving out {name}" for name in chosen.left_out))
        self.stream.expect(chosen.payload_type, chosen.clock_rate)
        self.duration = duration(description, chosen.media)
        return resolve(base, chosen.media.control), chosen.payload_type, chosen.clock_rate

    def play(self, start: float | None = None, scale: float | None = None) -> None:
        """Go on, or from `start` seconds on; after the end of the movie: once more from its start. `scale`: so many
        times as fast, from now on; negative: backwards. The server may do it differently: see self.scale.

        Packets that come before the reply may belong to the time before or to the time after: they are held back until
        the reply says with which number the new time begins (RTP-Info, RFC 2326 §12.33)."""
        scale = self.wantedScale if scale is None else scale
        start = self._sought if start is None else start
        if self.client.lab and (start or scale != 1):
            raise UsageError("A server of the classic lab cannot jump", "Nor change its speed: play from the start")
        if start is None and (self.ended or self.receiver.ended or nothing_left(self.position, scale, self.duration)):
            start = beginning_again(scale, self.duration)
        self.stream.hold()
        self._playSent, self.latestStart, self._sought = self.clock(), start, None
        self._firstPlay = self._firstPlay or self._playSent
        self._framesBefore = self.receiver.frames
        try:
            asked = None if scale == self.scale == 1 else scale     # not every server knows this header
            begin = beginning(self.client.play(None if start is None else Range(start), asked), self.described[0])
            time = start if begin.time is None else begin.time
            self.stream.start(time, begin.seq, begin.rtptime, start is None, begin.scale)
            self.ended, self.scale, self.wantedScale = False, begin.scale, scale
            self.position = self.position if start is None or time is None else time
        except Redirected as redirected:
            self.relocation.playElsewhere(redirected, start, scale)
        finally:
            self.stream.release()

    def seek(self, seconds: float) -> None:
        """Jump there, or to where the movie begins or ends; where nothing is playing, the next play() begins there."""
        if self.client.lab:
            raise UsageError("A server of the classic lab cannot jump", "Play from the start")
        seconds = within(seconds, self.duration)
        if self.state is not State.PLAYING:
            self._sought, self.ended, self.position = seconds, False, seconds
            return
        try:
            self.client.pause()                 # as VLC and ffmpeg do
        except ServerRefused as refused:
            if refused.status not in (405, 455, 501):   # the replies of a server that has no PAUSE
                raise
        self.play(seconds)

    def pause(self) -> None:
        """Frames that have come and are not shown yet are kept for the next play()."""
        self.receiver.shown.pause()
        if self.receiver.ended:                 # nothing is being sent any more: only our last frames wait
            self.client.happened(END)
            return
        try:
            self.client.pause()
        except ServerRefused as refused:
            if refused.status != 455 or "PAUSE" not in (self.client.public or {"PAUSE"}):
                raise                           # a server that cannot pause plays on
            self.client.happened(END)           # the movie ended in this moment

    def leave(self, timeout: float = 1.0) -> None:
        """TEARDOWN if there is a session, and close, whatever state all is in; it takes `timeout` seconds at most."""
        self.stream.sayBye()
        try:
            self.client.teardown(timeout)
        except ClientError as error:
            log.info("! %s", error)
        self.close()
        self.client.happened(TIMEOUT)           # whatever the server thinks: for us there is no session any more

    def close(self) -> None:
        """Twice is fine. Ends both threads; a request under way fails."""
        self._closed = True
        self.client.close()
        self.way.close()

    # ---- the pictures

    def untilDue(self) -> float | None:
        """Seconds until dueFrames() will have something; None if nobody knows."""
        due = self.stream.nextDue()
        return None if due is None or self.state is not State.PLAYING else due - self.clock()

    def wait(self, timeout: float) -> None:
        """Until a packet comes, a frame is due, or `timeout` seconds are over."""
        due = self.untilDue()
        if (pause := timeout if due is None else min(timeout, due)) > 0:
            self.stream.news.wait(pause)
        self.stream.news.clear()

    def dueFrames(self, newestOnly: bool = False) -> list[Frame]:
        """The frames to be shown now, in order; at the end of the movie the state becomes Ready. `newestOnly`: one at
        most, the others are skipped. MediaError if what should come does not."""
        self.check()
        if self.state is not State.PLAYING or self.receiver.holding or self.still:
            return []
        frames, finished = self.stream.dueFrames(newestOnly)
        over = finished or (not frames and self._silentEnd(self.clock()))
        if frames:
            self.position = frames[-1].time
        if over:
            self.ended = True
            self.client.happened(END)
            if self.client.lost:
                self.client.happened(TIMEOUT)
        if finished:
            silence.check_end(self.receiver.frames > self._framesBefore, self.position, self.duration, self.scale)
        return frames

    def check(self) -> None:
        """ServerRefused, once, if the server has ended the session."""
        gone, self.client.gone = self.client.gone, None
        if gone:
            raise gone

    def _silentEnd(self, now: float) -> bool:
        """Is this silence the end of the movie? MediaError if it is a failure."""
        client, receiver, tcp = self.client, self.receiver, self.way.transport == "tcp"
        nearEnd = silence.near_end(self.position, self.duration, self.scale)
        if tcp and client.lost and not receiver.ended and receiver.next_due() is None:
            return silence.check_cut(client.lost, nearEnd and receiver.frames > self._framesBefore)
        if receiver.frames > (0 if client.lab else self._framesBefore):
            silence.check_picture((receiver.fed or 0.0) - max(self._playSent, receiver.latest_frame), receiver.reason)
            return silence.is_end(now - max(self._playSent, receiver.fed or 0.0), client.lab, nearEnd)
        problem = receiver.reason if (receiver.heard or 0.0) > self._playSent else None
        port = None if tcp else self.way.rtp_port
        return silence.check_patience(now - self._playSent, client.lab, client.name, port, problem)

    # ---- the report

    def statistics(self) -> dict[str, Any]:
        """What has come and gone so far, for --stats; `error` is for the caller to fill in."""
        first, roundTrip = self.receiver.first_frame, self.client.roundTrip
        return {
            "url": self.client.url,
            "dialect": "lab" if self.client.lab else "rfc",
            "transport": self.way.transport,
            "rtsp_version": VERSION.removeprefix("RTSP/"),
            **self.stream.statistics(),
            "first_frame_ms": None if first is None else round(1000 * (first - self._firstPlay), 1),
            "rtt_ms": None if roundTrip is None else round(1000 * roundTrip, 3), "error": None,
        }
