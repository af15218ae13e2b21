"""The client's end of a stream: what comes is counted, and what it reports is right. Its clock is the test's."""

from __future__ import annotations

from typing import Any

import pytest

from net.transcript import Transcript
from rtp import rtcp
from rtp.jpeg import payloads
from rtp.timestamps import middle, ntp_time
from StreamReceiver import StreamReceiver
from tests import movies
from tests.scripted import RTPTIME, SEQ, SSRC, TICKS, FakeClock, rtp

SERVER = ("127.0.0.1", 5004)
NTP = ntp_time(1_700_000_000.25)


@pytest.fixture(autouse=True)
def even_intervals(monkeypatch):
    """The moments of our reports are uneven (RFC 3550 §6.2): not here."""
    monkeypatch.setattr("random.random", lambda: 0.5)


class Lab:
    """A receiver of a stream that was set up, and what it has sent."""

    def __init__(self, ssrc=SSRC, **options):
        self.clock, self.sent = FakeClock(), []
        self.stream = StreamReceiver(0.2, self.clock)
        self.stream.expect(**options)
        lab = options.get("lab")
        self.stream.expectFrom(ssrc, {SERVER[0]}, None if lab else self.send)

    def send(self, packet):
        self.sent.append(packet)
        return True

    def packet(self, number, address=SERVER):
        self.stream.onRtp(rtp(SEQ + number, RTPTIME + number * TICKS, True, bytes(8)), address)

    def report(self, ssrc=SSRC, ntp=NTP, address=SERVER):
        self.stream.onRtcp(bytes(rtcp.SenderReport(ssrc, ntp, RTPTIME, 1, 8)), address)

    def wait(self, seconds):
        """Time passes, and the thread that reads looks at it every half second."""
        for _ in range(round(2 * seconds)):
            self.clock.now += 0.5
            self.stream.report()

    def latest(self) -> list[Any]:
        return list(rtcp.parse(self.sent[-1]))


def test_reports_go_out_while_there_is_a_session():
    """The first after about half an interval, whether or not something comes; then every five seconds or so."""
    lab = Lab()
    lab.stream.report()
    assert lab.sent == []
    lab.wait(3.5)
    report, name = lab.latest()
    assert len(lab.sent) == 1 and report.blocks == () and name.ssrc == report.ssrc
    lab.wait(60)
    assert 9 <= len(lab.sent) <= 26
    assert len({packet[4:8] for packet in lab.sent}) == 1   # always the same SSRC
    assert lab.stream.statistics()["rtcp_sent"] == len(lab.sent)


def test_a_report_says_what_was_lost_and_what_the_sender_reported():
    """RFC 3550 §6.4.1: fraction and sum of the losses, highest number, jitter, LSR and DLSR."""
    lab = Lab()
    for number in range(8):
        lab.clock.now += 0.05
        lab.packet(number)
    lab.report()
    heard = lab.clock.now
    for number in (8, 9, 12):
        lab.clock.now += 0.05 if number != 12 else 0.15 + 0.016
        lab.packet(number)
    lab.wait(4)
    (block,) = lab.latest()[0].blocks
    assert (block.ssrc, block.fraction, block.lost, block.highest) == (SSRC, 256 * 2 // 13, 2, SEQ + 12)
    assert block.jitter in (89, 90)                     # 16 ms / 16, in 1/90000 s
    assert block.last_report == middle(NTP)
    assert 0 < block.delay <= (lab.clock.now - heard) * 65536
    ticks = (block.delay / 65536 - 0.266) / 0.5
    assert ticks == pytest.approx(round(ticks), abs=2e-3)       # it was sent at one of them


def test_while_nothing_comes_there_is_no_block():
    """§6.4.2: about a source that was not heard there is nothing to say."""
    lab = Lab()
    lab.packet(0)
    lab.wait(4)
    assert len(lab.latest()[0].blocks) == 1
    sent = len(lab.sent)
    lab.wait(8)
    assert len(lab.sent) > sent and lab.latest()[0].blocks == ()


def test_reports_of_others_are_not_confirmed():
    """Neither those from another address nor those of another sender; a lone report is as good as a compound one."""
    lab = Lab()
    lab.packet(0)
    lab.report(ntp=NTP)
    lab.report(ssrc=SSRC + 1, ntp=NTP + (9 << 32))
    lab.report(ntp=NTP + (9 << 32), address=("127.0.0.9", 5005))
    lab.wait(4)
    (block,) = lab.latest()[0].blocks
    assert block.last_report == middle(NTP) and lab.stream.rtcpReceived == 2


@pytest.mark.parametrize("announced", [SSRC, None], ids=["announced", "unknown"])
def test_what_another_address_sends_does_not_lock_the_sender_out(announced):
    """Neither before its first packet nor after a second of silence."""
    lab = Lab(ssrc=announced)
    forged = bytearray(rtp(SEQ, RTPTIME, True, bytes(8)))
    forged[8:12] = b"\0\0\0\x07"
    for number in range(3):
        lab.stream.onRtp(bytes(forged), ("127.0.0.9", SERVER[1]))
        lab.packet(number)
        lab.clock.now += 1.5
    assert lab.stream.receiver.reception.packets == 3


def test_the_name_in_the_reports_says_nothing_of_who_watches():
    """RFC 7022 §4.2: 96 random bits; another one in each session."""
    names = set()
    for _ in range(3):
        lab = Lab()
        lab.stream.sayBye()
        _, name, _ = lab.latest()
        assert len(name.cname) == 16 and name.cname.isascii()
        names.add(name.cname)
    assert len(names) == 3


def test_the_last_report_says_goodbye_once():
    """And after it nothing is sent."""
    lab = Lab()
    lab.packet(0)
    lab.stream.sayBye()
    report, name, bye = lab.latest()
    assert len(report.blocks) == 1 and bye.ssrcs == (report.ssrc,) == (name.ssrc,)
    lab.stream.sayBye()
    lab.wait(60)
    assert len(lab.sent) == 1 == lab.stream.rtcpSent


def test_what_could_not_be_sent_does_not_count():
    """A server without server_port, a cable that was pulled."""
    lab = Lab()
    lab.stream.expectFrom(SSRC, {SERVER[0]}, lambda packet: False)
    lab.wait(20)
    assert lab.stream.rtcpSent == 0


def test_a_lab_server_gets_no_reports():
    lab = Lab(ssrc=None, lab=True)
    lab.packet(0)
    lab.wait(20)
    lab.stream.sayBye()
    assert lab.sent == [] and lab.stream.rtcpSent == 0


def test_a_server_that_did_not_announce_its_ssrc_is_reported_by_the_one_it_uses():
    lab = Lab(ssrc=None)
    lab.packet(0)
    lab.report()
    lab.wait(4)
    (block,) = lab.latest()[0].blocks
    assert (block.ssrc, block.last_report) == (SSRC, middle(NTP))


@pytest.mark.parametrize("takes", [0.03, 0.05, 0.5])
def test_a_slow_screen_drops_frames_and_never_builds_delay(takes):
    """60 frames a second, and a screen that takes many times as long: it gets the newest one each time it is ready, and
    no other. That one is at most a frame's time late, at the end of ten seconds as at their start."""
    clock, sent, shown = FakeClock(), 0, []
    stream, begun = StreamReceiver(0.2, clock), clock.now
    stream.expect()
    stream.expectFrom(SSRC, {SERVER[0]})
    ((payload, marker),) = payloads(movies.jpeg(1), 60_000)
    stream.start(0.0, SEQ, RTPTIME, False)
    while clock.now < begun + 10:
        for number in range(sent, int((clock.now - begun) * 60) + 1):
            now, clock.now = clock.now, begun + number / 60     # it came while the screen was busy
            stream.onRtp(rtp(SEQ + number, RTPTIME + number * 1500, marker, payload), SERVER)
            clock.now, sent = now, number + 1
        frames, _ = stream.dueFrames(newestOnly=True)
        shown += [clock.now - begun - 0.2 - frame.time for frame in frames]      # how late each of them is
        clock.now += takes if frames else 1 / 600
    assert len(shown) == pytest.approx(9.8 / takes, rel=0.1)
    assert max(shown) < 1 / 60 + 1 / 600
    statistics = stream.statistics()
    assert statistics["frames_shown"] == len(shown) and statistics["frames_damaged"] == statistics["lost"] == 0
    waiting = statistics["frames_received"] - statistics["frames_shown"] - statistics["frames_skipped"]
    assert waiting <= 60 * (0.2 + takes) + 1


@pytest.mark.parametrize("junk", [b"", b"x", bytes(200), b"\xce\xfa\xed\xfe", b"\x80\xc8\x00\x06" + bytes(4)])
def test_junk_is_dropped(junk):
    lab = Lab()
    lab.stream.onRtcp(junk, SERVER)
    lab.stream.onRtp(junk, SERVER)
    assert lab.stream.rtcpReceived == 0 and lab.stream.receiver.reception.packets == 0


def test_rtp_is_noted_while_somebody_watches():
    """Reports always, packets of strangers never."""
    transcript = Transcript(FakeClock())
    lab = Lab()
    lab.stream._transcript = transcript
    lab.packet(0)
    lab.report()
    transcript.watched = True
    lab.packet(1)
    lab.packet(2, address=("127.0.0.9", 5004))
    lab.report(address=("127.0.0.9", 5004))
    assert [entry.kind for entry in transcript.since(0)] == ["RTCP", "RTP"]
