"""A client that sends: ANNOUNCE, SETUP, RECORD, and then the media go the other way.

    python Publisher.py movie.Mjpeg rtsp://127.0.0.1:6789/live

They are sent by what sends them to a player, too: Session, Stream and the pacer. A server that records is a viewer.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from CommandLine import endAtSignals, run
from media.errors import Missing
from media.prepare import Preparer
from media.source import Presentation
from net.complaints import Complaints
from net.datagrams import DatagramReader
from net.interleaved import prefix
from net.outlet import BLOCKED, Outlet
from net.pacer import Pacer
from net.trust import SYSTEM, Trust
from PublisherOptions import openSource, parseArguments
from PublisherProgress import Figures, Progress
from RtpPacket import RtpPacket
from rtsp.failures import ClientError, ConnectError, MediaError, MissingError, Redirected, ServerRefused
from rtsp.keyring import Keyring
from rtsp.redirects import Redirects
from rtsp.retry import Retry
from rtsp.sending import description, is_lasting, understanding_refusals
from rtsp.states import State
from rtsp.typed import read
from rtsp.url import control, resolve, without_credentials
from RtspClient import RtspClient
from Session import Session

log = logging.getLogger(__name__)

LONGEST_PAUSE = 15.0    # seconds from one try to the next, after 1, 2, 4 and 8: viewers are waiting
LOOK = 0.1          # seconds between two looks at how it goes


class Noted(Complaints):
    """What a stream complains of to a server's log is told by the progress line here."""

    def say(self, text: str) -> None:
        log.info("! %s", text)


class Publisher:
    """One presentation on its way to one URL. run(), then close(), which twice is fine.

    Its threads are a server's: pacer, preparer, datagrams; and each connection's "control"."""

    def __init__(
        self, presentation: Presentation, url: str, transport: str = "auto",
        trust: Trust = SYSTEM, wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`transport`: "udp", "tcp", or "auto": UDP, and TCP where that fails. `trust`: for rtsps://. `wait` lets so
        many seconds pass. UsageError if the URL is none."""
        self.presentation, self.url, self.clock = presentation, url, clock
        self.outlet = Outlet(transport)
        self.keyring, self._trust = Keyring(), trust
        self.client = self._newClient(url)      # another one for each connection
        self.session: Session | None = None     # what is being sent, from the first SETUP on
        self.position: float | None = None      # seconds of a movie, from which the next connection goes on
        self.preparer = Preparer(header, prefix)
        self.pacer = Pacer()
        self.reader = DatagramReader("datagrams")
        self._wait = wait or threading.Event().wait
        self._retry = Retry(LONGEST_PAUSE)
        self._recorded = False                  # a server has taken it, once
        self._begun = 0.0                       # when it took it last
        self._first = 0                         # … and with which frame it began
        self._before = Figures()                # of the connections before this one
        self._open = False

    # ---- all of it

    def run(self, duration: float = math.inf, watch: Callable[[Publisher], object] = lambda publisher: None) -> None:
        """Publish to the end of the source, or for so many seconds; `watch` is called every now and then. Where the
        server is lost, begin anew. ClientError if it was never there, or does not want it."""
        self._start()
        deadline = self.clock() + duration
        while problem := self._once(deadline, watch):
            now = self.clock()
            self._retry.lost(now)
            if not self._recorded or is_lasting(problem) or now + self._retry.pause >= deadline:
                raise problem
            log.warning("! %s. Trying again in %d s", str(problem).rstrip("."), self._retry.pause)
            self._wait(self._retry.pause)
            self._retry.begin()

    def _once(self, deadline: float, watch: Callable[[Publisher], object]) -> ClientError | None:
        """One connection, to the end; why it was lost, if it was."""
        problem: ClientError | None = None
        try:
            self.begin()
            problem = self._follow(deadline, watch)
        except (ConnectError, ServerRefused) as error:
            problem = error
        finally:
            self.end()
        return problem

    def _start(self) -> None:
        if not self._open:
            self._open = True
            for helper in (self.preparer, self.pacer, self.reader):
                helper.start()

    # ---- one connection

    def begin(self) -> None:
        """From connecting to the reply to RECORD, wherever the server sends us; then the media flow."""
        url, redirects = self.url, Redirects(self.client.url)
        while True:
            try:
                with understanding_refusals():
                    return self._begin(url)
            except Redirected as redirected:
                url = redirects.follow(redirected, self.client.url)
                log.warning("! The server sent us to %s", without_credentials(url))
                self.client.close()

    def _begin(self, url: str) -> None:
        client = self.client = self._newClient(url)
        client.connect()
        self.outlet.begin(client.connection)
        with suppress(ServerRefused):           # OPTIONS is a courtesy; the next request will tell
            client.options()
        formats: list[Any] = [source.format for source in self.presentation.sources]
        name, address = self.presentation.name, client.connection.local[0]
        client.announce(description(name, int(time.time()), address, formats))
        session = self.session = Session("publisher", client.peer[0], presentation=self.presentation, clock=self.clock,
                                         complaints=Noted())
        for number, source in enumerate(self.presentation.sources):
            ask = partial(client.setup, resolve(client.target, control(number)))
            session.open(number, source, self.outlet.channel(ask, self.reader), self)
        session.move("SETUP")
        session.play(self.position, None)
        client.record()
        session.move("PLAY")
        self._recorded, self._begun = True, self.clock()
        self._retry.plays(self._begun)
        self._first = session.streams[0].position
        session.start(self.pacer)

    def _newClient(self, url: str) -> RtspClient:
        return RtspClient(url, onInterleaved=self.outlet.deliver, keyring=self.keyring, trust=self._trust)

    def _follow(self, deadline: float, watch: Callable[[Publisher], object]) -> ClientError | None:
        """Until all is sent, or the time is over: None; or until the server is lost: why."""
        client, session = self.client, self.session
        assert session, "begin() comes first"
        while session.state is State.PLAYING and (now := self.clock()) < deadline:
            if client.lost or client.gone:
                return client.gone or ConnectError(client.lost)
            if session.lastHeard <= self._begun and self.outlet.blocked(now - self._begun):
                self.outlet.switch(BLOCKED)
                return ConnectError("UDP does not get through")
            watch(self)
            self._wait(min(LOOK, deadline - now))
        return None

    def end(self) -> None:
        """BYE, TEARDOWN, and no connection, whatever state all is in. Twice is fine."""
        session, self.session = self.session, None
        if session:
            self._before = self._figures(session)
            if session.state is State.PLAYING and self.presentation.duration is not None:
                self.position = session.playback.position
            session.close(self.reader, bye=True)
        with suppress(ClientError):
            self.client.teardown(1.0)
        self.client.close()

    def close(self) -> None:
        self.end()
        if self._open:
            for helper in (self.reader, self.pacer, self.preparer):
                helper.close()
        self._open = False
        self.presentation.close()

    # ---- how it goes

    @property
    def figures(self) -> Figures:
        """Of all connections so far."""
        session = self.session
        return self._figures(session) if session and session.state is State.PLAYING else self._before

    def _figures(self, session: Session) -> Figures:
        """Those of the connections before, and this one's; of several streams, frames and reports are the first's."""
        with session.lock:
            if not session.streams or session.state is State.INIT:
                return self._before
            streams = list(session.streams.values())
            frames, octets = streams[0].position - self._first, sum(stream.octets for stream in streams)
            leftOut = streams[0].skipped + streams[0].dropped
            return self._before.plus(frames - leftOut, octets, leftOut, self.clock() - self._begun, streams[0].report)


def header(payloadType: int, marker: int) -> bytes:
    """What stands before each payload; the stream writes its numbers into it."""
    packet = RtpPacket()
    packet.encode(2, 0, 0, 0, 0, marker, payloadType, 0, b"", timestamp=0)
    return packet.getPacket()


# ---- the command line


def publish(options: Any) -> None:
    read(options.url)                           # before a camera is asked for pictures
    try:
        presentation = openSource(options)
    except Missing as missing:
        raise MissingError(str(missing)) from None
    publisher = Publisher(presentation, options.url, options.transport, Trust(options.insecure, options.fingerprint))
    progress = Progress(sys.stderr)
    try:
        publisher.run(options.duration or math.inf, lambda publisher: progress.show(publisher.figures))
    finally:
        publisher.close()
        progress.end()
        if publisher.figures.frames:
            print(publisher.figures.summary(publisher.client.url))
    for source in presentation.sources:
        if trouble := getattr(source, "trouble", ""):
            raise MediaError(trouble)


def main(argv: list[str] | None = None) -> int:
    return run(publish, parseArguments(argv))


if __name__ == "__main__":
    endAtSignals()
    sys.exit(main())
