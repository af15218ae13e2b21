"""The comparison with other servers: what is asked of whom, what is made of the results, short runs of the whole."""

from __future__ import annotations

import argparse
import errno
import itertools
import json
import socket
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bench import bare_sender, chart, compare, rivals
from bench.bare_sender import Bare, Wheel, pieces
from bench.chart import Curve, Panel, Point
from bench.front import PACKET_SIZE, Film, Way, film
from bench.naive_sender import Naive
from bench.rivals import RIVALS, Show
from bench.server_bench import BenchError
from RtpPacket import RtpPacket
from tests import movies
from tests.tools import need

SVG = "{http://www.w3.org/2000/svg}"


def run(server="ours", wanted=50, cpu=1.0, ok=None, transport="udp"):
    figures = {key: 1.0 for _, _, key, form in compare.COLUMNS if form != "d"}
    served = wanted if ok is None else ok
    return figures | {"server": server, "transport": transport, "wanted": wanted, "viewers_sustained": served,
                      compare.CPU: cpu}  # fmt: skip


# --- what is asked of whom --------------------------------------------------------------------------------------------


def test_who_cannot_is_not_asked_for_more(monkeypatch):
    """The servers take turns; one that left viewers unserved, or did not come through, drops out of this turn."""

    def measure(rival, show, viewers, options):
        if rival.name == "gst-own" and viewers == 100:
            return None
        return run(rival.name, viewers, ok=viewers - (rival.name == "naive" and viewers == 50))

    monkeypatch.setattr(compare, "measure", measure)
    options = argparse.Namespace(viewers=[50, 100, 200])
    asked = [(one["wanted"], one["server"]) for one in compare.turn(RIVALS, Show(Path("m"), 25.0, "udp"), options)]
    assert asked == [
        *((50, name) for name in ("ours", "gst-own", "gst-shared", "naive", "limit")),
        *((100, name) for name in ("ours", "gst-shared", "limit")),
        *((200, name) for name in ("ours", "gst-shared", "limit")),
    ]


def test_a_server_that_does_not_start_is_no_end_of_the_comparison(monkeypatch, capsys):
    """One line, and the others go on."""

    def start(show):
        raise BenchError("the server does not start")

    rival = rivals.Rival("naive", "x", start)
    assert compare.measure(rival, Show(Path("m"), 25.0, "tcp"), 5, argparse.Namespace()) is None
    assert capsys.readouterr().err == "tcp naive: the server does not start\n"


def test_without_gst_its_columns_are_left_out(monkeypatch, capsys):
    """Said in one line; not said by who did not ask for it."""
    monkeypatch.setattr(compare, "missing_for_gst", lambda: "ffmpeg")
    assert [rival.name for rival in compare.chosen(rivals.NAMES)] == ["ours", "naive", "limit"]
    assert capsys.readouterr().out == "Without gst-rtsp-server: ffmpeg not found here.\n"
    assert [rival.name for rival in compare.chosen(["limit"])] == ["limit"]
    assert capsys.readouterr().out == ""


def test_what_gst_lacks_is_found_out(monkeypatch):
    """ffmpeg, the system's Python, or the bindings."""
    monkeypatch.setattr(rivals.shutil, "which", lambda name: None)
    assert rivals.missing_for_gst() == "ffmpeg"
    monkeypatch.setattr(rivals.shutil, "which", lambda name: name)
    monkeypatch.setattr(rivals, "SYSTEM_PYTHON", "/nowhere/python3")
    assert rivals.missing_for_gst() == "/nowhere/python3"


@pytest.mark.parametrize("arguments", [["--transport", "udp,sctp"], ["--servers", "apache"], ["--viewers", "0"]])
def test_what_is_unknown_is_refused(arguments, capsys):
    """Exit code 2, and what there is."""
    with pytest.raises(SystemExit) as refused:
        compare.parse(arguments)
    assert refused.value.code == 2
    assert "argument" in capsys.readouterr().err


# --- what is made of the results --------------------------------------------------------------------------------------


def test_the_best_turn_counts():
    """Of each server, transport and number of viewers; in the order of the table."""
    runs = [run(cpu=1.2), run("limit", cpu=0.3), run(cpu=1.1), run(cpu=0.5, ok=49), run(transport="tcp"), run(wanted=9)]
    assert compare.bests(runs) == [runs[5], runs[2], runs[1], runs[4]]


def test_ratios_are_of_runs_that_served_everybody():
    """Who sends less needs less: that is no comparison."""
    rows = [run(cpu=0.4), run("gst-own", cpu=2.0), run("gst-shared", cpu=0.8, ok=10), run("limit", cpu=0.32),
            run(wanted=100, cpu=0.4, ok=99), run("limit", wanted=100)]  # fmt: skip
    assert list(compare.ratios(rows)) == ["udp, 50 viewers: ours costs 0.20 of gst-own, 1.25 of limit"]


def test_the_most_viewers_that_were_all_sustained():
    """0 for one that never did."""
    rows = [run(wanted=50), run("naive", wanted=50, ok=1), run(wanted=100), run(wanted=200, ok=150)]
    assert list(compare.most(rows)) == ["udp, all sustained up to: ours 100, naive 0"]


def test_a_line_of_the_table_has_a_place_for_what_is_unknown():
    """Processor time is known on Linux only; columns stay below their headings."""
    known, unknown = compare.line(run()), compare.line(run(cpu=None))
    assert len(known) == len(unknown) == len(compare.heading())
    assert " -" in unknown and known.startswith("udp ours ")


# --- the chart --------------------------------------------------------------------------------------------------------


def test_axes_end_at_round_numbers():
    """1, 2 or 5 × 10ⁿ below and above all values; also for a single value."""
    assert chart.nice([0.31, 2.4]) == pytest.approx((0.2, 5.0))
    assert chart.nice([1.0, 1.0]) == pytest.approx((1.0, 2.0))
    assert chart.ticks(0.2, 5.0) == pytest.approx([0.2, 0.5, 1, 2, 5])


def test_equal_ratios_are_equal_distances():
    """And the ends of an axis are those of its values."""
    axis = chart.Axis(0.1, 10.0, 300)
    assert [round(axis.at(value)) for value in (0.1, 1.0, 10.0)] == [0, 150, 300]


def test_a_chart_shows_every_point_within_its_panel():
    """A panel for each transport, a marker for each run, hollow where not everybody was served; words are escaped."""
    servers = ("ours", 0.4), ("limit", 0.3)
    rows = [run(one[0], n, one[1], transport=way) for way in ("udp", "tcp") for one in servers for n in (50, 200, 800)]
    rows.append(run("gst-own", 50, 2.0, ok=3))
    root = ElementTree.fromstring(compare.drawing(rows, "a < b"))
    words = [one.text for one in root.iter(f"{SVG}text")]
    assert {
        "a < b",
        "UDP",
        "TCP, interleaved",
        "viewers",
        "CPU ms per viewer-second",
        "50",
        "800",
        "this server",
    } <= set(words)
    panels = root.findall(f"{SVG}g")
    assert len(panels) == 2
    circles = [one for panel in panels for one in panel.iter(f"{SVG}circle")]
    assert len(circles) == 12
    for one in circles:
        assert 0 <= float(one.get("cx", -1)) <= chart.PANEL and 0 <= float(one.get("cy", -1)) <= chart.HEIGHT
    (square,) = (one for panel in panels for one in panel.iter(f"{SVG}polygon"))
    assert square.get("fill") == "#fff"


def test_curves_look_the_same_in_each_panel_and_differ_from_each_other():
    """Also where one has no points; told apart by more than colour."""
    assert len(set(chart.STYLES)) == len(chart.STYLES) >= len(RIVALS)
    assert len({style[1:] for style in chart.STYLES}) == len(chart.STYLES)
    two = [Panel("a", [Curve("x", []), Curve("y", [Point(1, 1, True)], look=1)])]
    assert chart.STYLES[1][0] in chart.chart(two, "t", "x", "y")


def test_nothing_measured_is_nothing_drawn():
    """On systems without processor times."""
    assert compare.drawing([run(cpu=None)], "t") == ""


# --- the senders ------------------------------------------------------------------------------------------------------


def test_a_film_is_numbered_through(tmp_path):
    """Sequence numbers go on from frame to frame, timestamps by a period; all packets but a frame's last are equal."""
    movies.lab_movie(tmp_path / "m.Mjpeg", frames=3)
    made = film(tmp_path / "m.Mjpeg", 25.0)
    packets = []
    for frame in made.frames:
        assert {len(packet) for packet in frame[:-1]} == {PACKET_SIZE}
        for data in frame:
            packet = RtpPacket()
            packet.decode(data)
            packets.append(packet)
    assert [packet.seqNum() for packet in packets] == list(range(len(packets)))
    assert sorted({packet.timestamp() for packet in packets}) == [0, 3600, 7200]
    assert made.duration == pytest.approx(0.12)


def test_the_limit_makes_one_call_for_a_frame():
    """Over UDP two where it is larger than a datagram can be; over TCP always one, with each packet's four bytes."""
    frame = [bytes(PACKET_SIZE)] * 50
    assert list(map(len, pieces(frame, tcp=False))) == [46 * PACKET_SIZE, 4 * PACKET_SIZE]
    (piece,) = pieces([b"abc", b"de"], tcp=True)
    assert piece == b"$\0\0\3abc$\0\0\2de"


class FakeSocket:
    """Counts what is sent; refuses as told."""

    def __init__(self, setting=None, sending=None):
        self.setting, self.sending, self.sent = setting, sending, []

    def setsockopt(self, level, name, value):
        if self.setting:
            raise OSError(self.setting, "no")

    def send(self, data):
        if self.sending and len(data) > PACKET_SIZE:
            raise OSError(self.sending, "no")
        self.sent.append(len(data))
        return len(data)


def bare(sock):
    """A viewer of a film of one frame, three packets."""
    wheel = Wheel(Film([[bytes(PACKET_SIZE), bytes(PACKET_SIZE), b"end"]], 25.0), tcp=False)
    return Bare(wheel, Way(sock, threading.Lock(), tcp=False))


def test_the_limit_lets_the_system_cut_and_cuts_itself_where_it_cannot():
    """Other systems know no UDP_SEGMENT; some network cards say EIO when it comes to sending."""
    able, old, surprised = FakeSocket(), FakeSocket(setting=errno.ENOPROTOOPT), FakeSocket(sending=errno.EIO)
    for sock in (able, old, surprised):
        viewer = bare(sock)
        viewer.send()
        viewer.send()
    assert able.sent == [2 * PACKET_SIZE + 3] * 2
    assert old.sent == [PACKET_SIZE, PACKET_SIZE, 3] * 2
    assert surprised.sent == [PACKET_SIZE, PACKET_SIZE, 3]


def test_the_limit_never_sends_later_than_a_period_after_the_frame_before(monkeypatch):
    """Whenever PLAY comes: the slot that a viewer gets lies within the period that follows."""
    for clock in (0.0, 0.0123, 0.0399, 7.7777):
        monkeypatch.setattr(bare_sender.time, "monotonic", lambda clock=clock: clock)
        viewer = bare(FakeSocket())
        viewer.play(0)
        slot = 0.04 / bare_sender.SLOTS
        (number,) = (n for n, there in enumerate(viewer._wheel.viewers) if there)
        due = next(n * slot for n in itertools.count(int(clock / slot) + 1) if n % bare_sender.SLOTS == number)
        assert clock < due <= clock + 0.04 + 1e-9
        viewer.stop()
        viewer.stop()
        assert not any(viewer._wheel.viewers)


@pytest.mark.parametrize("tcp", [False, True])
def test_the_naive_sender_writes_a_header_for_each_packet(tcp):
    """The viewer's own SSRC in front of the same payload; over TCP in the frame of RFC 2326 §10.12."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) if not tcp else socket.socketpair()
    with here, there:
        packet = bytes(range(20))
        Naive(Film([], 25.0), Way(here, threading.Lock(), tcp))._send(packet)
        got = there.recv(100)
    if tcp:
        assert got[:4] == b"$\0\0\x14"
        got = got[4:]
    assert got[:8] + got[12:] == packet[:8] + packet[12:]
    assert got[8:12] != packet[8:12]


# --- all of it --------------------------------------------------------------------------------------------------------


def short_movie(path, size, frame_bytes, frames):
    return sum(map(len, movies.lab_movie(path, frames=60))) / 60


def compared(tmp_path, monkeypatch, *arguments):
    """The runs of a short comparison."""
    monkeypatch.setattr(compare, "write_movie", short_movie)
    always = ["--viewers", "2", "--seconds", "0.6", "--settle", "0.1", "--json", str(tmp_path / "out.json")]
    assert compare.main([*always, "--svg", str(tmp_path / "out.svg"), *arguments]) == 0
    return json.loads((tmp_path / "out.json").read_text())["best"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_short_comparison(tmp_path, monkeypatch, capfd, transport):
    """The senders of our own play to the load generator, every frame, over either transport."""
    rows = compared(tmp_path, monkeypatch, "--servers", "naive,limit", "--transport", transport)
    assert [(row["server"], row["transport"], row["viewers_sustained"]) for row in rows] == [
        ("naive", transport, 2),
        ("limit", transport, 2),
    ]
    assert all(row["packets_lost"] == 0 and row["frames_percent"] == 100 for row in rows)
    assert f"{transport}, all sustained up to: naive 2, limit 2" in capfd.readouterr().out
    if rows[0][compare.CPU]:
        assert (tmp_path / "out.svg").read_text().startswith("<svg")


def test_a_short_comparison_with_gst(tmp_path, monkeypatch, capfd):
    """Both modes play the same JPEGs; the ratios are printed."""
    need("system-python-gst")
    need("ffmpeg")
    rows = compared(tmp_path, monkeypatch, "--servers", "ours,gst-own,gst-shared")
    assert [(row["server"], row["viewers"]) for row in rows] == [("ours", 2), ("gst-own", 2), ("gst-shared", 2)]
    assert all(row["packets_per_second"] > 100 and not row["refusals"] for row in rows)
