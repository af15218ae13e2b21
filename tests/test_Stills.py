"""Single pictures: the next frame, the one at a place, and those of a seek bar that is dragged; by barcode."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from Folder import moviesBeside, neighbour, parent
from Player import Player, State
from rtsp.failures import UsageError
from Stills import Preview, frameAt, seekable
from tests import movies
from tests.scripted import LASTING_25, STANDARD, ScriptedServer, refused
from tests.serving import eventually, serving
from tools import barcode

FRAMES, RATE = 100, 25.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    movies.lab_movie(folder / "other.Mjpeg", 2)
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture(params=["udp", "tcp"])
def player(server, request):
    made = Player(server.url(), delay=0.0, transport=request.param)
    made.setup()
    yield made
    made.leave()


def number(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


def looked_at(player, place=None):
    frame = frameAt(player, place)
    assert frame
    return number(frame.jpeg)


def test_the_frame_at_a_place_and_the_ones_after_it(player):
    """The player pauses; what had come before the pause is used up first, and then asked for."""
    assert looked_at(player, 2.0) == 50 and player.position == pytest.approx(2.0)
    for following in range(51, 71):
        assert looked_at(player) == following and player.state is State.READY
    assert looked_at(player, 0.4) == 10


def test_after_the_last_frame_there_is_none(player):
    assert looked_at(player, 3.96) == 99
    assert frameAt(player) is None and player.ended and player.state is State.READY
    assert frameAt(player) is None


def test_play_goes_on_after_the_frame_that_was_looked_at(player):
    frameAt(player, 1.0)
    player.play()
    frames = []
    while not frames:
        frames = player.dueFrames()
        player.wait(0.05)
    assert number(frames[0].jpeg) == 26


def test_a_server_that_sends_nothing_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("Stills.PATIENCE", 0.05)
    with ScriptedServer(DESCRIBE=LASTING_25) as server:
        player = Player(server.url)
        player.setup()
        assert frameAt(player, 3.0) is None and not player.still
        assert server.methods()[-2:] == ["PLAY", "PAUSE"]
        player.leave()


def test_previews_come_from_a_session_of_their_own_that_ends(server, player):
    before, preview = len(server.sessions), Preview()
    preview.want(player, 1.0)
    assert number(eventually(lambda: preview.found(1.0), "a picture")) == 25
    assert preview.news() and not preview.news() and len(server.sessions) == before + 1
    preview.want(player, 3.0)
    assert number(eventually(lambda: preview.found(3.0), "another one")) == 75
    preview.stop(wait=True)
    assert len(server.sessions) == before and preview.found(1.0)
    preview.forget()
    assert preview.found(1.0) is None


def test_a_server_that_wants_no_second_session_costs_the_preview_alone():
    """And the thread ends."""
    with ScriptedServer(SETUP=refused(453, "Not Enough Bandwidth"), DESCRIBE=LASTING_25) as server:
        player, preview = Player(server.url), Preview()
        preview.want(player, 1.0)
        eventually(lambda: "SETUP" in server.methods(), "SETUP")
        preview.stop(wait=True)
        assert preview.found(1.0) is None and player.state is State.INIT


def test_only_what_has_an_end_can_be_sought():
    live = STANDARD["DESCRIBE"].replace(b"a=range:npt=0-0.950\r\n", b"")
    for description, so in ((LASTING_25, True), (live, False)):
        with ScriptedServer(DESCRIBE=description) as server:
            player = Player(server.url)
            player.setup()
            assert seekable(player) is so
            player.leave()


# ---- the movies beside it


def test_the_movies_beside_a_movie(server):
    player = Player(server.url())
    found = moviesBeside(server.url(), player.keyring, player.trust)
    assert found == (server.url("movie.Mjpeg"), server.url("other.Mjpeg"))
    player.close()


def test_a_server_without_a_list_is_a_sentence():
    with ScriptedServer() as server, pytest.raises(UsageError, match="does not list"):
        player = Player(server.url)
        player.close()
        moviesBeside(server.url, player.keyring, player.trust)


def test_after_the_last_movie_comes_the_first():
    urls = ("rtsp://h/a", "rtsp://h/b", "rtsp://h/c")
    assert [neighbour(urls, "rtsp://h/c", step) for step in (1, -1)] == ["rtsp://h/a", "rtsp://h/b"]
    assert [neighbour(urls, "rtsp://h/else", step) for step in (1, -1)] == ["rtsp://h/a", "rtsp://h/c"]
    assert parent("rtsp://h:1/films/a.Mjpeg") == "rtsp://h:1/films/" and parent("rtsp://h/a") == "rtsp://h/"
