"""What the window does besides playing, in the real window with a server of a script, and with our own."""

from __future__ import annotations

import gc
import io
import time

import pytest
from PIL import Image, ImageTk

from media.tape import Tape
from Player import Player, State
from rtsp.keyring import Keyring
from rtsp.situations import CHOOSE, RETRY
from tests.movies import jpeg, lab_movie
from tests.scripted import SEQ, STANDARD, ScriptedServer, refused
from tests.serving import serving
from tests.tools import need
from tools import barcode
from ui import theme
from ui.login import LoginDialog
from ui.openurl import OpenDialog, Wanted
from ui.settings import Settings
from VideoStream import VideoStream

KEPT: list[object] = []     # see tests/test_Client.py


@pytest.fixture
def windows(display, tmp_path, monkeypatch):
    """Opens a window for a URL, and closes it; the current folder is an empty one."""
    need("tk")
    from Client import Client

    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    opened = []

    def make(url, settings=None, **options):
        keyring = Keyring()
        client = Client(lambda: Player(url, delay=0.0, keyring=keyring, **options), settings=settings)
        opened.append(client)
        client.tick()
        live(client, client.master.winfo_viewable)
        return client

    yield make
    for client in opened:
        KEPT.append(client.master.tk)
        client.player.leave()
        client.commands.close(2)
        client.closeWindow()
        client.extras.tape.stop()
    theme.choose("dark")
    gc.collect()


def live(client, until, seconds=10.0):
    """Let the window live until something is so."""
    deadline = time.monotonic() + seconds
    while not until():
        if client.window.failure:
            raise client.window.failure
        assert time.monotonic() < deadline, f"not seen; there is {client.picture.words}, {client.window.toast.text!r}"
        client.master.update()
        time.sleep(0.002)
    client.refresh()
    client.master.update()


def idle(client):
    return client.commands.doing is None


def dialogs(client, kind):
    return [child for child in client.master.winfo_children() if isinstance(child, kind)]


def one_frame(server):
    server.send_frame(0, jpeg(7), SEQ)
    return STANDARD["PLAY"]


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "movies"
    path.mkdir()
    return path


@pytest.fixture
def server(folder):
    lab_movie(folder / "movie.Mjpeg", 60)
    lab_movie(folder / "hd.Mjpeg", 20)
    with serving(folder) as server:
        yield server


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def url(server, name="movie.Mjpeg"):
    return f"rtsp://127.0.0.1:{server.port}/{name}"


def test_a_snapshot_is_the_picture_as_it_came(windows, tmp_path):
    """Before there is one, that is said."""
    with ScriptedServer(PLAY=one_frame) as server:
        client = windows(server.url)
        client.extras.takeSnapshot()
        assert client.window.toast.text == "There is no picture yet"
        client.chooseMovie()
        live(client, lambda: client.picture.jpeg)
        client.extras.takeSnapshot()
        client.extras.takeSnapshot()
    here = tmp_path / "here"
    assert sorted(path.name for path in here.iterdir()) == ["movie_0001.jpg", "movie_0002.jpg"]
    assert (here / "movie_0001.jpg").read_bytes() == client.picture.jpeg
    assert client.window.toast.text == f"Saved movie_0002.jpg in {here}"


def test_a_folder_that_is_gone_is_said(windows, tmp_path, monkeypatch):
    """Of pictures and of recordings; playing goes on."""
    with ScriptedServer(PLAY=one_frame) as server:
        client = windows(server.url)
        client.chooseMovie()
        live(client, lambda: client.picture.jpeg)
        monkeypatch.setattr("Extras.Path.cwd", lambda: tmp_path / "gone")
        client.extras.takeSnapshot()
        assert client.window.toast.text == "No picture was saved: No such file or directory"
        client.extras.record()
        assert client.window.toast.text == "Nothing is recorded: No such file or directory"
        assert not client.extras.tape.on
        assert client.player.state is State.PLAYING


def test_a_recording_can_be_played(windows, server, tmp_path):
    """The frames that the server has, and their times."""
    client = windows(url(server))
    client.extras.record()
    assert client.window.toast.text.startswith("Recording to movie_0001.Mjpeg in ")
    client.chooseMovie()
    live(client, lambda: client.extras.tape.frames >= 5)
    assert "Recording, " in client.display.notice()
    client.extras.record()
    live(client, lambda: client.window.toast.text.startswith("Recorded "))
    path = tmp_path / "here" / "movie_0001.Mjpeg"
    count = client.extras.tape.frames
    recorded = VideoStream(path)
    assert recorded.frameCount() == count >= 5
    assert [barcode.read(opened(recorded.nextFrame())) for _ in range(count)] == list(range(count))
    times = [float(line) for line in path.with_suffix(".times").read_text().split()]
    assert times == pytest.approx([k / 20 for k in range(count)], abs=0.001)


def test_a_recording_goes_on_over_a_jump_and_another_session(windows, server):
    """No gap in its times."""
    client = windows(url(server))
    client.extras.record()
    client.chooseMovie()
    live(client, lambda: client.extras.tape.frames >= 2)
    client.actions.jump(1.5)
    live(client, lambda: idle(client) and client.player.position > 1.5)
    client.teardownMovie()
    live(client, lambda: idle(client))
    before = client.extras.tape.frames
    client.chooseMovie()
    live(client, lambda: client.extras.tape.frames >= before + 2)
    client.extras.tape.stop()
    times = [float(line) for line in client.extras.tape.path.with_suffix(".times").read_text().split()]
    steps = [round(b - a, 3) for a, b in zip(times, times[1:], strict=False)]
    assert set(steps) == {0.05}


def test_a_full_disk_is_one_sentence(windows, monkeypatch):
    """And playing goes on."""
    def full(writer, jpeg, time):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("media.moviewriter.MovieWriter.add", full)
    with ScriptedServer(PLAY=one_frame) as server:
        client = windows(server.url)
        client.extras.record()
        client.chooseMovie()
        live(client, lambda: "has ended" in client.window.toast.text)
        assert client.window.toast.text == "The recording has ended after 0 frames: No space left on device"
        assert client.player.state is State.PLAYING and client.error is None and not client.extras.recording


def test_nothing_recorded_is_said(windows, tmp_path):
    with ScriptedServer() as server:
        client = windows(server.url)
        client.extras.record()
        client.extras.record()
        live(client, lambda: client.window.toast.text == "Nothing was recorded")
    assert not list((tmp_path / "here").iterdir())


def test_the_tape_of_the_program_is_used(display, windows):
    """The one that is running because of --record."""
    tape = Tape()

    def make():
        player = Player("rtsp://127.0.0.1:1/movie.Mjpeg")
        player.stream.tape = tape
        return player

    from Client import Client

    client = Client(make)
    KEPT.append(client.master.tk)
    try:
        assert client.extras.tape is client.makePlayer().stream.tape is tape
    finally:
        client.nextTick = client.master.after(1000, lambda: None)
        client.player.close()
        client.commands.close(2)
        client.closeWindow()


def test_an_address_that_is_opened_is_played(windows, server, tmp_path):
    """In place of the other one, whose session is ended; over the transport that was chosen, and it is remembered."""
    settings = Settings(tmp_path / "player.json")
    client = windows(url(server), settings)
    client.chooseMovie()
    live(client, lambda: client.player.state is State.PLAYING)
    client.extras.openUrl()
    [dialog] = dialogs(client, OpenDialog)
    dialog.url.delete(0, "end")
    dialog.url.insert(0, url(server, "hd.Mjpeg"))
    dialog.transport.set("tcp")
    dialog.accept()
    live(client, lambda: idle(client) and client.player.state is State.PLAYING)
    assert (client.player.client.name, client.player.way.transport) == ("hd.Mjpeg", "tcp")
    assert client.master.title().startswith("hd.Mjpeg") and not dialogs(client, OpenDialog)
    assert [one.url for one in Settings(tmp_path / "player.json").history] == [url(server, "hd.Mjpeg")]
    client.teardownMovie()
    live(client, lambda: idle(client))
    client.chooseMovie()
    live(client, lambda: idle(client) and client.player.state is State.PLAYING)
    assert (client.player.client.name, client.player.way.transport) == ("hd.Mjpeg", "tcp"), "also once more"


def test_an_address_can_be_opened_while_another_is_silent(windows):
    """The server that does not answer is given up; what becomes of it does not end the new session."""
    with ScriptedServer(OPTIONS=None) as silent, ScriptedServer(PLAY=one_frame) as server:
        client = windows(silent.url)
        client.chooseMovie()
        live(client, lambda: not silent.asked.empty())
        assert client.commands.doing == "SETUP"
        begin = time.monotonic()
        assert client.extras.openWanted(Wanted(server.url)) == ""
        live(client, lambda: idle(client) and client.player.state is State.PLAYING)
        assert client.player.client.url == server.url and client.error is None
        assert "TEARDOWN" not in server.methods() and time.monotonic() - begin < 4


def test_after_a_list_an_error_of_another_address_can_be_read(windows, server):
    """The list is that of another server."""
    client = windows(url(server, ""))
    client.chooseMovie()
    live(client, lambda: client.movies.urls and idle(client))
    assert not client.extras.openWanted(Wanted(url(server, "movi.Mjpeg")))
    live(client, lambda: client.error and idle(client))
    assert client.picture.winfo_viewable() and not client.movies.winfo_viewable()


def test_an_address_that_is_none_is_objected_to(windows):
    with ScriptedServer() as server:
        client = windows(server.url)
        assert client.extras.openWanted(Wanted("127.0.0.1/movie")).startswith("No rtsp:// URL: '127.0.0.1/movie'. It ")
        assert client.extras.openWanted(Wanted("http://a/b")).startswith("No rtsp:// URL")
        assert client.extras.settings.history == [] and idle(client)


@pytest.mark.parametrize("wanted", [
    ("", "anna", "secret"), ("anna:secret@", "", ""),
])
def test_name_and_password_go_to_the_server_alone(windows, wanted):
    """From the fields, or from the address; neither the history nor the title has the password."""
    in_url, name, password = wanted
    challenge = b'WWW-Authenticate: Digest realm="r", nonce="n"\r\n'
    with ScriptedServer() as first, ScriptedServer(
            DESCRIBE=[refused(401, "Unauthorized", challenge), STANDARD["DESCRIBE"]], PLAY=one_frame) as server:
        client = windows(first.url)
        assert not client.extras.openWanted(Wanted(server.url.replace("//", f"//{in_url}"), "auto", name, password))
        live(client, lambda: idle(client) and client.player.state is State.PLAYING)
        [entry] = client.extras.settings.history
        assert (entry.url, entry.user) == (server.url, "anna")
        assert "secret" not in client.master.title() + client.player.client.url


def test_what_is_pasted_is_played(windows):
    """And what is not quite an address is shown, to be put right."""
    with ScriptedServer() as first, ScriptedServer(PLAY=one_frame) as server:
        client = windows(first.url)
        client.master.clipboard_clear()
        client.master.clipboard_append(server.url)
        client.extras.pasteUrl()
        live(client, lambda: client.picture.jpeg)
        client.master.clipboard_clear()
        client.master.clipboard_append("http://host/movie")
        client.extras.pasteUrl()
        [dialog] = dialogs(client, OpenDialog)
        assert dialog.url.get() == "http://host/movie" and client.player.state is State.PLAYING


def test_an_error_has_a_button_that_tries_again(windows):
    """It is there as long as the error is."""
    with ScriptedServer(DESCRIBE=[refused(503, "Busy"), STANDARD["DESCRIBE"]], PLAY=one_frame) as server:
        client = windows(server.url)
        remedy = client.extras.remedy
        assert not remedy.winfo_viewable()
        client.chooseMovie()
        live(client, lambda: client.error and idle(client))
        assert remedy.winfo_viewable() and remedy["text"] == RETRY
        assert remedy.winfo_rooty() > client.picture.winfo_rooty() + client.picture.winfo_height() // 2
        remedy.invoke()
        live(client, lambda: client.picture.jpeg)
        assert client.error is None and not remedy.winfo_viewable()


def test_a_movie_that_is_not_there_leads_to_those_that_are(windows, server):
    client = windows(url(server, "movi.Mjpeg"))
    client.chooseMovie()
    live(client, lambda: client.error and idle(client))
    assert client.picture.words.body == "Did you mean movie.Mjpeg? It offers: hd.Mjpeg, movie.Mjpeg"
    assert client.extras.remedy["text"] == CHOOSE
    client.extras.remedy.invoke()
    live(client, lambda: client.movies.urls and idle(client))
    assert client.movies.urls == (url(server, "hd.Mjpeg"), url(server))
    assert client.movies.winfo_viewable() and not client.extras.remedy.winfo_viewable()
    client.chooseMovie()
    live(client, lambda: client.player.state is State.PLAYING)


def test_a_login_that_was_refused_is_asked_for_again(windows):
    """Where somebody has closed the window for it."""
    challenge = b'WWW-Authenticate: Digest realm="r", nonce="n"\r\n'
    with ScriptedServer(DESCRIBE=refused(401, "Unauthorized", challenge)) as server:
        client = windows(server.url)
        client.setupMovie()
        live(client, lambda: dialogs(client, LoginDialog) and idle(client))
        dialogs(client, LoginDialog)[0].destroy()
        client.extras.remedy.invoke()
        assert dialogs(client, LoginDialog)


def test_an_unfinished_recording_is_whole_when_the_window_closes(windows, server):
    """Whatever was shown until then."""
    client = windows(url(server))
    client.extras.record()
    client.chooseMovie()
    live(client, lambda: client.extras.tape.frames >= 2)
    client.closeWindow()
    client.extras.tape.stop()
    assert VideoStream(client.extras.tape.path).frameCount() == client.extras.tape.frames


@pytest.mark.parametrize(("key", "action"), [
    ("<Control-n>", "open"), ("<Control-o>", "open"), ("<Control-v>", "paste"), ("<s>", "snapshot"),
    ("<S>", "snapshot"), ("<R>", "record"), ("<t>", "theme"),
])
def test_each_has_its_key(windows, key, action):
    with ScriptedServer() as server:
        client = windows(server.url)
        done = []
        client.extras.actions[action] = lambda: done.append(action)
        client.master.focus_force()
        client.master.event_generate(key)
        client.master.update()
        assert done == [action]


def test_the_theme_is_switched_at_once(windows):
    with ScriptedServer() as server:
        client = windows(server.url)
        client.extras.actions["theme"]()
        live(client, lambda: str(client.picture["background"]) == theme.BLACK)
        assert theme.name() == "light"
        for photo, color in zip(client.window.bar._icons["play"][::2], (theme.TEXT, theme.FAINT), strict=True):
            sign = ImageTk.getimage(photo).convert("RGB")
            assert sign.crop((8, 8, 9, 9)).tobytes().hex() == color[1:]
        client.extras.actions["theme"]()
        assert theme.name() == "dark" and str(client.picture["background"]) == theme.BLACK
