"""What PLAY and PAUSE ask for, and what the replies say."""

import pytest

from rtsp.errors import MessageError, RangeError, RtspError
from rtsp.headers import Range
from rtsp.message import Headers
from rtsp.playing import Play, pause_point


def asked(live=False, **headers):
    return Play.asked(Headers(headers.items()), live)


@pytest.mark.parametrize(("headers", "value"), [
    ({}, Play()),
    ({"Range": ""}, Play()),
    ({"Range": "npt=10.000-"}, Play(Range(10.0))),                                              # ffmpeg
    ({"Scale": "2.000000"}, Play(scale=2.0, told=("Scale",))),                                  # VLC
    ({"Speed": "2", "Range": "npt=10-20"}, Play(Range(10.0, 20.0), speed=2.0, told=("Speed",))),    # GStreamer
    ({"Range": "npt=now-", "Scale": "1"}, Play(Range(now=True), told=("Scale",))),              # aiortsp
    ({"Scale": "-3.5"}, Play(scale=-3.5, told=("Scale",))),
    ({"scale": " 1. ", "SPEED": "0.5"}, Play(speed=0.5, told=("Scale", "Speed"))),
])
def test_what_players_ask_for(headers, value):
    assert asked(**headers) == value


@pytest.mark.parametrize(("text", "used"), [("100", 8.0), ("0.1", 0.25), ("-0.001", -0.25), ("-999999", -8.0)])
def test_a_scale_beyond_the_limits_becomes_the_nearest(text, used):
    """RFC 2326 §12.34: the reply has the value that is really used."""
    play = asked(Scale=text)
    assert play.scale == used
    assert ("Scale", f"{used:g}") in play.granted(0.0, 1.0)


@pytest.mark.parametrize(("name", "text"), [
    ("Scale", "0"), ("Scale", "-0.0"), ("Scale", ""), ("Scale", "nan"), ("Scale", "inf"), ("Scale", "1e1"),
    ("Scale", "--1"), ("Scale", "+1"), ("Scale", "- 1"), ("Scale", "9" * 5000), ("Speed", "0"), ("Speed", "-1"),
])  # fmt: skip
def test_a_pace_that_is_none_is_400(name, text):
    with pytest.raises(MessageError) as caught:
        asked(**{name: text})
    assert caught.value.status == 400


def test_a_live_stream_has_one_pace_and_no_past():
    """The reply says so; 0 is no place, but where players ask everything from."""
    play = asked(live=True, Range="npt=0.000-", Scale="2", Speed="2")
    assert play.granted(7.0, None) == [("Range", "npt=now-"), ("Scale", "1"), ("Speed", "1")]
    for text in ("npt=5-", "smpte=0:00:05-"):
        with pytest.raises(RtspError) as caught:
            asked(live=True, Range=text)
        assert caught.value.status == 456


@pytest.mark.parametrize(("headers", "reply"), [
    ({}, [("Range", "npt=1.000-2.500")]),
    ({"Range": "npt=0.9-"}, [("Range", "npt=1.000-2.500")]),
    ({"Range": "smpte-25=0:00:01-"}, [("Range", "smpte-25=0:00:01:00-0:00:02:12.50")]),
    ({"Scale": "1"}, [("Range", "npt=1.000-2.500"), ("Scale", "1")]),
    ({"Speed": "2.50"}, [("Range", "npt=1.000-2.500"), ("Speed", "2.5")]),
])
def test_the_reply_says_what_is_played_in_the_unit_asked_for(headers, reply):
    assert asked(**headers).granted(1.0, 2.5) == reply


@pytest.mark.parametrize(("text", "point"), [
    (None, None), ("npt=10-", Range(10.0)), ("npt=10", Range(10.0)), ("npt=0:01:00;time=19970123T143720Z", Range(60.0)),
    ("npt=now-", None), ("smpte-25=0:00:10:05", Range(10.2, unit="smpte-25")),
])  # fmt: skip
def test_a_pause_point_is_one_point(text, point):
    """RFC 2326 §10.6."""
    assert pause_point(Headers([] if text is None else [("Range", text)])) == point


@pytest.mark.parametrize("text", ["npt=10-20", "npt=-20", "npt=", "npt=x"])
def test_a_range_is_no_pause_point(text):
    with pytest.raises(RangeError):
        pause_point(Headers([("Range", text)]))
