"""A folder of pictures (media/album.py)."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from media.album import Album
from media.errors import MediaError, MovieError
from media.source import Format
from rtp.jpeg import Depacketizer


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 10):
        Image.new("RGB", (200, 100 * number), (number * 20, 0, 0)).save(tmp_path / f"Page {number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def shown(album, k):
    depacketizer = Depacketizer()
    for payload, marker in album.payloads(k, 1400):
        jpeg = depacketizer.push(payload, marker, 0)
    assert jpeg
    return Image.open(io.BytesIO(jpeg))


def test_the_pictures_come_in_the_order_that_people_mean(folder):
    """Page 10 behind page 2; each fits into the size, in its proportions."""
    album = Album(folder, 0.5, (400, 400))
    assert [shown(album, k).size for k in range(3)] == [(200, 96), (200, 200), (80, 400)]
    reds = [shown(album, k).convert("RGB").getpixel((4, 4))[0] for k in range(3)]
    assert reds == pytest.approx([20, 40, 200], abs=6)


def test_they_are_shown_one_after_the_other(folder):
    album = Album(folder, 0.5)
    assert (album.duration, album.time(2), album.period) == (6.0, 4.0, 2.0)
    assert [album.frame_at(time) for time in (0.0, 0.1, 2.0, 9.0)] == [0, 1, 1, 3]
    assert album.available(2) and not album.available(3) and album.ended(3) and album.first() == 0
    assert album.format == Format("video", 26, "JPEG", 90000, 0.5)


def test_a_phone_s_picture_is_upright_and_what_is_hidden_is_none(folder):
    """Page 2 was taken with the camera turned; macOS writes a file of its own beside each picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 104)).save(folder / "Page 2.png", exif=exif)
    (folder / "._Page 2.png").write_bytes(b"no picture")
    album = Album(folder)
    assert album.duration == 3.0 and shown(album, 1).size == (104, 200)


def test_for_the_lab_a_picture_is_made_small_enough(folder):
    assert len(Album(folder).whole(0, 5000)) <= 5000


def test_what_is_no_picture_is_a_damaged_frame(folder):
    (folder / "Page 3.jpg").write_bytes(b"no JPEG")
    with pytest.raises(MediaError, match="Page 3.jpg cannot be shown"):
        Album(folder).payloads(2, 1400)


def test_a_folder_without_pictures_is_no_movie(tmp_path):
    with pytest.raises(MovieError, match="no pictures"):
        Album(tmp_path)
