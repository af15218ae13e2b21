"""The client's side of the conversation, against a server that follows a script."""

from __future__ import annotations

import socket
import threading

import pytest

from rtsp.errors import MethodError
from rtsp.failures import AuthenticationError, ConnectError, ReplyTimeout, ServerRefused, UsageError
from rtsp.headers import Range, Transport
from rtsp.sdp import SessionDescription
from rtsp.states import END, State
from RtspClient import RtspClient
from tests.scripted import OK, STANDARD, FakeClock, ScriptedServer, eventually, refused

TRANSPORT = Transport(client_port=(25000, 25001))


@pytest.fixture
def clients():
    """Makes clients that are closed at the end."""
    made = []

    def make(server, *args, **options):
        client = RtspClient(server if isinstance(server, str) else server.url, *args, **options)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


def playing(client):
    client.connect()
    client.setup(client.url + "/trackID=0", TRANSPORT)
    client.play()


def test_the_requests_are_these_bytes(clients):
    """Method, URL, CSeq counting up, Session once there is one, and nothing else."""
    with ScriptedServer() as server:
        client = clients(server.url.replace("//", "//name:secret@"))
        client.connect()
        client.options()
        _, base = client.describe()
        client.setup(base + "trackID=0", TRANSPORT)
        client.play(Range(2.5))
        client.pause()
        client.teardown()
        url, agent, session = server.url, "User-Agent: RTSPlab/0.1\r\n\r\n", "Session: 5eed\r\n"
        assert [server.next_request() for _ in range(6)] == [
            f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n{agent}",
            f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n{agent}",
            f"SETUP {url}/trackID=0 RTSP/1.0\r\nCSeq: 3\r\n"
            f"Transport: RTP/AVP;unicast;client_port=25000-25001\r\n{agent}",
            f"PLAY {url}/ RTSP/1.0\r\nCSeq: 4\r\n{session}Range: npt=2.500-\r\n{agent}",
            f"PAUSE {url}/ RTSP/1.0\r\nCSeq: 5\r\n{session}{agent}",
            f"TEARDOWN {url}/ RTSP/1.0\r\nCSeq: 6\r\n{session}{agent}",
        ]


def test_the_lab_requests_are_these_bytes(clients):
    """Three lines, a bare file name, a blank before the port: what every known lab server understands."""
    with ScriptedServer(lab=True) as server:
        client = clients(server, "lab")
        client.connect()
        client.setup("movie.Mjpeg", TRANSPORT)
        client.play(Range(0.0))
        client.pause()
        client.teardown()
        session = "Session: 123456\r\n"
        assert [server.next_request() for _ in range(4)] == [
            "SETUP movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= 25000\r\n",
            f"PLAY movie.Mjpeg RTSP/1.0\r\nCSeq: 2\r\n{session}",
            f"PAUSE movie.Mjpeg RTSP/1.0\r\nCSeq: 3\r\n{session}",
            f"TEARDOWN movie.Mjpeg RTSP/1.0\r\nCSeq: 4\r\n{session}",
        ]


def test_replies_are_understood(clients):
    """The description, its base, the granted transport, the session and the server's methods."""
    with ScriptedServer() as server:
        client = clients(server)
        client.connect()
        client.options()
        description, base = client.describe()
        granted = client.setup(base + "trackID=0", TRANSPORT)
        assert "GET_PARAMETER" in client.public
        assert base == server.url + "/" and description.media[0].formats == [26]
        assert granted.server_port[0] == server.rtp.getsockname()[1] and granted.ssrc == 42
        assert client.session.id == "5eed" and client.session.timeout == 60


def test_the_state_moves_on_the_reply_alone(clients):
    """Granted: on by the table. Refused: nothing moves. Forbidden by the table: nothing is even sent."""
    with ScriptedServer(PAUSE=[refused(500, "Internal Server Error"), STANDARD["PAUSE"]]) as server:
        client = clients(server)
        client.connect()
        with pytest.raises(MethodError):
            client.play()
        client.setup(server.url, TRANSPORT)
        assert client.state is State.READY
        client.play()
        assert client.state is State.PLAYING
        with pytest.raises(ServerRefused):
            client.pause()
        assert client.state is State.PLAYING
        client.pause()
        assert client.state is State.READY
        client.teardown()
        assert client.state is State.INIT
        assert server.methods() == ["SETUP", "PLAY", "PAUSE", "PAUSE", "TEARDOWN"]


def test_what_happened_in_the_meantime_is_no_error(clients):
    """The movie ends while the reply to PAUSE is on its way: the client is where PAUSE would have led."""
    with ScriptedServer() as server:
        client = clients(server)
        playing(client)
        client.happened(END)
        client.happened("PAUSE")
        assert client.state is State.READY


@pytest.mark.parametrize(
    ("reply", "kind", "code", "words", "state"),
    [
        (refused(404, "Not Found"), ServerRefused, 4, 'The server has no "movie.Mjpeg"', State.READY),
        (refused(401, "Unauthorized"), AuthenticationError, 6, "name and a password", State.READY),
        (refused(454, "Session Not Found"), ServerRefused, 4, "ended the session", State.INIT),
        (refused(461, "Unsupported transport"), ServerRefused, 4, "does not send media this way", State.READY),
        (refused(599, "Odd"), ServerRefused, 4, "refused PLAY. It may say why in its log (599 Odd)", State.READY),
        (refused(302, "Moved", b"Location: rtsp://b/c\r\n"), ServerRefused, 4, "sends us to rtsp://b/c", State.INIT),
        (OK + b"RTP-Info\r\n\r\n", ConnectError, 3, "does not speak RTSP", State.INIT),
    ],
)
def test_a_refusal_says_what_to_do(clients, reply, kind, code, words, state):
    """One line, the exit code, and the state that the table says."""
    with ScriptedServer(PLAY=reply) as server:
        client = clients(server)
        client.connect()
        client.setup(server.url, TRANSPORT)
        with pytest.raises(kind) as caught:
            client.play()
        assert caught.value.code == code and words in str(caught.value) and "\n" not in str(caught.value)
        eventually(lambda: client.state is state)


@pytest.mark.parametrize("method", ["DESCRIBE", "SETUP"])
def test_a_reply_that_makes_no_sense_is_refused(clients, method):
    """Malformed contents of a well-formed message."""
    broken = {"DESCRIBE": OK + b"\r\n", "SETUP": OK + b"Session: 1\r\nTransport: RTP/AVP;server_port=x\r\n\r\n"}
    with ScriptedServer({method: broken[method]}) as server:
        client = clients(server)
        client.connect()
        with pytest.raises(ServerRefused, match=f"reply to {method} cannot be understood"):
            client.describe() if method == "DESCRIBE" else client.setup(server.url, TRANSPORT)


def test_a_reply_in_pieces_and_among_other_things(clients):
    """Cut anywhere, behind a media packet, a reply to nobody and a provisional one: it is found by its CSeq."""

    def reply(server):
        server.say(b"$\x00\x00\x03abc" + b"RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n")
        server.say(b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n")
        for byte in b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: PLAY\r\n\r\n":
            server.say(bytes([byte]))

    with ScriptedServer(OPTIONS=reply) as server:
        client = clients(server)
        client.connect()
        client.options()
        assert client.public == {"PLAY"}


@pytest.mark.parametrize(("method", "rest"), [
    ("OPTIONS", b"200 OK\r\nCSeq: 900\r\nPublic: OPTIONS, GET_PARAMETER, SET_PARAMETER\r\n\r\n"),
    ("SPEAK", b"501 Not Implemented\r\nCSeq: 900\r\n\r\n"),
])
def test_the_server_may_ask_too(clients, method, rest):
    """It gets an answer with its own CSeq, also while we wait for ours."""
    answers = []

    def reply(server):
        server.say(b"%s * RTSP/1.0\r\nCSeq: 900\r\n\r\n" % method.encode())
        answers.append(server.connection.recv(1000))
        return OK + b"\r\n"

    with ScriptedServer(OPTIONS=reply) as server:
        client = clients(server)
        client.connect()
        client.options()
        assert answers == [b"RTSP/1.0 " + rest]


def test_a_silent_server_is_given_up(clients):
    """After the time-out, with exit code 3; its late reply is not taken for the next one's."""
    late = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: LATE\r\n\r\n"
    with ScriptedServer(OPTIONS=[None, late + OK + b"Public: PLAY\r\n\r\n"]) as server:
        client = clients(server, timeout=0.05)
        client.connect()
        with pytest.raises(ReplyTimeout, match="No reply to OPTIONS in 0 s") as caught:
            client.options()
        assert caught.value.code == 3
        client._timeout = 5
        client.options()
        assert client.public == {"PLAY"}


def test_lab_replies_come_without_end_in_any_spelling(clients):
    """No empty line, LF, a CSeq of the server's own, extra lines, no Session later: matched by order."""
    script = {
        "SETUP": b"RTSP/1.0 200 OK\nCSeq: CSeq: 9\nSession: 4711",
        "PLAY": b'RTSP/1.0 200 OK\nCSeq 55\nTotal-Frames: 500\n{"json": 1}\n',
    }
    with ScriptedServer(script, lab=True) as server:
        client = clients(server, "lab")
        client.connect()
        assert client.setup("movie.Mjpeg", TRANSPORT) is None
        assert client.session.id == "4711"
        client.play()
        assert client.state is State.PLAYING


def test_a_lab_server_that_does_not_answer_has_granted_it(clients, monkeypatch):
    """Stock servers say nothing when they think they are in that state already; but SETUP needs its answer."""
    monkeypatch.setattr("RtspClient.LAB_PATIENCE", 0.05)
    with ScriptedServer(lab=True, PLAY=None, PAUSE=None, TEARDOWN=None) as server:
        client = clients(server, "lab")
        client.connect()
        client.setup("movie.Mjpeg", TRANSPORT)
        for act, state in (client.play, State.PLAYING), (client.pause, State.READY), (client.teardown, State.INIT):
            act()
            assert client.state is state
    with ScriptedServer(lab=True, SETUP=None) as server:
        client = clients(server, "lab", timeout=0.05)
        client.connect()
        with pytest.raises(ReplyTimeout):
            client.setup("movie.Mjpeg", TRANSPORT)


def test_no_server_there(clients):
    """Refused, unknown, out of time: each says what to do next, and none takes long."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(ConnectError, match=f"Nothing listens there. Start it with: python Server.py {port}$"):
            clients(f"rtsp://127.0.0.1:{port}/a").connect()
    with pytest.raises(ConnectError, match="Cannot reach nobody.invalid:554. No machine is known by that name"):
        clients("rtsp://nobody.invalid/a").connect()
    with pytest.raises(ConnectError, match="There is no connection yet"):
        clients("rtsp://127.0.0.1/a").options()


def test_no_answer_to_a_connection(clients, monkeypatch):
    """A firewall swallows what we send."""

    def late(*args):
        raise TimeoutError

    monkeypatch.setattr("RtspClient.connect", late)
    with pytest.raises(ConnectError, match="No answer in 5 s"):
        clients("rtsp://127.0.0.1/a").connect()


@pytest.mark.parametrize("url", ["http://a/b", "movie.Mjpeg", "rtsp://", "rtspu://a/b", "rtsp://a:99999/b"])
def test_not_every_url_will_do(url):
    """Exit code 2 before anything is tried."""
    with pytest.raises(UsageError):
        RtspClient(url)


def test_a_server_that_hangs_up_is_noticed_at_once(clients):
    """Whoever waits is told; without media there is no session any more."""
    with ScriptedServer(PLAY=lambda server: server.hang_up()) as server:
        client = clients(server)
        client.connect()
        client.setup(server.url, TRANSPORT)
        with pytest.raises(ConnectError, match="No reply to PLAY. The server has closed the connection"):
            client.play()
        eventually(lambda: client.state is State.INIT)
        assert client.lost == "The server has closed the connection"
        with pytest.raises(ConnectError):
            client.request("OPTIONS", client.url)


def test_what_was_answered_before_the_end_of_the_connection_counts(clients):
    """PLAY was granted, so media may come; whoever asks for more is told why there is no answer, whatever the state."""
    with ScriptedServer() as server:
        client = clients(server)
        client.connect()
        client.setup(server.url, TRANSPORT)
        judge = client._judge

        def late(method, reply):
            server.hang_up()
            eventually(lambda: client.lost)
            return judge(method, reply)

        client._judge = late
        client.play()
        assert client.state is State.PLAYING
        with pytest.raises(ConnectError, match="No reply to PAUSE. The server has closed the connection"):
            client.pause()


def test_a_server_that_hangs_up_between_two_requests(clients):
    """The reason is the connection, not that the state forbids it."""
    with ScriptedServer() as server:
        client = clients(server)
        client.connect()
        client.setup(server.url, TRANSPORT)
        server.hang_up()
        eventually(lambda: client.state is State.INIT)
        with pytest.raises(ConnectError, match="No reply to PLAY. The server has closed the connection"):
            client.play()


def test_media_outlive_the_connection(clients):
    """UDP goes on without TCP: Playing stays Playing until the media say otherwise."""
    with ScriptedServer() as server:
        client = clients(server)
        playing(client)
        server.hang_up()
        eventually(lambda: client.lost)
        assert client.state is State.PLAYING


@pytest.mark.parametrize(("public", "method"), [({"GET_PARAMETER"}, "GET_PARAMETER"), (set(), "OPTIONS")])
def test_a_sign_of_life_after_half_of_the_timeout(clients, public, method):
    """With the session's number; its reply goes to nobody."""
    clock = FakeClock()
    with ScriptedServer() as server:
        client = clients(server, clock=clock)
        playing(client)
        client.public = public
        server.methods()
        clock.now += 29
        client.pause()
        clock.now += 29
        client.play()
        assert server.methods() == ["PAUSE", "PLAY"]  # each was a sign of life of its own
        clock.now += 31
        request = server.next_request()
        assert request.startswith(method) and "Session: 5eed" in request
        client.pause()
        assert client.state is State.READY


def test_a_lab_server_is_asked_nothing_in_between(clients):
    """It never answers a method that it does not know, and its session lives as long as its connection."""
    clock = FakeClock()
    with ScriptedServer(lab=True) as server:
        client = clients(server, "lab", clock=clock)
        playing(client)
        server.methods()
        clock.now += 10**6
        assert client._patience() > 0
        client.pause()
        assert server.methods() == ["PAUSE"]


def test_a_session_that_has_gone_is_learned_from_the_sign_of_life(clients):
    """454 to a keepalive."""
    clock = FakeClock()
    with ScriptedServer(OPTIONS=refused(454, "Session Not Found")) as server:
        client = clients(server, clock=clock)
        playing(client)
        clock.now += 31
        eventually(lambda: client.state is State.INIT)


def test_close_frees_whoever_waits(clients):
    """Twice is fine, too, and so is closing what was never open."""
    with ScriptedServer(OPTIONS=None) as server:
        client = clients(server)
        client.connect()
        errors = []

        def ask():
            try:
                client.options()
            except ConnectError as error:
                errors.append(str(error))

        thread = threading.Thread(target=ask)
        thread.start()
        server.next_request()
        client.close()
        thread.join(2)
        assert errors == ["No reply to OPTIONS. The connection was closed"]
        client.close()
        assert client.lost == ""  # it was us
    clients("rtsp://127.0.0.1/a").close()


def test_a_connection_under_way_can_be_given_up(clients):
    """Closed before connect() has come back: no connection is left behind."""
    client = clients("rtsp://127.0.0.1:9/a")
    client.close()
    with pytest.raises(ConnectError):
        client.connect()


def test_closing_in_the_moment_before_the_thread_starts(clients):
    """There is nobody to wait for yet, and whoever starts it finds that it is over."""
    with ScriptedServer() as server:
        client = clients(server)
        start = threading.Thread.start

        def late(thread):
            client.close()
            start(thread)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threading.Thread, "start", late)
            client.connect()
        client._thread.join(5)
        assert not client._thread.is_alive()


def test_what_a_publisher_asks(clients):
    """RFC 2326 §10.3, §10.11: the description in a body; recording is a state of its own."""
    ok = OK + b"Session: 5eed\r\n\r\n"
    with ScriptedServer(ANNOUNCE=ok, RECORD=ok) as server:
        client = clients(server)
        client.connect()
        client.announce(SessionDescription("live"))
        client.setup(client.url + "/trackID=0", Transport(client_port=(25000, 25001), mode="RECORD"))
        client.record()
        assert client.state is State.RECORDING
        announce, setup, record = [server.next_request() for _ in range(3)]
    body = str(SessionDescription("live"))
    assert announce == (f"ANNOUNCE {server.url} RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n"
                        f"User-Agent: RTSPlab/0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    assert "mode=record\r\n" in setup and record.startswith(f"RECORD {server.url} RTSP/1.0\r\n")
