"""Our player and the servers of the world: one that follows a script does what real ones do, and every frame that it
sends is shown, once, told by its barcode."""

from __future__ import annotations

import io
import random
import socket
import threading

import pytest
from PIL import Image

from Player import Player
from rtp.jpeg import payloads
from rtp.receiver import Receiver
from rtp.rtcp import Goodbye, SourceDescription, compound
from RtpPacket import RtpPacket
from rtsp.failures import FolderFound, ServerRefused, UsageError
from rtsp.message import Interleaved
from rtsp.states import State
from tests.movies import jpeg
from tests.scripted import (
    INSIDE,
    LASTING_25,
    OK,
    RTPTIME,
    SDP,
    SEQ,
    STANDARD,
    TICKS,
    FakeClock,
    ScriptedServer,
    eventually,
    refused,
    rtp,
)
from tools import barcode

JPEGS = [jpeg(number) for number in range(12)]
NO_PAUSE = STANDARD["OPTIONS"].replace(b" PAUSE,", b"")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def players(clock):
    """Makes players that are closed at the end."""
    made = []

    def make(server, **options):
        options = {"delay": 0.0, **options}
        made.append(Player(server if isinstance(server, str) else server.url, clock=clock, **options))
        return made[-1]

    yield make
    for player in made:
        player.close()


def start(player, *arguments):
    player.setup()
    player.play(*arguments)


def number(frame):
    return barcode.read(Image.open(io.BytesIO(frame.jpeg)))


def frames(count, sequence=SEQ, timestamp=RTPTIME, first=0):
    """The packets of so many frames."""
    found = []
    for index in range(first, first + count):
        for data, marker in payloads(JPEGS[index]):
            found.append(rtp(sequence + len(found), (timestamp + (index - first) * TICKS) % 2**32, marker, data))
    return found


def shown(player, clock, count):
    """What is shown of so many frames, once they have come: (number, time in the movie) of each."""
    found = []

    def come():
        clock.now += 0.06
        found.extend((number(frame), round(frame.time, 3)) for frame in player.dueFrames())
        return len(found) >= count

    eventually(come)
    return found


def in_time(numbers, begin=0.0, scale=1.0):
    return [(number, round(begin + place * scale / 20, 3)) for place, number in enumerate(numbers)]


ARRIVED: list[object] = []


@pytest.fixture(autouse=True)
def arrivals(monkeypatch):
    """Notes the packets that reach the receiver: no clock may move while some are still on their way."""
    original = Receiver.arrived

    def arrived(receiver, packet):
        original(receiver, packet)
        ARRIVED.append(packet)

    monkeypatch.setattr(Receiver, "arrived", arrived)
    ARRIVED.clear()


def send_all(server, packets, sock=None):
    """From the server's own port, or from another socket; until all have arrived."""
    before = len(ARRIVED)
    for packet in packets:
        (sock or server.rtp).sendto(packet, ("127.0.0.1", server.client_port))
    eventually(lambda: len(ARRIVED) >= before + len(packets))


def say_all(server, packets, channel=0):
    """The same inside the connection."""
    before = len(ARRIVED)
    server.say(b"".join(bytes(Interleaved(channel, packet)) for packet in packets))
    eventually(lambda: len(ARRIVED) >= before + len(packets))


# ---- the network


def test_fragments_in_any_order_and_twice(players, clock):
    """Within what a network does: neighbours change places, and some come twice."""
    shuffled, chance = frames(6), random.Random(7)
    for place in range(1, len(shuffled) - 1, 3):
        shuffled[place], shuffled[place + 1] = shuffled[place + 1], shuffled[place]
    for place in chance.sample(range(len(shuffled)), 8):
        shuffled.insert(place, shuffled[place])
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        send_all(server, shuffled)
        assert shown(player, clock, 6) == in_time(range(6))
        assert player.statistics()["duplicates"] == 8 and player.statistics()["lost"] == 0


def test_a_lost_fragment_costs_one_frame(players, clock):
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        packets = frames(5)
        del packets[len(frames(2)) + 1]
        send_all(server, packets)
        assert [number for number, _ in shown(player, clock, 4)] == [0, 1, 3, 4]
        assert player.statistics()["lost"] == 1 and player.statistics()["frames_damaged"] == 1


def test_sequence_numbers_and_timestamps_wrap(players, clock):
    """65535 → 0 and 2³² - 1 → 0 in the middle of a frame, and of the movie."""
    play = STANDARD["PLAY"].replace(b"seq=100;rtptime=9000", b"seq=65533;rtptime=%d" % (2**32 - TICKS))
    with ScriptedServer(PLAY=play) as server:
        player = players(server)
        start(player)
        send_all(server, frames(4, 65533, 2**32 - TICKS))
        assert shown(player, clock, 4) == in_time(range(4)) and player.statistics()["lost"] == 0


def test_padding_contributors_and_extensions(players, clock):
    """Of RTP's header, all that there can be (RFC 3550 §5.1)."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        packets = []
        for place, plain in enumerate(frames(3)):
            before, packet = RtpPacket(), RtpPacket()
            before.decode(plain)
            packet.encode(2, 1, 1, 2, before.seqNum(), before.marker(), 26, 42, before.getPayload(),
                          timestamp=before.timestamp(), csrcs=(1, 2), headerExtension=(0xBEDE, bytes(8)),
                          paddingSize=4 + place % 3)  # fmt: skip
            packets.append(packet.getPacket())
        send_all(server, packets)
        assert shown(player, clock, 3) == in_time(range(3))


@pytest.mark.parametrize("announced", [True, False])
def test_media_from_another_port(players, clock, announced):
    """It is the address that counts: not every server says from where it sends."""
    setup = STANDARD["SETUP"] if announced else OK + b"Session: 1\r\nTransport: RTP/AVP;unicast\r\n\r\n"
    with ScriptedServer(SETUP=setup) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        player = players(server)
        start(player)
        other.bind(("127.0.0.1", 0))
        send_all(server, frames(3), other)
        assert shown(player, clock, 3) == in_time(range(3))


def test_media_from_the_address_that_source_names(players, clock):
    """And not from others (tested with the player's other strangers)."""
    setup = STANDARD["SETUP"].replace(b";ssrc", b";source=127.0.0.3;ssrc")
    with ScriptedServer(SETUP=setup) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        try:
            other.bind(("127.0.0.3", 0))
        except OSError:
            pytest.skip("this system has one loopback address alone")
        player = players(server)
        start(player)
        send_all(server, frames(3), other)
        assert shown(player, clock, 3) == in_time(range(3))


def with_ssrc(packets, ssrc):
    return [packet[:8] + ssrc.to_bytes(4, "big") + packet[12:] for packet in packets]


def test_another_ssrc_than_announced(players, clock):
    """The announced one does not come: after a second, the other is believed."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        clock.now += 1.1
        send_all(server, with_ssrc(frames(3), 7))
        assert shown(player, clock, 3) == in_time(range(3))


def test_an_ssrc_that_changes_while_playing(players, clock):
    """A server that begins anew, with other numbers: its movie goes on where it was."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        send_all(server, frames(3))
        assert shown(player, clock, 3) == in_time(range(3))
        clock.now += 1.1
        send_all(server, with_ssrc(frames(3, 30000, 2**31, first=3), 7))
        assert shown(player, clock, 3) == in_time([3, 4, 5], 0.1)


def test_junk_and_half_reports_on_the_rtcp_port(players, clock):
    """Nothing of it ends the movie; a BYE without anything before it does, as some servers send it."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        address = ("127.0.0.1", server.client_port + 1)
        sender_report = b"\x80\xc8\x00\x06" + (42).to_bytes(4, "big") + bytes(20)
        for data in (b"", b"$", bytes(7), b"\x80\xc8\xff\xff" + bytes(4), b"\xce\xfa\xed\xfe", bytes(range(200)),
                     sender_report, b"\x81\xcb\x00\x00"):
            server.rtcp.sendto(data, address)
        send_all(server, frames(3))
        assert shown(player, clock, 3) == in_time(range(3)) and player.state is State.PLAYING
        server.rtcp.sendto(b"\x81\xcb\x00\x01" + (42).to_bytes(4, "big"), address)
        eventually(lambda: player.receiver.ended)


# ---- the conversation


def test_cut_into_sevens_with_media_and_replies_glued_together(players, clock):
    """What comes in the connection has no borders but its own (RFC 2326 §10.12)."""
    packets = frames(4)
    media = b"".join(bytes(Interleaved(0, packet)) for packet in packets)
    answers = []

    def reply(server):
        cseq = b"%d" % (len(answers) + 4)
        answers.append(cseq)
        ping = b"OPTIONS * RTSP/1.0\r\nCSeq: 77\r\n\r\n"
        odd = b"RTSP/1.0 200 OK\r\ncSEQ:" + cseq + b"\r\nsEsSiOn:   5eed\r\nRANGE: npt=0-\r\nrtp-INFO: "
        data = ping + odd + b"url=x;seq=100;rtptime=9000\r\n\r\n" + media + ping
        for place in range(0, len(data), 7):
            server.say(data[place : place + 7])

    with ScriptedServer(SETUP=INSIDE, PLAY=reply) as server:
        player = players(server, transport="tcp")
        start(player)
        eventually(lambda: len(set(ARRIVED)) == len(packets))  # some were held back until the reply
        assert shown(player, clock, 4) == in_time(range(4))
        answered = [server.next_request() for _ in range(6)]
        assert [text.split("\r\n")[:2] for text in answered if text.startswith("RTSP/")] == [
            ["RTSP/1.0 200 OK", "CSeq: 77"]] * 2


def test_the_server_asks_for_figures(players, clock):
    """GET_PARAMETER as in RFC 2326 §10.8."""
    with ScriptedServer() as server:
        player = players(server)
        start(player)
        packets = frames(2)
        send_all(server, packets)
        shown(player, clock, 2)
        while not server.asked.empty():
            server.asked.get()
        server.say(b"GET_PARAMETER rtsp://a/b RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 18\r\n\r\npackets_received\r\n")
        head = server.next_request()
        assert head.startswith("RTSP/1.0 200 OK\r\nCSeq: 9\r\n") and "text/parameters" in head
        expected = len(f"packets_received: {len(packets)}\r\n")
        assert f"Content-Length: {expected}\r\n" in head


@pytest.mark.parametrize("session", [b"a-b_c.$d+E/=%20", b"12345678;Timeout=10", b"5eed ; timeout = 20", b"5eed"])
def test_sessions_of_all_kinds(players, session):
    """The id is given back as it came, without its time-out."""
    with ScriptedServer(SETUP=STANDARD["SETUP"].replace(b"5eed;timeout=60", session)) as server:
        player = players(server)
        start(player)
        requests = [server.next_request() for _ in range(4)]
        wanted = session.decode().split(";")[0].strip()
        assert f"\r\nSession: {wanted}\r\n" in requests[3]


@pytest.mark.parametrize(("reply", "base"), [
    (OK + b"Content-Type: application/sdp\r\nContent-Length: %LENGTH%\r\n\r\n" + SDP, ""),
    (STANDARD["DESCRIBE"].replace(b"%URL%/", b"%URL%"), ""),
    (STANDARD["DESCRIBE"].replace(b"Content-Base", b"Content-Location"), "/"),
    (STANDARD["DESCRIBE"].replace(b"\r\na=control:trackID=0", b"\r\na=control:%URL%/trackID=0"), "/"),
])  # fmt: skip
def test_the_base_of_the_streams(players, clock, reply, base):
    """Missing, without a slash, under the other name, not needed: the same requests, and it plays."""
    with ScriptedServer(DESCRIBE=reply.replace(b"%LENGTH%", b"%d" % len(SDP))) as server:
        server.script["DESCRIBE"] = lambda asked: _with_length(reply, asked)
        player = players(server)
        start(player)
        lines = [server.next_request().split("\r\n")[0] for _ in range(4)]
        assert lines[2:] == [f"SETUP {server.url}/trackID=0 RTSP/1.0", f"PLAY {server.url}{base} RTSP/1.0"]
        send_all(server, frames(2))
        assert shown(player, clock, 2) == in_time(range(2))


def _with_length(reply, server):
    head, _, body = reply.partition(b"\r\n\r\n")
    body = body.replace(b"%URL%", server.url.encode())
    return head.replace(b"%LENGTH%", b"%d" % len(body)) + b"\r\n\r\n" + body


# ---- elsewhere


def moved(status, place):
    return refused(status, "Moved", b"Location: " + place.encode() + b"\r\n")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_to_another_server_is_followed(players, clock, status, caplog):
    """On a new connection, from the beginning; with a line that says so."""
    with ScriptedServer() as there, ScriptedServer(DESCRIBE=moved(status, there.url)) as here:
        player = players(here)
        player.connect()
        player.openRtpPort()
        ports = player.way.ports
        start(player)
        assert player.way.ports is not ports  # another server may know us by another address
        assert here.methods() == ["OPTIONS", "DESCRIBE"]
        assert there.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        send_all(there, frames(2))
        assert shown(player, clock, 2) == in_time(range(2))
        assert player.statistics()["url"] == there.url
        assert [record.message for record in caplog.records] == [f"! The server sent us to {there.url}"]


def test_a_redirect_within_the_server_may_be_relative(players):
    with ScriptedServer(DESCRIBE=[moved(302, "/other/movie"), STANDARD["DESCRIBE"]]) as server:
        player = players(server)
        start(player)
        requests = [server.next_request() for _ in range(6)]
        assert requests[3].startswith(f"DESCRIBE rtsp://127.0.0.1:{server.port}/other/movie RTSP/1.0\r\n")
        assert server.connections == 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_redirect_may_come_as_late_as_setup(players, clock, transport):
    granted = INSIDE if transport == "tcp" else STANDARD["SETUP"]
    with ScriptedServer(SETUP=granted) as there, ScriptedServer(SETUP=moved(302, there.url)) as here:
        player = players(here, transport=transport)
        start(player)
        assert there.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"] and player.state is State.PLAYING


def test_a_circle_of_redirects_is_one_sentence(players):
    with ScriptedServer() as server:
        server.script["DESCRIBE"] = [moved(302, server.url + "/2"), moved(302, server.url)]
        with pytest.raises(ServerRefused, match="in a circle") as caught:
            players(server).setup()
        assert "\n" not in str(caught.value) and caught.value.code == 4


def test_a_proxy_is_not_taken_for_the_movie(players):
    """305: what it names is no place of the movie."""
    reply = moved(305, "rtsp://127.0.0.1:1/")
    with ScriptedServer(DESCRIBE=reply) as server, pytest.raises(ServerRefused, match="305"):
        players(server).setup()


LIST = OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\nrtsp://127.0.0.1:6789/a.Mjpeg\r\nb.Mjpeg\r\n"


def test_a_folder_is_asked_for_its_list(players):
    """Only after it has refused a description: some cameras dislike a second type."""
    with ScriptedServer(DESCRIBE=[refused(406, "Not Acceptable"), LIST]) as server:
        server.url = server.url.replace("movie.Mjpeg", "films/")
        with pytest.raises(FolderFound) as caught:
            players(server).setup()
        requests = [server.next_request() for _ in range(3)]
        assert "\r\nAccept: application/sdp\r\n" in requests[1] and "\r\nAccept: text/uri-list\r\n" in requests[2]
        assert caught.value.urls == ("rtsp://127.0.0.1:6789/a.Mjpeg", server.url + "b.Mjpeg")


# ---- pause, seek, speed


def playing_at(begin, sequence=SEQ, timestamp=RTPTIME, more=b""):
    info = b"RTP-Info: url=x;seq=%d;rtptime=%d\r\n" % (sequence, timestamp)
    return OK + b"Session: 5eed\r\nRange: npt=%.3f-\r\n%s" % (begin, info) + more + b"\r\n"


@pytest.mark.parametrize(
    "info",
    [
        b"Range: npt=10.000-\r\nRTP-Info: url=x;seq=5000;rtptime=777\r\n",
        b"RTP-Info: url=x;seq=5000\r\n",
        b"RTP-Info: url=x;rtptime=777\r\n",
        b"Range: npt=10.000-\r\n",
        b"",
        b"RTP-Info: url=x;seq=40000;rtptime=1000000000\r\n",
        b"RTP-Info: url=x;seq=;rtptime=no\r\n",
    ],
    ids=["whole", "seq", "rtptime", "range", "nothing", "wrong", "broken"],
)
@pytest.mark.parametrize("numbers", [(5000, 777), (None, None)], ids=["restarting", "continuing"])
def test_a_jump_is_shown_at_its_time(players, clock, info, numbers):
    """PAUSE and PLAY with a Range, as VLC does; whatever the reply says or does not, and whether the server counts on
    or anew."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        packets = frames(2)
        send_all(server, packets)
        shown(player, clock, 2)
        server.methods()
        if numbers[0] is None:
            numbers = SEQ + len(packets), RTPTIME + 2 * TICKS
            info = info.replace(b"5000", b"%d" % numbers[0]).replace(b"777", b"%d" % numbers[1])
        server.script["PLAY"] = OK + info + b"\r\n"
        player.seek(10)
        assert player.position == 10
        assert server.next_request().startswith("PAUSE") and "\r\nRange: npt=10.000-\r\n" in server.next_request()
        send_all(server, frames(4, numbers[0], numbers[1], first=4))
        assert shown(player, clock, 4) == in_time([4, 5, 6, 7], 10.0)
        assert player.position == pytest.approx(10.15) and player.statistics()["lost"] == 0


@pytest.mark.parametrize(("seconds", "asked"), [(-5, "0.000"), (99, "24.800"), (3.25, "3.250")])
def test_a_jump_stays_within_the_movie(players, seconds, asked):
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        player.seek(seconds)
        assert f"Range: npt={asked}-" in [server.next_request() for _ in range(6)][5]


def test_a_jump_while_paused_is_for_the_next_play(players):
    """The position is there at once; nothing is asked."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        player.pause()
        server.methods()
        player.seek(7)
        assert player.position == 7 and player.state is State.READY and server.methods() == []
        player.play()
        assert "Range: npt=7.000-" in server.next_request()
        player.pause()
        server.methods()
        player.play()
        assert "Range" not in server.next_request()


@pytest.mark.parametrize("status", [405, 455, 501])
def test_a_server_without_pause(players, clock, status):
    """It says so when it is asked to pause, and plays on; a jump does without."""
    with ScriptedServer(DESCRIBE=LASTING_25, OPTIONS=NO_PAUSE, PAUSE=refused(status, "No")) as server:
        player = players(server)
        start(player)
        with pytest.raises(ServerRefused, match="PAUSE"):
            player.pause()
        assert player.state is State.PLAYING
        server.script["PLAY"] = playing_at(10, 5000)
        player.seek(10)
        send_all(server, frames(2, 5000))
        assert shown(player, clock, 2) == in_time([0, 1], 10.0)


def test_where_a_movie_cannot_be_sought_in(players, clock):
    """456: it is live, say. The sentence says so, and Play goes on."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        server.script["PLAY"] = [refused(456, "Header Field Not Valid for Resource"), STANDARD["PLAY"]]
        with pytest.raises(ServerRefused, match="cannot be played from there"):
            player.seek(10)
        player.play()
        assert player.state is State.PLAYING and "Range" not in [server.next_request() for _ in range(7)][6]


@pytest.mark.parametrize(("asked", "more", "scale"), [
    (2.0, b"Scale: 2.000\r\n", 2.0),
    (4.0, b"Scale: 2\r\n", 2.0),
    (2.0, b"", 1.0),
    (2.0, b"Scale: fast\r\n", 1.0),
    (-1.0, b"Scale: -1.000000\r\n", -1.0),
])
def test_the_speed_is_the_one_of_the_reply(players, clock, asked, more, scale):
    """The position follows it; a server that ignores it plays at 1."""
    with ScriptedServer(DESCRIBE=LASTING_25, PLAY=playing_at(10, more=more)) as server:
        player = players(server)
        start(player, 10, asked)
        assert f"\r\nScale: {asked:.3f}\r\n" in [server.next_request() for _ in range(4)][3]
        send_all(server, frames(4))
        assert shown(player, clock, 4) == in_time(range(4), 10.0, scale)
        assert (player.scale, player.wantedScale) == (scale, asked)


def test_another_speed_while_playing(players, clock):
    """PLAY without a Range; it stays through a pause, and going back to 1 is said."""
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = players(server)
        start(player)
        packets = frames(2)
        send_all(server, packets)
        assert shown(player, clock, 2) == in_time(range(2))
        server.methods()
        after = SEQ + len(packets)
        server.script["PLAY"] = playing_at(0.1, after, RTPTIME + 2 * TICKS, b"Scale: 4.0\r\n")
        player.play(scale=4)
        text = server.next_request()
        assert "\r\nScale: 4.000\r\n" in text and "Range" not in text
        send_all(server, frames(3, after, RTPTIME + 2 * TICKS, first=2))
        assert shown(player, clock, 3) == in_time([2, 3, 4], 0.1, 4.0)
        player.pause()
        player.play()
        assert "\r\nScale: 4.000\r\n" in [server.next_request() for _ in range(2)][1]
        player.play(scale=1)
        assert "\r\nScale: 1.000\r\n" in server.next_request()


def test_backwards_to_the_beginning(players, clock):
    """There, BYE is the end, and not a failure; the next PLAY begins at the other end."""
    with ScriptedServer(DESCRIBE=LASTING_25, PLAY=playing_at(0.1, more=b"Scale: -1\r\n")) as server:
        player = players(server)
        start(player, 0.1, -1)
        send_all(server, frames(3))
        assert shown(player, clock, 3) == in_time(range(3), 0.1, -1)
        server.send_bye()
        eventually(lambda: player.receiver.ended)
        clock.now += 1
        assert player.dueFrames() == [] and player.ended and player.state is State.READY
        server.methods()
        player.play()
        assert "\r\nRange: npt=25.000-\r\n" in server.next_request()


def test_the_lab_cannot_jump(players):
    with ScriptedServer(lab=True) as server:
        player = players(server, dialect="lab")
        start(player)
        for act in (lambda: player.seek(3), lambda: player.play(3), lambda: player.play(scale=2)):
            with pytest.raises(UsageError, match="cannot jump"):
                act()
        assert player.state is State.PLAYING and server.methods() == ["SETUP", "PLAY"]


# ---- alive


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize(("options", "method"), [
    (STANDARD["OPTIONS"], "GET_PARAMETER"), (OK + b"\r\n", "OPTIONS"), (refused(501, "No"), "OPTIONS"),
])
def test_signs_of_life(players, clock, options, method, paused):
    """Every half of the time-out, while playing and while paused, whatever the server says that it knows."""
    setup = STANDARD["SETUP"].replace(b"timeout=60", b"timeout=8")
    with ScriptedServer(OPTIONS=options, SETUP=setup, GET_PARAMETER=refused(451, "What?")) as server:
        player = players(server)
        start(player)
        if paused:
            player.pause()
        server.methods()
        for _ in range(3):
            clock.now += 3.9
            assert server.methods() == []
            clock.now += 0.2
            text = server.next_request()
            assert text.startswith(method) and "\r\nSession: 5eed\r\n" in text
        assert player.state is (State.READY if paused else State.PLAYING)


@pytest.mark.parametrize("paused", [False, True])
def test_a_session_that_has_ended_is_said_once(players, clock, paused):
    """454 to a sign of life: one clear sentence, and the state is Init."""
    with ScriptedServer(GET_PARAMETER=refused(454, "Session Not Found")) as server:
        player = players(server)
        start(player)
        if paused:
            player.pause()
        clock.now += 31
        eventually(lambda: player.state is State.INIT)
        with pytest.raises(ServerRefused, match="The server has ended the session. Set it up again"):
            player.dueFrames()
        assert player.dueFrames() == []


def test_a_goodbye_over_tcp_in_an_odd_channel_pair(players, clock):
    """The server chose other channels than asked for; RTCP is on the second of them."""
    with ScriptedServer(SETUP=INSIDE.replace(b"0-1", b"8-9")) as server:
        player = players(server, transport="tcp")
        start(player)
        say_all(server, frames(2), 8)
        server.say(bytes(Interleaved(1, b"junk")) + bytes(Interleaved(9, b"junk")))
        server.say(bytes(Interleaved(9, compound(SourceDescription(42, "s"), Goodbye((42,))))))
        eventually(lambda: player.receiver.ended)
        assert shown(player, clock, 2) == in_time(range(2))


def test_a_server_that_says_nothing_to_teardown_does_not_hold_us_up(players):
    with ScriptedServer(TEARDOWN=None) as server:
        player = Player(server.url)
        start(player)
        leaving = threading.Thread(target=player.leave, args=(0.1,))
        leaving.start()
        leaving.join(5)
        assert not leaving.is_alive() and player.state is State.INIT
