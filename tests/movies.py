"""Movie files for the tests, drawn on the spot: small, quick and with a barcode in every frame."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from tools import barcode

SIZE = (384, 288)


def lab_movie(path: str | Path, frames: int = 10, size: tuple[int, int] = SIZE, quality: int = 75) -> list[bytes]:
    """Write a movie in the lab format, frame k with barcode k; the frames' JPEGs (4:2:0, standard tables)."""
    jpegs = [jpeg(number, size, quality) for number in range(frames)]
    Path(path).write_bytes(lengths(jpegs))
    return jpegs


def handout_movie(path: str | Path, frames: int = 10) -> list[bytes]:
    """Write a movie with the traits of the classic handout's own; the frames' JPEGs.

    4:4:4, component ids 0, 1, 2, no APP0, Huffman tables (the standard ones) before quantization tables, quality 50.
    """
    jpegs = [handout_jpeg(number) for number in range(frames)]
    Path(path).write_bytes(lengths(jpegs))
    return jpegs


def lengths(jpegs: Iterable[bytes]) -> bytes:
    """The lab format: before each JPEG its length in 5 decimal digits, 6 from 100,000 bytes on."""
    return b"".join(b"%05d" % len(jpeg) + jpeg for jpeg in jpegs)


def concatenated(jpegs: Iterable[bytes]) -> bytes:
    """The JPEGs one after the other, as cameras and ffmpeg's `-f mjpeg` write them."""
    return b"".join(jpegs)


def jpeg(number: int, size: tuple[int, int] = SIZE, quality: int = 75, **options: Any) -> bytes:
    """A JPEG with this barcode, baseline 4:2:0; options go to Pillow (`subsampling=0`, `progressive=True`, …)."""
    out = io.BytesIO()
    options = {"quality": quality, "subsampling": 2, **options}
    picture(number, size).save(out, "JPEG", **options)
    return out.getvalue()


def picture(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A colourful picture that is different for every number, with the number as its barcode."""
    image = _background(size).copy()
    width, height = size
    pen = ImageDraw.Draw(image)
    left, top = number * 17 % (width - 64), number * 7 % max(1, height - 80)
    pen.ellipse((left, top, left + 60, top + 60), fill=(255, 40 + number * 13 % 200, 60), outline="white", width=4)
    pen.text((8, 8), f"frame {number}", fill="white")
    barcode.draw(image, number)
    return image


@lru_cache
def _background(size: tuple[int, int]) -> Image.Image:
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGB", (across, down, Image.radial_gradient("L").resize(size)))
    pen = ImageDraw.Draw(image)
    for x in range(0, size[0], 64):  # some detail: a plain gradient would be an unusually small JPEG
        pen.line((x, 0, size[0] - x, size[1]), fill=(x * 5 % 256, 120, 255 - x * 3 % 256))
    return image


def handout_jpeg(number: int) -> bytes:
    """One frame of `handout_movie`."""
    parts = segments(jpeg(number, SIZE, quality=50, subsampling=0))
    order = (0xC4, 0xDB, 0xC0, 0xDA)  # DHT before DQT, and no APP0 at all
    head = b"".join(_renumbered(marker, body) for wanted in order for marker, body in parts if marker == wanted)
    return b"\xff\xd8" + head


def segments(jpeg: bytes) -> list[tuple[int, bytes]]:
    """(marker, whole segment) of each segment of a JPEG after FF D8; the last, FF DA, goes on to the end."""
    found = []
    position = 2
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        found.append((jpeg[position + 1], jpeg[position:end]))
        position = end
    return [*found, (0xDA, jpeg[position:])]


def _renumbered(marker: int, segment: bytes) -> bytes:
    """The segment with component ids 0, 1, 2 in place of JFIF's 1, 2, 3."""
    first, step = {0xC0: (10, 3), 0xDA: (5, 2)}.get(marker, (0, 0))
    changed = bytearray(segment)
    if step:
        changed[first : first + 3 * step : step] = bytes((0, 1, 2))
    return bytes(changed)
