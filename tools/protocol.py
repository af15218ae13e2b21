"""Write docs/protocol.md, a conversation with notes and a table of what is done of RFC 2326: python -m tools.protocol

What differs from run to run is replaced by examples, so two runs give the same file (tests/test_protocol.py).
"""

from __future__ import annotations

import struct
import sys
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby

from rtp.jpegheaders import MainHeader
from tools import conformance, conversations, protocol_notes
from tools.conversations import ROOT, Exchange, Script
from tools.examples import Examples
from tools.protocol_notes import REPLY_HEADERS, REQUEST_HEADERS, Step
from tools.relay import Event

PAGE = ROOT / "docs" / "protocol.md"
WIDTH = 130

INTRODUCTION = """\
# The protocol, seen on the wire

A conversation between the player and the server of this project, as it was; only what differs from run to run is
replaced by examples, the same value by the same example: the session's id, ports, SSRCs, dates, the random starts of
sequence numbers and timestamps, and all times that are measured. Made by `python -m tools.protocol`; a test holds the
conversation again and compares.

* [Over UDP](#over-udp): everything that a viewer does with a movie
* [Inside the connection](#inside-the-connection): RTP over TCP
* [Refusals](#refusals): what the server says no to, and how
* [What is done of RFC 2326](#what-is-done-of-rfc-2326), line by line, each with the test that shows it

Sections without a name are those of RFC 2326. The server plays 4 frames a second here (`python Server.py --fps 4`),
so that one can follow. To see this yourself: `-v` on either program, or Wireshark."""

UDP = """\
## Over UDP

Requests and replies are text, and go over TCP. The packets with the pictures go over UDP, beside them. `→` is from
the client to the server, `←` from the server to the client; `…` stands for packets that are like their neighbours."""

TCP = """\
## Inside the connection

Where a firewall stops UDP, packets can travel in the connection that is there already. OPTIONS and DESCRIBE are as
above."""

REFUSALS = """\
## Refusals

Status codes below 300 grant a request, from 400 on it is the client's mistake, from 500 on the server's trouble
(§7.1.1, §11). After a refusal nothing has changed: the state, the session and the connection are as before. The body
is for people."""


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"{PAGE.relative_to(ROOT)} is written")
    return 0


def page() -> str:
    """All of docs/protocol.md."""
    known: set[str] = set()  # the headers that have been explained
    parts = [INTRODUCTION]
    parts += conversation(UDP, conversations.over_udp, protocol_notes.OVER_UDP, known)
    parts += conversation(TCP, conversations.over_tcp, protocol_notes.OVER_TCP, known)
    parts += conversation(REFUSALS, conversations.refused, protocol_notes.REFUSALS, known)
    return "\n\n".join([*parts, conformance.markdown()]) + "\n"


def conversation(heading: str, script: Script, steps: Sequence[Step], known: set[str]) -> list[str]:
    """One section: held, and told step by step."""
    exchanges, events = conversations.record(script, steps)
    examples = Examples(events)
    return [heading, *(tell(one, examples, known) for one in exchanges if one.step.shown)]


def tell(exchange: Exchange, examples: Examples, known: set[str]) -> str:
    """One step in Markdown."""
    step = exchange.step
    title = step.title if step.title[:1].isdigit() else f"{step.method}: {step.title}"
    request, reply = examples.text(exchange.request), examples.text(exchange.reply)
    parts = [f"### {title}", wrapped(step.text), block(arrows("→", request) + arrows("←", reply))]
    notes = explain("request", request, REQUEST_HEADERS, known) + explain("reply", reply, REPLY_HEADERS, known)
    if notes:
        parts.append("\n".join(notes))
    if lines := list(media(exchange, examples)):
        parts.append(block(lines))
    return "\n\n".join(parts)


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def block(lines: Iterable[str]) -> str:
    return "\n".join(["```text", *lines, "```"])


def arrows(arrow: str, message: str) -> list[str]:
    """The message's lines, an arrow before the first; the empty one that ends the head is seen only before a body."""
    first, *lines = message.rstrip("\r\n").split("\r\n")
    return [f"{arrow} {first}", *(f"  {line}".rstrip() for line in lines)]


def explain(kind: str, message: str, notes: dict[str, tuple[str, str]], known: set[str]) -> list[str]:
    """A line for each header that is seen for the first time in such a message."""
    found = []
    for line in message.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        name = line.partition(":")[0]
        if name in notes and f"{kind} {name}" not in known:
            section, text = notes[name]
            found.append(wrapped(f"* `{name}` in the {kind} ({section}): {text}", "  "))
            known.add(f"{kind} {name}")
    return found


# ---- packets


def media(exchange: Exchange, examples: Examples) -> Iterable[str]:
    """The packets of one step: each run of RTP shortened, the first RTCP packet of each direction."""
    seen: set[bool] = set()
    first = True  # frame of the step: shown packet by packet
    for (kind, up), group in groupby(exchange.packets, lambda event: (event.kind, event.up)):
        events = list(group)
        if kind == "rtp":
            yield from (frames(events, examples, first) if not up else [punch(event) for event in events])
            first = False
            continue
        for event in events:
            goodbye = conversations.GOODBYE in event.data
            if up not in seen or goodbye:
                yield from control(event, exchange, examples)
            seen.add(up)


def frames(events: list[Event], examples: Examples, first: bool) -> Iterable[str]:
    """The packets of some frames, in full for the first one of a step."""
    begin = 0
    for end, event in enumerate(events, 1):
        if event.data[1] >> 7:
            yield from one_frame(events[begin:end], examples, first)
            begin, first = end, False


def one_frame(packets: list[Event], examples: Examples, in_full: bool) -> Iterable[str]:
    lines = [rtp(packet, examples) for packet in packets]
    if in_full and len(lines) > 4:
        lines = [*lines[:2], f"  … {len(lines) - 3} more", lines[-1]]
    elif not in_full:
        lines = [f"  … {len(lines) - 1} packets of the next frame, and its last:", lines[-1]]
    return lines


def rtp(event: Event, examples: Examples) -> str:
    """One packet in a line: its RTP header (RFC 3550 §5.1) and what RFC 2435 §3.1 puts behind it."""
    flags, kind, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", event.data)
    jpeg = MainHeader.parse(event.data[12:])
    numbers = f"M={kind >> 7} PT={kind & 127} seq={examples.sequence(sequence)} time={examples.timestamp(timestamp)}"
    more = f"JPEG type {jpeg.type}, Q {jpeg.q}, {jpeg.width}x{jpeg.height}, offset {jpeg.offset}"
    return f"{lead(event, 'RTP')} V={flags >> 6} {numbers} ssrc={examples.ssrc(ssrc)} | {more}"


def punch(event: Event) -> str:
    return f"{lead(event, 'RTP')} {len(event.data)} bytes: a header and nothing else"


def control(event: Event, exchange: Exchange, examples: Examples) -> Iterable[str]:
    """One RTCP packet. A sender report belongs to the latest frame before it, as far as examples go."""
    at = exchange.packets.index(event)
    before = [one for one in exchange.packets[:at] if one.kind == "rtp" and not one.up]
    latest = examples.timestamp(struct.unpack_from("!I", before[-1].data, 4)[0]) if before else None
    for number, line in enumerate(examples.control(event.data, latest)):
        yield f"{lead(event, 'RTCP')} {line}" if number == 0 else f"{'':{len(lead(event, 'RTCP'))}} {line}"


def lead(event: Event, name: str) -> str:
    """The arrow, and what stands before a packet in the connection."""
    arrow = "→" if event.up else "←"
    if event.channel is None:
        return f"{arrow} {name:<4}"
    size = len(event.data)
    return f"{arrow} $ {event.channel} {size:>4} | {name:<4}"


if __name__ == "__main__":
    sys.exit(main())
