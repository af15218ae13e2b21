"""Pictures made such that they can travel (media/reencode.py)."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageChops, ImageStat

from media.reencode import at_quality, carriable, encoded, sent_size, within
from media.source import MediaError
from rtp.jpeg import JpegImage
from tests import movies
from tools import barcode


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def scans(jpeg):
    return jpeg.count(b"\xff\xda")


# name: (JPEG with barcode 300, size of what is sent)
REFUSED = {
    "handout": (movies.handout_jpeg(300), (384, 288)),
    "4:4:4": (movies.jpeg(300, subsampling=0), (384, 288)),
    "progressive": (movies.jpeg(300, progressive=True), (384, 288)),
    "optimized Huffman tables": (movies.jpeg(300, optimize=True), (384, 288)),
    "grey": (saved(movies.picture(300).convert("L")), (384, 288)),
    "CMYK": (saved(movies.picture(300).convert("CMYK")), (384, 288)),
    "RGB, not YCbCr": (saved(movies.picture(300), keep_rgb=True), (384, 288)),
    "390x290": (movies.jpeg(300, (390, 290)), (384, 288)),
    "391x295": (movies.jpeg(300, (391, 295)), (384, 288)),
    "2048 wide": (movies.jpeg(300, (2048, 1152)), (2040, 1144)),
    "2100 high": (movies.jpeg(300, (400, 2100)), (384, 2040)),
    "restart markers": (movies.jpeg(300, restart_marker_blocks=4), (384, 288)),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_rfc_2435_refuses_is_encoded_again(kind):
    """Baseline, 4:2:0, no restart markers; multiples of 8 up to 2040; cut at the top, so the barcode stays."""
    jpeg, size = REFUSED[kind]
    image = JpegImage.parse(carriable(jpeg))
    assert (image.type, image.width, image.height, image.restart_interval) == (1, *size, 0)
    if kind != "2100 high":  # scaled by 2040 / 2100, its cells are no longer 24 pixels wide
        assert barcode.read(opened(carriable(jpeg))) == 300
    assert sent_size(jpeg) == size


@pytest.mark.parametrize("subsampling", [2, 1], ids=["4:2:0", "4:2:2"])
def test_what_rfc_2435_can_carry_stays_as_it_is(subsampling):
    """Not one byte is touched."""
    jpeg = movies.jpeg(300, subsampling=subsampling)
    assert carriable(jpeg) is jpeg
    assert sent_size(jpeg) == (384, 288)


def test_what_is_carriable_stays_so():
    """Encoding again happens once."""
    for jpeg, _ in REFUSED.values():
        assert carriable(carriable(jpeg)) == carriable(jpeg)


@pytest.mark.parametrize("quality", [10, 50, 75, 95])
def test_the_quality_is_that_of_the_picture(quality):
    """The same quantization tables; as good as the same picture for the eye."""
    jpeg = movies.jpeg(5, quality=quality, subsampling=0)
    again = carriable(jpeg)
    tables = JpegImage.parse(movies.jpeg(5, quality=quality)).tables
    assert JpegImage.parse(again).tables == tables
    difference = ImageChops.difference(opened(jpeg).convert("L"), opened(again).convert("L"))
    assert ImageStat.Stat(difference).mean[0] < 1


def test_the_picture_keeps_its_right_way_up_and_its_colours():
    """Cropped by at most 7 pixels, at the right and at the top."""
    image = Image.new("RGB", (403, 301), "blue")
    image.paste("red", (0, 0, 100, 100))
    image.paste("lime", (300, 200, 403, 301))
    again = opened(carriable(saved(image, quality=95)))
    assert again.size == (400, 296)
    blue, red, lime = (0, 0, 254), (254, 0, 0), (0, 255, 1)
    for corner, colour in (((0, 0), red), ((399, 295), lime), ((0, 295), blue), ((399, 0), blue)):
        assert all(abs(is_ - should) < 12 for is_, should in zip(again.getpixel(corner), colour, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (7, 9), (1, 3000)])
def test_a_side_below_8_pixels_is_filled_up(size):
    """There is no way to send less."""
    image = JpegImage.parse(carriable(saved(Image.new("RGB", size, "white"))))
    assert image.width == 8
    assert image.height in (8, 496, 2040)


def test_a_very_large_picture_is_scaled_down_whole():
    """An 8K frame is decoded at a quarter of its size; its corners are where they were."""
    image = Image.new("RGB", (7680, 4320), "blue")
    image.paste("red", (0, 0, 3840, 2160))
    again = opened(carriable(saved(image)))
    assert again.size == (2040, 1144)
    assert again.getpixel((1000, 500))[0] > 240
    assert again.getpixel((1040, 600))[2] > 240


def test_a_picture_with_one_table_for_all_has_two_afterwards():
    """Some encoders share one between brightness and colour."""
    table = [16] * 64
    jpeg = saved(movies.picture(300), qtables=[table, table], subsampling=0)
    assert JpegImage.parse(carriable(jpeg)).tables == bytes(table * 2)


def broken():
    jpeg = movies.jpeg(1, subsampling=0)
    start = jpeg.index(b"\xff\xda")
    return {
        "empty": b"",
        "text": b"hello",
        "cut": jpeg[:-2000],
        "no scan": jpeg[:start] + b"\xff\xd9",
        "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "no tables": b"\xff\xd8" + b"".join(s for m, s in movies.segments(jpeg) if m in (0xC0, 0xDA)),
        "64000 x 64000": jpeg.replace(b"\x08\x01\x20\x01\x80", b"\x08\xfa\0\xfa\0"),
        "0 pixels": jpeg.replace(b"\x08\x01\x20\x01\x80", b"\x08\0\0\0\0"),
    }


@pytest.mark.parametrize("kind", broken())
def test_what_cannot_be_decoded_is_a_media_error_with_a_reason(kind):
    """And nothing else, and quickly: 64000 x 64000 pixels would be 12 GB."""
    for use in (carriable, lambda jpeg: within(jpeg, -1)):
        with pytest.raises(MediaError) as caught:
            use(broken()[kind])
        assert str(caught.value)


def test_within_leaves_alone_what_is_small_enough():
    """To the byte, whatever it is."""
    jpeg = movies.handout_jpeg(1)
    assert within(jpeg, len(jpeg)) is jpeg
    assert within(b"whatever", 8) == b"whatever"


def test_within_lowers_the_quality_first():
    """The picture keeps its size as long as that is enough."""
    jpeg = movies.jpeg(300, quality=95)
    for limit in (len(jpeg) - 1, len(jpeg) * 2 // 3, len(jpeg) // 2):
        smaller = within(jpeg, limit)
        assert len(smaller) <= limit
        assert opened(smaller).size == (384, 288)
        assert barcode.read(opened(smaller)) == 300


@pytest.mark.parametrize("limit", [40_000, 20_468, 9_000, 3_000, 1_500])
def test_within_then_makes_it_smaller_in_its_proportions(limit):
    """A 1080p frame for a client that takes it in one packet."""
    jpeg = movies.jpeg(1, (1920, 1080), quality=95)
    smaller = within(jpeg, limit)
    assert len(smaller) <= limit
    width, height = opened(smaller).size
    assert width < 1920
    assert width / height == pytest.approx(1920 / 1080, rel=0.02)
    assert scans(smaller) == 1


def test_within_says_when_there_is_no_way():
    """JPEG's tables alone take 600 bytes."""
    with pytest.raises(MediaError, match="100 bytes"):
        within(movies.jpeg(1), 100)


def test_mutated_pictures_never_raise_anything_but_media_error():
    """Seeded; headers and scan."""
    chance = random.Random(3)
    sources = [movies.jpeg(1, quality=20), movies.handout_jpeg(1), movies.jpeg(1, progressive=True, quality=20)]
    outcomes = set()
    for round in range(400):
        jpeg = bytearray(sources[round % 3])
        for _ in range(chance.randrange(1, 4)):
            jpeg[chance.randrange(2, chance.choice((700, len(jpeg))))] = chance.randrange(256)
        for use in (carriable, lambda jpeg: within(jpeg, 2500)):
            try:
                use(bytes(jpeg))
                outcomes.add("made")
            except MediaError:
                outcomes.add("refused")
    assert outcomes == {"made", "refused"}


@pytest.mark.parametrize(("size", "limit", "expected"), [
    ((640, 480), None, (640, 480)), ((101, 67), None, (96, 64)), ((5000, 100), None, (2040, 40)),
    ((640, 480), (320, 320), (320, 240)), ((640, 480), (2000, 2000), (640, 480)), ((3, 2000), (16, 16), (8, 16)),
])  # fmt: skip
def test_any_picture_becomes_one_that_can_travel(size, limit, expected):
    """Of any mode, no larger than asked."""
    for mode in ("RGB", "RGBA", "P", "L", "1"):
        jpeg = encoded(Image.new(mode, size), 60, limit)
        assert Image.open(io.BytesIO(jpeg)).size == expected and carriable(jpeg) is jpeg


def test_a_lower_quality_is_fewer_bytes():
    """Step by step, and such that RFC 2435 can carry it; the barcode can still be read."""
    jpeg = movies.jpeg(300, quality=95)
    steps = [at_quality(jpeg, quality) for quality in (90, 60, 30, 10)]
    assert sorted(map(len, steps), reverse=True) == [len(one) for one in steps] and len(steps[-1]) < len(jpeg) / 3
    for one in steps:
        assert barcode.read(opened(one)) == 300 and JpegImage.parse(one).width == 384


def test_a_higher_quality_than_it_has_is_the_picture_as_it_is():
    """It would be larger, and no better."""
    jpeg = movies.jpeg(300, quality=40)
    assert at_quality(jpeg, 90) == jpeg
    odd = movies.handout_jpeg(300)
    assert at_quality(odd, 95) == carriable(odd)


def test_what_is_scaled_or_cropped_is_so_at_any_quality():
    jpeg = movies.jpeg(300, (2100, 290), quality=95)
    image = JpegImage.parse(at_quality(jpeg, 20))
    assert (image.width, image.height) == sent_size(jpeg)
    with pytest.raises(MediaError):
        at_quality(b"no picture", 50)
