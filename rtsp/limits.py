"""Every limit on one screen. Sizes are enforced while reading, never after.

They are read where they hold, as `limits.BODY`, and set, if at all, once: when the server starts.
"""

from __future__ import annotations

from collections.abc import Iterable

from rtsp.errors import MessageError
from rtsp.numbers import decimal, number

# Sizes, in bytes
REQUEST_LINE = 4 * 1024     # longer: 414. A long URL has a few hundred bytes; clients' own limit is about 2 KiB
HEADER_LINE = 8 * 1024      # longer: 400 and close. Digest answers, the longest in use, stay below 1 KiB
HEADERS = 100               # more: 400 and close. Real clients send up to 15
HEAD = 64 * 1024            # all header lines together; more: 400 and close. Many connections must not fill the memory
BODY = 64 * 1024            # more: 413 and close. An SDP has 1 KiB
READ_AHEAD = 64 * 1024      # of requests sent before the reply to the first; the rest waits in its sender's machine

# Times, in seconds
HANDSHAKE = 10.0            # of TLS, from the connection's beginning, however slowly its bytes come: closed
UNFINISHED_REQUEST = 10.0   # from its first byte to its last: 408 and close
CONNECTION_IDLE = 600.0     # a connection that has no session and says nothing: lab clients connect when they start,
                            # and their users press Setup when they have read the handout
SESSION_TIMEOUT = 60        # a session without any sign of life; told to clients as `timeout=` (RFC 2326 §12.37)
STALLED_WRITE = 10.0        # a peer that reads nothing of its replies

BEHIND = 0.01               # frames are later than this, on average: newcomers get 453, the others their frames

# The thread that sends takes more of a processor than this: newcomers get 453, before BEHIND becomes true
BUSY = 0.95

# Silence that ends a message of the lab dialect, which has no end mark of its own, in seconds
LAB_QUIET = 0.05            # the message looks complete
LAB_QUIET_DIGIT = 0.2       # … but ends in a digit of the port, and the rest of the number may be on its way
LAB_QUIET_INCOMPLETE = 1.0  # … or lacks its number or its port: it is taken as it is
LAB_QUIET_REPLY = 0.1       # a server's reply

# Counts
ALTERNATIVES = 32           # in one Transport header; more: 400. Players offer up to three
SESSIONS = 4096             # more: 453. Each has two sockets, and the usual hard limit of descriptors is 2^20
SESSIONS_PER_ADDRESS = 4096     # more: 453. A whole school may stand behind one address
CONNECTIONS = 8192          # more: 503 at once. Each has a thread
CONNECTIONS_PER_ADDRESS = 4096  # more: 503 at once. One machine cannot take them all

# Ports a client may name: below 1024 are system services, which a forged SETUP must not reach
CLIENT_PORTS = range(1024, 65536)

# Playing (RFC 2326 §12.34, §12.35)
SCALE = 0.25, 8.0           # least and most, in either direction: how fast a movie goes by, and …
SPEED = 0.25, 8.0           # … how fast its packets come; what is asked beyond becomes the nearest of these
QUEUED_PLAYS = 32           # waiting in a session; more: 503. Each keeps a frame of each stream in memory
PARAMETERS = 32             # asked for by one GET_PARAMETER; more: 400

# Publishing (RFC 2326 §10.3, §10.11)
PUBLICATIONS = 64           # at a time; more: 453. Each keeps some seconds of its streams in memory
STREAMS = 8                 # of one publication; more: 400. Picture, sound and subtitles are three
PATH = 200                  # characters of its name; more: 400. A recording's file is named after it
ABANDONED = 1.0             # seconds of silence over UDP after which a publisher whose connection has gone is gone, too
# What `--limit NAME=VALUE` may set, and from where to where; times have a point. All else is a matter of the protocol
SETTABLE: dict[str, tuple[float, float]] = {
    "REQUEST_LINE": (256, 65536), "HEADER_LINE": (256, 65536), "HEADERS": (10, 1000), "HEAD": (1024, 16 << 20),
    "BODY": (0, 16 << 20), "READ_AHEAD": (1024, 1 << 20), "UNFINISHED_REQUEST": (0.1, 3600.0),
    "CONNECTION_IDLE": (1.0, 86400.0), "STALLED_WRITE": (1.0, 3600.0), "SESSIONS": (1, 10**6),
    "SESSIONS_PER_ADDRESS": (1, 10**6), "CONNECTIONS": (1, 10**6), "CONNECTIONS_PER_ADDRESS": (1, 10**6),
    "QUEUED_PLAYS": (1, 1000), "PARAMETERS": (1, 1000), "ALTERNATIVES": (1, 1000),
}


def setting(name: str, text: str) -> tuple[str, float]:
    """`header-line` and `4096`: (HEADER_LINE, 4096). MessageError if there is no such limit, or it cannot be that."""
    limit = name.upper().replace("-", "_")
    if limit not in SETTABLE:
        raise MessageError(f"there is no limit {name[:40]!r}")
    low, high = SETTABLE[limit]
    if isinstance(low, int) and isinstance(high, int):
        return limit, number(text, low, high, name)
    return limit, decimal(text, name, low, high)


def use(settings: Iterable[tuple[str, float]]) -> None:
    """From now on, of the whole program: before its first connection."""
    globals().update(settings)


def listed() -> str:
    """The names, each with its value."""
    return ", ".join(f"{limit.lower().replace('_', '-')} {globals()[limit]:g}" for limit in SETTABLE)
