"""Every parser of the conversation, with real inputs and what it promises about all others.

A promise is a function of some bytes. It returns, whatever they are: an exception that leaves it is a broken promise.
tests/mediaparsers.py has those of the media; PARSERS there is the whole table.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rtsp import (
    accept,
    answers,
    asked,
    checks,
    described,
    granted,
    headers,
    moves,
    offers,
    parameters,
    playable,
    playing,
    timecodes,
    typed,
    url,
)
from rtsp.errors import MessageError, RangeError, RtspError
from rtsp.failures import ClientError, Redirected
from rtsp.headers import SessionHeader
from rtsp.inbox import Inbox
from rtsp.message import Headers, Message, Request, Response
from rtsp.numbers import decimal, number
from rtsp.reader import MessageReader
from rtsp.redirects import Redirects
from rtsp.sdp import SessionDescription
from tests import mutations, test_described, test_headers, test_reader, test_sdp
from tests.scripted import LAB, SDP, STANDARD

Promise = Callable[[bytes, random.Random], None]


@dataclass(frozen=True)
class Parser:
    """`corpus`: real inputs. `words`: bytes that mean something here. `weight`: its share of the mutations."""

    name: str
    promise: Promise
    corpus: Sequence[bytes]
    words: Sequence[bytes] = ()
    weight: float = 1.0


class BrokenPromise(AssertionError):
    """Says how to repeat it."""


def attempt(parser: Parser, seed: int, number: int) -> None:
    """One mutation. BrokenPromise if any exception leaves the parser."""
    data = mutations.mutant(seed, number, parser.corpus, parser.words)
    try:
        parser.promise(data, mutations.generator(seed, -number))
    except Exception as error:
        raise BrokenPromise(f"{parser.name}, seed {seed}, number {number}, {len(data)} bytes: {data!r}") from error


def text_of(data: bytes) -> str:
    """As the reader of messages gives texts to all others."""
    return data.decode("utf-8", "replace")


# --- texts that are read and written ----------------------------------------------------------------------------------


def written_alike(read: Callable[[str], Any], errors: type[Exception], written: Callable[[Any], str] = str) -> Promise:
    """What is read, if anything, can be written; and that can be read, and is written as before."""

    def promise(data: bytes, rng: random.Random) -> None:
        try:
            text = written(read(text_of(data)))
        except errors:
            return
        assert written(read(text)) == text

    return promise


def transport(data: bytes, rng: random.Random) -> None:
    """Writing is for what we write ourselves: without quotes. What needed them is not written again."""
    try:
        found = headers.Transport.parse(text_of(data))
    except MessageError:
        return
    for one in found:
        for ports, most in ((one.client_port, 65535), (one.server_port, 65535), (one.interleaved, 255)):
            assert ports is None or all(0 <= port <= most for port in ports)
        parts = one.protocol, one.destination, one.source, one.mode
        if one.protocol and not any(mark in (part or "") for part in parts for mark in ';,"= \t'):
            assert list(map(str, headers.Transport.parse(str(one)))) == [str(one)]
    with suppress(RtspError):
        offers.choose([text_of(data)], "127.0.0.1")


def range_(data: bytes, rng: random.Random) -> None:
    """Times are finite, and come back when they are written. As Range headers of PLAY and PAUSE, too."""
    text = text_of(data)
    with suppress(RangeError, RtspError):
        found = headers.Range.parse(text)
        assert all(time is None or 0 <= time < math.inf for time in (found.start, found.end))
        assert str(headers.Range.parse(str(found))) == str(found)
    for name in ("Range", "Scale", "Speed"):
        asked = Headers([("Range", text), (name, text)][name == "Range" :])
        with suppress(RtspError):
            play = playing.Play.asked(asked, live=rng.random() < 0.5)
            assert 0.25 <= abs(play.scale) <= 8 and 0.25 <= play.speed <= 8
            play.granted(0.0, None)
        with suppress(RtspError):
            playing.pause_point(asked)


def numbers(data: bytes, rng: random.Random) -> None:
    """Digits, within the bounds, or a MessageError; int() and float() would take more."""
    text = text_of(data)
    with suppress(MessageError):
        assert 1 <= number(text, 1, 65535, "x") <= 65535 and text.strip().isascii() and text.strip().isdigit()
    with suppress(MessageError):
        assert 0 <= decimal(text, "x") < math.inf and not set(text) - set("0123456789.")
    for read in (timecodes.npt, lambda text: timecodes.smpte(text, True), lambda text: timecodes.smpte(text, False)):
        with suppress(MessageError):
            assert 0 <= read(text) < 1e13


def urls(data: bytes, rng: random.Random) -> None:
    """What is no URL is a MessageError; joining is never one."""
    text = text_of(data)
    first, _, second = text.partition("\n")
    assert isinstance(url.is_rtsp(first), bool)
    url.split_control(first)
    for base in ("rtsp://h:554/a/b", first):
        url.join(base, second)
        url.resolve(base, second)
    with suppress(ClientError):
        parts, sendable = typed.read(first)
        assert sendable.isascii() and " " not in sendable and url.is_rtsp(sendable)
    try:
        url.RtspUrl.parse(first)
    except MessageError:
        return
    assert "@" not in url.root_url(first)
    url.base_url(first)
    url.listed(first, ["a", "b c"])


def sdp(data: bytes, rng: random.Random) -> None:
    """What can be understood of it is written alike, if every stream has a format."""
    text = text_of(data)
    with suppress(MessageError):
        found = SessionDescription.parse(text)
        for media in found.media:
            for payload_type in media.formats:
                with suppress(MessageError):
                    media.rtpmap(payload_type)
        playable.duration(found)
        if all(media.formats for media in found.media):
            assert str(SessionDescription.parse(str(found))) == str(found)
    for kind in ("application/sdp", "text/uri-list", "text/plain"):
        reply = Response(200, Headers([("Content-Type", kind), ("Content-Base", text[:20])]), data)
        with suppress(ClientError):
            description, base = described.read(reply, "rtsp://h/m")
            chosen = playable.choose_video(description)
            url.resolve(base, chosen.media.control)


def bodies(data: bytes, rng: random.Random) -> None:
    """text/parameters, asked for by either side."""
    with suppress(RtspError):
        wanted = parameters.names(data)
        parameters.answer(wanted, dict.fromkeys(parameters.KNOWN, "1"))
    with suppress(RtspError):
        settable = {"rate", "quality", "stream"}
        found = parameters.assignments(data, settable)
        assert found.keys() <= settable and parameters.read(parameters.answer(found, found)) == found
    reply = asked.answer(Request("GET_PARAMETER", "*", Headers([("CSeq", "1")]), data), {"packets_received": "7"})
    assert reply.status in (200, 451)


# --- whole messages ---------------------------------------------------------------------------------------------------


def read_all(chunks: Iterable[bytes], lab_replies: bool = False, quiet: bool = True) -> tuple[list[Message], str]:
    """The messages in these pieces, and the error that ended them, "" if none did; silence follows the last one."""
    reader = MessageReader(lab_replies)
    found: list[Message] = []
    try:
        for chunk in (*chunks, None):
            if chunk is not None:
                reader.feed(chunk)
            elif quiet:
                reader.quiet()
            while (message := reader.next()) is not None:
                found.append(message)
            assert reader.patience() is None or reader.unfinished
    except MessageError as error:
        return found, f"{error.status} {error} {error.headers}"
    return found, ""


def messages(lab_replies: bool) -> Promise:
    """However the bytes were cut, the same messages come; what was read can be written, and is read as the same (but
    for what lab servers say, which nobody writes)."""

    def promise(data: bytes, rng: random.Random) -> None:
        whole = read_all([data], lab_replies)
        assert read_all(mutations.pieces(rng, data), lab_replies) == whole
        if len(data) < 2000:
            assert read_all([data[at : at + 1] for at in range(len(data))], lab_replies) == whole
        for message in whole[0]:
            again, problem = read_all([bytes(message)])
            if not problem and not lab_replies:     # it may have grown, by what was no UTF-8, over a limit
                assert [bytes(one) for one in again[:1]] == [bytes(message)], (message, again)
            understand(message)

    return promise


def understand(message: Message) -> None:
    """What either side does with a message before it acts."""
    if isinstance(message, Request):
        with suppress(RtspError):
            checks.check(message)
            checks.check_target(message)
            url.named(message)
            answers.description(message, "v=0\r\n")
        assert bytes(answers.complete(asked.answer(message, {}), message, "5", Server="x"))
        inbox = Inbox()
        assert bytes(asked.answer(message, {}, inbox, SessionHeader("5eed"), "rtsp://h/m"))
        with suppress(RtspError):
            place = moves.elsewhere("rtsp://b/x", message.target)
            assert place.startswith("rtsp://b/x") and place.isascii() and place.isprintable() and " " not in place
        if inbox.move:
            inbox.move.due(1.0, -1.0, 1e9)
    elif isinstance(message, Response):
        with suppress(RtspError):
            assert message.cseq is None or 0 <= message.cseq < 2**32
        for read in (granted.session, granted.transport, granted.methods):
            with suppress(RtspError):
                read(message)
        begin = playable.beginning(message, "rtsp://h/m/trackID=0")
        assert 0 < abs(begin.scale) <= 1e6 and (begin.seq is None or 0 <= begin.seq < 65536)
        with suppress(ClientError):
            described.read(message, "rtsp://h/m")
        moved = Redirected(302, "")
        moved.location = message.headers.get("Location") or message.reason
        with suppress(ClientError):
            Redirects("rtsp://h/m").follow(moved, "rtsp://h/m")


def accepted(data: bytes, rng: random.Random) -> None:
    accept.accepts([text_of(data)], "application/sdp")


URL = "rtsp://127.0.0.1:6789/movie.Mjpeg"
TRANSPORTS = [text.encode() for text, _, _ in test_headers.TRANSPORTS] + [
    b"RTP/AVP/TCP;unicast;interleaved=0-1", b"RTP/AVP/UDP;unicast;client_port=5000-5001, RTP/AVP;multicast",
    b'RTP/AVP;unicast;client_port=25000-25001;mode="PLAY,RECORD";destination=127.0.0.1;ssrc=000A2F01',
    b"RTP/UDP; client_port= 25000",
]  # fmt: skip
RANGES = [b"npt=0.000-", b"npt=10.000-12.000", b"npt=now-", b"npt=-20", b"npt=1:02:03.5-",
          b"npt=0-20;time=19970123T153600Z", b"smpte=10:12:33:20-", b"smpte-25=10:07:00-10:07:33:05.01",
          b"smpte-30-drop=0:01:00:02-", b"clock=19961108T142300Z-19961108T143520Z", b"2.5", b"-1", b"0.25"]  # fmt: skip
URLS = [b"rtsp://127.0.0.1:6789/movie.Mjpeg\ntrackID=0", b"rtsp://me:p%40ss%3A@cam/my%20movie?ch=1\n/live/1",
        b"RTSP://[::1]:8554/x\n*", b"rtsps://host\nrtsp://other/track", b"movie.Mjpeg\n?a=b",
        b"rtsp://h/movie.Mjpeg?vlcmulticast/trackID=0\n../x", b"rtsp://h//a//trackID=12/\nhttp://[::1"]  # fmt: skip
DESCRIPTIONS = (
    test_sdp.OURS, test_sdp.GSTREAMER, test_described.AXIS, test_described.HIKVISION, test_described.GSTREAMER,
    test_described.MEDIAMTX, test_described.FFMPEG, test_described.ODD, test_described.BARE,
)  # fmt: skip
SDPS = [*(text.encode() for text in DESCRIPTIONS), SDP, b"rtsp://h/a\r\n# a comment\r\nb.Mjpeg\r\n"]
REQUESTS = [data for data, _ in test_reader.STANDARD.values()] + [data for data, _ in test_reader.REFUSED.values()]
REQUESTS += [data for data, *_ in test_reader.LAB.values()] + list(test_reader.GLUED)
REQUESTS = [data for data in REQUESTS if len(data) < 1000]
REQUESTS += [f"REDIRECT {URL} RTSP/1.0\r\nCSeq: 3\r\nSession: 5eed\r\nLocation: rtsp://other/x\r\n"
             f"Range: {when}-\r\n\r\n".encode() for when in ("clock=19961108T142300Z", "npt=7.5")]  # fmt: skip
REQUESTS += [f"ANNOUNCE {URL} RTSP/1.0\r\nCSeq: 3\r\nSession: 5eed\r\nContent-Base: {URL}/\r\n"
             f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n".encode() + SDP]  # fmt: skip
REQUESTS += [f"{method} {URL} RTSP/1.0\r\nCSeq: 3\r\nSession: 5eed\r\nRange: npt=1.5-\r\nScale: 2\r\n"
             f"Require: play.basic\r\nAccept: application/sdp;q=0.5, */*\r\nTimestamp: 1.5\r\n\r\n".encode()
             for method in ("DESCRIBE", "PLAY")]  # fmt: skip
REPLIES = [*test_reader.REPLIES, test_reader.JUNK]
REPLIES += [reply.replace(b"%CSEQ%", b"1").replace(b"%URL%", URL.encode()).replace(b"%LENGTH%", b"%d" % len(SDP))
            for reply in (*STANDARD.values(), *LAB.values())]  # fmt: skip
REPLIES += [b"RTSP/1.0 302 Moved Temporarily\r\nCSeq: 1\r\nLocation: rtsp://other/x\r\n\r\n",
            b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 5;timeout=60\r\nScale: -2\r\nSpeed: 1.5\r\nRange: npt=1-2\r\n"
            b"RTP-Info: url=rtsp://h/m/trackID=0;seq=1;rtptime=2,url=b;seq=3\r\n\r\n"]  # fmt: skip
WORDS = [b"RTSP/1.0", b" RTSP/1.0\r\n", b"\r\n", b"\n", b"CSeq: 1\r\n", b"Content-Length: 3\r\n", b"Session: 5eed\r\n",
         b"SETUP ", b"PLAY", b"$\x00\x00\x05", b"$\x01\xff\xff", b"client_port=", b"rtsp://", b"\r\n \t", b"Range: ",
         b"Transport: ", b"RTSP/1.0 200 OK\r\n", b"Content-Base: ", b"trackID=0", b"npt=", b"url="]  # fmt: skip
HEADER_WORDS = [b";unicast", b";client_port=", b";ssrc=", b";mode=", b"RTP/AVP/TCP", b"interleaved=", b"now", b"npt=",
                b"-", b"smpte=", b":59", b";timeout=", b"url=", b",url=", b";seq=", b"rtptime=", b"q=0"]  # fmt: skip
SDP_WORDS = [b"m=video 0 RTP/AVP 26\n", b"a=rtpmap:26 JPEG/90000\n", b"a=range:npt=", b"\na=", b"\nm=", b" 96",
             b"v=0\n", b"a=control:", b"RTP/SAVP"]  # fmt: skip

INFOS = [b"url=rtsp://h/m/trackID=0;seq=1;rtptime=2,url=b;seq=3", b"url=a,b;seq=7"]
SESSIONS = [b"5eed;timeout=60", b"1"]
ACCEPTED = [b"application/sdp", b"application/*;q=0.0, text/uri-list;q=0.5,*/*"]
NUMBERS = [b"0", b"12.5", b"65535", b"1:02:03.5", b"10:07:59:29.99", b"4294967295"]

rtp_info = written_alike(headers.RtpInfo.parse, MessageError, lambda found: ",".join(map(str, found)))
session = written_alike(headers.SessionHeader.parse, MessageError)
CONVERSATION = [
    Parser("requests", messages(False), [*REQUESTS, *REPLIES], WORDS, 4),
    Parser("lab replies", messages(True), [*REPLIES, *REQUESTS], WORDS, 2),
    Parser("Transport", transport, TRANSPORTS, HEADER_WORDS),
    Parser("Range", range_, RANGES, HEADER_WORDS, 2),
    Parser("RTP-Info", rtp_info, INFOS, HEADER_WORDS),
    Parser("Session", session, SESSIONS, HEADER_WORDS),
    Parser("Accept", accepted, ACCEPTED, HEADER_WORDS, 0.5),
    Parser("numbers", numbers, NUMBERS, HEADER_WORDS),
    Parser("URLs", urls, URLS, [b"rtsp://", b"@", b"[", b"]", b"/trackID=1", b"?", b"//", b"%", b"#"], 2),
    Parser("SDP", sdp, SDPS, SDP_WORDS, 2),
    Parser("parameters", bodies, [b"packets\r\njitter\r\n", b"position:\npackets_received\n\xff\n",
                                  b"quality: 50\r\nrate: -2\r\nstream:1\r\n"], WORDS, 0.5),
]
