"""What an import is about: what is wanted, what comes in, and how one frame is made to fit."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from media.errors import MediaError
from media.reencode import LARGEST_SIDE, carriable
from tools.make_movie import encoded

LAB_LIMIT = 99_999  # bytes: five digits of length
LAB_RATE = 20.0  # frames a second: the lab's format cannot say another
WIDEST = 1280  # pixels, where no size is asked for
# Tried in turn for a frame that is too long: so many pixels a side are made one, quality
LOWER = ((1, 60), (1, 50), (1, 40), (1, 30), (1, 20), (1, 10), (2, 30), (4, 30), (8, 20), (16, 10))


class ImportFailed(Exception):
    """One sentence for whoever typed the command, and the exit code."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Wanted:
    """size in pixels, a box to fit into; rate in frames a second, None: the source's own; quality as Pillow counts it;
    each: seconds for which one picture of a folder is shown, None: one frame."""

    size: tuple[int, int] | None = None
    rate: float | None = LAB_RATE
    quality: int = 70
    limit: int = LAB_LIMIT
    each: float | None = None


@dataclass
class Incoming:
    """A source that is open: `frames` gives JPEGs, `total` says how many that will be (a guess; 0: nobody knows)."""

    frames: Iterator[bytes]
    total: int
    rate: float


def room(size: tuple[int, int], box: tuple[int, int] | None) -> tuple[int, int]:
    """The size of a movie whose pictures are `size`: in these proportions within the box, each side a multiple of 8."""
    width, height = size
    widest, highest = box or (WIDEST, LARGEST_SIDE)
    scale = min(widest / width, highest / height) if box else min(1.0, widest / width, highest / height)
    return tuple(min(max(8, int(side * scale) // 8 * 8), LARGEST_SIDE) for side in size)  # type: ignore[return-value]


def placed(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in RGB and of this size, as large as fits, with black at its sides where the proportions differ by
    more than the rounding to multiples of 8."""
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "black")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    picture = picture.convert("RGB")
    scale = min(size[0] / picture.width, size[1] / picture.height)
    fitting = [max(1, round(side * scale)) for side in picture.size]
    width, height = (whole if whole - side < 8 else side for whole, side in zip(size, fitting, strict=True))
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    if (width, height) == size:
        return picture
    ground = Image.new("RGB", size, "black")
    ground.paste(picture, ((size[0] - width) // 2, (size[1] - height) // 2))
    return ground


def fitted(frame: bytes, limit: int) -> bytes:
    """The JPEG such that RTP can carry it, in at most `limit` bytes: at lower and lower quality, at last blurred, but
    always of the same size.  MediaError if it cannot be decoded, or will not fit."""
    frame = carriable(frame)
    if len(frame) <= limit:
        return frame
    with Image.open(io.BytesIO(frame)) as image:
        picture = image.convert("RGB")
    for share, quality in LOWER:
        coarse = picture.reduce(share).resize(picture.size) if share > 1 else picture
        smaller = encoded(coarse, quality)
        if len(smaller) <= limit:
            return smaller
    raise MediaError(f"it does not fit into {limit:,} bytes")
