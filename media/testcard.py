"""The picture of the test pattern: colour bars, a clock whose hand sweeps, a puck on a rail, the frame's number.

All that stays is drawn once; a frame costs some small pastes and the JPEG encoder.  The number is also along the
bottom edge, as in the lab's movie: 16 cells of 24 × 16 pixels, most significant bit first, white = 1, black = 0.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

SIZE = 640, 480
RATE = 25  # frames a second
TURN = 2 * RATE  # frames in which the hand goes round once
LAP = 5 * RATE  # frames from one end of the rail to the other and back
QUALITY = 60
BITS, CELL = 16, (24, 16)

Colour = tuple[int, int, int]
NIGHT: Colour = (17, 20, 44)
PANEL: Colour = (28, 33, 68)
LINE: Colour = (70, 78, 128)
DIM: Colour = (150, 158, 205)
WHITE: Colour = (240, 242, 255)
AMBER: Colour = (255, 190, 80)
CYAN: Colour = (90, 210, 240)
BARS: tuple[Colour, ...] = (
    (191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191), (16, 16, 16),
)  # fmt: skip

FINE = 3  # what is round is drawn so many times larger, and reduced: smooth edges
BARS_BOTTOM, RAMP_BOTTOM = 144, 168
DIAL, RADIUS = (32, 196), 96  # left upper corner, pixels
DAY, TIME, FRAME, NUMBER = (258, 200), (256, 222), (258, 292), (256, 314)  # left upper corners
RAIL = 32, 608, 430  # from, to, height of the middle
PUCK = 12  # pixels, radius


def jpeg(number: int, clock: str, day: str) -> bytes:
    """Frame `number`, showing this time of day ("12:34:56.789") and this date: baseline, 4:2:0, standard Huffman
    tables, less than the 20,468 bytes that lab clients take."""
    out = io.BytesIO()
    picture(number, clock, day).save(out, "JPEG", quality=QUALITY, subsampling=2)
    return out.getvalue()


def picture(number: int, clock: str, day: str) -> Image.Image:
    """The frame, `SIZE`, RGB."""
    image = _background().copy()
    image.paste(_dial(number % TURN), DIAL)
    image.paste(_words(day, 18, DIM), DAY)
    _write(image, TIME, clock, 54, WHITE)
    _write(image, NUMBER, f"{number:06}", 54, AMBER)
    left, right, middle = RAIL
    x = left + PUCK + round((right - left - 2 * PUCK) * (0.5 - 0.5 * math.cos(math.tau * number / LAP)))
    puck = _puck()
    image.paste(puck.convert("RGB"), (x - PUCK, middle - PUCK), puck.getchannel("A"))
    image.paste(barcode(number), (0, SIZE[1] - CELL[1]))
    return image


def barcode(number: int) -> Image.Image:
    """The last 16 bits of the number."""
    cells = bytes(255 * (number >> bit & 1) for bit in reversed(range(BITS)))
    strip = Image.frombytes("L", (BITS, 1), cells)
    return strip.resize((BITS * CELL[0], CELL[1]), Image.Resampling.NEAREST).convert("RGB")


def _write(image: Image.Image, place: tuple[int, int], text: str, size: int, colour: Colour) -> None:
    """Digits, all as wide as the widest, so that they stay where they are."""
    x, y = place
    for letter in text:
        glyph = _words(letter, size, colour)
        wide = _digit_width(size) if letter.isdigit() else glyph.width
        image.paste(glyph, (x + (wide - glyph.width) // 2, y))
        x += wide


@lru_cache(maxsize=64)
def _words(words: str, size: int, colour: Colour) -> Image.Image:
    font = ImageFont.load_default(size)
    image = Image.new("RGB", (math.ceil(font.getlength(words)), math.ceil(size * 1.25)), NIGHT)
    ImageDraw.Draw(image).text((0, 0), words, colour, font)
    return image


@lru_cache(maxsize=4)
def _digit_width(size: int) -> int:
    return max(_words(digit, size, WHITE).width for digit in "0123456789")


@lru_cache(maxsize=1)
def _background() -> Image.Image:
    image = Image.new("RGB", SIZE, NIGHT)
    pen = ImageDraw.Draw(image)
    width, height = SIZE
    for index, colour in enumerate(BARS):
        pen.rectangle((index * width // 8, 0, (index + 1) * width // 8 - 1, BARS_BOTTOM - 1), fill=colour)
    ramp = Image.linear_gradient("L").rotate(90).resize((width, RAMP_BOTTOM - BARS_BOTTOM)).convert("RGB")
    image.paste(ramp, (0, BARS_BOTTOM))
    image.paste(_words("frame", 18, DIM), FRAME)
    title = _words("RTSP lab test pattern", 18, DIM)
    image.paste(title, (width - title.width - 32, 384))
    left, right, middle = RAIL
    pen.rounded_rectangle((left, middle - 2, right, middle + 2), 2, PANEL)
    for tick in range(11):
        x = left + PUCK + tick * (right - left - 2 * PUCK) // 10
        pen.line((x, middle - 8, x, middle + 8), LINE)
    pen.rectangle((BITS * CELL[0], height - CELL[1], width, height), fill=PANEL)
    return image


@lru_cache(maxsize=TURN)
def _dial(step: int) -> Image.Image:
    """The clock's face, its hand at step / TURN of the way round, with a fading trail behind it."""
    side = 2 * RADIUS * FINE
    image = _face().copy()
    pen = ImageDraw.Draw(image)
    turn = 360 * step / TURN - 90
    box = [side * 0.14, side * 0.14, side * 0.86, side * 0.86]
    for fade in range(12):
        share = (fade + 1) / 13
        colour = tuple(round(a + (b - a) * share * 0.7) for a, b in zip(PANEL, CYAN, strict=True))
        pen.pieslice(box, turn - 6 * (12 - fade), turn - 6 * (11 - fade), fill=colour)
    angle = math.radians(turn)
    tip = side / 2 + math.cos(angle) * side * 0.4, side / 2 + math.sin(angle) * side * 0.4
    pen.line((side / 2, side / 2, *tip), WHITE, 3 * FINE)
    middle = side / 2
    pen.ellipse((middle - 6 * FINE, middle - 6 * FINE, middle + 6 * FINE, middle + 6 * FINE), AMBER)
    return image.reduce(FINE)


@lru_cache(maxsize=1)
def _face() -> Image.Image:
    side = 2 * RADIUS * FINE
    image = Image.new("RGB", (side, side), NIGHT)
    pen = ImageDraw.Draw(image)
    pen.ellipse((FINE, FINE, side - FINE, side - FINE), PANEL, LINE, 2 * FINE)
    for tick in range(TURN):
        angle = math.tau * tick / TURN
        long = tick % 5 == 0
        inner, outer = (0.43 if long else 0.455) * side, 0.475 * side
        ends = [side / 2 + f(angle) * r for r in (inner, outer) for f in (math.sin, math.cos)]
        pen.line(ends, WHITE if long else DIM, (2 if long else 1) * FINE)
    return image


@lru_cache(maxsize=1)
def _puck() -> Image.Image:
    side = 2 * PUCK * FINE
    image = Image.new("RGBA", (side, side), (*AMBER, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((0, 0, side - 1, side - 1), (*AMBER, 255))
    pen.ellipse((side * 0.3, side * 0.3, side * 0.7, side * 0.7), (*WHITE, 255))
    return image.reduce(FINE)
