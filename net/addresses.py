"""Listening on, and connecting to, IPv4 and IPv6 alike."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rtsp.situations import Situation, tell

# (host, port), for IPv6 with flow and scope behind them: a link-local address means nothing without its scope
Address = tuple[Any, ...]

BACKLOG = 1024      # connections that may wait to be accepted: a lecture hall pressing Setup at once
# Why a connection could not be made, as rtsp.situations calls it; the first class that fits
UNREACHABLE: list[tuple[type[Exception], str]] = [
    (socket.gaierror, "unknown name"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "no answer"),
    (Exception, "unreachable"),
]
SLICE = 0.1         # seconds; how soon a connection that is being made sees that it shall be given up


def listen(host: str | None, port: int, shared: bool = False) -> list[socket.socket]:
    """Listening TCP sockets, one for each address of `host`; None: every address of this machine, IPv4 and IPv6.

    With port 0 they share the number that the first one got. OSError if the port is taken or forbidden. `shared`: a
    port that this user reserve()d; of all who listen so, the system gives each connection to one (Linux)."""
    return _at_each(host, port, partial(_bind, shared=shared))


def is_loopback(host: str) -> bool:
    """Is this address, as a socket gives it, one of the machine itself?"""
    host = host.partition("%")[0].lower().removeprefix("::ffff:")
    return host == "::1" or host.startswith("127.")


def reserve(host: str | None, port: int) -> list[socket.socket]:
    """Sockets that keep the port of listen() for those who listen `shared`, and listen to nothing themselves."""
    return _at_each(host, port, partial(_bind, listening=False))


def _at_each(host: str | None, port: int, bind: Callable[[int, tuple[str, int]], socket.socket]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in _addresses(host, port):
            if sockets and not port:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            sockets.append(bind(family, address))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _addresses(host: str | None, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    usable = [info for info in found if info[0] == socket.AF_INET or info[0] == socket.AF_INET6 and _has_ipv6()]
    # IPv4 first: it chooses the port where any will do. A name can stand for one address twice
    return sorted(dict.fromkeys(usable), key=lambda info: info[0] != socket.AF_INET)   # type: ignore[arg-type]


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False                    # built in, but switched off on this machine


def _bind(family: int, address: tuple[str, int], shared: bool = False, listening: bool = True) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # There, SO_REUSEADDR would let two servers share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # A server that was stopped can be started again at once, while old connections fade away
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
        if listening:
            sock.listen(BACKLOG)
            sock.setblocking(False)
        else:
            # Only now: with it, bind() would have let us in beside another server of this user that shares its port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def at_port(address: Address, port: int) -> Address:
    """The same host, another port."""
    return (address[0], port, *address[2:])


def connect(host: str, port: int, timeout: float, stop: threading.Event | None = None) -> socket.socket:
    """A TCP connection to the first address of `host` that answers; they share the `timeout` seconds.

    OSError if none does (TimeoutError: not in time; socket.gaierror: nobody knows the name), or once `stop` is set."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    deadline = time.monotonic() + timeout
    failure = OSError(f"{host} has no address")
    for position, (family, _, _, _, address) in enumerate(found):
        share = (deadline - time.monotonic()) / (len(found) - position)
        try:
            return _connect(family, address, share, stop)
        except OSError as error:
            failure = error
    raise failure


def why_unreachable(error: Exception, host: str, port: int, timeout: float) -> Situation:
    """What connect() raised, in words."""
    name = next(name for kind, name in UNREACHABLE if isinstance(error, kind))
    return tell(name, host=host, port=port, timeout=timeout, error=error)


def _connect(family: int, address: Address, timeout: float, stop: threading.Event | None) -> socket.socket:
    if stop is not None and stop.is_set():
        raise OSError("given up")
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        problem = sock.connect_ex(address)
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            while problem in (errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
                if stop is not None and stop.is_set():
                    raise OSError("given up")
                if time.monotonic() > deadline:
                    raise TimeoutError("no answer in time")
                if selector.select(SLICE):
                    problem = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    break
        if problem:
            raise OSError(problem, os.strerror(problem))
        return sock
    except BaseException:
        sock.close()
        raise
