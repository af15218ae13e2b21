"""The player view on a virtual screen: a real server, real clicks and keys, and pictures told by their barcode."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageChops, ImageGrab

from Player import State
from tests import movies
from tests.scripted import INSIDE, LASTING_25, STANDARD, ScriptedServer, inside
from tests.serving import serving
from tests.test_Client import Movie, windows, xdotool  # noqa: F401  (windows is a fixture)
from tests.tools import need
from tools import barcode
from ui import keys

ROOT = Path(__file__).resolve().parent.parent
FRAMES, RATE = 250, 25.0
LIVE = STANDARD["DESCRIBE"].replace(b"a=range:npt=0-0.950\r\n", b"")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Two movies: ten seconds, and one."""
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "long.Mjpeg", FRAMES)
    movies.lab_movie(folder / "short.Mjpeg", 25)
    with serving(folder, fps=RATE) as running:
        yield running


@pytest.fixture
def open_view(windows):  # noqa: F811
    """Opens the player view for a URL."""

    def make(url, **options):
        xdotool("mousemove", 1279, 1023)    # out of the way: what it rests on shows words
        screen = windows(SimpleNamespace(url=url), classic=False, **options)
        screen.bar, screen.seek = screen.client.window.bar, screen.client.window.bar.seek
        return screen

    return make


@pytest.fixture
def playing(server, open_view):
    screen = open_view(server.url("long.Mjpeg"))
    screen.client.chooseMovie()
    screen.until(lambda: shown(screen) > 2)
    yield screen
    xdotool("mouseup", 1)
    screen.client.actions.preview.stop(wait=True)


@pytest.fixture
def paused(playing):
    playing.key("space")
    playing.until(lambda: state(playing) is State.READY and playing.client.commands.doing is None)
    return playing


def state(screen):
    return screen.client.player.state


def shown(screen):
    return screen.client.player.receiver.shown.frames


def number(screen):
    """Of the frame on the screen."""
    screen.client.picture.say(None)
    return barcode.read(screen.frame())


def idle(screen):
    actions = screen.client.actions
    return screen.client.commands.doing is None and actions.place is None and actions.frames.empty()


def point(screen, place):
    """On the screen, this place of the movie on the seek bar."""
    seek = screen.seek
    return seek.winfo_rootx() + seek.x_of(place), seek.winfo_rooty() + seek.winfo_height() // 2


def press(screen, button):
    widget = screen.bar.buttons[button]
    xdotool("mousemove", widget.winfo_rootx() + widget.winfo_width() // 2,
            widget.winfo_rooty() + widget.winfo_height() // 2, "click", 1)


def test_one_button_sets_up_plays_and_pauses(server, open_view):
    """By mouse; the picture stays while it pauses."""
    screen = open_view(server.url("long.Mjpeg"))
    assert "Press Play" in screen.client.picture.words.body and screen.bar.text.startswith("Play")
    press(screen, "playOrPause")
    screen.until(lambda: shown(screen) > 5)
    screen.client.refresh()
    assert screen.bar.text.startswith("Pause   0:00 / 0:10")
    press(screen, "playOrPause")
    screen.until(lambda: state(screen) is State.READY and idle(screen))
    before = number(screen)
    assert before == round(screen.client.player.position * RATE)
    press(screen, "playOrPause")
    screen.until(lambda: state(screen) is State.PLAYING and number(screen) > before)


def test_a_click_on_the_bar_jumps_there(playing):
    xdotool("mousemove", *point(playing, 6.0), "click", 1)
    playing.until(lambda: playing.client.player.position > 5.9)
    playing.until(lambda: 148 <= number(playing) <= 200)


def test_dragging_shows_what_is_there(playing, server):
    """From a second session, which ends with it; the movie goes on meanwhile."""
    before = len(server.sessions)
    xdotool("mousemove", *point(playing, 2.0), "mousedown", 1)
    playing.until(lambda: playing.seek.dragged is not None)
    for place in (3.0, 5.0, 8.0):
        xdotool("mousemove", *point(playing, place))
    thumbnail, frame = playing.client.window.thumbnail, shown(playing)
    playing.until(lambda: abs(thumbnail.seconds - 8.0) < 0.1)
    playing.until(lambda: thumbnail.jpeg and abs(number_of(thumbnail.jpeg) - 200) <= 5)
    playing.until(lambda: shown(playing) > frame)
    assert thumbnail.winfo_viewable() and len(server.sessions) == before + 1
    xdotool("mouseup", 1)
    playing.until(lambda: playing.client.player.position > 7.9)
    playing.until(lambda: len(server.sessions) == before)
    assert not thumbnail.winfo_viewable()


def number_of(jpeg):
    return barcode.read(Image.open(io.BytesIO(jpeg)))


def test_a_jump_while_pausing_shows_the_picture_there(paused):
    """At once, and it goes on pausing; Play goes on from there."""
    before = paused.client.player.position
    paused.key("Right")
    paused.until(lambda: idle(paused) and paused.client.player.position > before + 4.9)
    there = number(paused)
    assert state(paused) is State.READY and abs(there - (before + 5) * RATE) <= 1
    paused.key("space")
    paused.until(lambda: number(paused) > there)
    assert number(paused) < there + 100


def test_the_next_frame_is_the_next_frame(paused):
    """Also when those that had come before the pause are used up."""
    first = number(paused)
    for step in range(1, 15):
        paused.key("period")
        paused.until(lambda step=step: idle(paused) and number(paused) == first + step)
    assert state(paused) is State.READY


def test_after_the_end_a_jump_plays_on_from_there(playing):
    playing.client.actions.jumpTo(99.0)
    playing.until(playing.reads("The end"))
    playing.key("Left")
    playing.until(lambda: playing.client.picture.words is None and 110 < number(playing) < 200)
    assert state(playing) is State.PLAYING


def test_a_loop_begins_again(playing):
    playing.key("l")
    playing.until(lambda: playing.client.window.toast.text == "Loop: on")
    playing.client.actions.jumpTo(9.5)
    playing.until(lambda: playing.client.player.position > 9)
    playing.until(lambda: playing.client.player.position < 5 and state(playing) is State.PLAYING)


class Slow(Movie):
    """Replies to PLAY when it is told to."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, server):
        self.gate.wait(5)
        return super().__call__(server)


@pytest.fixture
def slow(open_view):
    """A movie that plays, and whose server does not answer the next PLAY."""
    movie = Slow()
    with ScriptedServer(PLAY=movie, DESCRIBE=LASTING_25) as server:
        screen = open_view(server.url)
        screen.client.chooseMovie()
        screen.until(lambda: shown(screen) == 1 and idle(screen))
        server.methods()
        screen.server, screen.gate = server, movie.gate
        movie.gate.clear()
        yield screen
        movie.gate.set()


def asked(server):
    found = []
    while not server.asked.empty():
        found.append(server.asked.get())
    return [request for request in found if request.startswith("PLAY")]


def test_jumps_while_a_jump_is_under_way_become_one(slow):
    """The bar is where it will be at once; none is lost."""
    slow.key("Right")
    slow.until(lambda: slow.client.commands.doing == "PLAY")
    slow.key("Right", "Right", "shift+Left")
    slow.until(lambda: slow.client.actions.position == 14.0)
    slow.client.refresh()
    assert "0:14 / 0:25" in slow.bar.text
    slow.gate.set()
    slow.until(lambda: idle(slow))
    first, second = asked(slow.server)
    assert "npt=5.000-" in first and "npt=14.000-" in second


def test_pause_while_a_jump_is_under_way_pauses_after_it(slow):
    slow.key("Right")
    slow.until(lambda: slow.client.commands.doing == "PLAY")
    slow.key("space")
    slow.until(lambda: slow.client.actions.toggling)
    slow.gate.set()
    slow.until(lambda: state(slow) is State.READY and idle(slow) and not slow.client.actions.toggling)
    assert slow.server.methods() == ["PAUSE", "PLAY", "PAUSE"]


def test_faster_twice_is_four_times_as_fast(slow):
    slow.key("bracketright")
    slow.until(lambda: slow.client.commands.doing == "PLAY")
    slow.key("bracketright")
    slow.until(lambda: slow.client.actions.wantedScale == 4)
    slow.gate.set()
    slow.until(lambda: idle(slow) and slow.client.actions.scale is None)
    assert [request.partition("Scale: ")[2][:5] for request in asked(slow.server)] == ["2.000", "4.000"]


def test_the_next_and_the_previous_movie_of_the_server(playing):
    """In the order of the server's list, round and round; and the list itself, in place of the picture."""
    client = playing.client
    playing.key("n")
    playing.until(lambda: client.player.client.name == "short.Mjpeg" and shown(playing) > 2)
    assert client.master.title().startswith("short.Mjpeg")
    playing.key("b")
    playing.until(lambda: client.player.client.name == "long.Mjpeg" and shown(playing) > 2)
    playing.key("ctrl+l")
    playing.until(client.movies.rows.winfo_viewable)
    frame = shown(playing)
    playing.until(lambda: shown(playing) > frame)       # the movie goes on
    playing.until(lambda: client.master.focus_get() == client.movies.rows)
    playing.key("Down", "Return")
    playing.until(lambda: client.player.client.name == "short.Mjpeg" and shown(playing) > 2)
    assert client.picture.winfo_viewable()
    playing.key("ctrl+l")
    playing.until(client.movies.rows.winfo_viewable)
    playing.key("Escape")
    playing.until(client.picture.winfo_viewable)


def test_what_is_live_has_a_badge_and_no_jumps(open_view):
    with ScriptedServer(PLAY=Movie(), DESCRIBE=LIVE) as server:
        screen = open_view(server.url)
        screen.client.chooseMovie()
        screen.until(lambda: shown(screen) == 1 and idle(screen))
        screen.client.refresh()
        assert screen.bar.text.startswith("● LIVE   Pause   −0.0 s")
        server.methods()
        screen.key("Right")
        screen.until(lambda: "It is live" in screen.client.window.toast.text)
        xdotool("mousemove", *point(screen, 0), "click", 1)
        screen.client.master.update()
        assert server.methods() == [] and screen.seek.dragged is None


def test_full_screen_and_back(playing):
    """f, F11, a double click; Escape leaves, and never quits; the controls come with the mouse, over the picture."""
    window = playing.client.window
    before = playing.client.picture.winfo_width()
    for enter, leave in (("f", "Escape"), ("F11", "f")):
        playing.key(enter)
        playing.until(lambda: playing.client.picture.winfo_width() == window.master.winfo_screenwidth())
        assert playing.client.picture.winfo_height() == window.master.winfo_screenheight()
        xdotool("mousemove", 300, 300, "mousemove", 310, 300)
        playing.until(playing.bar.winfo_viewable)
        assert 0 <= number(playing) < FRAMES
        playing.key(leave)
        playing.until(lambda: playing.client.picture.winfo_width() == before and playing.bar.winfo_viewable())
    playing.key("Escape", "Escape")
    picture = playing.client.picture
    xdotool("mousemove", picture.winfo_rootx() + 99, picture.winfo_rooty() + 99, "click", "--repeat", 2, 1)
    playing.until(lambda: window.full.on)
    playing.key("Escape")
    playing.until(lambda: not window.full.on)
    assert playing.client.closing is None and state(playing) is State.PLAYING


def test_the_controls_go_when_the_mouse_rests(playing, monkeypatch):
    monkeypatch.setattr("ui.fullscreen.REST", 50)
    playing.key("f")
    playing.until(lambda: playing.client.picture.winfo_width() == playing.client.master.winfo_screenwidth())
    xdotool("mousemove", 300, 300, "mousemove", 310, 300)
    playing.until(playing.bar.winfo_viewable)
    playing.until(lambda: not playing.bar.winfo_viewable())


def test_the_picture_in_its_own_size_half_and_double(playing):
    playing.client.master.geometry("+0+0")
    for key, factor in (("alt+1", 1), ("alt+2", 2), ("alt+0", 0.5)):
        playing.key(key)
        wanted = tuple(round(side * factor) for side in movies.SIZE)
        playing.until(lambda wanted=wanted: playing.client.picture.shown_size[0] >= wanted[0] - 1)
        if factor >= 1:
            playing.until(lambda wanted=wanted: playing.client.picture.shown_size == wanted)


def test_both_views_at_any_time(playing):
    """The same session goes on."""
    client = playing.client
    playing.key("v")
    playing.until(client.controls.winfo_viewable)
    assert not playing.bar.winfo_viewable() and playing.enabled() == {"PAUSE", "TEARDOWN"}
    playing.click("PAUSE")
    playing.until(lambda: state(playing) is State.READY)
    playing.key("v")
    playing.until(playing.bar.winfo_viewable)
    assert not client.controls.winfo_viewable()


def test_help_has_every_key_and_goes(playing):
    client = playing.client
    for opens, closes in (("question", "Escape"), ("F1", "F1")):
        playing.key(opens)
        playing.until(client.window.help.winfo_viewable)
        playing.key(closes)
        playing.until(lambda: not client.window.help.winfo_viewable())


def test_everything_is_in_the_menu(playing):
    """Filled when it is opened; what cannot be done now is grey."""
    menu = playing.client.window.menu
    menu._fill()
    entries = {}
    for one in [menu, *menu.winfo_children()]:
        for place in range((one.index("end") or 0) + 1):
            if one.type(place) != "separator":
                entries[one.entrycget(place, "label")] = one.entrycget(place, "state")
    assert {key.words for key in keys.KEYS if key.action != "escape"} <= set(entries)
    assert set(entries.values()) == {"normal"}
    playing.client.teardownMovie()
    playing.until(lambda: state(playing) is State.INIT)
    menu._fill()
    assert playing.client.actions.state("on5") is None


def test_the_first_picture_is_announced_in_per_cent(server, windows):  # noqa: F811
    """A long buffer is no frozen window."""
    screen = windows(SimpleNamespace(url=server.url("long.Mjpeg")), delay=1.5, classic=False)
    screen.client.chooseMovie()
    seen = set()

    def note():
        seen.add(screen.client.picture.words.title if screen.client.picture.words else "")
        return shown(screen)

    screen.until(note)
    assert len([title for title in seen if title.startswith("Buffering ")]) >= 3


def test_a_picture_that_stands_still_has_words(open_view, monkeypatch):
    """And none when it moves again."""
    monkeypatch.setattr("Display.SILENT", 0.1)
    with ScriptedServer(PLAY=Movie(), DESCRIBE=LASTING_25) as server:
        screen = open_view(server.url)
        screen.client.chooseMovie()
        screen.until(screen.reads("Buffering 0 %"))
        server.send_frame(1, movies.jpeg(1), 120)
        screen.client.display.pictureAt = time.monotonic() + 9
        screen.client.refresh()
        assert screen.client.picture.words is None


def test_why_it_changed_to_tcp_is_said_aloud(open_view, monkeypatch):
    monkeypatch.setattr("net.way.PATIENCE", 0.1)
    replies = [STANDARD["PLAY"], STANDARD["PLAY"] + inside([movies.jpeg(0)])]
    with ScriptedServer(SETUP=[STANDARD["SETUP"], INSIDE], PLAY=replies) as server:
        screen = open_view(server.url)
        screen.client.chooseMovie()
        screen.until(lambda: "No UDP packets arrived (firewall?). Switched to TCP" in screen.client.window.toast.text)


def test_a_space_while_a_button_has_the_focus_presses_that_button_alone(playing):
    """Tk would press the button and pause."""
    pressed: list[int] = []
    playing.bar.buttons["menu"].configure(command=lambda: pressed.append(1))
    playing.bar.buttons["menu"].focus_force()
    playing.client.master.update()
    playing.key("space")
    playing.until(lambda: pressed)
    assert pressed == [1] and state(playing) is State.PLAYING


@pytest.mark.timeout(90)
def test_the_program_itself_by_mouse_and_keys(server, display, tmp_path):
    """A URL opens the player view, which plays at once; pause, a click on the bar, full screen, quit: exit code 0."""
    need("tk")
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url("long.Mjpeg"), "-v"]
    program = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        found = wait_for(lambda: subprocess.run(
            [need("xdotool"), "search", "--onlyvisible", "--name", "long.Mjpeg"], capture_output=True, text=True
        ).stdout.split())
        window = found[0]

        def grab(box):
            return ImageGrab.grab(bbox=box, xdisplay=os.environ["DISPLAY"])

        left, top, width, height = geometry(window)
        bottom = top + width * 3 // 4       # of the picture
        box = (left, top, left + width, bottom)

        def frame():
            try:
                return barcode.read(grab(box).resize(movies.SIZE))
            except ValueError:              # words are over it
                return -1

        wait_for(lambda: frame() > 2)
        xdotool("windowfocus", "--sync", window, "key", "space")
        wait_for(lambda: stands_still(frame))
        xdotool("mousemove", left + width // 2, bottom + 12, "click", 1)     # the middle of the bar: 5 s
        wait_for(lambda: abs(frame() - 125) <= 3)
        xdotool("key", "--window", window, "f")
        wait_for(lambda: geometry(window)[2:] == (1280, 1024))
        xdotool("windowfocus", "--sync", window, "key", "Escape")
        wait_for(lambda: geometry(window)[2:] == (width, height))
        corner = (left, top, left + width // 2, top + width // 4)
        plain = wait_for(lambda: same_twice(lambda: grab(corner)))
        xdotool("windowfocus", "--sync", window, "key", "I")        # the statistics, over the left half of the picture
        wait_for(lambda: differs(grab(corner), plain))
        xdotool("windowfocus", "--sync", window, "key", "Escape")
        wait_for(lambda: not differs(grab(corner), plain))
        xdotool("windowfocus", "--sync", window, "key", "w")        # the ladder, a window of its own
        search = [need("xdotool"), "search", "--onlyvisible", "--name", "Protocol"]
        wait_for(lambda: subprocess.run(search, capture_output=True, text=True).stdout.split())
        xdotool("windowfocus", "--sync", window, "key", "q")
        assert program.wait(10) == 0
        assert "TEARDOWN" in program.communicate()[1]
    finally:
        program.kill()
        program.wait()


def stands_still(frame):
    before = frame()
    time.sleep(0.15)
    return before >= 0 and frame() == before


def same_twice(grab):
    """The picture, when it has come to rest."""
    before = grab()
    time.sleep(0.15)
    return None if differs(grab(), before) else before


def differs(picture, other):
    return ImageChops.difference(picture.convert("L"), other.convert("L")).getbbox() is not None


def geometry(window):
    command = [need("xdotool"), "getwindowgeometry", "--shell", window]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.split()
    values = dict(line.split("=") for line in lines)
    return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))


def wait_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "not seen"
        time.sleep(0.02)
    return value
