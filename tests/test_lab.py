"""The spellings of the lab dialect that the reader's tests do not show: which start lines are lab, and ports."""

import pytest

from rtsp import lab


@pytest.mark.parametrize(("line", "expected"), [
    ("SETUP movie.Mjpeg RTSP/1.0", True),
    ("SETUP /movie.Mjpeg RTSP/1.0", True),
    ("PLAY", True),
    ("PLAY RTSP/1.0", True),
    ("NEXT movie.Mjpeg", True),
    ("VOLUME_UP movie.Mjpeg RTSP/1.0", True),
    ("VOLUME_UP rtsp://h/movie.Mjpeg RTSP/1.0", False),
    ("VOLUME_UP * RTSP/1.0", False),
    ("VOLUME_UP", False),
    ("SETUP rtsp://h/movie.Mjpeg RTSP/1.0", False),
    ("SETUP RTSPS://h/movie.Mjpeg RTSP/1.0", False),
    ("OPTIONS * RTSP/1.0", False),
    ("RTSP/1.0 200 OK", False),
    ("GET / HTTP/1.1", False),
    ("", False),
])
def test_a_bare_name_or_none_is_the_lab_dialect(line, expected):
    assert lab.is_lab(line) is expected


@pytest.mark.parametrize(("third", "port"), [
    ("Transport: RTP/UDP; client_port= 25000", "25000"),
    ("Transport: RTP/UDP;client_port=25000-25001", "25000"),
    ("Transport: RTP/UDP; client-port= 25000", "25000"),
    ("Transport: RTP/UDP; Client_Port = 25000-25001", "25000"),
    (" RTSP/1.0 RTP/UDP 25000", "25000"),
    (" RTSP/1.0 RTP/UDP 1400 25000", "25000"),
    ("RTSP/1.0 RTP/UDP\t25000 ", "25000"),
    ("Transport: RTP/UDP", None),
])
def test_the_port_stands_after_client_port_or_is_the_last_number(third, port):
    _, _, headers = lab.parse_request(["SETUP m RTSP/1.0", "CSeq: 1", third])
    assert dict(headers).get("Transport") == (port and f"RTP/UDP;client_port={port}")


def test_a_name_may_have_blanks():
    assert lab.parse_request(["SETUP my movie.Mjpeg RTSP/1.0", "CSeq: 1"])[1] == "my movie.Mjpeg"


@pytest.mark.parametrize("lines", [
    ["CSeq: 1", "Session: 5"], ["CSEQ: 1", "SESSION: 5"], ["Cseq 1", "session 5"], [" 1 ", "Session:5"],
])
def test_names_have_no_case_and_need_no_colon(lines):
    assert lab.parse_request(["PLAY m RTSP/1.0", *lines])[2] == [("CSeq", "1"), ("Session", "5")]


def test_only_one_session_is_taken():
    headers = lab.parse_request(["PLAY m RTSP/1.0", "CSeq: 1", "Session: 5", "Session: 6"])[2]
    assert headers == [("CSeq", "1"), ("Session", "5")]


def test_the_start_of_the_next_message_is_told_from_a_header():
    assert lab.begins_message("PLAY movie.Mjpeg RTSP/1.0") and lab.begins_message("RTSP/1.0 200 OK")
    assert lab.begins_message("VOLUME_UP movie.Mjpeg RTSP/1.0") and not lab.begins_message("VOLUME_UP")
    assert not lab.begins_message("Session: 5") and not lab.begins_message(" RTSP/1.0 RTP/UDP 25000")
    assert not lab.begins_message("RTSP/1.0 RTP/UDP 25000")
