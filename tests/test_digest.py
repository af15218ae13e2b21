"""Digest and Basic, against the examples of the RFCs and what players have sent."""

import pytest

from rtsp import digest
from rtsp.authfields import AuthField
from rtsp.digest import answered, basic, ha1, read_basic, response

# RFC 2617 §3.5, which asks for qop=auth; without it the same is RFC 2069's
RFC_2617 = AuthField("digest", {
    "realm": "testrealm@host.com", "qop": "auth,auth-int", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    "opaque": "5ccc069c403ebaf9f0171e9517f40e41"})  # fmt: skip
RFC_7616 = {
    "realm": "http-auth@example.org", "qop": "auth, auth-int", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"}  # fmt: skip


def test_the_example_of_rfc_2617():
    """Every part of the answer."""
    answer = answered(RFC_2617, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b")
    assert answer.parameters == {
        "username": "Mufasa", "realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html", "qop": "auth", "nc": "00000001", "cnonce": "0a4f113b",
        "response": "6629fae49393a05397450978507c4ef1", "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }  # fmt: skip


def test_the_same_without_qop():
    """As players answer where it is not offered; known from RFC 2069's rule and the same figures."""
    challenge = AuthField("digest", {name: value for name, value in RFC_2617.parameters.items() if name != "qop"})
    answer = answered(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b")
    assert answer.get("response") == "670fd8c2df070c60b045671b8b24ff02"
    assert not {"qop", "nc", "cnonce"} & set(answer.parameters)


@pytest.mark.parametrize(("algorithm", "proof"), [
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ("sha-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
])
def test_the_examples_of_rfc_7616(algorithm, proof):
    """§3.9.1, both algorithms, also in small letters."""
    challenge = AuthField("digest", {**RFC_7616, "algorithm": algorithm})
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    answer = answered(challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html", 1, cnonce)
    assert answer.get("response") == proof and answer.get("algorithm") == algorithm.upper()


def test_the_count_goes_along_in_eight_digits():
    """nc is hexadecimal, and part of what is hashed."""
    first, later = (answered(RFC_2617, "u", "p", "PLAY", "rtsp://h/m", count, "c") for count in (1, 26))
    assert later.get("nc") == "0000001a" and later.get("response") != first.get("response")


@pytest.mark.parametrize(("parameters", "known"), [
    ({}, "MD5"), ({"algorithm": "MD5"}, "MD5"), ({"algorithm": "md5"}, "MD5"), ({"algorithm": "SHA-256"}, "SHA-256"),
    ({"algorithm": "SHA-512-256"}, None), ({"algorithm": "MD5-sess"}, None),
])
def test_the_algorithm_is_md5_if_there_is_none(parameters, known):
    assert digest.algorithm(AuthField("digest", parameters)) == known


# What players have sent to this server, alice's password being "wonder": (method, algorithm, Authorization)
LAVF = (
    'Digest username="alice", realm="RTSP lab", nonce="0000015d76c9bab2d82e4791c90a8d20c7f860a3b1d313d916ff12e76e97", '
    'uri="rtsp://127.0.0.1:36759/movie.Mjpeg/trackID=0", response="cf8dde7d3378e68bf9a72174140a1712", algorithm="MD5"'
)
GSTREAMER = (
    'Digest username="alice", realm="RTSP lab", nonce="0000015d77e8d17e1181532d4a0a315328c141ad3d8931f4811b05be9c03", '
    'uri="rtsp://127.0.0.1:36759/movie.Mjpeg/", response="682a97c99836db24845c70b44e529a5d"'
)
MPV = (
    'Digest username="alice", realm="RTSP lab", nonce="0000015d79604fef6789115ac6f3c84995d3b049a7f5614f8b039a118fdf", '
    'uri="rtsp://127.0.0.1:36759/movie.Mjpeg", response="c880bcb0477a4dbcc786af580091b830", algorithm="MD5"'
)
SENT = {"ffmpeg 5.1": ("SETUP", "MD5", LAVF), "GStreamer 1.22": ("PLAY", "MD5", GSTREAMER),
        "mpv 0.35": ("DESCRIBE", "MD5", MPV)}  # fmt: skip


def test_umlauts_are_utf_8():
    """RFC 7616 §4."""
    assert ha1("Jäsøn", "r", "ü", "MD5") == ha1("Jäsøn", "r", "ü", "MD5") != ha1("Jasøn", "r", "ü", "MD5")
    assert read_basic(basic("Jäsøn", "ü:ß")) == ("Jäsøn", "ü:ß")


def test_basic_is_the_example_of_rfc_7617():
    """§2."""
    assert str(basic("Aladdin", "open sesame")) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert read_basic(AuthField("basic", token="QWxhZGRpbjpvcGVuIHNlc2FtZQ==")) == ("Aladdin", "open sesame")


@pytest.mark.parametrize("token", ["", "x", "!!!!", "/////w==", "QWxh ZGRpbjp"])
def test_what_is_no_basic_has_no_name(token):
    assert read_basic(AuthField("basic", token=token)) == ("", "")


@pytest.mark.parametrize("player", SENT)
def test_what_players_have_sent(player):
    method, algorithm, text = SENT[player]
    [answer] = AuthField.parse(text)
    secret = ha1("alice", "RTSP lab", "wonder", algorithm)
    assert response(secret, method, answer, algorithm) == answer.get("response")
