"""tests/conftest.py: the guards that hold for every test do guard."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from tests.conftest import is_local, left_behind


def test_a_thread_left_behind_is_found():
    """By name, after a moment's patience; none once it has ended."""
    before, go = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=go.wait, name="forgotten")
    thread.start()
    assert left_behind(before, grace=0.01) == ["forgotten"]
    go.set()
    assert left_behind(before) == []


@pytest.mark.parametrize(
    ("address", "local"),
    [
        (("127.0.0.1", 1), True),
        (("127.9.9.9", 1), True),
        (("::1", 1, 0, 0), True),
        (("localhost", 1), True),
        (("no-such-host.invalid", 1), True),
        ("/tmp/socket", True),
        (("192.0.2.1", 1), False),
        (("2001:db8::1", 1, 0, 0), False),
        (("example.org", 1), False),
    ],
)
def test_only_this_machine_is_local(address, local):
    """Loopback addresses and names that never resolve."""
    assert is_local(address) == local


def test_a_test_cannot_reach_the_network():
    """connect and sendto elsewhere fail the test; loopback works."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        with pytest.raises(pytest.fail.Exception):
            sock.connect(("192.0.2.1", 9))
        with pytest.raises(pytest.fail.Exception):
            sock.sendto(b"", ("192.0.2.1", 9))
        sock.bind(("127.0.0.1", 0))
        assert sock.sendto(b"x", sock.getsockname()) == 1


def test_a_test_has_no_screen_unless_it_asks():
    """The tests never open windows on the desk of whoever runs them."""
    assert "DISPLAY" not in os.environ
    assert "WAYLAND_DISPLAY" not in os.environ


def test_a_test_that_asks_has_a_screen(display):
    """Its own, named in $DISPLAY."""
    assert os.environ.get("DISPLAY", "") == display
