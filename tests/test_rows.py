"""What the ladder's lines say."""

from __future__ import annotations

import pytest

from net.transcript import Transcript
from tests.test_transcript import CLIENT, SERVER, asked, packets
from ui import rows
from ui.rows import MOST, Rows, Run


@pytest.fixture
def transcript():
    return Transcript(clock=lambda: 1.0)


def words(transcript, folding=True):
    found = Rows(folding)
    found.add(transcript.since(0))
    return found, [row.look.words for row in found.rows]


def frames(transcript, first, count):
    for number in range(first, first + count):
        packets(transcript, 2 * number, 2 * number + 1, timestamp=number, marker=True, now=number / 10)


def test_frames_between_two_messages_are_folded(transcript):
    """The first ones stay single; the line of the others counts them."""
    asked(transcript, "PLAY", 1)
    frames(transcript, 1, 20)
    asked(transcript, "PAUSE", 2)
    found, said = words(transcript)
    assert said == ["PLAY", "200 OK", "RTP × 2", "RTP × 2", "RTP · 18 frames", "PAUSE", "200 OK"]
    assert "36 packets · 3.6 kB · 1.7 s" in found.rows[4].look.remark
    assert found.rows[4].entry.last == 41
    assert len(words(transcript, folding=False)[1]) == 24


def test_a_run_goes_on_growing(transcript):
    """Entries that come later belong to the same line."""
    frames(transcript, 1, 5)
    found, _ = words(transcript)
    before = found.end
    frames(transcript, 6, 5)
    found.add(transcript.since(found.seen))
    assert found.end == before and isinstance(found.rows[-1], Run) and found.rows[-1].frames == 8


def test_a_loss_has_a_line_of_its_own(transcript):
    """Between the frames; one that comes after all is late."""
    packets(transcript, 1, timestamp=1, marker=True)
    packets(transcript, 4, timestamp=2, marker=True)
    found, said = words(transcript)
    assert said == ["RTP × 1", "2\u202fpackets lost".replace("\u202f", " "), "RTP × 1"]
    look = found.rows[1].look
    assert (look.role, look.lost, look.remark) == ("lost", True, "seq 2–3")
    packets(transcript, 2, 3, timestamp=2)
    assert (found.rows[1].look.words, found.rows[1].look.lost) == ("2 packets late", False)


def test_messages_say_what_they_are(transcript):
    """The method and the last part of its URL; a status and what it answers; the kinds in a compound packet."""
    transcript.opened(CLIENT, SERVER)
    asked(transcript, "SETUP", 1)
    asked(transcript, "PLAY", 2, status=455)
    transcript.rtcp(b"\x80\xc9\x00\x01abcd" + b"\x81\xcb\x00\x01abcd", outgoing=True)
    found, _ = words(transcript)
    assert [(row.look.role, row.look.words, row.look.remark) for row in found.rows] == [
        ("note", "TCP connection", "127.0.0.2:554"),
        ("request", "SETUP", "m"), ("reply", "200 OK", "to SETUP"),
        ("request", "PLAY", "m"), ("error", "455 OK", "to PLAY"),
        ("report", "RTCP RR + BYE", "16 B"),
    ]  # fmt: skip


def test_rows_are_bounded_and_keep_their_numbers(transcript):
    """The oldest go; what a number stands for stays."""
    found = Rows(folding=False)
    for number in range(MOST + 100):
        asked(transcript, "OPTIONS", number)
        found.add(transcript.since(found.seen))
    assert len(found.rows) == MOST and found.end == 2 * (MOST + 100)
    row = found.rows[5]
    assert found.get(found.first + 5) is row and found.find(row.entry) == found.first + 5
    assert found.get(found.first - 1) is None and found.get(found.end) is None


@pytest.mark.parametrize(("size", "said"), [(999, "999 B"), (1500, "1.5 kB"), (2_340_000, "2.3 MB")])
def test_sizes(size, said):
    """In the units of the networking people."""
    assert rows.kilobytes(size) == said
