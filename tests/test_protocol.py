"""docs/protocol.md is what a conversation really looks like, and every line of its table is shown by a test."""

from __future__ import annotations

import ast
import difflib
from functools import cache
from pathlib import Path

import pytest

from rtsp.states import METHODS
from rtsp.status import PHRASES
from tools import conformance, protocol
from tools.conformance import Row
from tools.conformance_pending import ADDED, PENDING
from tools.conversations import exchanges, is_farewell
from tools.examples import Examples
from tools.protocol_notes import Step
from tools.relay import Event, first_message

TESTS = Path(__file__).resolve().parent

# True while features of the table are being built: then rows may stand in PENDING, without test and reason.
# False: a row without either is a failure, and so is a PENDING that is not empty.
UNDER_CONSTRUCTION = False


@cache
def functions_of(name):
    """The test functions of a file, read from its source."""
    tree = ast.parse((TESTS / f"test_{name}.py").read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.timeout(120)
def test_the_page_is_what_a_fresh_run_gives():
    """Conversation, notes and table; `python -m tools.protocol` writes it."""
    there = protocol.PAGE.read_text(encoding="utf-8").splitlines()
    fresh = protocol.page().splitlines()
    changes = list(difflib.unified_diff(there, fresh, "docs/protocol.md", "a fresh run", lineterm="", n=1))
    assert not changes, "python -m tools.protocol would change it:\n" + "\n".join(changes[:60])


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_test_of_the_table_exists():
    """file::test, with `test_` left out of both."""
    missing = []
    for _, row in conformance.rows():
        for name in row.tests:
            file, _, test = name.partition("::")
            if not (TESTS / f"test_{file}.py").exists() or f"test_{test}" not in functions_of(file):
                missing.append(f"{row.where}: {name}")
    assert not missing, "\n".join(missing)


def test_every_row_has_a_test_or_a_reason():
    """Nothing is claimed without proof."""
    pending = {row for _, row in PENDING}
    bare = [row.where for _, row in conformance.rows() if not (row.tests or row.reason or row in pending)]
    assert not bare
    assert UNDER_CONSTRUCTION or not PENDING, f"{len(PENDING)} rows are still pending"


def test_pending_rows_belong_to_a_part():
    """Else they would not be seen."""
    assert {part for part, _ in [*ADDED, *PENDING]} <= set(conformance.PARTS)
    assert set(conformance.TEXTS) == set(conformance.PARTS)


def firsts(part):
    return [row.where for place, row in conformance.rows() if place == part]


def test_every_section_of_methods_and_headers_has_a_row():
    """§10.1 to §10.12, §12.1 to §12.44, in the order of the RFC."""
    for part, chapter, last in (("Methods", 10, 12), ("Headers", 12, 44)):
        sections = [where.split()[0] for where in firsts(part) if where.startswith(f"§{chapter}.")]
        assert list(dict.fromkeys(sections)) == [f"§{chapter}.{number}" for number in range(1, last + 1)]


def test_every_method_and_status_code_has_a_row():
    """Whatever else is in the tables of rtsp/."""
    asked = " ".join(f"{row.asked} {row.done}" for part, row in conformance.rows() if part == "Methods")
    assert [method for method in METHODS if method not in asked] == []
    wheres = " ".join(firsts("Status codes")).replace("300–305", "300 301 302 303 304 305")
    assert [code for code in PHRASES if str(code) not in wheres] == []


def test_a_row_in_markdown():
    """Test names as words; what would end the cell is escaped."""
    row = Row("§1", "a|b", "c", ("url::a_url_is_taken_apart",), "Because.")
    assert conformance.line(row) == "| §1 | a\\|b | c | url: a url is taken apart. Because. |"


# --- what makes two runs alike ----------------------------------------------------------------------------------------

REPLY = (
    b"RTSP/1.0 200 OK\r\nSession: 0123456789abcdef;timeout=60\r\nTransport: RTP/AVP;unicast;client_port=5000-5001;"
    b"server_port=6000-6001;ssrc=00000007\r\nRTP-Info: url=rtsp://127.0.0.1:4321/m;seq=65535;rtptime=4294967295\r\n"
    b"Date: Fri, 20 Nov 2026 12:21:21 GMT\r\n\r\n"
)


def test_the_same_value_becomes_the_same_example():
    """In text and in packets, over the wrap of their numbers."""
    examples = Examples([Event("rtsp", False, REPLY)])
    text = examples.text(REPLY)
    for part in ("Session: 1f8a6c3e90b2d574;timeout=60", "client_port=25000-25001", "server_port=40000-40001",
                 "ssrc=A1B2C3D4", "rtsp://127.0.0.1:6789/m;seq=20000;rtptime=900000", "Date: Mon, 04 Jan"):  # fmt: skip
        assert part in text
    assert (examples.sequence(1), examples.timestamp(3599)) == (20002, 903600)
    assert [examples.ssrc(number) for number in (7, 0, 99)] == ["A1B2C3D4", "00000000", "0C11E27A"]


def test_a_compound_packet_is_told_packet_by_packet():
    """Receiver report with a block, description, goodbye."""
    block = bytes.fromhex("00000007 40000003 0001ffff 00000099 12345678 00010000")
    report = bytes.fromhex("81c90007 00000063") + block
    name = bytes.fromhex("81ca0003 00000063 0103616263 000000")
    goodbye = bytes.fromhex("81cb0001 00000063")
    examples = Examples([Event("rtsp", False, REPLY)])
    assert examples.control(report + name + goodbye, None) == [
        "RR   ssrc=0C11E27A about=A1B2C3D4 fraction=64/256 lost=3 highest=20000 jitter=12 lsr=0x00004000 dlsr=65536",
        "SDES ssrc=0C11E27A CNAME=q9dY0Ynt8Lsj7W3F",
        "BYE  ssrc=0C11E27A",
    ]
    assert is_farewell(Event("rtcp", True, report + name + goodbye))


def test_messages_and_frames_come_apart():
    """Only what is whole is a message."""
    data = b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc" + b"$\x01\x00\x02xy"
    first = first_message(data)
    assert first.endswith(b"abc") and first_message(data[len(first) :]) == b"$\x01\x00\x02xy"
    assert [first_message(part) for part in (data[:20], first[:-1], b"$\x00", b"$\x00\x00\x04abc", b"")] == [b""] * 5


def test_a_conversation_that_took_another_course_is_not_told():
    """Another method than the step's, one too many, one too few."""
    step, request = Step("PLAY", "", ""), Event("rtsp", True, b"PLAY x")
    reply = Event("rtsp", False, b"RTSP/1.0 200 OK")
    assert exchanges([request, reply], [step])[0].reply == reply.data
    for events in ([Event("rtsp", True, b"PAUSE x")], [request, reply, request], [request], []):
        with pytest.raises(RuntimeError):
            exchanges(events, [step])
