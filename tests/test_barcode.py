"""The frame number as a barcode."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from tests import movies
from tools import barcode

NUMBERS = [0, 1, 2, 255, 256, 499, 0x5555, 0xAAAA, 0x8000, 0xFFFF]


def recompressed(image: Image.Image, quality: int, subsampling: int = 2) -> Image.Image:
    """The picture after a trip through JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=subsampling)
    return Image.open(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize("number", NUMBERS)
def test_what_was_drawn_is_read(number: int) -> None:
    """Untouched pixels, and JPEGs from the best quality to the worst."""
    image = movies.picture(number)
    assert barcode.read(image) == number
    for quality in (95, 75, 50, 20, 5, 1):
        assert barcode.read(recompressed(image, quality)) == number


@pytest.mark.parametrize("size", [(384, 288), (384, 16), (390, 290), (640, 480), (1920, 1080)])
def test_any_size_from_384_wide(size: tuple[int, int]) -> None:
    """The cells keep their size and stay at the left of the bottom edge."""
    image = Image.new("RGB", size, (90, 160, 40))
    barcode.draw(image, 0xA5C3)
    assert barcode.read(recompressed(image, 40)) == 0xA5C3


@pytest.mark.parametrize("mode", ["RGB", "L", "YCbCr", "RGBA"])
def test_any_colour_mode(mode: str) -> None:
    """Decoders hand out grey, YCbCr and RGB pictures."""
    image = movies.picture(321).convert(mode)
    assert barcode.read(image) == 321


def test_cells_are_where_the_movie_format_says() -> None:
    """16 cells 24 × 16 pixels, most significant bit left, white = 1."""
    image = Image.new("RGB", (384, 288), (128, 0, 0))
    barcode.draw(image, 0b1000_0000_0000_0010)
    white, black = (255, 255, 255), (0, 0, 0)
    assert image.getpixel((0, 272)) == image.getpixel((23, 287)) == white
    assert image.getpixel((24, 272)) == image.getpixel((335, 287)) == black
    assert image.getpixel((336, 272)) == image.getpixel((359, 287)) == white
    assert image.getpixel((383, 287)) == black
    assert image.getpixel((0, 271)) == (128, 0, 0)


def test_video_levels_are_read() -> None:
    """Some players show black as 16 and white as 235."""
    image = movies.picture(0x1234).point(lambda level: 16 + level * 219 // 255)
    assert barcode.read(image) == 0x1234


def test_a_picture_without_barcode_is_refused() -> None:
    """A grey or green picture (what a damaged stream looks like) has no number."""
    for colour in ("grey", (0, 200, 0)):
        with pytest.raises(ValueError, match="no barcode"):
            barcode.read(Image.new("RGB", (384, 288), colour))
    image = movies.picture(7)
    ImageDraw.Draw(image).rectangle((100, 270, 200, 287), fill=(120, 120, 120))
    with pytest.raises(ValueError, match="cell [4-8]"):
        barcode.read(image)


def test_too_small_or_too_large_is_refused() -> None:
    """Neither a cut barcode nor a cut number is drawn."""
    for size in ((383, 288), (384, 15)):
        with pytest.raises(ValueError, match="too small"):
            barcode.draw(Image.new("RGB", size), 1)
        with pytest.raises(ValueError, match="too small"):
            barcode.read(Image.new("RGB", size))
    for number in (-1, 65536):
        with pytest.raises(ValueError, match="16 bits"):
            barcode.draw(Image.new("RGB", (384, 288)), number)
