"""MJPEG in AVI (media/avi.py): as ffmpeg and GStreamer write it, cut, damaged, and what is in it besides."""

from __future__ import annotations

import io
import logging
import random
import struct
import subprocess

import pytest
from PIL import Image

from media import avi
from media.avi import with_tables
from media.movie import MovieError, MovieFile
from media.source import MediaError
from rtp.jpeg import JpegImage
from tests import movies
from tests.gstreamer import launch
from tests.serving import Receiver, Talker, serving
from tests.tools import need
from tools import barcode

JPEGS = [movies.jpeg(number, (384, 32)) for number in range(8)]
SOUND = bytes(range(256)) * 4


def number(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def listed(kind, *chunks, name=b"LIST"):
    return chunk(name, kind + b"".join(chunks))


def stream(kind, codec, rate=25, scale=1):
    header = kind + codec + struct.pack("<IHHIIIIIIIIhhhh", 0, 0, 0, 0, scale, rate, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return listed(b"strl", chunk(b"strh", header), chunk(b"strf", struct.pack("<IiiHH", 40, 384, 32, 1, 24) + codec))


VIDEO, AUDIO = stream(b"vids", b"MJPG"), stream(b"auds", b"\0\0\0\0", 8000)
HEADERS = chunk(b"avih", bytes(56))


def movi(jpegs, name=b"00dc"):
    """The frames, with sound between them."""
    return listed(b"movi", *(chunk(name, jpeg) + chunk(b"01wb", SOUND) for jpeg in jpegs))


def riff(*chunks, kind=b"AVI "):
    return listed(kind, *chunks, name=b"RIFF")


def whole(jpegs=tuple(JPEGS), video=VIDEO):
    return riff(listed(b"hdrl", HEADERS, video, AUDIO), listed(b"INFO", chunk(b"ISFT", b"test")), movi(jpegs),
                chunk(b"idx1", bytes(16 * len(jpegs))))  # fmt: skip


def opened(tmp_path, data, fps=None):
    path = tmp_path / "movie.avi"
    path.write_bytes(data)
    return MovieFile(path, fps)


def numbers(movie):
    """Barcode of each frame, None where it is damaged."""
    found = []
    for k in range(movie.frame_count):
        try:
            found.append(number(movie.read(k)))
        except MediaError:
            found.append(None)
    return found


# --- whole files ------------------------------------------------------------------------------------------------------


def test_frames_come_in_order_and_sound_is_left_out(tmp_path):
    """With its own rate and size."""
    movie = opened(tmp_path, whole())
    assert numbers(movie) == list(range(8))
    assert (movie.rate, movie.duration, movie.format.width, movie.format.height) == (25.0, 8 / 25, 384, 32)


def test_the_rate_is_a_fraction_and_fps_goes_before_it(tmp_path):
    """30000/1001, as NTSC has it."""
    data = whole(video=stream(b"vids", b"MJPG", 30000, 1001))
    assert opened(tmp_path, data).rate == pytest.approx(29.97003)
    assert opened(tmp_path, data, fps=10).rate == 10.0


@pytest.mark.parametrize(("rate", "scale"), [(25, 0), (0, 1), (4_000_000_000, 1), (1, 4_000_000_000)])
def test_an_impossible_rate_is_none(tmp_path, rate, scale):
    """The usual 20 frames a second then."""
    assert opened(tmp_path, whole(video=stream(b"vids", b"MJPG", rate, scale))).rate == 20.0


def test_it_is_told_by_content(tmp_path):
    """Whatever its name."""
    path = tmp_path / "clip.Mjpeg"
    path.write_bytes(whole())
    assert MovieFile(path).rate == 25.0


def test_an_empty_frame_is_the_one_before_it_again(tmp_path):
    """AVI's way to say that the picture has not changed."""
    assert numbers(opened(tmp_path, whole([*JPEGS[:2], b"", b"", JPEGS[4]]))) == [0, 1, 1, 1, 4]


@pytest.mark.parametrize("after_the_last", [0, 1])
def test_empty_frames_after_each_picture_are_no_frames(tmp_path, after_the_last):
    """The rate is that of the pictures then: nothing is sent twice."""
    frames = [frame for jpeg in JPEGS for frame in (jpeg, b"")][: 15 + after_the_last]
    movie = opened(tmp_path, whole(frames))
    assert (numbers(movie), movie.rate) == (list(range(8)), 12.5)


def test_the_video_may_be_any_stream(tmp_path):
    """Its number is in the names of its chunks; those of other streams are left out."""
    other = movi([movies.jpeg(99, (384, 32))])
    data = riff(listed(b"hdrl", HEADERS, AUDIO, VIDEO), other, movi(JPEGS[:3], b"01dc"))
    assert numbers(opened(tmp_path, data)) == [0, 1, 2]


def test_files_over_one_gigabyte_go_on_in_more_parts(tmp_path):
    """OpenDML: RIFF AVIX; and frames may be grouped in lists."""
    grouped = listed(b"movi", listed(b"rec ", chunk(b"00dc", JPEGS[2]), chunk(b"01wb", SOUND)))
    more = riff(grouped, chunk(b"ix00", bytes(64)), kind=b"AVIX"), riff(movi(JPEGS[3:5]), kind=b"AVIX")
    data = b"".join([whole(JPEGS[:2]), *more])
    assert numbers(opened(tmp_path, data)) == [0, 1, 2, 3, 4]


def test_frames_without_huffman_tables_get_the_standard_ones(tmp_path):
    """As any decoder, and RTP, wants them; the others stay as they are."""
    parts = movies.segments(JPEGS[3])
    bare = b"\xff\xd8" + b"".join(body for marker, body in parts if marker != 0xC4)
    assert b"\xff\xc4" not in bare
    movie = opened(tmp_path, whole([bare, JPEGS[4]]))
    assert JpegImage.parse(movie.read(0)) == JpegImage.parse(JPEGS[3])
    assert b"\xff\xc4" in movie.read(0) and numbers(movie) == [3, 4]
    assert movie.read(1) == with_tables(JPEGS[4]) == JPEGS[4]


def test_another_codec_is_named(tmp_path):
    """With what to do about it."""
    data = whole([b"\0\0\1\xb6" + bytes(500)] * 3, stream(b"vids", b"FMP4"))
    with pytest.raises(MovieError, match=r"an AVI file with FMP4 video, not MJPEG: .*tools.import_movie movie.avi"):
        opened(tmp_path, data)


# --- cut and damaged --------------------------------------------------------------------------------------------------


def test_a_file_that_is_cut_plays_what_is_whole(tmp_path, caplog):
    """Without a table, and with sizes that promise more."""
    data = whole()
    at = data.index(JPEGS[5])
    with caplog.at_level(logging.WARNING):
        movie = opened(tmp_path, data[: at + 100])
    assert numbers(movie) == [0, 1, 2, 3, 4]
    assert f"the frame at byte {at - 8} is not whole" in caplog.text


def test_sizes_that_were_never_filled_in_do_not_matter(tmp_path):
    """The recorder lost its power: RIFF and movi are 0 bytes long."""
    data = bytearray(whole())
    data[4:8] = data[data.index(b"movi") - 4 : data.index(b"movi")] = bytes(4)
    assert numbers(opened(tmp_path, bytes(data))) == list(range(8))


def test_a_damaged_stretch_is_one_frame(tmp_path):
    """What follows keeps its time, within the stretch's bounds."""
    data = bytearray(whole())
    start, end = data.index(JPEGS[3]) - 8, data.index(JPEGS[3]) + len(JPEGS[3])
    data[start:end] = b"\xee" * (end - start)
    assert numbers(opened(tmp_path, bytes(data))) == [0, 1, 2, None, 4, 5, 6, 7]


def test_damage_behind_a_frame_is_none_of_its_own(tmp_path):
    """The sound after it has lost its name: every picture is there."""
    data = bytearray(whole())
    at = data.index(JPEGS[3]) + len(JPEGS[3])
    at += at % 2
    assert data[at : at + 4] == b"01wb"
    data[at : at + 8] = b"\xee" * 8
    assert [one for one in numbers(opened(tmp_path, bytes(data))) if one is not None] == list(range(8))


@pytest.mark.parametrize("size", [0x7FFFFFFF, 1234, 5])
def test_a_wrong_size_costs_one_frame_at_most(tmp_path, size):
    """It leads beyond the file, into another frame, or into its own."""
    data = bytearray(whole())
    at = data.index(JPEGS[3]) - 4
    data[at : at + 4] = struct.pack("<I", size)
    found = numbers(opened(tmp_path, bytes(data)))
    assert [one for one in found if one is not None] in ([0, 1, 2, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7])


def test_frames_that_are_not_padded_are_found(tmp_path):
    """Chunks of odd size, one right behind the other, as some cameras write them."""
    odd = [jpeg + bytes(1 - len(jpeg) % 2) for jpeg in JPEGS[:4]]
    frames = b"".join(b"00dc" + struct.pack("<I", len(jpeg)) + jpeg for jpeg in odd)
    data = riff(listed(b"hdrl", HEADERS, VIDEO), listed(b"movi", frames))
    assert numbers(opened(tmp_path, data)) == [0, 1, 2, 3]


def test_no_bytes_do_harm(tmp_path):
    """Random damage: the movie opens with most of its frames, or is a MovieError; nothing else."""
    dice = random.Random(7)
    for _ in range(150):
        data = bytearray(whole())
        for _ in range(dice.randrange(1, 12)):
            at = dice.randrange(len(data))
            data[at : at + dice.randrange(1, 9)] = dice.randbytes(dice.randrange(9))
        try:
            movie = opened(tmp_path, bytes(data))
        except MovieError:
            continue
        assert movie.frame_count < 40
        for k in range(movie.frame_count):
            try:
                movie.payloads(k, 1400)
            except MediaError:
                pass  # said in one sentence


def test_a_file_of_nothing_but_chunks_is_given_up(tmp_path, monkeypatch):
    """So that it cannot take the server's time for ever."""
    monkeypatch.setattr(avi, "CHUNKS_LIMIT", 10)
    movie = opened(tmp_path, riff(listed(b"hdrl", HEADERS, VIDEO), listed(b"movi", *[chunk(b"00dc", JPEGS[0])] * 50)))
    assert movie.frame_count < 10


def test_a_frame_that_cannot_be_read_is_read_once_however_often_it_is_repeated(tmp_path, monkeypatch):
    """Else a file of some MB keeps a thread for hours, and with it all other movies that are to be opened."""
    reads, read = [], MovieFile.read

    def counted(movie, k):
        reads.append(k)
        return read(movie, k)

    monkeypatch.setattr(MovieFile, "read", counted)
    empty = chunk(b"00dc", b"") * 1000
    junk = chunk(b"00dc", b"\xff\xd8" + bytes(1000))
    with pytest.raises(MovieError, match="no frame that can be shown"):
        opened(tmp_path, riff(listed(b"movi", junk, empty, junk, empty)))
    assert len(reads) == 2
    assert opened(tmp_path, riff(listed(b"movi", junk, empty, chunk(b"00dc", JPEGS[0])))).format.width == 384


def test_a_frame_is_as_large_as_frames_may_be(tmp_path, monkeypatch):
    """A chunk may claim 4 GB, which would be read at once."""
    monkeypatch.setattr(avi, "MAX_FRAME", len(JPEGS[1]))
    large = JPEGS[0] + bytes(2 * len(JPEGS[1]))
    movie = opened(tmp_path, riff(listed(b"movi", chunk(b"00dc", large), chunk(b"00dc", JPEGS[1]))))
    assert numbers(movie) == [None, 1]


# --- what other programs write ----------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path):
    """A file of JPEGs with barcodes, for other programs to put into AVI."""
    path = tmp_path / "plain.mjpeg"
    path.write_bytes(movies.concatenated(movies.jpeg(k) for k in range(12)))
    return path


def test_files_of_ffmpeg(tmp_path, plain):
    """JPEGs copied, and with sound beside them."""
    path = tmp_path / "ffmpeg.avi"
    sound = ["-f", "lavfi", "-i", "sine=d=1", "-c:a", "pcm_s16le"]
    command = [need("ffmpeg"), "-loglevel", "error", "-f", "mjpeg", "-framerate", "25", "-i", str(plain), *sound]
    subprocess.run([*command, "-c:v", "copy", str(path)], check=True, stdin=subprocess.DEVNULL, timeout=50)
    movie = MovieFile(path)
    assert (numbers(movie), movie.rate) == (list(range(12)), 25.0)


def test_files_ffmpeg_has_encoded(tmp_path, plain):
    """`-c:v mjpeg clip.avi`: what users type; RTP carries every frame."""
    path = tmp_path / "ffmpeg.avi"
    command = [need("ffmpeg"), "-loglevel", "error", "-f", "mjpeg", "-framerate", "25", "-i", str(plain)]
    subprocess.run([*command, "-c:v", "mjpeg", str(path)], check=True, stdin=subprocess.DEVNULL, timeout=50)
    movie = MovieFile(path)
    assert (numbers(movie), movie.rate) == (list(range(12)), 25.0)
    assert all(movie.payloads(k, 1400) for k in range(12))


def test_files_of_gstreamer(tmp_path):
    """avimux."""
    need("gst-launch-1.0")
    path = tmp_path / "gst.avi"
    for k in range(12):
        (tmp_path / f"{k}.jpg").write_bytes(movies.jpeg(k))
    launch("multifilesrc", f"location={tmp_path}/%d.jpg", "caps=image/jpeg,framerate=15/1", "!", "jpegparse", "!",
           "avimux", "!", "filesink", f"location={path}")  # fmt: skip
    movie = MovieFile(path)
    assert (numbers(movie), movie.rate) == (list(range(12)), 15.0)


def test_the_server_lists_and_plays_it(tmp_path):
    """With its own rate in the description, and its frames on the wire."""
    (tmp_path / "clip.avi").write_bytes(whole(video=stream(b"vids", b"MJPG", 50)))
    with serving(tmp_path) as server, Talker(server.port) as viewer, Receiver() as media:
        assert server.library.names() == ["clip.avi"]
        url = server.url("clip.avi")
        described = viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1")
        assert b"a=framerate:50" in described.body and b"a=range:npt=0.000-0.160" in described.body
        setup = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", "CSeq: 2", media.transport)
        viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 3", f"Session: {setup.headers['session'].split(';')[0]}")
        media.wait_bye()
        assert [frame.number() for frame in media.frames()] == list(range(8))
