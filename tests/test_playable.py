"""What a player reads out of replies, and what its user is told."""

from __future__ import annotations

import pytest

from rtsp.failures import ClientError, MediaError, MissingError, ServerRefused, refusal
from rtsp.message import Headers, Response
from rtsp.playable import Beginning, beginning, choose_video, duration
from rtsp.sdp import SessionDescription


def sdp(*lines):
    return SessionDescription.parse("v=0\r\n" + "".join(line + "\r\n" for line in lines))


def test_the_first_jpeg_video_is_chosen():
    """By its name in rtpmap, or by the static payload type."""
    description = sdp("m=audio 0 RTP/AVP 26", "m=video 0 RTP/AVP 96 26", "a=control:v")
    chosen = choose_video(description)
    assert (chosen.media.control, chosen.payload_type, chosen.clock_rate) == ("v", 26, 90000)
    chosen = choose_video(sdp("m=video 0 RTP/AVP 99", "a=rtpmap:99 jpeg/48000"))
    assert (chosen.payload_type, chosen.clock_rate) == (99, 48000)


def test_what_cannot_be_played_is_named():
    """All of it."""
    with pytest.raises(MissingError, match="sends H265, PCMU, and"):
        choose_video(sdp("m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "m=audio 0 RTP/AVP 0"))
    with pytest.raises(MediaError, match="no stream"):
        choose_video(sdp())


def test_the_duration():
    """Of a movie; a live stream has none."""
    assert duration(sdp("a=range:npt=0-25.5")) == 25.5
    assert duration(sdp("a=range:npt=now-")) is None and duration(sdp()) is None
    assert duration(sdp("a=range:npt=0-0")) is None


@pytest.mark.parametrize("text", ["npt=x-y", "clock=20260101T000000Z-", "", "smile"])
def test_a_range_that_cannot_be_understood_says_nothing(text):
    """It is no reason to refuse a movie."""
    assert duration(sdp(f"a=range:{text}")) is None


def test_the_duration_may_stand_at_the_stream():
    """Where the presentation has none."""
    description = sdp("m=video 0 RTP/AVP 26", "a=range:npt=0-7.5")
    assert duration(description, description.media[0]) == 7.5


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ([], Beginning()),
        ([("Range", "npt=2.5-10")], Beginning(2.5)),
        ([("RTP-Info", "url=x;seq=5;rtptime=6")], Beginning(None, 5, 6)),  # the only one: whatever its name
        ([("RTP-Info", "url=t0;seq=1;rtptime=2,url=rtsp://a/m/t1;seq=3")], Beginning(None, 3)),
        ([("RTP-Info", "url=t0;seq=1"), ("RTP-Info", "url=t1;seq=4")], Beginning(None, 4)),
        ([("RTP-Info", "url=b;seq=1,url=c;seq=2")], Beginning()),
        ([("RTP-Info", "url=x;rtptime=6")], Beginning(None, None, 6)),
        ([("Scale", "2.000000")], Beginning(scale=2.0)),
        ([("Scale", "-1"), ("Range", "npt=9-0")], Beginning(9.0, scale=-1.0)),
        ([("Scale", "1.000"), ("Speed", "-2.000")], Beginning(scale=-2.0)),  # gst-rtsp-server, asked for Scale: -2
    ],
)
def test_the_first_packet_of_our_stream(headers, wanted):
    """Among several streams the one with our URL."""
    assert beginning(Response(200, Headers(headers)), "rtsp://a/m/t1") == wanted


@pytest.mark.parametrize("header", [
    ("RTP-Info", "url=x;seq=99999;rtptime=1"), ("RTP-Info", "url=x;seq=;rtptime=-5"), ("RTP-Info", "?"),
    ("Range", "clock=20260101T000000Z-"), ("Range", "npt=x-"), ("Range", "npt=now-"),
    ("Scale", "0"), ("Scale", "nan"), ("Scale", "1e3"), ("Scale", "--2"), ("Scale", "9999"),
])
def test_details_that_cannot_be_understood_are_as_good_as_none(header):
    """The movie plays all the same."""
    assert beginning(Response(200, Headers([header])), "rtsp://a/m/t1") == Beginning()


def test_refusals_in_words():
    """Title for the window, one line for the terminal, the number in it."""
    error = refusal("SETUP", "a.Mjpeg", Response(404))
    assert (error.title, error.advice) == (
        'The server has no "a.Mjpeg"', "Check the spelling, capital letters too (404 Not Found)",
    )  # fmt: skip
    assert str(error) == f"{error.title}. {error.advice}" and error.code == 4 and error.status == 404
    moved = refusal("PLAY", "a", Response(301, Headers([("Location", "rtsp://b/")])))
    assert isinstance(moved, ServerRefused) and "rtsp://b/" in moved.title
    assert "another place" in refusal("PLAY", "a", Response(301)).title
    assert str(ClientError("Alone")) == "Alone"


def test_a_lab_server_does_not_say_where_it_begins():
    """Whatever it writes into headers of these names."""
    reply = Response(200, Headers([("Range", "0 to 500"), ("RTP-Info", "?")]), lab=True)
    assert beginning(reply, "m") == Beginning()
