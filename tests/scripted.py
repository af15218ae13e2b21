"""A server that says what a test tells it to, byte by byte: a table of replies, and packets sent on demand."""

from __future__ import annotations

import queue
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from net.channels import bind_pair
from rtp.jpeg import payloads
from rtp.rtcp import Goodbye, SourceDescription, compound
from RtpPacket import RtpPacket
from rtsp.message import Interleaved

SSRC = 42
SEQ, RTPTIME = 100, 9000  # what the PLAY reply announces
TICKS = 4500  # of 90 kHz: one frame at 20 frames/s

OK = b"RTSP/1.0 200 OK\r\nCSeq: %CSEQ%\r\n"
SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=movie.Mjpeg\r\nt=0 0\r\na=control:*\r\na=range:npt=0-0.950\r\n"
    b"m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\na=control:trackID=0\r\n"
)
STANDARD = {
    "OPTIONS": OK + b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER\r\n\r\n",
    "DESCRIBE": OK + b"Content-Base: %URL%/\r\nContent-Type: application/sdp\r\nContent-Length: %LENGTH%\r\n\r\n" + SDP,
    "SETUP": OK + b"Session: 5eed;timeout=60\r\n"
    b"Transport: RTP/AVP;unicast;client_port=%CLIENT%;server_port=%SERVER%;ssrc=0000002A\r\n\r\n",
    "PLAY": OK + b"Session: 5eed\r\nRange: npt=0.000-\r\nRTP-Info: url=%URL%/trackID=0;seq=100;rtptime=9000\r\n\r\n",
    "PAUSE": OK + b"Session: 5eed\r\n\r\n",
    "TEARDOWN": OK + b"Session: 5eed\r\n\r\n",
    "GET_PARAMETER": OK + b"Session: 5eed\r\n\r\n",
}
LASTING_25 = STANDARD["DESCRIBE"].replace(b"npt=0-0.950", b"npt=0-25.000")  # a movie of 25 s, not one of 0.95
LAB_OK = b"RTSP/1.0 200 OK\r\nCSeq: %CSEQ%\r\nSession: 123456\r\n"
LAB = dict.fromkeys(("SETUP", "PLAY", "PAUSE", "TEARDOWN"), LAB_OK)

# A reply: bytes, None (no answer), or what to do: it gets the server, and the bytes it returns, if any, are the reply.
Reply = bytes | None | Callable[["ScriptedServer"], bytes | None]


def refused(status: int, phrase: str, more: bytes = b"") -> bytes:
    return b"RTSP/1.0 %d %s\r\nCSeq: %%CSEQ%%\r\n%s\r\n" % (status, phrase.encode(), more)


class ScriptedServer:
    """Answers one connection after the other. `script`: method → reply, or a list of replies to be given in turn, of
    which the last one is repeated. `asked` has each request as it came, `reports` each `$` frame."""

    def __init__(self, script: dict[str, Any] | None = None, lab: bool = False, **changes: Any) -> None:
        self.script: dict[str, Any] = {**(LAB if lab else STANDARD), **(script or {}), **changes}
        self.lab = lab
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.reports: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.client_port = 0
        self.connection: socket.socket | None = None
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/movie.Mjpeg"
        self.rtp, self.rtcp = bind_pair(("127.0.0.1", 0), 0)
        for sock in (self.rtp, self.rtcp):
            sock.settimeout(5)
        self._thread = threading.Thread(target=self._serve, name="scripted server", daemon=True)
        self._thread.start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *problem: object) -> None:
        self.hang_up()
        try:
            self._listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # not everywhere can a listening socket be shut down
        self._listening.close()
        self.rtp.close()
        self.rtcp.close()
        self._thread.join(5)

    # ---- the conversation

    def next_request(self) -> str:
        return self.asked.get(timeout=5)

    def methods(self) -> list[str]:
        """Of the requests that came since the last call."""
        found = []
        while not self.asked.empty():
            found.append(self.asked.get().split()[0])
        return found

    def say(self, data: bytes) -> None:
        """Something that is no reply."""
        assert self.connection is not None
        self.connection.sendall(data)

    def hang_up(self) -> None:
        if self.connection:
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was faster
            self.connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connection = connection
            self.connections += 1
            with connection:
                try:
                    self._answer(connection)
                except OSError:
                    pass  # hung up, by one side or the other

    def _answer(self, connection: socket.socket) -> None:
        data = b""
        while chunk := connection.recv(4096):
            data = self._without_frames(data + chunk)
            while (end := self._end(data)) > 0:
                request, data = data[:end].decode(), data[end:]
                reply = self._reply(request)
                self.asked.put(request)
                if reply is not None:
                    connection.sendall(reply)
                data = self._without_frames(data)

    def _without_frames(self, data: bytes) -> bytes:
        """Reports that come inside the connection are noted; they stand between requests."""
        while data.startswith(b"$") and len(data) >= 4 and len(data) >= (end := 4 + int.from_bytes(data[2:4], "big")):
            self.reports.put(data[:end])
            data = data[end:]
        return data

    def _end(self, data: bytes) -> int:
        """Where the first request ends; 0: it does not yet. Our own client ends each lab line."""
        if self.lab:
            lines = data.split(b"\r\n")
            return sum(len(line) + 2 for line in lines[:3]) if len(lines) > 3 else 0
        head, blank, _ = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        end = len(head) + len(blank) + (int(length[1]) if length else 0)
        return end if blank and len(data) >= end else 0

    def _reply(self, request: str) -> bytes | None:
        lines = request.split("\r\n")
        words = request.split()
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        if "client_port" in request:
            ports = request.split("client_port=")[1].split()[0]
            self.client_port = int(ports.split("-")[0])
        reply = self.script.get(words[0], refused(501, "Not Implemented"))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if callable(reply):
            reply = reply(self)
        if reply is None:
            return None
        values = {
            b"%CSEQ%": headers.get("CSeq", "0"),
            b"%URL%": self.url,
            b"%LENGTH%": str(len(reply.partition(b"\r\n\r\n")[2])),
            b"%CLIENT%": f"{self.client_port}-{self.client_port + 1}",
            b"%SERVER%": f"{self.rtp.getsockname()[1]}-{self.rtcp.getsockname()[1]}",
        }
        for name, value in values.items():
            reply = reply.replace(name, value.encode())
        return bytes(reply)

    # ---- the media

    def send(self, packet: bytes) -> None:
        self.rtp.sendto(packet, ("127.0.0.1", self.client_port))

    def send_frame(self, number: int, jpeg: bytes, sequence: int) -> int:
        """Frame `number` of a movie that began with RTPTIME, as packets from `sequence` on; the next free number."""
        for data, marker in payloads(jpeg):
            self.send(rtp(sequence, RTPTIME + number * TICKS, marker, data))
            sequence += 1
        return sequence

    def send_bye(self, ssrc: int = SSRC) -> None:
        report = b"\x80\xc9\x00\x01" + ssrc.to_bytes(4, "big")  # an empty receiver report comes first
        bye = report + compound(SourceDescription(ssrc, "server"), Goodbye((ssrc,)))
        self.rtcp.sendto(bye, ("127.0.0.1", self.client_port + 1))


def rtp(sequence: int, timestamp: int, marker: bool, data: bytes, payload_type: int = 26, version: int = 2) -> bytes:
    packet = RtpPacket()
    packet.encode(version, 0, 0, 0, sequence % 65536, int(marker), payload_type, SSRC, data, timestamp=timestamp)
    return packet.getPacket()


class FakeClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def eventually(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for what another thread is about to do."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(0.002)


INSIDE = OK + b"Session: 5eed;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000002A\r\n\r\n"


def inside(jpegs: list[bytes]) -> bytes:
    """These frames of a movie, and its end, as they come inside the connection."""
    sequence, frames = SEQ, b""
    for number, jpeg in enumerate(jpegs):
        for data, marker in payloads(jpeg):
            frames += bytes(Interleaved(0, rtp(sequence, RTPTIME + number * TICKS, marker, data)))
            sequence += 1
    return frames + bytes(Interleaved(1, compound(SourceDescription(SSRC, "server"), Goodbye((SSRC,)))))


def plays(pictures):
    """A reply to PLAY, and soon these frames, all at once, and the end of the movie."""

    def send(server):
        sequence = SEQ
        for number, picture in enumerate(pictures):
            sequence = server.send_frame(number, picture, sequence)
        server.send_bye()

    def reply(server):
        threading.Timer(0.05, send, (server,)).start()
        return STANDARD["PLAY"]

    return reply
