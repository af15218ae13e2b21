"""Who watches what on a server, and how it gets there; and sending everybody elsewhere.

    python -m tools.status rtsp://127.0.0.1:6789/
    python -m tools.status rtsp://127.0.0.1:6789/ --watch 2
    python -m tools.status rtsp://127.0.0.1:6789/ --redirect rtsp://other:6789/

It asks the server by RTSP (GET_PARAMETER and SET_PARAMETER of the server as a whole), which answers whoever runs this
on the same machine; a server with users answers those alone: rtsp://name:password@host/.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from CommandLine import positive, sha256
from net.trust import Trust
from rtsp import limits, parameters
from rtsp.clocktime import clock, clock_text
from rtsp.errors import MessageError
from rtsp.failures import ClientError, ServerRefused, UsageError
from rtsp.moves import checked
from RtspClient import RtspClient
from tools.status_table import table

Look = dict[str, Any]

EVERYTHING = "*"        # the server as a whole (RFC 2326 §6.1); a proxy would pass a URL on to the server behind it
ANSWER = 16 << 20       # bytes of an answer that are read: 4096 sessions have 2 MB
BETWEEN = 1.0           # seconds from one look to another, which tell how many bytes go out in a second
STRANGE = KeyError, ValueError, TypeError, AttributeError       # what reading an answer of another kind may raise
TRIES = 8               # connections for each process of the server: the system chooses which of them gets one


class Desk:
    """A connection to each process of a server."""

    def __init__(self, url: str, trust: Trust) -> None:
        self.url, self.trust = url, trust
        self.clients: dict[int, RtspClient] = {}        # by the number of the process
        self.processes = 1

    def open(self) -> None:
        """ClientError if there is no server, or it will not tell. Of a server with several processes, some may be
        missed; it is said how many."""
        for tried in count():
            client = RtspClient(self.url, trust=self.trust)
            try:
                client.connect()
                found = ask(client)
            except BaseException:
                client.close()
                raise
            self.clients.setdefault(found["process"], client)
            if self.clients[found["process"]] is not client:
                client.close()
            self.processes = found["processes"]
            if len(self.clients) >= self.processes or tried >= TRIES * self.processes:
                return

    def look(self) -> list[Look]:
        return [ask(client) for client in self.clients.values()]

    def redirect(self, target: str, since: str) -> tuple[int, int]:
        """How many viewers were told, and how many could not be."""
        headers = {"Content-Type": parameters.TYPE} | ({"Range": since} if since else {})
        told = unreachable = 0
        for client in self.clients.values():
            reply = client.request("SET_PARAMETER", EVERYTHING, headers, body=f"redirect: {target}\r\n".encode())
            values = parameters.read(reply.body)
            told, unreachable = told + figure(values, "told"), unreachable + figure(values, "unreachable")
        return told, unreachable

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


def ask(client: RtspClient) -> Look:
    """One look at one process. ServerRefused if it is another kind of server."""
    try:
        reply = client.request("GET_PARAMETER", EVERYTHING, {"Content-Type": parameters.TYPE}, body=b"status\r\n")
        found = json.loads(parameters.read(reply.body)["status"])
        return {**found, "process": int(found["process"]), "processes": int(found["processes"]),
                "watching": [dict(one) for one in found["watching"]]}
    except STRANGE:
        raise not_ours() from None


def not_ours() -> ServerRefused:
    return ServerRefused(0, "That server does not tell who watches", "Only Server.py of this lab does")


def figure(values: dict[str, str], name: str) -> int:
    return int(values[name]) if values.get(name, "").isdigit() else 0


def together(before: list[Look], after: list[Look]) -> Look:
    """Of all processes, and with the bits a second between the two looks."""
    earlier = {(look["process"], one["session"]): (one, look["now"]) for look in before for one in look["watching"]}
    watching = []
    for look in after:
        for one in look["watching"]:
            then, when = earlier.get((look["process"], one["session"]), (None, 0.0))
            rate = speed(then, one, look["now"] - when) if then else None
            watching.append({**one, "process": look["process"], "kbit_s": rate})
    watching.sort(key=lambda one: (one.get("path", ""), one.get("since", 0)))
    first = after[0]
    return {"now": first["now"], "since": min(look["since"] for look in after), "redirect": first["redirect"],
            "processes": first["processes"], "seen": len(after), "sessions": first["sessions"], "watching": watching}


def speed(before: Look, after: Look, seconds: float) -> float | None:
    """Kilobits of media a second; None where that cannot be told."""
    octets = [sum(stream["octets"] for stream in one["streams"]) for one in (before, after)]
    return round((octets[1] - octets[0]) * 8 / 1000 / seconds, 1) if seconds > 0 and octets[1] >= octets[0] else None


def looks(desk: Desk, every: float | None) -> Iterator[Look]:
    """One, or one every so many seconds."""
    before = desk.look()
    while True:
        time.sleep(BETWEEN if every is None else every)
        after = desk.look()
        yield together(before, after)
        if every is None:
            return
        before = after


def show(desk: Desk, options: argparse.Namespace) -> None:
    clear = "\033[H\033[J" if options.watch and sys.stdout.isatty() and not options.json else ""
    try:
        for found in looks(desk, options.watch):
            print(json.dumps(found) if options.json and options.watch else
                  json.dumps(found, indent=2) if options.json else clear + table(found), flush=True)
    except STRANGE:
        raise not_ours() from None


def move(desk: Desk, options: argparse.Namespace) -> None:
    target = "" if options.redirect == "off" else options.redirect
    told, unreachable = desk.redirect(target, f"clock={clock_text(options.at)}-" if options.at else "")
    text = f"Viewers are sent to {target}" if target else "Viewers may stay"
    text += f": {told} of those who play have been told" if target else ""
    text += f", {unreachable} have no connection any more over which they could be" if unreachable else ""
    missed = desk.processes - len(desk.clients)
    text += f". {missed} of {desk.processes} processes could not be reached: once more, please" if missed else ""
    print(text + ".")


# ---- the command line


def target(text: str) -> str:
    try:
        return text if text == "off" else checked(text)
    except MessageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def moment(text: str) -> float:
    """In so many seconds, or a time of day in UTC."""
    try:
        return time.time() + float(text) if "T" not in text else clock(text)
    except (ValueError, MessageError):
        raise argparse.ArgumentTypeError(f"seconds from now, or 20261231T235959Z, not {text!r}") from None


def parseArguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.status", allow_abbrev=False,
                                     description="Who watches what on an RTSP server of this lab.")
    add = parser.add_argument
    add("url", metavar="rtsp://[USER:PASSWORD@]HOST:PORT/", help="the server")
    add("--json", action="store_true", help="everything it knows, as JSON; with --watch one line for each look")
    add("--watch", type=positive, metavar="S", help="look again every S seconds, until Ctrl-C")
    add("--redirect", type=target, metavar="URL", help="send all viewers to this server, those who come (302) and "
        "those who play (REDIRECT); off: no more")
    add("--at", type=moment, metavar="WHEN", help="with --redirect: in so many seconds, or at 20261231T235959Z (UTC)")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--insecure", action="store_true", help="rtsps://: encrypt, and believe whoever answers")
    trust.add_argument("--fingerprint", type=sha256, metavar="SHA256", help="rtsps://: believe only this certificate")
    options = parser.parse_args(arguments)
    if options.at is not None and (not options.redirect or not math.isfinite(options.at)):
        parser.error("--at says when --redirect begins")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parseArguments(arguments)
    limits.use([("BODY", ANSWER)])
    try:
        desk = Desk(root(options.url), Trust(options.insecure, options.fingerprint))
        try:
            desk.open()
            move(desk, options) if options.redirect else show(desk, options)
        finally:
            desk.close()
        return 0
    except ClientError as error:
        print(f"{error.title}. Run this on the server's own machine, or log in as a user of it."
              if getattr(error, "status", 0) == 403 else error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return 0 if options.watch else 130
    except BrokenPipeError:                     # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def root(url: str) -> str:
    """The server's own URL, whatever else was typed."""
    scheme, colon, rest = url.partition("://")
    if not colon:
        raise UsageError(f"{url.rpartition('@')[2]} is no URL", "It should look like rtsp://127.0.0.1:6789/")
    return f"{scheme}://{rest.partition('/')[0]}/"


if __name__ == "__main__":
    sys.exit(main())
