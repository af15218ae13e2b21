"""The movie, as large as the window allows, in its own proportions; and words over it."""

from __future__ import annotations

import io
import logging
import time
import tkinter as tk
import warnings
from dataclasses import dataclass

from PIL import Image, ImageTk

from ui import theme

log = logging.getLogger(__name__)

SIZE = (640, 480)  # for theme.pixels(), until the user makes the window another size
# What is decoded: a file says its size in its first bytes, and nothing has been allocated then
MAX_PIXELS = 1 << 24  # 4096 × 4096: 48 MB, and once more in a progressive file, whose coefficients are kept
MAX_WORK = 1 << 28  # pixels times scans: a progressive file of thousands of scans would take minutes
SCAN = b"\xff\xda"  # the marker that begins one (SOS)
DIMMED = [value * 45 // 100 for value in range(256)] * 3  # red, green, blue: so that words can be read over a picture


@dataclass(frozen=True)
class Words:
    """What is to be read in the picture; an error has another colour and a sign."""

    title: str
    body: str = ""
    error: bool = False


class Picture(tk.Canvas):
    """Shows JPEGs. There is one PhotoImage that every frame is pasted into: making a new one for each frame would cost
    four times as much. It is made anew when the picture's size on the screen changes."""

    def __init__(self, parent: tk.Misc) -> None:
        width, height = (theme.pixels(parent, side) for side in SIZE)
        super().__init__(parent, width=width, height=height, background=theme.BLACK, highlightthickness=0, takefocus=0)
        self._room = 1, 1  # pixels there are for a picture; asking Tcl for each frame would cost more
        self._jpeg = b""  # the latest that could be decoded
        self.movie_size = 0, 0  # its own
        self.milliseconds = 0.0  # that it takes to decode and draw one, smoothed
        self._picture: Image.Image | None = None  # what it shows, perhaps smaller
        self._photo: ImageTk.PhotoImage | None = None
        self._words: Words | None = None
        self._image = self.create_image(0, 0)
        self._card = self.create_rectangle(0, 0, 0, 0, fill=theme.BLACK, outline=theme.BORDER, state="hidden")
        self._title = self.create_text(0, 0, font="LabTitle", justify="center", anchor="s")
        self._body = self.create_text(0, 0, font="LabBody", justify="center", anchor="n", fill=theme.TEXT)
        self.bind("<Configure>", lambda event: self._resized())

    def show(self, jpeg: bytes) -> bool:
        """False if this cannot be decoded, or is too large to be; the picture before it stays."""
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of files that are odd or large, would go to the terminal
            found = decode(jpeg, self._room)
        if found is None:
            return False
        self._jpeg = jpeg
        self.movie_size, self._picture = found
        self._draw_picture()
        self.milliseconds += (1000 * (time.perf_counter() - begin) - self.milliseconds) / 8
        return True

    def say(self, words: Words | None) -> None:
        """Words over the picture, which is dimmed under them; None: the picture alone."""
        if words != self._words:
            self._words = words
            self._draw()

    @property
    def jpeg(self) -> bytes:
        """Of the picture that is shown, as it came; empty before the first one."""
        return self._jpeg

    @property
    def words(self) -> Words | None:
        return self._words

    @property
    def shown_size(self) -> tuple[int, int]:
        """Of the picture, in pixels of the screen; (0, 0) before the first one."""
        if self._picture is None:
            return 0, 0
        return fit(self.movie_size, self._room)

    def _resized(self) -> None:
        self._room = self.winfo_width(), self.winfo_height()
        self.coords(self._image, self._room[0] // 2, self._room[1] // 2)
        if self._jpeg:
            self.show(self._jpeg)
        self._draw_words()

    def _draw(self) -> None:
        self._draw_picture()
        self._draw_words()

    def _draw_picture(self) -> None:
        if self._picture is None:
            return
        size = self.shown_size
        picture = self._picture
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BILINEAR)
        if self._words:
            picture = picture.point(DIMMED)
        if self._photo is None or (self._photo.width(), self._photo.height()) != size:
            self._photo = ImageTk.PhotoImage(picture)
            self.itemconfigure(self._image, image=self._photo)
        else:
            self._photo.paste(picture)

    def _draw_words(self) -> None:
        words = self._words or Words("")
        center, middle = self.winfo_width() // 2, self.winfo_height() // 2
        gap = theme.pixels(self, 6)
        width = max(1, self.winfo_width() - theme.pixels(self, 48))
        color = theme.RED if words.error else theme.TEXT
        self.itemconfigure(self._title, text=words.title, fill=color, width=width)
        self.itemconfigure(self._body, text=words.body, width=width)
        self.coords(self._title, center, middle - gap)
        self.coords(self._body, center, middle + gap)
        # Over a picture the words are on a card, lest they mix with what is written in it
        box = self.bbox(self._title, self._body) if self._words and self._picture else None
        if box:
            self.coords(self._card, box[0] - 3 * gap, box[1] - 2 * gap, box[2] + 3 * gap, box[3] + 2 * gap)
        self.itemconfigure(self._card, state="normal" if box else "hidden")


def decode(jpeg: bytes, room: tuple[int, int]) -> tuple[tuple[int, int], Image.Image] | None:
    """The size of the picture, and the picture, perhaps smaller, but not than what there is room for. None: it cannot
    be decoded, or claims to be so large that it shall not be."""
    try:
        opened = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
        size = opened.size
        pixels = size[0] * size[1]
        if pixels > MAX_PIXELS or pixels * jpeg.count(SCAN) > MAX_WORK:
            return None
        # Decoded at 1/2, 1/4 or 1/8 where that is enough: 720p in a window of 640 pixels costs a third
        opened.draft(None, fit(size, room))
        opened.load()
        # convert() would make a copy of what is RGB already: a quarter of the cost of a large picture
        return size, opened if opened.mode == "RGB" else opened.convert("RGB")
    except Exception as error:  # noqa: BLE001  (of a decoder that is not ours, fed with what anybody may send)
        log.info("! no picture: %s", error)
        return None


def fit(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same proportions that there is room for."""
    scale = min(room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
