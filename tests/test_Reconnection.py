"""A connection that is lost while playing: what the window says, when it tries again, and from where it plays on."""

from __future__ import annotations

import time

import pytest

from Player import Player
from Reconnection import Reconnection
from rtsp import retry, silence
from rtsp.failures import ConnectError, MediaError, MediaLost, ServerRefused
from rtsp.states import State
from tests.hostile import Flood, MediaServer, movie
from tests.scripted import LASTING_25, STANDARD, ScriptedServer, refused
from tests.test_Client import windows  # noqa: F401  (a fixture)

LIVE = STANDARD["DESCRIBE"].replace(b"a=range:npt=0-0.950\r\n", b"")


class Breaking(Flood):
    """The connection is cut after the first frames of the first PLAY; the others are played on. `plays`: what each
    PLAY asked for."""

    def __init__(self, frames=3, reply=STANDARD["PLAY"]):
        self.left = frames
        super().__init__(self.packets, 0.002, reply)

    def packets(self):
        frames, self.left = self.left, 10**9
        return movie(frames)

    def _send(self, server, connection):
        super()._send(server, connection)
        server.hang_up()


@pytest.fixture
def screens(windows):  # noqa: F811
    """Opens a window that is playing."""

    def make(server, transport="tcp", **options):
        screen = windows(server, **options)
        screen.client.makePlayer = lambda: Player(server.url, delay=0.0, transport=transport)
        screen.client.chooseMovie()
        return screen

    return make


def plays(screen):
    """Is a picture there, and nothing written over it?"""
    client = screen.client
    return client.player.state is State.PLAYING and client.player.receiver.shown.frames > 3 and not client.picture.words


def asked(server):
    """The PLAY requests, in order."""
    requests = []
    while not server.asked.empty():
        requests.append(server.asked.get())
    return [request for request in requests if request.startswith("PLAY")]


def lost(screen):
    return lambda: "Connection lost. Trying again in" in screen.client.status.text


def test_it_counts_down_and_plays_on_from_the_same_place(screens):
    """By the real clock: a second, and what is left of it is said."""
    with MediaServer(Breaking(20)) as server:
        screen = screens(server)
        screen.until(lost(screen))
        began, place = time.monotonic(), screen.client.player.position
        assert 0 < place < 1 and "Connection lost. Trying again in 1 s (attempt 1)" in screen.client.status.text
        words = screen.client.picture.words
        assert words.title == "Connection lost" and "Trying again in 1 s (attempt 1)" in words.body
        assert "The server has closed the connection" in words.body
        assert screen.client.picture.shown_size != (0, 0), "the last picture is still there, under the words"
        assert screen.enabled() == {"SETUP", "PLAY", "TEARDOWN"}
        screen.until(lambda: plays(screen))
        assert time.monotonic() - began > 0.9 and screen.client.error is None
        first, second = asked(server)
        assert "Range" not in first and f"Range: npt={place:.3f}-\r\n" in second


def test_what_is_live_plays_on_live(screens, monkeypatch):
    monkeypatch.setattr(retry, "FIRST", 0.05)
    with MediaServer(Breaking(), DESCRIBE=LIVE) as server:
        screen = screens(server)
        screen.until(lambda: server.connections == 2 and plays(screen))
        assert ["Range" in request for request in asked(server)] == [False, False]


def test_udp_media_that_still_come_are_played_and_missed_when_they_stop(screens, monkeypatch):
    monkeypatch.setattr(retry, "FIRST", 0.05)

    class Reluctant(Breaking):
        """The connection goes at once, the media later."""

        def _send(self, server, connection):
            if server.connections == 1:
                self._stop.wait(0.2)            # the reply goes first
                server.hang_up()
            super()._send(server, connection)

    with MediaServer(Reluctant(40)) as server:
        screen = screens(server, "udp")
        screen.until(lambda: screen.client.player.client.lost and plays(screen))
        assert "Connection lost" in screen.client.status.text and not screen.client.again.active
        monkeypatch.setattr(silence, "NO_MEDIA", 0.5)
        screen.until(lambda: server.connections == 2 and plays(screen))
        assert len(asked(server)) == 2


def test_play_tries_at_once(screens, monkeypatch):
    """By mouse, or by the space bar."""
    monkeypatch.setattr(retry, "FIRST", 30.0)
    with MediaServer(Breaking()) as server:
        screen = screens(server)
        screen.until(lost(screen))
        screen.click("PLAY")
        screen.until(lambda: plays(screen))
        assert screen.enabled() == {"PAUSE", "TEARDOWN"}
        server.hang_up()
        screen.until(lost(screen))
        assert "in 30 s (attempt 2)" in screen.client.status.text
        screen.until(lambda: "PLAY" in screen.enabled())
        screen.key("space")
        screen.until(lambda: server.connections == 3 and plays(screen))


def test_attempts_that_fail_are_counted_and_teardown_ends_them(screens, monkeypatch):
    """The server is gone for good."""
    monkeypatch.setattr(retry, "FIRST", 0.01)
    with MediaServer(Breaking(), OPTIONS=[STANDARD["OPTIONS"], lambda server: server.hang_up()]) as server:
        screen = screens(server)
        screen.until(lambda: screen.client.again.attempt >= 4 and server.connections >= 4)
    screen.until(lambda: lost(screen)() and "Cannot reach" in screen.client.picture.words.body)
    screen.client.teardownMovie()
    screen.until(lambda: screen.client.commands.doing is None)
    assert screen.enabled() == {"SETUP"} and not screen.client.again.active
    assert screen.client.picture.words.title == "movie.Mjpeg" and screen.client.error is None


def test_teardown_ends_an_attempt_that_hangs(screens, monkeypatch):
    """The request under way fails at once, and nobody is told."""
    monkeypatch.setattr(retry, "FIRST", 0.01)
    with MediaServer(Breaking(), OPTIONS=[STANDARD["OPTIONS"], None]) as server:
        screen = screens(server)
        screen.until(lambda: server.connections == 2 and screen.client.again.trying)
        assert screen.enabled() == {"TEARDOWN"}
        assert "Trying again now (attempt 1)" in screen.client.status.text
        began = time.monotonic()
        screen.click("TEARDOWN")
        screen.until(lambda: screen.enabled() == {"SETUP"})
        assert time.monotonic() - began < 4 and screen.client.error is None


@pytest.mark.parametrize("status", [453, 503])
def test_a_server_that_is_just_starting_is_asked_again(screens, monkeypatch, status):
    monkeypatch.setattr(retry, "FIRST", 0.01)
    describe = [LASTING_25, refused(status, "Not Now"), refused(status, "Not Now"), LASTING_25]
    with MediaServer(Breaking(), DESCRIBE=describe) as server:
        screen = screens(server)
        screen.until(lambda: server.connections == 4 and plays(screen))
        assert "Range: npt=0.1" in asked(server)[1], "the place is not forgotten"


def test_a_movie_that_is_gone_is_not_asked_for_again(screens, monkeypatch):
    monkeypatch.setattr(retry, "FIRST", 0.01)
    with MediaServer(Breaking(), DESCRIBE=[LASTING_25, refused(404, "Not Found")]) as server:
        screen = screens(server)
        screen.until(screen.reads('The server has no "movie.Mjpeg"'))
        screen.until(lambda: screen.enabled() == {"SETUP"})
        assert not screen.client.again.active and server.connections == 2


def test_a_window_that_is_closed_meanwhile_says_what_was_lost(screens):
    """To whoever started it: code 7."""
    with MediaServer(Breaking()) as server:
        screen = screens(server)
        screen.until(lost(screen))
        assert isinstance(screen.client.error, MediaLost) and screen.client.error.code == 7


def test_a_window_that_closes_by_itself_does_not_try_again(screens):
    """--duration: nobody sits in front of it."""
    with MediaServer(Breaking()) as server:
        screen = screens(server)
        screen.client.duration = 60.0
        screen.until(lambda: screen.client.closing is not None)
        assert isinstance(screen.client.error, MediaLost) and not screen.client.again.active


def test_a_setup_that_cannot_be_understood_is_an_error(screens):
    """And not a remark about a movie that goes on."""
    setup = STANDARD["SETUP"].replace(b"%SERVER%", b"65535-65536")
    with ScriptedServer(SETUP=setup) as server:
        screen = screens(server)
        screen.until(screen.reads("The server's reply to SETUP cannot be understood"))
        screen.until(lambda: screen.enabled() == {"SETUP"})


# ---- without a window


@pytest.mark.parametrize(("method", "trying", "error", "helps"), [
    ("", False, MediaLost("it stopped"), True),
    ("", False, MediaError("nothing came at all"), False),
    ("PAUSE", False, ConnectError("no reply"), False),
    ("SETUP", False, ConnectError("nobody there"), False),
    ("", False, ServerRefused(454, "the session has ended"), False),
    ("again", True, ConnectError("nobody there"), True),
    ("SETUP", True, ConnectError("no reply while changing to TCP"), True),
    ("", True, MediaError("nothing came at all"), True),
    ("again", True, ServerRefused(503, "busy"), True),
    ("again", True, ServerRefused(404, "gone"), False),
    ("again", True, ServerRefused(401, "who are you"), False),
])  # fmt: skip
def test_what_another_attempt_may_put_right(method, trying, error, helps):
    again = Reconnection()
    if trying:
        again.lost(0.0)
        again.begin()
    assert again.helps(method, error) is helps


@pytest.mark.parametrize("status", [456, 457])
def test_a_server_that_cannot_begin_there_begins_where_it_will(status):
    with ScriptedServer(PLAY=[refused(status, "No"), STANDARD["PLAY"]]) as server:
        again, player = Reconnection(), Player(server.url)
        again.place, again.scale = 7.0, None
        try:
            again.resume(player)
            assert player.state is State.PLAYING
        finally:
            player.leave()
        first, second = asked(server)
        assert "Range: npt=7.000-" in first and "Range" not in second
