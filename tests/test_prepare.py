"""Frames made ready, kept, and shared (media/prepare.py)."""

from __future__ import annotations

import gc
import logging
import threading
import time
import weakref

import pytest

from media import prepare
from media.movie import MovieFile
from media.prepare import OVERHEAD, PACKET_SIZE, WHOLE_LIMIT, Packing, Preparer
from media.source import Format, LiveSource, MediaError, Source
from net.interleaved import prefix
from RtpPacket import RtpPacket
from tests import movies

FRAGMENTS, INTERLEAVED, WHOLE = Packing.FRAGMENTS, Packing.INTERLEAVED, Packing.WHOLE
LATER = float(2**40)  # in time, whenever the test runs; what is wanted later is prepared later
SECONDS = 10  # a test waits for another thread at most


def header(payload_type, marker):
    packet = RtpPacket()
    packet.encode(2, 0, 0, 0, 0, marker, payload_type, 0, b"", timestamp=0)
    return packet.getPacket()


class Frames(Source):
    """Frame k is `sizes[k % len]` bytes of k; notes who asked for what; waits for `gate` before it answers."""

    format = Format("video", 26, "JPEG", 90_000)
    duration, seekable, period, instant = 10.0, True, 0.1, False

    def __init__(self, *sizes, bad=(), name="frames"):
        self.sizes, self.bad, self.name = sizes or (3000,), bad, name
        self.asked, self.threads = [], []
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()

    def payloads(self, k, size):
        data = self._data(k)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        return [(piece, piece is pieces[-1]) for piece in pieces]

    def whole(self, k, limit):
        self.limit = limit
        return self._data(k)

    def _data(self, k):
        self.asked.append(k)
        self.threads.append(threading.current_thread().name)
        self.entered.set()
        assert self.gate.wait(SECONDS)
        if k in self.bad:
            raise MediaError(f"{self.name}: frame {k} at byte {1000 * k} is damaged: as asked for")
        return bytes([k % 256]) * self.sizes[k % len(self.sizes)]

    def frame_at(self, time):
        return int(time * 10)

    def time(self, k):
        return k / 10

    def available(self, k):
        return True

    def ended(self, k):
        return False

    def first(self):
        return 0


@pytest.fixture
def preparer():
    preparer = Preparer(header, prefix)
    yield preparer
    preparer.close()


def take(preparer, source, k, packing):
    return preparer.frame(source, preparer.shelf(source, packing), k)


def ready(preparer, source, k, packing):
    """As the pacer looks."""
    return preparer.shelf(source, packing).get(k)


def want(preparer, source, k, packing, due):
    preparer.want(source, preparer.shelf(source, packing), k, due)


def kept(preparer, source, packing=FRAGMENTS):
    """The frames that are there. Looking changes nothing."""
    return sorted(preparer.shelf(source, packing).frames)


def packets(frame):
    """(marker, payload type, payload) of each packet."""
    decoded = []
    for at in range(0, frame.size, frame.stride):
        packet = RtpPacket()
        packet.decode(frame.packets[at + frame.prefix : at + frame.stride])
        assert (packet.seqNum(), packet.timestamp(), packet.ssrc()) == (0, 0, 0)
        decoded.append((packet.marker(), packet.payloadType(), bytes(packet.getPayload())))
    return decoded


def test_a_frame_is_its_packets_end_to_end(preparer):
    """Each but the last has PACKET_SIZE bytes; the marker is on the last."""
    source = Frames(3000)
    frame = take(preparer, source, 7, FRAGMENTS)
    assert (frame.stride, frame.count) == (PACKET_SIZE, 3)
    assert frame.size == len(frame.packets) == 3000 + 3 * 12
    assert packets(frame) == [(0, 26, b"\7" * 1400), (0, 26, b"\7" * 1400), (1, 26, b"\7" * 200)]


def test_a_frame_of_one_packet_is_no_longer_than_that(preparer):
    """Whatever its place takes."""
    frame = take(preparer, Frames(50), 1, FRAGMENTS)
    assert (frame.stride, frame.count, frame.size, len(frame.packets)) == (64, 1, 62, 62)


def test_inside_the_connection_each_packet_stands_behind_its_size(preparer):
    """RFC 2326 §10.12: that of the last one is another. The packets are the same; so is what is read of the file."""
    source = Frames(3000)
    frame, plain = take(preparer, source, 7, INTERLEAVED), take(preparer, source, 7, FRAGMENTS)
    assert (frame.stride, frame.count, frame.prefix) == (PACKET_SIZE + 4, 3, 4)
    assert frame.size == 3000 + 3 * 16
    assert packets(frame) == packets(plain)
    prefixes = [bytes(frame.packets[at : at + 4]) for at in range(0, frame.size, frame.stride)]
    assert prefixes == [b"$\0\x05\x84", b"$\0\x05\x84", b"$\0\x00\xd4"]
    assert (PACKET_SIZE, 200 + 12) == (0x0584, 0x00D4)


def test_whole_is_one_packet_with_the_marker(preparer):
    """For lab clients: as large as they can receive."""
    source = Frames(20_000)
    frame = take(preparer, source, 7, WHOLE)
    assert packets(frame) == [(1, 26, b"\7" * 20_000)]
    assert (frame.stride, frame.count, frame.size, frame.prefix) == (20_012, 1, 20_012, 0)
    assert source.limit == WHOLE_LIMIT == 20_480 - 12


def test_a_movie_is_prepared(tmp_path, preparer):
    """The real thing: whole JPEGs for the lab, RFC 2435 for the others."""
    jpegs = movies.lab_movie(tmp_path / "m", 2)
    movie = MovieFile(tmp_path / "m")
    assert packets(take(preparer, movie, 1, WHOLE)) == [(1, 26, jpegs[1])]
    expected = [(int(marker), 26, payload) for payload, marker in movie.payloads(1, 1400)]
    assert packets(take(preparer, movie, 1, FRAGMENTS)) == expected


def test_a_frame_is_prepared_once_for_all(preparer):
    """Each packing once; the very same object comes back."""
    source = Frames()
    first = take(preparer, source, 3, FRAGMENTS)
    assert take(preparer, source, 3, FRAGMENTS) is first
    assert ready(preparer, source, 3, FRAGMENTS) is first
    assert ready(preparer, source, 3, WHOLE) is None
    take(preparer, source, 3, WHOLE)
    assert source.asked == [3, 3]


def test_frames_of_two_sources_are_kept_apart(preparer):
    """Though they have the same number."""
    one, other = Frames(100), Frames(200)
    assert take(preparer, one, 3, FRAGMENTS).size == 112
    assert ready(preparer, other, 3, FRAGMENTS) is None
    assert take(preparer, other, 3, FRAGMENTS).size == 212


def test_two_who_ask_at_the_same_time_share_the_work(preparer):
    """The second waits for the first."""
    source, got = Frames(), []
    source.gate.clear()
    threads = [threading.Thread(target=lambda: got.append(take(preparer, source, 3, FRAGMENTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert source.entered.wait(SECONDS)
    source.gate.set()
    for thread in threads:
        thread.join()
    assert source.asked == [3]
    assert all(frame is got[0] for frame in got)


def test_many_threads_and_many_frames(preparer):
    """Every frame once, whoever asks, in whatever order."""
    source = Frames(100)
    together = threading.Barrier(6)

    def ask(seed):
        together.wait()
        for k in range(60):
            assert take(preparer, source, k * seed % 61, FRAGMENTS).count == 1

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(source.asked) == len(set(source.asked))


def test_ready_never_waits_for_a_frame_under_way(preparer):
    """The pacer would miss the deadlines of all others."""
    source = Frames()
    source.gate.clear()
    preparer.start()
    want(preparer, source, 3, FRAGMENTS, LATER)
    assert source.entered.wait(SECONDS)
    assert ready(preparer, source, 3, FRAGMENTS) is None
    assert ready(preparer, source, 4, FRAGMENTS) is None
    source.gate.set()
    assert take(preparer, source, 3, FRAGMENTS).count == 3
    assert source.asked == [3]


def test_want_prepares_on_a_thread_of_its_own(preparer):
    """In the order of wanting."""
    source = Frames()
    preparer.start()
    preparer.start()
    for k in (3, 1, 2):
        want(preparer, source, k, WHOLE, LATER)
    wait_until_idle(preparer)
    assert source.asked == [3, 1, 2]
    assert set(source.threads) == {"preparer"}
    assert all(ready(preparer, source, k, WHOLE) for k in (1, 2, 3))


def wait_until_idle(preparer):
    """Until all that is wanted has been prepared: a last frame is wanted, and its source says when it is asked."""
    last = Frames()
    want(preparer, last, 0, FRAGMENTS, LATER)
    assert last.entered.wait(SECONDS)


def test_what_is_wanted_twice_is_prepared_once(preparer):
    """By two viewers at the same place; or when it is there already."""
    source = Frames()
    take(preparer, source, 1, FRAGMENTS)
    for _ in range(3):
        want(preparer, source, 1, FRAGMENTS, LATER)
        want(preparer, source, 2, FRAGMENTS, LATER)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [1, 2]


def test_what_is_due_first_is_prepared_first(preparer):
    """Whoever asked first."""
    source, now = Frames(), preparer.clock()
    for k, due in ((1, 300), (2, 100), (3, 200), (2, 400)):
        want(preparer, source, k, FRAGMENTS, now + due)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [2, 3, 1]


def test_what_is_past_is_given_up(preparer):
    """A movie that takes longer to prepare than to play misses frames, and does not keep others waiting."""
    source, now = Frames(), preparer.clock()
    for k in range(5):
        want(preparer, source, k, FRAGMENTS, now - 1 if k % 2 else now + SECONDS)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [0, 2, 4]


def test_no_more_is_wanted_than_the_limit(preparer, monkeypatch):
    """Of what cannot be done in time anyway, nothing is kept."""
    monkeypatch.setattr(prepare, "WANTED_LIMIT", 3)
    source = Frames()
    for k in range(10):
        want(preparer, source, k, FRAGMENTS, LATER)
    preparer.start()
    monkeypatch.setattr(prepare, "WANTED_LIMIT", 100)
    wait_until_idle(preparer)
    assert source.asked == [0, 1, 2]


def test_a_frame_asked_for_now_is_not_prepared_again_by_the_thread(preparer):
    """It is wanted no more."""
    source = Frames()
    want(preparer, source, 5, FRAGMENTS, LATER)
    take(preparer, source, 5, FRAGMENTS)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [5]


def test_the_cache_is_bounded_in_bytes():
    """After each frame, of whatever packing and size, and both counts say the same."""
    preparer, source = Preparer(header, prefix, cache_bytes=20_000), Frames(1000, 90, 4000, 20_000)
    for n in range(200):
        packing = list(Packing)[n % 3]
        frame = take(preparer, source, n % 31, packing)
        ready(preparer, source, n % 7, packing)
        frames = [one for each in Packing for one in preparer.shelf(source, each).frames.values()]
        assert any(one is frame for one in frames)
        held = sum(OVERHEAD + len(one.buffer) for one in frames)
        assert held == preparer._cached_bytes and len(frames) == len(preparer._cache)
        assert held <= 20_000 or len(frames) == 1


def cache_of(count):
    """A preparer that has room for so many frames, their source; that many are there, and all have been looked at."""
    preparer, source = Preparer(header, cache_bytes=count * (1000 + 12 + OVERHEAD)), Frames(1000)
    for k in range(count):
        take(preparer, source, k, FRAGMENTS)
    return preparer, source


def test_what_is_used_gets_a_second_chance():
    """The oldest go first, but for those that somebody has asked for since the last look."""
    preparer, source = cache_of(3)
    take(preparer, source, 3, FRAGMENTS)  # the first look: all are as good as new, so the oldest goes
    assert kept(preparer, source) == [1, 2, 3]
    ready(preparer, source, 1, FRAGMENTS)
    take(preparer, source, 4, FRAGMENTS)
    assert kept(preparer, source) == [1, 3, 4]
    take(preparer, source, 1, FRAGMENTS)  # a worker's question is as good as the pacer's
    take(preparer, source, 5, FRAGMENTS)
    assert 1 in kept(preparer, source) and source.asked == [0, 1, 2, 3, 4, 5]


def test_no_more_than_so_many_get_a_second_chance_at_once(monkeypatch):
    """Where there are 100,000 tiny frames, and all in use, room is made without a look at all of them."""
    monkeypatch.setattr("media.prepare.CHANCES", 2)
    preparer, source = cache_of(10)
    take(preparer, source, 10, FRAGMENTS)
    assert kept(preparer, source) == [0, 1, *range(3, 11)]


def test_what_was_made_ready_ahead_of_time_is_still_there_when_it_is_due():
    """Though all that is older is in use: viewers go through a movie that is larger than the cache, one behind the
    other, and each frame is asked for 16 frames before."""
    preparer, source = cache_of(100)
    for k in range(16):
        take(preparer, source, 1000 + k, FRAGMENTS)
    for k in range(1000, 1500):
        take(preparer, source, k + 16, FRAGMENTS)
        for behind in (0, 10, 30):
            found = ready(preparer, source, max(k - behind, 1000), FRAGMENTS)
            assert found is not None, (k, behind)
    assert sorted(set(source.asked)) == sorted(source.asked)


@pytest.mark.parametrize("ask", [
    pytest.param(lambda preparer, source, shelf: shelf.has(1), id="looked for"),
    pytest.param(lambda preparer, source, shelf: preparer.want(source, shelf, 1, LATER), id="wanted"),
])  # fmt: skip
def test_what_somebody_asks_for_ahead_of_time_and_is_there_stays_until_it_is_due(ask):
    """Another viewer has had it long ago, and nobody asks a second time."""
    preparer, source = cache_of(3)
    take(preparer, source, 3, FRAGMENTS)
    ask(preparer, source, preparer.shelf(source, FRAGMENTS))
    take(preparer, source, 4, FRAGMENTS)
    assert kept(preparer, source) == [1, 3, 4]


def test_a_shelf_is_one_and_the_same_and_is_filled(preparer):
    """A stream keeps it, and sees there what others have made ready; also after all has gone from it."""
    source = Frames(1000)
    small = Preparer(header, cache_bytes=1)
    shelf = small.shelf(source, FRAGMENTS)
    assert shelf is small.shelf(source, FRAGMENTS) is not small.shelf(source, WHOLE)
    assert shelf is not small.shelf(Frames(1000), FRAGMENTS)
    for k in (0, 1):
        frame = take(small, source, k, FRAGMENTS)
        assert shelf.get(k) is frame and small.shelf(source, FRAGMENTS) is shelf
    assert kept(small, source) == [1] and shelf.get(0) is None
    take(small, Frames(1000), 0, FRAGMENTS)
    gc.collect()
    assert shelf.frames == {} and shelf is small.shelf(source, FRAGMENTS)
    small.start()
    small.want(source, shelf, 5, LATER)
    wait_for(small, shelf, 5)
    small.close()


def wait_for(preparer, shelf, k):
    with preparer._changed:
        assert preparer._changed.wait_for(lambda: k in shelf.frames, SECONDS)
    assert shelf.get(k).count == 1


def test_a_shelf_that_nobody_has_and_nothing_is_on_is_gone(preparer):
    """Else each movie that was ever played would leave one."""
    small = Preparer(header, cache_bytes=1)
    shelf, source = weakref.ref(small.shelf(Frames(), FRAGMENTS)), Frames()
    gc.collect()
    assert shelf() is None
    shelf = weakref.ref(small.shelf(source, FRAGMENTS))
    assert shelf() is None
    take(small, source, 0, FRAGMENTS)
    shelf = weakref.ref(small.shelf(source, FRAGMENTS))
    assert shelf() is not None
    take(small, Frames(), 0, FRAGMENTS)
    gc.collect()
    assert shelf() is None and len(small._shelves) == 1


def test_a_frame_larger_than_the_cache_is_kept_until_the_next():
    """Else it would be prepared for ever and never be ready."""
    preparer, source = Preparer(header, cache_bytes=100), Frames(5000)
    for k in (0, 1):
        take(preparer, source, k, FRAGMENTS)
        assert ready(preparer, source, k, FRAGMENTS)
    assert kept(preparer, source) == [1]


def test_empty_frames_are_bounded_too():
    """A movie of damaged frames does not fill the memory."""
    preparer, source = Preparer(header, cache_bytes=10 * OVERHEAD), Frames(bad=range(100))
    for k in range(100):
        take(preparer, source, k, FRAGMENTS)
    assert kept(preparer, source) == list(range(90, 100))


def test_a_damaged_frame_has_no_packets_and_is_logged_once(caplog):
    """Not again for another viewer, another packing, or after it has left the cache."""
    preparer, source = Preparer(header, cache_bytes=100), Frames(bad=(3,), name="film")
    for _ in range(2):
        for packing in Packing:
            frame = take(preparer, source, 3, packing)
            assert (bytes(frame.packets), frame.stride, frame.count) == (b"", 0, 0)
            take(preparer, source, 4, packing)
    assert source.asked.count(3) == 6
    assert [record.getMessage() for record in caplog.records] == [
        "skipped: film: frame 3 at byte 3000 is damaged: as asked for"
    ]


def test_what_was_logged_is_forgotten_some_day(caplog, monkeypatch):
    """A live source has ever new numbers."""
    monkeypatch.setattr(prepare, "REPORTED_LIMIT", 5)
    preparer, source = Preparer(header, cache_bytes=100), Frames(bad=range(20))
    for k in range(20):
        take(preparer, source, k, FRAGMENTS)
    assert len(caplog.records) == 20
    assert len(preparer._reported) == 5


@pytest.mark.parametrize("problem", [ZeroDivisionError, ValueError])
def test_a_defect_does_not_end_the_thread(preparer, caplog, monkeypatch, problem):
    """It costs one frame; the log has frame, movie and traceback."""
    source = Frames(name="film")
    payloads = source.payloads

    def defect(k, size):
        if k == 3:
            raise problem("oh")
        return payloads(k, size)

    monkeypatch.setattr(source, "payloads", defect)
    preparer.start()
    want(preparer, source, 3, FRAGMENTS, LATER)
    want(preparer, source, 4, FRAGMENTS, LATER)
    wait_until_idle(preparer)
    assert ready(preparer, source, 3, FRAGMENTS).count == 0
    assert ready(preparer, source, 4, FRAGMENTS).count == 3
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "frame 3 of film cannot be prepared")
    assert record.exc_info


def test_a_defect_is_logged_once(caplog, monkeypatch):
    """As damage is."""
    preparer, source = Preparer(header, cache_bytes=1), Frames()
    monkeypatch.setattr(source, "payloads", lambda k, size: 1 / 0)
    monkeypatch.setattr(source, "whole", lambda k, limit: 1 / 0)
    for packing in (FRAGMENTS, WHOLE, FRAGMENTS):
        assert take(preparer, source, 3, packing).count == 0
    assert len(caplog.records) == 1


def test_control_c_while_preparing_leaves_the_frame_to_the_next(preparer, monkeypatch):
    """It is not taken for damage, and nobody waits for it."""
    source = Frames()

    def interrupted(k, size):
        raise KeyboardInterrupt

    monkeypatch.setattr(source, "payloads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take(preparer, source, 3, FRAGMENTS)
    monkeypatch.undo()
    assert take(preparer, source, 3, FRAGMENTS).count == 3


@pytest.mark.parametrize("sizes", [(100, 88, 100), (88, 100), (100, 100, 101)])
def test_packets_of_unequal_sizes_are_refused(preparer, caplog, sizes):
    """One number must say where each of them begins."""
    live = LiveSource(Format("audio", 96, "L16", 8000))
    live.append([(bytes(size), False) for size in sizes], 0.0)
    assert take(preparer, live, 0, FRAGMENTS).count == 0
    assert "unequal sizes" in caplog.text


def test_a_frame_without_payloads_sends_nothing(preparer):
    """Nor does it fail."""
    live = LiveSource(Format("audio", 96, "L16", 8000))
    live.append([], 0.0)
    assert take(preparer, live, 0, FRAGMENTS).count == 0


def test_the_cache_does_not_keep_a_source_alive(preparer):
    """A movie that has been replaced gives its file back, though its packets are still there."""
    source = Frames()
    take(preparer, source, 0, FRAGMENTS)
    want(preparer, source, 0, FRAGMENTS, LATER)
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


def test_a_replaced_movie_gives_its_file_back(tmp_path, preparer):
    """A shelf that is still held, and has frames on it, does not keep it open."""
    movies.lab_movie(tmp_path / "m", 2)
    movie = MovieFile(tmp_path / "m")
    shelf, file = preparer.shelf(movie, FRAGMENTS), weakref.ref(movie)
    frame = preparer.frame(movie, shelf, 1)
    movie.close()
    del movie
    gc.collect()
    assert file() is None and shelf.get(1) is frame
    assert preparer.shelf(MovieFile(tmp_path / "m"), FRAGMENTS) is not shelf


def test_close_stops_the_thread_and_twice_is_fine():
    """Whether it ran or not; afterwards nothing starts again."""
    for started in (True, False):
        preparer, source = Preparer(header), Frames()
        if started:
            preparer.start()
        preparer.close()
        preparer.close()
        want(preparer, source, 1, FRAGMENTS, LATER)
        preparer.start()
        assert not [thread for thread in threading.enumerate() if thread.name == "preparer"]
        assert source.asked == []
        assert take(preparer, source, 1, FRAGMENTS).count == 3


def test_close_gives_up_what_is_wanted(preparer):
    """It finishes the frame it is at, and no other."""
    source = Frames()
    source.gate.clear()
    for k in range(5):
        want(preparer, source, k, FRAGMENTS, LATER)
    preparer.start()
    assert source.entered.wait(SECONDS)
    closing = threading.Thread(target=preparer.close)
    closing.start()
    assert preparer._stop.wait(SECONDS)
    source.gate.set()
    closing.join(SECONDS)
    assert source.asked == [0]


def test_a_look_at_a_shelf_is_cheap_and_takes_no_lock(preparer):
    """A pacer does it for every viewer and frame: a generous bound, some 100 times what it takes. Nor does it wait for
    who prepares, or for who throws away."""
    source = Frames()
    take(preparer, source, 0, FRAGMENTS)
    shelf = preparer.shelf(source, FRAGMENTS)
    holding, release = threading.Event(), threading.Event()

    def hold():
        with preparer._changed:
            holding.set()
            release.wait(SECONDS)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(SECONDS)
    before = time.perf_counter()
    for _ in range(10_000):
        shelf.get(0)
    took = time.perf_counter() - before
    release.set()
    holder.join()
    assert took < 0.5


def test_a_quality_has_a_shelf_of_its_own(tmp_path):
    """Re-encoded once for all viewers who want that step; the others' frames are what they were."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 2, quality=90)
    movie = MovieFile(tmp_path / "movie.Mjpeg")
    preparer = Preparer(header)
    plain, lower = preparer.shelf(movie, FRAGMENTS), preparer.shelf(movie, FRAGMENTS, 20)
    assert lower is preparer.shelf(movie, FRAGMENTS, 20) is not plain and plain is preparer.shelf(movie, FRAGMENTS)
    small, large = (preparer.frame(movie, shelf, 1) for shelf in (lower, plain))
    assert 0 < small.size * 2 < large.size
    assert preparer.frame(movie, lower, 1) is small and lower.get(1) is small and plain.get(1) is large


def test_a_frame_that_cannot_be_reencoded_is_damaged(caplog):
    """Which is logged once, whatever the quality."""
    preparer = Preparer(header)
    source = Frames(3000)
    for quality in (20, 50):
        assert preparer.frame(source, preparer.shelf(source, FRAGMENTS, quality), 3).count == 0
    assert len(caplog.records) == 1
