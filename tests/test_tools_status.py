"""python -m tools.status: what it asks, what it prints, what it says when it may not look."""

from __future__ import annotations

import json
import re
import time

import pytest

from net.gate import Gate
from rtsp import limits
from rtsp.users import Users
from tests import movies
from tests.scripted import OK, ScriptedServer
from tests.serving import serving
from tests.test_processes import linux, start  # noqa: F401  (a fixture)
from tests.watching import Watching
from tools import status
from tools.status_table import span, table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("movies")
    movies.lab_movie(path / "movie.Mjpeg", 200, (384, 96))
    return path


@pytest.fixture
def server(folder):
    with serving(folder, fps=40.0) as running:
        yield running


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Two looks soon one after the other; and the limits of this process as they were."""
    monkeypatch.setattr(status, "BETWEEN", 0.05)
    monkeypatch.setattr(limits, "BODY", limits.BODY)


# --- what it prints ---------------------------------------------------------------------------------------------------


STREAM = {"encoding": "JPEG", "quality": None, "transport": "udp", "packets": 10, "octets": 1000, "skipped": 0,
          "dropped": 0, "lost": None, "loss": None, "jitter": None, "round_trip": None}  # fmt: skip
VIEWER = {"session": "abcdef", "address": "10.0.0.7", "user": None, "path": "movie.Mjpeg", "dialect": "rfc",
          "state": "Playing", "since": 0.0, "live": False, "position": 3.9, "duration": 25.0, "rate": 1.0,
          "streams": [STREAM], "process": 0, "kbit_s": 1786.2}  # fmt: skip
FOUND = {"now": 100.0, "since": 0.0, "redirect": "", "processes": 1, "seen": 1, "sessions": 1, "watching": [VIEWER]}


def cells(viewer, **stream):
    """Of the only line, by title."""
    text = table({**FOUND, "watching": [{**VIEWER, **viewer, "streams": [{**STREAM, **stream}]}]})
    titles, values = (re.split(r" {2,}", line) for line in text.splitlines()[1:])
    return dict(zip(titles, values, strict=True))


def test_a_line_for_each_viewer():
    """As wide as they need to be; what nobody knows is a dot."""
    clock = time.strftime("%H:%M:%S", time.localtime(0.0))
    assert table(FOUND).splitlines() == [
        "Running for 1 min 40 s · 1 session",
        "WHO       WHAT         STATE    WAY  AT             RATE  KBIT/S  LOSS  JITTER MS  RTT MS  LEFT OUT  SINCE",
        f"10.0.0.7  movie.Mjpeg  Playing  udp  3.9 of 25.0 s  1x    1786    ·     ·          ·       0         {clock}",
    ]
    assert table({**FOUND, "sessions": 0, "watching": []}).splitlines()[1] == "Nobody watches."


def test_what_the_viewers_report():
    shown = cells({}, loss=0.25, lost=7, jitter=0.0123, round_trip=0.05, dropped=3, skipped=2)
    assert (shown["LOSS"], shown["JITTER MS"], shown["RTT MS"], shown["LEFT OUT"]) == ("25.0% (7)", "12.3", "50.0", "5")


def test_who_and_how():
    """A user, the lab dialect, a live stream, a lower quality; a name cannot do anything to the terminal."""
    shown = cells({"user": "ann", "dialect": "lab", "path": "a\x1b[2Jb", "live": True, "rate": -2.0}, quality=30)
    assert (shown["WHO"], shown["WAY"], shown["WHAT"]) == ("10.0.0.7 (ann)", "udp, lab", "a?[2Jb")
    assert (shown["AT"], shown["RATE"]) == ("live", "-2x, q30")


def test_a_session_that_has_just_ended():
    """Without streams, and without a place."""
    ended = {name: value for name, value in VIEWER.items() if name not in ("live", "position", "duration", "rate")}
    text = table({**FOUND, "watching": [{**ended, "streams": [], "kbit_s": None}]})
    assert re.split(r" {2,}", text.splitlines()[2])[3:10] == ["·", "·", "1x", "·", "·", "·", "·"]


@pytest.mark.parametrize(("changes", "words"), [
    ({"redirect": "rtsp://b/"}, "viewers are sent to rtsp://b/"),
    ({"processes": 4, "seen": 4}, "4 processes"),
    ({"processes": 4, "seen": 3}, "1 of them are in the 3 of 4 processes that were reached"),
])
def test_what_the_first_line_says_besides(changes, words):
    assert table({**FOUND, **changes}).splitlines()[0].split(" · ")[-1] == words


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0 min 0 s"), (3725.0, "1 h 2 min"), (200_000.0, "2 d 7 h")])
def test_how_long_it_has_run(seconds, text):
    assert span(seconds) == text


def test_rates_are_what_went_out_between_two_looks():
    """Of each process by itself; a viewer that has just come, or set up anew, has none yet."""
    def look(process, now, **octets):
        watching = [{**VIEWER, "session": name, "streams": [{**STREAM, "octets": n}]} for name, n in octets.items()]
        return {"now": now, "since": 0.0, "redirect": "", "process": process, "processes": 2, "sessions": 4,
                "watching": watching}  # fmt: skip

    before = [look(0, 10.0, a=1000, b=5000), look(1, 10.0, c=0)]
    after = [look(0, 12.0, a=2000, b=10), look(1, 11.0, c=500, a=9)]
    found = status.together(before, after)
    rates = {(one["process"], one["session"]): one["kbit_s"] for one in found["watching"]}
    assert rates == {(0, "a"): 4.0, (0, "b"): None, (1, "c"): 4.0, (1, "a"): None} and found["seen"] == 2


# --- what it asks -----------------------------------------------------------------------------------------------------


def test_a_real_viewer(server, capsys):
    """As a table, and as JSON."""
    with Watching(server) as viewer:
        viewer.request("PLAY")
        viewer.media.wait_frames(2)
        assert status.main([server.url("")]) == 0
        first, _, line = capsys.readouterr().out.splitlines()
        assert "1 session" in first and re.match(r"127\.0\.0\.1  movie\.Mjpeg  Playing  udp  .* of 5\.0 s  1x", line)
        assert status.main([server.url("movie.Mjpeg"), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["watching"][0]["kbit_s"] > 0 and found["watching"][0]["path"] == "movie.Mjpeg"


def test_watching_goes_on_until_ctrl_c(server, capsys, monkeypatch):
    """Which is the usual end, and no error; one line of JSON for each look."""
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) > 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("tools.status.time.sleep", sleep)
    assert status.main([server.url(""), "--json", "--watch", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and all(json.loads(line)["sessions"] == 0 for line in lines) and pauses == [2.0] * 4


def test_everybody_is_sent_elsewhere(server, capsys):
    with Watching(server) as viewer:
        assert status.main([server.url(""), "--redirect", "rtsp://127.0.0.9/", "--at", "20991231T235959Z"]) == 0
        headers = viewer.asked()[1]
        assert headers["Location"] == "rtsp://127.0.0.9/movie.Mjpeg"
        assert headers["Range"] == "clock=20991231T235959.000Z-"
        assert capsys.readouterr().out == (
            "Viewers are sent to rtsp://127.0.0.9/: 1 of those who play have been told.\n")
    assert status.main([server.url(""), "--redirect", "off"]) == 0 and server.calls.target == ""
    assert capsys.readouterr().out == "Viewers may stay.\n"


@linux
def test_all_processes_of_a_port_are_asked(start, capsys):  # noqa: F811
    """Each viewer is in one of them."""
    program = start()
    assert status.main([f"rtsp://127.0.0.1:{program.port}/", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["processes"], found["seen"]) == (2, 2)


def test_with_name_and_password(folder, capsys):
    """Else it is told what is missing."""
    users = Users()
    users.add("ann", "p@ss")
    with serving(folder, gate=Gate(users)) as server:
        assert status.main([server.url("").replace("//", "//ann:p%40ss@")]) == 0
        assert "0 sessions" in capsys.readouterr().out
        assert status.main([server.url("")]) == 6
        assert "name and a password" in capsys.readouterr().err


# --- what it says -----------------------------------------------------------------------------------------------------


def test_from_another_machine(server, capsys, monkeypatch):
    monkeypatch.setattr("Parameters.is_loopback", lambda address: False)
    assert status.main([server.url("")]) == 4
    error = capsys.readouterr().err
    assert "Run this on the server's own machine, or log in as a user of it." in error and error.count("\n") == 1


@pytest.mark.parametrize("reply", [
    OK + b"\r\n", OK + b"Content-Length: 9\r\n\r\nstatus: 1", OK + b"Content-Length: 10\r\n\r\nstatus: {}",
    OK + b"Content-Length: 12\r\n\r\nstatus: null",
    OK + b'Content-Length: 68\r\n\r\nstatus: {"process": 0, "processes": 1, "watching": [{"session": 3}]}',
    b"RTSP/1.0 451 Parameter Not Understood\r\nCSeq: %CSEQ%\r\n\r\n",
])
def test_another_kind_of_server(reply, capsys):
    with ScriptedServer(GET_PARAMETER=reply) as server:
        assert status.main([server.url]) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "Traceback" not in error


@pytest.mark.parametrize(("arguments", "words"), [
    (["127.0.0.1:6789"], "is no URL"),
    (["http://127.0.0.1/"], "rtsp://"),
    (["rtsp://127.0.0.1/", "--redirect", "http://b/"], "rtsp://host:554/"),
    (["rtsp://127.0.0.1/", "--at", "5"], "--redirect"),
    (["rtsp://127.0.0.1/", "--redirect", "off", "--at", "soon"], "seconds from now"),
])
def test_what_was_typed_wrong_is_2(arguments, words, capsys):
    code: object = 0
    try:
        code = status.main(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2 and words in capsys.readouterr().err


def test_nobody_there(capsys):
    with ScriptedServer() as gone:
        pass
    assert status.main([gone.url]) == 3 and "Cannot reach" in capsys.readouterr().err
