"""TLS as a socket: what net.connection does with a plain socket, it can do with this one (RFC 8446, RFC 5246).

    bytes of the network → memory → TLS → what the peer said
    what we say          → TLS → memory → bytes of the network

TLS works between two pieces of memory, and the socket is read and written here: so both threads of a connection share
the TLS object without ever waiting for each other, and never is anything decrypted that poll() does not tell of.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time

from rtsp import limits

SLICE = 0.25            # seconds; how soon a handshake sees that it shall be given up
PIECE = 65536           # bytes encrypted at a time: what is ahead of a network that takes no more
HEADER = 5              # bytes of a record's type, version, length (RFC 8446 §5.1)
TYPES = range(20, 24)   # of records; no text begins so


# The reply to a request that is not encrypted, in the only language that whoever asks can speak
NOT_ENCRYPTED = b"RTSP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n"
# How the alerts of a client end that does not trust our certificate
DISTRUST = ("UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE")


class NotTls(OSError):
    """The peer speaks something else."""


class TlsSocket(socket.socket):
    """A connected socket, taken over, and encrypted once handshake() is through. Never blocks after that.

    Lock: `_using` guards the TLS object and `_sealed`, what is encrypted and has to go out before anything else. Nobody
    waits while holding it.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server: str | None = None) -> None:
        """`server`: the name that the peer shall prove to have; None: we are the server ourselves."""
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self._context, self._server = context, server
        self._using = threading.Lock()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None      # once the handshake is through
        self._sealed = b""
        self._held = 0          # bytes of the last piece that send() has not owned up to: 1 while `_sealed` holds any
        self._over = False      # nothing is decrypted any more: we have said goodbye, or never met

    # ---- the handshake

    def handshake(self, stop: threading.Event, patience: float | None = None) -> None:
        """For the one thread that knows this socket yet; `patience` in seconds, None: as limits.HANDSHAKE has it.

        OSError if it fails: NotTls, TimeoutError, ConnectionError (the peer has gone, or `stop` is set), ssl.SSLError
        and, of a server whose certificate is not trusted, ssl.SSLCertVerificationError."""
        tls = self._context.wrap_bio(self._in, self._out, self._server is None, self._server)
        deadline = time.monotonic() + (limits.HANDSHAKE if patience is None else patience)
        self.settimeout(SLICE)
        try:
            while not self._shake(tls):
                # Record by record: what is read beyond the last one would be in memory, where no poll() sees it
                self._in.write(self._record(deadline, stop))
        finally:
            self.setblocking(False)
        self._tls = tls

    def _shake(self, tls: ssl.SSLObject) -> bool:
        """One step; True after the last one."""
        try:
            tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        except ssl.SSLError:
            self._try_to_seal()                     # an alert, which tells the peer why
            raise
        super().sendall(self._out.read())
        return done

    def _record(self, deadline: float, stop: threading.Event) -> bytes:
        header = self._exactly(HEADER, deadline, stop)
        if header[0] not in TYPES or header[1] != 3:
            self._over = True
            if self._server is None:
                super().sendall(NOT_ENCRYPTED)
            raise NotTls("what the peer speaks is not TLS")
        return header + self._exactly(int.from_bytes(header[3:], "big"), deadline, stop)

    def _exactly(self, size: int, deadline: float, stop: threading.Event) -> bytes:
        data = b""
        while len(data) < size:
            if stop.is_set():
                raise ConnectionAbortedError("given up")
            if time.monotonic() > deadline:
                raise TimeoutError("no TLS handshake in time")
            try:
                part = super().recv(size - len(data))
            except TimeoutError:
                continue
            if not part:
                raise ConnectionResetError("the peer closed the connection during the TLS handshake")
            data += part
        return data

    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate that the peer has shown, after the handshake."""
        return hashlib.sha256(self._ready().getpeercert(True) or b"").digest()

    # ---- as a plain socket

    def recv(self, size: int = PIECE, flags: int = 0) -> bytes:
        """All that has come; BlockingIOError: nothing that could be decrypted yet."""
        data = super().recv(size, flags)
        if self._over or not data:      # an end without a goodbye, too: RTSP's messages tell whether they are whole
            return data
        with self._using:
            said, more = self._decrypt(self._ready(), data)
            self._try_to_seal()                     # TLS itself may have something to say
        if not said and more:
            raise BlockingIOError
        return said

    def _decrypt(self, tls: ssl.SSLObject, data: bytes) -> tuple[bytes, bool]:
        """What was said so far, and whether there can be more; the lock is held."""
        self._in.write(data)
        said = []
        try:
            while part := tls.read(PIECE):
                said.append(part)
        except ssl.SSLWantReadError:
            return b"".join(said), True
        except ssl.SSLZeroReturnError:
            pass                                    # both have said goodbye
        return b"".join(said), False

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:    # type: ignore[override]
        """How many of these bytes need not be sent again; BlockingIOError: none.

        What is encrypted must go out, in this order. So it is kept, and its last byte counts as unsent until it has
        gone: whoever sends comes again, as with any socket that had no room for all."""
        with self._using:
            tls = self._ready()
            self._seal()
            if self._sealed:
                raise BlockingIOError
            sent, self._held = self._held, 0
            with memoryview(data) as view:
                while sent < len(view) and not self._sealed:
                    sent += tls.write(view[sent:sent + PIECE])
                    self._seal()
            self._held = 1 if self._sealed else 0
            return sent - self._held

    def _seal(self) -> None:
        """Send what is encrypted, as far as it goes; the lock is held."""
        self._sealed += self._out.read()
        try:
            while self._sealed:
                self._sealed = self._sealed[super().send(self._sealed):]
        except BlockingIOError:
            pass                                    # the next one who sends, or reads, goes on

    def _ready(self) -> ssl.SSLObject:
        if self._tls is None:
            raise OSError("there was no TLS handshake")
        return self._tls

    def shutdown(self, how: int) -> None:
        """Says goodbye (RFC 8446 §6.1), unless more is to be said. What the peer still sends is read, and not
        decrypted: nobody wants it."""
        with self._using:
            if self._tls and not self._over and how != socket.SHUT_RD:
                self._over = True
                try:
                    self._tls.unwrap()
                except ssl.SSLError:
                    pass                            # the peer's own goodbye is not waited for
                self._try_to_seal()
        super().shutdown(how)

    def _try_to_seal(self) -> None:
        try:
            self._seal()
        except OSError:
            pass                                    # the peer has gone, which whoever sends or reads will notice


def why_failed(error: OSError) -> str:
    """Of a client's handshake(), for the log; "" if it has just gone, which needs no words."""
    if isinstance(error, NotTls):
        return "not encrypted, and this port is: its URL begins with rtsps://"
    if isinstance(error, TimeoutError):
        return f"no TLS handshake in {limits.HANDSHAKE:.0f} s"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return "it does not trust our certificate" if reason.endswith(DISTRUST) else f"no TLS: {reason}"
    return ""
