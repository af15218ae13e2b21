"""What the screen shows, as JPEGs."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from threading import Event

from PIL import Image, ImageGrab

from media.errors import Missing
from media.feed import Feed
from media.reencode import encoded

RATE = 10.0  # frames a second: taking a picture of a large screen may take 50 ms


def capture(rate: float = RATE, size: tuple[int, int] | None = None, quality: int = 75) -> Feed:
    """The whole screen, no larger than `size`; its check() says if it may be looked at."""
    stop = Event()
    return Feed(pictures(grab_screen, rate, stop, size, quality), rate, stop.set)


def grab_screen() -> Image.Image:
    """Missing if it cannot be had."""
    if why := no_screen():
        raise Missing(why)
    try:
        return ImageGrab.grab(xdisplay=os.environ.get("DISPLAY") if sys.platform == "linux" else None)
    except Exception as error:  # OSError, or whatever the system's own way raises
        raise Missing(f"The screen cannot be read: {error}") from error


def no_screen() -> str:
    """Why there is nothing to look at; "" where there may be something."""
    if sys.platform != "linux":
        return ""
    if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
        return "Wayland lets no program look at the screen. Log in with an X11 (Xorg) session, or publish with OBS"
    return "" if os.environ.get("DISPLAY") else "There is no screen here: DISPLAY is not set"


def pictures(
    grab: Callable[[], Image.Image],
    rate: float,
    stop: Event,
    size: tuple[int, int] | None,
    quality: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[bytes]:
    """`rate` JPEGs a second by absolute deadlines; where the machine is too slow, some are left out."""
    due = clock()
    while not stop.wait(max(0.0, due - clock())):
        yield encoded(grab(), quality, size)
        due += max(1, math.ceil((clock() - due) * rate)) / rate
