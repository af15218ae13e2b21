"""What a player reads out of the server's replies: which stream it can play, and with which packet that begins.

What cannot be understood of a detail is as good as not there: a server's mistake in it need not stop the movie.
"""

from __future__ import annotations

from dataclasses import dataclass

from rtsp.errors import MessageError, RtspError
from rtsp.failures import MediaError, MissingError, understanding
from rtsp.headers import Range, RtpInfo
from rtsp.message import Response
from rtsp.numbers import decimal
from rtsp.sdp import MediaDescription, SessionDescription
from rtsp.situations import tell

LARGEST_SCALE = 1000.0
NAMED = 5               # encodings in a message: a description may hold thousands


@dataclass(frozen=True)
class Chosen:
    """The stream to be played, and the names of the encodings that are left out."""

    media: MediaDescription
    payload_type: int
    clock_rate: int
    left_out: tuple[str, ...] = ()


def choose_video(description: SessionDescription) -> Chosen:
    """The first JPEG stream. MissingError names what is there instead; ServerRefused if a number in it is none."""
    chosen: Chosen | None = None
    others: list[str] = []
    for media in description.media:
        for payload_type in media.formats:
            with understanding("DESCRIBE"):
                encoding, clock_rate = media.rtpmap(payload_type) or (f"payload type {payload_type}", 0)
            if chosen is None and media.kind == "video" and encoding == "JPEG" and not _secret(media):
                chosen = Chosen(media, payload_type, clock_rate)
            elif chosen is None or media is not chosen.media:
                others.append(f"{encoding}, encrypted" if _secret(media) else encoding)
    if chosen:
        return Chosen(chosen.media, chosen.payload_type, chosen.clock_rate, tuple(others))
    if not others:
        raise MediaError("The server offers no stream", "Is this the right URL?")
    names = list(dict.fromkeys(others))
    names[NAMED:] = ["…"] if len(names) > NAMED else []
    raise MissingError(*tell("other codec", names=", ".join(names)))


def _secret(media: MediaDescription) -> bool:
    """RTP/SAVP (RFC 3711): there is no way to agree on a key."""
    return "SAVP" in media.protocol.upper()


def duration(description: SessionDescription, media: MediaDescription | None = None) -> float | None:
    """Seconds (RFC 2326 §C.1.5), of the presentation or else of the stream; None if it is live, or the server does not
    say so that it can be understood."""
    text = description.get("range") or (media.get("range") if media else None) or "npt=now-"
    try:
        return Range.parse(text).end or None
    except RtspError:                   # the time of day, say, of a recording
        return None


@dataclass(frozen=True)
class Beginning:
    """What a reply to PLAY says of one stream: `time` in the movie of its first packet, that packet's number `seq` and
    timestamp `rtptime`, None where it does not say; and `scale`, how fast the movie goes."""

    time: float | None = None
    seq: int | None = None
    rtptime: int | None = None
    scale: float = 1.0


def beginning(reply: Response, url: str) -> Beginning:
    """Of the stream at `url`. A lab server does not say. A server that does not mention Scale plays at 1 (§12.34)."""
    if reply.lab:
        return Beginning()
    info = _info(reply, url)
    return Beginning(_time(reply), info.seq, info.rtptime, _scale(reply))


def _time(reply: Response) -> float | None:
    try:
        return Range.parse(reply.headers.get("Range") or "npt=now-").start
    except RtspError:                   # in other units, or none at all
        return None


def _info(reply: Response, url: str) -> RtpInfo:
    try:
        infos = [info for text in reply.headers.get_all("RTP-Info") for info in RtpInfo.parse(text)]
    except MessageError:                # its numbers are none
        infos = []
    if len(infos) > 1:
        infos = [info for info in infos if info.url and url.endswith(info.url)]
    return infos[0] if infos else RtpInfo(url)


def _scale(reply: Response) -> float:
    """Speed (§12.35) is never asked for: gst-rtsp-server gives that name to the Scale that it was asked for."""
    return _factor(reply.headers.get("Scale")) * _factor(reply.headers.get("Speed"))


def _factor(text: str | None) -> float:
    text = (text or "1").strip()
    try:
        size = decimal(text[text[:1] in ("+", "-"):], "Scale")
    except MessageError:
        return 1.0
    return (-size if text.startswith("-") else size) if 0 < size <= LARGEST_SCALE else 1.0
