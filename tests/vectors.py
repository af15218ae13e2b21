"""Bytes made by other programs, in tests/data/rtp; tests/data/README.md says how they were made."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "rtp"


def datagrams(name):
    """The datagrams of a file, each of which has its length in two bytes before it (as in RFC 4571)."""
    data = (FOLDER / name).read_bytes()
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : end])
        at = end
    assert found, f"{name} is empty"
    return found


def jpegs(name):
    """The two JPEG files that were sent as `name`."""
    return [(FOLDER / f"{name}-{number}.jpg").read_bytes() for number in (0, 1)]


# RTCP that players sent to our server while they played from it, each after the SSRC that the server had: ffmpeg 5.1.9
# and GStreamer 1.22.0 (Debian 12).   ffmpeg -rtsp_transport udp -i rtsp://… -f null -
# gst-launch-1.0 rtspsrc location=rtsp://… protocols=udp (and tcp) ! fakesink
REPORTS = {
    "ffmpeg": (
        0x399A57CF,
        "81c90007399a57d0399a57cf000000000000610400000001bbeced790003262981ca0003399a57d00102766d00000000",
    ),
    "gstreamer over UDP": (
        0x48872D53,
        "81c900074d491e2148872d5300ffffff000101d100000006bc01627f00031b0081ca000c4d491e21011c757365723330"
        "383631383036383240686f73742d333762386138313106094753747265616d6572000000",
    ),
    "gstreamer over TCP": (
        0x6D60BC8D,
        "81c90007a55efad26d60bc8d00ffffff00002a1b00000003bbece2db0002f17d81ca000ba55efad2011a757365723536"
        "31333237323240686f73742d613437316138363106094753747265616d657200",
    ),
}
# What they sent before to open a way for the media, and what live555 sends (a word of its source). What GStreamer sends
# is random; aiortsp sends as much.
PUNCHES = {
    "ffmpeg, RTP": "800000000000000000000000",
    "ffmpeg, RTCP": "80c9000100000000",
    "live555": "cefaedfe",
    "gstreamer": (
        "973bb72d45b49dd91ecb70c744b8615ec6eefbcf741a13021caac063a1bcd6b3fca5eddbe9b2842c8425b6dc65ea931d"
        "710f5151181760a53368c2cd31fd7d74ddcb3379626e86a76a6f4a50d9fd812ce58c7ce030d93141d87bd2913da6f9e2"
        "df0267cb19a92eee1a1b934dfdfcd89c4377e78d1f8a632f7715b80de4e8f4e9e7ac4a5dfb0dd753afc0e2ddd56dd478"
        "48ebd4edd6efb3d433721f0d440fe4dd9668f241bcace8a1f18a367f296d588f319e99991fb930277218145074589f02"
        "671e7d6f95d2618c"
    ),
}
