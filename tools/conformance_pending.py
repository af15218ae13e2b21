"""Conformance: rows whose tests are not named yet, each with the part of the table that it belongs to."""

from __future__ import annotations

from tools.requirement import Row

PENDING: list[tuple[str, Row]] = [
    (
        "Messages",
        Row("§3.5", "SMPTE time codes: 30 drop frame, 25", "taken for a movie; the reply is in the same unit"),
    ),
    ("Methods", Row("§10.1", "the server may ask, too", "OPTIONS, to clients inside a connection that went silent")),
    (
        "Methods",
        Row("§10.2", "DESCRIBE of a folder", "a list of URLs (`text/uri-list`) where that is accepted, else 406"),
    ),
    (
        "Methods",
        Row(
            "§10.5",
            "PLAY with Range while playing waits until what is playing has ended",
            "it waits behind a range that was given an end of its own; otherwise it acts at once, which is what "
            "players "
            "mean that jump",
        ),
    ),
    (
        "Methods",
        Row(
            "§10.6",
            "PAUSE with Range: a point at which to pause",
            "the media go on to that point; 457 if it is outside",
        ),
    ),
    (
        "Methods",
        Row("§10.8", "GET_PARAMETER with a body", "position, packets and jitter; 451 for anything else"),
    ),
    ("Status codes", Row("302", "Moved Temporarily", "our client follows it on DESCRIBE")),
    ("Status codes", Row("405", "Method Not Allowed", "SETUP of a folder, anything but OPTIONS of `*`; with Allow")),
    (
        "Status codes",
        Row("456", "Header Field Not Valid for Resource", "a Range with a start for what is live"),
    ),
    ("Headers", Row("§12.10 Connection", "`close` in a request", "server: closes behind the reply")),
    (
        "Headers",
        Row("§12.27 Proxy-Require", "like Require, for what stands in between", "551 with Unsupported, like Require"),
    ),
    ("Headers", Row("§12.33 RTP-Info", "wrong or missing, as some servers send it", "client: plays all the same")),
    ("Headers", Row("§12.25 Location", "with 3xx: where to go", "client: followed on DESCRIBE")),
    (
        "Headers",
        Row(
            "§12.34 Scale",
            "how fast the movie goes by, backwards too; the reply says what is really used",
            "from −8 to 8 for movies; timestamps follow the watching, frames are left out evenly",
        ),
    ),
    (
        "Headers",
        Row("§12.35 Speed", "how fast the data is delivered", "0.25 to 8 for movies; timestamps stay as they are"),
    ),
    (
        "Signs of life and RTCP",
        Row("VLC", "receiver reports every 5 s, and a last packet at TEARDOWN", "understood"),
    ),
    (
        "Signs of life and RTCP",
        Row("aiortsp", "a report about itself instead of us", "taken: whom a report is about is not checked"),
    ),
    (
        "Signs of life and RTCP",
        Row(
            "RFC 3550 §6.4.1",
            "sender reports at random intervals, with the time of day of a timestamp",
            "one after the first frame of each PLAY, then every 5 s or so",
        ),
    ),
    (
        "Signs of life and RTCP",
        Row("RFC 3550 §6.4.2", "receiver reports: loss, jitter, round-trip time", "both sides"),
    ),
    (
        "Signs of life and RTCP",
        Row("RFC 3550 §6.6", "BYE of a receiver that leaves", "client: with its last report, at TEARDOWN"),
    ),
    (
        "Replies",
        Row("302 on DESCRIBE", "ffmpeg follows it", "never sent; our client follows it, too"),
    ),
    (
        "Pause, seek, speed",
        Row(
            "VLC, openRTSP: rate",
            "PLAY with Scale, while playing or as the first one",
            "from the current point; Scale, Range and RTP-Info in the reply",
        ),
    ),
    (
        "Pause, seek, speed",
        Row(
            "GStreamer: rate", "PAUSE, and PLAY with Speed and Range", "granted; the value really used is in the reply"
        ),
    ),
]
