"""Where servers send a player, and when it stops following."""

from __future__ import annotations

import pytest

from rtsp.failures import Redirected, ServerRefused
from rtsp.redirects import MOST, Redirects


def to(place):
    found = Redirected(302, f"The server sends us to {place}")
    found.location = place
    return found


@pytest.mark.parametrize(("location", "url"), [
    ("rtsp://b:8554/other", "rtsp://b:8554/other"),
    ("/other", "rtsp://a:554/other"),
    ("other.Mjpeg", "rtsp://a:554/films/other.Mjpeg"),
    ("//b/other", "rtsp://b/other"),
    ("RTSP://b/other", "RTSP://b/other"),
    ("?x=1", "rtsp://a:554/films/m?x=1"),
])
def test_absolute_and_relative(location, url):
    assert Redirects("rtsp://a:554/films/m").follow(to(location), "rtsp://a:554/films/m") == url


@pytest.mark.parametrize("location", [
    "http://a/b", "rtspu://a/b", "mailto:you", "//[", "rtsp://a:99999/b", "rtsp://[::1/b", "rtsp:///b",
])
def test_other_schemes_are_not_followed(location):
    """What the server said is the error."""
    with pytest.raises(ServerRefused, match="sends us to"):
        Redirects("rtsp://a/b").follow(to(location), "rtsp://a/b")


def test_into_encryption_and_not_out_of_it():
    """Whoever wrote rtsps:// shall not be watched because of what a server says."""
    assert Redirects("rtsp://a/b").follow(to("rtsps://a/b"), "rtsp://a/b") == "rtsps://a/b"
    assert Redirects("rtsps://a/b").follow(to("/c"), "rtsps://a/b") == "rtsps://a/c"
    for place in ("rtsp://a/b", "RTSP://b/c"):
        with pytest.raises(ServerRefused, match="not encrypted"):
            Redirects("rtsps://a/b").follow(to(place), "rtsps://a/b")


def test_a_circle_is_seen():
    redirects = Redirects("rtsp://a/1")
    assert redirects.follow(to("rtsp://a/2"), "rtsp://a/1") == "rtsp://a/2"
    with pytest.raises(ServerRefused, match="in a circle. The last place it named is rtsp://a/1"):
        redirects.follow(to("rtsp://a/1"), "rtsp://a/2")


def test_a_long_way_ends():
    redirects = Redirects("rtsp://a/0")
    for number in range(MOST):
        redirects.follow(to(f"/{number + 1}"), "rtsp://a/0")
    with pytest.raises(ServerRefused, match="on and on"):
        redirects.follow(to("/99"), "rtsp://a/0")
