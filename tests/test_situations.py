"""Each thing that may go wrong is said in the words of one table, by the code that meets it."""

from __future__ import annotations

import socket
import string
import sys
from pathlib import Path

import pytest

import ClientLauncher
from net import way
from net.addresses import why_unreachable
from net.channels import bind_pair
from Player import Player
from rtsp import situations
from rtsp.failures import (
    AuthenticationError,
    ClientError,
    ConnectError,
    MediaError,
    MissingError,
    ReplyTimeout,
    ServerRefused,
)  # fmt: skip
from rtsp.silence import check_patience
from rtsp.situations import CHOOSE, LOG_IN, RETRY, SITUATIONS, offer, tell
from RtspClient import RtspClient
from tests.movies import lab_movie
from tests.scripted import OK, STANDARD, ScriptedServer, refused
from tests.serving import serving

ROOT = Path(situations.__file__).parent.parent
H264 = STANDARD["DESCRIBE"].replace(b"RTP/AVP 26", b"RTP/AVP 96").replace(b"rtpmap:26 JPEG", b"rtpmap:96 H264")
BASIC = b'WWW-Authenticate: Basic realm="r"\r\n'
NEGOTIATE = b"WWW-Authenticate: Negotiate\r\n"


def failing(url, **options):
    """What a player that wants to play this says."""
    player = Player(url, **options)
    try:
        with pytest.raises(ClientError) as caught:
            player.setup()
            player.play()
        return caught.value
    finally:
        player.close()


def words(error):
    return error.title, error.advice, error.action


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def test_nobody_listens():
    port = free_port()
    error = failing(f"rtsp://127.0.0.1:{port}/movie.Mjpeg")
    assert isinstance(error, ConnectError)
    assert words(error) == (f"Cannot reach 127.0.0.1:{port}",
                            f"Nothing listens there. Start it with: python Server.py {port}", RETRY)


def test_a_name_that_nobody_has():
    error = failing("rtsp://nowhere.invalid/movie.Mjpeg")
    assert words(error) == ("Cannot reach nowhere.invalid:554",
                            "No machine is known by that name: check its spelling", RETRY)


def test_nobody_answers(monkeypatch):
    """A firewall that drops what is sent cannot be had on loopback: the connection is said to take too long."""
    def tooLong(*arguments):
        raise TimeoutError("no answer in time")

    monkeypatch.setattr("RtspClient.connect", tooLong)
    assert words(failing("rtsp://127.0.0.1:1/movie.Mjpeg")) == (
        "Cannot reach 127.0.0.1:1", "No answer in 5 s: a wrong address, a firewall, or another network", RETRY)


def test_what_else_the_system_says():
    assert why_unreachable(OSError("odd"), "h", 1, 5) == ("Cannot reach h:1", "odd", RETRY)


def test_a_server_that_is_silent():
    with ScriptedServer(OPTIONS=None) as server:
        client = RtspClient(server.url, timeout=0.05)
        client.connect()
        try:
            with pytest.raises(ReplyTimeout) as caught:
                client.options()
        finally:
            client.close()
    assert words(caught.value) == ("No reply to OPTIONS in 0 s", "The server may be busy or stuck", RETRY)


@pytest.mark.parametrize(("status", "action"), [
    (404, RETRY), (405, ""), (453, RETRY), (455, ""), (456, ""), (457, ""), (500, RETRY), (501, ""), (503, RETRY),
])
def test_a_refusal_is_said_in_its_words(status, action):
    with ScriptedServer(DESCRIBE=refused(status, "No")) as server:
        error = failing(server.url)
    assert isinstance(error, ServerRefused) and error.status == status
    assert error.title == SITUATIONS[status][0].format(name="movie.Mjpeg", method="DESCRIBE")
    assert error.advice == f"{SITUATIONS[status][1]} ({status} No)" and error.action == action


def test_a_refusal_that_is_unknown():
    with ScriptedServer(DESCRIBE=refused(418, "Teapot")) as server:
        error = failing(server.url)
    assert words(error) == ("The server refused DESCRIBE", "It may say why in its log (418 Teapot)", "")


@pytest.fixture
def server(tmp_path):
    for name in ("movie.Mjpeg", "hd.Mjpeg"):
        lab_movie(tmp_path / name, 3)
    with serving(tmp_path) as server:
        yield server


def test_our_server_offers_what_it_has(server):
    error = failing(f"rtsp://127.0.0.1:{server.port}/movi.Mjpeg")
    assert isinstance(error, ServerRefused) and (error.status, error.code) == (404, 4)
    assert words(error) == ('The server has no "movi.Mjpeg"',
                            "Did you mean movie.Mjpeg? It offers: hd.Mjpeg, movie.Mjpeg", CHOOSE)


def test_the_offer_is_made_to_the_four_arguments_too(server, capsys):
    """And the program says it in one line, with code 4."""
    arguments = ["127.0.0.1", str(server.port), "0", "nothing", "--headless"]
    assert ClientLauncher.main(arguments) == 4
    assert capsys.readouterr().err == 'The server has no "nothing". It offers: hd.Mjpeg, movie.Mjpeg\n'


LISTS = {
    "refused": refused(404, "Not Found"),
    "a login": refused(401, "Unauthorized", BASIC),
    "another kind": OK + b"Content-Type: text/html\r\nContent-Length: %LENGTH%\r\n\r\n<html>",
    "empty": OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n# nothing\r\n",
    "nonsense": OK + b"Content-Length: 5\r\n\r\nv=0x\x00",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_server_without_a_list_has_no_offer(name):
    """Whatever it answers to a second question, the first one counts."""
    with ScriptedServer(DESCRIBE=[refused(404, "Not Found"), LISTS[name]]) as server:
        error = failing(server.url)
    assert words(error) == (
        'The server has no "movie.Mjpeg"', "Check the spelling, capital letters too (404 Not Found)", RETRY)


def test_what_is_offered():
    """What was probably meant comes first; a long list has an end."""
    assert offer("MOVIE", ["a.Mjpeg", "movie.Mjpeg"]) == "Did you mean movie.Mjpeg? It offers: a.Mjpeg, movie.Mjpeg"
    assert offer("movi", ["movie"]) == "Did you mean movie?"
    assert offer("x", ["movie.Mjpeg"]) == "It offers: movie.Mjpeg"
    assert offer("x", [str(number) for number in range(100, 120)]).endswith("106, 107, …")


@pytest.mark.parametrize(("header", "user", "title"), [
    (BASIC, "", "The server wants a name and a password"),
    (BASIC, "u:p@", "The server does not accept this name and password"),
    (NEGOTIATE, "", "The server wants a name and a password in a way that this player does not know"),
])
def test_a_login_that_is_wanted(header, user, title):
    with ScriptedServer(DESCRIBE=refused(401, "Unauthorized", header)) as server:
        error = failing(server.url.replace("//", f"//{user}"))
    assert isinstance(error, AuthenticationError) and error.title == title
    assert error.action == ("" if header is NEGOTIATE else LOG_IN)


def test_udp_is_refused():
    """And TCP is tried, which is said."""
    player = None
    with ScriptedServer(SETUP=[refused(461, "Unsupported Transport"), STANDARD["SETUP"]]) as server:
        player = Player(server.url)
        try:
            player.setup()
            assert player.way.notice == "The server does not send over UDP. Switched to TCP."
        finally:
            player.close()


def test_the_words_of_a_way_are_those_of_the_table():
    assert way.BLOCKED == tell("udp blocked").title == "No UDP packets arrived (firewall?). Switched to TCP."


def test_a_port_that_is_taken():
    """Another one is used, and SETUP carries it."""
    pair = bind_pair(("127.0.0.1", 0), 0)
    taken = pair[0].getsockname()[1]
    try:
        with ScriptedServer() as server:
            player = Player(server.url, rtpPort=taken)
            try:
                player.setup()
                used = player.way.rtp_port
                assert player.way.notice == f"Port {taken} is taken; using {used}"
                assert server.client_port == used != taken
            finally:
                player.close()
    finally:
        for sock in pair:
            sock.close()


@pytest.mark.parametrize(("lab", "port", "advice"), [
    (False, 25000, "A firewall may drop them; on Windows, allow Python on private networks"),
    (True, 25000, 'The server may have no "a.Mjpeg": check the spelling. Or a firewall drops them'),
    (False, None, "The server may be busy or stuck"),
])
def test_no_packets(lab, port, advice):
    with pytest.raises(MediaError) as caught:
        check_patience(60, lab, "a.Mjpeg", port, None)
    where = "in the connection" if port is None else "on UDP 25000"
    assert words(caught.value) == (f"Playing, but no packets arrived {where}", advice, RETRY)


def test_a_camera_that_sends_something_else():
    with ScriptedServer(DESCRIBE=H264) as server:
        error = failing(server.url)
    assert isinstance(error, MissingError)
    assert words(error) == ("The server sends H264, and this player decodes MJPEG alone",
                            "Many cameras have a second stream in MJPEG: its URL will do", "")


def test_this_machine(monkeypatch, capsys, tmp_path):
    """No Tk, no Pillow, no room: sentences of the table, and their exit codes."""
    with ScriptedServer() as server:
        monkeypatch.setitem(sys.modules, "tkinter", None)
        assert ClientLauncher.main([server.url]) == 5
        assert "sudo apt install python3-tk" in capsys.readouterr().err
        folder = tmp_path / "file"
        folder.write_text("")
        assert ClientLauncher.main([server.url, "--save-frames", str(folder)]) == 2
        assert capsys.readouterr().err.startswith(f"Cannot write {folder}. ")


def test_every_situation_is_told_somewhere():
    """By its name, or, for what a server answers, by its status; and nothing is told that is not in the table."""
    sources = "".join(path.read_text(encoding="utf-8") for folder in ("", "rtsp", "net")
                      for path in (ROOT / folder).glob("*.py") if path.name != "situations.py")
    assert [name for name in SITUATIONS if isinstance(name, str) and f'"{name}"' not in sources] == []


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_situation_is_complete(name):
    """A title; sentences without a full stop, to which something may be added; an action that the window knows."""
    title, advice, action = SITUATIONS[name]
    fields = {field for text in (title, advice) for _, field, _, _ in string.Formatter().parse(text) if field}
    told = tell(name, **dict.fromkeys(fields, 1))
    assert told.title and not told.advice.endswith(".") and action in ("", RETRY, LOG_IN, CHOOSE)


def test_names_of_others_may_hold_braces():
    """They are values, not formats."""
    assert tell(404, name="{0.__class__}").title == 'The server has no "{0.__class__}"'
