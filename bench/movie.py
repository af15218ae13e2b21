"""The movie of a benchmark: the lab's own, in the size and weight that is wanted, as long as it is needed."""

from __future__ import annotations

import io
import math
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from media.moviewriter import framed
from tools.make_movie import encoded
from tools.progress import Progress
from VideoStream import VideoStream

MODEL = Path(__file__).resolve().parent.parent / "movie.Mjpeg"
QUALITIES = range(5, 96)
SAMPLES = 60  # frames, spread over the movie, by which the quality is chosen


def write_movie(path: Path, size: tuple[int, int], frame_bytes: int, frames: int, model: Path = MODEL) -> float:
    """Write at least `frames` frames in the lab format: those of `model`, of `size` pixels, at the best quality whose
    mean is about `frame_bytes`, over and over. The mean that came out, in bytes. MovieError if there is no model."""
    originals = list(jpegs(model))
    some = originals[:: max(1, len(originals) // SAMPLES)]
    quality = best_quality([resized(jpeg, size) for jpeg in some], frame_bytes)
    parts = []
    with Progress(len(originals), f"Drawing {path.name}") as progress:
        for original in originals:
            parts.append(framed(encoded(resized(original, size), quality)))
            progress.advance()
    once = b"".join(parts)
    with open(path, "wb") as file:
        for _ in range(math.ceil(frames / len(parts))):
            file.write(once)
    return len(once) / len(parts) - len(b"00000")


def jpegs(path: Path) -> Iterator[bytes]:
    """The frames of a movie."""
    video = VideoStream(str(path))
    try:
        while (jpeg := video.nextFrame()) is not None:
            yield jpeg
    finally:
        video.presentation().close()


def resized(jpeg: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(jpeg)) as image:
        picture = image.convert("RGB")
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC)


def best_quality(samples: list[Image.Image], frame_bytes: int) -> int:
    """The highest quality whose mean is not above `frame_bytes`, the lowest if there is none."""
    larger = bisect_right(QUALITIES, frame_bytes * len(samples), key=lambda quality: weight(samples, quality))
    return QUALITIES[max(0, larger - 1)]


def weight(pictures: list[Image.Image], quality: int) -> int:
    """Bytes of all of them."""
    return sum(len(encoded(picture, quality)) for picture in pictures)
