"""The built-in test pattern (media/pattern.py, media/testcard.py): what it shows, when, to whom."""

from __future__ import annotations

import io
import os
import threading

import pytest
from PIL import Image, ImageChops, ImageStat

from media import pattern, testcard
from media.library import Library
from media.movie import MovieFile
from media.pattern import Pattern
from media.prepare import WHOLE_LIMIT
from media.source import NotFound, Presentation
from rtp.jpeg import JpegImage
from tests import movies
from tests.scripted import FakeClock
from tests.serving import Receiver, Talker, eventually, serving
from tools import barcode

CLOCK, DAY = "23:59:58.888", "2026-09-30, the server's clock"


def number(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


@pytest.fixture
def source():
    made = Pattern()
    yield made
    made.close()


# --- the picture ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [0, 1, 1037, 65535, 65536, 10**6])
def test_each_frame_has_its_number_as_a_barcode(frame):
    """The last 16 bits of it, where the lab's movie has it."""
    assert number(testcard.jpeg(frame, CLOCK, DAY)) == frame % 65536


def test_frames_are_small_enough_for_lab_clients_and_fit_for_rtp():
    """All positions of what moves, the widest digits: nothing is re-encoded for anybody."""
    jpegs = [testcard.jpeg(frame, CLOCK, DAY) for frame in range(888_800, 888_800 + testcard.LAP, 3)]
    assert max(map(len, jpegs)) <= WHOLE_LIMIT
    image = JpegImage.parse(jpegs[0])
    assert (image.width, image.height) == testcard.SIZE and image.type == 1


def test_the_bars_are_the_colours_they_should_be():
    """White, yellow, cyan, green, magenta, red, blue, black: after JPEG, too."""
    image = Image.open(io.BytesIO(testcard.jpeg(0, CLOCK, DAY))).convert("RGB")
    wide = testcard.SIZE[0] // 8
    for index, colour in enumerate(testcard.BARS):
        mean = ImageStat.Stat(image.crop((index * wide + 16, 16, (index + 1) * wide - 16, 128))).mean
        assert all(abs(one - other) < 6 for one, other in zip(mean, colour, strict=True)), colour


def test_clock_number_hand_and_puck_change_and_nothing_else():
    """From frame to frame; so it moves in every frame."""
    one, other = (testcard.picture(frame, clock, DAY) for frame, clock in ((7, CLOCK), (8, "00:00:00.000")))
    changes = ImageChops.difference(one, other)
    assert all(changes.crop(box).getbbox() for box in (
        (32, 196, 224, 388), (256, 222, 640, 288), (256, 314, 640, 380), (32, 410, 640, 450), (0, 464, 384, 480)))
    assert changes.crop((0, 0, 640, 190)).getbbox() is None and changes.crop((256, 190, 640, 222)).getbbox() is None


def test_digits_stay_in_their_places():
    """However wide: only the one that changes changes."""
    changes = ImageChops.difference(*(testcard.picture(0, f"1{digit}:00:00.000", DAY) for digit in "18"))
    box = changes.getbbox()
    assert box and box[2] - box[0] < 40


# --- the source -------------------------------------------------------------------------------------------------------


def test_it_is_live_and_endless(source):
    """Nobody may jump in it; SDP says 25 frames a second."""
    assert (source.duration, source.seekable, source.format.frame_rate) == (None, False, 25)
    assert not source.ended(10**9)


def test_nothing_is_drawn_until_somebody_asks(source):
    """And no thread runs."""
    assert not source.available(0)
    assert "pattern" not in [thread.name for thread in threading.enumerate()]


def test_first_is_a_frame_of_this_moment():
    """However long nobody has watched; asked twice at one moment it is the same."""
    clock = FakeClock()
    source = Pattern(clock)
    assert [source.first(), source.first()] == [0, 0]
    clock.now += 600
    assert source.first() == 1 and source.time(1) == pytest.approx(600)
    assert number(source.whole(1, WHOLE_LIMIT)) == 1


def test_the_clock_in_the_picture_is_that_of_its_moment(monkeypatch):
    """To the millisecond."""
    shown = []

    def draw(number, time, day):
        shown.append((number, time))
        return movies.jpeg(number)

    monkeypatch.setattr(testcard, "jpeg", draw)
    clock = FakeClock()
    source = Pattern(clock, lambda: 1_767_268_800.25 + clock.now)
    base = clock.now
    source.first()
    assert shown[0][0] == 0 and shown[0][1].endswith(f"{(0.25 + base) % 1:.3f}"[1:])


def test_frames_follow_at_a_25th_of_a_second_while_somebody_watches(source):
    """Numbered on, with their times; the thread ends when nobody does any more."""
    begun = source.first()
    heard = threading.Semaphore(0)
    wake = heard.release
    source.subscribe(wake)
    for _ in range(5):
        assert heard.acquire(timeout=10)
    source.unsubscribe(wake)
    times = [source.time(begun + k) for k in range(6)]
    assert all(b - a >= 0.04 - 1e-6 for a, b in zip(times, times[1:], strict=False))
    assert [number(source.whole(begun + k, WHOLE_LIMIT)) for k in range(6)] == list(range(begun, begun + 6))
    eventually(lambda: "pattern" not in [thread.name for thread in threading.enumerate()], "the thread's end")


def test_it_begins_again_for_the_next_viewer(source):
    """After the thread has ended, or while it does."""
    heard = threading.Semaphore(0)
    for _ in range(3):
        source.first()
        source.subscribe(heard.release)
        assert heard.acquire(timeout=10)
        source.unsubscribe(heard.release)


def test_close_ends_the_thread_and_the_playing():
    """Twice is fine; who comes afterwards starts none."""
    source = Pattern()
    source.first()
    source.subscribe(lambda: None)
    source.close()
    source.close()
    assert source.ended(source.first() + 1)
    source.subscribe(lambda: None)
    assert "pattern" not in [thread.name for thread in threading.enumerate()]


def test_a_thread_that_cannot_start_is_tried_again_for_the_next_viewer(source, monkeypatch):
    """And what has never begun can be closed."""
    def refuse(self):
        raise RuntimeError("can't start new thread")

    other, come = Pattern(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for one in (source, other):
            with pytest.raises(RuntimeError):
                one.subscribe(come.set)
    other.close()
    source.unsubscribe(come.set)
    source.subscribe(come.set)
    assert come.wait(5)


def test_a_machine_that_slept_catches_up_without_a_burst():
    """What was missed is left out; times go on with the clock."""
    clock = FakeClock()
    source = Pattern(clock)
    source.first()
    clock.now += 3600
    heard = threading.Semaphore(0)
    source.subscribe(heard.release)
    assert heard.acquire(timeout=10)
    source.close()
    assert source.first() < 20 and source.time(source.first()) > 3599


# --- its name ---------------------------------------------------------------------------------------------------------


def library(folder):
    return Library(folder, lambda file: Presentation(os.path.basename(file.path), (MovieFile(file),)))


def test_it_is_there_without_a_file_and_not_in_the_list(tmp_path):
    """A list shows what is in the folder."""
    movies_of = library(tmp_path)
    assert movies_of.find("/pattern") is movies_of.find("PATTERN/")
    assert movies_of.find("pattern").name == pattern.NAME and movies_of.names() == []
    with pytest.raises(NotFound):
        movies_of.find("patterns")


def test_a_file_of_that_name_goes_before_it(tmp_path):
    """Whoever has one means it."""
    movies.lab_movie(tmp_path / "pattern", 2)
    assert library(tmp_path).find("pattern").duration == pytest.approx(0.1)


# --- on the wire ------------------------------------------------------------------------------------------------------


def test_standard_and_lab_clients_play_it(tmp_path):
    """At the same time: both see the same frames."""
    with serving(tmp_path) as server, Talker(server.port) as viewer, Talker(server.port) as student, \
            Receiver() as media, Receiver() as lab:  # fmt: skip
        url = server.url("pattern")
        described = viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1")
        assert b"a=range:npt=now-" in described.body and b"a=framerate:25" in described.body
        setup = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", "CSeq: 2", media.transport)
        session = f"Session: {setup.headers['session'].split(';')[0]}"
        viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 3", session)
        student.raw(b"SETUP pattern RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= %d\n\n" % lab.port)
        reply = student.socket.recv(4096)  # its three lines are sent in one go
        student.raw(b"PLAY pattern RTSP/1.0\nCSeq: 2\n" + reply.splitlines()[2] + b"\n\n")
        media.wait_frames(5)
        lab.wait_packets(3)
        standard = [frame.number() for frame in media.frames()]
        whole = [number(packet.payload) for packet in lab.packets]
        assert standard[:5] == list(range(standard[0], standard[0] + 5))
        assert all(len(packet.payload) <= WHOLE_LIMIT for packet in lab.packets) and set(whole) <= set(range(1000))
        assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 4", session, "Range: npt=5-").status == 456


def test_a_viewer_for_whom_there_is_no_thread_is_told_and_nobody_else(tmp_path, monkeypatch, caplog):
    """One line; the session ends, the server goes on and can be closed."""
    def refuse(self):
        raise RuntimeError("can't start new thread")

    with serving(tmp_path) as server, Talker(server.port) as viewer, Receiver() as media:
        url = server.url("pattern")
        setup = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {setup.headers['session'].split(';')[0]}"
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 2", session).status == 200
            eventually(lambda: "cannot be played: RuntimeError" in caplog.text, "the line")
        assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 3", session).status == 454
        setup = viewer.ask(f"SETUP {url}/trackID=0 RTSP/1.0", "CSeq: 4", media.transport)
        session = f"Session: {setup.headers['session'].split(';')[0]}"
        assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 5", session).status == 200
        media.wait_frames(3)
    assert "Traceback" not in caplog.text
