"""Descriptors: the limit is raised, and one is kept for the day when there are none."""

import socket

import pytest

from net import descriptors
from net.descriptors import Spare


def test_the_limit_is_raised_as_far_as_it_goes(monkeypatch):
    asked = []

    class Resource:
        RLIMIT_NOFILE = 7

        def getrlimit(self, what):
            return 1024, 4096

        def setrlimit(self, what, limits):
            asked.append((what, limits))

    monkeypatch.setattr(descriptors, "resource", Resource())
    descriptors.raise_limit()
    assert asked == [(7, (4096, 4096))]


@pytest.mark.parametrize("error", [ValueError, OSError])
def test_a_limit_that_is_not_granted_stays(monkeypatch, error):
    class Resource:
        RLIMIT_NOFILE = 7

        def getrlimit(self, what):
            return 256, 2**63 - 1

        def setrlimit(self, what, limits):
            raise error

    monkeypatch.setattr(descriptors, "resource", Resource())
    descriptors.raise_limit()


def test_where_there_is_no_limit_nothing_is_raised(monkeypatch):
    monkeypatch.setattr(descriptors, "resource", None)
    descriptors.raise_limit()


def test_the_spare_one_accepts_a_connection_and_is_renewed():
    spare = Spare()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for _ in range(3):
            with socket.create_connection(listener.getsockname(), timeout=10):
                accepted = spare.accept(listener)
                assert accepted is not None
                accepted.close()
            spare.renew()
    spare.close()
    spare.close()                               # twice is fine


def test_without_the_spare_one_nothing_is_accepted(monkeypatch):
    spare = Spare()

    class Listener:
        def accept(self):
            raise OSError(24, "Too many open files")

    assert spare.accept(Listener()) is None     # type: ignore[arg-type]
    monkeypatch.setattr("os.open", lambda *_: (_ for _ in ()).throw(OSError(24, "Too many open files")))
    spare.renew()
    spare.close()
