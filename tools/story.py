"""The script of the lab's movie: what happens at which frame. 20 frames are one second.

The story is the protocol's own: a client asks a server for a movie, watches it, loses a packet, pauses, goes on and
says goodbye.
"""

from __future__ import annotations

from typing import NamedTuple

from tools.canvas import Colour

FRAMES = 500
RATE = 20  # frames a second, as the lab has always played its movies

NIGHT: Colour = (9, 13, 34)
DUSK: Colour = (46, 27, 92)
WHITE: Colour = (240, 244, 255)
DIM: Colour = (146, 158, 204)
CYAN: Colour = (70, 208, 255)
AMBER: Colour = (255, 192, 92)
MINT: Colour = (92, 232, 170)
PINK: Colour = (255, 116, 176)
VIOLET: Colour = (164, 140, 255)
RED: Colour = (255, 84, 104)


class Chapter(NamedTuple):
    """first frame, and what is seen as the headline until the next chapter begins."""

    first: int
    title: str
    colour: Colour


class Message(NamedTuple):
    """A request (towards the server) or a reply, on its way from frame sent to frame arrives."""

    sent: int
    arrives: int
    to_server: bool
    label: str
    colour: Colour
    lines: tuple[str, ...]


class Caption(NamedTuple):
    """A line of explanation, seen from first until before last."""

    first: int
    last: int
    words: str


CHAPTERS = (
    Chapter(0, "", CYAN),
    Chapter(46, "SETUP", CYAN),
    Chapter(112, "PLAY", MINT),
    Chapter(166, "RTP packets", VIOLET),
    Chapter(250, "A packet is lost", RED),
    Chapter(314, "PAUSE", AMBER),
    Chapter(370, "PLAY again", MINT),
    Chapter(412, "TEARDOWN", PINK),
    Chapter(462, "", CYAN),
)
STAGE = (40, 466)  # the two machines are seen; before and after there is a title

SETUP = ("SETUP movie.Mjpeg RTSP/1.0", "CSeq: 1", "Transport: RTP/UDP; client_port= 25000")


def _request(sent: int, arrives: int, method: str, cseq: int, colour: Colour) -> Message:
    lines = (f"{method} movie.Mjpeg RTSP/1.0", f"CSeq: {cseq}", "Session: 123456")
    return Message(sent, arrives, True, method, colour, lines)


def _reply(sent: int, arrives: int, cseq: int) -> Message:
    return Message(sent, arrives, False, "200 OK", MINT, ("RTSP/1.0 200 OK", f"CSeq: {cseq}", "Session: 123456"))


MESSAGES = (
    Message(62, 80, True, "SETUP", CYAN, SETUP),
    _reply(86, 104, 1),
    _request(120, 136, "PLAY", 2, CYAN),
    _reply(142, 158, 2),
    _request(324, 340, "PAUSE", 3, AMBER),
    _reply(346, 362, 3),
    _request(374, 387, "PLAY", 4, CYAN),
    _reply(391, 404, 4),
    _request(414, 426, "TEARDOWN", 5, PINK),
    _reply(431, 443, 5),
)

CAPTIONS = (
    Caption(50, 84, "The client asks for a movie."),
    Caption(84, 112, "The server agrees: both are READY."),
    Caption(112, 144, "One more request: begin!"),
    Caption(144, 168, "Now both are PLAYING."),
    Caption(168, 208, "RTP carries the pictures in small packets."),
    Caption(208, 250, "Each packet has a number, each picture a colour."),
    Caption(250, 284, "UDP promises nothing: packets may vanish."),
    Caption(284, 314, "A gap! The client skips one picture."),
    Caption(314, 344, "PAUSE stops the packets, not the session."),
    Caption(344, 370, "READY: the server remembers the place."),
    Caption(370, 412, "The movie goes on where it stopped."),
    Caption(412, 458, "TEARDOWN ends the session."),
)

# The client's state from this frame on: it changes when a reply has come.
PAUSED = 362  # the pause begins for the client
STATES = ((0, "INIT"), (104, "READY"), (158, "PLAYING"), (PAUSED, "READY"), (404, "PLAYING"), (443, "INIT"))

# The server sends RTP packets from … until before …: from its reply to PLAY to the arrival of PAUSE or TEARDOWN.
SENDING = ((144, 340), (393, 426))
PACKET_EVERY = 5  # frames
PACKET_TRAVEL = 34  # frames
PACKETS_A_PICTURE = 3
PICTURE_COLOURS = (CYAN, VIOLET, PINK, AMBER, MINT)
LOST = 22  # sequence number of the packet that is lost
LOST_AT = 0.2  # of its way
FROZEN = (288, 307)  # the client's screen stands still: one picture is incomplete

DEPARTURES = [frame for first, last in SENDING for frame in range(first, last, PACKET_EVERY)]  # of packets 1, 2, 3, …


def chapter(frame: int) -> Chapter:
    """The chapter this frame belongs to."""
    return [chapter for chapter in CHAPTERS if chapter.first <= frame][-1]


def state(frame: int) -> str:
    """The client's state."""
    return [state for first, state in STATES if first <= frame][-1]


def picture_shown(frame: int) -> int | None:
    """Which picture of the movie in the movie the client shows: None before the first has come and after the end."""
    first = SENDING[0][0] + PACKET_TRAVEL
    if not first <= frame < STATES[-1][0]:
        return None
    return _media_time(min(frame, FROZEN[0]) if frame < FROZEN[1] else frame) - _media_time(first)


def picture_sent(frame: int) -> int:
    """How far the server is in the movie: it stands still while nothing is sent."""
    return _media_time(frame + PACKET_TRAVEL)


def _media_time(frame: int) -> int:
    """Frames of playing until this one, at the client, where everything is seen after a packet's travel."""
    return sum(max(0, min(frame - PACKET_TRAVEL, last) - first) for first, last in SENDING)
