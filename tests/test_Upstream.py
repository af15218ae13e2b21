"""A proxy's connection to an origin."""

from __future__ import annotations

import pytest

from rtsp.errors import RtspError
from rtsp.headers import Transport
from rtsp.message import Headers
from tests.scripted import OK, STANDARD, ScriptedServer, eventually, refused
from Upstream import Upstreams

TIMED = STANDARD["SETUP"].replace(b"timeout=60", b"timeout=1")


@pytest.fixture
def scripted():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def upstreams():
    made = Upstreams("rtsplab-1", patience=2.0)
    yield made
    made.close()


def test_headers_are_passed_as_they_are(scripted, upstreams):
    """Twice where they come twice; the number is ours, and so is what proves the password of the URL."""
    challenge = b'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5\r\n'
    scripted.script["SHOUT"] = [refused(401, "Unauthorized", challenge), OK + b"X: 1\r\nX: 2\r\n\r\n"]
    upstream = upstreams.open(scripted.url.replace("//", "//me:secret@"))
    reply = upstream.passOn("SHOUT", scripted.url, Headers([("A", "1"), ("A", "2")]))
    assert reply.headers.get_all("X") == ["1", "2"]
    first, second = scripted.next_request(), scripted.next_request()
    assert first == f"SHOUT {scripted.url} RTSP/1.0\r\nCSeq: 1\r\nA: 1\r\nA: 2\r\n\r\n"
    assert 'Authorization: Digest username="me"' in second and "secret" not in second


def test_refusals_are_replies(scripted, upstreams):
    scripted.script["DESCRIBE"] = refused(404, "Not Found")
    assert upstreams.open(scripted.url).passOn("DESCRIBE", scripted.url, Headers()).status == 404


@pytest.mark.parametrize(("reply", "status"), [(lambda server: server.hang_up(), 502), (b"no RTSP\r\n\r\n", 502),
                                               (None, 504)])  # fmt: skip
def test_no_reply_has_a_status_too(scripted, reply, status):
    scripted.script["DESCRIBE"] = reply
    upstreams = Upstreams("rtsplab-1", patience=0.1)
    try:
        with pytest.raises(RtspError) as caught:
            upstreams.open(scripted.url).passOn("DESCRIBE", scripted.url, Headers())
        assert caught.value.status == status
    finally:
        upstreams.close()


def test_what_is_no_url_is_400(upstreams):
    with pytest.raises(RtspError) as caught:
        upstreams.open("http://host/")
    assert caught.value.status == 400


def test_a_session_is_kept_alive_while_its_viewer_pauses(scripted, upstreams):
    """What nobody waits for says who we are, too."""
    scripted.script["SETUP"] = TIMED
    upstream = upstreams.open(scripted.url)
    upstream.passOn("SETUP", scripted.url, Headers([("Transport", str(Transport(client_port=(5000, 5001))))]))
    scripted.next_request()
    asked = scripted.next_request()
    assert asked.startswith("OPTIONS ") and "Session: 5eed\r\n" in asked and "Via: RTSP/1.0 rtsplab-1\r\n" in asked


def test_leaving_ends_the_session_without_waiting(scripted, upstreams):
    """TEARDOWN goes out, and the connection ends when it is answered, or soon without that; twice is once."""
    scripted.script["TEARDOWN"] = None
    upstream = upstreams.open(scripted.url)
    upstream.passOn("SETUP", scripted.url, Headers())
    scripted.next_request()
    upstream.leave()
    upstream.leave()
    asked = scripted.next_request()
    assert asked.startswith("TEARDOWN ") and "Session: 5eed" in asked
    scripted.say(b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n")
    eventually(lambda: not upstream._thread.is_alive())
    assert scripted.methods() == []


def test_who_was_there_hears_that_it_has_gone(scripted, upstreams):
    upstream, lost = upstreams.open(scripted.url), []
    upstream.onLost = lost.append
    upstream.passOn("OPTIONS", scripted.url, Headers())
    scripted.hang_up()
    eventually(lambda: lost)
    assert upstream.lost == lost[0]
