"""A server of this process, and conversations with it that go wrong: see tools/fuzz.py."""

from __future__ import annotations

import random
import re
import socket
import sys
import tempfile
from pathlib import Path

from net.channels import bind_pair
from Server import Server
from tests import movies
from tests.mediaparsers import CONTROLS, DATAGRAMS, RTCP_WORDS
from tests.mutations import generator, mutated, pieces
from tests.parsers import WORDS

# Of our own on Linux, where all of 127 is this machine: a port that a mutation makes up must not be somebody else's
HOST, OWN = ("127.77.0.1", "127.77.0.2") if sys.platform == "linux" else ("127.0.0.1", "127.0.0.1")
PATIENCE = 5.0  # seconds that a conversation may take; it takes milliseconds
RENEWED = 200  # attempts, after which the sessions of those that vanished are dropped, and a viewer must get its frames
AUTHORIZATION = (
    'Authorization: Digest username="me", realm="RTSPlab", nonce="00ff", uri="{url}", '
    'response="0123456789abcdef0123456789abcdef", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"\r\n'
)


def request(method: str, *headers: str, url: str = "{url}", body: str = "") -> str:
    lines = [f"{method} {url} RTSP/1.0", "CSeq: 7", *headers] + ([f"Content-Length: {len(body)}"] if body else [])
    return "\r\n".join(lines) + "\r\n\r\n" + body


SESSION = "Session: {session}"
UDP = "Transport: RTP/AVP;unicast;client_port={port}-{next}"
TCP = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
LATER = [
    request("PLAY", SESSION, "Range: npt=0.5-"),
    request("PLAY", SESSION, "Scale: 2", "Speed: 4.0", "Range: smpte-25=0:00:00:05-0:00:01"),
    request("PAUSE", SESSION),
    request("PLAY", SESSION, "Range: npt=1-1.5", AUTHORIZATION.strip()),
    request("GET_PARAMETER", SESSION, body="position\r\npackets\r\njitter\r\n"),
    request("OPTIONS", SESSION, "Timestamp: 1.5", "Require: a", url="*"),
    request("SETUP", SESSION, TCP, url="{url}/trackID=0"),
    request("TEARDOWN", SESSION),
]
LAB = "{method} movie.Mjpeg RTSP/1.0\nCSeq: {cseq}\n{third}\n\n"
# What is sent first, as it stands, and what may follow
CONVERSATIONS = [
    (request("SETUP", UDP, url="{url}/trackID=0"), LATER),
    (request("SETUP", TCP, url="{url}/trackID=0"), ["{rtcp}", *LATER[:2], "{rtcp}", *LATER]),
    (
        request("OPTIONS", url="*"),
        [
            request("DESCRIBE", "Accept: application/sdp"),
            request("DESCRIBE", "Accept: text/uri-list", url="rtsp://x/"),
            request("SETUP", UDP, AUTHORIZATION.strip()),
            request("SETUP", 'Transport: RTP/AVP;multicast, RTP/AVP;mode="PLAY";destination=127.77.0.2'),
            request("RECORD", SESSION),
        ],
    ),
    (
        LAB.format(method="SETUP", cseq=1, third="Transport: RTP/UDP; client_port= {port}"),
        [LAB.format(method=method, cseq=2, third=SESSION) for method in ("PLAY", "PAUSE", "PLAY", "TEARDOWN", "SETUP")],
    ),
]


class Failure(Exception):
    """What should not have happened."""


class ServerTarget:
    """attempt() as often as wanted, then close()."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        movies.lab_movie(Path(self.folder.name, "movie.Mjpeg"), frames=100, size=(384, 32))
        self.server = Server(0, HOST, self.folder.name)
        self.server.start()
        self.url = f"rtsp://{HOST}:{self.server.port}/movie.Mjpeg"
        self.ports = bind_pair((OWN, 0), 0)
        self.attempts = 0
        self.aim: tuple[int, int] | None = None  # ports of a session of ours

    def close(self) -> None:
        self.server.close()
        for sock in self.ports:
            sock.close()
        self.folder.cleanup()

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.server.port), PATIENCE, (OWN, 0))

    # ---- one attempt

    def converse(self, seed: int, number: int) -> None:
        """A conversation that begins well or badly, in one piece or several; the server must answer, and hang up."""
        self.count()
        rng = generator(seed, number)
        first, later = rng.choice(CONVERSATIONS)
        with self.connect() as sock:
            session = self.ask(sock, self.filled(first)) if rng.random() < 0.7 else "5eed"
            following = rng.sample(later, rng.randint(1, len(later)))
            data = b"".join(self.filled(text, session, rng) for text in following)
            corpus = [self.filled(text, session, rng) for text in (*later, first)]
            replies = self.send(sock, pieces(rng, mutated(rng, data, corpus, WORDS), most=3))
        if b"RTSP/1.0 500" in replies:
            raise Failure(f"500 to {data!r}")

    def throw(self, seed: int, number: int) -> None:
        """A datagram at each port of a session."""
        self.count()
        rng = generator(seed, number)
        self.aim = self.aim or self.set_up()
        for sock, port, corpus in zip(self.ports, self.aim, (DATAGRAMS, CONTROLS), strict=True):
            data = mutated(rng, rng.choice(corpus), corpus, RTCP_WORDS)[:65000]
            sock.sendto(data, (HOST, port))

    # ---- what it is made of

    def filled(self, text: str, session: str = "5eed", rng: random.Random | None = None) -> bytes:
        port = self.ports[0].getsockname()[1]
        values = {"url": self.url, "port": port, "next": port + 1, "session": session}
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        report = rng.choice(CONTROLS) if rng else b""
        return text.encode().replace(b"{rtcp}", b"$\x01" + len(report).to_bytes(2, "big") + report)

    def ask(self, sock: socket.socket, data: bytes) -> str:
        """A request as it should be; the session in its reply."""
        sock.sendall(data)
        found = re.search(rb"Session: ([^;\r]+)", sock.recv(4096))
        return found[1].decode() if found else "5eed"

    def send(self, sock: socket.socket, data) -> bytes:
        """All of it, then nothing more: so nobody waits for anybody. Everything that comes back."""
        found = []
        try:
            for piece in data:
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            while piece := sock.recv(1 << 16):
                found.append(piece)
        except TimeoutError:
            raise Failure(f"no end within {PATIENCE} s") from None
        except ConnectionError:
            pass  # it has hung up, as it may
        return b"".join(found)

    def count(self) -> None:
        self.attempts += 1
        if self.attempts % RENEWED == 0:
            self.renew()

    def renew(self) -> None:
        """Forget the sessions of viewers that have vanished: else there would soon be no room for another one."""
        self.watch()
        self.aim = None
        for session in self.server.sessions.all():
            self.server.sessions.remove(session)

    def set_up(self) -> tuple[int, int]:
        with self.connect() as sock:
            sock.sendall(self.filled(request("SETUP", UDP)))
            found = re.search(rb"server_port=(\d+)-(\d+)", sock.recv(4096))
        if not found:
            raise Failure("an innocent viewer gets no session")
        return int(found[1]), int(found[2])

    def watch(self) -> None:
        """An innocent viewer gets its frames, whatever went before."""
        with self.connect() as sock:
            session = self.ask(sock, self.filled(request("SETUP", TCP)))
            sock.sendall(self.filled(request("PLAY", SESSION), session))
            data = b""
            try:
                while data.count(b"$\0") < 3:
                    piece = sock.recv(1 << 16)
                    if not piece:
                        raise Failure("an innocent viewer was hung up on")
                    data += piece
            except TimeoutError:
                raise Failure(f"an innocent viewer got no frames, but {data[:300]!r}") from None
