"""Reception: exact counts through loss, reordering, duplicates, wrap-around, restarts; jitter as in RFC 3550 §A.8."""

from __future__ import annotations

import random

import pytest

from rtp.reception import MAX_DROPOUT, MAX_MISORDER, Reception


def received(numbers, first=None):
    """A Reception that was sent these sequence numbers, 20 ms apart; and what arrived() answered."""
    reception = Reception(90000)
    if first is not None:
        reception.restart(first)
    answers = [
        reception.arrived(number % 65536, 1800 * at % (1 << 32), 0.02 * at, 100) for at, number in enumerate(numbers)
    ]
    return reception, answers


def counts(reception):
    return {
        "packets": reception.packets, "expected": reception.expected, "lost": reception.lost,
        "duplicates": reception.duplicates, "reordered": reception.reordered,
    }  # fmt: skip


def test_nothing_came_yet():
    """All counts are 0, also after the first number was announced."""
    nothing = {"packets": 0, "expected": 0, "lost": 0, "duplicates": 0, "reordered": 0}
    assert counts(Reception(90000)) == nothing
    assert counts(received([], first=700)[0]) == nothing


TABLE = [
    # name, numbers, announced first, packets, expected, duplicates, reordered, answers False at
    ("in order", [5, 6, 7], None, 3, 3, 0, 0, []),
    ("a gap", [5, 6, 9], None, 3, 5, 0, 0, []),
    ("a gap that fills late", [5, 7, 6, 8], None, 4, 4, 0, 1, []),
    ("a duplicate", [5, 6, 6, 7], None, 3, 3, 1, 0, [2]),
    ("an old duplicate", [5, 6, 7, 8, 5], None, 4, 4, 1, 0, [4]),
    ("a late one twice", [5, 7, 6, 6], None, 3, 3, 1, 1, [3]),
    ("a duplicate does not hide a loss", [5, 5, 7], None, 2, 3, 1, 0, [1]),
    ("the first two swapped", [6, 5, 7], None, 3, 3, 0, 1, []),
    ("wrap-around", [65534, 65535, 0, 1], None, 4, 4, 0, 0, []),
    ("loss at the wrap-around", [65534, 1], None, 2, 4, 0, 0, []),
    ("reordered at the wrap-around", [65534, 0, 65535, 1], None, 4, 4, 0, 1, []),
    ("duplicate across the wrap-around", [65535, 0, 65535], None, 2, 2, 1, 0, [2]),
    ("announced, and lost at once", [12, 13], 10, 2, 4, 0, 0, []),
    ("announced, and older ones under way", [8, 9, 10, 11], 10, 2, 2, 0, 0, [0, 1]),
    ("announced at the wrap-around", [65535, 0, 1], 0, 2, 2, 0, 0, [0]),
    ("the last one that may be lost in one go", [1, 1 + MAX_DROPOUT], None, 2, 1 + MAX_DROPOUT, 0, 0, []),
    ("the last one that may be late", [200, 201 - MAX_MISORDER], None, 2, MAX_MISORDER, 0, 1, []),
    ("a stray far ahead is not counted", [1, 30000, 2], None, 2, 2, 0, 0, []),
    ("a stray far behind is not counted", [500, 400, 501], None, 2, 2, 0, 0, []),
    ("two strays are two strays", [1, 30000, 2, 30001, 3], None, 3, 3, 0, 0, []),
    ("the sender restarts far away", [1, 2, 30000, 30001, 30003], None, 5, 6, 0, 0, []),
    ("the sender restarts near, behind", [501, 502, 503, 1, 2, 3], None, 6, 6, 0, 0, []),
    ("the sender restarts at the wrap-around", [9000, 65535, 0, 1], None, 4, 4, 0, 0, []),
    ("losses of both runs are summed", [1, 3, 30000, 30001, 30005], None, 5, 9, 0, 0, []),
]


@pytest.mark.parametrize(
    ("name", "numbers", "first", "packets", "expected", "duplicates", "reordered", "refused"),
    TABLE,
    ids=[row[0] for row in TABLE],
)
def test_counts(name, numbers, first, packets, expected, duplicates, reordered, refused):
    """RFC 3550 §A.1, §A.3; False is answered for duplicates and for those from before the announced number only."""
    reception, answers = received(numbers, first)
    assert counts(reception) == {
        "packets": packets, "expected": expected, "lost": expected - packets,
        "duplicates": duplicates, "reordered": reordered,
    }  # fmt: skip
    assert [at for at, answer in enumerate(answers) if not answer] == refused


def test_bytes_are_summed_without_duplicates():
    """The sizes as given; the two packets that prove a restart count too."""
    reception = Reception(90000)
    for number, size in ((1, 1000), (2, 20), (2, 20), (30000, 7), (30001, 8)):
        reception.arrived(number, 0, 0.0, size)
    assert reception.bytes == 1035


def test_restart_goes_on_counting():
    """After a seek: the new first number, and the losses of before are not forgotten."""
    reception, _ = received([10, 12])
    reception.restart(50000)
    assert counts(reception)["lost"] == 1
    assert reception.arrived(50000, 0, 9.0, 1)
    assert reception.arrived(50002, 0, 9.0, 1)
    assert counts(reception) == {"packets": 4, "expected": 6, "lost": 2, "duplicates": 0, "reordered": 0}


def test_restart_with_the_next_number_changes_nothing():
    """A pause: numbers go on where they stopped."""
    reception, _ = received([10, 11])
    reception.restart(12)
    assert not reception.arrived(11, 0, 9.0, 1)
    assert reception.arrived(12, 0, 9.0, 1)
    assert counts(reception) == {"packets": 3, "expected": 3, "lost": 0, "duplicates": 0, "reordered": 0}


def test_numbers_before_an_announced_restart_are_refused_only_there():
    """Once the sender has restarted by itself, the first number is not an announced one any more."""
    reception, _ = received([30000, 30001, 29999], first=5)
    assert counts(reception) == {"packets": 3, "expected": 3, "lost": 0, "duplicates": 0, "reordered": 1}


def test_loss_is_exact_through_anything():
    """40 streams of 3000 packets: lost, doubled and delayed at random, from any first number, around the wrap."""
    rand = random.Random(3)
    for _ in range(40):
        start, total = rand.randrange(65536), 3000
        loss, twice, late = (rand.choice([0, 0.01, 0.2]) for _ in range(3))
        sent = []
        for number in range(start, start + total):
            kept = number in (start, start + total - 1) or rand.random() >= loss
            copies = (1 + (rand.random() < twice)) if kept else 0
            sent += [(number + (rand.randrange(60) if rand.random() < late else 0), number) for _ in range(copies)]
        numbers = [number for _, number in sorted(sent, key=lambda one: one[0])]
        reception, answers = received(numbers, first=start % 65536)
        unique = set(numbers)
        highest, reordered, seen = start - 1, 0, set()
        for number, answer in zip(numbers, answers, strict=True):
            assert answer == (number not in seen)
            reordered += number not in seen and number < highest
            seen.add(number)
            highest = max(highest, number)
        assert counts(reception) == {
            "packets": len(unique), "expected": total, "lost": total - len(unique),
            "duplicates": len(numbers) - len(unique), "reordered": reordered,
        }  # fmt: skip


def test_the_memory_for_duplicates_is_bounded():
    """A bit for each number that may still come late, however long the stream."""
    reception, _ = received(range(3000))
    assert reception._seen.bit_length() == MAX_MISORDER


def rfc_jitter(arrivals, timestamps):
    """RFC 3550 §A.8 as it stands there, in units of the timestamp."""
    jitter, transit = 0.0, None
    for arrival, timestamp in zip(arrivals, timestamps, strict=True):
        before, transit = transit, arrival - timestamp
        if before is not None:
            d = abs(transit - before)
            jitter += (1.0 / 16.0) * (d - jitter)
    return jitter


def test_jitter_is_that_of_the_rfc():
    """Against A.8 in clock ticks, with packets that share a timestamp, and the timestamp wrapping around."""
    rand = random.Random(8)
    reception, arrivals, timestamps = Reception(90000), [], []
    now, largest = 1000.0, 0.0
    for number in range(500):
        now += rand.random() * 0.03
        arrivals.append(now * 90000)
        timestamps.append(3600 * (number // 3))
        reception.arrived(number, (0xFFFF0000 + timestamps[-1]) % (1 << 32), now, 1)
        largest = max(largest, rfc_jitter(arrivals, timestamps) / 90000)
        assert reception.jitter == pytest.approx(rfc_jitter(arrivals, timestamps) / 90000, abs=1e-9)
    assert reception.max_jitter == pytest.approx(largest)
    assert reception.max_jitter > reception.jitter > 0.001


def test_jitter_step_by_step():
    """One packet 16 ms late: 1 ms; the next in time again: another 16 ms of difference."""
    reception = Reception(90000)
    for number, now in enumerate([0.0, 0.040, 0.096, 0.120]):
        reception.arrived(number, 3600 * number, now, 1)
        if number == 1:
            assert reception.jitter == pytest.approx(0)
        if number == 2:
            assert reception.jitter == pytest.approx(0.001)
    assert reception.jitter == pytest.approx(0.001 + (0.016 - 0.001) / 16)


def test_a_duplicate_has_jitter():
    """Each packet counts in the order of arrival (RFC 3550 §6.4.1); the copy is 16 ms later than its timestamp says."""
    reception = Reception(90000)
    for number, now in ((0, 0.0), (1, 0.04), (1, 0.056)):
        reception.arrived(number, 3600 * number, now, 1)
    assert reception.jitter == pytest.approx(0.001)


def reported(numbers, first=None):
    """What the report says of packets with these numbers: fraction, lost, highest."""
    block = received(numbers, first)[0].report(5)
    return block and (block.fraction, block.lost, block.highest)


@pytest.mark.parametrize(("numbers", "first", "wanted"), [
    ([], None, None),
    ([], 700, None),
    ([5, 6, 7, 8], None, (0, 0, 8)),
    ([5, 8], None, (128, 2, 8)),
    ([12, 13], 10, (128, 2, 13)),                       # those before the first that came are lost, too
    ([1, 3000], None, (255, 2998, 3000)),               # never 256, which does not fit
    ([5, 5, 5, 7], None, (0, -1, 7)),                   # what came twice hides what is missing (§6.4.1)
    ([5, 5, 8], None, (64, 1, 8)),
    ([65534, 65535, 0, 1], None, (0, 0, 65537)),        # the upper 16 bits count how often it wrapped
    ([0, 65535], None, (0, 0, 0)),
    ([65535, 0, 65533], None, (64, 1, 65536)),
])  # fmt: skip
def test_a_report(numbers, first, wanted):
    """Fraction in 256ths rounded down, cumulative loss, extended highest number (RFC 3550 §6.4.1, §A.3)."""
    assert reported(numbers, first) == wanted


def test_the_fraction_is_that_since_the_report_before():
    """Loss goes on being summed; while nothing comes there is nothing to report, whatever may be lost."""
    reception = Reception(90000)
    found = []
    for numbers in ([0, 1, 2, 3], [4, 7], [], [8, 9, 10, 11], [5, 6]):
        for number in numbers:
            reception.arrived(number, 0, 0.0, 1)
        block = reception.report(5, last_report=6, delay=7)
        found.append(block and (block.fraction, block.lost, block.highest))
        assert block is None or (block.ssrc, block.last_report, block.delay) == (5, 6, 7)
    assert found == [(0, 0, 3), (128, 2, 7), None, (0, 2, 11), (0, 0, 11)]


def test_lost_stays_within_its_24_bits():
    """Both ways; the RFC has it clamped, not wrapped (§A.3)."""
    reception, _ = received([1])
    for number in range(10):
        reception.restart(30000 * number % 65536)
        reception.arrived(30000 * number % 65536, 0, 0.0, 1)
    reception._earlier_runs += 1 << 24
    assert reception.report(5).lost == (1 << 23) - 1
    reception.duplicates += 1 << 25
    assert reception.report(5).lost == -(1 << 23)


def test_jitter_is_reported_in_ticks():
    """Rounded down, as in the code of the RFC (§A.8)."""
    reception = Reception(90000)
    for number, now in enumerate([0.0, 0.040, 0.0967]):
        reception.arrived(number, 3600 * number, now, 1)
    block = reception.report(5)
    assert block and block.jitter == int(0.0167 / 16 * 90000) == 93


def test_a_pause_at_the_wrap_around_does_not_unwind_the_highest_number():
    """PLAY announces the next number, which has 16 bits; how often they wrapped is remembered."""
    reception, _ = received([65534, 65535, 0, 1])
    reception.restart(2)
    assert reception.arrived(2, 0, 9.0, 1)
    assert reception.report(5).highest == 65538 and counts(reception)["lost"] == 0
    reception.restart(40000)                            # anywhere else: the numbers begin anew
    assert reception.arrived(40000, 0, 9.0, 1)
    assert reception.report(5).highest == 40000 and counts(reception)["lost"] == 0


def test_a_pause_is_no_jitter():
    """After restart() the spacing to the packet before does not count; the estimate so far stays."""
    reception = Reception(90000)
    for number, now in ((0, 0.0), (1, 0.056)):
        reception.arrived(number, 3600 * number, now, 1)
    reception.restart(2)
    reception.arrived(2, 7200, 60.0, 1)
    assert reception.jitter == reception.max_jitter == pytest.approx(0.001)
