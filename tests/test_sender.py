"""Whose packets are ours."""

import pytest

from rtp.rtcp import Goodbye, ReceiverReport, SourceDescription, compound
from rtp.sender import PATIENCE, Sender, goodbye_in

OURS, OTHER = 1, 2


def test_the_announced_one_alone_is_heard():
    sender = Sender(OURS)
    sender.begin(10.0)
    assert [sender.sent(ssrc, 10.0 + n / 50) for n, ssrc in enumerate((OTHER, OURS, OTHER, OURS))] == [
        False, True, False, True]


def test_without_an_announcement_it_is_the_first_one():
    sender = Sender()
    sender.begin(10.0)
    assert [sender.sent(ssrc, 10.1) for ssrc in (OTHER, OURS, OTHER)] == [True, False, True]


def test_an_announced_one_that_does_not_come_is_not_insisted_on():
    sender = Sender(OURS)
    sender.begin(10.0)
    assert not sender.sent(OTHER, 10.0 + PATIENCE)
    assert sender.sent(OTHER, 10.01 + PATIENCE) and sender.ssrc == OTHER


def test_a_sender_that_takes_another_ssrc_is_followed_after_a_while():
    sender = Sender(OURS)
    sender.begin(10.0)
    assert sender.sent(OURS, 20.0) is True and sender.sent(OTHER, 20.5) is False
    assert sender.sent(OTHER, 21.1) is True and sender.sent(OURS, 21.2) is False


def test_a_pause_is_no_silence():
    sender = Sender(OURS)
    sender.begin(10.0)
    assert sender.sent(OURS, 10.1)
    sender.begin(60.0)
    assert not sender.sent(OTHER, 60.1)


def test_only_our_sender_can_say_goodbye():
    """And one that names nobody."""
    sender = Sender(5)
    assert sender.says_goodbye([SourceDescription(5, "x"), Goodbye((7, 5))]) and sender.says_goodbye([Goodbye(())])
    assert not sender.says_goodbye([Goodbye((7,)), SourceDescription(5, "x")])


@pytest.mark.parametrize(("packets", "ours", "anybody"), [
    ((Goodbye((5,)),), True, True),
    ((Goodbye(()),), True, True),
    ((Goodbye((7,)),), False, True),
    ((), False, False),
])  # fmt: skip
def test_a_goodbye_in_a_datagram(packets, ours, anybody):
    """Of our sender, or of anybody; in what is no RTCP there is none."""
    data = compound(ReceiverReport(5), SourceDescription(5, "x"), *packets)
    assert (goodbye_in(data, 5), goodbye_in(data)) == (ours, anybody)
    assert not goodbye_in(data[:-1]) and not goodbye_in(b"")
