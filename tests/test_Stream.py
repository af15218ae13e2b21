"""Streams with a source, a channel and a clock of ours: numbers, times, and who may send when."""

import threading
from typing import Any

import pytest

from media.frame import PreparedFrame
from media.prepare import Packing
from media.source import LiveSource
from net.pacer import SLOT
from PacedStream import AHEAD, BUSY, MOST_BEHIND, SPREAD, TOO_LATE
from rtp import rtcp
from rtp.reports import ReportBlock, Reported
from rtp.timestamps import unix_time
from rtsp.errors import RangeError
from rtsp.states import State
from tests.streams import JPEG, PERIOD, Channel, Lab, Movie
from tests.vectors import PUNCHES, REPORTS

BURST = Channel.burst


def test_a_movie_is_sent_frame_by_frame_in_time_and_ends_with_a_bye():
    lab = Lab(Movie(10))
    begun = lab.pacer.now
    lab.play()
    for k in range(10):
        lab.pacer.run_until(begun + k * PERIOD)
        assert lab.channel.frames == list(range(k + 1))
    assert lab.session.state is State.PLAYING and lab.channel.byes == []
    lab.pacer.run_until(begun + 10 * PERIOD)        # one frame period after the last frame
    assert lab.session.state is State.READY and lab.pacer.tasks == []
    [report] = lab.channel.byes
    sender, name, bye = rtcp.parse(report)
    assert (sender.ssrc, sender.packets, sender.octets) == (lab.stream.ssrc, 20, 50)
    assert sender.rtp_timestamp == (lab.channel.packets[0][1] + 45000) % 2**32      # half a second later
    assert (name.ssrc, bye.ssrcs) == (lab.stream.ssrc, (lab.stream.ssrc,))


def test_numbers_follow_each_other_and_wrap():
    """RFC 3550 §5.1: the sequence counts packets, the timestamp is that of the frame, in 1/90000 s; both wrap."""
    lab = Lab(Movie(10))
    lab.stream.sequence, lab.stream.timestamp = 65530, 2**32 - 9000
    _, runs = lab.play()
    assert runs[0].timestamp == 2**32 - 9000
    lab.run(1)
    assert [packet[0] for packet in lab.channel.packets] == [(65530 + n) % 65536 for n in range(20)]
    assert [packet[1] for packet in lab.channel.packets] == [(2**32 - 9000 + n // 2 * 4500) % 2**32 for n in range(20)]
    assert {packet[2] for packet in lab.channel.packets} == {lab.stream.ssrc}
    assert [packet[4] for packet in lab.channel.packets] == [0, 1] * 10


def test_the_standard_starts_anywhere_and_the_lab_at_one():
    starts = {Lab(Movie()).stream.sequence for _ in range(20)}
    assert len(starts) > 10
    assert Lab(Movie(), packing=Packing.WHOLE).stream.sequence == 1


def test_after_a_pause_the_next_unsent_frame_comes_one_period_later():
    lab = Lab(Movie(10))
    lab.play()
    lab.run(0.12)
    assert lab.channel.frames == [0, 1, 2]
    lab.session.pause()
    lab.session.move("PAUSE")
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2]          # nothing after PAUSE
    sequence, timestamp = lab.channel.packets[-1][:2]
    start, runs = lab.play()
    assert (start, runs[0].first) == (pytest.approx(3 * PERIOD), 3)
    assert (lab.stream.sequence, runs[0].timestamp) == ((sequence + 1) % 65536, (timestamp + 4500) % 2**32)
    lab.run(0)
    assert lab.channel.packets[-1][:2] == ((sequence + 2) % 65536, (timestamp + 4500) % 2**32)
    assert lab.channel.frames[-1] == 3


def test_a_seek_while_playing_acts_at_once_and_the_numbers_go_on():
    lab = Lab(Movie(100))
    lab.play()
    lab.run(0.12)
    timestamp = lab.channel.packets[-1][1]
    start, runs = lab.play(start=2.01)
    assert start == pytest.approx(2.05)             # the first frame that is not before
    lab.run(0.06)
    assert lab.channel.frames == [0, 1, 2, 41, 42]
    assert lab.channel.packets[6][1] == runs[0].timestamp == (timestamp + 4500) % 2**32
    assert len(lab.pacer.tasks) == 1                # the earlier run is gone


def test_a_closed_range_ends_there_and_play_goes_on_behind_it():
    lab = Lab(Movie(10))
    lab.play(start=0.1, end=0.2)
    lab.run(5)
    assert lab.channel.frames == [2, 3] and lab.session.state is State.READY
    assert len(lab.channel.byes) == 1
    lab.play()
    lab.run(0)
    assert lab.channel.frames == [2, 3, 4]


def test_after_the_end_play_begins_again_with_numbers_that_go_on():
    lab = Lab(Movie(3))
    lab.play()
    lab.run(5)
    sequence, timestamp = lab.channel.packets[-1][:2]
    start, runs = lab.play()
    assert (start, runs[0].timestamp) == (0.0, (timestamp + 4500) % 2**32)
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2, 0, 1, 2]
    assert lab.channel.packets[6][0] == (sequence + 1) % 65536
    assert {packet[2] for packet in lab.channel.packets} == {lab.stream.ssrc}


@pytest.mark.parametrize(("start", "end"), [(0.5, None), (99.0, None), (0.2, 0.2), (0.21, 0.24)])
def test_a_range_without_a_frame_is_457_and_changes_nothing(start, end):
    lab = Lab(Movie(10))
    lab.play()
    lab.run(0.12)
    with pytest.raises(RangeError):
        lab.session.play(start, end)
    lab.run(0.1)
    assert lab.channel.frames == [0, 1, 2, 3, 4] and lab.session.state is State.PLAYING


def test_damaged_unready_and_late_frames_are_left_out_before_they_get_numbers():
    """No receiver takes them for a loss; the timestamps go on."""
    lab = Lab(Movie(60))
    lab.preparer.damaged, lab.preparer.missing = {2}, {4}
    lab.session.patience = 1.0
    lab.play()
    lab.run(0.3)
    assert lab.channel.frames == [0, 1, 3, 5, 6] and lab.stream.skipped == 1
    first = lab.channel.packets[0]
    assert [(packet[0] - first[0]) % 65536 for packet in lab.channel.packets] == list(range(10))
    assert [(packet[1] - first[1]) % 2**32 // 4500 for packet in lab.channel.packets[::2]] == [0, 1, 3, 5, 6]
    lab.pacer.now += TOO_LATE + 1.01                 # the machine was asleep
    lab.run(0)
    assert lab.channel.frames[5] == 27              # what was due in the last half second is still sent
    assert lab.channel.frames[5:] == list(range(27, 37))


@pytest.mark.parametrize(("patience", "left"), [(0.1, [27, 29, 31, 33, 35, 36]), (0.4, [27, 29, 30, 31, 32])])
def test_a_viewer_without_patience_loses_every_other_frame_while_it_is_late(patience, left):
    """Whole frames, one by one, until it is in time again; their numbers are used by the others."""
    lab = Lab(Movie(60))
    lab.session.patience = patience
    lab.play()
    lab.run(0.3)
    lab.pacer.now += TOO_LATE + 1.01
    lab.run(0)
    assert lab.channel.frames[7:][:len(left)] == left
    sequences = [packet[0] for packet in lab.channel.packets]
    assert [(one - sequences[0]) % 65536 for one in sequences] == list(range(len(sequences)))


def test_play_names_the_first_frame_that_can_be_sent():
    lab = Lab(Movie(10))
    lab.preparer.damaged = {0, 1}
    start, runs = lab.play()
    assert start == pytest.approx(0.1)
    lab.run(0)
    assert lab.channel.frames == [2] and lab.channel.packets[0][1] == runs[0].timestamp


def test_a_movie_without_a_frame_that_can_be_sent_is_457():
    lab = Lab(Movie(3))
    lab.preparer.damaged = {0, 1, 2}
    with pytest.raises(RangeError):
        lab.session.play(None, None)


def test_no_request_passes_over_damaged_frames_for_ever(monkeypatch):
    """A movie of hours that was cut while it is open."""
    monkeypatch.setattr("Stream.DAMAGED", 5)
    lab = Lab(Movie(100))
    lab.preparer.damaged = set(range(4))
    assert lab.play()[0] == pytest.approx(0.2)
    lab.session.pause()
    lab.preparer.damaged = set(range(10, 20))
    with pytest.raises(RangeError):
        lab.session.play(0.5, None)


def test_frames_are_asked_for_ahead_of_time_each_once():
    lab = Lab(Movie(20))
    lab.play()
    assert lab.preparer.wanted == list(range(1, AHEAD))
    lab.run(1)
    assert lab.preparer.wanted == list(range(1, 20))
    assert lab.preparer.due == pytest.approx({k: 1000.0 + k * PERIOD for k in range(1, 20)})


def test_a_large_frame_is_sent_in_goes():
    """Thousands of packets at once would overflow a receiver's buffer; other streams have their turn in between."""
    lab = Lab(Movie(3))
    lab.preparer.large = {0: BURST, 1: 3 * BURST - 1, 2: 1999}
    lab.play()
    sent = []
    for _ in range(3 * 25):
        lab.run(SLOT)
        sent.append(len(lab.channel.packets) - sum(sent))
    goes = [count for count in sent if count]
    assert goes == [BURST, BURST, BURST, BURST - 1] + [334, 334, 334, 334, 334, 329]
    assert len(goes[4:]) == SPREAD and (SPREAD - 1) * SLOT < 1 / 30      # over before the next frame is due
    assert [packet[0] for packet in lab.channel.packets] == [
        (lab.channel.packets[0][0] + n) % 65536 for n in range(len(lab.channel.packets))]
    stamps = [packet[1] for packet in lab.channel.packets]
    assert len(set(stamps)) == 3 and [packet[4] for packet in lab.channel.packets].count(1) == 3
    assert lab.stream.packets == len(lab.channel.packets)
    assert lab.stream.octets == 4 * (len(lab.channel.packets) - 3) + 3


def test_viewers_share_a_frame_and_each_has_its_own_numbers():
    """Also when a large one is sent in parts, and another viewer writes its numbers into it between two of them; the
    sequence numbers of one wrap in the middle of it."""
    one = Lab(Movie(3))
    two = Lab(Movie(3), other=one)
    one.preparer.large = {0: 5, 1: 4 * BURST + 1}
    one.stream.sequence, two.stream.sequence = 65_500, 40_000
    firsts = [(lab.stream.sequence, lab.play()[1][0].timestamp, lab) for lab in (one, two)]
    sent = []
    for _ in range(3 * 25):
        one.run(SLOT)
        sent.append((len(one.channel.packets), len(two.channel.packets)))
    assert (5 + BURST, 5 + BURST) in sent and (5 + 3 * BURST, 5 + 3 * BURST) in sent        # they took turns
    frames = [0] * 5 + [1] * (4 * BURST + 1) + [2] * 2
    for sequence, timestamp, lab in firsts:
        assert [packet[:3] for packet in lab.channel.packets] == [
            ((sequence + n) % 65536, (timestamp + k * 4500) % 2**32, lab.stream.ssrc) for n, k in enumerate(frames)]


def test_a_viewer_keeps_no_frame_that_has_been_sent():
    """It may have left the cache, and there are many viewers."""
    lab = Lab(Movie(3))
    (run,) = lab.play()[1].values()
    assert run.prepared
    lab.run(PERIOD)
    assert run.prepared is None and lab.channel.frames == [0, 1]


def test_a_frame_of_one_packet_goes_out():
    lab = Lab(Movie(2))
    lab.preparer.large = {0: 1, 1: 1}
    lab.play()
    lab.run(1)
    assert [packet[4] for packet in lab.channel.packets] == [1, 1]
    assert (lab.stream.packets, lab.stream.octets) == (2, 2)


def test_octets_are_those_of_the_payload_inside_the_connection_too():
    """RFC 3550 §6.4.1: neither headers nor what RTSP puts before them."""
    lab = Lab(Movie(1))
    plain = [bytes([0x80, 26]) + bytes(10 + size) for size in (100, 100, 7)]
    for prefix in (0, 4):
        lab.stream.octets = 0
        lab.stream.transmit(PreparedFrame([bytes(prefix) + packet for packet in plain], prefix), 0, 0)
        assert lab.stream.octets == 207


@pytest.mark.parametrize("paused", [True, False])
def test_half_a_frame_is_none(paused):
    """PLAY after a PAUSE in the middle of a large frame begins with that frame, and so does a PLAY without a PAUSE."""
    lab = Lab(Movie(5))
    lab.preparer.large = {1: 10 * BURST}
    lab.play()
    lab.run(PERIOD + SLOT)
    count = len(lab.channel.packets)
    assert BURST < count < 10 * BURST
    if paused:
        lab.session.pause()
        lab.session.move("PAUSE")
        lab.run(1)
        assert len(lab.channel.packets) == count
    _, runs = lab.play()
    assert runs[0].first == 1
    lab.run(PERIOD)
    assert lab.channel.packets[count][0] == (lab.channel.packets[count - 1][0] + 1) % 65536
    assert [packet[3] for packet in lab.channel.packets[count:]].count(1) == 10 * BURST - 1


def test_pause_after_the_last_frame_and_before_its_end_begins_again():
    """There is nothing left to go on with."""
    lab = Lab(Movie(3))
    lab.play()
    lab.run(2.5 * PERIOD)
    assert lab.channel.frames == [0, 1, 2] and lab.session.state is State.PLAYING
    lab.session.pause()
    lab.session.move("PAUSE")
    start, _ = lab.play()
    lab.run(PERIOD)
    assert start == 0.0 and lab.channel.frames[3:] == [0, 1]


def test_a_frame_that_is_not_ready_is_logged_once_a_run(caplog):
    lab = Lab(Movie(10))
    lab.preparer.missing = {2, 4, 6}
    lab.play()
    lab.run(1)
    assert lab.stream.skipped == 3
    assert [record.message.count("frame 2 was not ready") for record in caplog.records] == [1]


def test_the_pacer_does_not_wait_for_a_busy_session():
    lab = Lab(Movie(10))
    lab.play()
    holding, release = threading.Event(), threading.Event()

    def work():
        with lab.session.lock:
            holding.set()
            release.wait(10)

    worker = threading.Thread(target=work)
    worker.start()
    assert holding.wait(10)
    _, task = lab.pacer.tasks[0]
    assert task(lab.pacer.now) == lab.pacer.now + BUSY and lab.channel.packets == []
    release.set()
    worker.join()
    lab.run(0)
    assert lab.channel.frames == [0]


def test_a_run_that_was_replaced_sends_nothing_more():
    lab = Lab(Movie(10))
    lab.play()
    _, old = lab.pacer.tasks[0]
    lab.play(start=0.3)
    assert old(lab.pacer.now) is None and lab.channel.packets == []


def test_a_lab_stream_ends_in_silence():
    lab = Lab(Movie(3), packing=Packing.WHOLE)
    lab.play()
    lab.run(5)
    assert lab.channel.frames == [0, 1, 2] and lab.channel.reports == []
    assert lab.session.state is State.READY


# ---- several streams

def test_streams_of_a_session_start_together_and_the_last_one_ends_the_range():
    """The second one begins 20 ms into the movie, and is longer."""
    lab = Lab(Movie(4), Movie(6, start=0.02))
    start, runs = lab.play()
    assert start == 0.0
    assert all(run.startTime == 0.0 for run in runs.values())
    lab.run(0.21)
    assert [channel.frames for channel in lab.channels] == [[0, 1, 2, 3], [0, 1, 2, 3]]
    assert lab.session.state is State.PLAYING and len(lab.channels[0].byes) == 1
    # RTP-Info names the timestamp of the Range's start, which is 20 ms before the second stream's first frame
    assert lab.channels[1].packets[0][1] == (runs[1].timestamp + 1800) % 2**32
    lab.run(1)
    assert lab.session.state is State.READY and len(lab.channels[1].byes) == 1


def test_a_stream_that_has_nothing_in_the_range_does_not_stop_the_other():
    lab = Lab(Movie(4), Movie(20))
    start, runs = lab.play(start=0.5)
    assert (start, list(runs)) == (0.5, [1])
    lab.run(5)
    assert lab.channels[0].packets == [] and lab.channels[1].frames == list(range(10, 20))
    assert lab.session.state is State.READY


# ---- live

def live_lab():
    source = LiveSource(JPEG, PERIOD, keep=4)
    lab = Lab(source)
    return source, lab


def test_a_damaged_frame_of_a_live_stream_does_not_stand_for_the_next_one():
    """Whose packets nobody knows yet: RTP-Info does not name them."""
    source, lab = live_lab()
    for k in range(3):
        source.append([(b"", True)], 7.0 + k * PERIOD)
    lab.preparer.damaged = {2}
    _, runs = lab.play()
    assert runs[0].first == 3 and runs[0].prepared is None and not lab.session.playback.passages[0].exact
    for k in (3, 4):
        source.append([(b"", True)], 7.0 + k * PERIOD)
        lab.run(0)
    assert lab.channel.frames == [3, 4]


def test_a_live_stream_is_joined_at_its_newest_frame_and_followed():
    source, lab = live_lab()
    for k in range(3):
        source.append([(b"", True)], 7.0 + k * PERIOD)
    start, runs = lab.play()
    assert start == pytest.approx(7.1)
    lab.run(0)
    assert lab.channel.frames == [2]
    source.append([(b"", True)], 7.15)
    source.append([(b"", True)], 7.2)
    lab.run(0)
    assert lab.channel.frames == [2, 3, 4]
    assert lab.channel.packets[-1][1] == (runs[0].timestamp + 9000) % 2**32
    source.close()
    lab.run(0)
    assert len(lab.channel.byes) == 1 and lab.session.state is State.READY


def test_a_range_of_a_live_stream_ends_by_the_times_that_frames_have():
    """The next one was expected within it, and came behind a gap."""
    source, lab = live_lab()
    source.append([(b"", True)], 0.0)
    lab.play(start=0.0, end=0.2)
    lab.run(0)
    source.append([(b"", True)], 0.05)
    lab.run(0)
    source.append([(b"", True)], 0.3)
    lab.run(0)
    assert lab.channel.frames == [0, 1] and lab.session.state is State.READY


def test_a_live_stream_that_has_not_begun_is_waited_for():
    source, lab = live_lab()
    _, runs = lab.play()
    assert runs[0].prepared is None
    lab.run(1)
    assert lab.channel.packets == []
    source.append([(b"", True)], 0.0)
    lab.run(0)
    assert lab.channel.frames == [0]


def test_after_a_pause_a_live_stream_goes_on_at_the_newest_frame():
    source, lab = live_lab()
    source.append([(b"", True)], 0.0)
    lab.play()
    lab.run(0)
    lab.session.pause()
    lab.session.move("PAUSE")
    for k in range(1, 30):
        source.append([(b"", True)], k * PERIOD)
    lab.run(0)
    assert lab.channel.frames == [0]
    lab.play()
    lab.run(0)
    assert lab.channel.frames == [0, 29]


def test_a_frame_that_the_viewer_has_no_room_for_uses_no_numbers(caplog):
    """No receiver takes it for a loss; the timestamps go on, and so does the movie. The log says it once."""
    lab = Lab(Movie(10))
    lab.play()
    lab.run(PERIOD * 2.5)
    lab.channel.full = True
    lab.run(PERIOD * 4)
    lab.channel.full = False
    lab.run(1)
    assert lab.channel.frames == [0, 1, 2, 7, 8, 9]
    first = lab.channel.packets[0]
    assert [packet[0] for packet in lab.channel.packets] == [(first[0] + n) % 65536 for n in range(12)]
    assert (lab.channel.packets[6][1] - first[1]) % 2**32 == 7 * 4500
    assert (lab.stream.dropped, lab.stream.packets) == (4, 12) and len(lab.channel.byes) == 1
    assert caplog.text.count("too slowly") == 1


# ---- reports (RFC 3550 §6)

def reported(lab):
    """The sender reports so far, and which packets stood beside each."""
    packets = [list(rtcp.parse(report)) for report in lab.channel.reports]
    return [one[0] for one in packets], [[type(packet).__name__ for packet in one] for one in packets]


def test_a_report_follows_the_first_frame_of_each_run_and_then_every_five_seconds():
    """PLAY, a seek, a resume: players need its clocks at once. SR and SDES, and at the end BYE, too."""
    lab = Lab(Movie(2000))
    begun = lab.pacer.now
    lab.play()
    assert lab.channel.reports == []
    lab.run(0)
    assert len(lab.channel.reports) == 1 and lab.channel.frames == [0]
    lab.run(1)
    lab.play(start=50.0)
    assert len(lab.channel.reports) == 1
    lab.run(0)
    assert len(lab.channel.reports) == 2
    lab.session.pause()
    lab.session.move("PAUSE")
    lab.run(30)
    assert len(lab.channel.reports) == 2            # nothing is sent, nothing reported
    lab.play()
    lab.run(100)
    reports, kinds = reported(lab)
    assert lab.session.state is State.READY and lab.pacer.now - begun > 80
    assert kinds == [["SenderReport", "SourceDescription"]] * (len(kinds) - 1) + [
        ["SenderReport", "SourceDescription", "Goodbye"]]
    assert 2 + 1 + 50 / 6.2 <= len(reports) <= 2 + 2 + 50 / 2
    assert [report.packets for report in reports[:3]] == [2, 44, 46]
    assert {report.ssrc for report in reports} == {lab.stream.ssrc}


def test_the_times_between_reports_are_drawn(monkeypatch):
    """0.5 of 0.5 … 1.5 times five seconds, made shorter by 1.21828 (RFC 3550 §6.3.1): at the next frame."""
    monkeypatch.setattr("Stream.random.random", lambda: 0.5)
    lab = Lab(Movie(400))
    lab.play()
    lab.run(18)
    reports, _ = reported(lab)
    times = [(report.rtp_timestamp - reports[0].rtp_timestamp) % 2**32 / 90000 for report in reports]
    assert times == pytest.approx([0, 4.15, 8.3, 12.45, 16.6])


def test_the_two_clocks_of_a_report_are_one_moment(monkeypatch):
    """The time of day belongs to the pacer's `now`, also when the pacer comes to it a little late."""
    wall = 1_700_000_000.0
    lab = Lab(Movie(400))
    late = 0.0

    def clock():
        return lab.pacer.now + late

    monkeypatch.setattr("PacedStream.time.time", lambda: wall + clock() - 1000.0)
    lab.play()
    lab.stream.clock = clock
    late = 0.3
    lab.run(7)
    reports, _ = reported(lab)
    first = lab.channel.packets[0][1]
    assert len(reports) > 1
    for report in reports:
        since = (report.rtp_timestamp - first) % 2**32 / 90000
        assert unix_time(report.ntp) - wall == pytest.approx(since, abs=1e-4)


@pytest.mark.parametrize("player", REPORTS)
def test_what_a_viewer_reports_is_kept(monkeypatch, player):
    """Reports of real players: they name our SSRC. 0.25 s after LSR + DLSR, on our clock."""
    lab: Any = Lab(Movie(10))
    lab.stream.ssrc, text = REPORTS[player]
    data = bytes.fromhex(text)
    packets: list[Any] = list(rtcp.parse(data))
    (block,) = packets[0].blocks
    now = (block.last_report + block.delay) / 65536 + 0.25
    monkeypatch.setattr("PacedStream.time.time", lambda: now - 2_208_988_800 % 65536)
    lab.stream.heard(data)
    report = lab.stream.report
    assert (report.fraction, report.lost, report.highest) == (0, block.lost, block.highest)
    assert report.jitter == block.jitter / 90000 and report.round_trip == pytest.approx(0.25, abs=1e-4)


def test_a_report_about_another_source_is_kept_if_it_is_the_only_one():
    """aiortsp names itself. Two of them are about others."""
    lab: Any = Lab(Movie(10))
    one, two = ReportBlock(lab.stream.ssrc ^ 1, 64, 3, 9), ReportBlock(lab.stream.ssrc ^ 2, 0)
    lab.stream.heard(bytes(rtcp.ReceiverReport(7, (one, two))))
    found = [lab.stream.report]
    lab.stream.heard(bytes(rtcp.ReceiverReport(7, (one,))))
    assert [*found, lab.stream.report] == [None, Reported(0.25, 3, 9, 0.0, None)]


@pytest.mark.parametrize("junk", [*PUNCHES.values(), "", "00", "ff" * 200, "81c90001" + "00" * 4, "81cb000100000007"])
def test_junk_changes_nothing(junk, caplog):
    """Not even the log: players send it to open a way for the media."""
    lab = Lab(Movie(10))
    lab.stream.heard(bytes.fromhex(junk))
    assert lab.stream.report is None and caplog.text == ""


@pytest.mark.parametrize(("scale", "speed"), [(1.0, 1.0), (2.0, 1.0), (0.5, 1.0), (1.0, 4.0), (-1.0, 2.0), (-4.0, 0.5)])
def test_the_clocks_fit_at_any_scale_and_speed(monkeypatch, scale, speed):
    """At the moment of a report, the frame that has just been sent has its timestamp."""
    lab = Lab(Movie(2000))
    pairs = []

    def report(data):
        sender: Any = rtcp.parse(data)[0]
        pairs.append((sender.rtp_timestamp - lab.channel.packets[-1][1]) % 2**32)

    monkeypatch.setattr(lab.channel, "send_control", report)
    lab.play(start=50.0, scale=scale, speed=speed)
    lab.run(12)
    assert len(pairs) >= 2 and {min(apart, 2**32 - apart) for apart in pairs} <= {0, 1}


def test_a_live_frame_that_is_being_re_encoded_is_waited_for():
    """On no thread: the pacer comes back. When others have come behind it, it is left out."""
    source, lab = live_lab()
    source.append([(b"", True)], 0.0)
    lab.stream.use(source, 30)
    lab.stream.shelf.has = lambda k: k not in lab.preparer.missing
    lab.play()
    lab.run(0)
    lab.preparer.missing = {1}
    source.append([(b"", True)], 0.05)
    lab.run(0.02)
    assert lab.channel.frames == [0] and set(lab.preparer.wanted) == {1}
    lab.preparer.missing = set()
    lab.run(0.01)
    assert lab.channel.frames == [0, 1]
    lab.preparer.missing = {2}
    for k in range(2, 2 + MOST_BEHIND):
        source.append([(b"", True)], k * PERIOD)
    lab.run(0.02)
    assert lab.channel.frames == [0, 1] and lab.stream.skipped == 0
    source.append([(b"", True)], 0.25)
    lab.run(0.01)
    assert lab.channel.frames == [0, 1, 3, 4, 5] and lab.stream.skipped == 1
