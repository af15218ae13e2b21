"""The protocol ladder on a real screen: what is clicked is what is shown."""

from __future__ import annotations

import gc
import time
from types import SimpleNamespace

import pytest

from net.transcript import Transcript
from rtp.dissect import rtp
from rtsp.headers import Transport
from rtsp.message import Response
from rtsp.reader import MessageReader
from rtsp.states import State
from tests.scripted import ScriptedServer
from tests.test_Client import KEPT, Movie, Screen, windows, xdotool  # noqa: F401
from tests.tools import need
from tests.vectors import datagrams

CLIENT, SERVER = ("127.0.0.1", 40000), ("127.0.0.1", 554)
SETUP = b"SETUP rtsp://h/m RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=25000-25001\r\n\r\n"
REPLY = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: abc;timeout=60\r\n\r\n"


class Desk:
    """A ladder, what it shows, and somebody in front of it."""

    def __init__(self, master):
        from ui import ladder

        self.master, self.transcript = master, Transcript()
        self.found = lambda: self.transcript
        ladder.toggle(master, lambda: self.found())
        (self.window,) = self.windows()
        self.until(self.window.winfo_viewable)

    def windows(self):
        from ui.ladder import Ladder

        return [one for one in self.master.winfo_children() if isinstance(one, Ladder)]

    def until(self, condition, seconds=10.0):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "not seen"
            self.master.update()
            time.sleep(0.002)
        self.master.update()

    def shown(self, count):
        """So many rows."""
        self.until(lambda: len(self.window.lifelines.rows.rows) == count)

    def talk(self):
        """A connection, a SETUP and its reply, and a frame of two packets."""
        reader = MessageReader()
        reader.feed(REPLY)
        reply = reader.next()
        assert isinstance(reply, Response)
        self.transcript.opened(CLIENT, SERVER)
        self.transcript.went(SETUP, CLIENT, SERVER)
        self.transcript.came(reply, CLIENT, SERVER)
        ends = SimpleNamespace(local=CLIENT, peer=SERVER)
        self.transcript.granted(Transport(server_port=(6000, 6001)), False, ends, 25000)
        self.frame(1)

    def frame(self, number):
        first, second = datagrams("gstreamer-420.rtp")[:2]
        self.transcript.rtp(first, self.transcript.clock(), 2 * number, number, False)
        self.transcript.rtp(second, self.transcript.clock(), 2 * number + 1, number, True)

    def click(self, number):
        """In the middle of a row."""
        lines = self.window.lifelines
        lines.see(number)
        canvas = lines.canvas
        self.master.update()
        y = int((number + 0.5) * lines._height - canvas.canvasy(0))
        xdotool("mousemove", canvas.winfo_rootx() + canvas.winfo_width() // 2, canvas.winfo_rooty() + y, "click", 1)

    def key(self, *keys):
        self.window.lifelines.canvas.focus_force()
        self.master.update()
        xdotool("key", *keys)

    @property
    def dump(self):
        return self.window.bytes.dump.get("1.0", "end")


@pytest.fixture
def desk(display):
    need("tk")
    need("xdotool")
    from ui import theme

    master = theme.new_window("ladder")
    KEPT.append(master.tk)
    yield Desk(master)
    master.destroy()
    gc.collect()


def test_a_click_shows_the_bytes_of_what_was_clicked(desk):
    """Of a request its text, explained; of a burst its first packet, in the RFC's boxes and in hexadecimal digits."""
    desk.talk()
    desk.shown(4)
    desk.click(1)
    desk.until(lambda: desk.window.entry is not None and desk.window.entry.data == SETUP)
    text = desk.window.message.text.get("1.0", "end")
    assert "client_port=25000-25001" in text and "RFC 2326 §12.39" in text and "RTP on the first" in text
    desk.click(3)
    desk.until(lambda: desk.window.entry.kind == "RTP")
    first = datagrams("gstreamer-420.rtp")[0]
    assert desk.dump.startswith("0000  " + first[:16].hex(" "))
    assert desk.window.machine.shown[:2] == (State.READY, State.READY)


def test_what_explains_a_message_leaves_its_text_as_it_was(desk):
    """Without the explanations, it is what travelled."""
    from ui.messageview import explained

    parts = explained(SETUP.decode())
    said = "".join(words for words, tag in parts if tag in ("start", "name", "line", ""))
    assert said.replace("\n", "\r\n") + "\r\n" == SETUP.decode()


def test_the_keyboard_alone_is_enough(desk):
    """Up and down go through the rows, left and right through the fields, whose bytes light up; Escape closes."""
    desk.talk()
    desk.shown(4)
    desk.key("Up")
    desk.until(lambda: desk.window.entry is not None and desk.window.entry.kind == "RTP")
    desk.key("Up")
    desk.until(lambda: desk.window.entry.words == "200 OK")
    assert desk.window.machine.shown[2] == (State.INIT, State.READY, "SETUP")
    desk.key("Down", "Right", "Right", "Left", "Left", "Left")
    names = [value.field.name for block in rtp(datagrams("gstreamer-420.rtp")[0]) for value in block.values]
    desk.until(lambda: desk.window.bytes.field is not None and desk.window.bytes.field.field.name == names[-2])
    desk.key("Escape")
    desk.until(lambda: not desk.windows())
    assert not desk.transcript.watched


def lit(desk):
    ranges = list(map(str, desk.window.bytes.dump.tag_ranges("lit")))
    texts = [desk.window.bytes.dump.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)]
    return " ".join(texts[:-1])             # without the letters at the end of the line


def test_a_field_and_its_bytes_light_up_together(desk):
    """By the mouse over the field, and by a click on its bytes."""
    desk.talk()
    desk.shown(4)
    desk.click(3)
    desk.until(lambda: desk.window.bytes.canvas.find_withtag("box6"))
    canvas, first = desk.window.bytes.canvas, datagrams("gstreamer-420.rtp")[0]
    left, top, right, bottom = canvas.bbox("box6")
    xdotool("mousemove", canvas.winfo_rootx() + (left + right) // 2, canvas.winfo_rooty() + (top + bottom) // 2)
    desk.until(lambda: desk.window.bytes.field is not None)
    assert desk.window.bytes.field.field.name == "sequence number"
    assert lit(desk) == first[2:4].hex(" ")
    dump = desk.window.bytes.dump
    x, y, width, height = dump.bbox("1.31")         # byte 8, in the SSRC
    xdotool("mousemove", dump.winfo_rootx() + x + width // 2, dump.winfo_rooty() + y + height // 2, "click", 1)
    desk.until(lambda: desk.window.bytes.chosen == 8)
    assert lit(desk) == first[8:12].hex(" ")


def test_it_follows_the_newest_unless_scrolled_back(desk):
    """Only what can be seen is on the canvas, however much there is."""
    desk.window.every.set(True)
    desk.window.refill()
    for number in range(300):
        desk.frame(number)
    desk.shown(300)
    lines = desk.window.lifelines
    assert 299 in lines._drawn and len(lines._drawn) < 40
    assert len(lines.canvas.find_all()) < 400
    desk.key("Home")
    desk.until(lambda: 0 in lines._drawn)
    desk.frame(300)
    desk.shown(301)
    assert 300 not in lines._drawn and not lines.follow
    desk.key("End")
    desk.until(lambda: 300 in lines._drawn and lines.follow)
    desk.click(295)
    desk.until(lambda: lines.selected == 295)
    assert desk.window.entry.first == 2 * 295


def test_pause_and_clear(desk):
    """What comes in a pause is shown after it; what was cleared does not come back."""
    desk.talk()
    desk.shown(4)
    desk.key("space")
    desk.until(lambda: desk.window.paused.get())
    desk.frame(2)
    desk.window._look()
    assert len(desk.window.lifelines.rows.rows) == 4
    desk.key("space")
    desk.shown(5)
    desk.window.clear()
    assert len(desk.window.lifelines.rows.rows) == 0
    desk.frame(3)
    desk.shown(1)
    desk.key("f")
    desk.until(lambda: desk.window.every.get())
    assert len(desk.window.lifelines.rows.rows) == 1


def test_another_transcript_takes_over(desk):
    """Another player, without one in common."""
    desk.talk()
    desk.shown(4)
    before, desk.transcript = desk.transcript, Transcript()
    desk.until(lambda: desk.window.transcript is desk.transcript)
    assert not before.watched and len(desk.window.lifelines.rows.rows) == 0
    desk.until(lambda: desk.transcript.watched)


def test_the_machine_is_the_table():
    """An arrow for each pair of states that the table connects, and a way to draw it."""
    from rtsp.states import TRANSITIONS
    from ui.machine import WAYS, always, edges, staying

    assert set(edges()) == set(WAYS)
    drawn = {(before, event, after) for (before, after), events in edges().items() for event in events}
    drawn |= {(state, event, state) for state in State for event in staying(state)}
    drawn |= {(state, event, State.INIT) for state in State for event in always()}
    assert drawn == {(state, event, after) for state, row in TRANSITIONS.items() for event, after in row.items()}


def test_a_movie_in_the_ladder(windows):  # noqa: F811
    """The key w in the player's window: the conversation, and the frame that was sent."""
    from ui.ladder import Ladder

    with ScriptedServer(PLAY=Movie()) as server:
        screen = windows(server)
        screen.client.picture.focus_force()
        screen.key("w")

        def ladders():
            return [one for one in screen.client.master.winfo_children() if isinstance(one, Ladder)]

        screen.until(ladders)
        screen.client.setupMovie()
        screen.until(lambda: screen.client.player.transcript.watched)
        screen.client.playMovie()
        rows = lambda: ladders()[0].lifelines.rows.rows  # noqa: E731
        screen.until(lambda: any(row.entry.kind == "RTP" for row in rows()))
        said = [row.look.words for row in rows() if row.entry.kind == "RTSP"]
        assert said == ["OPTIONS", "200 OK", "DESCRIBE", "200 OK", "SETUP", "200 OK", "PLAY", "200 OK"]
        (burst,) = [row.entry for row in rows() if row.entry.kind == "RTP"]
        assert burst.route.local[1] == screen.client.player.way.rtp_port and burst.whole
        assert screen.client.player.transcript.states() == (State.PLAYING, State.PLAYING)
