"""The limits: what may be set, and to what."""

import pytest

from rtsp import limits
from rtsp.errors import MessageError


@pytest.fixture
def kept(monkeypatch):
    """What is set here is gone afterwards."""
    for name in limits.SETTABLE:
        monkeypatch.setattr(limits, name, getattr(limits, name))


def test_each_limit_that_may_be_set_is_within_its_bounds():
    for name, (low, high) in limits.SETTABLE.items():
        assert low <= getattr(limits, name) <= high, name
        assert type(low) is type(high) is type(getattr(limits, name)), name


@pytest.mark.parametrize(("name", "text", "setting"), [
    ("header-line", "4096", ("HEADER_LINE", 4096)),
    ("sessions", "1", ("SESSIONS", 1)),
    ("unfinished-request", "2.5", ("UNFINISHED_REQUEST", 2.5)),
    ("connection-idle", "60", ("CONNECTION_IDLE", 60.0)),
])
def test_a_limit_is_set_for_all_who_ask(kept, name, text, setting):
    assert limits.setting(name, text) == setting
    limits.use([setting])
    assert getattr(limits, setting[0]) == setting[1]
    assert f"{name} {text}" in limits.listed()


@pytest.mark.parametrize("name", ["", "foo", "SETTABLE", "scale", "client-ports", "__name__", "session_timeout"])
def test_what_is_no_limit_cannot_be_set(name):
    with pytest.raises(MessageError, match="there is no limit"):
        limits.setting(name, "5")


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "1e3", "1_000", "9" * 5000, "0"])
@pytest.mark.parametrize("name", ["header-line", "sessions", "unfinished-request"])
def test_what_is_out_of_bounds_is_refused(name, text):
    """With a sentence that names the limit."""
    with pytest.raises(MessageError, match=name):
        limits.setting(name, text)


def test_what_may_be_set_is_listed():
    first, *others = limits.listed().split(", ")
    assert first == "request-line 4096" and len(others) == len(limits.SETTABLE) - 1
