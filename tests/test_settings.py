"""What the player remembers: ten addresses, never a password, and no trouble with the file is anybody's trouble."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ui.settings import LARGEST, Address, Settings, default_path

HOME = Path.home()


@pytest.mark.parametrize(("platform", "environment", "folder"), [
    ("linux", {}, HOME / ".config"), ("linux", {"XDG_CONFIG_HOME": "/x"}, Path("/x")),
    ("win32", {"APPDATA": "/roaming"}, Path("/roaming")), ("win32", {}, HOME / "AppData" / "Roaming"),
    ("darwin", {"XDG_CONFIG_HOME": "/x"}, HOME / "Library" / "Application Support"),
])
def test_the_file_is_where_such_files_are(platform, environment, folder):
    assert default_path(platform, environment) == folder / "rtsp-lab" / "player.json"


def test_what_was_opened_is_known_the_next_time(tmp_path):
    """The latest first, each once, ten of them."""
    path = tmp_path / "new" / "folder" / "player.json"
    settings = Settings(path)
    for number in range(12):
        settings.opened(Address(f"rtsp://host/{number}", "tcp", "anna"))
    settings.opened(Address("rtsp://host/5"))
    assert Settings(path).history == settings.history
    assert [one.url[-1] for one in settings.history] == list("5109876432") and settings.history[1].user == "anna"
    assert [one.name for one in path.parent.iterdir()] == ["player.json"]


def test_no_password_is_written(tmp_path):
    """Not even one that somebody has put into the file or the address."""
    path = tmp_path / "player.json"
    Settings(path).opened(Address("rtsp://u:secret@host/movie"))
    assert "secret" not in path.read_text() and Settings(path).history == [Address("rtsp://host/movie")]
    path.write_text('{"history": [{"url": "rtsp://u:secret@host/movie"}]}')
    assert Settings(path).history == [Address("rtsp://host/movie")]


def test_what_others_wrote_into_it_stays(tmp_path):
    path = tmp_path / "player.json"
    path.write_text('{"volume": 3}')
    Settings(path).opened(Address("rtsp://host/movie"))
    assert json.loads(path.read_text())["volume"] == 3


DAMAGED = {
    "empty": b"", "no JSON": b"{", "no text": b"\xff\xfe\x00", "a list": b"[1]", "a number": b"7",
    "no list": b'{"history": 7}',
    "odd entries": b'{"history": [7, {}, {"url": 3}, {"url": ""}, {"url": "rtsp://a\\u001b[2J"}, null]}',
    "deep": b"[" * 60_000, "long": b'{"history": ["' + b"x" * LARGEST + b'"]}',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_as_good_as_none(name, tmp_path):
    """And is replaced."""
    path = tmp_path / "player.json"
    path.write_bytes(DAMAGED[name])
    settings = Settings(path)
    assert settings.history == []
    settings.opened(Address("rtsp://host/movie"))
    assert Settings(path).history == settings.history


def test_odd_values_of_an_entry_are_the_usual_ones(tmp_path):
    path = tmp_path / "player.json"
    path.write_text('{"history": [{"url": "rtsp://a/", "transport": "pigeon", "user": ["x"]}]}')
    assert Settings(path).history == [Address("rtsp://a/", "auto", "")]


def test_a_file_that_cannot_be_written_is_no_matter(tmp_path):
    """A folder of its name, a file where its folder should be."""
    (tmp_path / "player.json").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "player.json", tmp_path / "file" / "player.json"):
        settings = Settings(path)
        settings.opened(Address("rtsp://host/movie"))
        assert settings.history == [Address("rtsp://host/movie")]


def test_without_a_file_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Settings(None).opened(Address("rtsp://host/movie"))
    assert list(tmp_path.iterdir()) == []
