"""Waiting for a socket, on any system."""

from __future__ import annotations

import select
import socket


class ConnectionClosed(OSError):
    """The peer has gone, or we have closed the connection."""


def wait(sock: socket.socket, timeout: float, read: bool = True, write: bool = False,
         bell: socket.socket | None = None) -> bool:
    """True if the socket can be read (or written), or the bell rings, within `timeout` seconds.

    poll() where there is one: select() cannot watch a descriptor above 1023."""
    timeout = max(0.0, timeout)
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
            if bell:
                poll.register(bell, select.POLLIN)
            return bool(poll.poll(timeout * 1000))
        reading = ([sock] if read else []) + ([bell] if bell else [])
        ready = select.select(reading, [sock] if write else [], [], timeout)
    except (OSError, ValueError) as error:
        raise ConnectionClosed(f"the connection was closed ({error})") from None
    return bool(ready[0] or ready[1])
