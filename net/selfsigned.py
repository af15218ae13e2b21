"""A certificate that a server makes for itself, and keeps: for a lab, where nobody has one."""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from net.certificate import CertificateError, server_context

DAYS = 825              # that a certificate of ours is valid: the most that browsers and systems accept
PATIENCE = 30.0         # seconds for `openssl`, which takes some hundredths of one
NAMES = ("localhost", "127.0.0.1", "::1")       # everywhere the same; the machine's own name besides
NO_MAKER = ("To make a certificate, this machine needs the program openssl, or: {python} -m pip install cryptography. "
            "Or name one that you have: --tls CERT KEY")

def self_signed(folder: Path | None = None) -> tuple[Path, Path]:
    """Certificate and key of this user, kept from one start to the next; made if there are none that will do: the key
    is a secret, and readable by nobody else. CertificateError if they cannot be made, or written."""
    folder = folder or cache_folder()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not _usable(certificate, key):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chmod(folder, 0o700)
            with tempfile.TemporaryDirectory(dir=folder) as made:
                _make(Path(made))
                for file in (key, certificate):
                    os.chmod(Path(made, file.name), 0o600)
                    os.replace(Path(made, file.name), file)
        except OSError as error:
            raise CertificateError(f"Cannot write a certificate to {folder}: {error.strerror or error}.") from None
    return certificate, key


def cache_folder() -> Path:
    """Where programs of this user keep what they can make again. CertificateError if there is no such place."""
    try:
        home = Path.home()
    except RuntimeError:
        raise CertificateError("This user has no folder to keep a certificate in. Name one: --tls CERT KEY") from None
    if sys.platform == "win32":
        place = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        place = home / "Library" / "Caches"
    else:
        place = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return place / "rtsp-lab"


def names() -> list[str]:
    """What a certificate of ours is for."""
    own = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname()).strip("-.")
    return [*NAMES, *([own] if own and own not in NAMES else [])]


def _usable(certificate: Path, key: Path) -> bool:
    """Are they a pair, still valid, and for this machine? A handshake in memory tells."""
    try:
        server = server_context(certificate, key)
        client = ssl.create_default_context(cafile=str(certificate))
        for name in names():
            _shake_hands(server, client, name)
    except (CertificateError, OSError):
        return False
    return True


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """ssl.SSLError if the client does not believe that the server has this name."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(back, there, server_hostname=name), server.wrap_bio(there, back, server_side=True)]
    while sides:
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                pass                        # it is the other one's turn


def _make(folder: Path) -> None:
    """certificate.pem and key.pem in this folder."""
    openssl = shutil.which("openssl")
    if openssl and _by_openssl(openssl, folder):
        return
    try:
        _by_cryptography(folder)
    except ImportError:
        raise CertificateError(NO_MAKER.format(python=sys.executable)) from None


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _by_openssl(program: str, folder: Path) -> bool:
    alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names())
    # Of our own: what the system's says, and which options there are for it, differs from version to version
    Path(folder, "config").write_text(
        "[req]\ndistinguished_name = name\nprompt = no\nx509_extensions = more\n[name]\nCN = RTSP lab\n[more]\n"
        f"basicConstraints = critical, CA:FALSE\nsubjectAltName = {alternatives}\n"
        "keyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth\n", encoding="ascii")
    commands = [
        [program, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem"],
        [program, "req", "-config", "config", "-x509", "-new", "-sha256", "-days", str(DAYS), "-key", "key.pem",
         "-out", "certificate.pem"],
    ]
    try:
        return all(subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
                   .returncode == 0 for command in commands)
    except (OSError, subprocess.SubprocessError):
        return False


def _by_cryptography(folder: Path) -> None:
    """The same with the extra `tls`. ImportError without it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "RTSP lab")])
    now = datetime.datetime.now(datetime.timezone.utc)
    alternatives = [x509.IPAddress(ipaddress.ip_address(one)) if _is_address(one) else x509.DNSName(one)
                    for one in names()]
    usage = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=DAYS))
               .add_extension(x509.BasicConstraints(False, None), critical=True)
               .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
               .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
               .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False))
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())
    Path(folder, "key.pem").write_bytes(secret)
    signed = builder.sign(key, hashes.SHA256())
    Path(folder, "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
