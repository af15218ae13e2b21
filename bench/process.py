"""What a process uses, as Linux tells it; None on other systems."""

from __future__ import annotations

import sys
import time

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LINUX = sys.platform == "linux"


def family(pid: int) -> list[int]:
    """A process and its children. OSError if it has ended."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [pid, *map(int, children.read().split())]


def cpu_seconds(pid: int | None) -> float | None:
    """Time that all threads of a process and its children, those that have ended too, have had a processor: user and
    system. Not that of children that have ended.

    It is utime + stime of /proc/PID/stat, but in nanoseconds instead of hundredths of a second: so one viewer can be
    measured, too. The number of a process's clock is made as clock_getcpuclockid(3) does. OSError if it has ended.
    """
    return sum(time.clock_gettime(~one << 3 | 2) for one in family(pid)) if LINUX and pid else None


def resident_bytes(pid: int | None) -> int | None:
    """Memory that a process and its children have in use (VmRSS). OSError if it has ended."""
    if not LINUX or not pid:
        return None
    return sum(_resident(one) or 0 for one in family(pid)) or None


def _resident(pid: int) -> int | None:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return None  # it has ended, and nobody has asked how


def raise_descriptor_limit() -> None:
    """Three sockets a viewer here, as many in the server, which inherits the limit."""
    if resource:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY:  # macOS says so and does not mean it
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
