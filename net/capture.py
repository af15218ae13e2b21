"""--pcap: what this program sends and receives, in a file for Wireshark, written by the program itself.

Nobody who sends waits for the disk: what is seen goes into a queue, and the thread "capture" writes it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from net import pcap
from net.addresses import Address
from net.masking import Masking

log = logging.getLogger(__name__)

MOST_WAITING = 32 << 20     # bytes that may wait for the disk; of more, the capture has a gap
BUFFER = 1 << 16            # bytes written in one go
SMALL = 64                  # bytes that each entry of the queue counts for besides


class Capture:
    """A capture file. From any thread; a method for each thing that can be seen.

    TCP connections are seen as they are read and written: where they are encrypted, that is before and after.
    """

    def __init__(self, path: str, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock`: nanoseconds since 1970. OSError if the file cannot be made."""
        self.path, self.clock = path, clock
        self.packets = 0                            # in the file
        self.dropped = 0                            # not in it: too fast for the disk, or it is full
        # What is encrypted on its way is not in here: a new file is for its owner alone
        self._file = open(path, "wb", BUFFER, opener=lambda name, flags: os.open(name, flags, 0o600))   # noqa: SIM115
        self._full = False
        self.turn = threading.RLock()               # what is seen while somebody holds it, comes after
        self._waiting = 0                           # bytes in the queue, about: two threads may count as one
        self._queue: SimpleQueue[tuple[int, int, Callable[[], list[bytes]]] | None] = SimpleQueue()
        self._closed = False
        self._write([pcap.FILE_HEADER])
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def datagram(self, source: Address, destination: Address, data: bytes) -> None:
        """Sent or received at this moment."""
        self.put(lambda: [pcap.datagram(source, destination, data)], len(data))

    def accepted(self, local: Address, peer: Address) -> Witness:
        """A client has connected to us."""
        return Witness(self, pcap.Dialogue(peer, local), is_client=False)

    def connected(self, local: Address, peer: Address) -> Witness:
        """We have connected to a server."""
        return Witness(self, pcap.Dialogue(local, peer), is_client=True)

    def put(self, make: Callable[[], list[bytes]], size: int) -> bool:
        """Have the packets that `make` returns written, in the order of these calls; they are made on the thread that
        writes. False: there is no room, and they are not."""
        if self._closed or self._full or self._waiting > MOST_WAITING:
            self._drop()
            return False
        with self.turn:
            self._waiting += size + SMALL
            self._queue.put((self.clock(), size + SMALL, make))
        return True

    def close(self) -> None:
        """Write what is waiting. Twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        try:
            self._file.close()
        except OSError as error:
            self._fill_up(error)
        if self.dropped:
            log.warning("! %s: %d packets are not in it: the disk was too slow, or full", self.path, self.dropped)

    # ---- the thread "capture"

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            when, size, make = entry
            self._waiting -= size
            try:
                packets = make()
            except Exception:                       # a mistake of ours, of one packet
                log.exception("! %s: a packet could not be written", self.path)
                continue
            if self._write([pcap.record(packet, when) for packet in packets]):
                self.packets += len(packets)
            if self._queue.empty() and not self._full:
                self._flush()                       # somebody may be looking at the file already

    def _write(self, records: list[bytes]) -> bool:
        if self._full:
            self._drop()
            return False
        try:
            self._file.write(b"".join(records))
        except OSError as error:
            self._fill_up(error)
        return not self._full

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            self._fill_up(error)

    def _drop(self) -> None:
        if not self.dropped and not self._full:
            log.warning("! %s: the disk is too slow; the capture has a gap", self.path)
        self.dropped += 1

    def _fill_up(self, error: OSError) -> None:
        if not self._full:
            log.warning("! %s: %s. The capture ends here; everything else goes on", self.path, error.strerror or error)
        self._full = True


class Witness:
    """Sees the bytes of one TCP connection, in their order."""

    def __init__(self, capture: Capture, dialogue: pcap.Dialogue, is_client: bool) -> None:
        self._capture, self._dialogue, self._is_client = capture, dialogue, is_client
        self._masks = {True: Masking(), False: Masking()}
        self._gaps = {True: 0, False: 0}            # bytes there was no room for, before the next ones; by the client?
        self._over, self.turn = False, capture.turn
        capture.put(dialogue.opened, 0)

    def sent(self, data: bytes) -> None:
        if data and not self._over:                 # another thread may write while the connection is being closed
            self._said(self._is_client, data)

    def received(self, data: bytes) -> None:
        self._said(not self._is_client, data)

    def closed(self, by_us: bool) -> None:
        self._over, by_client = True, self._is_client is by_us
        self._capture.put(lambda: self._dialogue.closed(by_client), 0)

    def _said(self, by_client: bool, data: bytes) -> None:
        # What a server sends that begins with "$" is a picture, and large; passwords are the client's
        masked = data if data[:1] == b"$" and not by_client else self._masks[by_client].mask(data)
        gap = self._gaps[by_client]

        def make() -> list[bytes]:
            self._dialogue.missed(by_client, gap)
            return self._dialogue.said(by_client, masked)

        taken = self._capture.put(make, len(data))
        self._gaps[by_client] = 0 if taken else gap + len(data)
