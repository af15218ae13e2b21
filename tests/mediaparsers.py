"""Every parser of the media, with real inputs and what it promises about all others; see tests/parsers.py."""

from __future__ import annotations

import random
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from media.errors import MediaError, MovieError, NotFound
from media.framing import FramingError, Index, dimensions, jpeg_end, lab_index, plain_index
from media.library import Library
from media.movie import MovieFile
from media.reencode import carriable
from rtp import rtcp
from rtp.jpeg import Depacketizer, JpegError, JpegImage, payloads
from rtp.jpegimage import END, START
from rtp.rawjpeg import RawJpeg
from rtp.receiver import Arrival, Receiver
from rtp.reorder import ReorderBuffer
from rtp.reporter import Reporter
from rtp.reports import Reported, about
from RtpPacket import RtpPacket
from tests import movies, vectors
from tests.parsers import CONVERSATION, Parser

# --- packets ----------------------------------------------------------------------------------------------------------


def rtp_packet(data: bytes, rng: random.Random) -> None:
    """ValueError, and the object is as before; or a packet that is written as it came, but for what padding holds."""
    for strict in (True, False):
        packet = RtpPacket()
        try:
            packet.decode(data, strict=strict)
        except ValueError:
            assert packet.getPayload() == b"" and packet.header == bytearray(12)
            continue
        if packet.version() == 2:
            keep = len(data) - packet.paddingSize
            again = packet.getPacket()
            assert again[:keep] == data[:keep] and len(again) == len(data)
            assert len(packet.csrcs()) == packet.cc() and bool(packet.extension()) == bool(packet.headerExtension())


def rtcp_packets(data: bytes, rng: random.Random) -> None:
    """ValueError, or packets that are written and read as the same; both sides' use of them raises nothing."""
    try:
        found = rtcp.parse(data)
    except ValueError:
        return
    texts = [one.cname if isinstance(one, rtcp.SourceDescription) else getattr(one, "reason", "") for one in found]
    if found and all(len(text.encode()) <= rtcp.MAX_TEXT for text in texts):    # not if U+FFFD has made it longer
        assert rtcp.parse(rtcp.compound(*found)) == found
    reporter = Reporter(1, "me", rng.random, 0.0)
    reporter.heard(found, None, 0.5)
    for one in found:
        if isinstance(one, (rtcp.SenderReport, rtcp.ReceiverReport)) and (block := about(7, one.blocks)):
            Reported.read(block, 90000, rng.getrandbits(32))


# --- pictures ---------------------------------------------------------------------------------------------------------


def fragments(data: bytes, rng: random.Random) -> None:
    """RFC 2435, and lab servers' own ways: nothing raises, and what comes out is a JPEG as far as its ends tell."""
    depacketizer, raw = Depacketizer(), RawJpeg()
    for sequence, (payload, marker, timestamp) in enumerate(packets(data)):
        for jpeg in (depacketizer.push(payload, marker, timestamp), raw.push(sequence % 7, payload)):
            if jpeg is not None:
                assert jpeg.startswith(START)
                both_ways(jpeg)
        raw.takes(payload)
        raw.repeated(sequence, payload)


def packets(data: bytes) -> list[tuple[bytes, bool, int]]:
    """Payload, marker and timestamp of datagrams that stand end to end, each behind its length."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        packet = RtpPacket()
        with suppress(ValueError):
            packet.decode(data[at + 2 : end], strict=False)
        found.append((packet.getPayload(), bool(packet.marker()), packet.timestamp()))
        at = end
    return found


def jpeg_files(data: bytes, rng: random.Random) -> None:
    """The two walkers through a JPEG, and its way through RTP and back."""
    with suppress(FramingError):
        assert 4 < jpeg_end(data) <= len(data)
    with suppress(FramingError):
        width, height = dimensions(data)
        assert 0 <= width <= 65535 and 0 <= height <= 65535
    both_ways(data)


def both_ways(jpeg: bytes) -> None:
    """What can be sent arrives as it was, however small the packets."""
    try:
        image = JpegImage.parse(jpeg)
    except JpegError:
        return
    assert JpegImage.parse(bytes(image)) == image
    depacketizer = Depacketizer()
    for size in (300, 1400):
        arrived = [depacketizer.push(payload, marker, size) for payload, marker in payloads(jpeg, size)]
        assert arrived[-1] and not any(arrived[:-1]) and arrived[-1].endswith(END)
        assert JpegImage.parse(arrived[-1]) == image


def reencoding(data: bytes, rng: random.Random) -> None:
    """MediaError, or a picture that RFC 2435 can carry."""
    try:
        jpeg = carriable(data)
    except MediaError:
        return
    JpegImage.parse(jpeg)


# --- movie files ------------------------------------------------------------------------------------------------------


class Memory:
    """A file that is none. `taken`: how many bytes were read of it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size, self.taken = data, len(data), 0

    def read(self, offset: int, count: int) -> bytes:
        found = self.data[offset : offset + count]
        self.taken += len(found)
        return found


def indexes(data: bytes, rng: random.Random) -> None:
    """Frames lie within the file, one behind the other."""
    for index in (lab_index, plain_index):
        within(index(Memory(data)), len(data))


def within(index: Index, size: int) -> None:
    at = 0
    for offset, length in zip(index.offsets, index.lengths, strict=True):
        assert at <= offset and offset + length <= size
        at = offset + length
    assert index.cut is None or at <= index.cut <= size


def movie_file(data: bytes, rng: random.Random) -> None:
    """MovieError when it is opened, MediaError for a frame; what it was cut to while it is open matters as little."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.Mjpeg")
        path.write_bytes(data)
        try:
            movie = MovieFile(path)
        except MovieError:
            return
        path.write_bytes(data[: rng.choice((len(data), rng.randint(0, len(data))))])
        for k in range(min(movie.frame_count, 5)):
            with suppress(MediaError):
                movie.payloads(k, 1400)
            with suppress(MediaError):
                assert len(movie.whole(k, 4000)) <= 4000
        movie.close()


def names(data: bytes, rng: random.Random) -> None:
    """A name that a client asks for leads to NotFound, or to the file itself."""
    name = data.decode("utf-8", "replace")
    with suppress(NotFound):
        assert LIBRARY.find(name).name.lower() == "x.mjpeg"
    with suppress(NotFound):
        LIBRARY.names(name)
    assert isinstance(LIBRARY.is_folder(name), bool)


class _Nothing:
    """What the library opens here."""

    name = "x.Mjpeg"

    def close(self) -> None:
        pass


# --- what keeps numbers -----------------------------------------------------------------------------------------------


def arrivals(data: bytes) -> list[tuple[int, int, int]]:
    """The bytes as (command, sequence number, timestamp), eight for each."""
    return list(struct.iter_unpack("!HHI", data[: len(data) // 8 * 8]))


def reordering(data: bytes, rng: random.Random) -> None:
    """Each item comes out once at most, and no more wait than may."""
    buffer: ReorderBuffer[int] = ReorderBuffer(depth=16)
    came: list[int] = []
    for item, (command, sequence, ticks) in enumerate(arrivals(data)):
        now = ticks / 1e6
        came += buffer.push(sequence, item, now) if command % 16 else buffer.flush(now)
        if command % 64 == 1:
            buffer.restart(sequence if command & 64 else None)
    waiting = buffer.flush(float("inf"))
    assert len(set(came + waiting)) == len(came + waiting) and len(waiting) <= 16
    assert buffer.next_flush() is None


SIGNED = {"lost", "max_skew_ms", "clock_drift_ms", "freq_drift_hz"}  # timestamps may go backwards


def receiving(data: bytes, rng: random.Random) -> None:
    """A receiver of any kind takes any packets in any order; what it counts can be reported."""
    lab, now = bool(len(data) & 1), 0.0
    receiver = Receiver(90000, 0.2, by_arrival=lab)
    for command, sequence, timestamp in arrivals(data):
        now += command % 100 / 100
        payload = PAYLOADS[command % len(PAYLOADS)]
        receiver.arrived(Arrival(sequence, timestamp, bool(command & 1024), payload, len(payload) + 12, now))
        if action := ACTIONS.get(command >> 8 & 31):
            action(receiver, sequence, timestamp, now)
        receiver.due(now, newest_only=bool(command & 2048))
    numbers = receiver.statistics()
    assert all(value >= 0 or name in SIGNED for name, value in numbers.items()), numbers
    if not lab and (block := receiver.reception.report(1)):
        bytes(block)
    receiver.finished(now)


ACTIONS = {
    0: lambda receiver, sequence, timestamp, now: receiver.hold(),
    1: lambda receiver, sequence, timestamp, now: receiver.release(),
    2: lambda receiver, sequence, timestamp, now: receiver.start(now, timestamp / 1e6, sequence, timestamp),
    3: lambda receiver, sequence, timestamp, now: receiver.start(now, None, None, None, False, -2.0),
    4: lambda receiver, sequence, timestamp, now: receiver.start(now, 1.0, sequence, None, True, 0.5),
    5: lambda receiver, sequence, timestamp, now: receiver.end(now),
}

STREAMS = [path.read_bytes() for path in sorted(vectors.FOLDER.glob("*.rtp"))]
JPEGS = [path.read_bytes() for path in sorted(vectors.FOLDER.glob("*.jpg"))]
ODD_JPEGS = [movies.jpeg(1, (400, 24)), movies.jpeg(2, (390, 30), subsampling=0),
             movies.jpeg(3, (384, 32), progressive=True)]  # fmt: skip
DATAGRAMS = [one for path in sorted(vectors.FOLDER.glob("*.rtp")) for one in vectors.datagrams(path.name)]
CONTROLS = [one for path in sorted(vectors.FOLDER.glob("*.rtcp")) for one in vectors.datagrams(path.name)]
CONTROLS += [bytes.fromhex(data) for _, data in vectors.REPORTS.values()]
CONTROLS += [bytes.fromhex(data) for data in vectors.PUNCHES.values()]
MOVIES = [movies.lengths(JPEGS[:3]), movies.concatenated(JPEGS[:3]), b"0000000003" + movies.lengths(ODD_JPEGS)]
PAYLOADS = [payload for jpeg in JPEGS[:2] for payload, _ in payloads(jpeg, 600)]
PAYLOADS += [b"", ODD_JPEGS[0], b"\xff\xd8\xff\xd9"]
COUNTS = [b"".join(struct.pack("!HHI", 0x1400 + k, (first + k * step) % 65536, k * ticks) for k in range(40))
          for first, step, ticks in ((65520, 1, 3600), (1, 1, 0), (500, 2, 90000), (7, 65535, 1))]  # fmt: skip

JPEG_WORDS = [START, END, b"\xff\xda\x00\x02", b"\xff\xc0", b"\xff\xc4", b"\xff\xdb\x00\x02", b"\xff\xe0\xff\xff",
              b"\xff\xdd\x00\x04", b"\xff\xd0", b"\xff\xff", b"\xff\x01", b"00010\xff\xd8", b"99999"]  # fmt: skip
RTCP_WORDS = [b"\x80\xc8\x00\x06", b"\x81\xc9\x00\x07", b"\x81\xca\x00\x01", b"\x9f\xcb\xff\xff", b"\xa0\xcb\x00\x01",
              b"\x80\xcc\x00\x02"]  # fmt: skip

LIBRARY = Library(Path(__file__).parent / "data", lambda path: _Nothing())  # type: ignore[arg-type,return-value]

MEDIA = [
    Parser("RTP", rtp_packet, DATAGRAMS, [b"\x80\x1a", b"\xbf\x9a", b"\x90\xc8"], 2),
    Parser("RTCP", rtcp_packets, CONTROLS, RTCP_WORDS, 4),
    Parser("RFC 2435", fragments, STREAMS, [*JPEG_WORDS, b"\x00\x00\x00\x00\x41\xff\x0c\x08"], 2),
    Parser("JPEG", jpeg_files, [*JPEGS, *ODD_JPEGS], JPEG_WORDS, 2),
    Parser("re-encoding", reencoding, ODD_JPEGS, JPEG_WORDS, 0.25),
    Parser("movie index", indexes, MOVIES, JPEG_WORDS, 2),
    Parser("movie file", movie_file, MOVIES, JPEG_WORDS, 0.25),
    Parser("names", names, [b"rtp/420-0.jpg", b"../data/README.md", b"README.md", b"a/b"],
           [b"..", b"/", b"\\", b"\x00", b"C:", b"%2e", b"~", b"CON", b"::$DATA"], 0.5),
    Parser("reordering", reordering, COUNTS),
    Parser("reception", receiving, COUNTS),
]  # fmt: skip
PARSERS: dict[str, Parser] = {parser.name: parser for parser in (*CONVERSATION, *MEDIA)}
