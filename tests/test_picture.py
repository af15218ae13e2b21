"""The picture in the window: it fits, nothing is decoded larger than it is shown, and nothing is lost by that."""

from __future__ import annotations

import io
import random
import warnings

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from tests import movies
from tests.hostile import huge
from ui import theme
from ui.picture import SCAN, Picture, decode, fit

LARGE = (1280, 720)


@pytest.fixture
def picture(display):
    """In a window of 640 x 480 pixels."""
    window = theme.new_window("test")
    made = Picture(window)
    made.pack(fill="both", expand=True)
    window.geometry("640x480+0+0")
    window.update()
    yield made
    window.destroy()


def decoded(picture):
    """The size in which the JPEG was decoded."""
    assert picture._picture is not None
    return picture._picture.size


def resize(picture, size):
    picture.winfo_toplevel().geometry("{}x{}+0+0".format(*size))
    picture.update()
    picture.update()


def test_a_picture_twice_as_large_as_the_window_is_decoded_at_half_its_size(picture):
    """The window shows as many pixels as there would be anyway."""
    assert picture.show(movies.jpeg(1, LARGE))
    assert (decoded(picture), picture.shown_size) == ((640, 360), (640, 360))


def test_a_picture_is_never_decoded_smaller_than_it_is_shown(picture):
    """720 lines on 480 are more than half, and a small picture is enlarged from all its pixels."""
    for size in ((720, 720), (384, 288)):
        assert picture.show(movies.jpeg(1, size))
        assert decoded(picture) == size


def test_a_window_that_grows_shows_all_pixels_there_are(picture):
    """Also when no further frame comes: while it pauses."""
    assert picture.show(movies.jpeg(1, LARGE))
    resize(picture, LARGE)
    assert (decoded(picture), picture.shown_size) == (LARGE, LARGE)


def test_a_grey_picture_is_shown(picture):
    """What is not RGB becomes so."""
    out = io.BytesIO()
    Image.new("L", (64, 48), 200).save(out, "JPEG")
    assert picture.show(out.getvalue())
    assert picture._picture is not None and picture._picture.mode == "RGB"


@pytest.mark.parametrize("broken", [b"", b"\xff\xd8 no JPEG", movies.jpeg(1)[:500]])
def test_what_cannot_be_decoded_leaves_the_picture_before_it(picture, broken):
    """Also when the window is made another size afterwards."""
    assert picture.show(movies.jpeg(1, LARGE))
    assert not picture.show(broken)
    resize(picture, LARGE)
    assert picture.shown_size == LARGE


def test_the_proportions_are_those_of_the_picture():
    """Bars at the sides or above and below."""
    assert fit((384, 288), (640, 480)) == (640, 480)
    assert fit((1920, 1080), (640, 480)) == (640, 360)
    assert fit((10, 1000), (50, 50)) == (1, 50)


@pytest.mark.parametrize(("width", "height"), [(65535, 65535), (16000, 11000), (4097, 4096), (65535, 300)])
def test_a_file_that_claims_to_be_enormous_is_not_decoded(picture, monkeypatch, width, height):
    """Its size is read, and no memory is asked for."""
    monkeypatch.setattr(JpegImageFile, "load", lambda file: pytest.fail("it was decoded"))
    with warnings.catch_warnings(record=True) as said:
        assert not picture.show(huge(width, height))
    assert not said and picture.shown_size == (0, 0)


def test_the_largest_picture_is_decoded(picture):
    assert picture.show(movies.jpeg(1, (4096, 4096)))


def test_a_file_with_more_scans_than_it_needs_is_not_decoded(picture, monkeypatch):
    """A progressive picture may be gone through again and again, at the full cost each time."""
    large = movies.jpeg(1, (2040, 2040), progressive=True)
    assert picture.show(large)
    monkeypatch.setattr(JpegImageFile, "load", lambda file: pytest.fail("it was decoded"))
    assert not picture.show(large[:-2] + SCAN * 100)


def test_only_jpeg_is_decoded(picture):
    """Pillow knows dozens of other formats."""
    out = io.BytesIO()
    movies.picture(1).save(out, "PNG")
    assert not picture.show(out.getvalue())


def test_whatever_is_in_a_file_no_error_leaves(picture):
    """A thousand damaged files, always the same ones."""
    chance, files = random.Random(6), [movies.jpeg(1, quality=20), movies.jpeg(2, quality=20, progressive=True)]
    shown = 0
    with warnings.catch_warnings(record=True) as said:
        for number in range(1000):
            file = bytearray(files[number % 2])
            for _ in range(chance.randrange(1, 9)):
                file[chance.randrange(700)] = chance.choice((0, 255, chance.randrange(256)))
            shown += decode(bytes(file), (640, 480)) is not None
    assert 100 < shown < 900 and all(one.category is UserWarning for one in said)
