"""Take the pictures of the player's window that docs/ shows: python -m tools.screenshots [FOLDER]

Starts a server and the player, presses the buttons, and photographs the screen; on X11, that is, and no other window
must be in the way. Without a screen it starts Xvfb.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageGrab

from Client import Client
from net.addresses import listen
from Player import ClientError, Player
from tools.screen import screen
from ui import ladder

ROOT = Path(__file__).resolve().parent.parent
MOMENT = 10.0  # seconds of the movie at which the playing player is photographed
DRAGGED = 18.0  # … and where the seek bar is dragged to
PATIENCE = 15.0  # seconds


def photograph(window: tk.Misc) -> Image.Image:
    """What is on the screen where the window is."""
    window.update()
    left, top = window.winfo_rootx(), window.winfo_rooty()
    screen = ImageGrab.grab(xdisplay=os.environ.get("DISPLAY", ""))
    return screen.crop((left, top, left + window.winfo_width(), top + window.winfo_height()))


def live(client: Client, until: Callable[[], object]) -> None:
    """Let the window do its work until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the player does not get on: {client.display.words()}")
        client.master.update()
        time.sleep(0.005)
    client.refresh()


def take(client: Client, folder: Path) -> None:
    client.tick()
    client.setupMovie()
    live(client, lambda: client.player.state.value == "Ready" and not client.commands.doing)
    photograph(client.master).save(folder / "player-ready.png", optimize=True)
    ladder.toggle(client.master, lambda: client.player.transcript)
    client.start = MOMENT - 2
    client.playMovie()
    live(client, lambda: client.player.position >= MOMENT)
    (protocol,) = (one for one in client.master.winfo_children() if isinstance(one, ladder.Ladder))
    protocol.select(next(number for number, row in enumerate(protocol.lifelines.rows.rows) if row.entry.kind == "RTP"))
    protocol.bytes.step(7)
    photograph(protocol).save(folder / "ladder.png", optimize=True)
    protocol.destroy()
    photograph(client.master).save(folder / "player.png", optimize=True)
    take_statistics(client, folder)
    take_player_view(client, folder)
    client.teardownMovie()
    live(client, lambda: not client.commands.doing)


def take_statistics(client: Client, folder: Path) -> None:
    """The page of the network, and its curves."""
    client.overlay.stay()
    client.overlay.actions["Key-2"]()
    seen = client.player.position
    live(client, lambda: client.player.position >= seen + 1)
    photograph(client.master).save(folder / "statistics.png", optimize=True)
    client.overlay.close()


def take_player_view(client: Client, folder: Path) -> None:
    """With the picture of a place that the seek bar is dragged to."""
    window, seek = client.window, client.window.bar.seek
    window.change_view()
    client.refresh()  # the bar is told how long the movie is
    client.master.update()
    x, y = seek.x_of(DRAGGED), seek.winfo_height() // 2
    for event in ("<ButtonPress-1>", "<B1-Motion>"):
        seek.event_generate(event, x=x, y=y)
    live(client, lambda: window.thumbnail.jpeg)
    photograph(client.master).save(folder / "player-view.png", optimize=True)
    window.toggle_help()
    photograph(client.master).save(folder / "player-keys.png", optimize=True)
    seek.event_generate("<ButtonRelease-1>", x=x, y=y)
    client.actions.preview.stop(wait=True)


def free_port() -> int:
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    for sock in sockets:
        sock.close()
    return int(port)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else ROOT / "docs"
    port = free_port()
    command = [sys.executable, str(ROOT / "Server.py"), str(port), "--media", str(ROOT)]
    with screen(), subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            photograph_all(f"rtsp://127.0.0.1:{port}/movie.Mjpeg", folder)
        finally:
            server.terminate()
    return 0


def photograph_all(url: str, folder: Path) -> None:
    client = Client(lambda: Player(url))
    try:
        live(client, lambda: _answers(url))
        take(client, folder)
    finally:
        client.closeWindow()
        client.player.close()
        client.commands.close(1)


def _answers(url: str) -> bool:
    player = Player(url)
    try:
        player.connect()
    except ClientError:
        time.sleep(0.1)
        return False
    finally:
        player.close()
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
