"""Several processes that serve one port (Linux): one more that looks after them, and what they count together."""

from __future__ import annotations

import logging
import mmap
import os
import signal
import socket
import time
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass

from net.signals import ends

log = logging.getLogger(__name__)

TICK = 0.5          # seconds between looks at whether Ctrl-C was pressed
PAUSE = 1.0         # seconds in which none ends, before what has ended is started again: no tight loop
GRACE = 4.5         # seconds a process gets to say its goodbyes; it ends itself before
COUNTER = 8         # bytes


class Count:
    """How many there are of something, in all processes.

    Each writes its own slot and reads all, so nobody needs a lock. Two that look at the same moment may both take the
    last place: a limit can be exceeded by as many as there are other processes."""

    def __init__(self, slots: MutableSequence[int] | memoryview | None = None, own: int = 0) -> None:
        """Without arguments: there is one process."""
        self._slots, self._own = [0] if slots is None else slots, own

    def set(self, own: int) -> None:
        self._slots[self._own] = own

    @property
    def total(self) -> int:
        return sum(self._slots)

    @property
    def place(self) -> int:
        """Of this process among them."""
        return self._own

    @property
    def places(self) -> int:
        """How many processes there are."""
        return len(self._slots)


def shared_slots(count: int) -> memoryview:
    """Zeros that stay the same memory after a fork."""
    return memoryview(mmap.mmap(-1, COUNTER * count)).cast("q")


class Alone:
    """The seat of a server that has its port for itself."""

    shared = False

    def __init__(self) -> None:
        self.sessions, self.connections = Count(), Count()

    def wait(self) -> None:
        """Until a signal's handler raises something; in steps: on Windows, Ctrl-C does not end a long wait."""
        while True:
            time.sleep(TICK)


@dataclass(frozen=True)
class Seat:
    """What one of the processes has of the others."""

    sessions: Count
    connections: Count
    lifeline: socket.socket     # the other end is the parent's, and of nobody else: it closes when the parent ends
    shared = True

    def listens(self) -> None:
        """Connections are taken from now on, and a signal ends this process: install its handler before."""
        try:
            self.lifeline.send(b"!")
        except OSError:
            pass                # the parent has gone: wait() will not wait
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*ends(), signal.SIGCHLD})

    def wait(self) -> None:
        """Until the parent wants an end, or has come to its own."""
        try:
            self.lifeline.recv(1)
        except OSError:
            pass                # it went without reading our sign, which is an end, too


@dataclass(frozen=True)
class Child:
    number: int
    pid: int
    lifeline: socket.socket


class Processes:
    """`count` processes that each call `serve(seat)`, whose value is their exit code, and this one, which waits.

    Signals are not handled here but waited for: so none is lost, none interrupts, and Ctrl-C, which reaches every
    process of a terminal, is an end for each of them and for this one.
    """

    def __init__(self, count: int, serve: Callable[[Seat], int], reserved: Sequence[socket.socket]) -> None:
        """`reserved` is closed at the end. No thread may exist yet: fork() would copy what they hold, and not them."""
        self._serve, self._reserved = serve, reserved
        self._sessions, self._connections = shared_slots(count), shared_slots(count)
        self._children: list[Child] = []
        self._ended: list[tuple[Child, str]] = []       # those to be started again, and how they ended

    def run(self, started: Callable[[], object]) -> int:
        """Until a signal ends it; `started` is called once all processes listen. The exit code: 1 if one could not
        even begin, else 0. The signals stay blocked: the program is at its end."""
        self._ends = ends()
        signal.pthread_sigmask(signal.SIG_BLOCK, {*self._ends, signal.SIGCHLD})
        try:
            if not self._begin():
                return 1
            started()
            self._watch()
            return 0
        finally:
            self._stop()

    def _begin(self) -> bool:
        """Start all, and wait until they listen."""
        try:
            for number in range(len(self._sessions)):
                self._start(number)
        except OSError as error:
            log.error("! no more than %d processes could be started: %s", len(self._children), error)
            return False
        return all(child.lifeline.recv(1) for child in self._children)

    def _start(self, number: int) -> int:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = os.fork()
            except OSError:
                ours.close()
                raise
            if not pid:
                self._be_child(number, ours, theirs)
        self._children.append(Child(number, pid, ours))
        return pid

    def _be_child(self, number: int, ours: socket.socket, theirs: socket.socket) -> None:
        """Never returns: what is open in the caller is the parent's to end."""
        code = 1
        try:
            for sock in (ours, *(child.lifeline for child in self._children)):
                sock.close()        # else the others would not see the parent's end
            code = self._serve(Seat(Count(self._sessions, number), Count(self._connections, number), theirs))
        except OSError as error:
            log.error("! process %d cannot serve: %s", os.getpid(), error)
        except Exception:
            log.exception("! process %d failed", os.getpid())
        finally:
            os._exit(code)

    def _watch(self) -> None:
        wanted = {*self._ends, signal.SIGCHLD}
        while (news := signal.sigtimedwait(wanted, PAUSE)) is None or news.si_signo not in self._ends:
            if news is None:
                self._replace()
            self._reap()

    def _reap(self) -> None:
        """Note who has ended."""
        for child in list(self._children):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._children.remove(child)
                child.lifeline.close()
                self._sessions[child.number] = self._connections[child.number] = 0      # they ended with it
                code = os.waitstatus_to_exitcode(status)
                self._ended.append((child, f"signal {-code}" if code < 0 else f"exit code {code}"))

    def _replace(self) -> None:
        """Only now is it said that somebody ended: had it been by a signal to all, we would not have come here."""
        while self._ended:
            child, how = self._ended[0]
            try:
                pid = self._start(child.number)
            except OSError as error:
                log.error("! no process takes the place of %d (%s) yet: %s", child.pid, how, error)
                return
            log.error("! process %d has ended (%s); %d takes its place", child.pid, how, pid)
            del self._ended[0]

    def _stop(self) -> None:
        """Tell all, wait for all; who does not end in time is ended."""
        for sock in (*self._reserved, *(child.lifeline for child in self._children)):
            sock.close()
        deadline = time.monotonic() + GRACE
        self._reap()
        while self._children and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait({signal.SIGCHLD}, left)
            self._reap()
        for child in self._children:
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
