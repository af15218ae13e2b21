"""A session with a source, a preparer, a channel and a pacer of ours, for the tests of streams and sessions."""

from math import ceil
from struct import unpack_from

from media.frame import PreparedFrame
from media.prepare import Packing
from media.source import Format, Presentation, Source
from net.channels import UdpChannel
from rtp import rtcp
from Session import Session
from Stream import Stream

JPEG = Format("video", 26, "JPEG", 90000, frame_rate=20.0)
PERIOD = 0.05


class Movie(Source):
    """`count` frames at 20 a second."""

    format, seekable, instant, period, steady = JPEG, True, False, PERIOD, True

    def __init__(self, count=10, start=0.0):
        self.count, self.start = count, start
        self.duration = start + count * PERIOD

    def frame_at(self, time):
        return min(self.count, max(0, ceil((time - self.start) / PERIOD - 1e-6)))

    def time(self, k):
        return self.start + k * PERIOD

    def available(self, k):
        return 0 <= k < self.count

    def ended(self, k):
        return k >= self.count

    def first(self):
        return 0

    def payloads(self, k, size):
        raise NotImplementedError

    def whole(self, k, limit):
        raise NotImplementedError


class Preparer:
    """Two packets a frame, the frame number in each; `damaged` frames have none, `missing` ones are not ready."""

    def __init__(self):
        self.damaged, self.missing, self.wanted, self.due = set(), set(), [], {}
        self.large = {}             # frame: its number of packets, if not two
        self.made = {}              # frame: as all viewers share it

    def shelf(self, source, packing, quality=None):
        return Shelf(self, source, quality)

    def frame(self, source, shelf, k):
        if k in self.damaged:
            return PreparedFrame()
        if k not in self.made:
            one = bytes([0x80, 26]) + bytes(10) + k.to_bytes(4, "big")
            last = bytes([0x80, 0x80 | 26]) + bytes(10) + b"!"
            self.made[k] = PreparedFrame([one] * (self.large.get(k, 2) - 1) + [last])
        return self.made[k]

    def clock(self):
        return 1000.0

    def want(self, source, shelf, k, due):
        self.wanted.append(k)
        self.due[k] = due


class Shelf:
    """All is there but what is missing, though nobody can see it without asking."""

    def __init__(self, preparer, source, quality=None):
        self.preparer, self.source, self.frames = preparer, source, self        # `frames.get` is this get
        self.quality = quality

    def has(self, k):
        return False

    def get(self, k):
        there = k not in self.preparer.missing and self.source.available(k)
        return self.preparer.frame(self.source, self, k) if there else None


class Channel:
    """Keeps (sequence, timestamp, ssrc, frame, marker) of what is sent."""

    connection, burst = None, UdpChannel.burst

    def __init__(self):
        self.packets, self.reports, self.closed = [], [], False
        self.full = False               # it has no room for anything

    def send(self, packets, stride):
        if self.full:
            return False
        for start in range(0, len(packets), stride):
            packet = packets[start:start + stride]
            sequence, timestamp, ssrc = unpack_from("!HII", packet, 2)
            frame = int.from_bytes(packet[12:], "big") if len(packet) == 16 else None
            self.packets.append((sequence, timestamp, ssrc, frame, packet[1] >> 7))
        return True

    def straight(self, stride):
        return (lambda packets: self.send(packets, stride)), self.burst

    def send_control(self, data):
        self.reports.append(data)

    def close(self, reader):
        self.closed = True

    @property
    def byes(self):
        return [data for data in self.reports if any(isinstance(one, rtcp.Goodbye) for one in rtcp.parse(data))]

    @property
    def frames(self):
        return [packet[3] for packet in self.packets if packet[3] is not None]


class Pacer:
    """Runs what is due until a given time, as the real one does, in the order of the deadlines."""

    def __init__(self):
        self.now, self.tasks, self.sent_at = 1000.0, [], []

    def clock(self):
        return self.now

    def add(self, task, when):
        self.tasks.append((when, task))

    def run_until(self, end):
        while self.tasks:
            self.tasks.sort(key=lambda entry: entry[0])
            when, task = self.tasks[0]
            if when > end + 1e-9:
                break
            del self.tasks[0]
            self.now = max(self.now, when)
            again = task(self.now)
            if again is not None:
                self.add(task, again)
        self.now = max(self.now, end)


class Lab:
    """A session that is set up: everything the tests look at. `other`: with the preparer and the pacer of that one."""

    def __init__(self, *sources, packing=Packing.FRAGMENTS, other=None):
        self.pacer, self.preparer = (other.pacer, other.preparer) if other else (Pacer(), Preparer())
        self.session = Session("1", "127.0.0.1", clock=self.pacer.clock)
        self.session.presentation = Presentation("test", sources)
        self.channels = [Channel() for _ in sources]
        for number, source in enumerate(sources):
            stream = Stream(source, self.channels[number], self.preparer, packing, self.session)
            self.session.setUp(number, stream, None)
        self.session.move("SETUP")
        self.stream, self.channel = self.session.streams[0], self.channels[0]

    def play(self, start=None, end=None, scale=1.0, speed=1.0):
        """What a worker does: reserve, move on, reply, start. Returns the start and the runs."""
        passage = self.session.play(start, end, scale, speed)
        self.session.granted("PLAY")
        self.session.start(self.pacer)
        return passage.start, passage.runs

    def run(self, seconds):
        self.pacer.run_until(self.pacer.now + seconds)
