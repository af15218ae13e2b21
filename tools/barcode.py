"""A frame's number as a barcode, so that programs can tell which frame of the movie a picture is.

Along the bottom edge, from the left: 16 cells of 24 × 16 pixels, most significant bit first, white = 1, black = 0.
Cells are large and plain so that the number survives any JPEG quality and any way of subsampling the colours.
"""

from __future__ import annotations

from PIL import Image, ImageDraw

BITS = 16
CELL_WIDTH = 24
CELL_HEIGHT = 16
WIDTH = BITS * CELL_WIDTH
# A cell's mean may be off by this much of 0 or 255. Video players move black to 16 and white to 235; anything further
# away is no barcode, and saying so is better than a wrong number.
TOLERANCE = 88
# Pixels at a cell's edge are left out: there JPEG mixes the neighbours' colours in.
MARGIN = 4


def draw(image: Image.Image, number: int) -> None:
    """Draw number (0 … 65535) along the bottom edge of image, from the left. ValueError if either does not fit."""
    _check_size(image)
    if not 0 <= number < 1 << BITS:
        raise ValueError(f"number {number} does not fit in {BITS} bits")
    top = image.height - CELL_HEIGHT
    pen = ImageDraw.Draw(image)
    for cell in range(BITS):
        bit = number >> (BITS - 1 - cell) & 1
        left = cell * CELL_WIDTH
        pen.rectangle((left, top, left + CELL_WIDTH - 1, image.height - 1), fill="white" if bit else "black")


def read(image: Image.Image) -> int:
    """The number drawn on image. ValueError if the picture is too small or holds no barcode."""
    _check_size(image)
    top = image.height - CELL_HEIGHT
    strip = image.crop((0, top, WIDTH, image.height)).convert("L")
    number = 0
    for cell in range(BITS):
        number = number << 1 | _bit(strip, cell)
    return number


def _bit(strip: Image.Image, cell: int) -> int:
    left = cell * CELL_WIDTH
    inside = (left + MARGIN, MARGIN, left + CELL_WIDTH - MARGIN, CELL_HEIGHT - MARGIN)
    histogram = strip.crop(inside).histogram()
    mean = sum(level * pixels for level, pixels in enumerate(histogram)) / sum(histogram)
    if TOLERANCE < mean < 255 - TOLERANCE:
        raise ValueError(f"cell {cell} is neither black nor white (mean {mean:.0f} of 255): no barcode here")
    return int(mean > 127)


def _check_size(image: Image.Image) -> None:
    if image.width < WIDTH or image.height < CELL_HEIGHT:
        raise ValueError(f"{image.width}x{image.height} is too small for a barcode of {WIDTH}x{CELL_HEIGHT}")
