"""Listening on every address of this machine."""

import socket

import pytest

from net.addresses import at_port, is_loopback, listen
from tests.test_channels import has_ipv6


def families(sockets):
    return [sock.family for sock in sockets]


def test_without_a_host_ipv4_and_ipv6_share_a_port():
    sockets = listen(None, 0)
    try:
        assert families(sockets) == [socket.AF_INET] + [socket.AF_INET6] * has_ipv6()
        ports = {sock.getsockname()[1] for sock in sockets}
        assert len(ports) == 1
        for host in ["127.0.0.1"] + ["::1"] * has_ipv6():
            socket.create_connection((host, *ports), timeout=5).close()
    finally:
        for sock in sockets:
            sock.close()


def test_one_address_if_it_is_named():
    [sock] = listen("127.0.0.1", 0)
    assert sock.getsockname()[0] == "127.0.0.1"
    sock.close()


def test_a_taken_port_is_an_error():
    [sock] = listen("127.0.0.1", 0)
    with pytest.raises(OSError):
        listen("127.0.0.1", sock.getsockname()[1])
    sock.close()


def test_a_name_that_does_not_exist_is_an_error():
    with pytest.raises(OSError):
        listen("no-such-host.invalid", 0)


def test_a_port_can_be_used_again_at_once():
    """Connections of the server that was stopped are still fading away."""
    [sock] = listen("127.0.0.1", 0)
    address = sock.getsockname()
    client = socket.create_connection(address)
    while True:
        try:
            served, _ = sock.accept()
            break
        except BlockingIOError:
            pass
    served.close()                      # the server closes first: its side has to wait (TIME_WAIT)
    sock.close()
    client.close()
    [again] = listen(*address)
    again.close()


def test_at_port_keeps_what_belongs_to_ipv6():
    assert at_port(("10.0.0.1", 5), 7) == ("10.0.0.1", 7)
    assert at_port(("fe80::1", 5, 0, 3), 7) == ("fe80::1", 7, 0, 3)


@pytest.mark.parametrize(("host", "local"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::1%lo", True),
    ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("fe80::1%eth0", False), ("1270.0.0.1", False), ("", False),
])
def test_the_machine_itself(host, local):
    assert is_loopback(host) is local
