"""The real window on a virtual screen: real clicks, real key presses, and what can be seen."""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from Player import Player, State
from rtsp.failures import ConnectError
from tests.movies import SIZE, jpeg
from tests.scripted import INSIDE, LASTING_25, OK, SEQ, STANDARD, ScriptedServer, inside, refused
from tests.tools import need
from tools import barcode

# Tcl aborts the program if one of its interpreters is freed by another thread than its own, and Python's collector runs
# on any. A program has one window to its end; here there are many.
KEPT: list[object] = []
ROOT = Path(__file__).resolve().parent.parent


class Movie:
    """Each PLAY is answered by one frame, the next one: what is on the screen does not depend on the time."""

    def __init__(self, bye_after=99):
        self.number, self.sequence, self.bye_after = 0, SEQ, bye_after

    def __call__(self, server):
        number, sequence = self.number, self.sequence
        reply = STANDARD["PLAY"].replace(b"seq=100", b"seq=%d" % sequence)
        self.sequence = server.send_frame(number, jpeg(number), sequence)
        self.number += 1
        if self.number == self.bye_after + 1:
            threading.Timer(0.1, server.send_bye).start()
        return reply.replace(b"=9000", b"=%d" % (9000 + 4500 * number))


class Screen:
    """The window under test, and somebody who sits in front of it."""

    def __init__(self, client):
        self.client = client
        client.tick()
        self.until(client.master.winfo_viewable)

    def until(self, condition, seconds=10.0):
        """Let the window live until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not seen; there is {self.client.picture.words}, {self.enabled()}"
            self.client.master.update()
            time.sleep(0.002)
        self.client.master.update()

    def click(self, name):
        """With the mouse, in the middle of the button, once it can be pressed."""
        button = self.client.controls.buttons[name]
        self.until(lambda: name in self.enabled())
        x, y = button.winfo_rootx() + button.winfo_width() // 2, button.winfo_rooty() + button.winfo_height() // 2
        xdotool("mousemove", x, y, "click", 1)

    def key(self, *keys):
        """Without a window manager, nobody gives the window the focus."""
        master = self.client.master
        (master.focus_get() or self.client.picture).focus_force()
        master.update()
        xdotool("key", *keys)

    def enabled(self):
        return {name for name, button in self.client.controls.buttons.items() if not button.instate(["disabled"])}

    def reads(self, title):
        return lambda: self.client.picture.words is not None and title in self.client.picture.words.title

    def photo(self):
        """What is on the screen where the picture should be, letterbox bars and all."""
        from PIL import ImageGrab

        self.client.master.update()
        picture = self.client.picture
        left, top = picture.winfo_rootx(), picture.winfo_rooty()
        image = ImageGrab.grab(xdisplay=os.environ["DISPLAY"])
        return image.crop((left, top, left + picture.winfo_width(), top + picture.winfo_height()))

    def frame(self):
        """The movie's frame on the screen, in its original size."""
        photo, (width, height) = self.photo(), self.client.picture.shown_size
        left, top = (photo.width - width) // 2, (photo.height - height) // 2
        return photo.crop((left, top, left + width, top + height)).resize(SIZE)


def xdotool(*words):
    subprocess.run([need("xdotool"), *map(str, words)], check=True, timeout=10)


@pytest.fixture
def windows(display):
    """Opens a window for a server, and closes it."""
    need("tk")
    need("xdotool")
    from Client import Client

    opened = []

    def make(server, delay=0.0, **options):
        client = Client(lambda: Player(server.url, delay=delay), **options)
        opened.append(client)
        return Screen(client)

    yield make
    for client in opened:
        KEPT.append(client.master.tk)
        client.player.close()
        client.commands.close(2)
        client.closeWindow()
    gc.collect()


def test_the_four_buttons_and_what_is_seen(windows):
    """Setup, Play, Pause, Play, Teardown by mouse; the picture on the screen is the frame that was sent."""
    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        assert screen.enabled() == {"SETUP"} and screen.reads("movie.Mjpeg")()
        screen.click("SETUP")
        screen.until(screen.reads("Ready"))
        assert screen.enabled() == {"PLAY", "TEARDOWN"}
        screen.click("PLAY")
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        screen.until(lambda: screen.enabled() == {"PAUSE", "TEARDOWN"})
        assert screen.client.picture.words is None
        assert barcode.read(screen.frame()) == 0
        screen.click("PAUSE")
        screen.until(lambda: screen.enabled() == {"PLAY", "TEARDOWN"})
        assert barcode.read(screen.frame()) == 0  # the picture stays
        screen.click("PLAY")
        screen.until(lambda: screen.client.player.receiver.shown.frames == 2)
        assert barcode.read(screen.frame()) == 1
        screen.click("TEARDOWN")
        screen.until(lambda: screen.enabled() == {"SETUP"})
        assert screen.reads("movie.Mjpeg")()
        wanted = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "PLAY", "TEARDOWN"]
        assert server.methods() == wanted
        screen.click("SETUP")  # and once more
        screen.until(screen.reads("Ready"))


def test_the_picture_is_like_the_frame_that_was_sent(windows):
    """Not its barcode alone: every part of it, within what scaling changes."""
    from PIL import Image, ImageChops, ImageStat

    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        sent = Image.open(io.BytesIO(jpeg(0))).convert("RGB")
        difference = ImageStat.Stat(ImageChops.difference(sent, screen.frame().convert("RGB")))
        assert max(difference.mean) < 4


def test_the_keyboard_alone_is_enough(windows):
    """Space and return press the button that has the focus; it moves to the next useful one by itself; Tab goes on."""
    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        screen.key("space")
        screen.until(screen.reads("Ready"))
        screen.key("Return")
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        screen.until(lambda: screen.enabled() == {"PAUSE", "TEARDOWN"})
        screen.key("Tab", "space")
        screen.until(lambda: screen.enabled() == {"SETUP"})
        assert server.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


@pytest.mark.parametrize("size", [(1100, 420), (560, 900), (1000, 900)])
def test_the_picture_keeps_its_proportions(windows, size):
    """As large as the window allows, 4:3, black beside it, and the right frame in it."""
    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        screen.client.master.geometry("{}x{}".format(*size))
        picture = screen.client.picture
        screen.until(lambda: (screen.client.master.winfo_width(), screen.client.master.winfo_height()) == size)
        width, height = picture.shown_size
        assert abs(width / height - 4 / 3) < 0.01
        assert width == picture.winfo_width() or height == picture.winfo_height()
        assert barcode.read(screen.frame()) == 0
        if width < picture.winfo_width():
            assert max(screen.photo().getpixel((2, picture.winfo_height() // 2))) < 24


def test_the_end(windows):
    """BYE: words over the last picture, and Play shows the movie again."""
    with ScriptedServer(PLAY=Movie(bye_after=0)) as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(screen.reads("The end"))
        assert screen.client.picture.words.body == "Play shows it again"
        assert screen.enabled() == {"PLAY", "TEARDOWN"}
        screen.click("PLAY")
        screen.until(lambda: screen.client.player.receiver.shown.frames == 2)


def test_errors_are_words_in_the_window(windows):
    """Title and advice; no box that must be clicked away; the next command takes them away."""
    with ScriptedServer(DESCRIBE=[refused(404, "Not Found"), STANDARD["DESCRIBE"]]) as server:
        screen = windows(server)
        screen.click("SETUP")
        screen.until(screen.reads('The server has no "movie.Mjpeg"'))
        words = screen.client.picture.words
        assert words.error and "Check the spelling" in words.body
        screen.click("SETUP")
        screen.until(screen.reads("Ready"))
        server.hang_up()
        screen.until(screen.reads("The server has closed the connection"))
        assert screen.enabled() == {"SETUP"}


def test_no_media_is_said(windows, monkeypatch):
    """And the session is ended, so that Setup can be tried again."""
    monkeypatch.setattr("rtsp.silence.NO_MEDIA", 0.1)
    with ScriptedServer() as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(screen.reads("Playing, but no packets arrived on UDP"))
        screen.until(lambda: screen.enabled() == {"SETUP"})
        assert server.methods()[-1] == "TEARDOWN"


def test_the_line_at_the_bottom(windows):
    """State, time, frames and loss, in words."""
    with ScriptedServer(PLAY=Movie(), DESCRIBE=LASTING_25) as server:
        screen = windows(server)
        status = screen.client.status
        assert status.text.startswith("Init")
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(lambda: "1 frames" in status.text)
        assert status.text.startswith("Playing") and "0:00 / 0:25" in status.text and "0.0 % lost" in status.text
        server.hang_up()
        screen.until(lambda: "Connection lost" in status.text)


def test_the_statistics_are_a_key_away(windows):
    """`i` opens them over the picture, figures turn the pages, Escape closes them; the movie goes on under them."""
    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        overlay, player = screen.client.overlay, screen.client.player
        screen.client.master.focus_force()
        screen.client.master.update()
        screen.client.master.event_generate("<i>")
        screen.until(lambda: overlay.is_open)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        for key in "2341":
            screen.client.master.event_generate(f"<Key-{key}>")
            screen.until(lambda key=key: f"{overlay.page}" == key)
        assert screen.client.player is not player and "384 × 288" in overlay._text()
        screen.client.master.event_generate("<Escape>")
        screen.until(lambda: not overlay.is_open)
        assert barcode.read(screen.frame()) == 0


def test_what_is_no_jpeg_does_no_harm(windows):
    """The picture before it stays."""

    with ScriptedServer() as server:
        screen = windows(server)
        assert screen.client.picture.show(jpeg(3))
        assert not screen.client.picture.show(b"\xff\xd8 no picture")
        assert not screen.client.picture.show(jpeg(4)[:-900])
        screen.client.picture.say(None)
        assert barcode.read(screen.frame()) == 3


def test_a_request_does_not_stop_the_window(windows):
    """While the server thinks, the window lives, and the buttons wait."""
    gate = threading.Event()

    def slow(server):
        gate.wait(5)
        return STANDARD["DESCRIBE"]

    with ScriptedServer(DESCRIBE=slow) as server:
        screen = windows(server)
        screen.click("SETUP")
        screen.until(screen.reads("Connecting to 127.0.0.1"))
        started = time.monotonic()
        for _ in range(20):
            screen.client.master.update()
        assert time.monotonic() - started < 1 and screen.enabled() == set()
        gate.set()
        screen.until(screen.reads("Ready"))


def test_a_state_that_changed_meanwhile_is_no_error(windows):
    """A click too many: by the time of the request the state forbids it, and nothing is sent."""
    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        client = screen.client
        client.setupMovie()
        client.playMovie()
        client.teardownMovie()
        client.playMovie()
        screen.until(lambda: client.commands.doing is None)
        assert client.player.state is State.INIT and client.error is None
        assert server.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


def test_a_bug_ends_the_program_instead_of_being_printed(windows):
    """What is no error of the conversation comes out of run()."""
    with ScriptedServer() as server:
        screen = windows(server)
        screen.client.commands.do("PLAY", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            screen.client.run()


@pytest.mark.parametrize("hangs", [False, True])
def test_closing_the_window_tears_down(windows, hangs):
    """Within about a second, whether the server answers or not; then all threads are gone."""
    with ScriptedServer({"TEARDOWN": None} if hangs else {}, PLAY=Movie()) as server:
        screen = windows(server)
        client = screen.client
        client.setupMovie()
        client.playMovie()
        screen.until(lambda: client.player.receiver.shown.frames == 1)
        server.methods()
        client.master.after(0, lambda: client.master.tk.call(client.master.protocol("WM_DELETE_WINDOW")))
        started = time.monotonic()
        client.run()
        assert time.monotonic() - started < 3
        assert server.methods() == ["TEARDOWN"] and client.player.state is State.INIT
        names = {thread.name for thread in threading.enumerate()}
        assert not names & {"commands", "control", "receiver"}


def test_closing_while_the_server_hangs_in_setup(windows):
    """The request under way is given up."""
    with ScriptedServer(DESCRIBE=None) as server:
        client = windows(server).client
        client.setupMovie()
        client.master.after(200, client.exitClient)
        started = time.monotonic()
        client.run()
        assert time.monotonic() - started < 3


def test_the_program_with_a_url_plays_at_once_and_leaves_nothing_behind(display, tmp_path):
    """Exit code 0 when --duration closes the window; statistics and frames; nothing in the working folder."""
    need("tk")
    frames = []

    def movie(server):
        def send():
            sequence = SEQ
            for number in range(20):
                sequence = server.send_frame(number, jpeg(number), sequence)
                time.sleep(0.05)

        frames.append(threading.Thread(target=send))
        frames[0].start()
        return STANDARD["PLAY"]

    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    with ScriptedServer(PLAY=movie) as server:
        command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url, "--duration", "0.5", "--buffer", "50"]
        command += ["--save-frames", str(out), "--stats", "-"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=30)
        frames[0].join()
    assert (done.returncode, done.stderr) == (0, "")
    assert '"frames_shown": 1' in done.stdout  # 11, or some more or less
    assert len(list(out.iterdir())) >= 8 and not list(work.iterdir())
    assert server.methods()[-1] == "TEARDOWN"


def test_an_error_of_the_program_without_screen_is_not_the_windows():
    """ClientError knows how it reads in a window and on a terminal."""
    error = ConnectError("Cannot reach a:1", "Nothing listens there")
    assert (error.title, error.advice, str(error)) == (
        "Cannot reach a:1", "Nothing listens there", "Cannot reach a:1. Nothing listens there",
    )  # fmt: skip


def test_where_udp_fails_it_plays_over_tcp_and_says_so(windows, monkeypatch):
    """Without a click, and without waiting in the window's thread."""
    monkeypatch.setattr("net.way.PATIENCE", 0.1)
    replies = [STANDARD["PLAY"], STANDARD["PLAY"] + inside([jpeg(0), jpeg(1)])]
    with ScriptedServer(SETUP=[STANDARD["SETUP"], INSIDE], PLAY=replies) as server:
        screen = windows(server)
        screen.click("SETUP")
        screen.click("PLAY")
        screen.until(screen.reads("The end"))
        assert screen.client.player.receiver.shown.frames == 2
        assert "Switched to TCP" in screen.client.display.notice()


def test_a_window_is_moved_to_another_server(windows):
    """It goes on there; the line at the bottom says where that is."""
    script = {"DESCRIBE": LASTING_25}
    with ScriptedServer(script, PLAY=Movie()) as there, ScriptedServer(script, PLAY=Movie()) as here:
        screen = windows(here)
        screen.click("SETUP")
        screen.click("PLAY")
        screen.until(lambda: screen.client.player.receiver.shown.frames)
        lines = f"REDIRECT {here.url} RTSP/1.0", "CSeq: 1", "Session: 5eed", f"Location: {there.url}", "", ""
        here.say("\r\n".join(lines).encode())
        screen.until(lambda: screen.client.display.notice() == f"Moved to 127.0.0.1:{there.port}")
        screen.until(lambda: screen.client.player.receiver.shown.frames and screen.enabled() == {"PAUSE", "TEARDOWN"})
        assert screen.client.error is None and there.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


LISTED = OK + (
    b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n"
    b"rtsp://127.0.0.1:%d/films/first.Mjpeg\r\nrtsp://127.0.0.1:%d/films/second%%20one.Mjpeg\r\n"
)


def folder(server):
    """It lists two movies, and can play either."""
    server.url = f"rtsp://127.0.0.1:{server.port}/films/"
    listed = LISTED.replace(b"%d", b"%d" % server.port).replace(b"%%", b"%")
    server.script["DESCRIBE"] = [refused(406, "Not Acceptable"), listed, STANDARD["DESCRIBE"]]


@pytest.mark.parametrize("how", ["double click", "keys", "Setup"])
def test_the_movies_of_a_folder_are_listed_and_one_is_played(windows, how):
    """In place of the picture; after Teardown they are there again."""
    with ScriptedServer(PLAY=Movie()) as server:
        folder(server)
        screen = windows(server)
        client, rows = screen.client, screen.client.movies.rows
        client.setupMovie()
        client.playMovie()
        screen.until(rows.winfo_viewable)
        assert not client.picture.winfo_viewable() and client.player.state is State.INIT
        assert [rows.item(row, "text") for row in rows.get_children()] == [
            "films/first.Mjpeg", "films/second one.Mjpeg"]
        while not server.asked.empty():
            server.asked.get()
        if how == "double click":
            left, top, width, height = rows.bbox("1")
            place = rows.winfo_rootx() + left + width // 4, rows.winfo_rooty() + top + height // 2
            xdotool("mousemove", *place, "click", "--repeat", 2, "--delay", 50, 1)
        else:
            screen.until(lambda: client.master.focus_get() == rows)
            screen.key("Down")
            screen.until(lambda: client.movies.selected and "second" in client.movies.selected)
            if how == "Setup":
                screen.click("SETUP")
                screen.click("PLAY")
            else:
                screen.key("Return")
        screen.until(lambda: client.player.receiver.shown.frames == 1)
        assert client.picture.winfo_viewable() and not rows.winfo_viewable()
        assert server.next_request().startswith(f"OPTIONS {server.url}second%20one.Mjpeg RTSP/1.0")
        assert client.master.title().startswith("films/second one.Mjpeg")
        screen.click("TEARDOWN")
        screen.until(rows.winfo_viewable)


def test_the_keys_for_place_and_speed(windows):
    """Left, Right, slower, faster, normal, play and pause; what the server really does is in the line at the bottom."""
    movie = Movie()

    def reply(server):
        text = movie(server)
        wanted = [line for line in server.request.split("\r\n") if line.startswith(("Scale", "Range"))]
        return text.replace(b"\r\n\r\n", "".join(f"\r\n{line}" for line in wanted).encode() + b"\r\n\r\n", 1)

    class Echo(ScriptedServer):
        request = ""

        def _reply(self, request):
            self.request = request
            return super()._reply(request)

    without_range = STANDARD["PLAY"].replace(b"Range: npt=0.000-\r\n", b"")
    assert without_range != STANDARD["PLAY"]
    with Echo(PLAY=reply, DESCRIBE=LASTING_25) as server:
        screen = windows(server)
        client = screen.client
        client.setupMovie()
        client.playMovie()
        screen.until(lambda: client.player.receiver.shown.frames == 1 and client.commands.doing is None)

        def sent(*keys):
            server.methods()
            screen.key(*keys)
            screen.until(lambda: not server.asked.empty() and client.commands.doing is None)
            found = []
            while not server.asked.empty():
                found.append(server.asked.get())
            return found

        assert "Range: npt=5.000-" in sent("Right")[1]
        assert "Range: npt=0.000-" in sent("Left")[1]
        assert "Scale: 2.000" in sent("bracketright")[0]
        screen.until(lambda: "2×" in client.status.text)
        assert "Scale: 4.000" in sent("bracketright")[0]
        assert "Scale: 2.000" in sent("bracketleft")[0]
        assert "Scale: 1.000" in sent("BackSpace")[0]
        client.player.wantedScale = -1.0        # as --scale does it
        assert "Scale: -2.000" in sent("bracketright")[0]
        assert "Scale: 1.000" in sent("BackSpace")[0]
        screen.until(lambda: "×" not in client.status.text)
        client.picture.focus_force()
        client.master.update()
        assert sent("space")[0].startswith("PAUSE")
        screen.until(lambda: client.player.state is State.READY)
        screen.key("bracketleft")
        screen.until(lambda: "0.5×" in client.status.text)
        assert server.methods() == []


def test_what_the_server_would_not_do_does_not_hide_the_picture(windows):
    """A server without PAUSE: a remark under the picture, and the movie goes on."""
    with ScriptedServer(PLAY=Movie(), PAUSE=refused(501, "Not Implemented")) as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(lambda: screen.client.player.receiver.shown.frames == 1)
        screen.click("PAUSE")
        screen.until(lambda: "The server does not know PAUSE" in screen.client.status.text)
        assert screen.client.picture.words is None and screen.client.player.state is State.PLAYING


def test_a_session_that_the_server_has_ended_is_said(windows):
    """Setup begins a new one."""
    setup = STANDARD["SETUP"].replace(b"timeout=60", b"timeout=1")
    with ScriptedServer(PLAY=Movie(), SETUP=setup, GET_PARAMETER=refused(454, "Session Not Found")) as server:
        screen = windows(server)
        screen.client.setupMovie()
        screen.client.playMovie()
        screen.until(screen.reads("The server has ended the session"))
        assert screen.enabled() == {"SETUP"}
