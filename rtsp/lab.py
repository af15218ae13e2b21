"""The dialect of the classic lab handout, spelled in as many ways as there are solutions of it.

    SETUP movie.Mjpeg RTSP/1.0\\n              RTSP/1.0 200 OK\\r\\n
    CSeq: 1\\n                                 CSeq: 1\\r\\n
    Transport: RTP/UDP; client_port= 25000    Session: 123456\\r\\n

A bare file name instead of a URL tells it from the standard. Nothing marks the end of a message, and a reply must have
exactly these three lines, without an empty one: most lab clients take one recv() for one reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rtsp import limits

GRANTED = ("SETUP", "PLAY", "PAUSE", "TEARDOWN", "OPTIONS")
# … and those that other lab sheets add, or that would need a longer reply than three lines: answered 501
LAB_METHODS = frozenset((
    *("SETUP", "PLAY", "PAUSE", "TEARDOWN", "OPTIONS", "DESCRIBE", "GET_PARAMETER", "SET_PARAMETER", "RECORD"),
    *("ANNOUNCE", "FORWARD", "FASTFORWARD", "BACKWARD", "PREVIOUS", "REVERSE", "NEXT", "BACK", "SWITCH", "CHANGE"),
    *("LIST", "GETLIST", "SETTIME", "CONNECT", "STOP", "SPEEDUP", "SET_SPEED", "SEEK", "PACE"),
))
# A method that somebody has thought of since: told by the rest of its line
REQUEST = re.compile(r"[A-Z_]+ +[^\s:*]+ +RTSP/1\.0 *")
CSEQ = re.compile(r"(?:cseq)?[ :]*([0-9]{1,10}) *", re.IGNORECASE)
SESSION = re.compile(r"session[ :]*([0-9]{1,10})\b.*", re.IGNORECASE)
CLIENT_PORT = re.compile(r"client.?ports? *= *([0-9]{1,9})", re.IGNORECASE)
NUMBERED = re.compile(r"[0-9] *$")
REPLY = re.compile(r"RTSP/[0-9]\.[0-9] +[0-9]{3}(?= |$)")
GLUED = re.compile(rf"(?<=[0-9]) *(?:{'|'.join(sorted(LAB_METHODS))})(?= |$)|(?<=.){REPLY.pattern}")
HEADER = re.compile(r"([A-Za-z-]+)[ :]+(.*)")
FIRST_LINES = 8     # of a SETUP, in which its port is; it is looked for again whenever a byte has come


def is_lab(start_line: str) -> bool:
    """True for a request whose target is a bare file name, or that has none."""
    words = start_line.split()
    if not words or words[0] not in LAB_METHODS and not REQUEST.fullmatch(start_line):
        return False
    return len(words) < 2 or not (words[1] == "*" or "://" in words[1])


def begins_message(line: str) -> bool:
    """True if this line, where a header could stand, is in fact the first line of the next message."""
    word = line.split(" ", 1)[0]
    return word in LAB_METHODS or bool(REQUEST.fullmatch(line) or REPLY.match(line))


def split_glued(line: str) -> tuple[str, str]:
    """A line, and the message that begins in it because the one before did not end its last line ("" if none does)."""
    match = GLUED.search(line)
    return (line[:match.start()], line[match.start():].lstrip()) if match else (line, "")


def patience(lines: list[str], ends_in_digit: bool) -> float | None:
    """Seconds of silence after which these lines, the first of them ended, are a whole request; None: this is none."""
    if not is_lab(lines[0]):
        return None
    if len(lines) < 2 or not NUMBERED.search(lines[1]) or (lines[0].startswith("SETUP") and _port(lines) is None):
        return limits.LAB_QUIET_INCOMPLETE
    return limits.LAB_QUIET_DIGIT if ends_in_digit and lines[0].startswith("SETUP") else limits.LAB_QUIET


def parse_request(lines: list[str]) -> tuple[str, str, list[tuple[str, str]]]:
    """Method, target ("" if there is none) and headers of a lab request, the headers as the standard spells them.

    What is missing, such as the port of a SETUP, is missing in the result, too."""
    method, *words = lines[0].split()
    target = " ".join(words[:-1] if words and words[-1].startswith("RTSP/") else words)
    found = {"CSeq": _cseq(lines), "Session": _session(lines)}
    if method == "SETUP" and (port := _port(lines)):
        found["Transport"] = f"RTP/UDP;client_port={port}"
    return method, target, [(name, value) for name, value in found.items() if value is not None]


def parse_headers(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Header lines of a lab server's reply: with or without a colon; what is none (JSON, a list) is left out."""
    return [(match[1], match[2].strip()) for line in lines if (match := HEADER.fullmatch(line))]


def request(method: str, name: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The spelling that every known lab server understands: three lines, and a blank before the port number."""
    values = {key.lower(): value for key, value in headers}
    lines = [f"{method} {name} RTSP/1.0", f"CSeq: {values.get('cseq', '')}"]
    if port := CLIENT_PORT.search(values.get("transport", "")):
        lines.append(f"Transport: RTP/UDP; client_port= {port[1]}")
    elif "session" in values:
        lines.append(f"Session: {values['session']}")
    return _ended(lines)


def reply(start_line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """The one reply that every known lab client understands. Session 0 with an error: the client stays in Init."""
    values = {key.lower(): value for key, value in headers}
    return _ended([start_line, f"CSeq: {values.get('cseq', '0')}", f"Session: {values.get('session', '0')}"])


def _ended(lines: list[str]) -> bytes:
    return "".join(line + "\r\n" for line in lines).encode()


def _cseq(lines: list[str]) -> str | None:
    matches = (CSEQ.fullmatch(line) for line in lines[1:])
    return next((match[1] for match in matches if match), None)


def _session(lines: list[str]) -> str | None:
    matches = (SESSION.fullmatch(line) for line in lines[1:])
    return next((match[1] for match in matches if match), None)


def _port(lines: list[str]) -> str | None:
    """The number after client_port, else the last one of the third line."""
    for line in lines[1:FIRST_LINES]:
        if match := CLIENT_PORT.search(line):
            return match[1]
    third = "" if len(lines) < 3 or SESSION.fullmatch(lines[2]) else lines[2]
    numbers = re.findall(r"(?<![0-9./])[0-9]{2,9}(?![0-9./])", third)
    return numbers[-1] if numbers else None
