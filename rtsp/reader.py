"""The reader that finds messages in a stream of bytes (RFC 2326 §4.4, §10.12).

    reader = MessageReader()
    reader.feed(bytes from the peer)
    while (message := reader.next()) is not None:   # Request, Response or Interleaved
        ...

Requests and responses flow in both directions (a server may ask, too), so there is one reader for both sides.
"""

from __future__ import annotations

import re
from typing import Literal

from rtsp import lab, limits
from rtsp.errors import EncryptedError, MessageError
from rtsp.message import Headers, Interleaved, Message, Request, Response
from rtsp.numbers import number

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rf"({TOKEN}) +(\S+) +(RTSP/[0-9]\.[0-9]) *")
STATUS_LINE = re.compile(r"(RTSP/[0-9]\.[0-9]) +([0-9]{3})(?: +(.*))?")
CSEQ_LINE = re.compile(r"cseq[ \t]*:[ \t]*([0-9]{1,10})[ \t]*", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # all but the tab (RFC 2326 §15.1, TEXT)
HEADER_LINE = re.compile(rf"({TOKEN})[ \t]*:[ \t]*(.*)")

TLS = b"\x16\x03"      # how its first record begins (RFC 8446 §5.1)


class MessageReader:
    """Bytes in, messages out, however the bytes were cut.

    A standard head ends at an empty line, and Content-Length says how much body follows (RFC 2326 §4.4). A lab message
    has no end mark that one could rely on: it ends at an empty line, at the next message, or when nothing more comes.
    The reader has no clock: `patience()` says how long a silence means the end, and `quiet()` tells it that it came.
    With `lab_replies` the peer is a lab server, whose replies have no end mark either.
    """

    def __init__(self, lab_replies: bool = False) -> None:
        self.lab_replies = lab_replies
        self._bytes = bytearray()                           # what is not a whole line yet
        self._searched = 0                                  # … and how much of it is known to hold no line end
        self._lines: list[str] = []                         # the head so far
        self._head: Request | Response | None = None        # a whole head whose body is still coming
        self._quiet = False
        self._lab = lab_replies                             # the peer has been heard to speak the lab dialect

    def feed(self, data: bytes) -> None:
        self._bytes += data
        self._quiet = False

    def next(self) -> Message | None:
        """The next whole message, None if more bytes are needed. MessageError (with its status) if this is no RTSP."""
        try:
            return self._next()
        except MessageError as error:
            raise self.numbered(error) from None

    def numbered(self, error: MessageError) -> MessageError:
        """The error, which also knows the number of the message that it is about, if that has been read: the refusal
        has a CSeq, too (RFC 2326 §12.17)."""
        lines = [f"{name}:{value}" for name, value in self._head.headers] if self._head else self._lines
        numbers = (CSEQ_LINE.fullmatch(line) for line in lines)
        if number := next((match[1] for match in numbers if match), None):
            error.headers["CSeq"] = number
        return error

    def forget(self) -> None:
        """Whatever has come is not worth reading."""
        self._bytes.clear()
        self._lines, self._head, self._searched, self._quiet = [], None, 0, False

    def _next(self) -> Message | None:
        while self._head is None:
            if not self._lines:
                self._skip_line_ends()
                if self._bytes[:1] == b"$":
                    return self._interleaved()
                if self._bytes[:2] == TLS:
                    raise EncryptedError
            head = self._read_head()
            if head is None:
                return None
            self._head = head or None                       # else a line was dropped, and a frame may follow
        return self._read_body(self._head)

    @property
    def unfinished(self) -> bool:
        """A message has begun and has not ended."""
        return bool(self._bytes or self._lines or self._head)

    def patience(self) -> float | None:
        """Seconds of silence after which the bytes so far are a whole lab message; None: never."""
        if self._head is not None or not (self._lines or self._bytes):
            return None
        if not self._lines:
            return limits.LAB_QUIET_INCOMPLETE if self._lab else None
        if self._lines[0].startswith("RTSP/"):
            return limits.LAB_QUIET_REPLY if self.lab_replies else None
        return lab.patience(self._lines_so_far(), self._bytes[-1:].isdigit())

    def quiet(self) -> None:
        """Nothing came for `patience()` seconds: what is there is all there is."""
        if self.patience() is not None:
            self._quiet = True

    # ---- head

    def _read_head(self) -> Request | Response | Literal[False] | None:
        """None if more bytes are needed; False if what came was not worth reading."""
        while (line := self._take_line()) is not None:
            if not line and self._lines:
                return self._finish()
            if self._is_lab():
                line = self._unglue(line)
                if not self._lines and not lab.begins_message(line):
                    return False                            # the rest of a message that was taken as it was: no loss
                if self._lines and lab.begins_message(line):
                    head = self._finish()
                    self._lines = [line]
                    return head
            self._add_line(line)
        return self._end_by_silence() if self._quiet else None

    def _end_by_silence(self) -> Request | Response | None:
        self._quiet, lines = False, self._lines_so_far()
        whole = bool(self._lines)                           # else there is half a first line, and the rest is lost
        self._bytes.clear()
        self._searched = 0
        self._lines = lines if whole else []
        return self._finish() if whole else None

    def _take_line(self) -> str | None:
        end = self._bytes.find(b"\n", self._searched)
        limit = limits.HEADER_LINE if self._lines else limits.REQUEST_LINE
        if end > limit or (end < 0 and len(self._bytes) > limit):
            raise MessageError("line too long", 400 if self._lines else 414, fatal=True)
        if end < 0:
            self._searched = len(self._bytes)
            return None
        line = _decode(self._bytes[:end])
        del self._bytes[:end + 1]
        self._searched = 0
        return line

    def _unglue(self, line: str) -> str:
        """Give back to the buffer what belongs to the next request."""
        line, rest = lab.split_glued(line)
        if rest:
            self._bytes[:0] = rest.encode() + b"\n"
        return line

    def _add_line(self, line: str) -> None:
        if line[:1] in (" ", "\t") and len(self._lines) > 1 and not self._is_lab():
            self._lines[-1] += " " + line.strip()           # a folded header line (RFC 2068 §2.2)
        elif line:
            self._lines.append(line)
        if len(self._lines) == 1 and not self._is_lab():
            _start(self._lines[0])                          # no need to wait for the rest of what is no RTSP
        if len(self._lines) > limits.HEADERS + 1 or len(self._lines[-1]) > limits.HEADER_LINE:
            raise MessageError("too many header lines", fatal=True)
        if sum(map(len, self._lines)) > limits.HEAD:
            raise MessageError("too long a head", fatal=True)

    def _is_lab(self) -> bool:
        """The message at hand is of the lab dialect, or the next one most likely is."""
        if not self._lines:
            return self._lab
        return lab.is_lab(self._lines[0]) or (self.lab_replies and self._lines[0].startswith("RTSP/"))

    def _finish(self) -> Request | Response:
        lines = self._lines
        if not self.lab_replies and any(map(CONTROL.search, lines)):
            raise MessageError("a control character among the headers", fatal=True)     # on its way to some terminal
        if lab.is_lab(lines[0]):
            self._lines, self._lab = [], True
            method, target, headers = lab.parse_request(lines)
            return Request(method, target, Headers(headers), lab=True, lines=lines)
        head = _start(lines[0])
        head.lines = lines
        if self.lab_replies:
            head.headers, head.lab = Headers(lab.parse_headers(lines[1:])), True
        else:
            head.headers = Headers(_header(line) for line in lines[1:])
        self._lines = []
        return head

    # ---- body

    def _read_body(self, head: Request | Response) -> Request | Response | None:
        size = 0 if head.lab else _content_length(head.headers)
        if len(self._bytes) < size:
            return None
        head.body = bytes(self._bytes[:size])
        del self._bytes[:size]
        self._head = None
        return head

    def _interleaved(self) -> Interleaved | None:
        size = int.from_bytes(self._bytes[2:4], "big")
        if len(self._bytes) < 4 + size or len(self._bytes) < 4:
            return None
        frame = Interleaved(self._bytes[1], bytes(self._bytes[4:4 + size]))
        del self._bytes[:4 + size]
        return frame

    def _skip_line_ends(self) -> None:
        while self._bytes.startswith((b"\r", b"\n")):
            del self._bytes[:1]
            self._searched = 0

    def _lines_so_far(self) -> list[str]:
        rest = _decode(self._bytes)
        return self._lines + [rest] if rest else self._lines


def _decode(line: bytes | bytearray) -> str:
    return line.rstrip(b"\r").decode("utf-8", "replace")


def _start(line: str) -> Request | Response:
    """The start line of a standard message (RFC 2326 §6.1, §7.1). MessageError if it is none."""
    if match := STATUS_LINE.fullmatch(line):
        return Response(number(match[2], 0, 999, "status"), version=match[1], reason=match[3] or "")
    if (match := REQUEST_LINE.fullmatch(line)) and line.isprintable():
        return Request(match[1], match[2], version=match[3])
    raise MessageError(f"no RTSP message begins with {line[:60]!r}", fatal=True)


def _header(line: str) -> tuple[str, str]:
    match = HEADER_LINE.fullmatch(line)
    if not match:
        raise MessageError(f"no header line: {line[:60]!r}", fatal=True)
    return match[1], match[2].strip()


def _content_length(headers: Headers) -> int:
    sizes = set(headers.get_all("Content-Length"))
    if len(sizes) > 1:
        raise MessageError("Content-Length contradicts itself", fatal=True)
    try:
        size = number(sizes.pop(), 0, 10**15, "Content-Length") if sizes else 0
    except MessageError as error:
        raise MessageError(str(error), fatal=True) from None
    if size > limits.BODY:
        raise MessageError(f"a body of {size} bytes", 413, fatal=True)
    return size
