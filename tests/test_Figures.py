"""What the overlay says of a player, page by page: names, values, units."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

import Figures
from Player import Player
from rtp.rtcp import SenderReport
from rtp.timestamps import ntp_time
from tests.movies import jpeg
from tests.scripted import RTPTIME, SEQ, SSRC, TICKS, FakeClock, ScriptedServer, eventually, rtp
from ui.look import PAGES

JPEGS = [jpeg(number) for number in range(2)]
SCREEN = SimpleNamespace(movie_size=(384, 288), milliseconds=1.23)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def playing(clock):
    """A player that has got two frames, of which one packet is lost; and its server."""
    with ScriptedServer() as server:
        player = Player(server.url, transport="udp", clock=clock)
        try:
            player.setup()
            player.play()
            after = server.send_frame(0, JPEGS[0], SEQ)
            eventually(lambda: player.receiver.frames == 1)
            clock.now += 0.05
            server.send_frame(1, JPEGS[1], after + 1)
            eventually(lambda: player.receiver.frames == 1 and player.receiver.reception.lost == 1)
            server.send(rtp(after + 1, RTPTIME + TICKS, False, b"again"))
            eventually(lambda: player.receiver.reception.duplicates == 1)
            yield player, server
        finally:
            player.leave()


def page(player, number):
    return dict(Figures.look(player, number, SCREEN).rows)


def test_each_page_can_be_read_at_any_time(clock):
    """Before anything has come, as well."""
    player = Player("rtsp://127.0.0.1:1/movie.Mjpeg", clock=clock)
    for number in range(1, len(PAGES) + 1):
        assert all(isinstance(part, str) for row in Figures.look(player, number, SCREEN).rows for part in row)
    assert page(player, 2)["SSRC"] == page(player, 2)["Clock Drift"] == Figures.NONE
    player.close()


def test_the_first_page_is_about_playing(playing):
    player, _ = playing
    found = page(player, 1)
    assert found["Codec"] == "JPEG 384 × 288" and found["Decode and show"] == "1.2 ms" and found["Frames"] == "1"
    assert found["Transport"].startswith(f"UDP {player.way.rtp_port}") and found["Buffer"] == "150 ms"


def test_the_second_page_has_wireshark_s_names(playing):
    player, _ = playing
    found = page(player, 2)
    reception = player.receiver.reception
    assert found["SSRC"] == f"0x{SSRC:08X}" and found["RTP Packets"] == f"{reception.packets}"
    assert found["Expected"] == f"{reception.packets + 1}" and found["Duplicates"] == "1"
    assert found["Lost"] == f"1 ({100 / (reception.packets + 1):.2f} %)"
    assert found["Max Delta"] == "50.00 ms" and found["Max Skew"] == "0.00 ms"
    names = {"Max Jitter", "Mean Jitter", "Clock Drift", "Freq Drift", "Bandwidth", "Seq Errs", "Start at", "Duration"}
    assert names < set(found)


def test_the_third_page_is_the_conversation(playing):
    """The latest requests with their replies, then the session, then RTCP."""
    player, _ = playing
    found = page(player, 3)
    assert found["SETUP  CSeq 3"].startswith("200 OK, ") and found["State"] == "Playing"
    assert found["Session"] == player.client.session.id and found["Timeout"] == "60 s"
    assert found["Next sign of life"].startswith("in ") and found["Last SR"] == found["Last RR"] == Figures.NONE


def test_reports_of_both_sides_are_told(playing, clock):
    player, _ = playing
    player.stream.onRtcp(bytes(SenderReport(SSRC, ntp_time(time.time()), RTPTIME, 1234, 56789)), ("127.0.0.1", 1))
    clock.now += 8
    player.stream.report()
    clock.now += 2
    found = page(player, 3)
    assert found["Last SR"] == "10.0 s ago: 1,234 packets, 56,789 bytes"
    assert found["Last RR"].startswith("lost 0, jitter ") and found["Fraction lost"].endswith("%)")


@pytest.mark.parametrize(("ahead", "known"), [(0.0, True), (3600.0, False), (-3600.0, False)])
def test_the_delay_to_the_screen_is_told_where_the_clocks_agree(playing, ahead, known):
    """On the way, and in the buffer; not where one of the clocks is an hour off."""
    player, _ = playing
    report = SenderReport(SSRC, ntp_time(time.time() + ahead), RTPTIME + TICKS, 1, 8)
    player.stream.onRtcp(bytes(report), ("127.0.0.1", 1))
    delay = Figures.endToEnd(player, player.clock())
    assert delay is None or 0 <= delay < 10
    assert (delay is not None) == known


def test_the_fourth_page_counts_each_packet_once(playing):
    player, _ = playing
    look = Figures.look(player, 4, SCREEN)
    packets = player.receiver.reception.packets
    assert dict(look.rows) == {"in time": f"{packets}", "late": "0", "lost": "1", "twice": "1"}
    assert look.count == len(look.packets) == packets + 1 and look.buffer[1] == 0.2


def test_all_pages_are_one_text(playing):
    player, _ = playing
    text = Figures.text(player, SCREEN)
    assert all(f"{title}\n" in text for title in PAGES) and "  Max Delta" in text and text.startswith("RTSP lab · ")
