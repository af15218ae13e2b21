"""A folder is listed for who asks for a list, and the URLs in it play."""

from __future__ import annotations

import pytest

from media.source import Format, LiveSource, Presentation
from tests import movies
from tests.serving import Receiver, serving

LIST = "Accept: application/sdp, text/uri-list"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    for name in ("movie.Mjpeg", "Übungen/Föhn 100%.mjpeg", "Übungen/alt/a?b#c.Mjpeg", ".hidden/movie.Mjpeg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        movies.lab_movie(folder / name, 2)
    (folder / "Übungen" / "notes.txt").write_text("no movie")
    (folder / "empty").mkdir()
    with serving(folder) as running:
        running.library.add("cams/door", Presentation("door", (LiveSource(Format("video", 26, "JPEG", 90_000)),)))
        yield running


DEEP = ["%C3%9Cbungen/F%C3%B6hn%20100%25.mjpeg", "%C3%9Cbungen/alt/a%3Fb%23c.Mjpeg"]
# What is asked for, below the server's own URL: what is listed
FOLDERS = {
    "": ["cams/door", "movie.Mjpeg", *DEEP], "/": ["cams/door", "movie.Mjpeg", *DEEP], "%C3%9Cbungen": DEEP,
    "%C3%9Cbungen/": DEEP, "Übungen//?x=1": DEEP, "%C3%BCbungen/alt": DEEP[1:], "cams": ["cams/door"], "empty/": [],
}  # fmt: skip


@pytest.mark.parametrize("path", FOLDERS, ids=range(len(FOLDERS)))
def test_a_folder_is_listed(server, viewer, path):
    """What can be played in it and below, one absolute URL a line (RFC 2483 §5)."""
    viewer.raw(f"DESCRIBE {server.url(path)} RTSP/1.0\r\nCSeq: 1\r\n{LIST}\r\n\r\n".encode())
    reply = viewer.reply()
    assert (reply.status, reply.headers["content-type"]) == (200, "text/uri-list")
    assert reply.body.decode("ascii") == "".join(f"{server.url(name)}\r\n" for name in FOLDERS[path])


def test_what_is_listed_can_be_played(server, viewer):
    """Each URL, as it stands there."""
    body = viewer.ask(f"DESCRIBE {server.url('')} RTSP/1.0", "CSeq: 1", LIST).body.decode()
    for url in body.split():
        with Receiver() as media:
            session = viewer.ask(f"SETUP {url} RTSP/1.0", "CSeq: 2", media.transport).headers["session"].split(";")[0]
            assert viewer.ask(f"PLAY {url} RTSP/1.0", "CSeq: 3", f"Session: {session}").status == 200
            assert viewer.ask(f"TEARDOWN {url} RTSP/1.0", "CSeq: 4", f"Session: {session}").status == 200


def test_the_server_is_called_what_the_client_calls_it(viewer):
    """It may be known by another name out there; the password is not said again."""
    reply = viewer.ask("DESCRIBE rtsp://ann:secret@lab.example:8554/cams RTSP/1.0", "CSeq: 1", "Accept: */*")
    assert reply.body == b"rtsp://lab.example:8554/cams/door\r\n"


NO_FOLDERS = ".hidden", "missing/", "empty/..", "..", "%2e%2e/", "movie.Mjpeg/x", "cam", "trackID=0"


@pytest.mark.parametrize("path", NO_FOLDERS)
def test_what_is_no_folder_is_404(server, viewer, path):
    """Nor what is hidden, nor what is outside."""
    assert viewer.ask(f"DESCRIBE {server.url(path)} RTSP/1.0", "CSeq: 1", LIST).status == 404


def test_who_takes_both_gets_the_description_of_a_movie(server, viewer):
    reply = viewer.ask(f"DESCRIBE {server.url('movie.Mjpeg')} RTSP/1.0", "CSeq: 1", LIST)
    assert reply.headers["content-type"] == "application/sdp"
