"""Nonces that are known again without being kept."""

import pytest

from rtsp.nonces import LIFETIME, Nonces

SALT = bytes(range(8))


def test_fresh_until_they_are_old():
    """Nor are they good before they were made."""
    nonces = Nonces(b"key")
    nonce = nonces.make(5000.0, SALT)
    assert all(nonces.fresh(nonce, now) for now in (5000.0, 5001.0, 5000.0 + LIFETIME))
    assert not any(nonces.fresh(nonce, now) for now in (4999.0, 5000.1 + LIFETIME, 1e9))


def test_another_server_with_the_same_key_knows_them():
    """So --processes works; with another key they are none."""
    nonce = Nonces(b"key").make(1.0, SALT)
    assert Nonces(b"key").fresh(nonce, 2.0) and not Nonces(b"other").fresh(nonce, 2.0)


@pytest.mark.parametrize("at", range(60))
def test_no_character_can_be_changed(at):
    """Neither time nor salt nor signature."""
    nonce = Nonces(b"key").make(1.0, SALT)
    changed = nonce[:at] + ("0" if nonce[at] != "0" else "1") + nonce[at + 1 :]
    assert len(nonce) == 60 and not Nonces(b"key").fresh(changed, 2.0)


@pytest.mark.parametrize("text", ["", "x", "0" * 60, "0" * 59 + "é", "0" * 5000])
def test_what_was_never_made_is_not_fresh(text):
    assert not Nonces(b"key").fresh(text, 2.0)


def test_no_two_are_the_same():
    """At the same moment the salt makes the difference."""
    nonces = Nonces(b"key")
    assert nonces.make(1.0, SALT) != nonces.make(1.0, bytes(8)) and nonces.make(1.0, SALT) != nonces.make(2.0, SALT)
