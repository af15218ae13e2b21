"""Who may watch: the server over real sockets, asked by a client whose answers are computed here, from the RFCs."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import ServerOptions
from net.gate import Gate
from rtsp import pauses
from rtsp.users import Users
from tests import ffmpeg, movies
from tests.gstreamer import launch
from tests.scripted import FakeClock
from tests.serving import Talker, serving
from tests.tools import need

FRAMES, RATE = 10, 25.0
ROOT = Path(ServerOptions.__file__).parent
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def users():
    known = Users()
    known.add("alice", "wonder")
    known.add("bob", "p@ss:word")
    return known


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("movies")
    movies.lab_movie(folder / "movie.Mjpeg", FRAMES)
    return folder


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def server(folder, clock):
    with serving(folder, fps=RATE, gate=Gate(users(), clock=clock)) as running:
        yield running


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(pauses, "FIRST", 0.0)


def challenges(reply):
    """(scheme, parameters) of each."""
    parts = re.split(r",\s*(?=(?:Digest|Basic) )", reply.headers["www-authenticate"])
    return [(part.split()[0], dict(re.findall(r'(\w+)="?([^",]*)', part.split(" ", 1)[1]))) for part in parts]


def answer(reply, method, url, user="alice", password="wonder", algorithm="MD5", qop="", named=None, **changes):
    """The header Authorization; `named`: the URL in it, if it is another one than that of the request."""
    [asked] = [one for scheme, one in challenges(reply) if one.get("algorithm") == algorithm]

    def hashed(*words):
        return HASHES[algorithm](":".join(words).encode()).hexdigest()

    middle = [asked["nonce"]] + (["00000001", "c0ffee", qop] if qop else [])
    uri = named or url
    proof = hashed(hashed(user, asked["realm"], password), *middle, hashed(method, uri))
    values = {"username": user, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri, "response": proof}
    values |= {"algorithm": algorithm} | ({"qop": qop, "nc": "00000001", "cnonce": "c0ffee"} if qop else {}) | changes
    return "Authorization: Digest " + ", ".join(f'{name}="{value}"' for name, value in values.items())


def describe(server, viewer, *lines):
    return viewer.ask(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 1", *lines)


def ask(server, viewer, method, *lines, user="alice", password="wonder", url=None):
    """With the right answer, after being asked for it."""
    url = url or server.url()
    first = viewer.ask(f"{method} {url} RTSP/1.0", "CSeq: 2", *lines)
    assert first.status == 401
    return viewer.ask(f"{method} {url} RTSP/1.0", "CSeq: 3", *lines, answer(first, method, url, user, password))


# --- the challenge ----------------------------------------------------------------------------------------------------


def test_two_challenges_without_qop(server, viewer):
    """SHA-256, then MD5; no Basic, no stale, and the CSeq."""
    reply = describe(server, viewer)
    assert (reply.status, reply.headers["cseq"]) == (401, "1")
    first, second = challenges(reply)
    assert [one[1]["algorithm"] for one in (first, second)] == ["SHA-256", "MD5"]
    assert all(scheme == "Digest" and set(one) == {"realm", "nonce", "algorithm"} for scheme, one in (first, second))


@pytest.mark.parametrize("method", [
    "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER", "RECORD", "ANNOUNCE", "DANCE"])
def test_everything_but_options_needs_a_name(server, viewer, method):
    """Even what is not implemented, and what needs a session."""
    assert viewer.ask(f"{method} {server.url()} RTSP/1.0", "CSeq: 1").status == 401
    assert viewer.ask(f"{method} {server.url()} RTSP/1.0", "CSeq: 1", "Session: 12345678").status == 401


def test_options_is_free_but_for_a_session(server, viewer):
    """Players begin with it; as a sign of life it would tell which sessions there are."""
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 1").status == 200
    assert viewer.ask("OPTIONS * RTSP/1.0", "CSeq: 1", "Session: 12345678").status == 401


def test_a_401_does_not_tell_what_there_is(server, viewer, media):
    """The same for a movie, a missing one, a folder and a session; and none is made."""
    replies = [
        viewer.ask(f"SETUP {server.url(name)} RTSP/1.0", "CSeq: 1", media.transport)
        for name in ("movie.Mjpeg", "missing.Mjpeg", "", "../x", "movie.Mjpeg/trackID=7")
    ]
    assert {reply.status for reply in replies} == {401} and len({reply.body for reply in replies}) == 1
    assert len(server.sessions) == 0


def test_without_users_nobody_is_asked(folder):
    with serving(folder) as server, Talker(server.port) as viewer:
        assert describe(server, viewer).status == 200


def test_a_lab_client_gets_three_lines(server, viewer):
    """It cannot answer; `Session: 0` keeps it in its first state."""
    viewer.raw(b"SETUP movie.Mjpeg RTSP/1.0\nCSeq: 1\nTransport: RTP/UDP; client_port= 25000")
    viewer.socket.settimeout(10)
    wanted = b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nSession: 0\r\n"
    assert viewer.socket.recv(1000) == wanted and len(server.sessions) == 0


# --- the answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", ["", "auth"])
def test_both_algorithms_with_and_without_qop(server, viewer, algorithm, qop):
    """qop=auth is not asked for, and accepted; from anybody who knows his password."""
    for user, password in (("alice", "wonder"), ("bob", "p@ss:word")):
        asked = describe(server, viewer)
        right = answer(asked, "DESCRIBE", server.url(), user, password, algorithm, qop)
        assert describe(server, viewer, right).status == 200


@pytest.mark.parametrize("changes", [
    {"user": "mallory"}, {"password": "Wonder"}, {"password": ""}, {"user": ""}, {"response": ""},
    {"response": "0" * 32}, {"qop": "auth-int"}, {"named": "rtsp://127.0.0.1/other.Mjpeg"},
    {"algorithm": "SHA-256", "response": "é" * 64},
    {"method": "OPTIONS"},
], ids=str)  # fmt: skip
def test_what_is_wrong_is_401_and_no_more(server, viewer, changes):
    """The reply to a wrong password is that to an unknown name; a proof for one request is none for another."""
    asked = describe(server, viewer)
    wrong = answer(asked, **{"method": "DESCRIBE", "url": server.url(), **changes})
    reply = describe(server, viewer, wrong)
    assert reply.status == 401 and reply.body == asked.body and all("stale" not in one for _, one in challenges(reply))


@pytest.mark.parametrize("line", ["Digest", "Digest =", 'Digest username="', "Basic", "Basic !", "Other x", "", "é"])
def test_junk_is_refused(server, viewer, line):
    """401, or 400 if it is no header of the kind; then the connection goes on."""
    viewer.raw(f"DESCRIBE {server.url()} RTSP/1.0\r\nCSeq: 1\r\nAuthorization: {line}\r\n\r\n".encode())
    assert viewer.reply().status in (400, 401)
    assert ask(server, viewer, "DESCRIBE").status == 200


@pytest.mark.parametrize("named", [
    "rtsp://alice:wonder@127.0.0.1:1/movie.Mjpeg", "rtsp://elsewhere/movie.Mjpeg/", "/movie.Mjpeg", "/movie%2EMjpeg?x"])
def test_the_url_may_be_written_otherwise(server, viewer, named):
    """openRTSP's has the password in it; some answer for the path alone."""
    asked = describe(server, viewer)
    assert describe(server, viewer, answer(asked, "DESCRIBE", server.url(), named=named)).status == 200


def test_a_movie_is_played(server, viewer, media):
    """From SETUP to TEARDOWN, with one nonce, also for the stream's own URL."""
    asked = describe(server, viewer)

    def granted(method, url, *lines):
        reply = viewer.ask(f"{method} {url} RTSP/1.0", "CSeq: 5", *lines, answer(asked, method, url))
        assert reply.status == 200
        return reply

    track = f"{server.url()}/trackID=0"
    session = "Session: " + granted("SETUP", track, media.transport).headers["session"].split(";")[0]
    granted("PLAY", server.url() + "/", session)
    media.wait_bye()
    assert [frame.number() for frame in media.frames()] == list(range(FRAMES))
    granted("TEARDOWN", server.url() + "/", session)


def test_a_session_is_its_maker_s(server, viewer, media):
    """To another user it is not there."""
    session = ask(server, viewer, "SETUP", media.transport).headers["session"].split(";")[0]
    for method in ("PLAY", "TEARDOWN", "OPTIONS"):
        reply = ask(server, viewer, method, f"Session: {session}", user="bob", password="p@ss:word")
        assert reply.status == 454
    assert ask(server, viewer, "TEARDOWN", f"Session: {session}").status == 200


# --- nonces -----------------------------------------------------------------------------------------------------------


def test_a_nonce_is_good_on_another_connection(server, viewer):
    with Talker(server.port) as other:
        assert describe(server, other, answer(describe(server, viewer), "DESCRIBE", server.url())).status == 200


def test_an_old_nonce_is_stale(server, viewer, clock):
    """With the right password: it says so, and the new one is good. With a wrong one it does not."""
    asked = describe(server, viewer)
    right = answer(asked, "DESCRIBE", server.url())
    clock.now += 299
    assert describe(server, viewer, right).status == 200
    clock.now += 2
    reply = describe(server, viewer, right)
    assert reply.status == 401 and [one["stale"] for _, one in challenges(reply)] == ["true", "true"]
    assert describe(server, viewer, answer(reply, "DESCRIBE", server.url())).status == 200
    wrong = describe(server, viewer, answer(asked, "DESCRIBE", server.url(), password="x"))
    assert wrong.status == 401 and all("stale" not in one for _, one in challenges(wrong))


def test_a_nonce_of_another_server_is_stale(server, folder, viewer):
    """As after a restart: the player need not ask its user again."""
    with serving(folder, gate=Gate(users())) as other, Talker(other.port) as talker:
        foreign = answer(describe(other, talker), "DESCRIBE", server.url())
    reply = describe(server, viewer, foreign)
    assert reply.status == 401 and [one["stale"] for _, one in challenges(reply)] == ["true", "true"]


# --- Basic ------------------------------------------------------------------------------------------------------------

BASIC = "Authorization: Basic " + base64.b64encode(b"bob:p@ss:word").decode()


def test_basic_is_refused_in_the_clear(server, viewer):
    assert describe(server, viewer, BASIC).status == 401


@pytest.mark.parametrize("way", ["allowed", "encrypted"])
def test_basic_where_it_may_be(folder, monkeypatch, way):
    """Offered last; the right password alone is taken."""
    if way == "encrypted":
        monkeypatch.setattr("net.connection.Connection.encrypted", True)
    gate = Gate(users(), allow_basic=way == "allowed")
    with serving(folder, gate=gate) as server, Talker(server.port) as viewer:
        assert [scheme for scheme, _ in challenges(describe(server, viewer))] == ["Digest", "Digest", "Basic"]
        assert describe(server, viewer, BASIC).status == 200
        for wrong in (b"bob:p@ss", b"mallory:p@ss:word", b"bob", b":", b"\xff:\xff"):
            line = "Authorization: Basic " + base64.b64encode(wrong).decode()
            assert describe(server, viewer, line).status == 401


# --- pauses -----------------------------------------------------------------------------------------------------------


def guess(server, viewer):
    asked = describe(server, viewer)
    viewer.send(f"DESCRIBE {server.url()} RTSP/1.0", "CSeq: 9",
                answer(asked, "DESCRIBE", server.url(), password="guess"))  # fmt: skip


def test_a_wrong_password_holds_up_nobody_else(server, viewer, monkeypatch):
    """While one waits, the same user comes in over another connection; and the server stops without waiting."""
    monkeypatch.setattr(pauses, "FIRST", 60.0)
    monkeypatch.setattr(pauses, "LONGEST", 60.0)
    waiting = threading.Event()
    failed = server.gate._pauses.failed

    def fails(*who):
        waiting.set()
        return failed(*who)

    monkeypatch.setattr(server.gate._pauses, "failed", fails)
    guess(server, viewer)
    assert waiting.wait(10)
    with Talker(server.port) as other:
        assert ask(server, other, "DESCRIBE").status == 200
    viewer.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        viewer.reply()
    server.stop()
    viewer.socket.settimeout(10)
    assert viewer.reply().status == 401


def test_only_a_wrong_answer_costs_a_pause(server, viewer, clock):
    """Not its absence, not an old nonce; and the right one wipes it out."""
    asked = describe(server, viewer)
    clock.now += 1000
    describe(server, viewer, answer(asked, "DESCRIBE", server.url()))
    assert len(server.gate._pauses) == 0
    guess(server, viewer)
    assert viewer.reply().status == 401 and len(server.gate._pauses) == 1
    assert ask(server, viewer, "DESCRIBE").status == 200
    assert len(server.gate._pauses) == 0


# --- the log, and the command line ------------------------------------------------------------------------------------


def test_no_password_in_the_log(server, viewer, caplog):
    """Also that of a URL, as openRTSP writes it, and of one that is none."""
    caplog.set_level("INFO")
    for url in (with_password(server), "rtsp://alice:wonder@h:99999/", "rtsp://alice:wonder@[h/"):
        reply = ask(server, viewer, "DESCRIBE", url=url)
        assert b"wonder" not in reply.body and "wonder" not in str(reply.headers)
    assert "DESCRIBE" in caplog.text
    assert not re.search("wonder|p@ss", caplog.text)


def start(*options):
    command = [sys.executable, str(ROOT / "Server.py"), "0", "--host", "127.0.0.1", *map(str, options)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)


SECRET = hashlib.md5(b"carol:RTSP lab:x").hexdigest()
BAD = {
    "no password": (["--user", "secret"], "NAME:PASSWORD is needed"),
    "twice": (["--user", "a:secret", "--user", "a:b"], 'there are two users "a".'),
    "no file": (["--users", "{folder}/none"], "Cannot read {folder}/none: No such file or directory."),
    "bad line": (["--users", "{file}"], "{file}, line 2: an HA1 of MD5 has 32 hexadecimal digits."),
    "Basic for nobody": (["--allow-basic"], "how users may log in: name them with --user or --users."),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_one_sentence(tmp_path, name):
    """Exit code 2; what was typed as a password is not repeated."""
    file = tmp_path / "users.txt"
    file.write_text("# who\ncarol:RTSP lab:MD5:secret\n")
    file.chmod(0o600)
    options, words = BAD[name]
    done = start(*(option.format(folder=tmp_path, file=file) for option in options))
    assert done.returncode == 2 and done.stderr.rstrip().endswith(words.format(folder=tmp_path, file=file))
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    """It says how to change that."""
    file = tmp_path / "users.txt"
    file.write_text(f"carol:RTSP lab:MD5:{SECRET}\n")
    file.chmod(mode)
    with pytest.raises(SystemExit) as caught:
        ServerOptions.parseArguments(["--users", str(file)])
    assert caught.value.code == 2
    assert start("--users", file).stderr == (
        f"{file} is as good as the passwords, and others can read it: chmod 600 {file}.\n")


def test_users_of_a_file(tmp_path, folder):
    """Who has MD5 alone is asked for that alone."""
    file = tmp_path / "users.txt"
    file.write_text(f"\ufeffcarol:RTSP lab:MD5:{SECRET}\n", encoding="utf-8")
    file.chmod(0o600)
    gate = ServerOptions.parseArguments(["--users", str(file)]).gate
    with serving(folder, gate=gate) as server, Talker(server.port) as viewer:
        asked = describe(server, viewer)
        assert [one["algorithm"] for _, one in challenges(asked)] == ["MD5"]
        assert describe(server, viewer, answer(asked, "DESCRIBE", server.url(), "carol", "x")).status == 200


# --- players ----------------------------------------------------------------------------------------------------------


def with_password(server, user="alice:wonder"):
    return server.url().replace("//", f"//{user}@")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ffmpeg_logs_in(server, transport):
    """Name and password in the URL, percent-encoded."""
    for user in ("alice:wonder", "bob:p%40ss%3Aword"):
        done = ffmpeg.run("-rtsp_transport", transport, "-i", with_password(server, user), *ffmpeg.GREY_STRIP, "pipe:1")
        shown = ffmpeg.barcodes(done.stdout)
        assert len(shown) > FRAMES / 2 and shown == sorted(shown)


def test_ffmpeg_with_a_wrong_password_ends(server):
    command = [need("ffmpeg"), "-nostdin", "-loglevel", "error", "-i", with_password(server, "alice:x")]
    done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, timeout=50)
    assert done.returncode != 0 and b"401 Unauthorized" in done.stderr and len(server.sessions) == 0


@pytest.mark.parametrize("how", ["properties", "URL"])
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_gstreamer_logs_in(server, tmp_path, how, protocol):
    source = [f"location={server.url()}", "user-id=alice", "user-pw=wonder"]
    source = source if how == "properties" else [f"location={with_password(server)}"]
    files = f"location={tmp_path}/%02d.jpg"
    launch("rtspsrc", *source, f"protocols={protocol}", "!", "rtpjpegdepay", "!", "multifilesink", files)
    assert len(list(tmp_path.glob("*.jpg"))) > FRAMES / 2


def test_mpv_logs_in(server, tmp_path):
    quiet = ["--no-config", "--no-terminal", "--no-audio", "--framedrop=no", "--untimed", "--vo=image"]
    command = [need("mpv"), *quiet, f"--vo-image-outdir={tmp_path}", with_password(server)]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=50).returncode == 0
    assert len(list(tmp_path.iterdir())) > FRAMES / 2


def test_pyav_logs_in(server):
    need("PyAV")
    program = "import av, sys\nwith av.open(sys.argv[1]) as c: print(sum(1 for _ in c.decode(c.streams.video[0])))"
    done = subprocess.run([sys.executable, "-c", program, with_password(server)], capture_output=True, timeout=50)
    assert int(done.stdout or 0) > FRAMES / 2, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares a port between processes")
def test_processes_share_their_nonces(folder):
    """A player's connections may come to different ones."""
    command = [sys.executable, str(ROOT / "Server.py"), "0", "--host", "127.0.0.1", "--media", str(folder)]
    command += ["--user", "alice:wonder", "--processes", "2"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        port = int(re.findall(r" on port (\d+)", process.stdout.readline())[0])
        url = f"rtsp://127.0.0.1:{port}/movie.Mjpeg"
        with Talker(port) as viewer:
            asked = viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1")
        right = answer(asked, "DESCRIBE", url)
        for _ in range(12):
            with Talker(port) as viewer:
                assert viewer.ask(f"DESCRIBE {url} RTSP/1.0", "CSeq: 1", right).status == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)
