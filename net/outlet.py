"""How the media of a publisher go: over UDP, or inside the RTSP connection; net/way.py is how a player's come."""

from __future__ import annotations

import logging
from collections.abc import Callable

from net.channels import UdpChannel
from net.connection import Connection
from net.datagrams import DatagramReader
from net.interleaved import InterleavedChannel, Interleaving
from rtsp.failures import ConnectError, ServerRefused, UsageError
from rtsp.headers import Transport
from rtsp.message import Interleaved

log = logging.getLogger(__name__)

Ask = Callable[[Transport], "Transport | None"]     # SETUP: what is wanted → what is granted

PATIENCE = 12.0     # seconds in which a server that gets our packets over UDP reports on them, more than once
FRESH = 128 << 10   # bytes that may be on their way; what a slow network has no room for is dropped rather than late
REFUSED = "The server does not take UDP. Switched to TCP."
BLOCKED = "The server says nothing over UDP (firewall?). Switched to TCP."


class Outlet:
    """`wanted`: "udp", "tcp", or "auto": UDP first, and TCP where that fails. begin() for each connection, then
    channel() for each stream; `transport` lasts from one connection to the next."""

    def __init__(self, wanted: str) -> None:
        self.transport = "tcp" if wanted == "tcp" else "udp"
        self._auto = wanted == "auto"
        self._inside: Interleaving | None = None

    def begin(self, connection: Connection) -> None:
        """UsageError if what is wanted is not encrypted, and the connection is."""
        if connection.encrypted and not (self._auto or self.transport == "tcp"):
            raise UsageError("Over rtsps:// the media go inside the connection", "Leave out --transport udp")
        self.transport = "tcp" if connection.encrypted else self.transport
        self._inside = Interleaving(connection)

    def deliver(self, frame: Interleaved, connection: Connection) -> None:
        """What came inside the connection."""
        if self._inside is not None and self._inside.connection is connection:
            self._inside.deliver(frame)

    def channel(self, ask: Ask, reader: DatagramReader) -> UdpChannel | InterleavedChannel:
        """Where one stream is sent, as the server granted it. ServerRefused, or ConnectError if there is no port."""
        assert self._inside is not None, "begin() comes first"
        if self.transport == "tcp":
            return inside(ask, self._inside)
        try:
            return over_udp(ask, self._inside.connection, reader)
        except ServerRefused as refused:
            if refused.status != 461 or not self._auto:
                raise
        self.switch(REFUSED)
        return inside(ask, self._inside)

    def blocked(self, silent: float) -> bool:
        """Nothing has come back for so many seconds: is it time for another way?"""
        return self._auto and self.transport == "udp" and silent > PATIENCE

    def switch(self, reason: str) -> None:
        """From UDP to TCP."""
        log.warning("! %s", reason)
        self.transport = "tcp"


def over_udp(ask: Ask, connection: Connection, reader: DatagramReader) -> UdpChannel:
    try:
        channel = UdpChannel(connection.local)
    except OSError as error:
        raise ConnectError("No UDP port is free", str(error)) from None
    try:
        granted = ask(Transport(client_port=channel.ports, mode="RECORD"))
        if granted is None or granted.server_port is None:
            raise ServerRefused(461, "The server does not say which UDP ports it takes media on", "Try --transport tcp")
        channel.aim(connection.peer, granted.server_port)
    except BaseException:
        channel.close(reader)
        raise
    return channel


def inside(ask: Ask, interleaving: Interleaving) -> InterleavedChannel:
    first = len(interleaving)
    granted = ask(Transport("RTP/AVP/TCP", interleaved=(first, first + 1), mode="RECORD"))
    numbers = granted and granted.interleaved or (first, first + 1)
    channel = InterleavedChannel(interleaving, numbers)
    if channel.numbers != numbers:
        raise ServerRefused(0, "The server gives two streams one channel", f"{numbers[0]}-{numbers[1]}")
    interleaving.connection.enlarge(FRESH)
    return channel
