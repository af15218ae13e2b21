"""--net and --pcap where they sit: in the server's channels, and between the client's sockets and its receiver."""

from __future__ import annotations

import threading
from functools import partial
from typing import cast

import pytest

from net.capture import Capture
from net.channels import UdpChannel
from net.connection import Connection
from net.impairment import Fate, parse
from net.instruments import Instruments
from net.interleaved import InterleavedChannel, Interleaving
from net.later import Later
from tests import movies
from tests.inside import Inside
from tests.scripted import FakeClock
from tests.serving import Receiver, Talker, serving
from tests.test_capture import records, stream

FRAMES = 20
LOSSY = "loss 20% seed 7"


@pytest.fixture
def folder(tmp_path):
    movies.lab_movie(tmp_path / "movie.Mjpeg", FRAMES)
    return tmp_path


class Held(Later):
    """What waits is taken by the test."""

    def _run(self):
        pass

    def go(self, now):
        for call in self.take_due(now):
            call()


def play(server, media):
    """The whole movie over UDP; the packets that came, sorted by number."""
    with Talker(server.port) as talker:
        reply = talker.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        first = talker.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session).headers["rtp-info"]
        media.wait_bye()
        media.settle()
        talker.ask(f"TEARDOWN {server.url()} RTSP/1.0", "CSeq: 3", session)
    return int(first.partition("seq=")[2].split(";")[0]), sorted(media.packets, key=lambda one: one.arrived)


def numbers(folder, **options):
    """The packets that arrive, by their numbers counted from the first of the movie."""
    with serving(folder, fps=50, **options) as server, Receiver() as media:
        first, packets = play(server, media)
    return sorted((one.sequence - first) % 65536 for one in packets)


def test_without_net_and_pcap_a_channel_stays_as_it_is():
    """No tap, no ear, no thread: the usual, fast way."""
    before, instruments = threading.active_count(), Instruments()
    channel = UdpChannel(("127.0.0.1", 0), ("127.0.0.1", 0), (40000, 40001))
    assert instruments.attach(channel) is channel and channel.taps == [] == channel.ears
    assert instruments.accepted is None and instruments.connected is None and instruments.record is None
    assert threading.active_count() == before
    channel._rtp.close()
    channel._rtcp.close()


def test_the_server_loses_the_packets_that_the_seed_says(folder):
    """Those, and no others, each time."""
    fate, network = Fate("stream 0 RTP"), parse(LOSSY)
    everything = numbers(folder)
    left = [k for k in everything if fate.departures(network, 100, 0.0)]
    assert everything == list(range(len(everything))) and len(left) < len(everything)
    assert numbers(folder, instruments=Instruments(network)) == left
    assert numbers(folder, instruments=Instruments(network)) == left


def test_held_packets_go_out_later(folder):
    """All of them arrive, some twice, on a network that delays and doubles; and so do the reports."""
    everything = numbers(folder)
    delayed = Instruments(parse("delay 30ms dup 10% seed 1"))
    found = numbers(folder, instruments=delayed)
    assert sorted(set(found)) == everything and len(found) > len(everything)


def test_inside_tcp_nothing_is_lost(folder):
    """Lost packets are late there; they come in order, each once."""
    network = Instruments(parse("loss 10% reorder 20% dup 20% delay 5ms seed 3"))
    with serving(folder, fps=50, instruments=network) as server, Inside(server.port) as talker:
        viewer = cast(Inside, talker)
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        viewer.ask(f"PLAY {server.url()} RTSP/1.0", "CSeq: 2", session)
        viewer.wait_packets(FRAMES)
        numbers = [one.sequence for one in viewer.packets]
    assert numbers == [(numbers[0] + k) % 65536 for k in range(FRAMES)]


@pytest.mark.parametrize("words", [LOSSY, "delay 20ms dup 10%"])
def test_the_server_s_capture_has_what_was_sent_and_received(folder, tmp_path, words):
    """Behind the bad network: what was lost is not in it. The conversation is there, byte by byte, and what the
    viewer's ports said."""
    path = tmp_path / "server.pcap"
    instruments = Instruments(parse(words), Capture(str(path)))
    with serving(folder, fps=50, instruments=instruments) as server, Receiver() as media:
        _, packets = play(server, media)
        port = media.port
    datagrams = [packet[20:] for _, packet in records(path) if packet[9] == 17]
    sent = [data[8:] for data in datagrams if int.from_bytes(data[2:4], "big") == port]
    assert [data[12:] for data in sent] == [one.payload for one in packets]
    assert b"PLAY rtsp" in path.read_bytes() and b"RTP-Info" in path.read_bytes()


def test_what_is_held_for_a_closed_channel_is_not_sent():
    """Its numbers may be those of another stream by then."""
    connection = FakeConnection()
    channel = InterleavedChannel(Interleaving(cast(Connection, connection)), None)
    channel.pass_on(b"a", False)
    channel.pass_on(b"b", True)
    channel.close()
    channel.pass_on(b"c", False)
    assert connection.offered == [b"$\0\0\1a", b"$\1\0\1b"]


class FakeConnection:
    peer = ("127.0.0.1", 40000)

    def __init__(self):
        self.offered = []

    def enlarge(self, size):
        pass

    def offer(self, data, always=False):
        self.offered.append(data)
        return True


def test_words_that_change_nothing_are_no_bad_network():
    """A seed alone."""
    assert Instruments(parse("seed 7")).impairment is None and Instruments(parse("seed 7")).settings["seed"] == 7


# ---- a client's


def lines(words, here=None, clock=None):
    """(instruments, what arrived, the handlers of RTP and RTCP)"""
    arrived: list[tuple[str, bytes]] = []
    instruments = Instruments(parse(words) if words else None, later=Held(clock or FakeClock()))

    def noted(kind, data, address):
        arrived.append((kind, data))

    return instruments, arrived, instruments.incoming((partial(noted, "RTP"), partial(noted, "RTCP")), here)


HERE, THERE = (("127.0.0.1", 40000), ("127.0.0.1", 40001)), ("127.0.0.1", 5000)


def test_what_comes_is_impaired_before_it_is_handed_on():
    """Each kind goes to its own handler, when its time has come."""
    instruments, arrived, (rtp, rtcp) = lines("delay 100ms", HERE)
    now = instruments.later.clock()
    rtp(b"a", THERE)
    rtcp(b"b", THERE)
    assert arrived == []
    instruments.later.go(now + 0.09)
    assert arrived == []
    instruments.later.go(now + 0.11)
    assert arrived == [("RTP", b"a"), ("RTCP", b"b")]
    instruments.close()


def test_a_window_changes_the_network_at_any_moment():
    """On, off, on; what is chosen is kept while it is off, and another loss is an even one."""
    instruments, arrived, (rtp, _) = lines("loss gemodel 100% 50% seed 3", HERE)
    assert instruments.effect == "loss 66.7 %"
    instruments.adjust(True, {"loss": 1.0})
    rtp(b"lost", THERE)
    instruments.adjust(False, {})
    rtp(b"a", THERE)
    assert arrived == [("RTP", b"a")] and instruments.effect == "" and instruments.settings["loss"] == 1.0
    instruments.adjust(True, {"loss": 0.0, "delay": 0.05})
    assert instruments.effect == "delay 50 ms" and instruments.settings["seed"] == 3
    instruments.adjust(True, {"delay": 0.0})
    assert instruments.effect == "as it is"
    instruments.close()


def test_reports_are_lost_on_their_way_too():
    """And count as sent: the client does not know."""
    sent = []

    def send(packet):
        sent.append(packet)
        return False

    assert Instruments(parse("loss 100%")).outgoing(send, reliable=False)(b"report") is True and sent == []
    assert Instruments().outgoing(send, reliable=False)(b"report") is False and sent == [b"report"]


def test_the_client_s_capture_has_what_its_receiver_gets(tmp_path):
    """Behind the bad network, with the address that it came from; inside TCP, the connection is captured."""
    path = tmp_path / "client.pcap"
    instruments = Instruments(None, Capture(str(path)))
    ignored = partial(lambda data, address: None)
    rtp, rtcp = instruments.incoming((ignored, ignored), HERE)
    rtp(b"a", THERE)
    rtcp(b"b", THERE)
    inner, _ = instruments.incoming((ignored, ignored), None)
    inner(b"c", THERE)
    instruments.close()
    assert [(packet[22:24], packet[28:]) for _, packet in records(path)] == [
        ((40000).to_bytes(2, "big"), b"a"), ((40001).to_bytes(2, "big"), b"b")]  # fmt: skip
    assert stream(path, True) == b""


def test_too_much_that_waits_is_lost():
    """netem's limit, in packets."""
    instruments, arrived, (rtp, _) = lines("delay 1s limit 5", HERE)
    for _ in range(9):
        rtp(b"x", THERE)
    instruments.later.go(instruments.later.clock() + 2)
    assert len(arrived) == 5
    rtp(b"y", THERE)
    instruments.later.go(instruments.later.clock() + 2)
    assert len(arrived) == 6
    instruments.close()
