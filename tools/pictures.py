"""Pictures as a movie, with Pillow alone: the images of a folder, or a file of several (GIF, WebP, …)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageSequence

from media import images
from media.images import upright
from tools.importing import LAB_RATE, ImportFailed, Incoming, Wanted, placed, room
from tools.make_movie import encoded

STILL = 0.1  # seconds of a frame that says 0, as browsers do it
LONGEST = 600.0  # seconds of one frame


def in_folder(folder: Path) -> list[Path]:
    """Its images in the order of their names. ImportFailed if there are none."""
    try:
        found = images.in_folder(folder)
    except OSError as error:
        raise ImportFailed(f"{folder} cannot be read: {error.strerror or error}.") from None
    if not found:
        raise ImportFailed(f"{folder} has no images ({' '.join(images.SUFFIXES)}).")
    return found


def folder(path: Path, wanted: Wanted) -> Incoming:
    """Each image for one frame, or for wanted.each seconds; all of the size of the first."""
    paths = in_folder(path)
    rate = wanted.rate or LAB_RATE
    times = max(1, round((wanted.each or 0) * rate))
    with _opened(paths[0]) as first:
        size = room(upright(first).size, wanted.size)

    def frames() -> Iterator[bytes]:
        for one in paths:
            with _opened(one) as image:
                frame = _encoded(image, one, size, wanted)
            for _ in range(times):
                yield frame

    return Incoming(frames(), len(paths) * times, rate)


def moving(path: Path, wanted: Wanted) -> Incoming | None:
    """A file whose frames Pillow reads, each for its own duration; None if it is none."""
    try:
        image = Image.open(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    with image:
        count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)  # MPO: a camera's JPEG and its previews
        size = room(upright(image).size, wanted.size)
        rate = wanted.rate or LAB_RATE
        if count == 1:
            return _still(path, wanted, size, rate)
        seconds = sum(_duration(one) for one in _sequence(image, path))

    def frames() -> Iterator[bytes]:
        sent, end = 0, 0.0
        with _opened(path) as image:
            for one in _sequence(image, path):
                end += _duration(one)
                if round(end * rate) > sent:
                    frame = _encoded(one, path, size, wanted)
                for _ in range(round(end * rate) - sent):
                    yield frame
                    sent += 1
            if not sent:
                yield _encoded(image, path, size, wanted)

    return Incoming(frames(), max(1, round(seconds * rate)), rate)


def _still(path: Path, wanted: Wanted, size: tuple[int, int], rate: float) -> Incoming:
    with _opened(path) as image:
        frame = _encoded(image, path, size, wanted)
    times = max(1, round((wanted.each or 0) * rate))
    return Incoming(iter([frame] * times), times, rate)


def _sequence(image: Image.Image, path: Path) -> Iterator[Image.Image]:
    try:
        yield from ImageSequence.Iterator(image)
    except (EOFError, OSError, ValueError, SyntaxError) as error:
        raise ImportFailed(f"{path} is damaged: {error}.") from None


def _duration(image: Image.Image) -> float:
    said = image.info.get("duration") or 0
    return min(said / 1000 or STILL, LONGEST)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImportFailed(f"{path} is no image that Pillow can read: {error}.") from None


def _encoded(image: Image.Image, path: Path, size: tuple[int, int], wanted: Wanted) -> bytes:
    try:
        return encoded(placed(upright(image), size), wanted.quality)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImportFailed(f"{path} is damaged: {error}.") from None
