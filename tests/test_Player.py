"""What is asked for arrives, and comes out as frames when they are due: real sockets, a clock that the test moves."""

from __future__ import annotations

import socket
import time

import pytest

from net.ports import EMPTY_REPORT
from Player import Player
from rtp.jpeg import payloads
from rtp.rtcp import Goodbye, ReceiverReport, SourceDescription, compound, parse
from rtsp.failures import ConnectError, MediaError, MissingError, ReplyTimeout, ServerRefused, UsageError
from rtsp.message import Interleaved
from rtsp.states import State
from tests.movies import jpeg, lab_movie
from tests.scripted import (
    INSIDE,
    LASTING_25,
    OK,
    RTPTIME,
    SEQ,
    SSRC,
    STANDARD,
    TICKS,
    FakeClock,
    ScriptedServer,
    eventually,
    refused,
    rtp,
)
from tests.serving import number, serving

JPEGS = [jpeg(number) for number in range(6)]


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def players(clock):
    """Makes players that are closed at the end."""
    made = []

    def make(server, dialect="rfc", **options):
        player = Player(server.url, dialect, clock=clock, **options)
        made.append(player)
        return player

    yield make
    for player in made:
        player.close()


def arrived(player, packets):
    """Wait until so many packets have been counted."""
    eventually(lambda: player.receiver.reception.packets >= packets)


def frames_come(player, frames):
    eventually(lambda: player.receiver.frames >= frames)


def start(player):
    player.setup()
    player.play()


def times(frames):
    return [round(frame.time, 6) for frame in frames]


def test_frames_come_out_in_order_when_they_are_due(players, clock):
    """The first one after the delay, the others by their timestamps; the time of the movie is that of the reply."""
    play = STANDARD["PLAY"].replace(b"npt=0.000-", b"npt=2.500-")
    with ScriptedServer(PLAY=play, DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        sequence = SEQ
        for number in range(3):
            sequence = server.send_frame(number, JPEGS[number], sequence)
        frames_come(player, 3)
        assert player.dueFrames() == []
        clock.now += 0.2
        assert times(player.dueFrames()) == [2.5]
        assert player.untilDue() == pytest.approx(0.05)
        clock.now += 0.05
        assert times(player.dueFrames()) == [2.55]
        clock.now += 1
        assert times(player.dueFrames()) == [2.6]
        assert player.position == pytest.approx(2.6) and player.duration == 25.0
        assert player.untilDue() is None


def test_the_window_takes_the_newest_frame_alone(players, clock):
    """The others are counted as skipped."""
    with ScriptedServer() as server:
        player = players(server, delay=0)
        start(player)
        sequence = server.send_frame(0, JPEGS[0], SEQ)
        server.send_frame(1, JPEGS[1], sequence)
        frames_come(player, 2)
        clock.now += 1
        assert times(player.dueFrames(newestOnly=True)) == [0.05]
        statistics = player.statistics()
        assert (statistics["frames_shown"], statistics["frames_skipped"]) == (1, 1)


def test_packets_from_before_the_announced_number_are_not_shown(players, clock):
    """Media may overtake the reply to PLAY: what came before it waits, and RTP-Info tells which of it belongs to it."""

    def reply(server):
        server.send_frame(100, JPEGS[5], SEQ - 50)  # of a time before
        server.send_frame(0, JPEGS[0], SEQ)
        server.rtp.sendto(b"", ("127.0.0.1", server.client_port))
        eventually(lambda: len(player.receiver._held or ()) > 10)
        return STANDARD["PLAY"]

    with ScriptedServer(PLAY=reply) as server:
        player = players(server, delay=0)
        start(player)
        frames_come(player, 1)
        clock.now += 1
        assert times(player.dueFrames()) == [0.0]
        assert player.statistics()["lost"] == 0


def test_nothing_is_missing_after_a_pause(players, clock):
    """Frames that had come and were not shown yet are shown first, without waiting once more."""
    resumed = STANDARD["PLAY"].replace(b"npt=0.000-", b"npt=0.100-").replace(b"=9000", b"=%d" % (RTPTIME + 2 * TICKS))
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        sequence = server.send_frame(0, JPEGS[0], SEQ)
        sequence = server.send_frame(1, JPEGS[1], sequence)
        frames_come(player, 2)
        clock.now += 0.2
        assert times(player.dueFrames()) == [0.0]
        player.pause()
        clock.now += 100
        assert player.dueFrames() == [] and player.state is State.READY
        server.script["PLAY"] = resumed.replace(b"seq=100", b"seq=%d" % sequence)
        player.play()
        server.send_frame(2, JPEGS[2], sequence)
        frames_come(player, 3)
        assert times(player.dueFrames()) == [0.05]
        clock.now += 0.2
        assert times(player.dueFrames()) == [0.1]
        assert player.statistics()["lost"] == 0 and player.receiver.shown.seconds == pytest.approx(0.2)


def test_a_jump_forgets_what_waited(players, clock):
    """PLAY with a start asks for it, and shows nothing from before."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        sequence = server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        server.methods()
        server.script["PLAY"] = OK + b"RTP-Info: url=x;seq=%d;rtptime=5\r\n\r\n" % sequence
        player.play(10)
        assert "Range: npt=10.000-\r\n" in server.next_request()
        server.send(rtp(sequence, 5, True, JPEGS[3]))
        frames_come(player, 2)
        clock.now += 1
        assert times(player.dueFrames()) == [10.0]


def test_a_goodbye_ends_the_movie_after_its_last_frame(players, clock):
    """Not before it has been shown; then PLAY asks for the beginning."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        assert player.dueFrames() == [] and player.state is State.PLAYING
        clock.now += 0.2
        assert len(player.dueFrames()) == 1
        assert player.state is State.READY and player.ended
        server.methods()
        player.play()
        assert "Range: npt=0.000-\r\n" in server.next_request()
        assert player.state is State.PLAYING and not player.ended


@pytest.mark.parametrize(("number", "complaint"), [
    (None, "without a picture"), (300, "after 15.0 of 25.0 s"), (490, None),
])
def test_a_goodbye_before_the_end_is_a_failure(players, clock, number, complaint):
    """The server was stopped, or all packets were lost; the state is Ready all the same."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server, delay=0)
        start(player)
        if number is not None:
            server.send_frame(number, JPEGS[0], SEQ)
            frames_come(player, 1)
            assert len(player.dueFrames()) == 1
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        clock.now += 1
        if complaint:
            with pytest.raises(MediaError, match=complaint):
                player.dueFrames()
        else:
            assert player.dueFrames() == []
        assert player.state is State.READY


def test_the_packets_of_another_session_are_not_shown(players, clock):
    """The server still sends to a player that was killed; this one has its port. Neither do their BYEs end ours."""
    with ScriptedServer() as server:
        player = players(server, delay=0)
        start(player)
        sequence = SEQ
        for number in range(3):
            stranger = bytearray(rtp(500 + number, number, True, JPEGS[5]))
            stranger[8:12] = b"\0\0\0\x07"
            server.send(bytes(stranger))
            sequence = server.send_frame(number, JPEGS[number], sequence)
        frames_come(player, 3)
        server.send_bye(ssrc=7)
        eventually(lambda: player.statistics()["rtcp_received"] >= 1)
        assert not player.receiver.ended
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        assert player.receiver.frames == 3


def test_a_url_with_blanks_and_umlauts_is_sent_as_a_url(players):
    with ScriptedServer() as server:
        server.url = server.url.replace("movie.Mjpeg", "Mein Föhn 100%25.Mjpeg?a=b c")
        player = players(server)
        player.setup()
        assert "/Mein%20F%C3%B6hn%20100%25.Mjpeg?a=b%20c RTSP/1.0\r\n" in server.next_request()


def test_a_packet_that_a_goodbye_has_overtaken_is_still_shown(players, clock):
    """For a moment after BYE, the end waits."""
    with ScriptedServer() as server:
        player = players(server, delay=0)
        start(player)
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        assert player.dueFrames() == [] and player.state is State.PLAYING
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        clock.now += 0.15
        assert len(player.dueFrames()) == 1 and player.state is State.READY


def test_what_is_not_for_us_is_dropped(players, clock):
    """Junk, another payload type, another sender, another source's BYE: no word, no effect."""
    with ScriptedServer() as server:
        player = players(server, delay=0)
        start(player)
        server.send(b"junk")
        server.send(rtp(SEQ, 0, True, b"x", payload_type=96))
        server.rtcp.sendto(b"junk", ("127.0.0.1", server.client_port + 1))
        server.send_bye(ssrc=7)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            try:
                other.bind(("127.0.0.2", 0))
                other.sendto(rtp(SEQ, 0, True, b"x"), ("127.0.0.1", server.client_port))
            except OSError:
                pass  # macOS has this one loopback address alone
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        eventually(lambda: player.statistics()["rtcp_received"] == 1)
        clock.now += 1
        assert len(player.dueFrames()) == 1
        assert player.state is State.PLAYING and player.statistics()["duplicates"] == 0


def test_the_way_through_a_firewall_is_opened(players):
    """After SETUP, one RTP header and one empty report from our ports to the server's."""
    with ScriptedServer() as server:
        player = players(server)
        player.setup()
        assert server.rtp.recvfrom(100) == (b"\x80" + bytes(11), ("127.0.0.1", player.way.rtp_port))
        assert server.rtcp.recvfrom(100) == (b"\x80\xc9\x00\x01" + bytes(4), ("127.0.0.1", player.way.rtp_port + 1))
    with ScriptedServer(SETUP=OK + b"Session: 1\r\n\r\n") as server:
        players(server).setup()  # it does not say where: nothing to open


def test_no_media(players, clock):
    """Five seconds after PLAY, exit code 7, and what to do."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        clock.now += 5
        assert player.dueFrames() == []
        clock.now += 0.1
        with pytest.raises(MediaError, match=f"no packets arrived on UDP {player.way.rtp_port}. A firewall") as caught:
            player.dueFrames()
        assert caught.value.code == 7


def test_packets_that_make_no_picture(players, clock):
    """Something arrives; why it is no picture is said."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        clock.now += 1
        server.send(rtp(SEQ, 0, True, b"not a JPEG"))
        arrived(player, 1)
        clock.now += 4.1
        with pytest.raises(MediaError, match="Packets arrive, but they make no picture. ."):
            player.dueFrames()


@pytest.mark.parametrize(("number", "ends"), [(0, False), (490, True)])
def test_a_stream_that_falls_silent(players, clock, number, ends):
    """Near the end of the movie it is the end, of a server that does not say BYE; before, it is a failure."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server, delay=0)
        start(player)
        server.send_frame(number, JPEGS[0], SEQ)
        frames_come(player, 1)
        assert len(player.dueFrames()) == 1
        clock.now += 5
        assert player.dueFrames() == [] and player.state is State.PLAYING
        clock.now += 0.1
        if ends:
            player.dueFrames()
            assert player.state is State.READY
        else:
            with pytest.raises(MediaError, match="The stream has stopped"):
                player.dueFrames()


def test_a_lab_server_sends_whole_pictures_and_then_nothing(players, clock):
    """One JPEG a datagram, version bits 0, timestamps that say nothing: shown as they come; silence is the end."""
    with ScriptedServer(lab=True) as server:
        player = players(server, "lab", delay=0)
        start(player)
        server.send(rtp(1, 1, False, JPEGS[0], version=0))
        frames_come(player, 1)
        assert [frame.jpeg for frame in player.dueFrames()] == [JPEGS[0]]
        clock.now += 0.04
        server.send(rtp(2, 1, True, JPEGS[1]))
        frames_come(player, 2)
        frames = player.dueFrames()
        assert [frame.jpeg for frame in frames] == [JPEGS[1]] and times(frames) == [0.04]
        clock.now += 3
        player.dueFrames()
        assert player.state is State.PLAYING
        clock.now += 0.1
        player.dueFrames()
        assert player.state is State.READY and player.ended


def test_the_wanted_port_is_used_or_said_why_not(players):
    """RTP where it was asked for, RTCP on the next one; taken: the next pair, a notice, and SETUP says the real one."""
    with ScriptedServer() as server, ScriptedServer() as other:
        first = players(server)
        first.setup()
        second = players(other, rtpPort=first.way.rtp_port)
        second.setup()
        assert second.way.rtp_port > first.way.rtp_port and second.way.rtp_port % 2 == 0
        assert second.way.notice == f"Port {first.way.rtp_port} is taken; using {second.way.rtp_port}"
        assert other.client_port == second.way.rtp_port
        assert first.way.notice == ""


def test_no_port_at_all(players, monkeypatch):
    """Exit code 3."""

    def none(local, port):
        raise OSError("no free pair of UDP ports")

    monkeypatch.setattr("net.ports.bind_pair", none)
    with ScriptedServer() as server, pytest.raises(ConnectError, match="No UDP port is free"):
        players(server).setup()


def describe(*media):
    lines = b"v=0\r\n" + b"".join(line.encode() + b"\r\n" for line in media)
    return OK + b"Content-Type: application/sdp\r\nContent-Length: %LENGTH%\r\n\r\n" + lines


def test_the_first_jpeg_stream_is_the_one(players):
    """Other media are left alone; the stream's own payload type counts."""
    sdp = describe(
        "m=audio 0 RTP/AVP 0", "a=control:a", "m=video 0 RTP/AVP 96 97", "a=rtpmap:96 H264/90000",
        "a=rtpmap:97 JPEG/90000", "a=control:v", "m=video 0 RTP/AVP 26", "a=control:w",
    )  # fmt: skip
    with ScriptedServer(DESCRIBE=sdp, OPTIONS=refused(501, "Not Implemented")) as server:
        player = players(server, delay=0)
        start(player)
        assert server.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        server.send(rtp(SEQ, RTPTIME, True, JPEGS[0]))
        server.send(rtp(SEQ, RTPTIME, True, JPEGS[0], payload_type=97))
        frames_come(player, 1)
        assert player.statistics()["duplicates"] == 0 and player.duration is None


@pytest.mark.parametrize(
    ("sdp", "kind", "code", "words"),
    [
        (describe("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"), MissingError, 5, "sends H264, and this player"),
        (describe("m=video 0 RTP/AVP 99"), MissingError, 5, "sends payload type 99"),
        (describe(), MediaError, 7, "offers no stream"),
        (describe("m=video 0 RTP/AVP 96", "a=rtpmap:96 JPEG/fast"), ServerRefused, 4, "cannot be understood"),
        (refused(404, "Not Found"), ServerRefused, 4, 'has no "movie.Mjpeg"'),
    ],
)
def test_nothing_to_play(players, sdp, kind, code, words):
    """Said in one line, with the exit code."""
    with ScriptedServer(DESCRIBE=sdp) as server:
        with pytest.raises(kind, match=words) as caught:
            players(server).setup()
        assert caught.value.code == code


def test_pause_at_the_very_end_is_no_error(players, clock):
    """BYE has come and the last frames wait: PAUSE need not be sent. Or it is sent, and comes too late."""
    with ScriptedServer(PAUSE=refused(455, "Method Not Valid in This State")) as server:
        player = players(server)
        start(player)
        player.pause()
        assert player.state is State.READY
        player.play()
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        server.methods()
        player.pause()
        assert player.state is State.READY and server.methods() == []
        server.script["PAUSE"] = refused(500, "Internal Server Error")
        player.play()
        with pytest.raises(ServerRefused):
            player.pause()


def test_a_refused_play_changes_nothing(players, clock):
    """What had come stays, and what comes meanwhile is not lost."""

    def reply(server):
        server.send_frame(1, JPEGS[1], SEQ)
        eventually(lambda: len(player.receiver._held or ()) > 1)
        return refused(457, "Invalid Range")

    with ScriptedServer(PLAY=[STANDARD["PLAY"], reply]) as server:
        player = players(server, delay=0)
        start(player)
        with pytest.raises(ServerRefused):
            player.play(99)
        frames_come(player, 1)
        clock.now += 1
        assert len(player.dueFrames()) == 1 and player.state is State.PLAYING


def test_the_connection_may_go_while_the_media_come(players, clock):
    """The movie goes on to its end; then there is nothing to go back to."""
    with ScriptedServer() as server:
        player = players(server, delay=0)
        start(player)
        server.hang_up()
        eventually(lambda: player.client.lost)
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        assert len(player.dueFrames()) == 1
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        clock.now += 1
        player.dueFrames()
        assert player.state is State.INIT


def test_leaving_takes_no_longer_than_it_may(players):
    """TEARDOWN is sent; whether it is answered or not, both threads end and the state is Init."""
    with ScriptedServer(TEARDOWN=None) as server:
        player = players(server)
        start(player)
        server.methods()
        player.client._clock = player.client._replies._clock = time.monotonic
        player.leave(timeout=0.05)
        assert server.methods() == ["TEARDOWN"] and player.state is State.INIT
        player.leave()
    with ScriptedServer() as server:
        players(server).leave()  # never connected
        assert server.methods() == []


def test_waiting_ends_when_something_comes(players, clock):
    """A packet, or the time of a frame."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        player.wait(30)  # a packet has come
        clock.now += 1
        player.wait(30)  # a frame is due
        assert len(player.dueFrames()) == 1


def test_the_statistics_have_all_their_names(players, clock):
    """These are what scripts and graders read."""
    names = (
        "url dialect transport rtsp_version frames_received frames_shown frames_damaged packets lost duplicates "
        "reordered bytes seconds fps jitter_ms max_jitter_ms first_frame_ms rtt_ms rtcp_sent rtcp_received error"
    )
    with ScriptedServer() as server:
        player = players(server, delay=0)
        assert set(names.split()) <= set(player.statistics()) and player.statistics()["rtt_ms"] is None
        start(player)
        clock.now += 0.25
        packets = server.send_frame(0, JPEGS[0], SEQ) - SEQ
        server.send(rtp(SEQ + packets + 1, RTPTIME + TICKS, True, b"x"))  # one is missing before it
        arrived(player, packets + 1)
        clock.now += 0.1
        player.dueFrames()
        statistics = player.statistics()
        wanted = {
            "url": server.url, "dialect": "rfc", "transport": "udp", "rtsp_version": "1.0", "frames_received": 1,
            "frames_shown": 1, "frames_damaged": 1, "packets": packets + 1, "lost": 1, "first_frame_ms": 250.0,
            "rtcp_sent": 1, "rtcp_received": 0, "rtt_ms": 0.0, "error": None,
        }  # fmt: skip
        assert {name: statistics[name] for name in wanted} == wanted


def reports(server):
    """What has come to the server's RTCP port, but for what opens the way."""
    found = []
    while data := server.rtcp.recv(2048):
        if data != EMPTY_REPORT:
            found.append(list(parse(data)))
        if any(isinstance(packet, Goodbye) for packet in parse(data)):
            return found
    return found


def test_reports_are_sent_and_the_last_says_goodbye(players, clock):
    """RR and SDES to server_port + 1, the first about nothing; BYE goes out before TEARDOWN does (RFC 3550 §6)."""
    with ScriptedServer() as server:
        player = players(server)
        player.setup()
        clock.now += 4
        eventually(lambda: player.stream.rtcpSent == 2)
        player.play()
        packets = server.send_frame(0, JPEGS[0], SEQ) - SEQ
        frames_come(player, 1)
        clock.now += 7
        eventually(lambda: player.stream.rtcpSent == 3)
        seen = []

        def teardown(script):
            seen.append(player.stream.rtcpSent)
            return STANDARD["TEARDOWN"]

        server.script["TEARDOWN"] = teardown
        player.leave()
        assert seen == [4] == [player.statistics()["rtcp_sent"]]
        first, second, last = reports(server)
        assert [type(packet) for packet in last] == [ReceiverReport, SourceDescription, Goodbye]
        assert first[0].blocks == () == last[0].blocks
        (block,) = second[0].blocks
        assert (block.ssrc, block.highest, block.lost) == (SSRC, SEQ + packets - 1, 0)
        assert len({packet.ssrc for report in (first, second, last) for packet in report[:2]}) == 1


def test_a_server_without_ports_gets_no_reports(players, clock):
    """Over UDP there is nowhere to send them to."""
    with ScriptedServer(SETUP=STANDARD["SETUP"].replace(b";server_port=%SERVER%", b"")) as server:
        player = players(server)
        player.setup()
        clock.now += 60
        player.leave()
        assert player.statistics()["rtcp_sent"] == 0


def test_inside_the_connection_reports_come_between_requests(players, clock):
    """On the second of the channels that were granted."""
    with ScriptedServer(SETUP=INSIDE.replace(b"=0-1", b"=6-7")) as server:
        player = players(server, transport="tcp")
        player.setup()
        clock.now += 4
        frame = server.reports.get(timeout=5)
        assert frame[:2] == b"$\x07" and [type(one) for one in parse(frame[4:])] == [ReceiverReport, SourceDescription]
        player.leave()
        frame = server.reports.get(timeout=5)
        assert frame[:2] == b"$\x07" and isinstance(parse(frame[4:])[-1], Goodbye)


def test_a_server_that_answers_nothing(players, clock):
    """A time-out, in words."""
    with ScriptedServer(OPTIONS=None) as server:
        player = players(server)
        player.client._timeout = 0.05
        player.client._replies._clock = time.monotonic
        with pytest.raises(ReplyTimeout):
            player.setup()


# --- inside the connection --------------------------------------------------------------------------------------------

NO_UDP = refused(461, "Unsupported transport")


def send_frame(server, channel, data):
    assert server.connection
    server.connection.sendall(bytes(Interleaved(channel, data)))


def send_inside(server, number, sequence=SEQ, channel=0):
    """Frame `number` as `$` frames; the next free sequence number."""
    for data, marker in payloads(JPEGS[number]):
        send_frame(server, channel, rtp(sequence, RTPTIME + number * TICKS, marker, data))
        sequence += 1
    return sequence


def setups(server):
    requests = []
    while not server.asked.empty():
        requests.append(server.asked.get())
    return [request.split("Transport: ")[1].split("\r\n")[0] for request in requests if request.startswith("SETUP")]


@pytest.mark.parametrize("channel", [0, 6])
def test_media_come_inside_the_connection_if_asked_to(players, clock, channel):
    """On the channels that the reply names; replies come between them, and BYE on the second channel is the end."""
    with ScriptedServer(SETUP=INSIDE.replace(b"0-1", b"%d-%d" % (channel, channel + 1))) as server:
        player = players(server, transport="tcp", delay=0)
        start(player)
        assert setups(server) == ["RTP/AVP/TCP;unicast;interleaved=0-1"]
        send_frame(server, 99, rtp(SEQ, RTPTIME, True, b"x"))
        sequence = send_inside(server, 0, SEQ, channel)
        frames_come(player, 1)
        player.pause()
        server.script["PLAY"] = STANDARD["PLAY"].replace(b"seq=100", b"seq=%d" % sequence)
        player.play()
        send_inside(server, 1, sequence, channel)
        frames_come(player, 2)
        bye = compound(SourceDescription(42, "server"), Goodbye((42,)))
        send_frame(server, channel + 1, bye)
        eventually(lambda: player.receiver.ended)
        clock.now += 0.05
        assert len(player.dueFrames()) == 2
        statistics = player.statistics()
        assert (statistics["transport"], statistics["rtcp_received"], statistics["lost"]) == ("tcp", 1, 0)


def test_a_server_without_udp_is_asked_for_tcp(players, clock):
    """After its 461, on the same connection, and the user is told."""
    with ScriptedServer(SETUP=[NO_UDP, INSIDE]) as server:
        player = players(server)
        start(player)
        assert [text[:12] for text in setups(server)] == ["RTP/AVP;unic", "RTP/AVP/TCP;"] and server.connections == 1
        assert player.way.notice == "The server does not send over UDP. Switched to TCP."
        send_inside(server, 0)
        frames_come(player, 1)
        assert player.statistics()["transport"] == "tcp" and not player.blocked


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_what_was_asked_for_is_not_replaced(players, transport):
    """Without auto, 461 is the end."""
    with ScriptedServer(SETUP=NO_UDP) as server:
        with pytest.raises(ServerRefused) as caught:
            players(server, transport=transport).setup()
        assert caught.value.status == 461 and len(setups(server)) == 1


def test_when_nothing_comes_over_udp_a_new_session_asks_for_tcp(players, clock, caplog):
    """After three seconds, not earlier; from where the first one should have begun, and with a line that says so."""
    with ScriptedServer(SETUP=[STANDARD["SETUP"], INSIDE], DESCRIBE=LASTING_25) as server:
        player = players(server)
        player.setup()
        assert not player.blocked
        player.play(2.0)
        clock.now += 2.9
        assert not player.blocked and player.dueFrames() == []
        clock.now += 0.2
        assert player.blocked
        player.chore()
        requests = [server.asked.get() for _ in range(9)]
        assert [request.split()[0] for request in requests] == [
            "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        assert len(reports(server)[-1]) == 3  # the first session was left with a goodbye
        assert "interleaved=0-1" in requests[7] and "Range: npt=2.000-" in requests[8] and server.connections == 2
        assert player.way.notice == "No UDP packets arrived (firewall?). Switched to TCP." and not player.blocked
        assert caplog.text.count(player.way.notice) == 1
        send_inside(server, 0)
        frames_come(player, 1)
        assert player.state is State.PLAYING


def test_a_packet_over_udp_is_reason_enough_to_stay(players, clock):
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        server.send_frame(0, JPEGS[0], SEQ)
        frames_come(player, 1)
        clock.now += 4
        assert not player.blocked


@pytest.mark.parametrize("options", [{"transport": "udp"}, {"transport": "tcp"}, {"dialect": "lab"}])
def test_nothing_is_switched_unasked_or_in_the_lab(players, clock, options):
    lab = "dialect" in options
    with ScriptedServer(None if lab else {"SETUP": INSIDE}, lab=lab) as server:
        player = players(server, **options)
        start(player)
        clock.now += 4
        assert not player.blocked


def test_nothing_over_tcp_either_is_an_error(players, clock):
    with ScriptedServer(SETUP=INSIDE) as server:
        player = players(server, transport="tcp")
        start(player)
        clock.now += 5.1
        with pytest.raises(MediaError, match="no packets arrived in the connection"):
            player.dueFrames()


def test_a_lost_connection_takes_its_media_along(players, clock):
    """What has come is shown; then it is an error, at once, unless the movie was at its end anyway."""
    with ScriptedServer(SETUP=INSIDE, DESCRIBE=LASTING_25) as server:
        player = players(server, transport="tcp")
        start(player)
        send_inside(server, 0)
        frames_come(player, 1)
        server.hang_up()
        eventually(lambda: player.client.lost)
        clock.now += 0.2
        assert len(player.dueFrames()) == 1
        with pytest.raises(MediaError, match="closed the connection"):
            player.dueFrames()


def test_a_connection_that_ends_before_the_first_picture_is_no_end_of_the_movie(players):
    """However short the movie: nothing of it was seen."""
    with ScriptedServer(SETUP=INSIDE) as server:
        player = players(server, transport="tcp")
        start(player)
        server.hang_up()
        eventually(lambda: player.client.lost)
        with pytest.raises(MediaError, match="closed the connection"):
            player.dueFrames()


def test_backwards_from_the_start_means_from_the_end(players):
    """The server would refuse it (457): there is nothing before the first picture."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        player.setup()
        server.methods()
        player.play(scale=-1.0)
        assert "Range: npt=25.000-\r\nScale: -1.000" in server.next_request()


def test_a_lab_server_knows_no_tcp(players):
    with ScriptedServer(lab=True) as server, pytest.raises(UsageError, match="UDP alone"):
        players(server, dialect="lab", transport="tcp").setup()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_paused_session_outlives_the_time_out_of_our_own_server(tmp_path, transport):
    """A second here: its signs of life keep it, and it goes on where it was."""
    lab_movie(tmp_path / "movie.Mjpeg", 30)
    with serving(tmp_path, fps=40, timeout=1) as server:
        player = Player(server.url(), transport=transport)
        try:
            start(player)
            frames_come(player, 1)
            player.pause()
            deadline = time.monotonic() + 2.5
            while time.monotonic() < deadline:
                assert player.dueFrames() == [] and player.state is State.READY
                player.wait(0.2)
            player.play()
            shown = []
            while player.state is State.PLAYING:
                shown += [number(frame.jpeg) for frame in player.dueFrames()]
                player.wait(0.05)
        finally:
            player.leave()
    assert shown == list(range(30))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_jumps_in_a_movie_of_our_own_server(tmp_path, transport):
    """The first frame after each is the one of that time."""
    lab_movie(tmp_path / "movie.Mjpeg", 60)
    with serving(tmp_path, fps=40) as server:
        player = Player(server.url(), transport=transport)
        try:
            start(player)
            for seconds, first in (1.0, 40), (0.25, 10), (99.0, 52):
                frames_come(player, player.receiver.frames + 1)
                player.seek(seconds)
                shown = []
                while not shown:
                    shown = player.dueFrames()
                    player.wait(0.05)
                assert number(shown[0].jpeg) == first and shown[0].time == pytest.approx(first / 40)
        finally:
            player.leave()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize(("begin", "scale", "numbers"), [
    (None, 2.0, range(0, 40, 2)), (None, 0.5, range(40)),
    (0.5, -1.0, range(20, -1, -1)), (0.5, -4.0, range(20, -1, -4)),
])
def test_other_speeds_of_our_own_server(tmp_path, transport, begin, scale, numbers):
    """The right frames, each at its time in the movie, to its end or its beginning."""
    lab_movie(tmp_path / "movie.Mjpeg", 40)
    with serving(tmp_path, fps=40) as server:
        player = Player(server.url(), transport=transport)
        try:
            player.setup()
            player.play(begin, scale)
            shown = []
            while player.state is State.PLAYING:
                shown += [(number(frame.jpeg), round(frame.time, 6)) for frame in player.dueFrames()]
                player.wait(0.05)
        finally:
            player.leave()
    assert shown == [(number, number / 40) for number in numbers] and player.ended


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_frame_of_our_own_server(tmp_path, transport):
    """Both sides together, to the end."""
    lab_movie(tmp_path / "movie.Mjpeg", 30)
    with serving(tmp_path, fps=40) as server:
        player = Player(server.url(), transport=transport)
        try:
            start(player)
            shown = []
            while player.state is State.PLAYING:
                shown += [number(frame.jpeg) for frame in player.dueFrames()]
                player.wait(0.05)
            statistics = player.statistics()
        finally:
            player.leave()
    assert shown == list(range(30)) and player.ended
    assert (statistics["transport"], statistics["lost"], statistics["frames_received"]) == (transport, 0, 30)
