"""A folder of pictures as a movie: each picture a frame, in the order of their names."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image

from media.errors import MediaError, MovieError
from media.images import in_folder, upright
from media.reencode import MAX_PIXELS, encoded, within
from media.source import Format, Payloads, Source
from rtp.jpeg import payloads

RATE = 1.0  # pictures a second
SIZE = 1280, 720  # pixels, at most
TOLERANCE = 1e-6  # seconds


class Album(Source):
    """The pictures are read when they are due. MovieError if there are none."""

    duration: float
    seekable = True
    instant = False

    def __init__(
        self, folder: Path, rate: float = RATE, size: tuple[int, int] | None = None, quality: int = 75
    ) -> None:
        self.name, self.period = folder.name, 1 / rate
        self._size, self._quality = size or SIZE, quality
        self._paths = in_folder(folder)
        if not self._paths:
            raise MovieError(f"There are no pictures in {folder}")
        self.duration = len(self._paths) / rate
        self.format = Format("video", 26, "JPEG", 90_000, rate)

    def frame_at(self, time: float) -> int:
        return min(len(self._paths), max(0, math.ceil(time / self.period - TOLERANCE)))

    def time(self, k: int) -> float:
        return k * self.period

    def available(self, k: int) -> bool:
        return 0 <= k < len(self._paths)

    def ended(self, k: int) -> bool:
        return k >= len(self._paths)

    def first(self) -> int:
        return 0

    def payloads(self, k: int, size: int) -> Payloads:
        return payloads(self._jpeg(k), size)

    def whole(self, k: int, limit: int) -> bytes:
        return within(self._jpeg(k), limit)

    def _jpeg(self, k: int) -> bytes:
        path = self._paths[k]
        try:
            with Image.open(path) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise MediaError(f"{path} has {image.width} x {image.height} pixels")
                return encoded(upright(image), self._quality, self._size)
        except MediaError:
            raise
        except Exception as error:  # Pillow has no common error
            raise MediaError(f"{path} cannot be shown: {error}") from error
