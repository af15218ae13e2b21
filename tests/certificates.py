"""Certificates for tests, made by the program openssl: P-256, which takes some hundredths of a second each."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.tools import need

CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = a test
[good]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
[stranger]
subjectAltName = DNS:elsewhere.invalid
[ca]
default_ca = maker
[maker]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Certificates(NamedTuple):
    """PEM files; all certificates have the same key."""

    folder: Path
    good: Path
    key: Path
    stranger: Path  # for another name
    expired: Path
    other_key: Path  # that belongs to none of them
    locked: Path  # the key, encrypted


def make(folder: Path) -> Certificates:
    def openssl(*arguments: str) -> None:
        subprocess.run([need("openssl"), *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    (folder / "config").write_text(CONFIG)
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    for name in ("key.pem", "other-key.pem"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name)
    request = ["req", "-config", "config", "-new", "-key", "key.pem"]
    for name in ("good", "stranger"):
        openssl(*request, "-x509", "-days", "2", "-extensions", name, "-out", f"{name}.pem")
    openssl(*request, "-out", "request.pem")
    dates = ["-startdate", "20010101000000Z", "-enddate", "20020101000000Z"]
    openssl("ca", "-config", "config", "-batch", "-selfsign", "-keyfile", "key.pem", "-in", "request.pem", *dates,
            "-extensions", "good", "-notext", "-out", "expired.pem")  # fmt: skip
    openssl("ec", "-in", "key.pem", "-aes128", "-passout", "pass:secret", "-out", "locked.pem")
    names = ("good.pem", "key.pem", "stranger.pem", "expired.pem", "other-key.pem", "locked.pem")
    return Certificates(folder, *(folder / name for name in names))
