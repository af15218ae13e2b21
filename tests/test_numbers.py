"""The one parser of numbers from peers."""

import ast
from pathlib import Path

import pytest

from rtsp.errors import MessageError
from rtsp.numbers import decimal, hexadecimal, number

ODD = ["", " ", "-1", "+1", "1_000", "0x10", "1e3", "nan", "inf", "١٢", "9" * 5000, "1 2", "1\n2"]


@pytest.mark.parametrize("text", [*ODD, "1.5", "256"])
def test_an_integer_is_digits_within_its_bounds(text):
    with pytest.raises(MessageError, match="channel"):
        number(text, 0, 255, "channel")


@pytest.mark.parametrize("text", [*ODD, ".5", "1.2.3", "1.-2"])
def test_a_decimal_is_digits_with_one_point(text):
    with pytest.raises(MessageError, match="npt"):
        decimal(text, "npt")


def test_numbers_are_read():
    assert [number(text, 0, 255, "x") for text in ("0", "007", " 255 ")] == [0, 7, 255]
    assert [decimal(text, "x") for text in ("0", "12.", "12.5")] == [0.0, 12.0, 12.5]


def test_bounds_are_inclusive():
    with pytest.raises(MessageError):
        number("0", 1, 2, "x")
    with pytest.raises(MessageError):
        number("3", 1, 2, "x")


@pytest.mark.parametrize("text", [*ODD, "g", "123456789", "1.5"])
def test_a_hexadecimal_number_has_up_to_eight_digits(text):
    """Blanks and newlines inside are none."""
    if text.strip() and text.isascii() and text.isalnum() and len(text) < 9 and text not in ("g", "nan", "inf", "0x10"):
        assert hexadecimal(text, "ssrc") == int(text, 16)
    else:
        with pytest.raises(MessageError, match="ssrc"):
            hexadecimal(text, "ssrc")


def test_a_decimal_may_be_bounded():
    assert decimal("0.5", "x", 0.5, 1.0) == 0.5
    for text in ("0.4", "1.1"):
        with pytest.raises(MessageError, match="from 0.5 to 1"):
            decimal(text, "x", 0.5, 1.0)


# ---- nobody reads numbers in another way

ROOT = Path(__file__).resolve().parent.parent
READS = {"int", "float", "complex", "eval", "literal_eval", "Decimal", "Fraction"}
# Calls that do, and not on what a peer said: {file: calls}. Those of a file that ends in / or * may be any
ALLOWED = {
    "rtsp/numbers.py": {"int(text)", "int(text, 16)", "float(text)"},
    "rtsp/nonces.py": {"int(match[1][:12], 16)"},   # twelve digits that we have signed
    "rtsp/pauses.py": {"float(min(LONGEST, FIRST * 2 ** min(count - 1, 16)))"},
    "rtsp/pings.py": {"float('-inf')"},
    "rtp/timestamps.py": {"int(unix_seconds)", "int((unix_seconds - seconds) * (1 << 32))"},
    "rtp/reception.py": {"int(self.jitter * self._clock_rate)"},
    "net/connection.py": {"int(seconds * 1000)"},
    "net/impairment.py": {"float(match[1])", "int(text)", "int(value)"},        # what the user typed, with bounds
    "net/transcript.py": {"int(start[2])", "int(number[1])"},     # three digits, and ten at most
    "net/pacer.py": {"int(when / SLOT + 1e-06)"},
    "media/framing.py": {"int(header[1])"},         # five to ten digits of a movie's frame length
    "media/movie.py": {"float(fps or self._index.rate or FRAMES_PER_SECOND)"},
    "media/images.py": {"int(part)"},                         # of the name of a file of the user's
    "media/looped.py": {"int(rounds)"},
    "media/pattern.py": {"int(moment * 1000)"},
    "media/source.py": {"int(time.time())"},
    "media/times.py": {"float(line)"},                              # a file's line of a form that is checked before
    "ui/bytesview.py": {"map(int, self.dump.index(f'@{event.x},{event.y}').split('.'))", "float(region[3])",
                        "int(tag[5:])"},                            # Tk's own, here and …
    "ui/lifelines.py": {"int(self.canvas.canvasy(0))", "int(len(text) * part)", "int(self.canvas.canvasy(event.y))"},
    "ui/messageview.py": {"int(words[0][0])"},                      # one of five digits
    "ui/movielist.py": {"int(number)", "float(first)", "float(last)"},      # Tk's own
    "ui/network.py": {"int(on)", "int(text)", "float(place)"},      # Tk's own, and a seed that the user typed
    "ui/keys.py": {"int(event.state)"},
    "ui/palettes.py": {"int(window.tk.call('tk::unsupported::MacWindowStyle', 'isdark', str(window)))"},
    "ui/theme.py": {"float(found[1])"},                             # of the X server's settings
    "ui/status.py": {"int(seconds + 0.02)"},
    "Publisher.py": {"int(time.time())"},
    "PublisherProgress.py": {"int(self.seconds)"},
    "RtpPacket.py": {"int(time())", "int(paddingSize > 0)", "int(headerExtension is not None)"},
}
# What the user typed, each with its own bounds and sentence
ANY = {"CommandLine.py", "PublisherOptions.py"}


def readings(source):
    """The calls in a program that may read a number: `int(…)`, and also `map(int, …)`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            named = [node.func, *([] if ast.unparse(node.func) in ("isinstance", "cast") else node.args)]
            if any(getattr(one, "id", getattr(one, "attr", "")) in READS for one in named):
                found.add(ast.unparse(node))
    return found


def sources():
    """What runs when one serves or watches."""
    for folder in ("rtsp", "rtp", "net", "media", "ui", "web", "."):
        yield from sorted((ROOT / folder).glob("*.py"))


def test_nothing_else_reads_numbers():
    """Whoever adds an int() has to say here why it is not of a peer's text; what is gone from there goes here, too."""
    names = {file.relative_to(ROOT).as_posix(): readings(file.read_text(encoding="utf-8")) for file in sources()}
    found = {name: calls for name, calls in names.items() if calls and name not in ANY | {"start.py"}}
    assert found == ALLOWED


@pytest.mark.parametrize("call", ["int(text)", "x = [float(part) for part in parts]", "list(map(int, parts))",
                                  "f(key=ast.literal_eval(text))", "int(text, 16)"])
def test_what_reads_a_number_is_found(call):
    assert readings(call)
    assert not readings("isinstance(x, int); int.from_bytes(data, 'big'); hint(x); x.real")
