"""A player without a window: what RtspClient asks for arrives here, and frames come out when they are due.

    player = Player("rtsp://127.0.0.1:6789/movie.Mjpeg")
    player.setup()
    player.play()
    while player.state is State.PLAYING:
        for frame in player.dueFrames():
            show(frame.jpeg)
        player.wait(0.05)
    player.leave()

The thread "receiver" takes packets from the sockets: RtpPacket.decode, then rtp.receiver, which `_lock` guards.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from net.addresses import Address
from net.way import BLOCKED, Way
from rtp import rtcp
from rtp.receiver import Arrival, Frame, Receiver
from rtp.sender import Sender
from RtpPacket import RtpPacket
from rtsp import silence
from rtsp.failures import AnotherDialect, ClientError, MissingError, ServerRefused, UsageError
from rtsp.headers import Range
from rtsp.message import VERSION
from rtsp.playable import beginning, choose_video, duration
from rtsp.states import END, TIMEOUT, State
from rtsp.url import resolve
from RtspClient import RtspClient

__all__ = ["ClientError", "Frame", "MissingError", "Player", "State", "UsageError"]     # what its users need, too

log = logging.getLogger(__name__)

JPEG, CLOCK_RATE = 26, 90000    # payload type and ticks a second of JPEG, where nobody says otherwise (RFC 3551 §6)


class Player:
    """One movie, from SETUP to TEARDOWN. Requests wait for their reply; they may come from any one thread, and
    dueFrames() from another."""

    def __init__(
        self,
        url: str,
        dialect: str = "rfc",
        rtpPort: int = 0,
        delay: float = 0.2,
        clock: Callable[[], float] = time.monotonic,
        transport: str = "auto",
    ) -> None:
        """`rtpPort`: where to receive, RTCP on the next one; 0: anywhere. `delay`: seconds from the first packet to the
        first picture, which even out what the network delays more than the rest. `transport`: "udp", "tcp", or "auto":
        UDP, and TCP if nothing comes. UsageError if the URL is none."""
        self.way = Way(transport, rtpPort, self._onRtp, self._onRtcp)
        self._makeClient = partial(RtspClient, url, clock=clock, onInterleaved=self.way.deliver)
        self.client = self._makeClient(dialect)
        self.receiver = Receiver(CLOCK_RATE, delay)             # another one after setup()
        self.duration: float | None = None      # seconds of the movie, where the server says it
        self.position = 0.0                     # … and where in it the latest frame belongs
        self.ended = False                      # played to the end
        self.clock = clock
        self._delay = delay
        self._payloadType = JPEG
        self._streamUrl = url
        self._sender = Sender()
        self._start: float | None = None        # where the latest PLAY began
        self._closed = False
        self._lock, self._news = threading.Lock(), threading.Event()       # the latter: a packet came
        self._playSent = self._firstPlay = self._framesBefore = 0.0
        self._rtcpSent = self._rtcpReceived = 0

    # ---- the conversation

    @property
    def state(self) -> State:
        return self.client.state

    def connect(self) -> None:
        self.client.connect()

    def _beginAnew(self, dialect: str) -> None:
        self.client.close()
        self.client = self._makeClient(dialect)
        if self._closed:                        # in this moment, by another thread
            self.client.close()
        self.client.connect()

    def openRtpPort(self) -> None:
        """Where the server's packets will arrive, on the address that it knows us by."""
        self.way.open(self.client.connection, self.client.lab)

    def setup(self) -> None:
        """Everything up to the state Ready: connection and port if they are not open yet, description, SETUP."""
        if self.way.ports is None:
            self.connect()
            self.openRtpPort()
        try:
            self._setup()
        except AnotherDialect as found:         # on this connection, the server was asked in one that confused it
            log.info("! %s: once more, in the dialect %r", found, found.dialect)
            self._beginAnew(found.dialect)
            self._setup()

    def _setup(self) -> None:
        client = self.client
        self._streamUrl = client.target if client.lab else self._describe()
        if client.lab:
            self.receiver = Receiver(CLOCK_RATE, self._delay, by_arrival=True)
        granted = self.way.setup(partial(client.setup, self._streamUrl), client.connection, client.lab)
        self._sender = Sender(granted.ssrc, {client.peer[0], granted.source or client.peer[0]})
        self._rtcpSent += granted.server_port is not None       # one to open the way

    @property
    def blocked(self) -> bool:
        """Nothing has come over UDP since PLAY: switchToTcp() may help."""
        waiting = self.state is State.PLAYING and not (self.client.lab or self.receiver.holding or self.receiver.heard)
        return waiting and self.way.blocked(self.clock() - self._playSent)

    def switchToTcp(self) -> None:
        """A new session, whose media come inside the connection; it plays from where this one should have."""
        with self._lock:
            self.receiver.hold()                # no more complaints about this one
        with suppress(ClientError):
            self.client.teardown(1.0)
        self.way.switch(BLOCKED)
        self._beginAnew("rfc")
        self._setup()
        self.play(self._start)

    def _describe(self) -> str:
        """The URL of the stream to set up; what else the server says about it."""
        try:
            self.client.options()
        except ServerRefused as refused:
            log.info("! %s", refused)           # OPTIONS is a courtesy; the next request will tell
        description, base = self.client.describe()
        media, self._payloadType, clockRate = choose_video(description)
        self.receiver = Receiver(clockRate, self._delay)
        self.duration = duration(description)
        return resolve(base, media.control)

    def play(self, start: float | None = None) -> None:
        """Go on, or from `start` seconds on; after the end of the movie: once more from its start.

        Packets that come before the reply may belong to the time before or to the time after: they are held back until
        the reply says with which number the new time begins (RTP-Info, RFC 2326 §12.33)."""
        if start and self.client.lab:
            raise UsageError("A server of the classic lab cannot jump", "Play from the start")
        if start is None and (self.ended or self.receiver.ended):
            start = 0.0
        with self._lock:
            self.receiver.hold()
        self._playSent, self._start = self.clock(), start
        self._sender.begin(self._playSent)
        self._firstPlay = self._firstPlay or self._playSent
        self._framesBefore = self.receiver.frames
        try:
            reply = self.client.play(None if start is None else Range(start))
            begin, info = beginning(reply, self._streamUrl)
            begin = start if begin is None else begin
            with self._lock:
                self.receiver.start(self.clock(), begin, info.seq, info.rtptime, keep=start is None)
                self.ended = False
        finally:
            with self._lock:
                self.receiver.release()

    def pause(self) -> None:
        """Frames that have come and are not shown yet are kept for the next play()."""
        self.receiver.shown.pause()
        if self.receiver.ended:                 # nothing is being sent any more: only our last frames wait
            self.client.happened(END)
            return
        try:
            self.client.pause()
        except ServerRefused as refused:
            if refused.status != 455:
                raise
            self.client.happened(END)           # the movie ended in this moment

    def leave(self, timeout: float = 1.0) -> None:
        """TEARDOWN if there is a session, and close, whatever state all is in; it takes `timeout` seconds at most."""
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

    # ---- on the thread "receiver", or "control" if they come inside the connection

    def _onRtp(self, data: bytes, address: Address) -> None:
        """What is no RTP, or not for us, is dropped without a word: anybody can send anything to a UDP port."""
        now = self.clock()
        packet = RtpPacket()
        try:
            packet.decode(data, strict=not self.client.lab)
        except ValueError:
            return
        ours = packet.payloadType() == self._payloadType and self._sender.sent(packet.ssrc(), now)
        if address[0] in self._sender.addresses and (self.client.lab or ours):
            numbers = packet.seqNum(), packet.timestamp(), bool(packet.marker())
            with self._lock:
                self.receiver.arrived(Arrival(*numbers, packet.getPayload(), len(data), now))
            self._news.set()

    def _onRtcp(self, data: bytes, address: Address) -> None:
        try:
            over = self._sender.says_goodbye(rtcp.parse(data))
        except ValueError:
            return
        if address[0] in self._sender.addresses:
            with self._lock:
                self._rtcpReceived += 1
                if over:
                    log.info("< BYE")
                    self.receiver.end(self.clock())
            self._news.set()

    # ---- the pictures

    def untilDue(self) -> float | None:
        """Seconds until dueFrames() will have something; None if nobody knows."""
        with self._lock:
            due = self.receiver.next_due()
        return None if due is None or self.state is not State.PLAYING else due - self.clock()

    def wait(self, timeout: float) -> None:
        """Until a packet comes, a frame is due, or `timeout` seconds are over."""
        due = self.untilDue()
        if (pause := timeout if due is None else min(timeout, due)) > 0:
            self._news.wait(pause)
        self._news.clear()

    def dueFrames(self, newestOnly: bool = False) -> list[Frame]:
        """The frames to be shown now, in order; at the end of the movie the state becomes Ready. `newestOnly`: one at
        most, the others are skipped. MediaError if what should come does not."""
        now = self.clock()
        with self._lock:
            if self.state is not State.PLAYING or self.receiver.holding:
                return []
            frames = self.receiver.due(now, newestOnly)
            finished = self.receiver.finished(now)
            over = finished or (not frames and self._silentEnd(now))
        if frames:
            self.position = frames[-1].time
        if over:
            self.ended = True
            self.client.happened(END)
            if self.client.lost:
                self.client.happened(TIMEOUT)
        if finished:
            silence.check_end(self.receiver.frames > self._framesBefore, self.position, self.duration)
        return frames

    def _silentEnd(self, now: float) -> bool:
        """Is this silence the end of the movie? MediaError if it is a failure."""
        client, receiver, tcp = self.client, self.receiver, self.way.transport == "tcp"
        nearEnd = silence.near_end(self.position, self.duration)
        if tcp and client.lost and not receiver.ended and receiver.next_due() is None:
            return silence.check_cut(client.lost, nearEnd)
        if receiver.frames > (0 if client.lab else self._framesBefore):
            return silence.is_end(now - max(self._playSent, receiver.fed or 0.0), client.lab, nearEnd)
        came = receiver.heard is not None and receiver.heard > self._playSent
        problem = receiver.reason if came else None
        waited, port = now - self._playSent, None if tcp else self.way.rtp_port
        silence.check_patience(waited, client.lab, client.name, port, problem)
        return False

    # ---- the report

    def statistics(self) -> dict[str, Any]:
        """What has come and gone so far, for --stats; `error` is for the caller to fill in."""
        first = self.receiver.first_frame
        return {
            "url": self.client.url,
            "dialect": "lab" if self.client.lab else "rfc",
            "transport": self.way.transport,
            "rtsp_version": VERSION.removeprefix("RTSP/"),
            **self.receiver.statistics(),
            "first_frame_ms": None if first is None else round(1000 * (first - self._firstPlay), 1),
            "rtcp_sent": self._rtcpSent,
            "rtcp_received": self._rtcpReceived,
            "error": None,
        }
