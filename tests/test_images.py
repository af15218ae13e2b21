"""Which files of a folder are images, in which order, and which side is up (media/images.py)."""

from __future__ import annotations

import pytest
from PIL import Image

from media.images import in_folder, natural, upright

ORIENTATION = 0x0112  # EXIF


@pytest.mark.parametrize(("names", "ordered"), [
    (["img10", "img2", "IMG1"], ["IMG1", "img2", "img10"]),
    (["b", "a10b2", "a10b10", "a9"], ["a9", "a10b2", "a10b10", "b"]),
    (["x", "7", "007x", "٣", ""], ["", "7", "007x", "x", "٣"]),
])  # fmt: skip
def test_numbers_in_names_count_as_numbers(names, ordered):
    """Whatever stands around them."""
    assert sorted(names, key=natural) == ordered


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.png", "._Page 1.png", "folder.png"])
def test_what_is_no_image_is_left_out(tmp_path, name):
    """Also what some systems hide beside each image, and a folder that is called like one."""
    Image.new("RGB", (8, 8)).save(tmp_path / "Page 1.PNG")
    if name == "folder.png":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(b"no image")
    assert in_folder(tmp_path) == [tmp_path / "Page 1.PNG"]


def test_up_is_where_the_camera_had_it(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turned to the left
    Image.new("RGB", (32, 16)).save(tmp_path / "phone.jpg", exif=exif)
    with Image.open(tmp_path / "phone.jpg") as image:
        assert upright(image).size == (16, 32)
