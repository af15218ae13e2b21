"""The pages as text."""

from __future__ import annotations

from ui.look import as_text


def test_names_and_values_stand_under_each_other():
    text = as_text([("Play", [("Codec", "JPEG"), ("Transport", "UDP")]), ("Network", [("Lost", "0"), ("", "")])])
    assert text == "Play\n  Codec      JPEG\n  Transport  UDP\n\nNetwork\n  Lost       0\n\n"


def test_nothing_is_an_empty_text():
    assert as_text([]) == ""
