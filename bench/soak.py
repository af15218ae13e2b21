"""Does the server stay as it was, however many viewers come and go, and however they go?

    python -m bench.soak                            10 minutes, 40 viewers at a time
    python -m bench.soak --minutes 0.2 --viewers 10

Viewers of all kinds (bench/soak_viewers.py) come and go without a pause: over UDP, inside the connection, in the lab
dialect; some vanish, read nothing, send garbage, jump all the time, only say that they live, or come for one request.
Every few seconds a line says how the server is; --timeout is short, so that whoever vanished is soon forgotten. The
verdict is "flat" if

*  after everyone has left, the server has as many descriptors and threads as before the first came: exactly;
*  its memory (VmRSS) in the last quarter of the time was not above that in the second (medians) by more than 8 MiB;
*  no reply was a 5xx, and nothing in the log is a traceback.

Exit code 0 if it is flat, else 1. Descriptors, threads and memory are known on Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import LINUX, raise_descriptor_limit, resident_bytes
from bench.program import BenchError, exit_code, positive, positive_int
from bench.server_bench import GRACE, ROOT, port_of
from bench.soak_viewers import Audience, Talk, by_udp, churn, inside, lab

MOVIE = "movie.Mjpeg"
GROWTH = 8.0  # MiB: what memory may differ by chance
AFTERWARDS = 10.0  # seconds, besides the server's --timeout, after which everything must be given back
SHOWN = 10  # lines of the log
SOON = 60.0  # seconds that the last viewers may need to leave
COLUMNS = (  # heading, width, attribute of a sample or what is counted
    ("s", 6, "seconds"),
    ("viewers", 9, "viewers"),
    ("came", 8, "connections"),
    ("fds", 6, "descriptors"),
    ("threads", 9, "threads"),
    ("MiB", 8, "mebibytes"),
    ("frames", 10, "frames"),
    ("5xx", 5, "5xx"),
    ("453", 6, "refused"),
    ("failed", 8, "failed"),
    ("log", 6, "log"),
)


@dataclass(frozen=True)
class Sample:
    """The server at one moment; None: the system does not tell."""

    seconds: int
    viewers: int
    counts: dict[str, int]
    descriptors: int | None
    threads: int | None
    mebibytes: float | None
    log: int  # lines

    def __str__(self) -> str:
        cells = ((vars(self).get(name, self.counts.get(name, 0)), width) for _, width, name in COLUMNS)
        return "".join(f"{'-' if value is None else value:>{width}}" for value, width in cells)


@dataclass
class Subject:
    """The server's process, and the file that its log goes to."""

    pid: int
    port: int
    log: Path

    def sample(self, seconds: float, viewers: int, audience: Audience) -> Sample:
        memory = resident_bytes(self.pid)
        return Sample(
            round(seconds),
            viewers,
            dict(audience.counts),
            len(os.listdir(f"/proc/{self.pid}/fd")) if LINUX else None,
            len(os.listdir(f"/proc/{self.pid}/task")) if LINUX else None,
            None if memory is None else round(memory / (1 << 20), 1),
            self.log.read_text(errors="replace").count("\n"),
        )


@contextmanager
def serving(timeout: int) -> Iterator[Subject]:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        log = Path(folder, "log")
        command = ["Server.py", "0", "--host", "127.0.0.1", "--media", str(ROOT), "--timeout", str(timeout)]
        with log.open("wb") as errors:
            running = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        try:
            yield Subject(running.pid, port_of(running), log)
        finally:
            running.terminate()
            try:
                running.communicate(timeout=GRACE)
            except subprocess.TimeoutExpired:
                running.kill()
                running.communicate()


def settled(subject: Subject, audience: Audience, wanted: Sample | None, seconds: float) -> Sample:
    """The server when everyone has left: as soon as it is as `wanted` (None: as soon as it no longer changes), or when
    the seconds are over."""
    end = time.monotonic() + seconds
    before = None
    while True:
        now = subject.sample(0.0, 0, audience)
        like = wanted or before
        same = like is not None and (now.descriptors, now.threads) == (like.descriptors, like.threads)
        if same or time.monotonic() > end:
            return now
        before = now
        time.sleep(0.5)


def soak(subject: Subject, options: argparse.Namespace) -> list[str]:
    """What is not flat: sentences, none if all is well."""
    audience = Audience(subject.port, MOVIE)
    before = warm_up(subject, audience)
    samples, begun, seconds = [], time.monotonic(), options.minutes * 60
    viewers = [threading.Thread(target=churn, args=(audience, number)) for number in range(options.viewers)]
    print("".join(f"{heading:>{width}}" for heading, width, _ in COLUMNS))
    for viewer in viewers:
        viewer.start()
    try:
        while (passed := time.monotonic() - begun) < seconds:
            time.sleep(min(options.every, seconds - passed))
            alive = sum(viewer.is_alive() for viewer in viewers)
            samples.append(subject.sample(time.monotonic() - begun, alive, audience))
            print(samples[-1], flush=True)
    finally:
        audience.over.set()
        for viewer in viewers:
            viewer.join(SOON)
    after = settled(subject, audience, before, options.timeout + AFTERWARDS)
    print(after, "when all had left", flush=True)
    log = subject.log.read_text(errors="replace")
    print("".join(f"in the log: {line}\n" for line in log.splitlines()[:SHOWN]), end="")
    return judge(before, samples, after, log)


def warm_up(subject: Subject, audience: Audience) -> Sample:
    """What is opened once and kept is opened: the movie, and its frames in each form. The server when that is done."""
    first = [threading.Thread(target=kind, args=(audience, random.Random(1))) for kind in (by_udp, inside, lab)]
    for viewer in first:
        viewer.start()
    for viewer in first:
        viewer.join()
    with Talk(audience) as talk:
        talk.ask("OPTIONS")
    return settled(subject, audience, None, AFTERWARDS)


def judge(before: Sample, samples: Sequence[Sample], after: Sample, log: str) -> list[str]:
    found = []
    for name in ("descriptors", "threads"):
        was, is_now = getattr(before, name), getattr(after, name)
        if was != is_now:
            found.append(f"{name}: {was} before the first viewer, {is_now} after the last")
    quarter = len(samples) // 4
    if quarter and samples[0].mebibytes is not None:
        second, last = (statistics.median(one.mebibytes or 0.0 for one in part)
                        for part in (samples[quarter : 2 * quarter], samples[-quarter:]))  # fmt: skip
        if last > second + GROWTH:
            found.append(f"memory: {second:.1f} MiB in the second quarter of the time, {last:.1f} MiB in the last")
    if wrong := after.counts.get("5xx", 0):
        found.append(f"{wrong} replies were a 5xx")
    if "Traceback" in log:
        found.append("the log has a traceback:\n" + log[log.index("Traceback") :][:3000])
    if not after.counts.get("frames"):
        found.append("no viewer got a frame")
    return found


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Viewers of all kinds come and go.")
    add = parser.add_argument
    add("--minutes", type=positive, default=10.0, metavar="M", help="default: 10")
    add("--viewers", type=positive_int, default=40, metavar="N", help="at a time (default: 40)")
    add("--every", type=positive, default=10.0, metavar="S", help="seconds between two lines (default: 10)")
    add("--timeout", type=positive_int, default=10, metavar="S", help="of the server's sessions (default: 10)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)

    def work() -> None:
        raise_descriptor_limit()
        with serving(options.timeout) as subject:
            if found := soak(subject, options):
                raise BenchError("not flat:\n  " + "\n  ".join(found))
        print("flat")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
