"""What each layer adds to a message."""

from __future__ import annotations

import pytest

from net.transcript import Burst, Entry, Route
from tests.vectors import datagrams
from ui.layers import layers, overhead

HERE, THERE = ("127.0.0.1", 25000), ("127.0.0.2", 6000)


def burst(data, route, count=1):
    return Burst(1, 0.0, "RTP", False, data, route, count=count)


def sizes(entry):
    return [(layer.name, layer.size) for layer in layers(entry)]


def test_rtp_over_udp():
    """IPv4, UDP, RTP, JPEG with its tables, and the picture: all bytes, each once."""
    data = datagrams("gstreamer-420.rtp")[0]
    found = sizes(burst(data, Route("UDP", HERE, THERE)))
    assert found == [("IPv4", 20), ("UDP", 8), ("RTP", 12), ("JPEG", 8 + 4 + 128), ("picture", len(data) - 152)]


def test_rtp_inside_the_connection():
    """Four bytes more, and TCP in place of UDP; IPv6 has larger headers."""
    data = datagrams("gstreamer-420.rtp")[1]
    found = sizes(burst(data, Route("TCP", ("::1", 1), ("::1", 2), 0)))
    assert found == [("IPv6", 40), ("TCP", 20), ("$", 4), ("RTP", 12), ("JPEG", 8), ("picture", len(data) - 20)]


@pytest.mark.parametrize(("outgoing", "addresses"), [(True, "127.0.0.1 → 127.0.0.2"), (False, "127.0.0.2 → 127.0.0.1")])
def test_addresses_stand_in_the_direction_it_travels(outgoing, addresses):
    """From the one who sends it."""
    network, transport, *_ = layers(Entry(1, 0.0, "RTCP", outgoing, b"x" * 8, Route("UDP", HERE, THERE)))
    assert network.words == addresses
    assert transport.words == ("port 25000 → 6000" if outgoing else "port 6000 → 25000")


def test_overhead():
    """The share of the headers."""
    entry = Entry(1, 0.0, "RTCP", True, b"x" * 28, Route("UDP", HERE, THERE))
    assert overhead(entry) == "56 bytes on the way, 28 of them headers (50.0 %)"
    several = burst(datagrams("gstreamer-420.rtp")[0], Route("UDP", HERE, THERE), 3)
    assert overhead(several).startswith("First of 3 packets")
