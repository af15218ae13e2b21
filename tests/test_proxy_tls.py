"""The proxy and TLS, towards its viewers and towards the origin; --net and --pcap, which are about viewers."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import Proxy
from net.capture import Capture
from net.certificate import fingerprint, server_context
from net.impairment import parse
from net.instruments import Instruments
from net.trust import SYSTEM, Trust
from tests import movies
from tests.proxying import Live, in_order, proxying, watch
from tests.serving import Talker, rtp_info, serving
from tests.test_server_tls import Secret, serving_tls

ROOT = Path(Proxy.__file__).parent
FRAMES = 20
UDP = "Transport: RTP/AVP;unicast;client_port=5000-5001"
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    return folder


@pytest.fixture(scope="module")
def plain(folder):
    """An origin that is not encrypted, with something live."""
    with serving(folder, fps=25.0) as server, Live() as live:
        server.library.add("live", live.presentation)
        yield server


@pytest.fixture
def sealed(folder, certificates):
    """One that is."""
    with serving_tls(folder, certificates) as server, Live() as live:
        server.library.add("live", live.presentation)
        yield server


def tls(certificates):
    return {"tls": server_context(certificates.good, certificates.key)}


def knowing(certificates):
    """Whoever has this certificate, and nobody else."""
    return Trust(fingerprint=bytes.fromhex(fingerprint(certificates.good).replace(":", "")))


# ---- viewers


def test_viewers_are_served_over_tls(plain, certificates):
    """A movie to its end, and something live; the media come inside."""
    with proxying(plain.url(""), **tls(certificates)) as proxy:
        assert proxy.url().startswith("rtsps:")
        shown, statistics = watch(proxy.url(), trust=knowing(certificates))
        assert shown == list(range(FRAMES)) and statistics["transport"] == "tcp"
        shown, _ = watch(proxy.url("live"), 5, trust=knowing(certificates))
        assert len(shown) >= 5 and in_order(shown)


@pytest.mark.parametrize("name", ["movie.Mjpeg", "live"])
def test_nothing_leaves_the_encryption(plain, certificates, name):
    """Media over UDP are refused (461), and the URLs go on being rtsps://."""
    with proxying(plain.url(""), **tls(certificates)) as proxy, Secret(proxy, certificates) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url(name)} RTSP/1.0", "CSeq: 1")
        assert reply.headers["content-base"] == proxy.url(name) + "/"
        assert viewer.ask(f"SETUP {proxy.url(name)}/trackID=0 RTSP/1.0", "CSeq: 2", UDP).status == 461
        reply = viewer.ask(f"SETUP {proxy.url(name)}/trackID=0 RTSP/1.0", "CSeq: 3", TCP)
        session = "Session: " + reply.headers["session"].split(";")[0]
        reply = viewer.ask(f"PLAY {proxy.url(name)} RTSP/1.0", "CSeq: 4", session)
        if "rtp-info" in reply.headers:
            assert rtp_info(reply.headers["rtp-info"])[0].url == proxy.url(name) + "/trackID=0"


def test_who_speaks_something_else_disturbs_nobody(plain, certificates, caplog):
    with proxying(plain.url(""), **tls(certificates)) as proxy:
        with Talker(proxy.port) as stranger:
            assert stranger.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 400
        assert watch(proxy.url(), trust=knowing(certificates))[0] == list(range(FRAMES))
    assert len(caplog.records) == 1


def test_in_front_of_any_server_both_ways_are_encrypted(sealed, certificates):
    """The player's own URL; it trusts the proxy, and the proxy the server."""
    with proxying(trust=knowing(certificates), **tls(certificates)) as proxy:
        options = {"proxy": ("127.0.0.1", proxy.port), "trust": knowing(certificates)}
        assert watch(sealed.url(), **options)[0] == list(range(FRAMES))
        with Secret(proxy, certificates) as viewer:
            assert viewer.ask(f"SETUP {sealed.url()}/trackID=0 RTSP/1.0", "CSeq: 1", UDP).status == 461


# ---- origins


@pytest.mark.parametrize("name", ["movie.Mjpeg", "live"])
def test_an_origin_that_is_encrypted(sealed, certificates, name):
    """By the fingerprint, by this machine's authorities, or whoever it is; viewers in the clear, over UDP."""
    for trust in (knowing(certificates), Trust(insecure=True)):
        with proxying(sealed.url(""), trust=trust) as proxy:
            shown, statistics = watch(proxy.url(name), 5, transport="udp")
            assert len(shown) >= 5 and in_order(shown) and statistics["transport"] == "udp"


def test_an_origin_that_this_machine_s_authorities_vouch_for(sealed, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.good))
    with proxying(sealed.url("")) as proxy:
        assert watch(proxy.url())[0] == list(range(FRAMES))


@pytest.mark.parametrize(("trust", "words"), [
    (SYSTEM, b"is not trusted"),
    (Trust(fingerprint=bytes(32)), b"is not the server of that fingerprint"),
])  # fmt: skip
def test_an_origin_that_is_not_to_be_trusted_is_502(sealed, trust, words, caplog):
    """Its password is not said to it; the log has the fingerprint that it showed."""
    with proxying(sealed.url("").replace("//", "//me:secret@"), trust=trust) as proxy, Talker(proxy.port) as viewer:
        reply = viewer.ask(f"DESCRIBE {proxy.url()} RTSP/1.0", "CSeq: 1")
    assert reply.status == 502 and words in reply.body
    assert "is not " in caplog.text and "secret" not in caplog.text


def test_a_plain_origin_behind_rtsps_is_502(plain):
    with proxying(plain.url("").replace("rtsp:", "rtsps:")) as proxy, Talker(proxy.port) as viewer:
        assert viewer.ask(f"DESCRIBE {proxy.url()} RTSP/1.0", "CSeq: 1").status == 502


def test_a_chain_that_is_encrypted_from_end_to_end(sealed, certificates):
    trust = {"trust": knowing(certificates)}
    with proxying(sealed.url(""), **trust, **tls(certificates)) as one, \
            proxying(one.url(""), **trust, **tls(certificates)) as two:
        assert watch(two.url(), **trust)[0] == list(range(FRAMES))
        shown, _ = watch(two.url("live"), 5, **trust)
        assert len(shown) >= 5 and in_order(shown)


# ---- --net and --pcap


@pytest.mark.parametrize("name", ["movie.Mjpeg", "live"])
def test_viewers_are_behind_a_bad_network_and_their_packets_in_the_capture(plain, tmp_path, name):
    """Every packet twice."""
    instruments = Instruments(parse("dup 100%"), Capture(str(tmp_path / "a.pcap")))
    with proxying(plain.url(""), instruments=instruments) as proxy:
        shown, statistics = watch(proxy.url(name), 5, transport="udp")
    assert in_order(shown) and statistics["duplicates"] >= 5
    capture = (tmp_path / "a.pcap").read_bytes()
    assert b"DESCRIBE " + proxy.url(name).encode() in capture and movies.jpeg(shown[0])[-200:-2] in capture


# ---- the program


@pytest.mark.parametrize(("words", "said"), [
    (["rtsps://camera/", "--transport", "udp"], "Leave out --transport udp"),
    (["rtsp://camera/", "--allow-basic"], "name them with --user"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        Proxy.main(["0", *words])
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_files_that_are_no_use_are_refused(certificates, tmp_path, capsys):
    words = ["0", "rtsp://127.0.0.1:1/", "--host", "127.0.0.1"]
    assert Proxy.main([*words, "--tls", str(certificates.good), str(certificates.other_key)]) == 2
    assert "does not belong" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to a process there")
def test_the_program_says_what_to_ask_for_and_what_is_on(certificates, tmp_path):
    command = [sys.executable, "Proxy.py", "0", "rtsp://127.0.0.1:1/cam", "--host", "127.0.0.1"]
    command += ["--net", "loss 5% seed 7", "--tls", str(certificates.good), str(certificates.key)]
    command += ["--pcap", str(tmp_path / "a.pcap")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline().rstrip() for _ in range(5)]
        port = int(lines[0].split(" on port ")[1].split(".")[0])
        context = ssl.create_default_context(cafile=str(certificates.good))
        with Talker(port) as viewer:
            viewer.socket = context.wrap_socket(viewer.socket, server_hostname="localhost")
            assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
        running.send_signal(signal.SIGTERM)
        assert running.wait(15) == 0 and running.stdout.read() == ""
    assert lines[1:] == [
        f"  rtsps://127.0.0.1:{port}/  is  rtsp://127.0.0.1:1/cam",
        f"Encrypted. The certificate's fingerprint: {fingerprint(certificates.good)}",
        "NET: loss 5 % (seed 7)", f"Capture: {tmp_path / 'a.pcap'}",
    ]  # fmt: skip
    assert b"OPTIONS * RTSP/1.0" in (tmp_path / "a.pcap").read_bytes()
