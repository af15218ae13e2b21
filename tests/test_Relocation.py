"""A player that is sent elsewhere while it plays: it goes on where it was. Against servers that follow a script, and
against our own, two of them; frames are told by their barcode."""

from __future__ import annotations

import io
from contextlib import ExitStack

import pytest
from PIL import Image

from media.source import Format, LiveSource, Presentation
from Player import Player
from Relocation import CHAIN
from rtp.jpeg import payloads
from rtsp.failures import ConnectError, ServerRefused
from rtsp.moves import STEADY
from rtsp.states import State
from tests import movies
from tests.scripted import LASTING_25, SDP, SEQ, STANDARD, FakeClock, ScriptedServer, eventually, refused
from tests.serving import serving
from tools import barcode

JPEGS = [movies.jpeg(number, (384, 96)) for number in range(4)]
FRAMES, RATE = 120, 40.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def players():
    """Makes players that are closed at the end."""
    made = []

    def make(url, **options):
        made.append(Player(url, **{"delay": 0.0, "transport": "udp", **options}))
        return made[-1]

    yield make
    for player in made:
        player.leave()


def moved(place, status=302):
    return refused(status, "Moved", b"Location: " + place.encode() + b"\r\n")


def redirect(server, place, *headers, number=7, session="5eed"):
    """What a server says that sends its viewer away."""
    lines = [f"REDIRECT {server.url} RTSP/1.0", f"CSeq: {number}", f"Session: {session}", f"Location: {place}"]
    server.say("\r\n".join([*lines, *headers, "", ""]).encode())


def starts(server, players, clock, **options):
    """A player that has shown the first two frames of a movie of 25 s."""
    player = players(server.url, clock=clock, **options)
    player.setup()
    player.play()
    sequence = SEQ
    for number in range(2):
        sequence = server.send_frame(number, JPEGS[number], sequence)
    eventually(lambda: player.receiver.frames == 2)
    clock.now += 0.06
    assert [frame.time for frame in player.dueFrames()] == pytest.approx([0.0, 0.05])
    server.methods()
    return player


def do_chore(player):
    eventually(lambda: player.chore)
    player.chore()


def asked_for(server, method):
    """The first request of that method since the last look, its headers by name."""
    while True:
        text = server.next_request()
        if text.startswith(method):
            return dict(line.split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)


def number(frame):
    return barcode.read(Image.open(io.BytesIO(frame.jpeg)))


def watch(player, until):
    """The numbers of the frames that are shown, with all chores done in between, until a condition holds."""
    shown = []
    while player.state is State.PLAYING and not until(shown):
        shown += [number(frame) for frame in player.dueFrames()]
        if chore := player.chore:
            chore()
        player.wait(0.02)
    return shown


# --- REDIRECT ---------------------------------------------------------------------------------------------------------


def test_it_is_followed_to_the_same_place(players, clock, caplog):
    """TEARDOWN here; there DESCRIBE, SETUP and PLAY behind the frame that was shown last (RFC 2326 §10.10)."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        redirect(here, there.url)
        do_chore(player)
        assert here.methods() == ["RTSP/1.0", "TEARDOWN"]           # its own answer comes first: 200
        assert asked_for(there, "PLAY")["Range"] == "npt=0.051-" and player.state is State.PLAYING
        assert player.way.notice == f"Moved to 127.0.0.1:{there.port}" and player.client.url == there.url
        assert player.chore is None
        assert [record.message for record in caplog.records] == [f"! The server sent us to {there.url}"]


def test_the_speed_is_kept(players, clock):
    scaled = STANDARD["PLAY"].replace(b"Range: ", b"Scale: 2\r\nRange: ")
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25, PLAY=scaled) as here:
        player = players(here.url, clock=clock)
        player.setup()
        player.play(scale=2.0)
        redirect(here, there.url)
        do_chore(player)
        play = asked_for(there, "PLAY")
        assert (play["Scale"], play["Range"]) == ("2.000", "npt=0.000-")


def test_what_is_live_goes_on_with_what_is_now(players, clock):
    with ScriptedServer() as there, ScriptedServer() as here:
        for server in (here, there):
            server.script["DESCRIBE"] = STANDARD["DESCRIBE"].replace(b"a=range:npt=0-0.950\r\n", b"")
        player = starts(here, players, clock)
        redirect(here, there.url)
        do_chore(player)
        assert "Range" not in asked_for(there, "PLAY")


def test_who_has_paused_stays_paused_there(players, clock):
    """And goes on at the same place."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        player.pause()
        redirect(here, there.url)
        do_chore(player)
        assert there.methods() == ["OPTIONS", "DESCRIBE", "SETUP"] and player.state is State.READY
        player.play()
        assert asked_for(there, "PLAY")["Range"] == "npt=0.051-"


@pytest.mark.parametrize(("when", "clock_now", "due"), [
    ("npt=0.06-", 0.0, False), ("npt=0.05-", 0.0, True), ("clock=19700101T000100Z-", 59.0, False),
    ("clock=19700101T000100Z-", 60.0, True),
])
def test_from_the_time_that_it_says(players, clock, when, clock_now, due):
    """A place in the movie, or a time of day; until then it plays here."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        player.relocation.wall = lambda: clock_now
        redirect(here, there.url, f"Range: {when}")
        eventually(lambda: player.client.inbox.move)
        assert bool(player.chore) is due


def test_where_nobody_answers_it_plays_on_here(players, clock, caplog):
    """Nothing was given up before somebody did."""
    with ScriptedServer() as gone:
        pass
    with ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        redirect(here, gone.url)
        do_chore(player)
        assert player.state is State.PLAYING and here.next_request().startswith("RTSP/1.0 200") and not here.methods()
        assert player.way.notice == f"Cannot reach 127.0.0.1:{gone.port}. Staying here"
        here.send_frame(2, JPEGS[2], SEQ + sum(len(payloads(jpeg)) for jpeg in JPEGS[:2]))
        eventually(lambda: player.receiver.frames == 3)
        assert "we stay" in caplog.text


def test_a_place_that_is_none_is_not_gone_to(players, clock):
    with ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        redirect(here, "http://127.0.0.1/")
        do_chore(player)
        assert player.state is State.PLAYING and player.way.notice.endswith("Staying here")


def test_a_circle_ends_where_it_closes(players, clock):
    """Sent there, and at once back: it stays there. After a while it would go."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        redirect(here, there.url)
        do_chore(player)
        for server, place in ((there, here), (there, here)):
            redirect(server, place.url)
            do_chore(player)
            assert player.client.url == there.url and "circle" in player.way.notice
        clock.now += STEADY + 1
        redirect(there, here.url)
        do_chore(player)
        assert player.client.url == here.url and player.state is State.PLAYING


def test_somebody_else_s_session_is_not_moved(players, clock):
    with ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        redirect(here, "rtsp://127.0.0.1:1/", session="other")
        assert here.next_request().startswith("RTSP/1.0 454 ") and player.chore is None


# --- 302 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "PLAY"])
def test_a_302_is_followed_whenever_it_comes(players, clock, method):
    """To OPTIONS, which is else a courtesy, and to PLAY; that of DESCRIBE and SETUP is in test_client_world.py."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        here.script[method] = moved(there.url)
        player = players(here.url, clock=clock)
        player.setup()
        player.play(3.0)
        assert here.methods()[-1] in ("OPTIONS", "PLAY", "TEARDOWN")
        assert asked_for(there, "PLAY")["Range"] == "npt=3.000-" and player.state is State.PLAYING


def test_a_ring_of_them_is_one_sentence(players, clock):
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        there.script["PLAY"], here.script["PLAY"] = moved(here.url), moved(there.url)
        player = players(here.url, clock=clock)
        player.setup()
        with pytest.raises(ServerRefused, match="in a circle"):
            player.play()


def late(clock, reply, seconds=4.0):
    """A reply that takes so long."""
    def answer(server):
        clock.now += seconds
        return reply
    return answer


@pytest.mark.parametrize("methods", [
    ("OPTIONS", "OPTIONS", "OPTIONS", "OPTIONS"), ("DESCRIBE", "SETUP", "OPTIONS", "DESCRIBE"),
    ("PLAY", "PLAY", "PLAY", "PLAY"), ("PLAY", "SETUP", "PLAY", "OPTIONS"),
])
def test_a_chain_of_slow_servers_ends_in_time_and_is_one_sentence(players, clock, methods):
    """Each of which answers before anybody has lost patience with it; whatever sends the player on."""
    with ExitStack() as stack:
        _, *way = servers = [stack.enter_context(ScriptedServer(DESCRIBE=LASTING_25)) for _ in range(5)]
        for server, there, method in zip(way, servers, reversed(methods), strict=False):
            server.script[method] = late(clock, moved(there.url))
        player = players(way[-1].url, clock=clock)
        with pytest.raises(ConnectError, match="sends us on for too long. After 10 s, the last place it named is rtsp"):
            player.setup()
            player.play()


def test_a_redirect_is_followed_in_time_or_not_at_all(players, clock):
    """The session here has ended by then."""
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        there.script["OPTIONS"] = late(clock, moved(there.url + "/2"), CHAIN)
        player = starts(here, players, clock)
        redirect(here, there.url)
        eventually(lambda: player.chore)
        with pytest.raises(ConnectError, match="sends us on for too long"):
            player.chore()


def test_who_has_arrived_has_time_again(players, clock):
    with ScriptedServer(DESCRIBE=LASTING_25) as there, ScriptedServer(DESCRIBE=LASTING_25) as here:
        here.script["OPTIONS"] = moved(there.url)
        there.script["DESCRIBE"] = late(clock, LASTING_25)
        player = players(here.url, clock=clock)
        player.setup()
        clock.now += 10 * CHAIN
        player.play()
        assert player.state is State.PLAYING


# --- ANNOUNCE ---------------------------------------------------------------------------------------------------------


def announce(server, sdp):
    head = (f"ANNOUNCE {server.url} RTSP/1.0\r\nCSeq: 8\r\nSession: 5eed\r\nContent-Base: {server.url}/\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n")
    server.say(head.encode() + sdp)


def test_the_same_stream_in_another_description_goes_on(players, clock):
    """Nothing is asked; the movie has become longer."""
    with ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        announce(here, SDP.replace(b"0.950", b"99.5"))
        do_chore(player)
        assert here.next_request().startswith("RTSP/1.0 200") and not here.methods()
        assert (player.duration, player.state) == (99.5, State.PLAYING)


@pytest.mark.parametrize("change", [(b"trackID=0", b"trackID=1"), (b" 26\r\n", b" 97\r\n")])
def test_another_stream_is_set_up(players, clock, change):
    """In a new session, which goes on where the old one was."""
    other = SDP.replace(b"0.950", b"25.0").replace(*change)
    if b"97" in change[1]:
        other = other.replace(b"rtpmap:26", b"rtpmap:97")
    with ScriptedServer(DESCRIBE=LASTING_25) as here:
        player = starts(here, players, clock)
        here.script["DESCRIBE"] = STANDARD["DESCRIBE"].partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + other
        announce(here, other)
        do_chore(player)
        assert here.methods() == ["RTSP/1.0", "TEARDOWN", "OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        assert player.state is State.PLAYING and player.position == pytest.approx(0.0)


# --- our own servers --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("movies")
    movies.lab_movie(path / "movie.Mjpeg", FRAMES, (384, 96))
    return path


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_not_a_frame_is_missing(players, folder, transport):
    """From one server to the next and back, in the middle of a movie: all frames, each once, in order."""
    with serving(folder, fps=RATE) as here, serving(folder, fps=RATE) as there:
        player = players(here.url(), transport=transport)
        player.setup()
        player.play()
        shown = watch(player, lambda shown: len(shown) >= 10)
        assert here.calls.redirect(there.url("")) == (1, 0)
        shown += watch(player, lambda _: f":{there.port}/" in player.client.url)
        shown += watch(player, lambda new: len(new) >= 10)
        eventually(lambda: not here.sessions.all())
        shown += watch(player, lambda _: False)
        assert shown == list(range(FRAMES)) and player.duration == FRAMES / RATE


def test_who_comes_to_a_server_that_sends_on(players, folder):
    """302 to DESCRIBE; two servers that send to each other are one sentence."""
    with serving(folder, fps=RATE) as there, serving(folder, redirect=there.url("")) as here:
        player = players(here.url())
        player.setup()
        player.play()
        assert watch(player, lambda shown: len(shown) >= 3)[:3] == [0, 1, 2] and player.client.url == there.url()
        there.calls.redirect(here.url(""))
        with pytest.raises(ServerRefused, match="in a circle"):
            players(here.url()).setup()


def test_a_live_stream_is_replaced_while_it_is_watched(players, folder):
    """The player sees what is new, in the session that it has."""
    def live(first):
        source = LiveSource(Format("video", 26, "JPEG", 90_000, 20.0))
        source.append(payloads(movies.jpeg(first, (384, 96))), 1.0)
        server.library.add("live", Presentation("live", (source,)))
        return source

    with serving(folder) as server:
        live(1)
        player = players(server.url("live"))
        player.setup()
        player.play()
        session = player.client.session
        assert watch(player, lambda shown: shown) == [1]
        source = live(50)
        source.append(payloads(movies.jpeg(51, (384, 96))), 1.1)
        assert watch(player, lambda shown: len(shown) >= 1)[-1] in (50, 51)
        assert player.client.session == session and player.state is State.PLAYING
        source.close()
