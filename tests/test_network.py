"""The sliders that make the network worse: off at first, red when on, and their keys are their own."""

from __future__ import annotations

import gc

import pytest

from net.impairment import Impairment, parse
from net.instruments import Instruments
from ui import theme
from ui.network import SLIDERS, NetworkPanel
from ui.picture import Picture

KEPT = []  # Tk's interpreters: one that another thread collects ends the program


@pytest.fixture
def window(display):
    made = theme.new_window("test")
    made.geometry("700x600+0+0")
    yield made
    made.destroy()
    KEPT.append(made.tk)
    gc.collect()


@pytest.fixture
def picture(window):
    made = Picture(window)
    made.pack(side="top", fill="both", expand=True)
    window.update()
    return made


def panel(picture, words=""):
    """(panel, what it adjusts)"""
    instruments = Instruments(parse(words) if words else None)
    made = NetworkPanel(picture.master, picture, instruments)
    picture.update()
    return made, instruments


def move(panel, field, value):
    """As a mouse does it."""
    slider = next(slider for slider in SLIDERS if slider.field == field)
    panel.scales[field].set(slider.steps.index(value))
    panel.update()


def test_it_is_off_and_hidden_at_first(picture):
    """No red words, no impairment."""
    made, instruments = panel(picture)
    assert not made.winfo_ismapped() and made.warning == "" and not made.on
    assert instruments.impairment is None


def test_it_is_shown_and_hidden_again(window, picture):
    """Between the picture and what is below it; the picture gives way."""
    made, _ = panel(picture)
    height = picture.winfo_height()
    made.toggle()
    window.update()
    assert made.winfo_ismapped() and picture.winfo_height() < height
    made.toggle()
    window.update()
    assert not made.winfo_ismapped() and picture.winfo_height() == height


def test_a_slider_makes_the_network_worse_at_once(picture):
    """And red words say so, also when the panel is hidden again."""
    made, instruments = panel(picture)
    made.toggle()
    move(made, "loss", 5)
    move(made, "delay", 40)
    assert instruments.impairment == Impairment(loss=0.05, delay=0.04)
    assert made.warning == "NET: loss 5 %, delay 40 ms"
    made.toggle()
    assert made.warning == "NET: loss 5 %, delay 40 ms"
    assert str(made._flag["background"]) == "#b3261e"


def test_the_switch_turns_it_off_and_on(picture):
    """The sliders stay where they are."""
    made, instruments = panel(picture)
    made.toggle()
    move(made, "rate", 4)
    made._switch.invoke()
    assert instruments.impairment is None and made.warning == ""
    made._switch.invoke()
    assert instruments.impairment == Impairment(rate=4e6)


def test_the_command_line_s_words_are_where_it_begins(picture):
    """On; what no slider can say stays until that slider is moved."""
    made, instruments = panel(picture, "loss gemodel 1% 10% delay 33ms seed 7")
    assert made.on and made.warning == "NET: loss 9.09 %, delay 33 ms" and made.seed.get() == "7"
    made.toggle()
    move(made, "dup", 1)
    assert instruments.impairment == parse("loss gemodel 1% 10% delay 33ms dup 1% seed 7")
    move(made, "loss", 2)
    assert instruments.impairment and instruments.impairment.loses == 0.02 and instruments.impairment.delay == 0.033


def test_the_seed_is_a_number(picture):
    """Anything else gives way to the one in use."""
    made, instruments = panel(picture)
    made.toggle()
    for typed, expected in (("12", 12), ("x", 12), ("", 12), ("-1", 12), ("9" * 10, 12), (" 3 ", 3)):
        made.seed.delete(0, "end")
        made.seed.insert(0, typed)
        made._take_seed()
        assert instruments.settings["seed"] == expected and made.seed.get() == str(expected)
    assert instruments.impairment is None       # it turns nothing on


def test_reorder_without_delay_is_explained(picture):
    """As the command line does it."""
    made, _ = panel(picture)
    made.toggle()
    move(made, "reorder", 2)
    assert "needs a delay" in str(made._hint["text"])
    move(made, "delay", 40)
    assert str(made._hint["text"]) == ""


def test_its_keys_are_its_own(window, picture):
    """Arrows move a slider; the window, which jumps in the movie, does not hear of them."""
    made, instruments = panel(picture)
    heard = []
    window.bind("<Right>", heard.append)
    made.toggle()
    window.update()
    made.scales["loss"].focus_force()
    window.update()
    made.scales["loss"].event_generate("<Right>")
    window.update()
    assert heard == [] and instruments.settings["loss"] == 0.001


def test_each_slider_begins_with_a_good_network():
    """And has a field of Impairment."""
    for slider in SLIDERS:
        assert slider.steps[0] == 0 == getattr(Impairment(), slider.field)
