"""The window that asks for an address: by keyboard alone."""

from __future__ import annotations

import tkinter as tk

import pytest

from ui import theme
from ui.openurl import OpenDialog, Wanted, ask, pasted
from ui.settings import Address

HISTORY = [Address("rtsp://a/1", "tcp", "anna"), Address("rtsp://b/2"), Address("rtsp://c/3", "udp")]


@pytest.fixture
def window(display):
    made = theme.new_window("test")
    made.geometry("+0+0")
    made.update()
    yield made
    made.destroy()


class Opener:
    """Notes what was wanted, and has an objection, or none."""

    def __init__(self):
        self.wanted, self.problem = [], ""

    def __call__(self, wanted):
        self.wanted.append(wanted)
        return self.problem


@pytest.fixture
def opener():
    return Opener()


def opened(window, opener, history=HISTORY, url=""):
    dialog = ask(window, history, opener, url)
    dialog.update()
    dialog.focus_force()
    dialog.url.focus_force()
    dialog.update()
    return dialog


def press(dialog, *keys):
    for key in keys:
        dialog.focus_get().event_generate(f"<{key}>")
        dialog.update()


def is_open(dialog):
    return bool(dialog.tk.call("winfo", "exists", str(dialog)))


def test_return_opens_what_was_typed(window, opener):
    dialog = opened(window, opener, [])
    dialog.url.insert(0, " rtsp://host/movie ")
    press(dialog, "Return")
    assert opener.wanted == [Wanted("rtsp://host/movie")] and not is_open(dialog)


def test_everything_can_be_reached_by_tab(window, opener):
    """From the address to Open, in the order in which it stands there; the arrows choose the way."""
    dialog = opened(window, opener, [Address("rtsp://a/1")])
    press(dialog, "Tab", "Tab", "Right", "Right")
    assert dialog.transport.get() == "tcp"
    press(dialog, "Left", "Tab")
    while dialog.focus_get() is not dialog.name:
        press(dialog, "Tab")
    dialog.name.insert(0, "anna")
    press(dialog, "Tab")
    dialog.password.insert(0, "secret")
    press(dialog, "Tab", "Tab", "Return")
    assert opener.wanted == [Wanted("rtsp://a/1", "udp", "anna", "secret")] and not is_open(dialog)


def test_escape_opens_nothing(window, opener):
    dialog = opened(window, opener)
    press(dialog, "Escape")
    assert opener.wanted == [] and not is_open(dialog)


def test_return_on_cancel_cancels(window, opener):
    dialog = opened(window, opener)
    while str(dialog.focus_get().cget("text") if dialog.focus_get().winfo_class() == "TButton" else "") != "Cancel":
        press(dialog, "Tab")
    press(dialog, "Return")
    assert opener.wanted == [] and not is_open(dialog)


def test_an_objection_is_said_and_the_window_stays(window, opener):
    opener.problem = "No rtsp:// URL"
    dialog = opened(window, opener)
    press(dialog, "Return")
    assert is_open(dialog) and dialog._problem["text"] == "No rtsp:// URL" and dialog._problem.winfo_viewable()
    opener.problem = ""
    press(dialog, "Return")
    assert not is_open(dialog)


def test_nothing_typed_is_nothing_to_open(window, opener):
    dialog = opened(window, opener, [])
    press(dialog, "Return")
    assert opener.wanted == [] and is_open(dialog) and "rtsp://" in dialog._problem["text"]


def test_the_latest_address_is_there_as_it_was_opened(window, opener):
    dialog = opened(window, opener)
    assert (dialog.url.get(), dialog.transport.get(), dialog.name.get(), dialog.password.get()) == (
        "rtsp://a/1", "tcp", "anna", "")


def test_an_earlier_one_is_chosen_with_the_arrows(window, opener):
    """What was typed for another one, a password above all, does not go along."""
    dialog = opened(window, opener)
    dialog.password.insert(0, "secret")
    press(dialog, "Down", "Down", "Down")
    assert dialog.url.get() == "rtsp://c/3"
    press(dialog, "Return")
    assert opener.wanted == [Wanted("rtsp://c/3", "udp")]


def test_a_click_chooses_and_two_open(window, opener):
    dialog = opened(window, opener)
    x, y, _, height = dialog.recent.bbox(1)
    place = {"x": x + 2, "y": y + height // 2}
    dialog.recent.event_generate("<Button-1>", **place)
    dialog.recent.event_generate("<ButtonRelease-1>", **place)
    dialog.update()
    assert dialog.url.get() == "rtsp://b/2" and dialog.transport.get() == "auto"
    dialog.recent.event_generate("<Button-1>", **place)
    dialog.update()
    assert opener.wanted == [Wanted("rtsp://b/2")]


def test_an_address_that_is_given_comes_first(window, opener):
    """With what is known of it."""
    assert opened(window, opener, url="rtsp://new/").url.get() == "rtsp://new/"
    dialog = opened(window, opener, url="rtsp://c/3")
    assert (dialog.url.get(), dialog.transport.get()) == ("rtsp://c/3", "udp")


def test_there_is_one_such_window(window, opener):
    opened(window, opener)
    opened(window, opener)
    assert len([child for child in window.winfo_children() if isinstance(child, OpenDialog)]) == 1


def test_keys_in_it_do_nothing_else(window, opener):
    """The space bar, say, which plays and pauses everywhere else."""
    pressed = []
    window.bind("<space>", pressed.append)
    dialog = opened(window, opener, [])
    press(dialog, "space")
    assert pressed == [] and dialog.url.get() == " "


@pytest.mark.parametrize(("text", "found"), [
    (" rtsp://host/movie\n", "rtsp://host/movie"), ("two rtsp://words", ""), ("no address", ""), ("", ""), (None, ""),
])
def test_what_is_pasted(window, text, found):
    window.clipboard_clear()
    if text is not None:
        window.clipboard_append(text)
    assert pasted(window) == found


def test_a_clipboard_that_says_no_is_empty(window, monkeypatch):
    def refuse():
        raise tk.TclError

    monkeypatch.setattr(window, "clipboard_get", refuse)
    assert pasted(window) == ""
