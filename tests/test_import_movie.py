"""Importing (tools/import_movie.py, tools/importing.py, tools/pictures.py, tools/videos.py)."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from media.errors import MediaError
from media.movie import MovieFile
from rtp.jpeg import JpegImage
from tests import movies
from tests.scripted import eventually
from tests.tools import find, need
from tools import barcode, import_movie, importing, videos
from tools.importing import ImportFailed, Wanted

ROOT = Path(__file__).resolve().parent.parent
SIZE = (384, 96)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Every test in a folder of its own, and none with a terminal that could be asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def run(capsys, *arguments):
    """Exit code, what it prints, what it complains of (without the progress)."""
    try:
        code = import_movie.main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, "\n".join(line for line in err.splitlines() if not line.startswith("Importing "))


def frames(path):
    movie = MovieFile(path)
    return [movie.read(k) for k in range(movie.frame_count)]


def numbers(path):
    return [barcode.read(Image.open(io.BytesIO(jpeg))) for jpeg in frames(path)]


def colour(jpeg, x, y):
    return Image.open(io.BytesIO(jpeg)).convert("RGB").getpixel((x, y))


def near(one, other):
    return all(abs(a - b) < 30 for a, b in zip(one, other, strict=True))


@pytest.fixture
def folder(tmp_path):
    """Images whose names are not in the order of the alphabet."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number in (10, 2, 1, 9):
        movies.picture(number, SIZE).save(folder / f"img{number}.png")
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_bytes(b"no image")
    return folder


# --- folders of images ------------------------------------------------------------------------------------------------


def test_the_images_of_a_folder_in_natural_order(folder, capsys):
    """img2 before img10; a frame each; and it says what to do next."""
    code, out, err = run(capsys, folder)
    assert (code, err) == (0, "") and numbers("images.Mjpeg") == [1, 2, 9, 10]
    assert "4 frames, 0.2 s at 20 frames/s" in out
    assert "python Server.py\n" in out and "rtsp://127.0.0.1:6789/images.Mjpeg" in out


def test_each_image_is_shown_for_some_seconds(folder, capsys):
    """A slide show: 0.15 s are three frames."""
    assert run(capsys, folder, "film.Mjpeg", "--each", "0.15")[0] == 0
    assert numbers("film.Mjpeg") == [1] * 3 + [2] * 3 + [9] * 3 + [10] * 3


def test_all_frames_have_the_size_of_the_first(tmp_path, capsys):
    """Others are put into it, with black at their sides; each side a multiple of 8."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.new("RGB", (203, 101), "red").save(folder / "1.png")
    Image.new("RGB", (50, 100), "lime").save(folder / "2.jpg")
    Image.new("L", (400, 10), "white").save(folder / "3.bmp")
    assert run(capsys, folder, "mixed.Mjpeg")[0] == 0
    red, lime, white = frames("mixed.Mjpeg")
    sizes = {(image.width, image.height) for image in map(JpegImage.parse, (red, lime, white))}
    assert sizes == {(200, 96)}
    assert near(colour(red, 2, 2), (255, 0, 0)) and near(colour(red, 197, 93), (255, 0, 0))
    assert near(colour(lime, 100, 48), (0, 255, 0)) and near(colour(lime, 20, 48), (0, 0, 0))
    assert near(colour(white, 100, 48), (255, 255, 255)) and near(colour(white, 100, 10), (0, 0, 0))


def test_what_is_transparent_becomes_black(tmp_path, capsys):
    """Also where a palette says so; half of white is grey."""
    folder = tmp_path / "alpha"
    folder.mkdir()
    Image.new("RGBA", (64, 64), (255, 255, 255, 0)).save(folder / "1.png")
    Image.new("RGBA", (64, 64), (255, 255, 255, 128)).save(folder / "2.png")
    palette = Image.new("P", (64, 64), 0)
    palette.putpalette([255, 0, 0] * 256)
    palette.save(folder / "3.gif", transparency=0)
    assert run(capsys, folder, "alpha.Mjpeg")[0] == 0
    clear, half, gif = frames("alpha.Mjpeg")
    assert near(colour(clear, 9, 9), (0, 0, 0)) and near(colour(half, 9, 9), (128, 128, 128))
    assert near(colour(gif, 9, 9), (0, 0, 0))


def test_photographs_stand_upright(tmp_path, capsys):
    """EXIF orientation 6: the camera was turned to the left."""
    folder = tmp_path / "photos"
    folder.mkdir()
    image = Image.new("RGB", (96, 64), "blue")
    image.paste("yellow", (0, 0, 16, 64))  # the left edge comes to lie on top
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "1.jpg", exif=exif, quality=95)
    assert run(capsys, folder, "photos.Mjpeg")[0] == 0
    (jpeg,) = frames("photos.Mjpeg")
    assert JpegImage.parse(jpeg).width == 64
    assert near(colour(jpeg, 32, 6), (255, 255, 0)) and near(colour(jpeg, 32, 80), (0, 0, 255))


# --- GIF --------------------------------------------------------------------------------------------------------------


def test_a_gif_keeps_its_times(tmp_path, capsys):
    """100 ms are two frames at 20 a second, 250 ms five; 0 counts as 100."""
    images = [movies.picture(number, SIZE) for number in range(3)]
    images[0].save("moving.gif", save_all=True, append_images=images[1:], duration=[100, 250, 0])
    assert run(capsys, "moving.gif")[0] == 0
    assert numbers("moving.Mjpeg") == [0, 0, 1, 1, 1, 1, 1, 2, 2]


def test_a_gif_of_one_image_is_one(tmp_path, capsys):
    """Shown as long as asked for."""
    movies.picture(5, SIZE).save("still.gif")
    assert run(capsys, "still.gif", "--each", "0.2")[0] == 0
    assert numbers("still.Mjpeg") == [5] * 4


def test_a_gif_that_is_cut_is_one_sentence(tmp_path, capsys):
    """And no file."""
    images = [movies.picture(number, SIZE) for number in range(3)]
    images[0].save("cut.gif", save_all=True, append_images=images[1:], duration=100)
    Path("cut.gif").write_bytes(Path("cut.gif").read_bytes()[:-9000])
    code, _, err = run(capsys, "cut.gif")
    assert code == 2 and "cut.gif is damaged" in err and len(err.splitlines()) == 1
    assert os.listdir() == ["cut.gif"]


# --- what is written --------------------------------------------------------------------------------------------------


def test_frames_fit_for_rtp_and_within_the_limit(tmp_path, capsys):
    """4:2:0, standard tables, multiples of 8; longer frames get a lower quality, and are counted, in one size."""
    folder = tmp_path / "noise"
    folder.mkdir()
    Image.effect_noise((640, 480), 100).save(folder / "1.png")
    Image.new("RGB", (640, 480), "navy").save(folder / "2.png")
    code, out, _ = run(capsys, folder, "noise.Mjpeg", "--max-bytes", "60000", "--quality", "95")
    assert code == 0 and "1 frames were over 60,000 bytes" in out
    images = [JpegImage.parse(jpeg) for jpeg in frames("noise.Mjpeg")]
    assert {(image.width, image.height, image.type) for image in images} == {(640, 480, 1)}
    assert max(map(len, frames("noise.Mjpeg"))) <= 60_000


@pytest.mark.parametrize("limit", [20_468, 8_000])
def test_whatever_the_limit_the_size_stays(limit):
    """What no quality does, blurring does; and what nothing does is said."""
    out = io.BytesIO()
    Image.effect_noise((640, 480), 100).convert("RGB").save(out, "JPEG", quality=90)
    smaller = importing.fitted(out.getvalue(), limit)
    image = JpegImage.parse(smaller)
    assert len(smaller) <= limit and (image.width, image.height) == (640, 480)
    with pytest.raises(MediaError, match="does not fit into 700 bytes"):
        importing.fitted(out.getvalue(), 700)


def test_no_frame_of_the_lab_format_is_longer_than_its_five_digits(tmp_path, capsys):
    """99,999 bytes, unless the format is plain."""
    folder = tmp_path / "noise"
    folder.mkdir()
    Image.effect_noise((1280, 960), 120).convert("RGB").save(folder / "1.png")
    assert run(capsys, folder, "lab.Mjpeg", "--quality", "90")[0] == 0
    data = Path("lab.Mjpeg").read_bytes()
    assert int(data[:5]) == len(data) - 5 <= importing.LAB_LIMIT
    assert run(capsys, folder, "plain.mjpeg", "--quality", "90", "--format", "plain")[0] == 0
    assert Path("plain.mjpeg").read_bytes().startswith(b"\xff\xd8") and len(frames("plain.mjpeg")[0]) > 99_999
    code, _, err = run(capsys, folder, "more.Mjpeg", "--max-bytes", "100000")
    assert code == 2 and "five digits" in err


@pytest.mark.parametrize(("size", "box", "made"), [
    ((640, 480), None, (640, 480)),
    ((1921, 1081), None, (1280, 720)),
    ((100, 4000), None, (48, 2040)),
    ((3, 3), None, (8, 8)),
    ((384, 288), (640, 640), (640, 480)),
    ((1920, 1080), (320, 320), (320, 176)),
])  # fmt: skip
def test_sizes_are_multiples_of_8_in_the_same_proportions(size, box, made):
    """Within the box that was asked for, else 1280 wide at most."""
    assert importing.room(size, box) == made


# --- what may go wrong ------------------------------------------------------------------------------------------------


def test_a_file_that_is_there_is_kept_unless_forced(folder, capsys):
    """No terminal, nobody to ask."""
    Path("film.Mjpeg").write_bytes(b"old")
    code, _, err = run(capsys, folder, "film.Mjpeg")
    assert (code, err) == (2, "film.Mjpeg is there already: add --force to replace it.")
    assert Path("film.Mjpeg").read_bytes() == b"old"
    assert run(capsys, folder, "film.Mjpeg", "--force")[0] == 0 and len(numbers("film.Mjpeg")) == 4


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("Yes\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_on_a_terminal_it_asks(folder, capsys, monkeypatch, answer, code):
    """No is the default."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    Path("film.Mjpeg").write_bytes(b"old")
    assert import_movie.main([str(folder), "film.Mjpeg"]) == code
    assert (Path("film.Mjpeg").read_bytes() == b"old") == bool(code)
    assert "Replace it? [y/N]" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere.mp4"], "There is no nowhere.mp4."),
    (["images", "images"], "is a folder: give the name"),
    (["images", "no/film.Mjpeg"], "There is no folder no."),
    (["empty"], "empty has no images"),
    (["bad"], "1.png is no image that Pillow can read"),
    (["images/img1.png", "images/img1.png"], "would replace what it is made of"),
    (["images", "--size", "5000x3"], "a size such as 640x480"),
    (["images", "--fps", "0"], "a number from 0.1 to 240"),
    (["images", "--fps", "nan"], "a number from 0.1 to 240"),
    (["images", "--quality", "101"], "a number from 1 to 95"),
    (["images", "--max-bytes", "٣٣٣٣"], "a number from 2000"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(folder, capsys, arguments, words):
    """Exit code 2, and nothing is written."""
    Path("empty").mkdir()
    Path("bad").mkdir()
    Path("bad/1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and words in err
    assert not list(Path().glob("*.Mjpeg")) and not list(Path().glob(".*"))


@pytest.mark.parametrize(("stop", "code", "words"), [
    (KeyboardInterrupt(), 130, "Stopped; nothing was written."),
    (OSError(28, "No space left on device"), 2, "Cannot write film.Mjpeg: No space left on device."),
])  # fmt: skip
def test_stopped_half_way_nothing_is_left(folder, capsys, monkeypatch, stop, code, words):
    """Ctrl-C, a full disk: the old file stays, no half one appears."""
    done = []

    def fitted(frame, limit):
        if done:
            raise stop
        done.append(frame)
        return frame

    monkeypatch.setattr(import_movie, "fitted", fitted)
    Path("film.Mjpeg").write_bytes(b"old")
    assert run(capsys, folder, "film.Mjpeg", "--force")[::2] == (code, words)
    assert Path("film.Mjpeg").read_bytes() == b"old" and sorted(os.listdir()) == ["film.Mjpeg", "images"]


def test_progress_is_shown(folder, capsys):
    """On stderr, for each tenth where there is no terminal."""
    assert import_movie.main([str(folder)]) == 0
    assert "Importing images.Mjpeg: 100 %" in capsys.readouterr().err


def test_without_ffmpeg_and_pyav_it_says_how_to_get_them(tmp_path, capsys, monkeypatch):
    """Exit code 5."""
    monkeypatch.setattr(videos, "find_ffmpeg", lambda: None)
    monkeypatch.setattr(videos, "has_pyav", lambda: False)
    Path("clip.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    code, _, err = run(capsys, "clip.mp4")
    assert code == 5 and "sudo apt install ffmpeg" in err and f"{sys.executable} -m pip install av" in err


def test_without_pillow_it_says_how_to_get_it(tmp_path):
    """Exit code 5, no traceback."""
    (tmp_path / "PIL.py").write_text("raise ModuleNotFoundError(\"No module named 'PIL'\", name='PIL')")
    environ = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tools.import_movie", "x"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=50)
    assert done.returncode == 5
    assert done.stderr == f"This Python has no Pillow. To get it: {sys.executable} -m pip install Pillow\n"


def test_ffmpeg_is_found_where_it_is_said_to_be(monkeypatch):
    """$FFMPEG goes first, and no other is taken then."""
    monkeypatch.setenv("FFMPEG", sys.executable)
    assert videos.find_ffmpeg() == sys.executable
    monkeypatch.setenv("FFMPEG", "/no/such/program")
    monkeypatch.setattr(videos.importlib.util, "find_spec", lambda name: None)
    assert videos.find_ffmpeg() is None


@pytest.mark.parametrize(("quality", "step"), [(70, 5), (75, 4), (50, 8), (95, 2), (1, 31), (25, 16)])
def test_quality_means_the_same_to_ffmpeg(quality, step):
    """5 is ffmpeg's usual one."""
    assert videos.quantizer(quality) == step


def test_a_stream_of_jpegs_is_split_wherever_it_is_cut(monkeypatch):
    """Pieces of any size; what is left of a frame at the end is none."""
    jpegs = [movies.jpeg(number, SIZE) for number in range(4)]
    for piece in (7, 1000, 1 << 16):
        monkeypatch.setattr(videos, "PIECE", piece)
        stream = io.BytesIO(movies.concatenated(jpegs) + jpegs[0][:50])
        assert list(videos.split(stream)) == jpegs
    with pytest.raises(ImportFailed, match="ffmpeg gave no JPEG"):
        list(videos.split(io.BytesIO(b"this is no JPEG")))


# --- videos -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A video with sound, 24 barcodes of 480 x 360 at 25 frames a second, made by ffmpeg."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "plain.mjpeg").write_bytes(movies.concatenated(movies.jpeg(k, (480, 360), 90) for k in range(24)))
    source = ["-f", "mjpeg", "-framerate", "25", "-i", str(folder / "plain.mjpeg")]
    command = [need("ffmpeg"), "-loglevel", "error", *source]
    command += ["-f", "lavfi", "-i", "sine=d=0.96", "-c:v", "mpeg4", "-q:v", "2", str(folder / "clip.mp4")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=50)
    return folder / "clip.mp4"


def test_a_video_comes_at_the_lab_s_rate(clip, capsys):
    """It lasts as long as before; its frames fit for RTP."""
    code, out, err = run(capsys, clip)
    assert (code, err) == (0, "")
    movie = MovieFile("clip.Mjpeg")
    assert movie.duration == pytest.approx(0.96, abs=0.11)
    found = numbers("clip.Mjpeg")
    assert found == sorted(set(found)) and found[0] == 0 and found[-1] >= 22
    assert {JpegImage.parse(jpeg).type for jpeg in frames("clip.Mjpeg")} == {1}
    assert "--fps" not in out


def test_a_video_keeps_its_rate_if_asked_to(clip, capsys):
    """Then the server must be told."""
    code, out, _ = run(capsys, clip, "keep.Mjpeg", "--fps", "keep")
    assert code == 0 and "python Server.py --fps 25\n" in out
    assert numbers("keep.Mjpeg") == list(range(24))


def test_a_video_fits_into_a_size(clip, capsys):
    """In its proportions."""
    assert run(capsys, clip, "small.Mjpeg", "--size", "200x200")[0] == 0
    image = JpegImage.parse(frames("small.Mjpeg")[0])
    assert (image.width, image.height) == (200, 144)


@pytest.mark.parametrize(("make", "words"), [
    (["-f", "lavfi", "-i", "sine=d=0.2", "bad.wav"], "there is no video in it"),
    (None, "Invalid data"),
])  # fmt: skip
def test_what_is_no_video_is_a_sentence(make, words, capsys):
    """ffmpeg's reason, in one line."""
    if make:
        subprocess.run([need("ffmpeg"), "-loglevel", "error", *make], check=True, timeout=50)
    else:
        need("ffmpeg")
        Path("bad.wav").write_bytes(b"not a video " * 100)
    code, _, err = run(capsys, "bad.wav")
    assert code == 2 and words in err and len(err.splitlines()) == 1
    assert os.listdir() == ["bad.wav"]


@pytest.mark.skipif(os.name == "nt", reason="signals to another process are of POSIX")
def test_ctrl_c_ends_ffmpeg_too_and_leaves_nothing(tmp_path):
    """A long import in a process of its own."""
    need("ffmpeg")
    program = tmp_path / "slow"  # stands for ffmpeg: it gives one frame, and then nothing more
    (tmp_path / "1.jpg").write_bytes(movies.jpeg(1))
    program.write_text(f"""#!/bin/sh
case "$*" in
*-vf*) cat {tmp_path}/1.jpg {tmp_path}/1.jpg; echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid
       exec sleep 60 ;;
*) echo "Input #0"; echo "  Duration: 00:01:00.00"; echo "  Stream #0:0: Video: x, 25 fps" ;;
esac
""")
    program.chmod(0o700)
    (tmp_path / "clip.mp4").write_bytes(b"x")
    environ = {**os.environ, "FFMPEG": str(program), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.import_movie", "clip.mp4"]
    importer = subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, start_new_session=True)
    try:
        eventually(lambda: (tmp_path / "pid").exists() or importer.poll() is not None, 30)
        importer.send_signal(signal.SIGINT)
        _, err = importer.communicate(timeout=30)
    finally:
        importer.kill()
    assert importer.returncode == 130 and err.decode().splitlines()[-1] == "Stopped; nothing was written."
    assert not list(tmp_path.glob("*.Mjpeg")) and not list(tmp_path.glob(".*"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_pyav_gives_the_same_frames(clip, monkeypatch, capsys):
    """Where there is no ffmpeg."""
    need("PyAV")
    monkeypatch.setattr(videos, "find_ffmpeg", lambda: None)
    assert run(capsys, clip, "keep.Mjpeg", "--fps", "keep")[0] == 0
    assert numbers("keep.Mjpeg") == list(range(24))
    code, _, err = run(capsys, __file__, "bad.Mjpeg")
    assert code == 2 and "cannot be imported" in err


def test_the_recipe_is_the_one_in_the_documentation():
    """docs/movies.md shows the command for those who type it themselves."""
    text = (ROOT / "docs" / "movies.md").read_text(encoding="utf-8")
    if find("ffmpeg"):
        words = videos.recipe(find("ffmpeg"), "file:clip.mp4", 20.0, Wanted())
        assert all(word in text for word in ("-huffman default", "-pix_fmt yuvj420p", "-q:v 5", "-f mjpeg"))
        assert {"-huffman", "yuvj420p", "mjpeg", "5"} <= set(words)
