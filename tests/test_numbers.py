"""The one parser of numbers from peers."""

import pytest

from rtsp.errors import MessageError
from rtsp.numbers import decimal, number

ODD = ["", " ", "-1", "+1", "1_000", "0x10", "1e3", "nan", "inf", "١٢", "9" * 5000, "1 2", "1\n2"]


@pytest.mark.parametrize("text", [*ODD, "1.5", "256"])
def test_an_integer_is_digits_within_its_bounds(text):
    with pytest.raises(MessageError, match="channel"):
        number(text, 0, 255, "channel")


@pytest.mark.parametrize("text", [*ODD, ".5", "1.2.3", "1.-2"])
def test_a_decimal_is_digits_with_one_point(text):
    with pytest.raises(MessageError, match="npt"):
        decimal(text, "npt")


def test_numbers_are_read():
    assert [number(text, 0, 255, "x") for text in ("0", "007", " 255 ")] == [0, 7, 255]
    assert [decimal(text, "x") for text in ("0", "12.", "12.5")] == [0.0, 12.0, 12.5]


def test_bounds_are_inclusive():
    with pytest.raises(MessageError):
        number("0", 1, 2, "x")
    with pytest.raises(MessageError):
        number("3", 1, 2, "x")
