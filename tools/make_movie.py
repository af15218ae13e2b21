"""Draw the lab's movie:

    python -m tools.make_movie [FILE=movie.Mjpeg]

500 frames of 384 × 288 in the lab format: five ASCII digits of length, then a JPEG, and so on. The same Pillow draws
the same bytes. Every frame carries its number as text and as the barcode of tools/barcode.py.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import PIL
from PIL import Image

from media.moviewriter import framed
from tools import scene, story
from tools.progress import Progress

QUALITY = 54
PILLOW = (10, 1)  # the first with a font of its own that scales


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the movie; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_movie", description="Draw the lab's movie.")
    parser.add_argument("file", nargs="?", default="movie.Mjpeg", metavar="FILE", help="default: movie.Mjpeg")
    path = Path(parser.parse_args(arguments).file)
    if tuple(map(int, PIL.__version__.split(".")[:2])) < PILLOW:
        return _failed(f"Drawing needs Pillow 10.1 or newer, not {PIL.__version__}: pip install --upgrade Pillow", 5)
    if path.is_dir():
        return _failed(f"{path} is a folder: give the name of the file to write.", 2)
    try:
        write_movie(path)
    except KeyboardInterrupt:
        return _failed("Stopped; nothing was written.", 130)
    except OSError as error:
        return _failed(f"Cannot write {path}: {error.strerror or error}.", 2)
    return 0


def write_movie(path: Path, frames: int = story.FRAMES) -> None:
    """Draw the first frames of the movie into a file. OSError if it cannot be written; then nothing is left behind."""
    with replacing(path) as file, Progress(frames, f"Drawing {path.name}") as progress:
        for frame in range(frames):
            jpeg = encoded(scene.picture(frame))
            file.write(framed(jpeg))
            progress.advance()


def encoded(image: Image.Image, quality: int = QUALITY) -> bytes:
    """A JPEG as RFC 2435 can carry it: baseline, 4:2:0, standard Huffman tables, no restart markers."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=2, optimize=False, progressive=False)
    return out.getvalue()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes path's place when all went well: whoever reads path never sees half a movie."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(draft, "wb") as file:
            yield file
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _failed(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
