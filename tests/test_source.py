"""Live sources and presentations (media/source.py)."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image

from media.movie import MovieFile
from media.source import Format, LiveSource, MediaError, Presentation
from rtp.jpeg import payloads
from tests import movies
from tools import barcode

VIDEO = Format("video", 26, "JPEG", 90_000, 20.0)
AUDIO = Format("audio", 96, "L16", 8_000, channels=1)


def one(number):
    """The payloads of a frame that says its number."""
    return [(b"frame %d" % number, True)]


def live(frames=0, keep=4, format=VIDEO):
    source = LiveSource(format, period=0.1, keep=keep)
    for number in range(frames):
        source.append(one(number), number * 0.1)
    return source


def test_frames_are_numbered_as_they_come_for_ever():
    """The ring is small, the numbers are not."""
    source = live(1000)
    assert source.first() == 999
    assert source.payloads(999, 1400) == one(999)
    assert not source.available(1000)


def test_only_the_newest_frames_are_kept():
    """A frame that has left still counts as available, so that a viewer who is behind skips it."""
    source = live(10, keep=4)
    assert [source.payloads(k, 1400) for k in range(6, 10)] == [one(k) for k in range(6, 10)]
    assert source.available(5)
    with pytest.raises(MediaError, match="frame 5 .* gone"):
        source.payloads(5, 1400)


@pytest.mark.parametrize("k", [3, 1000, -1])
def test_a_frame_that_has_not_come_is_a_media_error(k):
    """Neither IndexError nor some other frame."""
    source = live(3)
    assert not source.available(k)
    with pytest.raises(MediaError):
        source.payloads(k, 1400)


def test_it_ends_when_it_is_closed_and_not_before():
    """What has come can still be had; what comes later is dropped."""
    source = live(3)
    assert not source.ended(3)
    source.close()
    source.close()
    source.append(one(3), 0.3)
    assert source.ended(3)
    assert not source.ended(2)
    assert not source.available(3)
    assert source.payloads(2, 1400) == one(2)


def test_it_says_what_a_live_source_is():
    """No duration, no seeking, and nothing that takes time."""
    source = live()
    assert (source.duration, source.seekable, source.instant, source.period) == (None, False, True, 0.1)
    assert source.first() == 0


def test_time_of_kept_frames_is_their_own_and_estimated_beside_them():
    """A PLAY may be answered before its first frame has come."""
    source = LiveSource(VIDEO, period=0.1, keep=2)
    assert source.time(3) == pytest.approx(0.3)
    for when in (5.0, 5.2, 5.7):
        source.append(one(0), when)
    assert [source.time(k) for k in (0, 1, 2, 3, 4)] == pytest.approx([5.1, 5.2, 5.7, 5.8, 5.9])


def test_frame_at_is_the_first_not_before():
    """As in a movie; frames that are gone do not count, past the end it is the next one to come."""
    source = live(10, keep=4)
    assert [source.frame_at(time) for time in (0.0, 0.6, 0.65, 0.9, 100.0)] == [6, 6, 7, 9, 10]


def test_times_never_go_back():
    """A sender whose clock was set back would otherwise be waited for."""
    source = live(3)
    source.append(one(3), -50.0)
    assert source.time(3) == source.time(2)


def test_whoever_comes_begins_with_the_beginning_of_a_frame():
    """The newest one; half of it is no use, unless the rest has gone."""
    source = LiveSource(VIDEO, keep=3)
    for begins, first in ((True, 0), (False, 0), (True, 2), (False, 2), (False, 2), (False, 3)):
        source.append(one(0), 0.0, begins=begins)
        assert source.first() == first


def test_not_more_is_kept_than_memory_allows():
    """Frames may be large; the newest one stays in any case."""
    source = LiveSource(VIDEO)
    for _ in range(40):
        source.append([(bytes(1 << 20), True)], 0.0)
    with pytest.raises(MediaError, match="gone"):
        source.payloads(40 - 9, 0)
    assert source.payloads(40 - 8, 0)
    source.append([(bytes(20 << 20), True)], 0.0)
    assert source.payloads(40, 0) and source.first() == 40


def test_times_go_back_where_frames_are_not_sent_in_their_order():
    """As B-frames are; the packets missing before a frame are told, too."""
    source = LiveSource(VIDEO, reordered=True)
    for time, lost in ((0.0, 0), (0.12, 0), (0.04, 2)):
        source.append(one(0), time, lost)
    assert [source.time(k) for k in range(3)] == [0.0, 0.12, 0.04]
    assert [source.lost(k) for k in range(3)] == [0, 0, 2]


def test_wake_is_called_for_each_frame_and_at_the_end():
    """And not after unsubscribing, nor twice for one who subscribed twice."""
    source, calls = live(), []

    def wake():
        calls.append(source.first())

    source.subscribe(wake)
    source.subscribe(wake)
    source.append(one(0), 0.0)
    source.append(one(1), 0.1)
    source.close()
    source.close()
    assert calls == [0, 1, 1]
    source.unsubscribe(wake)
    source.unsubscribe(wake)


def test_nobody_is_woken_after_unsubscribing():
    """The one who stays is."""
    source, calls = live(), []

    def gone():
        calls.append("gone")

    source.subscribe(gone)
    source.subscribe(lambda: calls.append("there"))
    source.unsubscribe(gone)
    source.append(one(0), 0.0)
    assert calls == ["there"]


def test_wake_may_use_the_source_from_another_thread():
    """It is called outside the lock: this would never end otherwise."""
    source, seen = live(), []

    def wake():
        helper = threading.Thread(target=lambda: seen.append(source.payloads(source.first(), 1400)))
        helper.start()
        helper.join()

    source.subscribe(wake)
    source.append(one(0), 0.0)
    assert seen == [one(0)]


def test_frames_from_many_threads_are_all_numbered():
    """No number is used twice."""
    source = live(keep=4000)
    together = threading.Barrier(4)

    def publish():
        together.wait()
        for number in range(500):
            source.append(one(number), 0.0)

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.first() == 1999
    kept = [source.payloads(k, 1400) for k in range(2000)]
    assert all(kept.count(one(number)) == 4 for number in range(500))


@pytest.mark.parametrize("raw", [False, True], ids=["fragments", "raw JPEG"])
def test_whole_puts_the_jpeg_together_again(raw):
    """From RFC 2435 fragments, and from a sender that puts whole pictures into packets."""
    jpeg = movies.jpeg(77)
    source = live()
    source.append([(jpeg, True)] if raw else payloads(jpeg, 1400), 0.0)
    assert barcode.read(Image.open(io.BytesIO(source.whole(0, 20_468)))) == 77


def test_whole_keeps_to_the_limit():
    """A picture that is too large is made smaller."""
    source = live()
    source.append(payloads(movies.jpeg(1, (768, 576), quality=95), 1400), 0.0)
    assert len(source.whole(0, 20_468)) <= 20_468


def test_whole_of_what_is_no_jpeg_is_a_media_error():
    """Sound has no pictures."""
    with pytest.raises(MediaError, match="L16"):
        live(1, format=AUDIO).whole(0, 20_468)


def test_whole_of_a_frame_with_a_lost_fragment_is_a_media_error():
    """Half a picture is none."""
    source = live()
    source.append(payloads(movies.jpeg(1), 1400)[:-1], 0.0)
    with pytest.raises(MediaError, match="frame 0 .* not whole"):
        source.whole(0, 20_468)


def test_a_presentation_is_as_long_as_its_longest_source(tmp_path):
    """And has no end, and no seeking, with a live one in it."""
    movies.lab_movie(tmp_path / "a", 2)
    movies.lab_movie(tmp_path / "b", 5)
    first, second = MovieFile(tmp_path / "a"), MovieFile(tmp_path / "b")
    both = Presentation("both", (first, second))
    assert (both.duration, both.seekable) == (0.25, True)
    mixed = Presentation("mixed", (first, live()))
    assert (mixed.duration, mixed.seekable) == (None, False)


def test_closing_a_presentation_closes_its_sources():
    """Twice is fine."""
    sources = live(), live()
    presentation = Presentation("two", sources)
    presentation.close()
    presentation.close()
    assert all(source.ended(0) for source in sources)
