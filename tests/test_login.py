"""The client's names and passwords: what it answers, to whom, and when it tries once more."""

import pytest

from rtsp.authfields import AuthField
from rtsp.digest import ha1, response
from rtsp.keyring import Keyring
from rtsp.login import Login, choose
from rtsp.url import RtspUrl

MD5 = 'Digest realm="r", nonce="n"'
SHA = 'Digest realm="r", nonce="n", algorithm=SHA-256'
BASIC = 'Basic realm="r"'
URL = "rtsp://h/m"


def header(login, encrypted=False):
    return login.header("PLAY", URL, "c", encrypted).get("Authorization", "")


@pytest.mark.parametrize(("challenges", "chosen"), [
    ([SHA, MD5], SHA), ([MD5, SHA], MD5), ([BASIC, MD5], MD5), ([f"{BASIC}, {MD5}"], MD5), ([BASIC], BASIC),
    (['Digest realm="r", nonce="n", algorithm=SHA-512-256', MD5], MD5), (['Digest realm="broken', BASIC], BASIC),
    (['Digest realm="r"'], None), (["Negotiate"], None), ([], None),
])
def test_the_first_digest_that_it_knows(challenges, chosen):
    """Basic only where there is no other."""
    assert choose(challenges) == (chosen and AuthField.parse(chosen)[0])


@pytest.mark.parametrize(("challenge", "algorithm"), [(MD5, "MD5"), (SHA, "SHA-256"), (MD5 + ', qop="auth"', "MD5")])
def test_every_request_carries_an_answer_once_it_was_asked(challenge, algorithm):
    """Not before; each counts, if the server wants a count."""
    login = Login("u", "p")
    assert header(login) == ""
    assert login.challenged([challenge], answered=False)
    counts = []
    for _ in range(2):
        [answer] = AuthField.parse(header(login))
        assert answer.get("response") == response(ha1("u", "r", "p", algorithm), "PLAY", answer, algorithm)
        assert answer.get("uri") == URL
        counts.append(answer.get("nc"))
    assert counts == (["00000001", "00000002"] if "qop" in challenge else ["", ""])


def test_once_more_only_where_it_may_help():
    """A wrong password is not tried twice, an old nonce is renewed; what was right once is tried again."""
    login = Login("u", "p")
    assert login.challenged([MD5], answered=False)
    assert not login.challenged([MD5], answered=True)
    assert login.challenged([MD5 + ", stale=TRUE"], answered=True)
    login.accepted()
    assert login.challenged([MD5], answered=True)
    assert not login.challenged([MD5], answered=True)
    assert not Login().challenged([MD5], answered=False) and not Login("u").challenged([MD5], answered=False)


def test_why_there_is_no_way_in():
    """Three reasons, three titles; the exit code; nothing secret."""
    known = Login("user", "secret")
    errors = [Login().refusal([MD5], "401"), known.refusal([MD5], "401"), known.refusal(["Negotiate"], "401")]
    assert [error.code for error in errors] == [6, 6, 6]
    assert [title in str(error) for title, error in zip(
        ("wants a name and a password. ", "does not accept", "does not know"), errors, strict=True)] == [True] * 3
    assert not any(word in str(error) for word in ("secret", "user") for error in errors)


def test_the_password_in_the_clear_is_a_warning(caplog):
    """Once, and not where nobody can read it."""
    login = Login("u", "p")
    login.challenged([BASIC], answered=False)
    assert header(login) == header(login) == "Basic dTpw"
    assert [record.message for record in caplog.records if "unencrypted" in record.message] == [
        "! The server takes no other: the password goes to it unencrypted"]
    caplog.clear()
    login.challenged([BASIC], answered=False)
    assert header(login, encrypted=True) == "Basic dTpw" and not caplog.records


def test_what_was_typed_is_tried_afresh():
    """An old challenge is not answered: it took a while to type."""
    login = Login("u", "wrong")
    login.challenged([MD5], answered=False)
    login.give("v", "right\udcff")
    assert header(login) == "" and login.challenged([MD5], answered=False) and 'username="v"' in header(login)


def test_a_server_gets_what_is_its_own():
    """The same host and port; what was typed counts more than the URL once more, another URL more than that."""
    keyring = Keyring()
    first = keyring.of(RtspUrl.parse("rtsp://u:p%40@host/m"))
    assert (first.name, first.password) == ("u", "p@")
    assert keyring.of(RtspUrl.parse("rtsp://host:554/other")) is first
    first.give("v", "q")
    assert keyring.of(RtspUrl.parse("rtsp://u:p%40@host/m")) is first and first.name == "v"
    for elsewhere in ("rtsp://host:8554/m", "rtsp://other/m", "rtsps://host:554/m"):
        assert not keyring.of(RtspUrl.parse(elsewhere)).known
    assert keyring.of(RtspUrl.parse("rtsp://w:x@host/m")).name == "w"
