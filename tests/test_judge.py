"""What the server makes of an answer: what cannot be seen over the network."""

import pytest

from rtsp.authfields import AuthField
from rtsp.digest import response
from rtsp.judge import Judge, Verdict, place
from rtsp.nonces import Nonces
from rtsp.users import Users

NOBODY = "f" * 64


@pytest.fixture
def judge():
    users = Users()
    users.add("alice", "wonder")
    return Judge(users, Nonces(b"key"), NOBODY)


def test_what_stands_for_an_unknown_user_is_no_key(judge):
    """Not even to somebody who knows it."""
    for algorithm in ("SHA-256", "MD5"):
        values = {"username": "mallory", "nonce": judge.nonces.make(0.0, bytes(8)), "uri": "rtsp://h/m"}
        answer = AuthField("digest", {**values, "algorithm": algorithm})
        answer.parameters["response"] = response(NOBODY, "PLAY", answer, algorithm)
        assert judge.judge(answer, "PLAY", "rtsp://h/m", False, 1.0) == (Verdict.WRONG, "mallory")


def test_an_unknown_user_costs_the_same_work(judge, monkeypatch):
    """As many hashes, of as many characters, and one comparison."""
    done: list[tuple[object, ...]] = []

    def watched(name, original):
        def note(*values):
            done.append((name, *map(len, values)))
            return original(*values)

        return note

    monkeypatch.setattr("rtsp.digest.ALGORITHMS", {"SHA-256": watched("hash", lambda data: "0" * 64)})
    monkeypatch.setattr("hmac.compare_digest", watched("compare", lambda first, second: first == second))
    work = []
    for name in ("alice", "nobod"):
        parameters = {"username": name, "nonce": "n", "uri": "rtsp://h/m", "algorithm": "SHA-256", "response": "x" * 64}
        judge.judge(AuthField("digest", parameters), "PLAY", "rtsp://h/m", False, 1.0)
        work.append(list(done))
        done.clear()
    assert work[0] == work[1] and len(work[0]) == 3


@pytest.mark.parametrize("url", [
    "rtsp://h/a/m.Mjpeg", "rtsp://u:p@h:554/a/m.Mjpeg/", "rtsp://h/a/m.Mjpeg/trackID=0", "/a/m.Mjpeg", "a/m.Mjpeg",
    "rtsp://h/a/m.Mjpeg?x=y", "rtsp://h/a%2Fm.Mjpeg", "rtsps://h/a/m.Mjpeg?x/trackID=1",
])
def test_the_place_is_the_movie_s_path(url):
    assert place(url) == "a/m.Mjpeg"


def test_other_places_are_others():
    assert len({place(url) for url in ("*", "", "rtsp://h/m", "rtsp://h/n", "rtsp://h/a/m", "rtsp://h/M")}) == 6
    assert place("rtsp://h") == place("rtsp://h/") == ""
