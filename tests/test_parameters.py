"""Bodies of type text/parameters."""

import pytest

from rtsp import limits
from rtsp.errors import MessageError, RtspError
from rtsp.parameters import answer, names


@pytest.mark.parametrize(("body", "found"), [
    (b"", []),
    (b"\r\n", []),
    (b"position", ["position"]),
    (b"packets\r\njitter\r\n", ["packets", "jitter"]),
    (b"  Position:\n\njitter ", ["position", "jitter"]),
])
def test_names_stand_one_a_line(body, found):
    assert names(body) == found


def test_unknown_names_are_451_and_named_harmlessly():
    """RFC 2326 §11.3.2. What goes into logs and replies is printable."""
    with pytest.raises(RtspError) as caught:
        names("position\nnum_packets\nvölume \x1b[2J\x00".encode() + b"\xff" + b"x" * 100)
    assert caught.value.status == 451 and "num_packets" in str(caught.value) and "'position" not in str(caught.value)
    assert str(caught.value).isascii() and str(caught.value).isprintable() and len(str(caught.value)) < 200


def test_too_many_names_are_400():
    names(b"jitter\n" * limits.PARAMETERS)
    with pytest.raises(MessageError) as caught:
        names(b"jitter\n" * (limits.PARAMETERS + 1))
    assert caught.value.status == 400


def test_an_answer_has_a_line_for_each_name_in_the_order_asked():
    values = {"position": "1.250", "packets": "7", "jitter": "0.000"}
    assert answer(["packets", "position"], values) == b"packets: 7\r\nposition: 1.250\r\n"
