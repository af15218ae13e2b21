"""rtsp.typed: what a person types becomes what may be sent."""

from __future__ import annotations

import pytest

from rtsp import typed
from rtsp.failures import UsageError


def test_blanks_and_umlauts_are_encoded_and_the_rest_stays():
    parts, url = typed.read("rtsp://127.0.0.1:6789/my film%20ä.Mjpeg?a=b")
    assert url == "rtsp://127.0.0.1:6789/my%20film%20%C3%A4.Mjpeg?a=b"
    assert (parts.host, parts.port, parts.path) == ("127.0.0.1", 6789, "my film ä.Mjpeg")


def test_a_password_is_kept_apart():
    parts, url = typed.read("rtsp://me:p%40ss@camera/1")
    assert url == "rtsp://camera/1" and (parts.user, parts.password) == ("me", "p@ss")


@pytest.mark.parametrize("text", ["movie.Mjpeg", "http://127.0.0.1/x", "rtspu://127.0.0.1/x", "rtsp://"])
def test_what_is_none_is_said_in_one_line(text):
    with pytest.raises(UsageError) as caught:
        typed.read(text)
    assert "\n" not in str(caught.value)
