"""net.trust: whom a client believes, and what it says when it does not; rtsps:// from the command line on."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading

import pytest

import ClientLauncher
from net.certificate import fingerprint, server_context
from net.tls import TlsSocket
from net.trust import SYSTEM, Trust, _untrusted, connect
from Player import Player
from rtsp.failures import ConnectError, UsageError
from rtsp.states import State
from tests import movies
from tests.scripted import OK, ScriptedServer, refused
from tests.serving import serving
from tests.test_server_tls import TlsServer, serving_tls

FRAMES = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    return folder


@pytest.fixture
def server(folder, certificates):
    with serving_tls(folder, certificates) as running:
        yield running


@pytest.fixture
def authority(monkeypatch):
    """This machine trusts only these certificates."""
    return lambda file: monkeypatch.setenv("SSL_CERT_FILE", str(file))


@contextlib.contextmanager
def showing(folder, certificate, key):
    """A server that has this certificate."""
    server = TlsServer(port=0, host="127.0.0.1", media=folder, tls=server_context(certificate, key))
    server.start()
    try:
        yield server
    finally:
        server.close()


def sentence(port, trust=SYSTEM, host="127.0.0.1", timeout=10.0):
    """Why there is no connection; exit code 3."""
    with pytest.raises(ConnectError) as caught:
        connect(host, port, timeout, trust=trust).close()
    assert caught.value.code == 3 and "\n" not in str(caught.value)
    return str(caught.value)


# ---- whom it believes


def test_who_is_vouched_for_is_believed(server, certificates, authority):
    authority(certificates.good)
    for host in ("127.0.0.1", "localhost"):
        with connect(host, server.port, 10, trust=SYSTEM) as sock:
            assert isinstance(sock, TlsSocket)


def test_anybody_if_told_so_or_one_certificate_alone(server, certificates):
    digest = bytes.fromhex(fingerprint(certificates.good).replace(":", ""))
    for trust in (Trust(insecure=True), Trust(fingerprint=digest)):
        connect("127.0.0.1", server.port, 10, trust=trust).close()
    text = sentence(server.port, Trust(fingerprint=bytes(32)))
    assert "is not the server of that fingerprint" in text and fingerprint(certificates.good) in text


def test_without_trust_there_is_no_tls(server):
    with connect("127.0.0.1", server.port, 10) as sock:
        assert not isinstance(sock, TlsSocket)


def test_the_server_is_told_which_name_is_meant(certificates):
    """SNI (RFC 6066 §3), as servers with several names need it."""
    context, names = server_context(certificates.good, certificates.key), []
    context.sni_callback = lambda tls, name, context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            with TlsSocket(listener.accept()[0], context) as sock:
                sock.handshake(threading.Event())

        thread = threading.Thread(target=answer)
        thread.start()
        connect("localhost", listener.getsockname()[1], 10, trust=Trust(insecure=True)).close()
        thread.join()
    assert names == ["localhost"]


# ---- whom it does not


def test_a_stranger_is_told_with_the_fingerprint_that_he_showed(server, certificates):
    text = sentence(server.port)
    assert text.startswith(f"The certificate of 127.0.0.1:{server.port} is not trusted")
    assert text.endswith(f"add --fingerprint {fingerprint(certificates.good)}")


@pytest.mark.parametrize(("name", "words"), [("expired", "has expired"), ("stranger", "is for another address")])
def test_a_certificate_that_is_wrong_although_trusted(folder, certificates, authority, name, words):
    certificate = getattr(certificates, name)
    authority(certificate)
    with showing(folder, certificate, certificates.key) as server:
        text = sentence(server.port)
        assert words in text and fingerprint(certificate) in text


def test_another_name(folder, certificates, authority):
    authority(certificates.stranger)
    with showing(folder, certificates.stranger, certificates.key) as server:
        assert "is for another name. Use the name that is in it" in sentence(server.port, host="localhost")


def test_each_fault_has_its_words():
    """Also of a server that does not show its certificate a second time."""
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = 9, "certificate is not yet valid"
    assert str(_untrusted("a:1", error, "")) == "The certificate of a:1 is not valid yet. Set this machine's clock"


@contextlib.contextmanager
def saying(data, close=False):
    """A server that says this to one client, whatever that says, and reads until it goes, or closes at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            sock, _ = listener.accept()
            with sock:
                sock.settimeout(10)
                sock.sendall(data)
                with contextlib.suppress(OSError):
                    while not close and sock.recv(65536):
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_what_is_no_tls(folder):
    """Another server that greets, and our own without TLS."""
    with saying(b"220 Good morning\r\n") as port:
        assert sentence(port) == f"127.0.0.1:{port} does not speak TLS. If it is not encrypted, its URL begins with rtsp://"
    with serving(folder) as plain:
        assert "does not speak TLS" in sentence(plain.port)


def test_silence_ends_in_time():
    with saying(b"") as port:
        assert "did not finish the TLS handshake in 0 s" in sentence(port, timeout=0.3)


def test_a_server_that_hangs_up():
    with saying(b"", close=True) as port:
        assert "closed the connection in the TLS handshake" in sentence(port)


def test_a_server_that_will_not_have_us():
    with saying(b"\x15\x03\x03\x00\x02\x02\x28") as port:
        assert sentence(port).startswith(f"No TLS with 127.0.0.1:{port}. ")


def test_closing_ends_a_handshake():
    """From another thread, as the window does it."""
    with saying(b"") as port:
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(ConnectError):
            connect("127.0.0.1", port, 60, stop, SYSTEM)


# ---- the player


def play(*arguments):
    return ClientLauncher.main([*map(str, arguments), "--headless", "--buffer", "0"])


def test_the_program_plays_it(server, certificates, tmp_path, capsys):
    """Over TCP, whatever was not asked for; every frame."""
    stats = tmp_path / "stats.json"
    with_fingerprint = ["--fingerprint", fingerprint(certificates.good).lower().replace(":", "")]
    for options in (["--insecure"], with_fingerprint):
        assert play(server.url(), *options, "--stats", stats) == 0
        told = json.loads(stats.read_text())
        assert (told["frames_shown"], told["transport"], told["url"]) == (FRAMES, "tcp", server.url())
        assert told["rtcp_sent"] > 0 and told["rtcp_received"] > 0


def test_a_list_of_movies(server, capsys):
    assert play(server.url(""), "--insecure") == 0
    assert capsys.readouterr().out == server.url() + "\n"


def test_the_program_believes_nobody_by_itself(server, certificates, capsys):
    assert play(server.url()) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert fingerprint(certificates.good) in line


@pytest.mark.parametrize(("options", "words"), [
    (["--transport", "udp"], "Leave out --transport udp"), (["--dialect", "lab"], "Use rtsp://"),
])  # fmt: skip
def test_what_would_be_sent_in_the_clear_is_a_mistake(server, options, words, capsys):
    """Exit code 2."""
    assert play(server.url(), "--insecure", *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert words in line


@pytest.mark.parametrize("options", [["--fingerprint", "abc"], ["--fingerprint", "g" * 64],
                                     ["--insecure", "--fingerprint", "0" * 64]])  # fmt: skip
def test_options_that_make_no_sense_are_exit_2(options, capsys):
    with pytest.raises(SystemExit) as caught:
        play("rtsps://127.0.0.1/x", *options)
    assert caught.value.code == 2 and "fingerprint" in capsys.readouterr().err


def test_the_usual_port_is_322():
    player = Player("rtsps://127.0.0.1/movie.Mjpeg")
    assert player.client.port == 322
    player.close()


def test_a_redirect_into_encryption_is_followed(server):
    """From then on the media come inside the connection, although UDP was begun with."""
    with ScriptedServer(DESCRIBE=refused(302, "Found", b"Location: %s\r\n" % server.url().encode())) as plain:
        player = Player(plain.url, trust=Trust(insecure=True))
        try:
            player.setup()
            assert player.way.transport == "tcp" and player.state is State.READY
            player.play()
            assert player.client.connection.encrypted
        finally:
            player.leave()


def test_media_over_udp_are_not_begun_again_after_a_redirect_into_encryption(server):
    """Where UDP was asked for."""
    with ScriptedServer(DESCRIBE=refused(302, "Found", b"Location: %s\r\n" % server.url().encode())) as plain:
        player = Player(plain.url, transport="udp", trust=Trust(insecure=True))
        with pytest.raises(UsageError):
            player.setup()
        player.leave()


def test_a_plain_server_is_asked_nothing_about_trust():
    with ScriptedServer(OPTIONS=OK) as plain:
        player = Player(plain.url)
        player.connect()
        assert not player.client.connection.encrypted
        player.leave()
