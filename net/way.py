"""How the media of a client come: over UDP where that gets through, else inside the RTSP connection."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from net.connection import Connection
from net.datagrams import DatagramReader, Handler, Tick
from net.instruments import Instruments
from net.ports import InnerPorts, UdpPorts
from rtsp.failures import ConnectError, ServerRefused, UsageError
from rtsp.headers import Transport
from rtsp.message import Interleaved
from rtsp.situations import tell

log = logging.getLogger(__name__)

PATIENCE = 3.0      # seconds after PLAY in which a first packet comes if UDP gets through
REFUSED, BLOCKED = tell("udp refused").title, tell("udp blocked").title


class Way:
    """`wanted`: "udp", "tcp", or "auto": UDP first, and TCP if that fails.

    open(), then setup(); a first packet that does not come in PATIENCE is what switch() is for."""

    def __init__(
        self, wanted: str, rtp_port: int, rtp: Handler, rtcp: Handler, tick: Tick | None = None,
        instruments: Instruments | None = None,
        reader: DatagramReader | None = None, first: int = 0,
    ) -> None:
        """`rtp_port`: of UDP, the real one after open(). The handlers get what arrives, on the thread that reads it,
        which also calls `tick` every half second. `reader`: one that many share, which ticks for nobody; `first`: the
        number of the inner channel to ask for."""
        self.rtp_port = rtp_port
        self.notice = ""                        # what the user should know
        self.ports: UdpPorts | InnerPorts | None = None
        self._wanted = wanted
        self._handlers, self._tick = (rtp, rtcp), tick
        self._instruments = instruments or Instruments()
        self._send: Callable[[bytes], bool] = lambda packet: False
        self._reader, self._first = reader, first
        self._closing = threading.Lock()        # guards _closed
        self._closed = False

    def prefer(self, wanted: str) -> None:
        """Before open()."""
        self._wanted = wanted

    @property
    def transport(self) -> str:
        return "tcp" if isinstance(self.ports, InnerPorts) or self._wanted == "tcp" else "udp"

    @property
    def described(self) -> str:
        """The way as people read it: our port and the server's, or the channels."""
        if isinstance(self.ports, InnerPorts):
            return "TCP, channels {}, {}".format(*self.ports.numbers)
        server = self.ports.server if self.ports else None
        return f"UDP {self.rtp_port}" + (f" ← {server}" if server else "")

    @property
    def may_switch(self) -> bool:
        return self._wanted == "auto" and self.transport == "udp"

    def open(self, connection: Connection, lab: bool) -> None:
        """UsageError if the server can only do what is not wanted; ConnectError if there is no port."""
        if connection.encrypted:
            self._stay_inside(lab)
        if self._wanted == "tcp":
            if lab:
                raise UsageError("A server of the classic lab sends over UDP alone", "Leave out --transport tcp")
            self._take(InnerPorts(self._first))
            return
        try:
            ports = UdpPorts(connection.local, self.rtp_port, self._instruments.record, self._reader)
        except OSError as error:
            raise ConnectError("No UDP port is free", str(error)) from None
        self.rtp_port, self.notice = ports.numbers[0], ports.notice
        self._take(ports)

    def _stay_inside(self, lab: bool) -> None:
        """Datagrams could be read by anybody."""
        if self._wanted == "udp":
            raise UsageError("Over rtsps:// the media come inside the connection", "Leave out --transport udp")
        if lab:
            raise UsageError("A server of the classic lab sends over UDP, which is not encrypted", "Use rtsp://")
        self._wanted = "tcp"

    def setup(self, ask: Callable[[Transport], Transport | None], connection: Connection, lab: bool) -> Transport:
        """Ask for a stream to be sent this way, or another one if that is refused; what was granted."""
        assert self.ports, "open() comes first"
        try:
            granted = ask(self.ports.offer)
        except ServerRefused as refused:
            if refused.status != 461 or lab or not self.may_switch:
                raise
            self.switch(REFUSED)
            granted = ask(self.ports.offer)
        granted = granted or Transport()
        self.ports.granted(granted, connection)
        return granted

    def switch(self, reason: str) -> None:
        """From UDP to TCP."""
        self.notice = reason
        log.warning("! %s", reason)
        self._drop()
        self._take(InnerPorts(self._first))

    def reopen(self, connection: Connection) -> None:
        """The same way, to another server: it may know us by another address."""
        self._drop()
        if isinstance(self.ports, InnerPorts):
            self._take(InnerPorts(self._first))
        else:
            self.open(connection, lab=False)

    def blocked(self, waited: float) -> bool:
        """No packet for so many seconds: is it time for another way?"""
        return self.may_switch and waited > PATIENCE

    def deliver(self, frame: Interleaved, connection: Connection) -> None:
        """What came inside the connection."""
        if isinstance(self.ports, InnerPorts):
            self.ports.deliver(frame, connection.peer)

    def send_control(self, packet: bytes) -> bool:
        """Send one compound RTCP packet; False if there is no way for it."""
        return self.ports is not None and self._send(packet)

    def tick(self) -> None:
        """For the thread that receives replies."""
        if self.ports:
            self.ports.tick()

    def close(self) -> None:
        """For good; twice is fine. Any thread, also while another one opens it: that one gets a ConnectError."""
        with self._closing:
            self._closed = True
            self._drop()

    def _drop(self) -> None:
        if self.ports:
            self.ports.close()

    def _take(self, ports: UdpPorts | InnerPorts) -> None:
        with self._closing:
            if self._closed:
                ports.close()
                raise ConnectError("The connection was closed")
            self.ports = ports
            here = ports.here if isinstance(ports, UdpPorts) else None
            self._send = self._instruments.outgoing(ports.send_control, reliable=here is None)
            ports.listen(*self._instruments.incoming(self._handlers, here), self._tick)
