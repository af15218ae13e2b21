"""The proxy and origins that fail: what its viewers are told, and how it goes on. Origins are scripted."""

from __future__ import annotations

import logging
import socket
import time

import pytest

import ClientLauncher
import net.way
from net.gate import Gate
from rtsp.failures import ServerRefused
from rtsp.users import Users
from tests import movies
from tests.proxying import Live, in_order, proxying, watch
from tests.scripted import OK, STANDARD, FakeClock, ScriptedServer, refused
from tests.serving import LocalServer, Receiver, Talker, eventually, serving

LIVE = STANDARD["DESCRIBE"].replace(b"npt=0-0.950", b"npt=now-")
TCP = "Transport: RTP/AVP/TCP;interleaved=0-1"


@pytest.fixture
def scripted():
    with ScriptedServer() as server:
        yield server


def describe(proxy, name="movie.Mjpeg"):
    with Talker(proxy.port) as viewer:
        return viewer.ask(f"DESCRIBE {proxy.url(name)} RTSP/1.0", "CSeq: 1")


# --- 502 and 504 ------------------------------------------------------------------------------------------------------


def test_an_origin_that_is_not_there_is_502():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))            # and does not listen
        with proxying(f"rtsp://127.0.0.1:{taken.getsockname()[1]}") as proxy:
            reply = describe(proxy)
    assert reply.status == 502 and b"Cannot reach" in reply.body


def test_an_origin_that_says_nothing_is_504(scripted):
    scripted.script["DESCRIBE"] = None
    with proxying(scripted.url.rpartition("/")[0], patience=0.2) as proxy:
        assert describe(proxy).status == 504


@pytest.mark.parametrize("script", [b"HTTP/1.1 200 OK\r\n\r\n", lambda server: server.hang_up()])
def test_an_origin_that_talks_nonsense_or_hangs_up_is_502(scripted, script):
    scripted.script["DESCRIBE"] = script
    with proxying(scripted.url.rpartition("/")[0]) as proxy:
        assert describe(proxy).status == 502


@pytest.mark.parametrize(("method", "status"), [("SETUP", 504), ("PLAY", 504)])
def test_a_live_origin_that_falls_silent_is_504_and_given_up(scripted, method, status):
    """The next viewer begins anew, with another connection."""
    scripted.script |= {"DESCRIBE": LIVE, method: None}
    with proxying(scripted.url.rpartition("/")[0], patience=0.2) as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", TCP)
        if method == "PLAY":
            session = reply.headers["session"].split(";")[0]
            reply = viewer.ask(f"PLAY {proxy.url()} RTSP/1.0", "CSeq: 2", f"Session: {session}")
        assert reply.status == status
        assert not proxy.origins.all()


@pytest.mark.parametrize(("refusal", "status"), [(404, 404), (453, 453), (461, 502), (500, 502)])
def test_what_a_live_origin_refuses(scripted, refusal, status):
    """What means the same to the viewer is passed on; what was between proxy and origin is a 502."""
    scripted.script |= {"DESCRIBE": LIVE, "SETUP": refused(refusal, "No")}
    with proxying(scripted.url.rpartition("/")[0], wanted="udp") as proxy, Talker(proxy.port) as viewer:
        assert viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", TCP).status == status


def test_an_origin_that_cannot_be_reached_is_left_alone_for_a_while(monkeypatch):
    """1, 2, 4, 8, then 15 seconds; in between, viewers hear at once when to come again."""
    clock = FakeClock()
    with ScriptedServer() as server:
        url = server.url.rpartition("/")[0]
    with proxying(url) as proxy:
        monkeypatch.setattr(proxy.origins, "_clock", clock)
        delays = []
        for _ in range(6):
            assert describe(proxy).status == 502
            reply = describe(proxy)
            delays.append(int(reply.headers["retry-after"]))
            clock.now += delays[-1]
    assert delays == [1, 2, 4, 8, 15, 15]


# --- names and passwords ----------------------------------------------------------------------------------------------


def secured(tmp_path, **options):
    users = Users()
    users.add("a b", "p@ss:w/rd")
    movies.lab_movie(tmp_path / "movie.Mjpeg", 5)
    return serving(tmp_path, gate=Gate(users), **options)


def test_the_origin_s_password_is_the_proxy_s_matter(tmp_path, caplog):
    """Digest, with a name and a password that must be percent-encoded; viewers are not asked, and nobody reads it."""
    caplog.set_level(logging.INFO)
    with secured(tmp_path) as origin, Live() as live:
        origin.library.add("live", live.presentation)
        with proxying(f"rtsp://a%20b:p%40ss%3Aw%2Frd@127.0.0.1:{origin.port}") as proxy:
            assert watch(proxy.url())[0] == list(range(5))
            assert len(watch(proxy.url("live"), 3)[0]) >= 3
    assert "p@ss" not in caplog.text and "p%40ss" not in caplog.text


def test_a_wrong_password_is_a_502(tmp_path):
    """The viewer cannot do anything about it, and must not be asked for it."""
    with secured(tmp_path) as origin, proxying(f"rtsp://a:b@127.0.0.1:{origin.port}") as proxy:
        reply = describe(proxy)
    assert reply.status == 502 and "www-authenticate" not in reply.headers


def test_viewers_log_in_at_the_proxy(tmp_path):
    """With another name and password than the proxy at the origin."""
    users = Users()
    users.add("viewer", "secret")
    with secured(tmp_path) as origin:
        url = f"rtsp://a%20b:p%40ss%3Aw%2Frd@127.0.0.1:{origin.port}"
        with proxying(url, gate=Gate(users)) as proxy:
            assert describe(proxy).status == 401
            assert watch(proxy.url().replace("//", "//viewer:secret@"))[0] == list(range(5))


# --- an origin that goes ----------------------------------------------------------------------------------------------


def test_viewers_hear_that_a_live_origin_has_gone_and_may_come_again(tmp_path):
    """BYE, 502 to what asks for it still, and as soon as it is there again, everything works."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 5)
    with Live() as live, serving(tmp_path) as first:
        port = first.port
        first.library.add("live", live.presentation)
        with proxying(f"rtsp://127.0.0.1:{port}") as proxy, Talker(proxy.port) as viewer, Receiver() as media:
            reply = viewer.ask(f"SETUP {proxy.url('live')} RTSP/1.0", "CSeq: 1", media.transport)
            session = f"Session: {reply.headers['session'].split(';')[0]}"
            viewer.ask(f"PLAY {proxy.url('live')} RTSP/1.0", "CSeq: 2", session)
            media.wait(lambda media: media.packets, "RTP")
            first.close()
            media.wait_bye()
            assert viewer.ask(f"PLAY {proxy.url('live')} RTSP/1.0", "CSeq: 3", session).status == 502
            assert describe(proxy, "live").status == 502
            second = LocalServer(port=port, host="127.0.0.1", media=tmp_path)
            second.start()
            try:
                second.library.add("live", live.presentation)
                proxy.origins.worked()                  # its time has come
                assert in_order(watch(proxy.url("live"), 5)[0])
            finally:
                second.close()


def test_viewers_hear_that_the_origin_of_a_movie_has_gone(scripted):
    """BYE in its name; what is asked in the session then is a 502, but for TEARDOWN."""
    scripted.script["PLAY"] = lambda server: server.send(b"\x80\x1a" + bytes(6) + b"\0\0\0\x2a") or STANDARD["PLAY"]
    with proxying(scripted.url.rpartition("/")[0], wanted="udp") as proxy, Talker(proxy.port) as viewer, \
            Receiver() as media:
        reply = viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        viewer.ask(f"PLAY {proxy.url()} RTSP/1.0", "CSeq: 2", session)
        media.wait(lambda media: media.packets, "RTP")
        scripted.hang_up()
        media.wait_bye()
        assert viewer.ask(f"PAUSE {proxy.url()} RTSP/1.0", "CSeq: 3", session).status == 502
        assert viewer.ask(f"TEARDOWN {proxy.url()} RTSP/1.0", "CSeq: 4", session).status == 200
        assert not proxy.sessions.all()


def test_a_live_origin_that_says_goodbye(scripted):
    scripted.script["DESCRIBE"] = LIVE
    with proxying(scripted.url.rpartition("/")[0], wanted="udp") as proxy, Talker(proxy.port) as viewer, \
            Receiver() as media:
        reply = viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", media.transport)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        viewer.ask(f"PLAY {proxy.url()} RTSP/1.0", "CSeq: 2", session)
        scripted.send_frame(0, movies.jpeg(7), 100)
        media.wait(lambda media: media.frames(), "a frame")
        assert media.frames()[0].number() == 7
        scripted.send_bye()
        media.wait_bye()


def test_a_firewall_between_proxy_and_origin(tmp_path, monkeypatch):
    """What does not come over UDP is fetched inside the connection."""
    monkeypatch.setattr(net.way, "PATIENCE", 0.2)
    movies.lab_movie(tmp_path / "movie.Mjpeg", 5)
    with Live() as live, serving(tmp_path) as origin:
        origin.library.add("live", live.presentation)
        with proxying(origin.url("")) as proxy, monkeypatch.context() as patch:
            patch.setattr("net.channels.UdpChannel.send", lambda channel, packets, stride: True)
            assert len(watch(proxy.url("live"), 3, transport="tcp")[0]) >= 3


# --- what goes through ------------------------------------------------------------------------------------------------


def test_methods_that_nobody_knows_are_passed_with_their_body(scripted):
    """And so is the reply; Via says who has passed them, the viewer's password stays here."""
    scripted.script["SHOUT"] = OK + b"Echo: yes\r\nContent-Length: 4\r\n\r\nback"
    with proxying(scripted.url.rpartition("/")[0]) as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"SHOUT {proxy.url()} RTSP/1.0", "CSeq: 7", "X-Word: hello", "Authorization: Basic eDp5",
                           "Via: RTSP/1.0 somebody")
        asked = scripted.next_request()
        assert (reply.status, reply.headers["echo"], reply.headers["cseq"], reply.body) == (200, "yes", "7", b"back")
        assert asked.startswith(f"SHOUT {scripted.url} RTSP/1.0\r\n") and "X-Word: hello" in asked
        assert "Via: RTSP/1.0 somebody, RTSP/1.0 rtsplab-" in asked and "Authorization" not in asked


def test_the_first_packets_come_behind_the_reply_to_play(scripted):
    """Where both are in one connection, players read the reply first."""
    def play(server):
        server.send(b"\x80\x1a" + bytes(6) + b"\0\0\0\x2a")
        time.sleep(0.05)                # it has come before the reply
        return STANDARD["PLAY"]

    scripted.script["PLAY"] = play
    with proxying(scripted.url.rpartition("/")[0], wanted="udp") as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", TCP)
        session = f"Session: {reply.headers['session'].split(';')[0]}"
        assert viewer.ask(f"PLAY {proxy.url()} RTSP/1.0", "CSeq: 2", session).status == 200
        assert viewer._take(4) == b"$\0\0\x0c"


def test_parameters_are_the_origin_s(scripted):
    scripted.script["GET_PARAMETER"] = OK + b"Session: 5eed\r\nContent-Length: 12\r\n\r\nvolume: 11\r\n"
    with proxying(scripted.url.rpartition("/")[0]) as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"SETUP {proxy.url()} RTSP/1.0", "CSeq: 1", TCP)
        session = reply.headers["session"].split(";")[0]
        reply = viewer.ask(f"GET_PARAMETER {proxy.url()} RTSP/1.0", "CSeq: 2", f"Session: {session}")
        assert reply.body == b"volume: 11\r\n" and reply.headers["session"] == session != "5eed"
        assert "Session: 5eed" in [scripted.next_request() for _ in range(3)][-1]


def test_a_query_is_part_of_the_place(scripted):
    """A camera tells its pictures by it; players that get a base without it could not set up the stream."""
    with proxying(scripted.url.rpartition("/")[0]) as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url('cam?channel=1&subtype=0')} RTSP/1.0", "CSeq: 1")
        asked = scripted.next_request()
        assert asked.startswith(f"DESCRIBE {scripted.url.rpartition('/')[0]}/cam?channel=1&subtype=0 ")
        base = reply.headers["content-base"]
        assert base == proxy.url("cam/%3F/channel=1&subtype=0/")
        assert viewer.ask(f"SETUP {base}trackID=0 RTSP/1.0", "CSeq: 2", TCP).status == 200


def test_an_origin_with_a_path_is_the_root(scripted):
    """What is below it is below the root, and with a query there is nothing else."""
    with proxying(scripted.url) as proxy:
        assert describe(proxy, "").status == 200
        assert scripted.next_request().startswith(f"DESCRIBE {scripted.url} ")
        describe(proxy, "more")
        assert scripted.next_request().startswith(f"DESCRIBE {scripted.url}/more ")
    with proxying(f"{scripted.url}?channel=1") as proxy:
        assert describe(proxy, "").status == 200 and describe(proxy, "more").status == 404
        assert scripted.next_request().startswith(f"DESCRIBE {scripted.url}?channel=1 ")


def test_nothing_is_published_through_it(scripted):
    with proxying(scripted.url.rpartition("/")[0]) as proxy, Talker(proxy.port) as viewer:
        assert viewer.ask(f"ANNOUNCE {proxy.url()} RTSP/1.0", "CSeq: 1").status == 501


# --- forward, and in a row --------------------------------------------------------------------------------------------


def via_proxy(proxy):
    return {"proxy": ("127.0.0.1", proxy.port)}


def test_a_forward_proxy_leads_anywhere(tmp_path):
    """The movie's own URL, untouched; the server asks for the password, and the player answers."""
    with secured(tmp_path) as origin, proxying() as proxy:
        url = origin.url().replace("//", "//a%20b:p%40ss%3Aw%2Frd@")
        for transport in ("udp", "tcp"):
            assert watch(url, transport=transport, **via_proxy(proxy))[0] == list(range(5))
        eventually(lambda: not origin.sessions.all(), "TEARDOWN")


def test_the_program_asks_by_way_of_a_proxy(tmp_path, capsys):
    """--proxy; and what the proxy says of a server that it cannot reach is a sentence, and exit code 4."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 3)
    with serving(tmp_path) as origin, proxying() as proxy:
        options = ["--headless", "--proxy", f"127.0.0.1:{proxy.port}"]
        assert ClientLauncher.main([origin.url(), *options]) == 0
        assert len(proxy.workers) <= 1 and ClientLauncher.main(["rtsp://127.0.0.1:1/x", *options]) == 4
    assert "The proxy cannot reach the server" in capsys.readouterr().err


def test_a_forward_proxy_changes_nothing(scripted):
    """URLs, challenges: 401 and 407, and what the viewer answers to them."""
    challenge = b'WWW-Authenticate: Basic realm="a"\r\nContent-Base: rtsp://x/\r\n'
    scripted.script["DESCRIBE"] = [refused(401, "Unauthorized", challenge),
                                   refused(407, "Proxy", b'Proxy-Authenticate: Basic realm="b"\r\n')]  # fmt: skip
    with proxying() as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {scripted.url} RTSP/1.0", "CSeq: 1")
        assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Basic realm="a"')
        assert reply.headers["content-base"] == "rtsp://x/"
        reply = viewer.ask(f"DESCRIBE {scripted.url} RTSP/1.0", "CSeq: 2", "Authorization: Basic eDp5")
        assert (reply.status, reply.headers["proxy-authenticate"]) == (407, 'Basic realm="b"')
    assert "Authorization" not in scripted.next_request()
    assert "Authorization: Basic eDp5\r\n" in scripted.next_request()


def test_a_forward_proxy_may_be_limited(scripted):
    with proxying(allowed=["localhost"]) as proxy, Talker(proxy.port) as viewer:
        assert viewer.ask(f"DESCRIBE {scripted.url} RTSP/1.0", "CSeq: 1").status == 403
        url = scripted.url.replace("127.0.0.1", "localhost")
        assert viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 2").status == 200


def test_proxies_in_a_row(tmp_path):
    """A movie, something live, and a mistake, through three of them."""
    movies.lab_movie(tmp_path / "movie.Mjpeg", 5)
    with Live() as live, serving(tmp_path) as origin:
        origin.library.add("live", live.presentation)
        with proxying(origin.url("")) as one, proxying(one.url("")) as two, proxying() as three:
            for transport in ("udp", "tcp"):
                options = {"transport": transport, **via_proxy(three)}
                assert watch(two.url(), **options)[0] == list(range(5))
                assert in_order(watch(two.url("live"), 5, **options)[0])
            with pytest.raises(ServerRefused) as caught:
                watch(two.url("missing"), **via_proxy(three))
            assert caught.value.status == 404


def test_a_circle_is_noticed():
    """A proxy that leads to itself, in one step and in two."""
    with proxying() as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url()} RTSP/1.0", "CSeq: 1")
        assert reply.status == 502 and b"circle" in reply.body
    with proxying("rtsp://127.0.0.1:1") as one, proxying(one.url("")) as two:
        one.origin = one.login = two.url("")
        reply = describe(one)
        assert reply.status == 502 and b"circle" in reply.body


def test_too_long_a_row_is_no_way():
    with proxying("rtsp://127.0.0.1:1") as proxy, Talker(proxy.port) as viewer:
        via = ", ".join(f"RTSP/1.0 p{n}" for n in range(11))
        assert viewer.ask(f"DESCRIBE {proxy.url()} RTSP/1.0", "CSeq: 1", f"Via: {via}").status == 502
