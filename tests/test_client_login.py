"""The player where a name and a password are wanted: servers of a script, our own, and gst-rtsp-server."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ClientLauncher
from net.gate import Gate
from Player import Player
from rtsp.failures import AuthenticationError, FolderFound, UsageError
from rtsp.headers import Transport
from rtsp.users import Users
from RtspClient import RtspClient
from tests import movies
from tests.scripted import OK, STANDARD, FakeClock, ScriptedServer, eventually, refused
from tests.serving import serving
from tests.tools import need

ROOT = Path(ClientLauncher.__file__).parent
FRAMES = 10
TRANSPORT = Transport(client_port=(25000, 25001))
MD5 = b'WWW-Authenticate: Digest realm="r", nonce="%s"\r\n'
SHA = b'WWW-Authenticate: Digest realm="r", nonce="s", algorithm=SHA-256\r\n'
BASIC = b'WWW-Authenticate: Basic realm="r"\r\n'
FIRST = refused(401, "Unauthorized", MD5 % b"one")
STALE = refused(401, "Unauthorized", MD5.replace(b"\r\n", b", stale=true\r\n") % b"two")


@pytest.fixture
def clients():
    """Makes clients that are closed at the end."""
    made = []

    def make(url, **options):
        made.append(RtspClient(url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def with_password(server, user="u:p%40"):
    return server.url.replace("//", f"//{user}@")


def nonces(server):
    """(method, nonce in its Authorization) of the requests so far."""
    found = []
    while not server.asked.empty():
        request = server.asked.get()
        match = re.search(r'\r\nAuthorization: Digest .*nonce="(\w+)"', request)
        found.append((request.split()[0], match and match[1]))
    return found


def test_each_request_is_answered_once_it_was_asked(clients):
    """The first is repeated, all others carry their answer at once."""
    with ScriptedServer(DESCRIBE=[FIRST, STANDARD["DESCRIBE"]]) as server:
        client = clients(with_password(server))
        client.connect()
        client.options()
        client.describe()
        client.setup(client.url, TRANSPORT)
        client.teardown()
        assert nonces(server) == [("OPTIONS", None), ("DESCRIBE", None), ("DESCRIBE", "one"), ("SETUP", "one"),
                                  ("TEARDOWN", "one")]  # fmt: skip


def test_an_old_nonce_is_renewed_without_asking(clients):
    """Once for each reply that says so; a server that says so for ever is left."""
    with ScriptedServer(DESCRIBE=[FIRST, STANDARD["DESCRIBE"]], SETUP=[STALE, STANDARD["SETUP"]], PLAY=STALE) as server:
        client = clients(with_password(server))
        client.connect()
        client.describe()
        client.setup(client.url, TRANSPORT)
        with pytest.raises(AuthenticationError):
            client.play()
        found = nonces(server)
        assert found[:4] == [("DESCRIBE", None), ("DESCRIBE", "one"), ("SETUP", "one"), ("SETUP", "two")]
        assert found[4:] == [("PLAY", "two")] * 3


def test_a_wrong_password_is_tried_once(clients):
    with ScriptedServer(DESCRIBE=FIRST) as server:
        client = clients(with_password(server))
        client.connect()
        with pytest.raises(AuthenticationError, match="does not accept"):
            client.describe()
        assert nonces(server) == [("DESCRIBE", None), ("DESCRIBE", "one")]


@pytest.mark.parametrize(("offered", "sent"), [
    (BASIC, "Basic " + base64.b64encode(b"u:p@").decode()), (BASIC + MD5 % b"n", "Digest"),
    (SHA + MD5 % b"n", "Digest .*algorithm=SHA-256"), (BASIC + SHA, "Digest .*algorithm=SHA-256"),
])
def test_the_best_that_the_server_offers(clients, caplog, offered, sent):
    """The password itself only where nothing else is offered, and then that is said."""
    with ScriptedServer(DESCRIBE=[refused(401, "Unauthorized", offered), STANDARD["DESCRIBE"]]) as server:
        client = clients(with_password(server))
        client.connect()
        client.describe()
        server.next_request()
        assert re.search(rf"\r\nAuthorization: {sent}", server.next_request())
    assert ("unencrypted" in caplog.text) == (sent.startswith("Basic"))


def test_a_sign_of_life_carries_it_too(clients):
    """And if its nonce has grown old, another follows at once, once."""
    clock = FakeClock()
    alive = [STALE, STALE, STANDARD["GET_PARAMETER"]]
    with ScriptedServer(DESCRIBE=[FIRST, STANDARD["DESCRIBE"]], GET_PARAMETER=alive) as server:
        client = clients(with_password(server), clock=clock)
        client.connect()
        client.options()
        client.describe()
        client.setup(client.url, TRANSPORT)
        nonces(server)
        clock.now += 31
        found: list[tuple[str, str | None]] = []

        def both():
            found.extend(nonces(server))
            return len(found) >= 2

        eventually(both)
        assert found == [("GET_PARAMETER", "one"), ("GET_PARAMETER", "two")]


def test_a_redirect_does_not_take_the_password_along():
    """To another server, even on another port; unless the new URL has its own."""
    for own, name in (("", None), ("v:q@", "v")):
        with ScriptedServer(DESCRIBE=FIRST) as second:
            place = second.url.replace("//", f"//{own}").encode()
            moved = refused(302, "Moved", b"Location: " + place + b"\r\n")
            with ScriptedServer(DESCRIBE=[FIRST, moved]) as first:
                player = Player(with_password(first))
                try:
                    with pytest.raises(AuthenticationError):
                        player.setup()
                    assert player.client.login.name == name
                finally:
                    player.leave()
            asked = [second.asked.get() for _ in range(second.asked.qsize())]
            assert ("Authorization" in asked[-1]) == bool(own) and not any('"u"' in request for request in asked)


def test_a_redirect_within_the_server_does():
    with ScriptedServer() as server:
        place = server.url.replace("movie", "other").encode()
        moved = refused(302, "Moved", b"Location: " + place + b"\r\n")
        server.script["DESCRIBE"] = [FIRST, moved, STANDARD["DESCRIBE"]]
        player = Player(with_password(server))
        try:
            player.setup()
        finally:
            player.leave()
        assert ("SETUP", "one") in nonces(server)


def test_a_folder_s_movies_are_asked_for_with_it():
    """The list names its URLs without the password."""
    with ScriptedServer() as server:
        urls = server.url.encode() + b"\r\n"
        listed = OK + b"Content-Type: text/uri-list\r\nContent-Length: %d\r\n\r\n" % len(urls) + urls
        server.script["DESCRIBE"] = [FIRST, listed, STANDARD["DESCRIBE"]]
        player = Player(with_password(server))
        try:
            with pytest.raises(FolderFound) as found:
                player.setup()
            assert found.value.urls == (server.url,)
            player.close()
            player.goTo(server.url)
            player.connect()
            player.client.describe()
        finally:
            player.leave()
        assert nonces(server)[-1] == ("DESCRIBE", "one")


@pytest.mark.parametrize("url", [
    "rtsp://user:secret@host:99999/", "rtsp://user:sec/secret@host/", "http://user:secret@host/", "rtsp://user:secret@[h/",
    "user:secret@host/movie", "rtspu://user:secret@host/",
])
def test_a_bad_url_is_complained_of_without_its_password(url, capsys):
    with pytest.raises((UsageError, SystemExit)) as caught:
        RtspClient(url) if "://" in url else ClientLauncher.main([url])
    assert "sec" not in str(caught.value) + capsys.readouterr().err.replace("seconds", "").replace("second", "")


# --- the program, against our own server ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    users = Users()
    users.add("alice", "won:d@r/ü")
    with serving(folder, fps=40.0, gate=Gate(users)) as running:
        yield running


ALICE = "alice:won%3Ad%40r%2F%C3%BC"


def run(server, tmp_path, user, *options):
    url = server.url().replace("//", f"//{user}@") if user else server.url()
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), url, "--headless", "-v", *options]
    command += ["--stats", str(tmp_path / "stats.json")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50)
    return done.returncode, done.stdout + done.stderr, json.loads((tmp_path / "stats.json").read_text())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_plays_and_says_the_password_nowhere(server, tmp_path, transport):
    """At -v: not in the log, the summary or the statistics, in any spelling; nor is the answer that proves it."""
    code, said, stats = run(server, tmp_path, ALICE, "--transport", transport)
    assert code == 0 and stats["frames_shown"] == FRAMES and stats["url"] == server.url()
    assert "401 Unauthorized" in said
    assert not re.search("won|%3A|alice|response=", said + json.dumps(stats))


@pytest.mark.parametrize(("user", "words"), [
    ("", "The server wants a name and a password"), ("alice", "The server wants a name and a password"),
    ("alice:secret", "The server does not accept this name and password"),
])
def test_without_the_right_password_it_ends_with_6(server, tmp_path, user, words):
    """One sentence, no question where nobody sits at a terminal, no traceback, no session left."""
    code, said, stats = run(server, tmp_path, user)
    assert code == 6 and words in said and stats["error"].startswith(words)
    assert "Traceback" not in said and not re.search("secret|alice", said + json.dumps(stats))
    assert len(server.sessions) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
@pytest.mark.parametrize(("typed", "code"), [
    (["alice", "won:d@r/ü"], 0), (["bob", "x", "alice", "won:d@r/ü"], 0), (["alice", "x"] * 3, 6), (["\x04"], 6)])
def test_on_a_terminal_it_asks(server, typed, code):
    """Once more after a wrong one, three times in all; Ctrl-D is no answer. What is typed is not shown."""
    import pty

    terminal, its_end = pty.openpty()
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url(), "--headless", "--transport", "tcp"]
    process = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True)
    os.close(its_end)
    said = b""

    def read_until(end):
        nonlocal said
        fresh = b""
        while end not in fresh:
            try:
                chunk = os.read(terminal, 1000)
            except OSError:  # the program has ended
                chunk = b""
            if not chunk:
                break
            fresh += chunk
        said += fresh

    try:
        for number, word in enumerate(typed):
            read_until(b"Password: " if number % 2 else b": ")
            os.write(terminal, word.encode() + (b"" if word == "\x04" else b"\n"))
        read_until(b"what is never said")
        code_found = process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert code_found == code, said.decode()
    assert b"won:d" not in said and b"Traceback" not in said


def test_after_a_password_was_typed_a_lost_connection_does_not_matter(server):
    """Servers do not wait for ever for somebody who looks for a password."""
    player = Player(server.url(), transport="tcp")
    try:
        with pytest.raises(AuthenticationError):
            player.setup()
        for connection in list(server.workers.values()):
            connection.close()
        eventually(lambda: player.client.lost)
        player.client.login.give("alice", "won:d@r/ü")
        player.setup()
        assert player.state.value == "Ready"
    finally:
        player.leave()


# --- the window -------------------------------------------------------------------------------------------------------


@pytest.fixture
def window(display):
    """Opens the player's window as the program does, and closes it."""
    need("tk")
    from Client import Client

    opened = []

    def make(url, duration=None):
        options = ClientLauncher.parseArguments([url, "--transport", "tcp"])
        opened.append(Client(lambda: ClientLauncher.makePlayer(options)))
        client = opened[-1]
        client.duration = duration
        client.setupMovie()
        client.playMovie()
        client.tick()
        return client

    yield make
    for client in opened:
        KEPT.append(client.master.tk)
        client.player.close()
        client.commands.close(2)
        client.closeWindow()


KEPT: list[object] = []  # a Tcl interpreter must not be freed by another thread


def until(client, condition):
    deadline = time.monotonic() + 15
    while not (value := condition()):
        assert time.monotonic() < deadline, client.picture.words
        client.master.update()
        time.sleep(0.002)
    return value


def dialogs(client):
    from ui.login import LoginDialog

    return [one for one in client.master.winfo_children() if isinstance(one, LoginDialog)]


def type_in(client, name, password, key="<Return>"):
    [dialog] = until(client, lambda: dialogs(client))
    dialog.update()
    dialog.name.delete(0, "end")
    dialog.name.insert(0, name)
    dialog.password.insert(0, password)
    dialog.password.focus_force()
    dialog.update()
    dialog.password.event_generate(key)


def test_the_window_asks_and_goes_on(server, window):
    """A wrong password: once more, with a sentence; the right one: SETUP, and PLAY, which was to follow."""
    client = window(server.url())
    type_in(client, "alice", "wrong")
    until(client, lambda: not dialogs(client))
    [dialog] = until(client, lambda: dialogs(client))
    assert "does not accept" in client.error.title and dialog.name.get() == "alice" and dialog.password.get() == ""
    assert "wrong" not in dialog.title() + client.master.title()
    type_in(client, "alice", "won:d@r/ü")
    until(client, lambda: client.player.receiver.shown.frames > 0)
    assert client.error is None and not dialogs(client)


def test_escape_is_no_answer(server, window):
    """The window stays, with the sentence; Setup asks again, in one dialog; the exit code would be 6."""
    client = window(server.url())
    type_in(client, "alice", "x", "<Escape>")
    until(client, lambda: not dialogs(client) and client.commands.doing is None)
    assert client.error.code == 6 and client.picture.words.title == "The server wants a name and a password"
    for _ in range(2):
        client.setupMovie()
        until(client, lambda: client.commands.doing is None and dialogs(client))
    assert len(dialogs(client)) == 1


def test_a_window_that_closes_by_itself_does_not_ask(server, window):
    """--duration: nobody may be there."""
    client = window(server.url(), duration=1.0)
    until(client, lambda: client.error or client.closing)
    assert not dialogs(client) and client.error.code == 6


# --- gst-rtsp-server --------------------------------------------------------------------------------------------------

GST = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( videotestsrc num-buffers=20 ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! "
                   "jpegenc ! rtpjpegpay name=pay0 pt=26 )")
permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role("user", "media.factory.access", True)
permissions.add_permission_for_role("user", "media.factory.construct", True)
factory.set_permissions(permissions)
server.get_mount_points().add_factory("/movie", factory)
auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
if sys.argv[1] == "basic":
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic("alice", "p@ss"), token)
else:
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest("alice", "p@ss", token)
server.set_auth(auth)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@pytest.mark.parametrize("method", ["digest", "basic"])
@pytest.mark.parametrize(("user", "code"), [("alice:p%40ss", 0), ("alice:x", 6), ("", 6)])
def test_gst_rtsp_server_lets_it_in(method, user, code):
    """With the right password it plays; Basic is said to be unencrypted."""
    command = [need("system-python-gst"), "-c", GST, method]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url = f"rtsp://{user + '@' if user else ''}127.0.0.1:{int(process.stdout.readline())}/movie"
        command = [sys.executable, str(ROOT / "ClientLauncher.py"), url, "--headless", "--transport", "tcp"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=50)
        assert done.returncode == code, done.stderr
        assert ("unencrypted" in done.stderr) == (method == "basic" and bool(user))
        assert "p@ss" not in done.stderr and "p%40" not in done.stdout + done.stderr
    finally:
        process.terminate()
        process.communicate(timeout=10)
