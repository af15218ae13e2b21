"""The conversations of docs/protocol.md: our client and our server, over loopback, with a relay in between that notes
everything.

The movie runs slowly, so that a request falls between two frames and the same frames go before and after it each time.
Where the machine was too busy for that, the conversation is held once more.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from Player import Player
from rtsp.headers import Range
from Server import Server
from tools.protocol_notes import Step
from tools.relay import Event, Relay

ROOT = Path(__file__).resolve().parent.parent
RATE = 4.0  # frames a second
ATTEMPTS = 5
RECEIVER_PATIENCE = 7.0  # seconds: longer than from one receiver report to the next (RFC 3550 §6.2)
SENDER_PATIENCE = 0.1  # … and from a frame to the report behind it
GOODBYE = b"\x81\xcb\x00\x01"  # an RTCP packet of type 203 with one SSRC

Script = Callable[[Relay], None]


@dataclass
class Exchange:
    """A request, its reply, and the packets that came after the reply and before the next request."""

    step: Step
    request: bytes
    reply: bytes = b""
    packets: list[Event] = field(default_factory=list)

    @property
    def frames(self) -> int:
        return count_frames(self.packets)


def record(script: Script, steps: Sequence[Step]) -> tuple[list[Exchange], list[Event]]:
    """Hold the conversation until it has gone as the steps say; its exchanges, and everything that passed by.
    RuntimeError if it never does."""
    for _ in range(ATTEMPTS):
        with server() as port, Relay(("127.0.0.1", port)) as relay:
            script(relay)
        events = relay.events
        found = exchanges(events, steps)
        if [one.frames for one in found] == [step.frames for step in steps]:
            return found, events
    raise RuntimeError(f"the frames came at other times than they should: {[one.frames for one in found]}")


@contextmanager
def server() -> Iterator[int]:
    """Our server, playing movie.Mjpeg; its port."""
    running = Server(port=0, host="127.0.0.1", media=ROOT, fps=RATE)
    running.start()
    try:
        yield running.port
    finally:
        running.stop()
        running.close()


def exchanges(events: Sequence[Event], steps: Sequence[Step]) -> list[Exchange]:
    """RuntimeError if the client has asked something else than the steps say."""
    found: list[Exchange] = []
    for event in events:
        message = event.data.decode("utf-8", "replace") if event.kind == "rtsp" else ""
        if message.startswith("RTSP/"):
            found[-1].reply = found[-1].reply or event.data
        elif message and event.up:
            step = steps[len(found)] if len(found) < len(steps) else None
            if step is None or not message.startswith(step.method):
                raise RuntimeError(f"no step is like {message!r}")
            found.append(Exchange(step, event.data))
        elif not (message or is_farewell(event)):
            found[-1].packets.append(event)
    if len(found) != len(steps) or not all(one.reply for one in found):
        raise RuntimeError(f"{len(found)} of {len(steps)} steps were taken")
    # The client's BYE may overtake its last request, for it takes another way
    found[-1].packets += filter(is_farewell, events)
    return found


def is_farewell(event: Event) -> bool:
    """The client says BYE (RFC 3550 §6.6)."""
    return event.up and event.kind == "rtcp" and GOODBYE in event.data


def is_end(event: Event) -> bool:
    """The server says BYE."""
    return not event.up and event.kind == "rtcp" and GOODBYE in event.data


def count_frames(events: Sequence[Event]) -> int:
    """Each frame's last packet has the marker bit (RFC 2435 §3)."""
    return sum(event.kind == "rtp" and not event.up and event.data[1] >> 7 for event in events)


def wait_frames(relay: Relay, count: int) -> None:
    """Until so many frames have come since the latest message, and a sender report, if one comes at all."""
    latest = max(at for at, event in enumerate(relay.events) if event.kind == "rtsp")
    relay.wait(lambda events: count_frames(events[latest:]) >= count)
    wait_control(relay, latest, False, SENDER_PATIENCE)


def wait_control(relay: Relay, since: int, up: bool, patience: float) -> None:
    """Until an RTCP packet has come, in this direction, since so many events."""
    relay.wait(lambda events: any(one.kind == "rtcp" and one.up is up for one in events[since:]), patience)


# ---- what the client does: the scripts of the steps in tools/protocol_notes.py


def over_udp(relay: Relay) -> None:
    """Everything a viewer does with a movie."""
    player = Player(f"rtsp://127.0.0.1:{relay.port}/movie.Mjpeg", transport="udp")
    ask = player.client.request
    try:
        player.setup()
        relay.wait(lambda events: {"rtp", "rtcp"} <= {event.kind for event in events})
        player.play()
        wait_frames(relay, 2)
        player.pause()
        wait_control(relay, len(relay.events), True, RECEIVER_PATIENCE)
        player.play()
        wait_frames(relay, 1)
        player.play(10.0)
        wait_frames(relay, 1)
        ask("PLAY", player.client.target, {"Scale": "2"})
        wait_frames(relay, 2)
        ask("GET_PARAMETER", player.client.target)
        duration = player.duration or 0.0
        ask("PLAY", player.client.target, {"Range": str(Range(duration - 2 / RATE))})
        relay.wait(lambda events: any(map(is_end, events)))
    finally:
        player.leave()


def over_tcp(relay: Relay) -> None:
    """The media inside the connection."""
    player = Player(f"rtsp://127.0.0.1:{relay.port}/movie.Mjpeg", transport="tcp")
    try:
        player.setup()
        player.play()
        wait_frames(relay, 1)
    finally:
        player.leave()


REFUSED = (  # request line without version, headers; {} stands for the server's URL, the session is filled in
    ("PLAY {}movie.Mjpeg", "Session: 12345678"),
    ("SETUP {}movie.Mjpeg", "Transport: RTP/AVP;multicast"),
    ("SETUP {}movie.Mjpeg", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"),
    ("PLAY {}movie.Mjpeg", "Session: <session>", "Require: com.example.instant-replay"),
    ("PLAY {}movie.Mjpeg", "Session: <session>"),
    ("SETUP {}movie.Mjpeg", "Session: <session>", "Transport: RTP/AVP/TCP;unicast;interleaved=2-3"),
    ("TEARDOWN {}movie.Mjpeg", "Session: <session>"),
)


def refused(relay: Relay) -> None:
    """Our own client would not ask for such things, so this one writes its requests by hand."""
    url, session = f"rtsp://127.0.0.1:{relay.port}/", ""
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as sock:
        for number, (line, *headers) in enumerate(REFUSED, 1):
            text = "\r\n".join([line.format(url) + " RTSP/1.0", f"CSeq: {number}", *headers, "", ""])
            sock.sendall(text.replace("<session>", session).encode())
            relay.wait(lambda events, number=number: count_replies(events) == number)  # type: ignore[misc]
            reply = [event.data.decode() for event in relay.events if event.kind == "rtsp"][-1]
            session = session or reply.partition("\r\nSession: ")[2].partition(";")[0]
            if line.startswith("PLAY") and " 200 " in reply:
                wait_frames(relay, 1)


def count_replies(events: Sequence[Event]) -> int:
    return sum(event.kind == "rtsp" and not event.up for event in events)
