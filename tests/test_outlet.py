"""How the media of a publisher go (net/outlet.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from net.channels import UdpChannel, bind_pair
from net.datagrams import DatagramReader
from net.interleaved import InterleavedChannel
from net.outlet import BLOCKED, FRESH, PATIENCE, Outlet
from rtsp.failures import ServerRefused, UsageError
from rtsp.headers import Transport
from rtsp.message import Interleaved


@pytest.fixture
def reader():
    reader = DatagramReader()
    reader.start()
    yield reader
    reader.close()


class Server:
    """Grants these protocols with these answers, and says 461 to others; `asked` has each Transport."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __call__(self, transport):
        self.asked.append(transport)
        kind = "tcp" if transport.tcp else "udp"
        if kind not in self.answers:
            raise ServerRefused(461, "no")
        return self.answers[kind]


def begun(wanted, connection):
    outlet = Outlet(wanted)
    outlet.begin(connection)
    return outlet


def test_udp_goes_from_the_ports_that_were_asked_for_to_those_that_were_granted(connection, reader):
    rtp, rtcp = bind_pair(("127.0.0.1", 0), 0)
    with rtp, rtcp:
        rtp.settimeout(5)
        server = Server(udp=Transport(server_port=(rtp.getsockname()[1], rtcp.getsockname()[1])))
        channel = begun("auto", connection).channel(server, reader)
        assert isinstance(channel, UdpChannel) and server.asked[0].client_port == channel.ports
        assert str(server.asked[0]).endswith(";mode=record")
        channel.send(memoryview(b"packet"), 6)
        assert rtp.recvfrom(100) == (b"packet", ("127.0.0.1", channel.ports[0]))
        channel.close(reader)


def test_auto_takes_tcp_where_udp_is_refused_and_stays_with_it(connection, reader, caplog):
    server, outlet = Server(tcp=None), begun("auto", connection)
    first, second = outlet.channel(server, reader), outlet.channel(server, reader)
    assert isinstance(first, InterleavedChannel) and isinstance(second, InterleavedChannel)
    assert [transport.tcp for transport in server.asked] == [False, True, True]
    assert (first.numbers, second.numbers) == ((0, 1), (2, 3)) and "Switched to TCP" in caplog.text


@pytest.mark.parametrize("wanted", ["udp", "tcp"])
def test_what_is_wanted_is_insisted_on(connection, reader, wanted):
    server = Server(**{"tcp" if wanted == "udp" else "udp": None})
    with pytest.raises(ServerRefused):
        begun(wanted, connection).channel(server, reader)
    assert len(server.asked) == 1


def test_the_server_may_choose_the_channels_but_not_twice_the_same(connection, reader):
    outlet, server = begun("tcp", connection), Server(tcp=Transport("RTP/AVP/TCP", interleaved=(6, 7)))
    assert outlet.channel(server, reader).parameters == {"interleaved": (6, 7)}
    with pytest.raises(ServerRefused, match="one channel"):
        outlet.channel(server, reader)


def test_what_a_slow_network_has_no_room_for_is_refused_soon(connection, reader):
    """The peer reads nothing. A viewer's connection would take two megabytes first, which is many seconds."""
    begun("tcp", connection).channel(Server(tcp=None), reader)
    taken = 0
    while connection.offer(bytes(10_000)):
        taken += 10_000
    assert FRESH / 2 < taken < 1_000_000


def test_what_comes_back_inside_is_delivered_and_of_an_older_connection_dropped(connection, reader):
    outlet, came = begun("tcp", connection), []
    outlet.channel(Server(tcp=None), reader).listen(reader, lambda data, address: came.append(data))
    outlet.deliver(Interleaved(1, b"report"), connection)
    outlet.deliver(Interleaved(9, b"nobody's"), connection)
    outlet.begin(connection)                    # another session
    outlet.deliver(Interleaved(1, b"late"), connection)
    assert came == [b"report"]


def test_where_the_connection_is_encrypted_everything_goes_inside():
    sealed: Any = SimpleNamespace(encrypted=True)
    assert begun("auto", sealed).transport == begun("tcp", sealed).transport == "tcp"
    with pytest.raises(UsageError, match="inside the connection"):
        begun("udp", sealed)


def test_silence_is_suspicious_in_auto_over_udp_alone():
    assert Outlet("auto").blocked(PATIENCE + 0.1) and not Outlet("auto").blocked(PATIENCE)
    assert not Outlet("udp").blocked(99.0) and not Outlet("tcp").blocked(99.0)
    switched = Outlet("auto")
    switched.switch(BLOCKED)
    assert not switched.blocked(99.0)
