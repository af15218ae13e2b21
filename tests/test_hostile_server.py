"""Whatever a server sends: the player ends with one sentence, or goes on, in its time and with little memory.

The cases are in tests/hostile.py. Where an end is expected the player's clock runs faster than the real one, and its
time limits are as much shorter: none is left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from Player import Player
from rtsp.failures import LONGEST, ClientError
from rtsp.states import State
from tests import hostile
from tests.hostile import CONNECTION, MEDIA, PLAYABLE, REPLIES, Flood, MediaServer, RawServer, movie, reset
from tests.scripted import STANDARD, ScriptedServer, refused

ROOT = Path(__file__).resolve().parent.parent
FAST = 20  # times as fast as the real clock
ENOUGH = 4  # frames that show that it goes on
MEMORY = 300  # MB


def fast():
    return FAST * time.monotonic()


def play(url, transport="auto", clock=fast, enough=ENOUGH):
    """The error with which it ended, or None: so many frames have come. Any other exception fails the test."""
    player = Player(url, delay=0.0, clock=clock, transport=transport)
    try:
        player.setup()
        player.play()
        while player.state is State.PLAYING and enough > 0:
            enough -= len(player.dueFrames())
            if chore := player.chore:
                chore()
            player.wait(0.01)
        player.check()
        assert player.state is State.READY or not enough > 0, "it has neither ended nor gone on"
    except ClientError as error:
        text = str(error)
        assert text.isprintable() and 10 < len(text) <= 2 * LONGEST + 2, text
        return error
    finally:
        player.leave()
    return None


def code(error):
    return error.code if error else None


# ---- the connection

CLOSED = {"replies without a number for ever": 4}


@pytest.mark.parametrize("name", CONNECTION)
def test_what_is_no_conversation_ends_with_a_sentence(name):
    """Code 3, no conversation; 4, where it is an answer after all."""
    with RawServer(CONNECTION[name]) as server:
        assert code(play(server.url)) == CLOSED.get(name, 3)


@pytest.mark.parametrize("dialect", ["auto", "lab"])
@pytest.mark.parametrize("name", ["random bytes for ever", "headers without end", "line ends for ever"])
def test_the_dialect_without_end_marks_has_its_limits_too(name, dialect):
    with RawServer(CONNECTION[name]) as server:
        player = Player(server.url, dialect, clock=fast)
        try:
            with pytest.raises(ClientError) as raised:
                player.setup()
                player.play()
                while True:
                    player.dueFrames()
                    player.wait(0.01)
            assert raised.value.code in (3, 7)
        finally:
            player.leave()


# ---- replies

ENDS = {  # all others: 7, the stream is set up, and no media come
    "a redirect to itself": 4, "a ring of redirects": 4, "a chain of redirects": 4, "a redirect to nowhere": 4,
    "a redirect to a file": 4, "a redirect to port 0": 3, "a redirect to port 99999": 4, "an empty description": 4,
    "a description of zeros": 4, "4,000 streams": 5, "10,000 streams": 3, "15,000 formats and 3,000 attributes": 5,
    "a payload type of 999": 4, "a port of a billion": 4, "half a media line": 4, "a clock rate of 0": 4,
    "a clock rate of 10^30": 4, "a clock rate of nan": 4, "an encoding with ESC": 5, "a type with ESC": 3,
    "a session with ESC": 3, "a transport of noise": 3,
    "a list with ESC": 7, "a list of 8,000": 0, "ports of the server beyond": 4, "channels beyond": 4,
}  # fmt: skip


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_lies_ends_with_a_sentence(name):
    with ScriptedServer(REPLIES[name]) as server:
        assert code(play(server.url)) == ENDS.get(name, 7)


@pytest.mark.parametrize("name", PLAYABLE)
def test_a_detail_that_cannot_be_understood_does_not_stop_the_movie(name):
    changes = dict(PLAYABLE[name])
    flood = Flood(lambda: movie(10**9), reply=changes.pop("PLAY", STANDARD["PLAY"]))
    with MediaServer(flood, **changes) as server:
        assert play(server.url, clock=time.monotonic) is None


def test_thousands_of_streams_are_named_in_a_few_words():
    with ScriptedServer(REPLIES["4,000 streams"]) as server:
        assert str(play(server.url)).startswith("The server sends payload type 1, and this player decodes MJPEG alone")


def test_a_description_with_thousands_of_formats_is_read_at_once():
    """Not each format with each attribute."""
    begin = time.process_time()
    with ScriptedServer(REPLIES["15,000 formats and 3,000 attributes"]) as server:
        play(server.url)
    assert time.process_time() - begin < 1.0


# ---- media

GOES_ON = {
    "every Q", "the largest picture, of zeros", "a picture of noise", "a file of 65,535 x 65,535",
    "a file of 16,000 x 11,000", "a progressive file of 65,535 x 65,535", "a file of 0 x 0",
    "numbers that jump by 30,000", "numbers that jump by 1,001", "timestamps that go back",
    "timestamps that jump by hours", "timestamps that stand still", "wrap-arounds",
    "frames of 10 MB, faster than time", "frames of 1 MB, due in a minute",
}  # fmt: skip


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("name", MEDIA)
def test_packets_of_all_kinds_end_with_a_sentence_or_go_on(name, transport):
    """Code 7 where there is nothing to be seen."""
    goes_on = name in GOES_ON
    pause = 0.0005 if "MB" in name else 0.002
    with MediaServer(Flood(MEDIA[name], pause)) as server:
        error = play(server.url, transport, time.monotonic if goes_on else fast, ENOUGH if goes_on else 10**9)
        assert code(error) == (None if goes_on else 7), error


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_another_ssrc_in_the_middle_is_believed_after_a_while(transport):
    """The sender has begun anew, and says so to nobody."""

    def packets():
        yield from movie(2)
        yield from movie(10**9, 5000, 77, ssrc=99)

    with MediaServer(Flood(packets)) as server:
        assert play(server.url, transport, time.monotonic) is None


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_reports_of_all_kinds_do_not_stop_the_movie(transport):
    """Noise, half packets, lengths that run off the end, the BYE of another one."""
    bad = [b"", b"\x80", b"\x80\xc8\xff\xff", hostile.NOISE[:1000], b"\x80\xc8\x00\x06" + bytes(24),
           b"\xbf\xcb\x00\x00", b"\x81\xcb\x00\x01\x00\x00\x00\x63", b"\xa0\xcb\x00\x00\xff",
           b"\x9f\xca\x00\x01\xff\xff\xff\xff"]
    heard = []

    def reports(server):
        for packet in bad * 20:
            if server.inside:
                server.say(b"$\1" + len(packet).to_bytes(2, "big") + packet)
            else:
                server.rtcp.sendto(packet, ("127.0.0.1", server.client_port + 1))
            heard.append(packet)

    class Reporting(Flood):
        def __call__(self, server):
            reports(server)
            return super().__call__(server)

    with MediaServer(Reporting(lambda: movie(10**9))) as server:
        assert play(server.url, transport, time.monotonic) is None
    assert len(heard) == len(bad) * 20


# ---- the connection is dropped, or the server falls silent

STEPS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")


def _drop(how):
    def reply(server):
        if how == "RST":
            reset(server.connection)
        elif how == "FIN":
            server.hang_up()

    return reply


@pytest.mark.parametrize("how", ["FIN", "RST", "nothing more"])
@pytest.mark.parametrize("method", STEPS)
def test_a_server_that_goes_while_it_is_asked(method, how):
    with ScriptedServer({method: _drop(how)}) as server:
        error = play(server.url)
    assert code(error) == 3 and method in str(error)


@pytest.mark.parametrize("how", ["FIN", "RST", "nothing more"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_media_that_are_lost_and_not_regained_are_code_7(transport, how):
    """Nothing is tried again without a window."""

    class Dropping(Flood):
        def _send(self, server, connection):
            super()._send(server, connection)
            _drop(how)(server)

    with MediaServer(Dropping(lambda: movie(3), 0.0)) as server:
        error = play(server.url, transport, enough=10**9)
        assert code(error) == 7 and server.connections == 1


# ---- the program itself

MEASURED = """
import sys, ClientLauncher
code = ClientLauncher.main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1], file=sys.stderr)
sys.exit(code)
"""
HEAVY = ["frames of 10 MB, faster than time", "frames of 1 MB, due in a minute", "fragments beyond 16 MB",
         "a file of 65,535 x 65,535", "a file of 16,000 x 11,000"]


def program(url, *options):
    """Exit code, what it printed, its memory at the most in MB, its other words, the seconds that it took."""
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not say how much memory a process has had")
    begin = time.monotonic()
    words = [sys.executable, "-c", MEASURED, url, "--duration", "1", *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=50)
    *lines, kilobytes = done.stderr.splitlines()
    return done.returncode, done.stdout, int(kilobytes) / 1024, lines, time.monotonic() - begin


@pytest.mark.parametrize("name", HEAVY)
def test_the_memory_of_the_program_stays_below_300_mb(name):
    with MediaServer(Flood(MEDIA[name], 0.0)) as server:
        _, _, memory, lines, seconds = program(server.url, "--headless", "--transport", "tcp")
    assert memory < MEMORY and len(lines) <= 1 and seconds < 20


@pytest.mark.parametrize("name", HEAVY)
def test_the_memory_of_the_window_stays_below_300_mb(name, display):
    with MediaServer(Flood(MEDIA[name], 0.0)) as server:
        _, _, memory, lines, seconds = program(server.url, "--transport", "tcp")
    assert memory < MEMORY and len(lines) <= 1 and seconds < 20


def test_packets_that_come_before_the_reply_do_not_fill_the_memory():
    """They are kept for it, but not all."""

    def slowly(server):
        for packet in MEDIA["frames of 10 MB, faster than time"]():
            server.say(b"$\0" + len(packet).to_bytes(2, "big") + packet)

    with MediaServer(Flood(lambda: iter(()), 0.0), PLAY=slowly) as server:
        code, _, memory, lines, seconds = program(server.url, "--headless", "--transport", "tcp")
    assert code == 3 and memory < MEMORY and len(lines) == 1 and seconds < 20


def test_a_server_that_never_answers_is_given_up_after_five_seconds():
    """By the real clock."""
    with RawServer(hostile.silent) as server:
        code, out, _, lines, seconds = program(server.url, "--headless", "--stats", "-")
    assert code == 3 and 5 <= seconds < 20
    assert lines == [json.loads(out)["error"]] == ["No reply to OPTIONS in 5 s. The server may be busy or stuck"]


def test_a_servers_words_are_harmless_on_the_terminal():
    """In an error, in the log, and in a list of movies."""
    evil = b"\x1b[2J\x1b]0;gotcha\x07"
    other = b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 " + evil + b"/90000\r\n"
    with ScriptedServer(DESCRIBE=hostile.describing(hostile.V0 + other)) as server:
        code, out, _, lines, _ = program(server.url, "--headless")
    assert code == 5 and len(lines) == 1 and lines[0].isprintable() and "?[2J?]0;GOTCHA?" in lines[0]
    described = hostile.describing(hostile.VIDEO + other)
    with ScriptedServer(DESCRIBE=described, SETUP=refused(404, "Not Found")) as server:
        code, out, _, lines, _ = program(server.url, "--headless", "-v")
    assert code == 4 and all(line.isprintable() for line in lines) and "leaving out ?[2J?]0;GOTCHA?" in "".join(lines)
    listed = hostile.OK + b"Content-Type: text/uri-list\r\nContent-Length: %LENGTH%\r\n\r\n/good\r\n/" + evil + b"\r\n"
    with ScriptedServer(DESCRIBE=listed) as server:
        code, out, _, lines, _ = program(server.url, "--headless")
    assert (code, out, lines) == (0, f"{server.url[:-11]}good\n", [])
