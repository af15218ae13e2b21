"""Inputs that nobody would write: real bytes, changed a little, always the same ones for the same seed.

    for number in range(1000):
        data = mutant(seed, number, corpus, words)

Each mutant has a random generator of its own, so that one of a million can be made again by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

MOST_CHANGES = 4  # to one input: with more it would be refused at its first byte, and nothing behind that be tried
LONGEST = 1 << 17  # bytes; inputs that double again and again are cut there
TEXTS = (b"0", b"-1", b"+1", b"1.5", b"1e9", b"nan", b"inf", b"0x10", b"1_0", b"255", b"256", b"65535", b"65536",
         b"2147483648", b"4294967295", b"4294967296", b"99999999999999999999", b"9" * 400, "٣".encode(), "²".encode(),
         b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xc2\xa0", b"%00", b"%2e%2e%2f", b" ",
         b"\t", b"\r", b"\n", b"\r\n\r\n", b"\x0b\x1c\x85", b"\"", b";", b",", b"=", b":", b"/", b"*", b"")  # fmt: skip
NUMBERS = (0, 1, 2, 3, 127, 128, 254, 255, 256, 32767, 32768, 65534, 65535, 65536, 2**24 - 1, 2**31, 2**32 - 1)


def generator(seed: int, number: int) -> random.Random:
    """What decides everything about this input."""
    return random.Random(f"{seed}/{number}")


def mutant(seed: int, number: int, corpus: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """Input `number`: one of the corpus, changed in up to MOST_CHANGES places. `words`: what is special here."""
    rng = generator(seed, number)
    return mutated(rng, rng.choice(corpus), corpus, words)


def mutated(rng: random.Random, data: bytes, corpus: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    for _ in range(rng.randint(1, MOST_CHANGES)):
        data = rng.choice(CHANGES)(rng, data, rng.choice(corpus), words)[:LONGEST]
    return data


def pieces(rng: random.Random, data: bytes, most: int = 8) -> Iterator[bytes]:
    """The same bytes, cut in random places."""
    cuts = sorted(rng.randint(0, len(data)) for _ in range(rng.randint(0, most)))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        yield data[start:end]


# Each change gets the input, another one of the corpus, and the words; what one does not need, it leaves alone
Change = Callable[[random.Random, bytes, bytes, Sequence[bytes]], bytes]


def flip(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    """One bit."""
    changed = bytearray(data or b"\0")
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwrite(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    """One to four bytes become a number at the edge of what they can hold."""
    size = rng.randint(1, 4)
    at = rng.randint(0, max(0, len(data) - size))
    return data[:at] + (rng.choice(NUMBERS) % (1 << 8 * size)).to_bytes(size, "big") + data[at + size :]


def insert(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice((*TEXTS, *words, *words)) + data[at:]


def delete(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _stretch(rng, data)
    return data[:start] + data[end:]


def repeat(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _stretch(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 10, 100)) + data[end:]


def splice(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    """The beginning of this one and the end of another."""
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def cut(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    return data[: rng.randint(0, len(data))]


def replace_number(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    """A run of digits becomes what is no number, or one that nobody expects."""
    at = rng.randint(0, len(data))
    start = next((k for k in range(at, len(data)) if data[k : k + 1].isdigit()), at)
    end = next((k for k in range(start, len(data)) if not data[k : k + 1].isdigit()), len(data))
    return data[:start] + rng.choice(TEXTS) + data[end:]


def swap_lines(rng: random.Random, data: bytes, other: bytes, words: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


CHANGES: tuple[Change, ...] = (
    flip, flip, overwrite, insert, insert, delete, repeat, splice, cut, replace_number, swap_lines,
)  # fmt: skip


def _stretch(rng: random.Random, data: bytes) -> tuple[int, int]:
    """Mostly short: that leaves the rest intact."""
    start = rng.randint(0, len(data))
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 16, 64, len(data))))
