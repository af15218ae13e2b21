"""A player of this process, and servers that go wrong: see tools/fuzz.py."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress

from net.channels import bind_pair
from Player import Player
from rtsp.errors import MethodError
from rtsp.failures import ClientError
from rtsp.states import State
from tests import movies
from tests.mediaparsers import CONTROLS, JPEG_WORDS
from tests.mutations import generator, mutated
from tests.parsers import WORDS
from tests.scripted import INSIDE, LAB, STANDARD, inside, rtp
from tools.fuzz_server import HOST

SILENCE = 0.05  # seconds without another request, after which this server hangs up: nobody waits for anybody
PLAYED = 0.05  # seconds
JPEGS = [movies.jpeg(number, (384, 32)) for number in range(3)]
MEDIA = inside(JPEGS)
REPLIES = [*STANDARD.values(), INSIDE, MEDIA]
ASKS = [
    b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 9\r\nContent-Length: 8\r\n\r\njitter\r\n",
    b"OPTIONS * RTSP/1.0\r\nCSeq: 8\r\n\r\n",
]


class PlayerTarget:
    """attempt() as often as wanted, then close()."""

    def __init__(self) -> None:
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = bind_pair((HOST, 0), 0)
        self.client_port = 0

    def close(self) -> None:
        self.listener.close()
        for sock in self.sockets:
            sock.close()

    def play(self, seed: int, number: int) -> None:
        """Whatever the server says, the player plays or says in a sentence why not."""
        rng = generator(seed, number)
        kind = rng.choice(("tcp", "tcp", "udp", "udp", "lab"))
        server = threading.Thread(target=self.serve, args=(generator(seed, -number), kind), name="mutating server")
        server.start()
        url = f"rtsp://{HOST}:{self.port}/movie.Mjpeg"
        dialect, transport = ("lab" if kind == "lab" else "rfc"), ("tcp" if kind == "tcp" else "udp")
        player = Player(url, dialect, delay=0.0, transport=transport)
        try:
            player.setup()
            player.play()
            self.watch(player)
            player.seek(0.5) if rng.random() < 0.3 and kind != "lab" else player.pause()
            self.watch(player)
            player.statistics()
        except (ClientError, MethodError) as error:
            assert str(error)
        finally:
            with suppress(MethodError):
                player.leave(SILENCE)
            player.close()
            server.join()

    def watch(self, player: Player) -> None:
        end = time.monotonic() + PLAYED
        while player.state is State.PLAYING and time.monotonic() < end:
            player.dueFrames()
            player.wait(0.01)

    # ---- the server, on a thread of its own

    def serve(self, rng: random.Random, kind: str) -> None:
        """One connection, and what goes wrong in it."""
        self.listener.settimeout(1.0)
        try:
            connection, _ = self.listener.accept()
        except TimeoutError:
            return  # the player has changed its mind
        with connection, suppress(OSError):
            connection.settimeout(SILENCE)
            wrong, data, answered = rng.randint(0, 5), b"", 0
            while chunk := connection.recv(1 << 16):
                data += chunk
                while (cut := self.end(data, kind)) > 0:
                    asked, data = data[:cut], data[cut:]
                    reply = self.reply(asked, kind)
                    if answered == wrong or rng.random() < 0.1:
                        reply = mutated(rng, reply, REPLIES, [*WORDS, *JPEG_WORDS, *ASKS])
                    connection.sendall(reply)
                    answered += 1
                    if asked.startswith(b"PLAY"):
                        self.send_media(rng, kind, connection, asked)

    def end(self, data: bytes, kind: str) -> int:
        """Where the first request ends, 0: it does not yet. The player's own reports, `$` frames, come in between."""
        if data[:1] == b"$":
            return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0
        if kind == "lab":
            lines = data.split(b"\r\n")
            return sum(len(line) + 2 for line in lines[:3]) if len(lines) > 3 else 0
        return data.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else 0

    def reply(self, asked: bytes, kind: str) -> bytes:
        method = asked.split(b" ")[0].decode("ascii", "replace")
        script = LAB if kind == "lab" else STANDARD | ({"SETUP": INSIDE} if kind == "tcp" else {})
        text = script.get(method, b"")
        if b"client_port=" in asked:
            self.client_port = int(asked.split(b"client_port=")[1].split()[0].split(b"-")[0])
        values = {
            b"%CSEQ%": asked.partition(b"CSeq: ")[2].split(b"\r\n")[0],
            b"%URL%": f"rtsp://{HOST}:{self.port}/movie.Mjpeg".encode(),
            b"%LENGTH%": b"%d" % len(text.partition(b"\r\n\r\n")[2]),
            b"%CLIENT%": b"%d-%d" % (self.client_port, self.client_port + 1) if kind == "udp" else b"",
            b"%SERVER%": b"%d-%d" % tuple(sock.getsockname()[1] for sock in self.sockets),
        }
        for name, value in values.items():
            text = text.replace(name, value)
        return text + (b"\r\n" if kind == "lab" else b"")

    def send_media(self, rng: random.Random, kind: str, connection: socket.socket, asked: bytes) -> None:
        if kind == "tcp":
            connection.sendall(mutated(rng, MEDIA, [MEDIA, *ASKS], JPEG_WORDS))
            return
        at = 0
        while at < len(MEDIA):
            channel, end = MEDIA[at + 1], at + 4 + int.from_bytes(MEDIA[at + 2 : at + 4], "big")
            packet = MEDIA[at + 4 : end] if kind == "udp" else rtp(at, 0, True, JPEGS[at % 3])
            if rng.random() < 0.5:
                packet = mutated(rng, packet, [MEDIA, *CONTROLS], JPEG_WORDS)[:65000]
            self.sockets[channel].sendto(packet, ("127.0.0.1", self.client_port + channel))
            at = end
