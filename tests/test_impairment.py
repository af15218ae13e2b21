"""What --net says, and what becomes of packets: exact for a seed, and in the long run as the formulas have it."""

from __future__ import annotations

import math
from dataclasses import fields

import pytest

from net.impairment import EXAMPLES, GRAMMAR, HEADERS, STALL, Fate, Impairment, parse

MANY = 20_000


def fates(words, count, name="stream 0 RTP", size=1000, gap=0.0, reliable=False):
    """The departures of so many packets, relative to when each comes."""
    fate, impairment = Fate(name, reliable), parse(words)
    return [[when - k * gap for when in fate.departures(impairment, size, k * gap)] for k in range(count)]


def losses(words, count=MANY, **more):
    return [not times for times in fates(words, count, **more)]


# ---- the words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("loss 5%", Impairment(loss=0.05)),
        ("loss random 5% 25%", Impairment(loss=0.05, loss_correlation=0.25)),
        ("LOSS 0.3", Impairment(loss=0.003)),
        ("loss gemodel 1%", Impairment(to_bad=0.01, to_good=0.99)),
        ("loss gemodel 1% 10%", Impairment(to_bad=0.01, to_good=0.1)),
        ("loss gemodel 1% 10% 70% 0.1%", Impairment(to_bad=0.01, to_good=0.1, loss_bad=0.7, loss_good=0.001)),
        ("delay 40ms", Impairment(delay=0.04)),
        ("delay 100ms 10ms 25%", Impairment(delay=0.1, jitter=0.01, jitter_correlation=0.25)),
        ("delay 1.5s jitter 500us 50%", Impairment(delay=1.5, jitter=0.0005, jitter_correlation=0.5)),
        ("delay 10ms reorder 25% 50%", Impairment(delay=0.01, reorder=0.25, reorder_correlation=0.5)),
        ("dup 1%", Impairment(dup=0.01)),
        ("duplicate 1% 10%", Impairment(dup=0.01, dup_correlation=0.1)),
        ("rate 512kbit", Impairment(rate=512e3)),
        ("rate 4mbit limit 50", Impairment(rate=4e6, limit=50)),
        ("rate 1gbit seed 12", Impairment(rate=1e9, seed=12)),
        (
            "loss 5% delay 40ms jitter 10ms reorder 2% dup 1% rate 4mbit seed 7",
            Impairment(loss=0.05, delay=0.04, jitter=0.01, reorder=0.02, dup=0.01, rate=4e6, seed=7),
        ),
    ],
)
def test_netem_s_words_are_understood(words, expected):
    """With and without its optional values; percentages also without their sign, as tc has it."""
    found = parse(words)
    for field in fields(Impairment):
        assert getattr(found, field.name) == pytest.approx(getattr(expected, field.name)), field.name


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "such as"),
        ("5%", "'5%' is not among loss, delay"),
        ("lose 5%", "'lose' is not among"),
        ("loss", "loss takes one to 2 values, such as loss 5%"),
        ("loss 5% 1% 1%", "loss takes one to 2 values"),
        ("loss gemodel", "gemodel takes one to 4 values"),
        ("loss gemodel 0%", "p above 0"),
        ("loss gemodel 1% loss 2%", "no other loss"),
        ("gemodel 1%", "'gemodel' is not among"),
        ("loss 500%", "loss 500% is too much"),
        ("loss 5%%", "write it as in loss 5%"),
        ("loss -5%", "'-5%' is not among"),
        ("loss 5ms", "(units: %)"),
        ("delay 40", "delay 40: write it as in delay 40ms (units: us, ms, s)"),
        ("delay 61s", "too much"),
        ("delay nanms", "'nanms' is not among"),
        ("delay 1e3ms", "write it as"),
        ("delay ١ms", "write it as"),
        ("delay 10ms 5ms jitter 5ms", "jitter 5ms: that has been said before"),
        ("loss 1% loss 2%", "said before"),
        ("rate 4", "rate 4: write it as in rate 4mbit"),
        ("rate 4mbps", "units: bit, kbit, mbit, gbit"),
        ("limit 0", "whole number from 1"),
        ("seed 1.5", "whole number from 0"),
        ("seed " + "9" * 5000, "whole number"),
        ("reorder 2%", "reorder needs a delay"),
    ],
)
def test_what_is_written_wrong_is_one_sentence(words, reason):
    """It says what is wrong, and how it is written."""
    with pytest.raises(ValueError) as caught:
        parse(words)
    assert reason in str(caught.value) and "\n" not in str(caught.value)


def test_every_field_has_a_word_and_every_word_an_example():
    """The tables agree with each other and with the dataclass; each example is understood."""
    named = {name for values in GRAMMAR.values() for name, _ in values}
    assert named == {field.name for field in fields(Impairment)} and set(EXAMPLES) == set(GRAMMAR)
    for word, example in EXAMPLES.items():
        parse(f"delay 1ms {example}" if word == "reorder" else example)


def test_it_is_told_in_words():
    """What the server's banner and the window show."""
    assert str(parse("loss 5% delay 40ms rate 4mbit seed 7")) == "loss 5 %, delay 40 ms, rate 4 Mbit/s"
    assert str(parse("seed 7")) == ""


# ---- exact


def test_a_run_repeats_exactly():
    """The same seed and name: the same fate of each packet. Pinned, so that a figure in a report is still right with
    the next version."""
    words = "loss 20% delay 40ms jitter 10ms reorder 10% dup 10% seed 7"
    assert fates(words, 1000) == fates(words, 1000)
    assert [k for k, lost in enumerate(losses("loss 5% seed 7", 200)) if lost] == PINNED
    assert losses("loss 5% seed 7", 200) != losses("loss 5% seed 8", 200)


PINNED = [25, 26, 30, 83, 86, 88, 95, 120, 138, 159, 180, 181, 187]


def test_streams_and_directions_have_sequences_of_their_own():
    """What is lost of one says nothing about the other."""
    one, other = losses("loss 50%"), losses("loss 50%", name="stream 1 RTP")
    agreeing = sum(a == b for a, b in zip(one, other, strict=True)) / MANY
    assert agreeing == pytest.approx(0.5, abs=0.02)


def test_one_setting_does_not_move_the_others():
    """As many numbers are drawn for every packet: with loss, those that are left are as late as without."""
    calm = fates("delay 40ms jitter 10ms seed 3", 500)
    lossy = fates("delay 40ms jitter 10ms loss 30% dup 20% seed 3", 500)
    assert all(set(times) <= set(calm[k]) for k, times in enumerate(lossy))
    assert losses("loss 30% seed 3", 500) == losses("loss 30% rate 1gbit delay 5ms jitter 1ms seed 3", 500)


def test_another_seed_in_the_middle_begins_anew():
    """As the window's field does it: from there on it is as with that seed from the start."""
    fate = Fate("x")
    [fate.departures(parse("loss 50% seed 1"), 100, 0.0) for _ in range(10)]
    later = [fate.departures(parse("loss 50% seed 2"), 100, 0.0) for _ in range(100)]
    assert [not times for times in later] == losses("loss 50% seed 2", 100, name="x")


# ---- in the long run


def test_loss_is_what_was_asked_for():
    """Within four standard deviations, with correlation, too."""
    for words in ("loss 5%", "loss 5% 50%"):
        share = sum(losses(words)) / MANY
        assert share == pytest.approx(0.05, abs=4 * math.sqrt(3 * 0.05 * 0.95 / MANY)), words


def test_a_correlation_is_that_of_neighbours():
    """The chance to be lost after a lost one: p + (1 - p) c."""
    lost = losses("loss 10% 40%")
    after = [b for a, b in zip(lost, lost[1:], strict=False) if a]
    assert sum(after) / len(after) == pytest.approx(0.1 + 0.9 * 0.4, abs=0.05)


@pytest.mark.parametrize(("p", "r", "bad", "good"), [(1, 10, 100, 0), (5, 25, 70, 0), (2, 20, 50, 1), (20, 80, 100, 0)])
def test_gilbert_and_elliott_s_closed_form(p, r, bad, good):
    """The average loss is π(bad)·(1-h) + π(good)·(1-k), π(bad) = p / (p + r); where the bad state loses all and the
    good one nothing, bursts are 1 / r packets long on average."""
    words = f"loss gemodel {p}% {r}% {bad}% {good}% seed 11"
    lost = losses(words, 5 * MANY)
    expected = (p * bad + r * good) / (p + r) / 100
    assert parse(words).loses == pytest.approx(expected)
    assert sum(lost) / len(lost) == pytest.approx(expected, rel=0.1)
    if (bad, good) == (100, 0):
        bursts = sum(b and not a for a, b in zip([False, *lost], lost, strict=False))
        assert sum(lost) / bursts == pytest.approx(100 / r, rel=0.1)


def test_to_stay_in_a_state_and_to_be_lost_are_drawn_apart():
    """Who was lost was in the bad state, where h is 50 %: the next one is lost with (1 - r)(1 - h) = 40 %."""
    lost = losses("loss gemodel 2% 20% 50% 0%", 5 * MANY)
    after = [b for a, b in zip(lost, lost[1:], strict=False) if a]
    assert sum(after) / len(after) == pytest.approx(0.4, abs=0.03)


def test_delay_is_spread_evenly():
    """From delay - jitter to delay + jitter, its mean in the middle, never before the packet has come."""
    times = [times[0] for times in fates("delay 40ms jitter 10ms", MANY)]
    assert min(times) >= 0.03 and max(times) <= 0.05
    assert sum(times) / MANY == pytest.approx(0.04, abs=0.0002)
    assert sum(time < 0.035 for time in times) / MANY == pytest.approx(0.25, abs=0.02)
    assert min(times[0] for times in fates("delay 5ms jitter 10ms", 1000)) == 0.0


def test_the_jitter_of_a_stream_is_two_thirds_of_it():
    """RFC 3550's mean deviation of two evenly spread delays, ±j each, is 2j/3: what the player will show."""
    times = [times[0] for times in fates("delay 40ms jitter 9ms", MANY)]
    mean = sum(abs(b - a) for a, b in zip(times, times[1:], strict=False)) / (MANY - 1)
    assert mean == pytest.approx(0.006, rel=0.05)


def test_what_is_reordered_does_not_wait():
    """So many of the packets go at once, and overtake those that wait."""
    times = [times[0] for times in fates("delay 40ms reorder 2%", MANY)]
    assert set(times) == {0.0, 0.04}
    assert times.count(0.0) / MANY == pytest.approx(0.02, abs=0.005)
    words = "delay 40ms loss 10% dup 10% seed 2"
    overtaking = fates(words + " reorder 100%", 1000)
    assert [len(times) for times in overtaking] == [len(times) for times in fates(words, 1000)]
    assert {when for times in overtaking for when in times} == {0.0}


def test_some_packets_go_twice():
    """And of a doubled one, one copy may get lost, as in netem."""
    counts = [len(times) for times in fates("dup 10% loss 10%", MANY)]
    shares = [counts.count(n) / MANY for n in (0, 1, 2)]
    assert shares == pytest.approx([0.09, 0.82, 0.09], abs=0.01)


def test_a_rate_makes_a_queue():
    """Packets that come faster than the link sends them leave one after the other, header and all; what comes later
    finds it free again."""
    per_packet = 8 * (1000 + HEADERS) / 1e6
    fate, link = Fate("x"), parse("rate 1mbit")
    times = [fate.departures(link, 1000, 5.0)[0] for _ in range(3)]
    assert times == pytest.approx([5 + per_packet, 5 + 2 * per_packet, 5 + 3 * per_packet])
    assert fate.departures(link, 1000, 9.0) == pytest.approx([9 + per_packet])


def test_a_full_queue_loses_what_comes():
    """netem's limit."""
    fate, link = Fate("x"), parse("rate 1mbit limit 3")
    assert [len(fate.departures(link, 1000, 0.0, held)) for held in range(5)] == [1, 1, 1, 0, 0]


def test_inside_tcp_what_is_lost_comes_late():
    """Nothing is lost, doubled or out of order; behind a lost packet all wait, and stalls do not add up."""
    words = "loss 10% delay 40ms jitter 10ms reorder 20% dup 10% seed 5"
    gap = 0.01
    times = fates(words, 2000, gap=gap, reliable=True)
    assert all(len(one) == 1 for one in times)
    arrivals = [one[0] + k * gap for k, one in enumerate(times)]
    assert arrivals == sorted(arrivals)
    assert max(one[0] for one in times) <= STALL + 0.05
    assert sum(one[0] > STALL for one in times) > 200
