"""What is fetched once for all: when it begins, when it ends, and what is left of it."""

from __future__ import annotations

import pytest

from LiveOrigin import Described
from net.datagrams import DatagramReader
from Origins import BACKOFF, LINGER, Origins
from rtsp.errors import RtspError
from rtsp.failures import ClientError
from rtsp.message import Headers, Response
from tests.scripted import STANDARD, FakeClock, ScriptedServer
from Upstream import Upstreams

SDP = STANDARD["DESCRIBE"].partition(b"\r\n\r\n")[2]
LIVE = SDP.replace(b"npt=0-0.950", b"npt=now-")


def described(body, kind="application/sdp"):
    return Described(Response(200, Headers([("Content-Type", kind)]), body), "rtsp://origin/cam")


@pytest.mark.parametrize(("body", "live"), [
    (SDP, False), (LIVE, True), (SDP.replace(b"a=range:npt=0-0.950\r\n", b""), True),
    (SDP.replace(b"a=range:npt=0-0.950\r\n", b"") + b"a=range:npt=0-5\r\n", False),
    (SDP.replace(b"npt=0-0.950", b"clock=20260101T000000Z-"), True),
])  # fmt: skip
def test_live_is_what_has_no_end(body, live):
    """In what is common or in a stream."""
    found = described(body)
    assert found.live is live and found.urls == ["rtsp://origin/cam/trackID=0"]


def test_a_list_is_no_description():
    with pytest.raises(ClientError):
        described(b"rtsp://origin/a\r\n", "text/uri-list")


def test_what_cannot_be_read_cannot_be_put_together():
    """Encrypted, say: it can still be passed on to each viewer."""
    found = described(LIVE.replace(b"RTP/AVP", b"RTP/SAVP"))
    with pytest.raises(RtspError):
        found.streams()


@pytest.fixture
def reader():
    reader = DatagramReader("datagrams")
    reader.start()
    yield reader
    reader.close()


@pytest.fixture
def scripted():
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def upstreams():
    made = Upstreams("rtsplab-1")
    yield made
    made.close()


def test_it_ends_when_nobody_has_watched_for_a_while(scripted, upstreams, reader):
    """Being asked for, or set up by somebody, is a while more; TEARDOWN then, and viewers' sources are closed."""
    clock = FakeClock()
    origins = Origins(reader, "udp", clock)
    assert origins.adopt("cam", upstreams.open(scripted.url), described(LIVE), None)
    (live,) = origins.all()
    live.setUp()
    live.setUp()
    live.play()
    clock.now += LINGER - 1
    assert origins.live("cam") is live
    clock.now += LINGER - 1
    origins.expire([live.presentation])
    clock.now += LINGER - 1
    origins.expire([])
    assert not live.ended
    clock.now += 2
    origins.expire([])
    assert live.ended and origins.live("cam") is None and origins.names() == []
    assert all(source.ended(0) for source in live.presentation.sources)
    assert [scripted.next_request().split()[0] for _ in range(3)] == ["SETUP", "PLAY", "TEARDOWN"]


def test_who_comes_second_shares(scripted, upstreams, reader):
    """His own connection is given back."""
    origins = Origins(reader)
    one, other = upstreams.open(scripted.url), None
    assert origins.adopt("cam", one, described(LIVE), None)
    with ScriptedServer() as second:
        other = upstreams.open(second.url)
        assert origins.adopt("cam", other, described(LIVE), None)
        assert origins.all()[0].upstream is one
        other._thread.join(5)
        assert not other._thread.is_alive()
    origins.close()


def test_an_origin_is_left_alone_the_longer_the_more_often_it_fails(reader):
    clock = FakeClock()
    origins = Origins(reader, clock=clock)
    for delay in (*BACKOFF, BACKOFF[-1]):
        origins.check()
        origins.failed(RtspError("gone", 504))
        clock.now += delay - 0.01
        with pytest.raises(RtspError) as caught:
            origins.check()
        assert (caught.value.status, caught.value.headers) == (504, {"Retry-After": "1"})
        clock.now += 0.02
    origins.worked()
    origins.failed(RtspError("gone", 502))
    clock.now += BACKOFF[0] + 0.01
    origins.check()
