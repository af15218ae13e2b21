"""What a player reads out of the server's replies: which stream it can play, and with which packet that begins."""

from __future__ import annotations

from rtsp.failures import MediaError, MissingError, understanding
from rtsp.headers import Range, RtpInfo
from rtsp.message import Response
from rtsp.sdp import MediaDescription, SessionDescription


def choose_video(description: SessionDescription) -> tuple[MediaDescription, int, int]:
    """The first JPEG stream, its payload type and its clock rate. MissingError names what is there instead."""
    others = []
    for media in description.media:
        for payload_type in media.formats:
            encoding, clock_rate = media.rtpmap(payload_type) or (f"payload type {payload_type}", 0)
            if media.kind == "video" and encoding == "JPEG":
                return media, payload_type, clock_rate
            others.append(encoding)
    if not others:
        raise MediaError("The server offers no stream", "Is this the right URL?")
    advice = "Many cameras have a second stream in MJPEG: its URL will do"
    raise MissingError(f"The server sends {', '.join(others)}, and this player decodes MJPEG alone", advice)


def duration(description: SessionDescription) -> float | None:
    """Seconds (RFC 2326 §C.1.5); None if it is live, or the server does not say. ServerRefused if malformed."""
    with understanding("DESCRIBE"):
        return Range.parse(description.get("range") or "npt=now-").end


def beginning(reply: Response, url: str) -> tuple[float | None, RtpInfo]:
    """What a reply to PLAY says of the stream at `url`: the time in the movie of its first packet, and that packet's
    number and timestamp; None where it does not say. ServerRefused if malformed. A lab server does not say."""
    if reply.lab:
        return None, RtpInfo(url)
    with understanding("PLAY"):
        begin = Range.parse(reply.headers.get("Range") or "npt=now-").start
        infos = [info for text in reply.headers.get_all("RTP-Info") for info in RtpInfo.parse(text)]
    if len(infos) > 1:
        infos = [info for info in infos if info.url and url.endswith(info.url)]
    return begin, infos[0] if infos else RtpInfo(url)
