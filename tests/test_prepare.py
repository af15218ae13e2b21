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
from RtpPacket import RtpPacket
from tests import movies

FRAGMENTS, WHOLE = Packing.FRAGMENTS, Packing.WHOLE
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
    preparer = Preparer(header)
    yield preparer
    preparer.close()


def packets(frame):
    """(marker, payload type, payload) of each packet."""
    decoded = []
    for at in range(0, len(frame.buffer), frame.segment):
        packet = RtpPacket()
        packet.decode(bytes(frame.buffer[at : at + frame.segment]))
        assert (packet.seqNum(), packet.timestamp(), packet.ssrc()) == (0, 0, 0)
        decoded.append((packet.marker(), packet.payloadType(), bytes(packet.getPayload())))
    return decoded


def test_a_frame_is_its_packets_end_to_end(preparer):
    """Each but the last has PACKET_SIZE bytes; the marker is on the last."""
    source = Frames(3000)
    frame = preparer.frame(source, 7, FRAGMENTS)
    assert (frame.segment, frame.count) == (PACKET_SIZE, 3)
    assert len(frame.buffer) == 3000 + 3 * 12
    assert packets(frame) == [(0, 26, b"\7" * 1400), (0, 26, b"\7" * 1400), (1, 26, b"\7" * 200)]


def test_a_frame_of_one_packet_is_no_longer_than_that(preparer):
    """The segment is what the first packet has."""
    frame = preparer.frame(Frames(50), 1, FRAGMENTS)
    assert (frame.segment, frame.count, len(frame.buffer)) == (62, 1, 62)


def test_whole_is_one_packet_with_the_marker(preparer):
    """For lab clients: as large as they can receive."""
    source = Frames(20_000)
    frame = preparer.frame(source, 7, WHOLE)
    assert packets(frame) == [(1, 26, b"\7" * 20_000)]
    assert (frame.segment, frame.count, len(frame.buffer)) == (20_012, 1, 20_012)
    assert source.limit == WHOLE_LIMIT == 20_480 - 12


def test_a_movie_is_prepared(tmp_path, preparer):
    """The real thing: whole JPEGs for the lab, RFC 2435 for the others."""
    jpegs = movies.lab_movie(tmp_path / "m", 2)
    movie = MovieFile(tmp_path / "m")
    assert packets(preparer.frame(movie, 1, WHOLE)) == [(1, 26, jpegs[1])]
    expected = [(int(marker), 26, payload) for payload, marker in movie.payloads(1, 1400)]
    assert packets(preparer.frame(movie, 1, FRAGMENTS)) == expected


def test_a_frame_is_prepared_once_for_all(preparer):
    """Each packing once; the very same object comes back."""
    source = Frames()
    first = preparer.frame(source, 3, FRAGMENTS)
    assert preparer.frame(source, 3, FRAGMENTS) is first
    assert preparer.ready(source, 3, FRAGMENTS) is first
    assert preparer.ready(source, 3, WHOLE) is None
    preparer.frame(source, 3, WHOLE)
    assert source.asked == [3, 3]


def test_frames_of_two_sources_are_kept_apart(preparer):
    """Though they have the same number."""
    one, other = Frames(100), Frames(200)
    assert len(preparer.frame(one, 3, FRAGMENTS).buffer) == 112
    assert preparer.ready(other, 3, FRAGMENTS) is None
    assert len(preparer.frame(other, 3, FRAGMENTS).buffer) == 212


def test_two_who_ask_at_the_same_time_share_the_work(preparer):
    """The second waits for the first."""
    source, got = Frames(), []
    source.gate.clear()
    threads = [threading.Thread(target=lambda: got.append(preparer.frame(source, 3, FRAGMENTS))) for _ in range(4)]
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
            assert preparer.frame(source, k * seed % 61, FRAGMENTS).count == 1

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
    preparer.want(source, 3, FRAGMENTS, LATER)
    assert source.entered.wait(SECONDS)
    assert preparer.ready(source, 3, FRAGMENTS) is None
    assert preparer.ready(source, 4, FRAGMENTS) is None
    source.gate.set()
    assert preparer.frame(source, 3, FRAGMENTS).count == 3
    assert source.asked == [3]


def test_want_prepares_on_a_thread_of_its_own(preparer):
    """In the order of wanting."""
    source = Frames()
    preparer.start()
    preparer.start()
    for k in (3, 1, 2):
        preparer.want(source, k, WHOLE, LATER)
    wait_until_idle(preparer)
    assert source.asked == [3, 1, 2]
    assert set(source.threads) == {"preparer"}
    assert all(preparer.ready(source, k, WHOLE) for k in (1, 2, 3))


def wait_until_idle(preparer):
    """Until all that is wanted has been prepared: a last frame is wanted, and its source says when it is asked."""
    last = Frames()
    preparer.want(last, 0, FRAGMENTS, LATER)
    assert last.entered.wait(SECONDS)


def test_what_is_wanted_twice_is_prepared_once(preparer):
    """By two viewers at the same place; or when it is there already."""
    source = Frames()
    preparer.frame(source, 1, FRAGMENTS)
    for _ in range(3):
        preparer.want(source, 1, FRAGMENTS, LATER)
        preparer.want(source, 2, FRAGMENTS, LATER)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [1, 2]


def test_what_is_due_first_is_prepared_first(preparer):
    """Whoever asked first."""
    source, now = Frames(), preparer.clock()
    for k, due in ((1, 300), (2, 100), (3, 200), (2, 400)):
        preparer.want(source, k, FRAGMENTS, now + due)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [2, 3, 1]


def test_what_is_past_is_given_up(preparer):
    """A movie that takes longer to prepare than to play misses frames, and does not keep others waiting."""
    source, now = Frames(), preparer.clock()
    for k in range(5):
        preparer.want(source, k, FRAGMENTS, now - 1 if k % 2 else now + SECONDS)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [0, 2, 4]


def test_no_more_is_wanted_than_the_limit(preparer, monkeypatch):
    """Of what cannot be done in time anyway, nothing is kept."""
    monkeypatch.setattr(prepare, "WANTED_LIMIT", 3)
    source = Frames()
    for k in range(10):
        preparer.want(source, k, FRAGMENTS, LATER)
    preparer.start()
    monkeypatch.setattr(prepare, "WANTED_LIMIT", 100)
    wait_until_idle(preparer)
    assert source.asked == [0, 1, 2]


def test_a_frame_asked_for_now_is_not_prepared_again_by_the_thread(preparer):
    """It is wanted no more."""
    source = Frames()
    preparer.want(source, 5, FRAGMENTS, LATER)
    preparer.frame(source, 5, FRAGMENTS)
    preparer.start()
    wait_until_idle(preparer)
    assert source.asked == [5]


def test_the_cache_is_bounded_in_bytes():
    """The least recently used go first."""
    each = 1000 + 12 + OVERHEAD
    preparer, source = Preparer(header, cache_bytes=3 * each), Frames(1000)
    for k in (0, 1, 2):
        preparer.frame(source, k, FRAGMENTS)
    preparer.ready(source, 0, FRAGMENTS)
    preparer.frame(source, 3, FRAGMENTS)
    assert [preparer.ready(source, k, FRAGMENTS) is not None for k in range(4)] == [True, False, True, True]
    preparer.frame(source, 1, FRAGMENTS)
    assert source.asked == [0, 1, 2, 3, 1]


def test_a_frame_larger_than_the_cache_is_kept_until_the_next():
    """Else it would be prepared for ever and never be ready."""
    preparer, source = Preparer(header, cache_bytes=100), Frames(5000)
    for k in (0, 1):
        preparer.frame(source, k, FRAGMENTS)
        assert preparer.ready(source, k, FRAGMENTS)
    assert preparer.ready(source, 0, FRAGMENTS) is None


def test_empty_frames_are_bounded_too():
    """A movie of damaged frames does not fill the memory."""
    preparer, source = Preparer(header, cache_bytes=10 * OVERHEAD), Frames(bad=range(100))
    for k in range(100):
        preparer.frame(source, k, FRAGMENTS)
    assert sum(preparer.ready(source, k, FRAGMENTS) is not None for k in range(100)) == 10


def test_a_damaged_frame_has_no_packets_and_is_logged_once(caplog):
    """Not again for another viewer, another packing, or after it has left the cache."""
    preparer, source = Preparer(header, cache_bytes=100), Frames(bad=(3,), name="film")
    for _ in range(2):
        for packing in Packing:
            frame = preparer.frame(source, 3, packing)
            assert (bytes(frame.buffer), frame.segment, frame.count) == (b"", 0, 0)
            preparer.frame(source, 4, packing)
    assert source.asked.count(3) == 4
    assert [record.getMessage() for record in caplog.records] == [
        "skipped: film: frame 3 at byte 3000 is damaged: as asked for"
    ]


def test_what_was_logged_is_forgotten_some_day(caplog, monkeypatch):
    """A live source has ever new numbers."""
    monkeypatch.setattr(prepare, "REPORTED_LIMIT", 5)
    preparer, source = Preparer(header, cache_bytes=100), Frames(bad=range(20))
    for k in range(20):
        preparer.frame(source, k, FRAGMENTS)
    assert len(caplog.records) == 20
    assert len(preparer._reported) == 5


def test_a_defect_does_not_end_the_thread(preparer, caplog, monkeypatch):
    """It costs one frame; the log has frame, movie and traceback."""
    source = Frames(name="film")
    payloads = source.payloads

    def defect(k, size):
        if k == 3:
            raise ZeroDivisionError("oh")
        return payloads(k, size)

    monkeypatch.setattr(source, "payloads", defect)
    preparer.start()
    preparer.want(source, 3, FRAGMENTS, LATER)
    preparer.want(source, 4, FRAGMENTS, LATER)
    wait_until_idle(preparer)
    assert preparer.ready(source, 3, FRAGMENTS).count == 0
    assert preparer.ready(source, 4, FRAGMENTS).count == 3
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "frame 3 of film cannot be prepared")
    assert record.exc_info


def test_a_defect_is_logged_once(caplog, monkeypatch):
    """As damage is."""
    preparer, source = Preparer(header, cache_bytes=1), Frames()
    monkeypatch.setattr(source, "payloads", lambda k, size: 1 / 0)
    monkeypatch.setattr(source, "whole", lambda k, limit: 1 / 0)
    for packing in (FRAGMENTS, WHOLE, FRAGMENTS):
        assert preparer.frame(source, 3, packing).count == 0
    assert len(caplog.records) == 1


def test_control_c_while_preparing_leaves_the_frame_to_the_next(preparer, monkeypatch):
    """It is not taken for damage, and nobody waits for it."""
    source = Frames()

    def interrupted(k, size):
        raise KeyboardInterrupt

    monkeypatch.setattr(source, "payloads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        preparer.frame(source, 3, FRAGMENTS)
    monkeypatch.undo()
    assert preparer.frame(source, 3, FRAGMENTS).count == 3


@pytest.mark.parametrize("sizes", [(100, 90, 100), (90, 100), (100, 100, 101)])
def test_packets_of_unequal_size_are_refused(preparer, caplog, sizes):
    """One number must say where each of them begins."""
    live = LiveSource(Format("audio", 96, "L16", 8000))
    live.append([(bytes(size), False) for size in sizes], 0.0)
    assert preparer.frame(live, 0, FRAGMENTS).count == 0
    assert "unequal size" in caplog.text


def test_a_frame_without_payloads_sends_nothing(preparer):
    """Nor does it fail."""
    live = LiveSource(Format("audio", 96, "L16", 8000))
    live.append([], 0.0)
    assert preparer.frame(live, 0, FRAGMENTS).count == 0


def test_the_cache_does_not_keep_a_source_alive(preparer):
    """A movie that has been replaced gives its file back, though its packets are still there."""
    source = Frames()
    preparer.frame(source, 0, FRAGMENTS)
    preparer.want(source, 0, FRAGMENTS, LATER)
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


def test_close_stops_the_thread_and_twice_is_fine():
    """Whether it ran or not; afterwards nothing starts again."""
    for started in (True, False):
        preparer, source = Preparer(header), Frames()
        if started:
            preparer.start()
        preparer.close()
        preparer.close()
        preparer.want(source, 1, FRAGMENTS, LATER)
        preparer.start()
        assert not [thread for thread in threading.enumerate() if thread.name == "preparer"]
        assert source.asked == []
        assert preparer.frame(source, 1, FRAGMENTS).count == 3


def test_close_gives_up_what_is_wanted(preparer):
    """It finishes the frame it is at, and no other."""
    source = Frames()
    source.gate.clear()
    for k in range(5):
        preparer.want(source, k, FRAGMENTS, LATER)
    preparer.start()
    assert source.entered.wait(SECONDS)
    closing = threading.Thread(target=preparer.close)
    closing.start()
    assert preparer._stop.wait(SECONDS)
    source.gate.set()
    closing.join(SECONDS)
    assert source.asked == [0]


def test_ready_is_cheap(preparer):
    """A pacer calls it for every viewer and frame: a generous bound, some 20 times what it takes."""
    source = Frames()
    preparer.frame(source, 0, FRAGMENTS)
    before = time.perf_counter()
    for _ in range(10_000):
        preparer.ready(source, 0, FRAGMENTS)
    assert time.perf_counter() - before < 0.5
