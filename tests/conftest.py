"""What holds for every test: it ends, it leaves no thread behind, it talks to this machine only, and it has no screen
unless it asks for one (fixture `display`)."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from net.connection import Connection
from rtsp.reader import MessageReader
from tests.tools import MISSING, need

SECONDS = 60.0  # a test may take; more with @pytest.mark.timeout(seconds)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Interrupt a test that hangs, so that the others still run (Windows has no alarm: faulthandler ends the run)."""
    if not hasattr(signal, "setitimer"):
        return (yield)
    marker = item.get_closest_marker("timeout")
    seconds = float(marker.args[0]) if marker else SECONDS

    def alarm(signum, frame):
        threads = ", ".join(thread.name for thread in threading.enumerate())
        pytest.fail(f"the test took longer than {seconds:.0f} s; threads: {threads}")

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)  # again, should the tear-down hang too
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_logstart(nodeid):
    """What is left of the last test's windows is collected before the next one begins, and by this thread: any other
    that collects it would wait a second for each picture and variable of it, for a main loop that has long ended."""
    if not gc.isenabled():
        gc.enable()
        gc.collect()
    return (yield)


@pytest.fixture(autouse=True)
def no_other_thread_frees_windows(request):
    """See pytest_runtest_logstart()."""
    if "display" in request.fixturenames:
        gc.disable()


def left_behind(before, grace=2.0):
    """The threads that are new since `before` and do not end within `grace` seconds."""
    deadline = time.monotonic() + grace
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, deadline - time.monotonic()))
    return sorted(thread.name for thread in set(threading.enumerate()) - before)


@pytest.fixture(autouse=True)
def no_threads_left():
    """A test that leaves a thread behind fails: whoever starts a thread must be able to end it."""
    before = set(threading.enumerate())
    yield
    names = left_behind(before)
    if names:
        pytest.fail(f"threads left behind: {', '.join(names)}", pytrace=False)


def is_local(address):
    """Whether a socket address is on this machine. Names under .invalid never resolve, so they may be tried."""
    if not isinstance(address, tuple):
        return True  # a Unix domain socket
    host = address[0]
    return host in ("", "localhost", "0.0.0.0", "::", "::1") or host.startswith("127.") or host.endswith(".invalid")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """Sockets of this process reach this machine only (the programs a test starts are not watched)."""
    for name in ("connect", "connect_ex", "sendto"):
        original = getattr(socket.socket, name)

        def guarded(sock, *args, original=original):
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_local(args[-1]):
                pytest.fail(f"a test tried to reach {args[-1]}")
            return original(sock, *args)

        monkeypatch.setattr(socket.socket, name, guarded)


@pytest.fixture(autouse=True)
def screen_on_request(request, monkeypatch):
    """No test sees the screen of whoever runs it: one that asks for `display` gets a screen of its own."""
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if "display" not in request.fixturenames:
        monkeypatch.delenv("DISPLAY", raising=False)


@pytest.fixture(scope="session")
def kept_interpreters():
    """Tcl aborts the program if one of its interpreters is freed by another thread than its own, and Python's collector
    runs on any. A program has one window to its end; here there are many, and none is freed."""
    try:
        import tkinter
    except ImportError:
        yield []
        return
    kept, made = [], tkinter.Tk.__init__

    def make(window, *arguments, **options):
        made(window, *arguments, **options)
        kept.append(window.tk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tkinter.Tk, "__init__", make)
        yield kept


@pytest.fixture(scope="session")
def display(kept_interpreters):
    """The name of a virtual screen of 1280 x 1024, which is then in $DISPLAY (Windows, macOS: "", for the real one)."""
    if sys.platform in ("win32", "darwin"):
        yield ""
        return
    command = [need("Xvfb"), "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        number = server.stdout.readline().decode().strip()  # Xvfb takes a free number and says it once it is ready
        assert number, "Xvfb did not start"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DISPLAY", f":{number}")
            yield os.environ["DISPLAY"]
    finally:
        server.terminate()
        server.communicate(timeout=10)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Certificates and keys of all kinds, made once."""
    from tests.certificates import make

    return make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def viewer(server):
    """A raw RTSP connection to the `server` of the test's file."""
    from tests.serving import Talker  # here: it needs Pillow and all of the server, and most tests need neither

    with Talker(server.port) as talker:
        yield talker


@pytest.fixture
def media():
    """Two UDP ports that note all that comes."""
    from tests.serving import Receiver

    with Receiver() as receiver:
        yield receiver


def pytest_terminal_summary(terminalreporter):
    """Say aloud what was not tested for want of a tool: a silent skip looks like a proof."""
    counts: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MISSING in reason:
            tool = reason.split(MISSING)[1].strip()
            counts[tool] = counts.get(tool, 0) + 1
    if counts:
        terminalreporter.section("NOT TESTED, for want of a tool")
        for tool, count in sorted(counts.items()):
            terminalreporter.line(f"{count:4d} skipped: {tool}")


@pytest.fixture
def connection():
    """Our end of one that is open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    made = Connection(ours, MessageReader())
    yield made
    made.close()
    peer.close()
