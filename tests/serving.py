"""What the end-to-end tests share: a server in this process, a raw RTSP client, a pair of UDP ports that listens.

    with serving(folder) as server, Talker(server.port) as viewer, Receiver() as media:
        status, headers, body = viewer.ask(f"SETUP {server.url('movie.Mjpeg')} RTSP/1.0", "CSeq: 1", media.transport)

Everything is read with parsers of its own, written from the RFCs, and nothing of rtsp/ or rtp/ is used: a mistake that
both sides of the project share would be seen by neither.
"""

from __future__ import annotations

import io
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from Server import Server
from tests import movies
from tools import barcode

PATIENCE = 15.0  # seconds until a test gives up waiting; what is waited for takes milliseconds on an idle machine


class LocalServer(Server):
    """The server, and the URLs of what it serves."""

    def url(self, name: str = "movie.Mjpeg", host: str = "127.0.0.1") -> str:
        return f"rtsp://{host}:{self.port}/{name}"


@contextmanager
def serving(folder: str | Path, **options: Any) -> Iterator[LocalServer]:
    """A server of this folder on a free port of the loopback, on threads of this process."""
    server = LocalServer(port=0, host="127.0.0.1", media=folder, **options)
    server.start()
    try:
        with Talker(server.port) as talker:  # once it answers, all its threads run
            talker.ask("OPTIONS * RTSP/1.0", "CSeq: 1")
        yield server
    finally:
        server.close()


def eventually(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The condition's first true value. For what no event tells of: a log line, a table of the server."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {patience} s"
        time.sleep(0.005)
    return value


# --- the conversation -------------------------------------------------------------------------------------------------


class Reply(NamedTuple):
    """A reply; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class Talker:
    """One RTSP connection of a client that writes what it is told and reads replies by the letter of RFC 2326 §7."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self._unread = b""

    def __enter__(self) -> Talker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def ask(self, *lines: str) -> Reply:
        """Send one request (its lines, without the empty one) and wait for its reply."""
        self.send(*lines)
        return self.reply()

    def send(self, *lines: str) -> None:
        text = "\n".join(lines).strip("\n")
        self.raw(text.replace("\n", "\r\n").encode() + b"\r\n\r\n")

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> Reply:
        head = self._until(b"\r\n\r\n").decode("ascii")
        first, *lines = head.split("\r\n")
        version, status, phrase = first.split(" ", 2)
        assert version == "RTSP/1.0" and re.fullmatch("[1-5][0-9]{2}", status) and phrase, first
        headers: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            name = name.lower()
            again = name == "www-authenticate" and name in headers  # the one header that may come twice
            assert colon and (again or name not in headers), f"{line!r} in {head!r}"
            headers[name] = f"{headers[name]}, {value}" if again else value
        return Reply(int(status), headers, self._take(int(headers.get("content-length", 0))))

    def is_closed(self) -> bool:
        """Wait for the end of the connection; nothing may come before it."""
        try:
            return not self._unread and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._receive()
        head, self._unread = self._unread.split(end, 1)
        return head

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._receive()
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        assert data, f"the server closed the connection after {self._unread!r}"
        self._unread += data


def parameters(value: str) -> dict[str, str]:
    """`RTP/AVP;unicast;client_port=1-2` → {"RTP/AVP": "", "unicast": "", "client_port": "1-2"}."""
    return {name: rest for name, _, rest in (part.strip().partition("=") for part in value.split(";"))}


class Info(NamedTuple):
    """One stream of an RTP-Info header (RFC 2326 §12.33)."""

    url: str
    seq: int
    rtptime: int


def rtp_info(value: str) -> list[Info]:
    """The streams of an RTP-Info header, in its order."""
    found = [parameters(part) for part in value.split(",")]
    return [Info(one["url"], int(one["seq"]), int(one["rtptime"])) for one in found]


def npt(value: str) -> tuple[float, float | None]:
    """Start and end of `npt=1.5-3` or `npt=1.5-`."""
    match = re.fullmatch(r"npt=([0-9]+(?:\.[0-9]+)?)-([0-9]+(?:\.[0-9]+)?)?", value)
    assert match, value
    return float(match[1]), float(match[2]) if match[2] else None


def sdp(body: bytes) -> tuple[dict[str, list[str]], list[dict[str, list[str]]]]:
    """The session's lines and each medium's, by what stands before the equals sign; attributes by `a=name`."""
    text = body.decode("ascii")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    sections: list[dict[str, list[str]]] = [{}]
    for line in text[:-2].split("\r\n"):
        kind, equals, value = line.partition("=")
        assert equals and len(kind) == 1, line
        if kind == "m":
            sections.append({})
        if kind == "a":
            name, _, value = value.partition(":")
            kind = f"a={name}"
        sections[-1].setdefault(kind, []).append(value)
    return sections[0], sections[1:]


# --- the media --------------------------------------------------------------------------------------------------------


class Packet(NamedTuple):
    """One RTP packet (RFC 3550 §5.1): `arrived` by time.monotonic(), `source` the sender's port."""

    arrived: float
    source: int
    size: int
    flags: int  # the first byte: 0x80 if there is nothing but version 2
    marker: int
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def packet(data: bytes, arrived: float = 0.0, source: int = 0) -> Packet:
    """What the 12 bytes of an RTP header without CSRC list say."""
    flags, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    kind = second >> 7, second & 0x7F
    return Packet(arrived, source, len(data), flags, *kind, sequence, timestamp, ssrc, data[12:])


class Control(NamedTuple):
    """One datagram of RTCP: (packet type, count, content) of each of its packets (RFC 3550 §6.4.1)."""

    arrived: float
    source: int
    packets: list[tuple[int, int, bytes]]

    @property
    def types(self) -> list[int]:
        return [kind for kind, _, _ in self.packets]


def control(data: bytes, arrived: float = 0.0, source: int = 0) -> Control:
    packets, at = [], 0
    while at < len(data):
        flags, kind, words = struct.unpack_from("!BBH", data, at)
        end = at + 4 + 4 * words
        assert flags >> 5 == 0b100 and end <= len(data), data.hex()  # version 2, no padding
        packets.append((kind, flags & 0x1F, data[at + 4 : end]))
        at = end
    return Control(arrived, source, packets)


class Receiver:
    """An even UDP port for RTP and the next one for RTCP; a thread notes all that comes, with its time."""

    def __init__(self) -> None:
        self.rtp, self.rtcp = _pair()
        self.packets: list[Packet] = []
        self.controls: list[Control] = []
        self.fault: BaseException | None = None
        self._news = threading.Condition()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="receiver")
        self._thread.start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._wake.close()
        self._thread.join()
        for sock in (self.rtp, self.rtcp, self._woken):
            sock.close()

    @property
    def port(self) -> int:
        return self.rtp.getsockname()[1]

    @property
    def transport(self) -> str:
        """As GStreamer and live555 write it."""
        return f"Transport: RTP/AVP;unicast;client_port={self.port}-{self.port + 1}"

    def wait(self, condition: Callable[[Receiver], Any], what: str, patience: float = PATIENCE) -> None:
        """Until the condition holds; it is looked at after each datagram."""
        with self._news:
            came = self._news.wait_for(lambda: self.fault or condition(self), patience)
        assert not self.fault, self.fault
        assert came, f"{what}: not within {patience} s ({len(self.packets)} packets, {len(self.controls)} of RTCP)"

    def wait_packets(self, count: int) -> None:
        self.wait(lambda self: len(self.packets) >= count, f"{count} packets")

    def wait_frames(self, count: int) -> None:
        """Until so many frames have come to their last packet."""
        self.wait(lambda self: sum(one.marker for one in self.packets) >= count, f"{count} frames")

    def wait_bye(self, count: int = 1) -> None:
        """Until so many goodbyes have come."""
        self.wait(lambda self: sum(203 in one.types for one in self.controls) >= count, "BYE")

    def drain(self) -> None:
        """Forget what came so far; what is in the sockets counts as come."""
        self.settle()
        with self._news:
            self.packets, self.controls = [], []

    def settle(self) -> None:
        """Until all is read that has arrived in this machine. Loopback delivers while the sender sends, so after the
        reply to a PAUSE nothing is under way."""
        eventually(lambda: not select.select([self.rtp, self.rtcp], [], [], 0)[0], "empty sockets")
        with self._news:
            assert not self.fault, self.fault  # the datagram just taken from its socket is noted under this lock

    def frames(self) -> list[Frame]:
        """The frames so far, whole ones, in the order they came."""
        with self._news:
            packets = list(self.packets)
        found: list[list[Packet]] = []
        for one in packets:
            if not found or found[-1][-1].marker:
                found.append([])
            found[-1].append(one)
        return [Frame(group) for group in found if group[-1].marker]

    def _run(self) -> None:
        while True:
            ready = select.select([self.rtp, self.rtcp, self._woken], [], [])[0]
            if self._woken in ready:
                return
            with self._news:
                try:
                    while self._take(self.rtp):
                        pass  # all of it before RTCP, so that what was sent before a BYE is noted before it
                    if self.rtcp in ready:
                        self._take(self.rtcp)
                except (AssertionError, OSError, struct.error) as error:
                    self.fault = error  # fails the test, which is on another thread
                self._news.notify_all()

    def _take(self, sock: socket.socket) -> bool:
        """Note one datagram, if there is one."""
        try:
            data, (_, port) = sock.recvfrom(65536)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True  # a port that we sent to was closed
        if sock is self.rtp:
            self.packets.append(packet(data, time.monotonic(), port))
        else:
            self.controls.append(control(data, time.monotonic(), port))
        return True


_used: set[int] = set()


def _pair() -> tuple[socket.socket, socket.socket]:
    """Ports that no Receiver has had before: a test may end while somebody still sends there."""
    while True:
        first = _bound(0)
        port = first.getsockname()[1]
        try:
            if port % 2 == 0 and port not in _used:
                pair = first, _bound(port + 1)
                _used.add(port)
                return pair
        except OSError:
            pass  # taken: on with the next pair
        first.close()


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setblocking(False)
        sock.bind(("127.0.0.1", port))
    except BaseException:
        sock.close()
        raise
    return sock


class Frame:
    """The packets of one frame, and the picture in them (RFC 2435)."""

    def __init__(self, packets: list[Packet]) -> None:
        self.packets = packets
        self.first, self.last = packets[0], packets[-1]
        self.timestamp = self.first.timestamp

    def scan(self) -> bytes:
        """The entropy-coded data of all fragments, each of which says where it belongs (§3.1.2)."""
        scan = b""
        for number, one in enumerate(self.packets):
            assert int.from_bytes(one.payload[1:4], "big") == len(scan), f"fragment {number} is not the next one"
            scan += one.payload[8 + (132 if number == 0 else 0) :]
        return scan

    def jpeg(self) -> bytes:
        """The JPEG, with headers made from those of the first fragment (§3.1, §3.1.8, Appendix B)."""
        head = self.first.payload
        kind, q, width, height = head[4:8]
        assert head[0] == 0 and q == 255 and head[8:12] == b"\0\0\0\x80"  # tables of 8 bits, 128 bytes of them
        sampling = {0: 0x21, 1: 0x22}[kind]
        quantization = b"".join(bytes((n,)) + head[12 + 64 * n : 76 + 64 * n] for n in (0, 1))
        frame = struct.pack("!BHHB", 8, height * 8, width * 8, 3) + bytes((1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1))
        start = _segment(0xDB, quantization) + _segment(0xC0, frame) + HUFFMAN
        return b"\xff\xd8" + start + _segment(0xDA, bytes((3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0))) + self.scan() + EOI

    def number(self) -> int:
        """Which frame of the movie it is, by its barcode."""
        return number(self.jpeg())


EOI = b"\xff\xd9"
# The Huffman tables of the JPEG standard, which Pillow writes unless told otherwise
HUFFMAN = b"".join(segment for marker, segment in movies.segments(movies.jpeg(0)) if marker == 0xC4)


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack("!BBH", 0xFF, marker, 2 + len(content)) + content


def number(jpeg: bytes) -> int:
    """The barcode of a JPEG."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return barcode.read(picture)


def scan_of(jpeg: bytes) -> bytes:
    """The entropy-coded data of a JPEG file."""
    scan = movies.segments(jpeg)[-1][1]
    return scan[2 + int.from_bytes(scan[2:4], "big") :].removesuffix(EOI)
