"""Which dialect a server speaks is found out by asking."""

from __future__ import annotations

import logging
import time

from net.connection import Connection, ConnectionClosed
from rtsp.errors import MessageError
from rtsp.message import Headers, Request, Response
from rtsp.reader import MessageReader

log = logging.getLogger(__name__)

PATIENCE = 0.5      # seconds in which a standard server answers OPTIONS; a lab server never does, or in its own way


def speaks_standard(connection: Connection, url: str) -> bool:
    """Ask for OPTIONS in three lines, the last of them empty. A standard server's reply ends with an empty line, too,
    and names no session, because there is none yet.

    For a connection that nobody else reads from. It is then ready for replies in the dialect that was found, unless
    the question was too much for the server, and it hung up."""
    log.info("> OPTIONS %s (CSeq 0)", url)
    standard = False
    try:
        connection.send(bytes(Request("OPTIONS", url, Headers([("CSeq", "0")]))))
        reply = _response(connection)
        standard = reply is not None and "Session" not in reply.headers
    except (MessageError, ConnectionClosed) as error:
        log.info("! %s", error)
    if not standard:
        connection.reader = MessageReader(lab_replies=True)     # what came so far answered another question
    log.info("= the server speaks %s", "the standard" if standard else "the dialect of the lab, it seems")
    return standard


def _response(connection: Connection) -> Response | None:
    deadline = time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        message = connection.receive(left)
        if isinstance(message, Response):
            log.info("< %d %s (CSeq %s)", message.status, message.reason, message.headers.get("CSeq"))
            return message
    return None
