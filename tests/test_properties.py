"""Whatever comes, no parser does anything but what it says: seeded mutations of real inputs, and the worst of inputs.

`python -m tools.fuzz` does the same a hundred thousand times, over sockets as well. A failure says its seed, its number
and its bytes; `python -m tools.fuzz --seed SEED --only NUMBER PARSER` repeats it.
"""

from __future__ import annotations

import random
import sys
import tracemalloc
from contextlib import suppress

import pytest

from media.framing import plain_index
from rtsp.described import read
from rtsp.failures import FolderFound
from rtsp.lab import patience
from rtsp.message import Headers, Response
from rtsp.sdp import SessionDescription
from rtsp.url import split_control
from tests.mediaparsers import PARSERS, Memory
from tests.mutations import CHANGES, generator, mutant, pieces
from tests.parsers import BrokenPromise, Parser, attempt

SEED = 6
COUNT = 400  # mutations, times a parser's weight


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_keeps_its_promises_whatever_comes(name):
    """Only the documented errors; parse, format, parse is stable; and the same however the bytes were cut."""
    parser = PARSERS[name]
    for number in range(int(COUNT * parser.weight)):
        attempt(parser, SEED, number)


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_its_real_inputs_and_none_at_all(name):
    """They are what the mutations begin with."""
    for data in (*PARSERS[name].corpus, b""):
        PARSERS[name].promise(data, generator(SEED, 0))


# Inputs that go on and on: parser, how it begins, and what follows again and again
ENDLESS = [
    *(("requests", b"", unit) for unit in (b"\r", b"\n", b"$\0\0\0", b"PLAY 1\n", b"OPTIONS * RTSP/1.0\r\n\r\n")),
    *(("requests", b"OPTIONS * RTSP/1.0\r\n", unit) for unit in (b"x:y\r\n", b" \r\n", b"\t", b":")),
    *(("lab replies", b"RTSP/1.0 200 OK\n", unit) for unit in (b"a\n", b"1BACK", b"RTSP/1.0 200 ")),
    *(("Transport", b"RTP/AVP", unit) for unit in (b";", b",", b'"', b';a="', b",RTP/AVP")),
    *(("Range", b"npt=", unit) for unit in (b"1", b":", b"-", b"=")),
    *(("RTP-Info", b"", unit) for unit in (b",url=", b", ", b";", b"url=")),
    *(("Accept", b"", unit) for unit in (b",", b";", b"q=0", b"q ")),
    *(("URLs", b"rtsp://h", unit) for unit in (b"/", b"/track=1", b"@", b"%", b"\n")),
    *(("SDP", b"v=0\n", unit) for unit in (b"a=\n", b"m=video 0 RTP/AVP 26\n", b"b\n", b"m=a 1 b" + b" 1" * 99)),
    *(("SDP", b"v=0\nm=a 0 RTP/AVP" + b" 1" * 800 + b"\n", unit) for unit in (b"a=x\n", b"a=rtpmap:2 a\n")),
    *(("parameters", b"", unit) for unit in (b"a\n", b"packets\n", b":")),
    *(("RTCP", b"", unit) for unit in (b"\x80\xc9\x00\x00", b"\x80\xcb\x00\x00", b"\x80\xcc\x00\x00")),
    ("RTCP", b"\x81\xca\x03\xff", b"\0"),
    *(("RFC 2435", b"", unit) for unit in (b"\x00\x00", b"\x00\x02\xff\xd8")),
    *(("JPEG", b"\xff\xd8", unit) for unit in (b"\xff", b"\xff\xe0\x00\x02", b"\xff\xda\x00\x02", b"\xff\xd0")),
    *(("movie index", b"", unit) for unit in (b"\xff\xd8\xff", b"99999\xff\xd8", b"00004\xff\xd8\xff\xd9")),
    *(("reordering", b"", unit) for unit in (bytes(8), b"\0\1\0\0\0\0\0\0\0\1\xff\xff\0\0\0\0")),
]  # fmt: skip
SMALL, LARGE = 1 << 12, 1 << 14


@pytest.mark.parametrize(("name", "start", "unit"), ENDLESS)
def test_an_endless_input_costs_no_more_than_its_length(name, start, unit):
    """Counted, not timed: lines of Python run, which grow with the input and not with its square."""
    small, large = (lines_run(PARSERS[name], start + unit * (size // len(unit))) for size in (SMALL, LARGE))
    assert large <= 1.3 * LARGE / SMALL * small + 1000


@pytest.mark.parametrize(("name", "start", "unit"), ENDLESS)
def test_an_endless_input_takes_no_more_memory_than_its_length(name, start, unit):
    data = start + unit * ((1 << 16) // len(unit))
    tracemalloc.start()
    try:
        PARSERS[name].promise(data, generator(SEED, 0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 200 * len(data)


def lines_run(parser: Parser, data: bytes) -> int:
    """Of the project, while this is read."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parser.promise(data, generator(SEED, 0))
    finally:
        sys.settrace(before)
    return count


# --- what mutations or a long look have found -------------------------------------------------------------------------


def test_a_run_of_slashes_is_looked_at_once():
    """With a look at each slash this would take a quarter of an hour, and nobody else would get the processor."""
    assert split_control("rtsp://h" + "/" * (1 << 20)) == ("rtsp://h" + "/" * (1 << 20), None)


def test_the_port_of_a_setup_is_sought_in_its_first_lines_alone():
    """It is sought whenever a byte comes; a SETUP may have a hundred lines."""
    lines = ["SETUP m RTSP/1.0", "CSeq: 1", *[""] * 90, "Transport: RTP/UDP; client_port= 25000"]
    assert patience(lines, ends_in_digit=False) == patience(lines[:-1], ends_in_digit=False)


def test_a_payload_type_counts_once_however_often_it_is_listed():
    """For each, a player looks through all attributes: 15,000 of the one and of the other would take it a minute."""
    assert SessionDescription.parse("v=0\nm=video 0 RTP/AVP" + " 26 96" * 15_000).media[0].formats == [26, 96]


def test_a_list_of_movies_has_an_end():
    """Each name may become as long as the URL that it is relative to: 64 KiB of names would become 256 MiB."""
    reply = Response(200, Headers([("Content-Type", "text/uri-list")]), b"a\n" * 32_000)
    with pytest.raises(FolderFound) as caught:
        read(reply, "rtsp://h/" + "x" * 8000 + "/")
    assert len(caught.value.urls) == 1000


def test_a_movie_is_not_read_as_often_as_it_has_frames():
    """Each of these frames leads, by segments of 64 KiB, to the end of the file, where none of them has an end."""
    file = Memory(b"\xff\xd8\xff\xe0\xff\xfe\xff\xd9" * (1 << 18))
    index = plain_index(file)
    assert not index.playable and index.cut is not None
    assert file.taken < 200 * file.size


# --- the mutations themselves -----------------------------------------------------------------------------------------


def test_a_mutant_can_be_made_again_by_itself():
    corpus, words = [b"one 1\r\n", b"two 22\r\n"], [b"WORD"]
    found = [mutant(1, number, corpus, words) for number in range(500)]
    assert found[77] == mutant(1, 77, corpus, words) and found != [mutant(2, k, corpus, words) for k in range(500)]
    assert len(set(found)) > 300


def test_each_change_takes_what_is_empty():
    for change in CHANGES:
        for number in range(50):
            change(random.Random(number), b"", b"", [])


def test_pieces_are_the_whole():
    for number in range(50):
        assert b"".join(pieces(random.Random(number), bytes(range(100)))) == bytes(range(100))


def test_a_broken_promise_says_how_to_repeat_it():
    def promise(data, rng):
        with suppress(ValueError):
            data.decode()[1000]

    with pytest.raises(BrokenPromise, match=r"short, seed 3, number 0, \d+ bytes: b'") as caught:
        attempt(Parser("short", promise, [b"abc"]), 3, 0)
    assert isinstance(caught.value.__cause__, IndexError)
