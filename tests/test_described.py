"""What DESCRIBE replies mean: the descriptions of many servers, and lists. The descriptions are written in the style of
the servers that they are named after, with what is odd about each."""

from __future__ import annotations

import pytest

from rtsp.described import read
from rtsp.failures import FolderFound, MediaError, MissingError, ServerRefused
from rtsp.message import Headers, Response
from rtsp.playable import choose_video, duration
from rtsp.url import resolve

URL = "rtsp://192.168.0.90:554/stream"

AXIS = """v=0
o=- 4829391291884128302 1 IN IP4 192.168.0.90
s=Session streamed with GStreamer
i=rtsp-server
t=0 0
a=tool:GStreamer
a=type:broadcast
a=range:npt=now-
a=control:rtsp://192.168.0.90/axis-media/media.amp?videocodec=jpeg
m=video 0 RTP/AVP 26
c=IN IP4 0.0.0.0
b=AS:50000
a=rtpmap:26 JPEG/90000
a=ts-refclk:local
a=control:rtsp://192.168.0.90/axis-media/media.amp/stream=0?videocodec=jpeg
a=framerate:25.000000
a=transform:1.000000,0.000000,0.000000;0.000000,1.000000,0.000000;0.000000,0.000000,1.000000
"""
HIKVISION = """v=0
o=- 1701245881337225 1701245881337225 IN IP4 192.168.0.64
s=Media Presentation
e=NONE
b=AS:5050
t=0 0
a=control:rtsp://192.168.0.64:554/Streaming/Channels/102/
m=video 0 RTP/AVP 26
c=IN IP4 0.0.0.0
b=AS:5000
a=recvonly
a=x-dimensions:704,576
a=control:rtsp://192.168.0.64:554/Streaming/Channels/102/trackID=1
m=audio 0 RTP/AVP 0
b=AS:50
a=recvonly
a=control:rtsp://192.168.0.64:554/Streaming/Channels/102/trackID=2
a=rtpmap:0 PCMU/8000
m=application 0 RTP/AVP 107
a=control:rtsp://192.168.0.64:554/Streaming/Channels/102/trackID=3
a=rtpmap:107 vnd.onvif.metadata/90000
a=Media_header:MEDIAINFO=494D4B48010100000400000100000000;
a=appversion:1.0
"""
GSTREAMER = """v=0
o=- 13420313221127464733 1 IN IP4 127.0.0.1
s=Session streamed with GStreamer
t=0 0
a=control:*
a=range:npt=0-20
m=audio 0 RTP/AVP 97
a=rtpmap:97 MPEG4-GENERIC/44100/2
a=fmtp:97 streamtype=5;profile-level-id=2;mode=AAC-hbr
a=control:stream=0
m=video 0 RTP/AVP 26
a=control:stream=1
"""
LIVE555_PROXY = """v=0
o=- 1701240000123456 1 IN IP4 10.0.0.2
s=LIVE555 Streaming Media v2022.12.01
i=LIVE555 Streaming Media v
t=0 0
a=tool:LIVE555 Streaming Media v2022.12.01
a=type:broadcast
a=control:*
a=source-filter: incl IN IP4 * 10.0.0.2
a=rtcp-unicast: reflection
a=range:npt=now-
a=x-qt-text-nam:LIVE555 Streaming Media v
m=video 0/2 RTP/AVP 26
c=IN IP4 0.0.0.0
b=AS:500
a=control:track1
"""
MEDIAMTX = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=Stream
c=IN IP4 0.0.0.0
t=0 0
m=video 0 RTP/AVP 96
a=control:rtsp://192.168.0.90:554/stream/mediaUUID=0b8d5a46
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; sprop-parameter-sets=Z2QAKKwbGoB4AiflwFuAgICgAAB9,aO44MAA=
m=video 0 RTP/AVP 26
a=control:rtsp://192.168.0.90:554/stream/mediaUUID=9a1c
"""
FFMPEG = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=No Name
c=IN IP4 127.0.0.1
t=0 0
a=tool:libavformat 59.27.100
m=video 0 RTP/AVP 26
b=AS:200
a=control:streamid=0
"""
ODD = """v=0
a=before:everything
a=Control:*
x=what is this

m=video 0 RTP/AVP 100 26
a=RTPMAP:100 jpeg/90000 odd
a=Control:/live/1
no equals sign
"""
BARE = "v=0\nm=video 5004 RTP/AVP 26\n"


def reply(text, *headers, kind="application/sdp"):
    fields = [("Content-Type", kind)] if kind else []
    return Response(200, Headers([*fields, *headers]), text.encode())


@pytest.mark.parametrize(
    ("text", "base", "target", "stream", "seconds", "left_out"),
    [
        (AXIS, None, "rtsp://192.168.0.90/axis-media/media.amp?videocodec=jpeg",
         "rtsp://192.168.0.90/axis-media/media.amp/stream=0?videocodec=jpeg", None, ()),
        (HIKVISION, "rtsp://192.168.0.64:554/Streaming/Channels/102/",
         "rtsp://192.168.0.64:554/Streaming/Channels/102/",
         "rtsp://192.168.0.64:554/Streaming/Channels/102/trackID=1", None, ("PCMU", "VND.ONVIF.METADATA")),
        (GSTREAMER, URL + "/", URL + "/", URL + "/stream=1", 20.0, ("MPEG4-GENERIC",)),
        (GSTREAMER, None, URL, URL + "/stream=1", 20.0, ("MPEG4-GENERIC",)),        # no Content-Base
        (LIVE555_PROXY, URL + "/", URL + "/", URL + "/track1", None, ()),
        (MEDIAMTX, URL, URL, URL + "/mediaUUID=9a1c", None, ("H264",)),             # a base without a slash
        (FFMPEG, URL + "/", URL + "/", URL + "/streamid=0", None, ()),
        (FFMPEG, "/elsewhere/", "rtsp://192.168.0.90:554/elsewhere/", "rtsp://192.168.0.90:554/elsewhere/streamid=0",
         None, ()),
        (BARE, None, URL, URL, None, ()),                                           # no control at all
        (BARE, "  ", URL, URL, None, ()),
    ],
    ids=["axis", "hikvision", "gstreamer", "no base", "live555", "mediamtx", "ffmpeg", "relative", "bare", "blank"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_the_descriptions_of_many_servers(text, base, target, stream, seconds, left_out, end):
    """Which stream is to be set up under which URL, what PLAY has to name, and what is left out."""
    headers = [("Content-Base", base)] if base else []
    description, found = read(reply(text.replace("\n", end), *headers), URL)
    chosen = choose_video(description)
    assert found == target and resolve(found, chosen.media.control) == stream
    assert chosen.payload_type == 26 and chosen.clock_rate == 90000 and chosen.left_out == left_out
    assert duration(description, chosen.media) == seconds


def test_odd_spelling():
    """Attributes before any stream and in capitals, lines that nobody knows, an rtpmap with more to it."""
    description, target = read(reply(ODD), URL)
    chosen = choose_video(description)
    assert (chosen.payload_type, chosen.media.control, target) == (100, "/live/1", URL)
    assert resolve(target, chosen.media.control) == "rtsp://192.168.0.90:554/live/1"


@pytest.mark.parametrize(("headers", "base"), [
    ([("Content-Location", "rtsp://b/c/")], "rtsp://b/c/"),
    ([("Content-Base", "rtsp://d/"), ("Content-Location", "rtsp://b/c/")], "rtsp://d/"),
    ([("content-base", "rtsp://d/")], "rtsp://d/"),
])
def test_the_base_is_content_base_or_content_location(headers, base):
    """In this order (RFC 2326 §C.1.1), however they are written."""
    assert read(reply(FFMPEG, *headers), URL)[1] == base


@pytest.mark.parametrize("session", ["rtsp://h:1/all", "all"])
def test_streams_are_relative_to_the_control_of_the_session(session):
    """Where it names another URL than the base: ffmpeg and live555 take it so."""
    text = FFMPEG.replace("t=0 0\n", f"t=0 0\na=control:{session}\n")
    _, target = read(reply(text, ("Content-Base", "rtsp://h:1/")), URL)
    assert target == "rtsp://h:1/all" and resolve(target, "streamid=0") == "rtsp://h:1/all/streamid=0"


def test_a_control_that_is_a_query_keeps_the_path():
    assert resolve("rtsp://h/rtsp_tunnel/", "?line=1&inst=2") == "rtsp://h/rtsp_tunnel?line=1&inst=2"


@pytest.mark.parametrize(("lines", "named"), [
    ("m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\nm=audio 0 RTP/AVP 14\n", "H265, MPA"),
    ("m=video 0 RTP/AVP 96\n", "payload type 96"),
    ("m=video 0 RTP/AVP 32\nm=audio 0 RTP/AVP 8\n", "MPV, PCMA"),
    ("m=video 0 RTP/SAVP 26\n", "JPEG, encrypted"),
    ("m=audio 0 RTP/AVP 26\n", "JPEG"),
])
def test_what_cannot_be_played_is_named(lines, named):
    """In one line."""
    with pytest.raises(MissingError, match=f"sends {named}, and this player decodes MJPEG alone"):
        choose_video(read(reply("v=0\n" + lines), URL)[0])


@pytest.mark.parametrize("kind", ["application/sdp; charset=utf-8", "APPLICATION/SDP", None, "text/plain"])
def test_a_description_under_another_name_is_one_all_the_same(kind):
    assert read(reply(FFMPEG, kind=kind), URL)[0].name == "No Name"


def test_what_is_none_is_named():
    with pytest.raises(ServerRefused, match="describes it as text/html. This player understands application/sdp alone"):
        read(reply("<html>", kind="text/html; x"), URL)
    with pytest.raises(ServerRefused, match="reply to DESCRIBE cannot be understood"):
        read(reply(""), URL)


def test_a_list():
    """Comments, empty lines and what is for others are none of it; URLs may be relative."""
    text = "# movies\r\nhttp://a/b\r\nrtsp://a:99999/b\r\nrtsp://192.168.0.90:554/films/a%20b.Mjpeg\r\n\r\nc.Mjpeg\n"
    with pytest.raises(FolderFound, match="films/ is a folder. Choose one: rtsp") as caught:
        read(reply(text, kind="text/uri-list"), "rtsp://192.168.0.90:554/films/")
    assert caught.value.code == 0 and caught.value.urls == (
        "rtsp://192.168.0.90:554/films/a%20b.Mjpeg", "rtsp://192.168.0.90:554/films/c.Mjpeg",
    )  # fmt: skip
    with pytest.raises(MediaError, match="nothing that can be played"):
        read(reply("# none\r\n", kind="text/uri-list"), "rtsp://a/")


def test_a_list_does_not_lead_out_of_encryption():
    """What is not encrypted is left out of an encrypted list."""
    with pytest.raises(FolderFound) as caught:
        read(reply("rtsp://a/b\r\nrtsps://a/c\r\nd\r\n", kind="text/uri-list"), "rtsps://a/")
    assert caught.value.urls == ("rtsps://a/c", "rtsps://a/d")
