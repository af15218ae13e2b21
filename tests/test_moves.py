"""REDIRECT as both sides see it: from when on, where to, and how often."""

import pytest

from rtsp.errors import MessageError
from rtsp.failures import Redirected, ServerRefused
from rtsp.message import Headers, Request
from rtsp.moves import STEADY, Chain, Move, checked, elsewhere


def move(*headers):
    return Move.read(Request("REDIRECT", "rtsp://a/m", Headers([("Location", "rtsp://b/m"), *headers])))


def test_without_a_range_it_is_now():
    """RFC 2326 §10.10."""
    assert move() == Move("rtsp://b/m") and move().due(0.0, 1.0, 0.0)


def test_from_a_time_of_day_on():
    late = move(("Range", "clock=19700101T000100Z-"))
    assert late.moment == 60.0 and not late.due(99.0, 1.0, 59.9) and late.due(0.0, 1.0, 60.0)


@pytest.mark.parametrize(("scale", "position", "due"), [
    (1.0, 19.9, False), (1.0, 20.0, True), (2.0, 30.0, True), (-1.0, 20.1, False), (-1.0, 19.9, True),
])
def test_from_a_place_in_the_movie_on(scale, position, due):
    """In the direction in which it plays."""
    assert move(("Range", "npt=20-")).due(position, scale, 1e9) is due


def sent(location):
    found = Redirected(302, "elsewhere")
    found.location = location
    return found


def test_a_chain_of_redirections_ends():
    """Soon one after the other: back where we have been is a circle, and a sixth place is one too many."""
    chain = Chain()
    assert chain.follow(sent("rtsp://b/m"), "rtsp://a/m", 100.0) == "rtsp://b/m"
    with pytest.raises(ServerRefused, match="in a circle"):
        chain.follow(sent("rtsp://a/m"), "rtsp://b/m", 100.0 + STEADY)
    chain, here = Chain(), "rtsp://0/m"
    for number in range(1, 6):
        here = chain.follow(sent(f"rtsp://{number}/m"), here, 100.0 + number)
    with pytest.raises(ServerRefused, match="on and on"):
        chain.follow(sent("rtsp://6/m"), here, 106.0)


def test_who_has_played_for_a_while_may_be_sent_back():
    """As from a server that was stopped for an hour."""
    chain = Chain()
    chain.follow(sent("rtsp://b/m"), "rtsp://a/m", 100.0)
    assert chain.follow(sent("rtsp://a/m"), "rtsp://b/m", 100.1 + STEADY) == "rtsp://a/m"


@pytest.mark.parametrize(("base", "target", "url"), [
    ("rtsp://b", "rtsp://a:554/movie.Mjpeg", "rtsp://b/movie.Mjpeg"),
    ("rtsp://b/", "rtsp://a/films/m%20n.Mjpeg/", "rtsp://b/films/m%20n.Mjpeg"),
    ("rtsp://b:8554/mirror/", "rtsp://a/m/trackID=1", "rtsp://b:8554/mirror/m"),
    ("rtsp://b/", "rtsp://u:p@a/m?x=1", "rtsp://b/m?x=1"),
    ("rtsp://b/", "rtsp://a/", "rtsp://b"),
    ("rtsp://b/", "rtsp://a/m\u00fc#x", "rtsp://b/m%C3%BC"),
    ("rtsps://[::1]:322/", "rtsp://a/m?x=1/trackID=0", "rtsps://[::1]:322/m?x=1"),
])
def test_the_path_is_kept(base, target, url):
    """And the query; not the name of a stream, nor a password."""
    assert elsewhere(base, target) == url


@pytest.mark.parametrize("text", ["", "b", "http://b/", "rtsp://", "rtsp://u:p@b/", "rtsp://b:99999/", "rtsp://b/?x=1",
                                  "rtsp://b/\r\nX: y"])
def test_what_is_no_place_to_send_anybody_is_400(text):
    assert checked("rtsp://b:554/x/") == "rtsp://b:554/x/"
    with pytest.raises(MessageError):
        checked(text)


@pytest.mark.parametrize("target", ["movie.Mjpeg", "*", "rtsp://[::1/m", "rtsp://a:99999/m"])
def test_what_is_no_url_is_400(target):
    with pytest.raises(MessageError):
        elsewhere("rtsp://b/", target)
