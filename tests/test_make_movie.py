"""The lab's movie: the file that is shipped, and the program that draws it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import PIL
import pytest
from PIL import Image, ImageChops, ImageStat

from rtp.jpegimage import JpegImage
from tests import movies
from tools import barcode, make_movie, scene, story

MOVIE = Path(__file__).parent.parent / "movie.Mjpeg"


def frames_of(path: Path) -> list[bytes]:
    """The JPEGs of a file in the lab format, read in the plainest way."""
    data, position, frames = path.read_bytes(), 0, []
    while position < len(data):
        length = int(data[position : position + 5])
        frames.append(data[position + 5 : position + 5 + length])
        position += 5 + length
    return frames


@pytest.fixture(scope="module")
def shipped() -> list[bytes]:
    """The frames of movie.Mjpeg."""
    return frames_of(MOVIE)


def decoded(jpeg: bytes) -> Image.Image:
    """The picture."""
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    return image


def distance(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures' colours are apart on average, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def test_shipped_movie_has_its_size_and_number_of_frames(shipped: list[bytes]) -> None:
    """500 frames, 4 to 6 MB; no frame is too large for one datagram to a lab client."""
    assert len(shipped) == 500
    assert 4_000_000 <= MOVIE.stat().st_size <= 6_000_000
    assert max(map(len, shipped)) <= 20_468
    assert MOVIE.read_bytes() == movies.lengths(shipped)


def test_every_shipped_frame_carries_its_number(shipped: list[bytes]) -> None:
    """Barcodes 0 … 499, in order, in pictures of 384 × 288."""
    pictures = [decoded(jpeg) for jpeg in shipped]
    assert [barcode.read(picture) for picture in pictures] == list(range(500))
    assert {picture.size for picture in pictures} == {(384, 288)}


def test_every_shipped_frame_is_one_that_rtp_can_carry(shipped: list[bytes]) -> None:
    """RFC 2435 type 1: baseline, 4:2:0, standard Huffman tables; and no restart markers, which some refuse."""
    for jpeg in shipped:
        image = JpegImage.parse(jpeg)
        assert (image.type, image.width, image.height, image.restart_interval) == (1, 384, 288, 0)
    markers = [marker for marker, _ in movies.segments(shipped[0])]
    assert markers[0] == 0xE0, "JFIF, as Pillow writes it"
    assert 0xC0 in markers and 0xDD not in markers


@pytest.mark.parametrize("frame", [0, 42, 72, 160, 225, 268, 292, 366, 440, 458, 499])
def test_shipped_movie_is_what_the_program_draws(shipped: list[bytes], frame: int) -> None:
    """Compared as pictures, because other versions of Pillow write other bytes."""
    drawn = decoded(make_movie.encoded(scene.picture(frame)))
    assert distance(decoded(shipped[frame]), drawn) < 1.5


def test_frames_are_told_apart() -> None:
    """The comparison above would see a wrong frame."""
    drawn = {frame: scene.picture(frame) for frame in (0, 72, 200, 290, 499)}
    assert all(distance(drawn[one], drawn[other]) > 4 for one in drawn for other in drawn if one != other)


def test_drawing_is_reproducible(tmp_path: Path) -> None:
    """The same bytes each time, whatever was drawn before."""
    make_movie.write_movie(tmp_path / "one", frames=3)
    scene.picture(300)
    make_movie.write_movie(tmp_path / "two", frames=3)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert [barcode.read(decoded(jpeg)) for jpeg in frames_of(tmp_path / "one")] == [0, 1, 2]


def test_progress_is_shown_while_it_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each tenth where there is no terminal; nothing on stdout."""
    make_movie.write_movie(tmp_path / "short.Mjpeg", frames=4)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"Drawing short.Mjpeg: {percent} %" for percent in (20, 50, 70, 100)]
    assert os.listdir(tmp_path) == ["short.Mjpeg"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_stopped_half_way_nothing_is_changed(
    stop: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C or a full disk: the old file stays, no half file appears, one line says so."""
    pictures = [scene.picture(0), scene.picture(1)]

    def picture(frame: int) -> Image.Image:
        if frame == 2:
            raise stop
        return pictures[frame]

    monkeypatch.setattr(scene, "picture", picture)
    path = tmp_path / "movie.Mjpeg"
    path.write_bytes(b"old")
    assert make_movie.main([str(path)]) == (130 if isinstance(stop, KeyboardInterrupt) else 2)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["movie.Mjpeg"]
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ["missing/movie.Mjpeg", "file/movie.Mjpeg", "."])
def test_where_nothing_can_be_written_one_line_says_so(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing folder, a file in place of a folder, a folder in place of a file: exit code 2, before any drawing."""
    (tmp_path / "file").write_bytes(b"")
    assert make_movie.main([str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and str(tmp_path) in err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows may write anywhere")
def test_a_folder_that_is_not_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Permission denied is one line too."""
    tmp_path.chmod(0o500)
    assert make_movie.main([str(tmp_path / "movie.Mjpeg")]) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_an_old_pillow_is_told_to_upgrade(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before 10.1 Pillow had no font that scales."""
    monkeypatch.setattr(PIL, "__version__", "9.4.0")
    assert make_movie.main([]) == 5
    assert "Pillow 10.1" in capsys.readouterr().err


def test_the_script_agrees_with_the_protocol() -> None:
    """Replies follow requests; the state changes when a reply arrives; nothing is sent before the reply to PLAY."""
    requests, replies = story.MESSAGES[::2], story.MESSAGES[1::2]
    assert all(message.to_server for message in requests) and not any(message.to_server for message in replies)
    times = [time for message in story.MESSAGES for time in (message.sent, message.arrives)]
    assert times == sorted(times)
    after = {"SETUP": "READY", "PLAY": "PLAYING", "PAUSE": "READY", "TEARDOWN": "INIT"}
    for request, reply in zip(requests, replies, strict=True):
        assert story.state(reply.arrives) == after[request.label]
        assert story.state(reply.arrives - 1) != after[request.label]
        assert request.lines[1] == reply.lines[1], "the same CSeq"
    plays = [reply for request, reply in zip(requests, replies, strict=True) if request.label == "PLAY"]
    assert all(first >= reply.sent for (first, _), reply in zip(story.SENDING, plays, strict=True))
