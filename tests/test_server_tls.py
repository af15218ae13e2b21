"""The server behind TLS: the whole conversation and the media in it, those who speak something else, slow viewers."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import Server
from net.certificate import fingerprint, server_context
from tests import movies
from tests.inside import Inside
from tests.serving import LocalServer, Receiver, Talker, eventually, serving
from tests.test_server_interleaved import TCP, ask, sessions, set_up
from tests.tools import need

FRAMES, RATE = 40, 40.0
ROOT = Path(Server.__file__).parent


class TlsServer(LocalServer):
    def url(self, name="movie.Mjpeg", host="127.0.0.1"):
        return f"rtsps://{host}:{self.port}/{name}"


@contextlib.contextmanager
def serving_tls(folder, certificates, **options):
    server = TlsServer(port=0, host="127.0.0.1", media=folder, fps=RATE,
                       tls=server_context(certificates.good, certificates.key), **options)  # fmt: skip
    server.start()
    try:
        yield server
    finally:
        server.close()


class Secret(Inside):
    """A viewer that speaks TLS."""

    def __init__(self, server, certificates, room=None):
        super().__init__(server.port)
        if room:
            self.socket.close()
            self.socket = socket.socket()
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            self.socket.settimeout(15)
            self.socket.connect(("127.0.0.1", server.port))
        context = ssl.create_default_context(cafile=str(certificates.good))
        self.socket = self.tls = context.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    (folder / "long.Mjpeg").write_bytes(movies.lengths([movies.jpeg(0)] * 4000))
    movies.lab_movie(folder / "large.Mjpeg", 12, (1280, 720), quality=90)
    return folder


@pytest.fixture
def server(folder, certificates):
    with serving_tls(folder, certificates) as running:
        yield running


@pytest.fixture
def viewer(server, certificates):
    with Secret(server, certificates) as secret:
        yield secret


def is_served(viewer):
    return viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200


# --- what is encrypted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "frames"), [("movie.Mjpeg", FRAMES), ("large.Mjpeg", 12)])
def test_the_whole_movie(server, viewer, name, frames):
    """URLs that go on being rtsps://, every frame, reports in both directions, BYE."""
    reply = viewer.ask(f"DESCRIBE {server.url(name)} RTSP/1.0", "CSeq: 1")
    assert reply.headers["content-base"] == server.url(name) + "/"
    _, session = set_up(server, viewer, TCP + "0-1", name)
    play = ask(server, viewer, "PLAY", session, name=name)
    assert f"url={server.url(name)}/trackID=0" in play.headers["rtp-info"]
    (inside,) = sessions(server, session)
    ssrc = inside.streams[0].ssrc
    viewer.frame(1, bytes.fromhex("81c90007 00000001") + ssrc.to_bytes(4, "big") + bytes(20))
    viewer.wait_bye()
    assert [frame.number() for frame in viewer.frames()] == list(range(frames))
    eventually(lambda: inside.streams[0].report, "the report that the viewer sent")
    assert ask(server, viewer, "TEARDOWN", session, name=name).status == 200


def test_a_folder_s_list_has_encrypted_urls(server, viewer):
    reply = viewer.ask(f"DESCRIBE {server.url('')} RTSP/1.0", "CSeq: 1", "Accept: text/uri-list")
    assert server.url("movie.Mjpeg").encode() in reply.body and b"rtsp://" not in reply.body


def test_media_in_the_clear_are_refused(server, viewer):
    """461 to UDP alone; where TCP is offered too, it is taken; and the connection goes on."""
    with Receiver() as media:
        reply = viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", media.transport)
        assert reply.status == 461
        transport, _ = set_up(server, viewer, f"{media.transport},RTP/AVP/TCP;unicast;interleaved=0-1")
        assert transport["interleaved"] == "0-1"


def test_the_lab_dialect_is_refused_what_it_knows(server, viewer):
    """It knows UDP alone."""
    viewer.raw(b"SETUP movie.Mjpeg RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/UDP; client_port= 25000\r\n")
    assert viewer._until(b"\r\n").startswith(b"RTSP/1.0 461 ")


def test_the_last_reply_is_followed_by_a_goodbye(server, viewer):
    """Not cut off, which would be no proof that this was all."""
    viewer.raw(b"\0\r\n\r\n")
    assert viewer.reply().status == 400
    viewer.tls.suppress_ragged_eofs = False
    assert viewer.is_closed()


def test_all_is_given_back(server, certificates):
    """Connections, threads, sessions of viewers that go, with a goodbye or without."""
    for polite in (True, False):
        with Secret(server, certificates) as viewer:
            _, session = set_up(server, viewer)
            ask(server, viewer, "PLAY", session)
            if polite:
                with contextlib.suppress(ssl.SSLError):
                    viewer.tls.unwrap()
        eventually(lambda: not server.workers and not len(server.sessions), "nothing left")


# --- those who speak something else -----------------------------------------------------------------------------------


def test_plain_text_gets_400_and_one_line_in_the_log(server, certificates, caplog):
    """However many they are; those who play notice nothing."""
    with Secret(server, certificates) as viewer:
        for _ in range(5):
            with Talker(server.port) as plain:
                assert plain.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 400
                assert plain.socket.recv(1) == b""  # an orderly end: a reset might throw the reply away
        assert is_served(viewer)
    eventually(lambda: len(server.workers) == 0, "nobody there")
    lines = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert 1 <= len(lines) <= 2 and "its URL begins with rtsps://" in lines[0]


def test_who_says_nothing_keeps_nobody_waiting_and_is_hung_up_on(server, certificates, monkeypatch):
    """A thread of his own waits for him, and not for long."""
    monkeypatch.setattr(Server.limits, "HANDSHAKE", 0.3)
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(Talker(server.port)) for _ in range(20)]
        silent[0].raw(b"\x16\x03")
        with Secret(server, certificates) as viewer:
            assert is_served(viewer)
        assert all(talker.is_closed() for talker in silent)


def test_a_server_that_stops_waits_for_no_handshake(folder, certificates):
    with contextlib.ExitStack() as stack:
        with serving_tls(folder, certificates) as server:
            silent = [stack.enter_context(Talker(server.port)) for _ in range(3)]
            eventually(lambda: len(server.workers) == 3, "three connections")
        assert all(talker.is_closed() for talker in silent)


def test_too_many_connections_are_closed_without_a_word(server, certificates, monkeypatch):
    """In plain text it would be no TLS; and a handshake is what there is no room for."""
    monkeypatch.setattr(Server.limits, "CONNECTIONS", 1)
    with Secret(server, certificates) as viewer:
        assert is_served(viewer)
        with Talker(server.port) as other:
            assert other.is_closed()


def test_a_handshake_on_the_plain_port_ends_at_once(folder, certificates, caplog):
    """With a line in the log; whoever waits for TLS gets something that is none."""
    with serving(folder) as server, Talker(server.port) as plain:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
            context = ssl.create_default_context(cafile=str(certificates.good))
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(sock, server_hostname="localhost")
        with Talker(server.port) as other:
            other.raw(b"\x16\x03\x01")  # no more than this, and no line end
            assert other.reply().status == 400 and other.is_closed()
        assert is_served(plain)
    assert any("TLS" in record.message for record in caplog.records if record.levelno >= logging.WARNING)


# --- slow viewers -----------------------------------------------------------------------------------------------------


def test_a_viewer_that_reads_nothing_keeps_nobody_waiting(server, certificates, monkeypatch):
    """Its frames are dropped as wholes, and unnumbered; the others get all of theirs. Then it reads on."""
    monkeypatch.setattr("net.interleaved.SEND_BUFFER", 20_000)
    with Secret(server, certificates, room=4096) as stuck, Secret(server, certificates) as second:
        _, session = set_up(server, stuck, TCP + "0-1", "long.Mjpeg")
        (inside,) = sessions(server, session)
        ask(server, stuck, "PLAY", session, name="long.Mjpeg")
        eventually(lambda: inside.streams[0].dropped > 3, "dropped frames")
        _, other = set_up(server, second)
        ask(server, second, "PLAY", other)
        second.wait_bye()
        assert [frame.number() for frame in second.frames()] == list(range(FRAMES))
        assert ask(server, stuck, "GET_PARAMETER", session, name="long.Mjpeg").status == 200
        stuck.wait_packets(len(stuck.packets) + 40)
        packets = stuck.packets
        assert [one.sequence for one in packets] == [(packets[0].sequence + n) & 0xFFFF for n in range(len(packets))]
        assert {frame.number() for frame in stuck.frames()} == {0}


# --- the program ------------------------------------------------------------------------------------------------------


def start(*arguments, **options):
    command = [sys.executable, str(ROOT / "Server.py"), "0", "--host", "127.0.0.1", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("more", [(), pytest.param(("--processes", "2"), marks=pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shares a port between processes"))])  # fmt: skip
def test_the_program_serves_with_a_certificate(folder, certificates, more):
    """The banner has what to copy; a signal ends it with 0, also in the middle of a handshake."""
    with start("--media", folder, "--tls", certificates.good, certificates.key, *more) as process:
        banner = [process.stdout.readline() for _ in range(5)]
        port = int(banner[0].split("port ")[1].split(".")[0])
        assert f"  rtsps://127.0.0.1:{port}/movie.Mjpeg\n" in banner
        assert banner[-1] == f"Encrypted. The certificate's fingerprint: {fingerprint(certificates.good)}\n"
        server = type("Running", (), {"port": port})
        with contextlib.ExitStack() as stack:
            viewers = [stack.enter_context(Secret(server, certificates)) for _ in range(4)]
            assert all(map(is_served, viewers))
            stack.enter_context(Talker(port))
            process.terminate()
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_program_makes_a_certificate_of_its_own(folder, tmp_path, monkeypatch):
    need("openssl")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    told = []
    for _ in range(2):
        with start("--media", folder, "--tls-self-signed") as process:
            told.append([process.stdout.readline() for _ in range(5)][-1].split(": ")[1].strip())
            process.terminate()
            process.communicate(timeout=10)
    assert told[0] == told[1] and len(told[0]) == 95
    assert [fingerprint(path) for path in tmp_path.rglob("certificate.pem")] == told[:1]


@pytest.mark.parametrize("options", [
    ["--tls", "missing.pem", "key.pem"], ["--tls", "good.pem", "other-key.pem"], ["--tls", "good.pem", "locked.pem"],
    ["--tls", "key.pem", "good.pem"],
])  # fmt: skip
def test_what_will_not_do_is_one_line_and_exit_2(folder, certificates, options, capsys, monkeypatch):
    monkeypatch.chdir(certificates.folder)
    assert Server.main(["0", "--media", str(folder), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1


@pytest.mark.parametrize("options", [["--tls", "good.pem"], ["--tls", "a", "b", "--tls-self-signed"]])
def test_options_that_make_no_sense_are_exit_2(options, capsys):
    with pytest.raises(SystemExit) as caught:
        Server.main(["0", *options])
    assert caught.value.code == 2 and "--tls" in capsys.readouterr().err
