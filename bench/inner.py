"""Viewers whose packets come inside the RTSP connection (RFC 2326 §10.12), and some that read nothing."""

from __future__ import annotations

import re
import socket
import struct
import sys
import time
from contextlib import ExitStack

from bench.viewer import Conversation, LoadError, Media, Viewer

SO_TIMESTAMPNS = 35  # Linux, socket(7): note when what is read came in
TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"
SMALL = 4096  # bytes of receive buffer: a viewer that does not read is a trouble for the server sooner


class TcpViewer(Viewer):
    """Reads frames and replies from one stream of bytes; looks at no more than their first bytes."""

    buffer = bytearray(1 << 18)  # for all viewers: what is left of one read is kept by the viewer

    def open(self, opened: ExitStack) -> str:
        sock = self.conversation.sock
        if sys.platform == "linux":
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.rest = b""  # the beginning of a frame or reply
        self.sources = [(sock, self.receive)]
        return TRANSPORT

    def receive(self) -> bool:
        """Read what is there; False when there is nothing to hope for any more."""
        begin = len(self.rest)
        self.buffer[:begin] = self.rest
        try:
            count, came = read(self.conversation.sock, memoryview(self.buffer)[begin:])
        except BlockingIOError:
            return True
        except OSError as error:
            count, came, self.trouble = 0, 0.0, str(error)
        if not count:
            self.trouble = self.trouble or "the server closed the connection"
            return False
        end = begin + count
        at = self.take(end, came)
        self.rest = bytes(memoryview(self.buffer)[at:end])
        return not self.trouble

    def take(self, end: int, came: float) -> int:
        """What is whole in buffer[:end], which came at that time; where the rest begins."""
        buffer, at = self.buffer, 0
        while at + 4 <= end:
            if buffer[at] != 0x24:  # no "$": a reply
                after = self.take_reply(at, end)
            else:
                after = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
                if after <= end and not buffer[at + 1]:  # channel 0: RTP
                    self.take_packet(at + 4, came)
            if not at < after <= end:
                break
            at = after
        return at

    def take_packet(self, at: int, came: float) -> None:
        self.packets += 1
        if self.buffer[at + 1] & 0x80:  # the marker bit (RFC 3550 §5.1)
            _, sequence, timestamp = struct.unpack_from("!HHI", self.buffer, at)
            self.record.add(came, timestamp, sequence, self.packets)

    def take_reply(self, at: int, end: int) -> int:
        """Where it ends; `at` if it is not whole. Replies to PLAY and OPTIONS have no body, those of errors may."""
        head = self.buffer.find(b"\r\n\r\n", at, end)
        if head < 0:
            return at
        text = bytes(self.buffer[at:head])
        if not text.startswith(b"RTSP/1.0 200"):
            self.trouble = text.partition(b"\r\n")[0].decode("latin-1")
        length = re.search(rb"(?i)\r\nContent-Length: *(\d+)", text)
        return head + 4 + int(length[1] if length else 0)

    def tear_down(self) -> None:
        """Wait for the end of the connection: then the server has given up the session, too."""
        with self.opened:
            if self.trouble:
                return
            try:
                self.conversation.sock.settimeout(1.0)
                self.conversation.tell("TEARDOWN", self.media.url, self.session)
                self.conversation.sock.shutdown(socket.SHUT_WR)
                while self.conversation.sock.recv_into(self.buffer):
                    pass  # what is left of the media, and the reply
            except OSError as error:
                self.trouble = str(error)


class Stalled:
    """Asks for the media, and never reads them."""

    def __init__(self, media: Media) -> None:
        """SETUP and PLAY. OSError, LoadError."""
        self.conversation = Conversation(media.url)
        try:
            self.conversation.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            headers, _ = self.conversation.ask("SETUP", media.control, f"Transport: {TRANSPORT}")
            session = "Session: " + headers.get("session", "").partition(";")[0]
            self.conversation.tell("PLAY", media.url, session)
        except (OSError, LoadError):
            self.close()
            raise

    def close(self) -> None:
        self.conversation.sock.close()


def read(sock: socket.socket, buffer: memoryview) -> tuple[int, float]:
    """How many bytes were read, and when the last of them came in, in seconds of time.time()."""
    if sys.platform != "linux":
        return sock.recv_into(buffer), time.time()
    count, notes, _, _ = sock.recvmsg_into([buffer], 64)
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("ll", data[: struct.calcsize("ll")])
            return count, float(seconds + nanoseconds * 1e-9)
    return count, time.time()
