"""Everything that is said has an explanation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rtsp import glossary, sdp
from rtsp.headers import Range, RtpInfo, SessionHeader, Transport
from rtsp.states import METHODS

ROOT = Path(__file__).resolve().parent.parent


def test_every_header_that_the_code_names_is_explained():
    """Those that rtsp/ and the programs read or write by name."""
    files = [*ROOT.glob("rtsp/*.py"), ROOT / "RtspClient.py", ROOT / "ServerWorker.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "glossary.py")
    found = set(re.findall(r'headers\.(?:get|get_all|set|add)\("([A-Za-z-]+)"', text))
    assert len(found) > 15
    assert {name for name in found if name.lower() not in glossary.HEADERS} == set()


def test_every_method_is_explained():
    """Those of the state table."""
    assert {method.lower() for method in METHODS} == set(glossary.METHODS)


@pytest.mark.parametrize("table", [glossary.METHODS, glossary.HEADERS])
def test_every_explanation_says_where_it_is_written(table):
    """One sentence or two, and the section of the RFC."""
    for name, meaning in table.items():
        assert re.fullmatch(r"RFC 2326 §1[02]\.\d+", meaning.source), name
        assert meaning.words.endswith((".", "?")) or "?" in meaning.words, name


@pytest.mark.parametrize(
    ("header", "value", "count"),
    [
        ("Transport", str(Transport(client_port=(1, 2), server_port=(3, 4), ssrc=5, source="h", mode="PLAY")), 7),
        ("Transport", str(Transport("RTP/AVP/TCP", interleaved=(0, 1))), 3),
        ("Session", str(SessionHeader("abc", 60)), 1),
        ("Range", str(Range(1.0, 2.0)), 1),
        ("RTP-Info", ",".join(map(str, (RtpInfo("rtsp://h/a", 1, 2), RtpInfo("rtsp://h/b", 3, 4)))), 6),
        ("WWW-Authenticate", 'Digest realm="a, b", nonce="x"', 3),
        ("Authorization", "Basic ****", 1),
        ("CSeq", "5", 0),
    ],
)
def test_parameters_are_explained_in_their_order(header, value, count):
    """Each as it is written, however long the value."""
    found = glossary.parameters(header, value)
    assert len(found) == count
    places = [value.index(word) for word, _ in found[:3]]
    assert places == sorted(places)
    assert len(glossary.parameters(header, value + ";x=1" * 100_000)) <= count


def test_every_line_of_a_description_is_explained():
    """As our server writes them."""
    text = "v=0\r\no=- 1 1 IN IP4 h\r\ns=m\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=range:npt=0-5\r\n"
    text += "m=video 0 RTP/AVP 26\r\na=x\r\n"
    assert sdp.SessionDescription.parse(text)
    assert all(glossary.sdp(line) for line in text.split("\r\n") if line)
    known = glossary.sdp("a=range:npt=0-5")
    assert known is not None and known.source == "RFC 2326 §C.1.5"
    assert glossary.sdp("?") is None
