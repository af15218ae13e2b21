"""The overlay over the picture: its keys, its pages, and that it does nothing while it is closed."""

from __future__ import annotations

import pytest

from rtp.history import STEP, Row
from tests.tools import need
from ui import statistics, theme
from ui.look import PAGES, Look
from ui.statistics import Overlay

ROWS = [(f"name {n}", f"value {n}") for n in range(7)]
PACKETS = [("in time", "3"), ("late", "1"), ("lost", "2"), ("twice", "0")]


class Source:
    """What the overlay asks for."""

    def __init__(self):
        self.asked = []

    def look(self, page):
        self.asked.append(page)
        history = [Row(n, 8, 9000, 0.04, 0.001, 0.0005, 0.2) for n in range(40)]
        return Look(PACKETS if page == 4 else ROWS, 40 * STEP, history, [(9.0, 1), (9.1, 2)], 2, (0.1, 0.2))

    def text(self):
        return "all of it\n"


@pytest.fixture
def window(display):
    need("tk")
    made = theme.new_window("test")
    made.geometry("640x480+0+0")
    made.update()
    yield made
    made.destroy()


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def overlay(window, source):
    return Overlay(window, source.look, source.text)


def words(widget):
    """All that can be read in a widget."""
    own = [str(widget["text"])] if widget.winfo_class() == "Label" else []
    return own + [text for child in widget.winfo_children() if child.winfo_ismapped() for text in words(child)]


def read(overlay):
    overlay.update()
    return "\n".join(words(overlay))


def test_closed_it_asks_for_nothing(overlay, source):
    """No timer runs, before and after."""
    assert not overlay.is_open and source.asked == []
    overlay.stay()
    overlay.close()
    overlay.close()
    assert not overlay.is_open and source.asked == [1] and overlay.tk.call("after", "info") == ""


def test_open_it_asks_again_and_again(overlay, source, monkeypatch):
    monkeypatch.setattr(statistics, "EVERY", 1)
    overlay.stay()
    while len(source.asked) < 4:
        overlay.update()
    assert set(source.asked) == {1}


def test_it_is_drawn_five_times_a_second_at_most():
    assert statistics.EVERY >= 200


def test_a_glance_ends_by_itself(overlay, monkeypatch):
    """Unless somebody wants it to stay meanwhile."""
    monkeypatch.setattr(statistics, "GLANCE", 1)
    overlay.glance()
    assert overlay.is_open
    while overlay.is_open:
        overlay.update()
    monkeypatch.setattr(statistics, "GLANCE", 60_000)
    overlay.glance()
    overlay.stay()
    assert overlay.is_open and overlay._end == ""


def test_the_same_key_closes_it(overlay):
    for key in (overlay.glance, overlay.stay):
        key()
        assert overlay.is_open
        key()
        assert not overlay.is_open


def test_each_page_shows_its_own(overlay, source):
    """Names and values, and curves or dots."""
    for page in range(1, len(PAGES) + 1):
        overlay.turn(page)
        seen = read(overlay)
        assert source.asked[-1] == page and f"{page} {PAGES[page - 1]}" in seen
        if page == 4:
            assert "● in time 3" in seen and "✕ lost 2" in seen and "▲ late 1" in seen and "modulo 64" in seen
        else:
            assert all(name in seen and value in seen for name, value in ROWS)


def test_the_keys_of_pages_work_while_it_is_open_only(overlay, source):
    """Else they are somebody else's."""
    overlay.actions["Key-3"]()
    overlay.actions["c"]()
    assert not overlay.is_open and source.asked == []
    overlay.actions["I"]()
    overlay.actions["Key-3"]()
    assert overlay.page == 3
    overlay.actions["Escape"]()
    assert not overlay.is_open
    overlay.actions["i"]()
    assert overlay.is_open and overlay.page == 3


def test_a_page_that_was_turned_to_stays(overlay):
    overlay.glance()
    overlay.turn(2)
    assert overlay._end == ""


def test_copy_puts_all_on_the_clipboard(overlay, window):
    overlay.stay()
    overlay.actions["c"]()
    assert window.clipboard_get() == "all of it\n"


def test_the_mouse_does_what_the_keys_do(overlay):
    overlay.stay()
    overlay.update()
    tabs = {str(tab["text"]): tab for tab in overlay._tabs.winfo_children()}
    tabs["4 Packets"].event_generate("<Button-1>")
    assert overlay.page == 4
    tabs["Esc ✕"].event_generate("<Button-1>")
    assert not overlay.is_open


@pytest.mark.parametrize("size", [(640, 480), (240, 180), (1200, 900)])
def test_it_stays_within_the_width_of_the_window(overlay, window, size):
    window.geometry("{}x{}".format(*size))
    while (window.winfo_width(), window.winfo_height()) != size:
        window.update()
    for page in range(1, 5):
        overlay.turn(page)
        overlay.update()
        assert overlay.winfo_x() + overlay.winfo_width() <= size[0]


def test_a_window_may_be_closed_while_it_is_open(window, source):
    """No timer fires into the void."""
    overlay = Overlay(window, source.look, source.text)
    overlay.stay()
    overlay.destroy()
    assert window.tk.call("after", "info") == ""
