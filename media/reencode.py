"""Pictures that cannot travel as they are, made such that they can.

RFC 2435 sends no Huffman tables, no component list and no progressive scans, so only baseline JPEG with the standard
tables, sampled 4:2:0 or 4:2:2 and with sides that are multiples of 8 up to 2040 pixels, gets through.  All else is
decoded and encoded again by Pillow.

The picture's own quantization tables are used again, rather than a fixed quality: it cannot become better than it
was, it stays about as large, and where nothing is scaled, most of the brightness is rounded to the values it had
already, so this second encoding costs next to nothing.
"""

from __future__ import annotations

import io

from PIL import Image

from media.errors import MediaError
from media.framing import FramingError, dimensions
from rtp.jpeg import JpegError, JpegImage

LARGEST_SIDE = 2040  # pixels: a byte counts units of 8 (RFC 2435 §3.1.5, §3.1.6)
MAX_PIXELS = 34_000_000  # an 8K frame; more is taken for an attack or an accident: 3 bytes each once decoded
QUALITIES = (80, 65, 50, 40)  # tried in turn before the picture is made smaller
# Few and coarse: with one for each frame, the picture would change its size all the time.
SCALES = (3 / 4, 1 / 2, 3 / 8, 1 / 4, 1 / 8, 1 / 16, 1 / 32)


def carriable(jpeg: bytes) -> bytes:
    """The picture such that RFC 2435 can carry it: itself, if it can (and has no restart markers, which some
    receivers refuse), else a new JPEG.  MediaError, with the reason, if Pillow cannot decode it."""
    try:
        image = JpegImage.parse(jpeg)
        if not image.restart_interval and sent_size(jpeg) == (image.width, image.height):
            return jpeg
    except JpegError:
        pass  # what RFC 2435 refuses is what the rest of this function is for
    picture, tables = _decode(jpeg)
    width, height = _fitting(*picture.size)
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return _encode(_cropped(picture), tables=tables)


def at_quality(jpeg: bytes, quality: int) -> bytes:
    """The picture in fewer bytes, at a JPEG quality from 1 to 95, such that RFC 2435 can carry it; as carriable() has
    it if that is no larger.  MediaError if it cannot be decoded."""
    picture, _ = _decode(jpeg)
    size = _fitting(*picture.size)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    smaller, same = _encode(_cropped(picture), quality), carriable(jpeg)
    return smaller if len(smaller) < len(same) else same


def within(jpeg: bytes, limit: int) -> bytes:
    """The picture in at most `limit` bytes: itself if it is small enough, else at decreasing quality, then at
    decreasing size, in its proportions.  MediaError if it cannot be decoded or will not fit."""
    if len(jpeg) <= limit:
        return jpeg
    picture, _ = _decode(jpeg)
    for quality in QUALITIES:
        smaller = _encode(picture, quality)
        if len(smaller) <= limit:
            return smaller
    for scale in SCALES:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        smaller = _encode(picture.resize(size, Image.Resampling.BILINEAR), QUALITIES[-1])
        if len(smaller) <= limit:
            return smaller
    raise MediaError(f"the picture does not fit into {limit} bytes")


def encoded(picture: Image.Image, quality: int, size: tuple[int, int] | None = None) -> bytes:
    """Any picture as a JPEG that RFC 2435 can carry, of this quality (1 to 95); not larger than `size` (pixels), in its
    proportions."""
    width, height = _fitting(*picture.size)
    if size is not None:
        share = min(1.0, size[0] / width, size[1] / height)
        width, height = max(1, round(width * share)), max(1, round(height * share))
    picture = picture.convert("RGB")
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return _encode(_cropped(picture), quality)


def sent_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels that `carriable(jpeg)` has.  MediaError if this is no picture we can decode."""
    try:
        width, height = dimensions(jpeg)
    except FramingError as error:
        raise MediaError(str(error)) from error
    if not 0 < width * height <= MAX_PIXELS:
        raise MediaError(f"a picture of {width} x {height} pixels")
    width, height = _fitting(width, height)
    return _multiple_of_8(width), _multiple_of_8(height)


def _fitting(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, LARGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _multiple_of_8(side: int) -> int:
    return max(8, side // 8 * 8)


def _cropped(picture: Image.Image) -> Image.Image:
    """Cut at the right and at the top: subtitles, and the lab movie's barcode, are at the bottom.
    A side below 8 pixels is filled up with black instead."""
    width, height = _multiple_of_8(picture.width), _multiple_of_8(picture.height)
    return picture.crop((0, picture.height - height, width, picture.height))


def _decode(jpeg: bytes) -> tuple[Image.Image, list[list[int]]]:
    """The picture in RGB, and its quantization tables (brightness, colour)."""
    sent_size(jpeg)  # refuses what is no picture, or too large, before Pillow takes memory for it
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            quantization: dict[int, list[int]] = vars(image)["quantization"]  # known only for JPEG
            tables = [[min(step, 255) for step in table] for table in quantization.values()]
            image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # more than twice that: decoded at 1/2, 1/4 or 1/8
            return image.convert("RGB"), [tables[0], tables[min(1, len(tables) - 1)]]
    except Exception as error:  # Pillow has no common error: OSError, SyntaxError, ValueError, struct.error, KeyError …
        raise MediaError(f"Pillow cannot decode the picture: {error}") from error


def _encode(picture: Image.Image, quality: int = -1, tables: list[list[int]] | None = None) -> bytes:
    """Baseline JPEG, standard Huffman tables, 4:2:0, no restart markers, of this quality or with these tables (Pillow
    would scale them by a quality, too: -1 says that there is none)."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, qtables=tables, subsampling=2, optimize=False, progressive=False)
    return out.getvalue()
