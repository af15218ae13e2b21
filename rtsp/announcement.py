"""What a publisher announces: the streams that it is going to send (RFC 2326 §10.3, Appendix C)."""

from __future__ import annotations

from dataclasses import dataclass

from rtsp import limits
from rtsp.errors import MessageError, RtspError
from rtsp.message import Request
from rtsp.numbers import decimal
from rtsp.sdp import Attributes, MediaDescription, SessionDescription
from rtsp.url import RtspUrl, resolve

SDP = "application/sdp"
# What belongs to one connection, between publisher and server, and is none of the viewers' business
OF_THE_WAY = {
    *("control", "range", "sendrecv", "sendonly", "recvonly", "inactive", "ssrc", "ssrc-group", "msid", "rtcp"),
    *("rtcp-mux", "rtcp-rsize", "candidate", "ice-ufrag", "ice-pwd", "ice-options", "setup", "fingerprint", "crypto"),
    *("key-mgmt", "mid", "source-filter", "extmap"),
}
OF_A_FORMAT = ("rtpmap", "fmtp", "rtcp-fb")     # the payload type stands before the value


@dataclass(frozen=True)
class AnnouncedStream:
    """One `m=` section. `path`: of the URL that SETUP names it by; `attributes` and `bandwidth` are for the viewers.
    Of several payload types the first one counts."""

    path: str
    kind: str
    payload_type: int
    encoding: str
    clock_rate: int
    attributes: tuple[tuple[str, str], ...] = ()
    bandwidth: tuple[str, ...] = ()


def read(request: Request) -> tuple[AnnouncedStream, ...]:
    """The streams of an ANNOUNCE. RtspError 415 for a body that is no SDP, or SDP of what cannot be relayed;
    MessageError (400) for SDP that is broken."""
    kind = (request.headers.get("Content-Type") or SDP).partition(";")[0].strip().lower()
    coding = (request.headers.get("Content-Encoding") or "identity").strip().lower()
    if kind != SDP or coding != "identity":
        raise unreadable(f"a description is taken as {SDP} only")
    try:
        description = SessionDescription.parse(request.body.decode())
    except UnicodeDecodeError:
        raise MessageError("the description is not UTF-8") from None
    if not 0 < len(description.media) <= limits.STREAMS:
        raise MessageError(f"{len(description.media)} streams: 1 to {limits.STREAMS} can be published")
    return tuple(_stream(media, request.target) for media in description.media)


def frame_rate(stream: AnnouncedStream) -> float | None:
    """Frames a second, as a=framerate says (RFC 4566 §6); None if it does not, or nonsense."""
    text = next((value for name, value in stream.attributes if name.lower() == "framerate"), "")
    try:
        rate = decimal(text, "framerate")
    except MessageError:
        return None
    return rate if 0.01 <= rate <= 1000 else None


def unreadable(reason: str) -> RtspError:
    return RtspError(reason, 415)


def number(streams: tuple[AnnouncedStream, ...], target: str) -> int:
    """Which of the streams a SETUP names: by its own URL, or a single one by that of the whole. RtspError 404 if none;
    459 for the whole of several."""
    path = RtspUrl.parse(target).path
    found = [number for number, stream in enumerate(streams) if stream.path == path]
    below = [number for number, stream in enumerate(streams) if stream.path.startswith(f"{path}/")]
    if len(found) == 1 or (len(streams) == 1 and below):
        return (found or below)[0]
    if found or below:
        raise RtspError("SETUP takes one stream at a time", 459)
    raise RtspError(f"no stream {path!r} was announced", 404)


def _stream(media: MediaDescription, base: str) -> AnnouncedStream:
    if media.protocol.upper() not in ("RTP/AVP", "RTP/AVP/TCP", "RTP/AVP/UDP", "RTP/AVPF"):
        raise unreadable(f"{media.protocol[:20]} cannot be relayed, only RTP/AVP can")
    if not media.formats:
        raise MessageError("a stream without a payload type")
    payload_type = media.formats[0]
    encoding, clock_rate = media.rtpmap(payload_type) or ("", 0)
    if not encoding:
        raise unreadable(f"nothing says what payload type {payload_type} is: a=rtpmap is missing")
    path = RtspUrl.parse(resolve(base, media.control)).path
    attributes = tuple(_passed_on(media.attributes, payload_type))
    bandwidth = tuple(line for line in media.bandwidth if line.isprintable())
    return AnnouncedStream(path, _word(media.kind), payload_type, encoding, clock_rate, attributes, bandwidth)


def _passed_on(attributes: Attributes, payload_type: int) -> Attributes:
    """What viewers are told, word by word."""
    others = [(name, value) for name, value in attributes
              if name.lower() in OF_A_FORMAT and value.partition(" ")[0] not in (str(payload_type), "*")]
    return [(name, value) for name, value in attributes
            if name.lower() not in OF_THE_WAY and (name, value) not in others and f"{name}{value}".isprintable()]


def _word(kind: str) -> str:
    if not kind.isascii() or not kind.isalnum():
        raise MessageError(f"no kind of media: {kind[:20]!r}")
    return kind
