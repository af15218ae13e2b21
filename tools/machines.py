"""The client and the server of the movie, and the small movie that is played from one to the other."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image

from tools import story
from tools.canvas import SCALE, Box, Canvas, Colour, Point, circle, ease, gradient, mix
from tools.story import AMBER, CYAN, DIM, MINT, RED, WHITE

# Edges lie on multiples of 8, the border of JPEG blocks: there they cost hardly a byte.
CLIENT = (8.0, 48.0, 96.0, 176.0)
SERVER = (296.0, 48.0, 376.0, 176.0)
CONTROL_Y = 78  # height of the ports of the RTSP connection
MEDIA_Y = 154  # and of the RTP packets
SCREEN = (16.0, 68.0, 88.0, 122.0)
BODY: Colour = (34, 40, 84)
DARK: Colour = (12, 15, 36)


def client(canvas: Canvas, frame: int) -> None:
    """A laptop that shows what it receives, and counts it."""
    _body(canvas, CLIENT, "CLIENT", CYAN)
    left, top, right, bottom = SCREEN
    canvas.panel((left - 2, top - 2, right + 2, bottom + 2), 4, DARK)
    _screen(canvas, frame)
    base = [(left - 2, bottom + 3), (right + 2, bottom + 3), (right + 5, bottom + 8), (left - 5, bottom + 8)]
    canvas.polygon(base, mix(BODY, WHITE, 0.45))
    canvas.panel((44, bottom + 3, 60, bottom + 5), 1, BODY)
    arrived, lost = _counts(frame)
    for y, words, number, colour in ((144, "packets", arrived, WHITE), (160, "lost", lost, RED if lost else DIM)):
        canvas.text((16, y), words, 11, DIM, anchor="lm")
        canvas.digits((88, y), str(number), 12, colour, bold=bool(number))


def server(canvas: Canvas, frame: int) -> None:
    """A rack with lamps, and the film it reads from."""
    _body(canvas, SERVER, "SERVER", AMBER)
    sending = _sending(frame)
    for unit in range(3):
        top = 68 + unit * 16.0
        canvas.panel((304, top, 368, top + 13), 3, DARK)
        for lamp in range(3):
            blink = sending and math.sin(frame * (0.9 + 0.37 * lamp + 0.23 * unit) + unit * 2) > -0.2
            colour = (MINT, CYAN, AMBER)[lamp] if blink else mix(DARK, DIM, 0.3 if lamp else 0.6)
            centre = (312 + lamp * 7, top + 6.5)
            if blink:
                canvas.glow(centre, 4, colour, 0.5)
            canvas.disc(centre, 1.9, colour)
        canvas.panel((340, top + 5, 362, top + 8), 1.5, mix(DARK, DIM, 0.4))
    _film(canvas, frame)
    canvas.text((336, 164), "movie.Mjpeg", 10, DIM)


def _body(canvas: Canvas, box: Box, name: str, colour: Colour) -> None:
    canvas.panel(box, 8, BODY)
    canvas.text(((box[0] + box[2]) / 2, box[1] + 10), name, 11, colour, bold=True)


def port(canvas: Canvas, centre: Point, colour: Colour, busy: float) -> None:
    """Where a path ends at a machine; busy (0 … 1): something has just come or gone."""
    canvas.glow(centre, 8, colour, 0.25 + 0.75 * busy)
    canvas.disc(centre, 4.2, DARK)
    canvas.ring(centre, 4.2, colour, 1.3)
    canvas.disc(centre, 1.6 + busy, mix(colour, WHITE, busy))


def _screen(canvas: Canvas, frame: int) -> None:
    number = story.picture_shown(frame)
    left, top, right, bottom = SCREEN
    centre = ((left + right) / 2, (top + bottom) / 2)
    if number is None:
        canvas.text(centre, "no signal", 11, mix(DARK, DIM, 0.55))
        return
    canvas.picture(landscape(number), (left, top))
    lost_first, lost_last = story.FROZEN
    if lost_first <= frame < lost_last:
        canvas.panel(SCREEN, 0, RED, 0.16)
        canvas.frame(SCREEN, 0, RED, 1.2)
        canvas.panel((centre[0] - 32, centre[1] - 9, centre[0] + 32, centre[1] + 9), 9, DARK, 0.75)
        canvas.text(centre, "incomplete", 10, WHITE)
    elif frame >= story.PAUSED and story.state(frame) == "READY":
        shade = ease(frame, story.PAUSED, story.PAUSED + 6)
        canvas.disc(centre, 14, DARK, 0.7 * shade)
        for x in (-6.5, 1.5):
            canvas.panel((centre[0] + x, centre[1] - 7, centre[0] + x + 5, centre[1] + 7), 1, WHITE, shade)


def _film(canvas: Canvas, frame: int) -> None:
    """A strip of film that moves while pictures are sent."""
    left, top, wide, high = 296.0, 120.0, 80, 32
    strip = Canvas(Image.new("RGB", (wide * SCALE, high * SCALE), DARK))
    moved = story.picture_sent(frame) * 0.8
    first = int(moved // 24)
    for number in range(first, first + 6):
        x = number * 24 - moved - 4
        strip.picture(_thumbnail(number * 15), (x + 1.5, 7))
        for hole in range(2):
            for y in (2, 27):
                strip.panel((x + hole * 12 + 4, y, x + hole * 12 + 8, y + 3), 1, mix(BODY, WHITE, 0.55))
    canvas.picture(strip.image, (left, top))


@lru_cache(maxsize=64)
def _thumbnail(number: int) -> Image.Image:
    return landscape(number).resize((21 * SCALE, 18 * SCALE), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def landscape(number: int) -> Image.Image:
    """A picture of the movie in the movie, SCALE times 72 × 54: a balloon over hills, from dawn to dusk."""
    day = 0.5 - 0.5 * math.cos(number / 45)
    above, below = mix((70, 60, 150), (64, 150, 230), day), mix((255, 150, 110), (190, 230, 250), day)
    canvas = Canvas(gradient((72 * SCALE, 54 * SCALE), above, below))
    sun = circle((36, 44), 34, -0.2 + 0.4 * (number % 283) / 283)
    canvas.glow(sun, 12, (255, 232, 170), 0.8)
    canvas.disc(sun, 5.5, (255, 246, 214))
    for depth, colour in enumerate(((112, 108, 190), (70, 110, 150), (38, 96, 104))):
        ridge = [(x, _ridge(depth, x + number * (0.25 + 0.3 * depth))) for x in range(0, 74, 2)]
        canvas.polygon([(0, 54), *ridge, (72, 54)], mix(colour, (255, 240, 220), 0.12 * day))
    _balloon(canvas, 40 + 10 * math.sin(number / 31), 19 + 4 * math.sin(number / 17))
    return canvas.image


def _ridge(depth: int, x: float) -> float:
    """The height of a range of hills; depth: how near it is."""
    return 35 + 6 * depth - 5 * math.sin(x / (9 + 2 * depth)) - 2 * math.sin(x / 4.3)


def _balloon(canvas: Canvas, x: float, y: float) -> None:
    canvas.line((x - 5, y + 4), (x - 1.5, y + 11), WHITE, 0.5)
    canvas.line((x + 5, y + 4), (x + 1.5, y + 11), WHITE, 0.5)
    canvas.disc((x, y), 7, (236, 72, 96))
    canvas.panel((x - 4, y - 6.8, x + 4, y + 6.8), 4, (255, 204, 92))
    canvas.panel((x - 1.6, y - 7, x + 1.6, y + 7), 1.6, (236, 72, 96))
    canvas.panel((x - 2, y + 10.5, x + 2, y + 13.5), 0.8, (122, 76, 52))


def _sending(frame: int) -> bool:
    return any(first <= frame < last for first, last in story.SENDING)


def _counts(frame: int) -> tuple[int, int]:
    """How many packets have arrived, and how many are known to be lost: the gap is seen when the next one comes."""
    arrived = [number for number, left in enumerate(story.DEPARTURES, 1) if left + story.PACKET_TRAVEL <= frame]
    return len(arrived) - (story.LOST in arrived), int(story.LOST + 1 in arrived)
