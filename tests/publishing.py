"""A publisher for tests, written from RFC 2326: it announces, sets up, records, and sends the packets that it is told.

    with Publisher(server, "door") as door:
        door.record()
        door.send_frame(jpeg, timestamp)
"""

from __future__ import annotations

import struct

from rtp.jpeg import payloads
from tests.serving import Receiver, Reply, Talker, parameters

JPEG = "m=video 0 RTP/AVP 26"
H264 = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LA,aM4="
SOUND = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/2"
PAYLOAD_TYPES = {JPEG: 26, H264: 96, SOUND: 97}


def description(*streams: str) -> str:
    head = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nt=0 0\r\na=tool:test\r\n"
    return head + "".join(f"{one}\r\na=control:streamid={k}\r\n" for k, one in enumerate(streams))


def rtp(kind: int, sequence: int, timestamp: int, payload: bytes, marker: bool = False, ssrc: int = 7) -> bytes:
    first = struct.pack("!BBHII", 0x80, marker << 7 | kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return first + payload


class Publisher:
    """`streams`: SDP lines. It sends over UDP, or inside its connection if `tcp`."""

    def __init__(self, server, name: str = "door", *streams: str, tcp: bool = False, agent: str = "test") -> None:
        self.server, self.url, self.tcp, self.agent = server, server.url(name), tcp, agent
        self.streams = streams or (JPEG,)
        self.talker = Talker(server.port)
        self.media: list[Receiver] = []
        self.ports: list[int] = []
        self.session: list[str] = []
        self.sequence = 65530  # it soon wraps around
        self._cseq = 0

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        if self.session:
            self.leave()
        self.talker.close()
        for media in self.media:
            media.close()

    def leave(self) -> None:
        """The path is free for the next test."""
        try:
            self.ask("TEARDOWN")
        except (OSError, AssertionError):
            pass  # the connection has ended already

    def ask(self, method: str, url: str = "", *headers: str, body: str = "") -> Reply:
        self._cseq += 1
        first = f"{method} {url or self.url} RTSP/1.0"
        lines = [first, f"CSeq: {self._cseq}", f"User-Agent: {self.agent}", *self.session, *headers]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self.talker.raw("\r\n".join([*lines, "", body]).encode())
        return self.talker.reply()

    def announce(self, *headers: str) -> Reply:
        return self.ask("ANNOUNCE", "", "Content-Type: application/sdp", *headers, body=description(*self.streams))

    def setup(self, number: int = 0, mode: str = "record") -> Reply:
        """In the words of ffmpeg."""
        if self.tcp:
            transport = f"RTP/AVP/TCP;unicast;interleaved={2 * number}-{2 * number + 1};mode={mode}"
        else:
            self.media.append(Receiver())
            port = self.media[-1].port
            transport = f"RTP/AVP/UDP;unicast;client_port={port}-{port + 1};mode={mode}"
        reply = self.ask("SETUP", f"{self.url}/streamid={number}", f"Transport: {transport}")
        if reply.status == 200:
            self.session = [f"Session: {reply.headers['session'].split(';')[0]}"]
            granted = parameters(reply.headers["transport"])
            assert granted["mode"].strip('"').upper() == "RECORD"  # both are written (RFC 2326 §12.39: quoted)
            self.ports.append(int(granted["interleaved" if self.tcp else "server_port"].split("-")[0]))
        return reply

    def record(self) -> Reply:
        """The whole way; the reply to RECORD."""
        assert self.announce().status == 200
        for number in range(len(self.streams)):
            assert self.setup(number).status == 200
        return self.ask("RECORD", "", "Range: npt=0.000-")

    def send(self, data: bytes, number: int = 0, control: bool = False) -> None:
        """One packet of a stream."""
        if self.tcp:
            channel = self.ports[number] + control
            self.talker.raw(struct.pack("!BBH", 0x24, channel, len(data)) + data)
        else:
            media = self.media[number]
            sock = media.rtcp if control else media.rtp
            sock.sendto(data, ("127.0.0.1", self.ports[number] + control))

    def send_packet(self, payload: bytes, timestamp: int, marker: bool = False, number: int = 0) -> None:
        kind = PAYLOAD_TYPES[self.streams[number]]
        self.send(rtp(kind, self.sequence, timestamp, payload, marker), number)
        self.sequence += 1

    def send_frame(self, jpeg: bytes, timestamp: int, number: int = 0) -> None:
        for payload, marker in payloads(jpeg, 1400):
            self.send_packet(payload, timestamp, marker, number)
