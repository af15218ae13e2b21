"""Running ffmpeg in tests: what it decodes, told by the barcodes."""

from __future__ import annotations

import re
import subprocess
from functools import cache

from PIL import Image

from tests.tools import need
from tools import barcode

STRIP = barcode.WIDTH, barcode.CELL_HEIGHT
# Of each decoded frame the strip with the barcode, in grey, one after the other: 6 kB a frame
GREY_STRIP = ["-vf", f"crop={STRIP[0]}:{STRIP[1]}:0:ih-{STRIP[1]}", "-pix_fmt", "gray", "-f", "rawvideo"]


def run(*arguments: str, timeout: float = 50) -> subprocess.CompletedProcess[bytes]:
    """ffmpeg with these arguments (input options, `-i`, output options): each decoded frame comes out once. Must end by
    itself, with success."""
    inputs, outputs = list(arguments), []
    if "-i" in inputs:
        at = inputs.index("-i") + 2
        inputs, outputs = inputs[:at], inputs[at:]
    command = [need("ffmpeg"), "-nostdin", "-loglevel", "warning", *inputs, *every_frame(), *outputs]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
    assert done.returncode == 0, done.stderr.decode()
    return done


@cache
def every_frame() -> tuple[str, ...]:
    """The option that keeps ffmpeg from repeating or dropping frames to get an even rate; it has got a new name."""
    first = subprocess.run([need("ffmpeg"), "-version"], capture_output=True, text=True, timeout=20).stdout
    version = re.match(r"ffmpeg version n?(\d+)\.(\d+)", first)
    old = version and (int(version[1]), int(version[2])) < (5, 1)
    return ("-vsync", "passthrough") if old else ("-fps_mode", "passthrough")


def barcodes(strips: bytes) -> list[int]:
    """The frames' numbers, from what GREY_STRIP has written."""
    size = STRIP[0] * STRIP[1]
    assert len(strips) % size == 0
    return [barcode.read(Image.frombytes("L", STRIP, strips[at : at + size])) for at in range(0, len(strips), size)]
