"""Movie files: whole, damaged, cut, disguised (media/movie.py, media/randomfile.py)."""

from __future__ import annotations

import io
import logging
import os
import random
import threading

import pytest
from PIL import Image

from media import randomfile
from media.movie import MovieError, MovieFile
from media.source import MediaError
from rtp.jpeg import Depacketizer
from tests import movies
from tools import barcode

JPEGS = [movies.jpeg(number) for number in range(8)]
SMALL = movies.jpeg(0, (384, 16), quality=10)


def number(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


def written(path, data):
    path.write_bytes(data)
    return path


def padded(jpeg, size):
    """The JPEG made `size` bytes long by comments."""
    out, missing = jpeg[:2], size - len(jpeg)
    while missing:
        piece = min(missing, 60_000)
        if 0 < missing - piece < 4:
            piece -= 4
        out += b"\xff\xfe" + (piece - 2).to_bytes(2, "big") + bytes(piece - 4)
        missing -= piece
    return out + jpeg[2:]


def readable(movie):
    """{frame: barcode} of the frames that are not damaged."""
    found = {}
    for k in range(movie.frame_count):
        try:
            found[k] = number(movie.read(k))
        except MediaError:
            continue
    return found


@pytest.fixture
def movie(tmp_path):
    return MovieFile(written(tmp_path / "movie.Mjpeg", movies.lengths(JPEGS)))


@pytest.mark.parametrize("form", [movies.lengths, movies.concatenated])
@pytest.mark.parametrize("name", ["movie.Mjpeg", "video.mjpeg", "notes.txt"])
def test_both_formats_are_told_by_content(tmp_path, form, name):
    """The frames are the JPEGs as they were, whatever the file is called."""
    movie = MovieFile(written(tmp_path / name, form(JPEGS)))
    assert [movie.read(k) for k in range(movie.frame_count)] == JPEGS


def test_it_says_what_sdp_needs(movie):
    """Payload type and clock of RFC 3551; the size of the picture."""
    about = movie.format
    assert (about.kind, about.payload_type, about.encoding, about.clock_rate) == ("video", 26, "JPEG", 90_000)
    assert (about.frame_rate, about.width, about.height) == (20.0, 384, 288)
    assert (movie.duration, movie.seekable, movie.instant, movie.first()) == (0.4, True, False, 0)


def test_frames_are_available_up_to_the_last_and_ended_behind_it(movie):
    """All at once: it is a file."""
    assert [movie.available(k) for k in (-1, 0, 7, 8)] == [False, True, True, False]
    assert [movie.ended(k) for k in (0, 7, 8)] == [False, False, True]
    with pytest.raises(IndexError, match="0 to 7"):
        movie.read(8)


def test_lengths_of_six_digits(tmp_path):
    """From 100,000 bytes on; 99,999 is the last of five."""
    jpegs = [padded(JPEGS[0], 99_999), padded(JPEGS[1], 100_000), JPEGS[2], padded(JPEGS[3], 123_456)]
    movie = MovieFile(written(tmp_path / "m", movies.lengths(jpegs)))
    assert [movie.read(k) for k in range(4)] == jpegs


@pytest.mark.parametrize("first", [JPEGS[0], padded(JPEGS[0], 100_000)], ids=["5 digits", "6 digits"])
def test_a_leading_count_of_frames_is_skipped(tmp_path, first):
    """Ten digits before the first length."""
    movie = MovieFile(written(tmp_path / "m", b"0000000002" + movies.lengths([first, JPEGS[1]])))
    assert readable(movie) == {0: 0, 1: 1}


def test_a_last_length_without_data_is_ignored(tmp_path, caplog):
    """Some writers end like that: not worth a word."""
    movie = MovieFile(written(tmp_path / "m", movies.lengths(JPEGS) + b"05123"))
    assert readable(movie) == {k: k for k in range(8)}
    assert not caplog.records


@pytest.mark.parametrize("junk", [b"x" * 1000, b"\r\n\r\n", b"00"], ids=["long", "short", "digits"])
@pytest.mark.parametrize("form", [movies.lengths, movies.concatenated])
def test_junk_before_the_first_frame(tmp_path, junk, form):
    """A damaged first length, or some header: what follows is found."""
    found = readable(MovieFile(written(tmp_path / "m", junk + form(JPEGS))))
    assert list(found.values()) == list(range(8))


def test_the_rate_is_20_unless_said_otherwise(tmp_path):
    """The handout's 50 ms."""
    path = written(tmp_path / "m", movies.lengths(JPEGS))
    assert (MovieFile(path).rate, MovieFile(path).period) == (20.0, 0.05)
    slow = MovieFile(path, 8)
    assert (slow.duration, slow.time(4), slow.format.frame_rate) == (1.0, 0.5, 8.0)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), -float("inf")])
def test_impossible_rates_are_refused(tmp_path, fps):
    """Before the file is even looked at."""
    with pytest.raises(ValueError, match="frames a second"):
        MovieFile(tmp_path / "absent", fps)


@pytest.mark.parametrize("fps", [1, 10, 12.5, 15, 20, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 120, 1 / 3, 1e7])
def test_frame_at_the_time_of_a_frame_is_that_frame(tmp_path, fps):
    """Also when the time has been written with 6 decimals, as in a Range header, and for hours of movie."""
    movie = MovieFile(written(tmp_path / "m", SMALL), fps)
    movie.frame_count = 500_000
    movie.duration = movie.frame_count / movie.rate
    frames = (*range(2000), *range(2000, 500_000, 997), 499_999)
    assert [movie.frame_at(movie.time(k)) for k in frames] == list(frames)
    if fps < 1e5:
        assert [movie.frame_at(float(f"{movie.time(k):.6f}")) for k in frames] == list(frames)


def test_frame_at_is_the_first_frame_not_before(movie):
    """The end, and what is beyond it, is the number of frames."""
    times = (-float("inf"), -1.0, 0.0, 0.01, 0.05, 0.06, 0.35, 0.36, 0.4, 1e9, float("inf"))
    assert [movie.frame_at(time) for time in times] == [0, 0, 0, 1, 1, 2, 7, 8, 8, 8, 8]


DAMAGE = {
    "letters": b"1x345",
    "too short": b"00400",
    "too long": b"25000",
    "beyond the end": b"99999",
    "zero": b"00000",
    "two": b"00002",
    "absurd": b"9999999999",
}


@pytest.mark.parametrize("length", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("at", [0, 3, 6])
def test_a_damaged_length_costs_one_frame(tmp_path, length, at):
    """The others keep their numbers."""
    data = movies.lengths(JPEGS[:at]) + length + JPEGS[at] + movies.lengths(JPEGS[at + 1 :])
    movie = MovieFile(written(tmp_path / "m", data))
    assert movie.frame_count == 8
    assert readable(movie) == {k: k for k in range(8) if k != at}


@pytest.mark.parametrize("form", [movies.lengths, movies.concatenated])
@pytest.mark.parametrize("at", [1, 5])
def test_an_overwritten_frame_costs_one_frame(tmp_path, form, at):
    """All of it, its beginning, its end, or its middle."""
    size = len(JPEGS[at])
    for start, end in ((0, size), (0, 2), (size - 2, size), (size // 2, size // 2 + 300)):
        bad = JPEGS[at][:start] + b"\xff" * (end - start) + JPEGS[at][end:]
        if (start, end) == (size // 2, size // 2 + 300):
            bad = bad[:start] + b"\xff\x77" + bad[start + 2 :]
        movie = MovieFile(written(tmp_path / "m", form([*JPEGS[:at], bad, *JPEGS[at + 1 :]])))
        assert movie.frame_count == 8
        assert readable(movie) == {k: k for k in range(8) if k != at}


def test_a_damaged_frame_names_frame_and_offset(tmp_path):
    """So that it can be looked at."""
    bad = JPEGS[0][:-100] + bytes(100)
    movie = MovieFile(written(tmp_path / "film", movies.lengths([JPEGS[0], bad, JPEGS[2]])))
    with pytest.raises(MediaError, match=f"film: frame 1 at byte {len(JPEGS[0]) + 10} is damaged: .*FF D9"):
        movie.read(1)
    for use in (movie.payloads, movie.whole):
        with pytest.raises(MediaError, match="frame 1 at byte"):
            use(1, 1400)


@pytest.mark.parametrize("form", [movies.lengths, movies.concatenated])
def test_a_cut_file_plays_what_is_whole(tmp_path, form, caplog):
    """Wherever it is cut; one line says so, unless the cut is between two frames."""
    data = form(JPEGS[:3])
    ends = [len(form(JPEGS[:count])) for count in range(4)]
    borders = [end + by for end in ends[1:3] for by in (0, 1, 5, 6, 7, 8)] + [end - 1 for end in ends[2:]]
    for cut in (*range(ends[1], len(data), 211), *borders, len(data)):
        caplog.clear()
        movie = MovieFile(written(tmp_path / "m", data[:cut]))
        whole = sum(end <= cut for end in ends[1:])
        assert readable(movie) == {k: k for k in range(whole)}
        assert movie.frame_count == whole
        begun = cut - ends[whole] >= 8  # bytes that tell the beginning of a frame in either format
        assert [f"byte {ends[whole]} " in record.getMessage() for record in caplog.records if begun] == [True] * begun


NOTHING = {
    "empty": (b"", "an empty file, not MJPEG"),
    "text": (b"Dear diary,\n" * 100, "a text file, not MJPEG"),
    "digits": (b"12345" * 100, "a text file"),
    "zeros": (bytes(5000), "another kind"),
    "MP4": (b"\0\0\0\x20ftypisom" + bytes(600) + JPEGS[0], "an MP4 file, not MJPEG: .*tools.import_movie"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST" + bytes(600) + JPEGS[0], "an AVI file, not MJPEG: .*tools.import_movie"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(600), "a PNG picture, not MJPEG$"),
    "TS": ((b"G" + bytes(187)) * 20, "an MPEG transport stream, .*tools.import_movie"),
    "Matroska": (b"\x1a\x45\xdf\xa3" + bytes(600), "a Matroska or WebM file"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
    "cut in its first frame": (movies.lengths(JPEGS)[:5000], "not MJPEG"),
    "no picture": (b"\xff\xd8\xff\xd9" * 100, "not MJPEG"),
    "no readable frame": (movies.lengths([JPEGS[0][:-2] + b"\0\0"] * 3), "no frame that can be shown: .*frame 0"),
    "no height": (movies.lengths([JPEGS[0].replace(b"\x08\x01\x20\x01\x80", b"\x08\0\0\x01\x80")]), "384 x 0"),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_a_file_with_nothing_to_play_is_refused_in_one_sentence(tmp_path, kind):
    """The sentence names the file and says what it is."""
    data, what = NOTHING[kind]
    with pytest.raises(MovieError, match=what) as caught:
        MovieFile(written(tmp_path / "movie.mjpeg", data))
    assert "movie.mjpeg" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_a_missing_file_and_an_impossible_name_are_refused(tmp_path):
    """As MovieError, which is an OSError: the lab's VideoStream raises IOError."""
    refused = {tmp_path: "is a folder", tmp_path / "no": "No such file", tmp_path / "a\0b": "cannot be read"}
    for path, what in refused.items():
        with pytest.raises(MovieError, match=what) as caught:
            MovieFile(path)
        assert isinstance(caught.value, OSError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    """Opening one normally blocks."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MovieError, match="not a regular file"):
        MovieFile(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    """Root may read everything, so the refusal is played."""

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path / "m", movies.lengths(JPEGS))
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(MovieError, match="cannot be read: Permission denied"):
        MovieFile(path)


def test_a_file_that_cannot_be_read_to_its_end_is_a_movie_error(tmp_path, monkeypatch):
    """A bad disk, a network that is gone."""

    def fail(self, offset, count):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(randomfile.RandomFile, "read", fail)
    with pytest.raises(MovieError, match="Input/output error"):
        MovieFile(written(tmp_path / "m", movies.lengths(JPEGS)))


def test_a_file_cut_or_overwritten_after_opening_has_damaged_frames(tmp_path, movie):
    """Never a crash; frames that are still there can be read."""
    os.truncate(movie.path, len(movies.lengths(JPEGS[:2])) + 100)
    assert readable(movie) == {0: 0, 1: 1}
    movie.path.write_bytes(bytes(100_000))
    assert readable(movie) == {}


def test_a_bad_disk_is_a_media_error(movie, monkeypatch):
    """At one frame, not for the program."""

    def fail(self, offset, count):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(randomfile.RandomFile, "read", fail)
    with pytest.raises(MediaError, match="frame 2 at byte .*Input/output error"):
        movie.read(2)


def test_a_file_replaced_on_disk_is_still_the_old_one_for_who_has_it_open(movie, tmp_path):
    """Its name goes to another file; the descriptor does not."""
    if os.name == "nt":
        pytest.skip("Windows does not replace open files")
    os.replace(written(tmp_path / "other", b"something else"), movie.path)
    assert movie.read(7) == JPEGS[7]


def test_closed_means_no_more_frames(movie):
    """Twice is fine."""
    movie.close()
    movie.close()
    with pytest.raises(MediaError, match="closed"):
        movie.read(0)


@pytest.mark.parametrize("positional", [True, False], ids=["pread", "seek and read"])
def test_many_threads_read_the_right_frames(tmp_path, monkeypatch, positional):
    """With and without os.pread (Windows has none)."""
    if not positional:
        monkeypatch.delattr(os, "pread", raising=False)
    movie = MovieFile(written(tmp_path / "m", movies.lengths(JPEGS)))
    together, wrong = threading.Barrier(4), []

    def read(seed):
        order = random.Random(seed)
        together.wait()
        for _ in range(200):
            k = order.randrange(8)
            if movie.read(k) != JPEGS[k]:
                wrong.append(k)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_payloads_of_the_handouts_movie_give_its_pictures(tmp_path):
    """4:4:4 cannot travel in RFC 2435: it is re-encoded, and no other picture for that."""
    movies.handout_movie(tmp_path / "m", 3)
    movie = MovieFile(tmp_path / "m")
    for k in range(3):
        depacketizer = Depacketizer()
        jpeg = None
        for payload, marker in movie.payloads(k, 1400):
            jpeg = depacketizer.push(payload, marker, 0)
        assert number(jpeg) == k


def test_the_drawn_movie_has_the_traits_of_the_handouts():
    """Its own is a scene of a feature film: ours stands for it. 4:4:4, component ids 0, 1, 2, no APP0, the standard
    Huffman tables before the quantization tables, quality 50."""
    parts, ordinary = movies.segments(movies.handout_jpeg(0)), movies.segments(movies.jpeg(0, quality=50))
    markers = [marker for marker, _ in parts]
    assert markers == sorted(markers, key=(0xC4, 0xDB, 0xC0, 0xDA).index)
    [(_, frame)] = [part for part in parts if part[0] == 0xC0]
    assert frame[4:] == bytes((8, 1, 32, 1, 128, 3, 0, 0x11, 0, 1, 0x11, 1, 2, 0x11, 1))
    assert parts[-1][1][4:11] == bytes((3, 0, 0, 1, 0x11, 2, 0x11))
    for marker in (0xC4, 0xDB):
        assert [part for part in parts if part[0] == marker] == [part for part in ordinary if part[0] == marker]


def test_whole_frames_keep_to_the_limit_and_that_is_logged_once(tmp_path, caplog):
    """Not for each of 500 frames."""
    caplog.set_level(logging.INFO)
    movies.lab_movie(tmp_path / "m", 3, (768, 576), quality=95)
    movie = MovieFile(tmp_path / "m")
    assert len(movie.read(0)) > 20_468
    for k in range(3):
        assert len(movie.whole(k, 20_468)) <= 20_468
    assert [record.getMessage()[:26] for record in caplog.records] == ["m has frames over 20468 by"]


def test_bytes_behind_the_end_of_a_picture_are_left_out(tmp_path):
    """Padding within the length of a lab frame."""
    movie = MovieFile(written(tmp_path / "m", movies.lengths([JPEGS[0] + bytes(37), JPEGS[1]])))
    assert movie.read(0) == JPEGS[0]
    assert movie.read(1) == JPEGS[1]


def use_all(path):
    """What a server does with a movie; anything but MovieError and MediaError gets out."""
    try:
        movie = MovieFile(path)
    except MovieError:
        return 0
    for k in range(movie.frame_count):
        for use in (lambda k: movie.payloads(k, 1400), lambda k: movie.whole(k, 3000)):
            try:
                use(k)
            except MediaError:
                continue
    return movie.frame_count


def test_random_bytes_never_raise_anything_else(tmp_path):
    """Seeded: the same bytes each time. Many begin like a movie."""
    chance = random.Random(1)
    beginnings = (b"", b"00100\xff\xd8", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xda\x00\x02", b"000000000100050\xff\xd8")
    for round in range(300):
        data = beginnings[round % 5] + chance.randbytes(chance.randrange(3000))
        use_all(written(tmp_path / "m", data))


@pytest.mark.parametrize("form", [movies.lengths, movies.concatenated])
def test_mutated_movies_never_raise_anything_else(tmp_path, form):
    """Bytes changed, removed, doubled, anywhere; headers most often, as most of a file is scan data."""
    chance = random.Random(2)
    jpegs = [movies.jpeg(1, quality=20), movies.handout_jpeg(2), movies.jpeg(3, quality=20, progressive=True)]
    opened = 0
    for _ in range(120):
        data = bytearray(form(jpegs))
        for _ in range(chance.randrange(1, 6)):
            at = chance.choice((chance.randrange(700), chance.randrange(len(data))))
            kind = chance.randrange(3)
            if kind == 0:
                data[at] = chance.choice((0, 255, 0xD8, 0xD9, chance.randrange(256)))
            elif kind == 1:
                del data[at : at + chance.randrange(1, 50)]
            else:
                data[at:at] = data[at : at + chance.randrange(1, 500)]
        opened += use_all(written(tmp_path / "m", bytes(data))) > 0
    assert opened > 100
