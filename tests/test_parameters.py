"""Bodies of type text/parameters."""

import pytest

from rtsp import limits
from rtsp.errors import MessageError, RtspError
from rtsp.parameters import answer, assignments, names, read


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


def test_what_is_to_be_set_is_read_by_name():
    """RFC 2326 §10.9: `name: value`, a line each; a value may hold colons."""
    assert assignments(b"Quality: 50\r\nrate:2\r\n", {"quality", "rate"}) == {"quality": "50", "rate": "2"}
    assert assignments(b"\r\n", set()) == {}
    assert assignments(b"redirect: rtsp://b:554/", {"redirect"}, {"redirect"}) == {"redirect": "rtsp://b:554/"}


@pytest.mark.parametrize(("body", "status", "named"), [
    (b"quality: 50\nmood: high", 451, "mood"),
    (b"position: 3\nmood: high", 451, "mood"),
    (b"quality: 50\nposition: 3\njitter: 0", 458, "position, jitter"),
    (b"quality", 400, "quality"),
    (b"quality: 50\nquality: 50", 400, "quality"),
])
def test_one_that_cannot_be_set_is_named(body, status, named):
    """Unknown ones before those that are read-only (RFC 2326 §11.3.2, §11.3.9)."""
    with pytest.raises(RtspError) as caught:
        assignments(body, {"quality", "rate"})
    assert caught.value.status == status and named in str(caught.value)


def test_an_answer_is_read_back():
    assert read(answer(["rate"], {"rate": "2"}) + b"Mood: a: b\nno value\n") == {"rate": "2", "mood": "a: b"}
