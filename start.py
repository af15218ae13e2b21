"""Set everything up and go.

python3 start.py                    set up .venv, start the server, open the player (without a screen: play, report)
python3 start.py test [ARGUMENTS]   set up .venv and what the tests need, run the tests; the arguments go to pytest
"""

import argparse
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

# Before anything that an older Python would not understand: annotations below are written as Python 3.10 has them.
if sys.version_info < (3, 10):  # noqa: UP036
    print("The RTSP lab needs Python 3.10 or newer; this is Python {}.{}.".format(*sys.version_info), file=sys.stderr)
    sys.exit(2)

from tools import environment
from tools.environment import HERE, SetUpError, say

HOST, PORT, MOVIE = "127.0.0.1", 6789, "movie.Mjpeg"
OURS = "RTSPlab"  # how the Server header of our own server begins
PATIENCE = 10.0  # seconds that the server may take to answer
HEADLESS_SECONDS = 10  # of the movie are played where there is no screen
NO_TK = (
    "This Python has no Tk, so there is no window. To get it: Debian, Ubuntu: sudo apt install python3-tk; Fedora: "
    "sudo dnf install python3-tkinter; macOS: brew install python-tk, or Python from python.org; uv: uv python upgrade."
)
NO_SCREEN = "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set), so there is no window."


class Failure(Exception):
    """What went wrong, in a sentence for whoever typed the command, and the exit code."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.code = code


# --- the server ------------------------------------------------------------------------------------------------------


def server_header(port: int, timeout: float = 1.0) -> str | None:
    """The Server header of whoever answers OPTIONS on this port ("" without one); None if nobody does so in RTSP."""
    reply = b""
    try:
        with socket.create_connection((HOST, port), timeout) as sock:
            sock.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            while b"\r\n\r\n" not in reply and len(reply) < 65536:
                data = sock.recv(4096)
                if not data:
                    break
                reply += data
    except OSError:  # refused, silent or cut off: whatever it is, it is not our server
        return None
    if not reply.startswith(b"RTSP/"):
        return None
    found = re.search(rb"^server:[ \t]*([^\r\n]*)", reply, re.MULTILINE | re.IGNORECASE)
    return found.group(1).decode("latin-1") if found else ""


def is_ours(port: int) -> bool:
    return (server_header(port) or "").startswith(OURS)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port, tried as our server does it."""
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET, HOST), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as sock:
                sock.setsockopt(socket.SOL_SOCKET, option, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind((host, port))
                sock.listen()  # with SO_REUSEADDR two sockets may be bound to one port, but not both listen
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False  # any other error: this machine does not speak the family (containers without IPv6)
    return True


def choose_port(wanted: int) -> tuple[int, bool]:
    """The port to use, and whether a server of ours answers there already."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if is_ours(port):
            say(f"A server of the RTSP lab answers on port {port} already: using it.")
            return port, True
        if is_free(port):
            if port != wanted:
                say(f"Port {wanted} is taken by another program: using port {port}.")
            return port, False
    raise Failure(f"There is no free port from {wanted} on. Try another one: python3 start.py --port 8554", 3)


def start_server(port: int, log, patience: float = PATIENCE) -> subprocess.Popen:
    """Start the server, its words going to `log`, and wait until it answers."""
    say(f"Starting the server on port {port} ...")
    command = [environment.python(), "-u", str(HERE / "Server.py"), str(port)]
    # A group of its own: Ctrl-C must reach the player alone, which says goodbye to a server that still lives.
    group = {"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}  # what `words` expects, on Windows too
    server = subprocess.Popen(command, cwd=HERE, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **group)
    deadline = time.monotonic() + patience
    try:
        while not is_ours(port):
            if server.poll() is not None:
                raise Failure(f"The server stopped at once. {words(log)}", server.returncode or 1)
            if time.monotonic() > deadline:
                raise Failure(f"The server did not answer within {patience:.0f} s. {words(log)}", 3)
            time.sleep(0.05)
    except BaseException:
        end(server)
        raise
    return server


def words(log) -> str:
    """The last lines of what the server said."""
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return "\n".join(["It said:", *lines[-20:]]) if lines else "It said nothing."


def end(process: subprocess.Popen, patience: float = 5.0) -> None:
    """Ask a program to stop; after some seconds it has no choice."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- the player ------------------------------------------------------------------------------------------------------


def why_headless(environ=os.environ) -> str:
    """Why no window can be opened here; "" if one can."""
    try:
        import tkinter  # noqa: F401
    except ImportError:
        return NO_TK
    has_screen = sys.platform in ("win32", "darwin") or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return "" if has_screen else NO_SCREEN


REPORT = """\
Played {seconds:.1f} s of {url}
  frames   {frames_shown:,} shown of {frames_received:,} received, {frames_damaged:,} damaged, {fps:.1f} per second
  packets  {packets:,} received, {lost:,} lost ({percent:.1f} %), {reordered:,} out of order
  jitter   {jitter_ms:.1f} ms, at most {max_jitter_ms:.1f} ms; first picture after {first_frame_ms:.0f} ms"""


class Unknown:
    """Prints as a dash, whatever the format."""

    def __format__(self, form: str) -> str:
        return "-"


def report(stats: dict) -> str:
    """The player's statistics in four lines; a dash for what it could not measure."""
    known = {name: value for name, value in stats.items() if value is not None}
    packets, lost = known.get("packets", 0), known.get("lost", 0)
    percent = 100 * lost / (packets + lost) if packets + lost else 0.0
    fields = dict.fromkeys(re.findall(r"{(\w+)", REPORT), Unknown())
    return REPORT.format_map({**fields, **known, "percent": percent})


def play(url: str, headless: bool, folder: str) -> int:
    """Run the player to its end, without a screen with a report; returns its exit code."""
    statistics = os.path.join(folder, "stats.json")
    command = [environment.python(), str(HERE / "ClientLauncher.py"), url]
    if headless:
        say(f"Playing {HEADLESS_SECONDS} seconds of {url} without a window ...")
        command += ["--headless", "--duration", str(HEADLESS_SECONDS), "--stats", statistics]
    else:
        say(f"Opening the player for {url} ...")
    player = subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL if headless else None)  # we report for it
    try:
        code = wait(player)
    finally:
        end(player)
    if headless and os.path.exists(statistics):
        with open(statistics, encoding="utf-8") as file:
            say(report(json.load(file)))
    return code


def wait(player: subprocess.Popen) -> int:
    """The player's exit code, also after Ctrl-C: the same Ctrl-C reached the player, which is saying goodbye."""
    try:
        return player.wait()
    except KeyboardInterrupt:
        try:
            return player.wait(5)
        except subprocess.TimeoutExpired:
            return 130


# --- the commands ----------------------------------------------------------------------------------------------------


def watch(port: int, headless: bool) -> int:
    """Server and player; when the player ends, so does the server, if it was started here."""
    environment.install("requirements", environment.requirements())
    reason = "" if headless else why_headless()
    if reason:
        say(reason)
    port, running = choose_port(port)
    with tempfile.TemporaryDirectory(prefix="rtsplab-") as folder, open(os.path.join(folder, "log"), "w+b") as log:
        server = None if running else start_server(port, log)
        try:
            code = play(f"rtsp://{HOST}:{port}/{MOVIE}", headless or bool(reason), folder)
            if server and (code not in (0, 130) or server.poll() is not None):
                say(f"The server {'ended early' if server.poll() is not None else 'ran to the end'}. {words(log)}")
        finally:
            if server:
                end(server)
    return code


def test(arguments: list[str]) -> int:
    """Get what the tests need, as far as that can be, and run them."""
    # First, and with the Python at hand: on a bare Debian this also brings what .venv is made with.
    subprocess.run([sys.executable, "-m", "tests.tools"], cwd=HERE)
    environment.install("requirements", environment.requirements())
    environment.install("test", environment.extra("test"))
    return subprocess.run([environment.python(), "-m", "pytest", *arguments], cwd=HERE).returncode


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="start.py", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__
    )
    parser.add_argument("command", nargs="?", choices=["test"], help="run the tests; what else is there goes to pytest")
    parser.add_argument("--port", type=int, default=PORT, help=f"the server's port (default {PORT})")
    parser.add_argument("--headless", action="store_true", help="no window, even where there is a screen")
    options, rest = parser.parse_known_args(argv)
    if rest and not options.command:
        parser.error(f"unknown: {' '.join(rest)}")
    if not 1 <= options.port <= 65535:
        parser.error("a port is a number from 1 to 65535")
    return options, rest


def stop(signum, frame):
    """kill and a closed terminal end the programs started here as Ctrl-C does."""
    sys.exit(128 + signum)


def main(argv: list[str]) -> int:
    options, rest = parse(argv)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    try:
        return test(rest) if options.command else watch(options.port, options.headless)
    except (Failure, SetUpError) as problem:
        print(problem, file=sys.stderr)
        return getattr(problem, "code", 1)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
