"""A bad network, in the words of Linux's `tc netem`: what --net says, and what becomes of each packet.

    loss 5%   loss 5% 25%   loss gemodel 1% 10% 70% 0.1%   delay 40ms   delay 40ms 10ms   jitter 10ms
    reorder 2%   dup 1%   rate 4mbit   limit 1000   seed 7

Plain data: no socket, no thread, no clock.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

UNITS = {"%": 0.01, "us": 1e-6, "ms": 1e-3, "s": 1.0, "bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}
TIMES, RATES = ("us", "ms", "s"), ("bit", "kbit", "mbit", "gbit")
MOST = 60.0             # seconds of delay; more is no network any more
HEADERS = 28            # bytes of IPv4 and UDP before each packet: a link carries them, too
STALL = 0.2             # seconds that TCP waits, at least, before it sends again what got lost (Linux's RTO_MIN)


@dataclass(frozen=True)
class Impairment:
    """Probabilities and correlations from 0 to 1, times in seconds, the rate in bits a second (0: any).

    A correlation is the chance that a packet shares the fate of the one before it; unlike netem's formula for the same
    word, that leaves the probability what it is."""

    loss: float = 0.0
    loss_correlation: float = 0.0
    to_bad: float = 0.0                 # Gilbert and Elliott's p: from the good state into the bad one; 0: no model
    to_good: float = 1.0                # … r: and back
    loss_bad: float = 1.0               # … 1-h: the loss in the bad state
    loss_good: float = 0.0              # … 1-k: and in the good one
    delay: float = 0.0
    jitter: float = 0.0                 # evenly spread around the delay: this much less to this much more
    jitter_correlation: float = 0.0
    reorder: float = 0.0                # of the packets: they do not wait, and overtake those that do
    reorder_correlation: float = 0.0
    dup: float = 0.0
    dup_correlation: float = 0.0
    rate: float = 0.0
    limit: int = 1000                   # packets that may wait; further ones are lost
    seed: int = 0

    @property
    def loses(self) -> float:
        """The share of packets that gets lost on average: π(bad)·(1-h) + π(good)·(1-k) in Gilbert and Elliott's model,
        where π(bad) is p / (p + r)."""
        if not self.to_bad:
            return self.loss
        bad = self.to_bad / (self.to_bad + self.to_good)
        return bad * self.loss_bad + (1 - bad) * self.loss_good

    @property
    def active(self) -> bool:
        return bool(self.loses or self.delay or self.jitter or self.dup or self.rate)

    def __str__(self) -> str:
        """What a user wants to see of it: "loss 5 %, delay 40 ms"."""
        shown = [("loss", 100 * self.loses, "%"),
                 ("delay", 1e3 * self.delay, "ms"), ("jitter", 1e3 * self.jitter, "ms"),
                 ("reorder", 100 * self.reorder, "%"), ("dup", 100 * self.dup, "%"),
                 ("rate", self.rate / 1e6, "Mbit/s")]
        return ", ".join(f"{word} {value:.3g} {unit}" for word, value, unit in shown if value)


# ---- the words


def parse(text: str) -> Impairment:
    """ValueError, one sentence, if that is not how it is written."""
    found: dict[str, float] = {}
    for word, values in _groups(text.lower().split()):
        if not 1 <= len(values) <= len(GRAMMAR[word]):
            raise ValueError(f"{word} takes {_count(len(GRAMMAR[word]))}, such as {EXAMPLES[word]}")
        for (name, read), value in zip(GRAMMAR[word], values, strict=False):
            if name in found:
                raise ValueError(f"{word} {value}: that has been said before")
            found[name] = read(word, value)
    if found.get("reorder") and not (found.get("delay") or found.get("jitter")):
        raise ValueError("reorder needs a delay: what is reordered overtakes packets that wait")
    if "to_bad" in found:
        found.setdefault("to_good", 1 - found["to_bad"])      # netem's default: packets are lost one by one
        if "loss" in found or not found["to_bad"]:
            raise ValueError("loss gemodel takes p above 0, and no other loss beside it")
    fields: dict[str, Any] = {name: int(value) if name in ("limit", "seed") else value for name, value in found.items()}
    return Impairment(**fields)


def _groups(tokens: list[str]) -> list[tuple[str, list[str]]]:
    """Each word with its values."""
    groups: list[tuple[str, list[str]]] = []
    for token in tokens:
        if groups and groups[-1] == ("loss", []) and token in ("random", "gemodel"):
            groups[-1] = ("gemodel", []) if token == "gemodel" else groups[-1]
        elif token in GRAMMAR and token != "gemodel":
            groups.append((token, []))
        elif groups and token[:1].isdigit():
            groups[-1][1].append(token)
        else:
            raise ValueError(f"{token!r} is not among loss, delay, jitter, reorder, dup, rate, limit and seed")
    if not groups:
        raise ValueError('say what is bad about the network, such as "loss 5% delay 40ms jitter 10ms"')
    return groups


def _count(most: int) -> str:
    return "one value" if most == 1 else f"one to {most} values"


def _number(word: str, text: str, units: tuple[str, ...], most: float) -> float:
    """In units of one second, one bit, or one whole."""
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)([a-z%]*)", text, re.ASCII)
    if not match or match[2] not in units:
        raise ValueError(f"{word} {text}: write it as in {EXAMPLES[word]} (units: {', '.join(filter(None, units))})")
    value = float(match[1]) * UNITS.get(match[2] or units[-1], 1.0)
    if value > most:
        raise ValueError(f"{word} {text} is too much")
    return value


def _whole(word: str, text: str, least: int) -> float:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise ValueError(f"{word} {text}: a whole number from {least} to 999999999 is needed")
    return int(text)


_share = partial(_number, units=("", "%"), most=1.0)    # tc takes percentages without their sign, too
_seconds = partial(_number, units=TIMES, most=MOST)
_bits = partial(_number, units=RATES, most=1e12)

Value = tuple[str, Callable[[str, str], float]]
_JITTER: tuple[Value, ...] = (("jitter", _seconds), ("jitter_correlation", _share))
_DUP: tuple[Value, ...] = (("dup", _share), ("dup_correlation", _share))
GRAMMAR: dict[str, tuple[Value, ...]] = {       # after each word, in this order, which fields, and how they are read
    "loss": (("loss", _share), ("loss_correlation", _share)),
    "gemodel": (("to_bad", _share), ("to_good", _share), ("loss_bad", _share), ("loss_good", _share)),
    "delay": (("delay", _seconds), *_JITTER),
    "jitter": _JITTER,
    "reorder": (("reorder", _share), ("reorder_correlation", _share)),
    "dup": _DUP,
    "duplicate": _DUP,
    "rate": (("rate", _bits),),
    "limit": (("limit", partial(_whole, least=1)),),
    "seed": (("seed", partial(_whole, least=0)),),
}
EXAMPLES = {
    "loss": "loss 5%", "gemodel": "loss gemodel 1% 10%", "delay": "delay 40ms", "jitter": "jitter 10ms",
    "reorder": "reorder 2%", "dup": "dup 1%", "duplicate": "duplicate 1%", "rate": "rate 4mbit", "limit": "limit 1000",
    "seed": "seed 7",
}  # fmt: skip


# ---- the packets

LOSS, JITTER, REORDER, DUP = range(4)
DRAWS = 9       # for each packet: two for each of these four, one to leave the good state or the bad one


class Fate:
    """What becomes of the packets of one stream in one direction: a function of the seed, its name, and how many
    packets there were before.

    As many random numbers are drawn for every packet, whatever happens to it: another loss leaves the jitter as it was.

    `reliable`: TCP carries the packets. Nothing gets lost, doubled or out of order there: what is lost comes late, and
    everything behind it waits.
    """

    def __init__(self, name: str, reliable: bool = False) -> None:
        self.name, self.reliable = name, reliable
        self._seed: int | None = None
        self._latest = 0.0              # when the latest packet of a reliable stream arrives
        self._free = 0.0                # when the link has sent all it was given

    def _begin(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(f"{seed} {self.name}").random
        self._before = [1.0] * 4        # the numbers that decided about the packet before
        self._bad = False               # the state in Gilbert and Elliott's model

    def departures(self, impairment: Impairment, size: int, now: float, held: int = 0) -> list[float]:
        """When it goes on: at one time, two times, or never. `size` in bytes; `held`: packets that wait already."""
        if impairment.seed != self._seed:
            self._begin(impairment.seed)
        drawn = [self._random() for _ in range(DRAWS)]
        lost = self._is_lost(impairment, drawn)
        overtakes = self._chosen(REORDER, drawn, impairment.reorder_correlation) < impairment.reorder
        copies = 1 + (self._chosen(DUP, drawn, impairment.dup_correlation) < impairment.dup)
        spread = impairment.jitter * (2 * self._chosen(JITTER, drawn, impairment.jitter_correlation) - 1)
        delay = max(0.0, impairment.delay + spread)
        if held >= impairment.limit:
            return []
        if self.reliable:
            when = self._serialised(impairment, size, now) + delay + (STALL if lost else 0.0)
            self._latest = max(self._latest, when)
            return [self._latest]
        if overtakes:
            return [now] * (copies - lost)
        # As netem has it: of a doubled packet, one gets lost
        return [self._serialised(impairment, size, now) + delay for _ in range(copies - lost)]

    def _chosen(self, what: int, drawn: list[float], correlation: float) -> float:
        """A number from 0 to 1: the drawn one, or the last one once more."""
        value = self._before[what] if drawn[2 * what + 1] < correlation else drawn[2 * what]
        self._before[what] = value
        return value

    def _is_lost(self, impairment: Impairment, drawn: list[float]) -> bool:
        value = self._chosen(LOSS, drawn, impairment.loss_correlation)
        if not impairment.to_bad:
            return value < impairment.loss
        # The state before the move decides, as in netem; on average that makes no difference
        lost = value < (impairment.loss_bad if self._bad else impairment.loss_good)
        if drawn[8] < (impairment.to_good if self._bad else impairment.to_bad):
            self._bad = not self._bad
        return lost

    def _serialised(self, impairment: Impairment, size: int, now: float) -> float:
        """When the last bit of it is on the link."""
        if not impairment.rate:
            return now
        self._free = max(now, self._free) + 8 * (size + HEADERS) / impairment.rate
        return self._free
