"""The certificate of a server, and what is wrong with it."""

from __future__ import annotations

import hashlib
import re
import ssl
from pathlib import Path

BEGIN = "-----BEGIN CERTIFICATE-----"
CERTIFICATE = re.compile(BEGIN + ".*?-----END CERTIFICATE-----", re.DOTALL)


class CertificateError(Exception):
    """Why there is no certificate to be had, in one sentence."""


class _Locked(Exception):
    """A password is wanted."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later, with the certificate (and those that vouch for it behind it) and the key of these PEM files.
    CertificateError if they are no such thing, or no pair."""
    _look(certificate, "a certificate", BEGIN)
    _look(key, "a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION      # costs the server more than the client
    try:
        context.load_cert_chain(certificate, key, password=_locked)
    except _Locked:
        raise CertificateError(f"The key in {key} is encrypted. Write it without its password: "
                               f"openssl pkey -in {key} -out plain.pem") from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError(f"The key in {key} does not belong to the certificate in {certificate}.") from None
        raise CertificateError(f"{certificate} and {key} cannot be used: {error.reason or error}.") from None
    return context


def _locked() -> str:
    raise _Locked


def _look(file: Path, what: str, pattern: str) -> str:
    """The file's text. CertificateError if it cannot be read, or does not hold what it should."""
    try:
        text = file.read_bytes().decode("ascii", "replace")
    except OSError as error:
        raise CertificateError(f"Cannot read {file}: {error.strerror or error}.") from None
    if not re.search(pattern, text):
        raise CertificateError(f"{file} holds no {what.partition(' ')[2]} in PEM form. Needed: --tls CERT KEY")
    return text


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the first certificate of a PEM file, as openssl writes it. CertificateError if there is none."""
    found = CERTIFICATE.search(_look(certificate, "a certificate", BEGIN))
    return readable(hashlib.sha256(ssl.PEM_cert_to_DER_cert(found[0] if found else "")).digest())


def readable(digest: bytes) -> str:
    return digest.hex(":").upper()
