"""What is published, to a server that follows a script: the requests, the packets, refusals, and beginning anew."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

import Publisher as program
from media.movie import MovieFile
from media.source import Format, LiveSource, Presentation
from Publisher import LOOK, Publisher
from rtp import rtcp
from rtp.jpeg import Depacketizer, payloads
from rtp.reports import ReportBlock
from RtpPacket import RtpPacket
from rtsp.failures import AuthenticationError, ConnectError, ServerRefused, UsageError
from rtsp.message import Interleaved
from rtsp.sdp import SessionDescription
from tests.movies import jpeg, lab_movie
from tests.scripted import INSIDE, OK, STANDARD, FakeClock, ScriptedServer, eventually, refused
from tests.serving import number

RECORD = OK + b"Session: 5eed\r\n\r\n"
PUBLISHED = {"ANNOUNCE": OK + b"\r\n", "RECORD": RECORD}
FRAMES = 4
WANTED = b'WWW-Authenticate: Digest realm="lab", nonce="n"\r\n'


@pytest.fixture
def movie(tmp_path):
    lab_movie(tmp_path / "movie.Mjpeg", FRAMES)
    return tmp_path / "movie.Mjpeg"


@pytest.fixture
def publishers():
    """Makes publishers that are closed at the end."""
    made = []

    def make(source, url, *args, **options):
        source = source if isinstance(source, LiveSource) else MovieFile(source, 50)
        made.append(Publisher(Presentation("movie", (source,)), url, *args, **options))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


class Waits:
    """Seconds pass at once; between two looks, `now` happens."""

    def __init__(self, now=lambda: None):
        self.clock, self.now, self.pauses = FakeClock(), now, []

    def __call__(self, seconds):
        self.clock.now += seconds
        if seconds > LOOK:
            self.pauses.append(round(seconds))
        else:
            self.now()


def live():
    source = LiveSource(Format("video", 26, "JPEG", 90000, 25.0), 0.04)
    source.append(payloads(jpeg(0)), 0.0)
    return source


def packets(sock, count):
    found = []
    for _ in range(count):
        packet = RtpPacket()
        packet.decode(sock.recv(65536))
        found.append(packet)
    return found


def numbers(found):
    """The barcodes of the frames in these packets, and their timestamps."""
    depacketizer, shown = Depacketizer(), []
    for packet in found:
        whole = depacketizer.push(packet.getPayload(), bool(packet.marker()), packet.timestamp())
        if whole:
            shown.append((number(whole), packet.timestamp()))
    return shown


def test_the_requests_come_in_this_order_and_say_this(movie, publishers):
    """RFC 2326 §10.3, §10.11: the description with ANNOUNCE, mode=record with SETUP, the movie, TEARDOWN."""
    with ScriptedServer(PUBLISHED) as server:
        publishers(movie, server.url).run()
        asked = [server.next_request() for _ in range(5)]
    assert [text.split()[0] for text in asked] == ["OPTIONS", "ANNOUNCE", "SETUP", "RECORD", "TEARDOWN"]
    head, body = asked[1].split("\r\n\r\n")
    assert "Content-Type: application/sdp\r\n" in head and f"Content-Length: {len(body)}" in head
    [media] = SessionDescription.parse(body).media
    assert media.rtpmap(26) == ("JPEG", 90000) and media.get("framerate") == "50" and "127.0.0.1" in body
    assert asked[2].startswith(f"SETUP {server.url}/{media.control} RTSP/1.0\r\n")
    assert re.search(r"Transport: RTP/AVP;unicast;client_port=\d+-\d+;mode=record\r\n", asked[2])
    assert asked[3].startswith(f"RECORD {server.url} RTSP/1.0\r\n") and "Range: npt=0" in asked[3]
    assert all("Session: 5eed" in text for text in asked[3:])


def test_every_frame_is_sent_once_from_the_announced_ports_with_a_report_before_and_a_bye_behind(movie, publishers):
    with ScriptedServer(PUBLISHED) as server:
        publisher = publishers(movie, server.url)
        publisher.run()
        eachHas = [len(payloads(jpeg(number))) for number in range(FRAMES)]
        found = packets(server.rtp, sum(eachHas))
        reports = [rtcp.parse(server.rtcp.recvfrom(65536)[0]) for _ in range(2)]
    shown = numbers(found)
    assert [barcode for barcode, _ in shown] == list(range(FRAMES))
    assert {(after - before) % 2**32 for (_, before), (_, after) in zip(shown, shown[1:], strict=False)} == {1800}
    sequence = [packet.seqNum() for packet in found]
    assert all((after - before) % 65536 == 1 for before, after in zip(sequence, sequence[1:], strict=False))
    assert isinstance(reports[0][0], rtcp.SenderReport) and isinstance(reports[-1][-1], rtcp.Goodbye)
    assert publisher.figures.frames == FRAMES and publisher.figures.leftOut == 0


def test_what_the_server_reports_is_read(publishers):
    """Loss and round trip of its receiver reports (RFC 3550 §6.4.2)."""
    with ScriptedServer(PUBLISHED) as server:
        publisher = publishers(live(), server.url, "udp")

        def say(watched):
            ssrc = watched.session.streams[0].ssrc
            report = rtcp.compound(rtcp.ReceiverReport(7, (ReportBlock(ssrc, 64, 3),)), rtcp.SourceDescription(7, "x"))
            server.rtcp.sendto(report, ("127.0.0.1", server.client_port + 1))
            if watched.figures.report:
                watched.presentation.close()            # the end of what is live

        publisher.run(watch=say)
    assert publisher.figures.report.lost == 3 and "lost 25.0 %" in publisher.figures.line(program.Figures())


def test_what_is_left_out_is_not_counted_as_sent(publishers):
    with ScriptedServer(PUBLISHED) as server:
        publisher = publishers(live(), server.url, "udp")

        def leaveOut(watched):
            stream = watched.session.streams[0]
            if stream.packets:
                stream.dropped = 1                      # as if it had been the only frame
                watched.presentation.close()

        publisher.run(watch=leaveOut)
    assert (publisher.figures.frames, publisher.figures.leftOut) == (0, 1) and publisher.figures.octets > 1000


def test_inside_the_connection(movie, publishers):
    """RFC 2326 §10.12: interleaved, on the channels that the server names."""
    granted = INSIDE.replace(b"interleaved=0-1", b"interleaved=4-5")
    with ScriptedServer(PUBLISHED, SETUP=granted) as server:
        publishers(movie, server.url, "tcp").run()
        asked = [server.next_request() for _ in range(5)]
        assert "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n" in asked[2]
        frames = []
        while not server.reports.empty():
            data = server.reports.get()
            frames.append(Interleaved(data[1], data[4:]))
    found = []
    for frame in frames:
        if frame.channel == 4:
            found.append(RtpPacket())
            found[-1].decode(frame.data)
    assert [barcode for barcode, _ in numbers(found)] == list(range(FRAMES))
    assert isinstance(rtcp.parse([one.data for one in frames if one.channel == 5][-1])[-1], rtcp.Goodbye)


def test_a_server_that_takes_no_udp_gets_it_inside_the_connection(movie, publishers):
    with ScriptedServer(PUBLISHED, SETUP=[refused(461, "Unsupported Transport"), INSIDE]) as server:
        publisher = publishers(movie, server.url)
        publisher.run()
        assert server.methods() == ["OPTIONS", "ANNOUNCE", "SETUP", "SETUP", "RECORD", "TEARDOWN"]
        assert publisher.outlet.transport == "tcp" and not server.reports.empty()


def test_where_udp_does_not_get_through_tcp_is_used(publishers):
    """The server says nothing over UDP for twelve seconds: a new connection, once; by the clock of a test, at once."""
    waits = Waits()
    with ScriptedServer(PUBLISHED, SETUP=[STANDARD["SETUP"], INSIDE]) as server:
        publisher = publishers(live(), server.url, wait=waits, clock=waits.clock)
        publisher.run(30.0)
        assert server.methods().count("RECORD") == 2 and publisher.outlet.transport == "tcp"
    assert waits.pauses == [1]


@pytest.mark.parametrize(("step", "status", "words"), [
    ("ANNOUNCE", 403, "does not let us publish"),
    ("ANNOUNCE", 404, "no such place"),
    ("ANNOUNCE", 405, "takes nothing there"),
    ("ANNOUNCE", 415, "does not take JPEG"),
    ("ANNOUNCE", 501, "cannot be published to"),
    ("SETUP", 453, "no room for another publisher"),
    ("SETUP", 455, "Somebody may be publishing"),
    ("SETUP", 461, "does not take media this way"),
    ("RECORD", 455, "Somebody may be publishing"),
    ("RECORD", 500, "has failed"),
    ("RECORD", 451, "refused RECORD"),
])  # fmt: skip
def test_each_refusal_is_one_sentence_and_the_end(movie, publishers, step, status, words):
    """A server that never took anything is not asked again; a session that was begun is torn down."""
    with ScriptedServer({**PUBLISHED, step: refused(status, "No")}) as server:
        with pytest.raises(ServerRefused, match=words) as raised:
            publishers(movie, server.url, "udp").run()
        assert raised.value.status == status and raised.value.code == 4 and str(status) in str(raised.value)
        assert server.connections == 1
        assert (server.methods()[-1] == "TEARDOWN") == (step == "RECORD")


def test_a_server_that_names_no_udp_ports_cannot_be_sent_to(movie, publishers):
    silent = OK + b"Session: 5eed\r\nTransport: RTP/AVP;unicast;client_port=%CLIENT%\r\n\r\n"
    with ScriptedServer(PUBLISHED, SETUP=silent) as server, pytest.raises(ServerRefused, match="media this way"):
        publishers(movie, server.url, "udp").run()


def test_name_and_password(movie, publishers):
    """Those of the URL, which is sent without them; without any, exit code 6."""
    with ScriptedServer(PUBLISHED, ANNOUNCE=[refused(401, "Unauthorized", WANTED), OK + b"\r\n"]) as server:
        publishers(movie, server.url.replace("//", "//name:secret@")).run()
        asked = [server.next_request() for _ in range(6)]
    assert [text.split()[0] for text in asked[1:4]] == ["ANNOUNCE", "ANNOUNCE", "SETUP"]
    assert 'Authorization: Digest username="name"' in asked[2] and asked[2].endswith(asked[1].split("\r\n\r\n")[1])
    assert not any("secret" in text for text in asked)
    server = ScriptedServer(PUBLISHED, ANNOUNCE=refused(401, "Unauthorized", WANTED))
    with server, pytest.raises(AuthenticationError) as raised:
        publishers(movie, server.url).run()
    assert raised.value.code == 6


def test_another_server_may_be_named(movie, publishers):
    with ScriptedServer(PUBLISHED) as there:
        elsewhere = refused(302, "Found", f"Location: {there.url}\r\n".encode())
        with ScriptedServer(PUBLISHED, ANNOUNCE=elsewhere) as here:
            publishers(movie, here.url).run()
            assert here.methods() == ["OPTIONS", "ANNOUNCE"] and "RECORD" in there.methods()


def test_nobody_there_is_the_end(movie, publishers):
    with pytest.raises(ConnectError, match="Cannot reach"):
        publishers(movie, "rtsp://127.0.0.1:1/live").run()
    with pytest.raises(UsageError):
        Publisher(Presentation("x", ()), "http://127.0.0.1/")


def test_a_server_that_is_lost_is_looked_for_again_and_again(publishers, caplog):
    """After 1, 2, 4, 8, 15, 15 seconds; and each time it is said."""
    with ScriptedServer(PUBLISHED) as server:
        def lose():
            server.hang_up()
            eventually(lambda: publisher.client.lost)

        waits = Waits(lose)
        publisher = publishers(live(), server.url, "udp", wait=waits, clock=waits.clock)
        with pytest.raises(ConnectError):               # the time is over while the server is away
            publisher.run(60.0)
        assert server.methods().count("RECORD") == 7
    assert waits.pauses == [1, 2, 4, 8, 15, 15]
    assert "Trying again in 4 s" in caplog.text


def test_a_server_that_is_busy_after_a_loss_is_asked_again_but_not_one_that_forbids_it(publishers):
    """It may take our last session for alive, and its path for taken."""
    with ScriptedServer(PUBLISHED, ANNOUNCE=[OK + b"\r\n", refused(455, "No"), refused(403, "No")]) as server:
        def lose():
            server.hang_up()
            eventually(lambda: publisher.client.lost)

        waits = Waits(lose)
        publisher = publishers(live(), server.url, "udp", wait=waits, clock=waits.clock)
        with pytest.raises(ServerRefused, match="403"):
            publisher.run(60.0)
    assert waits.pauses == [1, 2]


def test_a_movie_goes_on_where_it_was_lost(publishers, tmp_path):
    lab_movie(tmp_path / "movie.Mjpeg", 12)
    lost = []
    with ScriptedServer(PUBLISHED) as server:
        def lose():
            if not lost and publisher.figures.frames >= 3:
                lost.append(publisher.figures.frames)
                server.hang_up()
                eventually(lambda: publisher.client.lost)

        waits = Waits(lose)
        publisher = publishers(tmp_path / "movie.Mjpeg", server.url, "udp", wait=waits, clock=waits.clock)
        publisher.run()
        assert server.methods().count("RECORD") == 2 and publisher.figures.frames == 12
        each = [len(payloads(jpeg(number))) for number in range(12)]
        found = packets(server.rtp, sum(each))
    assert [barcode for barcode, _ in numbers(found)] == list(range(12))


def test_the_session_that_the_server_has_ended_is_begun_anew(publishers):
    """454 to a sign of life."""
    with ScriptedServer(PUBLISHED) as server:
        def end():
            if server.connections == 1:
                publisher.client.gone = ServerRefused(454, "The server has ended the session")

        waits = Waits(end)
        publisher = publishers(live(), server.url, "udp", wait=waits, clock=waits.clock)
        publisher.run(5.0)
        assert server.connections == 2
    assert waits.pauses == [1]


def test_duration_ends_what_has_no_end(publishers):
    waits = Waits()
    with ScriptedServer(PUBLISHED) as server:
        publishers(live(), server.url, "udp", wait=waits, clock=waits.clock).run(3.0)
        assert server.methods()[-1] == "TEARDOWN"
        while not isinstance(rtcp.parse(server.rtcp.recv(65536))[-1], rtcp.Goodbye):
            pass
    assert waits.clock.now == pytest.approx(1003.0, abs=LOOK)


def test_the_program(movie, capsys):
    """Exit codes and words; nothing but a sentence for what fails."""
    with ScriptedServer(PUBLISHED) as server:
        assert program.main([str(movie), server.url, "--fps", "50"]) == 0
        assert f"to {server.url}: {FRAMES} frames" in capsys.readouterr().out
        assert program.main([str(movie) + "x", server.url]) == 2
        assert program.main(["screen", server.url]) == 5
        assert program.main([str(movie), "http://x/"]) == 2
        server.script["ANNOUNCE"] = refused(403, "Forbidden")
        assert program.main([str(movie), server.url]) == 4
        assert capsys.readouterr().err.count("\n") == 4


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one program")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_says_goodbye_to_the_server(movie, sent, code):
    with ScriptedServer(PUBLISHED) as server:
        command = [sys.executable, program.__file__, str(movie), server.url, "--loop"]
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            while not server.next_request().startswith("RECORD"):
                pass
            packets(server.rtp, 1)
            started.send_signal(sent)
            out, err = started.communicate(timeout=20)
            assert started.returncode == code and b"Published" in out and b"Traceback" not in err
            assert server.next_request().startswith("TEARDOWN")
        finally:
            started.kill()
            started.communicate()


def test_an_internal_error_is_one_line(movie, capsys, monkeypatch):
    monkeypatch.setattr(program, "openSource", lambda options: 1 / 0)
    assert program.main([str(movie), "rtsp://127.0.0.1:1/"]) == 1
    assert capsys.readouterr().err == "internal error: ZeroDivisionError: division by zero\n"


def test_a_source_that_fails_is_told(capsys, monkeypatch):
    """Exit code 7, after TEARDOWN."""
    source = live()
    vars(source)["trouble"] = "The camera gives no pictures: it was pulled out"
    source.close()
    monkeypatch.setattr(program, "openSource", lambda options: Presentation("camera", (source,)))
    with ScriptedServer(PUBLISHED) as server:
        assert program.main(["camera", server.url]) == 7
        eventually(lambda: server.methods()[-1:] == ["TEARDOWN"])
    assert "pulled out" in capsys.readouterr().err
