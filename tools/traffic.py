"""What travels between the machines of the movie: requests and replies on the upper path, RTP packets on the lower."""

from __future__ import annotations

import math

from tools import machines, story
from tools.canvas import Canvas, Colour, Point, along, ease, mix, shown, text_width
from tools.story import CYAN, DIM, LOST, NIGHT, PACKET_TRAVEL, RED, VIOLET, WHITE, Message

LEFT, RIGHT = machines.CLIENT[2], machines.SERVER[0]


def _path(y: float, bend: float) -> list[Point]:
    """From the client to the server."""
    return [(LEFT + (RIGHT - LEFT) * step / 40, y + bend * math.sin(math.pi * step / 40)) for step in range(41)]


CONTROL = _path(machines.CONTROL_Y, -4)
MEDIA = _path(machines.MEDIA_Y, 4)


def paths(canvas: Canvas, opacity: float) -> None:
    """The two paths, with the routers in between."""
    for points, colour, name, y in ((CONTROL, CYAN, "RTSP over TCP", 54), (MEDIA, VIOLET, "RTP over UDP", 176)):
        canvas.wire(points, mix(NIGHT, colour, 0.5), 2, opacity)
        canvas.text((196, y), name, 11, mix(NIGHT, colour, 0.85), opacity)
        for share in (0.25, 0.5, 0.75):
            canvas.disc(along(points, share), 3.2, mix(NIGHT, colour, 0.6), opacity)


def client_ports(canvas: Canvas, frame: int) -> None:
    """The paths' ends at the client flash when something comes or goes."""
    came = max(_flash(frame - departure - PACKET_TRAVEL) for departure in story.DEPARTURES)
    machines.port(canvas, (LEFT, machines.CONTROL_Y), CYAN, _talk(frame))
    machines.port(canvas, (LEFT, machines.MEDIA_Y), VIOLET, came)


def server_ports(canvas: Canvas, frame: int) -> None:
    """And those at the server."""
    sent = max(_flash(frame - departure) for departure in story.DEPARTURES)
    machines.port(canvas, (RIGHT, machines.CONTROL_Y), CYAN, _talk(frame))
    machines.port(canvas, (RIGHT, machines.MEDIA_Y), VIOLET, sent)


def messages(canvas: Canvas, frame: int) -> None:
    """The request or reply under way, and between the paths its text, or what the packets say."""
    for first, last, draw in ((170, 249, _header_card), (252, 314, _arrivals_card)):
        if first <= frame < last:
            draw(canvas, frame, shown(frame, first, last, 6))
    for message in story.MESSAGES:
        if message.sent - 4 <= frame <= message.arrives + 6:
            _letter(canvas, message, shown(frame, message.sent - 4, message.arrives + 6, 5))
            _travel(canvas, message, frame)


def packets(canvas: Canvas, frame: int, presence: float) -> None:
    """All RTP packets that are under way, and the gap that a lost one leaves."""
    for number, departure in enumerate(story.DEPARTURES, 1):
        share = (frame - departure) / PACKET_TRAVEL
        if not 0 <= share <= 1:
            continue
        centre = along(MEDIA, 0.96 - share * 0.92)
        opacity = presence * min(1.0, share * 12, (1 - share) * 12)
        if number == LOST and share > story.LOST_AT:
            _gap(canvas, centre, opacity)
            _fall(canvas, along(MEDIA, 0.96 - story.LOST_AT * 0.92), number, frame - departure)
        else:
            _packet(canvas, centre, number, _picture_colour(number), opacity)


def pill(canvas: Canvas, centre: Point, label: str, colour: Colour, opacity: float = 1, size: float = 12) -> None:
    """A request or a reply, as it is seen on its way."""
    x, y = centre
    half = text_width(label, size) / 2 + 9
    canvas.glow(centre, 16, colour, 0.5 * opacity)
    canvas.panel((x - half, y - size + 2, x + half, y + size - 2), size, colour, opacity)
    canvas.text(centre, label, size, NIGHT, opacity, bold=True)


def _talk(frame: int) -> float:
    return max(_flash(frame - at) for message in story.MESSAGES for at in (message.sent, message.arrives))


def _flash(age: int) -> float:
    return max(0.0, 1 - age / 8) if age >= 0 else 0.0


def _travel(canvas: Canvas, message: Message, frame: int) -> None:
    share = ease(frame, message.sent, message.arrives)
    x, y = along(CONTROL, share if message.to_server else 1 - share)
    half = text_width(message.label, 12) / 2 + 15  # a pill starts and ends beside the port, not on it
    opacity = shown(frame, message.sent - 4, message.arrives + 4, 4)
    pill(canvas, (min(max(x, LEFT + half), RIGHT - half), y), message.label, message.colour, opacity)


def _picture_colour(number: int) -> Colour:
    """The colour of the picture that packet number belongs to."""
    return story.PICTURE_COLOURS[(number - 1) // story.PACKETS_A_PICTURE % len(story.PICTURE_COLOURS)]


def _packet(canvas: Canvas, centre: Point, number: int, colour: Colour, opacity: float) -> None:
    x, y = centre
    canvas.panel((x - 11, y - 9, x + 11, y + 9), 4, colour, opacity)
    canvas.text(centre, str(number), 12, NIGHT, opacity, bold=True)


def _gap(canvas: Canvas, centre: Point, opacity: float) -> None:
    """The empty place of a lost packet goes on along the path."""
    x, y = centre
    canvas.frame((x - 11, y - 9, x + 11, y + 9), 4, RED, 1.2, opacity)


def _fall(canvas: Canvas, centre: Point, number: int, age: int) -> None:
    """A lost packet drops off the path, with a flash and a ring; age: frames since it left the server."""
    fallen = age - story.LOST_AT * PACKET_TRAVEL
    left = 1 - ease(fallen, 4, 13)
    canvas.glow(centre, 18, RED, left)
    canvas.ring(centre, 8 + fallen, RED, 1.4, 0.8 * left)
    _packet(canvas, (centre[0], centre[1] + 2.2 * fallen + 0.1 * fallen**2), number, RED, left)


def _letter(canvas: Canvas, message: Message, opacity: float) -> None:
    """The message's own lines."""
    canvas.panel((101, 94, 291, 138), 6, NIGHT, 0.85 * opacity)
    for index, words in enumerate(message.lines):
        colour = WHITE if index else message.colour
        canvas.text((107, 102.5 + index * 13.5), words, 10, colour, opacity, "lm")


def _header_card(canvas: Canvas, frame: int, opacity: float) -> None:
    """The most telling fields of the RTP header of the packet that left last."""
    number = sum(departure <= frame for departure in story.DEPARTURES)
    timestamp = (number - 1) // story.PACKETS_A_PICTURE * 90000 // story.RATE
    fields = (
        ("type", "26 JPEG", 54),
        ("sequence", str(number), 50),
        ("time", str(timestamp), 46),
        ("marker", str(int(number % story.PACKETS_A_PICTURE == 0)), 40),
    )
    x = 100.0
    for name, value, wide in fields:
        canvas.panel((x, 98, x + wide - 2, 136), 5, NIGHT, 0.85 * opacity)
        canvas.text((x + wide / 2 - 1, 107.5), name, 10, _picture_colour(number), opacity)
        canvas.text((x + wide / 2 - 1, 124), value, 12, WHITE, opacity, bold=True)
        x += wide + 1


def _arrivals_card(canvas: Canvas, frame: int, opacity: float) -> None:
    """The packets that have arrived last, and the gap among them."""
    canvas.text((103, 95), "received by the client", 11, DIM, opacity, "lm")
    since = (frame - story.DEPARTURES[0] - PACKET_TRAVEL) / story.PACKET_EVERY
    newest = int(since) + 1
    step = since % 1
    for number in range(newest - 6, newest + 1):
        x = 280.0 if number == newest else 280 - (newest - number - 1 + ease(step, 0, 0.7)) * 30
        seen = opacity * min(1.0, max(0.0, (x - 108) / 16), ease(step, 0.1, 0.8) if number == newest else 1)
        if number != LOST:
            canvas.panel((x - 13, 106, x + 13, 134), 5, _picture_colour(number), seen)
            canvas.text((x, 120), str(number), 14, NIGHT, seen, bold=True)
        elif newest > LOST:  # only the next packet shows that one is missing
            canvas.panel((x - 13, 106, x + 13, 134), 5, NIGHT, seen)
            canvas.frame((x - 13, 106, x + 13, 134), 5, RED, 1.6, seen)
            canvas.text((x, 120), "?", 15, RED, seen, bold=True)
