"""Session descriptions: ours word for word, and those that other servers sent."""

from types import SimpleNamespace

import pytest

from rtsp.errors import MessageError
from rtsp.sdp import MediaDescription, SessionDescription, describe

MORE = {"attributes": (), "bandwidth": ()}
JPEG = SimpleNamespace(
    kind="video", payload_type=26, encoding="JPEG", clock_rate=90000, channels=None, frame_rate=20.0, **MORE
)
SOUND = SimpleNamespace(
    kind="audio", payload_type=97, encoding="L16", clock_rate=8000, channels=1, frame_rate=None, **MORE
)

OURS = """v=0
o=- 323730227 7 IN IP4 127.0.0.1
s=movie.Mjpeg
c=IN IP4 0.0.0.0
t=0 0
a=control:*
a=range:npt=0.000-25.000
m=video 0 RTP/AVP 26
a=rtpmap:26 JPEG/90000
a=framerate:20
a=control:trackID=0
m=audio 0 RTP/AVP 97
a=rtpmap:97 L16/8000/1
a=control:trackID=1
"""

# As gst-rtsp-server 1.22 answered (jpegenc ! rtpjpegpay)
GSTREAMER = """v=0
o=- 13420313221127464733 1 IN IP4 127.0.0.1
s=Session streamed with GStreamer
i=rtsp-server
t=0 0
a=tool:GStreamer
a=type:broadcast
a=control:*
a=range:npt=0-20
m=video 0 RTP/AVP 26
c=IN IP4 0.0.0.0
b=AS:2048
a=framerate:25
a=ts-refclk:local
a=mediaclk:sender
a=control:stream=0
"""


def test_ours_has_the_lines_of_the_rfc_in_their_order():
    text = str(describe("movie.Mjpeg", 7, "127.0.0.1", 25.0, [JPEG, SOUND]))
    assert text == OURS.replace("\n", "\r\n")


def test_what_is_live_has_no_end_and_ipv6_its_own_lines():
    text = str(describe("cam", 7, "::1", None, [JPEG]))
    assert "a=range:npt=now-\r\n" in text
    assert " 7 IN IP6 ::1\r\n" in text and "c=IN IP6 ::\r\n" in text


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\n\r\n"])
def test_a_description_is_read_whatever_ends_its_lines(end):
    session = SessionDescription.parse(OURS.replace("\n", end))
    assert (session.name, session.get("range"), session.get("nothing")) == ("movie.Mjpeg", "npt=0.000-25.000", None)
    assert [(media.kind, media.formats, media.control) for media in session.media] == [
        ("video", [26], "trackID=0"), ("audio", [97], "trackID=1"),
    ]
    assert session.media[1].rtpmap(97) == ("L16", 8000)
    assert str(session) == OURS.replace("\n", "\r\n")


def test_gstreamers_description_is_read():
    session = SessionDescription.parse(GSTREAMER)
    [video] = session.media
    assert video.connection == "IN IP4 0.0.0.0" and session.connection is None
    assert video.rtpmap(26) == ("JPEG", 90000)          # a static type needs no a=rtpmap (RFC 3551 §6)
    assert (video.control, video.get("framerate"), session.get("tool")) == ("stream=0", "25", "GStreamer")


def test_attributes_without_a_value_and_formats_that_are_no_numbers():
    lines = ["v=0", "a=recvonly", "m=application 0/2 TCP webrtc", "m=video 5 RTP/AVP 96 97", "a=rtpmap:96 H264/90000"]
    session = SessionDescription.parse("\n".join(lines))
    assert session.get("recvonly") == ""
    assert [media.formats for media in session.media] == [[], [96, 97]]
    assert session.media[1].rtpmap(96) == ("H264", 90000) and session.media[1].rtpmap(97) is None
    assert str(session.media[1].control) == ""


@pytest.mark.parametrize("text", ["", "<html>", "m=video 0 RTP/AVP 26", "v=0\nm=video", "v=0\nm=video x RTP/AVP 26",
                                  "v=0\nm=video 0 RTP/AVP 300"])
def test_what_is_no_description_is_a_message_error(text):
    with pytest.raises(MessageError):
        SessionDescription.parse(text)


def test_a_clock_rate_that_is_no_number_is_refused_when_it_is_asked_for():
    with pytest.raises(MessageError):
        MediaDescription("video", formats=[96], attributes=[("rtpmap", "96 JPEG/fast")]).rtpmap(96)
    assert MediaDescription("video", formats=[96], attributes=[("rtpmap", "96 JPEG")]).rtpmap(96) == ("JPEG", 90000)
