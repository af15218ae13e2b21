"""WWW-Authenticate and Authorization, taken apart and put together."""

import time

import pytest

from rtsp.authfields import AuthField
from rtsp.errors import MessageError


@pytest.mark.parametrize(("text", "fields"), [
    ('Digest realm="a", nonce="b"', [AuthField("digest", {"realm": "a", "nonce": "b"})]),
    ('DIGEST Realm="a",NONCE=b , algorithm="MD5"', [
        AuthField("digest", {"realm": "a", "nonce": "b", "algorithm": "MD5"})]),
    (r'Digest realm="say \"hi\", \\o", nonce="x,y=z"', [
        AuthField("digest", {"realm": r'say "hi", \o', "nonce": "x,y=z"})]),
    ('Digest realm="a" nonce="b"', [AuthField("digest", {"realm": "a", "nonce": "b"})]),
    ("Digest uri=rtsp://h:554/a?b=c, response=0f", [
        AuthField("digest", {"uri": "rtsp://h:554/a?b=c", "response": "0f"})]),
    ('Digest realm="", opaque=', [AuthField("digest", {"realm": "", "opaque": ""})]),
    ("Basic dTpw==", [AuthField("basic", token="dTpw==")]),
    ('Basic realm="a"', [AuthField("basic", {"realm": "a"})]),
    ('Basic realm="a", Digest realm="b", nonce="c", Negotiate', [
        AuthField("basic", {"realm": "a"}), AuthField("digest", {"realm": "b", "nonce": "c"}), AuthField("negotiate")]),
    (' , Basic dTpw , , Digest realm="ü" ,', [
        AuthField("basic", token="dTpw"), AuthField("digest", {"realm": "ü"})]),
    ("", []),
])
def test_a_header_is_taken_apart(text, fields):
    """Schemes and names without regard to case; quotes or none; several in one header."""
    assert AuthField.parse(text) == fields


@pytest.mark.parametrize("text", [
    '"', "=", 'Digest realm="a', 'Digest realm="a\\', 'Digest realm="a"x="b"', 'Digest realm="a", realm="b"',
    "Digest =x", 'Digest realm="a" "b"',
])
def test_what_is_none_is_400_and_not_repeated(text):
    """The sentence does not repeat values: there may be a password in them."""
    with pytest.raises(MessageError) as caught:
        AuthField.parse(text)
    assert caught.value.status == 400 and '"a' not in str(caught.value)


@pytest.mark.parametrize("text", ['"\\' * 40_000, 'Digest a="' + '\\"' * 40_000, "Digest " + "a=b," * 20_000,
                                  "Basic " + "a" * 80_000 + "!", "a " * 40_000, "," * 80_000])
def test_the_time_does_not_grow_with_the_square(text):
    """Ten times as much as a header line may have."""
    began = time.process_time()
    try:
        AuthField.parse(text)
    except MessageError:
        pass
    assert time.process_time() - began < 2


def test_it_is_written_as_it_is_read():
    """Quotes but where clients want none; what would end the line is left out."""
    field = AuthField("digest", {"realm": 'a "b" \\', "nonce": "c", "algorithm": "MD5", "stale": "true"})
    assert str(field) == r'Digest realm="a \"b\" \\", nonce="c", algorithm=MD5, stale=true'
    assert AuthField.parse(str(field)) == [field]
    assert str(AuthField("basic", token="dTpw")) == "Basic dTpw"
    hostile = AuthField("digest", {"realm": "a\r\nX: y", "algorithm": "MD5\r"})
    assert str(hostile) == 'Digest realm="aX: y", algorithm=MD5'
