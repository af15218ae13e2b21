"""A drawing surface for smooth pictures: everything is drawn SCALE times larger, then reduced.

Coordinates are pixels of the finished picture, as floats: motion by a third of a pixel is seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

SCALE = 4

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Colour = tuple[int, int, int]


class Canvas:
    """Shapes with an opacity (0 … 1), and text in the one font that comes with Pillow."""

    def __init__(self, background: Image.Image) -> None:
        """background: SCALE times the finished size."""
        self.image = background.copy()
        self._pen = ImageDraw.Draw(self.image, "RGBA")
        self._shift = 0.0

    def reduced(self) -> Image.Image:
        """The finished picture. HAMMING: as sharp as LANCZOS, without its halos, which cost bytes in a JPEG."""
        size = (self.image.width // SCALE, self.image.height // SCALE)
        return self.image.resize(size, Image.Resampling.HAMMING)

    @contextmanager
    def moved(self, right: float) -> Iterator[None]:
        """What is drawn meanwhile lands that much further to the right."""
        self._shift = right
        yield
        self._shift = 0.0

    def panel(self, box: Box, radius: float, fill: Colour, opacity: float = 1) -> None:
        """A rectangle with round corners."""
        self._pen.rounded_rectangle(self._scaled(box), radius * SCALE, _rgba(fill, opacity))

    def frame(self, box: Box, radius: float, colour: Colour, width: float, opacity: float = 1) -> None:
        """The outline of a panel."""
        edges = self._scaled(box)
        self._pen.rounded_rectangle(edges, radius * SCALE, None, _rgba(colour, opacity), round(width * SCALE))

    def disc(self, centre: Point, radius: float, fill: Colour, opacity: float = 1) -> None:
        """A filled circle."""
        self._pen.ellipse(self._around(centre, radius), _rgba(fill, opacity))

    def ring(self, centre: Point, radius: float, colour: Colour, width: float, opacity: float = 1) -> None:
        """A circle."""
        self.arc(centre, radius, colour, width, 1, opacity)

    def arc(self, centre: Point, radius: float, colour: Colour, width: float, turn: float, opacity: float = 1) -> None:
        """The part of a circle from the top clockwise; turn: how much of it (0 … 1)."""
        box = self._around(centre, radius)
        self._pen.arc(box, -90, -90 + 360 * turn, _rgba(colour, opacity), round(width * SCALE))

    def line(self, start: Point, end: Point, colour: Colour, width: float, opacity: float = 1) -> None:
        """A straight line."""
        self._pen.line([self._at(start), self._at(end)], _rgba(colour, opacity), round(width * SCALE))

    def wire(self, points: Sequence[Point], colour: Colour, width: float, opacity: float = 1) -> None:
        """A nearly level curve: one shape, because the ends of many translucent lines would show."""
        upper = [(x, y - width / 2) for x, y in points]
        lower = [(x, y + width / 2) for x, y in reversed(points)]
        self.polygon([*upper, *lower], colour, opacity)

    def polygon(self, points: Sequence[Point], fill: Colour, opacity: float = 1) -> None:
        """A filled polygon."""
        self._pen.polygon([self._at(point) for point in points], _rgba(fill, opacity))

    def glow(self, centre: Point, radius: float, colour: Colour, opacity: float = 1) -> None:
        """Soft light around a point."""
        mask = _glow(round(radius * SCALE), round(opacity * 64))
        x, y = self._at(centre)
        self.image.paste(colour, (round(x - mask.width / 2), round(y - mask.height / 2)), mask)

    def picture(self, image: Image.Image, corner: Point) -> None:
        """Another picture, already SCALE times larger."""
        x, y = self._at(corner)
        self.image.paste(image, (round(x), round(y)))

    def text(
        self,
        place: Point,
        words: str,
        size: float,
        colour: Colour,
        opacity: float = 1,
        anchor: str = "mm",
        bold: bool = False,
    ) -> None:
        """One line of text; anchor as Pillow names it (`lm`: place is the left end, half-way up)."""
        if opacity <= 0:
            return
        mask, (left, top) = _lettering(words, size, anchor, bold)
        x, y = self._at(place)
        self.image.paste(colour, (round(x) + left, round(y) + top), mask if opacity >= 1 else _faded(mask, opacity))

    def digits(self, place: Point, words: str, size: float, colour: Colour, bold: bool = False) -> None:
        """Text that ends at place, each digit as wide as a 0: running numbers must not tremble."""
        x, y = place
        for letter in reversed(words):
            advance = text_width("0" if letter.isdigit() else letter, size)
            self.text((x - advance / 2, y), letter, size, colour, bold=bold)
            x -= advance

    def _at(self, point: Point) -> Point:
        return (point[0] + self._shift) * SCALE, point[1] * SCALE

    def _scaled(self, box: Box) -> Box:
        """Pillow counts a shape's last row and column in; and it refuses boxes turned inside out."""
        (left, top), (right, bottom) = self._at(box[:2]), self._at(box[2:])
        return left, top, max(left, right - 1), max(top, bottom - 1)

    def _around(self, centre: Point, radius: float) -> Box:
        x, y = centre
        return self._scaled((x - radius, y - radius, x + radius, y + radius))


@lru_cache
def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font (Aileron: ASCII and a few signs): no font of the system is needed."""
    return ImageFont.load_default(round(size * SCALE))


@lru_cache(maxsize=1024)
def text_width(words: str, size: float) -> float:
    """In pixels of the finished picture."""
    return font(size).getlength(words) / SCALE


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour that lies at share (0 … 1) of the way from one to other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def ease(time: float, start: float, end: float) -> float:
    """0 before start, 1 after end, and in between moving off and arriving gently."""
    share = min(1.0, max(0.0, (time - start) / (end - start)))
    return share * share * share * (share * (share * 6 - 15) + 10)


def shown(time: float, start: float, end: float, fade: float = 6) -> float:
    """Opacity of what is seen from start to end: fading in after start, out before end."""
    return ease(time, start, start + fade) * (1 - ease(time, end - fade, end))


def along(points: Sequence[Point], share: float) -> Point:
    """The point at share (0 … 1) of the way along a line of many short, equal pieces."""
    place = min(1.0, max(0.0, share)) * (len(points) - 1)
    index = min(int(place), len(points) - 2)
    (x, y), (next_x, next_y) = points[index], points[index + 1]
    rest = place - index
    return x + (next_x - x) * rest, y + (next_y - y) * rest


def circle(centre: Point, radius: float, turn: float) -> Point:
    """The point of a circle at turn, clockwise from the top (a clock's hand)."""
    angle = turn * 2 * math.pi
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)


def gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """top shading into bottom."""
    return Image.composite(
        Image.new("RGB", size, bottom), Image.new("RGB", size, top), Image.linear_gradient("L").resize(size)
    )


@lru_cache(maxsize=512)
def _lettering(words: str, size: float, anchor: str, bold: bool) -> tuple[Image.Image, tuple[int, int]]:
    """The words as a mask, and where its corner lies from the anchor. (ImageDraw would ignore the text's opacity.)"""
    weight = max(1, round(size * SCALE / 45)) if bold else 0
    letters = font(size)
    left, top, right, bottom = (round(edge) for edge in letters.getbbox(words, anchor=anchor, stroke_width=weight))
    left -= weight * len(words) // 2 if anchor[0] == "m" else 0
    mask = Image.new("L", (right - left + 2 * weight * len(words), bottom - top))
    pen = ImageDraw.Draw(mask)
    for index, letter in enumerate(words):  # bold letters are wider, so they are set wider apart
        x = weight + letters.getlength(words[:index]) + weight * index
        pen.text((x, -top), letter, 255, letters, "l" + anchor[1], stroke_width=weight)
    return mask, (left, top)


def _faded(mask: Image.Image, opacity: float) -> Image.Image:
    return mask.point([round(level * opacity) for level in range(256)])


@lru_cache(maxsize=256)
def _glow(radius: int, level: int) -> Image.Image:
    mask = Image.new("L", (4 * radius, 4 * radius))
    ImageDraw.Draw(mask).ellipse((radius, radius, 3 * radius, 3 * radius), level * 255 // 64)
    return mask.filter(ImageFilter.GaussianBlur(radius / 2.2))


def _rgba(colour: Colour, opacity: float) -> tuple[int, int, int, int]:
    return (*colour, round(255 * min(1.0, max(0.0, opacity))))
