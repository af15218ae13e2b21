"""Passwords are unreadable in what is written down, and nothing else has changed."""

from __future__ import annotations

import pytest

from net.masking import Masking, mask

REQUEST = b"DESCRIBE rtsp://ann:secret@host/a RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Basic YW5uOnNlY3JldA==\r\n\r\n"
MASKED = b"DESCRIBE rtsp://ann:******@host/a RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Basic ****************\r\n\r\n"


def test_basic_credentials_and_passwords_in_urls_are_masked():
    """With as many stars as there were bytes."""
    assert mask(REQUEST) == MASKED
    assert mask(b"proxy-authorization:\tbasic  QQ==\r\n") == b"proxy-authorization:\tbasic  ****\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"Authorization : Basic SECRET\r\n",
        b"Authorization: ,Basic SECRET\r\n",
        b'Authorization: Digest username="a", Basic SECRET\r\n',
        b"Authorization:\r\n Basic SECRET\r\n",
        b"Authorization: Basic\r\n\tSECRET\r\n",
        b"Authorization: Basic \r\n \n SECRET\r\n",
        b"PLAY rtsp://ann:p@SECRET@host/a RTSP/1.0\r\n",
        b"PLAY rtspu://ann:SECRET@host/a RTSP/1.0\r\n",
    ],
)
def test_whatever_a_server_takes_for_a_password_is_masked(text):
    """Blanks, other answers before it, folded lines: in one piece, and byte by byte but for a password with an "@"."""
    assert b"SECRET" not in mask(text) and len(mask(text)) == len(text)
    masking = Masking()
    assert b"@" in text or b"SECRET" not in b"".join(masking.mask(bytes([one])) for one in text)


@pytest.mark.parametrize(
    "text",
    [
        b'Authorization: Digest username="ann", realm="lab", nonce="ab", uri="rtsp://h/a", response="0123"\r\n',
        b'WWW-Authenticate: Basic realm="lab"\r\n',
        b"SETUP rtsp://127.0.0.1:6789/movie.Mjpeg/trackID=0 RTSP/1.0\r\n",
        b"GET rtsp://host:554/a@b RTSP/1.0\r\n",
    ],
)
def test_all_else_stays(text):
    """The response of Digest is no password, and what a class wants to see."""
    assert mask(text) == text


def test_however_it_is_cut():
    """At each place, and byte by byte: the same bytes in all."""
    for cut in range(len(REQUEST)):
        masking = Masking()
        assert masking.mask(REQUEST[:cut]) + masking.mask(REQUEST[cut:]) == MASKED, cut
    masking = Masking()
    assert b"".join(masking.mask(REQUEST[place:place + 1]) for place in range(len(REQUEST))) == MASKED


def test_a_line_without_end_is_bounded():
    """Binary data has few line ends."""
    masking = Masking()
    for _ in range(100):
        assert masking.mask(bytes(1000)) == bytes(1000)
    assert len(masking._line) <= 8192
