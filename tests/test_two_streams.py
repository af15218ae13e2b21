"""Presentations of several streams, and live ones: picture and sound that are set up one by one and played together."""

from __future__ import annotations

import math
import struct

import pytest

from media.source import Format, LiveSource, MediaError, Presentation, Source
from rtp.jpeg import payloads
from tests import ffmpeg, movies
from tests.serving import Receiver, Talker, npt, number, parameters, rtp_info, sdp, serving
from VideoStream import VideoStream

FRAMES, RATE = 40, 40.0
CLOCK, BLOCK = 16_000, 320  # L16: samples a second, samples a packet


class Sound(Source):
    """Samples in network order (RFC 3551 §4.5.11), made on the spot: each sample of block k is k."""

    seekable = True
    instant = True
    period = BLOCK / CLOCK

    def __init__(self, blocks):
        self.format = Format("audio", 97, "L16", CLOCK, channels=1)
        self.blocks = blocks
        self.duration = blocks * self.period

    def frame_at(self, time):
        return min(self.blocks, math.ceil(time / self.period - 1e-9))

    def time(self, k):
        return k * self.period

    def available(self, k):
        return 0 <= k < self.blocks

    def ended(self, k):
        return k >= self.blocks

    def first(self):
        return 0

    def payloads(self, k, size):
        return [(block(k), k == 0)]

    def whole(self, k, limit):
        raise MediaError("sound is no picture")


def block(k):
    return struct.pack(f"!{BLOCK}h", *[k] * BLOCK)


def block_number(packet):
    """Which block a packet is."""
    samples = set(struct.unpack(f"!{len(packet.payload) // 2}h", packet.payload))
    assert len(packet.payload) == 2 * BLOCK and len(samples) == 1
    return samples.pop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    with serving(folder, fps=RATE) as running:
        movie = VideoStream(folder / "movie.Mjpeg", RATE).movie
        for name, blocks in (("film", 50), ("short sound", 20), ("long sound", 60)):
            running.library.add(name.replace(" ", "-"), Presentation(name, (movie, Sound(blocks))))
        yield running


@pytest.fixture
def film(server):
    with Film(server, "film") as viewer:
        yield viewer


class Film:
    """A session with picture and sound, each with its own ports."""

    def __init__(self, server, name, tracks=2):
        self.url = server.url(name)
        self.talker = Talker(server.port)
        self.media = [Receiver() for _ in range(tracks)]
        self.transports, self.session = [], ""
        for track in range(tracks):
            reply = self.set_up(track)
            assert reply.status == 200
            header = "Session: " + reply.headers["session"].split(";")[0]
            assert self.session in ("", header)
            self.session = header
            self.transports.append(parameters(reply.headers["transport"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.talker.close()
        for receiver in self.media:
            receiver.close()

    @property
    def picture(self):
        return self.media[0]

    @property
    def sound(self):
        return self.media[1]

    def set_up(self, track):
        lines = [f"SETUP {self.url}/trackID={track} RTSP/1.0", "CSeq: 1", self.media[track].transport]
        return self.talker.ask(*lines, *([self.session] if self.session else []))

    def ask(self, method, *headers, track=""):
        return self.talker.ask(f"{method} {self.url}/{track} RTSP/1.0", "CSeq: 2", self.session, *headers)

    def play(self, range_=None):
        """PLAY; RTP-Info of each stream, and (start, end) of the Range."""
        reply = self.ask("PLAY", *([f"Range: {range_}"] if range_ else []))
        assert reply.status == 200
        infos = rtp_info(reply.headers["rtp-info"])
        return infos, npt(reply.headers["range"])

    def pictures(self):
        return [frame.number() for frame in self.picture.frames()]

    def blocks(self):
        return [block_number(one) for one in list(self.sound.packets)]


def check_infos(film, infos, start, at=(0, 0)):
    """Each stream's first packet (of number `at`) has the announced sequence number, and the timestamp that lies as far
    behind rtptime as its frame's time lies behind the start of the Range (RFC 2326 §12.33)."""
    assert [info.url for info in infos] == [f"{film.url}/trackID={n}" for n in (0, 1)]
    firsts = [receiver.packets[n] for receiver, n in zip(film.media, at, strict=True)]
    assert [one.sequence for one in firsts] == [info.seq for info in infos]
    times = number_at(film, at[0]) / RATE, block_number(firsts[1]) * Sound.period
    for one, info, time, clock in zip(firsts, infos, times, (90_000, CLOCK), strict=True):
        assert one.timestamp == (info.rtptime + round((time - start) * clock)) & 0xFFFFFFFF
    assert min(times) == pytest.approx(start)


def number_at(film, position):
    """The movie's frame that begins with this packet."""
    first = film.picture.packets[position]
    (frame,) = [frame for frame in film.picture.frames() if frame.first is first]
    return frame.number()


def check_no_gaps(film):
    for receiver in film.media:
        first = receiver.packets[0].sequence
        found = [one.sequence for one in receiver.packets]
        assert found == [(first + n) & 0xFFFF for n in range(len(found))]


# --- description and set-up -------------------------------------------------------------------------------------------


def test_the_description_lists_both(server):
    """Two media sections in order, each with its own control; the presentation's range is that of the longer one."""
    with Talker(server.port) as talker:
        body = talker.ask(f"DESCRIBE {server.url('long-sound')} RTSP/1.0", "CSeq: 1").body
    session, (picture, sound) = sdp(body)
    assert session["a=control"] == ["*"] and npt(session["a=range"][0]) == (0, 1.2)
    assert (picture["m"], picture["a=control"]) == (["video 0 RTP/AVP 26"], ["trackID=0"])
    assert (sound["m"], sound["a=control"]) == (["audio 0 RTP/AVP 97"], ["trackID=1"])
    assert sound["a=rtpmap"] == ["97 L16/16000/1"] and "a=framerate" not in sound


def test_streams_are_set_up_one_by_one(server, film):
    """One session, two pairs of ports, two SSRCs; the presentation as a whole cannot be set up (459), nor a third
    stream (404), nor a stream of something else (459)."""
    assert len({transport["server_port"] for transport in film.transports}) == 2
    assert len({transport["ssrc"] for transport in film.transports}) == 2
    for name, status in (("film", 459), ("film/trackID=2", 404), ("movie.Mjpeg/trackID=0", 459)):
        lines = f"SETUP {server.url(name)} RTSP/1.0", "CSeq: 3", film.session, film.picture.transport
        assert film.talker.ask(*lines).status == status
    new = f"SETUP {server.url('film')} RTSP/1.0", "CSeq: 4", film.picture.transport
    assert film.talker.ask(*new).status == 459
    assert film.ask("PLAY").status == 200


def test_what_is_for_all_streams_is_not_for_one(film):
    """PLAY, PAUSE and TEARDOWN of one stream of a session with two: 460, and nothing moves."""
    for method in ("PLAY", "PAUSE", "TEARDOWN"):
        assert film.ask(method, track="trackID=1").status == 460
    assert film.ask("PLAY").status == 200
    assert film.ask("PAUSE", track="trackID=0").status == 460
    for receiver in film.media:
        receiver.wait_bye()
    assert film.ask("TEARDOWN").status == 200


@pytest.mark.parametrize("track", [0, 1])
def test_one_of_two_streams_alone(server, track):
    """A player without sound, or without a screen: the stream's own URL will do, and RTP-Info names it alone."""
    with Receiver() as media, Talker(server.port) as talker:
        url = f"{server.url('film')}/trackID={track}"
        reply = talker.ask(f"SETUP {url} RTSP/1.0", "CSeq: 1", media.transport)
        session = "Session: " + reply.headers["session"]
        reply = talker.ask(f"PLAY {url} RTSP/1.0", "CSeq: 2", session, "Range: npt=0.5-")
        assert reply.status == 200
        (info,) = rtp_info(reply.headers["rtp-info"])
        media.wait_bye()
        first = media.packets[0]
        assert (info.url, info.seq, info.rtptime) == (url, first.sequence, first.timestamp)
        assert (media.frames()[0].number() if track == 0 else block_number(first)) == (20, 25)[track]
        assert talker.ask(f"TEARDOWN {url} RTSP/1.0", "CSeq: 3", session).status == 200


# --- playing ----------------------------------------------------------------------------------------------------------


def test_both_are_played_from_first_to_last(film):
    """RTP-Info is exact for each, the timestamps step by each one's own clock, each ends with its own BYE."""
    infos, range_ = film.play("npt=0.000-")
    for receiver in film.media:
        receiver.wait_bye()
    assert range_ == (0, 1.0)
    assert film.pictures() == list(range(FRAMES)) and film.blocks() == list(range(50))
    check_infos(film, infos, 0)
    check_no_gaps(film)
    steps = [one.timestamp - infos[1].rtptime & 0xFFFFFFFF for one in film.sound.packets]
    assert steps == [k * BLOCK for k in range(50)]
    assert {one.payload_type for one in film.sound.packets} == {97}
    assert [one.marker for one in film.sound.packets][:2] == [1, 0]
    for receiver, transport in zip(film.media, film.transports, strict=True):
        *_, end = receiver.controls
        assert end.types == [200, 202, 203]
        assert {one.ssrc for one in receiver.packets} == {int(transport["ssrc"], 16)}
        assert end.packets[2][2] == bytes.fromhex(transport["ssrc"])
    names = {receiver.controls[0].packets[1][2][6:] for receiver in film.media}
    assert len(names) == 1  # one CNAME for both: they belong together (RFC 3550 §6.5.1)


def test_picture_and_sound_stay_together(film):
    """Both start at once and run on one clock: roughly, as this machine may be busy."""
    film.play()
    for receiver in film.media:
        receiver.wait_bye()
    pictures = [frame.first.arrived - k / RATE for k, frame in enumerate(film.picture.frames())]
    sounds = [one.arrived - k * Sound.period for k, one in enumerate(film.sound.packets)]
    assert abs(sorted(pictures)[FRAMES // 2] - sorted(sounds)[25]) < 0.1


@pytest.mark.parametrize(
    ("range_", "start", "firsts"),
    [("npt=0.5-", 0.5, (20, 25)), ("npt=0.51-", 0.52, (21, 26)), ("npt=0.015-", 0.02, (1, 1))],
)
def test_seeking_both(film, range_, start, firsts):
    """Each starts with its own first frame that is not before the start; Range says the earlier one's time, and each
    rtptime belongs to that."""
    infos, (begins, _) = film.play(range_)
    assert begins == pytest.approx(start)
    film.picture.wait_frames(1)
    film.sound.wait_packets(1)
    assert (film.pictures()[0], film.blocks()[0]) == firsts
    check_infos(film, infos, start)


def test_pause_and_play_lose_nothing_of_either(film):
    """Both stop, both go on with what was not sent yet; sequence numbers have no gap."""
    film.play()
    for stop in (8, 24):
        film.picture.wait_frames(stop)
        assert film.ask("PAUSE").status == 200
        for receiver in film.media:
            receiver.settle()
        counts = [len(receiver.packets) for receiver in film.media]
        infos, (start, _) = film.play()
        film.picture.wait_frames(stop + 3)
        film.sound.wait_packets(counts[1] + 1)
        check_infos(film, infos, start, counts)
    for receiver in film.media:
        receiver.wait_bye()
    assert film.pictures() == list(range(FRAMES)) and film.blocks() == list(range(50))
    check_no_gaps(film)


def test_the_session_plays_until_the_last_stream_ends(server):
    """The sound's BYE comes first; the session goes on playing the picture, and is Ready after both."""
    with Film(server, "short-sound") as film:
        film.play()
        film.sound.wait_bye()
        assert not any(203 in one.types for one in film.picture.controls)
        assert film.set_up(1).status == 455  # still Playing
        film.picture.wait_bye()
        assert film.pictures() == list(range(FRAMES)) and film.blocks() == list(range(20))
        assert film.set_up(1).status == 200


def test_a_stream_that_has_ended_stays_so_after_a_pause(server):
    """PAUSE and PLAY behind the end of the sound: the picture goes on where it stood, and no sound begins again. After
    the end of all, both do."""
    with Film(server, "short-sound") as film:
        film.play()
        film.sound.wait_bye()
        film.picture.wait_frames(20)
        film.ask("PAUSE")
        film.picture.settle()
        shown = len(film.picture.frames())
        infos, (start, _) = film.play()
        assert (start, [info.url[-1] for info in infos]) == (pytest.approx(shown / RATE), ["0"])
        film.picture.wait_bye()
        assert film.pictures() == list(range(FRAMES)) and film.blocks() == list(range(20))
        infos, (start, _) = film.play()
        assert start == 0 and len(infos) == 2
        film.picture.wait_bye(2)
        assert film.pictures() == 2 * list(range(FRAMES)) and film.blocks() == 2 * list(range(20))
        check_no_gaps(film)


def test_a_range_behind_the_end_of_one(server):
    """From where only the sound is left: it alone is played and named. Behind both: 457."""
    with Film(server, "long-sound") as film:
        assert film.ask("PLAY", "Range: npt=1.2-").status == 457
        infos, (start, end) = film.play("npt=1.1-")
        assert (start, end, [info.url[-1] for info in infos]) == (pytest.approx(1.1), pytest.approx(1.2), ["1"])
        film.sound.wait_bye()
        assert film.blocks() == [55, 56, 57, 58, 59] and not film.picture.packets


def test_a_closed_range_ends_both(film):
    """Each with the last frame before the end, and a BYE; the next PLAY goes on from there."""
    film.play("npt=0.25-0.5")
    for receiver in film.media:
        receiver.wait_bye()
    assert film.pictures() == list(range(10, 20)) and film.blocks() == list(range(13, 25))
    film.play()
    for receiver in film.media:
        receiver.wait_bye(2)
    assert film.pictures() == list(range(10, FRAMES)) and film.blocks() == list(range(13, 50))


def test_a_lab_client_sees_the_picture(server):
    """It knows one stream only: the first one."""
    with Receiver() as media, Talker(server.port) as talker:
        setup = f"SETUP film/trackID=0 RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= {media.port}\n\n"
        talker.raw(setup.encode())
        assert talker.socket.recv(1024).startswith(b"RTSP/1.0 200 OK\r\n")
        talker.raw(b"PLAY film RTSP/1.0\nCSeq: 2\n\n")
        assert talker.socket.recv(1024).startswith(b"RTSP/1.0 200 OK\r\n")
        media.wait_packets(FRAMES)
        assert [number(one.payload) for one in media.packets] == list(range(FRAMES))


def test_ffmpeg_plays_both(server, tmp_path):
    """Picture and sound are decoded to the end, which ffmpeg finds by itself: every frame, every sample."""
    sound, picture = tmp_path / "sound", tmp_path / "picture"
    arguments = ["-i", server.url("film"), "-map", "0:a", "-f", "s16be", str(sound)]
    arguments += ["-map", "0:v", *ffmpeg.GREY_STRIP, str(picture)]
    ffmpeg.run(*arguments)
    assert sound.read_bytes() == b"".join(map(block, range(50)))
    assert ffmpeg.barcodes(picture.read_bytes()) == list(range(FRAMES))


# --- live -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(server):
    """Two live sources under one name; `live.bring(n)` appends frame and block n."""
    made = Live()
    server.library.add("live", Presentation("live", made.sources))
    yield made
    made.close()


class Live:
    def __init__(self):
        picture = Format("video", 26, "JPEG", 90_000, 20.0, None, 384, 288)
        self.sources = LiveSource(picture, period=0.05), LiveSource(Format("audio", 97, "L16", CLOCK, channels=1), 0.02)
        self.movie = [movies.jpeg(k) for k in range(12)]

    def bring(self, *numbers):
        for k in numbers:
            self.sources[0].append(payloads(self.movie[k]), 100 + k / 20)
            self.sources[1].append([(block(k), False)], 100 + k / 20)

    def close(self):
        for source in self.sources:
            source.close()


def test_a_live_presentation_has_no_end(server, live):
    """Its range is `npt=now-`, in SDP and in the reply to PLAY."""
    live.bring(0)
    with Film(server, "live") as film:
        session, _ = sdp(film.ask("DESCRIBE").body)
        assert session["a=range"] == ["npt=now-"]
        assert film.ask("PLAY").headers["range"] == "npt=now-"


def test_live_viewers_get_the_newest_frame_on(server, live):
    """One joins early, one late (and has set up early): each starts with the newest frame there is, gets each further
    one as soon as it comes, RTP-Info is exact, and at the end of the source there is a BYE for each stream."""
    live.bring(0, 1)
    with Film(server, "live") as early, Film(server, "live") as late:
        infos = rtp_info(early.ask("PLAY", "Range: npt=0.000-").headers["rtp-info"])
        early.picture.wait_frames(1)
        live.bring(2, 3, 4)
        early.picture.wait_frames(4)
        later = rtp_info(late.ask("PLAY").headers["rtp-info"])
        late.picture.wait_frames(1)
        live.bring(5, 6)
        live.close()
        for film, first, told in ((early, 1, infos), (late, 4, later)):
            for receiver in film.media:
                receiver.wait_bye()
            assert film.pictures() == film.blocks() == list(range(first, 7))
            check_no_gaps(film)
            for receiver, info in zip(film.media, told, strict=True):
                assert (receiver.packets[0].sequence, receiver.packets[0].timestamp) == (info.seq, info.rtptime)
            stamps = [frame.timestamp - told[0].rtptime & 0xFFFFFFFF for frame in film.picture.frames()]
            assert stamps == [4500 * k for k in range(7 - first)]
            assert film.set_up(1).status == 200  # Ready


def test_after_a_pause_live_goes_on_with_the_newest(server, live):
    """What came in between is gone, however it is asked for."""
    live.bring(0)
    with Film(server, "live") as film:
        film.ask("PLAY", "Range: npt=now-")
        film.picture.wait_frames(1)
        for count, range_, numbers in ((2, None, (1, 2, 3)), (3, "npt=0-", (4, 5))):
            film.ask("PAUSE")
            live.bring(*numbers)
            film.ask("PLAY", *([f"Range: {range_}"] if range_ else []))
            film.picture.wait_frames(count)
            film.sound.wait_packets(count)
        live.close()
        for receiver in film.media:
            receiver.wait_bye()
        assert film.pictures() == film.blocks() == [0, 3, 5]
        check_no_gaps(film)


def test_a_range_behind_the_end_of_one_and_then_all(server):
    """After a range that only the sound had, PLAY without a Range begins again with both."""
    with Film(server, "long-sound") as film:
        film.play("npt=1.1-")
        film.sound.wait_bye()
        infos, (start, _) = film.play()
        assert start == 0 and len(infos) == 2
        film.picture.wait_frames(2)
        assert film.pictures()[:2] == [0, 1]


@pytest.mark.parametrize("when", ["after", "before"])
def test_live_before_the_first_frame(server, live, when):
    """PLAY before anything has come is granted, without RTP-Info, which nobody could know. Then all comes, also if it
    has come, and ended, between the reply and the moment when the server begins to send."""
    with Film(server, "live") as film:
        (session,) = [one for one in server.sessions.all() if one.id == film.session.split()[1]]
        start = session.start

        def bring_and_start(pacer):
            if when == "after":
                start(pacer)
            live.bring(0, 1, 2)
            live.close()
            if when == "before":
                start(pacer)

        session.start = bring_and_start
        reply = film.ask("PLAY")
        assert reply.status == 200 and "rtp-info" not in reply.headers
        for receiver in film.media:
            receiver.wait_bye()
        assert film.pictures() == film.blocks() == [0, 1, 2]
        check_no_gaps(film)


def test_a_live_source_that_has_ended(server, live):
    """Who comes after the end sees the last frame, and hears the BYE at once."""
    live.bring(0, 1)
    live.close()
    with Film(server, "live") as film:
        assert film.ask("PLAY").status == 200
        for receiver in film.media:
            receiver.wait_bye()
        assert film.pictures() == film.blocks() == [1]
        assert film.ask("TEARDOWN").status == 200
