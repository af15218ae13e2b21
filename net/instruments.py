"""What makes the network visible, or bad: --net and --pcap of one program, and where they sit.

    server: Stream → impairment → capture → socket           client: socket → impairment → capture → StreamReceiver

So the capture is what Wireshark would have seen on this side of the bad network.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from net.addresses import Address
from net.capture import Capture
from net.channels import Buffer, Tap, UdpChannel
from net.connection import Watch
from net.datagrams import Handler
from net.impairment import Fate, Impairment
from net.interleaved import InterleavedChannel
from net.later import Later
from rtsp.failures import UsageError

Send = Callable[[bytes], bool]


class Instruments:
    """Neither, one or both. close() writes the capture to its end; twice is fine."""

    def __init__(self, impairment: Impairment | None = None, capture: Capture | None = None,
                 later: Later | None = None) -> None:
        # A client may get another one at any moment; None: a good network
        self.impairment = impairment if impairment and impairment.active else None
        self._chosen = impairment or Impairment()
        self.capture = capture
        self.later = later or Later()
        self._numbers = itertools.count()   # of the streams of a server, in the order in which they are set up

    @classmethod
    def made(cls, net: Impairment | None, pcap: str | None) -> Instruments:
        """As a command line says. UsageError if the file cannot be made."""
        try:
            return cls(net, Capture(pcap) if pcap else None)
        except OSError as error:
            raise UsageError(f"Cannot write {pcap}", error.strerror or str(error)) from None

    def close(self) -> None:
        self.later.close()
        if self.capture:
            self.capture.close()

    # ---- a server's

    @property
    def accepted(self) -> Watch | None:
        """For the connections of clients."""
        return self.capture.accepted if self.capture else None

    def attach(self, channel: UdpChannel | InterleavedChannel) -> UdpChannel | InterleavedChannel:
        """Before it listens. Without --net and --pcap it stays as it is, and fast."""
        number = next(self._numbers)
        record = _recorder(self.capture, channel) if self.capture and isinstance(channel, UdpChannel) else None
        if self.impairment:
            lines = [Line(self, f"stream {number} {kind}", channel.connection is not None) for kind in ("RTP", "RTCP")]

            def impair(packet: Buffer, control: bool) -> list[Buffer]:
                return [packet] * lines[control].take(packet, partial(pass_on, control=control))

            def pass_on(packet: bytes, control: bool) -> None:
                if record:
                    record(packet, control)
                channel.pass_on(packet, control)

            channel.taps.append(impair)
        if record:
            channel.taps.append(record)
        return channel

    # ---- a client's

    @property
    def settings(self) -> dict[str, float]:
        """What is chosen, whether it is on or not: the fields of Impairment; of the loss, its average."""
        return {**asdict(self._chosen), "loss": self._chosen.loses}

    @property
    def effect(self) -> str:
        """In words; "" where the network is left as it is."""
        return "" if self.impairment is None else str(self.impairment) or "as it is"

    def adjust(self, on: bool, changes: Mapping[str, float]) -> None:
        """From now on. Another loss is an even one."""
        even = {"to_bad": 0.0} if "loss" in changes else {}
        fields: dict[str, Any] = {**changes, **even}
        self._chosen = replace(self._chosen, **fields)
        self.impairment = self._chosen if on else None

    @property
    def connected(self) -> Watch | None:
        """For the connection to a server."""
        return self.capture.connected if self.capture else None

    @property
    def record(self) -> Callable[[Address, Address, bytes], None] | None:
        """For datagrams: from where, to where."""
        return self.capture.datagram if self.capture else None

    def incoming(self, handlers: tuple[Handler, Handler], here: tuple[Address, Address] | None
                 ) -> tuple[Handler, Handler]:
        """The same handlers, behind the bad network; `here`: the UDP ports that RTP and RTCP come to, None inside TCP.
        They are called by one thread at a time."""
        turn = threading.Lock()
        rtp, rtcp = here or (None, None)
        return self._incoming("RTP", handlers[0], rtp, turn), self._incoming("RTCP", handlers[1], rtcp, turn)

    def _incoming(self, kind: str, handler: Handler, here: Address | None, turn: threading.Lock) -> Handler:
        line, record = Line(self, f"incoming {kind}", reliable=here is None), here and self.record

        def hand_on(data: bytes, address: Address) -> None:
            with turn:
                if record and here:
                    record(address, here, data)
                handler(data, address)

        def come(data: bytes, address: Address) -> None:
            if self.impairment is None:         # as for nearly everybody
                hand_on(data, address)
                return
            for _ in range(line.take(data, partial(hand_on, address=address))):
                hand_on(data, address)

        return come

    def outgoing(self, send: Send, reliable: bool) -> Send:
        """The client's reports, behind the bad network; what is lost counts as sent."""
        line = Line(self, "outgoing RTCP", reliable)

        def go(packet: bytes) -> bool:
            sent = True
            for _ in range(line.take(packet, send)):
                sent = send(packet)
            return sent

        return go


class Line:
    """One stream in one direction."""

    def __init__(self, instruments: Instruments, name: str, reliable: bool) -> None:
        self._instruments = instruments
        self._fate = Fate(name, reliable)
        self._lock = threading.Lock()       # guards both: what is held goes on by another thread
        self._held = 0

    def take(self, packet: Buffer, pass_on: Callable[[bytes], object]) -> int:
        """How many times it goes on now; a packet that has to wait is copied, and given to `pass_on` later."""
        impairment, later = self._instruments.impairment, self._instruments.later
        if impairment is None:
            return 1
        now = later.clock()
        with self._lock:
            times = self._fate.departures(impairment, len(packet), now, self._held)
            waiting = [when for when in times if when > now]
            self._held += len(waiting)
        for when in waiting:
            later.add(when, partial(self._release, bytes(packet), pass_on))
        return len(times) - len(waiting)

    def _release(self, packet: bytes, pass_on: Callable[[bytes], object]) -> None:
        with self._lock:
            self._held -= 1
        pass_on(packet)


def _recorder(capture: Capture, channel: UdpChannel) -> Tap:
    """A tap that writes down what is sent; an ear does so with what comes."""
    ours = [(channel.local[0], port) for port in channel.ports]
    theirs = [(channel.peer[0], port) for port in channel.peer_ports]

    def record(packet: Buffer, control: bool) -> list[Buffer]:
        capture.datagram(ours[control], theirs[control], bytes(packet))
        return [packet]

    def hear(packet: Buffer, control: bool) -> list[Buffer]:
        capture.datagram(theirs[control], ours[control], bytes(packet))
        return [packet]

    channel.ears.append(hear)
    return record
