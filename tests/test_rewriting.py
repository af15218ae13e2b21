"""Places as viewers and as the origin name them."""

from __future__ import annotations

import pytest

from rtsp.errors import RtspError
from rtsp.message import Headers, Request
from rtsp.rewriting import description, flattened, info, key_url, listed, seen
from rtsp.url import named

TARGET = "rtsp://proxy:8554/movie/"


@pytest.mark.parametrize(
    ("target", "flat"),
    [
        ("rtsp://p/movie", "rtsp://p/movie"),
        ("rtsp://p/cam?channel=1&subtype=0", "rtsp://p/cam/%3F/channel=1&subtype=0"),
        ("rtsp://p/cam?channel=1/trackID=2", "rtsp://p/cam/%3F/channel=1/trackID=2"),
        ("rtsp://p/cam/trackID=2?channel=1", "rtsp://p/cam/%3F/channel=1/trackID=2"),
        ("rtsp://p/cam/?a=%20b/", "rtsp://p/cam/%3F/a=%2520b"),
        ("rtsp://p/?a=b", "rtsp://p/%3F/a=b"),
        ("rtsp://p/what%3F.Mjpeg", "rtsp://p/what%3F.Mjpeg"),
        ("*", "*"),
        ("movie?x", "movie?x"),
    ],
)
def test_a_query_becomes_a_part_of_the_path(target, flat):
    assert flattened(target) == flat and flattened(flat) == flat


@pytest.mark.parametrize(
    ("origin", "key", "url"),
    [
        ("rtsp://o", "", "rtsp://o"),
        ("rtsp://o/", "two words/ü", "rtsp://o/two%20words/%C3%BC"),
        ("rtsp://o:99/a/b", "c", "rtsp://o:99/a/b/c"),
        ("rtsp://o/a", "cam/?/channel=1&x=%20", "rtsp://o/a/cam?channel=1&x=%20"),
        ("rtsp://o", "?/x=1", "rtsp://o/?x=1"),
        ("rtsp://o", "cam/?", "rtsp://o/cam?"),
        ("rtsp://o", "what?.Mjpeg", "rtsp://o/what%3F.Mjpeg"),
        ("rtsp://o", "?/what?.Mjpeg", "rtsp://o/?what?.Mjpeg"),
        ("rtsp://o/a?channel=1", "", "rtsp://o/a?channel=1"),
    ],
)
def test_what_viewers_name_is_below_the_origin_s_url(origin, key, url):
    assert key_url(origin, key) == url


@pytest.mark.parametrize("query", [
    "channel=1&subtype=0", "a=%20b%2F&c=%3F%23%25", "x=[1]|{2}", "from=a/b", "%C3%9C",
])  # fmt: skip
def test_a_query_reaches_the_origin_as_it_was_written(query):
    request = Request("DESCRIBE", flattened(f"rtsp://p/two%20words?{query}"))
    assert key_url("rtsp://o", named(request)[0]) == f"rtsp://o/two%20words?{query}"


@pytest.mark.parametrize("place", ["cam", "cam/%3F/", "cam%3F", ""])
def test_nobody_writes_a_line_of_his_own_to_the_origin(place):
    """Where the proxy's name and password are believed."""
    request = Request("DESCRIBE", flattened(f"rtsp://p/{place}x%20RTSP/1.0%0D%0AEvil:%20y%0D%0A%0D%0A%00%23%85"))
    url = key_url("rtsp://o", named(request)[0])
    assert url.isascii() and url.isprintable() and " " not in url and "#" not in url


def test_a_url_with_a_query_has_nothing_below_it():
    with pytest.raises(RtspError) as caught:
        key_url("rtsp://o/a?channel=1", "b")
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("rtsp://o/a", "rtsp://proxy:8554/"),
        ("rtsp://o/a/b?c", "rtsp://proxy:8554/b?c"),
        ("rtsp://user:pass@o/a/b", "rtsp://proxy:8554/b"),
        ("rtsp://o/ab", "rtsp://o/ab"),
        ("rtsp://elsewhere/a", "rtsp://elsewhere/a"),
    ],
)
def test_places_of_the_origin_are_the_proxy_s(url, there):
    assert seen(url, "rtsp://o/a/", TARGET) == there


def test_a_description_keeps_every_line_but_addresses_and_names():
    """Whatever stands in it; a stream that has no name gets one."""
    text = ("v=0\no=- 1 2 IN IP4 10.0.0.1\ns=x\ni=info\nc=IN IP4 10.0.0.1\nt=0 0\na=control:rtsp://o/a/\na=range:npt=0-9\n"
            "m=video 0 RTP/AVP 96\nb=AS:500\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=control:video\n"
            "m=audio 0 RTP/AVP 0\nc=IN IP6 ::1\n")
    assert description(text).splitlines() == [
        "v=0", "o=- 1 2 IN IP4 10.0.0.1", "s=x", "i=info", "c=IN IP4 0.0.0.0", "t=0 0", "a=range:npt=0-9",
        "a=control:*", "m=video 0 RTP/AVP 96", "b=AS:500", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1",
        "a=control:trackID=0", "m=audio 0 RTP/AVP 0", "c=IN IP6 ::", "a=control:trackID=1",
    ]  # fmt: skip


def test_a_list_of_places():
    body = "rtsp://o/a.Mjpeg\r\nrtsp://o/b/c.Mjpeg\r\nrtsp://other/d\r\n"
    assert listed(body, "rtsp://o", TARGET).split() == [
        "rtsp://proxy:8554/a.Mjpeg", "rtsp://proxy:8554/b/c.Mjpeg", "rtsp://other/d",
    ]  # fmt: skip


STREAMS = {0: "rtsp://o/a/video", 1: "rtsp://o/a/audio"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("url=rtsp://o/a/audio;seq=2,url=rtsp://o/a/video;seq=1;rtptime=5",
         f"url={TARGET}trackID=1;seq=2,url={TARGET}trackID=0;seq=1;rtptime=5"),
        ("url=video;seq=1", f"url={TARGET}trackID=0;seq=1"),
        ("url=what;seq=1,url=ever;seq=2", f"url={TARGET}trackID=0;seq=1,url={TARGET}trackID=1;seq=2"),
        ("url=x;seq=1,url=y;seq=2,url=z;seq=3", f"url={TARGET}trackID=0;seq=1,url={TARGET}trackID=1;seq=2"),
        ("url=rtsp://o/a/video;seq=99999", ""),
    ],
)  # fmt: skip
def test_the_first_packets_are_those_of_our_streams(text, value):
    """By their URLs, else in their order; numbers that are none are no use to anybody."""
    assert info(Headers([("RTP-Info", text)]), STREAMS, TARGET) == value
