"""The pictures of the lab's movie: `picture(frame)` draws what story.py tells."""

from __future__ import annotations

import math
import random
from functools import lru_cache

from PIL import Image

from tools import barcode, machines, story, traffic
from tools.canvas import SCALE, Canvas, Colour, Point, circle, ease, gradient, mix, shown, text_width
from tools.story import AMBER, CYAN, DIM, DUSK, MINT, NIGHT, PINK, VIOLET, WHITE

SIZE = (384, 288)
STATE_COLOURS = {"INIT": PINK, "READY": AMBER, "PLAYING": MINT}


def picture(frame: int) -> Image.Image:
    """The finished frame, 384 × 288, with its barcode."""
    canvas = Canvas(_background())
    for first, last, draw in SCENES:
        if first <= frame < last:
            draw(canvas, frame)
    image = canvas.reduced()
    barcode.draw(image, frame)
    return image


def opening(canvas: Canvas, frame: int) -> None:
    """The title: four tiles on a wire, among packets; then all leave along the wire."""
    leaving = ease(frame, 34, 46)
    _stars(canvas, frame, 1 - leaving)
    _running_packets(canvas, frame, 108, 1 - leaving)
    for index, (letter, colour) in enumerate(zip("RTSP", (CYAN, VIOLET, PINK, AMBER), strict=True)):
        x = 96 + index * 64 - 400 * ease(frame, 28 + index * 3, 43 + index * 3)
        y = 108 + 5 * math.sin(frame / 7 - index * 0.9)
        _tile(canvas, (x, y), letter, colour)
    canvas.text((192, 176), "How a movie crosses the network", 19, WHITE, 1 - leaving, bold=True)
    canvas.text((192, 203), "one client, one server, four commands", 13, DIM, 1 - leaving)


def stage(canvas: Canvas, frame: int) -> None:
    """The two machines and what travels between them."""
    first, last = story.STAGE
    presence = ease(frame, first, first + 18) - ease(frame, last - 14, last)
    traffic.paths(canvas, presence)
    for shift, machine, ports in (
        (-110, machines.client, traffic.client_ports),
        (110, machines.server, traffic.server_ports),
    ):
        with canvas.moved(shift * (1 - presence)):
            machine(canvas, frame)
            ports(canvas, frame)
    traffic.packets(canvas, frame, presence)
    traffic.messages(canvas, frame)
    for caption in story.CAPTIONS:
        canvas.text((192, 202), caption.words, 15, WHITE, shown(frame, caption.first, caption.last, 5))
    _states(canvas, frame, presence)


def ending(canvas: Canvas, frame: int) -> None:
    """The four commands once more, and the curtain."""
    coming = ease(frame, 464, 474)
    _stars(canvas, frame, coming)
    _running_packets(canvas, frame, 126, coming)
    canvas.text((192, 84), "The End", 48, WHITE, coming, bold=True)
    labels = (("SETUP", CYAN), ("PLAY", MINT), ("PAUSE", AMBER), ("TEARDOWN", PINK))
    x = 192 - sum(text_width(label, 13) + 26 for label, _ in labels) / 2 + 4
    for index, (label, colour) in enumerate(labels):
        wide = text_width(label, 13) + 18
        rise = ease(frame, 464 + 4 * index, 476 + 4 * index)
        traffic.pill(canvas, (x + wide / 2, 162 + 24 * (1 - rise)), label, colour, rise, size=13)
        x += wide + 8
    canvas.text((192, 201), "Now it is your turn.", 17, WHITE, ease(frame, 478, 488))


def overlay(canvas: Canvas, frame: int) -> None:
    """Headline, clock, frame number and timeline: seen in every frame."""
    chapter = story.chapter(frame)
    following = [later.first for later in story.CHAPTERS if later.first > frame] or [story.FRAMES + 10]
    opacity = shown(frame, chapter.first, following[0], 5)
    canvas.text((14 - 10 * (1 - opacity), 25), chapter.title, 22, chapter.colour, opacity, "lm", bold=True)
    _clock(canvas, frame)
    canvas.text((296, 234), "frame", 13, DIM, anchor="lm")
    canvas.digits((370, 234), f"{frame:03}", 17, WHITE, bold=True)
    _timeline(canvas, frame, chapter.colour)


SCENES = (
    (0, 54, opening),
    (story.STAGE[0], story.STAGE[1], stage),
    (464, story.FRAMES, ending),
    (0, story.FRAMES, overlay),
)


@lru_cache(maxsize=1)
def _background() -> Image.Image:
    canvas = Canvas(gradient((SIZE[0] * SCALE, SIZE[1] * SCALE), NIGHT, DUSK))
    canvas.glow((52, 120), 90, (24, 92, 150), 0.45)
    canvas.glow((340, 120), 90, (120, 60, 130), 0.4)
    canvas.glow((192, 290), 90, (90, 50, 160), 0.4)
    return canvas.image


def _stars(canvas: Canvas, frame: int, opacity: float) -> None:
    dice = random.Random(2326)  # the same stars in every frame and at every run
    for _ in range(60):
        x, y, size, speed = 400 * dice.random(), 150 * dice.random(), 0.4 + dice.random(), 0.05 + dice.random() / 4
        twinkle = 0.45 + 0.35 * math.sin(frame / 9 + x)
        canvas.disc(((x - frame * speed) % 400 - 8, y), size, (190, 200, 255), twinkle * opacity)


def _tile(canvas: Canvas, centre: Point, letter: str, colour: Colour) -> None:
    x, y = centre
    canvas.glow(centre, 34, colour, 0.45)
    canvas.panel((x - 26, y - 30, x + 26, y + 30), 11, mix(colour, NIGHT, 0.25))
    canvas.panel((x - 26, y - 30, x + 26, y + 26), 11, colour)
    canvas.text((x, y - 2), letter, 44, NIGHT, bold=True)


def _running_packets(canvas: Canvas, frame: int, y: float, opacity: float) -> None:
    """A wire across the picture, and packets on it."""
    canvas.panel((0, y - 1, SIZE[0], y + 1), 0, VIOLET, 0.5 * opacity)
    for index in range(8):
        x = (index * 52 - frame * 3.2) % 416 - 16
        canvas.panel((x - 8, y - 6, x + 8, y + 6), 3, story.PICTURE_COLOURS[index % 5], opacity)


def _clock(canvas: Canvas, frame: int) -> None:
    """A stop watch: the hand turns once a second, the ring once in the whole movie; and the time in figures."""
    centre = (355.0, 25.0)
    milliseconds = frame * 1000 // story.RATE
    canvas.disc(centre, 13, NIGHT, 0.7)
    canvas.ring(centre, 14.5, mix(NIGHT, DIM, 0.4), 1.6)
    canvas.arc(centre, 14.5, AMBER, 1.6, frame / (story.FRAMES - 1))
    for hour in range(0, 12, 3):
        canvas.line(circle(centre, 8.5, hour / 12), circle(centre, 11.5, hour / 12), DIM, 1)
    hand = frame / story.RATE
    canvas.line(circle(centre, 3, hand + 0.5), circle(centre, 10, hand), WHITE, 1.4)
    canvas.disc(centre, 1.9, AMBER)
    time = f"{milliseconds // 60000}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"
    canvas.digits((334, 25), time, 15, WHITE)


def _timeline(canvas: Canvas, frame: int, colour: Colour) -> None:
    """The whole movie as a line, with a dot where each chapter begins."""
    left, y, length = 14, 258.0, 356 / (story.FRAMES - 1)
    now = left + length * frame
    canvas.panel((left, y - 1.5, 370, y + 1.5), 1.5, WHITE, 0.14)
    canvas.panel((left, y - 1.5, max(now, left + 3), y + 1.5), 1.5, colour)
    for mark in story.CHAPTERS[1:]:
        reached = frame >= mark.first
        canvas.disc((left + length * mark.first, y), 2.7, mark.colour if reached else mix(NIGHT, DIM, 0.55))
    canvas.glow((now, y), 7, colour, 0.8)
    canvas.disc((now, y), 3.7, WHITE)


def _states(canvas: Canvas, frame: int, opacity: float) -> None:
    """INIT, READY, PLAYING: the client's present state is lit."""
    x = 14.0
    for name, colour in STATE_COLOURS.items():
        wide = text_width(name, 12) + 16
        lit = _lit(name, frame)
        canvas.panel((x, 224, x + wide, 244), 10, mix(DUSK, colour, 0.16 + 0.84 * lit), opacity)
        canvas.text((x + wide / 2, 234), name, 12, mix(colour, NIGHT, lit), opacity, bold=True)
        x += wide + 14
        if name != "PLAYING":
            canvas.polygon([(x - 10, 230.5), (x - 4.5, 234), (x - 10, 237.5)], DIM, opacity)


def _lit(name: str, frame: int) -> float:
    ends = [first for first, _ in story.STATES[1:]] + [story.FRAMES + 9]
    return sum(
        shown(frame, first - 1, end, 6) for (first, state), end in zip(story.STATES, ends, strict=True) if state == name
    )
