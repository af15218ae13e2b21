"""ANNOUNCE: what publishers send, what is passed on to viewers, what is refused."""

from typing import Any

import pytest

from media.source import Format
from rtsp import announcement, limits
from rtsp.errors import RtspError
from rtsp.message import Headers, Request
from rtsp.sdp import SessionDescription, describe

URL = "rtsp://127.0.0.1:6789/cams/door"
# The lines that ffmpeg 5.1 and GStreamer 1.22 send, as far as they differ (tests/data has nothing of publishers)
FFMPEG = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=No Name
c=IN IP4 127.0.0.1
t=0 0
a=tool:libavformat 59.27.100
m=video 0 RTP/AVP 96
b=AS:500
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2QADazZQUH7,aOvjyyLA; profile-level-id=64000D
a=control:streamid=0
m=audio 0 RTP/AVP 97
b=AS:69
a=rtpmap:97 MPEG4-GENERIC/48000/1
a=fmtp:97 profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3; config=118856E500
a=control:streamid=1
"""
GSTREAMER = """v=0
o=- 1188340656180883 1 IN IP4 127.0.0.1
s=Session streamed with GStreamer
i=rtsp-server
t=0 0
a=tool:GStreamer
a=type:broadcast
m=video 0 RTP/AVP 26
c=IN IP4 0.0.0.0
a=rtpmap:26 JPEG/90000
a=framerate:25
a=ssrc:2823459284 cname:user@host
a=control:stream=0
"""
JPEG = "v=0\nm=video 0 RTP/AVP 26\na=control:streamid=0\n"


def announced(body, *headers, url=URL):
    fields = Headers([("CSeq", "1"), ("Content-Type", "application/sdp"), *headers])
    return announcement.read(Request("ANNOUNCE", url, fields, body.replace("\n", "\r\n").encode()))


def test_ffmpeg_announces_two_streams():
    """Each with its URL, what it is, and what viewers need to decode it, word by word."""
    video, sound = announced(FFMPEG)
    assert (video.path, video.kind, video.payload_type, video.encoding) == ("cams/door/streamid=0", "video", 96, "H264")
    assert (sound.encoding, sound.clock_rate, sound.bandwidth) == ("MPEG4-GENERIC", 48000, ("AS:69",))
    assert [name for name, _ in video.attributes] == ["rtpmap", "fmtp"]
    assert sound.attributes[0] == ("rtpmap", "97 MPEG4-GENERIC/48000/1")


def test_what_is_between_publisher_and_server_is_not_passed_on():
    """Its SSRC is not ours; the picture's rate is the same for all."""
    (video,) = announced(GSTREAMER)
    assert video.attributes == (("rtpmap", "26 JPEG/90000"), ("framerate", "25"))
    assert announcement.frame_rate(video) == 25.0


@pytest.mark.parametrize("rate", ["nan", "0", "-5", "1e3", "99999", ""])
def test_a_rate_that_is_none(rate):
    """Is not believed."""
    (video,) = announced(f"{JPEG}a=framerate:{rate}\n")
    assert announcement.frame_rate(video) is None


def test_a_static_payload_type_needs_no_line():
    """ffmpeg announces JPEG without a=rtpmap (RFC 3551 §6)."""
    (video,) = announced(JPEG)
    assert (video.encoding, video.clock_rate, video.attributes) == ("JPEG", 90000, ())


def test_the_first_of_several_payload_types_counts():
    """What is said of the others would puzzle viewers, who never see them."""
    lines = ["m=video 0 RTP/AVP 96 97", "a=rtpmap:96 H264/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
             "a=rtcp-fb:* nack", "a=rtcp-fb:97 nack"]  # fmt: skip
    (video,) = announced("v=0\n" + "\n".join(lines) + "\n")
    assert video.attributes == (("rtpmap", "96 H264/90000"), ("rtcp-fb", "* nack"))


def test_viewers_read_the_same_in_our_description():
    """RFC 4566 §5: m, b, a; the control is ours."""
    formats: list[Any] = [Format(one.kind, one.payload_type, one.encoding, one.clock_rate, attributes=one.attributes,
                      bandwidth=one.bandwidth) for one in announced(FFMPEG)]  # fmt: skip
    text = str(describe("door", 1, "127.0.0.1", None, formats))
    _, video, sound = text.split("m=")
    lines = FFMPEG.replace("streamid", "trackID").split("m=")
    assert video.split("\r\n") == lines[1].split("\n") and sound.split("\r\n") == lines[2].split("\n")
    assert len(SessionDescription.parse(text).media) == 2


REFUSED: dict[str, Any] = {
    "a picture": (415, JPEG, ("Content-Type", "image/jpeg")),
    "packed": (415, JPEG, ("Content-Encoding", "gzip")),
    "encrypted": (415, JPEG.replace("AVP", "SAVP")),
    "no RTP": (415, JPEG.replace("RTP/AVP", "udp")),
    "a payload type that nobody knows": (415, JPEG.replace("AVP 26", "AVP 96")),
    "nothing": (400, ""),
    "no SDP": (400, "hello"),
    "no streams": (400, "v=0\ns=-\n"),
    "too many streams": (400, "v=0\n" + (limits.STREAMS + 1) * "m=video 0 RTP/AVP 26\n"),
    "no payload type": (400, "v=0\nm=video 0 RTP/AVP x\n"),
    "half a line": (400, "v=0\nm=video\n"),
    "a clock rate of nothing": (400, "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/0\n"),
    "a kind that breaks the line": (400, "v=0\nm=vi\x00deo 0 RTP/AVP 26\n"),
    "no text": (400, "v=0\ns=\udcff\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    """415 for what cannot be read, 400 for what is broken."""
    status, body, *headers = REFUSED[name]
    fields = Headers([*headers, ("Content-Type", "application/sdp")])
    request = Request("ANNOUNCE", URL, fields, body.encode(errors="surrogateescape"))
    with pytest.raises(RtspError) as refusal:
        announcement.read(request)
    assert refusal.value.status == status


def test_a_stream_is_named_by_its_own_url():
    """Whatever it is called, in whatever way the server is; not the whole of several (459), nor what is not there."""
    streams = announced(FFMPEG.replace("streamid=1", "sound"))
    assert announcement.number(streams, f"{URL}/streamid=0") == 0
    assert announcement.number(streams, "rtsp://user:pw@localhost:6789/cams/door/sound/") == 1
    for target, status in ((URL, 459), (f"{URL}/other", 404), ("rtsp://127.0.0.1/elsewhere", 404)):
        with pytest.raises(RtspError) as refusal:
            announcement.number(streams, target)
        assert refusal.value.status == status


@pytest.mark.parametrize("control", ["", "a=control:streamid=0\n", f"a=control:{URL}/x\n", "a=control:*\n"])
def test_a_single_stream_is_named_by_the_whole_as_well(control):
    """With any control, and without."""
    streams = announced(f"v=0\nm=video 0 RTP/AVP 26\n{control}")
    assert announcement.number(streams, URL) == announcement.number(streams, f"{URL}/") == 0
