"""What a publisher says and hears, as words (rtsp/sending.py)."""

from __future__ import annotations

import pytest

from media.source import Format
from rtsp.failures import ConnectError, Redirected, ServerRefused
from rtsp.sending import LASTING, REFUSALS, description, is_lasting, understanding_refusals


def test_the_description_is_of_something_live():
    video: list = [Format("video", 26, "JPEG", 90000, 12.5)]
    text = str(description("cam", 7, "::1", video))
    assert "a=range:npt=now-" in text and "a=framerate:12.5" in text and " 7 IN IP6 ::1\r\n" in text


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_is_said_to_a_publisher(status):
    with pytest.raises(ServerRefused) as raised, understanding_refusals():
        raise ServerRefused(status, "for a viewer")
    assert raised.value.status == status and "viewer" not in str(raised.value) and f"({status})" in str(raised.value)


def test_other_failures_stay_what_they_are():
    for error in (ServerRefused(0, "odd"), Redirected(302, "there"), Redirected(404, "there"), ConnectError("gone")):
        with pytest.raises(type(error)) as raised, understanding_refusals():
            raise error
        assert raised.value is error


def test_what_will_not_change_is_lasting():
    assert all(is_lasting(ServerRefused(status, "")) for status in LASTING)
    assert not any(map(is_lasting, (ServerRefused(455, ""), ServerRefused(503, ""), ConnectError(""))))
