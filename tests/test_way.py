"""Over UDP, inside the connection, or first the one and then the other."""

from __future__ import annotations

import threading

import pytest

from net.ports import InnerPorts
from net.way import PATIENCE, Way
from rtsp.failures import ConnectError, ServerRefused, UsageError
from rtsp.headers import Transport
from rtsp.message import Interleaved


@pytest.fixture
def ways():
    """Makes ways that are closed at the end; `came` is what their handlers got."""
    made = []

    def make(wanted):
        came: list[tuple[str, bytes, object]] = []
        made.append(Way(wanted, 0, lambda data, address: came.append(("rtp", data, address)),
                        lambda data, address: came.append(("rtcp", data, address))))
        return made[-1], came

    yield make
    for way in made:
        way.close()


class Server:
    """Grants these protocols, and answers 461 to others."""

    def __init__(self, *protocols):
        self.protocols, self.asked = protocols, []

    def __call__(self, transport):
        self.asked.append(transport.protocol)
        if transport.protocol not in self.protocols:
            raise ServerRefused(461, "no")
        return transport


@pytest.mark.parametrize(("wanted", "protocols", "asked"), [
    ("auto", ["RTP/AVP", "RTP/AVP/TCP"], ["RTP/AVP"]),
    ("auto", ["RTP/AVP/TCP"], ["RTP/AVP", "RTP/AVP/TCP"]),
    ("udp", ["RTP/AVP", "RTP/AVP/TCP"], ["RTP/AVP"]),
    ("tcp", ["RTP/AVP", "RTP/AVP/TCP"], ["RTP/AVP/TCP"]),
])  # fmt: skip
def test_what_is_asked_for_and_what_it_becomes(ways, connection, wanted, protocols, asked):
    way, _ = ways(wanted)
    server = Server(*protocols)
    way.open(connection, lab=False)
    granted = way.setup(server, connection, lab=False)
    assert server.asked == asked and granted.protocol == asked[-1]
    assert way.transport == ("tcp" if asked[-1].endswith("TCP") else "udp")
    assert way.notice == ("The server does not send over UDP. Switched to TCP." if len(asked) == 2 else "")


@pytest.mark.parametrize(("wanted", "lab"), [("udp", False), ("tcp", False), ("auto", True)])
def test_a_refusal_is_final_where_there_is_no_choice(ways, connection, wanted, lab):
    way, _ = ways(wanted)
    way.open(connection, lab)
    with pytest.raises(ServerRefused):
        way.setup(Server(), connection, lab)


def test_other_refusals_do_not_change_the_way(ways, connection):
    def missing(transport):
        raise ServerRefused(404, "no such movie")

    way, _ = ways("auto")
    way.open(connection, lab=False)
    with pytest.raises(ServerRefused, match="no such movie"):
        way.setup(missing, connection, lab=False)
    assert way.transport == "udp"


def test_a_lab_server_has_no_tcp(ways, connection):
    way, _ = ways("tcp")
    with pytest.raises(UsageError, match="UDP alone"):
        way.open(connection, lab=True)


def test_when_udp_is_given_up(ways, connection):
    """Only if there is another way, and not too early."""
    for wanted, given_up in (("auto", True), ("udp", False), ("tcp", False)):
        way, _ = ways(wanted)
        way.open(connection, lab=False)
        assert way.blocked(PATIENCE + 0.1) is given_up and not way.blocked(PATIENCE - 0.1)
    way, _ = ways("auto")
    way.open(connection, lab=False)
    way.switch("because")
    assert (way.transport, way.notice, way.may_switch) == ("tcp", "because", False) and not way.blocked(100)


@pytest.mark.parametrize("wanted", ["udp", "tcp", "auto"])
def test_to_another_server_the_way_stays_the_same(ways, connection, wanted):
    """The same port, or the connection's channels; also after a switch."""
    way, _ = ways(wanted)
    way.open(connection, lab=False)
    if wanted == "auto":
        way.switch("why")
    transport, port = way.transport, way.rtp_port
    way.reopen(connection)
    assert (way.transport, way.rtp_port) == (transport, port) and transport == ("udp" if wanted == "udp" else "tcp")


def test_what_comes_in_the_connection_goes_to_the_handler_of_its_channel(ways, connection):
    """Over UDP, frames in the connection are not ours."""
    way, came = ways("auto")
    way.open(connection, lab=False)
    way.deliver(Interleaved(0, b"not yet"), connection)
    way.switch("because")
    way.setup(lambda transport: Transport(transport.protocol, interleaved=(4, 5)), connection, lab=False)
    for channel in range(7):
        way.deliver(Interleaved(channel, b"%d" % channel), connection)
    way.close()
    way.deliver(Interleaved(4, b"too late"), connection)
    assert came == [("rtp", b"4", connection.peer), ("rtcp", b"5", connection.peer)]


def test_a_server_that_names_no_channels_means_those_that_were_asked_for(connection):
    ports = InnerPorts()
    ports.granted(Transport("RTP/AVP/TCP"), connection)
    assert ports.numbers == (0, 1)


@pytest.mark.parametrize("wanted", ["udp", "tcp"])
def test_what_is_closed_is_not_opened_again(ways, connection, wanted):
    """By a thread that was just about to: no port and no thread is left behind."""
    way, _ = ways(wanted)
    threads = threading.active_count()
    way.close()
    with pytest.raises(ConnectError, match="was closed"):
        way.open(connection, lab=False)
    assert way.ports is None and threading.active_count() == threads
