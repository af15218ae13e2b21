"""Reception against Wireshark's analysis of the same packets: lost exactly, the largest jitter to the microsecond.

Where the two differ, and why ours is what RFC 3550 says:
* tshark takes every number below the first one it has seen for another round of the numbers, so that a packet which is
  late across the wrap-around counts as 65536 lost ones; and it ends with the packet that came last, not with that of
  the highest number. Here, the highest number counts, and how often the numbers really wrapped (§A.1).
* tshark looks for its largest jitter in packets without a marker only. Here, each counts (§6.4.1).
* In tshark, as in reports to the sender, a packet that came twice hides one that is missing; `lost` tells the truth.
"""

from __future__ import annotations

import random
import struct
import subprocess
from typing import NamedTuple

import pytest

from rtp.reception import Reception
from tests.tools import need

RATE, PERIOD = 90_000, 0.05
SSRC, PORT = 0x5EED, 5004
A_FRAME = 3  # packets


class Sent(NamedTuple):
    now: float  # when it arrives
    number: int  # not wrapped
    timestamp: int
    marker: bool = False


def stream(seed, lost=0.0, twice=0.0, late=0.0, total=2000, first=64800):
    """Packets in the order of their arrival. Around the wrap-around, and at both ends, nothing happens to them but
    jitter; tshark needs that."""
    rand = random.Random(seed)
    sent = []
    for n in range(total):
        frame, part = divmod(n, A_FRAME)
        now = 100 + frame * PERIOD + part * 0.002
        calm = n < 50 or n > total - 50 or abs(first + n - 65536) < 50
        if not calm and rand.random() < lost:
            continue
        now += rand.random() * (0.0015 if calm or rand.random() > late else 0.3)
        one = Sent(round(now, 6), first + n, 2**32 - 100_000 + frame * 4500)
        sent.append(one)
        if not calm and rand.random() < twice:
            sent.append(one._replace(now=round(now + rand.random() * 0.02, 6)))
    return sorted(sent)


def write_pcap(path, packets):
    """A capture of IP packets with microseconds, as libpcap writes it."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for one in packets:
            second = one.marker << 7 | 26
            rtp = struct.pack("!BBHII", 0x80, second, one.number % 2**16, one.timestamp % 2**32, SSRC) + bytes(20)
            udp = struct.pack("!HHHH", PORT, PORT, 8 + len(rtp), 0) + rtp
            host = bytes((127, 0, 0, 1))
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, host, host) + udp
            seconds, micro = divmod(round(one.now * 1e6), 10**6)
            file.write(struct.pack("<IIII", seconds, micro, len(ip), len(ip)) + ip)


def analysis(path, packets):
    """What tshark says of them: how many came, how many are lost, the largest jitter in seconds."""
    write_pcap(path, packets)
    command = [need("tshark"), "-n", "-r", str(path), "-d", f"udp.port=={PORT},rtp", "-q", "-z", "rtp,streams"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    (line,) = [line for line in done.stdout.splitlines() if f"0x{SSRC:08X}" in line]
    # … SSRC, payload, packets, lost, (percent), delta: least, mean, most, jitter: least, mean, most
    packets, lost, _, _, _, _, _, _, jitter = line.split("JPEG")[1].split()[:9]
    return int(packets), int(lost), float(jitter) / 1000


def heard(packets):
    """Our Reception of them, and its largest jitter at a packet without a marker."""
    reception, largest = Reception(RATE), 0.0
    for one in packets:
        reception.arrived(one.number % 2**16, one.timestamp % 2**32, one.now, 32)
        largest = largest if one.marker else max(largest, reception.jitter)
    return reception, largest


STREAMS = {
    "jitter": {},
    "loss": {"lost": 0.05},
    "reordered": {"late": 0.05},
    "doubled": {"twice": 0.05},
    "all": {"lost": 0.05, "late": 0.05, "twice": 0.05},
    "twice around": {"lost": 0.01, "total": 66_000, "first": 65_400},
}


@pytest.mark.parametrize("name", STREAMS)
def test_counts_and_jitter_are_those_of_wireshark(tmp_path, name):
    """What came, what is lost, and the largest jitter. `lost` without those that came twice; the report with them."""
    packets = stream(7, **STREAMS[name])
    reception, largest = heard(packets)
    came, lost, jitter = analysis(tmp_path / "one.pcap", packets)
    block = reception.report(SSRC)
    assert came == len(packets) == reception.packets + reception.duplicates
    assert lost == block.lost == reception.lost - reception.duplicates
    assert reception.lost == packets[-1].number - packets[0].number + 1 - len({one.number for one in packets})
    assert reception.max_jitter == largest == pytest.approx(jitter, abs=2e-6) and jitter > 0.0003
    assert reception.lost > 0 or "lost" not in STREAMS[name]
    assert reception.duplicates > 0 or "twice" not in STREAMS[name]
    assert reception.reordered > 0 or "late" not in STREAMS[name]


def test_wireshark_looks_at_packets_without_a_marker(tmp_path):
    """With a marker at the largest jitter, it does not find it."""
    packets = stream(11, late=0.05)
    reception, _ = heard(packets)
    again = Reception(RATE)
    for at, one in enumerate(packets):
        again.arrived(one.number % 2**16, one.timestamp % 2**32, one.now, 32)
        if again.jitter == reception.max_jitter:
            packets[at] = one._replace(marker=True)
    _, largest = heard(packets)
    _, _, jitter = analysis(tmp_path / "one.pcap", packets)
    assert reception.max_jitter > largest == pytest.approx(jitter, abs=2e-6)


def test_late_across_the_wrap_around(tmp_path):
    """tshark's count may be off by rounds of the numbers; ours is what is missing: nothing."""
    packets = [Sent(100 + 0.01 * at, number, 900 * number) for at, number in enumerate(range(65_500, 65_600))]
    packets[36], packets[35] = packets[36]._replace(now=packets[35].now), packets[35]._replace(now=packets[36].now)
    packets.sort()
    assert [one.number for one in packets[35:37]] == [65_536, 65_535]
    reception, _ = heard(packets)
    _, lost, _ = analysis(tmp_path / "one.pcap", packets)
    assert reception.lost == 0 and lost % 65_536 == 0
    assert reception.report(SSRC).highest == 65_599
