"""A folder of images: which files are some, in which order, and which side is up."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image, ImageOps

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".tga")


def in_folder(folder: Path) -> list[Path]:
    """Its images in the order of their names, hidden ones left out. OSError if it cannot be read."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    return sorted((path for path in found if not path.name.startswith(".")), key=lambda path: natural(path.name))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key: img2 before img10, and upper case as lower."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", name.casefold())
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]


def upright(image: Image.Image) -> Image.Image:
    """As the camera was held (EXIF)."""
    return ImageOps.exif_transpose(image)
