"""Frames as the servers of the classic lab send them: JPEG files without the headers of RFC 2435.

The handout puts a whole file into one packet. Larger frames do not fit, so some solutions cut them into pieces, each
with a sequence number of its own, or all with the same one. Some set the marker bit on the last piece, some on none,
and it is not needed: a file says itself where it ends.
"""

from __future__ import annotations

from rtp.jpegimage import END, MAX_SCAN, SOS, START


class RawJpeg:
    """Puts pieces together in the order of their arrival. Nothing that a server does raises here: a frame that cannot
    be had is given up, counted in `damaged`, with the cause in `reason`.

    What cannot be known: that a piece is missing in the middle of a frame whose pieces have all the same number.
    """

    def __init__(self) -> None:
        self.damaged = 0  # frames given up
        self.reason = ""  # why the latest of them was
        self._first: bytes | None = None  # the latest piece that began a file; None: there was none yet
        self._file = bytearray()  # the pieces so far
        self._passing_over = False  # what comes is the rest of a frame given up
        self._sequence = 0  # of the latest piece
        self._step: int | None = None  # how far the numbers of this frame's pieces are apart, 0 or 1, once it is known
        self._at = 0  # where in the file the next segment begins, or the search for its end goes on
        self._in_scan = False

    def takes(self, payload: bytes) -> bool:
        """True for the first piece of a file, and for everything after it: a server sends either files or RFC 2435."""
        return self._first is not None or payload.startswith(START)

    def repeated(self, sequence: int, payload: bytes) -> bool:
        """True if the network has delivered the piece before this one twice, as far as that can be told."""
        if self._first is None or sequence != self._sequence:
            return False
        return payload == self._first if payload.startswith(START) else self._step == 1

    def push(self, sequence: int, payload: bytes) -> bytes | None:
        """A piece that we take; the whole file if it is the last one."""
        step = (sequence - self._sequence) % 256  # so it is 1, too, where a server's number wraps around after a byte
        self._sequence = sequence
        if payload.startswith(START):
            self._begin(payload)
        elif not payload or not self._continues(step):
            return None
        self._file += payload
        if not self._ended():
            return None
        whole = bytes(self._file)
        self._file.clear()
        return whole

    def _begin(self, payload: bytes) -> None:
        if self._file:
            self._give_up("the last piece of a frame did not come, or the JPEG has no end")
        self._first, self._step = payload, None
        self._at, self._in_scan, self._passing_over = len(START), False, False

    def _continues(self, step: int) -> bool:
        """The piece belongs to the frame at hand, and none is missing between them."""
        if not self._file:
            if not self._passing_over:
                self._give_up("the first piece of a frame did not come")
            return False
        if self._step is None:
            self._step = step
        if step != self._step or step > 1:
            self._give_up("a piece of a frame did not come")
        elif len(self._file) > MAX_SCAN:  # this also bounds the memory that a server can make us use
            self._give_up(f"a frame of more than {MAX_SCAN} bytes")
        return bool(self._file)

    def _give_up(self, reason: str) -> None:
        self.damaged += 1
        self.reason = reason
        self._passing_over = True
        self._file.clear()

    def _ended(self) -> bool:
        """EOI has come after the picture data began; a thumbnail among the headers has one of its own."""
        file = self._file
        while not self._in_scan and len(file) >= self._at + 4:
            if file[self._at + 1] == 0xFF:  # a marker may have any number of FF before it
                self._at += 1
                continue
            self._in_scan = file[self._at + 1] == SOS
            self._at += 2 + int.from_bytes(file[self._at + 2 : self._at + 4], "big")
        if not self._in_scan:
            return False
        found = file.find(END, self._at) >= 0
        self._at = max(self._at, len(file) - 1)  # a later search need not begin before
        return found
