"""What the words of a conversation mean: a sentence each, and where it is written. For whoever looks at the bytes."""

from __future__ import annotations

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    words: str
    source: str = ""        # "RFC 2326 §12.17"


def _of_2326(table: dict[str, tuple[str, str]]) -> dict[str, Meaning]:
    return {name.lower(): Meaning(words, f"RFC 2326 §{section}") for name, (section, words) in table.items()}


METHODS = _of_2326({
    "OPTIONS": ("10.1", "Which methods do you know? It changes nothing, so it also serves as a sign of life."),
    "DESCRIBE": ("10.2", "What is there to play? The answer is a description of the streams (SDP)."),
    "ANNOUNCE": ("10.3", "Here is the description of what I am going to send."),
    "SETUP": ("10.4", "Prepare this one stream, and agree on how its packets travel. It begins the session."),
    "PLAY": ("10.5", "Start sending, from where it stands or from the place that Range names."),
    "PAUSE": ("10.6", "Stop sending for now; the session and its place in the movie are kept."),
    "TEARDOWN": ("10.7", "Stop sending and forget the session."),
    "GET_PARAMETER": ("10.8", "Tell me these values. Without any, it is a sign of life that keeps the session."),
    "SET_PARAMETER": ("10.9", "Set these values."),
    "REDIRECT": ("10.10", "Go on with another server."),
    "RECORD": ("10.11", "I am going to send now: record it."),
})

STATUSES = {
    1: Meaning("Received; the real answer is still to come.", "RFC 2326 §7.1.1"),
    2: Meaning("It was understood and done.", "RFC 2326 §7.1.1"),
    3: Meaning("It is to be had elsewhere: see Location.", "RFC 2326 §11.2"),
    4: Meaning("The request is wrong, or cannot be granted as it is.", "RFC 2326 §11.3"),
    5: Meaning("The request may be right, but the server cannot do it.", "RFC 2326 §7.1.1"),
}

HEADERS = _of_2326({
    "Accept": ("12.1", "The forms of description that the client can read."),
    "Accept-Encoding": ("12.2", "The compressions of a body that the client can undo."),
    "Accept-Language": ("12.3", "The languages that the user prefers."),
    "Allow": ("12.4", "The methods that may be used here and now."),
    "Authorization": ("12.5", "Who asks, and the proof of it."),
    "Bandwidth": ("12.6", "Bits a second that the client expects to have."),
    "Blocksize": ("12.7", "The largest packet that the client wants, in bytes without the headers below RTP."),
    "Cache-Control": ("12.8", "Whether the stream may be kept on the way."),
    "Conference": ("12.9", "The conference that this belongs to."),
    "Connection": ("12.10", "`close`: the TCP connection ends after this message."),
    "Content-Base": ("12.11", "The URL that relative names in the description belong to."),
    "Content-Encoding": ("12.12", "How the body is compressed."),
    "Content-Language": ("12.13", "The language of the body."),
    "Content-Length": ("12.14", "Bytes of body after the empty line; without it there is none."),
    "Content-Location": ("12.15", "The URL of what the body describes."),
    "Content-Type": ("12.16", "What kind of text the body is."),
    "CSeq": ("12.17", "The number of the request. The reply repeats it, so that each finds its other."),
    "Date": ("12.18", "When the message was written."),
    "Expires": ("12.19", "Until when the description holds."),
    "From": ("12.20", "The address of the person who asks."),
    "Host": ("12.21", "A header of HTTP that RTSP does not need."),
    "Last-Modified": ("12.24", "When the movie was changed last."),
    "Location": ("12.25", "Where it is to be had instead."),
    "Proxy-Authenticate": ("12.26", "A proxy on the way wants to know who asks."),
    "Proxy-Require": ("12.27", "Extensions that proxies on the way must know."),
    "Public": ("12.28", "The methods that this server knows."),
    "Range": ("12.29", "Which part of the movie, in seconds from its start."),
    "Referer": ("12.30", "The document that the URL was found in."),
    "Retry-After": ("12.31", "Seconds after which it is worth trying again."),
    "Require": ("12.32", "Extensions without which the request makes no sense."),
    "RTP-Info": ("12.33", "For each stream its first packet after PLAY: so the client knows where a jump begins."),
    "Scale": ("12.34", "Seconds of the movie in a second: 2 is twice as fast, -1 is backwards."),
    "Speed": ("12.35", "How fast the packets are sent, whatever the speed of the movie."),
    "Server": ("12.36", "The program that answers."),
    "Session": ("12.37", "The session that this belongs to. The server makes it up at SETUP; it cannot be guessed."),
    "Timestamp": ("12.38", "When the client sent it; the reply gives it back, which tells the round trip."),
    "Transport": ("12.39", "How the packets of the stream travel: what the client offers, what the server grants."),
    "Unsupported": ("12.40", "The extensions among those required that the server does not know."),
    "User-Agent": ("12.41", "The program that asks."),
    "Vary": ("12.42", "What the answer depends on."),
    "Via": ("12.43", "The proxies that it came through."),
    "WWW-Authenticate": ("12.44", "The server wants to know who asks, and in which way that is to be proved."),
})

_TRANSPORT = {
    "RTP/AVP": Meaning("RTP with the usual rules for audio and video, over UDP", "RFC 3551"),
    "RTP/AVP/UDP": Meaning("the same, UDP written out"),
    "RTP/AVP/TCP": Meaning("RTP inside this TCP connection", "RFC 2326 §10.12"),
    "RTP/UDP": Meaning("the classic lab's way to write RTP/AVP"),
    "unicast": Meaning("to one receiver"),
    "multicast": Meaning("to a group of receivers"),
    "destination": Meaning("the address that it is sent to"),
    "source": Meaning("the address that it is sent from"),
    "client_port": Meaning("the client's UDP ports: RTP on the first, RTCP on the second"),
    "server_port": Meaning("the server's UDP ports: RTP from the first, RTCP at the second"),
    "interleaved": Meaning("channel numbers in this connection: RTP on the first, RTCP on the second"),
    "ssrc": Meaning("the SSRC of the RTP packets, in hexadecimal digits"),
    "mode": Meaning("PLAY or RECORD"),
    "ttl": Meaning("how many networks a multicast packet may cross"),
}
_RANGE = {
    "npt": Meaning("normal play time: seconds from the start; `now-` is the live point", "RFC 2326 §3.6"),
    "smpte": Meaning("hours:minutes:seconds:frames, at 29.97 frames a second", "RFC 2326 §3.5"),
    "smpte-25": Meaning("hours:minutes:seconds:frames, at 25 frames a second", "RFC 2326 §3.5"),
    "smpte-30-drop": Meaning("hours:minutes:seconds:frames, drop frame", "RFC 2326 §3.5"),
    "clock": Meaning("the time of day", "RFC 2326 §3.7"),
    "time": Meaning("when it is to begin"),
}
_DIGEST = {
    "Digest": Meaning("a hash in place of the password", "RFC 7616"),
    "Basic": Meaning("name and password, as good as unencrypted; masked here", "RFC 7617"),
    "realm": Meaning("what the name and the password are for"),
    "nonce": Meaning("a number of the server, used once: an old answer is worth nothing"),
    "response": Meaning("the hash of name, realm, password, nonce, method and URL"),
    "qop": Meaning("what the hash protects"),
    "nc": Meaning("how often this nonce was used"),
    "cnonce": Meaning("a number of the client"),
    "algorithm": Meaning("the hash function"),
    "opaque": Meaning("to be given back as it is"),
    "stale": Meaning("`true`: the password was right, the nonce was too old"),
    "username": Meaning("who asks"),
    "uri": Meaning("the URL of the request"),
}

PARAMETERS: dict[str, dict[str, Meaning]] = {
    "transport": _TRANSPORT,
    "session": {"timeout": Meaning("seconds of silence after which the server ends the session; 60 if not said")},
    "range": _RANGE,
    "rtp-info": {
        "url": Meaning("the stream"),
        "seq": Meaning("the sequence number of its first packet"),
        "rtptime": Meaning("the RTP timestamp that belongs to the start of the range"),
    },
    "authorization": _DIGEST,
    "www-authenticate": _DIGEST,
}

SDP = {
    "v": Meaning("version of SDP", "RFC 4566 §5.1"), "o": Meaning("who made this description", "RFC 4566 §5.2"),
    "s": Meaning("name", "RFC 4566 §5.3"), "i": Meaning("more about it", "RFC 4566 §5.4"),
    "c": Meaning("address of the media; 0.0.0.0: SETUP will tell", "RFC 4566 §5.7"),
    "b": Meaning("bandwidth, kbit/s", "RFC 4566 §5.8"),
    "t": Meaning("start and end; 0 0: always", "RFC 4566 §5.9"),
    "m": Meaning("a stream: kind, port (0: SETUP will tell), profile, payload types", "RFC 4566 §5.14"),
    "a=control": Meaning("URL to SETUP; `*`: the whole", "RFC 2326 §C.1.1"),
    "a=range": Meaning("how long it is", "RFC 2326 §C.1.5"),
    "a=rtpmap": Meaning("payload type, encoding, ticks a second", "RFC 4566 §6"),
    "a=framerate": Meaning("frames a second", "RFC 4566 §6"),
    "a=fmtp": Meaning("details of the encoding", "RFC 4566 §6"),
    "a": Meaning("attribute", "RFC 4566 §5.13"),
}  # fmt: skip


def parameters(header: str, value: str) -> list[tuple[str, Meaning]]:
    """What is known of the parts of a header's value, in their order: (as written, meaning)."""
    known = {name.lower(): meaning for name, meaning in PARAMETERS.get(header.lower(), {}).items()}
    parts = (part.strip() for part in re.split(r'[;,](?=(?:[^"]*"[^"]*")*[^"]*$)', value[:2000]))
    words = [word for part in parts for word in _with_scheme(part)]
    return [(word, known[name]) for word in words if (name := word.partition("=")[0].strip().lower()) in known]


def _with_scheme(part: str) -> list[str]:
    """`Digest realm="a"` is two words."""
    scheme, blank, rest = part.partition(" ")
    return [scheme, rest] if blank and "=" not in scheme else [part]


def sdp(line: str) -> Meaning | None:
    """What a line of a description says."""
    attribute = line.partition(":")[0]
    return SDP.get(attribute) or SDP.get(line.partition("=")[0])
