"""Servers that send what no server should: garbage, silence, floods, lies, and pictures that claim to be enormous."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from rtp.jpeg import payloads
from tests.movies import jpeg
from tests.scripted import INSIDE, LASTING_25, OK, RTPTIME, SEQ, SSRC, STANDARD, TICKS, ScriptedServer, refused

Behaviour = Callable[[socket.socket], None]
CHUNK = 1 << 16


# ---- what is said on the RTSP connection, byte by byte


class RawServer:
    """Each connection gets a thread of its own, which does as `behave` says; the connection is closed after it."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/movie.Mjpeg"
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="raw server", daemon=True)
        self._accepting.start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *problem: object) -> None:
        for sock in (self._listening, *self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the client was faster
            sock.close()
        for thread in (self._accepting, *self._threads):
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(sock)
            self._threads.append(threading.Thread(target=self._serve, args=(sock,), name="raw viewer", daemon=True))
            self._threads[-1].start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._behave(sock)
        except OSError:
            pass  # the client has had enough
        sock.close()


def silent(sock: socket.socket) -> None:
    while sock.recv(CHUNK):
        pass


def says(*data: bytes, again: bytes = b"", then: Behaviour = silent) -> Behaviour:
    """Once it is asked: this, and `again` for ever."""

    def behave(sock: socket.socket) -> None:
        sock.recv(CHUNK)
        for piece in data:
            sock.sendall(piece)
        many = again * (1 + CHUNK // len(again)) if again else b""
        while many:
            sock.sendall(many)
        then(sock)

    return behave


def reset(sock: socket.socket) -> None:
    """Close with RST, as a program that was killed does."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


NOISE = random.Random(6).randbytes(CHUNK)
CONNECTION: dict[str, Behaviour] = {
    "a port that accepts and never answers": silent,
    "it hangs up at once": lambda sock: None,
    "it resets at once": reset,
    "random bytes": says(NOISE),
    "random bytes for ever": says(again=NOISE),
    "zeros for ever": says(again=bytes(1000)),
    "line ends for ever": says(again=b"\r\n"),
    "a banner of SSH": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a page of HTTP": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "headers without end": says(b"RTSP/1.0 200 OK\r\n", again=b"X-Header: 1\r\n"),
    "a header of 10 MB": says(b"RTSP/1.0 200 OK\r\nX-Header: ", b"x" * 10_000_000),
    "a status line of 10 MB": says(b"RTSP/1.0 200 ", b"x" * 10_000_000),
    "a folded header without end": says(b"RTSP/1.0 200 OK\r\nX: 1\r\n", again=b" 1\r\n"),
    "a body of a terabyte": says(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 1000000000000\r\n\r\n", again=b"x"),
    "a length of 5,000 digits": says(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"),
    "half a reply": says(b"RTSP/1.0 200 OK\r\nCS"),
    "half a body": says(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 100\r\n\r\nhalf"),
    "a status of 999": says(b"RTSP/1.0 999 What\r\nCSeq: 1\r\n\r\n"),
    "a status of 000": says(b"RTSP/1.0 000 What\r\nCSeq: 1\r\n\r\n"),
    "RTSP 9.9": says(b"RTSP/9.9 200 OK\r\nCSeq: 1\r\n\r\n"),
    "100 Continue for ever": says(again=b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n"),
    "replies to other requests for ever": says(again=b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n"),
    "replies without a number for ever": says(again=b"RTSP/1.0 200 OK\r\n\r\n"),
    "requests for ever, and nothing is read": says(again=b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"),
    "media before they were asked for, for ever": says(again=b"$\x63\x00\x04abcd"),
    "a frame of 65,535 bytes that stops": says(b"$\x00\xff\xffabc"),
    "empty frames for ever": says(again=b"$\x00\x00\x00"),
    "ESC in the reason": says(b"RTSP/1.0 404 \x1b[2J\x1b]0;gotcha\x07" + b"x" * 3000 + b"\r\nCSeq: 1\r\n\r\n"),
}


def drip(sock: socket.socket) -> None:
    """A reply that comes a byte every 0.2 s, for ever."""
    sock.recv(CHUNK)
    sock.sendall(b"RTSP/1.0 200 OK\r\nX: ")
    pause = threading.Event()
    while True:
        sock.sendall(b"x")
        pause.wait(0.2)


CONNECTION["a byte now and then"] = drip


# ---- replies that are RTSP, and lie


def describing(sdp: bytes, more: bytes = b"") -> bytes:
    return OK + b"Content-Type: application/sdp\r\n" + more + b"Content-Length: %LENGTH%\r\n\r\n" + sdp


def setting_up(transport: bytes, session: bytes = b"5eed") -> bytes:
    return OK + b"Session: " + session + b"\r\nTransport: " + transport + b"\r\n\r\n"


def elsewhere(place: bytes) -> bytes:
    return refused(302, "Moved", b"Location: " + place + b"\r\n")


class _Chain:
    """Sends on to another place each time."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, server: ScriptedServer) -> bytes:
        self.number += 1
        return elsewhere(b"rtsp://127.0.0.1:%d/%d" % (server.port, self.number))


def _ring(server: ScriptedServer) -> bytes:
    return elsewhere(b"rtsp://127.0.0.1:%d/%d" % (server.port, server.connections % 3))


V0 = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
JPEG_LINE = b"m=video 0 RTP/AVP 26\r\n"
VIDEO = V0 + JPEG_LINE
REPLIES: dict[str, dict[str, Any]] = {
    "a redirect to itself": {"DESCRIBE": elsewhere(b"%URL%")},
    "a ring of redirects": {"DESCRIBE": _ring},
    "a chain of redirects": {"DESCRIBE": _Chain()},
    "a redirect to nowhere": {"DESCRIBE": elsewhere(b"rtsp://[::1/%zz")},
    "a redirect to a file": {"DESCRIBE": elsewhere(b"file:///etc/passwd")},
    "a redirect to port 0": {"DESCRIBE": elsewhere(b"rtsp://127.0.0.1:0/x")},
    "a redirect to port 99999": {"DESCRIBE": elsewhere(b"rtsp://127.0.0.1:99999/x")},
    "an empty description": {"DESCRIBE": describing(b"")},
    "a description of zeros": {"DESCRIBE": describing(bytes(1000))},
    "no streams": {"DESCRIBE": describing(V0)},
    "4,000 streams": {"DESCRIBE": describing(V0 + b"m=v 0 R 1\r\n" * 4000)},
    "10,000 streams": {"DESCRIBE": describing(V0 + b"m=v 0 R 1\r\n" * 10000)},
    "15,000 formats and 3,000 attributes": {
        "DESCRIBE": describing(V0 + b"m=video 0 RTP/AVP" + b" 99" * 8000 + b"\r\n" + b"a=rtpmap:1 x\r\n" * 2500)},
    "a payload type of 999": {"DESCRIBE": describing(V0 + b"m=video 0 RTP/AVP 999\r\n")},
    "a port of a billion": {"DESCRIBE": describing(V0 + b"m=video 1000000000 RTP/AVP 26\r\n")},
    "half a media line": {"DESCRIBE": describing(V0 + b"m=video\r\n")},
    "a clock rate of 0": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG/0\r\n")},
    "a clock rate of 10^30": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG/1" + b"0" * 30 + b"\r\n")},
    "a clock rate of nan": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG/nan\r\n")},
    "a control of 30 kB": {"DESCRIBE": describing(VIDEO + b"a=control:" + b"x" * 30000 + b"\r\n")},
    "a control with line ends and blanks": {"DESCRIBE": describing(VIDEO + b"a=control:a b\x00\x0b\x1b[2Jc\r\n")},
    "a control elsewhere": {"DESCRIBE": describing(VIDEO + b"a=control:http://example.invalid/\r\n")},
    "an encoding with ESC": {"DESCRIBE": describing(V0 + b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 \x1b[2JH264/90000\r\n")},
    "a type with ESC": {"DESCRIBE": OK + b"Content-Type: a/\x1b[2J\r\nContent-Length: 1\r\n\r\nx"},
    "a list with ESC": {"DESCRIBE": OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n"
                        b"rtsp://127.0.0.1/\x1b[2J\r\n"},
    "a list of 8,000": {"DESCRIBE": OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n"
                        + b"/x\r\n" * 16000},
    "a base of 8 kB": {"DESCRIBE": describing(VIDEO, b"Content-Base: rtsp://127.0.0.1/" + b"x" * 8000 + b"\r\n")},
    "a base that is none": {"DESCRIBE": describing(VIDEO, b"Content-Base: rtsp://[:::::\r\n")},
    "no transport": {"SETUP": OK + b"Session: 5eed\r\n\r\n"},
    "a transport of noise": {"SETUP": setting_up(b"\x01\x02;;;===;;,,,")},
    "ports of the server 0": {"SETUP": setting_up(b"RTP/AVP;unicast;server_port=0-0")},
    "ports of the server beyond": {"SETUP": setting_up(b"RTP/AVP;unicast;server_port=65535-65536")},
    "an ssrc of 20 digits": {"SETUP": setting_up(b"RTP/AVP;unicast;ssrc=12345678901234567890")},
    "channels beyond": {"SETUP": setting_up(b"RTP/AVP/TCP;unicast;interleaved=300-301")},
    "one channel for both": {"SETUP": setting_up(b"RTP/AVP/TCP;unicast;interleaved=5-5")},
    "a source elsewhere": {"SETUP": setting_up(b"RTP/AVP;unicast;source=127.9.9.9;server_port=9-10")},
    "a source that is broadcast": {"SETUP": setting_up(b"RTP/AVP;unicast;source=255.255.255.255;server_port=9-10")},
    "a source that is no address": {"SETUP": setting_up(b"RTP/AVP;unicast;source=example.invalid;server_port=9-10")},
    "no session": {"SETUP": OK + b"Transport: RTP/AVP;unicast\r\n\r\n"},
    "a session of 8 kB": {"SETUP": setting_up(b"RTP/AVP;unicast", b"x" * 8000)},
    "a session with ESC": {"SETUP": setting_up(b"RTP/AVP;unicast", b"\x1b[2J")},
    "a timeout of 0": {"SETUP": setting_up(b"RTP/AVP;unicast", b"5eed;timeout=0")},
    "a timeout of nan": {"SETUP": setting_up(b"RTP/AVP;unicast", b"5eed;timeout=nan")},
    "a timeout of 10^15": {"SETUP": setting_up(b"RTP/AVP;unicast", b"5eed;timeout=999999999999999")},
}
# These are for what follows them: a movie that is sent all the same
PLAYABLE: dict[str, dict[str, Any]] = {
    f"a range of {text.decode()}": {"DESCRIBE": describing(VIDEO + b"a=range:npt=" + text + b"\r\n")}
    for text in (b"nan-inf", b"-5--1", b"0-0", b"9-1", b"0-1e999", b"0-" + b"9" * 40, b"0:99:99-", b"now-")
}
PLAYABLE |= {
    "a clock rate of a billion": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG/1000000000\r\n")},
    "a clock rate of 1": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG/1\r\n")},
    "an rtpmap without a rate": {"DESCRIBE": describing(VIDEO + b"a=rtpmap:26 JPEG\r\na=rtpmap:26\r\na=rtpmap:\r\n")},
}
PLAYABLE |= {
    f"PLAY says {line.decode()[:40]}": {"PLAY": OK + b"Session: 5eed\r\n" + line + b"\r\n\r\n"}
    for line in (b"Range: npt=nan-", b"Range: npt=99999999999-", b"Range: clock=x", b"RTP-Info: seq=nan",
                 b"RTP-Info: url=x;seq=99999;rtptime=-1", b"RTP-Info: " + b"url=x;seq=1," * 600,
                 b"Scale: nan", b"Scale: -0.0000001", b"Scale: 1e300", b"Scale: 999", b"Speed: 0")
}


# ---- packets


def packet(sequence: int, timestamp: int, marker: bool, data: bytes, *, kind: int = 26, ssrc: int = SSRC,
           first: int = 0x80) -> bytes:
    return struct.pack("!BBHII", first, marker << 7 | kind, sequence % 65536, timestamp % (1 << 32), ssrc) + data


def movie(count: int, sequence: int = SEQ, timestamp: int = RTPTIME, step: int = TICKS, **fields: Any
          ) -> Iterator[bytes]:
    """A good movie, for what happens in it."""
    for number in range(count):
        for data, marker in payloads(jpeg(number % 6)):
            yield packet(sequence, timestamp, marker, data, **fields)
            sequence += 1
        timestamp += step


def header(offset: int = 0, kind: int = 1, q: int = 50, width: int = 8, height: int = 6, specific: int = 0) -> bytes:
    """Of RFC 2435 §3.1; width and height in units of 8 pixels."""
    return struct.pack("!IBBBB", specific << 24 | offset, kind, q, width, height)


def each(*data: bytes, marker: bool = True) -> Iterator[bytes]:
    """A frame of one packet each, for ever."""
    number = 0
    while True:
        for one in data:
            yield packet(SEQ + number, RTPTIME + number * TICKS, marker, one)
            number += 1


def noise(size: int = 1400, start: bytes = b"") -> Iterator[bytes]:
    chance = random.Random(7)
    while True:
        yield start + chance.randbytes(chance.randrange(size))


def huge(width: int, height: int, sof: int = 0xC0) -> bytes:
    """A JPEG file that claims this size: its headers are right, its picture data is that of a small one."""
    file = jpeg(1)
    at = file.index(b"\xff\xc0")
    return file[:at + 1] + bytes([sof]) + file[at + 2:at + 5] + struct.pack("!HH", height, width) + file[at + 9:]


def many_ssrcs() -> Iterator[bytes]:
    number = 0
    while True:
        yield from movie(1, SEQ + number, RTPTIME + number * TICKS, ssrc=number)
        number += 1


def growing() -> Iterator[bytes]:
    """Fragments of a frame that has no end."""
    number = offset = 0
    tables = b"\0\0\0\x80" + bytes(range(1, 129))
    while True:
        head = header(offset, q=255, width=255, height=255) + (b"" if offset else tables)
        data = bytes(60000)
        yield packet(SEQ + number, RTPTIME, False, head + data)
        number, offset = number + 1, (offset + len(data)) % (1 << 24)


def full_frames(size: int, step: int = TICKS) -> Iterator[bytes]:
    """Frames of so many bytes, which are due one `step` after the other, and sent as fast as it goes."""
    sequence = 0
    for number in range(10**9):
        offset = 0
        while offset < size:
            data = bytes(min(60000, size - offset))
            head = header(offset, q=50, width=255, height=255)
            yield packet(SEQ + sequence, RTPTIME + number * step, offset + len(data) >= size, head + data)
            offset, sequence = offset + len(data), sequence + 1


def jumping(by: int) -> Iterator[bytes]:
    """Every frame's numbers are that much after those of the one before."""
    for number in range(10**9):
        yield from movie(1, SEQ + number * by, RTPTIME + number * TICKS)


TABLES = header(q=255) + struct.pack("!BBH", 0, 0, 128)
MEDIA: dict[str, Callable[[], Iterator[bytes]]] = {
    "noise on the RTP port": noise,
    "noise behind an RTP header": lambda: noise(start=packet(SEQ, RTPTIME, True, b"")),
    "packets of nothing": lambda: iter(lambda: b"", None),
    "headers of RTP alone": lambda: each(b""),
    "version 1": lambda: movie(10**9, first=0x40),
    "contributors that run off the end": lambda: movie(10**9, first=0x8F),
    "an extension of 65,535 words": lambda: iter(lambda: packet(SEQ, 0, True, b"\0\0\xff\xff", first=0x90), None),
    "padding of 255": lambda: iter(lambda: packet(SEQ, 0, True, b"\xff", first=0xA0), None),
    "every payload type": lambda: (packet(SEQ + n, RTPTIME, True, b"x", kind=n % 128) for n in range(10**9)),
    "offsets of 16 MB": lambda: each(header(0xFFFFFF) + b"x"),
    "fragments beyond 16 MB": growing,
    "types unknown": lambda: each(*(header(kind=kind) + b"x" for kind in range(2, 256))),
    "every Q": lambda: each(*(header(q=q) + b"x" for q in range(256))),
    "width 0": lambda: each(header(width=0) + b"x"),
    "tables cut": lambda: each(TABLES, TABLES + bytes(127), header(q=255), header(q=255) + b"\0\0\xff\xff"),
    "tables of 16 bits": lambda: each(header(q=255) + b"\0\xff\0\x80" + bytes(128)),
    "a restart interval of 0": lambda: each(header(kind=65) + bytes(4) + b"x", header(kind=65) + b"\0"),
    "the largest picture, of zeros": lambda: each(header(q=99, width=255, height=255) + bytes(1000)),
    "a picture of noise": lambda: (packet(SEQ + n, RTPTIME + n * TICKS, True, header(width=255, height=255) + one)
                                   for n, one in enumerate(noise())),
    "a file of 65,535 x 65,535": lambda: each(huge(65535, 65535)),
    "a file of 16,000 x 11,000": lambda: each(huge(16000, 11000)),
    "a progressive file of 65,535 x 65,535": lambda: each(huge(65535, 65535, 0xC2)),
    "a file of 0 x 0": lambda: each(huge(0, 0)),
    "numbers that jump by 30,000": lambda: jumping(30000),
    "numbers that jump by 1,001": lambda: jumping(1001),
    "numbers that go back": lambda: jumping(-50),
    "timestamps that go back": lambda: movie(10**9, step=-TICKS),
    "timestamps that jump by hours": lambda: movie(10**9, step=90000 * 3600 * 5),
    "timestamps that stand still": lambda: movie(10**9, step=0),
    "wrap-arounds": lambda: movie(10**9, 65530, (1 << 32) - 2 * TICKS),
    "another SSRC each frame": many_ssrcs,
    "frames of 10 MB, faster than time": lambda: full_frames(10_000_000),
    "frames of 1 MB, due in a minute": lambda: full_frames(1_000_000, 90000 * 50),
}


class Flood:
    """A reply to PLAY that begins to send these packets, over UDP and inside the connection as SETUP was asked; each
    `pause` seconds after the one before. close() ends it."""

    def __init__(self, packets: Callable[[], Iterator[bytes]], pause: float = 0.005, reply: bytes = STANDARD["PLAY"]
                 ) -> None:
        self._packets, self._pause, self._reply = packets, pause, reply
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __call__(self, server: MediaServer) -> bytes:
        assert server.connection is not None
        self._threads.append(threading.Thread(target=self._send, args=(server, server.connection), daemon=True))
        self._threads[-1].start()
        return self._reply

    def _send(self, server: MediaServer, connection: socket.socket) -> None:
        self._stop.wait(0.05)  # let the reply go first
        try:
            for packet in self._packets():
                if server.inside:
                    connection.sendall(b"$\0" + struct.pack("!H", len(packet)) + packet)
                else:
                    server.send(packet)
                if self._stop.wait(self._pause) if self._pause else self._stop.is_set():
                    return
        except OSError:
            pass  # the client has had enough

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5)


class MediaServer(ScriptedServer):
    """Sends as SETUP asks it to."""

    inside = False

    def __init__(self, flood: Flood, **changes: Any) -> None:
        self.flood = flood
        script: dict[str, Any] = {"DESCRIBE": LASTING_25, "SETUP": self._setup, "PLAY": flood}
        super().__init__({**script, **changes})

    def _setup(self, server: ScriptedServer) -> bytes:
        return INSIDE if self.inside else STANDARD["SETUP"]

    def _reply(self, request: str) -> bytes | None:
        if request.startswith("SETUP"):
            self.inside = "interleaved" in request
        return super()._reply(request)

    def __exit__(self, *problem: object) -> None:
        self.flood._stop.set()
        super().__exit__(*problem)
        self.flood.close()
