"""Publishing to the server: who may, what viewers get of it, and how it ends."""

from __future__ import annotations

import struct

import pytest

import Publishing
from net.gate import Gate
from Publication import Policy
from rtsp import limits
from ServerOptions import parseArguments, readUsers
from tests import movies
from tests.publishing import H264, JPEG, SOUND, Publisher, rtp
from tests.serving import Receiver, Talker, eventually, number, sdp, serving

STEP = 3600  # ticks from frame to frame: 25 frames a second


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", 5)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving(folder) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["udp", "tcp"])
def door(request, server):
    """A publisher, over either transport."""
    with Publisher(server, tcp=request.param) as publisher:
        yield publisher


def frame(k):
    return movies.jpeg(k, (384, 96))


class Watcher:
    """It has all of a path's streams set up; `medias`: where they come."""

    def __init__(self, server, name="door", streams=1):
        self.url, self.talker = server.url(name), Talker(server.port)
        self.medias = [Receiver() for _ in range(streams)]
        self.session = []
        for k, media in enumerate(self.medias):
            reply = self.ask("SETUP", f"{self.url}/trackID={k}", media.transport)
            assert reply.status == 200
            self.session = [f"Session: {reply.headers['session'].split(';')[0]}"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()
        for media in self.medias:
            media.close()

    def ask(self, method, url="", *headers):
        return self.talker.ask(f"{method} {url or self.url} RTSP/1.0", "CSeq: 1", *self.session, *headers)

    def play(self):
        reply = self.ask("PLAY")
        assert reply.status == 200
        return reply


def numbers(media):
    return [one.number() for one in media.frames()]


def test_pictures_are_watched_while_they_come(server, door):
    """Whoever comes gets the newest frame at once and all that follow, in packets with numbers of its own."""
    assert door.record().status == 200
    door.send_frame(frame(0), 0)
    eventually(lambda: server.publications.busy("door").picture().count, "the first frame")
    with Watcher(server) as early:
        assert early.play().headers["range"] == "npt=now-"
        for k in range(1, 4):
            door.send_frame(frame(k), k * STEP)
        early.medias[0].wait_frames(4)
        with Watcher(server) as late:
            late.play()
            late.medias[0].wait_frames(1)
            door.send_frame(frame(4), 4 * STEP)
            late.medias[0].wait_frames(2)
            early.medias[0].wait_frames(5)
            assert numbers(early.medias[0]) == [0, 1, 2, 3, 4] and numbers(late.medias[0]) == [3, 4]
            assert len({early.medias[0].packets[0].ssrc, late.medias[0].packets[0].ssrc, 7}) == 3
        media = early.medias[0]
        assert len({media.packets[k].sequence - k & 0xFFFF for k in range(len(media.packets))}) == 1


@pytest.mark.parametrize("how", ["TEARDOWN", "the connection"])
def test_the_end_is_said_to_viewers_and_the_path_is_free(server, door, how, monkeypatch):
    """BYE; 404 before and after; and whoever comes next publishes there."""
    monkeypatch.setattr(limits, "ABANDONED", 0.1)
    with Talker(server.port) as other:
        assert other.ask(f"DESCRIBE {door.url} RTSP/1.0", "CSeq: 1").status == 404
        assert door.announce().status == 200
        assert other.ask(f"DESCRIBE {door.url} RTSP/1.0", "CSeq: 2").status == 404
        door.record()
        assert b"door" in other.ask(f"DESCRIBE {server.url('')} RTSP/1.0", "CSeq: 3", "Accept: text/uri-list").body
        door.send_frame(frame(0), 0)
        with Watcher(server) as viewer:
            viewer.play()
            if how == "TEARDOWN":
                assert door.ask("TEARDOWN").status == 200
            else:
                door.talker.close()
            viewer.medias[0].wait_bye()
            eventually(lambda: not server.publications.busy("door"), "the end")
            assert other.ask(f"DESCRIBE {door.url} RTSP/1.0", "CSeq: 4").status == 404
            assert viewer.ask("TEARDOWN").status == 200
    with Publisher(server) as again:
        assert again.record().status == 200


def test_any_codec_is_relayed_untouched(server):
    """Two streams, in any order of SETUP: the description, every byte of every payload, the marker, and the differences
    of timestamps, also where they go back; over UDP and TCP at once."""
    picture = [(b"\x67ab", 0, False), (b"\x68c", 0, False), (b"A" * 1401, 0, False), (b"B" * 1401, 0, False)]
    sent = [*picture, (b"C" * 77, 0, True), (b"P" * 500, 10800, True), (b"b" * 31, 3600, True), (b"", 7200, True)]
    with Publisher(server, "film", H264, SOUND) as film:
        film.announce()
        assert film.setup(1).status == 200 and film.setup(0).status == 200
        film.ports.reverse()
        film.media.reverse()
        assert film.ask("RECORD", f"{film.url}/").status == 200
        with Talker(server.port) as talker:
            session, media = sdp(talker.ask(f"DESCRIBE {film.url} RTSP/1.0", "CSeq: 1").body)
        assert media[0]["a=rtpmap"] == ["96 H264/90000"] and "sprop-parameter-sets=Z0LA,aM4=" in media[0]["a=fmtp"][0]
        assert media[1]["a=rtpmap"] == ["97 MPEG4-GENERIC/48000/2"] and media[1]["a=control"] == ["trackID=1"]
        assert "a=tool" not in session
        with Watcher(server, "film", 2) as viewer:
            viewer.play()
            start = 2**32 - 5000
            for payload, timestamp, marker in sent:
                film.send_packet(payload, start + timestamp, marker)
            for k in range(3):
                film.send_packet(b"sound" * k, 1024 * k, True, number=1)
            viewer.medias[0].wait_packets(len(sent))
            viewer.medias[1].wait_packets(3)
            came = viewer.medias[0].packets
            assert [(one.payload, one.timestamp - came[0].timestamp & 0xFFFFFFFF, bool(one.marker))
                    for one in came] == sent  # fmt: skip
            assert [one.payload for one in viewer.medias[1].packets] == [b"", b"sound", b"soundsound"]
            assert {one.payload_type for one in came} == {96}


def test_what_is_lost_on_the_way_here_is_missing_for_viewers_too(server):
    """A hole in the numbers, or decoders would show damage as if it were the picture."""
    with Publisher(server, "film", H264, tcp=True) as film, Receiver() as media:
        film.record()
        with Watcher(server, "film") as viewer:
            viewer.play()
            media = viewer.medias[0]
            for k in range(6):
                if k in (2, 3):
                    film.sequence += 1  # never sent
                else:
                    film.send_packet(bytes([k]) * 100, k * STEP, True)
            media.wait_packets(4)
            first = media.packets[0].sequence
            assert [(one.payload[0], one.sequence - first & 0xFFFF) for one in media.packets] == [
                (0, 0), (1, 1), (4, 4), (5, 5)]  # fmt: skip


def test_late_and_doubled_packets_are_put_in_order(server):
    """UDP may do that."""
    with Publisher(server, "film", H264) as film:
        film.record()
        with Watcher(server, "film") as viewer:
            viewer.play()
            for k in (0, 2, 1, 1, 3):
                film.send(rtp(96, 100 + k, k * STEP, bytes([k]), True))
            viewer.medias[0].wait_packets(4)
            assert [one.payload[0] for one in viewer.medias[0].packets] == [0, 1, 2, 3]


def test_what_is_no_media_of_the_stream_is_dropped(server):
    """Junk, other payload types, and RTP from the port of RTCP are no reason to end anything."""
    with Publisher(server) as door:
        door.record()
        with Watcher(server) as viewer:
            viewer.play()
            junk = b"", b"\xce\xfa\xed\xfe", b"\x80\xc8\0\0", bytes(200), b"\x80\xc8\0\x06" * 9
            for data in (*junk, rtp(99, 1, 0, b"another payload type")):
                door.send(data)
                door.send(data, control=True)
            door.send_frame(frame(3), 0)
            viewer.medias[0].wait_frames(1)
            assert numbers(viewer.medias[0]) == [3]


def test_a_lab_client_watches_too(server, door):
    """One whole JPEG in each datagram."""
    door.record()
    with Talker(server.port) as client, Receiver() as media:
        client.raw(f"SETUP door RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {media.port}".encode())
        reply = client.socket.recv(1024).decode()
        session = reply.split("Session: ")[1].strip()
        assert reply.startswith("RTSP/1.0 200 OK")
        client.raw(f"PLAY door RTSP/1.0\nCSeq: 2\nSession: {session}".encode())
        assert client.socket.recv(1024).startswith(b"RTSP/1.0 200 OK")
        for k in range(3):
            door.send_frame(frame(k), k * STEP)
        media.wait_frames(3)
        assert [(number(one.payload), one.sequence, one.marker) for one in media.packets] == [
            (0, 1, 1), (1, 2, 1), (2, 3, 1)]  # fmt: skip


def test_pause_and_go_on(server, door):
    """What is sent in between is dropped; viewers wait, and see what comes then."""
    door.record()
    with Watcher(server) as viewer:
        viewer.play()
        media = viewer.medias[0]
        door.send_frame(frame(0), 0)
        media.wait_frames(1)
        assert door.ask("PAUSE").status == 200
        if door.tcp:  # over UDP nobody knows what overtakes what
            door.send_frame(frame(1), STEP)
        assert door.ask("RECORD").status == 200
        door.sequence += 500
        door.send_frame(frame(2), 2 * STEP)
        media.wait_frames(2)
        assert numbers(media) == [0, 2]
        assert len({one.sequence - k & 0xFFFF for k, one in enumerate(media.packets)}) == 1


def test_gstreamer_s_words(server):
    """mode in capitals and quotes, no Range with RECORD, PAUSE before TEARDOWN, GET_PARAMETER as a sign of life."""
    with Publisher(server, "gst", agent="GStreamer/1.22.0") as gst:
        gst.announce()
        assert gst.setup(mode='"RECORD"').status == 200
        assert gst.ask("GET_PARAMETER", "", "Content-Type: text/parameters", body="position\r\n").status == 200
        assert gst.ask("SET_PARAMETER", "", "Content-Type: text/parameters", body="quality: 10\r\n").status == 451
        assert [gst.ask(one).status for one in ("RECORD", "GET_PARAMETER", "PAUSE", "TEARDOWN")] == [200] * 4


def test_a_second_publisher_is_refused(server, door):
    """455 while the first one is there: at ANNOUNCE, or at RECORD if both had announced before."""
    with Publisher(server) as early, Publisher(server) as late:
        early.announce()
        early.setup()
        assert door.record().status == 200
        reply = late.announce()
        assert reply.status == early.ask("RECORD").status == 455
        assert "PLAY" in reply.headers["allow"] and b"published by somebody else" in reply.body
        with Watcher(server) as viewer:  # nothing has happened to the first
            viewer.play()
            door.send_frame(frame(2), 0)
            viewer.medias[0].wait_frames(1)
        door.ask("TEARDOWN")
        assert early.ask("RECORD").status == 200


def test_who_lost_the_connection_may_come_again_at_once(server, monkeypatch):
    """Over UDP the session would live on for a minute."""
    monkeypatch.setattr(limits, "ABANDONED", 0.05)
    with Publisher(server) as dead, Publisher(server) as again:
        dead.record()
        dead.talker.close()
        eventually(lambda: again.announce().status == 200, "the path")
        assert again.record().status == 200


def test_takeover(folder, caplog):
    """The first one's viewers go on with the second one, its connection ends; those who come see the second one."""
    with serving(folder, policy=Policy(takeover=True)) as server:
        with Publisher(server) as first, Publisher(server) as second:
            first.record()
            with Watcher(server) as viewer:
                viewer.play()
                first.send_frame(frame(1), 0)
                viewer.medias[0].wait_frames(1)
                assert second.record().status == 200
                assert first.talker.is_closed()
                second.send_frame(frame(7), 0)
                viewer.medias[0].wait_frames(2)
                assert numbers(viewer.medias[0]) == [1, 7]
            with Watcher(server) as viewer:
                viewer.play()
                viewer.medias[0].wait_frames(1)
                second.send_frame(frame(2), 0)
                viewer.medias[0].wait_frames(2)
                assert numbers(viewer.medias[0]) == [7, 2]
        assert "taken over" in caplog.text


def test_only_this_machine_may_publish(server, monkeypatch):
    """Unless publishers are named: 403."""
    monkeypatch.setattr(Publishing, "is_loopback", lambda host: False)
    with Publisher(server) as stranger:
        reply = stranger.announce()
        assert reply.status == 403 and b"--publish-user" in reply.body


def test_named_publishers_log_in(folder, monkeypatch):
    """401 without a name, whoever asks and from wherever; viewers are not asked."""
    monkeypatch.setattr(Publishing, "is_loopback", lambda host: False)
    gate = Gate(readUsers([("cam", "secret")], None), allow_basic=True)
    with serving(folder, policy=Policy(gate=gate)) as server, Publisher(server) as door:
        assert door.announce().status == 401
        basic = "Authorization: Basic Y2FtOnNlY3JldA=="
        assert door.announce(basic).status == 200
        assert door.setup().status == 401  # its connection is a publisher's
        assert door.announce("Authorization: Basic Y2FtOndyb25n").status == 401
        with Talker(server.port) as viewer:
            assert viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1").status == 200


def test_limits(server, monkeypatch):
    """453 for one too many; 400 for names that nobody can type."""
    monkeypatch.setattr(limits, "PUBLICATIONS", 1)
    with Publisher(server, "one") as one, Publisher(server, "two") as two:
        assert one.record().status == 200 and two.announce().status == 453
    for name in ("x" * 201, "%00", "a%0Ab"):
        with Publisher(server, name) as odd:
            assert odd.announce().status == 400


def test_what_cannot_be_done_to_what_is_published(server, door):
    """PLAY in the same session, other streams in it, a folder as the path, another description."""
    door.record()
    assert door.ask("PLAY").status == door.setup().status == 455
    assert door.announce().status == 200  # the same once more
    door.streams = (H264,)
    assert door.announce().status == 455
    with Publisher(server, "") as root:
        assert root.announce().status == 405
    with Publisher(server, "nothing") as early:
        assert early.setup().status == 455 and early.ask("RECORD").status == 454
        early.announce()
        assert early.ask("SETUP", f"{early.url}/streamid=9", "Transport: RTP/AVP;multicast;mode=record").status == 404
        assert early.ask("SETUP", f"{early.url}/streamid=0", "Transport: RTP/AVP;multicast;mode=record").status == 461


def test_a_movie_is_hidden_while_somebody_publishes_under_its_name(server):
    """It is there again afterwards."""
    with Talker(server.port) as viewer, Publisher(server, "movie.Mjpeg", SOUND) as radio:
        def kinds():
            body = viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1").body
            return [one["m"][0].split()[0] for one in sdp(body)[1]]

        radio.record()
        assert kinds() == ["audio"]
        radio.ask("TEARDOWN")
        assert kinds() == ["video"]


def test_a_publisher_over_udp_that_falls_silent(folder):
    """Its session times out, as any other; datagrams keep it."""
    with serving(folder, timeout=1) as server, Publisher(server) as door:
        door.record()
        with Watcher(server) as viewer:
            viewer.play()
            viewer.medias[0].wait_bye()
        eventually(lambda: not server.publications.busy("door"), "the end")


def test_lip_sync_is_that_of_the_publisher(server):
    """Its reports say which timestamps belong together; ours say the same of ours (RFC 3550 §6.4.1)."""
    with Publisher(server, "film", JPEG, SOUND) as film:
        film.record()
        half = 1 << 31  # of a second
        for number, ntp, timestamp in ((0, 0xE0 << 56, 90_000), (1, (0xE0 << 56) + half, 12_000)):
            film.send(struct.pack("!BBHIQIII", 0x80, 200, 6, 7, ntp, timestamp, 0, 0), number, control=True)
        with Watcher(server, "film", 2) as viewer:
            viewer.play()
            film.send_packet(b"late", 12_000, True, number=1)
            viewer.medias[1].wait(lambda media: media.controls and media.packets, "a report and a packet")
            film.send_frame(frame(1), 90_000)
            viewer.medias[0].wait(lambda media: media.controls and media.packets, "a report and a packet")
            sent = [moment(media, rate) for media, rate in zip(viewer.medias, (90_000, 48_000), strict=True)]
            assert sent[1] - sent[0] == pytest.approx(0.5, abs=0.001)  # though they came at the same time


def moment(media, rate):
    """The time of day of a stream's first packet, by its sender report."""
    ssrc, ntp, timestamp = struct.unpack_from("!IQI", media.controls[0].packets[0][2])
    assert ssrc == media.packets[0].ssrc
    ticks = (media.packets[0].timestamp - timestamp + 2**31) % 2**32 - 2**31
    return ntp / 2**32 + ticks / rate


def test_the_command_line_says_who_may(tmp_path):
    """Named publishers get a gate of their own."""
    options = ["--publish-user", "cam:secret", "--takeover", "--record", str(tmp_path)]
    policy = parseArguments(options).policy
    assert policy.gate and policy.takeover and policy.recordings.folder == tmp_path
    policy = parseArguments([]).policy
    assert (policy.gate, policy.takeover, policy.recordings) == (None, False, None)


@pytest.mark.parametrize("options", [["--record", "missing"], ["--takeover", "--processes", "2"],
                                     ["--publish-user", "cam"], 2 * ["--publish-user", "cam:x"]])  # fmt: skip
def test_what_the_command_line_does_not_take(options, tmp_path, monkeypatch, capsys):
    """Exit code 2, and one sentence without the password."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        parseArguments(options)
    assert end.value.code == 2 and "Traceback" not in capsys.readouterr().err


def test_several_processes_take_no_publishers(server, monkeypatch):
    """Viewers come to any of them, and the stream would be in one."""
    monkeypatch.setattr(server.seat, "shared", True)
    with Publisher(server) as door:
        assert door.announce().status == 501
