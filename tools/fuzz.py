"""A hundred thousand inputs that nobody would write, for every parser, a running server and a player.

    python -m tools.fuzz                                 100,000 mutations of real inputs, shared out among all targets
    python -m tools.fuzz --count 5000 RTCP server        so many for these alone
    python -m tools.fuzz --seed 7 --only 1234 RTCP       one again, as a failure names it

Targets are the parsers of tests/mediaparsers.py, which must keep their promises; `server`, which gets conversations,
and `datagrams`, which are thrown at its UDP ports; `player`, which gets a server's replies and media. Nothing may raise
what is not documented, no thread may die, no reply be 500, nothing take longer than some seconds, and in the end all
threads and descriptors must be back. Exit code 0 if that is so, else 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from net.descriptors import raise_limit
from tests.mediaparsers import PARSERS
from tests.parsers import attempt
from tools.fuzz_player import PlayerTarget
from tools.fuzz_server import ServerTarget

COUNT, SEED = 100_000, 1
SLOW = 0.5  # seconds of processor time for one input of at most 128 KiB
HUNG = 20.0  # seconds
WEIGHTS = {"server": 5.0, "datagrams": 5.0, "player": 1.0}  # as Parser.weight: the player waits for its own patience
Attempt = Callable[[int, int], None]


class Watch:
    """Notes what goes wrong behind our back, and ends the program if nothing goes at all."""

    def __init__(self) -> None:
        self.label = ""
        self.since = time.monotonic()
        self.problems: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog")

    def begin(self, label: str) -> None:
        self.label, self.since = label, time.monotonic()

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.label}: {text}")
        print(self.problems[-1], file=sys.stderr, flush=True)

    def __enter__(self) -> Watch:
        self._handler = logging.Handler(logging.WARNING)
        self._handler.emit = self._log  # type: ignore[method-assign]
        logging.getLogger().addHandler(self._handler)
        self._hook, threading.excepthook = threading.excepthook, self._died
        self._thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stop.set()
        self._thread.join()
        threading.excepthook = self._hook
        logging.getLogger().removeHandler(self._handler)

    def _log(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            trace = "".join(traceback.format_exception(*record.exc_info))
            self.problem(f"in the log: {record.getMessage()}\n{trace}")

    def _died(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "?"
        self.problem(f"thread {name} died\n" + "".join(traceback.format_exception(args.exc_value)))

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            if time.monotonic() - self.since > HUNG:
                print(f"{self.label}: hangs", file=sys.stderr)
                faulthandler.dump_traceback()
                os._exit(1)


def targets(opened: ExitStack, names: list[str]) -> Iterator[tuple[str, float, Attempt]]:
    """Each target's name, weight, and what to do with a seed and a number."""
    for name, parser in PARSERS.items():
        if name in names:
            yield name, parser.weight, partial(attempt, parser)
    if {"server", "datagrams"} & set(names):
        server = ServerTarget()
        opened.callback(server.close)
        both = {"server": server.converse, "datagrams": server.throw}
        yield from ((name, WEIGHTS[name], what) for name, what in both.items() if name in names)
    if "player" in names:
        player = PlayerTarget()
        opened.callback(player.close)
        yield "player", WEIGHTS["player"], player.play


def run(name: str, what: Attempt, seed: int, numbers: range, watch: Watch) -> None:
    """All mutations of one target, and a line about them."""
    begun, before, slowest = time.monotonic(), len(watch.problems), 0.0
    for number in numbers:
        watch.begin(f"{name}, seed {seed}, number {number}")
        cpu = time.thread_time()
        try:
            what(seed, number)
        except Exception:  # noqa: BLE001  whatever it is, it is what we are looking for
            watch.problem(traceback.format_exc())
        cpu = time.thread_time() - cpu
        slowest = max(slowest, cpu)
        if cpu > SLOW:
            watch.problem(f"took {cpu:.1f} s of processor time")
    found, seconds = len(watch.problems) - before, time.monotonic() - begun
    cost = f"{seconds:>8.1f} s, slowest {slowest * 1000:.0f} ms"
    print(f"{name:<14}{len(numbers):>8} mutations{found:>5} problems{cost}", flush=True)


@contextmanager
def all_given_back(watch: Watch) -> Iterator[None]:
    """Threads and descriptors are as before."""
    threads, descriptors = set(threading.enumerate()), count_descriptors()
    yield
    watch.begin("the end")
    if left := set(threading.enumerate()) - threads:
        watch.problem(f"threads left behind: {sorted(thread.name for thread in left)}")
    if (now := count_descriptors()) != descriptors:
        watch.problem(f"{descriptors} descriptors before, {now} after")


def count_descriptors() -> int:
    """0 where the system does not tell."""
    folder = "/proc/self/fd"
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def main(arguments: list[str] | None = None) -> int:
    names = [*PARSERS, *WEIGHTS]
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Feed mutated inputs to everything.")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"mutations in all (default: {COUNT})")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"default: {SEED}")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this mutation alone")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all: {', '.join(names)}")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.targets) - set(names)):
        parser.error(f"no target is called {unknown[0]!r}: there are {', '.join(names)}")
    raise_limit()
    with Watch() as watch:
        with all_given_back(watch), ExitStack() as opened:
            chosen = list(targets(opened, options.targets or names))
            total = sum(weight for _, weight, _ in chosen)
            for name, weight, what in chosen:
                count = max(1, round(options.count * weight / total))
                numbers = range(count) if options.only is None else range(options.only, options.only + 1)
                run(name, what, options.seed, numbers, watch)
        print(f"{len(watch.problems)} problems")
    return 1 if watch.problems else 0


if __name__ == "__main__":
    sys.exit(main())
