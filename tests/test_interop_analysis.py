"""Our analysis against Wireshark's of the same packets: tshark -q -z rtp,streams.

Largest and mean values are those over packets without a marker there; here, each packet counts. What follows from that
is small where a frame has several packets, since its first one, which comes after a pause, has no marker.
"""

from __future__ import annotations

import re
import subprocess
from typing import NamedTuple

import pytest

from Player import Player, State
from rtp.reception import Reception
from tests import movies
from tests.serving import serving
from tests.test_interop_reception import PORT, RATE, SSRC, stream, write_pcap
from tests.test_interop_tshark import Capture
from tests.tools import need


class Streams(NamedTuple):
    """A line of tshark; times in seconds."""

    packets: int
    lost: int
    max_delta: float
    mean_jitter: float
    max_jitter: float


def streams(path, ssrc, *options):
    command = [need("tshark"), "-n", "-r", str(path), *options, "-q", "-z", "rtp,streams"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    (line,) = [line for line in done.stdout.splitlines() if f"0x{ssrc:08X}" in line]
    # … packets, lost, (percent), delta: least, mean, most, jitter: least, mean, most
    found = re.search(r"JPEG\s+(\d+)\s+(-?\d+) \(\S+\)\s+" + r"\s+".join([r"(-?[\d.]+)"] * 6), line)
    assert found, line
    packets, lost, *times = found.groups()
    return Streams(int(packets), int(lost), *(float(times[n]) / 1000 for n in (2, 4, 5)))


def ours(packets):
    """Of (number, timestamp, time)."""
    reception = Reception(RATE)
    for number, timestamp, now in packets:
        reception.arrived(number % 2**16, timestamp % 2**32, now, 32)
    return reception


@pytest.mark.parametrize("kind", [{}, {"lost": 0.05}, {"late": 0.05}, {"lost": 0.05, "late": 0.05, "twice": 0.05}])
def test_delta_and_jitter_are_those_of_wireshark(tmp_path, kind):
    """To the microsecond in which captures count, where no packet has a marker."""
    packets = stream(21, **kind)
    write_pcap(tmp_path / "one.pcap", packets)
    theirs = streams(tmp_path / "one.pcap", SSRC, "-d", f"udp.port=={PORT},rtp")
    reception = ours((one.number, one.timestamp, one.now) for one in packets)
    assert theirs.packets == reception.analysis.packets
    assert reception.analysis.max_delta == pytest.approx(theirs.max_delta, abs=2e-6)
    assert reception.max_jitter == pytest.approx(theirs.max_jitter, abs=2e-6)
    assert reception.analysis.mean_jitter == pytest.approx(theirs.mean_jitter, abs=2e-6)
    assert theirs.max_delta > 0.04 and theirs.mean_jitter > 0.0001


def test_a_marker_at_the_end_of_each_frame_changes_little(tmp_path):
    """The largest within 1 %, the mean within 5 %."""
    packets = [one._replace(marker=at % 3 == 2) for at, one in enumerate(stream(22, total=3000))]
    write_pcap(tmp_path / "one.pcap", packets)
    theirs = streams(tmp_path / "one.pcap", SSRC, "-d", f"udp.port=={PORT},rtp")
    reception = ours((one.number, one.timestamp, one.now) for one in packets)
    assert reception.analysis.max_delta == pytest.approx(theirs.max_delta, rel=0.01)
    assert reception.max_jitter == pytest.approx(theirs.max_jitter, rel=0.01)
    assert reception.analysis.mean_jitter == pytest.approx(theirs.mean_jitter, rel=0.05)


def test_where_wireshark_differs(tmp_path):
    """What docs/statistics.md says: zeros where each packet has a marker; a round of the numbers where the very first
    packets come in the wrong order. Ours are what RFC 3550 says."""
    packets = stream(23, total=300, first=1000)
    write_pcap(tmp_path / "one.pcap", [one._replace(marker=True) for one in packets])
    theirs = streams(tmp_path / "one.pcap", SSRC, "-d", f"udp.port=={PORT},rtp")
    reception = ours((one.number, one.timestamp, one.now) for one in packets)
    assert theirs.max_delta == theirs.max_jitter == 0 < reception.analysis.max_delta
    first, second, *rest = packets
    swapped = [first._replace(number=second.number), second._replace(number=first.number), *rest]
    write_pcap(tmp_path / "two.pcap", swapped)
    theirs = streams(tmp_path / "two.pcap", SSRC, "-d", f"udp.port=={PORT},rtp")
    assert theirs.lost > 65_000 and ours((one.number, one.timestamp, one.now) for one in swapped).lost == 0


def test_a_real_conversation_counts_the_same(tmp_path):
    """Our player of our server, while dumpcap captures: the packets that there were; and of those captured, at their
    times, what is lost, delta and jitter."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 30)
    file = tmp_path / "capture.pcapng"
    with serving(tmp_path, fps=40) as server, Capture(file):
        player = Player(server.url(), transport="udp", delay=0.05)
        try:
            player.setup()
            player.play()
            while player.state is State.PLAYING:
                player.dueFrames()
                player.wait(0.05)
            ssrc, reception = player.stream.ssrc, player.receiver.reception
        finally:
            player.leave()
    decode = ("-d", f"tcp.port=={server.port},rtsp")
    theirs = streams(file, ssrc, *decode)
    # The capture itself may lose packets on a busy machine, and then says so in the same words
    assert theirs.packets + theirs.lost == reception.expected
    captured = captured_packets(file, ssrc, decode)
    assert len(captured) == theirs.packets
    again, calm = ours(row[:3] for row in captured), largest_without_marker(captured)
    assert calm == pytest.approx((theirs.max_delta, theirs.max_jitter), abs=2e-6)
    assert again.lost == theirs.lost and again.max_jitter >= theirs.max_jitter - 2e-6


def captured_packets(file, ssrc, decode):
    """(number, timestamp, time, marker) of each."""
    fields = ("rtp.seq", "rtp.timestamp", "frame.time_relative", "rtp.marker")
    command = [need("tshark"), "-n", "-r", str(file), *decode, "-Y", f"rtp.ssrc == {ssrc}", "-T", "fields"]
    command += [f"-e{name}" for name in fields]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(int(row[0]), int(row[1]), float(row[2]), row[3] in ("1", "True")) for row in rows]


def largest_without_marker(packets):
    """Delta and jitter, as tshark looks for them."""
    reception, before, delta, jitter = Reception(RATE), None, 0.0, 0.0
    for number, timestamp, now, marker in packets:
        reception.arrived(number, timestamp, now, 32)
        if before is not None and not marker:
            delta, jitter = max(delta, now - before), max(jitter, reception.jitter)
        before = now
    return delta, jitter
