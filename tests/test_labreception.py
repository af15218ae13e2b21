"""Statistics about servers whose sequence numbers and timestamps are their own."""

import pytest

from rtp.labreception import LabReception


def receive(*numbers, every=0.05):
    reception = LabReception(90000)
    for n, number in enumerate(numbers):
        assert reception.arrived(number, 0, n * every, 100)
    return reception


@pytest.mark.parametrize(
    ("numbers", "lost", "reordered"),
    [
        ([0, 1, 2, 3], 0, 0),  # from 0
        ([1, 2, 3], 0, 0),  # from 1
        ([700, 701], 0, 0),  # from anywhere: nobody knows what was before
        ([1, 2, 5, 6, 8], 3, 0),  # passed over
        ([1, 1, 1, 2, 2, 2], 0, 0),  # one number for all pieces of a frame
        ([1, 1, 3, 3], 1, 0),  # … of which none came
        ([1, 2, 3, 1, 2, 3], 0, 0),  # a short movie that begins anew
        ([*range(1, 501), *range(1, 501)], 0, 0),  # a long one
        ([*range(256), *range(256)], 0, 0),  # the number is a byte
        ([253, 254, 255, 2], 0, 0),  # what was lost at its wrap cannot be known
        ([65534, 65535, 0, 1], 0, 0),  # two bytes
        ([65534, 65535, 2], 2, 0),
        ([65534, 1], 2, 0),
        ([65000, 1, 2], 0, 0),  # too far from the wrap: a start
        ([1, 2, 9000, 9001], 0, 0),  # a leap
        ([10, 12, 11, 13], 0, 1),  # overtaken
        ([10, 11, 9, 12], 0, 1),  # overtaken by the first
        ([5] * 10, 0, 0),  # no numbers at all
    ],
)
def test_lost_are_the_numbers_passed_over(numbers, lost, reordered):
    reception = receive(*numbers)
    assert (reception.lost, reception.reordered) == (lost, reordered)
    assert reception.packets == len(numbers) and reception.bytes == 100 * len(numbers)
    assert reception.expected == len(numbers) + lost


def test_jitter_is_that_of_the_spacing():
    """None for frames that come regularly, whatever their rate; pauses do not count; a shaky sender has some."""
    for rate in (12, 20, 120):
        even = LabReception(90000)
        for n in range(100):
            even.frame_came(n / rate + (50 if n > 50 else 0))
        assert even.jitter < 1e-9
    shaky = LabReception(90000)
    for n in range(200):
        shaky.frame_came(n * 0.05 + (n % 2) * 0.01)
    assert 0.005 < shaky.jitter <= shaky.max_jitter < 0.02
