"""rtsp:// URLs: what they name, and how streams are found below them."""

import pytest

from rtsp import limits
from rtsp.errors import MessageError
from rtsp.message import Request
from rtsp.url import RtspUrl, base_url, listed, named, resolve, root_url, split_control, without_credentials


@pytest.mark.parametrize(("text", "url"), [
    ("rtsp://host/movie.Mjpeg", RtspUrl("rtsp", "host", 554, "movie.Mjpeg")),
    ("rtsp://127.0.0.1:6789/a/b.Mjpeg/", RtspUrl("rtsp", "127.0.0.1", 6789, "a/b.Mjpeg")),
    ("RTSP://[::1]:8554/x", RtspUrl("rtsp", "::1", 8554, "x")),
    ("rtsps://host", RtspUrl("rtsps", "host", 322)),
    ("rtsp://me:p%40ss%3A@cam/my%20movie?ch=1", RtspUrl("rtsp", "cam", 554, "my movie", "ch=1", "me", "p@ss:")),
])
def test_a_url_is_taken_apart(text, url):
    assert RtspUrl.parse(text) == url


@pytest.mark.parametrize("text", ["", "*", "movie.Mjpeg", "http://a/b", "rtsp://", "rtsp:///x", "rtsp://a:70000/", "rtsp://a:b/",
                                  "rtsp://[::1/x"])
def test_what_is_no_rtsp_url_is_400(text):
    with pytest.raises(MessageError) as caught:
        RtspUrl.parse(text)
    assert caught.value.status == 400


def test_credentials_are_not_sent():
    assert without_credentials("rtsp://me:pass@word@cam:554/x") == "rtsp://cam:554/x"
    assert without_credentials("rtsp://cam/x@y") == "rtsp://cam/x@y"


@pytest.mark.parametrize(("base", "control", "url"), [
    ("rtsp://h/m.Mjpeg/", "trackID=0", "rtsp://h/m.Mjpeg/trackID=0"),
    ("rtsp://h/m.Mjpeg", "trackID=0", "rtsp://h/m.Mjpeg/trackID=0"),
    ("rtsp://h/m.Mjpeg/", "rtsp://other/track", "rtsp://other/track"),
    ("rtsp://h/m.Mjpeg/", "/live/1", "rtsp://h/live/1"),
    ("rtsp://h:554/m", "*", "rtsp://h:554/m"),
    ("rtsp://h:554/m", "", "rtsp://h:554/m"),
    ("rtsps://h/m/", "/x", "rtsps://h/x"),
])
def test_a_control_value_is_seen_from_the_base(base, control, url):
    assert resolve(base, control) == url


@pytest.mark.parametrize(("target", "base", "number"), [
    ("rtsp://h/movie.Mjpeg/trackID=0", "rtsp://h/movie.Mjpeg", 0),
    ("rtsp://h/movie.Mjpeg/streamid=1", "rtsp://h/movie.Mjpeg", 1),
    ("rtsp://h/movie.Mjpeg/stream=12/", "rtsp://h/movie.Mjpeg", 12),
    ("rtsp://h/movie.Mjpeg//TRACKid=0", "rtsp://h/movie.Mjpeg", 0),
    ("rtsp://h/movie.Mjpeg?vlcmulticast/trackID=0", "rtsp://h/movie.Mjpeg?vlcmulticast", 0),
    ("rtsp://h/movie.Mjpeg", "rtsp://h/movie.Mjpeg", None),
    ("rtsp://h/trackID=x", "rtsp://h/trackID=x", None),
])
def test_the_name_of_a_stream_is_cut_off(target, base, number):
    assert split_control(target) == (base, number)


@pytest.mark.parametrize(("target", "lab", "path", "number"), [
    ("rtsp://u:p@h:1/a%20b/m.Mjpeg/trackID=1?x", False, "a b/m.Mjpeg", 1),
    ("rtsp://h:1/m.Mjpeg/trackID=1/?x=/y", False, "m.Mjpeg", 1),
    ("rtsp://[::1]:1/m.Mjpeg/", False, "m.Mjpeg", None),
    ("rtsp://u:p@h:1/a%20b/m.Mjpeg/?x/trackID=1", False, "a b/m.Mjpeg", 1),
    ("a%20b/m.Mjpeg", True, "a%20b/m.Mjpeg", None),
    ("/m.Mjpeg", True, "m.Mjpeg", None),
])
def test_a_request_names_a_file_and_a_stream(target, lab, path, number):
    assert named(Request("SETUP", target, lab=lab)) == (path, number)


@pytest.mark.parametrize("target", ["rtsp://h:1/m", "rtsp://h:1/m/", "rtsp://u:p@h:1/m/trackID=0", "rtsp://h:1/m?x/trackID=0"])
def test_the_base_is_a_folder_without_query_and_credentials(target):
    assert base_url(target) == "rtsp://h:1/m/"


@pytest.mark.parametrize(("target", "root"), [
    ("rtsp://h:1/films/", "rtsp://h:1/"), ("RTSP://u:p@h:1", "rtsp://h:1/"), ("rtsp://[::1]:1/a?x#y", "rtsp://[::1]:1/"),
])  # fmt: skip
def test_the_server_is_called_as_the_client_calls_it(target, root):
    assert root_url(target) == root


def test_movies_are_listed_by_urls_that_can_be_asked_for():
    """Blanks, umlauts and what has a meaning in a URL are encoded, and lead back to the same name."""
    names = ["movie.Mjpeg", "Übungen 1/a b.Mjpeg", "100%?#.Mjpeg", "a/trackID=0.Mjpeg"]
    lines = listed("rtsp://u:p@h:1/Übungen/?x", names).decode("ascii").split("\r\n")
    assert lines[1] == "rtsp://h:1/%C3%9Cbungen%201/a%20b.Mjpeg" and lines[-1] == ""
    assert [named(Request("SETUP", line))[0] for line in lines[:-1]] == names
    assert listed("rtsp://h:1/", []) == b""


def test_a_list_is_no_longer_than_a_reply_may_be():
    """Whole lines, as many as there is room for."""
    body = listed("rtsp://h:1/", ["x" * 200] * 1000)
    assert limits.BODY - 220 < len(body) <= limits.BODY and body.endswith(b"x\r\n")
