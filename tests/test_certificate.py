"""net.certificate, net.selfsigned: certificates that will do, those that will not, and one that is made and kept."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from net import selfsigned
from net.certificate import CertificateError, fingerprint, server_context
from tests.tools import need

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps a user's folders from others by itself")


def problem(certificate, key):
    with pytest.raises(CertificateError) as caught:
        server_context(certificate, key)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pair_will_do(certificates):
    context = server_context(certificates.good, certificates.key)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_what_will_not_do_is_said_in_one_sentence(certificates, tmp_path):
    good, key = certificates.good, certificates.key
    assert problem(tmp_path / "none.pem", key).startswith(f"Cannot read {tmp_path / 'none.pem'}: No such file")
    assert problem(good, tmp_path).startswith(f"Cannot read {tmp_path}: ")
    assert problem(key, good).startswith(f"{key} holds no certificate in PEM form")
    assert problem(good, good).startswith(f"{good} holds no private key in PEM form")
    assert "does not belong to" in problem(good, certificates.other_key)


def test_an_encrypted_key_is_refused_and_no_password_asked_for(certificates):
    """A prompt on the terminal would be waited at for ever."""
    assert "is encrypted" in problem(certificates.good, certificates.locked)


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_a_damaged_file_is_refused(certificates, tmp_path, broken):
    files = {"certificate": certificates.good, "key": certificates.key}
    lines = files[broken].read_text().splitlines()
    files[broken] = tmp_path / "broken.pem"
    files[broken].write_text("\n".join([lines[0], "AAAA", *lines[2:]]))
    assert "cannot be used" in problem(*files.values())


def test_the_fingerprint_is_openssl_s(certificates, tmp_path):
    """Of the first certificate, whatever stands before it."""
    command = [need("openssl"), "x509", "-in", str(certificates.good), "-noout", "-fingerprint", "-sha256"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip().split("=")[1]
    assert fingerprint(certificates.good) == told
    (tmp_path / "chain.pem").write_text(f"my chain\n{certificates.good.read_text()}{certificates.stranger.read_text()}")
    assert fingerprint(tmp_path / "chain.pem") == told


# ---- one of our own


def makers(name, monkeypatch):
    """Only this one is there."""
    need(name)
    if name == "cryptography":
        monkeypatch.setattr(shutil, "which", lambda program: None)
    else:
        monkeypatch.setitem(sys.modules, "cryptography", None)


@pytest.mark.parametrize("maker", ["openssl", "cryptography"])
def test_it_is_made_once_and_for_all_names(maker, monkeypatch, tmp_path):
    """A client that trusts it believes each name of this machine (that is how it is looked at at the next start)."""
    makers(maker, monkeypatch)
    monkeypatch.setattr("socket.gethostname", lambda: "Anna's PC")
    assert selfsigned.names() == ["localhost", "127.0.0.1", "::1", "Anna-s-PC"]
    certificate, key = selfsigned.self_signed(tmp_path / "new" / "folder")
    before = certificate.read_bytes(), key.read_bytes()
    assert selfsigned.self_signed(tmp_path / "new" / "folder") == (certificate, key)
    assert (certificate.read_bytes(), key.read_bytes()) == before
    assert sorted(path.name for path in certificate.parent.iterdir()) == ["certificate.pem", "key.pem"]


@posix
def test_the_key_is_a_secret(tmp_path):
    """Even if the folder was there, open to all."""
    need("openssl")
    tmp_path.chmod(0o755)
    _, key = selfsigned.self_signed(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600 and tmp_path.stat().st_mode & 0o777 == 0o700


def test_another_is_made_when_it_will_not_do(tmp_path, certificates, monkeypatch):
    """It has expired, is damaged, or the machine is called otherwise."""
    certificate, key = selfsigned.self_signed(tmp_path)
    first = certificate.read_bytes()
    monkeypatch.setattr("socket.gethostname", lambda: "another-name")
    selfsigned.self_signed(tmp_path)
    second = certificate.read_bytes()
    shutil.copy(certificates.expired, certificate)
    shutil.copy(certificates.key, key)
    selfsigned.self_signed(tmp_path)
    third = certificate.read_bytes()
    certificate.write_text("rubbish")
    selfsigned.self_signed(tmp_path)
    assert len({first, second, third, certificate.read_bytes(), certificates.expired.read_bytes()}) == 5


def test_without_a_maker_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(CertificateError) as caught:
        selfsigned.self_signed(tmp_path)
    assert all(word in str(caught.value) for word in ("openssl", "pip install cryptography", "--tls CERT KEY"))
    assert list(tmp_path.iterdir()) == []


def test_an_openssl_that_fails_is_as_good_as_none(monkeypatch, tmp_path):
    """One that hangs, or knows no elliptic curves."""
    monkeypatch.setattr(shutil, "which", lambda program: sys.executable)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(CertificateError, match="openssl"):
        selfsigned.self_signed(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    need("openssl")
    (tmp_path / "file").touch()
    with pytest.raises(CertificateError, match="Cannot write a certificate to .*file"):
        selfsigned.self_signed(tmp_path / "file" / "folder")


def test_a_user_without_a_home_is_one_sentence(monkeypatch):
    def nobody():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(CertificateError, match="--tls CERT KEY"):
        selfsigned.self_signed()


@pytest.mark.parametrize(("system", "variables", "folder"), [
    ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/rtsp-lab"),
    ("linux", {}, "/home/me/.cache/rtsp-lab"),
    ("darwin", {"XDG_CACHE_HOME": "/x"}, "/home/me/Library/Caches/rtsp-lab"),
    ("win32", {"LOCALAPPDATA": "/local"}, "/local/rtsp-lab"),
    ("win32", {}, "/home/me/AppData/Local/rtsp-lab"),
])  # fmt: skip
def test_it_is_kept_where_the_system_wants_it(system, variables, folder, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert selfsigned.cache_folder() == Path(folder)
