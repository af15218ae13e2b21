"""What the pacer does by itself for frames of the usual kind, and when it looks about."""

import errno

import pytest

import PacedStream
from media.frame import HEADER_SIZE
from media.prepare import OVERHEAD, Packing, Preparer
from tests.streams import PERIOD, Lab, Movie


@pytest.fixture
def unusual(monkeypatch):
    """The frames that were looked at."""
    seen, real = [], PacedStream.PacedStream.sendUnusual

    def look(stream, run, now):
        seen.append(run.frame)
        return real(stream, run, now)

    monkeypatch.setattr(PacedStream.PacedStream, "sendUnusual", look)
    return seen


def test_most_frames_are_sent_without_a_look(unusual):
    """All of them in time, and others are made ready as far ahead as ever."""
    lab = Lab(Movie(400))
    lab.preparer.missing = set(range(20, 400))
    lab.play()
    begun = lab.pacer.now
    for k in range(100):
        lab.pacer.run_until(begun + k * PERIOD)
        assert lab.channel.frames == list(range(k + 1))
        assert max(lab.preparer.wanted) >= k + PacedStream.AHEAD - 1
        lab.preparer.missing -= set(lab.preparer.wanted)
    assert len(unusual) <= 100 / PacedStream.FAR + 3        # … and at each report


def test_a_call_that_fails_is_made_again_by_the_channel(monkeypatch):
    """It knows what to do; nothing is lost and nothing doubled."""
    lab, failed = Lab(Movie(50)), []

    def straight(stride):
        def send(packets):
            failed.append(packets)
            raise ConnectionRefusedError
        return send, 64

    monkeypatch.setattr(lab.channel, "straight", straight)
    lab.play()
    lab.run(1)
    assert lab.channel.frames == list(range(21)) and len(failed) >= 10
    assert [packet[0] for packet in lab.channel.packets] == [
        (lab.channel.packets[0][0] + n) & 0xFFFF for n in range(42)]


def test_a_call_that_has_failed_is_not_made_for_the_next_frame(monkeypatch):
    """The system may cut nothing any more (EIO): the same call would send that frame as one packet."""
    lab, calls = Lab(Movie(50)), []

    def straight(stride):
        def send(packets):
            calls.append(packets)
            raise OSError(errno.EIO, "")
        return (bool, 0) if calls else (send, 64)

    monkeypatch.setattr(lab.channel, "straight", straight)
    lab.play()
    lab.run(1)
    assert lab.channel.frames == list(range(21)) and len(calls) == 1


def test_what_there_is_no_room_for_gets_no_numbers():
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.5)
    lab.channel.full = True
    lab.run(0.2)
    lab.channel.full = False
    lab.run(0.3)
    assert lab.channel.frames == [*range(11), *range(15, 21)]
    assert lab.stream.dropped == 4 and lab.stream.packets == 34
    numbers = [packet[0] for packet in lab.channel.packets]
    assert numbers == [(numbers[0] + n) & 0xFFFF for n in range(34)]
    stamps = [packet[1] for packet in lab.channel.packets]
    assert (stamps[-1] - stamps[0]) % 2**32 == 20 * 4500        # time goes on


@pytest.mark.parametrize("unlike", ["missing", "damaged", "large"])
def test_a_frame_that_is_unlike_the_others_is_looked_at(unlike, unusual):
    """It has left the cache; it is damaged; it takes more than one call. Those behind it come in time."""
    lab = Lab(Movie(50))
    if unlike == "large":
        lab.preparer.large = {7: 100}
    else:
        setattr(lab.preparer, unlike, {7})
    lab.play()
    lab.run(1)
    assert 7 in unusual and 5 not in unusual and 9 not in unusual
    frames = [frame for frame in dict.fromkeys(lab.channel.frames) if frame != 7]
    assert frames == [k for k in range(21) if k != 7]
    assert (7 in lab.channel.frames) == (unlike == "large")


@pytest.mark.parametrize(("point", "count"), [(None, 6), (0.4, 8)])
def test_a_pause_is_kept_to(point, count):
    """At once, or where it was asked for, though the frames behind it had been let go already; then it goes on."""
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.25)
    assert lab.stream.run.turn > 8
    lab.session.pause(point)
    lab.session.granted("PAUSE")
    lab.run(1)
    assert lab.channel.frames == list(range(count)) and lab.stream.position == count
    lab.play()
    lab.run(0.1)
    assert lab.channel.frames == list(range(count + 3))


def test_a_frame_that_is_late_is_looked_at_and_so_is_the_next_one(unusual):
    lab = Lab(Movie(50))
    lab.play()
    lab.run(0.25)
    seen = len(unusual)
    lab.pacer.now += 2 * PERIOD
    lab.run(0.0)
    assert unusual[seen:] == [6, 7]


@pytest.mark.parametrize("why", ["usual", "late", "large", "damaged", "few viewers"])
@pytest.mark.parametrize("scale", [1.0, -0.5, 2.0])
def test_each_frame_is_asked_for_once(why, scale, monkeypatch):
    """Also where every frame is looked at: a machine that cannot keep up must not do more for each of them."""
    lab = Lab(Movie(400))
    lab.preparer.large = dict.fromkeys(range(400), 100) if why == "large" else {}
    if why == "few viewers":
        monkeypatch.setattr(lab.channel, "straight", lambda stride: (bool, 0))
    lab.play(10.0, None, scale)
    lab.preparer.damaged = set(range(0, 400, 3)) if why == "damaged" else set()
    begun = lab.pacer.now
    for n in range(1, 60):
        lab.pacer.now = begun + n * PERIOD + (0.03 if why == "late" else 0.0)
        lab.run(0.015)
    wanted = lab.preparer.wanted
    assert len(wanted) == len(set(wanted)) and len(wanted) >= 40


def test_a_late_or_large_frame_does_not_let_the_next_one_go(monkeypatch):
    """It would be looked at all the same."""
    lab = Lab(Movie(400))
    asked, real = [], lab.channel.straight

    def straight(stride):
        asked.append(stride)
        return real(stride)

    monkeypatch.setattr(lab.channel, "straight", straight)
    lab.play()
    lab.run(0.24)
    asked.clear()
    begun = lab.pacer.now
    for n in range(1, 20):
        lab.pacer.now = begun + n * PERIOD          # each frame is 40 ms late
        lab.run(0)
    assert len(lab.channel.frames) == 24 and not asked
    lab.run(1)
    assert 0 < len(asked) <= 3


def test_a_damaged_frame_is_never_sent_not_even_before_all_others():
    """So that nobody is said to have no room for it."""
    lab = Lab(Movie(50))
    lab.preparer.missing, lab.preparer.damaged = set(range(1, 11)), {11, 12}
    lab.play()
    lab.channel.full = True
    lab.pacer.now += PacedStream.TOO_LATE + 0.03
    lab.pacer.run_until(1000 + 12 * PERIOD)
    assert lab.stream.position == 13 and lab.stream.skipped == 11 and lab.stream.dropped == 0


def test_another_quality_holds_from_the_first_frame_on():
    """… though it had been prepared as it was when PLAY came."""
    lab = Lab(Movie(50))
    lab.play()
    lab.preparer.made.clear()
    lab.preparer.large = {0: 5}
    lab.stream.use(lab.stream.source, 30)
    lab.run(0)
    assert len(lab.channel.packets) == 5


class Film(Movie):
    """One packet a frame, of 116 bytes."""

    def payloads(self, k, size):
        return [(k.to_bytes(4, "big") + bytes(100), True)]


def test_what_is_made_ahead_fits_into_the_cache():
    """Ten viewers, each at a place of its own, and room for 40 frames of each: none has to go before it is sent."""
    def prepare():
        while preparer._wanted and (job := preparer._next()):
            preparer.frame(*job)

    first, movie = Lab(Movie()), Film(2000)
    preparer = Preparer(lambda kind, marker: bytes([0x80, marker << 7 | kind]) + bytes(HEADER_SIZE - 2),
                        cache_bytes=10 * 40 * (116 + OVERHEAD), clock=first.pacer.clock)
    first.preparer = preparer
    labs = [Lab(movie, packing=Packing.FRAGMENTS, other=first) for _ in range(10)]
    for n, lab in enumerate(labs):
        lab.play(n * 10.0)
        prepare()
        lab.run(0.0017)
    begun = first.pacer.now
    for n in range(1000):
        first.pacer.run_until(begun + n * PERIOD / 10)
        prepare()
    assert [lab.stream.skipped for lab in labs] == [0] * 10 and labs[0].stream.packets >= 100
