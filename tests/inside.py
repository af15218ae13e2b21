"""A viewer whose media come inside its RTSP connection, read by the letter of RFC 2326 §10.12.

    with Inside(server.port) as viewer:
        viewer.ask(f"SETUP {server.url()} RTSP/1.0", "CSeq: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")

Like tests.serving it uses nothing of rtsp/ or rtp/.
"""

from __future__ import annotations

import time

from tests.serving import Control, Frame, Packet, Reply, Talker, control, packet


class Inside(Talker):
    """Replies as a Talker has them; the frames that come before them are noted, each under its channel's number."""

    def __init__(self, port: int, rtp: int = 0, rtcp: int = 1) -> None:
        super().__init__(port)
        self.rtp, self.rtcp = rtp, rtcp
        self.packets: list[Packet] = []
        self.controls: list[Control] = []
        self.others: list[tuple[int, bytes]] = []  # on channels that are not ours

    def reply(self) -> Reply:
        while self.take_frame():
            pass
        return super().reply()

    def take_frame(self) -> bool:
        """Read one frame; False if it is a reply that comes next."""
        if not self._unread:
            self._receive()
        if not self._unread.startswith(b"$"):
            return False
        head = self._take(4)
        data, now = self._take(int.from_bytes(head[2:], "big")), time.monotonic()
        if head[1] == self.rtp:
            self.packets.append(packet(data, now, head[1]))
        elif head[1] == self.rtcp:
            self.controls.append(control(data, now, head[1]))
        else:
            self.others.append((head[1], data))
        return True

    def wait_packets(self, count: int) -> None:
        while len(self.packets) < count:
            assert self.take_frame(), self._unread

    def wait_bye(self) -> None:
        while not any(203 in one.types for one in self.controls):
            assert self.take_frame(), self._unread

    def frames(self) -> list[Frame]:
        """The frames so far, whole ones, in the order they came."""
        found: list[list[Packet]] = [[]]
        for one in self.packets:
            found[-1].append(one)
            if one.marker:
                found.append([])
        return [Frame(group) for group in found[:-1]]

    def frame(self, channel: int, data: bytes) -> None:
        """Send one frame."""
        self.raw(b"$" + bytes([channel]) + len(data).to_bytes(2, "big") + data)
