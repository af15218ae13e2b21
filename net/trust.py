"""Which servers a client believes, and connecting to them, encrypted or not."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass

from net import addresses
from net.certificate import readable
from net.tls import NotTls, TlsSocket
from rtsp.failures import ConnectError

EXPIRED, TOO_EARLY, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64       # X509_V_ERR_…, openssl/x509_vfy.h
# What is wrong with a certificate, in words, and what to do about it
UNFIT = {
    EXPIRED: ("has expired", "Have it renewed, or set this machine's clock"),
    TOO_EARLY: ("is not valid yet", "Set this machine's clock"),
    OTHER_NAME: ("is for another name", "Use the name that is in it"),
    OTHER_ADDRESS: ("is for another address", "Use the name that is in it"),
}
UNKNOWN = "is not trusted", "Nobody vouches for it whom this machine knows"


@dataclass(frozen=True)
class Trust:
    """In whom this machine trusts, and who has the name that is in the URL; with a `fingerprint` (SHA-256), only in who
    has this very certificate; `insecure`: in anybody."""

    insecure: bool = False
    fingerprint: bytes | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.insecure or self.fingerprint:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


SYSTEM = Trust()        # in whom the system trusts


def connect(host: str, port: int, timeout: float, stop: threading.Event | None = None, trust: Trust | None = None
            ) -> socket.socket:
    """As addresses.connect(); with `trust`, encrypted: ConnectError, in words, if that cannot be, or the server is not
    to be trusted."""
    deadline = time.monotonic() + timeout
    sock = addresses.connect(host, port, timeout, stop)
    if trust is None:
        return sock
    sealed = TlsSocket(sock, trust.context(), host.partition("%")[0])
    try:
        sealed.handshake(stop or threading.Event(), max(0.0, deadline - time.monotonic()))
        if trust.fingerprint and trust.fingerprint != sealed.fingerprint():
            raise _another(host, port, sealed.fingerprint())
        return sealed
    except BaseException as error:
        sealed.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            shown = _fingerprint(host, port, timeout, stop)
            raise _untrusted(f"{host}:{port}", error, shown) from None
        if isinstance(error, OSError):
            raise ConnectError(*_failed(f"{host}:{port}", error, timeout)) from None
        raise


def _fingerprint(host: str, port: int, timeout: float, stop: threading.Event | None) -> str:
    """Of a server that was not trusted, and therefore asked once more: only then can its certificate be seen."""
    try:
        with connect(host, port, timeout, stop, Trust(insecure=True)) as sock:
            return readable(sock.fingerprint()) if isinstance(sock, TlsSocket) else ""
    except (OSError, ConnectError):
        return ""


def _untrusted(server: str, error: ssl.SSLCertVerificationError, shown: str) -> ConnectError:
    problem, advice = UNFIT.get(error.verify_code, (f"{UNKNOWN[0]} ({error.verify_message})", UNKNOWN[1]))
    accept = f". If this is the fingerprint that the server has printed, add --fingerprint {shown}" if shown else ""
    return ConnectError(f"The certificate of {server} {problem}", advice + accept)


def _another(host: str, port: int, shown: bytes) -> ConnectError:
    return ConnectError(f"{host}:{port} is not the server of that fingerprint, or has another certificate now",
                        f"It showed {readable(shown)}")


def _failed(server: str, error: OSError, timeout: float) -> tuple[str, str]:
    """What went wrong in a handshake, and what to do."""
    plain = "If it is not encrypted, its URL begins with rtsp://"
    if isinstance(error, NotTls):
        return f"{server} does not speak TLS", plain
    if isinstance(error, TimeoutError):
        return f"{server} did not finish the TLS handshake in {timeout:.0f} s", plain
    if isinstance(error, ssl.SSLError):
        return f"No TLS with {server}", error.reason or str(error)
    return f"{server} closed the connection in the TLS handshake", plain
