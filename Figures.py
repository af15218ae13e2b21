"""What is known of a player, for people: the pages of the overlay, in Wireshark's words; and the files of --stats.

Nothing is measured here. What came is in rtp.reception and rtp.analysis, the conversation in net.replies.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from Player import Player, State
from rtsp.keepalive import SESSION_TIMEOUT
from ui.look import PAGES, Look, Rows, as_text

PLAUSIBLE = -0.05, 30.0     # seconds from the server's clock to the screen; else the two clocks do not agree
NONE = "–"


class Screen(Protocol):
    """What the window knows and the player does not: ui.picture."""

    movie_size: tuple[int, int]     # of the movie's pictures, (0, 0) before the first
    milliseconds: float             # to show one


def about(player: Callable[[], Player], screen: Screen) -> tuple[Callable[[int], Look], Callable[[], str]]:
    """What ui.statistics wants to know of the player that plays now."""
    return lambda page: look(player(), page, screen), lambda: text(player(), screen)


def look(player: Player, page: int, screen: Screen) -> Look:
    """What is to be seen on a page; they count from 1."""
    history, packets, count = player.stream.measured()
    now = player.clock()                    # not before: nothing of what was measured is newer
    buffer = player.receiver.playout.buffered(now), player.stream.delay
    return Look(BUILDERS[page - 1](player, screen, now), now, history, packets, count, buffer)


def text(player: Player, screen: Screen) -> str:
    """All pages, to be pasted somewhere."""
    now = player.clock()
    tables = [(title, build(player, screen, now)) for title, build in zip(PAGES, BUILDERS, strict=True)]
    return as_text([(f"RTSP lab · {player.client.name}", []), *tables])


# ---- the pages


def playPage(player: Player, screen: Screen, now: float) -> Rows:
    receiver, figures = player.receiver, player.receiver.statistics()
    width, height = screen.movie_size
    fps = f"{receiver.reception.analysis.source_fps:.1f} / {receiver.shown.recent_fps:.1f}"
    delay = endToEnd(player, now)
    return [
        ("Transport", player.way.described),
        ("Codec", "JPEG" + (f" {width} × {height}" if width else "")),
        ("Fps, source / shown", fps),
        ("Decode and show", f"{screen.milliseconds:.1f} ms"),
        ("Speed", f"{player.scale:g}×"),
        ("Server to screen", NONE if delay is None else f"{1000 * delay:.0f} ms"),
        ("Frames", f"{receiver.frames:,}"),
        ("Shown", f"{receiver.shown.frames:,}"),
        ("Late (underruns)", f"{receiver.playout.late:,}"),
        ("Skipped", f"{receiver.shown.skipped:,}"),
        ("Damaged", f"{figures['frames_damaged']:,}"),
        ("Buffer", f"{1000 * receiver.playout.buffered(now):.0f} ms"),
    ]


def networkPage(player: Player, screen: Screen, now: float) -> Rows:
    """RTP Stream Analysis."""
    reception, ssrc = player.receiver.reception, player.stream.ssrc
    analysis, lab = reception.analysis, player.client.lab       # the timestamps of a lab server say nothing
    drift = None if lab else analysis.drift
    rate = player.receiver.clock_rate
    return [
        ("SSRC", NONE if ssrc is None else f"0x{ssrc:08X}"),
        ("Max Delta", NONE if lab else milliseconds(analysis.max_delta)),
        ("Max Jitter", milliseconds(reception.max_jitter)),
        ("Mean Jitter", NONE if lab else milliseconds(analysis.mean_jitter)),
        ("Max Skew", NONE if lab else milliseconds(analysis.max_skew)),
        ("Clock Drift", NONE if drift is None else f"{1000 * drift * analysis.duration:.2f} ms"),
        ("Freq Drift", NONE if drift is None else f"{rate * (1 + drift):.0f} Hz ({100 * drift:.4f} %)"),
        ("Bandwidth", f"{analysis.bandwidth(now) / 1000:,.0f} kbit/s"),
        ("RTP Packets", f"{reception.packets:,}"),
        ("Expected", f"{reception.expected:,}"),
        ("Lost", f"{reception.lost:,} ({player.receiver.lost_percent:.2f} %)"),
        ("Seq Errs", f"{analysis.seq_errs:,}"),
        ("Duplicates", f"{reception.duplicates:,}"),
        ("Reordered", f"{reception.reordered:,}"),
        ("Start at", NONE if analysis.begun is None else clockTime(analysis.begun, now)),
        ("Duration", f"{analysis.duration:.2f} s"),
    ]


def controlPage(player: Player, screen: Screen, now: float) -> Rows:
    client, session = player.client, player.client.session
    asked = client.exchange.replies.recent()[-6:]
    due = client.exchange.alive.due(session) - now if session and not client.lab else None
    roundTrip = client.roundTrip
    return [
        *((f"{one.method}  CSeq {one.cseq}", reply(one.status, one.reason, one.seconds)) for one in asked),
        *([("", "")] if asked else []),
        ("State", player.state.value),
        ("Session", session.id if session else NONE),
        ("Timeout", NONE if session is None or client.lab else f"{session.timeout or SESSION_TIMEOUT} s"),
        ("Next sign of life", NONE if due is None else f"in {due:.0f} s"),
        ("Round trip (RTSP)", NONE if roundTrip is None else milliseconds(roundTrip)),
        *reportRows(player, now),
    ]


def reportRows(player: Player, now: float) -> Rows:
    """RTCP, both ways."""
    reporter, rate = player.stream.reporter, player.receiver.clock_rate
    came, sent = (reporter.sender_report, reporter.sent) if reporter else (None, None)
    return [
        ("RTCP sent / received", f"{player.stream.rtcpSent} / {player.stream.rtcpReceived}"),
        ("Last SR", NONE if came is None or reporter is None else
            f"{now - reporter.arrived:.1f} s ago: {came.packets:,} packets, {came.octets:,} bytes"),
        ("Last RR", NONE if sent is None else f"lost {sent.lost}, jitter {milliseconds(sent.jitter / rate)}"),
        ("Fraction lost", NONE if sent is None else f"{sent.fraction} / 256 ({100 * sent.fraction / 256:.1f} %)"),
    ]


def packetsPage(player: Player, screen: Screen, now: float) -> Rows:
    reception = player.receiver.reception
    names = ("in time", "late", "lost", "twice")
    late, lost, twice = reception.reordered, reception.lost, reception.duplicates
    counts = reception.packets - late, late, lost, twice
    return [(name, f"{count:,}") for name, count in zip(names, counts, strict=True)]


BUILDERS: Sequence[Callable[[Player, Screen, float], Rows]] = (playPage, networkPage, controlPage, packetsPage)


# ---- the words


def milliseconds(value: float) -> str:
    value *= 1000
    return f"{value:.0f} ms" if abs(value) >= 1000 else f"{value:.2f} ms"


def clockTime(moment: float, now: float) -> str:
    """The time of day of a moment on another clock, which shows `now`."""
    return time.strftime("%H:%M:%S", time.localtime(time.time() - (now - moment)))


def reply(status: int | None, reason: str, seconds: float | None) -> str:
    if status is None or seconds is None:
        return "no reply yet"
    return f"{status} {reason}, {milliseconds(seconds)}"


def endToEnd(player: Player, now: float) -> float | None:
    """Seconds from the moment that the server has put on the newest packet to the moment when its frame is shown: on
    the way, and in the buffer. None where no sender report says which moment that is (RFC 3550 §6.4.1), where the
    clocks of the two machines do not agree, and where nothing is playing."""
    reporter, newest = player.stream.reporter, player.receiver.reception.newest
    if reporter is None or newest is None:
        return None
    sent = reporter.sent_at(newest, player.receiver.clock_rate)
    if sent is None or player.state is not State.PLAYING:
        return None
    underWay = time.time() - (now - player.receiver.reception.analysis.latest) - sent
    delay = underWay + player.receiver.playout.buffered(player.receiver.reception.analysis.latest)
    return delay if PLAUSIBLE[0] < underWay < PLAUSIBLE[1] else None


# ---- --stats


def write(path: str, statistics: Mapping[str, Any], lines: Sequence[Mapping[str, Any]] | None) -> None:
    """Into FILE.json, FILE.csv, or "-": printed as JSON. `lines`: what --stats-every has gathered, None without it. A
    table then has a row for each, with its time, and the last row is that of the end. OSError."""
    if lines is not None and not path.endswith(".csv"):
        statistics = {**statistics, "timeline": list(lines)}
    if path == "-":
        print(json.dumps(statistics, indent=2))
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        if path.endswith(".csv"):
            rows = [statistics] if lines is None else [*lines, {"time": "end", **statistics}]
            table = csv.DictWriter(file, list(rows[-1]))
            table.writeheader()
            table.writerows(rows)
        else:
            json.dump(statistics, file, indent=2)
            file.write("\n")
